#!/usr/bin/env bash
# The list of Debian packages that the project needs, and the way to install them.
#
#   deploy/packages.sh build test     installs the missing packages of these groups
#   deploy/packages.sh --list build   prints the names, one per line
#
# Groups:  build  compiles the three programs        test  compiles and runs the tests
#          demo   what deploy/demo.sh calls          clang the compiler of all sanitizers and of libFuzzer
#          bench  what bench/run.sh measures with: load, upstream, the peers' languages (npm as below)
#          lint   formatter, linters, and npm for buf (left out if an npm is on the PATH)
#          packages makes Debian packages           images builds container images and minimal systems, and runs both
#          kubernetes renders and checks manifests (npm as above)
#          examples: what client/examples needs; cpp, go, java, node, python, ruby: only for that language
# If nothing is missing this is instant and needs neither root nor a network.
set -euo pipefail

# 12 or 13; of systems that are no release of Debian: what the newest one has.
debian_version() { sed -n 's/^VERSION_ID="\{0,1\}\([0-9]*\).*/\1/p' /etc/os-release 2>/dev/null || true; }

group_packages() {
  case "$1" in
    build)
      printf '%s\n' g++ cmake ninja-build pkg-config ccache git ca-certificates \
        libgrpc++-dev libgrpc-dev protobuf-compiler protobuf-compiler-grpc libprotobuf-dev \
        libcurl4-openssl-dev libssl-dev rapidjson-dev libabsl-dev libcli11-dev libyaml-cpp-dev libspdlog-dev \
        libboost-dev libuv1-dev libpq-dev libsqlite3-dev libmimalloc-dev libcjose-dev libjansson-dev prometheus-cpp-dev \
        golang-github-gogo-googleapis-dev
      # Debian 13 has gRPC's own protos in a package for Go only; Debian 12 has no library for traces.
      if [[ "$(debian_version)" == 12 ]]; then echo grpc-proto; else printf '%s\n' golang-google-grpc-dev opentelemetry-cpp-dev; fi
      ;;
    # prometheus: promtool, and the server that scrapes a gateway in a test. zsh, mandoc: completions and man page.
    # nginx: a proxy in front of two gateways. postgresql: the server of idempotency keys, started by tests.
    # python3-opentelemetry-proto, python3-grpcio: a collector of traces, where they are exported.
    test)
      printf '%s\n' libgtest-dev libgmock-dev prometheus zsh mandoc nginx-light postgresql
      [[ "$(debian_version)" == 12 ]] || printf '%s\n' python3 python3-opentelemetry-proto python3-grpcio
      ;;
    demo) printf '%s\n' curl jq ;;
    # llvm-19 has the symbolizer: without it a report has addresses for names and suppressions do not match.
    clang) printf '%s\n' clang-19 libclang-rt-19-dev llvm-19 ;;
    lint)
      printf '%s\n' clang-tidy-19 clang-format-19 shellcheck prometheus-alertmanager protobuf-compiler python3 python3-protobuf
      command -v npm >/dev/null || printf '%s\n' nodejs npm
      ;;
    bench)
      # protobuf 1.5: what protoc-gen-go 1.5 generates for; apt would take 1.3 by itself.
      printf '%s\n' nginx-light libnginx-mod-http-echo nghttp2-client openssl libbenchmark-dev postgresql \
        golang-go golang-google-grpc-dev golang-google-protobuf-dev golang-github-golang-protobuf-1-5-dev \
        protoc-gen-go-1-5 protoc-gen-go-grpc python3 python3-grpcio python3-protobuf python3-aiohttp \
        libjackson2-databind-java
      group_packages java
      command -v npm >/dev/null || printf '%s\n' nodejs npm
      ;;
    # runc: crun, which podman would bring, refuses hybrid cgroups.
    images)
      printf '%s\n' buildah podman runc podman-compose mmdebstrap jq curl
      # Containers that find one another by name.
      if [[ "$(debian_version)" == 12 ]]; then echo golang-github-containernetworking-plugin-dnsname; else echo aardvark-dns; fi
      ;;
    packages) printf '%s\n' dpkg-dev file ;;
    kubernetes)
      printf '%s\n' unzip
      command -v npm >/dev/null || printf '%s\n' nodejs npm
      ;;
    examples | cpp | go | java | node | python | ruby)
      local languages=("$1")
      [[ "$1" != examples ]] || languages=()
      "$(dirname "${BASH_SOURCE[0]}")/../client/examples/build.sh" --packages "${languages[@]}"
      ;;
    *)
      echo "packages.sh: no group is called '$1'; there are build, test, demo, clang, bench, lint, images, packages, kubernetes, examples" \
        "and cpp, go, java, node, python, ruby" >&2
      exit 2
      ;;
  esac
}

list=false
if [[ "${1:-}" == --list ]]; then
  list=true
  shift
fi
if [[ $# -eq 0 || "$1" == --help ]]; then
  sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
  [[ $# -gt 0 ]] && exit 0
  exit 2
fi

wanted=()
for group in "$@"; do
  names="$(group_packages "$group")" || exit 2
  mapfile -t -O "${#wanted[@]}" wanted <<<"$names"
done
if $list; then
  printf '%s\n' "${wanted[@]}"
  exit 0
fi

if ! command -v dpkg-query >/dev/null; then
  echo "packages.sh: this machine has no dpkg; the project is built on Debian 12 and 13." >&2
  echo "Install the equivalents of these yourself: ${wanted[*]}" >&2
  exit 1
fi

missing=()
for package in "${wanted[@]}"; do
  status="$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)"
  [[ "$status" == installed ]] || missing+=("$package")
done
if [[ ${#missing[@]} -eq 0 ]]; then
  echo "All ${#wanted[@]} packages are here."
  exit 0
fi

as_root=()
if [[ $EUID -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    echo "packages.sh: these packages are missing: ${missing[*]}" >&2
    echo "Run this as root, or install sudo, so that they can be installed." >&2
    exit 1
  fi
  as_root=(sudo)
fi

echo "Installing ${#missing[@]} of ${#wanted[@]} packages: ${missing[*]}"
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3)
"${apt[@]}" update </dev/null
"${apt[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null
