"""Closed days, with real programs on compressed time: whatever Kubecost, the exporter and Prometheus go through, the
documented job ends with Kubecost's last word, and no scrape ever shows a day that is not of one piece."""

import random
import signal
import unittest

from stage import exposition
from stage.closed_days import (
    DAY,
    ERRORS,
    HOUR,
    DaysStage,
    Job,
    Truth,
    dates_back,
    mixed,
    moment,
    real,
    real_now,
    wait_for_time,
    window,
)
from stage.harness import PATIENCE, wait_until
from stage.oracle import daily_facts, difference, expected_facts
from stage.programs import CLOSED_DAYS, Clock, free_port


class SeveralDaysTest(unittest.TestCase):
    maxDiff = 3000
    """Four days in half a minute. Each is corrected twice by the cloud's bill, some upwards, some downwards."""

    VANISH, HALF, OFF, MOVE = "2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06"
    SETTLED = ("2026-03-02", VANISH, HALF, OFF, MOVE)
    WORLD = (
        "--pods=60",
        "--clusters=2",
        f"--event=vanish:{VANISH}:44",
        f"--event=half:{HALF}",
        f"--event=off:{OFF}",
        f"--event=move:{MOVE}",
    )
    OUTAGE = "--outage=2026-03-06T06:00:00Z/2026-03-07T06:00:00Z"

    def setUp(self):
        self.stage = DaysStage.of(self)
        self.truth = Truth(*self.WORLD)
        self.job = Job(self, "account", by_tenant=False)
        self.bookings = []
        self.folder = self.stage.folder()
        self.target = f"127.0.0.1:{free_port()}"
        self.ledger = self.stage.ledger(self.WORLD, "2026-03-03T02:30:00+00:00", "--backfill.days=0", *CLOSED_DAYS)
        self.prometheus = self.stage.scraper(self.target, self.folder)
        # The slowest one has started: now time may pass.
        self.clock = Clock("2026-03-05T00:00:00+00:00", scale=7200)
        self.simulator = self.stage.simulator(*self.WORLD, self.OUTAGE, clock=self.clock)
        self.start_exporter()

    def start_exporter(self):
        flags = {"clock": self.clock, "listen": (self.target,)}
        self.exporter = self.stage.exporter(self.simulator.url, f"--state.path={self.ledger}", *CLOSED_DAYS, **flags)

    def restart_exporter(self):
        self.exporter.kill()
        self.start_exporter()

    def restart_prometheus(self):
        self.prometheus.kill()
        self.prometheus = self.stage.scraper(self.target, self.folder, self.prometheus.port)

    def skip_scrapes(self):
        """The exporter hangs until Prometheus has missed it."""
        self.exporter.send(signal.SIGSTOP)
        try:
            wait_until(lambda: self.prometheus.scalar("up") == 0, "a failed scrape", interval=0.1)
        finally:
            self.exporter.send(signal.SIGCONT)

    def run_job(self):
        self.bookings.append(self.job.run(self.prometheus, real_now(), 3 * DAY / self.clock.scale))

    def ask(self, query, at):
        """{cluster: value} at that moment."""
        answer = self.prometheus.api("query", query=query, time=f"{at:.3f}")["result"]
        return {sample["metric"]["cluster"]: float(sample["value"][1]) for sample in answer}

    def test_the_job_ends_with_kubecosts_last_word(self):
        for at, step in (
            ("2026-03-05T18:00", self.run_job),  # two hours before pods vanish
            ("2026-03-05T21:00", self.restart_exporter),
            ("2026-03-06T05:00", self.run_job),
            ("2026-03-06T10:00", self.restart_prometheus),
            ("2026-03-07T00:00", self.restart_exporter),  # while Kubecost is away: nothing is served at all
            ("2026-03-07T20:00", self.run_job),
            ("2026-03-07T21:00", self.skip_scrapes),
            ("2026-03-08T10:00", self.restart_prometheus),
            ("2026-03-08T20:00", self.run_job),
            ("2026-03-08T22:00", self.restart_exporter),
            # As late as the day of the move is still served: a slow machine reads it late.
            ("2026-03-09T22:00", self.run_job),
        ):
            wait_for_time(self.clock, moment(at))
            step()
        now = real_now()
        self.job.run(self.prometheus, now, now - real(self.clock, self.clock.start))
        for date in self.SETTLED:
            self.job.check_final(self.truth, date)
        self.assertNotIn(self.OFF, self.job.dates())
        self.assertNotIn(self.OFF, {date for booking in self.bookings for date, _ in booking.report})
        self.assertLessEqual(set(self.SETTLED) - {self.OFF}, self.job.dates())
        for booking in self.bookings:
            self.job.check_booking(self.truth, booking)
        self.check_vanished()
        self.check_half()
        self.check_corrections()

    def check_corrections(self):
        """That there was something to follow: costs of booked days went up as well as down."""
        directions = set()
        for date in set(self.SETTLED) - {self.VANISH}:
            first, last = moment(date) + DAY + 2 * HOUR, self.truth.final(date)
            totals = [sum(self.truth.rows(date, at).values()) for at in (first, last)]
            directions.add((totals[1] > totals[0]) - (totals[1] < totals[0]))
        self.assertLessEqual({-1, 1}, directions)

    def check_vanished(self):
        """Pods that were booked at first are gone, and only those."""
        before = self.truth.rows(self.VANISH, moment("2026-03-05T18:00"))
        after = self.truth.rows(self.VANISH, self.truth.final(self.VANISH))
        self.assertLess(len(after), len(before))
        first = {key for where, rows in self.bookings[0].rows.items() if where[0] == self.VANISH for key in rows}
        self.assertEqual(set(before), first)
        self.assertEqual(set(after), set(self.job.lines(self.VANISH)))

    def check_half(self):
        outcomes = {c: o for b in self.bookings for (date, c), o in b.report.items() if date == self.HALF and o.at}
        self.assertEqual(2, len(outcomes))
        clusters = self.truth.clusters(self.HALF, self.truth.final(self.HALF))
        for cluster, outcome in outcomes.items():
            of = f'{{date="{self.HALF}",cluster="{cluster}"}}'
            self.assertEqual({cluster: 1}, self.ask(f"kubecost_day_complete{of}", outcome.at))
            coverage = self.ask(f"kubecost_day_coverage_ratio{of}", outcome.at)
            self.assertEqual({cluster: clusters[cluster]["coverage"]}, coverage)
            self.assertAlmostEqual(0.5, coverage[cluster], delta=0.05)


