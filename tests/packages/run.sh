#!/usr/bin/env bash
# Builds the client package of a language, installs it into an empty project, and runs its tests there, against the gateway and the
# sandbox of a folder:  tests/packages/run.sh go|java|python|node FOLDER
# Status 77, and a line "SKIPPED: ...", where its tool chain is missing.
set -euo pipefail

language="$1"
ENOS_PROGRAMS="$(cd "$2" && pwd)"
export ENOS_PROGRAMS
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
export ENOS_REPEAT_CASES="$root/client/testing/repeat_cases.txt"
case "$language" in
  go | java) exec "$root/tests/packages/gateways.sh" "$language" "$ENOS_PROGRAMS" ;;
esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

"$root/client/$language/build.sh" "$work/packages"
cd "$work"
case "$language" in
  python)
    # Debian's grpc and protobuf: nothing is fetched, and pip checks that they are in the package's ranges.
    /usr/bin/python3 -m venv --system-site-packages venv || {
      echo "SKIPPED: package python: there is no venv (python3-venv)"
      exit 77
    }
    venv/bin/pip install --quiet --no-index packages/*.whl
    cp -r "$root/client/python/tests" tests
    cd tests
    export ENOS_NIGHTLY_FLOW="$root/client/examples/kubernetes_job/nightly_flow.py"
    ../venv/bin/python -B -m unittest test_repeat test_watch test_error test_gateway test_nightly_flow
    ;;
  node)
    echo '{"private": true}' >package.json
    if ! npm install --prefer-offline --ignore-scripts --no-audit --no-fund ./packages/*.tgz; then
      echo "SKIPPED: package node: npm could not fetch its libraries (no network?); see the lines above"
      exit 77
    fi
    cp -r "$root/client/node/test" test
    ENOS_PROJECT="$work" node --test test/repeat.test.js test/watch.test.js test/errors.test.js test/gateway.test.js
    ;;
  *)
    echo "run.sh: there is no package '$language' here; there are go, java, python and node" >&2
    exit 2
    ;;
esac
