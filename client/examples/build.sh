#!/usr/bin/env bash
# Generates the stubs of the examples and builds them, from Debian 12 packages (and for Node.js npm's, pinned):
#
#   client/examples/build.sh                 all of them
#   client/examples/build.sh go ruby         these; there are cpp, go, java, node, python and ruby
#   client/examples/build.sh --packages go   the Debian packages that a language needs, one per line
#
# Each becomes a command build/examples/LANGUAGE/trigger_flow; nothing generated goes into the sources. What is up to date
# is not rebuilt; delete build/examples to rebuild everything. A language whose
# toolchain is missing is skipped: a line "SKIPPED: ..." says what to install, and the status is then 77.
# Exit status: 0 all built, 1 something failed, 2 wrong usage, 77 something was skipped and nothing failed.
set -euo pipefail

# shellcheck source=client/package_build.sh
source "$(dirname "${BASH_SOURCE[0]}")/../package_build.sh"
here="$ROOT/client/examples"
out_root="${ENOS_EXAMPLES_DIR:-$ROOT/build/examples}"
readonly FLOW=enos/dataflow/v1/flow_service.proto
readonly GOOGLEAPIS=/usr/share/gocode/src/github.com/gogo/googleapis # of golang-github-gogo-googleapis-dev
readonly LANGUAGES=(cpp go java node python ruby)

packages() {
  case "$1" in
    cpp) printf '%s\n' g++ cmake ninja-build libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc \
      golang-github-gogo-googleapis-dev ;;
    # protobuf 1.5: what protoc-gen-go 1.5 generates for; apt would take 1.3 by itself.
    go) printf '%s\n' golang-go golang-google-grpc-dev golang-google-protobuf-dev golang-google-genproto-dev \
      golang-github-golang-protobuf-1-5-dev protobuf-compiler protoc-gen-go-1-5 protoc-gen-go-grpc python3 ;;
    # libgrpc-java leaves out what it loads at run time: netty, perfmark, the common protos. TLS needs tcnative (OpenSSL):
    # Debian's netty cannot do ALPN with the JDK's own TLS.
    java) printf '%s\n' default-jdk-headless libgrpc-java libprotobuf-java libgoogle-common-protos-java libguava-java \
      libnetty-java libnetty-tcnative-java libnetty-tcnative-jni libperfmark-java libgeronimo-annotation-1.3-spec-java libjsr305-java junit4 protobuf-compiler \
      protobuf-compiler-grpc-java-plugin ;;
    # Left out where they are there in another way.
    node) command -v npm >/dev/null || printf '%s\n' nodejs npm ;;
    python) printf '%s\n' python3 python3-grpcio python3-protobuf python3-setuptools python3-wheel python3-venv protobuf-compiler ;;
    ruby) printf '%s\n' ruby ruby-grpc protobuf-compiler protobuf-compiler-grpc ;;
    *)
      echo "build.sh: there is no example '$1'; there are ${LANGUAGES[*]}" >&2
      return 2
      ;;
  esac
}

# write_launcher COMMAND...: what starts the example, from any folder.
write_launcher() {
  {
    printf '#!/bin/sh\nexec'
    printf " '%s'" "${@//\'/\'\\\'\'}"
    printf ' "$@"\n'
  } >"$out/trigger_flow.new"
  chmod +x "$out/trigger_flow.new"
  mv "$out/trigger_flow.new" "$out/trigger_flow"
}

build_cpp() {
  need g++ cmake ninja protoc grpc_cpp_plugin /usr/include/grpcpp/grpcpp.h "$GOOGLEAPIS/google/rpc/status.proto"
  local launcher=()
  if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
  cmake -S "$here/cpp" -B "$out" -G Ninja "${launcher[@]}" >"$out/cmake.log" || { cat "$out/cmake.log"; return 1; }
  cmake --build "$out" --parallel "${ENOS_JOBS:-2}"
}

build_go() {
  local module=github.com/enos-flow-gateway/enos-flow-gateway/client/go
  need go protoc protoc-gen-go protoc-gen-go-grpc /usr/share/gocode/src/google.golang.org/grpc
  ENOS_PACKAGES_DIR="$out/packages" "$ROOT/client/go/build.sh"
  # Debian's libraries are a GOPATH; the package out of the module's zip makes a second one.
  rm -rf "$out/src" "$out/unpacked"
  /usr/bin/python3 -m zipfile -e "$(find "$out/packages" -name 'v*.zip')" "$out/unpacked"
  mkdir -p "$out/src/$(dirname "$module")"
  mv "$out/unpacked/$module@"* "$out/src/$module"
  (
    cd "$here/go"
    export GO111MODULE=off GOFLAGS='' GOCACHE="$out/cache" GOPATH="$out:/usr/share/gocode"
    go vet .
    go build -o "$out/trigger_flow" .
  )
}

