"""`once`: what a job gets on standard output or in a file, in every form, and how each kind of trouble ends it. The
numbers are those of the simulated Kubecost."""

import csv
import datetime
import decimal
import io
import json
import os
import pathlib
import pty
import re
import signal
import subprocess
import unittest

from stage import exposition
from stage.harness import PATIENCE, Process, clean_environment, run, wait_until
from stage.oracle import EFFICIENCIES, RESOURCES, daily_facts, difference, expected_facts
from stage.programs import EXPORTER, ONE_DAY, ROOT, SCALED_EXPORTER, Clock, Stage

HOUR = datetime.timedelta(hours=1)
DAY = 24 * HOUR
NOW = "2026-03-05T03:00:00+00:00"
NEWEST = "2026-03-04"
FIRST = "2026-02-27"
LAST_READ = "kubecost_day_last_read_timestamp_seconds"
CSV_COLUMNS = (
    "date cluster namespace pod node controller_kind controller cpu gpu memory pv network load_balancer shared "
    "external total currency cpu_efficiency memory_efficiency total_efficiency reason"
).split()
NAMES = ("cluster", "namespace", "pod", "node", "controller_kind", "controller")
VALUES = (*RESOURCES, "total", *EFFICIENCIES)


def moment(date, offset=datetime.timedelta()):
    return datetime.datetime.fromisoformat(date).replace(tzinfo=datetime.timezone.utc) - offset


def zulu(when):
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def window(date, offset=datetime.timedelta()):
    return zulu(moment(date, offset)), zulu(moment(date, offset) + DAY)


def dates(first, last):
    count = (moment(last) - moment(first)).days + 1
    return [str((moment(first) + day * DAY).date()) for day in range(count)]


def once(simulator, *flags, clock=None, url=None, env=None):
    """Runs it to its end."""
    binary = SCALED_EXPORTER if clock else EXPORTER
    environment = {**(clock.exporter_environment() if clock else {}), **(env or {})}
    return run(binary, "once", f"--kubecost.url={url or simulator.url}", *flags, env=environment, timeout=2 * PATIENCE)


def last_line(finished):
    return finished.stderr.decode().splitlines()[-1]


class OnceCase(unittest.TestCase):
    def check(self, finished, code, words):
        """The exit code, and what the last line on standard error says."""
        self.assertEqual(code, finished.returncode, finished.stderr.decode())
        self.assertRegex(last_line(finished), words)
        if code != 2:
            self.assertRegex(last_line(finished), f" exit_code={code}$")
        if code not in (0, 5):
            self.assertEqual(b"", finished.stdout)

    def check_csv(self, simulator, text, expected_dates, offset=datetime.timedelta()):
        """Exactly the oracle's pods of these dates, an empty field for what it does not know."""
        self.assertNotIn("\r", text)
        lines = list(csv.reader(io.StringIO(text)))
        self.assertEqual(CSV_COLUMNS, lines[0])
        expected = []
        for date in expected_dates:
            for entry in sorted(simulator.oracle(window(date, offset), "pod"), key=lambda e: [e[n] for n in NAMES[:3]]):
                values = {name: entry[name] for name in NAMES}
                values.update({name: None if entry[name] is None else float(entry[name]) for name in VALUES})
                expected.append({**values, "date": date, "currency": "USD", "reason": ""})
        found = [dict(zip(CSV_COLUMNS, line)) for line in lines[1:]]
        for row in found:
            row.update({name: None if row[name] == "" else float(row[name]) for name in VALUES})
        self.assertEqual(len(expected), len(found))
        for one, other in zip(expected, found):
            self.assertEqual(one, other)


