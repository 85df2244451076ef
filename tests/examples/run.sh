#!/usr/bin/env bash
# Builds the example of a language and tests it:  tests/examples/run.sh LANGUAGE EXAMPLES_TEST
# Status 77, and a line "SKIPPED: ...", where its tool chain is missing.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
"$root/client/examples/build.sh" "$1"
ENOS_EXAMPLE="${ENOS_EXAMPLES_DIR:-$root/build/examples}/$1/trigger_flow" exec "$2"
