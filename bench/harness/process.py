"""What /proc knows about a process, and starting and ending one."""

import os
import re
import signal
import socket
import subprocess
import time


def cpu_seconds(pid):
    """User and system time of the whole process so far, threads that have ended included.

    The process's CPU clock has this in nanoseconds; utime and stime of /proc/PID/stat are the same sum, but count in
    ticks of 10 ms.
    """
    return time.clock_gettime((~pid << 3) | 2)  # MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED) of the kernel


def tree_cpu_seconds(pid):
    """The same of a process and all that it and its children have started, but for those that have ended."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        children = [int(word) for word in file.read().split()]
    return cpu_seconds(pid) + sum(map(tree_cpu_seconds, children))


def user_system_seconds(pid):
    """The same from /proc/PID/stat, apart: (user, system). Coarse; for how the two relate."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    tick = os.sysconf("SC_CLK_TCK")
    return int(fields[11]) / tick, int(fields[12]) / tick


def status_number(pid, name):
    """A number of /proc/PID/status: VmHWM and VmRSS in KiB, Threads."""
    with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
        found = re.search(rf"^{name}:\s+(\d+)", file.read(), re.MULTILINE)
    return int(found.group(1)) if found else 0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _listening_inodes(port):
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table, encoding="ascii") as file:
                rows = file.read().splitlines()[1:]
        except FileNotFoundError:
            continue
        for row in rows:
            columns = row.split()
            listens = columns[3] == "0A"
            if listens and int(columns[1].rpartition(":")[2], 16) == port:
                inodes.add(columns[9])
    return inodes


def _sockets_of(pid):
    inodes = set()
    folder = f"/proc/{pid}/fd"
    for name in os.listdir(folder):
        try:
            target = os.readlink(os.path.join(folder, name))
        except FileNotFoundError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[len("socket:["):-1])
    return inodes


def listens_alone(pid, port):
    """Whether this process, and no other one (SO_REUSEPORT), listens on the port."""
    listening = _listening_inodes(port)
    return bool(listening) and listening <= _sockets_of(pid)


class Process:
    """A program in the background, with its output in a log file. Kill it with stop()."""

    def __init__(self, command, log_path, environment=None):
        self.log_path = log_path
        with open(log_path, "wb") as log:
            self.started = time.time()
            self._popen = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                           env=environment)
        self.pid = self._popen.pid

    def runs(self):
        return self._popen.poll() is None

    def wait_for_port(self, port, seconds=30):
        """Until somebody accepts connections there; fails when the process ends or the time is up."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.runs():
                raise RuntimeError(f"ended while starting; see {self.log_path}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.002)
        raise RuntimeError(f"does not listen after {seconds} s; see {self.log_path}")

    def stop(self, with_signal=signal.SIGKILL, seconds=10):
        """At once as a rule: a benchmark's server has nothing to lose."""
        if self.runs():
            self._popen.send_signal(with_signal)
            try:
                self._popen.wait(seconds)
            except subprocess.TimeoutExpired:
                self._popen.kill()
        self._popen.wait()