build_java() {
  local class_path tcnative
  need java javac protoc grpc_java_plugin /usr/share/java/grpc-netty.jar
  tcnative="$(dpkg-query -L libnetty-tcnative-jni 2>/dev/null | grep '/libnetty-tcnative\.so$')" || need "libnetty-tcnative.so"
  ENOS_PACKAGES_DIR="$out/packages" "$ROOT/client/java/build.sh"
  class_path="$(find "$out/packages/java" -name '*.jar' ! -name '*-sources.jar'):$("$ROOT/client/java/build.sh" --class-path)"
  mkdir -p "$out/classes" "$out/native"
  # netty looks for it under another name than Debian gives it, and it does not load through a link.
  cp "$tcnative" "$out/native/libnetty_tcnative.so"
  javac -nowarn -d "$out/classes" -cp "$class_path" "$here"/java/*.java
  write_launcher java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.library.path="$out/native" -cp "$out/classes:$class_path" TriggerFlow
}

build_node() {
  need node npm
  if [[ ! -d "$out/node_modules" ]] || ! cmp -s "$here/node/package-lock.json" "$out/package-lock.json"; then
    cp "$here/node/package.json" "$here/node/package-lock.json" "$out/"
    if ! npm ci --prefix "$out" --prefer-offline --ignore-scripts --no-audit --no-fund; then
      rm -rf "$out/node_modules" "$out/package-lock.json"
      echo "SKIPPED: example node: npm could not fetch its libraries (no network?); see the lines above"
      exit 77
    fi
  fi
  "$ROOT/client/node/build.sh" "$out/packages"
  rm -rf "$out/node_modules/enos-flow-client"
  mkdir "$out/node_modules/enos-flow-client"
  tar -xzf "$out"/packages/enos-flow-client-*.tgz --strip-components=1 -C "$out/node_modules/enos-flow-client"
  cp "$here"/node/*.js "$out/"
  write_launcher node "$out/trigger_flow.js"
}

build_python() {
  # Debian's own interpreter: another one on the PATH would not have Debian's grpc.
  need /usr/bin/python3 protoc
  /usr/bin/python3 -c 'import grpc, google.protobuf' 2>/dev/null || need /usr/lib/python3/dist-packages/grpc
  "$ROOT/client/python/build.sh" "$out/packages"
  rm -rf "$out"/enos_flow_client*
  /usr/bin/python3 -m zipfile -e "$out"/packages/enos_flow_client-*.whl "$out"
  cp "$here"/python/*.py "$out/"
  write_launcher /usr/bin/python3 -B "$out/trigger_flow.py"
}

build_ruby() {
  need ruby protoc grpc_ruby_plugin
  ruby -e 'require "grpc"' 2>/dev/null || need /usr/share/doc/ruby-grpc
  protoc -I "$ROOT/proto" --ruby_out="$out" --grpc_out="$out" \
    --plugin=protoc-gen-grpc="$(command -v grpc_ruby_plugin)" "$FLOW"
  write_launcher ruby -I "$out" "$here/ruby/trigger_flow.rb"
}

# package_sources: where the language has a package.
package_sources() {
  case "$LANGUAGE" in
    go | java | python | node) printf '%s\n' "$ROOT/client/$LANGUAGE" "$ROOT/client/package_build.sh" "$ROOT/client/error_details.proto" ;;
  esac
}

# is_current: built, and no source is newer.
is_current() {
  local package=()
  mapfile -t package < <(package_sources)
  [[ -x "$out/trigger_flow" && -e "$out/.built" ]] &&
    [[ -z "$(find "$here/$LANGUAGE" "$here/build.sh" "$ROOT/proto/enos" "${package[@]}" -type f -newer "$out/.built" -print -quit)" ]]
}

case "${1:-}" in
  --help | -h)
    sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
    exit 0
    ;;
  --packages)
    shift
    for language in "${@:-${LANGUAGES[@]}}"; do packages "$language"; done | sort -u
    exit 0
    ;;
esac
[[ $# -gt 0 ]] || set -- "${LANGUAGES[@]}"
for language in "$@"; do
  packages "$language" >/dev/null
done

skipped=0 failed=0
for LANGUAGE in "$@"; do
  out="$out_root/$LANGUAGE"
  mkdir -p "$out"
  if is_current; then
    echo "example $LANGUAGE: $out/trigger_flow is up to date"
    continue
  fi
  begin=$SECONDS status=0
  rm -f "$out/.built"
  # A shell of its own: skipping a language ends that only. Not in a condition, where `set -e` would not work.
  set +e
  (
    set -e
    "build_$LANGUAGE"
  )
  status=$?
  set -e
  case $status in
    0)
      touch "$out/.built"
      echo "example $LANGUAGE: $out/trigger_flow  ($((SECONDS - begin)) s)"
      ;;
    77) skipped=1 ;;
    *)
      failed=1
      echo "FAILED: example $LANGUAGE" >&2
      ;;
  esac
done
[[ $failed -eq 0 ]] || exit 1
[[ $skipped -eq 0 ]] || exit 77
