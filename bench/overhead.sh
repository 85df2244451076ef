#!/usr/bin/env bash
# Measures what the access log, traces, the policy, TLS and client certificates add to a call: CPU time of the whole gateway per
# call, 64 in flight, alternating all variants. Takes five minutes; needs the build of bench/run.sh.
#
#   bench/overhead.sh                        every variant, 7 times
#   bench/overhead.sh --repeat N             N times
#   bench/overhead.sh --calls N              N calls per measurement instead of 20,000
#   bench/overhead.sh --bare PROGRAM         also a gateway that was built without some features, with the log off
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
case "${1:-}" in
  --help | -h)
    sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
    exit 0
    ;;
esac
exec /usr/bin/python3 -B "$root/bench/harness/overhead.py" "$@"
