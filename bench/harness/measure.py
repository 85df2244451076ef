"""One measurement: one server, one shape, from its start to its end, with every answer accounted for."""

import json
import os
import subprocess
import time
from dataclasses import asdict, dataclass, field

import load
import machine
import messages
import process
import servers
import upstream

PERCENTILES = {"p50_us": 0.5, "p90_us": 0.9, "p99_us": 0.99, "p999_us": 0.999}


class Failed(Exception):
    """The measurement gives no number; the text says why."""


@dataclass
class Result:
    shape: str
    server: str
    repeat: int
    failed: str = ""  # why there is no number
    calls: int = 0
    cpu_us_per_call: float = None
    system_share: float = None  # of the CPU time
    calls_per_second: float = None
    latency: dict = field(default_factory=dict)
    peak_mib: float = None
    threads: int = None  # the most that were seen under load
    new_connections: int = None  # to EnOS, while the load ran
    other_cores: float = None  # how many cores other programs had meanwhile: a quiet machine has 0
    start_ms: float = None  # from the start of the process to the end of its first OK answer; shape idle only
    idle_mib: float = None  # resident after that
    idle_cpu_ms_per_s: float = None

    @classmethod
    def of_row(cls, row):
        latency = {name: row[name] for name in PERCENTILES if name in row}
        return cls(latency=latency, **{name: value for name, value in row.items() if name not in PERCENTILES})

    def row(self):
        flat = asdict(self)
        flat.update(flat.pop("latency"))
        return flat


_SAMPLE_CALL = ("--user_id=user-1", "--org_id=org-1", "--flow_id=3377", "--trigger_time=1574385824000")


