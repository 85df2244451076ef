#!/usr/bin/env bash
# Makes the Debian packages of the release build and tries them in a minimal Debian 12 made for it: they install with what they
# depend on, the unit passes `systemd-analyze verify` and `security`, and under a real systemd the service starts with its keys, serves
# a call as an unprivileged user, knows an idempotency key after a restart, drains when it is stopped, and goes when it is removed. A program is built with what is in
# libenos-flow-dev.
#
#   cmake --preset release && cmake --build --preset release && tests/checks/debian_packages.sh
#   tests/checks/debian_packages.sh SUITE BUILD    of another Debian, where BUILD/packages were made
#
# Needs root, mmdebstrap, dpkg-dev and file. Where no systemd can be started the unit is checked, but not started, and that is said.
set -euo pipefail
# shellcheck source=tests/checks/sources.sh
source "$(dirname "${BASH_SOURCE[0]}")/sources.sh"
# shellcheck source=tests/checks/scratch_system.sh
source "$(dirname "${BASH_SOURCE[0]}")/scratch_system.sh"
readonly MOST_EXPOSURE=15  # of systemd-analyze security, in tenths: a unit with no protection at all has 96
readonly SETTINGS=/etc/enos-flow-gateway
readonly STATE=/var/lib/enos-flow-gateway

skip() {
  echo "SKIPPED: debian_packages: $1"
  exit 77
}
fail() {
  echo "debian_packages.sh: $1" >&2
  for log in "${@:2}"; do tail -n 30 "$log" >&2; done
  exit 1
}

suite="${1:-bookworm}"
build="${2:-$ROOT/build/release}"
[[ -f "$build/CPackConfig.cmake" && -x "$build/bin/enos-sandbox" ]] ||
  fail "$build is not built; run: cmake --preset release && cmake --build --preset release"
for tool in mmdebstrap dpkg-shlibdeps file; do need_tool "$tool"; done
[[ $EUID -eq 0 ]] || skip "needs root, to install packages in a system of their own"

