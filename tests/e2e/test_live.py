"""What is not closed yet: the last complete hour and today so far, when they are asked for, and when they go."""

import collections
import datetime
import decimal
import sys
import unittest
import urllib.parse

from stage import exposition
from stage.closed_days import DAY, HOUR, SECOND, Truth, moment, wait_for_time, window, zulu
from stage.harness import PATIENCE, wait_until
from stage.oracle import LEVEL_LABELS, difference
from stage.programs import Clock, Stage

MINUTE = HOUR / 60
CLOSE_DELAY = 15 * MINUTE
# So slow that what Kubecost knows of today stays the same for the test's time.
STILL = 0.001
# Nothing is asked for but one closed day and the live views.
LIVE_ONLY = ("--day.keep=1", "--backfill.days=0", "--currency=USD")
UP = "kubecost_exporter_up"
VIEW_UP = "kubecost_exporter_view_up"

# A question for costs: when it came by the simulator's clock, and the window.
Question = collections.namedtuple("Question", "time start end")


def time_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def log_of(simulator):
    """[(time, target)] of all requests so far."""
    lines = simulator.get("/__simulator/requests?times=true").decode().splitlines()
    return [(time_of(time), target) for time, _, target in (line.partition(" ") for line in lines)]


def questions(simulator):
    found = []
    for time, target in log_of(simulator):
        parameters = urllib.parse.parse_qs(target.partition("?")[2])
        if "window" in parameters:
            found.append(Question(time, *map(time_of, parameters["window"][0].split(","))))
    return found


def hour_questions(simulator):
    return [question for question in questions(simulator) if question.end - question.start == HOUR]


def today_questions(simulator):
    """Of whole days with their end ahead."""
    return [question for question in questions(simulator) if question.end > question.time]


def expected_live(simulator, span, what, levels=("pod", "namespace", "cluster")):
    """The series of a live view, by what the simulator's oracle says at its present time: rows of pods as Kubecost has
    them, the levels above as their sums, exact in decimal, and unknown where a pod's is."""
    sums = {}
    for pod in simulator.oracle(span, "pod"):
        for level in levels:
            key = f"kubecost_{level}_{what}_cost", frozenset((label, pod[label]) for label in LEVEL_LABELS[level])
            before = sums.setdefault(key, decimal.Decimal(0))
            unknown = before is None or pod["total"] is None
            sums[key] = None if unknown else before + decimal.Decimal(repr(pod["total"]))
    return {key: float(total) for key, total in sums.items() if total is not None}


def found_live(families, what):
    """The series of a live view in a scrape."""
    names = [name for name in families if name.endswith(f"_{what}_cost")]
    return {key: value for name in names for key, value in families[name].samples.items()}


class LiveCase(unittest.TestCase):
    maxDiff = 2000

    def start(self, now, *flags, scale=STILL, simulator_flags=(), common=LIVE_ONLY):
        self.clock = Clock(now, scale)
        self.stage = Stage.of(self)
        self.simulator = self.stage.simulator(*simulator_flags, clock=self.clock)
        self.exporter = self.stage.exporter(self.simulator.url, *common, *flags, clock=self.clock)

    def wait_for(self, condition, what, timeout=PATIENCE):
        """Waits for a scrape of which `condition(families)` holds, and returns it."""
        return wait_until(
            lambda: (lambda families: families if condition(families) else None)(self.exporter.families()),
            lambda: f"{what}; {self.exporter.describe()}",
            timeout,
            interval=0.05,
        )

    def wait_for_live(self, *whats):
        return self.wait_for(lambda families: all(found_live(families, what) for what in whats), f"{whats} served")

    def view_up(self, view):
        return self.exporter.value(VIEW_UP, view=view)

    def assert_same(self, expected, found):
        self.assertEqual("", difference(expected, found))
        self.assertTrue(expected)


