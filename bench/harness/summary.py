"""Medians and spread over the repeats."""

import statistics
from dataclasses import dataclass, field

import servers

FIELDS = ("cpu_us_per_call", "system_share", "calls_per_second", "p50_us", "p90_us", "p99_us", "p999_us", "peak_mib",
          "threads", "new_connections", "other_cores", "start_ms", "idle_mib", "idle_cpu_ms_per_s")


@dataclass
class Spread:
    median: float
    low: float
    high: float


@dataclass
class Summary:
    shape: str
    server: str
    title: str
    measured: int = 0
    failures: list = field(default_factory=list)
    values: dict = field(default_factory=dict)  # of FIELDS; what was not measured is left out

    def median(self, name):
        spread = self.values.get(name)
        return spread.median if spread and not self.failures else None


def _spreads(rows):
    values = {}
    for name in FIELDS:
        numbers = [row[name] for row in rows if row.get(name) is not None]
        if numbers:
            values[name] = Spread(statistics.median(numbers), min(numbers), max(numbers))
    return values


def summarize(results, server_table):
    """{(shape, server): Summary} of a list of measure.Result, the computed baseline included."""
    titles = {server.name: server.title for server in server_table}
    summaries = {}
    for result in results:
        key = (result.shape, result.server)
        summaries.setdefault(key, Summary(result.shape, result.server, titles[result.server]))
        if result.failed:
            summaries[key].failures.append(result.failed)
        else:
            summaries[key].measured += 1
    for key, summary in summaries.items():
        rows = [r.row() for r in results if (r.shape, r.server) == key and not r.failed]
        summary.values = _spreads(rows)
    for shape in {shape for shape, _ in summaries}:
        _add_baseline(shape, results, summaries)
    return summaries


def _add_baseline(shape, results, summaries):
    """The baseline's two halves of each repeat added up. A call's time and rate do not add up; CPU and memory do."""
    by_repeat = {}
    for result in results:
        if result.shape == shape and result.server in servers.BASELINE and not result.failed:
            by_repeat.setdefault(result.repeat, []).append(result.row())
    both = [rows for rows in by_repeat.values() if len(rows) == len(servers.BASELINE)]  # in every repeat that has both
    if not both:
        return
    sums = [{name: sum(row[name] for row in rows) for name in ("cpu_us_per_call", "peak_mib", "threads")}
            for rows in both]
    summary = Summary(shape, "baseline", "the baseline: both added up", measured=len(both))
    summary.values = _spreads(sums)
    summaries[(shape, "baseline")] = summary