class FormsTest(OnceCase):
    """One Kubecost whose clock stands at 03:00, so that its answers are the same each time."""

    @classmethod
    def setUpClass(cls):
        cls.clock = Clock(NOW)
        cls.stage = Stage.of(cls)
        # A tenth of the pods has a null somewhere.
        cls.world = ("--pods=60", "--clusters=2", "--null-cost-rate=0.1", "--event=move:2026-03-03")
        cls.simulator = cls.stage.simulator(*cls.world, clock=cls.clock)

    def once(self, *flags):
        return once(self.simulator, *flags, clock=self.clock)

    def test_csv_is_the_oracle_and_knows_zero_from_unknown(self):
        finished = self.once("--output=csv", "--from=2026-03-02", "--to=2026-03-04")
        text = finished.stdout.decode()
        self.check_csv(self.simulator, text, dates("2026-03-02", "2026-03-04"))
        self.assertIn(",0,", text)
        unknown = [e for e in self.simulator.oracle(window(NEWEST), "pod") if None in [e[r] for r in RESOURCES]]
        self.assertTrue(unknown, "the test tests nothing")

    def test_json_is_the_oracle(self):
        finished = self.once("--output=json", f"--date={NEWEST}")
        document = json.loads(finished.stdout)
        self.assertEqual(("USD", "+00:00", []), (document["currency"], document["utc_offset"], document["missing"]))
        (day,) = document["days"]
        self.assertEqual((NEWEST, dict(zip(("start", "end"), window(NEWEST)))), (day["date"], day["window"]))
        for level in ("cluster", "namespace", "pod"):
            names = NAMES[: {"cluster": 1, "namespace": 2, "pod": 6}[level]]
            special = ("idle", "unallocated", "unmounted", "pods") if level == "cluster" else ()
            keys = (*names, *VALUES, *special)
            expected, found = (
                {tuple(entry[name] for name in names): [entry[key] for key in keys] for entry in entries}
                for entries in (self.simulator.oracle(window(NEWEST), level), day[f"{level}s"])
            )
            self.assertEqual(expected, found)
        for cluster in day["clusters"]:
            self.assertIs(False, cluster["settled"])
            self.assertIsInstance(cluster["complete"], bool)

    def test_numbers_have_the_shortest_digits(self):
        text = self.once("--output=json").stdout.decode()
        numbers = re.findall(r'":(-?\d[-+.\deE]*)', text)
        self.assertGreater(len(numbers), 500)
        for number in numbers:
            self.assertEqual(decimal.Decimal(repr(float(number))), decimal.Decimal(number))

    def test_prometheus_is_a_scrape(self):
        simulator = self.stage.simulator("--pods=60", "--clusters=2", clock=self.clock)
        exporter = self.stage.exporter(simulator.url, *ONE_DAY, clock=self.clock)
        exporter.wait_for_day()
        wait_until(lambda: "kubecost_cluster_info{" in exporter.scrape(), exporter.describe)
        text = once(simulator, "--output=prometheus", *ONE_DAY, clock=self.clock).stdout.decode()
        # Only the exporter waits for proof.
        other = re.compile(rf"^({LAST_READ}|kubecost_day_complete)\{{.*\n", re.MULTILINE)
        self.assertEqual(other.sub("", exposition.facts(exporter.scrape())), other.sub("", text))
        exposition.parse(text)

    def test_prometheus_of_an_older_day_and_of_a_range(self):
        for flags, days in (
            (["--date=2026-03-02"], ["2026-03-02"]),
            (["--from=2026-03-01", "--to=2026-03-03"], dates("2026-03-01", "2026-03-03")),
        ):
            families = exposition.parse(self.once("--output=prometheus", *flags).stdout)
            found = {}
            for family in families.values():
                found.update(family.samples)
            expected = expected_facts(self.simulator, window(days[-1]))
            for date in days:
                expected.update(daily_facts(self.simulator, date, window(date), date <= "2026-03-02"))
            read = families[LAST_READ].samples
            self.assertEqual(2 * len(days), len(read))
            self.assertEqual("", difference(expected, {k: v for k, v in found.items() if k not in read}))

    def test_days_of_an_offset(self):
        offset = datetime.timedelta(hours=5, minutes=30)
        simulator = self.stage.simulator("--pods=20", "--utc-offset=+05:30", clock=self.clock)
        finished = once(simulator, "--output=csv", "--day.utc-offset=+05:30", clock=self.clock)
        self.check_csv(simulator, finished.stdout.decode(), [NEWEST], offset)

    def test_the_flags_of_the_exporter_hold(self):
        (full, part) = (
            list(csv.DictReader(io.StringIO(self.once("--output=csv", *flags).stdout.decode())))
            for flags in ([], ["--idle=off", '--filter=cluster:"cluster-one"', "--cluster.name=prod", "--currency=EUR"])
        )
        self.assertEqual({"cluster-one", "cluster-two"}, {row["cluster"] for row in full})
        self.assertEqual({("prod", "EUR")}, {(row["cluster"], row["currency"]) for row in part})
        self.assertIn("__idle__", {row["pod"] for row in full})
        self.assertNotIn("__idle__", {row["pod"] for row in part})

    def test_standard_output_holds_nothing_else(self):
        finished = self.once("--output=json", "--log.level=debug", "--log.format=json", "--from=2026-03-03")
        json.loads(finished.stdout)
        for line in finished.stderr.decode().splitlines():
            self.assertIn("msg", json.loads(line))
        self.assertIn('"exit_code":"5"', last_line(finished))

    def test_progress_is_for_a_terminal(self):
        flags = ["--output=csv", "--from=2026-03-02"]
        self.assertNotIn(b"of 3 days", self.once(*flags).stderr)
        for one in (flags, ["--output=csv"]):
            controller, terminal = pty.openpty()
            with open(controller, "rb", buffering=0) as screen:
                argv = [SCALED_EXPORTER, "once", f"--kubecost.url={self.simulator.url}", *one]
                env = clean_environment(self.clock.exporter_environment())
                with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=terminal, env=env) as process:
                    os.close(terminal)
                    stdout = process.stdout.read()
                shown = b""
                try:
                    while piece := screen.read(4096):
                        shown += piece
                except OSError:  # the terminal's other side is gone
                    pass
            self.assertNotIn(b"of 3 days", stdout)
            lines = re.findall(r"(\S+  \d of \d days)", shown.decode())
            expected = ["2026-03-04  1 of 3 days", "2026-03-02  2 of 3 days", "2026-03-03  3 of 3 days"]
            self.assertEqual(expected if len(one) > 1 else [], lines)


