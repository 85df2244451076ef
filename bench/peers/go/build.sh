#!/usr/bin/env bash
# Builds the Go peer from Debian's packages alone, offline:  bench/peers/go/build.sh OUTPUT
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
proto="$here/../../../proto"
output="$(realpath -m "${1:?build.sh: where shall the program go?}")"
# Debian's libraries are a GOPATH; the generated code makes a second one.
work="$(dirname "$output")/gopath"
mkdir -p "$work/src" "$work/cache"
protoc -I "$proto" --go_out="$work/src" --go-grpc_out="$work/src" enos/dataflow/v1/flow_service.proto
cd "$here"
export GO111MODULE=off GOFLAGS='' GOCACHE="$work/cache" GOPATH="$work:/usr/share/gocode"
go vet .
go build -o "$output" .