class NumbersTest(LiveCase):
    """Each number against the oracle, on a clock that as good as stands still."""

    def check(self, hour, day, pods_of_today):
        families = self.wait_for_live("hourly", "today")
        self.assert_same(expected_live(self.simulator, hour, "hourly"), found_live(families, "hourly"))
        levels = ("pod", "namespace", "cluster") if pods_of_today else ("namespace", "cluster")
        self.assert_same(expected_live(self.simulator, day, "today", levels), found_live(families, "today"))
        # One question for each, of the pod level.
        for span, asked in ((hour, hour_questions), (day, today_questions)):
            self.assertEqual([tuple(map(time_of, span))], [question[1:] for question in asked(self.simulator)])
        for view in ("hour", "today"):
            self.assertEqual(1, self.view_up(view))
        self.assertEqual(1, self.exporter.value(UP))
        return families

    def test_kubecost_with_two_clusters_and_unknown_costs(self):
        oddities = ("--null-cost-rate=0.02", "--negative-cost-rate=0.02", "--pod-uid")
        self.start(
            "2026-03-05T14:30:07+00:00",
            "--today.pods",
            simulator_flags=("--pods=300", "--clusters=2", *oddities),
        )
        hour = "2026-03-05T13:00:00Z", "2026-03-05T14:00:00Z"
        families = self.check(hour, window("2026-03-05"), pods_of_today=True)
        self.assertGreater(len(expected_live(self.simulator, hour, "hourly", ("pod",))), 250)
        known = expected_live(self.simulator, hour, "hourly", ("namespace",))
        self.assertLess(len(known), len(self.simulator.oracle(hour, "namespace")), "no namespace of unknown cost")
        # The idle row is one of the namespaces, on every level.
        idle = [key for key in found_live(families, "hourly") if ("namespace", "__idle__") in key[1]]
        self.assertEqual(4, len(idle), idle)

    def test_levels_above_are_the_exact_sums_of_the_pods_served(self):
        self.start("2026-03-05T09:15:00+00:00", "--today.pods", simulator_flags=("--pods=500", "--clusters=3"))
        families = self.wait_for_live("hourly", "today")
        for what in ("hourly", "today"):
            pods = exposition.values(families, f"kubecost_pod_{what}_cost", "cluster", "namespace", "pod")
            for level, length in (("namespace", 2), ("cluster", 1)):
                sums = collections.defaultdict(decimal.Decimal)
                for key, value in pods.items():
                    sums[key[:length]] += decimal.Decimal(repr(value))
                found = exposition.values(families, f"kubecost_{level}_{what}_cost", *LEVEL_LABELS[level])
                self.assertEqual({key if length > 1 else key[0]: float(total) for key, total in sums.items()}, found)

    def test_within_a_quarter_of_an_hour_it_is_the_hour_before(self):
        self.start("2026-03-05T14:14:30+00:00", simulator_flags=("--pods=60",))
        self.check(("2026-03-05T12:00:00Z", "2026-03-05T13:00:00Z"), window("2026-03-05"), pods_of_today=False)

    def test_opencost_at_an_offset_of_half_an_hour(self):
        self.start(
            "2026-03-05T20:50:00+00:00",
            "--day.utc-offset=+05:30",
            simulator_flags=("--product=opencost", "--pods=200", "--utc-offset=+05:30"),
        )
        # Hours begin where days do.
        hour = "2026-03-05T19:30:00Z", "2026-03-05T20:30:00Z"
        self.check(hour, ("2026-03-05T18:30:00Z", "2026-03-06T18:30:00Z"), pods_of_today=False)

    def test_rows_without_a_cluster_are_called_as_those_of_closed_days_are(self):
        self.start("2026-03-05T14:30:00+00:00", simulator_flags=("--pods=60", "--fault=no_cluster"))
        self.exporter.wait_for_day()
        families = self.wait_for_live("hourly", "today")
        wanted = exposition.values(families, "kubecost_cluster_total_cost", "cluster").keys()
        for what in ("hourly", "today"):
            self.assertEqual(wanted, exposition.values(families, f"kubecost_cluster_{what}_cost", "cluster").keys())

    def test_flags_leave_out_series_and_requests(self):
        for off, gone, asked in (("hour", "hourly", hour_questions), ("today", "today", today_questions)):
            self.start("2026-03-05T14:30:00+00:00", f"--{off}.enabled=false", simulator_flags=("--pods=60",))
            other = {"hourly": "today", "today": "hourly"}[gone]
            families = self.wait_for_live(other)
            # Whatever was due has been asked for when the last view is up.
            self.exporter.wait_for_day()
            self.assertEqual({}, found_live(self.exporter.families(), gone))
            self.assertEqual([], asked(self.simulator))
            self.assertEqual(1, len((today_questions if off == "hour" else hour_questions)(self.simulator)))
            self.assertIsNone(exposition.value(families, VIEW_UP, view=off))

    def test_today_waits_for_a_quarter_past_midnight(self):
        self.start("2026-03-05T00:10:00+00:00", simulator_flags=("--pods=60",))
        self.wait_for_live("hourly")
        self.exporter.wait_for_day()
        self.assertEqual([], today_questions(self.simulator))
        self.assertEqual({}, found_live(self.exporter.families(), "today"))


