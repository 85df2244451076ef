#!/usr/bin/env bash
# Fails with a diff where docs/reference.md is not what the comments of the proto file say. `--fix` writes it anew.
set -euo pipefail
# shellcheck source=tests/checks/sources.sh
source "$(dirname "${BASH_SOURCE[0]}")/sources.sh"
need_tool protoc
if ! /usr/bin/python3 -c 'import google.protobuf' 2>/dev/null; then
  echo "SKIPPED: reference: python3-protobuf is not installed (deploy/packages.sh lint)"
  exit 77
fi

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
file=enos/dataflow/v1/flow_service.proto
protoc -I "$ROOT/proto" --include_source_info --include_imports -o "$work/api.binpb" "$file"
/usr/bin/python3 "$ROOT/tools/reference/proto_reference.py" "$work/api.binpb" "$file" >"$work/reference.md"
if [[ "${1:-}" == --fix ]]; then
  cp "$work/reference.md" "$ROOT/docs/reference.md"
  exit 0
fi
diff -u --label docs/reference.md --label 'as the comments have it' "$ROOT/docs/reference.md" "$work/reference.md" || {
  echo "tests/checks/reference.sh --fix puts that right."
  exit 1
}
echo "docs/reference.md is what the comments of $file say."
