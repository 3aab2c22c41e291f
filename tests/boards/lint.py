"""The rules of Grafana's dashboard-linter, in our own words: each finding is (rule, where, what is wrong).

Rules that a board breaks on purpose are named, with the reason, in tests/boards/BOARD.lint.
"""

import json
import pathlib
import re
import tempfile

from stage import boards
from stage.harness import run

# Of Grafana's own list of units, and its custom forms.
UNITS = {"none", "locale", "short", "percentunit", "percent", "bytes", "s", "ms"}
CUSTOM_UNIT = re.compile(r"(time|currency|suffix|prefix|count|si):.+")
WITH_UNIT = ("stat", "gauge", "timeseries", "bargauge", "barchart", "piechart", "table")
# A counter by its name; a cost of a total is none.
COUNTER = re.compile(r"\b[a-zA-Z_:][a-zA-Z0-9_:]*_total\b(?!_)")
COUNTED = re.compile(r"\b(rate|irate|increase)\(\s*$")
WINDOW = re.compile(r"\b(?:rate|irate|increase)\((?:[^\[\]])*\[([^\]]+)\]")
FOLDER = pathlib.Path(__file__).resolve().parent


class Linter:
    def __init__(self, board, promtool):
        self.board, self.promtool, self.findings = board, promtool, []
        self.variables = {variable["name"]: variable for variable in board["templating"]["list"]}
        self.panels = boards.panels(board)

    def lint(self):
        self._data_source()
        self._job_and_instance()
        self._variables()
        for panel in self.panels:
            self._panel(panel)
            for target in panel.get("targets", []):
                self._target(panel, target)
        self._promql()
        if self.board.get("editable") is not False:
            self._find("editable", "board", "editable must be false")
        return self.findings

    def _find(self, rule, where, what):
        self.findings.append((rule, where, what))

    def _data_source(self):
        variable = next((v for v in self.variables.values() if v["type"] == "datasource"), None)
        if variable is None or variable["query"] != "prometheus":
            self._find("template-datasource", "board", "no data source variable of type prometheus")
            return
        if variable["name"] not in ("datasource", "prometheus_datasource"):
            self._find("template-datasource", "board", f"the data source variable is named {variable['name']}")
        if variable["label"] != "Data source":
            self._find("template-datasource", "board", f"the data source variable is labelled {variable['label']}")

    def _job_and_instance(self):
        for name, title in (("job", "Job"), ("instance", "Instance")):
            variable = self.variables.get(name)
            if variable is None:
                self._find(f"template-{name}", "board", f"no variable {name}")
                continue
            wanted = {"type": "query", "label": title, "multi": True, "allValue": ".+"}
            wrong = {key: variable.get(key) for key in wanted if variable.get(key) != wanted[key]}
            if wrong or variable["datasource"]["uid"] != "${datasource}":
                self._find(f"template-{name}", "board", f"variable {name} has {wrong or variable['datasource']}")

    def _variables(self):
        for name, variable in self.variables.items():
            if variable["type"] != "query":
                continue
            if variable["refresh"] != 2:
                self._find("template-on-time-change-reload", name, "refresh must be 2")
            if not variable["query"]["query"].startswith("label_values("):
                self._find("template-label-promql", name, "not label_values(...)")

    def _panel(self, panel):
        where = panel.get("title") or f"panel {panel['id']}"
        for key in ("title", "description"):
            if not panel.get(key):
                self._find("panel-title-description", where, f"no {key}")
        if panel.get("datasource", {}).get("uid") not in ("${datasource}", "$datasource"):
            self._find("panel-datasource", where, "does not use the data source variable")
        if not panel.get("targets"):
            self._find("panel-no-targets", where, "asks nothing")
        if panel["type"] in WITH_UNIT:
            for unit in self._units(panel):
                if unit not in UNITS and not CUSTOM_UNIT.fullmatch(unit or ""):
                    self._find("panel-units", where, f"unit {unit!r}")

    @staticmethod
    def _units(panel):
        """Of the panel; of a table's columns of numbers, which have their own."""
        if panel["type"] != "table":
            return [panel["fieldConfig"]["defaults"].get("unit")]
        overrides = panel["fieldConfig"]["overrides"]
        columns = [o for o in overrides if not any(p["id"] == "links" for p in o["properties"])]
        return [next((p["value"] for p in o["properties"] if p["id"] == "unit"), None) for o in columns]

    def _target(self, panel, target):
        where = f"{panel['title']} {target.get('refId')}"
        expr = target.get("expr", "")
        if target.get("datasource", {}).get("uid") != "${datasource}":
            self._find("target-datasource", where, "does not use the data source variable")
        for name in ("job", "instance"):
            if not re.search(rf'\b{name}=~"\${name}"', expr):
                self._find(f"target-{name}", where, f'no matcher {name}=~"${name}"')
        for window in WINDOW.findall(expr):
            if window != "$__rate_interval":
                self._find("target-rate-interval", where, f"[{window}]")
        for counter in COUNTER.finditer(expr):
            if not COUNTED.search(expr[: counter.start()]):
                self._find("target-counter-agg", where, f"{counter[0]} without rate, irate or increase")

    def _promql(self):
        """Everything parses: as rules, which promtool checks."""
        values = {"__rate_interval": "5m", "__range": "1d", "__interval": "1m", "budget": "1"}
        named = list(boards.expressions(self.board))
        rules = [{"record": "x", "expr": boards.substitute(expr, values)} for _, expr in named]
        # One run for all; which one it is, only when there is one.
        if check_rules(self.promtool, rules):
            for (where, _), rule in zip(named, rules):
                found = check_rules(self.promtool, [rule])
                if found:
                    self._find("target-promql", where, found)


def check_rules(promtool, rules):
    """What promtool has against them, "" if nothing."""
    with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as file:
        groups = [{"name": f"g{i}", "rules": [rule]} for i, rule in enumerate(rules)]
        json.dump({"groups": groups}, file)
        file.flush()
        checked = run(promtool, "check", "rules", file.name)
    return "" if checked.returncode == 0 else (checked.stdout + checked.stderr).decode()


def exceptions(name):
    """[(rule, pattern of the places, reason)] of a board's .lint file: `rule | places | reason`."""
    path = FOLDER / f"{name}.lint"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    parts = [[part.strip() for part in line.split(" | ")] for line in lines if line and not line.startswith("#")]
    return [(rule, re.compile(places), reason) for rule, places, reason in parts]
