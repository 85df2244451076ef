# shellcheck shell=bash
# Starting, watching and stopping programs in the background: sourced by deploy/demo.sh.

SERVICE_PID=
SERVICE_PIDS=()
readonly SERVICE_WAIT_SECONDS=30

# fail MESSAGE [LOG...]: shows the end of the logs and ends the script.
fail() {
  local message="$1" log
  shift
  for log in "$@"; do
    printf '\n----- the last lines of %s -----\n' "$log" >&2
    tail -n 30 "$log" >&2 || true
  done
  printf '%s\nFAILED in step %s: %s\n' "-----" "${STEP_NUMBER:-?}" "$message" >&2
  exit 1
}

# start_service NAME LOG COMMAND...: in the background, with its output in the log; sets SERVICE_PID. nohup, so that
# what is left running outlives the terminal.
start_service() {
  local name="$1" log="$2"
  shift 2
  mkdir -p "$(dirname "$log")"
  [[ -x "$1" ]] || fail "$name was not built: there is no $1"
  : >"$log"  # now, not when the child gets to it: what an earlier run wrote must not be taken for this one's
  nohup "$@" >"$log" 2>&1 </dev/null &
  SERVICE_PID=$!
  SERVICE_PIDS+=("$SERVICE_PID")
}

# wait_for WHAT PID LOG COMMAND...: until the command succeeds. Fails when the process ends, or when time is up.
wait_for() {
  local what="$1" pid="$2" log="$3" end=$((SECONDS + SERVICE_WAIT_SECONDS))
  shift 3
  until "$@" >/dev/null 2>&1; do
    kill -0 "$pid" 2>/dev/null || fail "the process ended while waiting for $what" "$log"
    [[ $SECONDS -lt $end ]] || fail "waited $SERVICE_WAIT_SECONDS s in vain for $what" "$log"
    sleep 0.1
  done
}

# grpc_healthy HOST:PORT: asks grpc.health.v1.Health/Check with nothing but curl. The request is an empty message (five
# bytes of frame), the answer of a healthy server is the message `08 01` (status: SERVING) behind its own five bytes.
grpc_healthy() {
  local answer
  answer="$(printf '\0\0\0\0\0' |
    curl --silent --noproxy '*' --max-time 5 --http2-prior-knowledge --data-binary @- \
      --header 'content-type: application/grpc' --header 'te: trailers' \
      "http://$1/grpc.health.v1.Health/Check" | od -An -tx1 | tr -d ' \n')"
  [[ "$answer" == 00000000020801 ]]
}

# stop_services: SIGTERM to what start_service started, the last one first, and SIGKILL to what has not ended in time.
# Status 0 if all of them ended with 0.
stop_services() {
  local index pid end status all_well=0
  for ((index = ${#SERVICE_PIDS[@]} - 1; index >= 0; index--)); do
    pid="${SERVICE_PIDS[index]}"
    kill -TERM "$pid" 2>/dev/null || true
    end=$((SECONDS + SERVICE_WAIT_SECONDS))
    while kill -0 "$pid" 2>/dev/null && [[ $SECONDS -lt $end ]]; do
      sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
    status=0
    wait "$pid" 2>/dev/null || status=$?
    [[ $status -eq 0 ]] || all_well=1
  done
  SERVICE_PIDS=()
  return "$all_well"
}
