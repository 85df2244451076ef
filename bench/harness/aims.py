"""What the gateway is meant to reach, and how far it is. A row an aim; ratios are of medians of the same run."""

from dataclasses import dataclass

_NAMES = {"go": "Go", "baseline": "the baseline", "nginx-proxy": "nginx"}


@dataclass(frozen=True)
class Aim:
    """Of the gateway as shipped."""

    shape: str
    field: str
    what: str
    at_most: float = None
    at_least: float = None
    against: str = None  # a server; None: the aim is a figure, not a ratio


AIMS = [
    *(aim for shape in ("64", "200") for aim in (
        Aim(shape, "cpu_us_per_call", "CPU per call", at_most=0.6, against="go"),
        Aim(shape, "cpu_us_per_call", "CPU per call", at_most=1.15, against="baseline"),
        Aim(shape, "cpu_us_per_call", "CPU per call", at_most=2.0, against="nginx-proxy"),
        Aim(shape, "calls_per_second", "calls/s", at_least=1.5, against="go"),
        Aim(shape, "p99_us", "p99", at_most=0.7, against="go"),
    )),
    Aim("one", "p50_us", "p50", at_most=1.4, against="nginx-proxy"),
    Aim("one", "cpu_us_per_call", "CPU per call", at_most=2.0, against="nginx-proxy"),
    Aim("1000-parameters", "cpu_us_per_call", "CPU per call", at_most=0.35, against="go"),
    Aim("10k", "peak_mib", "peak memory", at_most=1.0, against="baseline"),
    Aim("10k", "peak_mib", "peak memory", at_most=0.7, against="go"),
    Aim("idle", "idle_mib", "idle memory, MiB", at_most=35),
    Aim("idle", "start_ms", "start to first answer, ms", at_most=30),
]


def _median(summaries, shape, server, field):
    summary = summaries.get((shape, server))
    return summary.median(field) if summary else None


def value_of(aim, summaries):
    """The ratio or figure that was reached, or None where something for it was not measured."""
    mine = _median(summaries, aim.shape, "gateway", aim.field)
    others = _median(summaries, aim.shape, aim.against, aim.field) if aim.against else 1
    return mine / others if mine and others else None


def met(aim, value):
    return value <= aim.at_most if aim.at_most is not None else value >= aim.at_least


def rows(summaries):
    """[shape, what, aim, reached, met] of every aim whose figures were measured."""
    table = []
    for aim in AIMS:
        value = value_of(aim, summaries)
        if value is None:
            continue
        limit = f"≤ {aim.at_most:g}" if aim.at_most is not None else f"≥ {aim.at_least:g}"
        against = f" × {_NAMES[aim.against]}" if aim.against else ""
        table.append([aim.shape, aim.what, limit + against, f"{value:.2f}" if aim.against else f"{value:.0f}",
                      "yes" if met(aim, value) else "no"])
    return table