class ReplacementTest(unittest.TestCase):
    """What a read may replace. Two days, read again every minute of a clock that runs 300 times as fast."""

    DATES = ("2026-03-04", "2026-03-03")

    WORLD = ("--pods=40", "--clusters=2", "--adjustments=false")
    FLAGS = ("--day.keep=2", "--backfill.days=0", "--cluster-info=off", *CLOSED_DAYS)

    def setUp(self):
        stage = DaysStage.of(self)
        ledger = stage.ledger(self.WORLD, "2026-03-05T03:00:00+00:00", *self.FLAGS, days=2)
        clock = Clock("2026-03-05T12:00:00+00:00", scale=300)
        self.simulator = stage.simulator(*self.WORLD, clock=clock)
        flags = ("--day.refresh=1m", "--day.refresh-max=1m", f"--state.path={ledger}", *self.FLAGS)
        self.exporter = stage.exporter(self.simulator.url, *flags, clock=clock)
        self.exporter.wait_for_dates(2)
        self.facts = exposition.facts(self.exporter.scrape())

    def set_fault(self, name, arg="", path="/allocation"):
        self.simulator.set_fault(name, arg, path=path)

    def watch(self, until, what, timeout=PATIENCE):
        """Scrapes until `until(text, families)`; no scrape may be mixed. Returns the distinct facts in their order."""
        seen = []

        def look():
            text = self.exporter.scrape()
            families = exposition.parse(text)
            self.assertEqual([], mixed(families))
            facts = exposition.facts(text)
            if seen[-1:] != [facts]:
                seen.append(facts)
            return until(families)

        wait_until(look, lambda: what + "; " + self.exporter.describe(), timeout)
        return seen

    def errors(self, families, reason):
        return exposition.value(families, ERRORS, reason=reason)

    def counted(self, reason):
        return self.errors(self.exporter.own_families(), reason)

    def failures(self, reason):
        return self.exporter.log(f" reason={reason} ")

    def totals(self, families):
        return exposition.values(families, "kubecost_cluster_daily_cost", "cluster", "date")

    def test_a_recomputation_between_two_requests_never_mixes_levels(self):
        true = self.totals(self.exporter.families())
        self.assertEqual(4, len(true))
        choose = random.Random(1)
        for answers in (1, 2, 3):
            # Now and then the fault begins in the middle of a generation, and all of the next one is changed.
            for _ in range(50):
                factor = 1 + choose.choice([-7, -3, 2, 5, 9]) / 100

                def is_changed(families):
                    found = self.totals(families)
                    return all(abs(found[key] / (true[key] * factor) - 1) < 1e-3 for key in true)

                before = self.counted("inconsistent")
                self.set_fault("recompute", f"{answers},{100 * (factor - 1):.0f}")
                self.watch(is_changed, f"all costs times {factor}")
                if self.counted("inconsistent") > before:
                    break
                self.set_fault("none")
                self.watch(lambda families: exposition.facts(self.exporter.scrape()) == self.facts, "the old facts")
            else:
                self.fail(f"{answers} answers before a recomputation were never noticed")
        self.assertTrue(self.failures("inconsistent"))
        self.assertEqual(1, self.exporter.value("kubecost_exporter_up"))

    def test_answers_without_the_day_change_nothing(self):
        for fault, reason in (
            ("data_null", "empty"),
            ("data_array_empty_set", "empty"),
            ("empty_body", "empty_body"),
            ("wrong_window", "window_mismatch"),
        ):
            with self.subTest(fault):
                before = self.counted(reason)
                self.set_fault(fault)
                # Twice for each day and more.
                seen = self.watch(lambda families: self.errors(families, reason) >= before + 6, fault)
                self.assertEqual([self.facts], seen)
                self.set_fault("none")
                up = "kubecost_exporter_view_up"
                self.watch(lambda families: exposition.value(families, up, view="day") == 1, "the end of it")
                self.assertEqual(self.facts, exposition.facts(self.exporter.scrape()))

    def check_doubted(self, reason, words, *fault):
        """What was served stays, over many readings of both clusters, and is told once."""
        before = self.counted(reason)
        self.set_fault(*fault)
        seen = self.watch(lambda families: self.errors(families, reason) >= before + 16, str(fault))
        doubted = [line for line in seen[-1].splitlines() if line.startswith("kubecost_day_doubted{")]
        self.assertEqual(4, len(doubted), seen[-1])
        for line in doubted:
            self.assertIn(f'reason="{reason}"', line)
        for facts in seen:
            kept = [line for line in facts.splitlines(True) if "kubecost_day_doubted" not in line]
            self.assertEqual(self.facts, "".join(kept))
        told = self.exporter.log("a day is doubted")
        self.assertEqual(4, len(told), self.exporter.describe())
        self.assertIn(words, told[0])
        self.set_fault("none")
        self.watch(lambda _: exposition.facts(self.exporter.scrape()) == self.facts, "the end of the doubt")
        self.assertEqual(4, len(self.exporter.wait_for_log("a day is no longer doubted")))
        self.assertEqual(1, self.exporter.value("kubecost_exporter_view_up", view="day"))

    def test_a_day_that_knows_less_is_never_believed(self):
        self.check_doubted("shrunken", "it covers less time than before", "partial_day")

    def test_a_day_that_lost_pods_is_never_believed(self):
        self.check_doubted("shrunken", "it covers less time than before", "fewer_pods")

    def test_a_day_that_ceases_to_add_up_is_never_believed(self):
        self.check_doubted("inconsistent", "its levels do not add up any more", "recompute", "0,-2", "pod")

    def test_a_discount_is_believed_after_three_hours(self):
        true = self.totals(self.exporter.families())
        self.set_fault("recompute", "0,-45")

        def is_revised(families):
            found = self.totals(families)
            return all(abs(found[key] / true[key] - 0.55) < 1e-3 for key in true)

        seen = self.watch(is_revised, "the discount", 3 * PATIENCE)
        self.assertEqual(self.facts, seen[0])
        revised = exposition.values(self.exporter.families(), "kubecost_day_revised", "cluster", "date")
        self.assertEqual(dict.fromkeys(true, 1), revised)
        self.assertNotIn("kubecost_day_doubted{", seen[-1])


