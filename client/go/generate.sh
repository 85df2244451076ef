#!/usr/bin/env bash
# Writes the generated code of this module, which is committed because users of a Go module have nothing to generate it with:
#
#   client/go/generate.sh           writes enos/dataflow/v1
#   client/go/generate.sh --check   fails where that is not what the proto and Debian 12's generators make
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
readonly FLOW=enos/dataflow/v1/flow_service.proto
out="$here"
if [[ "${1:-}" == --check ]]; then
  out="$(mktemp -d)"
  trap 'rm -rf "$out"' EXIT
fi
protoc -I "$here/../../proto" --go_out="$out" --go_opt=paths=source_relative \
  --go-grpc_out="$out" --go-grpc_opt=paths=source_relative "$FLOW"
if [[ "${1:-}" == --check ]]; then
  # The generators' versions are in comments; others than Debian 12's may write the same code.
  diff -r --ignore-matching-lines='^// *\(- \)\?\(protoc\|protoc-gen-go\)' "$here/enos" "$out/enos" || {
    echo "client/go: the generated code is not that of the proto; run client/go/generate.sh" >&2
    exit 1
  }
fi
