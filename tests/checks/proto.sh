#!/usr/bin/env bash
# `buf lint` and `buf format` over the proto files. buf comes from npm in the version and with the checksums that
# tools/buf/package-lock.json has, into build/tools.
set -euo pipefail
# shellcheck source=tests/checks/sources.sh
source "$(dirname "${BASH_SOURCE[0]}")/sources.sh"

case "$(uname -m)" in
  x86_64) platform=linux-x64 ;;
  aarch64) platform=linux-aarch64 ;;
  *)
    echo "SKIPPED: proto: tools/buf/package.json has no buf for a $(uname -m) machine"
    exit 77
    ;;
esac

tools="$ROOT/build/tools/buf"
buf="$tools/node_modules/@bufbuild/buf-$platform/bin/buf"
if [[ ! -x "$buf" ]] || ! cmp -s "$ROOT/tools/buf/package-lock.json" "$tools/package-lock.json"; then
  need_tool npm
  rm -rf "$tools"
  mkdir -p "$tools"
  cp "$ROOT/tools/buf/package.json" "$ROOT/tools/buf/package-lock.json" "$tools/"
  # The packages are plain binaries: nothing of theirs has to be run to install them.
  if ! npm ci --prefix "$tools" --prefer-offline --ignore-scripts --no-audit --no-fund || [[ ! -x "$buf" ]]; then
    rm -f "$tools/package-lock.json"
    echo "SKIPPED: proto: npm could not fetch buf (no network?); see the lines above"
    exit 77
  fi
fi

cd "$ROOT"
echo "buf $("$buf" --version): lint"
"$buf" lint
echo "buf: format"
"$buf" format --diff --exit-code
