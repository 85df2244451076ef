"""Charts of the results as SVG, written by hand: panels of horizontal bars, and of lines where something grows."""

import html
import math
from dataclasses import dataclass

_COLOURS = {"gateway": "#1a7f5a", "gateway-late-headers": "#59b390", "go": "#3b7dd8", "java": "#8e6bbf",
            "node": "#8a8f98", "python": "#b9bdc4", "baseline": "#d9a441", "nginx-proxy": "#a3aab3"}
_NAMES = {"gateway": "this gateway", "gateway-late-headers": "… --early_headers=false", "go": "Go", "java": "Java",
          "node": "Node", "python": "Python", "baseline": "baseline: gRPC + libcurl", "nginx-proxy": "nginx: transport alone"}
_FONT = "font-family=\"system-ui, 'DejaVu Sans', Arial, sans-serif\""
_WIDTH, _LABELS, _BAR, _GAP, _HEAD, _COLUMN = 960, 175, 18, 6, 34, 480


@dataclass
class Panel:
    title: str
    shape: str
    field: str
    scale: float
    unit: str


_PANELS = [
    Panel("CPU time of a call, 64 in flight (less is better)", "64", "cpu_us_per_call", 1, "µs"),
    Panel("Calls a second, 64 in flight (more is better)", "64", "calls_per_second", 0.001, "k"),
    Panel("p99 latency, 64 in flight (less is better)", "64", "p99_us", 0.001, "ms"),
    Panel("CPU time of a call, 200 in flight (less is better)", "200", "cpu_us_per_call", 1, "µs"),
    Panel("CPU time of a call, 1,000 parameters (less is better)", "1000-parameters", "cpu_us_per_call", 1, "µs"),
    Panel("Peak memory, 10,000 in flight (less is better)", "10k", "peak_mib", 1, "MiB"),
]


def _number(value):
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _text(x, y, text, size=12, attributes=""):
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" {attributes}>{html.escape(text)}</text>'


def _rows(panel, summaries):
    rows = []
    for server in _COLOURS:
        found = summaries.get((panel.shape, server))
        if found and found.median(panel.field) is not None:
            spread = found.values[panel.field]
            rows.append((server, *(value * panel.scale for value in (spread.median, spread.low, spread.high))))
    return rows


def _axis_end(values):
    """One bar of a different order (Python) is cut off, so that the others can be compared."""
    ordered = sorted(values, reverse=True)
    if len(ordered) > 2 and ordered[0] > 3 * ordered[1]:
        return ordered[1] * 1.6
    return ordered[0]


def _bar(x, y, width, row, end, unit):
    server, median, low, high = row
    cut = median > end
    length = min(median, end) / end * width
    parts = [_text(x - 8, y + 13, _NAMES[server], 12, 'text-anchor="end"'),
             f'<rect x="{x}" y="{y}" width="{length:.1f}" height="{_BAR}" rx="2" fill="{_COLOURS[server]}"/>']
    if cut:
        parts.append(f'<path d="M{x + length - 22:.1f} {y - 2} l6 {_BAR + 4} m5 {-_BAR - 4} l6 {_BAR + 4}" '
                     'stroke="#ffffff" stroke-width="3" fill="none"/>')
    elif high > low:
        left, right, middle = x + low / end * width, x + min(high, end * 1.1) / end * width, y + _BAR / 2
        parts.append(f'<path d="M{left:.1f} {middle} H{right:.1f} M{left:.1f} {middle - 4} v8 M{right:.1f} {middle - 4} v8" '
                     'stroke="#24292f" stroke-width="1.2" fill="none"/>')
        length = max(length, right - x)
    parts.append(_text(x + length + 6, y + 13, f"{_number(median)} {unit}", 12, 'font-weight="600"'))
    return parts


def _panel(panel, rows, left, top):
    parts = [_text(left + 8, top + 18, panel.title, 13, 'font-weight="600"')]
    width = _COLUMN - _LABELS - 100
    end = _axis_end([row[1] for row in rows])
    for i, row in enumerate(rows):
        parts += _bar(left + _LABELS, top + _HEAD + i * (_BAR + _GAP), width, row, end, panel.unit)
    return parts


def _document(height, parts, notes):
    head = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" '
            f'height="{height}" {_FONT} fill="#24292f">',
            f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>']
    lines = [_text(8, height - 12 - 16 * i, note, 11, 'fill="#57606a"') for i, note in enumerate(reversed(notes))]
    return "\n".join([*head, *parts, *lines, "</svg>", ""])


def _notes(summaries, facts, marks):
    counts = sorted({summary.measured for summary in summaries.values()})
    number = " to ".join(map(str, counts[:1] + counts[1:][-1:]))
    meaning = "one measurement each." if counts == [1] else \
        f"the median of {number} measurements. Whiskers: the lowest and the highest of them."
    return [f"{marks}: {meaning}",
            f"{facts.get('date', '')} · {facts.get('machine', '')} · callers, server and nginx share the cores"]


