#!/usr/bin/env bash
# The proto files: `buf lint`, `buf format`, and `buf breaking` against the last release, whose descriptor set is committed in
# proto/released/. What may change and what may not: docs/versioning.md. `--release` makes the set anew: a part of every release.
set -euo pipefail
# shellcheck source=tests/checks/sources.sh
source "$(dirname "${BASH_SOURCE[0]}")/sources.sh"
# shellcheck source=tests/checks/buf.sh
source "$(dirname "${BASH_SOURCE[0]}")/buf.sh"
buf=
need_buf

cd "$ROOT"
readonly PROTO=proto/enos/dataflow/v1/flow_service.proto
readonly RELEASED=proto/released/enos_flow_service.binpb
# breaking FOLDER: one with buf.yaml and proto/ in it.
breaking() {
  "$buf" breaking "$1" --against "$RELEASED"
}

echo "buf $("$buf" --version): lint"
"$buf" lint
echo "buf: format"
"$buf" format --diff --exit-code
echo "buf: breaking against $RELEASED"
breaking .
if [[ "${1:-}" == --release ]]; then
  "$buf" build --as-file-descriptor-set --exclude-source-info -o "$RELEASED"
  echo "$RELEASED is what $PROTO says now."
  exit 0
fi

echo "buf: breaking finds what it is there to find"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
for change in 's/int32 flow_id = 3/int32 flow_id = 33/' 's/int32 flow_id/int64 flow_id/' 's/string org_id/string organization_id/' \
  's/rpc UpdateAndTriggerFlow(/rpc Trigger(/' 's/ENOS_TIMEOUT = /ENOS_TIME_OUT = /' 's/^option go_package = "/&example.com\//'; do
  rm -rf "$work/changed"
  mkdir "$work/changed"
  cp -r buf.yaml proto "$work/changed/"
  sed -i "$change" "$work/changed/$PROTO"
  if cmp -s "$PROTO" "$work/changed/$PROTO" || breaking "$work/changed" >"$work/found"; then
    echo "proto.sh: buf breaking has nothing to say about $change" >&2
    exit 1
  fi
done
