"""Panels of a dashboard as HTML and SVG, near enough to Grafana's to see whether they say something."""

import datetime
import html
import math

COLORS = "#73BF69 #F2CC0C #8AB8FF #FF780A #F2495C #5794F2 #B877D9 #705DA0 #37872D #FADE2A #447EBC #C15C17".split()
NAMED = {"green": "#73BF69", "orange": "#FF9830", "red": "#F2495C", "blue": "#5794F2", "text": "#D8D9DA"}
CELL, LINE = 62, 34  # pixels of one grid column and line
STYLE = """
body { margin: 0; background: #111217; color: #ccccdc; font: 12px "DejaVu Sans", sans-serif; width: %dpx; }
.panel { position: absolute; background: #181b1f; border: 1px solid #2c3034; overflow: hidden; box-sizing: border-box; }
.panel h3 { font-size: 12px; margin: 0; padding: 6px 8px 2px; font-weight: 500; white-space: nowrap; overflow: hidden; }
.row { position: absolute; font-size: 15px; font-weight: 600; padding-top: 8px; }
.value { display: flex; align-items: center; justify-content: center; height: calc(100%% - 28px); gap: 30px; }
.value b { font-size: 30px; font-weight: 500; } .value small { display: block; text-align: center; color: #9a9aa8; }
table { border-collapse: collapse; width: 100%%; font-size: 11px; } td, th { padding: 3px 8px; text-align: left; white-space: nowrap; }
th { color: #6e9fff; font-weight: 500; border-bottom: 1px solid #2c3034; } td.n { text-align: right; } th.n { text-align: right; }
tr { border-bottom: 1px solid #22252b; } a { color: #6e9fff; } .legend td { padding: 1px 5px; font-size: 10px; }
.side { display: flex; } h1 { font-size: 16px; margin: 0; padding: 10px 8px; } .choice { color: #9a9aa8; padding-left: 12px; font-size: 12px; }
.choice b { color: #ccccdc; font-weight: 500; margin-right: 14px; }
"""


def number(value, unit, decimals=None):
    if value is None or math.isnan(value):
        return "-"
    if unit == "percentunit":
        return f"{value * 100:.1f} %"
    if unit.startswith("time:"):
        return datetime.datetime.fromtimestamp(value / 1000, datetime.timezone.utc).strftime("%Y-%m-%d")
    if unit == "s":
        for size, name in ((86400, "days"), (3600, "hours"), (60, "min"), (1, "s")):
            if abs(value) >= size:
                return f"{value / size:.1f} {name}"
        return f"{value * 1000:.0f} ms"
    if unit == "bytes":
        for size, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
            if abs(value) >= size:
                return f"{value / size:.1f} {name}"
        return f"{value:.0f} B"
    if decimals is not None:
        return f"{value:,.{decimals}f}"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.3g}"


class Look:
    """Settings of a field: unit, decimals, colours of thresholds, words for values."""

    def __init__(self, settings):
        self.unit = settings.get("unit", "none")
        self.decimals = settings.get("decimals")
        self.steps = settings.get("thresholds", {}).get("steps", [])
        self.words = {key: said for m in settings.get("mappings", []) for key, said in m["options"].items()}
        self.most = settings.get("max")

    def text(self, value):
        said = self.words.get(f"{value:g}") if value is not None else None
        return said["text"] if said else number(value, self.unit, self.decimals)

    def color(self, value):
        said = self.words.get(f"{value:g}")
        reached = [step["color"] for step in self.steps if step["value"] is None or value >= step["value"]]
        return NAMED.get(said["color"] if said else reached[-1] if reached else "text", "#D8D9DA")


def values(view, panel):
    """[(legend, newest value)] of all targets."""
    found = []
    for target in panel["targets"]:
        for labels, points in view.run(target):
            found.append((view.legend(target, labels), points[-1][1]))
    return found


