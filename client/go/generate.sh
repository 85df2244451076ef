#!/usr/bin/env bash
# Writes the generated code of this module, which is committed because users of a Go module have nothing to generate it with:
#
#   client/go/generate.sh           writes enos/dataflow/v1
#   client/go/generate.sh --check   fails where that is not what the proto and Debian 12's generators make; others write other code,
#                                   so that with them nothing is checked
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
  generator() { grep -m1 'protoc-gen-go v' "$1/${FLOW%.proto}.pb.go"; }
  if [[ "$(generator "$out")" != "$(generator "$here")" ]]; then
    echo "client/go: not checked against the proto: this is not the generator that wrote the code"
    exit 0
  fi
  diff -r --ignore-matching-lines='^// *\(- \)\?protoc ' "$here/enos" "$out/enos" || {
    echo "client/go: the generated code is not that of the proto; run client/go/generate.sh" >&2
    exit 1
  }
fi
