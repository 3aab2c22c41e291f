"""A real Prometheus scrapes the exporter, and its answers are compared, number by number, with what the simulated
Kubecost knows that they should be."""

import datetime
import json
import unittest

from stage import exposition
from stage.harness import require_tool, run, wait_until
from stage.oracle import daily_facts, days_before, difference, expected_facts
from stage.programs import CLOSED_DAYS, ONE_DAY, Clock, Stage

# Target labels that collide with ours: with honor_labels, ours must win.
TARGET_LABELS = {"cluster": "of-the-scrape", "namespace": "monitoring", "pod": "exporter-0", "replica": "a"}
FACTS = '{__name__=~"kubecost_.+",__name__!~"kubecost_exporter_.+|kubecost_day_last_read_timestamp_seconds"}'
# The plain families.
PLAIN = '{__name__=~"kubecost_.+",__name__!~"kubecost_exporter_.+|.*_daily_.+|kubecost_day_.+|kubecost_reconciliation_.+"}'


# Days served by default: kept ones with their pods, and those behind them.
KEPT = 3
DAYS = 15


def labels_in_prometheus(expected, exporter, target_labels):
    """What Prometheus stores of an expected series: empty labels are none, target labels fill in what is not ours.

    An exposed empty label suppresses the target's label of that name."""
    stored = {}
    for (name, labels), value in expected.items():
        ours = dict(labels)
        every = {"job": "kubecost", "instance": f"{exporter.host}:{exporter.port}", **target_labels, **ours}
        stored[name, frozenset((key, text) for key, text in every.items() if text)] = value
    return stored


def wait_for_facts(prometheus, exporter):
    wait_until(lambda: prometheus.query(PLAIN), lambda: "facts in Prometheus; " + exporter.describe(), interval=0.2)


