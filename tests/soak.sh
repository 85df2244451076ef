#!/usr/bin/env bash
# Soaks the gateway: many callers on one side, on the other a local EnOS that resets, breaks off, lies about lengths,
# answers errors, revokes its tokens and restarts. At the end compares what callers were told with what EnOS executed.
#
#   tests/soak.sh                 10 minutes, preset debug (AddressSanitizer, UndefinedBehaviorSanitizer)
#   tests/soak.sh --short         45 s, for CI
#   tests/soak.sh --keys          calls with idempotency keys: several gateways on one PostgreSQL (which has to be installed),
#                                 killed and stopped like the database, their connections to it cut, clients in six languages
#                                 and a mesh that repeat whatever fails; with --short or --seconds=1800. With --preset=release
#                                 the gateways' clocks are 10 s apart. Its ledger: build/soak/keys.txt
#   tests/soak.sh --seconds=N     N seconds of load (5 or more); starting and ending take up to two minutes more
#   tests/soak.sh --preset=NAME   release, debug or tsan: the programs to run; what is not built yet is built first
#   tests/soak.sh --seed=N        repeats the random choices of an earlier run (the order of events is not repeated)
#   tests/soak.sh --callers=N     N calls at once (64)
#   tests/soak.sh --help          this text
#
# Prints the ledger, which is also in build/soak/ledger.json, beside the logs of the gateways. Memory is judged with preset
# release only, because sanitizers keep freed memory. Exit status: 0 nothing wrong; 1 a call executed twice, a false
# answer, a call or a gateway that hung, a sanitizer report, or a leak; 2 wrong usage, or it could not run.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
usage() { sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; }
wrong() {
  echo "soak.sh: $1; see --help" >&2
  exit 2
}
number() { [[ "$2" =~ ^(0|[1-9][0-9]{0,8})$ ]] || wrong "$1: '$2' is no number"; }

seconds=600 preset=debug callers=64 keys=false
seed="$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')"
for argument in "$@"; do
  value="${argument#*=}"
  case "$argument" in
    --short) seconds=45 ;;
    --keys) keys=true ;;
    --seconds=*) number --seconds "$value" && seconds="$value" ;;
    --preset=*) preset="$value" ;;
    --seed=*) number --seed "$value" && seed="$value" ;;
    --callers=*) number --callers "$value" && callers="$value" ;;
    --help | -h)
      usage
      exit 0
      ;;
    *) wrong "unknown option '$argument'" ;;
  esac
done
[[ "$preset" =~ ^(release|debug|tsan)$ ]] || wrong "--preset: '$preset' is none of release, debug, tsan"

export LC_ALL=C.UTF-8
export PATH="${PATH:-}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/llvm-19/bin"
cd "$root"
# shellcheck source=deploy/lib/steps.sh
source deploy/lib/steps.sh
out="$root/build/soak"
mkdir -p "$out"

gateway="build/$preset/bin/enos-flow-gateway"
soak="build/$preset/tests/enos-soak"
if [[ ! -x $gateway || ! -x $soak ]]; then
  echo "Building the gateway and the soak (preset $preset); the log is build/soak/build.log"
  { cmake --preset "$preset" && cmake --build --preset "$preset" --parallel "$(parallel_jobs)" \
    --target enos-flow-gateway enos-soak; } >"$out/build.log" 2>&1 </dev/null || {
    tail -n 40 "$out/build.log" >&2
    echo "soak.sh: the build failed" >&2
    exit 2
  }
fi

# As tests/run.sh: see there. Reports do not end a program here: the ledger is wanted all the same.
wrapper=()
if setarch -R true 2>/dev/null; then
  wrapper=(setarch -R)
fi
export ASAN_OPTIONS="${ASAN_OPTIONS:-strict_string_checks=1:detect_stack_use_after_return=1:check_initialization_order=1:allow_user_poisoning=0}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"
tsan="second_deadlock_stack=1"
if [[ -f tests/tsan.supp ]]; then
  tsan+=":suppressions='$root/tests/tsan.supp'"
fi
export TSAN_OPTIONS="${TSAN_OPTIONS:-$tsan}"

options=(--gateway="$root/$gateway" --directory="$out" --seconds="$seconds" --seed="$seed" --callers="$callers")
if [[ $preset == release ]]; then
  options+=(--judge_memory)
fi
echo "Soaking preset $preset for $seconds s with $callers callers, seed $seed (to repeat: --seed=$seed)"
if $keys; then
  options+=(--keys)
  # Not with sanitizers, which have to be loaded first.
  [[ $preset != release ]] || options+=(--shift_clocks)
  tests/soak/keys/callers/build.sh "$out/callers" >"$out/callers.txt" 2>"$out/callers.log" || {
    tail -n 40 "$out/callers.log" >&2
    echo "soak.sh: the callers in other languages could not be built" >&2
    exit 2
  }
  grep '^SKIPPED: ' "$out/callers.log" || true
  mapfile -t callers_built < <(sed 's/^/--language_caller=/' "$out/callers.txt")
  options+=("${callers_built[@]}")
else
  echo "EnOS is restarted and its tokens are revoked every few seconds; the gateway is drained at 20 %, killed at 35 %."
fi
status=0
"${wrapper[@]}" "$soak" "${options[@]}" || status=$?
$keys || echo "The ledger as JSON: build/soak/ledger.json"
[[ $status -le 2 ]] || {
  echo "soak.sh: the soak itself ended with status $status" >&2
  status=1
}
exit "$status"
