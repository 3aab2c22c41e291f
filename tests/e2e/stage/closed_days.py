"""Days that close while a test runs: a stage whose parts can be killed and come back, what Kubecost says at any moment,
and whether a scrape is of one piece."""

import collections
import contextlib
import datetime
import signal
import sqlite3

from stage import etl, exposition
from stage.gateway import ConfiguredPrometheus, GatewayStage
from stage.harness import PATIENCE, require_tool, wait_until
from stage.programs import Clock, Stage, free_port

DAY = datetime.timedelta(days=1)
HOUR = datetime.timedelta(hours=1)
SECOND = datetime.timedelta(seconds=1)
# Scrapes are a second apart instead of a minute: what is five minutes in docs/etl.md and by default is five seconds.
LOOKBACK = "--query.lookback-delta=5s"
LAST_READ = "kubecost_day_last_read_timestamp_seconds"
ERRORS = "kubecost_exporter_api_errors_total"


def moment(text):
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc)


def zulu(when):
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def window(date):
    """The day as a pair of RFC 3339 times."""
    start = moment(date)
    return zulu(start), zulu(start + DAY)


def dates_back(date, count):
    """The last `count` dates up to `date`, the newest first."""
    return [str((moment(date) - back * DAY).date()) for back in range(count)]


def real(clock, when):
    """The real time at which the clock shows that."""
    seconds = clock.epoch + (when - clock.start).total_seconds() / clock.scale
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


def real_now():
    """Two scrapes ago, when all of what was scraped can be read: where the job begins."""
    return datetime.datetime.now(datetime.timezone.utc) - 2 * SECOND


def wait_for_time(clock, when):
    wait_until(lambda: clock.now() >= when, f"{when}", timeout=20 * PATIENCE)


class DaysStage(GatewayStage):
    def ledger(self, world, start, *flags, days=1):
        """The path of a ledger to which so many days are proven: exporters read them at `start` and 7 hours later."""
        path = f"{self.folder()}/ledger"
        for hours, complete in ((0, 0), (7, 1)):
            # As good as still: however slow the machine is, no other day closes.
            clock = Clock(str(datetime.datetime.fromisoformat(start) + hours * HOUR))
            simulator = self.simulator(*world, clock=clock)
            exporter = self.exporter(simulator.url, f"--state.path={path}", *flags, clock=clock)

            def read(exporter=exporter, complete=complete):
                found = exposition.values(exporter.families(), "kubecost_day_complete", "cluster", "date")
                return len({date for _, date in found}) == days and set(found.values()) == {complete}

            wait_until(read, exporter.describe)
            exporter.send(signal.SIGTERM)
            exporter.wait()
            simulator.kill()
        return path

    def store(self, port=None):
        binary = require_tool("PROMETHEUS", "prometheus")
        flags = ["--web.enable-remote-write-receiver", LOOKBACK]
        return self._start(ConfiguredPrometheus, binary, self.folder(), {}, *flags, port=port)

    def scraper(self, target, folder, port=None):
        """A Prometheus that scrapes the address each second; another one can go on in its folder and at its port."""
        binary = require_tool("PROMETHEUS", "prometheus")
        scrape = {
            "job_name": "kubecost",
            "honor_labels": True,
            "static_configs": [{"targets": [target], "labels": {"instance": "exporter"}}],
        }
        config = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": [scrape]}
        return self._start(ConfiguredPrometheus, binary, folder, config, LOOKBACK, port=port or free_port())


class Truth:
    """What Kubecost says of a day at any moment: simulators whose clocks stand still."""

    def __init__(self, *flags):
        self._flags = flags
        self._known = {}

    @contextlib.contextmanager
    def kubecost(self, when):
        with Stage() as stage:
            yield stage.simulator(*self._flags, clock=Clock(when.isoformat(), scale=0))

    def _ask(self, date, level, when):
        key = date, level, when
        if key not in self._known:
            with self.kubecost(when) as simulator:
                self._known[key] = simulator.oracle(window(date), level)
        return self._known[key]

    def rows(self, date, when):
        """What is to be booked for the date: {resource_id: cost}."""
        pods = self._ask(date, "pod", when)
        return {"{cluster}/{namespace}/{pod}".format(**pod): pod["total"] for pod in pods if pod["total"] is not None}

    def nodes(self, date, when):
        pods = self._ask(date, "pod", when)
        return {"{cluster}/{namespace}/{pod}".format(**pod): pod["node"] or None for pod in pods}

    def clusters(self, date, when):
        return {cluster["cluster"]: cluster for cluster in self._ask(date, "cluster", when)}

    def final(self, date):
        """When nothing can change any more."""
        return moment(date) + 3 * DAY + HOUR


