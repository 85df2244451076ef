"""h2load: the load of many callers, and what it saw."""

import array
import os
import re
import subprocess
import time
from dataclasses import dataclass

METHOD = "/enos.dataflow.v1.FlowService/UpdateAndTriggerFlow"
# As callers are told to: with a deadline.
GRPC_HEADERS = ("content-type: application/grpc", "te: trailers", "grpc-timeout: 20S")


@dataclass
class Load:
    """One load: `calls` in all, over `connections` with `streams` at once on each."""

    url: str
    data_file: str
    connections: int
    streams: int
    headers: tuple = GRPC_HEADERS
    http1: bool = False

    def run(self, calls, log_file, sample=None):
        """Makes the calls and returns a Seen. `sample` is called every 0.2 s meanwhile."""
        command = ["h2load", "-n", str(calls), "-c", str(self.connections), "-m", str(self.streams),
                   "-d", self.data_file, f"--log-file={log_file}"]
        command += [f"-H{header}" for header in self.headers]
        if self.http1:
            command.append("--h1")
        if os.path.exists(log_file):
            os.remove(log_file)  # h2load appends
        with subprocess.Popen(command + [self.url], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True) as h2load:
            end = time.monotonic() + 600
            while True:
                try:
                    output, _ = h2load.communicate(timeout=0.2)
                    break
                except subprocess.TimeoutExpired:
                    if sample:
                        sample()
                    if time.monotonic() > end:
                        h2load.kill()
                        raise RuntimeError("the load has not ended after 600 s") from None
        if h2load.returncode != 0:
            raise RuntimeError(f"h2load failed: {output.strip()[-300:]}")
        seen = parse_output(output)
        seen.latency_us, seen.wall_seconds, seen.last_answer = parse_log(log_file)
        os.remove(log_file)
        return seen


@dataclass
class Seen:
    """What h2load saw. It counts HTTP statuses; that an answer holds a message shows in data_bytes."""

    succeeded: int
    data_bytes: int
    latency_us: array.array = None  # sorted
    wall_seconds: float = 0.0  # from the first request to the last answer
    last_answer: float = 0.0  # Unix time

    def per_second(self):
        return self.succeeded / self.wall_seconds


def parse_output(output):
    succeeded = re.search(r"^requests: .* (\d+) succeeded,", output, re.MULTILINE)
    data = re.search(r"^traffic: .* \((\d+)\) data$", output, re.MULTILINE)
    if not succeeded or not data:
        raise RuntimeError(f"h2load's output is not understood: {output.strip()[-300:]}")
    return Seen(int(succeeded.group(1)), int(data.group(1)))


def parse_log(path):
    """A row a request: start in µs since 1970, HTTP status, µs until the end of the answer."""
    latencies = array.array("q")
    first, last = None, 0
    with open(path, encoding="ascii") as file:
        for row in file:
            start, _, took = row.split("\t")[:3]
            start, took = int(start), int(took)
            latencies.append(took)
            first = start if first is None else min(first, start)
            last = max(last, start + took)
    if first is None:
        raise RuntimeError("h2load logged no request")
    return array.array("q", sorted(latencies)), (last - first) / 1e6, last / 1e6


def percentile(ordered, rank):
    """The nearest-rank percentile of sorted values; rank in (0, 1]."""
    return ordered[min(int(rank * len(ordered)), len(ordered) - 1)] if ordered else 0
