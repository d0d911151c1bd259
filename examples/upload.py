#!/usr/bin/env python3
"""Upload a file to a WebDAV server with requests, and explain a refusal.

    upload.py [--overwrite] FILE URL

A URL that ends with a slash gets the name of the file. Name and password come from WEBDAV_USER and WEBDAV_PASSWORD.
What is there already stays, unless --overwrite is given. The exit codes are in README.md beside this file.
"""
import argparse
import os
import sys
from urllib.parse import quote, urlsplit

import requests

STORED, OTHER, USAGE, NETWORK, UNAUTHORIZED, EXISTS, TOO_LARGE, NO_ROOM, LOCKED = range(9)
SECONDS = (30, 120)  # to connect; without a byte from the server


def main():
    parser = argparse.ArgumentParser(prog="upload.py")
    parser.add_argument("--overwrite", action="store_true", help="replace what has this name already")
    parser.add_argument("file")
    parser.add_argument("url")
    options = parser.parse_args()
    if not os.path.isfile(options.file):
        parser.error(f"{options.file} is no file")
    try:
        file = open(options.file, "rb")
    except OSError as error:
        parser.error(f"{options.file} cannot be read: {error.strerror}")
    if not is_url(options.url):
        parser.error(f"{options.url} is no http or https URL")
    url = options.url
    if url.endswith("/"):
        url += quote(os.path.basename(options.file), safe="")
    with file:
        return upload(file, options.file, url, options.overwrite)


def is_url(text):
    try:
        address = urlsplit(text)
        return address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError:  # a port that cannot be
        return False


def upload(file, name, url, overwrite):
    body = Body(file)
    session = requests.Session()
    session.headers["Accept"] = "application/problem+json, application/xml;q=0.5"
    if os.environ.get("WEBDAV_USER"):
        session.auth = (os.environ["WEBDAV_USER"].encode(), os.environ.get("WEBDAV_PASSWORD", "").encode())
    if not overwrite:
        session.headers["If-None-Match"] = "*"
    try:
        answer = ask(session, url, len(body))
        if answer.headers.get("Plimsoll-Answer") != "refused" and answer.status_code != 401:
            answer = session.put(url, data=body, allow_redirects=False, timeout=SECONDS)
    except (requests.RequestException, OSError) as error:
        body.end_progress()
        say(f"the connection failed before there was an answer: {error}")
        say("Look whether the file is there before you try again.")
        return NETWORK
    body.end_progress()
    if answer.status_code in (200, 201, 204):
        print(f"stored: {url}")
        return STORED
    return explain(answer, name)


def ask(session, url, size):
    """requests cannot hold a body back (Expect: 100-continue), so ask whether it would be taken. A server that does
    not know the question answers without Plimsoll-Answer: then the upload itself will show."""
    question = {"Plimsoll-Ask": "PUT", "X-Expected-Entity-Length": str(size)}
    return session.options(url, headers=question, allow_redirects=False, timeout=SECONDS)


class Body:
    """What requests reads and sends. It takes Content-Length from len()."""

    def __init__(self, file):
        self.file = file
        self.size = os.fstat(file.fileno()).st_size
        self.sent = 0
        self.shown = None

    def __len__(self):
        return self.size

    def read(self, most=-1):
        left = self.size - self.sent
        chunk = self.file.read(left if most < 0 else min(most, left))
        if left > 0 and not chunk:
            raise OSError("the file became shorter while it was sent")
        self.sent += len(chunk)
        self.show_progress()
        return chunk

    def show_progress(self):
        percent = self.sent * 100 // self.size
        if percent != self.shown:
            self.shown = percent
            print(f"\r{percent:3d} % of {size_of(self.size)}", end="", file=sys.stderr, flush=True)

    def end_progress(self):
        if self.shown is not None:
            print(file=sys.stderr)


def explain(answer, name):
    """Says why it was not stored and what can be done. Nothing is tried again by itself (RFC 4918, section 11.5)."""
    status = answer.status_code
    problem = problem_in(answer)
    if status == 507:
        say(f"{name} was not stored: the server has no room for it (507)")
        explain_no_room(problem, answer.text)
        return NO_ROOM
    if status == 401:
        say(f"{name} was not stored: name or password is wrong, see WEBDAV_USER and WEBDAV_PASSWORD (401)")
        return UNAUTHORIZED
    if status == 412:
        say(f"{name} was not stored: something has this name already, and --overwrite was not given (412)")
        return EXISTS
    if status == 413:
        say(f"{name} was not stored: it is too large for this server (413)")
        if "limit" in problem:
            say(f"No file may be larger than {size_of(problem['limit'])}.")
        return TOO_LARGE
    if status == 423:
        say(f"{name} was not stored: somebody has locked what is there; wait until they are done (423)")
        return LOCKED
    say(f"{name} was not stored: the server answered {status} {problem.get('detail', answer.reason)}")
    return OTHER


def explain_no_room(problem, text):
    cause, root = problem.get("cause"), problem.get("root")
    which = {
        "user-quota": "the quota of your account",
        "collection-quota": f"the quota of {root}",
        "disk-bytes": "the disk of the server",
        "inodes": "the number of files on the disk of the server",
        "entries": f"the number of files in {root}",
    }.get(cause) or condition_in(text)
    amount = (lambda count: f"{count} files") if cause in ("inodes", "entries") else size_of
    for label in ("needed", "available"):
        if label in problem:
            print(f"  {label:10} {amount(problem[label])}", file=sys.stderr)
    known = "limit" in problem and "used" in problem
    of = f": {amount(problem['limit'])}, used {amount(problem['used'])}" if known else ""
    print(f"  {'limit':10} {which}{of}", file=sys.stderr)
    if "disk" in which:
        say("Nothing was changed. Tell whoever runs the server that it is full, or delete something there.")
    else:
        say("Nothing was changed. Delete something there, or ask for a larger quota.")
    say("Upload it again only then: until something has changed it would be refused again.")


def condition_in(text):
    """What every server may say: the two conditions of RFC 4331."""
    if "quota-not-exceeded" in text:
        return "a quota"
    return "the disk of the server" if "sufficient-disk-space" in text else "the server does not say which"


def problem_in(answer):
    """The members of a problem+json (RFC 9457); none for an answer in another form."""
    if answer.headers.get("Content-Type", "") != "application/problem+json":
        return {}
    try:
        return answer.json()
    except ValueError:
        return {}


def size_of(count):
    size, units = float(count), ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        units.pop(0)
    return f"{count} bytes" if units[0] == "bytes" else f"{size:.1f} {units[0]} ({count} bytes)"


def say(sentence):
    print(f"upload: {sentence}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
