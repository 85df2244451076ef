#!/usr/bin/env bash
# Shows how callers learn that a call is late, under load: gateway and sandbox as shipped, each answer from EnOS half a second
# after the deadline, several hundred calls at once. Prints, for each deadline, the share of calls that the gateway answered with
# its details before the caller's own library gave up: once with staggered calls, and once with all of them in step, so
# that all are late at the same moment. Takes a minute; needs the build of bench/run.sh.
#
#   bench/late.sh            500 calls in flight, with deadlines of 0.2, 0.5, 1 and 5 s
#   bench/late.sh N          N calls in flight
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
in_flight="${1:-500}"
[[ "$in_flight" =~ ^[1-9][0-9]*$ ]] || { echo "late.sh: '$in_flight' is no number of calls" >&2; exit 2; }
programs=build/release/bin
for program in "$programs/enos-flow-gateway" "$programs/enos-sandbox" build/release/bench/late-calls; do
  [[ -x $program ]] || { echo "late.sh: $program is missing; run: bench/run.sh --smoke" >&2; exit 1; }
done

folder="$(mktemp -d)"
started=()
end() {
  for pid in "${started[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
  rm -rf "$folder"
}
trap end EXIT

# wait_for FILE PATTERN: the first match, once a program has printed it.
wait_for() {
  for _ in $(seq 200); do
    grep -oE -m 1 "$2" "$1" 2>/dev/null && return
    sleep 0.05
  done
  echo "late.sh: no '$2' in what was printed:" >&2
  cat "$1" >&2
  return 1
}

# measure DEADLINE_MS CALLS [OPTION], with a sandbox and a gateway of its own.
measure() {
  local deadline_ms="$1" calls="$2" url target
  "$programs/enos-sandbox" --latency="$((deadline_ms + 500))ms" --quiet >"$folder/sandbox.$deadline_ms" 2>&1 &
  started=($!)
  url="$(wait_for "$folder/sandbox.$deadline_ms" 'http://127\.0\.0\.1:[0-9]+')"
  ENOS_ACCESS_KEY=sandbox-key ENOS_SECRET_KEY=sandbox-secret \
    "$programs/enos-flow-gateway" --listen=127.0.0.1:0 --metrics_listen= --enos_url="$url" \
    >"$folder/gateway.$deadline_ms" 2>&1 &
  started+=($!)
  target="$(wait_for "$folder/gateway.$deadline_ms" ' address=127\.0\.0\.1:[0-9]+')"
  wait_for "$folder/gateway.$deadline_ms" 'access token obtained' >/dev/null
  build/release/bench/late-calls --target="${target#*=}" --in_flight="$in_flight" --calls="$calls" \
    --deadline_ms="$deadline_ms" "${@:3}"
  kill -KILL "${started[@]}"
  wait "${started[@]}" 2>/dev/null || true
}

for deadline_ms in 200 500 1000 5000; do
  measure "$deadline_ms" "$((in_flight * (deadline_ms < 1000 ? 20 : 4)))"
  measure "$deadline_ms" "$((in_flight * (deadline_ms < 1000 ? 20 : 4)))" --at_once
done
