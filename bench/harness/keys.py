"""What an idempotency key adds to a call, with each store: see bench/README.md. Run by bench/run.sh --keys."""

import json
import os
import statistics
import subprocess
import sys

import machine
import measure
import process
import servers

_IN_FLIGHT = (64, 1)
_STORES = ("none", "sqlite", "postgresql")


def say(text):
    print(text, file=sys.stderr, flush=True)


class Failed(Exception):
    """There is no table; the text says why."""


class Commits:
    """key-store-benchmark: a PostgreSQL server of its own, and what bare commits take in it and in SQLite."""

    def __init__(self, root, folder, enos):
        os.makedirs(folder, exist_ok=True)
        self._popen = subprocess.Popen(
            [os.path.join(root, "build/release/bench/key-store-benchmark"), "--commits", folder, enos.url("plain")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=measure.clean_environment())
        self.url = self._popen.stdout.readline().strip()
        if not self.url:
            raise Failed("key-store-benchmark does not start; is PostgreSQL installed?")

    def measure(self):
        """µs of one commit, by store."""
        self._popen.stdin.write("\n")
        self._popen.stdin.flush()
        return json.loads(self._popen.stdout.readline())

    def cpu_seconds(self):
        return process.tree_cpu_seconds(self._popen.pid)

    def stop(self):
        self._popen.stdin.close()
        self._popen.wait()


class KeyBench:
    def __init__(self, root, folder, enos, seconds):
        self._root, self._folder, self._enos, self._seconds = root, folder, enos, seconds
        self._commits = Commits(root, os.path.join(folder, "keys"), enos)
        self._measured = 0

    def stop(self):
        self._commits.stop()

    def measure(self, program, store, in_flight):
        """One gateway and one load; answers the figures, and fails where a call was not answered OK or not sent once."""
        self._measured += 1
        port = process.free_port()
        command = [*program, f"--listen=127.0.0.1:{port}", "--metrics_listen=127.0.0.1:0",
                   f"--enos_url={self._enos.url('plain')}"]
        environment = {**measure.clean_environment(), **servers.KEYS}
        if store != "none":
            file = os.path.join(self._folder, "keys", f"{self._measured}.db")
            environment["ENOS_GATEWAY_IDEMPOTENCY_STORE"] = self._commits.url if store == "postgresql" else f"sqlite:{file}"
        log = os.path.join(self._folder, f"logs/keys-{self._measured}.log")
        gateway = process.Process(command, log, environment)
        try:
            gateway.wait_for_port(port)
            return self._load(gateway, port, store, in_flight)
        except RuntimeError as error:
            raise Failed(str(error)) from None
        finally:
            gateway.stop()

    def _load(self, gateway, port, store, in_flight):
        def calls(number):
            command = [os.path.join(self._root, "build/release/bench/steady-calls"), f"--target=127.0.0.1:{port}",
                       f"--in_flight={in_flight}", f"--connections={min(in_flight, 8)}", f"--calls={number}"]
            command += [] if store == "none" else ["--keys"]
            done = subprocess.run(command, capture_output=True, text=True, check=False, env=measure.clean_environment())
            if done.returncode != 0:
                raise Failed(f"the load failed: {done.stderr.strip()[-300:]}")
            return json.loads(done.stdout)

        warm_up = calls(20 * in_flight)
        warm_up = calls(int(max(20 * in_flight, warm_up["calls"] / warm_up["seconds"] * min(self._seconds, 0.5))))
        number = int(max(in_flight, warm_up["calls"] / warm_up["seconds"] * self._seconds))
        commit = self._commits.measure().get(store) if in_flight == 1 else None
        others = machine.Others(self._enos.cpu_seconds, self._commits.cpu_seconds, lambda: process.cpu_seconds(gateway.pid))
        _, requests = self._enos.counts()
        before, database = process.cpu_seconds(gateway.pid), self._commits.cpu_seconds()
        seen = calls(number)
        cpu, database = process.cpu_seconds(gateway.pid) - before, self._commits.cpu_seconds() - database
        sent = self._enos.counts()[1] - requests - 1
        if sent != number:
            raise Failed(f"EnOS got {sent} requests for {number} calls")
        return {"cpu_us": cpu / number * 1e6, "database_us": database / number * 1e6, "commit_us": commit,
                "per_second": number / seen["seconds"], "p50_us": seen["p50_us"], "p99_us": seen["p99_us"],
                "others": others.cores()}


def run(root, folder, enos, repeat, seconds, also=()):
    """Measures all, alternating; answers the table as Markdown. `also`: (name, command) of further gateways."""
    programs = [("gateway", [os.path.join(root, "build/release/bin/enos-flow-gateway")]), *also]
    bench = KeyBench(root, folder, enos, seconds)
    seen = {}
    try:
        for in_flight in _IN_FLIGHT:
            for number in range(1, repeat + 1):
                for store in _STORES:
                    for name, program in programs:
                        figures = bench.measure(program, store, in_flight)
                        seen.setdefault((in_flight, store, name), []).append(figures)
                        say(f"{number}/{repeat} {in_flight} in flight, {store}, {name}: {figures['cpu_us']:.1f} µs CPU a call,"
                            f" {figures['per_second']:,.0f} calls/s, p50 {figures['p50_us']:.0f} µs, others {figures['others']:.2f} cores")
    finally:
        bench.stop()
    return table(seen)


def table(seen):
    rows = ["| in flight | store | CPU of the gateway per call | of the database | calls/s | p50 | p99 | added to p50 | two bare commits |",
            "|---|---|---:|---:|---:|---:|---:|---:|---:|"]
    for (in_flight, store, name), all_figures in seen.items():
        def median(field, measured=all_figures):
            values = [figures[field] for figures in measured]
            return None if None in values else statistics.median(values)

        base = seen[(in_flight, "none", name)]
        ratio = statistics.median(mine["per_second"] / bare["per_second"] for mine, bare in zip(all_figures, base))
        added = statistics.median(mine["p50_us"] - bare["p50_us"] for mine, bare in zip(all_figures, base))
        more = statistics.median(mine["cpu_us"] - bare["cpu_us"] for mine, bare in zip(all_figures, base))
        keyed, commit = store != "none", median("commit_us")
        rows.append(
            f"| {in_flight} | {store if name == 'gateway' else f'{store}, {name}'} | {median('cpu_us'):.1f} µs"
            f"{f' (+{more:.1f})' if keyed else ''} | {median('database_us'):.1f} µs | {median('per_second'):,.0f}"
            f"{f' ({ratio:.2f} ×)' if keyed else ''} | {median('p50_us') / 1000:.2f} ms | {median('p99_us') / 1000:.2f} ms |"
            f" {f'{added / 1000:.2f} ms' if keyed else ''} | {f'{2 * commit / 1000:.2f} ms' if commit else ''} |")
    return "\n".join(rows) + "\n"
