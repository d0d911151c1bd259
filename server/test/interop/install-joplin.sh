#!/usr/bin/env bash
# Installs the command line client of Joplin into DIR, for the test that lets two of them synchronize; does nothing if
# it is there. Needs node, npm, python3, make and g++, and changes nothing outside DIR but npm's own cache. The test
# finds it by JOPLIN_DIR=DIR.
set -euo pipefail

dir=${1:?usage: install-joplin.sh DIR}
version=3.5.1
done_mark="$dir/installed-$version"
[ -e "$done_mark" ] && exit 0
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

# Without the scripts of the packages: that of keytar wants libsecret, and the client does without a keychain.
[ -e "$dir/package.json" ] || echo '{ "private": true }' >"$dir/package.json"
npm install --prefix "$dir" --ignore-scripts --no-audit --no-fund "joplin@$version"

# The one package that must be built. node-gyp downloads Node's headers unless they lie beside the program.
node_root=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
if [ -e "$node_root/include/node/node.h" ]; then export npm_config_nodedir=$node_root; fi
npm_config_build_from_source=true npm rebuild --prefix "$dir" sqlite3

node "$dir/node_modules/joplin/main.js" --profile "$dir/trial" version
rm -rf "$dir/trial"
touch "$done_mark"
