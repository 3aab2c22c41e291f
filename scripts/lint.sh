#!/usr/bin/env bash
# The second opinion: everything compiled by clang with warnings as errors, its proof of who holds which lock
# (-Wthread-safety) among them, and clang-tidy's list over the product.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-dependencies.sh --lint

echo "== clang: warnings as errors"
cmake -S . -B build/clang -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=clang-14 \
  -DCMAKE_CXX_COMPILER=clang++-14 -DKUBECOST_EXPORTER_WERROR=ON -DKUBECOST_EXPORTER_TESTS=ON > /dev/null
cmake --build build/clang

echo "== clang-format"
git ls-files '*.cc' '*.h' | xargs clang-format-14 --dry-run --Werror

echo "== clang-tidy"
git ls-files "base/*.cc" "kubecost/*.cc" "metrics/*.cc" "exporter/*.cc" | xargs -n 4 -P "$(nproc)" clang-tidy-14 -p build/clang --quiet 2> /dev/null
echo "Nothing found."
