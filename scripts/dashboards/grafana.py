"""Parts of a Grafana dashboard as plain dicts, in the form of schema version 39."""

# One tag for all boards: their links find each other by it.
TAGS = ["kubecost-allocation-exporter", "kubecost"]
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
# Grafana's unit of a plain number with thousands separators. Units cannot hold a variable, so the currency is named in
# the titles; the chart's dashboards.costUnit replaces it.
COST = "locale"
SHARE = "percentunit"
WIDTH = 24
# Costs change once an hour at most, and history that promtool brought in has one sample an hour, at whole hours.
COST_STEP = "1h"


def target(expr, legend="", table=False, instant=False, ref="A", step=None):
    made = {"datasource": SOURCE, "expr": expr, "refId": ref, "legendFormat": legend or "__auto"}
    if step:
        made["interval"] = step
    if table or instant:
        made.update(instant=True, range=False, format="table" if table else "time_series")
    else:
        made.update(instant=False, range=True, format="time_series")
    return made


def targets(queries, **options):
    """Of [(expr, legend)] or one expr."""
    if isinstance(queries, str):
        queries = [(queries, "")]
    return [target(expr, legend, ref=chr(ord("A") + i), **options) for i, (expr, legend) in enumerate(queries)]


def steps(*limits):
    """Thresholds: (colour, from), the first from minus infinity."""
    return {"mode": "absolute", "steps": [{"color": color, "value": value} for color, value in limits]}


PLAIN = steps(("text", None))


def _panel(kind, title, description, queries, unit, size, **more):
    field = {"unit": unit, **more.pop("field", {})}
    if unit == COST:
        field.setdefault("decimals", 2)
    made = {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": SOURCE,
        "targets": queries,
        "fieldConfig": {"defaults": field, "overrides": more.pop("overrides", [])},
        "gridPos": {"w": size[0], "h": size[1]},
    }
    made.update(more)
    return made


def stat(title, description, queries, unit, size=(4, 4), thresholds=PLAIN, color="none", mappings=(), **options):
    field = {"thresholds": thresholds, "mappings": list(mappings), "color": {"mode": "thresholds"}}
    shown = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": color,
        "graphMode": "none",
        "textMode": "auto",
        "justifyMode": "center",
        **options,
    }
    return _panel("stat", title, description, targets(queries, instant=True), unit, size, field=field, options=shown)


def gauge(title, description, queries, unit, size=(4, 4), thresholds=PLAIN, most=1):
    field = {"thresholds": thresholds, "min": 0, "max": most, "color": {"mode": "thresholds"}}
    shown = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}
    return _panel("gauge", title, description, targets(queries, instant=True), unit, size, field=field, options=shown)


