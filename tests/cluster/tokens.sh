#!/usr/bin/env bash
# The component service-account-tokens on a running cluster: production beside the local EnOS, its policy naming one service
# account. Pods of that account and of another one call with the token that the kubelet mounts for them, and one with a token for
# somebody else: the first is served, the others are refused.
#
#   tests/cluster/tokens.sh     in a fresh namespace, which it removes
#
# Wants tests/cluster/production.sh's images and localhost/enos-flow:check on the nodes; kubectl, openssl, jq.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
namespace="enos-tokens-$(date +%s)"
work="$root/build/cluster/tokens"
rm -rf "$work"
mkdir -p "$work"
cd "$work"
k() { kubectl --namespace "$namespace" "$@"; }
on_exit() {
  local status=$?
  kubectl delete namespace "$namespace" --ignore-not-found --wait=true --timeout=120s >/dev/null 2>&1 ||
    echo "tokens.sh: namespace $namespace is still there" >&2
  exit "$status"
}
trap on_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=gateway -addext subjectAltName=DNS:enos-flow-gateway \
  -keyout tls.key -out tls.crt 2>openssl.log
issuer="$(kubectl get --raw /.well-known/openid-configuration | jq -r .issuer)"
cat >policy.json <<END_OF_POLICY
{"rules": [{"callers": ["sub:system:serviceaccount:$namespace:nightly"], "org_ids": ["o1"], "user_ids": ["alice"], "flow_ids": [3377]}]}
END_OF_POLICY
# As with tokens alone: no certificate is asked of callers.
cat >kustomization.yaml <<END_OF_OVERLAY
resources: [../../../tests/cluster/production]
components: [../../../deploy/kubernetes/components/service-account-tokens]
secretGenerator:
  - {name: enos-flow-gateway-tls, files: [tls.crt, tls.key], options: {disableNameSuffixHash: true}}
configMapGenerator:
  - {name: enos-flow-gateway, behavior: merge, literals: [ENOS_GATEWAY_JWT_ISSUER=$issuer, ENOS_GATEWAY_TLS_CLIENT_CA_FILE=]}
  - {name: enos-flow-gateway-policy, behavior: replace, files: [policy.json], options: {disableNameSuffixHash: true}}
# Older than 1.21 may be the cluster, and nothing is evicted here.
patches:
  - target: {kind: PodDisruptionBudget}
    patch: '{"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "enos-flow-gateway"}, "\$patch": "delete"}'
END_OF_OVERLAY
kubectl create namespace "$namespace" >/dev/null
k create configmap enos-flow-gateway-jwt-keys --from-literal=jwks.json="$(kubectl get --raw /openid/v1/jwks)" >/dev/null
k create configmap caller --from-file=ca.crt=tls.crt >/dev/null
k create serviceaccount nightly >/dev/null
k create serviceaccount other >/dev/null
k apply -k . >apply.log
k rollout status deployment/enos-sandbox --timeout=120s >/dev/null
k rollout status deployment/enos-flow-gateway --timeout=120s >/dev/null

# call NAME ACCOUNT AUDIENCE: prints what enos-flow says in a Pod of that account.
call() {
  k apply -f - >/dev/null <<END_OF_POD
apiVersion: v1
kind: Pod
metadata: {name: $1, labels: {enos-flow-gateway/caller: "true"}}
spec:
  serviceAccountName: $2
  automountServiceAccountToken: false
  restartPolicy: Never
  securityContext: {runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, fsGroup: 65532, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: call
      image: localhost/enos-flow:check
      imagePullPolicy: IfNotPresent
      args: [trigger, "--address=enos-flow-gateway:50051", --ca_file=/etc/caller/ca.crt, --token_file=/run/secrets/gateway/token,
        --user_id=alice, --org_id=o1, --flow_id=3377, --trigger_time=now]
      securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
      volumeMounts: [{name: ca, mountPath: /etc/caller}, {name: token, mountPath: /run/secrets/gateway, readOnly: true}]
  volumes:
    - {name: ca, configMap: {name: caller}}
    - name: token
      projected: {sources: [{serviceAccountToken: {path: token, audience: $3, expirationSeconds: 3600}}]}
END_OF_POD
  for _ in $(seq 120); do
    case "$(k get pod "$1" -o jsonpath='{.status.phase}')" in Succeeded | Failed) break ;; esac
    sleep 0.5
  done
  k logs "$1" 2>&1 | head -n 1
}
failed=0
# expect TEXT NAME ACCOUNT AUDIENCE
expect() {
  local said
  said="$(call "${@:2}")"
  printf '%-18s %s\n' "$2:" "$said"
  [[ "$said" == *"$1"* ]] || {
    echo "tokens.sh: expected $1" >&2
    failed=1
  }
}
expect 3377- named nightly enos-flow-gateway
expect CALLER_NOT_ALLOWED another-account other enos-flow-gateway
expect CALLER_UNAUTHENTICATED another-audience nightly somebody-else
exit "$failed"
