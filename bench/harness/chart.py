"""A chart of the results as SVG, written by hand: panels of horizontal bars."""

import html
from dataclasses import dataclass

_COLOURS = {"gateway": "#1a7f5a", "gateway-late-headers": "#59b390", "go": "#3b7dd8", "node": "#8a8f98",
            "python": "#b9bdc4", "floor": "#d9a441"}
_NAMES = {"gateway": "this gateway", "gateway-late-headers": "… --early_headers=false", "go": "Go", "node": "Node",
          "python": "Python", "floor": "floor: gRPC + libcurl"}
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


def svg(summaries, facts):
    """The chart as text; panels without figures are left out. Lines show the lowest and the highest figure."""
    panels = [(panel, rows) for panel in _PANELS if (rows := _rows(panel, summaries))]
    most = max((len(rows) for _, rows in panels), default=0)
    height_of_panel = _HEAD + most * (_BAR + _GAP) + 16
    lines = (len(panels) + 1) // 2
    height = 12 + lines * height_of_panel + 26
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" '
             f'height="{height}" {_FONT} fill="#24292f">',
             f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>']
    for i, (panel, rows) in enumerate(panels):
        parts += _panel(panel, rows, i % 2 * _COLUMN, 12 + i // 2 * height_of_panel)
    note = f"{facts.get('date', '')} · {facts.get('machine', '')} · callers, server and nginx share the cores"
    parts.append(_text(8, height - 12, note, 11, 'fill="#57606a"'))
    return "\n".join(parts + ["</svg>", ""])


def write(path, summaries, facts):
    with open(path, "w", encoding="utf-8") as file:
        file.write(svg(summaries, facts))
