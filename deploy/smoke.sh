#!/usr/bin/env bash
# Tests a deployment of the gateway on a running cluster: applies an overlay in a fresh namespace of the cluster that
# kubectl points to, and under a steady gRPC load restarts, scales, kills Pods, changes the keys and drains. Then it
# compares what callers were told with what EnOS (enos-sandbox) received. Prints a table, and removes everything again.
#
#   deploy/smoke.sh [OPTION]...
#
#     --overlay=DIR      instead of deploy/kubernetes/overlays/sandbox; must include enos-sandbox and its keys
#     --load_image=IMAGE the image of deploy/images.sh load; default: enos-load with the project's version
#     --load_args="..."  more arguments for enos-load; default: --plaintext (TLS: the paths below /run/secrets/tls, from
#                        the Secret enos-load-tls)
#     --stranger_args="..."  likewise, for a caller that the overlay's policy does not name: must be refused until the policy is
#                        changed; default: none
#     --out=DIR          where logs and results go; default: build/smoke
#     --keep             keeps the namespace
#     --help             this text
#
# Two loads run at once: one through the headless Service, balanced by the client library, one through the Service. A third one
# watches its runs to their end. With the component sandbox-postgresql a fourth one uses idempotency keys, and repeats whatever its
# key makes safe. With the component check its Job has to succeed.
# Passes if: no flow was started twice; calls answered OK were started, and those last answered NOT_EXECUTED were not; every call
# ended with a status that has our details, except calls that a Pod kill cut off; calls answered UNAVAILABLE with
# NOT_EXECUTED succeeded when repeated; running Pods used changed keys and a changed policy from the moment that
# they said so; the stranger was refused before that, and served after it; watches that a roll-out interrupted saw the end of
# their run; no key was in doubt, except those that a killed Pod had reserved; each phase ended in time.
# Needs kubectl, curl, jq. Exit status: 0 passed, 1 failed, 2 wrong usage.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
overlay="$root/deploy/kubernetes/overlays/sandbox"
load_image="enos-load:$(sed -n 's/^project(enos-flow-gateway VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")"
load_args=--plaintext
stranger_args=
out="$root/build/smoke"
keep=false
for argument in "$@"; do
  case "$argument" in
    --overlay=*) overlay="${argument#*=}" ;;
    --load_image=*) load_image="${argument#*=}" ;;
    --load_args=*) load_args="${argument#*=}" ;;
    --stranger_args=*) stranger_args="${argument#*=}" ;;
    --out=*) out="${argument#*=}" ;;
    --keep) keep=true ;;
    --help | -h)
      sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    *)
      echo "smoke.sh: unknown option '$argument'; see deploy/smoke.sh --help" >&2
      exit 2
      ;;
  esac
done
for tool in kubectl curl jq; do
  command -v "$tool" >/dev/null || {
    echo "smoke.sh: $tool is not installed" >&2
    exit 2
  }
done

