#!/usr/bin/env bash
# Checks that a fresh Debian is enough: builds a minimal one in a temporary directory, clones the repository's
# HEAD into it (into a path with a space), and runs a command there, from another directory and with an almost empty environment.
#
#   sudo tests/fresh_machine.sh [--keep] [--ccache] [--suite=trixie|bookworm] [COMMAND...]
#
# SUITE is Debian 13 or 12; default: trixie. COMMAND defaults to tests/run.sh; or deploy/demo.sh ...
#
# Needs root, mmdebstrap and a network; takes some GB of TMPDIR, where --keep leaves the system.
# It uses this machine's Debian sources (FRESH_SOURCES=FILE for others), proxy settings, npm settings from the
# environment and additional CA certificates, with --ccache its compiler cache, and nothing else of it. All mounts are in a
# separate namespace: they disappear with the last process, however this ends.
set -euo pipefail

usage() { sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; }
keep=false
cache=
suite=trixie
while [[ "${1:-}" == -* ]]; do
  case "$1" in
    --keep) keep=true ;;
    --ccache) cache="$(ccache --get-config cache_dir 2>/dev/null)" || true ;;
    --suite=trixie | --suite=bookworm) suite="${1#*=}" ;;
    --help | -h)
      usage
      exit 0
      ;;
    *)
      echo "fresh_machine.sh: unknown option '$1'; there are --keep, --ccache, --suite=trixie, --suite=bookworm and --help" >&2
      exit 2
      ;;
  esac
  shift
done
[[ $# -gt 0 ]] || set -- tests/run.sh

repository="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
if [[ $EUID -ne 0 ]]; then
  echo "fresh_machine.sh: needs root, to make a system and to change into it" >&2
  exit 1
fi
for tool in mmdebstrap unshare git; do
  command -v "$tool" >/dev/null || {
    echo "fresh_machine.sh: $tool is not installed" >&2
    exit 1
  }
done

# shellcheck source=deploy/lib/debian.sh
source "$repository/deploy/lib/debian.sh"
DEBIAN_SOURCES="${FRESH_SOURCES:-}"
debian_sources

work="$(mktemp -d "${TMPDIR:-/tmp}/enos-fresh-machine.XXXXXX")"
system="$work/system"
child=
clean_up() {
  if [[ -n "$child" ]]; then
    kill -KILL "$child" 2>/dev/null || true
    wait "$child" 2>/dev/null || true
  fi
  if $keep; then
    echo "Kept: $system"
  else
    rm -rf --one-file-system "$work"
  fi
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# isolated COMMAND...: in namespaces of its own for mounts and processes. Waits in the background, so that a signal to
# this script ends at once all that runs in there.
isolated() {
  local status=0
  unshare --mount --pid --ipc --fork --kill-child --mount-proc "$@" </dev/null &
  child=$!
  wait "$child" || status=$?
  child=
  return "$status"
}

debian_suite "$suite" "$work"
echo "[1/3] A minimal Debian ($suite) from $DEBIAN_SOURCES, in $system  (at ${SECONDS} s)"
isolated mmdebstrap --quiet --variant=minbase --include=ca-certificates "${DEBIAN_APT_OPTIONS[@]}" "$suite" "$system" "$DEBIAN_SOURCES" >&2

echo "[2/3] A clone of $(git -C "$repository" log -1 --format='%h %s')  (at ${SECONDS} s)"
[[ -z "$(git -C "$repository" status --porcelain)" ]] || echo "Note: what is not committed is not tested."
clone="/srv/fresh clone"
git clone --quiet --no-hardlinks "$repository" "$system$clone"
# Name service and additional certificates as this machine has them.
cp --dereference /etc/resolv.conf "$system/etc/resolv.conf"
# What every installed Debian has, and mmdebstrap does not make.
[[ -e "$system/etc/hosts" ]] || printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n' >"$system/etc/hosts"
if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
  cp /usr/local/share/ca-certificates/*.crt "$system/usr/local/share/ca-certificates/"
  env -u TMPDIR chroot "$system" /usr/sbin/update-ca-certificates >/dev/null 2>&1
fi
environment=(HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin CI=true
  NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt)
if [[ -n "$cache" ]]; then
  mkdir -p "$cache" "$system/ccache"
  environment+=(CCACHE_DIR=/ccache)
fi
while IFS= read -r name; do
  environment+=("$name=${!name}")
done < <(compgen -e | grep -iE '^((https?|no|all)_proxy|npm_config_.*|enos_jobs)$' || true)

echo "[3/3] $*  (at ${SECONDS} s)"
begin=$SECONDS
status=0
# The quoted script runs inside the new namespaces; it has its words from the arguments.
# shellcheck disable=SC2016
isolated env -i "${environment[@]}" bash -c '
  set -euo pipefail
  system="$1" clone="$2" cache="$3"
  shift 3
  mount -t proc proc "$system/proc"
  mount -t sysfs -o ro sysfs "$system/sys"  # gRPC looks for it when it connects, as in every container
  mount -t devpts -o newinstance,ptmxmode=0666 devpts "$system/dev/pts"
  mkdir -p "$system/dev/shm"
  mount -t tmpfs tmpfs "$system/dev/shm"
  [[ -z "$cache" ]] || mount --bind "$cache" "$system/ccache"
  program="$clone/$1"
  shift
  exec chroot "$system" "$program" "$@"
' fresh_machine "$system" "$clone" "$cache" "$@" || status=$?
echo "fresh_machine.sh: $* ended with status $status after $((SECONDS - begin)) s (with everything: ${SECONDS} s)."
exit "$status"
