#!/usr/bin/env bash
# Tells which tests were skipped, by the lines "NAME REASON" of a file. With CI=true they fail the run unless
# .ci/allowed-skips names them.
set -euo pipefail
cd "$(dirname "$0")/.."

[ -s "$1" ] || exit 0
echo
echo "SKIPPED TESTS:"
sort -u "$1" | sed 's/^/  /'
[ "${CI:-}" = true ] || exit 0
# A line of .ci/allowed-skips is the name of a test, a space, and the reason.
allowed=$(grep -v '^#' .ci/allowed-skips | cut -d' ' -f1)
not_allowed=$(sort -u "$1" | cut -d' ' -f1 | grep -vxF "$allowed" || true)
if [ -n "$not_allowed" ]; then
  echo "skipped, and not in .ci/allowed-skips: $not_allowed" >&2
  exit 1
fi
