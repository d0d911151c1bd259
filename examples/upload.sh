#!/bin/sh
# upload.sh [--overwrite] FILE URL
#
# Uploads a file to a WebDAV server with curl and explains a refusal. A URL that ends with a slash gets the name of
# the file. Name and password come from WEBDAV_USER and WEBDAV_PASSWORD. What is there already stays, unless
# --overwrite is given. The exit codes are in README.md beside this file.
set -u

say() { printf 'upload: %s\n' "$*" >&2; }

usage() {
  say "$1"
  say 'usage: upload.sh [--overwrite] FILE URL'
  exit 2
}

# On standard input and not as an argument: every user of a machine can read the arguments of a running program.
credentials() {
  [ -n "${WEBDAV_USER-}" ] || return 0
  printf 'user = "%s"\n' "$(printf '%s' "$WEBDAV_USER:${WEBDAV_PASSWORD-}" | sed 's/[\\"]/\\&/g')"
}

# Expect holds the file back until the server has said yes, so a refused file costs no byte. A server that does not
# know it says nothing, and curl goes on after five seconds. Only HTTP/1.1 has it.
send() {
  credentials | curl --config - --http1.1 --proto '=http,https' --globoff --progress-bar \
    --header 'Expect: 100-continue' --expect100-timeout 5 --header "$condition" --header 'Accept: application/xml' \
    --connect-timeout 30 --speed-limit 1 --speed-time 120 \
    --output "$answer" --write-out '%{http_code} %{url_effective}' --upload-file "$path" "$url"
}

# An attribute of the <x:storage> or <x:max-file-size> element of the answer, such as needed or available.
number() { sed -n "s/.*<[a-z]*:$1[^>]* $2=\"\([^\"]*\)\".*/\1/p" "$answer"; }

size() {
  echo "$1" | awk '{ split("bytes KiB MiB GiB TiB PiB", unit); n = $1
    for (i = 1; n >= 1024 && i < 6; i++) n /= 1024
    if (i == 1) print $1, "bytes"; else printf "%.1f %s (%s bytes)\n", n, unit[i], $1 }'
}

no_room() {
  say "$file was not stored: the server has no room for it (507)"
  cause=$(number storage cause) root=$(number storage root)
  case $cause in
    inodes | entries) amount() { echo "$1 files"; } ;;
    *) amount() { size "$1"; } ;;
  esac
  case $cause in
    user-quota) which='the quota of your account' ;;
    collection-quota) which="the quota of $root" ;;
    disk-bytes) which='the disk of the server' ;;
    inodes) which='the number of files on the disk of the server' ;;
    entries) which="the number of files in $root" ;;
    # What every server may say: the two conditions of RFC 4331.
    *) case $(cat "$answer") in
      *quota-not-exceeded*) which='a quota' ;;
      *sufficient-disk-space*) which='the disk of the server' ;;
      *) which='the server does not say which' ;;
    esac ;;
  esac
  for name in needed available; do
    value=$(number storage $name)
    [ -z "$value" ] || printf '  %-10s %s\n' $name "$(amount "$value")" >&2
  done
  limit=$(number storage limit) used=$(number storage used)
  [ -z "$limit" ] || [ -z "$used" ] || which="$which: $(amount "$limit"), used $(amount "$used")"
  printf '  %-10s %s\n' limit "$which" >&2
  case $which in
    *disk*) say 'Nothing was changed. Tell whoever runs the server that it is full, or delete something there.' ;;
    *) say 'Nothing was changed. Delete something there, or ask for a larger quota.' ;;
  esac
  say 'Upload it again only then: until something has changed it would be refused again.'
}

overwrite=no
[ "${1-}" != --overwrite ] || { overwrite=yes; shift; }
[ $# -eq 2 ] || usage 'a file and a URL are needed'
file=$1 url=$2
[ -f "$file" ] || usage "$file is no file"
[ -r "$file" ] || usage "$file cannot be read"
case $url in http://?* | https://?*) ;; *) usage "$url is no http or https URL" ;; esac
# curl would take a file named - for standard input.
case $file in /*) path=$file ;; *) path=./$file ;; esac
if [ $overwrite = no ]; then condition='If-None-Match: *'; else condition='If-None-Match:'; fi

answer=$(mktemp) || exit 1
trap 'rm -f "$answer"' EXIT
trap 'exit 130' INT TERM

result=$(send)
curl_code=$?
status=${result%% *}
case $status in
  200 | 201 | 204)
    echo "stored: ${result#* }"
    exit 0 ;;
  401)
    say "$file was not stored: name or password is wrong, see WEBDAV_USER and WEBDAV_PASSWORD (401)"
    exit 4 ;;
  412)
    say "$file was not stored: something has this name already, and --overwrite was not given (412)"
    exit 5 ;;
  413)
    most=$(number max-file-size limit)
    say "$file was not stored: it is too large for this server (413)"
    [ -z "$most" ] || say "No file may be larger than $(size "$most")."
    exit 6 ;;
  507)
    no_room
    exit 7 ;;
  423)
    say "$file was not stored: somebody has locked what is there; wait until they are done (423)"
    exit 8 ;;
  000 | 1*)
    case $curl_code in 3) usage "$url is no URL" ;; esac
    say 'the connection failed before there was an answer. Look whether the file is there before you try again.'
    exit 3 ;;
  *)
    say "$file was not stored: the server answered $status"
    sed -n 's/.*<x:message>\(.*\)<\/x:message>.*/upload: \1/p' "$answer" >&2
    exit 1 ;;
esac