class MidnightTest(LiveCase):
    def truth_of(self, question, levels=("namespace", "cluster")):
        """What Kubecost knew of that day at the very moment when it was asked."""
        with Truth("--pods=60").kubecost(question.time) as kubecost:
            return expected_live(kubecost, (zulu(question.start), zulu(question.end)), "today", levels)

    def test_today_starts_anew(self):
        self.start("2026-03-05T23:48:00+00:00", scale=60, simulator_flags=("--pods=60",))
        midnight = moment("2026-03-06")
        of_evening = found_live(self.wait_for_live("hourly", "today"), "today")
        evening = today_questions(self.simulator)
        self.assertEqual([moment("2026-03-05")], [question.start for question in evening])
        self.assert_same(self.truth_of(evening[0]), of_evening)

        wait_until(lambda: self.clock.now() >= midnight, "midnight", interval=0.05)
        families = self.wait_for(lambda families: not found_live(families, "today"), "yesterday's values gone")
        # The hour before goes on.
        self.assertTrue(found_live(families, "hourly"))
        families = self.wait_for_live("today")
        self.assertGreaterEqual(self.clock.now(), midnight + CLOSE_DELAY)
        morning = today_questions(self.simulator)[len(evening) :]
        self.assertEqual([moment("2026-03-06")], [question.start for question in morning])
        self.assertGreaterEqual(morning[0].time, midnight + CLOSE_DELAY)
        of_morning = found_live(families, "today")
        self.assert_same(self.truth_of(morning[0]), of_morning)
        total = "kubecost_cluster_today_cost", frozenset({("cluster", "cluster-one")})
        self.assertLess(of_morning[total], of_evening[total] / 10)
        # The last hour of the day before.
        hour = zulu(midnight - HOUR), zulu(midnight)
        expected = expected_live(self.simulator, hour, "hourly")
        self.wait_for(lambda families: found_live(families, "hourly") == expected, "the hour before midnight")
        # None has failed at the change of days.
        self.assertFalse(self.exporter.log("view=today") + self.exporter.log("view=hour"))


class SteadyTest(LiveCase):
    """All defaults, hours in seconds."""

    HOURS = 6
    MOST_REQUESTS = 20

    def test_requests_of_an_hour(self):
        # A day ends, and another one closes.
        self.start("2026-03-05T22:05:00+00:00", scale=360, simulator_flags=("--pods=40",), common=())
        self.exporter.wait_for_dates(15)
        start = self.clock.now().replace(minute=0, second=0, microsecond=0) + HOUR
        end = start + self.HOURS * HOUR
        wait_for_time(self.clock, end)
        # The days behind the kept ones are read at first, six hours later, and before they leave.
        asked = log_of(self.simulator)
        older = [time for time, target in asked if any(month in target for month in ("window=2026-02", "window=2026-03-01"))]
        self.assertLessEqual(len(older), 12 * 3 * 3)
        times = [time for time, target in asked if time not in older]
        counts = [sum(start + n * HOUR <= time < start + (n + 1) * HOUR for time in times) for n in range(self.HOURS)]
        print(f"\nrequests by hour, all defaults: {counts}, {sum(counts) / self.HOURS:.1f} on average", file=sys.stderr)
        self.assertLessEqual(max(counts), self.MOST_REQUESTS)
        self.assertGreater(min(counts), 0)

        # One request for each hour, and none sooner than a quarter of an hour after it.
        hours = hour_questions(self.simulator)
        self.assertEqual(len(hours), len({question.start for question in hours}), hours)
        self.assertGreaterEqual(len(hours), self.HOURS)
        for question in hours:
            self.assertGreaterEqual(question.time, question.end + CLOSE_DELAY)
        half_hours = [question for question in today_questions(self.simulator) if start <= question.time < end]
        self.assertLessEqual(len(half_hours), 2 * self.HOURS + 1)
        self.assertGreaterEqual(len(half_hours), self.HOURS)
        for before, after in zip(half_hours, half_hours[1:], strict=False):
            # Each time is taken on the way, not when the exporter decided.
            self.assertGreater(after.time - before.time, 20 * MINUTE)

        def is_current():
            asked = hour_questions(self.simulator)[-1]
            expected = expected_live(self.simulator, (zulu(asked.start), zulu(asked.end)), "hourly")
            return expected and expected == found_live(self.exporter.families(), "hourly")

        wait_until(is_current, "the hour asked for last being served", interval=0.1)


