"""What the figures belong to: machine, versions, and whether it was quiet."""

import os
import platform
import re
import resource
import subprocess
import time


def _first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    except OSError:
        return ""
    return (done.stdout or done.stderr).strip().split("\n")[0]


def _package(name):
    return _first_line("dpkg-query", "-W", "-f", "${Version}", name)


def _processor():
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        found = re.search(r"^model name\s*: (.*)$", file.read(), re.MULTILINE)
    return found.group(1) if found else platform.machine()


def _commit(root):
    commit = _first_line("git", "-C", root, "rev-parse", "--short=12", "HEAD")
    changed = subprocess.run(["git", "-C", root, "diff", "--quiet", "HEAD"], check=False, capture_output=True).returncode
    return f"{commit}, with changes" if changed == 1 else commit


def describe(root):
    with open("/proc/meminfo", encoding="ascii") as file:
        memory_kib = int(re.search(r"^MemTotal:\s+(\d+)", file.read(), re.MULTILINE).group(1))
    return {
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{os.cpu_count()} cores, {_processor()}, {memory_kib / 1024**2:.0f} GiB; "
                   f"Linux {platform.release()}",
        "gateway": _commit(root),
        "gRPC C++, libcurl": f"{_package('libgrpc++1.51')}, {_package('libcurl4')}",
        "Go, grpc-go": f"{_package('golang-go')}, {_package('golang-google-grpc-dev')}",
        "Java, grpc-java": f"{_first_line('java', '--version')}, {_package('libgrpc-java')}",
        "Node": _first_line("node", "--version"),
        "Python, grpcio, aiohttp": f"{_first_line('/usr/bin/python3', '--version')}, {_package('python3-grpcio')}, "
                                   f"{_package('python3-aiohttp')}",
        "nginx, h2load": f"{_package('nginx-light')}, {_package('nghttp2-client')}",
    }


def _busy_seconds():
    """What all cores did since the start of the machine."""
    with open("/proc/stat", encoding="ascii") as file:
        numbers = [int(word) for word in file.readline().split()[1:9]]
    return (sum(numbers) - numbers[3] - numbers[4]) / os.sysconf("SC_CLK_TCK")  # all but idle and iowait


def busy_cores(seconds=1.0):
    """How many cores are busy just now with what is not ours."""
    before = _busy_seconds()
    time.sleep(seconds)
    return (_busy_seconds() - before) / seconds


class Others:
    """Watches what programs that have no part in a measurement take meanwhile. `parts` tell the CPU seconds of those that
    have, beside this program and its children that have ended by then (the load)."""

    def __init__(self, *parts):
        self._parts = parts
        self._began = time.monotonic()
        self._before = self._others()

    def _others(self):
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        ours = time.process_time() + children.ru_utime + children.ru_stime + sum(part() for part in self._parts)
        return _busy_seconds() - ours

    def cores(self):
        """How many cores they had since this was made."""
        return max(0.0, (self._others() - self._before) / (time.monotonic() - self._began))
