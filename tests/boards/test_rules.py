"""The alerts: as a plain file, as the chart renders them, and what they do on hours and days of samples."""

import json
import pathlib
import re
import shutil
import tempfile
import unittest

import helm
import lint
import months
import names
from stage.harness import require_tool, run
from stage.programs import ROOT

FILE = ROOT / "chart" / "rules" / "kubecost-allocation-exporter.rules.yml"
TESTS = ROOT / "tests" / "promtool" / "rules"
RUNBOOKS = ROOT / "docs" / "runbooks"
ENABLED = {"prometheusRule": {"enabled": True}}


def plain():
    """The groups of the file."""
    helm.both()  # skips without yaml
    return helm.yaml.safe_load(FILE.read_text(encoding="utf-8"))["groups"]


def alerts(groups):
    return {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}


def rendered(values):
    manifests = helm.render(ENABLED, values)
    return helm.find(manifests, "PrometheusRule")["spec"]["groups"]


def with_unit(node):
    """A part of a board, whose costs have another unit."""
    return {key: "currencyEUR" if value == "locale" and key in ("unit", "value") else value for key, value in node.items()}


class PromtoolCase(unittest.TestCase):
    def setUp(self):
        self.promtool = require_tool("PROMTOOL", "promtool")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write_rules(self, groups, annotations=False):
        """As rules.yml, which the tests name. promtool compares annotations word by word, so most tests have none."""
        for rule in alerts(groups).values():
            if not annotations:
                rule.pop("annotations")
        (self.folder / "rules.yml").write_text(json.dumps({"groups": groups}), encoding="utf-8")  # JSON is YAML

    def run_test(self, file):
        done = run(self.promtool, "test", "rules", file, timeout=600)
        return done.returncode, (done.stdout + done.stderr).decode()

    def check_tests(self, tests, interval="1m"):
        document = {"rule_files": ["rules.yml"], "evaluation_interval": interval, "tests": tests}
        (self.folder / "test.yml").write_text(json.dumps(document), encoding="utf-8")
        code, output = self.run_test(self.folder / "test.yml")
        self.assertEqual(0, code, output[-3000:])


class PlainFileTest(PromtoolCase):
    def test_promtool_finds_nothing_to_say(self):
        checked = run(self.promtool, "check", "rules", FILE)
        self.assertEqual(0, checked.returncode, (checked.stdout + checked.stderr).decode())

    def test_every_alert_says_what_it_must(self):
        found = alerts(plain())
        self.assertGreaterEqual(len(found), 16)
        for name, rule in found.items():
            self.assertRegex(name, r"^Kubecost[A-Za-z]+$")
            self.assertIn(rule["labels"]["severity"], ("critical", "warning", "info"), name)
            self.assertEqual({"summary", "description", "runbook_url"}, set(rule["annotations"]), name)
            self.assertIn("for", rule, name)
            self.assertEqual(f"docs/runbooks/{name}.md", rule["annotations"]["runbook_url"])
        self.assertEqual({f"{name}.md" for name in found}, {path.name for path in RUNBOOKS.glob("Kubecost*.md")})

    def test_every_runbook_has_its_parts(self):
        for path in RUNBOOKS.glob("Kubecost*.md"):
            text = path.read_text(encoding="utf-8")
            self.assertEqual(f"# {path.stem}", text.splitlines()[0])
            headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
            self.assertEqual(["Meaning", "Impact", "Diagnosis", "What to do"], headings, path.name)

    def test_queries_of_the_runbooks_parse(self):
        for path in [*RUNBOOKS.glob("*.md"), ROOT / "docs" / "dashboards.md"]:
            for block in re.findall(
                r"^```promql\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
            ):
                expressions = [""]
                for line in block.splitlines():
                    # One expression a line, or several lines in parentheses; DAY stands for an expression.
                    expressions[-1] += line.replace("DAY", "vector(0)") + "\n"
                    if expressions[-1].count("(") == expressions[-1].count(")"):
                        expressions.append("")
                rules = [{"record": "x", "expr": expr} for expr in expressions if expr]
                self.assertEqual("", lint.check_rules(self.promtool, rules), path.name)

    def test_every_metric_exists_and_no_name_has_a_colon(self):
        known = names.families() | names.recorded() | names.FOREIGN
        for rule in [r for group in plain() for r in group["rules"]]:
            self.assertEqual(set(), names.metrics(rule["expr"]) - known, rule)
        for name in names.recorded():
            self.assertRegex(name, r"^kubecost_[a-z_]+$")

    def test_samples(self):
        self.write_rules(plain())
        files = sorted(TESTS.glob("*.yml"))
        self.assertGreaterEqual(len(files), 5)
        for file in files:
            with self.subTest(file.name):
                shutil.copy(file, self.folder)
                code, output = self.run_test(self.folder / file.name)
                self.assertEqual(0, code, output[-3000:])

    def test_every_alert_is_tested_firing_and_quiet(self):
        found = {True: set(), False: set()}
        cases = [helm.yaml.safe_load(file.read_text(encoding="utf-8"))["tests"] for file in TESTS.glob("*.yml")]
        for test in [test for file in cases for test in file] + months.TESTS:
            for case in test.get("alert_rule_test", []):
                found[bool(case["exp_alerts"])].add(case["alertname"])
        self.assertEqual(set(alerts(plain())), found[True])
        self.assertEqual(set(alerts(plain())), found[False])

    def test_a_wrong_expectation_is_noticed(self):
        """That the runs above could fail."""
        self.write_rules(plain())
        text = (TESTS / "days.yml").read_text(encoding="utf-8").replace("level: pod}", "level: cluster}")
        (self.folder / "wrong.yml").write_text(text, encoding="utf-8")
        self.assertEqual(1, self.run_test(self.folder / "wrong.yml")[0])


