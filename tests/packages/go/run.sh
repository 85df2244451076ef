#!/usr/bin/env bash
# In an empty GOPATH with Debian's libraries, which are no modules: the package comes out of the module zip.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
module=github.com/enos-flow-gateway/enos-flow-gateway/client/go
zip="$(find "$PACKAGES/go" -name 'v*.zip')"
python3 -m zipfile -e "$zip" "$WORK/unpacked"
mkdir -p "$WORK/project/src/$(dirname "$module")" "$WORK/project/src/caller"
mv "$WORK/unpacked/$module@"* "$WORK/project/src/$module"
cp "$here/caller.go" "$WORK/project/src/caller/"
cd "$WORK/project/src/caller"
GO111MODULE=off GOFLAGS='' GOPATH="$WORK/project:/usr/share/gocode" go run caller.go
