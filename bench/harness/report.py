"""The results as Markdown, JSON and CSV."""

import csv
import json
from dataclasses import asdict

import aims

_IDLE_HEAD = ("server", "start to first answer", "memory", "CPU while idle", "threads")
_HEAD = ("server", "CPU per call", "× Go", "× baseline", "× nginx", "calls/s", "p50", "p90", "p99", "p99.9", "peak memory", "threads",
         "new connections")


def _number(value):
    """Three significant digits are all that a benchmark has."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _spread(summary, name, unit="", scale=1):
    spread = summary.values.get(name)
    if spread is None:
        return "–"
    text = f"{_number(spread.median * scale)}{unit}"
    if spread.low != spread.high:
        text += f" ({_number(spread.low * scale)}–{_number(spread.high * scale)})"
    return text


def _time(summary, name):
    spread = summary.values.get(name)
    if spread is None:
        return "–"
    return f"{_number(spread.median / 1000)} ms" if spread.median >= 1000 else f"{spread.median:.0f} µs"


def _whole(summary, name):
    spread = summary.values.get(name)
    return "–" if spread is None else f"{spread.median:.0f}"


def _ratio(summary, other, name="cpu_us_per_call"):
    mine, others = summary.median(name), other.median(name) if other else None
    return f"{mine / others:.2f}" if mine and others else "–"


def _failure(summary):
    count = len(summary.failures) + summary.measured
    return f"**FAILED** in {len(summary.failures)} of {count}: {summary.failures[0]}"


def _idle_cells(summary):
    return [summary.title, _spread(summary, "start_ms", " ms"), _spread(summary, "idle_mib", " MiB"),
            _spread(summary, "idle_cpu_ms_per_s", " ms/s"), _whole(summary, "threads")]


def _cells(summary, others):
    return [summary.title, _spread(summary, "cpu_us_per_call", " µs"), *(_ratio(summary, other) for other in others),
            _spread(summary, "calls_per_second"), *(_time(summary, p) for p in ("p50_us", "p90_us", "p99_us", "p999_us")),
            _spread(summary, "peak_mib", " MiB"), _whole(summary, "threads"), _whole(summary, "new_connections")]


def _row(cells):
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"


def _table(shape, summaries):
    of_shape = [summary for (name, _), summary in summaries.items() if name == shape.name]
    if not of_shape:
        return []
    others = [summaries.get((shape.name, name)) for name in ("go", "baseline", "nginx-proxy")]
    head = _IDLE_HEAD if shape.idle else _HEAD
    lines = [f"### {shape.title}", "", _row(head), "|---|" + "---:|" * (len(head) - 1)]
    for summary in of_shape:
        if summary.failures:
            cells = [summary.title, _failure(summary)] + [""] * (len(head) - 2)
        else:
            cells = _idle_cells(summary) if shape.idle else _cells(summary, others)
        lines.append(_row(cells))
    return lines + [""]


def markdown(shapes, summaries, machine, options):
    lines = []
    for shape in shapes:
        lines += _table(shape, summaries)
    reached = aims.rows(summaries)
    if reached:
        lines += ["### Aims", "", _row(("shape", "what", "aim", "reached", "met")), "|---|---|---|---:|---|",
                  *map(_row, reached), ""]
    lines += [f"Median of {options['repeat']} measurements of {options['seconds']:g} s each, in alternation; in brackets "
              "the lowest and the highest. CPU: user and system time of the whole server process. Memory: VmHWM.", ""]
    lines += [f"- {name}: {value}" for name, value in machine.items()]
    return "\n".join(lines) + "\n"


def write_json(path, results, summaries, machine, options):
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"machine": machine, "options": options, "summaries": [asdict(s) for s in summaries.values()],
                   "measurements": [result.row() for result in results]}, file, indent=1, ensure_ascii=False)
        file.write("\n")


def write_csv(path, results):
    names = ["shape", "server", "repeat", "failed", "calls", "cpu_us_per_call", "system_share", "calls_per_second",
             "p50_us", "p90_us", "p99_us", "p999_us", "peak_mib", "threads", "new_connections",
             "other_cores", "start_ms", "idle_mib", "idle_cpu_ms_per_s"]
    with open(path, "w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, names, lineterminator="\n")
        table.writeheader()
        table.writerows(result.row() for result in results)
