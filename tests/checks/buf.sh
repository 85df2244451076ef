# shellcheck shell=bash
# Fetches buf: sourced by the checks of the proto, after sources.sh. It comes from npm in the version and with the checksums
# that tools/buf/package-lock.json has, into build/tools.

# need_buf: sets `buf` to the program; ends the check as skipped, loudly, where there is none.
need_buf() {
  local name platform tools="$ROOT/build/tools/buf"
  name="$(basename "$0" .sh)"
  case "$(uname -m)" in
    x86_64) platform=linux-x64 ;;
    aarch64) platform=linux-aarch64 ;;
    *)
      echo "SKIPPED: $name: tools/buf/package.json has no buf for a $(uname -m) machine"
      exit 77
      ;;
  esac
  buf="$tools/node_modules/@bufbuild/buf-$platform/bin/buf"
  if [[ -x "$buf" ]] && cmp -s "$ROOT/tools/buf/package-lock.json" "$tools/package-lock.json"; then
    return
  fi
  need_tool npm
  rm -rf "$tools"
  mkdir -p "$tools"
  cp "$ROOT/tools/buf/package.json" "$ROOT/tools/buf/package-lock.json" "$tools/"
  # The packages are plain binaries: nothing of theirs has to be run to install them.
  if ! npm ci --prefix "$tools" --prefer-offline --ignore-scripts --no-audit --no-fund || [[ ! -x "$buf" ]]; then
    rm -f "$tools/package-lock.json"
    echo "SKIPPED: $name: npm could not fetch buf (no network?); see the lines above"
    exit 77
  fi
}
