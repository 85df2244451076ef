#!/usr/bin/env bash
# Passes the tests.
#
#   tests/run.sh          the quick tier: installs what is missing, builds with AddressSanitizer and
#                         UndefinedBehaviorSanitizer (preset debug) and runs every test: unit, wire and end to end, and
#                         the client examples of those languages whose tool chains are there.
#                         10 minutes on 2 cores with nothing in ccache, 6 of them the build; the client examples come on top.
#   tests/run.sh --release
#                         the tests as shipped: builds without sanitizers (preset release), makes the Debian packages and
#                         runs every test.
#   tests/run.sh --all    what CI runs: also formatter, linters, clang-tidy, both compilers, the tests as shipped
#                         (release), those with several threads under ThreadSanitizer, each fuzz target for 60 s, a
#                         short soak of each kind, a few calls through every server of the benchmark, the client examples of
#                         all languages, the demo, a few lines broken on purpose (tests/checks/mutants.sh), and --release
#                         on the other Debian (tests/checks/trixie.sh).
#                         About an hour and a quarter on 2 cores with nothing in ccache.
#   tests/run.sh --help   this text
#
# The quick tier builds one preset only: the same tests under sanitizers find more than without, and a second
# build would take as long again. Full logs are in build/logs. A check whose tool is missing is reported as SKIPPED,
# where it happens and at the end. ENOS_JOBS=N sets how many compilers and tests run at once.
# Ends with ctest's own summary. Status: 0 all passed, 1 something failed, 2 wrong usage.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
usage() { sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; }

tier=quick
for argument in "$@"; do
  case "$argument" in
    --all) tier=all ;;
    --release) tier=release ;;
    --help | -h)
      usage
      exit 0
      ;;
    *)
      echo "run.sh: unknown option '$argument'; there are --release, --all and --help" >&2
      exit 2
      ;;
  esac
done

export LC_ALL=C.UTF-8
# A shell that CI starts may lack these; LLVM's own folder has the symbolizer that the sanitizers look for by name.
export PATH="${PATH:-}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/llvm-19/bin"
export LOG_DIR="$root/build/logs"
cd "$root"
# shellcheck source=deploy/lib/steps.sh
source deploy/lib/steps.sh

ENOS_JOBS="$(parallel_jobs)"
export ENOS_JOBS
# The preset gives the rest: --output-on-failure, and an error where there are no tests.
ctest_args=(--parallel "$ENOS_JOBS" --schedule-random)

# build PRESET [--target TARGET...]: all of it where no target is named.
build() {
  cmake --preset "$1" && cmake --build --preset "$1" --parallel "$ENOS_JOBS" "${@:2}"
}

# Runs ctest so that the sanitizers can work: without address randomisation where that can be switched off (they may
# die at random on kernels that randomise 32 bits). Their options are the presets'.
run_ctest() {
  local preset="$1" wrapper=()
  shift
  if setarch -R true 2>/dev/null; then
    wrapper=(setarch -R)
  fi
  "${wrapper[@]}" ctest --preset "$preset" "${ctest_args[@]}" "$@"
}

# The linters are for CI's tier only: where they cannot be installed the rest is still worth running.
install_optional() {
  deploy/packages.sh lint || {
    echo "SKIPPED: some of these packages could not be installed: $(deploy/packages.sh --list lint | tr '\n' ' ')"
    return "$STATUS_SKIPPED"
  }
}

# What deploy/ is checked with: likewise.
install_for_deployment() {
  deploy/packages.sh kubernetes images packages || {
    echo "SKIPPED: some of these packages could not be installed: $(deploy/packages.sh --list kubernetes images packages | tr '\n' ' ')"
    return "$STATUS_SKIPPED"
  }
}

# For a step, of whose output only the end is shown: there, what the tests that failed complain of.
ctest_step() {
  run_ctest "$@" || {
    echo "Out of what the failed tests say:"
    grep -hE -A 5 ': Failure$|ERROR: .*Sanitizer|WARNING: ThreadSanitizer|runtime error: ' \
      "build/$1/Testing/Temporary/LastTest.log" | head -n 40
    return 1
  }
}

# Where a language cannot be installed, the step that builds the examples says so.
install_examples() {
  deploy/packages.sh examples || {
    echo "SKIPPED: some packages of the client examples could not be installed: $(deploy/packages.sh --list examples | tr '\n' ' ')"
    return "$STATUS_SKIPPED"
  }
}

