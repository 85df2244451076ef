#!/usr/bin/env bash
# A project with nothing but the jar and Debian's jars on its class path.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
jar="$(find "$PACKAGES/java" -name 'enos-flow-client-*.jar' ! -name '*-sources.jar')"
class_path="$jar:$("$here/../../../client/java/build.sh" --class-path)"
javac -d "$WORK/project" -cp "$class_path" "$here/Caller.java"
exec java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$WORK/project:$class_path" Caller
