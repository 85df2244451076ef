#!/usr/bin/env bash
# The proto files: `buf lint`, `buf format`, and `buf breaking` against the last release (the newest tag v* that HEAD has). What may
# change and what may not: docs/versioning.md.
set -euo pipefail
# shellcheck source=tests/checks/sources.sh
source "$(dirname "${BASH_SOURCE[0]}")/sources.sh"
# shellcheck source=tests/checks/buf.sh
source "$(dirname "${BASH_SOURCE[0]}")/buf.sh"
buf=
need_buf

cd "$ROOT"
echo "buf $("$buf" --version): lint"
"$buf" lint
echo "buf: format"
"$buf" format --diff --exit-code

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
readonly RULES='{"version":"v2","modules":[{"path":"proto"}],"breaking":{"use":["FILE"]}}'
# breaking OLD NEW: folders with proto/ in them.
breaking() {
  "$buf" breaking "$2" --config "$RULES" --against "$1" --against-config "$RULES"
}

echo "buf: breaking finds what it is there to find"
for change in 's/int32 flow_id = 3/int32 flow_id = 33/' 's/int32 flow_id/int64 flow_id/' 's/string org_id/string organization_id/' \
  's/rpc UpdateAndTriggerFlow(/rpc Trigger(/'; do
  rm -rf "$work/changed"
  mkdir "$work/changed"
  cp -r proto "$work/changed/"
  sed -i "$change" "$work/changed/proto/enos/dataflow/v1/flow_service.proto"
  if cmp -s {,"$work/changed/"}proto/enos/dataflow/v1/flow_service.proto || breaking "$ROOT" "$work/changed" >"$work/found"; then
    echo "proto.sh: buf breaking has nothing to say about $change" >&2
    exit 1
  fi
done

if ! git rev-parse --git-dir >/dev/null 2>&1; then
  echo "SKIPPED: proto: buf breaking: there is no git history here to find the last release in"
  exit 77
fi
if ! release="$(git describe --tags --abbrev=0 --match 'v[0-9]*' 2>/dev/null)"; then
  echo "SKIPPED: proto: buf breaking: no release has been tagged yet (v*), so there is nothing to compare with"
  exit 77
fi
echo "buf: breaking against $release"
mkdir "$work/release"
git archive "$release" proto | tar -x -C "$work/release"
breaking "$work/release" "$ROOT"