namespace="enos-smoke-$(date +%s)"
mkdir -p "$out"
rm -f "$out"/*
failed=0
forward=
followers=()
k() { kubectl --namespace "$namespace" "$@"; }
say() { printf '[%4d s] %s\n' "$SECONDS" "$*"; }
die() {
  echo "smoke.sh: $1" >&2
  k get pods,events >&2 || true
  exit 1
}

on_exit() {
  local status=$?
  [[ -z "$forward" ]] || kill "$forward" "${followers[@]}" 2>/dev/null || true
  if $keep; then
    echo "Kept: namespace $namespace"
  else
    kubectl delete namespace "$namespace" --ignore-not-found --wait=true --timeout=120s >/dev/null 2>&1 ||
      echo "smoke.sh: namespace $namespace is still there" >&2
  fi
  exit "$status"
}
trap on_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# load_pod NAME ADDRESS ARGUMENT...: callers in a Pod with the label that lets them call.
load_pod() {
  local arguments
  arguments="$(printf '%s\n' "--name=$1" "--address=$2" "${@:3}" | jq -R . | jq -sc .)"
  cat <<END
apiVersion: v1
kind: Pod
metadata:
  name: load-$1
  labels: {app: load, enos-flow-gateway/caller: "true"}
spec:
  automountServiceAccountToken: false
  restartPolicy: Never
  securityContext: {runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, fsGroup: 65532, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: load
      image: $load_image
      imagePullPolicy: IfNotPresent
      args: $arguments
      securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
      volumeMounts: [{name: tls, mountPath: /run/secrets/tls, readOnly: true}]
  volumes: [{name: tls, secret: {secretName: enos-load-tls, optional: true, defaultMode: 0440}}]
END
}

# phase NAME: what follows belongs to it; the times are the cluster's, as the calls' are.
phases=()
phase() {
  say "$1"
  read_calls
  phases+=("$(jq -nc --arg name "$1" --argjson begin "$(date +%s%3N)" '{name: $name, begin: $begin}')")
}
# The gateways' Pods that run and are not on their way out, the oldest first, each as JQ_FILTER has it.
each_pod() {
  k get pods -l app.kubernetes.io/name=enos-flow-gateway --sort-by=.metadata.creationTimestamp -o json |
    jq -rc ".items[] | select(.status.phase == \"Running\" and .metadata.deletionTimestamp == null) | $1"
}
pods() { each_pod '"pod/" + .metadata.name'; }
# Which containers there are, and how often each was started again.
incarnations() { each_pod '{name: .metadata.name, restarts: [.status.containerStatuses[].restartCount]}' | sort | jq -cs .; }
settle() {
  k rollout status deployment/enos-flow-gateway --timeout=180s >/dev/null || die "the gateway did not become ready again"
}
# Until those that are on their way out have ended: what that does to calls belongs to this phase.
settle_and_drain() {
  settle
  wait_until 180 "after 180 s there are still Pods that end" none_ends
}
none_ends() {
  [[ "$(k get pods -l app.kubernetes.io/name=enos-flow-gateway -o json | jq '[.items[] | select(.metadata.deletionTimestamp)] | length')" == 0 ]]
}
# wait_until SECONDS WHAT COMMAND...
wait_until() {
  local end=$((SECONDS + $1)) what="$2"
  shift 2
  until "$@"; do
    [[ $SECONDS -lt $end ]] || die "$what"
    sleep 1
  done
}
# all_logged TEXT TIME: whether every gateway has said that since then.
all_logged() {
  local pod
  for pod in $(pods); do
    k logs "$pod" --since-time="$2" 2>/dev/null | grep -F "$1" >/dev/null || return 1
  done
}
# The kubelet looks at changed Secrets and ConfigMaps about once a minute, and at once when something of the Pod changes.
hurry() {
  # shellcheck disable=SC2046 # several words
  k annotate --overwrite $(pods) "enos-smoke/hurry=$(date +%s%N)" >/dev/null
}
sandbox() { curl --fail --silent --show-error --noproxy '*' --max-time 30 "$@"; }
# read_calls: what EnOS received since the last time. It keeps fewer calls than the whole test makes.
calls_read=0
read_calls() {
  local page="$out/calls-$calls_read.json"
  sandbox "$url/_sandbox/calls?limit=100000000&since=$calls_read" >"$page"
  [[ "$(jq .forgotten "$page")" -le $calls_read ]] || die "EnOS has forgotten calls before they were read"
  calls_read="$(jq .lastNumber "$page")"
}

say "namespace $namespace, overlay ${overlay#"$root"/}"
kubectl create namespace "$namespace" >/dev/null
k apply -k "$overlay" >"$out/apply.log" || die "the overlay cannot be applied"
k rollout status deployment/enos-sandbox --timeout=120s >/dev/null || die "the sandbox does not become ready"
settle
say "ready: $(pods | wc -l) gateways"

# Not by the function: what is to be killed is kubectl, not a shell around it.
kubectl --namespace "$namespace" port-forward deployment/enos-sandbox :8080 >"$out/forward.log" 2>&1 &
forward=$!
for _ in $(seq 100); do
  port="$(sed -nE 's/^Forwarding from 127\.0\.0\.1:([0-9]+) .*/\1/p' "$out/forward.log" | head -n 1)"
  [[ -z "$port" ]] || break
  sleep 0.1
done
[[ -n "$port" ]] || die "kubectl port-forward does not work: $(cat "$out/forward.log")"
url="http://127.0.0.1:$port"

if k get job enos-flow-gateway-check >/dev/null 2>&1; then
  # It was applied along with what it checks, and may have failed because that was not there yet.
  k delete job enos-flow-gateway-check >/dev/null
  k apply -k "$overlay" >>"$out/apply.log"
  k wait --for=condition=Complete job/enos-flow-gateway-check --timeout=60s >/dev/null ||
    die "the check finds something: $(k logs job/enos-flow-gateway-check)"
  k logs job/enos-flow-gateway-check >"$out/check.log"
  say "the Job enos-flow-gateway-check finds nothing wrong"
