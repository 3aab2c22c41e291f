"""The queries of docs/etl.md on hours of samples: promtool runs the files of tests/promtool against recording rules
made of the documented text itself, so that page and tests cannot part."""

import json
import pathlib
import re
import shutil
import unittest

from stage import etl
from stage.gateway import GatewayStage
from stage.harness import require_tool, run

TESTS = etl.DOCUMENT.parents[1] / "tests" / "promtool"
WHERE = {"account": "acc", "day": "2026-11-19"}


def rules():
    """Each query as a rule etl:NAME for cluster one, and the check for cluster two."""
    found = {}
    for name, text in etl.QUERIES.items():
        found["etl:" + name.replace("-", "_")] = etl.fill(text, cluster="one", **WHERE)
    found["etl:two_ok"] = etl.fill(etl.QUERIES["ok"], cluster="two", **WHERE)
    return {"groups": [{"name": "documented", "rules": [{"record": name, "expr": found[name]} for name in found]}]}


class RuleTest(unittest.TestCase):
    def setUp(self):
        self.promtool = require_tool("PROMTOOL", "promtool")
        self.folder = pathlib.Path(GatewayStage.of(self).folder())

    def test_documented_queries(self):
        (self.folder / "documented.yml").write_text(json.dumps(rules()), encoding="utf-8")  # JSON is YAML
        files = sorted(TESTS.glob("*.yml"))
        self.assertGreaterEqual(len(files), 4)
        for file in files:
            with self.subTest(file.name):
                shutil.copy(file, self.folder)
                tested = run(self.promtool, "test", "rules", self.folder / file.name, timeout=120)
                self.assertEqual(0, tested.returncode, (tested.stdout + tested.stderr).decode())
                self.assertIn(b"SUCCESS", tested.stdout)

    def test_every_documented_query_is_tested(self):
        text = "".join(file.read_text(encoding="utf-8") for file in TESTS.glob("*.yml"))
        names = {rule["record"] for rule in rules()["groups"][0]["rules"]}
        self.assertEqual(names, set(re.findall(r"etl:\w+", text)))

    def test_a_wrong_expectation_is_noticed(self):
        """That the run above could fail."""
        (self.folder / "documented.yml").write_text(json.dumps(rules()), encoding="utf-8")
        text = (TESTS / "tenants.yml").read_text(encoding="utf-8")
        wrong = text.replace("value: 1.2}", "value: 1.3}")
        self.assertNotEqual(text, wrong)
        (self.folder / "wrong.yml").write_text(wrong, encoding="utf-8")
        tested = run(self.promtool, "test", "rules", self.folder / "wrong.yml", timeout=120)
        self.assertEqual(1, tested.returncode, tested)

    def test_documented_configuration(self):
        blocks = etl.blocks("yaml")
        self.assertEqual({"scrape", "remote-write"}, set(blocks))
        text = "\n".join(blocks.values())
        # Debian's Prometheus is built without Kubernetes.
        known = text.replace("kubernetes_sd_configs:\n      - role: endpoints", "static_configs: []")
        self.assertNotEqual(text, known)
        (self.folder / "prometheus.yml").write_text(known, encoding="utf-8")
        checked = run(self.promtool, "check", "config", "--syntax-only", self.folder / "prometheus.yml")
        self.assertEqual(0, checked.returncode, (checked.stdout + checked.stderr).decode())


if __name__ == "__main__":
    unittest.main()
