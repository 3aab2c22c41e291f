"""The daily job of docs/etl.md books from a real store what a real Prometheus brought there: exactly, once, and only
days that are whole."""

import datetime
import sqlite3
import unittest

from stage import etl
from stage.gateway import ACCOUNT, GatewayStage, day_facts, scraped
from stage.harness import wait_until
from stage.oracle import difference

DATED = '{date!=""}'
SECOND = datetime.timedelta(seconds=1)


class TableTest(unittest.TestCase):
    """Replacing, without a store."""

    DAY = "2026-11-19"

    def setUp(self):
        self.database = sqlite3.connect(":memory:")
        self.addCleanup(self.database.close)
        etl.create(self.database)

    def replace(self, costs, cluster="one", nodes=None, account=ACCOUNT):
        return etl.replace(self.database, account, self.DAY, cluster, costs, nodes or {})

    def table(self):
        return list(self.database.execute("SELECT resource_id, cost, sign, k8s_node FROM expenses ORDER BY rowid"))

    def test_only_the_difference_is_written_and_cancels_come_first(self):
        self.assertEqual(3, self.replace({("n", "a"): 1.2, ("n", "b"): 1.5, ("n", "c"): 3.0}))
        self.assertEqual(0, self.replace({("n", "a"): 1.2, ("n", "b"): 1.5, ("n", "c"): 3.0}))
        self.assertEqual(3, self.replace({("n", "a"): 1.0, ("n", "c"): 3.0}))
        written = [("one/n/a", 1.2, -1, None), ("one/n/b", 1.5, -1, None), ("one/n/a", 1.0, 1, None)]
        self.assertEqual(written, self.table()[3:])
        etl.merge(self.database)
        self.assertEqual([("one/n/a", 1.0, 1, None), ("one/n/c", 3.0, 1, None)], self.table())

    def test_a_merge_at_any_moment_changes_nothing(self):
        histories = [1.0, 0.8, 1.0, 0.8, None, 0.7]
        for merged_after in range(len(histories)):
            self.database.execute("DELETE FROM expenses")
            for step, cost in enumerate(histories):
                self.replace({} if cost is None else {("n", "a"): cost})
                if step == merged_after:
                    etl.merge(self.database)
                found = etl.rows(self.database, ACCOUNT, self.DAY)
                self.assertEqual({} if cost is None else {"one/n/a": cost}, {k: round(v, 9) for k, v in found.items()})

    def test_a_row_booked_twice_or_cancelled_too_often_is_healed(self):
        costs = {("n", "a"): 1.2}
        for sign in (1, -1, -1):
            self.replace(costs)
            row = (ACCOUNT, "one/n/a", f"{self.DAY} 00:00:00", 1.2, sign, "n", None, "n/a")
            self.database.execute("INSERT INTO expenses VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
            self.assertGreater(self.replace(costs), 0)
            self.assertEqual({"one/n/a": 1.2}, {k: round(v, 9) for k, v in self.rows().items()})

    def rows(self, account=ACCOUNT):
        return etl.rows(self.database, account, self.DAY)

    def test_others_rows_are_left_alone(self):
        clusters = ("a", "a/b", "%", "")
        for cluster in clusters:
            self.replace({("n", "p"): 1.0}, cluster)
        self.replace({("n", "p"): 5.0}, "a", account="another")
        self.replace({}, "a")
        self.assertEqual({"a/b/n/p": 1.0, "%/n/p": 1.0, "/n/p": 1.0}, self.rows())
        self.assertEqual({"a/n/p": 5.0}, self.rows("another"))

    def test_the_node_changes_with_its_row_and_stays_when_unknown(self):
        costs = {("n", "a"): 1.2}
        self.assertEqual(1, self.replace(costs))
        self.assertEqual(2, self.replace(costs, nodes={("n", "a"): "node-1"}))
        self.assertEqual(0, self.replace(costs))
        self.assertEqual(2, self.replace(costs, nodes={("n", "a"): "node-2"}))
        self.assertEqual(("one/n/a", 1.2, 1, "node-2"), self.table()[-1])


class QueryTest(unittest.TestCase):
    def test_names_are_filled_in(self):
        for name, query in etl.QUERIES.items():
            with self.subTest(name):
                filled = etl.fill(query, "acc", 'we"ird\\', "2026-11-19")
                self.assertIn('tenant_id="acc"', filled)
                self.assertNotIn("$", filled)
                self.assertNotIn("tenant_id", etl.fill(query, None, "c", "2026-11-19"))
        self.assertIn('cluster="we\\"ird\\\\"', etl.fill(etl.QUERIES["rows"], "acc", 'we"ird\\', "2026-11-19"))
        self.assertEqual('m{date="d"}', etl.fill('m{tenant_id="$ACCOUNT", date="$DAY"}', None, "c", "d"))


class StoreTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        stage = GatewayStage.of(cls)
        cls.feed = stage.feed()
        cls.line = stage.pipeline(cls.feed)
        cls.days = iter(f"2026-11-{day:02}" for day in range(1, 31))

    def setUp(self):
        self.database = sqlite3.connect(":memory:")
        self.addCleanup(self.database.close)
        self.addCleanup(self.line.gateway.heal)
        etl.create(self.database)
        # A day of its own for each test: what other tests exposed is still to be found in the past.
        self.day = next(self.days)

    def publish(self, *days):
        facts = {series: value for day in days for series, value in day.items()}
        self.feed.publish(facts)
        expected = scraped(facts)
        wait_until(
            lambda: self.line.store.query(DATED) == expected,
            lambda: difference(expected, self.line.store.query(DATED)),
            interval=0.1,
        )

    def run_job(self, reach=120 * SECOND, **settings):
        now = datetime.datetime.now(datetime.timezone.utc)
        settings.setdefault("days", [self.day])
        return etl.run(self.line.store.api, self.database, ACCOUNT, now=now, step=SECOND, reach=reach, **settings)

    def run_now(self, **settings):
        """Without a step back; on a busy machine the newest scrape may have failed."""
        return wait_until(lambda: self.run_job(reach=0 * SECOND, **settings), "an exposed day")

    def rows(self, day=None):
        return {k: round(v, 9) for k, v in etl.rows(self.database, ACCOUNT, day or self.day).items()}

    def check_booked(self, expected, **settings):
        """A run books exactly that, a second one writes nothing, and a merge changes nothing."""
        outcome = self.run_job(**settings)[self.day, "one"]
        self.assertIn(outcome.state, ("provisional", "settled"), outcome)
        self.assertEqual(expected, self.rows())
        again = self.run_job(**settings)[self.day, "one"]
        self.assertEqual((outcome.state, 0), (again.state, again.written))
        etl.merge(self.database)
        self.assertEqual(expected, self.rows())
        self.assertEqual(0, self.run_job(**settings)[self.day, "one"].written)
        return outcome

    def check_skipped(self, reason, run=None):
        before = self.rows()
        outcome = (run or self.run_job)()[self.day, "one"]
        self.assertEqual(("skipped", None, 0), (outcome.state, outcome.at, outcome.written))
        self.assertRegex(outcome.reason, reason)
        self.assertEqual(before, self.rows())

    def test_every_exposed_day_and_cluster_is_booked_exactly(self):
        second = next(self.days)
        pods = {"shop/a": 1.2, "shop/b": 0.1 + 0.2, "__idle__/__idle__": -0.5, "kube-system/coredns-0": 0.00001}
        self.publish(
            day_facts(self.day, pods),
            day_facts(self.day, {"kube-system/coredns-0": 7.0}, cluster="two/eu", node=""),
            day_facts(second, {"shop/a": 0.0}, settled=1),
        )
        report = self.run_now(days=None)
        states = {where: outcome.state for where, outcome in report.items()}
        expected = {(self.day, "one"): "provisional", (self.day, "two/eu"): "provisional", (second, "one"): "settled"}
        self.assertEqual(expected, states)
        booked = {f"one/{pod}": cost for pod, cost in pods.items()}
        self.assertEqual({**booked, "two/eu/kube-system/coredns-0": 7.0}, etl.rows(self.database, ACCOUNT, self.day))
        self.assertEqual({"one/shop/a": 0.0}, self.rows(second))
        again = self.run_now(days=None)
        self.assertEqual([0, 0, 0], [outcome.written for outcome in again.values()])
        nodes = dict(self.database.execute("SELECT resource_id, k8s_node FROM expenses WHERE cost > 1"))
        self.assertEqual({"one/shop/a": "node-1", "two/eu/kube-system/coredns-0": None}, nodes)

    def test_a_correction_replaces_the_day(self):
        self.publish(day_facts(self.day, {"shop/a": 1.2, "shop/b": 1.5, "shop/c": 3.0}))
        self.check_booked({"one/shop/a": 1.2, "one/shop/b": 1.5, "one/shop/c": 3.0})
        # Downwards, one pod gone, one new.
        self.publish(day_facts(self.day, {"shop/a": 1.0, "shop/c": 3.0, "shop/d": 0.1}))
        self.check_booked({"one/shop/a": 1.0, "one/shop/c": 3.0, "one/shop/d": 0.1})
        self.publish(day_facts(self.day, {"shop/a": 1.2}, settled=1))
        self.assertEqual("settled", self.check_booked({"one/shop/a": 1.2}).state)

    def test_an_incomplete_day_is_never_booked_nor_taken_for_empty(self):
        # As old days are exposed while their pods are not.
        self.publish(day_facts(self.day, {"shop/a": 1.2}, complete=0))
        self.check_skipped("kubecost_day_complete is 0")
        self.publish(day_facts(self.day, {"shop/a": 1.2}))
        self.check_booked({"one/shop/a": 1.2})
        self.publish(day_facts(self.day, {"shop/a": 1.2}, complete=0))
        self.check_skipped("kubecost_day_complete is 0", self.run_now)
        self.assertEqual({"one/shop/a": 1.2}, self.rows())

    def test_a_day_that_is_not_whole_is_not_booked(self):
        pods = {"shop/a": 1.2, "shop/b": 1.5}
        self.publish(day_facts(self.day, pods, hidden=["shop/b"]))
        self.check_skipped("these failed: counted, added$")
        self.publish(day_facts(self.day, pods, total=2.70003))
        self.check_skipped("these failed: added$", self.run_now)
        # All that rounding can do to four fields.
        self.publish(day_facts(self.day, pods, total=2.70002))
        self.check_booked({"one/shop/a": 1.2, "one/shop/b": 1.5})

    def test_a_missing_scrape_steps_back(self):
        self.publish(day_facts(self.day, {"shop/a": 1.2}))
        self.feed.text = None
        wait_until(lambda: not self.line.store.query(DATED), "the failed scrape")
        self.assertEqual({}, self.run_job(days=None, reach=0 * SECOND))
        before = datetime.datetime.now(datetime.timezone.utc).timestamp()
        outcome = self.check_booked({"one/shop/a": 1.2})
        self.assertLess(outcome.at, before)

    def test_one_cluster_does_not_hold_up_another(self):
        good = day_facts(self.day, {"shop/a": 1.2})
        bad = day_facts(self.day, {"shop/a": 1.5, "shop/b": 1.0}, cluster="two", hidden=["shop/b"])
        self.publish(good, bad)
        self.check_booked({"one/shop/a": 1.2})
        self.assertEqual("skipped", self.run_job()[self.day, "two"].state)

    def test_half_of_a_correction_lost_on_the_way_is_not_mixed(self):
        self.publish(day_facts(self.day, {"shop/a": 1.2, "shop/b": 1.5}))

        def is_a(labels):
            return labels["__name__"] == "kubecost_pod_daily_cost" and labels["pod"] == "a"

        self.line.gateway.fail(409, times=None, matches=is_a)
        corrected = day_facts(self.day, {"shop/a": 1.0, "shop/b": 1.25})
        self.feed.publish(corrected)
        total = f'kubecost_cluster_daily_cost{{date="{self.day}"}}'
        cost_of_b = f'kubecost_pod_daily_cost{{date="{self.day}", pod="b"}}'
        scalar = self.line.store.scalar
        wait_until(lambda: (scalar(total), scalar(cost_of_b)) == (2.25, 1.25), "what was not lost")
        # The store still has the old cost of a; at an earlier moment everything was of one generation.
        self.check_skipped("these failed: added$", self.run_now)
        self.check_booked({"one/shop/a": 1.2, "one/shop/b": 1.5})
        self.line.gateway.heal()
        self.publish(corrected)
        self.check_booked({"one/shop/a": 1.0, "one/shop/b": 1.25})

    def test_other_tenants_are_not_seen(self):
        self.publish(day_facts(self.day, {"shop/a": 1.2}))
        now = datetime.datetime.now(datetime.timezone.utc)
        report = etl.run(self.line.store.api, self.database, "another", [self.day], now, SECOND, 5 * SECOND)
        self.assertEqual({(self.day, None): etl.Outcome("skipped", "not exposed", None, 0)}, report)
        self.check_booked({"one/shop/a": 1.2}, by_tenant=False)


if __name__ == "__main__":
    unittest.main()
