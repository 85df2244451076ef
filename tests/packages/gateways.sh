#!/usr/bin/env bash
# Installs a client package into an empty project and uses it:  tests/packages/gateways.sh go|java PROGRAMS
#
# PROGRAMS is the folder of enos-flow-gateway and enos-sandbox. Builds the package, starts a sandbox, a gateway that keeps
# keys and one that does not, and runs tests/packages/LANGUAGE/run.sh, which finds in its environment
#   WORK      an empty folder                     PACKAGES  what client/packages.sh built
#   KEEPING, KEYLESS, NOBODY                      addresses: the two gateways, and a port that refuses connections
# Flow 500 fails inside EnOS; 501 loses its first answer; runs last for 2 s.
# Status 77, and a line "SKIPPED: ...", where the tool chain is missing.
set -euo pipefail

language="$1" bin="$2"
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
WORK="$(mktemp -d)"
ENOS_PACKAGES_DIR="$WORK/packages"
export WORK ENOS_PACKAGES_DIR PACKAGES="$ENOS_PACKAGES_DIR" NOBODY=127.0.0.1:1
# shellcheck source=deploy/lib/service.sh
source "$root/deploy/lib/service.sh"
trap 'stop_services >/dev/null || true; rm -rf "$WORK"' EXIT

"$root/client/packages.sh" "$language"

start_service enos-sandbox "$WORK/sandbox.log" "$bin/enos-sandbox" --listen=127.0.0.1:0 --run_time=2s \
  --fault=500:code-62109 --fault=501:after+resetx1
wait_for "the sandbox" "$SERVICE_PID" "$WORK/sandbox.log" grep -q '^export ENOS_SECRET_KEY=' "$WORK/sandbox.log"
for name in ENOS_API_URL ENOS_ACCESS_KEY ENOS_SECRET_KEY; do
  value="$(sed -n "s/^export $name=//p" "$WORK/sandbox.log" | head -n 1 | tr -d "'\"")"
  export "$name=$value"
done

# start_gateway NAME: sets ADDRESS.
start_gateway() {
  local log="$WORK/$1.log"
  start_service enos-flow-gateway "$log" "$bin/enos-flow-gateway" --listen=127.0.0.1:0 --metrics_listen= \
    --drain_delay=0s --watch_interval=1s
  wait_for "the gateway" "$SERVICE_PID" "$log" grep -qE 'listening .*address=' "$log"
  ADDRESS="$(sed -nE 's/.*listening .*address="?([^ "]+).*/\1/p' "$log" | head -n 1)"
}
start_gateway keyless
export KEYLESS="$ADDRESS"
ENOS_GATEWAY_IDEMPOTENCY_STORE="sqlite:$WORK/keys.sqlite" start_gateway keeping
export KEEPING="$ADDRESS"

mkdir "$WORK/project"
"$root/tests/packages/$language/run.sh"
