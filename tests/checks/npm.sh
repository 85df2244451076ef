# shellcheck shell=bash
# Tools that come by npm, in the versions and with the checksums of their lock files: sourced by checks, after sources.sh.

# npm_tool NAME [FILE...]: installs tools/NAME into build/tools/NAME, unless it is there already, and copies these further
# files of it. The packages are only unpacked: nothing of theirs is run to install them. Ends the check as skipped, loudly, where
# npm is missing or cannot fetch. Sets NPM_TOOL to the folder.
npm_tool() {
  local name="$1" source="$ROOT/tools/$1"
  shift
  NPM_TOOL="$ROOT/build/tools/$name"
  if [[ ! -d "$NPM_TOOL/node_modules" ]] || ! cmp -s "$source/package-lock.json" "$NPM_TOOL/package-lock.json"; then
    need_tool npm
    rm -rf "$NPM_TOOL"
    mkdir -p "$NPM_TOOL"
    cp "$source/package.json" "$source/package-lock.json" "$NPM_TOOL/"
    # Peers of these packages are frameworks that nothing here uses.
    if ! npm ci --prefix "$NPM_TOOL" --prefer-offline --legacy-peer-deps --ignore-scripts --no-audit --no-fund; then
      rm -rf "$NPM_TOOL"
      echo "SKIPPED: $(basename "$0" .sh): npm could not fetch what tools/$name/package-lock.json names (no network?)"
      exit 77
    fi
  fi
  if [[ $# -gt 0 ]]; then cp "${@/#/$source/}" "$NPM_TOOL/"; fi
}