class OutageTest(LiveCase):
    def lasting(self):
        """All facts but the live ones."""
        lines = exposition.facts(self.exporter.scrape()).splitlines()
        return [line for line in lines if "_hourly_cost" not in line and "_today_cost" not in line]

    def test_live_values_go_and_closed_days_stay(self):
        self.start("2026-03-05T03:20:00+00:00", scale=600, simulator_flags=("--pods=40",))
        self.exporter.wait_for_day()
        self.wait_for_live("hourly", "today")
        before = self.lasting()
        asked = {"today": today_questions(self.simulator), "hourly": hour_questions(self.simulator)}
        self.simulator.set_fault("http_503")
        wait_until(lambda: self.exporter.value(UP) == 0, self.exporter.describe)
        # Twice the refresh interval after the last good answer, and not sooner. A question's time is taken on the way.
        for what, lasts in (("today", HOUR), ("hourly", 2 * HOUR)):
            families = self.wait_for(lambda families, what=what: not found_live(families, what), f"{what} dropped")
            self.assertGreater(self.clock.now(), asked[what][-1].time + lasts - 20 * MINUTE, what)
            if what == "today":
                self.assertTrue(found_live(families, "hourly"), "dropped together")
        self.assertEqual(before, self.lasting())
        self.assertIn("kubecost_cluster_total_cost{", "\n".join(before))
        self.assertEqual((0, 0), (self.view_up("hour"), self.view_up("today")))
        for view in ("hour", "today"):
            self.assertEqual(1, len(self.exporter.wait_for_log(f'msg="reading from Kubecost failed" view={view}')))

        self.simulator.set_fault("none")
        self.wait_for_live("hourly", "today")
        wait_until(lambda: self.exporter.value(UP) == 1, self.exporter.describe)
        asked = hour_questions(self.simulator)[-1]
        expected = expected_live(self.simulator, (zulu(asked.start), zulu(asked.end)), "hourly")

        # A 503 may say that the answer was too big: namespaces and clusters are read from the level of namespaces then.
        def is_near(families):
            found = found_live(families, "hourly")
            return found.keys() == expected.keys() and all(abs(found[key] - expected[key]) < 1e-3 for key in expected)

        self.wait_for(is_near, "the last hour")


class NoHourlyTest(LiveCase):
    OFF = "Kubecost does not have this view"

    def wait_for_questions(self, count):
        """Until so many hours have been asked for; nothing but the hour is ever missed."""

        def enough():
            self.assertEqual(1, self.exporter.value(UP), self.exporter.describe())
            return len(hour_questions(self.simulator)) >= count

        wait_until(enough, lambda: f"{count} hours asked for; {self.exporter.describe()}", 4 * PATIENCE, interval=0.05)

    def test_it_is_switched_off_and_tried_each_day(self):
        self.start("2026-03-05T03:20:00+00:00", scale=7200, simulator_flags=("--pods=20", "--fault=no_hourly"))
        self.exporter.wait_for_day()
        wait_until(lambda: self.exporter.log(self.OFF), self.exporter.describe)
        wait_until(lambda: self.view_up("hour") is None, "no view_up of the hour")
        tries = hour_questions(self.simulator)
        self.assertGreaterEqual(len({question.start for question in tries}), 3, tries)
        count = len(tries)
        self.assertEqual(1, self.view_up("today"))
        self.assertEqual({}, found_live(self.wait_for_live("today"), "hourly"))

        # Daily, and the log has been told.
        self.wait_for_questions(count + 1)
        errors = "kubecost_exporter_api_errors_total"
        wait_until(lambda: self.exporter.value(errors, reason="empty") > count, "another failure")
        again = hour_questions(self.simulator)[count]
        self.assertGreaterEqual(again.time, tries[-1].time + DAY - SECOND)
        self.assertIsNone(self.view_up("hour"))
        self.assertEqual(1, self.exporter.value(UP))
        told = self.exporter.log("view=hour")
        self.assertEqual(1, len(told), told)
        self.assertIn(self.OFF, told[0])

        # An hourly store that was added since is found.
        self.simulator.set_fault("none")
        self.wait_for_questions(count + 2)
        self.wait_for_live("hourly")
        wait_until(lambda: self.view_up("hour") == 1, "view_up of the hour")
        self.assertGreaterEqual(hour_questions(self.simulator)[count + 1].time, again.time + DAY - SECOND)
        self.wait_for_questions(count + 4)
        self.assertEqual(1, len(self.exporter.wait_for_log(self.OFF)))

    def test_an_hour_that_is_missed_once_does_not_matter(self):
        self.start("2026-03-05T04:05:00+00:00", scale=300, simulator_flags=("--pods=20", "--fault=no_hourly"))
        polls = "kubecost_exporter_polls_total"
        wait_until(lambda: self.exporter.value(polls, view="hour", result="error") == 1, self.exporter.describe)
        self.simulator.set_fault("none")
        self.wait_for_live("hourly")
        self.assertEqual([], self.exporter.log("view=hour"))
        self.assertEqual(2, len(hour_questions(self.simulator)))


if __name__ == "__main__":
    unittest.main()
