"""What the gateway is meant to reach, and how far it is. A row an aim; ratios are of medians of the same run."""

from dataclasses import dataclass

_SHIPPED, _LATE = "gateway", "gateway-late-headers"
_SERVER_NAMES = {"go": "Go", "floor": "the floor"}


@dataclass(frozen=True)
class Aim:
    shape: str
    server: str
    field: str
    what: str
    at_most: float = None
    at_least: float = None
    against: str = None  # a server; None: the aim is a figure, not a ratio
    above: str = None  # a server whose figure is taken off both first


AIMS = [
    *(aim for shape in ("64", "200") for aim in (
        Aim(shape, _SHIPPED, "cpu_us_per_call", "CPU per call", at_most=0.75, against="go"),
        Aim(shape, _LATE, "cpu_us_per_call", "CPU per call", at_most=0.65, against="go"),
        Aim(shape, _LATE, "cpu_us_per_call", "CPU per call", at_most=1.3, against="floor"),
        Aim(shape, _SHIPPED, "calls_per_second", "calls/s", at_least=1.3, against="go"),
        Aim(shape, _LATE, "calls_per_second", "calls/s", at_least=1.4, against="go"),
    )),
    Aim("64", _SHIPPED, "p99_us", "p99", at_most=1.0, against="go"),
    Aim("one", _SHIPPED, "p50_us", "p50 added to nginx's own", at_most=1.0, against="go", above="nginx"),
    Aim("1000-parameters", _SHIPPED, "cpu_us_per_call", "CPU per call", at_most=0.5, against="go"),
    Aim("10k", _SHIPPED, "peak_mib", "peak memory", at_most=1.2, against="floor"),
    Aim("10k", _SHIPPED, "peak_mib", "peak memory", at_most=0.7, against="go"),
    Aim("idle", _SHIPPED, "idle_mib", "idle memory, MiB", at_most=35),
    Aim("idle", _SHIPPED, "start_ms", "start to first answer, ms", at_most=100),
]


def _median(summaries, shape, server, field):
    summary = summaries.get((shape, server))
    return summary.median(field) if summary else None


def value_of(aim, summaries):
    """The ratio or figure that was reached, or None where something for it was not measured."""
    mine = _median(summaries, aim.shape, aim.server, aim.field)
    others = _median(summaries, aim.shape, aim.against, aim.field) if aim.against else 1
    base = _median(summaries, aim.shape, aim.above, aim.field) if aim.above else 0
    if None in (mine, others, base) or others <= base:
        return None
    return (mine - base) / (others - base) if aim.against else mine


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
        against = f" × {_SERVER_NAMES[aim.against]}" if aim.against else ""
        late = ", --early_headers=false" if aim.server == _LATE else ""
        table.append([aim.shape, aim.what + late, limit + against, f"{value:.2f}" if aim.against else f"{value:.0f}",
                      "yes" if met(aim, value) else "no"])
    return table