fi
keyed=false
if k get deployment enos-postgresql >/dev/null 2>&1; then keyed=true; fi

phase "steady"
loads=(headless service watch)
# shellcheck disable=SC2086 # several words
{
  load_pod headless dns:///enos-flow-gateway-headless:50051 --callers=32 $load_args | k apply -f - >/dev/null
  load_pod service dns:///enos-flow-gateway:50051 --callers=32 $load_args | k apply -f - >/dev/null
  # On every Pod, and for longer than one takes to drain.
  load_pod watch dns:///enos-flow-gateway-headless:50051 --callers=8 --watch_s=90 $load_args | k apply -f - >/dev/null
  if $keyed; then
    loads+=(keyed)
    # Until the lease of a key has ended.
    load_pod keyed dns:///enos-flow-gateway-headless:50051 --callers=32 --keyed --timeout_ms=60000 $load_args | k apply -f - >/dev/null
  fi
  if [[ -n "$stranger_args" ]]; then
    loads+=(stranger)
    load_pod stranger dns:///enos-flow-gateway-headless:50051 --callers=2 $stranger_args | k apply -f - >/dev/null
  fi
}
k wait --for=condition=Ready "${loads[@]/#/pod/load-}" --timeout=120s >/dev/null || die "the load does not start"
# Followed from the start: a long log is rotated away.
: | tee "$out/told-stranger.ndjson" >"$out/told-keyed.ndjson"
for name in "${loads[@]}"; do
  kubectl --namespace "$namespace" logs --follow "load-$name" >"$out/told-$name.ndjson" &
  followers+=($!)
done
sleep 10
[[ "$(sandbox "$url/_sandbox/calls?limit=1" | jq '.calls | length')" == 1 ]] || die "no call arrives at EnOS"
[[ ! -s "$out/told-watch.ndjson" ]] || die "watches end before their runs begin: $(head -n 1 "$out/told-watch.ndjson")"

phase "rolling restart"
k rollout restart deployment/enos-flow-gateway >/dev/null
settle_and_drain

phase "scale 2 -> 4"
k scale deployment/enos-flow-gateway --replicas=4 >/dev/null
settle
sleep 5
phase "scale 4 -> 1"
k scale deployment/enos-flow-gateway --replicas=1 >/dev/null
settle_and_drain
phase "scale 1 -> 2"
k scale deployment/enos-flow-gateway --replicas=2 >/dev/null
settle
sleep 5

phase "Pod kill"
# The oldest, which every caller knows; and more than once, because callers may happen to leave it in the second before it dies.
for _ in 1 2 3; do
  k delete "$(pods | head -n 1)" --grace-period=1 --wait=false >/dev/null
  settle_and_drain
  sleep 5
done

phase "eviction (node drain)"
# What `kubectl drain` does with each Pod of a node; the disruption budget lets one go, and not another at the same time.
evict() {
  local pod="${1#pod/}" version
  for version in policy/v1 policy/v1beta1; do
    jq -nc --arg version "$version" --arg pod "$pod" --arg namespace "$namespace" \
      '{apiVersion: $version, kind: "Eviction", metadata: {name: $pod, namespace: $namespace}}' |
      kubectl create --raw "/api/v1/namespaces/$namespace/pods/$pod/eviction" -f - >"$out/evict.log" 2>&1 && return 0
    if grep -q 'disruption budget' "$out/evict.log"; then return 1; fi
  done
  die "eviction does not work: $(cat "$out/evict.log")"
}
mapfile -t running < <(pods)
evict "${running[0]}" || die "the first eviction was refused: $(cat "$out/evict.log")"
second=refused
evict "${running[1]}" && second=allowed
settle_and_drain

phase "key rotation"
# Nothing but the Secret is changed: running Pods have to read it again, get a token, and sign with it.
last_call() { sandbox "$url/_sandbox/calls?limit=1&since=0" | jq .lastNumber; }
before="$(incarnations)"
last_before="$(last_call)"
rotation=$SECONDS
since="$(date -u +%FT%TZ)"
k patch secret enos-flow-gateway-keys --type=merge -p '{"stringData": {"secret_key": "sandbox-secret-2"}}' >/dev/null
hurry
wait_until 180 "after 180 s not every gateway has said that it uses the new keys" all_logged "keys reloaded" "$since"
rotation=$((SECONDS - rotation))
last_until="$(last_call)"
sleep 10