def draw_stat(view, panel, look, size):
    parts = []
    for name, value in values(view, panel):
        color = look.color(value) if panel["options"].get("colorMode") == "value" or look.words else NAMED["text"]
        label = f"<small>{html.escape(name)}</small>" if name else ""
        parts.append(f'<span><b style="color:{color}">{html.escape(look.text(value))}</b>{label}</span>')
    return f'<div class="value">{"".join(parts)}</div>'


def draw_gauge(view, panel, look, size):
    found = values(view, panel)
    if not found:
        return '<div class="value">No data</div>'
    value = found[0][1]
    part = max(0, min(1, value / (look.most or 1)))
    x, y, r = size[0] / 2, size[1] - 62, min(size[0] / 2 - 20, size[1] - 80)

    def arc(until, color):
        angle = math.pi * (1 - until)
        ex, ey = x + r * math.cos(angle), y - r * math.sin(angle)
        return f'<path d="M{x - r},{y} A{r},{r} 0 0 1 {ex},{ey}" fill="none" stroke="{color}" stroke-width="16"/>'

    text = f'<text x="{x}" y="{y - 6}" fill="{look.color(value)}" text-anchor="middle" font-size="24">{look.text(value)}</text>'
    return f'<svg width="{size[0]}" height="{size[1]}">{arc(1, "#2c3034")}{arc(part, look.color(value))}{text}</svg>'


def draw_piechart(view, panel, look, size):
    found = sorted(((n, v) for n, v in values(view, panel)), key=lambda pair: -pair[1])
    total = sum(v for _, v in found if v > 0) or 1
    r = min(size[0] * 0.18, size[1] / 2 - 64)
    x, y, angle, paths, lines = r * 1.3 + 12, size[1] / 2 - 20, -math.pi / 2, [], []
    for i, (name, value) in enumerate(found):
        color, part = COLORS[i % len(COLORS)], max(0, value) / total
        to = angle + min(part, 0.9999) * 2 * math.pi
        ends = [(x + r * math.cos(a), y + r * math.sin(a)) for a in (angle, to)]
        if part > 0.001:
            paths.append(
                f'<path d="M{ends[0][0]},{ends[0][1]} A{r},{r} 0 {int(part > 0.5)} 1 {ends[1][0]},{ends[1][1]}" fill="none" '
                f'stroke="{color}" stroke-width="{r * 0.45}"/>'
            )
        angle = to
        lines.append([color, name, look.text(value), f"{part * 100:.0f} %"])
    return f'<div class="side"><svg width="{2.6 * r + 30:.0f}" height="{size[1] - 34}">{"".join(paths)}</svg>{_legend(lines)}</div>'


def _legend(lines):
    rows = "".join(
        f'<tr><td style="color:{line[0]}">&#9632;</td>'
        + "".join(f"<td>{html.escape(text or '(none)')}</td>" for text in line[1:])
        + "</tr>"
        for line in lines[:12]
    )
    return f'<table class="legend" style="width:auto;align-self:center">{rows}</table>'


def draw_bargauge(view, panel, look, size):
    found = sorted(values(view, panel), key=lambda pair: -pair[1])
    most = max([abs(v) for _, v in found if not math.isnan(v)] or [1]) or 1
    rows = []
    for name, value in found:
        width = 0 if math.isnan(value) else max(0, value) / most * (size[0] - 330)
        rows.append(
            f'<tr><td style="text-align:right;width:200px">{html.escape(name)}</td><td><span style="display:inline-block;background:'
            f'#5794F2;height:10px;width:{width:.0f}px"></span> {look.text(value)}</td></tr>'
        )
    return f"<table>{''.join(rows)}</table>"


def _axis(low, high, look, width, height, left):
    parts = []
    for i in range(5):
        value = low + (high - low) * i / 4
        y = height - (height - 10) * i / 4
        parts.append(f'<line x1="{left}" x2="{width}" y1="{y}" y2="{y}" stroke="#2c3034"/>')
        parts.append(
            f'<text x="{left - 6}" y="{y + 4}" fill="#9a9aa8" font-size="10" text-anchor="end">{look.text(value)}</text>'
        )
    return "".join(parts)


