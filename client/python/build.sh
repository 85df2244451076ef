#!/usr/bin/env bash
# Builds the Python package with Debian's tools and prints the wheel's path:
#
#   client/python/build.sh [FOLDER]   by default build/packages
#   client/python/build.sh --packages the Debian packages that it needs, one per line
#
# The tree that the wheel is made of stays in build/python: the sources and the messages, generated from the proto.
# Status 77, and a line "SKIPPED: ...", where a tool is missing.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
if [[ "${1:-}" == --packages ]]; then
  printf '%s\n' python3 python3-grpcio python3-protobuf python3-setuptools python3-wheel python3-venv protobuf-compiler
  exit 0
fi
out="${1:-$root/build/packages}"
tree="$root/build/python"
# Debian's own interpreter: another one on the PATH would not have Debian's setuptools and grpc.
python=/usr/bin/python3
if ! command -v protoc >/dev/null || ! "$python" -c 'import setuptools, wheel' 2>/dev/null; then
  echo "SKIPPED: package python: protoc, or setuptools and wheel of $python, are missing; its Debian packages are: $("$0" --packages | tr '\n' ' ')"
  exit 77
fi

version="$(sed -n 's/^project(.* VERSION \([0-9.]*\) .*/\1/p' "$root/CMakeLists.txt")"
grep -qxF "__version__ = \"$version\"" "$here/enos_flow_client/_version.py" || {
  echo "build.sh: the project is of version $version, enos_flow_client/_version.py says another" >&2
  exit 1
}

rm -rf "$tree"
mkdir -p "$tree/generated" "$out"
cp -r "$here/enos_flow_client" "$here/pyproject.toml" "$here/README.md" "$root/LICENSE" "$tree/"
protoc -I "$root/proto" -I "$root/client" --python_out="$tree/generated" --pyi_out="$tree/generated" \
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