def checked_call(root, address, flags):
    """One call by the project's own client, which looks at the status; answers what it printed, or raises Failed."""
    client = os.path.join(root, "build/release/bin/enos-flow")
    done = subprocess.run([client, "trigger", f"--address={address}", "--timeout=20s", *flags], capture_output=True,
                          text=True, check=False, env=clean_environment(), stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise Failed(f"a checked call failed: {(done.stderr or done.stdout).strip()[-300:]}")
    return done.stdout


class Bench:
    """What all measurements of a run share."""

    def __init__(self, root, folder, enos, seconds):
        self.root = root
        self.folder = folder  # for files and logs of this run
        self.enos = enos
        self.seconds = seconds  # of load for each measurement

    def path(self, name):
        return os.path.join(self.folder, name)

    def _write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)
        return self.path(name)

    def measure(self, server, shape, repeat):
        result = Result(shape.name, server.name, repeat)
        try:
            if server.kind == "post":
                self._measure_post(server, shape, result)
            elif server.kind == "direct":
                self._measure_direct(shape, result)
            else:
                self._measure_server(server, shape, result)
        except (Failed, RuntimeError, OSError) as error:
            result = Result(shape.name, server.name, repeat, failed=str(error) or type(error).__name__)
        return result

    def calls_for(self, shape, per_second):
        """As many calls as fit into the time, the same number for every stream."""
        calls = shape.calls or max(per_second * self.seconds, 50)
        return max(1, round(calls / shape.in_flight)) * shape.in_flight

    # ---- servers -------------------------------------------------------------------------------------------------

    def _measure_server(self, server, shape, result):
        port = process.free_port()
        address = f"127.0.0.1:{port}"
        command = server.command(self.root, address, self.enos.url(shape.upstream), shape, self.enos)
        log = self.path(f"logs/{shape.name}-{server.name}-{result.repeat}.log")
        program = process.Process(command, log, environment={**clean_environment(), **servers.KEYS})
        try:
            program.wait_for_port(port)
            requests, answer_bytes = self._requests(server, shape, address)
            if shape.idle:
                self._idle(program, requests, answer_bytes, result)
            self._check(program, server, shape, port)
            if not shape.idle:
                self._load_server(program, server, shape, requests, answer_bytes, result)
                self._check(program, server, shape, port)
        finally:
            program.stop()

    def _requests(self, server, shape, address):
        """The load, and how many bytes of data an OK answer has."""
        base = f"{'https' if shape.inbound_tls else 'http'}://{address}"
        if server.kind == "proxy":  # what it forwards is what the gateway sends
            body = self._write(f"request-{shape.parameters}.json", messages.json_body(shape.parameters))
            return load.Load(f"{base}{upstream.FLOWS_PATH}?{messages.QUERY}", body, shape.connections, shape.streams,
                             headers=tuple(request_headers())), len(upstream.FLOW_ANSWER)
        frame = self._write(f"request-{shape.parameters}.grpc",
                            messages.grpc_frame(messages.request_message(shape.parameters)))
        return load.Load(f"{base}{load.METHOD}", frame, shape.connections, shape.streams), messages.answer_frame_bytes()

    def _idle(self, program, requests, answer_bytes, result):
        seen = requests.run(1, self.path("load.log"))
        self._verify(seen, 1, answer_bytes)
        result.calls = 1
        result.start_ms = (seen.last_answer - program.started) * 1000
        time.sleep(1)  # what a start leaves to be done
        cpu = process.cpu_seconds(program.pid)
        time.sleep(self.seconds)
        result.idle_cpu_ms_per_s = (process.cpu_seconds(program.pid) - cpu) / self.seconds * 1000
        result.idle_mib = process.status_number(program.pid, "VmRSS") / 1024
        result.threads = process.status_number(program.pid, "Threads")

    def _check(self, program, server, shape, port):
        """One call is answered as it should be, and nobody else is on the port."""
        if server.kind != "proxy":  # it would answer anything; its answers are counted
            tls = ("--tls", f"--ca_file={self.enos.ca_file}") if shape.inbound_tls else ()
            answer = checked_call(self.root, f"127.0.0.1:{port}", (*_SAMPLE_CALL, *tls))
            if messages.INSTANCE_ID not in answer:
                raise Failed(f"a checked call was answered with {answer.strip()[-200:]}")
        if not process.listens_alone(program.pid, port):
            raise Failed(f"another process listens on port {port} as well")

    def _load_server(self, program, server, shape, requests, answer_bytes, result):
        calls = self.calls_for(shape, self._warm_up(requests, shape, server.warm_up_seconds))
        threads = process.status_number(program.pid, "Threads")

        def sample():
            nonlocal threads
            threads = max(threads, process.status_number(program.pid, "Threads"))

        others = machine.Others(self.enos.cpu_seconds, lambda: process.cpu_seconds(program.pid))
        connections_before, requests_before = self.enos.counts()
        user_before, system_before = process.user_system_seconds(program.pid)
        cpu_before = process.cpu_seconds(program.pid)
        seen = requests.run(calls, self.path("load.log"), sample)
        cpu = process.cpu_seconds(program.pid) - cpu_before
        user, system = process.user_system_seconds(program.pid)
        connections, forwarded = self.enos.counts()
        result.other_cores = others.cores()
        sample()

        self._verify(seen, calls, calls * answer_bytes)
        if server.kind != "echo":
            self._verify_forwarded(forwarded - requests_before - 1, calls)
            result.new_connections = connections - connections_before - 1
        self._fill(result, calls, cpu, seen)
        busy = (user - user_before) + (system - system_before)
        result.system_share = (system - system_before) / busy if busy > 0 else None
        result.peak_mib = process.status_number(program.pid, "VmHWM") / 1024
        result.threads = threads

    def _warm_up(self, requests, shape, seconds=0):
        """Caches, pools and compilers; answers how many calls a second to expect."""
        calls = max(1, shape.warm_up_calls // shape.in_flight) * shape.in_flight
        seen = requests.run(calls, self.path("load.log"))
        if shape.calls:
            return 0
        portion = min(self.seconds, 1.0)
        end = time.monotonic() + seconds * portion
        while True:
            calls = max(1, int(seen.per_second() * portion) // shape.in_flight) * shape.in_flight
            seen = requests.run(calls, self.path("load.log"))
            if time.monotonic() >= end:
                return seen.per_second()

    @staticmethod
    def _verify(seen, calls, data_bytes):
        if seen.succeeded != calls:
            raise Failed(f"only {seen.succeeded} of {calls} calls were answered with HTTP 200")
        if seen.data_bytes != data_bytes:
            raise Failed(f"the answers have {seen.data_bytes} bytes instead of {data_bytes}: not every call was OK")

    @staticmethod
    def _verify_forwarded(forwarded, calls):
        if forwarded != calls:
            raise Failed(f"EnOS got {forwarded} requests for {calls} calls")

    @staticmethod
    def _fill(result, calls, cpu, seen):
        result.calls = calls
        result.cpu_us_per_call = cpu / calls * 1e6 if cpu is not None else None
        result.calls_per_second = seen.per_second()
        result.latency = {name: load.percentile(seen.latency_us, rank) for name, rank in PERCENTILES.items()}

    # ---- nginx without a server between ----------------------------------------------------------------------------

    def _measure_direct(self, shape, result):
        body = messages.json_body(shape.parameters)
        requests = load.Load(
            f"{self.enos.url(shape.upstream)}{upstream.FLOWS_PATH}?{messages.QUERY}",
            self._write(f"request-{shape.parameters}.json", body), shape.connections, shape.streams,
            headers=tuple(request_headers()), http1=True)
        calls = self.calls_for(shape, self._warm_up(requests, shape))
        _, requests_before = self.enos.counts()
        seen = requests.run(calls, self.path("load.log"))
        _, forwarded = self.enos.counts()
        self._verify(seen, calls, seen.data_bytes)
        self._verify_forwarded(forwarded - requests_before - 1, calls)
        self._fill(result, calls, None, seen)

    # ---- the bare libcurl program, which is its own load -------------------------------------------------------------

    def _measure_post(self, server, shape, result):
        warm_up = shape.warm_up_calls
        per_second = 0
        if not shape.calls:
            first = self._post(server, shape, warm_up, warm_up)
            per_second = first["answered"] / first["wall_seconds"]
        calls = self.calls_for(shape, per_second)
        others = machine.Others(self.enos.cpu_seconds)
        connections_before, requests_before = self.enos.counts()
        seen = self._post(server, shape, calls, warm_up)
        connections, forwarded = self.enos.counts()
        result.other_cores = others.cores()
        if seen["answered"] != calls:
            raise Failed(f"only {seen['answered']} of {calls} calls were answered")
        self._verify_forwarded(forwarded - requests_before - 1, calls + warm_up)
        result.calls = calls
        result.cpu_us_per_call = seen["cpu_seconds"] / calls * 1e6
        result.calls_per_second = calls / seen["wall_seconds"]
        result.latency = {name: seen[name] for name in PERCENTILES}
        result.peak_mib = seen["peak_kib"] / 1024
        result.threads = seen["threads"]
        result.new_connections = max(0, connections - connections_before - 1 - min(shape.in_flight, warm_up))

    def _post(self, server, shape, calls, warm_up):
        body = self._write(f"request-{shape.parameters}.json", messages.json_body(shape.parameters))
        command = [os.path.join(self.root, server.program[0]), f"--body_file={body}",
                   f"--url={self.enos.url(shape.upstream)}{upstream.FLOWS_PATH}?{messages.QUERY}",
                   f"--in_flight={shape.in_flight}", f"--calls={calls}", f"--warm_up={warm_up}"]
        # As the gateway: an empty Expect, so that libcurl does not wait for 100 Continue.
        command += [f"--header={header}" for header in (*request_headers(), "Expect:")]
        if shape.upstream.startswith("tls"):
            command.append(f"--ca_file={self.enos.ca_file}")
        if shape.upstream == "tls2":
            command.append("--http2")
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=clean_environment(),
                              stdin=subprocess.DEVNULL, timeout=600)
        if done.returncode != 0:
            raise Failed(f"baseline-post: {(done.stderr or done.stdout).strip()[-200:]}")
        return json.loads(done.stdout)


def request_headers():
    """The headers that the gateway adds to each call; the values are of the right length."""
    return ["Content-Type: application/json;charset=UTF-8", f"apim-accesstoken: {upstream.TOKEN}",
            f"apim-timestamp: {time.time_ns() // 1_000_000}", "apim-signature: " + "0123456789abcdef" * 4]


def clean_environment():
    """Without settings meant for a real EnOS or gateway, and without proxies."""
    return {name: value for name, value in os.environ.items()
            if not name.startswith("ENOS_") and not name.lower().endswith("_proxy")}
