"""Runs the benchmark; bench/run.sh has built everything before. See bench/README.md."""

import argparse
import fnmatch
import json
import os
import resource
import shutil
import signal
import sys
import time

import chart
import growth
import keys
import machine
import measure
import report
import sandbox_check
import servers
import shapes
import summary
import upstream

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))


def say(text):
    print(text, file=sys.stderr, flush=True)


def parse_options(arguments):
    parser = argparse.ArgumentParser(prog="bench/run.sh", add_help=False, allow_abbrev=False)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--keys", action="store_true")
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--continue", dest="go_on", action="store_true")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--repeat", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--also", action="append", default=[])
    parser.add_argument("--output", default=None)
    options = parser.parse_args(arguments)
    options.output = options.output or os.path.join(ROOT, "build/bench/growth" if options.growth else "build/bench")
    short = options.quick or options.smoke
    options.repeat = options.repeat or (1 if short else 5)
    options.seconds = options.seconds or (0.2 if options.smoke else 1.0 if short else 3.0)
    if options.smoke and not options.only:
        options.only = ["idle/*", "one/*", "64/*", "tls/*", "rules-10/*", "watches-10/*"]
    if options.repeat < 1 or options.seconds <= 0:
        parser.error("--repeat and --seconds must be above 0")
    try:
        options.servers = [*map(servers.also, options.also), *servers.SERVERS]
    except ValueError as error:
        parser.error(f"--also: {error}")
    return options


def plan(only, server_table, smoke=False, shape_table=tuple(shapes.SHAPES)):
    """The (shape, [servers]) to measure, without the servers that cannot run here, and the names of those."""
    named = {pattern.rpartition("/")[2] for pattern in only}
    left_out = {}
    table = []
    for shape in shape_table:
        row = []
        for server in server_table:
            if server.name in shape.left_out or (server.kind == "direct" and not shape.direct):
                continue
            if only and not any(fnmatch.fnmatchcase(f"{shape.name}/{server.name}", pattern) for pattern in only):
                continue
            if server.by_name_only and not smoke and server.name not in named:
                continue
            missing = server.missing(ROOT)
            if missing:
                left_out[server.name] = missing
            else:
                row.append(server)
        if row:
            table.append((shape, row))
    return table, left_out


def raise_descriptors():
    """As many as allowed: 10,000 calls in flight need as many connections. Answers the number."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return min(hard, 65536)


def measured_before(path):
    """What runs before this one measured: their results.json."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [result for row in json.load(file)["measurements"] if not (result := measure.Result.of_row(row)).failed]


def run_all(bench, table, repeat, results, after_each):
    """Measures what is not among the results yet, and adds it."""
    known = {(result.shape, result.server, result.repeat) for result in results}
    to_do = [(shape, server, number) for shape, row in table for number in range(1, repeat + 1) for server in row
             if (shape.name, server.name, number) not in known]
    for done, (shape, server, number) in enumerate(to_do, 1):
        begin = time.monotonic()
        result = bench.measure(server, shape, number)
        results.append(result)
        say(f"[{done}/{len(to_do)}] {shape.name}/{server.name}: {one_line(result)} ({time.monotonic() - begin:.0f} s)")
        after_each(results)


def check_against_sandbox(folder):
    """How many servers fail with an EnOS that checks tokens and signatures."""
    failures = 0
    for server in servers.SERVERS:
        if server.kind == "server" and not server.missing(ROOT):
            wrong = sandbox_check.check(ROOT, folder, server, shapes.SHAPES[0])
            failures += wrong is not None
            say(f"against the sandbox: {server.name}: {wrong or 'well'}")
    return failures


def one_line(result):
    if result.failed:
        return f"FAILED: {' '.join(result.failed.split())}"
    if result.start_ms is not None:
        return f"first answer after {result.start_ms:.0f} ms, {result.idle_mib:.1f} MiB"
    cpu = "" if result.cpu_us_per_call is None else f"{result.cpu_us_per_call:.1f} µs CPU a call, "
    p99 = f"p99 {result.latency['p99_us']} µs, " if result.latency else ""
    return f"{cpu}{result.calls_per_second:,.0f} calls/s, {p99}{result.calls} calls"


def main(arguments):
    options = parse_options(arguments)
    shape_table = growth.SHAPES if options.growth else [*shapes.SHAPES, *growth.SHAPES] if options.smoke else shapes.SHAPES
    table, left_out = plan(options.only, options.servers, options.smoke, shape_table)
    for name, missing in left_out.items():
        say(f"left out: {name}: there is no {missing}")
    if not table:
        say("bench/run.sh: nothing to measure; --only takes SHAPE/SERVER, * for any. "
            f"Shapes: {' '.join(s.name for s in shape_table)}. Servers: {' '.join(s.name for s in options.servers)}.")
        return 2
    descriptors = raise_descriptors()
    os.makedirs(options.output, exist_ok=True)
    folder = os.path.join(os.path.abspath(options.output), "work")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.join(folder, "logs"))
    for number in (signal.SIGINT, signal.SIGTERM):  # so that nothing is left running
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    facts = machine.describe(ROOT)
    busy = machine.busy_cores()
    facts["busy before the run"] = f"{busy:.2f} cores"
    if busy > 0.1:
        say(f"note: {busy:.2f} cores are busy with something else; the figures will be worse than they should be")
    results = measured_before(os.path.join(options.output, "results.json")) if options.go_on else []
    settings = {"repeat": options.repeat, "seconds": options.seconds, "only": options.only, "also": options.also}

    def write(results):
        others = [result.other_cores for result in results if result.other_cores is not None]
        facts["busy with other programs while measuring"] = f"{max(others, default=0):.2f} cores at most"
        summaries = summary.summarize(results, options.servers)
        text = report.markdown(shape_table, summaries, facts, settings)
        report.write_json(os.path.join(options.output, "results.json"), results, summaries, facts, settings)
        report.write_csv(os.path.join(options.output, "results.csv"), results)
        with open(os.path.join(options.output, "results.md"), "w", encoding="utf-8") as file:
            file.write(text)
        with open(os.path.join(options.output, "results.svg"), "w", encoding="utf-8") as file:
            file.write(chart.growth_svg(growth.AXES, summaries, facts) if options.growth else chart.svg(summaries, facts))
        return text

    enos = upstream.Upstream(os.path.join(folder, "nginx"), descriptors)
    try:
        if options.keys or options.smoke:
            also = [(server.name, server.program) for server in options.servers if server.as_given]
            with_keys = keys.run(ROOT, folder, enos, options.repeat, options.seconds, also)
        if options.keys:
            print(with_keys)
            return 0
        run_all(growth.GrowthBench(ROOT, folder, enos, options.seconds), table, options.repeat, results, write)
    except keys.Failed as error:
        say(f"bench/run.sh: calls with an idempotency key: {error}")
        return 1
    finally:
        enos.stop()
    print(write(results))
    failures = sum(1 for result in results if result.failed)
    if failures:
        say(f"{failures} of {len(results)} measurements failed; logs are in {folder}")
    if options.smoke:
        failures += check_against_sandbox(folder)
    if failures:
        return 1
    say(f"results.md, .json, .csv and .svg are in {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
