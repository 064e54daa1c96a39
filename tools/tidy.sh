#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# clang-tidy (19) with the list in .clang-tidy: tools/tidy.sh [FILE.cc ...], by default every source that is no test.
set -euo pipefail
cd "$(dirname "$0")/.."
cmake -S . -B build/tidy -G Ninja -DCMAKE_CXX_COMPILER=clang++-19 -DPINHOLE_BUILD_FUZZERS=OFF >/dev/null
files=("$@")
[ $# -gt 0 ] || mapfile -t files < <(git ls-files 'src/*.cc' | grep -vE '_(test|fuzz|bench)\.cc$')
printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 4 clang-tidy-19 -p build/tidy --quiet