class EveryNumberTest(unittest.TestCase):
    def check(self, exporter, simulator, target_labels=None, offset=datetime.timedelta(), clock=None):
        """Every value of every family, no series more, none fewer; floats compared exactly."""
        target_labels = target_labels or {}
        exporter.wait_for_dates(DAYS)
        prometheus = Stage.of(self).prometheus(exporter, target_labels)
        wait_for_facts(prometheus, exporter)
        # On the machine's own clock a day may end between the two.
        for _ in range(2):
            day = exporter.day()
            facts = expected_facts(simulator, day)
            now = clock.now() if clock else datetime.datetime.now(datetime.timezone.utc)
            for age, (date, window) in enumerate(days_before(day, DAYS, offset).items()):
                settled = now - datetime.datetime.fromisoformat(window[1]) >= datetime.timedelta(hours=48)
                facts.update(daily_facts(simulator, date, window, settled, with_pods=age < KEPT, proven=False))
            expected = labels_in_prometheus(facts, exporter, target_labels)
            found = prometheus.query(FACTS)
            if exporter.day() == day:
                break
        self.assertEqual("", difference(expected, found))
        self.assertEqual(expected, found)
        target = prometheus.api("targets")["activeTargets"][0]
        self.assertEqual(("up", ""), (target["health"], target["lastError"]))
        self.assertEqual([1.0], list(prometheus.query("up").values()))
        self.assertEqual(1.0, prometheus.scalar("kubecost_exporter_up"))
        reads = len(prometheus.query("kubecost_day_last_read_timestamp_seconds"))
        self.assertEqual(len(found) + reads, prometheus.scalar("sum(kubecost_exporter_series)"))
        return expected

    def test_kubecost_with_adjustments_two_clusters_and_oddities(self):
        # From midnight to 02:00 the day being served is old enough for the cloud's bill to have changed it.
        clock = Clock("2026-03-05T00:20:00+00:00")
        stage = Stage.of(self)
        simulator = stage.simulator(
            "--pods=300",
            "--clusters=2",
            "--null-cost-rate=0.02",
            "--null-efficiency-rate=0.05",
            "--negative-cost-rate=0.02",
            "--pod-uid",
            clock=clock,
        )
        exporter = stage.exporter(simulator.url, *CLOSED_DAYS, clock=clock)
        expected = self.check(exporter, simulator, TARGET_LABELS, clock=clock)
        self.assert_has_substance(expected)
        self.assertEqual(2, len([1 for name, _ in expected if name == "kubecost_cluster_total_cost"]))
        self.assertTrue([1 for (name, _), value in expected.items() if "_cost" in name and value < 0])

    def test_opencost_at_another_utc_offset(self):
        stage = Stage.of(self)
        simulator = stage.simulator("--product=opencost", "--pods=300", "--utc-offset=+05:30", "--seed=7")
        exporter = stage.exporter(simulator.url, "--day.utc-offset=+05:30", *CLOSED_DAYS)
        expected = self.check(exporter, simulator, offset=datetime.timedelta(hours=5, minutes=30))
        self.assert_has_substance(expected)
        self.assertTrue(exporter.day()[0].endswith("T18:30:00Z"))

    def test_day_changes_and_the_dead_pods_series_go_stale(self):
        clock = Clock("2026-03-05T01:45:00+00:00", scale=60)  # the day closes at 02:00
        stage = Stage.of(self)
        simulator = stage.simulator("--pods=120", "--clusters=2", clock=clock)
        exporter = stage.exporter(simulator.url, *CLOSED_DAYS, clock=clock)
        first = exporter.wait_for_day()
        self.assertEqual(("2026-03-03T00:00:00Z", "2026-03-04T00:00:00Z"), first)
        prometheus = stage.prometheus(exporter)
        second = ("2026-03-04T00:00:00Z", "2026-03-05T00:00:00Z")
        before, after = (labels_in_prometheus(expected_facts(simulator, d), exporter, {}) for d in (first, second))
        self.assertTrue(before.keys() - after.keys(), "no pod died between the days")
        wait_until(lambda: prometheus.query(PLAIN) == before, lambda: difference(before, prometheus.query(PLAIN)))
        wait_until(lambda: prometheus.query(PLAIN) == after, lambda: difference(after, prometheus.query(PLAIN)))
        self.assertEqual(second, exporter.day())
        self.assertEqual(2, len(exporter.wait_for_log("day=2026-03-03")))
        self.assertEqual(2, len(exporter.wait_for_log("day=2026-03-04")))

    def assert_has_substance(self, expected):
        names = {name for name, _ in expected}
        resources = ("cpu", "gpu", "memory", "pv", "network", "load_balancer")
        for level in ("pod", "namespace", "cluster"):
            for family in [f"{r}_cost" for r in resources] + ["total_cost"]:
                self.assertIn(f"kubecost_{level}_{family}", names)
            for family in ("cpu_efficiency", "memory_efficiency", "total_efficiency"):
                self.assertIn(f"kubecost_{level}_{family}", names)
        for special in ("idle", "unallocated", "unmounted"):
            self.assertIn(f"kubecost_cluster_{special}_cost", names)
        pods = [1 for name, _ in expected if name == "kubecost_pod_info"]
        self.assertGreater(len(pods), 300)


class ScrapeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.clock = Clock("2026-03-05T03:00:00+00:00", scale=60)
        stage = Stage.of(cls)
        cls.simulator = stage.simulator("--pods=150", "--clusters=2", clock=cls.clock)
        cls.exporter = stage.exporter(cls.simulator.url, *CLOSED_DAYS, clock=cls.clock)
        cls.exporter.wait_for_day()

    def test_promtool_finds_nothing_to_say(self):
        promtool = require_tool("PROMTOOL", "promtool")
        for body in (self.exporter.get("/metrics"), Stage.of(self).exporter("http://127.0.0.1:1").get("/metrics")):
            checked = run(promtool, "check", "metrics", stdin=body)
            self.assertEqual((0, b"", b""), (checked.returncode, checked.stdout, checked.stderr))

    def test_no_series_twice_and_every_family_in_one_piece(self):
        families = exposition.parse(self.exporter.get("/metrics"))
        names = list(families)
        own = [name for name in names if name.startswith(("kubecost_exporter_", "process_"))]
        self.assertEqual(names[-len(own) :], own)
        self.assertEqual(sorted(names[: -len(own)]), names[: -len(own)])
        self.assertEqual(sorted(own), own)
        for name, family in families.items():
            if name.endswith(("_cost", "_efficiency", "_info")):
                self.assertEqual("gauge", family.type, name)
            self.assertTrue(family.help, name)
            self.assertFalse({"tenant_id", "receive", "window"} & set(family.label_names or ()), name)

    def test_restart_gives_identical_output(self):
        stage = Stage.of(self)
        texts = []
        for _ in range(2):
            exporter = stage.exporter(self.simulator.url, *CLOSED_DAYS, clock=self.clock)
            exporter.wait_for_dates(DAYS)
            texts.append(exposition.facts(exporter.scrape()))
            exporter.kill()
        self.assertEqual(texts[0], texts[1])
        self.exporter.wait_for_dates(DAYS)
        self.assertEqual(texts[0], exposition.facts(self.exporter.scrape()))
        self.assertIn("kubecost_pod_total_cost{", texts[0])

    def test_cluster_info_is_mirrored_with_all_labels(self):
        prometheus = Stage.of(self).prometheus(self.exporter)
        wait_for_facts(prometheus, self.exporter)
        info = json.loads(self.simulator.get("/model/clusterInfo"))["data"]
        self.assertGreater(len(info), 10)
        instance = {"job": "kubecost", "instance": f"127.0.0.1:{self.exporter.port}", "cluster": info["id"]}
        wanted = frozenset({**{key.lower(): value for key, value in info.items()}, **instance}.items())
        self.assertEqual({("kubecost_cluster_info", wanted): 1.0}, prometheus.query("kubecost_cluster_info"))
        clusters = {dict(labels)["cluster"] for _, labels in prometheus.query("kubecost_cluster_total_cost")}
        self.assertIn(info["id"], clusters)


class OutageTest(unittest.TestCase):
    def test_stopped_kubecost_shows_and_the_facts_stay(self):
        clock = Clock("2026-03-05T03:00:00+00:00", scale=60)  # polled every real second, seen by every scrape
        stage = Stage.of(self)
        simulator = stage.simulator("--pods=100", clock=clock)
        exporter = stage.exporter(simulator.url, "--day.refresh=1m", *ONE_DAY, clock=clock)
        day = exporter.wait_for_day()
        expected = labels_in_prometheus(expected_facts(simulator, day), exporter, {})
        prometheus = stage.prometheus(exporter)
        wait_for_facts(prometheus, exporter)
        self.assertEqual(1.0, prometheus.scalar("kubecost_exporter_up"))

        simulator.kill()
        wait_until(lambda: prometheus.scalar("kubecost_exporter_up") == 0, "up 0 in Prometheus", interval=0.2)
        refused = 'kubecost_exporter_api_errors_total{reason="refused"}'
        # Several failed polls, several scrapes.
        seen = prometheus.scalar(refused)
        wait_until(lambda: prometheus.scalar(refused) >= seen + 2, "more failed polls", interval=0.2)
        self.assertEqual("", difference(expected, prometheus.query(PLAIN)))
        self.assertEqual(0.0, prometheus.scalar("kubecost_exporter_up"))
        self.assertEqual(0.0, prometheus.scalar('kubecost_exporter_view_up{view="day"}'))
        self.assertEqual([1.0], list(prometheus.query("up").values()))
        failures = exporter.log('msg="reading from Kubecost failed" view=day')
        self.assertEqual(1, len(failures), failures)
        self.assertIn("still_serving_day=2026-03-04", failures[0])

        stage.simulator("--pods=100", clock=clock, port=simulator.port)
        wait_until(lambda: prometheus.scalar("kubecost_exporter_up") == 1, "up 1 in Prometheus", interval=0.2)
        wait_until(
            lambda: prometheus.scalar('kubecost_exporter_view_up{view="day"}') == 1, "the day's view up", interval=0.2
        )
        self.assertEqual("", difference(expected, prometheus.query(PLAIN)))
        back = 'msg="reading from Kubecost works again" view=day'
        wait_until(lambda: exporter.log(back), exporter.describe)
        self.assertEqual(1, len(exporter.wait_for_log(back)))


if __name__ == "__main__":
    unittest.main()
