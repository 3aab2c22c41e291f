#!/usr/bin/env bash
# Installs, builds and runs every test: unit, chart and end-to-end tests in a Release build, the unit tests once more
# under AddressSanitizer and UndefinedBehaviorSanitizer, the threaded ones under ThreadSanitizer.
#
# Optional: KUBECOST_SAMPLES_DIR, a folder with recorded answers of real servers; KUBE_SCHEMAS_DIR, one with strict
# schemas of manifests.
# With CI=true a skipped test is a failure unless .ci/allowed-skips names it.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-dependencies.sh --test
if [ -x third_party/prometheus/usr/bin/prometheus ]; then
  export PROMETHEUS="$PWD/third_party/prometheus/usr/bin/prometheus"
  export PROMTOOL="$PWD/third_party/prometheus/usr/bin/promtool"
fi
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
export SKIP_LOG="$results/skipped"
: > "$SKIP_LOG"

# build FOLDER TARGET [CMAKE ARGUMENT ...]
build() {
  local folder=$1 target=$2
  shift 2
  cmake -S . -B "$folder" -G Ninja -DKUBECOST_EXPORTER_TESTS=ON "$@" > /dev/null
  cmake --build "$folder" --target "$target"
}

# run FOLDER [CTEST ARGUMENT ...]
run() {
  local folder=$1 status=0
  shift
  ctest --test-dir "$folder" --output-on-failure --no-tests=error "$@" | tee "$results/output" || status=$?
  sed -nE 's/.*Test +#[0-9]+: ([^ ]+) .*\*\*\*Skipped.*/\1/p' "$results/output" >> "$SKIP_LOG"
  return $status
}

echo "== Release"
build build/release all -DCMAKE_BUILD_TYPE=Release
run build/release -j 2

# Enough for a stack trace with lines, and compiled in less time.
sanitized=(-DCMAKE_BUILD_TYPE=RelWithDebInfo "-DCMAKE_C_FLAGS_RELWITHDEBINFO=-O1 -g1 -DNDEBUG"
  "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -g1 -DNDEBUG")
echo "== AddressSanitizer and UndefinedBehaviorSanitizer"
build build/asan all "${sanitized[@]}" -DKUBECOST_EXPORTER_SANITIZE=address,undefined
run build/asan -j 2 --label-exclude 'e2e|chart'

echo "== ThreadSanitizer"
build build/tsan threaded_tests "${sanitized[@]}" -DKUBECOST_EXPORTER_SANITIZE=thread
run build/tsan -j 2 --label-regex threads

scripts/check-skips.sh "$SKIP_LOG"
echo "All tests passed."
