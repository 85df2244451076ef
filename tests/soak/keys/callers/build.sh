#!/usr/bin/env bash
# Builds the callers of the soak of keys in other languages:  tests/soak/keys/callers/build.sh FOLDER
#
# Prints a line LANGUAGE=COMMAND for each. Libraries and stubs are those that client/examples/build.sh uses. A language whose
# tool chain is missing is left out; a line "SKIPPED: ..." on standard error says so.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../../../.." && pwd)"
mkdir -p "$1"
out="$(cd "$1" && pwd)"
examples="$root/build/examples"

# write_launcher COMMAND...
write_launcher() {
  printf '#!/bin/sh\nexec %s\n' "${*@Q}" >"$out/$language"
  chmod +x "$out/$language"
}

build_go() {
  GO111MODULE=off GOFLAGS='' GOCACHE="$examples/go/cache" GOPATH="$examples/go:/usr/share/gocode" \
    go build -o "$out/go" "$here/caller.go"
}
build_java() {
  local class_path
  class_path="$(find "$examples/java/packages" -name '*.jar' ! -name '*-sources.jar'):$("$root/client/java/build.sh" --class-path)"
  javac -d "$out/classes" -cp "$class_path" "$here/Caller.java"
  write_launcher java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$out/classes:$class_path" Caller
}
build_node() { write_launcher env "NODE_PATH=$examples/node/node_modules" node "$here/caller.js"; }
build_python() { write_launcher /usr/bin/python3 "$here/caller.py"; }
build_ruby() { write_launcher ruby "$here/caller.rb"; }

for language in go java node python ruby; do
  status=0
  "$root/client/examples/build.sh" "$language" >&2 || status=$?
  case $status in
    0) ;;
    77) continue ;;
    *) exit "$status" ;;
  esac
  "build_$language"
  echo "$language=$out/$language"
done
