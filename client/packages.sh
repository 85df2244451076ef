#!/usr/bin/env bash
# Builds the client packages from Debian 12's packages (and for Node.js npm's) into build/packages:
#
#   client/packages.sh             all of them
#   client/packages.sh go java     these; there are go, java, node and python
#
# client/LANGUAGE/build.sh builds each. Exit status: 0 all built, 1 something failed, 2 wrong usage, 77 a tool chain is
# missing (a line "SKIPPED: ..." says what to install) and nothing failed.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
readonly LANGUAGES=(go java node python)
if [[ "${1:-}" == --help || "${1:-}" == -h ]]; then
  sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
  exit 0
fi
[[ $# -gt 0 ]] || set -- "${LANGUAGES[@]}"
for language in "$@"; do
  if [[ " ${LANGUAGES[*]} " != *" $language "* ]]; then
    echo "packages.sh: there is no package for '$language'; there are ${LANGUAGES[*]}" >&2
    exit 2
  fi
done

skipped=0 failed=0
for language in "$@"; do
  status=0
  "$here/$language/build.sh" || status=$?
  case $status in
    0) ;;
    77) skipped=1 ;;
    *)
      failed=1
      echo "FAILED: package $language" >&2
      ;;
  esac
done
[[ $failed -eq 0 ]] || exit 1
[[ $skipped -eq 0 ]] || exit 77