class TooBigTest(unittest.TestCase):
    def test_pods_asked_for_by_namespace_are_all_there_once(self):
        clock = Clock("2026-03-05T03:00:00+00:00", scale=60)
        stage = DaysStage.of(self)
        simulator = stage.simulator("--pods=300", "--clusters=2", "--fault=too_big:100", clock=clock)
        exporter = stage.exporter(simulator.url, "--backfill.days=0", *CLOSED_DAYS, clock=clock)
        dates = exporter.wait_for_dates(3)
        families = exporter.families()
        self.assertIn("http_5xx", exporter.wait_for_log("level=warn")[0])
        self.assertEqual(dates_back("2026-03-04", 3), dates[::-1])
        expected = expected_facts(simulator, window("2026-03-04"))
        for date in dates:
            settled = clock.now() - moment(date) >= DAY + 48 * HOUR
            expected.update(daily_facts(simulator, date, window(date), settled, proven=False))
        found = {}
        for name, family in families.items():
            if not name.startswith(("kubecost_exporter_", "process_", "kubecost_day_last_read_")):
                found.update(family.samples)
        self.assertEqual("", difference(expected, found))
        self.assertEqual(expected, found)
        idle = [key for key in expected if key[0] == "kubecost_pod_daily_cost" and ("pod", "__idle__") in key[1]]
        self.assertEqual(6, len(idle))
        self.assertTrue([line for line in simulator.requests() if "filter=" in line])


if __name__ == "__main__":
    unittest.main()
