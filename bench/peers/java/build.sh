#!/usr/bin/env bash
# Builds the Java peer from Debian's packages alone, offline:  bench/peers/java/build.sh FOLDER
# FOLDER/gateway-java starts it.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
output="$(realpath -m "${1:?build.sh: where shall the program go?}")"
class_path="$("$root/client/java/build.sh" --class-path)"
class_path+="$(printf ':/usr/share/java/%s.jar' jackson-core jackson-databind jackson-annotations)"
compile_jars=/usr/share/java/jsr305.jar:/usr/share/java/geronimo-annotation-1.3-spec.jar
rm -rf "$output"
mkdir -p "$output/src" "$output/classes"
protoc -I "$root/proto" --java_out="$output/src" --grpc-java_out="$output/src" \
  --plugin=protoc-gen-grpc-java="$(command -v grpc_java_plugin)" enos/dataflow/v1/flow_service.proto
find "$output/src" "$here" -name '*.java' -print0 |
  xargs -0 javac --release 17 -nowarn -d "$output/classes" -cp "$class_path:$compile_jars"
printf '#!/bin/sh\nexec java -cp "%s" GatewayJava "$@"\n' "$output/classes:$class_path" >"$output/gateway-java"
chmod +x "$output/gateway-java"
