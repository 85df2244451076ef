#!/usr/bin/env bash
# Measures the gateway against the baseline (bare gRPC and bare libcurl), nginx as a plain proxy and peers in Go and Java,
# all on this machine: nginx plays EnOS, h2load the callers, everything is on 127.0.0.1.
#
#   bench/run.sh                      installs missing packages (Debian 12, as root or with sudo), builds, measures
#                                     every shape with every server 5 times, alternating; about half an hour
#   bench/run.sh --quick              once, 1 s each: about 4 minutes; for a quick look
#   bench/run.sh --smoke              a few calls to every server: shows that everything works, not how fast;
#                                     checks tokens and signatures against the sandbox
#   bench/run.sh --keys               only calls with an idempotency key, with each store of keys, against calls without
#   bench/run.sh --growth             how cost grows with calls in flight, parameters, rules of a policy and watches;
#                                     results are in build/bench/growth
#   bench/run.sh --continue           only what is not in results.json yet: after an interruption, or further --only
#   bench/run.sh --only SHAPE/SERVER  only these, and the only way to run the peers node and python; * matches any; may be repeated: --only '64/*' --only 'tls/go'
#   bench/run.sh --also NAME=COMMAND  also another gateway, with its own row: another build, other flags, an allocator:
#                                     --also before=/tmp/before/enos-flow-gateway
#                                     --also 'jemalloc=env LD_PRELOAD=libjemalloc.so.2 build/release/bin/enos-flow-gateway'
#   bench/run.sh --repeat N           N measurements of each
#   bench/run.sh --seconds N          N seconds of load for each
#   bench/run.sh --output FOLDER      where the results go, instead of build/bench
#   bench/run.sh --no-build           measures the existing build, for example during experiments
#   bench/run.sh --help               this text
#
# Prints the tables as Markdown on standard output and progress on standard error; results.md, results.json, results.csv
# and the chart results.svg are in build/bench. How to read the figures, and their limits: bench/README.md.
# Exit status: 0 all measured, 1 something failed or could not be built, 2 wrong usage.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
build=true
arguments=()
for argument in "$@"; do
  case "$argument" in
    --no-build) build=false ;;
    --help | -h)
      sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    *) arguments+=("$argument") ;;
  esac
done

export LC_ALL=C.UTF-8
export PATH="${PATH:-}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
export LOG_DIR="$root/build/logs"
cd "$root"
# shellcheck source=deploy/lib/steps.sh
source deploy/lib/steps.sh
peers="$root/build/bench/peers"

# Node's libraries in the versions and with the checksums of package-lock.json; the peer is run from a copy beside them.
build_node_peer() {
  local from="bench/peers/node" to="$peers/node"
  mkdir -p "$to"
  if [[ ! -d "$to/node_modules" ]] || ! cmp -s "$from/package-lock.json" "$to/package-lock.json"; then
    cp "$from/package.json" "$from/package-lock.json" "$to/"
    if ! npm ci --prefix "$to" --prefer-offline --ignore-scripts --no-audit --no-fund; then
      rm -rf "$to"
      echo "SKIPPED: the Node peer: npm could not fetch its libraries (no network?)"
      return "$STATUS_SKIPPED"
    fi
  fi
  cp "$from"/*.js proto/enos/dataflow/v1/flow_service.proto "$to/"
}

build_python_peer() {
  local to="$peers/python"
  mkdir -p "$to"
  protoc -I proto --python_out="$to" --grpc_python_out="$to" \
    --plugin=protoc-gen-grpc_python="$(command -v grpc_python_plugin)" enos/dataflow/v1/flow_service.proto
  cp bench/peers/python/*.py "$to/"
}

# The micro-benchmarks are not run here; they are built so that ctest of the preset finds them.
build_programs() {
  cmake --preset release -DENOS_BENCH=ON && cmake --build --preset release --parallel "$(parallel_jobs)" \
    --target enos-flow-gateway enos-flow enos-sandbox baseline-echo baseline-post \
    steady-calls core-benchmark overhead-benchmark key-store-benchmark
}

if $build; then
  exec 3>&1 1>&2 # the tables alone go to standard output
  # shellcheck disable=SC2034
  STEPS_TOTAL=6
  step "Install what is missing" bench-packages deploy/packages.sh build bench
  step "Build the programs and the baseline (preset release)" bench-build build_programs
  step "Build the Go peer" bench-go bench/peers/go/build.sh "$peers/go/gateway-go"
  step "Build the Java peer" bench-java bench/peers/java/build.sh "$peers/java"
  step "Fetch the Node peer's libraries" bench-node build_node_peer
  step "Generate the Python peer's code" bench-python build_python_peer
  exec 1>&3 3>&-
fi
exec /usr/bin/python3 -B bench/harness/main.py "${arguments[@]}"
