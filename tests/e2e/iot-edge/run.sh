#!/bin/sh
# Runs the suites of Azure IoT's own SDK against the hub: run.sh BIN_DIR SCRATCH_DIR [PRELOADED].
# Exit code 77: the SDK cannot be installed here.
set -eu
here=$(dirname "$0")
mkdir -p "$2"
cp "$here"/*.js "$here"/package*.json "$2"
cd "$2"
for program in node npm openssl; do
  command -v "$program" >/dev/null || { echo "SKIPPED: there is no $program here"; exit 77; }
done
if ! cmp -s package-lock.json node_modules/.installed; then
  npm ci --ignore-scripts --no-audit --no-fund --fetch-retries 1 || { echo "SKIPPED: npm cannot install the SDK"; exit 77; }
  cp package-lock.json node_modules/.installed
fi
HEADGATE_BIN_DIR=$1 HEADGATE_PRELOAD=${3:-} exec node --test
