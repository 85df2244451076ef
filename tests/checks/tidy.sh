#!/usr/bin/env bash
# Runs clang-tidy over the sources of the programs, as .clang-tidy says; not over tests, which would take twice as long
# again and are kept honest by both compilers' warnings and the sanitizers. Needs the build directory of the `clang` preset, built, because
# the generated headers have to be there:
#   cmake --preset clang && cmake --build --preset clang && tests/checks/tidy.sh [FOLDER]
set -euo pipefail
# shellcheck source=tests/checks/sources.sh
source "$(dirname "${BASH_SOURCE[0]}")/sources.sh"
need_tool clang-tidy-19
need_tool run-clang-tidy-19

if [[ ! -f "$ROOT/build/clang/compile_commands.json" ]]; then
  echo "tidy.sh: build/clang is not configured; run: cmake --preset clang && cmake --build --preset clang" >&2
  exit 1
fi
# The selection is a regular expression over absolute paths: of sources, and of the files in build/clang by which several are
# compiled as one (CMakePresets.json). What protoc makes is left out by it.
escaped_root="$(printf '%s' "$ROOT" | sed 's/[][\.*^$+?(){}|/]/\\&/g')"
part="$(printf '%s' "${1:-}" | sed 's/[][\.*^$+?(){}|/]/\\&/g')"
cd "$ROOT"
selection="^$escaped_root/(build/clang/)?(?=.*$part)(server|client|sandbox)/(?!.*(_test\\.cc|_test\\.dir/.*)\$)"
run-clang-tidy-19 -quiet -j "${ENOS_JOBS:-$(nproc)}" -p build/clang "$selection" | tee "$ROOT/build/clang/tidy.log"
if ! grep -q 'clang-tidy-19 ' "$ROOT/build/clang/tidy.log"; then
  echo "tidy.sh: no source of the programs, or folder of them, has '${1:-}' in its path; most sources are read with their folder" >&2
  exit 1
fi
