"""How cost grows with what there is more of: see bench/README.md. Measured by bench/run.sh --growth."""

import json
import os
import subprocess
import time
from dataclasses import dataclass

import machine
import measure
import messages
import overhead
import process
import servers
import shapes

_WATCH_SECONDS = 5
_OTHERS = tuple(server.name for server in servers.SERVERS if server.name != "gateway")


@dataclass(frozen=True)
class Axis:
    """What grows; its shapes are NAME-SIZE."""

    name: str
    title: str
    unit: str  # what the CPU time is of
    shapes: dict  # by size


def _shape(axis, size, connections=8, streams=8, left_out=("gateway-late-headers", "java"), **values):
    return shapes.Shape(f"{axis}-{size}", f"{axis}: {size:,}", connections, streams, left_out=left_out, **values)


AXES = (
    Axis("in-flight", "calls in flight", "call", {
        connections * streams: _shape("in-flight", connections * streams, connections, streams)
        for connections, streams in ((1, 1), (5, 2), (10, 10), (50, 20), (100, 100))}),
    Axis("parameters", "parameters of a call", "call", {
        size: _shape("parameters", size, parameters=size) for size in (1, 10, 100, 1000)}),
    Axis("rules", "rules of the policy", "call", {
        size: _shape("rules", size, rules=size, left_out=_OTHERS) for size in (1, 10, 100, 1000, 10000)}),
    Axis("watches", "watched runs", "poll", {
        size: _shape("watches", size, watches=size, left_out=_OTHERS) for size in (1, 10, 100, 1000)}),
)
SHAPES = [shape for axis in AXES for shape in axis.shapes.values()]


class GrowthBench(measure.Bench):
    """Measures what h2load cannot ask for, too: calls that a policy judges, and watches."""

    def _measure_server(self, server, shape, result):
        if shape.rules:
            files = overhead.Files(os.path.join(self.folder, "nginx"), shape.rules)
            self._with_gateway(server, shape, result, files.fill(overhead.TOKENS), lambda *gateway: self._judged_calls(files, *gateway))
        elif shape.watches:
            self._with_gateway(server, shape, result, ("--watch_interval=1s",), self._watches)
        else:
            super()._measure_server(server, shape, result)

    def _with_gateway(self, server, shape, result, flags, use):
        port = process.free_port()
        command = [*server.command(self.root, f"127.0.0.1:{port}", self.enos.url("plain"), shape, self.enos), *flags]
        program = process.Process(command, self.path(f"logs/{shape.name}-{server.name}-{result.repeat}.log"),
                                  environment={**measure.clean_environment(), **servers.KEYS})
        try:
            program.wait_for_port(port)
            use(program, f"127.0.0.1:{port}", shape, result)
            result.peak_mib = process.status_number(program.pid, "VmHWM") / 1024
            result.threads = process.status_number(program.pid, "Threads")
        finally:
            program.stop()

    def _judged_calls(self, files, program, address, shape, result):
        def calls(number):
            command = [os.path.join(self.root, "build/release/bench/steady-calls"), f"--target={address}", f"--calls={number}",
                       *files.fill(("--token_file={token}",))]
            done = subprocess.run(command, capture_output=True, text=True, check=False, env=measure.clean_environment())
            if done.returncode != 0:
                raise measure.Failed(f"the load failed: {done.stderr.strip()[-300:]}")
            return json.loads(done.stdout)

        warm_up = calls(shape.warm_up_calls)
        number = self.calls_for(shape, warm_up["calls"] / warm_up["seconds"])
        with _Counted(self.enos, program, result) as counted:
            seen = calls(number)
        self._verify_forwarded(counted.requests, number)
        result.calls_per_second = number / seen["seconds"]
        result.latency = {name: seen[name] for name in ("p50_us", "p99_us")}

    def _watches(self, program, address, shape, result):
        with Watches(address, shape.watches) as watches:
            watches.wait_for_first_answers()
            with _Counted(self.enos, program, result) as counted:
                time.sleep(_WATCH_SECONDS)
        if not 0.7 < counted.requests / (shape.watches * _WATCH_SECONDS) < 1.3:
            raise measure.Failed(f"{counted.requests} polls of {shape.watches} watches in {_WATCH_SECONDS} s")
        result.calls_per_second = counted.requests / _WATCH_SECONDS


class _Counted:
    """Counts EnOS's requests and the gateway's CPU time meanwhile, and gives the result their quotient."""

    def __init__(self, enos, program, result):
        self._enos, self._pid, self._result = enos, program.pid, result
        self.requests = 0

    def __enter__(self):
        self._others = machine.Others(self._enos.cpu_seconds, lambda: process.cpu_seconds(self._pid))
        _, self._requests = self._enos.counts()
        self._cpu = process.cpu_seconds(self._pid)
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            return
        cpu = process.cpu_seconds(self._pid) - self._cpu
        self.requests = self._enos.counts()[1] - self._requests - 1
        self._result.calls = self.requests
        self._result.cpu_us_per_call = cpu / max(1, self.requests) * 1e6
        self._result.other_cores = self._others.cores()


class Watches:
    """So many runs, each watched by one call, over as many connections as the loads have."""

    _CONNECTIONS = 8
    _METHOD = "/enos.dataflow.v1.FlowService/WatchFlowInstance"

    def __init__(self, address, number):
        import grpc  # only here: nothing else needs it
        options = (("grpc.use_local_subchannel_pool", 1),)
        self._channels = [grpc.insecure_channel(address, options) for _ in range(min(number, self._CONNECTIONS))]
        self._calls = [self._channels[i % len(self._channels)].unary_stream(self._METHOD)(messages.watch_message(i))
                       for i in range(number)]

    def wait_for_first_answers(self):
        for call in self._calls:
            next(call)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for call in self._calls:
            call.cancel()
        for channel in self._channels:
            channel.close()
