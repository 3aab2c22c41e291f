#!/usr/bin/env bash
# The second opinion: everything compiled by clang with warnings as errors, its proof of who holds which lock
# (-Wthread-safety) among them, and clang-tidy's list over the product.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/phases.sh

phase "packages"
scripts/install-dependencies.sh --lint

build_with_clang

phase "clang-format"
git ls-files '*.cc' '*.h' | xargs clang-format-14 --dry-run --Werror

phase "clang-tidy"
git ls-files 'base/*.cc' 'kubecost/*.cc' 'metrics/*.cc' 'exporter/*.cc' |
  xargs -n 4 -P "$(nproc)" ${LOW_PRIORITY:+nice -n 19} clang-tidy-14 -p build/clang --quiet 2> /dev/null
echo "Nothing found."
