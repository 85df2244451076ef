#!/usr/bin/env bash
# Builds the Python package with Debian's tools and prints the wheel's path:
#
#   client/python/build.sh [FOLDER]   by default build/packages
#
# The tree that the wheel is made of stays in build/python: the sources and the messages, generated from the proto.
# Status 77, and a line "SKIPPED: ...", where a tool is missing.
set -euo pipefail

# shellcheck disable=SC2034
LANGUAGE=python
# shellcheck source=client/package_build.sh
source "$(dirname "${BASH_SOURCE[0]}")/../package_build.sh"
here="$ROOT/client/python"
out="${1:-$PACKAGES}"
tree="$ROOT/build/python"
# Debian's own interpreter: another one on the PATH would not have Debian's setuptools and grpc.
python=/usr/bin/python3
need protoc "$python" /usr/lib/python3/dist-packages/{setuptools,wheel}
same_version "$here/enos_flow_client/_version.py" "__version__ = \"$VERSION\""

rm -rf "$tree"
mkdir -p "$tree/generated" "$out"
cp -r "$here/enos_flow_client" "$here/pyproject.toml" "$here/README.md" "$ROOT/LICENSE" "$tree/"
protoc -I "$ROOT/proto" -I "$ROOT/client" --python_out="$tree/generated" --pyi_out="$tree/generated" \
  enos/dataflow/v1/flow_service.proto error_details.proto
mkdir "$tree/enos_flow_client/_proto"
touch "$tree/enos_flow_client/_proto/__init__.py"
mv "$tree"/generated/enos/dataflow/v1/* "$tree"/generated/error_details_pb2.py* "$tree/enos_flow_client/_proto/"
rm -r "$tree/generated"
cd "$tree"
# What `python3 -m build` calls, too.
PYTHONDONTWRITEBYTECODE=1 "$python" -c 'import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))' "$out" \
  >"$tree/build.log" 2>&1 || { cat "$tree/build.log" >&2; exit 1; }
echo "$out/$(tail -n 1 "$tree/build.log")"
