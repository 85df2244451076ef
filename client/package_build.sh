# shellcheck shell=bash
# What the build.sh of every client package, and of the examples, begins with: sourced by them, with LANGUAGE set.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# The project's version, which every package has.
# shellcheck disable=SC2034  # for the scripts that read this
VERSION="$(sed -n 's/^project(.* VERSION \([0-9.]*\).*/\1/p' "$ROOT/CMakeLists.txt")"
# shellcheck disable=SC2034
PACKAGES="${ENOS_PACKAGES_DIR:-$ROOT/build/packages}"

# need THING...: what a language is built from: a command, or a file where it begins with a slash.
need() {
  local thing missing=()
  for thing in "$@"; do
    if [[ "$thing" == /* ]]; then
      [[ -e "$thing" ]] || missing+=("$thing")
    else
      command -v "$thing" >/dev/null || missing+=("$thing")
    fi
  done
  if [[ ${#missing[@]} -gt 0 ]]; then
    echo "SKIPPED: $LANGUAGE: not found: ${missing[*]}; its Debian packages are: $("$ROOT/deploy/packages.sh" --list "$LANGUAGE" | tr '\n' ' ')"
    exit 77
  fi
}

# same_version FILE TEXT: fails where a file does not name the project's version as TEXT.
same_version() {
  grep -qF "$2" "$1" || {
    echo "$1: expected '$2', the version in CMakeLists.txt" >&2
    exit 1
  }
}
