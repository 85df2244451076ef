#!/usr/bin/env bash
# Builds the Node.js package with npm, without fetching anything, and prints the path of the tgz:
#
#   client/node/build.sh [FOLDER]   by default build/packages
#
# Status 77, and a line "SKIPPED: ...", where a tool is missing.
set -euo pipefail

# shellcheck disable=SC2034
LANGUAGE=node
# shellcheck source=client/package_build.sh
source "$(dirname "${BASH_SOURCE[0]}")/../package_build.sh"
here="$ROOT/client/node"
out="${1:-$PACKAGES}"
tree="$ROOT/build/node"
need node npm
same_version "$here/package.json" "\"version\": \"$VERSION\""

rm -rf "$tree"
mkdir -p "$tree/proto/enos/dataflow/v1" "$out"
cp -r "$here/lib" "$here/index.d.ts" "$here/package.json" "$here/README.md" "$ROOT/LICENSE" "$tree/"
cp "$ROOT/proto/enos/dataflow/v1/flow_service.proto" "$tree/proto/enos/dataflow/v1/"
cp "$ROOT/client/error_details.proto" "$tree/proto/"
npm pack "$tree" --pack-destination "$out" --ignore-scripts --loglevel=error >/dev/null
echo "$out/enos-flow-client-$VERSION.tgz"
