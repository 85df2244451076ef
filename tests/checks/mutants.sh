#!/usr/bin/env bash
# Breaks one line at a time of those that keep the gateway's promises, and sees that the test which is named for it fails.
#   tests/checks/mutants.sh                all of tests/checks/mutants.txt: ten minutes on 2 cores
#   tests/checks/mutants.sh --handful      5 of them, others for each commit: a minute or two
#   tests/checks/mutants.sh 4              4 of them, likewise
#   tests/checks/mutants.sh NAME...        these
#   tests/checks/mutants.sh --check        none: only whether the table still fits the sources
#   tests/checks/mutants.sh --list         their names
# Works in a copy of the sources, build/mutants/src, with the preset release; objects are kept from run to run, and come from
# ccache where it is installed. First the tests have to pass as they are. A mutant whose line is not there any more, or not
# once, is a failure, whether it is run or not; so is one that does not compile, or that its test does not see. Status 1 then, 2 for
# wrong usage. ENOS_JOBS=N sets how many compilers run at once.
set -euo pipefail
# shellcheck source=tests/checks/sources.sh
source "$(dirname "${BASH_SOURCE[0]}")/sources.sh"
# shellcheck source=deploy/lib/steps.sh
source "$ROOT/deploy/lib/steps.sh"

readonly TABLE="$ROOT/tests/checks/mutants.txt"
readonly COPY="$ROOT/build/mutants/src"
readonly BUILD="$COPY/build/release"
readonly LOGS="$ROOT/build/mutants/logs"
readonly HANDFUL=5
readonly TEST_SECONDS=120  # a test that hangs has seen the mutant, too

fail_usage() {
  echo "mutants.sh: $1" >&2
  exit 2
}

# -- the table

NAMES=()
declare -A FILE PROGRAM TEST HUNK

# Reads mutants.txt; its head says how it is written.
read_table() {
  local line number=0 name=
  while IFS= read -r line; do
    number=$((number + 1))
    if [[ -z "$line" || "$line" == "#"* ]]; then
      continue
    elif [[ "$line" =~ ^"["([a-z0-9-]+)"] "([^ ]+)" | "([^ ]+)" | "([^ ]+)$ ]]; then
      name="${BASH_REMATCH[1]}"
      [[ -z "${FILE[$name]:-}" ]] || fail_usage "$TABLE:$number: a second mutant '$name'"
      NAMES+=("$name")
      FILE[$name]="${BASH_REMATCH[2]}" PROGRAM[$name]="${BASH_REMATCH[3]}" TEST[$name]="${BASH_REMATCH[4]}" HUNK[$name]=
    elif [[ -n "$name" && "$line" =~ ^[-+=]" " ]]; then
      HUNK[$name]+="$line"$'\n'
    else
      fail_usage "$TABLE:$number: expected '[name] FILE | PROGRAM | TEST', or a line that begins with '- ', '+ ' or '= ': $line"
    fi
  done <"$TABLE"
}

# mutate HUNK <FILE: the file with the lines '= ' and '- ' of the hunk, which have to follow each other in it, replaced by those
# with '= ' and '+ '. White space at a line's ends does not count. Status 3 where they are not in the file, or not once.
mutate() {
  HUNK_LINES="$1" awk '
    function trimmed(text) { gsub(/^[ \t]+|[ \t]+$/, "", text); return text }
    BEGIN {
      count = split(ENVIRON["HUNK_LINES"], hunk, "\n")
      for (i = 1; i <= count; ++i) {
        kind = substr(hunk[i], 1, 1)
        if (kind == "=" || kind == "-") old[++olds] = trimmed(substr(hunk[i], 3))
        if (kind == "=" || kind == "+") new[++news] = substr(hunk[i], 3)
      }
    }
    { lines[NR] = $0 }
    END {
      for (i = 1; i + olds - 1 <= NR; ++i) {
        for (j = 1; j <= olds && trimmed(lines[i + j - 1]) == old[j]; ++j) {}
        if (j > olds) { ++found; at = i }
      }
      if (found != 1 || olds == 0) exit 3
      for (i = 1; i < at; ++i) print lines[i]
      for (i = 1; i <= news; ++i) print new[i]
      for (i = at + olds; i <= NR; ++i) print lines[i]
    }'
}

# -- the copy

# Files that differ only: what is left alone keeps its age, so that nothing is compiled twice. A file that a mutant was in
# when the last run was interrupted differs, too.
sync_copy() {
  local path
  mkdir -p "$COPY" "$LOGS"
  while IFS= read -r -d '' path; do
    path="${path#"$ROOT"/}"
    cmp -s "$ROOT/$path" "$COPY/$path" || install -D "$ROOT/$path" "$COPY/$path"
  done < <(find "$ROOT" \( -name .git -o -name build -o -name node_modules \) -prune -o -type f -print0)
}

# Not the age of the original: the object that the mutant left behind is younger than that.
restore() { cp "$ROOT/$1" "$COPY/$1"; }

build_targets() { cmake --build "$BUILD" --parallel "$(parallel_jobs)" --target "$@"; }

