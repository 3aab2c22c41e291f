#!/usr/bin/env bash
# Compiles what the image holds, in its build stage, after install-dependencies.sh --image ARCH.
#
#   scripts/image/compile.sh libcurl ARCH              into /opt/curl
#   scripts/image/compile.sh exporter ARCH REVISION    into /build/exporter
set -euo pipefail
cd "$(dirname "$0")/../.."

what=$1
# DEB_HOST_GNU_TYPE, and what dpkg-buildflags goes by.
eval "$(dpkg-architecture -a "$2" -s 2> /dev/null)"
target=$DEB_HOST_GNU_TYPE

# configure SOURCE FOLDER [CMAKE ARGUMENT ...]
configure() {
  cmake -S "$1" -B "$2" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_TOOLCHAIN_FILE="$PWD/cmake/Cross.cmake" \
    -DKUBECOST_EXPORTER_TARGET="$target" "${@:3}"
}

case $what in
  libcurl)
    # Debian's libcurl speaks LDAP, RTMP, SSH, Kerberos and more, with two dozen libraries of 10 MB, half of the image.
    # This one is the same source, Debian's patches included, and speaks HTTP alone. Whether poll() works cannot be
    # tried out when cross-compiling. The flags are those of Debian's package.
    CFLAGS="$(dpkg-buildflags --get CFLAGS) $(dpkg-buildflags --get CPPFLAGS) -g0"
    export CFLAGS
    configure third_party/curl /build/curl -DCMAKE_INSTALL_PREFIX=/opt/curl -DHAVE_POLL_FINE=1 \
      -DBUILD_SHARED_LIBS=OFF -DBUILD_CURL_EXE=OFF -DBUILD_TESTING=OFF -DHTTP_ONLY=ON -DCURL_USE_OPENSSL=ON \
      -DCURL_USE_LIBSSH2=OFF -DCURL_USE_LIBPSL=OFF -DUSE_LIBIDN2=OFF -DUSE_NGHTTP2=OFF -DCURL_ZSTD=OFF \
      -DCURL_BROTLI=OFF -DCURL_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt -DCURL_CA_PATH=none
    cmake --build /build/curl --target install
    rm -rf /build/curl
    ;;
  exporter)
    # The same binary whatever the folder is called.
    export CFLAGS="-ffile-prefix-map=$PWD=." CXXFLAGS="-ffile-prefix-map=$PWD=."
    configure . /build/exporter -DCURL_ROOT=/opt/curl -DKUBECOST_EXPORTER_TESTS=OFF \
      -DKUBECOST_EXPORTER_REVISION="$3" -DCMAKE_EXE_LINKER_FLAGS=-Wl,-Map=/build/exporter/exporter.map
    cmake --build /build/exporter --target kubecost-allocation-exporter
    "$target-strip" /build/exporter/kubecost-allocation-exporter
    ;;
esac
