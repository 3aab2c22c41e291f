"""`once --output=openmetrics` on its way through promtool into a real Prometheus, which then answers for each day with
the numbers of the simulated Kubecost."""

import datetime
import pathlib
import re
import unittest

from stage.gateway import ConfiguredPrometheus
from stage.harness import PATIENCE, require_tool, run
from stage.oracle import daily_facts, difference, level_facts
from stage.programs import Clock, Stage
from test_once import DAY, FIRST, HOUR, LAST_READ, NEWEST, NOW, OnceCase, dates, moment, once, window


class HistoryTest(OnceCase):
    """OpenMetrics through promtool into a real Prometheus: what it answers is what an exporter would have shown."""

    @classmethod
    def setUpClass(cls):
        cls.promtool = require_tool("PROMTOOL", "promtool")
        cls.prometheus_binary = require_tool("PROMETHEUS", "prometheus")
        cls.clock = Clock(NOW)
        cls.stage = Stage.of(cls)
        world = ("--pods=60", "--clusters=2", "--event=move:2026-03-01", "--event=off:2026-02-28")
        cls.simulator = cls.stage.simulator(*world, clock=cls.clock)
        cls.dates = [date for date in dates(FIRST, NEWEST) if date != "2026-02-28"]
        cls.facts = {date: cls.facts_of(date) for date in cls.dates}
        folder = pathlib.Path(cls.stage.folder())
        cls.text = folder / "history.om"
        flags = ("--output=openmetrics", f"--from={FIRST}", f"--output-file={cls.text}", "--log.level=error")
        finished = once(cls.simulator, *flags, clock=cls.clock)
        if finished.returncode != 5:
            raise AssertionError(finished.stderr.decode())
        command = ("tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=54h")
        made = run(cls.promtool, *command, cls.text, folder / "data", timeout=4 * PATIENCE)
        if made.returncode != 0:
            raise AssertionError(made.stderr.decode())
        retention = "--storage.tsdb.retention.time=50y"
        cls.prometheus = cls.stage._start(ConfiguredPrometheus, cls.prometheus_binary, folder, {}, retention)

    @classmethod
    def facts_of(cls, date):
        """(series of the plain families, series keyed by date) as the oracle knows them, empty labels left out."""
        plain = {}
        for level in ("cluster", "namespace", "pod"):
            plain.update(level_facts(level, cls.simulator.oracle(window(date), level)))
        dated = daily_facts(cls.simulator, date, window(date), date <= "2026-03-02")
        return cls.stored(plain), cls.stored(dated)

    @staticmethod
    def stored(facts):
        return {(name, frozenset(pair for pair in of if pair[1] != "")): value for (name, of), value in facts.items()}

    def at(self, when):
        found = {}
        query = f'{{__name__=~"kubecost_.+",__name__!="{LAST_READ}"}}'
        for sample in self.prometheus.api("query", query=query, time=when.timestamp())["result"]:
            labels = dict(sample["metric"])
            found[labels.pop("__name__"), frozenset(labels.items())] = float(sample["value"][1])
        return found

    def expected(self, plain, *dated):
        facts = dict(self.facts[plain][0]) if plain else {}
        for date in dated:
            facts.update(self.facts[date][1])
        return facts

    def test_each_day_is_there_from_its_close_on(self):
        for index, date in enumerate(self.dates):
            closed = moment(date) + DAY + 2 * HOUR
            # Kept for three days, not counting the one on which the clusters were off.
            kept = [d for d in self.dates[: index + 1] if moment(date) - moment(d) < 3 * DAY]
            for minutes in (0, 4, 60, 61) if date != NEWEST else (0, 4, 60):
                found = self.at(closed + datetime.timedelta(minutes=minutes))
                self.assertEqual("", difference(self.expected(date, *kept), found), f"{date} and {minutes} minutes")
            self.assertGreater(len(found), 500)

    def test_a_day_ends_as_it_would_have(self):
        closed = moment("2026-02-27") + DAY + 2 * HOUR
        self.assertEqual("", difference(self.expected("2026-02-27", "2026-02-27"), self.at(closed + 23 * HOUR)))
        # The day after was without data.
        self.assertEqual("", difference(self.expected(None, "2026-02-27"), self.at(closed + 24 * HOUR)))
        self.assertEqual({}, self.at(closed - datetime.timedelta(seconds=1)))
        found = self.at(closed + 3 * DAY)
        self.assertFalse([labels for _, labels in found if ("date", "2026-02-27") in labels])

    def test_range_queries_find_every_day(self):
        expected = {
            (cluster["cluster"], date): cluster["total"]
            for date in self.dates
            for cluster in self.simulator.oracle(window(date), "cluster")
        }
        end = (moment(NEWEST) + DAY + 3 * HOUR).timestamp()
        query = "last_over_time(kubecost_cluster_daily_cost[15d])"
        found = self.prometheus.api("query", query=query, time=end)["result"]
        labels = [(sample["metric"]["cluster"], sample["metric"]["date"]) for sample in found]
        self.assertEqual(expected, dict(zip(labels, (float(sample["value"][1]) for sample in found))))
        # As a panel asks: steps of an hour, at whole hours.
        start = (moment(FIRST) + DAY + 2 * HOUR).timestamp()
        parameters = {"query": "kubecost_cluster_total_cost", "start": start, "end": end, "step": 3600}
        for series in self.prometheus.api("query_range", **parameters)["result"]:
            cluster = series["metric"]["cluster"]
            values = [float(value) for _, value in series["values"]]
            shown = [expected[cluster, date] for date in self.dates for _ in range(24 if date != NEWEST else 2)]
            self.assertEqual(shown, values)

    def test_the_text_is_open_metrics(self):
        lines = self.text.read_text().splitlines()
        self.assertEqual("# EOF", lines[-1])
        self.assertNotIn("# EOF", lines[:-1])
        families = [line.split(" ")[2] for line in lines if line.startswith("# TYPE ")]
        self.assertEqual(sorted(set(families)), families)
        sample = re.compile(r'[a-z_]+\{(?:[a-z_]+="(?:[^"\\]|\\.)*",?)+\} \S+ (\d+)')
        newest = max(int(sample.fullmatch(line).group(1)) for line in lines if not line.startswith("#"))
        self.assertLessEqual(newest, moment(NEWEST).timestamp() + 27 * 3600 + PATIENCE, "nothing lies in the future")


if __name__ == "__main__":
    unittest.main()