class ChartTest(PromtoolCase):
    def test_the_chart_brings_the_file_as_it_is(self):
        self.assertEqual(plain(), rendered({}))

    def test_settings_of_single_alerts(self):
        own = {
            "KubecostDataStale": {
                "severity": "critical",
                "for": "1h",
                "thresholds": {"age": 21600, "first_day": 200000},
            },
            "KubecostTlsNotVerified": {"enabled": False},
            "KubecostNamespaceCostAnomaly": {"thresholds": {"factor": 1.25, "minimum": 0.001}},
        }
        settings = {"alerts": own, "alertLabels": {"team": "costs"}, "runbookUrl": "https://example.com/{alert}.md"}
        before, after = alerts(plain()), alerts(rendered({"prometheusRule": settings}))
        self.assertEqual({"KubecostTlsNotVerified"}, set(before) - set(after))
        stale = after["KubecostDataStale"]
        self.assertEqual({"severity": "critical", "team": "costs"}, stale["labels"])
        self.assertEqual("1h", stale["for"])
        self.assertIn("> 21600  # age\n", stale["expr"])
        self.assertIn("> 200000  # first_day\n", stale["expr"])
        self.assertEqual("https://example.com/KubecostDataStale.md", stale["annotations"]["runbook_url"])
        anomaly = after["KubecostNamespaceCostAnomaly"]["expr"]
        for part in ("> 1.25  # factor", "> 0.001  # minimum", "> 3  # deviations"):
            self.assertIn(part, anomaly)
        self.assertEqual(before["KubecostDayLate"]["expr"], after["KubecostDayLate"]["expr"])
        self.write_rules(rendered({"prometheusRule": settings}), annotations=True)
        checked = run(self.promtool, "check", "rules", self.folder / "rules.yml")
        self.assertEqual(0, checked.returncode, checked.stdout.decode())

    def test_what_cannot_work_is_told(self):
        one = {"cluster": "one", "monthly": 1}
        wrong = [
            ({"prometheusRule": {"alerts": {"KubecostTypo": {}}}}, "there is no alert KubecostTypo"),
            (
                {"prometheusRule": {"alerts": {"KubecostDayLate": {"thresholds": {"old": 1}}}}},
                "there is no threshold old",
            ),
            ({"prometheusRule": {"alerts": {"KubecostDayLate": {"severty": "info"}}}}, "severty"),
            ({"prometheusRule": {"runbookUrl": "https://example.com"}}, r"must hold \{alert\}"),
            ({"prometheusRule": {"enabled": False}, "budgets": [one]}, "budgets needs prometheusRule.enabled"),
            ({"budgets": [one, {"cluster": "one", "monthly": 2}]}, "cluster one has two budgets"),
            ({"budgets": [one, one]}, "unique|equal"),
            ({"budgets": [{**one, "monthly": 0}]}, "monthly"),
            ({"budgets": [{**one, "monthly": "5"}]}, "monthly"),
            ({"budgets": [{"monthly": 1}]}, "cluster"),
            ({"budgets": [{**one, "namespace": "Not a name"}]}, "namespace"),
            ({"budgets": [{**one, "yearly": 1}]}, "yearly"),
        ]
        for values, words in wrong:
            for program in helm.both():
                with self.assertRaisesRegex(helm.HelmError, words):
                    program.template(ENABLED, values)

    def test_dashboards(self):
        settings = {"enabled": True, "folder": "Costs", "costUnit": "currencyEUR", "namespace": "grafana"}
        manifests = helm.render({"dashboards": settings})
        files = list((ROOT / "dashboards").glob("*.json"))
        self.assertEqual(4, len(files))
        for file in files:
            name = f"{helm.RELEASE}-kubecost-allocation-exporter-dashboard-{file.stem}"
            config = helm.find(manifests, "ConfigMap", name)
            self.assertEqual("1", config["metadata"]["labels"]["grafana_dashboard"])
            self.assertEqual({"grafana_folder": "Costs"}, config["metadata"]["annotations"])
            self.assertEqual("grafana", config["metadata"]["namespace"])
            ((key, text),) = config["data"].items()
            self.assertEqual(f"kubecost-allocation-exporter-{file.name}", key)
            # Of panels, and of single columns of tables.
            wanted = json.loads(file.read_text(encoding="utf-8"), object_hook=with_unit)
            self.assertEqual(wanted, json.loads(text))
            self.assertNotIn('"locale"', text)
            self.assertEqual(file.stem != "exporter", "currencyEUR" in text)
        self.assertFalse(
            [m for m in helm.render({}) if m["kind"] in ("ConfigMap", "PrometheusRule") and "dash" in str(m)]
        )

    def test_each_is_small_enough_for_kubectl_apply(self):
        """The whole ConfigMap must fit into an annotation of 262144 bytes, where `kubectl apply` keeps it."""
        self.assertLess(max(path.stat().st_size for path in (ROOT / "dashboards").glob("*.json")), 200_000)


