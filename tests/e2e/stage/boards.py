"""The dashboards of chart/dashboards as Grafana would ask their queries: variables looked up and put in, then every
panel's targets run against a Prometheus."""

import json
import re

from stage.programs import ROOT

FOLDER = ROOT / "chart" / "dashboards"
LIVE = 120  # seconds
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)(?::\w+)?\}|(?P<bare>[A-Za-z_]\w*))")
_LABEL_VALUES = re.compile(r"label_values\((?P<selector>.+), (?P<label>\w+)\)")


def load(folder=FOLDER):
    """{file name without .json: board}"""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def panels(board):
    """All panels but rows, those of collapsed rows too."""
    found = []
    for panel in board["panels"]:
        found += panel.get("panels", []) if panel["type"] == "row" else [panel]
    return found


def expressions(board):
    """(where, PromQL as it stands in the board) of every target and of every variable."""
    for panel in panels(board):
        for target in panel["targets"]:
            yield f"{board['title']}: {panel['title']} {target['refId']}", target["expr"]
    for variable in board["templating"]["list"]:
        match = _LABEL_VALUES.fullmatch(variable["query"]["query"]) if variable["type"] == "query" else None
        if match:
            yield f"{board['title']}: variable {variable['name']}", match["selector"]


def substitute(text, values):
    """Variables in place; one that is not known stays, as label_replace's $1 does."""
    return _VARIABLE.sub(lambda m: values.get(m["braced"] or m["bare"], m[0]), text)


class View:
    """One board as somebody looks at it: `chosen` are values of variables, the others are All, or the first."""

    def __init__(self, board, prometheus, end, seconds, step, chosen=None, rate_interval="1m"):
        self.board, self.prometheus, self.end, self.seconds, self.step = board, prometheus, end, seconds, step
        chosen = chosen or {}
        self.values = {
            "__range": f"{seconds}s",
            "__range_s": str(seconds),
            "__interval": f"{step}s",
            "__rate_interval": rate_interval,
        }
        self.options = {}
        for variable in board["templating"]["list"]:
            name = variable["name"]
            if variable["type"] == "query":
                self.options[name] = self._label_values(variable["query"]["query"])
            if name in chosen:
                self.values[name] = chosen[name]
            elif variable.get("includeAll"):
                self.values[name] = variable["allValue"]
            elif variable["type"] == "query":
                self.values[name] = self.options[name][0]
            elif variable["type"] == "textbox":
                self.values[name] = variable["query"]

    def _label_values(self, query):
        match = _LABEL_VALUES.fullmatch(query)
        if not match:
            raise AssertionError(f"not label_values(...): {query}")
        selector = substitute(match["selector"], self.values)
        series = self.prometheus.api(
            "series", **{"match[]": selector, "start": self.end - self.seconds, "end": self.end}
        )
        return sorted({labels.get(match["label"], "") for labels in series} - {""})

    def expression(self, target):
        return substitute(target["expr"], self.values)

    def title(self, panel):
        return substitute(panel["title"], self.values)

    def run(self, target):
        """[(labels, [(time, value)])], one point for an instant query."""
        expression = self.expression(target)
        if target["instant"]:
            result = self.prometheus.api("query", query=expression, time=self.end)["result"]
            return [(sample["metric"], [_point(sample["value"])]) for sample in result]
        # What has no least step is the exporter about itself and live views: only since it was started.
        step, seconds = (self.step, self.seconds) if "interval" in target else (2, min(self.seconds, LIVE))
        # Grafana asks at whole multiples of the step.
        end = self.end // step * step
        start = (self.end - seconds) // step * step
        parameters = {"query": expression, "start": start, "end": end, "step": step}
        result = self.prometheus.api("query_range", **parameters)["result"]
        return [(series["metric"], [_point(value) for value in series["values"]]) for series in result]

    def legend(self, target, labels):
        pattern = target["legendFormat"]
        if pattern == "__auto":
            return ", ".join(labels.values()) if labels else ""
        return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda m: labels.get(m[1], ""), pattern)


def _point(pair):
    return float(pair[0]), float(pair[1])
