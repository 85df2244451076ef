#!/usr/bin/env bash
# Checks deploy/Dockerfile: lints it, builds its images with buildah (on a stand-in base where debian:trixie-slim is not here
# already), looks at what is in them, and runs gateway and sandbox with podman under the restrictions of the Pod: numeric
# user, read-only root, no capabilities, bounded memory and processes. Health, a call with the client image, and a SIGTERM
# while a call is open. The nginx of the image front reads the component's configuration under the same restrictions, and that of
# postgresql makes its data, asks for its password, and keeps the data when it is started again. Then compose.yaml's first call.
#
#   tests/checks/image.sh [--keep]     --keep leaves the images, tagged :check
#
# Needs root, buildah, mmdebstrap, podman with runc, podman-compose, and node for the lint. Where the machine cannot run containers (as in a
# container or a chroot) that part is skipped, and says so.
set -euo pipefail
# shellcheck source=tests/checks/sources.sh
source "$(dirname "${BASH_SOURCE[0]}")/sources.sh"
# shellcheck source=tests/checks/npm.sh
source "$(dirname "${BASH_SOURCE[0]}")/npm.sh"
# shellcheck source=deploy/lib/service.sh
source "$ROOT/deploy/lib/service.sh"
readonly BASE=localhost/debian-stand-in:trixie-slim
readonly MOST_OVER_BASE_MB=60
readonly TAG=check
STEP_NUMBER=image

skip() {
  echo "SKIPPED: image: $1"
  exit 77
}

need_tool node
npm_tool deploy dockerfile.mjs
node "$NPM_TOOL/dockerfile.mjs" "$ROOT/deploy/Dockerfile"
# The lint can fail: CMD twice, and an instruction that is none.
printf 'FROM scratch\nCMD a\nCMD b\nRUNS x\n' >"$NPM_TOOL/Broken"
if node "$NPM_TOOL/dockerfile.mjs" "$NPM_TOOL/Broken" 2>/dev/null; then
  fail "the linter sees nothing wrong in a broken Dockerfile"
fi

need_tool buildah
need_tool mmdebstrap
[[ $EUID -eq 0 ]] || skip "needs root, to make a base image and to run containers"

