#!/usr/bin/env bash
# Builds the Node.js package with npm, without fetching anything, and prints the path of the tgz:
#
#   client/node/build.sh [FOLDER]   by default build/packages
#
# Status 77, and a line "SKIPPED: ...", where a tool is missing.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
out="${1:-$root/build/packages}"
tree="$root/build/node"
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  echo "SKIPPED: package node: node or npm is missing; its Debian packages are: nodejs npm"
  exit 77
fi

version="$(sed -n 's/^project(.* VERSION \([0-9.]*\) .*/\1/p' "$root/CMakeLists.txt")"
grep -qxF "  \"version\": \"$version\"," "$here/package.json" || {
  echo "build.sh: the project is of version $version, client/node/package.json says another" >&2
  exit 1
}

rm -rf "$tree"
mkdir -p "$tree/proto/enos/dataflow/v1" "$out"
cp -r "$here/lib" "$here/index.d.ts" "$here/package.json" "$here/README.md" "$root/LICENSE" "$tree/"
cp "$root/proto/enos/dataflow/v1/flow_service.proto" "$tree/proto/enos/dataflow/v1/"
cp "$root/client/error_details.proto" "$tree/proto/"
npm pack "$tree" --pack-destination "$out" --ignore-scripts --loglevel=error >/dev/null
echo "$out/enos-flow-client-$version.tgz"
