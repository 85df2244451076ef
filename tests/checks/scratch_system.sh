# shellcheck shell=bash
# A minimal Debian in a folder, and systemd running in it, in namespaces of its own: sourced by checks, after sources.sh.
# Needs root. Nothing of this machine changes but two cgroups, which end_scratch_system takes away.

# shellcheck source=deploy/lib/debian.sh
source "$ROOT/deploy/lib/debian.sh"

SCRATCH_PID=   # of systemd
SCRATCH_SHIM=  # its parent: when that ends, so does everything inside
SCRATCH_CGROUPS=()

# make_scratch_system SUITE DIR OPTION...: a minimal Debian from this machine's sources, of which DIR.sources keeps a copy; options
# for mmdebstrap.
make_scratch_system() {
  local suite="$1" directory="$2"
  shift 2
  debian_sources
  mkdir -p "$directory.sources"
  debian_suite "$suite" "$directory.sources"
  mmdebstrap --quiet --mode=root --variant=minbase "${DEBIAN_APT_OPTIONS[@]}" "$@" "$suite" "$directory" "$DEBIAN_SOURCES"
}

# What runs in the new namespaces: mounts as systemd.io/CONTAINER_INTERFACE has them, then systemd in the place of this shell.
# shellcheck disable=SC2016
readonly SCRATCH_BOOT='
set -eu
cd "$1"
mount --bind . .
cd "$1"
mount -t proc proc proc
mount -t sysfs sysfs sys
if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
  mount -t cgroup2 cgroup2 sys/fs/cgroup
else
  mount -t tmpfs tmpfs sys/fs/cgroup
  mkdir sys/fs/cgroup/systemd sys/fs/cgroup/unified
  mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
  mount -t cgroup2 cgroup2 sys/fs/cgroup/unified
fi
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs dev
for device in null zero full random urandom tty; do
  : >"dev/$device"
  mount --bind "/dev/$device" "dev/$device"
done
: >dev/console
mkdir dev/shm dev/pts
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
# Not chroot: what is in one may not make user namespaces, as the services of systemd do.
pivot_root . mnt
cd /
umount -l mnt
exec env -i container=scratch PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --unit=multi-user.target
'

# boot_scratch_system DIR LOG: systemd as process 1, with a network that has nothing but itself. Status 1 where this machine does
# not let one: LOG has why.
boot_scratch_system() {
  local directory="$1" log="$2" parent name
  name="enos-scratch-$$"
  for parent in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
    [[ -e "$parent/cgroup.procs" ]] || continue
    mkdir "$parent/$name" 2>>"$log" || return 1
    SCRATCH_CGROUPS+=("$parent/$name")
  done
  # A shell of its own, which enters the cgroups before it makes the namespaces: they are the roots inside. The quoted script has
  # its words from the arguments.
  # shellcheck disable=SC2016
  bash -c '
    set -eu
    directory="$1" boot="$2"
    shift 2
    for cgroup in "$@"; do echo $$ >"$cgroup/cgroup.procs"; done
    exec unshare --mount --pid --ipc --uts --net --cgroup --fork --kill-child sh -c "$boot" boot "$directory"
  ' scratch_system "$directory" "$SCRATCH_BOOT" "${SCRATCH_CGROUPS[@]}" >>"$log" 2>&1 </dev/null &
  SCRATCH_SHIM=$!
  local end=$((SECONDS + 60)) state
  while [[ $SECONDS -lt $end ]]; do
    kill -0 "$SCRATCH_SHIM" 2>/dev/null || return 1
    SCRATCH_PID="$(cat "/proc/$SCRATCH_SHIM/task/$SCRATCH_SHIM/children" 2>>"$log" || true)"
    SCRATCH_PID="${SCRATCH_PID// /}"
    if [[ -n "$SCRATCH_PID" ]]; then
      state="$(in_scratch_system systemctl is-system-running 2>>"$log" || true)"
      if [[ "$state" == running || "$state" == degraded ]]; then return 0; fi
    fi
    sleep 0.2
  done
  echo "systemd is still '$state' after 60 s" >>"$log"
  return 1
}

# in_scratch_system COMMAND...: beside systemd, as root.
in_scratch_system() {
  nsenter --target "$SCRATCH_PID" --all --root --wd env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"
}

end_scratch_system() {
  local cgroup end=$((SECONDS + 10))
  if [[ -n "$SCRATCH_SHIM" ]]; then
    kill -KILL "$SCRATCH_SHIM" 2>/dev/null || true
    wait "$SCRATCH_SHIM" 2>/dev/null || true
  fi
  for cgroup in "${SCRATCH_CGROUPS[@]}"; do
    # Busy for as long as the last process inside has not ended.
    until find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || [[ $SECONDS -ge $end ]]; do sleep 0.1; done
  done
  SCRATCH_SHIM='' SCRATCH_PID='' SCRATCH_CGROUPS=()
}
