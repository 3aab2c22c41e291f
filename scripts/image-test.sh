#!/usr/bin/env bash
# Builds the image from its Dockerfile, for this machine's architecture and the other one, and tests what is in it and
# how it runs: read-only, without capabilities, in a network of its own. Needs root, no Docker and no registry.
#
#   scripts/image-test.sh           all
#   scripts/image-test.sh --quick   this machine's architecture only
#
# A base image and the build's layers are kept in build/image, up to 10 GB: the second run takes a few minutes less.
# IMAGE_TEST_MINUTES (40) ends a run that takes longer.
set -euo pipefail
cd "$(dirname "$0")/.."

case "${1:-}" in
  "" | --quick) ;;
  *)
    echo "usage: scripts/image-test.sh [--quick]" >&2
    exit 2
    ;;
esac

. scripts/phases.sh

# skip TEST REASON
skip() {
  echo "SKIPPED: $1 $2"
  echo "$1 $2" >> "$SKIP_LOG"
}

if [ -z "${IMAGE_TEST_INSIDE:-}" ]; then
  SKIP_LOG=$(mktemp)
  export SKIP_LOG
  cleanup() { rm -f "$SKIP_LOG"; }
  if [ "$(id -u)" != 0 ]; then
    skip image_test "root is needed to build and run containers"
  elif ! unshare --mount --pid --fork --mount-proc true; then
    skip image_test "this machine allows no namespaces"
  else
    phase "image: packages"
    scripts/install-dependencies.sh --containers
    end_phase
    minutes=${IMAGE_TEST_MINUTES:-40}
    status=0
    # In namespaces of their own, so that nothing is left mounted or running however it ends.
    IMAGE_TEST_INSIDE=1 timeout --kill-after=30s "${minutes}m" unshare --mount --pid --fork --kill-child --mount-proc \
      "$0" "$@" || status=$?
    [ $status = 124 ] && echo "image-test: not finished within $minutes minutes (IMAGE_TEST_MINUTES)" >&2
    [ $status = 0 ] || exit $status
  fi
  scripts/check-skips.sh "$SKIP_LOG"
  exit
fi

. scripts/image/containers.sh
set_up_containers
cleanup() { podman rm --all --force --time=0 > /dev/null 2>&1; podman pod rm --all --force > /dev/null 2>&1; }
podman rm --all --force --time=0 > /dev/null

if [ -x third_party/prometheus/usr/bin/prometheus ]; then
  export PROMETHEUS="$PWD/third_party/prometheus/usr/bin/prometheus"
fi
# The programs beside it: a simulated Kubecost, and the exporter as it runs without an image.
phase "image: programs beside it"
build build/release "kubecost-allocation-exporter kubecost-simulator" -DCMAKE_BUILD_TYPE=Release

ARCH=$(dpkg --print-architecture)
REVISION=$(git rev-parse --short=12 HEAD)
IMAGE=localhost/kubecost-allocation-exporter:test
export ARCH REVISION IMAGE
phase "image: base"
make_base_image
phase "image: build for $ARCH"
build_image "$ARCH" "$IMAGE" --build-arg "REVISION=$REVISION"

case $ARCH in
  amd64) other=arm64 compiler=g++-aarch64-linux-gnu emulator=qemu-aarch64-static ;;
  arm64) other=amd64 compiler=g++-x86-64-linux-gnu emulator=qemu-x86_64-static ;;
esac
if [ "${1:-}" = --quick ]; then
  skip test_contents.OtherArchitectureTest "--quick"
elif [ -z "$(apt-cache policy "$compiler")" ]; then
  skip test_contents.OtherArchitectureTest "no $compiler can be had"
else
  export OTHER_ARCH=$other OTHER_IMAGE=localhost/kubecost-allocation-exporter:test-$other
  EMULATOR=$(PATH=$PATH:$PWD/third_party/qemu/usr/bin command -v "$emulator" || true)
  export EMULATOR
  phase "image: build for $other"
  build_image "$other" "$OTHER_IMAGE" --build-arg "REVISION=$REVISION"
fi

# run FILE: in a network of nobody else's, where every port is free and nothing but this machine can be reached.
run() {
  echo "== $1"
  unshare --net bash -c 'ip link set lo up && exec /usr/bin/python3 -B tests/run_python_test.py "$1"' - "$1"
}
phase "image: tests"
run tests/image/test_contents.py
run tests/image/test_image.py
run tests/image/test_pods.py
