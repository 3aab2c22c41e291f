"""Days that closed before the exporter came, or while it was away: they are fetched, served for their time, and booked
as Kubecost knows them; then they are gone, and are not asked for again."""

import collections
import pathlib
import unittest
import urllib.parse

from stage import exposition
from stage.closed_days import DAY, HOUR, DaysStage, Job, Truth, dates_back, moment, real, real_now, wait_for_time, window
from stage.harness import wait_until
from stage.oracle import daily_facts, difference, expected_facts
from stage.programs import CLOSED_DAYS, Clock, free_port

KEPT, DAYS, PARALLEL = 3, 15, 5
NEWEST = "2026-03-04"
START = "2026-03-05T03:00:00+00:00"
EXPOSED = 26 * HOUR


def served_dates(exporter):
    return {date for _, date in exposition.values(exporter.families(), "kubecost_day_complete", "cluster", "date")}


def dated(exporter, dates):
    """The series of the dates, but for the times when they were read."""
    found = {}
    for family in exporter.families().values():
        for (name, labels), value in family.samples.items():
            if name != "kubecost_day_last_read_timestamp_seconds" and dict(labels).get("date") in dates:
                found[name, labels] = value
    return found


def times_asked(simulator):
    """How often each level of each window was asked for: {(start, "cluster" or ...): times}."""
    found = collections.Counter()
    for target in simulator.requests():
        parameters = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(target).query))
        if "window" in parameters:
            found[tuple(parameters["window"].split(",")), parameters["aggregate"].split(",")[-1]] += 1
    return found


class PodsTest(unittest.TestCase):
    WORLD = ("--pods=1000",)

    def test_every_pod_of_fifteen_days_is_delivered(self):
        stage = DaysStage.of(self)
        job = Job(self, "account", by_tenant=False)
        target = f"127.0.0.1:{free_port()}"
        prometheus = stage.scraper(target, stage.folder())
        clock = Clock(START, scale=7200)
        simulator = stage.simulator(*self.WORLD, clock=clock)
        exporter = stage.exporter(simulator.url, "--backfill.pods", *CLOSED_DAYS, clock=clock, listen=(target,))
        dates = dates_back(NEWEST, DAYS)

        # Five at a time for 26 hours each.
        def complete():
            query = "count by (date) (max_over_time(kubecost_day_complete[30m]) == 1)"
            return {dict(labels)["date"] for _, labels in prometheus.query(query)}

        wait_until(lambda: complete() >= set(dates), lambda: f"not {complete()}", timeout=300, interval=0.5)

        def booked():
            now = real_now()
            reach = now - real(clock, clock.start)
            states = {date: outcome.state for (date, _), outcome in job.run(prometheus, now, reach).report.items()}
            return all(states.get(date) == "settled" for date in dates)

        wait_until(booked, "all days settled and booked", timeout=300, interval=1)
        truth = Truth(*self.WORLD)
        for date in dates:
            job.check_final(truth, date)
        self.check_series(prometheus, truth)
        self.assertFalse(exporter.log("level=error"))

    def check_series(self, prometheus, truth):
        """Never more than what the kept days and five others have, however many wait for their turn."""
        when = truth.final(NEWEST)
        with truth.kubecost(when) as simulator:
            plain = len(expected_facts(simulator, window(NEWEST)))
            whole = len(daily_facts(simulator, NEWEST, window(NEWEST), True))
            without_pods = len(daily_facts(simulator, NEWEST, window(NEWEST), True, with_pods=False))
        pods = whole - without_pods
        # In one scrape the newest day may stand beside the one that it replaces. Days are not equally big.
        bound = 1.05 * (plain + (KEPT + 1 + PARALLEL) * pods + (DAYS + KEPT + 1) * (without_pods + 1))
        self.assertLess(bound, plain + DAYS * pods)
        most = prometheus.scalar("max_over_time(sum(kubecost_exporter_series)[30m:1s])")
        self.assertLess(most, bound)
        self.assertGreater(most, plain + (KEPT + PARALLEL - 1) * pods)


