#!/usr/bin/env bash
# Runs every fuzz target of build/fuzz for some seconds (default 60), two at a time.
#   cmake --preset fuzz && cmake --build --preset fuzz --target fuzzers && tests/checks/fuzz.sh [SECONDS] [NAME_fuzz...]
# The seeds are in tests/fuzz/corpus/NAME (with or without _fuzz), words to try in tests/fuzz/*.dict. New inputs go to build/fuzz/found, never into the
# sources; an input that breaks a target goes to build/fuzz/artifacts, and its target's log says how.
set -euo pipefail
# shellcheck source=tests/checks/sources.sh
source "$(dirname "${BASH_SOURCE[0]}")/sources.sh"

seconds="${1:-60}"
[[ $# -gt 0 ]] && shift
if [[ ! "$seconds" =~ ^[1-9][0-9]*$ ]]; then
  echo "fuzz.sh: '$seconds' is no number of seconds" >&2
  exit 2
fi
targets=()
if [[ -d "$ROOT/build/fuzz" ]]; then
  mapfile -d '' -t targets < <(find "$ROOT/build/fuzz" -name CMakeFiles -prune -o -type f -name '*_fuzz' -executable -print0 | sort -z)
fi
if [[ ${#targets[@]} -eq 0 ]]; then
  echo "SKIPPED: fuzz: there is no *_fuzz program in build/fuzz"
  exit 77
fi

run_target() {
  local target="$1" name seeds=() dictionary options log status=0
  name="$(basename "$target")"
  log="$ROOT/build/fuzz/logs/$name.log"
  mkdir -p "$ROOT/build/fuzz/found/$name" "$ROOT/build/fuzz/artifacts" "$ROOT/build/fuzz/logs"
  for directory in "$ROOT/tests/fuzz/corpus/$name" "$ROOT/tests/fuzz/corpus/${name%_fuzz}"; do
    [[ -d "$directory" ]] && seeds+=("$directory")
  done
  case "$name" in
    *_answer_fuzz) dictionary=json.dict ;;
    retry_after_fuzz) dictionary=http_date.dict ;;
    *) dictionary="${name%_fuzz}.dict" ;;
  esac
  options=()
  if [[ -f "$ROOT/tests/fuzz/$dictionary" ]]; then
    options+=(-dict="$ROOT/tests/fuzz/$dictionary")
  fi
  [[ ${#seeds[@]} -gt 0 ]] || echo "Note: $name has no seeds in tests/fuzz/corpus"
  "$target" -max_total_time="$SECONDS_EACH" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 "${options[@]}" \
    -artifact_prefix="$ROOT/build/fuzz/artifacts/$name-" "$ROOT/build/fuzz/found/$name" "${seeds[@]}" \
    >"$log" 2>&1 </dev/null || status=$?
  if [[ $status -ne 0 ]]; then
    tail -n 40 "$log"
    echo "FAILED: $name, status $status; the whole log is $log"
    return 1
  fi
  echo "$name: $(awk '/number_of_executed_units/ {print $2}' "$log") inputs, nothing found"
}

export -f run_target
export ROOT SECONDS_EACH="$seconds"
selected=()
for target in "${targets[@]}"; do
  [[ $# -eq 0 || " $* " == *" $(basename "$target") "* ]] && selected+=("$target")
done
if [[ ${#selected[@]} -eq 0 ]]; then
  echo "fuzz.sh: none of the targets is called so: $*" >&2
  exit 2
fi
echo "${#selected[@]} targets, $seconds s each, two at a time"
# run_target takes its word from xargs.
# shellcheck disable=SC2016
printf '%s\0' "${selected[@]}" | xargs -0 -n 1 -P 2 bash -c 'run_target "$1"' run_target
