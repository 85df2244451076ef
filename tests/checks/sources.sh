# shellcheck shell=bash
# Which files are ours: sourced by the checks. Does not ask git, so that an unpacked archive is checked as well.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"

# our_files PATTERN...: the files of the project whose names match, NUL-separated, in a fixed order.
our_files() {
  local names=() pattern
  for pattern in "$@"; do
    names+=(-o -name "$pattern")
  done
  find "$ROOT" \( -name .git -o -name build -o -name node_modules \) -prune -o \
    -type f \( "${names[@]:1}" \) -print0 | sort -z
}

# need_tool TOOL: ends the check as skipped, loudly, where the tool is missing.
need_tool() {
  if ! command -v "$1" >/dev/null; then
    echo "SKIPPED: $(basename "$0" .sh): $1 is not installed (deploy/packages.sh has the list)"
    exit 77
  fi
}