work="$(mktemp -d "${TMPDIR:-/tmp}/enos-packages.XXXXXX")"
system="$work/system"
on_exit() {
  local status=$?
  end_scratch_system
  rm -rf --one-file-system "$work"
  exit "$status"
}
trap on_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# --- Made.
out="$build/packages"
if [[ $# -eq 0 ]]; then
  rm -rf "$out"
  (cd "$build" && cpack -G DEB -B "$out") >"$work/cpack.log" 2>&1 || fail "cpack failed" "$work/cpack.log"
fi
rm -rf "$out/_CPack_Packages"
package() { find "$out" -name "$1_*.deb"; }
server="$(package enos-flow-gateway)" client="$(package enos-flow)" dev="$(package libenos-flow-dev)"
[[ -f "$server" && -f "$client" && -f "$dev" ]] || fail "not all three packages were made: $(ls "$out")"

for deb in "$server" "$client" "$dev"; do
  name="$(dpkg-deb --field "$deb" Package)"
  dpkg-deb --fsys-tarfile "$deb" | tar -t "./usr/share/doc/$name/copyright" >/dev/null 2>&1 || fail "$name does not say its licence"
done

# --- libenos-flow-dev: enough to build the example, with nothing of this tree but the example itself.
dpkg-deb --extract "$dev" "$work/dev"
build_example() {
  cmake -G Ninja -S "$ROOT/client/examples/installed" -B "$work/example" "-DCMAKE_PREFIX_PATH=$work/dev/usr" \
    -DCMAKE_CXX_COMPILER_LAUNCHER="$(command -v ccache || true)" && cmake --build "$work/example"
}
if [[ $# -eq 0 ]]; then  # with this machine's libraries
  build_example >"$work/example.log" 2>&1 || fail "nothing can be built with libenos-flow-dev" "$work/example.log"
fi
[[ -f "$work/dev/usr/share/enos-flow/proto/enos/dataflow/v1/flow_service.proto" ]] || fail "libenos-flow-dev has no proto"

# --- Installed. What they depend on comes from Debian; that of libenos-flow-dev is only looked for.
# The quoted scripts run in mmdebstrap, with the new system as their argument.
# shellcheck disable=SC2016
make_scratch_system "$suite" "$system" --include=systemd \
  --customize-hook="mkdir \"\$1/debs\" && cp '$server' '$client' '$dev' \"\$1/debs\"" \
  --customize-hook='chroot "$1" sh -c "DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends /debs/enos-flow*.deb"' \
  --customize-hook='chroot "$1" sh -c "apt-get install -y -qq --simulate --no-install-recommends /debs/libenos-flow-dev*.deb"' \
  >"$work/install.log" 2>&1 || fail "the packages cannot be installed" "$work/install.log"
for program in enos-flow-gateway enos-flow; do
  [[ "$(chroot "$system" "/usr/bin/$program" --version)" == "$program "* ]] || fail "$program does not start after its installation"
done
[[ "$(chroot "$system" stat -c '%a %U %G' $SETTINGS)" == "750 root enos-flow-gateway" ]] || fail "$SETTINGS is open to others, or the user was not made"

# --- The unit, looked at.
unit=usr/lib/systemd/system/enos-flow-gateway.service
analyze() { chroot "$system" systemd-analyze --no-pager "$@"; }
analyze verify --man=no "/$unit" >"$work/verify.log" 2>&1 || fail "systemd-analyze verify is not content with the unit" "$work/verify.log"
[[ ! -s "$work/verify.log" ]] || fail "systemd-analyze verify has something to say" "$work/verify.log"
protected() { analyze security --offline=true --threshold=$MOST_EXPOSURE "$1"; }
protected "/$unit" >"$work/security.log" 2>&1 || fail "the unit is more exposed than $MOST_EXPOSURE tenths" "$work/security.log"
# The threshold can fail: the same unit without its protection.
sed -E '/^(Protect|Private|Restrict[^a-z]*[AN]|SystemCall|Capability|NoNew|User|Memory|Device)/d' "$system/$unit" >"$system/etc/systemd/system/open.service"
if protected /etc/systemd/system/open.service >/dev/null 2>&1; then fail "a unit without protection passes as well"; fi
rm "$system/etc/systemd/system/open.service"
exposure="$(sed -n 's/.*Overall exposure level for.*: \([0-9.]* [A-Z]*\).*/\1/p' "$work/security.log")"
echo "debian_packages: $suite: $(basename -a "$server" "$client" "$dev" | tr '\n' ' ')install; exposure of the unit: $exposure"

# --- The unit, started.
# Nobody logs in here.
chroot "$system" systemctl mask --quiet console-getty.service
cp "$build/bin/enos-sandbox" "$system/usr/local/bin/"
boot_scratch_system "$system" "$work/boot.log" ||
  skip "made, installed and verified, but the unit was not started, since no systemd can run here: $(tail -n 1 "$work/boot.log")"
inside() { in_scratch_system "$@"; }
unit_is() { [[ "$(inside systemctl show --property="$1" --value enos-flow-gateway)" == "$2" ]]; }
# eventually WHAT COMMAND...
eventually() {
  local what="$1" end=$((SECONDS + 30))
  shift
  until "$@" >/dev/null 2>&1; do
    if [[ $SECONDS -ge $end ]]; then
      inside journalctl --no-pager --lines=40 >"$work/journal.log" 2>&1 || true
      fail "waited in vain for $what" "$work/journal.log"
    fi
    sleep 0.1
  done
}

inside systemctl start enos-flow-gateway
unit_is ConditionResult no || fail "the unit starts although there are no keys"

inside systemd-run --quiet --unit=sandbox /usr/local/bin/enos-sandbox --listen=127.0.0.1:8080 --fault=701:latency=3s
keys="$system$SETTINGS"
printf sandbox-key >"$keys/access_key"
printf sandbox-secret >"$keys/secret_key"
inside sh -c "chgrp enos-flow-gateway $SETTINGS/*_key && chmod 0640 $SETTINGS/*_key"
sed -i 's|^ENOS_API_URL=.*|ENOS_API_URL=http://127.0.0.1:8080|' "$keys/gateway.env"
if ! inside systemctl start enos-flow-gateway 2>"$work/start.log"; then
  # systemd.exec(5): 200 and above are of what comes before the program, such as namespaces, which a machine may not allow.
  status="$(inside systemctl show --property=ExecMainStatus --value enos-flow-gateway)"
  [[ "$status" -lt 200 ]] || skip "made, installed and verified, but not started: this machine does not let systemd confine a service (status $status)"
  fail "the service does not start" <(inside journalctl --no-pager --lines=30)
fi
ready() { inside enos-flow health --address=127.0.0.1:50051; }
eventually "the service to be ready" ready
main_pid="$(inside systemctl show --property=MainPID --value enos-flow-gateway)"
status() { inside sed -n "s/^$1:[[:space:]]*//p" "/proc/$main_pid/status" | cut -f1; }
[[ "$(inside stat -c %U "/proc/$main_pid")" != root && "$(status Uid)" != 0 ]] || fail "the service runs as root"
[[ "$(status CapEff)" == 0000000000000000 && "$(status NoNewPrivs)" == 1 && "$(status Seccomp)" == 2 ]] ||
  fail "the service has capabilities, may gain privileges, or has all system calls"
flow() { inside enos-flow trigger --address=127.0.0.1:50051 --user_id=u --org_id=o --flow_id="$1" --trigger_time=now; }
instance="$(flow 3377)" || fail "a call failed" <(inside journalctl --no-pager --lines=30)
[[ "$instance" == 3377-* ]] || fail "a call gave '$instance'"
inside journalctl --no-pager --unit=enos-flow-gateway | grep -q "flow_id=3377" || fail "the journal does not have the call"

# A call with a key, and its repeat after a restart: the same run, and EnOS has one call.
keyed() {
  inside enos-flow trigger --address=127.0.0.1:50051 --user_id=u --org_id=o --flow_id=3378 --trigger_time=2026-07-01T08:00:00Z \
    --idempotency_key=before-and-after
}
instance="$(keyed)" || fail "a call with an idempotency key failed" <(inside journalctl --no-pager --lines=30)
[[ "$(inside stat -c '%a %U' $STATE)" == "700 enos-flow-gateway" ]] || fail "others can read $STATE"
inside systemctl restart enos-flow-gateway
eventually "the service to be ready after a restart" ready
[[ "$(keyed)" == "$instance" ]] || fail "the key is forgotten after a restart" <(inside journalctl --no-pager --lines=30)
inside journalctl --no-pager --unit=enos-flow-gateway | grep -q 'flow_id=3378.*replayed=true' || fail "the journal does not tell a replay"
[[ "$(inside journalctl --no-pager --unit=sandbox | grep -c "flow=3378 ")" == 1 ]] || fail "a key and its repeat came to EnOS more than once"

# Stopped with a call open: that gets its answer first.
flow 701 >"$work/slow.out" 2>&1 &
slow=$!
slow_arrived() { inside journalctl --no-pager --unit=sandbox | grep -q 701; }
eventually "the slow call to be at EnOS" slow_arrived
inside systemctl stop enos-flow-gateway
wait "$slow" || fail "the call that was open when the service was stopped failed" "$work/slow.out"
[[ "$(tail -n 1 "$work/slow.out")" == 701-* ]] || fail "the open call gave something else" "$work/slow.out"
unit_is Result success || fail "the service did not end well"

# A wrong setting: it says so, and systemd does not try it again and again.
echo 'ENOS_GATEWAY_MAX_IN_FLIGHT=many' >>"$keys/gateway.env"
inside systemctl start enos-flow-gateway 2>/dev/null || true
eventually "the service to fail for its wrong setting" unit_is ActiveState failed
unit_is NRestarts 0 || fail "a wrong setting is tried again"
inside journalctl --no-pager --unit=enos-flow-gateway | grep -q 'ENOS_GATEWAY_MAX_IN_FLIGHT.*many' || fail "the journal does not name the wrong setting"
sed -i '/MAX_IN_FLIGHT=many/d' "$keys/gateway.env"

# --- Removed: stopped; what the operator wrote stays until a purge.
inside systemctl start enos-flow-gateway
main_pid="$(inside systemctl show --property=MainPID --value enos-flow-gateway)"
inside test -d "/proc/$main_pid" || fail "the service does not start again"
inside dpkg --remove enos-flow-gateway >"$work/remove.log" 2>&1 || fail "the package cannot be removed" "$work/remove.log"
if inside test -d "/proc/$main_pid" || [[ -e "$system/usr/bin/enos-flow-gateway" ]]; then
  fail "the package is removed, the service is not"
fi
if ! grep -q '127.0.0.1:8080' "$keys/gateway.env" || [[ ! -f "$keys/secret_key" || -z "$(ls "$system$STATE")" ]]; then
  fail "removal took the operator's files away"
fi
inside dpkg --purge enos-flow-gateway >"$work/remove.log" 2>&1 || fail "the package cannot be purged" "$work/remove.log"
[[ ! -e "$keys" && ! -e "$system$STATE" ]] || fail "a purge leaves keys behind"
echo "debian_packages: $suite: started by systemd $(chroot "$system" systemctl --version | sed -n '1s/systemd \([0-9]*\).*/\1/p'), served a call, knew a key after a restart, drained with one open, removed, purged"