if [[ -n "$stranger_args" ]]; then
  phase "bad policy"
  # change_policy JQ_FILTER: of the policy's text.
  change_policy() {
    k get configmap enos-flow-gateway-policy -o json | jq "{data: {\"policy.json\": (.data[\"policy.json\"] | $1)}}" >"$out/policy.patch"
    since="$(date -u +%FT%TZ)"
    k patch configmap enos-flow-gateway-policy --type=merge --patch-file="$out/policy.patch" >/dev/null
    hurry
  }
  good="$(k get configmap enos-flow-gateway-policy -o json | jq '.data["policy.json"]')"
  change_policy '. + ","'
  wait_until 180 "after 180 s not every gateway has refused the bad policy" all_logged "policy not reloaded" "$since"
  sleep 5

  phase "policy change"
  # Whoever has a name may do what the first rule's callers may.
  change_policy "$good"' | fromjson | .rules += [.rules[0] + {callers: ["*"]}] | tojson'
  wait_until 180 "after 180 s not every gateway has said that it uses the new policy" all_logged "policy reloaded" "$since"
fi
after="$(incarnations)"

phase "steady again"
sleep 10

say "ending the load"
load_end="$(date +%s%3N)"
for name in "${loads[@]}"; do
  k exec "load-$name" -- sh -c 'kill -TERM 1' || die "load-$name cannot be ended"
done
wait "${followers[@]}"
read_calls
cat "$out"/calls-*.json >"$out/calls.json"
reserved='[]'
if $keyed; then
  reserved="$(k exec deployment/enos-postgresql -- env PGPASSWORD=sandbox psql --host=127.0.0.1 --username=postgres --no-align --tuples-only \
    --command="SELECT coalesce(json_agg(idempotency_key), '[]') FROM enos_idempotency_keys WHERE state = 'RESERVED'")"
fi
k logs -l app.kubernetes.io/name=enos-flow-gateway --prefix --tail=-1 >"$out/gateways.log" 2>&1 || true
printf '%s\n' "${phases[@]}" | jq -s . >"$out/phases.json"

# What callers were told beside what EnOS executed, by the phase in which each call ended.
jq -n --slurpfile phases "$out/phases.json" --slurpfile calls "$out/calls.json" --slurpfile a "$out/told-headless.ndjson" \
  --slurpfile b "$out/told-service.ndjson" --slurpfile watches "$out/told-watch.ndjson" \
  --slurpfile keyed "$out/told-keyed.ndjson" --slurpfile strangers "$out/told-stranger.ndjson" \
  --argjson reserved "$reserved" --argjson load_end "$load_end" \
  --argjson rotation "{\"before\": $last_before, \"until\": $last_until}" -f "$root/deploy/lib/smoke.jq" >"$out/result.json"
{
  echo
  jq -r '(["phase", "calls", "OK at once", "OK repeated", "cut, UNKNOWN", "failed", "started", "twice", "slowest ms", "keyed", "twice"],
    (.phases[] | [.name, .calls, .at_once, .repeated, .cut, .failed, .started, .twice, .slowest, .keyed, .keyed_twice])) | @tsv' "$out/result.json" |
    awk -F'\t' '{printf "%-24s %7s %11s %12s %13s %7s %8s %6s %11s %6s %6s\n", $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11}'
  echo
  jq -r '.attempts[] | "\(.count)\t\(.outcome)"' "$out/result.json" | awk -F'\t' '{printf "%9d  attempts ended with  %s\n", $1, $2}'
  echo
  kubectl version -o json 2>/dev/null | jq -r '"Kubernetes \(.serverVersion.gitVersion), kubectl \(.clientVersion.gitVersion)"'
  echo "Every Pod said after $rotation s that it uses the new SecretKey. A second eviction at the same time was $second."
  jq -r '.rotation, .strangers, .keyed, .watches | select(.)' "$out/result.json"
  jq -r '.complaints[] | "NOT WELL: \(.)"' "$out/result.json"
} | tee "$out/table.txt"
[[ $second == refused ]] || failed=1
if [[ "$before" != "$after" ]]; then
  echo "NOT WELL: Pods were replaced or restarted while keys and policy changed: $before, then $after" | tee -a "$out/table.txt"
  failed=1
fi
[[ "$(jq '.complaints | length' "$out/result.json")" == 0 ]] || failed=1
if [[ $failed == 0 ]]; then
  say "it holds; results in $out"
else
  say "it does NOT hold; see $out"
  exit 1
fi