# The benchmark is built and run for a moment, so that it does not rot; what it needs beyond the tests is no reason to fail.
smoke_benchmark() {
  deploy/packages.sh bench || {
    echo "SKIPPED: the benchmark: some of its packages could not be installed"
    return "$STATUS_SKIPPED"
  }
  bench/run.sh --smoke --output "$root/build/bench/smoke"
}

# The last step shows ctest's output as it comes, so that its summary is the last thing to be read.
last_ctest() {
  local preset="$1" title="$2" status=0
  announce "$title"
  run_ctest "$preset" </dev/null 2>&1 | tee "$LOG_DIR/ctest-$preset.log" || status=1
  exit "$status"
}

make_packages() {
  (cd build/release && cpack -G DEB -B "$PWD/packages")
}

mkdir -p "$LOG_DIR"
if [[ $tier == release ]]; then
  STEPS_TOTAL=4
  step "Install what is missing" packages deploy/packages.sh build test packages
  step "Build what is shipped (preset release, $ENOS_JOBS jobs)" build-release build release
  step "Debian packages" debian-packages make_packages
  last_ctest release "All tests as shipped (preset release)"
fi
if [[ $tier == quick ]]; then
  STEPS_TOTAL=4
  step "Install what is missing" packages deploy/packages.sh build test clang
  step "Build with AddressSanitizer and UndefinedBehaviorSanitizer (preset debug, $ENOS_JOBS jobs)" build-debug build debug
  step "Build the client examples of the languages that are there" examples client/examples/build.sh
  last_ctest debug "Run all tests (preset debug)"
fi

STEPS_TOTAL=31
step "Install what is missing" packages deploy/packages.sh build test clang demo
step "Install the linters" packages-optional install_optional
step "Install the languages of the client examples" packages-examples install_examples
step "Formatter: clang-format changes nothing" format tests/checks/format.sh
step "Scripts: shellcheck" shellcheck tests/checks/shell.sh
step "Documents: every link leads somewhere" links tests/checks/links.sh
step "Monitoring: promtool on alerts and their tests" monitoring tests/checks/monitoring.sh
step "Proto: buf lint, buf format, buf breaking" buf tests/checks/proto.sh
step "Stubs: the protoc lines of docs/clients.md, and buf generate" stubs tests/checks/stubs.sh
step "Reference: docs/reference.md is what the proto's comments say" reference tests/checks/reference.sh
step "Generate what clang-tidy has to see (preset clang)" build-clang build clang \
  --target enos_flow_proto enos_google_rpc_proto enos_grpc_proto
step "clang-tidy over the sources of the programs" clang-tidy tests/checks/tidy.sh
step "Build with AddressSanitizer and UndefinedBehaviorSanitizer (preset debug)" build-debug build debug
step "Build the client examples" examples client/examples/build.sh
step "All tests under AddressSanitizer and UndefinedBehaviorSanitizer" ctest-debug ctest_step debug
step "Build with clang++ and ThreadSanitizer, warnings are errors (preset tsan)" build-tsan build tsan \
  --target enos-flow-gateway enos-flow enos-sandbox threads-tests
step "The tests with several threads under ThreadSanitizer" ctest-tsan ctest_step tsan -L '^threads$'
step "Build the fuzz targets (preset fuzz)" build-fuzz build fuzz --target fuzzers
step "Fuzz every target for 60 s" fuzz tests/checks/fuzz.sh 60
step "Build what is shipped with g++, warnings are errors (preset release)" build-release build release
step "Some broken lines, and the tests that have to see them" mutants tests/checks/mutants.sh --handful
step "A short soak" soak tests/soak.sh --short
step "A short soak of idempotency keys" soak-keys tests/soak.sh --keys --seconds=30 --preset=release
step "The benchmark, for a moment" bench-smoke smoke_benchmark
step "Install what deployments are checked with" packages-deployment install_for_deployment
step "Kubernetes: every overlay rendered, validated, and held against our rules" kubernetes tests/checks/kubernetes.sh
step "Container images: built, looked at, run as in a Pod" image tests/checks/image.sh
step "Debian packages: built, installed, run by systemd" debian-packages tests/checks/debian_packages.sh
step "Debian 13: built, all tests as shipped, packages" trixie tests/checks/trixie.sh
step "The demo: sandbox, gateway, one flow" demo deploy/demo.sh

echo "Before the last step, after $(elapsed): everything so far has passed, skipped: ${#STEP_SKIPPED[@]}."
print_skipped
last_ctest release "All tests as shipped (preset release)"