class EndsTest(OnceCase):
    """Every exit code. Waits are short: the clock runs 3000 times as fast."""

    @classmethod
    def setUpClass(cls):
        cls.clock = Clock(NOW, scale=1)
        cls.stage = Stage.of(cls)
        cls.simulator = cls.stage.simulator("--pods=30", "--event=off:2026-03-02", clock=cls.clock)

    def setUp(self):
        self.simulator.set_fault("none")
        self.folder = pathlib.Path(Stage.of(self).folder())

    def fast(self):
        """A clock for the exporter that shows 03:00 now and runs fast."""
        return Clock(NOW, scale=3000)

    def once(self, *flags, clock=None):
        return once(self.simulator, *flags, clock=clock or self.clock)

    def files(self):
        return sorted(path.name for path in self.folder.iterdir())

    def test_all_is_well(self):
        path = self.folder / "costs.csv"
        finished = self.once("--output=csv", f"--output-file={path}")
        self.check(finished, 0, 'level=info msg="every day is printed" days=1 ')
        self.assertEqual(b"", finished.stdout)
        self.check_csv(self.simulator, path.read_text(), [NEWEST])
        self.assertEqual(["costs.csv"], self.files())
        self.assertEqual(0o644, path.stat().st_mode & 0o777)

    def test_configuration(self):
        days = ("--date=2026-03-05", "--from=2026-03-06", "--to=yesterday")
        finished = self.once("--output=xml", *days, "--idle=maybe", "--sample-interval=1h")
        self.check(finished, 2, "^  ")
        lines = finished.stderr.decode().splitlines()
        self.assertIn("nothing was started", lines[0])
        for words in (
            '--output: "xml" is not one of prometheus, openmetrics, csv, json',
            "--date: 2026-03-05 is complete from 2026-03-06T02:00:00Z on; the newest complete day is 2026-03-04",
            "--date: is one day, --from and --to are a range; give either",
            "--from: 2026-03-06 is complete from 2026-03-07T02:00:00Z on",
            '--to: "yesterday" is not a day such as 2026-11-05',
            '--idle: "maybe"',
        ):
            self.assertEqual(1, len([line for line in lines if words in line]), (words, lines))
        self.check(self.once(), 2, "once: --output is missing")
        check = self.once("--output=csv", "--config.check", "--date=2026-03-05")
        self.check(check, 2, "--date: 2026-03-05 is complete from")
        check = self.once("--output=csv", "--config.check")
        self.assertEqual((0, b"configuration is good\n"), (check.returncode, check.stdout))

    def test_help_and_documentation_know_the_same_flags(self):
        finished = run(EXPORTER, "once", "--help")
        self.assertEqual((0, b""), (finished.returncode, finished.stderr))
        told = re.findall(r"^  (--[a-z-]+) ", finished.stdout.decode(), re.MULTILINE)
        self.assertGreater(len(told), 5)
        documented = re.findall(r"^\| `(--[a-z-]+)` \|", (ROOT / "docs" / "once.md").read_text(), re.MULTILINE)
        self.assertEqual(sorted(told), sorted(documented))
        for code in range(6):
            self.assertRegex(finished.stdout.decode(), rf"[ ,:]{code} [A-Za-z]")

    def test_no_connection(self):
        path = self.folder / "costs.csv"
        path.write_text("of yesterday")
        flags = ("--output=csv", f"--output-file={path}", "--from=2026-03-01")
        finished = once(None, *flags, clock=self.fast(), url="http://127.0.0.1:1")
        words = "Kubecost cannot be reached, or does not answer in time"
        self.check(finished, 3, f'msg="{words}" error=.*is Kubecost running')
        self.assertEqual(2, finished.stderr.count(b"it is tried again"))
        self.assertEqual((["costs.csv"], "of yesterday"), (self.files(), path.read_text()))

    def test_no_answer_in_time(self):
        for fault in ("hang", "stall_body"):
            self.simulator.set_fault(fault, path="/allocation")
            before = len(self.simulator.requests())
            finished = self.once(
                "--output=json", "--cluster-info=off", "--currency=USD", "--kubecost.read-timeout=1s", clock=self.fast()
            )
            self.check(finished, 3, "Timed out waiting for Kubecost Allocation API to send an HTTP response")
            self.assertEqual(3, len([r for r in self.simulator.requests()[before:] if "/allocation" in r]))
            # Ten times what a second is by that clock, but no more than ten minutes.
            self.assertEqual(2, finished.stderr.count(b"next_try_in=10m"))

    def test_a_proxy_that_gave_up(self):
        self.simulator.set_fault("http_504", path="/allocation")
        finished = self.once("--output=csv", "--cluster-info=off", clock=self.fast())
        self.check(finished, 3, "HTTP 504")

    def test_nothing_there(self):
        self.check(self.once("--output=json", "--date=2026-03-02"), 4, "Kubecost has nothing for what was asked")
        finished = self.once("--output=json", "--idle=off", '--filter=namespace:"no-such-namespace"')
        self.check(finished, 4, "API response appears to be empty")

    def test_a_range_with_a_day_that_is_missing(self):
        finished = self.once("--output=csv", "--from=2026-03-01", "--to=2026-03-03")
        self.check(finished, 5, "days=2 days_asked_for=3 missing=2026-03-02 error=.*appears to be empty")
        self.check_csv(self.simulator, finished.stdout.decode(), ["2026-03-01", "2026-03-03"])
        document = json.loads(self.once("--output=json", "--from=2026-03-01", "--to=2026-03-03").stdout)
        self.assertEqual(["2026-03-01", "2026-03-03"], [day["date"] for day in document["days"]])
        self.assertEqual([("2026-03-02", "empty")], [(day["date"], day["reason"]) for day in document["missing"]])

    def test_hostile_names_are_the_same_in_every_form(self):
        for fault in ("hostile_names", "invalid_utf8"):
            self.simulator.set_fault(fault)
            forms = {form: self.once(f"--output={form}").stdout for form in ("csv", "json", "prometheus")}
            pods = json.loads(forms["json"])["days"][0]["pods"]
            lines = list(csv.DictReader(io.StringIO(forms["csv"].decode(), newline="")))
            families = exposition.parse(forms["prometheus"])
            expected = [{name: pod[name] for name in NAMES} for pod in pods]
            self.assertEqual(expected, [{name: line[name] for name in NAMES} for line in lines])
            found = [dict(labels) for _, labels in families["kubecost_pod_info"].samples]
            self.assertEqual(expected, found)

    def test_levels_that_do_not_add_up(self):
        self.simulator.set_fault("fewer_pods")
        finished = self.once("--output=json")
        self.check(finished, 5, "days=1 days_asked_for=1 not_adding_up=2026-03-04")
        self.assertIs(False, json.loads(finished.stdout)["days"][0]["clusters"][0]["complete"])

    def test_kubecost_is_recomputing(self):
        self.simulator.set_fault("recompute")
        finished = self.once("--output=csv", clock=self.fast())
        self.check(finished, 1, 'msg="nothing could be read" error="cluster .* on 2026-03-04: its cost changed while')
        self.assertEqual(2, finished.stderr.count(b"it is tried again"))

    def test_kubecost_has_recomputed(self):
        self.simulator.set_fault("recompute", "2", path="/allocation")
        finished = self.once("--output=csv", "--cluster-info=off", clock=self.fast())
        self.check(finished, 0, "every day is printed")
        self.assertEqual(1, finished.stderr.count(b"it is tried again"))

    def test_credentials_are_wanted(self):
        self.simulator.set_fault("http_401")
        finished = self.once("--output=csv", "--from=2026-03-01", "--to=2026-03-03")
        self.check(finished, 1, "HTTP 401; Kubecost or a proxy")

    def test_a_folder_that_cannot_be_written(self):
        (self.folder / "file").write_text("")
        before = len(self.simulator.requests())
        for place in ("none", "file"):
            finished = self.once("--output=csv", f"--output-file={self.folder}/{place}/costs.csv")
            self.check(finished, 1, 'msg="the output cannot be written" error="cannot create ')
        self.assertEqual(["file"], self.files())
        self.assertEqual(before, len(self.simulator.requests()), "Kubecost is not asked for nothing")
        finished = self.once("--output=csv", f"--output-file={self.folder}")
        self.check(finished, 1, "cannot replace .*: Is a directory")
        self.assertEqual(["file"], self.files())

    def test_a_reader_that_goes_away(self):
        argv = [SCALED_EXPORTER, "once", f"--kubecost.url={self.simulator.url}", "--output=openmetrics"]
        env = clean_environment(self.clock.exporter_environment())
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env) as process:
            process.stdout.close()
            error = process.stderr.read().decode()
        self.assertEqual(1, process.returncode, error)
        self.assertIn("cannot write standard output: Broken pipe", error)

    def test_signals(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            for fault, flags in (("hang", ()), ("http_503", ("--cluster-info=off",))):
                self.simulator.set_fault(fault, path="/allocation")
                before = len(self.simulator.requests())
                path = self.folder / "costs.json"
                argv = [EXPORTER, "once", f"--kubecost.url={self.simulator.url}", "--output=json"]
                process = Process([*argv, f"--output-file={path}", *flags])
                self.addCleanup(process.kill)

                def is_asked(before=before):
                    return [request for request in self.simulator.requests()[before:] if "/allocation" in request]

                wait_until(is_asked, process.describe)
                process.send(number)
                self.assertEqual(1, process.wait(PATIENCE), process.describe())
                self.assertIn('msg="stopped by a signal" exit_code=1', process.output["stderr"][-1])
                self.assertEqual([], self.files())


if __name__ == "__main__":
    unittest.main()
