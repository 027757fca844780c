#!/bin/sh
# Shows the console in Debian's Chromium: run.sh BIN_DIR SCRATCH_DIR [TEST…]. Pictures are left in SCRATCH_DIR/screenshots.
# Exit code 77: there is no browser here, or npm cannot install what drives it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
bin=$(cd "$1" && pwd)
mkdir -p "$2/screenshots"
cd "$2"
shift 2
rm -rf ./*.js pages screenshots/*.png
cp "$here"/*.js "$here"/package*.json .
# Modules of the page that the tests import; Node wants to be told that they are modules.
cp -r "$here/../../../hub/console" pages
echo '{"type": "module"}' > pages/package.json
for program in node npm chromium; do
  command -v "$program" >/dev/null || { echo "SKIPPED: there is no $program here"; exit 77; }
done
if ! cmp -s package-lock.json node_modules/.installed; then
  npm ci --ignore-scripts --no-audit --no-fund --fetch-retries 1 || { echo "SKIPPED: npm cannot install what drives the browser"; exit 77; }
  cp package-lock.json node_modules/.installed
fi
export HEADGATE_BIN_DIR="$bin"
[ $# -eq 0 ] || exec node --test "$@"
# Two files at a time, the longest first: they mostly wait, and Node 18 on two processors takes one after the other.
ls -S ./*.test.js | xargs -P 2 -I '{}' sh -c 'node --test {} >{}.log 2>&1; status=$?; cat {}.log; exit $status' || exit 1