class NamespacesTest(unittest.TestCase):
    """What is done without any flag, and what --state.path adds."""

    WORLD = ("--pods=100", "--clusters=2")
    # Behind the kept ones, settled from the start on.
    DATES = set(dates_back(NEWEST, DAYS)[KEPT:])

    def setUp(self):
        self.stage = DaysStage.of(self)
        self.state = pathlib.Path(self.stage.folder()) / "state"
        self.clock = Clock(START, scale=7200)
        self.simulator = self.stage.simulator(*self.WORLD, clock=self.clock)

    def start(self, *flags):
        return self.stage.exporter(self.simulator.url, *flags, clock=self.clock)

    def wait_for_search(self, exporter):
        """Waits until the exporter has looked which days are missing, and read the kept ones."""
        success = "kubecost_exporter_polls_total"
        wait_until(lambda: exporter.value(success, view="backfill", result="success"), exporter.describe)
        exporter.wait_for_dates(KEPT)

    def within_span(self):
        """The dates that an exporter started now can still look for, a day on as well: slow machines lose days."""
        dates = self.DATES & set(dates_back(self.clock.now().date().isoformat(), DAYS))
        self.assertTrue(dates, "the machine is too slow for this test")
        return dates

    def wait_for_days(self, exporter, dates):
        wait_until(lambda: dates <= served_dates(exporter), exporter.describe, interval=0.1)

    def test_days_are_served_for_their_time_and_asked_for_once(self):
        exporter = self.start(f"--state.path={self.state}")
        self.wait_for_days(exporter, self.DATES)

        def settled():
            return {date for (_, date), value in exposition.values(exporter.families(), "kubecost_day_settled", "cluster", "date").items() if value == 1}

        wait_until(lambda: self.DATES <= settled(), exporter.describe, interval=0.1)
        expected = {}
        for date in self.DATES:
            expected.update(daily_facts(self.simulator, date, window(date), True, with_pods=False))
        found = dated(exporter, self.DATES)
        self.assertEqual("", difference(expected, found))
        self.assertEqual(expected, found)

        wait_until(lambda: not served_dates(exporter) & self.DATES, exporter.describe, timeout=120, interval=0.2)
        self.assertGreaterEqual(self.clock.now() - self.clock.start, EXPOSED)
        # Two more days close, and each time it is looked what is missing.
        wait_for_time(self.clock, moment("2026-03-07T04:00"))
        exporter.wait_for_dates(KEPT)
        asked = times_asked(self.simulator)
        for date in self.DATES:
            times = [asked[window(date), level] for level in ("cluster", "namespace", "pod", "controller")]
            # At first, six hours later, and before it leaves; hourly where the proof came late.
            self.assertEqual([2 * times[1], times[1], 0, 0], times, date)
            self.assertIn(times[1], range(3, 7), date)
        exporter.kill()
        self.check_restarts()

    def check_restarts(self):
        delivered = self.within_span()
        self.assertLess(delivered, self.DATES)
        text = self.state.read_text()

        remembering = self.start(f"--state.path={self.state}")
        self.wait_for_search(remembering)
        self.assertFalse(remembering.log("level=warn"))
        wait_for_time(self.clock, self.clock.now() + 2 * HOUR)
        self.assertFalse(served_dates(remembering) & delivered)
        remembering.kill()

        forgetful = self.start()
        self.wait_for_days(forgetful, self.within_span())
        forgetful.kill()

        for damage in (text[: len(text) // 2], text.replace("2026", "x", 1), ""):
            with self.subTest(damage=damage):
                self.state.write_text(damage)
                confused = self.start(f"--state.path={self.state}")
                self.wait_for_days(confused, self.within_span())
                told = confused.log("the state file is not used")
                self.assertEqual(1, len(told), confused.describe())
                self.assertIn("level=warn", told[0])
                self.assertIn(str(self.state), told[0])
                self.assertIn("damaged", told[0])
                confused.kill()


class GapsTest(unittest.TestCase):
    """The clusters were off for some days: those are gaps, for whichever way the days are found."""

    OFF = ("2026-02-20", "2026-02-21", "2026-03-03")

    def check(self, *flags):
        stage = DaysStage.of(self)
        # Slow: nothing changes meanwhile.
        clock = Clock(START, scale=60)
        events = [f"--event=off:{date}" for date in self.OFF]
        simulator = stage.simulator("--pods=100", *events, *flags, clock=clock)
        exporter = stage.exporter(simulator.url, *CLOSED_DAYS, clock=clock)
        every = dates_back(NEWEST, DAYS)
        dates = [date for date in every if date not in self.OFF]
        self.assertEqual(dates[::-1], exporter.wait_for_dates(len(dates)))
        expected = {}
        for date in dates:
            settled = clock.now() >= moment(date) + 3 * DAY
            with_pods = every.index(date) < KEPT
            expected.update(daily_facts(simulator, date, window(date), settled, with_pods, proven=False))
        found = dated(exporter, every)
        self.assertEqual("", difference(expected, found))
        self.assertEqual(expected, found)
        self.assertEqual(1, exporter.value("kubecost_exporter_up"))
        self.assertFalse(exporter.log("level=warn"))
        return exporter

    def test_days_found_by_one_question(self):
        exporter = self.check()
        self.assertFalse(exporter.log("each is tried"))

    def test_opencost_that_cannot_answer_for_many_days(self):
        exporter = self.check("--product=opencost", "--fault=no_long_windows")
        self.assertEqual(1, len(exporter.wait_for_log("each is tried")))


class AwayTest(unittest.TestCase):
    WORLD = ("--pods=60", "--clusters=2", "--event=off:2026-03-07", "--event=vanish:2026-03-04:30")
    FLAGS = ("--backfill.pods", "--backfill.days=10", "--backfill.parallel-days=7")

    def setUp(self):
        self.stage = DaysStage.of(self)
        self.job = Job(self, "account", by_tenant=False)
        self.truth = Truth(*self.WORLD)
        self.target = f"127.0.0.1:{free_port()}"
        self.prometheus = self.stage.scraper(self.target, self.stage.folder())

    def run_until(self, now, dates):
        """Exporter and Kubecost at that time, until the job has booked all dates as they are then; returns that."""
        # What is booked is proven by two readings six hours apart.
        clock = Clock(now, scale=1200)
        simulator = self.stage.simulator(*self.WORLD, clock=clock)
        exporter = self.stage.exporter(simulator.url, *self.FLAGS, clock=clock, listen=(self.target,))
        began = real(clock, clock.start)

        def booked():
            end = max(began, real_now())
            booking = self.job.run(self.prometheus, end, end - began)
            found = {date for (date, _), outcome in booking.report.items() if outcome.at is not None}
            return booking if found >= dates else None

        booking = wait_until(booked, lambda: f"{dates} being booked; " + exporter.describe(), interval=0.5)
        exporter.kill()
        simulator.kill()
        # Whatever was served before is stale.
        wait_until(lambda: self.prometheus.scalar("up") == 0, "a failed scrape", interval=0.1)
        return booking

    def test_a_week_away_is_healed(self):
        first = set(dates_back(NEWEST, 10))
        before = self.run_until(START, first)
        self.job.check_booking(self.truth, before)
        provisional = self.job.lines(NEWEST)
        expected = set(dates_back("2026-03-11", 10)) - {"2026-03-07"}
        after = self.run_until("2026-03-12T03:00:00+00:00", expected)
        self.job.check_booking(self.truth, after)
        for date in dates_back("2026-03-09", 15):
            self.job.check_final(self.truth, date)
        self.assertEqual(first | expected, self.job.dates())
        # It had been booked before it was corrected, by way of which pods vanished.
        self.assertLess(self.job.lines(NEWEST).keys(), provisional.keys())


if __name__ == "__main__":
    unittest.main()