def draw_timeseries(view, panel, look, size):
    series = []
    for target in panel["targets"]:
        series += [(view.legend(target, labels), points) for labels, points in view.run(target)]
    series = [(name, [p for p in points if not math.isnan(p[1])]) for name, points in series]
    series = sorted([s for s in series if s[1]], key=lambda s: -s[1][-1][1])
    if not series:
        return '<div class="value">No data</div>'
    custom = panel["fieldConfig"]["defaults"]["custom"]
    stacked = custom["stacking"]["mode"] == "normal"
    times = sorted({t for _, points in series for t, _ in points})
    base = dict.fromkeys(times, 0.0)
    drawn = []
    for i, (name, points) in enumerate(series):
        top = [(t, base[t] + v if stacked else v) for t, v in points]
        drawn.append((COLORS[i % len(COLORS)], name, top, [(t, base[t]) for t, _ in points], points[-1][1]))
        if stacked:
            base.update(top)
    high = max(v for _, _, top, _, _ in drawn for _, v in top) or 1
    low = min(0, min(v for _, _, top, _, _ in drawn for _, v in top))
    left, width, height = 66, size[0] * 0.66, size[1] - 60
    span = max(times[-1] - times[0], 1)

    def at(t, v):
        return f"{left + (t - times[0]) / span * (width - left):.1f},{height - (v - low) / (high - low or 1) * (height - 10):.1f}"

    parts = [_axis(low, high, look, width, height, left)]
    for color, _, top, bottom, _ in drawn:
        line = " ".join(at(*p) for p in top)
        if stacked:
            parts.append(
                f'<polygon points="{line} {" ".join(at(*p) for p in reversed(bottom))}" fill="{color}" fill-opacity="0.35"/>'
            )
        parts.append(f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="1.3"/>')
    for i in range(5):
        t = times[0] + span * i / 4
        when = datetime.datetime.fromtimestamp(t, datetime.timezone.utc).strftime(
            "%m-%d" if span > 86400 else "%H:%M:%S"
        )
        x = left + (width - left) * i / 4
        parts.append(
            f'<text x="{x}" y="{height + 16}" fill="#9a9aa8" font-size="10" text-anchor="middle">{when}</text>'
        )
    legend = _legend([[color, name, look.text(newest)] for color, name, _, _, newest in drawn])
    return (
        f'<div class="side"><svg width="{width + 22:.0f}" height="{size[1] - 34}">{"".join(parts)}</svg>{legend}</div>'
    )


def draw_barchart(view, panel, look, size):
    options = next(t["options"] for t in panel["transformations"] if t["id"] == "groupingToMatrix")
    cells, columns = {}, {}
    for labels, points in view.run(panel["targets"][0]):
        row, column = labels.get(options["rowField"], ""), labels.get(options["columnField"], "")
        cells.setdefault(row, {})[column] = points[-1][1]
        columns[column] = columns.get(column, 0) + points[-1][1]
    names = sorted(columns, key=lambda c: -columns[c])
    rows = sorted(cells)
    high = max([sum(v for v in cells[r].values() if v > 0) for r in rows] or [1]) or 1
    left, width, height = 66, size[0] - 20, size[1] - 110
    step = (width - left) / max(len(rows), 1)
    parts = [_axis(0, high, look, width, height, left)]
    for i, row in enumerate(rows):
        y = height
        for k, name in enumerate(names):
            part = max(0, cells[row].get(name, 0)) / high * (height - 10)
            y -= part
            parts.append(
                f'<rect x="{left + i * step + 2}" y="{y}" width="{step - 4}" height="{part}" fill="{COLORS[k % len(COLORS)]}"/>'
            )
        x = left + (i + 0.6) * step
        parts.append(
            f'<text x="{x}" y="{height + 12}" fill="#9a9aa8" font-size="9" text-anchor="end" transform="rotate(-45 {x} {height + 12})">{row}</text>'
        )
    legend = " ".join(
        f'<span style="color:{COLORS[k % len(COLORS)]}">&#9632;</span> {html.escape(n or "(none)")}&ensp;'
        for k, n in enumerate(names[:14])
    )
    return f'<svg width="{size[0]}" height="{size[1] - 58}">{"".join(parts)}</svg><div style="padding:0 66px;font-size:10px">{legend}</div>'


def draw_table(view, panel, look, size):
    changes = {t["id"]: t["options"] for t in panel["transformations"]}
    names = changes["organize"]["renameByName"]
    labels = [name for name in names if not name.startswith("Value")]
    overrides = {
        o["matcher"]["options"]: {p["id"]: p["value"] for p in o["properties"]}
        for o in panel["fieldConfig"]["overrides"]
    }
    rows = {}
    for target, column in zip(panel["targets"], [name for name in names if name.startswith("Value")]):
        for found, points in view.run(target):
            rows.setdefault(tuple(found.get(label, "") for label in labels), {})[column] = points[-1][1]
    titles = list(names.values())
    order = titles.index(changes["sortBy"]["sort"][0]["field"])
    lines = [[*key, *(cells.get(name) for name in names if name.startswith("Value"))] for key, cells in rows.items()]
    lines.sort(key=lambda line: (line[order] is not None, line[order]), reverse=changes["sortBy"]["sort"][0]["desc"])
    body = []
    for line in lines[: int((size[1] - 50) / 21)]:
        tds = []
        for title, cell in zip(titles, line):
            own = overrides.get(title, {})
            if isinstance(cell, str):
                text = html.escape(cell)
                tds.append(f"<td>{f'<a>{text}</a>' if 'links' in own else text}</td>")
                continue
            shown = Look(own)
            color = f' style="color:{shown.color(cell)}"' if cell is not None and (shown.words or shown.steps) else ""
            tds.append(f'<td class="n"{color}>{html.escape(shown.text(cell)) if cell is not None else ""}</td>')
        body.append(f"<tr>{''.join(tds)}</tr>")
    head = "".join(f'<th class="{"n" if i >= len(labels) else ""}">{html.escape(t)}</th>' for i, t in enumerate(titles))
    return f"<table><tr>{head}</tr>{''.join(body)}</table>"


def page(view):
    """(HTML of the whole board, height in pixels)"""
    parts, bottom = [], 0
    for panel in view.board["panels"]:
        at = panel["gridPos"]
        x, y, width, height = at["x"] * CELL + 6, at["y"] * LINE + 78, at["w"] * CELL - 6, at["h"] * LINE - 6
        bottom = max(bottom, y + height)
        place = f"left:{x}px;top:{y}px;width:{width}px;height:{height}px"
        title = html.escape(view.title(panel))
        if panel["type"] == "row":
            parts.append(f'<div class="row" style="{place}">&#8964; {title}</div>')
            continue
        inner = globals()["draw_" + panel["type"]](view, panel, Look(panel["fieldConfig"]["defaults"]), (width, height))
        parts.append(f'<div class="panel" style="{place}"><h3>{title}</h3>{inner}</div>')
    choice = " ".join(
        f"{html.escape(v['label'])} <b>{html.escape('All' if view.values.get(v['name']) in ('.*', '.+') else view.values.get(v['name'], ''))}</b>"
        for v in view.board["templating"]["list"]
        if v["type"] != "datasource"
    )
    head = f'<h1>{html.escape(view.board["title"])}</h1><div class="choice">{choice}</div>'
    style = STYLE % (24 * CELL + 8)
    return f"<!doctype html><meta charset=utf-8><style>{style}</style>{head}{''.join(parts)}", bottom + 10