# run_tests PROGRAM FILTER LOG: status 0 where they passed, 9 where there is none of that name.
run_tests() {
  local status=0
  timeout --kill-after=5 "$TEST_SECONDS" "$BUILD/tests/$1" --gtest_filter="$2" --gtest_brief=1 >"$3" 2>&1 </dev/null ||
    status=$?
  if [[ $status -eq 0 ]] && grep -q '^\[==========\] 0 tests' "$3"; then
    status=9
  fi
  return "$status"
}

# -- the run

# Of the whole table, whichever of them are run: who changes a line is to hear of it at once.
check_table() {
  local name stale=0
  for name in "${NAMES[@]}"; do
    if [[ ! -f "$ROOT/${FILE[$name]}" ]] || ! mutate "${HUNK[$name]}" <"$ROOT/${FILE[$name]}" >/dev/null; then
      echo "STALE: $name: its lines are not in ${FILE[$name]}, or not exactly once"
      stale=$((stale + 1))
    fi
  done
  [[ $stale -eq 0 ]] || {
    echo "FAILED: $stale mutants in ${TABLE#"$ROOT"/} are to be brought up to date"
    exit 1
  }
}

check_unmutated() {
  local name programs bad=0
  mapfile -t programs < <(for name in "$@"; do echo "${PROGRAM[$name]}"; done | sort -u)
  echo "Building ${#programs[@]} test programs as they are ..."
  (cd "$COPY" && cmake --preset release) >"$LOGS/configure.log" 2>&1 || {
    tail -n 20 "$LOGS/configure.log"
    exit 1
  }
  build_targets "${programs[@]}" >"$LOGS/build.log" 2>&1 || {
    tail -n 40 "$LOGS/build.log"
    exit 1
  }
  for name in "$@"; do
    run_tests "${PROGRAM[$name]}" "${TEST[$name]}" "$LOGS/$name.log" && continue
    echo "FAILED: $name: ${PROGRAM[$name]} ${TEST[$name]} does not pass, or is not there, without the mutant:"
    tail -n 20 "$LOGS/$name.log"
    bad=$((bad + 1))
  done
  [[ $bad -eq 0 ]] || exit 1
}

# run_mutant NAME: a row of the result; status 1 where it was not killed.
run_mutant() {
  local name="$1" begin=$SECONDS verdict status=0
  local log="$LOGS/$name.log"
  mutate "${HUNK[$name]}" <"$ROOT/${FILE[$name]}" >"$COPY/${FILE[$name]}"
  if ! build_targets "${PROGRAM[$name]}" >"$log" 2>&1; then
    verdict="DOES NOT COMPILE"
  else
    run_tests "${PROGRAM[$name]}" "${TEST[$name]}" "$log" || status=$?
    case "$status" in
      0) verdict="SURVIVED" ;;
      124 | 137) verdict="killed (time)" ;;
      *) verdict="killed" ;;
    esac
  fi
  restore "${FILE[$name]}"
  printf '%-30s %-16s %4d s  %s %s\n' "$name" "$verdict" $((SECONDS - begin)) "${PROGRAM[$name]}" "${TEST[$name]}"
  [[ "$verdict" == killed* ]]
}

# Which ones is told by the commit, so that a failure can be repeated; by the day where there is no commit to ask.
rotating() {
  local count="$1" all=${#NAMES[@]} seed i
  seed="$(git -C "$ROOT" rev-parse --short=7 HEAD 2>/dev/null || date +%Y%j)"
  seed=$((16#$seed % all))
  for ((i = 0; i < count && i < all; ++i)); do
    echo "${NAMES[(seed + i * all / count) % all]}"
  done
}

read_table
selected=("${NAMES[@]}")
case "${1:-}" in
  "") ;;
  --list)
    printf '%s\n' "${NAMES[@]}"
    exit 0
    ;;
  --check)
    check_table
    echo "${#NAMES[@]} mutants, each of whose lines are in the sources exactly once"
    exit 0
    ;;
  --handful) mapfile -t selected < <(rotating "$HANDFUL") ;;
  -*) fail_usage "unknown option '$1'" ;;
  *[!0-9]*)
    selected=("$@")
    for name in "$@"; do
      [[ -n "${FILE[$name]:-}" ]] || fail_usage "there is no mutant '$name'; --list has the names"
    done
    ;;
  *)
    [[ "$1" =~ ^[1-9][0-9]{0,5}$ ]] || fail_usage "'$1' is no number of mutants"
    mapfile -t selected < <(rotating "$1")
    ;;
esac

check_table
sync_copy
check_unmutated "${selected[@]}"
echo "All tests pass as they are. ${#selected[@]} of ${#NAMES[@]} mutants:"
bad=0
for name in "${selected[@]}"; do
  run_mutant "$name" || bad=$((bad + 1))
done
echo "${#selected[@]} mutants, $((${#selected[@]} - bad)) killed, in $(elapsed)"
[[ $bad -eq 0 ]] || {
  echo "FAILED: $bad not killed; the logs are in $LOGS"
  exit 1
}