# What a run of the job found and left behind, all by (date, cluster): outcomes, rows, and when the exporter read them.
Booking = collections.namedtuple("Booking", "report rows last_reads")


class Job:
    """The daily job, its table, and what it booked when."""

    def __init__(self, case, account, by_tenant):
        self.database = sqlite3.connect(":memory:")
        case.addCleanup(self.database.close)
        etl.create(self.database)
        self._case = case
        self._account = account
        self._by_tenant = by_tenant

    def run(self, store, now, reach):
        report = etl.run(store.api, self.database, self._account, None, now, SECOND, reach, self._by_tenant)
        rows, last_reads = {}, {}
        for (date, cluster), outcome in report.items():
            rows[date, cluster] = self.rows(date, cluster)
            if outcome.at is not None:
                query = f'max({LAST_READ}{{date="{date}",cluster="{cluster}"}})'
                read = store.api("query", query=query, time=f"{outcome.at:.3f}")["result"]
                # A gateway may have lost it.
                for seconds in (float(sample["value"][1]) for sample in read):
                    last_reads[date, cluster] = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
        return Booking(report, rows, last_reads)

    def rows(self, date, cluster):
        """{resource_id: cost}, exactly as written."""
        return {key: line[0] for key, line in self.lines(date).items() if key.startswith(f"{cluster}/")}

    def dates(self):
        """The dates that have rows."""
        lines = self.database.execute("SELECT date FROM expenses GROUP BY date HAVING sum(sign) > 0")
        return {date.split(" ")[0] for (date,) in lines}

    def lines(self, date):
        """The rows that stand, as written: {resource_id: (cost, node, times)}."""
        found = {}
        names = {"ACCOUNT": self._account, "DAY": f"{date} 00:00:00"}
        for cluster in {key.split("/")[0] for key in etl.rows(self.database, self._account, date)}:
            for resource, _, node, _, cost, times in self.database.execute(
                etl.STATEMENTS["booked"], {**names, "CLUSTER": cluster}
            ):
                self._case.assertNotIn(resource, found)
                found[resource] = cost, node, times
        return found

    def check_final(self, truth, date):
        """Each pod once, exactly as Kubecost says in the end; no row more and none fewer."""
        when = truth.final(date)
        nodes = truth.nodes(date, when)
        expected = {key: (cost, nodes[key], 1) for key, cost in truth.rows(date, when).items()}
        self._case.assertEqual(expected, self.lines(date), date)

    def check_booking(self, truth, booking):
        """Whatever was booked is what Kubecost said at the moment when the exporter read it."""
        for (date, cluster), read in sorted(booking.last_reads.items()):
            found = booking.rows[date, cluster]
            # Kubecost may have changed between the moment that is told and the first answer.
            moments = [read + minutes * HOUR / 60 for minutes in (0, 1, 5, 20, 60)]
            said = ({k: v for k, v in truth.rows(date, at).items() if k.startswith(f"{cluster}/")} for at in moments)
            self._case.assertTrue(any(rows == found for rows in said), f"{date} {cluster} as read at {read}")


def mixed(families):
    """What does not fit together in a scrape: [words], of days that are complete and of the plain families."""
    complaints = []
    sums = {}
    for level in ("cluster", "namespace", "pod"):
        for name, of in (("total_cost", ("cluster",)), ("daily_cost", ("cluster", "date"))):
            family = families.get(f"kubecost_{level}_{name}")
            for (_, labels), value in family.samples.items() if family else ():
                key = (name, *(dict(labels)[label] for label in of))
                sums.setdefault(key, {}).setdefault(level, []).append(value)
    pods = exposition.values(families, "kubecost_day_pods", "cluster", "date")
    complete = exposition.values(families, "kubecost_day_complete", "cluster", "date")
    for key, levels in sums.items():
        # The plain families show a day as well.
        if not (complete[key[1:]] if key[0] == "daily_cost" else all(complete.values())):
            continue
        if key[0] == "daily_cost":
            if pods[key[1:]] != len(levels["pod"]):
                complaints.append(f"{key}: {len(levels['pod'])} pods, kubecost_day_pods is {pods[key[1:]]}")
        for level in ("namespace", "pod"):
            difference = abs(sum(levels[level]) - sum(levels["cluster"]))
            if difference > 5e-6 * (len(levels[level]) + 2) + 1e-9:
                complaints.append(f"{key}: the {level} level differs by {difference}")
    return complaints
