#!/usr/bin/env bash
# Hostile connections of every kind to a gateway, together with polite callers on separate connections: how far the gateway's
# memory rises, what it is afterwards, and what the polite callers were told.
#
#   tests/hostile.sh                  100 connections of every kind at once, 20 s; plaintext, TLS, and behind the nginx front
#   tests/hostile.sh --each           every kind separately, 4 s each
#   tests/hostile.sh --connections=N  N connections of each kind
#   tests/hostile.sh --seconds=N      for N seconds
#   tests/hostile.sh --max_memory=N   the gateway's --max_memory in MiB (384)
#   tests/hostile.sh --help           this text
#
# Needs the preset release; what is not built yet is built first. Exit status: 0 memory stayed below 512 MiB and was freed, and
# every polite call was served; 1 otherwise; 2 wrong usage, or it could not run.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
usage() { sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; }

each='' options=()
for argument in "$@"; do
  case "$argument" in
    --each) each=yes ;;
    --connections=* | --seconds=* | --max_memory=*) options+=("$argument") ;;
    --help | -h)
      usage
      exit 0
      ;;
    *)
      echo "hostile.sh: unknown option '$argument'; see --help" >&2
      exit 2
      ;;
  esac
done

cd "$root"
# shellcheck source=deploy/lib/steps.sh
source deploy/lib/steps.sh
out="$root/build/hostile"
mkdir -p "$out"
gateway="build/release/bin/enos-flow-gateway"
hostile="build/release/tests/enos-hostile"
if [[ ! -x $gateway || ! -x $hostile ]]; then
  echo "Building (preset release); the log is build/hostile/build.log"
  { cmake --preset release && cmake --build --preset release --parallel "$(parallel_jobs)" \
    --target enos-flow-gateway enos-hostile; } >"$out/build.log" 2>&1 </dev/null || {
    tail -n 40 "$out/build.log" >&2
    echo "hostile.sh: the build failed" >&2
    exit 2
  }
fi

status=0
run() {
  local one=0
  "$hostile" --gateway="$root/$gateway" --directory="$out" "$@" || one=$?
  if ((one > status)); then
    status=$one
  fi
}
for how in --plaintext --tls --front; do
  if [[ -z $each ]]; then
    run "$how" "${options[@]}"
    continue
  fi
  while read -r kind; do
    run "$how" --kind="$kind" --seconds=4 "${options[@]}"
  done < <("$hostile" --help | sed -n '/all at once/,$s/^  \([a-z0-9-]*\): .*/\1/p')
done
exit "$status"
