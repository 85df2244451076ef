#!/usr/bin/env bash
# deploy/smoke.sh with the overlay production (mutual TLS, a policy), the local EnOS and a PostgreSQL for keys beside it, the check, and certificates made here: of the
# gateway, of the load, whom tests/cluster/production/policy.json names by its SPIFFE ID, and of a stranger, whom it does not.
#
#   tests/cluster/production.sh [OPTION]...     options of deploy/smoke.sh, but for --overlay and the ..._args
#
# Wants the images of deploy/images.sh gateway, sandbox, postgresql and load on the nodes, as localhost/NAME:check.
# On a Kubernetes older than 1.21 API versions are rewritten. Needs openssl, and what deploy/smoke.sh needs.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
work="$root/build/cluster/production"
rm -rf "$work"
mkdir -p "$work"
cd "$work"

# sign NAME SUBJECT_ALT_NAMES: NAME.key and NAME.crt, good for a day.
sign() {
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr" 2>>openssl.log
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 1 -extfile <(echo "subjectAltName=$2") \
    -out "$1.crt" 2>>openssl.log
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj "/CN=smoke test" -keyout ca.key -out ca.crt 2>>openssl.log
sign tls DNS:enos-flow-gateway,DNS:enos-flow-gateway-headless
sign load URI:spiffe://smoke.example/ns/load/sa/load
sign stranger URI:spiffe://smoke.example/ns/other/sa/stranger

cat >kustomization.yaml <<'YAML'
resources: [../../../tests/cluster/production]
components: [../../../deploy/kubernetes/components/sandbox-postgresql, ../../../deploy/kubernetes/components/check]
images: [{name: enos-postgresql, newName: localhost/enos-postgresql, newTag: check}]
secretGenerator:
  - {name: enos-flow-gateway-tls, files: [tls.crt, tls.key, ca.crt], options: {disableNameSuffixHash: true}}
  - {name: enos-load-tls, files: [load.crt, load.key, stranger.crt, stranger.key, ca.crt], options: {disableNameSuffixHash: true}}
YAML
minor="$(kubectl version -o json 2>/dev/null | sed -n '/"serverVersion"/,$s/.*"minor": *"\([0-9]*\).*/\1/p' | head -n 1)"
if [[ "${minor:-99}" -lt 21 ]]; then
  cat >>kustomization.yaml <<'YAML'
patches:
  - target: {kind: PodDisruptionBudget}
    patch: '[{"op": "replace", "path": "/apiVersion", "value": "policy/v1beta1"}]'
YAML
fi

secrets=/run/secrets/tls
exec "$root/deploy/smoke.sh" --overlay="$work" --load_image=localhost/enos-load:check \
  --load_args="--ca_file=$secrets/ca.crt --cert_file=$secrets/load.crt --key_file=$secrets/load.key" \
  --stranger_args="--ca_file=$secrets/ca.crt --cert_file=$secrets/stranger.crt --key_file=$secrets/stranger.key" "$@"
