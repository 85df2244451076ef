# shellcheck shell=bash
# Numbered steps that say what they do: sourced by tests/run.sh and deploy/demo.sh.
#
# The script that sources this sets STEPS_TOTAL (how many steps it has) and LOG_DIR (where the full logs go).
# A step's command may end with status 77 to say "I could not run": its lines that begin with "SKIPPED:" are shown
# at once, and again by print_skipped at the end.

STEPS_TOTAL=${STEPS_TOTAL:-0}
STEP_NUMBER=0
STEP_SKIPPED=()
readonly STATUS_SKIPPED=77
HEARTBEAT_SECONDS=${HEARTBEAT_SECONDS:-60}

elapsed() { printf '%d:%02d' $((SECONDS / 60)) $((SECONDS % 60)); }

# announce TITLE: the heading of a step that prints its own output.
announce() {
  STEP_NUMBER=$((STEP_NUMBER + 1))
  printf '[%d/%d] %s  (at %s)\n' "$STEP_NUMBER" "$STEPS_TOTAL" "$1" "$(elapsed)"
}

# heartbeat LOG: a line a minute while a step is silent, so that nobody takes a long build for a hang. It ends when its
# standard input does, which this shell holds open for as long as the step runs: nothing to kill, nothing left behind.
heartbeat() {
  local start=$SECONDS status
  while true; do
    status=0
    read -r -t "$HEARTBEAT_SECONDS" || status=$?
    [[ $status -gt 128 ]] || return 0  # not a time-out: the end
    printf '        still at it after %d s: %s\n' $((SECONDS - start)) "$(tail -n 1 "$1" | cut -c1-100)"
  done
}

# step TITLE LOGNAME COMMAND...: runs the command with its output in LOG_DIR/LOGNAME.log. A failure prints the end of
# that log and ends the script with status 1.
step() {
  local title="$1" log="$LOG_DIR/$2.log" begin=$SECONDS status=0 pulse
  shift 2
  announce "$title"
  mkdir -p "$LOG_DIR"
  : >"$log"
  exec {pulse}> >(heartbeat "$log")
  "$@" >"$log" 2>&1 </dev/null {pulse}>&- || status=$?
  exec {pulse}>&-
  wait "$!" || true
  if [[ $status -eq $STATUS_SKIPPED ]]; then
    local line reasons
    reasons="$(grep '^SKIPPED:' "$log" || echo "SKIPPED: $title (no reason given, see $log)")"
    while IFS= read -r line; do
      STEP_SKIPPED+=("$line")
      printf '        %s\n' "$line"
    done <<<"$reasons"
  elif [[ $status -ne 0 ]]; then
    printf '\n----- the last lines of %s -----\n' "$log" >&2
    tail -n "${STEP_TAIL_LINES:-60}" "$log" >&2
    printf '%s\nFAILED after %d s with status %d: step %d, %s\nThe full log: %s\n' "-----" \
      $((SECONDS - begin)) "$status" "$STEP_NUMBER" "$title" "$log" >&2
    exit 1
  else
    printf '        ok, %d s\n' $((SECONDS - begin))
  fi
}

# print_skipped: what was not checked, once more, where it cannot be missed.
print_skipped() {
  local line
  for line in "${STEP_SKIPPED[@]}"; do
    printf '%s\n' "$line"
  done
}

# parallel_jobs: the cores, but at most one compiler per 1.5 GB of free memory (gRPC's headers are heavy); ENOS_JOBS
# overrules both.
parallel_jobs() {
  local cores memory_kb by_memory
  if [[ -n "${ENOS_JOBS:-}" ]]; then
    echo "$ENOS_JOBS"
    return
  fi
  cores="$(nproc)"
  memory_kb="$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo 2>/dev/null || true)"
  by_memory=$((${memory_kb:-0} / 1500000))
  if [[ $by_memory -ge 1 && $by_memory -lt $cores ]]; then
    echo "$by_memory"
  elif [[ $by_memory -lt 1 && -n "$memory_kb" ]]; then
    echo 1
  else
    echo "$cores"
  fi
}
