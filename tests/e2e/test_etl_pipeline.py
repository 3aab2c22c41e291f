"""From Kubecost to the booked rows with every part real: exporter, a Prometheus that writes through a gateway which
loses and refuses batches at random, the store, and the documented job. Each row comes out exactly, and once."""

import collections
import itertools
import random
import unittest
import zlib

from stage.closed_days import DAY, HOUR, DaysStage, Job, Truth, moment, real, wait_for_time
from stage.gateway import ACCOUNT, FAULTS, RETRIED
from stage.programs import CLOSED_DAYS, Clock, free_port

Target = collections.namedtuple("Target", "host port")


class PipelineTest(unittest.TestCase):
    maxDiff = 3000
    VANISH = "2026-03-04"
    WORLD = ("--pods=60", "--clusters=2", f"--event=vanish:{VANISH}:46")
    # The job runs for the last time two scrapes before the end.
    START, LAST, END = "2026-03-05T02:30", "2026-03-08T00:00", "2026-03-08T04:00"

    def setUp(self):
        self.stage = DaysStage.of(self)
        self.truth = Truth(*self.WORLD)
        self.job = Job(self, ACCOUNT, by_tenant=True)
        self.random = random.Random(20260305)
        target = Target("127.0.0.1", free_port())
        # Small batches: what is lost is a part of a day.
        self.line = self.stage.pipeline(target, batch=50)
        # All days are served to the end, and nothing else: a slow machine reads and sends them late.
        flags = ("--day.keep=5", "--backfill.days=0", *CLOSED_DAYS)
        ledger = self.stage.ledger(self.WORLD, "2026-03-04T02:30:00+00:00", *flags)
        self.clock = Clock(self.START + ":00+00:00", scale=3600)
        simulator = self.stage.simulator(*self.WORLD, clock=self.clock)
        flags = (f"--state.path={ledger}", *flags)
        self.stage.exporter(simulator.url, *flags, clock=self.clock, listen=(f"{target.host}:{target.port}",))

    def trouble(self, status):
        """The next requests fail that carry one of a third of all pods, or of all other series."""
        third = self.random.randrange(3)

        def matches(labels):
            return zlib.crc32(labels.get("pod", labels["__name__"]).encode()) % 3 == third

        self.line.gateway.fail(status, self.random.randint(1, 8), matches)

    def troubles(self):
        """[(when, what)]: each status several times, at any time up to the end."""
        hours = (moment(self.END) - moment(self.START)) / HOUR
        for status in itertools.chain.from_iterable([FAULTS] * 7):
            yield moment(self.START) + self.random.uniform(1, hours) * HOUR, lambda status=status: self.trouble(status)

    def book(self, at):
        return self.job.run(self.line.store, real(self.clock, moment(at)), 3 * DAY / self.clock.scale)

    def book_twice(self, at):
        """What was booked; the second run of the same moment writes nothing."""
        first, second = self.book(at), self.book(at)
        for where, outcome in second.report.items():
            # What was late on its way can show another moment.
            if where in first.report and outcome.at == first.report[where].at:
                self.assertEqual(0, outcome.written, where)
        return first

    def test_every_row_exactly_once_through_a_gateway_that_loses_batches(self):
        bookings = {}
        steps = list(self.troubles())
        # As late as the job begins behind its time: two scrapes.
        for at, of in (("2026-03-05T22:00", "2026-03-05T18:00"), ("2026-03-06T16:00", "2026-03-06T12:00")):
            steps.append((moment(at), lambda of=of: bookings.update({of: self.book_twice(of)})))
        for at, step in sorted(steps, key=lambda step: step[0]):
            wait_for_time(self.clock, at)
            step()
        wait_for_time(self.clock, moment(self.END))
        # Nothing arrives any more, so that two runs see the same.
        self.line.sender.kill()
        last = self.book(self.LAST)
        self.assertTrue([outcome for outcome in last.report.values() if outcome.written])
        again = self.book(self.LAST)
        self.assertEqual({0}, {outcome.written for outcome in again.report.values()})
        for date in ("2026-03-02", "2026-03-03"):
            self.job.check_final(self.truth, date)
        self.check_vanished(bookings["2026-03-05T18:00"])
        self.check_losses()

    def check_vanished(self, first):
        """A day that loses a tenth of its pods keeps them as they were booked."""
        early = self.truth.rows(self.VANISH, moment("2026-03-05T18:00"))
        clusters = [rows for (date, _), rows in first.rows.items() if date == self.VANISH]
        self.assertEqual(early, {key: cost for rows in clusters for key, cost in rows.items()})
        self.assertEqual(early.keys(), self.job.lines(self.VANISH).keys())
        self.assertLess(self.truth.rows(self.VANISH, self.truth.final(self.VANISH)).keys(), early.keys())

    def check_losses(self):
        """That there was trouble: every status was answered, and facts of pods were lost for good."""
        gateway = self.line.gateway
        self.assertLessEqual(set(FAULTS), set(gateway.statuses()))
        lost = collections.Counter(dropped.status for dropped in gateway.dropped if "date" in dropped.labels)
        self.assertEqual(set(FAULTS) - set(RETRIED), set(lost))
        self.assertIn("kubecost_pod_daily_cost", {dropped.labels["__name__"] for dropped in gateway.dropped})


if __name__ == "__main__":
    unittest.main()
