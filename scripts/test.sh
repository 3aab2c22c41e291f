#!/usr/bin/env bash
# Installs, builds and runs every test: unit, chart and end-to-end tests in a Release build, the unit tests once more
# under AddressSanitizer and UndefinedBehaviorSanitizer, the threaded ones under ThreadSanitizer.
#
#   scripts/test.sh                all
#   scripts/test.sh --quick        unit and chart tests of the Release build
#   scripts/test.sh --release      all tests of the Release build
#   scripts/test.sh --sanitizers   the tests with sanitizers
#
# Optional: KUBECOST_SAMPLES_DIR, a folder with recorded answers of real servers; KUBE_SCHEMAS_DIR, one with strict
# schemas of manifests.
# With CI=true a skipped test is a failure unless .ci/allowed-skips names it.
set -euo pipefail
cd "$(dirname "$0")/.."

what=${1:-}
case $what in
  "" | --quick | --release | --sanitizers) ;;
  *)
    echo "usage: scripts/test.sh [--quick | --release | --sanitizers]" >&2
    exit 2
    ;;
esac
. scripts/phases.sh

results=$(mktemp -d)
cleanup() { rm -rf "$results"; }
export SKIP_LOG="$results/skipped"
: > "$SKIP_LOG"

# run FOLDER [CTEST ARGUMENT ...]
run() {
  local folder=$1 status=0
  shift
  ${LOW_PRIORITY:+nice -n 5} ctest --test-dir "$folder" --output-on-failure --no-tests=error "$@" | tee "$results/output" || status=$?
  sed -nE 's/.*Test +#[0-9]+: ([^ ]+) .*\*\*\*Skipped.*/\1/p' "$results/output" >> "$SKIP_LOG"
  sed -nE "s/.*Test +#[0-9]+: ([^ ]+) .* ([0-9.]+) sec.*/\2 s  \1 (${folder#build/})/p" "$results/output" >> "$PHASE_LOGS/tests"
  [ $status = 0 ] || grep -vE '^ *(Start +[0-9]+:|[0-9]+/[0-9]+ Test.* Passed )' "$results/output" >> "$PHASE_LOGS/failed"
  return $status
}

# release [CTEST ARGUMENT ...]
release() {
  phase "Release: build"
  build build/release all -DCMAKE_BUILD_TYPE=Release
  phase "Release: tests"
  run build/release -j 3 "$@"
}

sanitizers() {
  local folder=build/clang
  if command -v clang++-14 > /dev/null; then
    build_with_clang
  else
    folder=build/asan
    phase "AddressSanitizer and UndefinedBehaviorSanitizer: build (there is no clang++-14)"
    build $folder all "${sanitized[@]}" -DKUBECOST_EXPORTER_SANITIZE=address,undefined
  fi
  phase "AddressSanitizer and UndefinedBehaviorSanitizer: tests"
  run $folder -j 2 --label-exclude 'e2e|chart'

  phase "ThreadSanitizer: build"
  build build/tsan threaded_tests "${sanitized[@]}" -DKUBECOST_EXPORTER_SANITIZE=thread
  phase "ThreadSanitizer: tests"
  run build/tsan -j 2 --label-regex threads
}

phase "packages"
scripts/install-dependencies.sh --test
if [ -x third_party/prometheus/usr/bin/prometheus ]; then
  export PROMETHEUS="$PWD/third_party/prometheus/usr/bin/prometheus"
  export PROMTOOL="$PWD/third_party/prometheus/usr/bin/promtool"
fi
case $what in
  "" | --sanitizers) scripts/install-dependencies.sh --lint || echo "test: going on without clang 14" >&2 ;;
esac
case $what in
  --quick) release --label-exclude e2e ;;
  "" | --release) release ;;
esac
case $what in
  "" | --sanitizers) sanitizers ;;
esac
end_phase

scripts/check-skips.sh "$SKIP_LOG"
echo "All tests passed."
