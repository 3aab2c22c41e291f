# To be sourced by bash in the project's folder: the time of each phase of a script, printed at its end with the ten
# slowest tests. A script that another one starts leaves both to that one. Also the builds that scripts share.
# shellcheck shell=bash

phase_name=
if [ -z "${PHASE_LOGS:-}" ]; then
  PHASE_LOGS=$(mktemp -d)
  export PHASE_LOGS
  owns_phase_logs=1
fi
trap finish EXIT

# phase NAME: begins, and ends the one before.
phase() {
  end_phase
  phase_name=$1 phase_start=$SECONDS
  echo "== $1"
}

end_phase() {
  [ -z "$phase_name" ] || printf '%5d s  %s\n' $((SECONDS - phase_start)) "$phase_name" >> "$PHASE_LOGS/phases"
  phase_name=
}

# The exit code stays, whatever fails in here. A script may define `cleanup`.
finish() {
  local status=$?
  set +e
  [ $status = 0 ] || [ -z "$phase_name" ] || phase_name+=": FAILED with exit code $status"
  end_phase
  if declare -F cleanup > /dev/null; then cleanup; fi
  if [ -n "${owns_phase_logs:-}" ]; then
    if [ -s "$PHASE_LOGS/tests" ]; then
      printf '\nTHE SLOWEST TESTS:\n'
      sort -rn "$PHASE_LOGS/tests" | awk 'NR <= 10'
    fi
    if [ -s "$PHASE_LOGS/phases" ]; then
      printf '\nPHASES:\n'
      cat "$PHASE_LOGS/phases"
      printf '%5d s  in all\n' "$SECONDS"
    fi
    if [ -s "$PHASE_LOGS/failed" ]; then
      printf '\nFAILED:\n'
      cat "$PHASE_LOGS/failed"
    fi
    rm -rf "$PHASE_LOGS"
  fi
  exit $status
}

# build FOLDER TARGETS [CMAKE ARGUMENT ...]. With LOW_PRIORITY, what else runs comes first.
build() {
  cmake -S . -B "$1" -G Ninja -DKUBECOST_EXPORTER_TESTS=ON "${@:3}" > /dev/null
  # shellcheck disable=SC2086
  ${LOW_PRIORITY:+nice -n 19} cmake --build "$1" --target $2
}

# Sanitizers: enough for a stack trace with lines, and compiled in less time.
sanitized=(-DCMAKE_BUILD_TYPE=RelWithDebInfo "-DCMAKE_C_FLAGS_RELWITHDEBINFO=-O1 -g1 -DNDEBUG"
  "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -g1 -DNDEBUG")

# Clang looks at each file once: its warnings as errors, its proof of the locks, and its sanitizers.
build_with_clang() {
  phase "clang, AddressSanitizer and UndefinedBehaviorSanitizer: build"
  build build/clang all "${sanitized[@]}" -DCMAKE_C_COMPILER=clang-14 -DCMAKE_CXX_COMPILER=clang++-14 \
    -DKUBECOST_EXPORTER_WERROR=ON -DKUBECOST_EXPORTER_SANITIZE=address,undefined
}
