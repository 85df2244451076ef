#!/usr/bin/env bash
# Tests the module and packs it as a module proxy serves it: build/packages/go, for GOPROXY=file://…/build/packages/go.
#
# Debian's Go libraries are no modules but a GOPATH: there the tests run. Needs no network.
set -euo pipefail
LANGUAGE=go
# shellcheck source=client/package_build.sh
source "$(dirname "${BASH_SOURCE[0]}")/../package_build.sh"
readonly GOCODE=/usr/share/gocode/src MODULE=github.com/enos-flow-gateway/enos-flow-gateway/client/go
need go gofmt protoc protoc-gen-go protoc-gen-go-grpc python3 "$GOCODE/google.golang.org/grpc" \
  "$GOCODE/google.golang.org/genproto/googleapis/rpc/errdetails"

source="$ROOT/client/go"
same_version "$source/doc.go" "const Version = \"$VERSION\""
"$source/generate.sh" --check

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
module="$work/src/$MODULE"
mkdir -p "$module"
cp -r "$source"/{*.go,go.mod,README.md,enos} "$ROOT/LICENSE" "$module/"
(
  cd "$module"
  export GO111MODULE=off GOFLAGS='' GOPATH="$work:/usr/share/gocode" GOCACHE="${GOCACHE:-$ROOT/build/go-cache}"
  unformatted="$(gofmt -l .)"
  [[ -z "$unformatted" ]] || { echo "gofmt would change: $unformatted" >&2; exit 1; }
  go vet ./...
  ENOS_REPEAT_CASES="$ROOT/client/testing/repeat_cases.txt" go test .
)

# The layout of a proxy: https://go.dev/ref/mod#goproxy-protocol
served="$PACKAGES/go/$MODULE/@v"
rm -rf "$PACKAGES/go"
mkdir -p "$served" "$work/zip/$(dirname "$MODULE")"
mv "$module" "$work/zip/$MODULE@v$VERSION"
(cd "$work/zip" && python3 -m zipfile -c "$served/v$VERSION.zip" github.com)
cp "$source/go.mod" "$served/v$VERSION.mod"
printf '{"Version":"v%s"}\n' "$VERSION" >"$served/v$VERSION.info"
printf 'v%s\n' "$VERSION" >"$served/list"
echo "package go: $served/v$VERSION.zip"
