#!/usr/bin/env bash
# Installs, builds, and runs the exporter beside a simulated Kubecost until Ctrl-C.
#
#   scripts/quickstart.sh           serve on :9103 (or on port QUICKSTART_PORT)
#   scripts/quickstart.sh --check   verify that it works, on any free port, and exit with 0 or 1
set -euo pipefail
cd "$(dirname "$0")/.."

check=false
port=${QUICKSTART_PORT:-9103}
case "${1:-}" in
  "") ;;
  --check)
    check=true
    port=0
    ;;
  *)
    echo "usage: scripts/quickstart.sh [--check]" >&2
    exit 2
    ;;
esac

scripts/install-dependencies.sh
cmake -S . -B build/release -G Ninja -DCMAKE_BUILD_TYPE=Release -DKUBECOST_EXPORTER_TESTS=ON > /dev/null
cmake --build build/release --target kubecost-allocation-exporter kubecost-simulator

work=$(mktemp -d)
pids=()
stop() {
  trap - EXIT
  [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2> /dev/null || true
  wait
  rm -rf "$work"
}
trap stop EXIT
trap 'exit 0' INT TERM

fail() {
  echo "quickstart: $1" >&2
  cat "$work"/*.log >&2
  exit 1
}

# wait_for WHAT COMMAND...: until the command succeeds.
wait_for() {
  local what=$1 i pid
  shift
  for ((i = 0; i < 150; i++)); do
    if "$@" > /dev/null 2>&1; then return; fi
    for pid in "${pids[@]}"; do kill -0 "$pid" 2> /dev/null || break 2; done
    sleep 0.2
  done
  fail "$what"
}

build/release/tests/simulator/kubecost-simulator --listen=127.0.0.1:0 --pods=120 > "$work/simulator.log" 2>&1 &
pids+=($!)
wait_for "the simulated Kubecost did not start" grep -q 'listening on' "$work/simulator.log"
kubecost=$(sed -n 's/.*listening on \(http[^ ]*\).*/\1/p' "$work/simulator.log")

build/release/kubecost-allocation-exporter --kubecost.url="$kubecost" --web.listen-address=":$port" \
  2> "$work/exporter.log" &
pids+=($!)
wait_for "the exporter did not start; is port $port taken? QUICKSTART_PORT=N takes another" grep -q 'msg=listening' "$work/exporter.log"
port=$(sed -n 's/.*msg=listening address=[^ ]*:\([0-9]*\) .*/\1/p' "$work/exporter.log")
url="http://localhost:$port"

has_facts() { curl -fsS "$url/metrics" > "$work/metrics.txt" && grep -q '^kubecost_pod_total_cost' "$work/metrics.txt"; }
wait_for "no facts were served" has_facts

# top FAMILY LABELS...: the five dearest series, as "amount label / label".
top() {
  sed -nE "s/^$1\{(.*)\} (.*)/\2 \1/p" "$work/metrics.txt" | sort -gr | awk 'NR <= 5' |
    sed -E 's/cluster="([^"]*)"/\1/; s/,(namespace|pod)="([^"]*)"/ \/ \2/g' | awk '{printf "    %10.5f  ", $1; $1 = ""; print}'
}

day=$(sed -n 's/^kubecost_exporter_day_start_timestamp_seconds //p' "$work/metrics.txt")
cat << TEXT

The exporter runs beside a simulated Kubecost. Costs of $(date -u -d "@${day%.*}" +%F), the newest complete day, in USD:

  Dearest namespaces (cluster / namespace)
$(top kubecost_namespace_total_cost)
  Dearest pods (cluster / namespace / pod)
$(top kubecost_pod_total_cost)

  Metrics        $url/metrics
  Landing page   $url/
  Health         $url/healthz
  Simulation     $kubecost/model/allocation?window=yesterday&aggregate=namespace

With your own Kubecost or OpenCost, for instance through a port-forward:

  kubectl -n kubecost port-forward service/kubecost-cost-analyzer 9090 &
  build/release/kubecost-allocation-exporter --kubecost.url=http://localhost:9090

TEXT

if $check; then
  curl -fsS "$url/healthz" | grep -qx ok || fail "health is not ok"
  grep -q '^kubecost_exporter_up 1$' "$work/metrics.txt" || fail "kubecost_exporter_up is not 1"
  for family in kubecost_pod_total_cost kubecost_namespace_total_cost kubecost_cluster_total_cost kubecost_cluster_info; do
    grep -q "^$family{" "$work/metrics.txt" || fail "$family is not served"
  done
  echo "quickstart: all is well"
  exit 0
fi
echo "Ctrl-C stops both."
wait -n
fail "one of the two programs has ended"