def svg(summaries, facts):
    """The chart as text; panels without figures are left out."""
    panels = [(panel, rows) for panel in _PANELS if (rows := _rows(panel, summaries))]
    most = max((len(rows) for _, rows in panels), default=0)
    height_of_panel = _HEAD + most * (_BAR + _GAP) + 16
    parts = []
    for i, (panel, rows) in enumerate(panels):
        parts += _panel(panel, rows, i % 2 * _COLUMN, 12 + i // 2 * height_of_panel)
    return _document(12 + (len(panels) + 1) // 2 * height_of_panel + 42, parts, _notes(summaries, facts, "Bars"))


# ---- how cost grows: both axes are logarithmic ---------------------------------------------------------------------------

_CELL, _PLOT_LEFT, _PLOT_WIDTH, _PLOT_TOP, _PLOT_HEIGHT = 240, 46, 176, 26, 130
_GROWTH_FIELDS = (("cpu_us_per_call", "CPU per {unit}, µs"), ("peak_mib", "peak memory, MiB"))


def _ticks(low, high):
    """1, 2, 5, 10, 20, … so that all lies between the first and the last of them."""
    steps = [step * 10.0 ** power for power in range(-2, 8) for step in (1, 2, 5)]
    first = max((i for i, step in enumerate(steps) if step <= low), default=0)
    last = min((i for i, step in enumerate(steps) if step >= high), default=len(steps) - 1)
    return steps[first:max(last, first + 1) + 1]


def _series(axis, summaries, field):
    """{server: [(size, median, low, high)]}"""
    found = {}
    for size, shape in axis.shapes.items():
        for server in _COLOURS:
            summary = summaries.get((shape.name, server))
            if summary and summary.median(field) is not None:
                spread = summary.values[field]
                found.setdefault(server, []).append((size, spread.median, spread.low, spread.high))
    return found


class _Scale:
    def __init__(self, ticks, start, length):
        self._low, self._start = math.log(ticks[0]), start
        self._factor = length / (math.log(ticks[-1]) - self._low)

    def __call__(self, value):
        return self._start + (math.log(value) - self._low) * self._factor


def _line(server, points, x, y):
    colour = _COLOURS[server]
    path = " L".join(f"{x(size):.1f} {y(median):.1f}" for size, median, _, _ in points)
    parts = [f'<path d="M{path}" stroke="{colour}" stroke-width="{2.4 if server == "gateway" else 1.6}" fill="none"/>']
    for size, median, low, high in points:
        parts.append(f'<circle cx="{x(size):.1f}" cy="{y(median):.1f}" r="2.6" fill="{colour}"/>')
        if high > low:
            parts.append(f'<path d="M{x(size) - 3:.1f} {y(low):.1f} h6 m-3 0 V{y(high):.1f} m-3 0 h6" stroke="{colour}" fill="none"/>')
    return parts


def _growth_panel(axis, field, title, summaries, left, top):
    series = _series(axis, summaries, field)
    if not series:
        return []
    sizes = list(axis.shapes)
    spans = [value for points in series.values() for _, _, low, high in points for value in (low, high)]
    ticks = _ticks(min(spans), max(spans))
    bottom = top + _PLOT_TOP + _PLOT_HEIGHT
    x, y = _Scale(sizes, left + _PLOT_LEFT, _PLOT_WIDTH), _Scale(ticks, bottom, -_PLOT_HEIGHT)
    parts = [_text(left + 8, top + 14, title.format(unit=axis.unit), 12, 'font-weight="600"')]
    for tick in ticks if len(ticks) <= 8 else ticks[::3]:
        parts += [f'<path d="M{left + _PLOT_LEFT} {y(tick):.1f} h{_PLOT_WIDTH}" stroke="#e4e7eb" fill="none"/>',
                  _text(left + _PLOT_LEFT - 6, y(tick) + 4, f"{tick:,g}", 11, 'text-anchor="end" fill="#57606a"')]
    for size in sizes:
        parts.append(_text(x(size), bottom + 15, f"{size:,}", 11, 'text-anchor="middle" fill="#57606a"'))
    parts.append(_text(left + _PLOT_LEFT + _PLOT_WIDTH / 2, bottom + 31, axis.title, 12, 'text-anchor="middle"'))
    for server in reversed(series):  # the gateway on top
        parts += _line(server, series[server], x, y)
    return parts


def growth_svg(axes, summaries, facts):
    """A column for each thing that grows: CPU time above memory."""
    parts, left = [], 8
    for server in [name for name in _COLOURS if any(key[1] == name for key in summaries)]:
        parts += [f'<rect x="{left}" y="10" width="14" height="10" rx="2" fill="{_COLOURS[server]}"/>',
                  _text(left + 20, 19, _NAMES[server], 12)]
        left += 40 + 7 * len(_NAMES[server])
    height = _PLOT_TOP + _PLOT_HEIGHT + 44
    for column, axis in enumerate(axes):
        for row, (field, title) in enumerate(_GROWTH_FIELDS):
            parts += _growth_panel(axis, field, title, summaries, column * _CELL, 34 + row * height)
    notes = _notes(summaries, facts, "Points")
    notes[0] += " All axes are logarithmic."
    return _document(34 + len(_GROWTH_FIELDS) * height + 42, parts, notes)