class BudgetTest(PromtoolCase):
    """On the file that Helm renders. The days and months are those of tests/boards/months.py."""

    def write_budgets(self, budgets, annotations=False):
        groups = [group for group in rendered({"budgets": budgets}) if group["name"].endswith("-budgets")]
        self.assertEqual(4 * len(budgets) + 5, len(groups[0]["rules"]))
        self.write_rules(groups, annotations)

    def test_months(self):
        self.write_budgets(months.BUDGETS)
        self.check_tests(months.TESTS, interval="6h")

    def test_the_end_of_the_year_and_a_leap_year(self):
        self.write_budgets(months.BUDGETS[:1])
        self.check_tests(months.LONG_TESTS, interval="1d")

    def test_words(self):
        self.write_budgets(months.BUDGETS[:2], annotations=True)
        page = "docs/runbooks/KubecostBudgetSpent.md"
        texts = {
            None: "Cluster one has spent 103.2% of its budget for the month.",
            "shop": "Namespace shop of cluster one has spent 155% of its budget for the month.",
        }
        expected = []
        for namespace, text in texts.items():
            labels = {"severity": "critical", "cluster": "one", **({"namespace": namespace} if namespace else {})}
            annotations = {"summary": "A month's budget is spent.", "description": text, "runbook_url": page}
            expected.append({"exp_labels": labels, "exp_annotations": annotations})
        case = {"alertname": "KubecostBudgetSpent", "eval_time": months.at(31, 12), "exp_alerts": expected}
        self.check_tests([months.served("words", range(31), [case])], interval="6h")


if __name__ == "__main__":
    unittest.main()
