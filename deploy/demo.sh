#!/usr/bin/env bash
# Shows the gateway's main job end to end on this machine: installs missing packages, builds the three programs, starts a
# local EnOS (enos-sandbox) and the gateway on free ports, triggers a flow with enos-flow, shows a call that EnOS
# refuses, a call with an idempotency key and its repeat, and what EnOS received, and stops everything.
#
#   deploy/demo.sh           as root or with sudo on Debian 12 or 13; a few minutes the first time, seconds afterwards
#   deploy/demo.sh --keep    leaves sandbox and gateway running and says how to call and how to stop them
#   deploy/demo.sh --help    this text
#
# Nothing listens beyond this machine, and no real EnOS is called. Full logs are in build/logs.
# Exit status: 0 success, 1 something failed, 2 wrong usage.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
keep=false
for argument in "$@"; do
  case "$argument" in
    --keep) keep=true ;;
    --help | -h)
      sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    *)
      echo "demo.sh: unknown option '$argument'; there are --keep and --help" >&2
      exit 2
      ;;
  esac
done

export LC_ALL=C.UTF-8
export PATH="${PATH:-}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Settings that the caller's shell has for a real EnOS or gateway must not reach the demo's.
while IFS= read -r name; do
  [[ "$name" == ENOS_JOBS ]] || unset "$name"
done < <(compgen -e ENOS_ || true)
LOG_DIR="$root/build/logs"
# shellcheck disable=SC2034
STEPS_TOTAL=9
cd "$root"
# shellcheck source=deploy/lib/steps.sh
source deploy/lib/steps.sh
# shellcheck source=deploy/lib/service.sh
source deploy/lib/service.sh

bin="$root/build/release/bin"
sandbox_log="$LOG_DIR/demo-sandbox.log"
gateway_log="$LOG_DIR/demo-gateway.log"
jobs="$(parallel_jobs)"
state="$(mktemp -d "${TMPDIR:-/tmp}/enos-demo.XXXXXX")"

on_exit() {
  local status=$?
  if [[ $status -ne 0 ]] || ! $keep; then
    stop_services
    rm -rf "$state"
  fi
  exit "$status"
}
trap on_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Configured like every other release build, tests and all, so that a later ctest finds them; only the programs are built.
build_programs() {
  cmake --preset release &&
    cmake --build --preset release --parallel "$jobs" --target enos-flow-gateway enos-flow enos-sandbox
}

# enos_flow ARGUMENT...: shows the command, then runs it.
enos_flow() {
  printf '        $ enos-flow %s\n' "$*"
  "$bin/enos-flow" "$@" 2>&1 </dev/null | sed 's/^/          /'
}

step "Install what is missing" demo-packages deploy/packages.sh build test demo
step "Build the three programs (preset release, $jobs jobs)" demo-build build_programs

announce "Start a local EnOS: enos-sandbox on a free port"
start_service enos-sandbox "$sandbox_log" "$bin/enos-sandbox" --listen=127.0.0.1:0
sandbox_pid=$SERVICE_PID
wait_for "enos-sandbox to say where it listens" "$sandbox_pid" "$sandbox_log" grep -q '^export ENOS_SECRET_KEY=' "$sandbox_log"
# What it prints is made for a shell; read as data all the same.
for name in ENOS_API_URL ENOS_ACCESS_KEY ENOS_SECRET_KEY; do
  value="$(sed -n "s/^export $name=//p" "$sandbox_log" | head -n 1 | tr -d "'\"")"
  export "$name=$value"
done
printf '        EnOS is at %s (process %s)\n' "$ENOS_API_URL" "$sandbox_pid"

announce "Start the gateway on a free port"
export ENOS_GATEWAY_IDEMPOTENCY_STORE="sqlite:$state/keys.sqlite"
start_service enos-flow-gateway "$gateway_log" "$bin/enos-flow-gateway" \
  --listen=127.0.0.1:0 --metrics_listen= --drain_delay=0s
