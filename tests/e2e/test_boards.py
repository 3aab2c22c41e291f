"""A month of history in a real Prometheus, then scraped live: every panel of every dashboard and every expression of
the rules finds data there, and the headline amounts are those of the simulated Kubecost."""

import re
import time
import unittest

import names
from stage import boards
from stage.harness import wait_until
from stage.history import DAYS, HistoryStage, rendered_rules
from stage.oracle import days_before

HOUR, DAY = 3600, 86400
BUDGETS = [
    {"cluster": "cluster-one", "monthly": 1000},
    {"cluster": "cluster-two", "namespace": "team-1", "monthly": 1},
]
# What the rules look at and a healthy, simulated cluster has not, and why.
ABSENT = {
    "kubecost_day_doubted": "no day is doubted",
    "kubecost_day_revised": "no day was doubted",
    "kubecost_exporter_clock_difference_seconds": "the simulated Kubecost does not tell the time",
    'kubecost_cluster_info{project!=""}': "it has an account and no project",
    "kubecost_exporter_ca_not_after_timestamp_seconds": "it is asked without TLS, and then a CA file is refused",
    "kubecost_exporter_web_certificate_not_after_timestamp_seconds": "the exporter is scraped without TLS",
    "kubecost_exporter_file_usable": "it has no certificates and credentials in files",
}


class BoardTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stage = HistoryStage.of(cls)
        rules = rendered_rules({"budgets": BUDGETS})
        cls.groups = rules["groups"]
        folder = cls.stage.folder()
        cls.simulator = cls.stage.simulator(
            "--pods=60", "--clusters=2", "--seed=6", "--currency=EUR", "--history-days=60"
        )
        cls.stage.history(cls.simulator, folder)
        # Without the delay, today is there from midnight on: the test must pass at any time of the day.
        cls.exporter = cls.stage.exporter(cls.simulator.url, "--hour.close-delay=0s")
        cls.exporter.wait_for_dates(15)
        cls.prometheus = cls.stage.prometheus_with_history(cls.exporter, folder, rules)
        # Live views are read, rates have two samples, rules have been evaluated twice.
        for what in ("kubecost_pod_hourly_cost", "kubecost_cluster_today_cost", "kubecost_budget_projected_cost"):
            wait_until(lambda: cls.prometheus.query(what), lambda: f"{what}; {cls.exporter.describe()}", interval=0.2)
        series = 'count_over_time(kubecost_exporter_up{instance="exporter"}[1m]) > 3'
        wait_until(lambda: cls.prometheus.query(series), "a few scrapes", interval=0.2)
        cls.day = cls.exporter.day()
        cls.boards = boards.load()

    def view(self, name, seconds=None, **chosen):
        since = {"overview": 30 * DAY, "namespace": 30 * DAY, "workload": 7 * DAY, "exporter": DAY}
        return boards.View(self.boards[name], self.prometheus, time.time(), seconds or since[name], HOUR, chosen)

    def only(self, view, title, ref="A"):
        """The one value that a panel's target shows."""
        panel = next(p for p in boards.panels(view.board) if view.title(p) == title)
        found = view.run(next(t for t in panel["targets"] if t["refId"] == ref))
        self.assertEqual(1, len(found), title)
        return found[0][1][-1][1]

    def month(self):
        """{date: window} of the days of the newest one's month, as far as history reaches."""
        days = days_before(self.day, DAYS)
        newest = max(days)
        return {date: window for date, window in days.items() if date[:7] == newest[:7]}

    def costs(self, level, **labels):
        """{date: cost} of the month's days by the oracle."""
        found = {}
        for date, window in self.month().items():
            rows = self.simulator.oracle(window, level)
            found[date] = sum(r["total"] for r in rows if all(r[key] == value for key, value in labels.items()))
        return found

    def test_every_variable_has_values(self):
        for name in self.boards:
            for variable, found in self.view(name).options.items():
                self.assertTrue(found, f"{name}: {variable}")

    def test_every_panel_has_data(self):
        asked = 0
        # One whose pods have every resource.
        richest = dict(next(iter(self.prometheus.query("topk(1, kubecost_pod_gpu_cost)")))[1])["namespace"]
        for name in self.boards:
            view = self.view(name, **({"namespace": richest} if name == "workload" else {}))
            for panel in boards.panels(view.board):
                for target in panel["targets"]:
                    asked += 1
                    where = f"{name}: {panel['title']} {target['refId']}: {view.expression(target)}"
                    found = view.run(target)
                    self.assertTrue(found and all(points for _, points in found), where)
        self.assertGreater(asked, 120)

    def test_a_chosen_pod_has_data(self):
        """As if somebody had followed the links from a table down to one pod."""
        pods = self.prometheus.query(
            'topk(1, kubecost_pod_cpu_cost{namespace="team-1"} and on (pod) kubecost_pod_info{controller!=""})'
        )
        labels = dict(next(iter(pods))[1])
        view = self.view("workload", cluster=labels["cluster"], namespace="team-1", pod=labels["pod"])
        self.assertEqual(1, self.only(view, "Pods on that day"))
        cost = self.only(view, "Newest complete day, EUR")
        rows = self.simulator.oracle(self.day, "pod")
        self.assertAlmostEqual(
            cost, next(r["total"] for r in rows if all(r[k] == labels[k] for k in ("cluster", "namespace", "pod"))), 4
        )

    def test_a_chosen_controller_shows_its_pods_alone(self):
        chosen = 'kubecost_pod_info{namespace="team-1",controller!=""}'
        labels = dict(next(iter(self.prometheus.query(f"topk(1, {chosen})")))[1])
        view = self.view("workload", **{name: labels[name] for name in ("cluster", "namespace", "controller")})
        of_it = self.prometheus.query(f'{chosen[:-1]},controller="{labels["controller"]}",cluster="{labels["cluster"]}"}}')
        pods = {dict(found)["pod"] for _, found in of_it}
        for title in ("Live rate, EUR per hour", "Dearest pods, EUR per day", "Pods, EUR"):
            panel = next(p for p in boards.panels(view.board) if view.title(p) == title)
            shown = {found["pod"] for found, _ in view.run(panel["targets"][0])}
            self.assertTrue(shown and shown <= pods, f"{title}: {shown - pods}")

    def test_several_choices(self):
        """As Grafana writes more than one choice into a query."""
        view = self.view("namespace", cluster="(cluster-one|cluster-two)", namespace="(team-1|team-2)")
        rows = self.simulator.oracle(self.day, "namespace")
        cost = sum(row["total"] for row in rows if row["namespace"] in ("team-1", "team-2"))
        self.assertAlmostEqual(cost, self.only(view, "Newest complete day, EUR"), 3)
        for panel in boards.panels(view.board):
            for target in panel["targets"]:
                view.run(target)  # is answered, with or without data

    def test_movers_and_the_namespaces_that_are_left_over(self):
        view = self.view("overview")
        now, before = (self.only_rows(view, "Movers, week over week, EUR", ref) for ref in "BC")
        self.assertTrue(now and now.keys() & before.keys())
        costs = self.namespace_costs(days_before(self.day, 7))
        for labels in now.keys() & costs.keys():
            self.assertAlmostEqual(costs[labels], now[labels], delta=0.2 * abs(costs[labels]) + 0.01)
        bars = self.view("namespace")
        panel = next(p for p in boards.panels(bars.board) if p["title"].startswith("Cost per day by namespace"))
        found = {}
        for labels, points in bars.run(panel["targets"][0]):
            found.setdefault(labels["date"], {})[labels["namespace"]] = points[-1][1]
        newest = found[max(found)]
        self.assertLessEqual(len(newest), 11)
        self.assertAlmostEqual(sum(self.namespace_costs({"": self.day}).values()), sum(newest.values()), 2)

    def only_rows(self, view, title, ref):
        """{(cluster, namespace): value} of one column."""
        panel = next(p for p in boards.panels(view.board) if view.title(p) == title)
        rows = view.run(next(t for t in panel["targets"] if t["refId"] == ref))
        return {(labels["cluster"], labels["namespace"]): points[-1][1] for labels, points in rows}

    def namespace_costs(self, days):
        """{(cluster, namespace): cost of these days together} by the oracle."""
        found = {}
        for window in days.values():
            for row in self.simulator.oracle(window, "namespace"):
                key = row["cluster"], row["namespace"]
                found[key] = found.get(key, 0) + row["total"]
        return found

    def test_newest_day_and_month(self):
        view = self.view("overview")
        costs = self.costs("cluster")
        self.assertAlmostEqual(costs[max(costs)], self.only(view, "Cost of that day, EUR"), 3)
        self.assertAlmostEqual(sum(costs.values()), self.only(view, "Month so far, EUR"), 3)
        self.assertEqual(len(costs), self.only(view, "Days counted", "A"))
        self.assertEqual(int(max(costs)[8:]), self.only(view, "Days counted", "B"))
        projected = self.only(view, "Projected to the month's end, EUR")
        self.assertGreaterEqual(projected, sum(costs.values()) - 0.001)
        self.assertLess(projected, 31 * 1.5 * max(costs.values()))

    def test_a_namespace(self):
        view = self.view("namespace", namespace="team-1")
        costs = self.costs("namespace", namespace="team-1")
        self.assertAlmostEqual(costs[max(costs)], self.only(view, "Newest complete day, EUR"), 3)
        self.assertAlmostEqual(sum(costs.values()), self.only(view, "Month so far, EUR"), 3)

    def test_each_day_of_the_bars(self):
        view = self.view("overview")
        panel = next(p for p in boards.panels(view.board) if p["title"].startswith("Cost per day"))
        found = {}
        for labels, points in view.run(panel["targets"][0]):
            found[labels["date"]] = found.get(labels["date"], 0) + points[-1][1]
        for date, cost in self.costs("cluster").items():
            self.assertAlmostEqual(cost, found[date], 2)

    def test_budgets(self):
        """What the rules recorded."""
        spent = self.prometheus.scalar('kubecost_budget_month_cost{cluster="cluster-one",namespace=""}')
        self.assertAlmostEqual(sum(self.costs("cluster", cluster="cluster-one").values()), spent, 3)
        spent = self.prometheus.scalar('kubecost_budget_month_cost{cluster="cluster-two",namespace="team-1"}')
        self.assertAlmostEqual(
            sum(self.costs("namespace", cluster="cluster-two", namespace="team-1").values()), spent, 3
        )

    def test_every_rule_is_evaluated_without_error(self):
        groups = self.prometheus.api("rules")["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        self.assertEqual(sum(len(group["rules"]) for group in self.groups), len(rules))
        for rule in rules:
            self.assertEqual(("ok", ""), (rule["health"], rule.get("lastError", "")), rule["name"])

    def test_every_selector_of_the_rules_finds_data(self):
        """An alert is silent when all is well; what it looks at must be there nevertheless."""
        for rule in [rule for group in self.groups for rule in group["rules"]]:
            bare = re.sub(r"#.*", "", rule["expr"])
            for selector in re.findall(r"\b[a-z_]+\{[^}]*\}", bare) + sorted(names.metrics(bare)):
                found = self.prometheus.query(f"last_over_time({selector}[1d])")
                self.assertEqual(
                    selector not in ABSENT, bool(found), f"{rule.get('alert', rule.get('record'))}: {selector}"
                )

    def test_only_what_should_fire_does(self):
        """One budget is far too small; nothing else is wrong."""
        wait = 'count(ALERTS{alertname="KubecostBudgetSpent",namespace="team-1"})'
        wait_until(lambda: self.prometheus.scalar(wait), "the budget's alert", interval=0.2)
        found = {dict(labels)["alertname"] for _, labels in self.prometheus.query('ALERTS{alertstate="firing"}')}
        budget = {"KubecostBudgetHalfSpent", "KubecostBudgetNearlySpent", "KubecostBudgetSpent"}
        self.assertEqual(set(), found - budget - {"KubecostBudgetWillBeExceeded"})


if __name__ == "__main__":
    unittest.main()
