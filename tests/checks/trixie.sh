#!/usr/bin/env bash
# Builds and tests HEAD as shipped in a minimal Debian 13, and tries the packages that were made there: what passes on Debian 12 may
# not compile, or may behave otherwise, with newer libraries.
#
#   tests/checks/trixie.sh
#
# Needs root, mmdebstrap and a clone; uses this machine's compiler cache. With nothing in that it takes 24 minutes
# of CPU time, most of them for the build.
set -euo pipefail
# shellcheck source=tests/checks/sources.sh
source "$(dirname "${BASH_SOURCE[0]}")/sources.sh"

need_tool mmdebstrap
skip() {
  echo "SKIPPED: trixie: $1"
  exit 77
}
[[ $EUID -eq 0 ]] || skip "needs root, to make a system and to change into it"
git -C "$ROOT" rev-parse --quiet --verify HEAD >/dev/null || skip "needs a clone, of which it makes another"

work="$(mktemp -d "${TMPDIR:-/tmp}/enos-trixie.XXXXXX")"
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
TMPDIR="$work" "$ROOT/tests/fresh_machine.sh" --keep --ccache --suite=trixie tests/run.sh --release
build="$(echo "$work"/*/system/srv/*/build)"
"$ROOT/tests/checks/debian_packages.sh" trixie "$build/release"
echo "trixie: $(grep 'tests passed' "$build/logs/ctest-release.log")"