gateway_pid=$SERVICE_PID
wait_for "the gateway to say where it listens" "$gateway_pid" "$gateway_log" grep -qE 'listening .*address=' "$gateway_log"
address="$(sed -nE 's/.*listening .*address="?([^ "]+).*/\1/p' "$gateway_log" | head -n 1)"
wait_for "the gateway to be healthy (grpc.health.v1)" "$gateway_pid" "$gateway_log" grpc_healthy "$address"
printf '        the gateway is at %s and healthy (process %s)\n' "$address" "$gateway_pid"

caller=(--address="$address" --user_id=demo_user --org_id=demo_org)
announce "Trigger flow 3377 in a minute from now, with one parameter"
status=0
enos_flow trigger "${caller[@]}" --flow_id=3377 --trigger_time=now+60s --param REPLACE=ddee || status=$?
[[ $status -eq 0 ]] || fail "enos-flow should have triggered the flow; it ended with status $status" "$gateway_log" "$sandbox_log"

announce "Trigger flow 62104, which has no task: EnOS refuses, and enos-flow says why"
status=0
enos_flow trigger "${caller[@]}" --flow_id=62104 --trigger_time=now || status=$?
[[ $status -eq 1 ]] || fail "enos-flow should have ended with status 1; it was $status" "$gateway_log" "$sandbox_log"
echo "        status 1, as it should be"

announce "Trigger flow 3378 with an idempotency key, and again: the repeat gets the answer of the first call"
for _ in first repeat; do
  status=0
  enos_flow trigger "${caller[@]}" --flow_id=3378 --trigger_time=2026-07-01T08:00:00Z --idempotency_key=demo-1 --output=json || status=$?
  [[ $status -eq 0 ]] || fail "enos-flow should have got an instance id; it ended with status $status" "$gateway_log" "$sandbox_log"
done | tee "$LOG_DIR/demo-keys.txt"
grep -q '"replayed": *true' "$LOG_DIR/demo-keys.txt" || fail "the repeat was not a replay" "$gateway_log"

announce "What EnOS received"
printf '        $ curl %s/_sandbox/calls | jq\n' "$ENOS_API_URL"
curl --fail --silent --show-error --noproxy '*' --max-time 10 "$ENOS_API_URL/_sandbox/calls" >"$LOG_DIR/demo-calls.json" ||
  fail "the sandbox did not show its calls" "$sandbox_log"
jq . "$LOG_DIR/demo-calls.json" | sed 's/^/          /'
grep -q 3377 "$LOG_DIR/demo-calls.json" || fail "the call for flow 3377 is not among them" "$sandbox_log"
[[ "$(jq '[.calls[] | select(.flowId == 3378)] | length' "$LOG_DIR/demo-calls.json")" == 1 ]] ||
  fail "the call for flow 3378 and its repeat did not come to EnOS once" "$sandbox_log"

if $keep; then
  announce "Leave them running"
  cat <<END
        Call:  '$bin/enos-flow' trigger --address=$address --user_id=demo_user --org_id=demo_org --flow_id=3377 --param KEY=value
        See:   curl $ENOS_API_URL/_sandbox/calls
        Logs:  $gateway_log
               $sandbox_log
        Stop:  kill $gateway_pid $sandbox_pid; rm -r '$state'
END
else
  announce "Stop both"
  stop_services || fail "a program did not end with status 0 when told to" "$gateway_log" "$sandbox_log"
  echo "        both have ended with status 0"
fi

cat <<END

The demo is done, after $(elapsed). With a real EnOS, from an application registered there:

  export ENOS_API_URL=https://your-enos-api-gateway
  export ENOS_ACCESS_KEY_FILE=/path/to/the/access_key     # or ENOS_ACCESS_KEY
  export ENOS_SECRET_KEY_FILE=/path/to/the/secret_key     # or ENOS_SECRET_KEY
  '$bin/enos-flow-gateway' --listen=127.0.0.1:50051       # --enos_api_version=v2.1 from EnOS 2.1.2 on

  '$bin/enos-flow' trigger --address=127.0.0.1:50051 --user_id=USER --org_id=ORG --flow_id=FLOW \\
      --trigger_time=now+60s --param KEY=VALUE

Every accepted call starts a run: EnOS does it for real.
END
