#!/usr/bin/env bash
# Fails where a Markdown file links to a file or heading that is not there.
set -euo pipefail
# shellcheck source=tests/checks/sources.sh
source "$(dirname "${BASH_SOURCE[0]}")/sources.sh"
need_tool python3

mapfile -d '' -t files < <(our_files '*.md')
python3 "$ROOT/tools/reference/markdown_links.py" "${files[@]}"
# It can fail: a file and a heading that are not there.
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
printf '# Here\n[a](nowhere.md) [b](#there) [c](#here)\n' >"$work/broken.md"
broken="$(python3 "$ROOT/tools/reference/markdown_links.py" "$work/broken.md" 2>&1 || true)"
if [[ "$broken" != *nowhere.md* || "$broken" != *"#there"* || "$broken" == *"#here"* ]]; then
  echo "links.sh: broken links are not seen, or good ones are: $broken" >&2
  exit 1
fi