work="$(mktemp -d "${TMPDIR:-/tmp}/enos-image.XXXXXX")"
containers=()
on_exit() {
  local status=$?
  [[ ! -f "$work/compose.yaml" ]] || end_compose >/dev/null 2>&1 || true
  [[ ${#containers[@]} -eq 0 ]] || podman rm --force "${containers[@]}" >/dev/null 2>&1 || true
  rm -rf "$work"
  exit "$status"
}
trap on_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

buildah_works() {
  local container
  container="$(buildah from scratch 2>"$work/probe.log")" && buildah rm "$container" >/dev/null
}
# Overlay needs a file system below that can carry it; vfs works everywhere and is slower.
if ! buildah_works; then
  export STORAGE_DRIVER=vfs
  buildah_works || skip "buildah cannot work here: $(tail -n 1 "$work/probe.log")"
fi

begin=$SECONDS
ccache=()
if command -v ccache >/dev/null; then
  cache="$(ccache --get-config cache_dir)"
  mkdir -p "$cache"
  ccache=("--ccache=$cache")
fi
revision="$(git -C "$ROOT" rev-parse HEAD 2>/dev/null || echo unknown)"
"$ROOT/deploy/images.sh" --stand_in_base --tag="$TAG" "${ccache[@]}" gateway sandbox client front postgresql
echo "image: built in $((SECONDS - begin)) s"


# What is in them: mounted, as files.
mounted=()
mount_image() {
  local container
  container="$(buildah from --pull=never "$1")"
  mounted+=("$container")
  MOUNT="$(buildah mount "$container")"
}
unmount_images() {
  [[ ${#mounted[@]} -eq 0 ]] || buildah rm "${mounted[@]}" >/dev/null
  mounted=()
}
size_mb() { echo $(($(du -s --apparent-size -B1 "$1" | cut -f1) / 1000000)); }

mount_image "$BASE"
base="$MOUNT"

# check_image NAME PROGRAM STOP_SIGNAL [MOST_MB]: mounts it, too. PROGRAM: a path, or a pattern. MOST_MB: over the base.
check_image() {
  local name="$1" program="$2" signal="$3" most="${4:-$MOST_OVER_BASE_MB}" image="localhost/$1:$TAG" over unwanted added configured
  mount_image "$image"
  over=$(($(size_mb "$MOUNT") - $(size_mb "$base")))
  echo "image: $name: $(size_mb "$MOUNT") MB, $over MB over the base, the program $(size_mb "$(compgen -G "$MOUNT$program")") MB"
  [[ $over -le $most ]] || fail "$name is $over MB over the base, more than $most MB"
  # The compiler cache's mount leaves an empty folder behind, in builds with --ccache only.
  [[ -z "$(ls -A "$MOUNT/ccache" 2>/dev/null)" ]] || fail "$name has a compiler cache in it"
  for unwanted in src out usr/include/grpc usr/bin/cc1 usr/bin/g++ var/lib/apt/lists/partial/x; do
    [[ ! -e "$MOUNT/$unwanted" ]] || fail "$name has /$unwanted, which is none of its business"
  done
  added="$(comm -13 <(cd "$base" && find . -xdev -perm /6000 -type f | sort) <(cd "$MOUNT" && find . -xdev -perm /6000 -type f | sort))"
  [[ -z "$added" ]] || fail "$name brings programs that change the user: $added"
  configured="$(buildah inspect --type image --format \
    '{{.OCIv1.Config.User}} {{.OCIv1.Config.StopSignal}} {{index .OCIv1.Config.Labels "org.opencontainers.image.title"}} {{index .OCIv1.Config.Labels "org.opencontainers.image.revision"}}' "$image")"
  [[ "$configured" == "65532:65532 $signal $name $revision" ]] ||
    fail "$name has user, stop signal, title and revision '$configured', not revision $revision"
}

for name in enos-flow-gateway enos-sandbox enos-flow; do
  check_image "$name" "/usr/bin/$name" SIGTERM
  [[ "$(buildah run --isolation chroot "${mounted[-1]}" -- "/usr/bin/$name" --version)" == "$name "* ]] || fail "$name does not start"
done

# The front has no configuration of its own: the component's, as the Pod mounts it, beside a certificate.
check_image enos-flow-front /usr/sbin/nginx SIGQUIT
mkdir "$work/front" "$work/tls"
cp "$ROOT/deploy/kubernetes/components/front/nginx.conf" "$work/front"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=front \
  -keyout "$work/tls/tls.key" -out "$work/tls/tls.crt" 2>/dev/null
cp "$work/tls/tls.crt" "$work/tls/ca.crt"
chmod 0755 "$work" "$work/front" "$work/tls"
chmod 0444 "$work/front"/* "$work/tls"/*
front_mounts=(--volume "$work/front:/etc/enos-flow-front:ro" --volume "$work/tls:/run/secrets/tls:ro")
buildah run --isolation chroot --user 65532:65532 "${front_mounts[@]}" "${mounted[-1]}" -- \
  /usr/sbin/nginx -e stderr -p /tmp/ -c /etc/enos-flow-front/nginx.conf -t >"$work/front.log" 2>&1 ||
  fail "the nginx of enos-flow-front does not take the component's configuration" "$work/front.log"
# Debian's PostgreSQL brings LLVM. No key of a certificate that every copy would share.
check_image enos-postgresql "/usr/lib/postgresql/*/bin/postgres" SIGINT 340
[[ -z "$(find "$MOUNT/etc/ssl/private" -type f)" ]] || fail "enos-postgresql has a private key in it"
unmount_images

# --- Run, as the Pod runs them. Host network, and every port free: nothing has to be set up, and nothing collides.
need_tool podman
need_tool runc
need_tool curl
cat >"$work/containers.conf" <<'END'
[containers]
default_ulimits = ["nofile=16384:16384", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "cni"
END
export CONTAINERS_CONF="$work/containers.conf"
restrictions=(--pull=never --network=host --read-only --read-only-tmpfs=false --cap-drop=all --security-opt=no-new-privileges
  --memory=512m --memory-swap=512m --pids-limit=64)

podman run --rm "${restrictions[@]}" --entrypoint='["/bin/true"]' "localhost/enos-flow-gateway:$TAG" >"$work/probe.log" 2>&1 ||
  skip "built and looked at, but not run, since this machine runs no containers: $(tail -n 1 "$work/probe.log")"

# Nothing but /tmp can be written, as in the Pod.
podman run --rm "${restrictions[@]}" --tmpfs=/tmp:rw,size=16m "${front_mounts[@]}" "localhost/enos-flow-front:$TAG" -t \
  >"$work/front.log" 2>&1 || fail "enos-flow-front does not take its configuration with a read-only root" "$work/front.log"

# The database: its folder as an emptyDir is, and a network of its own.
mkdir "$work/password" "$work/data"
printf sandbox >"$work/password/password"
chown -R 0:65532 "$work/password" "$work/data"
chmod 0550 "$work/password"
chmod 0440 "$work/password/password"
chmod 2777 "$work/data"
database="enos-check-postgresql-$$"
containers+=("$database")
podman run --detach --name "$database" "${restrictions[@]/--network=host/--network=none}" --volume "$work/data:/var/lib/postgresql" \
  --volume "$work/password:/run/secrets/postgresql:ro" "localhost/enos-postgresql:$TAG" >/dev/null
# sql PASSWORD STATEMENT
sql() { podman exec --env PGPASSWORD="$1" "$database" psql --host=127.0.0.1 --username=postgres --quiet --command="$2"; }
database_ready() {
  wait_for "the database" "$(podman inspect --format '{{.State.Pid}}' "$database")" "$work/probe.log" \
    podman exec "$database" pg_isready --host=127.0.0.1
}
database_ready
sql sandbox 'CREATE TABLE kept()' || fail "the database does not take its password"
if sql wrong 'SELECT 1' 2>"$work/sql.log"; then fail "the database takes any password"; fi
podman restart --time 20 "$database" >/dev/null
database_ready
sql sandbox 'SELECT FROM kept' >"$work/sql.log" || fail "the database forgot its data in a restart" "$work/sql.log"
podman stop --time 20 "$database" >/dev/null
[[ "$(podman inspect --format '{{.State.ExitCode}}' "$database")" == 0 ]] || fail "the database did not end well"

# run_container NAME OPTION... -- IMAGE ARGUMENT...: in the background; logs to $work/NAME.log.
run_container() {
  local name="enos-check-$1-$$" log="$work/$1.log"
  shift
  containers+=("$name")
  podman run --detach --name "$name" "${restrictions[@]}" "$@" >/dev/null
  podman logs --follow "$name" >"$log" 2>&1 &
  CONTAINER="$name"
  CONTAINER_PID="$(podman inspect --format '{{.State.Pid}}' "$name")"
}

run_container sandbox "localhost/enos-sandbox:$TAG" --listen=127.0.0.1:0 --fault=701:latency=3s
wait_for "the sandbox" "$CONTAINER_PID" "$work/sandbox.log" grep -q '^ready' "$work/sandbox.log"
url="$(sed -n 's/^export ENOS_API_URL=//p' "$work/sandbox.log")"

# Keys as Kubernetes mounts them: readable for the group only.
mkdir "$work/keys"
printf 'sandbox-key' >"$work/keys/access_key"
printf 'sandbox-secret' >"$work/keys/secret_key"
chown -R 0:65532 "$work/keys"
chmod 0550 "$work/keys"
chmod 0440 "$work/keys"/*
run_container gateway --volume "$work/keys:/run/secrets/enos:ro" \
  --env "ENOS_API_URL=$url" --env ENOS_ACCESS_KEY_FILE=/run/secrets/enos/access_key \
  --env ENOS_SECRET_KEY_FILE=/run/secrets/enos/secret_key --env ENOS_GATEWAY_LISTEN=127.0.0.1:0 \
  --env ENOS_GATEWAY_METRICS_LISTEN=127.0.0.1:0 --env ENOS_GATEWAY_MAX_IN_FLIGHT=2000 --env ENOS_GATEWAY_DRAIN_DELAY=1s \
  "localhost/enos-flow-gateway:$TAG"
gateway="$CONTAINER" gateway_pid="$CONTAINER_PID" log="$work/gateway.log"
wait_for "the gateway to listen" "$gateway_pid" "$log" grep -q ' listening ' "$log"
address="$(sed -nE 's/.* listening .*address="?([^ "]+).*/\1/p' "$log")"
ops="$(sed -nE 's/.*metrics_address="?([^ "]+).*/\1/p' "$log")"
get() { curl --fail --silent --noproxy '*' --max-time 5 "http://$ops$1"; }
wait_for "the gateway to be ready" "$gateway_pid" "$log" get /readyz
get /livez >/dev/null || fail "/livez is not well" "$log"
grpc_healthy "$address" || fail "grpc.health.v1 does not say SERVING" "$log"

status="/proc/$gateway_pid/status"
[[ "$(awk '/^Uid:/ {print $2}' "$status")" == 65532 ]] || fail "the gateway runs as another user than 65532"
[[ "$(awk '/^CapEff:/ {print $2}' "$status")" == 0000000000000000 ]] || fail "the gateway has capabilities"
[[ "$(awk '/^NoNewPrivs:/ {print $2}' "$status")" == 1 ]] || fail "the gateway may gain privileges"
if podman exec "$gateway" touch /x 2>/dev/null || podman exec "$gateway" touch /tmp/x 2>/dev/null; then
  fail "the gateway's file system can be written"
fi

# flow FLOW: a call with the client image.
flow() {
  podman run --rm "${restrictions[@]}" "localhost/enos-flow:$TAG" trigger --address="$address" --user_id=u --org_id=o \
    --flow_id="$1" --trigger_time=now
}
instance="$(flow 3377)" || fail "a call failed" "$log"
[[ "$instance" == 3377-* ]] || fail "a call gave '$instance'" "$log"
memory=$(($(get /metrics | sed -n 's/^process_resident_memory_bytes //p' | cut -d. -f1) / 1000000))

# SIGTERM while a call is open: the call gets its answer, then the process ends with status 0.
flow 701 >"$work/slow.out" 2>&1 &
slow=$!
in_flight() { [[ "$(get /metrics | sed -n 's/^enos_gateway_calls_in_flight //p')" == 1 ]]; }
wait_for "the slow call to be in flight" "$gateway_pid" "$log" in_flight
podman kill --signal TERM "$gateway" >/dev/null
ended="$(podman wait "$gateway")"
[[ "$ended" == 0 ]] || fail "after SIGTERM the gateway ended with status $ended" "$log"
wait "$slow" || fail "the call that was open at SIGTERM failed: $(cat "$work/slow.out")" "$log"
[[ "$(tail -n 1 "$work/slow.out")" == 701-* ]] || fail "the call that was open gave '$(cat "$work/slow.out")'" "$log"
podman stop --time 20 "enos-check-sandbox-$$" >/dev/null
ended="$(podman inspect --format '{{.State.ExitCode}}' "enos-check-sandbox-$$")"
[[ "$ended" == 0 ]] || fail "after SIGTERM the sandbox ended with status $ended" "$work/sandbox.log"
echo "image: ran as uid 65532, read-only, without capabilities, in $memory MB; drained with a call open; status 0"

# --- compose.yaml, but for its ports, which may be taken here, and for what it would build.
need_tool podman-compose
podman run --rm --pull=never --network=podman --entrypoint='["/bin/true"]' "localhost/enos-flow:$TAG" >"$work/probe.log" 2>&1 ||
  skip "built and run, but not with compose.yaml, since this machine makes no networks: $(tail -n 1 "$work/probe.log")"
sed -E '/^ +(ports|build):/d' "$ROOT/compose.yaml" >"$work/compose.yaml"
project="enos-check-$$"
compose() { ENOS_TAG="$TAG" podman-compose --file "$work/compose.yaml" --project-name "$project" "$@"; }
end_compose() { compose down && podman network rm --force "${project}_default"; }
first_call() {
  compose run --rm -T enos-flow trigger --user_id=alice --org_id=o15 --flow_id=3377 --trigger_time=now >"$work/first_call.log" 2>&1 &&
    grep -q '^3377-' "$work/first_call.log"
}
compose up --detach enos-flow-gateway >"$work/compose.log" 2>&1 || fail "compose.yaml does not start" "$work/compose.log"
wait_for "the first call with compose.yaml" $$ "$work/first_call.log" first_call
end_compose >"$work/compose.log" 2>&1 || fail "compose.yaml does not end" "$work/compose.log"
echo "image: compose.yaml: started, and a first call"
if [[ "${1:-}" != --keep ]]; then
  # An image may be in use by a container that another build left behind: that is no fault of this one's.
  buildah rmi "localhost/enos-flow-gateway:$TAG" "localhost/enos-sandbox:$TAG" "localhost/enos-flow:$TAG" \
    "localhost/enos-flow-front:$TAG" "localhost/enos-postgresql:$TAG" >/dev/null 2>&1 ||
    echo "image: some of the images stay, they are in use"
fi
