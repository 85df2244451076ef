#!/usr/bin/env bash
# Tests the library and builds the jar, its sources and its pom with Debian's javac and jars:  build/packages/java
#
# With these the pom is only the description of what the jar needs; to publish: mvn deploy:deploy-file -DpomFile=… -Dfile=…
#   client/java/build.sh --class-path   prints the jars of Debian that users of the jar need
set -euo pipefail
# shellcheck disable=SC2034
LANGUAGE=java
# shellcheck source=client/package_build.sh
source "$(dirname "${BASH_SOURCE[0]}")/../package_build.sh"
names=(grpc-api grpc-stub grpc-core grpc-context grpc-protobuf grpc-protobuf-lite grpc-netty protobuf guava perfmark-api
  proto-google-common-protos netty-common netty-buffer netty-transport netty-codec netty-codec-http netty-codec-http2
  netty-handler netty-tcnative netty-resolver netty-handler-proxy netty-transport-native-unix-common)
mapfile -t jars < <(printf '/usr/share/java/%s.jar\n' "${names[@]}")
class_path="$(IFS=: && echo "${jars[*]}")"
if [[ "${1:-}" == --class-path ]]; then
  echo "$class_path"
  exit 0
fi
compile_jars=(/usr/share/java/jsr305.jar /usr/share/java/geronimo-annotation-1.3-spec.jar)
test_jars=/usr/share/java/junit4.jar:/usr/share/java/hamcrest-core.jar
need java javac jar protoc grpc_java_plugin "${jars[@]}" "${compile_jars[@]}" "${test_jars%%:*}"

source="$ROOT/client/java"
same_version "$source/pom.xml" "<version>$VERSION</version>"
same_version "$source/src/enos/flow/FlowClientBuilder.java" "VERSION = \"$VERSION\""
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/src" "$work/classes/META-INF"
protoc -I "$ROOT/proto" --java_out="$work/src" --grpc-java_out="$work/src" \
  --plugin=protoc-gen-grpc-java="$(command -v grpc_java_plugin)" enos/dataflow/v1/flow_service.proto
protoc -I "$ROOT/client" --java_out="$work/src" error_details.proto
cp -r "$source/src/enos" "$work/src/"
find "$work/src" -name '*.java' -print0 |
  xargs -0 javac --release 11 -Xlint:-options -nowarn -d "$work/classes" -cp "$class_path:$(IFS=: && echo "${compile_jars[*]}")"
mkdir "$work/tests"
javac -d "$work/tests" -cp "$work/classes:$test_jars:$class_path" "$source"/test/enos/flow/*.java
ENOS_REPEAT_CASES="$ROOT/client/testing/repeat_cases.txt" java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$work/tests:$work/classes:$test_jars:$class_path" \
  org.junit.runner.JUnitCore enos.flow.UnitTests
cp "$ROOT/LICENSE" "$work/classes/META-INF/"
printf 'Automatic-Module-Name: enos.flow\nImplementation-Version: %s\n' "$VERSION" >"$work/manifest"

out="$PACKAGES/java" name="enos-flow-client-$VERSION"
rm -rf "$out"
mkdir -p "$out"
jar --create --file "$out/$name.jar" --manifest "$work/manifest" -C "$work/classes" .
jar --create --file "$out/$name-sources.jar" -C "$work/src" .
cp "$source/pom.xml" "$out/$name.pom"
echo "package java: $out/$name.jar"
