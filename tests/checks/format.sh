#!/usr/bin/env bash
# Fails with a diff where clang-format would change a C++ file. `tests/checks/format.sh --fix` changes it.
set -euo pipefail
# shellcheck source=tests/checks/sources.sh
source "$(dirname "${BASH_SOURCE[0]}")/sources.sh"
need_tool clang-format-19

mapfile -d '' -t files < <(our_files '*.h' '*.cc')
if [[ "${1:-}" == --fix ]]; then
  clang-format-19 -i "${files[@]}"
  exit 0
fi
bad=0
for file in "${files[@]}"; do
  clang-format-19 "$file" | diff -u --label "${file#"$ROOT"/}" --label "as clang-format-19 has it" "$file" - || bad=$((bad + 1))
done
echo "$bad of ${#files[@]} files differ from what clang-format-19 makes of them."
[[ $bad -eq 0 ]] || {
  echo "tests/checks/format.sh --fix puts that right."
  exit 1
}
