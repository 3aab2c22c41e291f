"""The dashboards as files: made by scripts/dashboards, linted, and about metrics that exist."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from stage import boards
import lint
import names
from stage.harness import require_tool
from stage.programs import ROOT


class FileTest(unittest.TestCase):
    def test_the_script_makes_them(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, "-B", ROOT / "scripts" / "dashboards", folder], check=True)
            made = {path.name: path.read_text() for path in pathlib.Path(folder).glob("*.json")}
        found = {path.name: path.read_text() for path in boards.FOLDER.glob("*.json")}
        self.assertEqual(4, len(found))
        self.assertEqual(made.keys(), found.keys())
        for name, text in made.items():
            self.assertEqual(text, found[name], f"{name}: run python3 scripts/dashboards")

    def test_links_from_the_root(self):
        for name in ("dashboards", "rules"):
            self.assertEqual(ROOT / "chart" / name, (ROOT / name).resolve())

    def test_conventions(self):
        uids = set()
        for name, board in boards.load().items():
            with self.subTest(name):
                text = json.dumps(board)
                self.assertRegex(board["uid"], r"^kubecost-alloc-[a-z-]{1,25}$")
                uids.add(board["uid"])
                self.assertEqual(39, board["schemaVersion"])
                self.assertNotIn("__inputs", board)
                self.assertNotIn("id", board)
                self.assertIn("kubecost-allocation-exporter", board["tags"])
                self.assertEqual([True, True], [board["links"][0][key] for key in ("keepTime", "includeVars")])
                self.assertEqual((1, "utc", "5m"), (board["graphTooltip"], board["timezone"], board["refresh"]))
                self.assertIsNone(re.search(r"currency[A-Z]{3}|USD", text))
                self.assertTrue(board["description"])
        self.assertEqual(4, len(uids))

    def test_no_panels_overlap_and_ids_are_unique(self):
        for name, board in boards.load().items():
            cells, ids = set(), set()
            for panel in board["panels"]:
                at = panel["gridPos"]
                self.assertLessEqual(at["x"] + at["w"], 24)
                self.assertNotIn(panel["id"], ids)
                ids.add(panel["id"])
                for x in range(at["x"], at["x"] + at["w"]):
                    for y in range(at["y"], at["y"] + at["h"]):
                        self.assertNotIn((x, y), cells, f"{name}: {panel['title']}")
                        cells.add((x, y))

    def test_data_links_lead_to_boards_and_variables_that_exist(self):
        variables = {b["uid"]: {v["name"] for v in b["templating"]["list"]} for b in boards.load().values()}
        links = re.findall(r'"url": "(/d/[^"]*)"', "".join(path.read_text() for path in boards.FOLDER.glob("*.json")))
        self.assertGreater(len(links), 4)
        for url in links:
            uid, _, parameters = url[len("/d/") :].partition("?")
            self.assertLessEqual(set(re.findall(r"var-(\w+)=", parameters)), variables[uid], url)
            self.assertIn("${__url_time_range}", parameters)
            self.assertIn("var-datasource=${datasource}", parameters)

    def test_variables_depend_on_their_parents(self):
        for board in boards.load().values():
            chain = [
                v for v in board["templating"]["list"] if v["name"] in ("cluster", "namespace", "controller", "pod")
            ]
            for parent, child in zip(chain, chain[1:]):
                self.assertIn(f"${parent['name']}", child["query"]["query"], board["title"])


class LintTest(unittest.TestCase):
    def test_rules(self):
        promtool = require_tool("PROMTOOL", "promtool")
        for name, board in boards.load().items():
            found = lint.Linter(board, promtool).lint()
            allowed = lint.exceptions(name)
            used = set()
            for rule, where, what in found:
                reasons = [e for e in allowed if e[0] == rule and e[1].fullmatch(where)]
                self.assertTrue(reasons, f"{name}: {rule}: {where}: {what}")
                used.update(e[0] + e[1].pattern for e in reasons)
            self.assertEqual(used, {e[0] + e[1].pattern for e in allowed}, f"{name}.lint has exceptions nobody needs")

    def test_the_linter_notices(self):
        """Each rule finds what it is for."""
        promtool = require_tool("PROMTOOL", "promtool")
        good = boards.load()["exporter"]

        def broken(change):
            board = json.loads(json.dumps(good))
            change(board, boards.panels(board)[0])
            before = lint.Linter(good, promtool).lint()
            return {finding[0] for finding in lint.Linter(board, promtool).lint() if finding not in before}

        variables = {v["name"]: i for i, v in enumerate(good["templating"]["list"])}

        def set_variable(name, **values):
            return lambda board, _: board["templating"]["list"][variables[name]].update(values)

        def set_target(**values):
            return lambda _, panel: panel["targets"][0].update(values)

        cases = {
            "template-datasource": set_variable("datasource", label="Source"),
            "template-job": set_variable("job", allValue=".*"),
            "template-instance": set_variable("instance", multi=False),
            "template-on-time-change-reload": set_variable("job", refresh=1),
            "template-label-promql": set_variable("job", query={"query": "query_result(up)"}),
            "panel-title-description": lambda _, panel: panel.update(description=""),
            "panel-datasource": lambda _, panel: panel.update(datasource={"uid": "prometheus"}),
            "panel-no-targets": lambda _, panel: panel.update(targets=[]),
            "panel-units": lambda _, panel: panel["fieldConfig"]["defaults"].update(unit="dollars"),
            "target-datasource": set_target(datasource={"uid": "x"}),
            "target-job": set_target(expr='up{instance=~"$instance"}'),
            "target-instance": set_target(expr='up{job=~"$job"}'),
            "target-promql": set_target(expr='up{job=~"$job",instance=~"$instance"'),
            "target-rate-interval": set_target(expr='rate(x_total{job=~"$job",instance=~"$instance"}[5m])'),
            "target-counter-agg": set_target(expr='x_total{job=~"$job",instance=~"$instance"}'),
            "editable": lambda board, _: board.update(editable=True),
        }
        for rule, change in cases.items():
            self.assertIn(rule, broken(change), rule)


class NameTest(unittest.TestCase):
    def test_every_metric_exists(self):
        known = names.families() | names.recorded() | names.FOREIGN
        for name, board in boards.load().items():
            for where, expr in boards.expressions(board):
                self.assertEqual(set(), names.metrics(expr) - known, where)

    def test_documents_name_metrics_that_exist(self):
        known = names.families() | names.recorded() | names.FOREIGN
        documents = [*ROOT.glob("docs/runbooks/*.md"), ROOT / "docs" / "dashboards.md", ROOT / "docs" / "operations.md"]
        self.assertGreater(len(documents), 15)
        for document in documents:
            found = names.mentioned(document.read_text(encoding="utf-8"))
            self.assertEqual(set(), found - known, document.name)

    def test_what_is_extracted(self):
        expr = (
            'sum by (job) (rate(a_total{x="kubecost_no"}[5m])) / on (instance) group_left (b) c_d{e="f"} or vector(0)'
        )
        self.assertEqual({"a_total", "c_d"}, names.metrics(expr))


if __name__ == "__main__":
    unittest.main()