def timeseries(title, description, queries, unit, size=(12, 8), stacked=False, bars=False, step=None, **field):
    custom = {
        "drawStyle": "bars" if bars else "line",
        "lineInterpolation": "stepAfter",
        "fillOpacity": 70 if bars else 30 if stacked else 5,
        "lineWidth": 1,
        "showPoints": "never",
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
    }
    shown = {
        "legend": {"displayMode": "table", "placement": "right", "calcs": ["lastNotNull"], "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    field = {"custom": custom, "color": {"mode": "palette-classic"}, **field}
    queries = targets(queries, step=step)
    return _panel("timeseries", title, description, queries, unit, size, field=field, options=shown)


def pie(title, description, queries, unit, size=(8, 8)):
    shown = {
        "pieType": "donut",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "legend": {"displayMode": "table", "placement": "right", "values": ["value", "percent"], "showLegend": True},
        "tooltip": {"mode": "single", "sort": "none"},
        "displayLabels": [],
    }
    field = {"color": {"mode": "palette-classic"}}
    return _panel(
        "piechart", title, description, targets(queries, instant=True), unit, size, field=field, options=shown
    )


def bar_gauge(title, description, queries, unit, size=(8, 8)):
    shown = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "orientation": "horizontal",
        "displayMode": "basic",
        "showUnfilled": True,
        "valueMode": "color",
    }
    field = {"min": 0, "thresholds": steps(("blue", None)), "color": {"mode": "thresholds"}}
    return _panel(
        "bargauge", title, description, targets(queries, instant=True), unit, size, field=field, options=shown
    )


def bar_chart(title, description, expr, row, column, unit, size=(12, 8)):
    """One group of stacked bars for each value of label `row`, a part for each value of label `column`."""
    to_matrix = {"columnField": column, "rowField": row, "valueField": "Value", "emptyValue": "null"}
    shown = {
        "stacking": "normal",
        "xField": f"{row}\\{column}",
        "xTickLabelRotation": -45,
        "showValue": "never",
        "legend": {"displayMode": "list", "placement": "bottom", "calcs": [], "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    transformations = [
        {"id": "sortBy", "options": {"sort": [{"field": row}]}},
        {"id": "groupingToMatrix", "options": to_matrix},
    ]
    return _panel(
        "barchart",
        title,
        description,
        [target(expr, table=True)],
        unit,
        size,
        field={"color": {"mode": "palette-classic"}, "custom": {"fillOpacity": 80, "lineWidth": 0}},
        options=shown,
        transformations=transformations,
    )


def column(title, expr, unit, **more):
    """A column of numbers of a table; `more` goes into its field's settings."""
    return {"title": title, "expr": expr, "unit": unit, "more": more}


def table(title, description, labels, columns, sort, size=(24, 9), links=None, descending=True):
    """Rows by `labels` ({label: title}), with one query for each column. `links`: {title: data links}."""
    queries = [target(c["expr"], table=True, ref=chr(ord("A") + i)) for i, c in enumerate(columns)]
    values = ["Value" if len(columns) == 1 else f"Value #{query['refId']}" for query in queries]
    renamed = {**labels, **{value: c["title"] for value, c in zip(values, columns)}}
    order = {name: i for i, name in enumerate(renamed)}
    organize = {"excludeByName": {"Time": True}, "renameByName": renamed, "indexByName": order}
    overrides = []
    for c in columns:
        properties = [{"id": "unit", "value": c["unit"]}]
        if c["unit"] == COST:
            properties.append({"id": "decimals", "value": 2})
        properties += [{"id": key, "value": value} for key, value in c["more"].items()]
        overrides.append({"matcher": {"id": "byName", "options": c["title"]}, "properties": properties})
    for name, found in (links or {}).items():
        overrides.append(
            {"matcher": {"id": "byName", "options": name}, "properties": [{"id": "links", "value": found}]}
        )
    transformations = [
        {"id": "merge", "options": {}},
        {"id": "organize", "options": organize},
        {"id": "sortBy", "options": {"sort": [{"field": sort, "desc": descending}]}},
    ]
    return _panel(
        "table",
        title,
        description,
        queries,
        "none",
        size,
        field={"custom": {"align": "auto", "filterable": True}},
        overrides=overrides,
        options={"showHeader": True, "cellHeight": "sm", "footer": {"show": False}},
        transformations=transformations,
    )


def row(title, collapsed=False):
    return {"type": "row", "title": title, "collapsed": collapsed, "panels": [], "gridPos": {"w": WIDTH, "h": 1}}


def link(title, uid, **values):
    """A data link to another board that keeps time, source and currency, and sets the variables given."""
    kept = {"datasource": "${datasource}", "currency": "${currency}"}
    parts = [f"var-{name}={value}" for name, value in {**kept, **values}.items()]
    return {"title": title, "url": f"/d/{uid}?{'&'.join(parts)}&${{__url_time_range}}"}


def data_source_variable():
    return {
        "type": "datasource",
        "name": "datasource",
        "label": "Data source",
        "query": "prometheus",
        "regex": "",
        "refresh": 1,
        "current": {},
        "hide": 0,
        "multi": False,
        "includeAll": False,
        "options": [],
    }


def variable(name, title, query, many=True, all_value=".*"):
    """Without `all_value` there is no choice of all: the first there is, or several."""
    made = {
        "type": "query",
        "name": name,
        "label": title,
        "datasource": SOURCE,
        "definition": query,
        "query": {"query": query, "refId": "StandardVariableQuery"},
        "refresh": 2,
        "regex": "",
        "sort": 1,
        "hide": 0,
        "multi": many,
        "includeAll": many and all_value is not None,
        "options": [],
        "current": {},
    }
    if made["includeAll"]:
        made.update(allValue=all_value, current={"selected": True, "text": ["All"], "value": ["$__all"]})
    return made


def text_variable(name, title, value, description):
    chosen = {"selected": True, "text": value, "value": value}
    return {
        "type": "textbox",
        "name": name,
        "label": title,
        "description": description,
        "query": value,
        "current": chosen,
        "options": [chosen],
        "hide": 0,
    }


def _placed(panels):
    """Panels from left to right, in lines as high as their first one; a collapsed row holds what follows it."""
    placed, holder, x, y, line = [], None, 0, 0, 0
    for number, panel in enumerate(panels, 1):
        at = panel["gridPos"]
        if panel["type"] == "row" or x + at["w"] > WIDTH:
            x, y = 0, y + line
        if panel["type"] == "row":
            holder = panel if panel["collapsed"] else None
        at.update(x=x, y=y)
        panel["id"] = number
        line = at["h"] if x == 0 else max(line, at["h"])
        x += at["w"]
        (holder["panels"] if holder and holder is not panel else placed).append(panel)
    return placed


def dashboard(uid, title, description, variables, panels, since="now-30d"):
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": TAGS,
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "timezone": "utc",
        "refresh": "5m",
        "time": {"from": since, "to": "now"},
        "timepicker": {},
        "fiscalYearStartMonth": 0,
        "liveNow": False,
        "weekStart": "",
        "annotations": {"list": []},
        "links": [
            {
                "type": "dashboards",
                "title": "Kubecost costs",
                "tags": TAGS[:1],
                "asDropdown": False,
                "keepTime": True,
                "includeVars": True,
                "targetBlank": False,
                "icon": "external link",
                "tooltip": "",
                "url": "",
            }
        ],
        "templating": {"list": variables},
        "panels": _placed(panels),
    }
