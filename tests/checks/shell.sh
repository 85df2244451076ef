#!/usr/bin/env bash
# Runs shellcheck over every script: *.sh and what begins with a shell's #! line.
set -euo pipefail
# shellcheck source=tests/checks/sources.sh
source "$(dirname "${BASH_SOURCE[0]}")/sources.sh"
need_tool shellcheck

scripts=()
while IFS= read -r -d '' file; do
  if [[ "$file" == *.sh ]] || head -n 1 "$file" | LC_ALL=C grep -aqE '^#!.*\b(ba|da)?sh\b'; then
    scripts+=("${file#"$ROOT"/}")
  fi
done < <(our_files '*.sh' 'run')
cd "$ROOT"
shellcheck --external-sources "${scripts[@]}"
echo "shellcheck has nothing to say about ${#scripts[@]} scripts: ${scripts[*]}"
