#!/usr/bin/env bash
# The two ways to stubs that docs/clients.md shows, tried: its protoc lines as they stand there, and `buf generate` with
# buf.gen.yaml. Both have to make the same files.
# Fetches nothing but buf (from npm); buf's registry is not needed.
set -euo pipefail
# shellcheck source=tests/checks/sources.sh
source "$(dirname "${BASH_SOURCE[0]}")/sources.sh"
# shellcheck source=tests/checks/buf.sh
source "$(dirname "${BASH_SOURCE[0]}")/buf.sh"
for tool in protoc grpc_cpp_plugin grpc_python_plugin grpc_ruby_plugin grpc_php_plugin grpc_java_plugin protoc-gen-go protoc-gen-go-grpc; do
  need_tool "$tool"
done
buf=
need_buf

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
mkdir "$work/by_protoc" "$work/by_buf"
cp -r "$ROOT/proto" "$ROOT/buf.yaml" "$ROOT/buf.gen.yaml" "$work/by_buf/"
cp -r "$ROOT/proto" "$work/by_protoc/"

# From the line that sets P to the end of its block.
# shellcheck disable=SC2016
sed -n '/^P=enos\/dataflow/,/^```$/{/^```$/!p}' "$ROOT/docs/clients.md" >"$work/lines.sh"
if [[ "$(grep -c '^protoc ' "$work/lines.sh")" -lt 6 ]]; then
  echo "stubs.sh: docs/clients.md has lost its protoc lines" >&2
  exit 1
fi
(cd "$work/by_protoc" && bash -eu "$work/lines.sh")
(cd "$work/by_buf" && "$buf" generate)
# The lines put all languages into one folder; buf.gen.yaml gives each its own.
mkdir "$work/buf_together"
for language in "$work/by_buf/build/stubs"/*; do
  cp -r "$language"/. "$work/buf_together/"
done
# The same files; not the same bytes, since buf writes every json_name out.
diff <(cd "$work/by_protoc/out" && find . -type f | sort) <(cd "$work/buf_together" && find . -type f | sort)
echo "stubs: protoc and buf $("$buf" --version) agree on $(find "$work/by_protoc/out" -type f | wc -l) files."
