"""The real programs as tests use them: exporter, simulator, Prometheus, and the stage that ends them all.

From the environment: BUILD_DIR (default build/release); PROMETHEUS, PROMTOOL (default: from PATH).
"""

import contextlib
import datetime
import json
import os
import pathlib
import socket
import tempfile
import time
import urllib.parse

from stage import exposition
from stage.harness import HttpService, Process, require_tool, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD_DIR = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / "build" / "release")).resolve()
EXPORTER = BUILD_DIR / "kubecost-allocation-exporter"
SCALED_EXPORTER = BUILD_DIR / "tests" / "scaled-exporter"
SIMULATOR = BUILD_DIR / "tests" / "simulator" / "kubecost-simulator"


# For tests of closed days: nothing else is asked for.
CLOSED_DAYS = ("--hour.enabled=false", "--today.enabled=false", "--currency=USD")
# For tests of what happens with one day: no other day is asked for.
ONE_DAY = ("--day.keep=1", "--backfill.days=0", *CLOSED_DAYS)


class Clock:
    """A clock that the simulator and the exporter share: `now` at this moment, then `scale` times as fast as time."""

    def __init__(self, now, scale=1):
        self.start = datetime.datetime.fromisoformat(now)
        self.scale = scale
        self.epoch = time.time()

    def now(self):
        return self.start + datetime.timedelta(seconds=(time.time() - self.epoch) * self.scale)

    def _text(self):
        return self.start.strftime("%Y-%m-%dT%H:%M:%SZ")

    def simulator_flags(self):
        return [f"--now={self._text()}", f"--epoch={self.epoch!r}", f"--time-scale={self.scale}"]

    def exporter_environment(self):
        return {
            "SCALED_CLOCK_NOW": self._text(),
            "SCALED_CLOCK_EPOCH": repr(self.epoch),
            "SCALED_CLOCK_TIME_SCALE": str(self.scale),
        }


class Simulator(Process, HttpService):
    """A simulated Kubecost or OpenCost."""

    def __init__(self, *flags, clock=None, port=0):
        timing = clock.simulator_flags() if clock else []
        super().__init__([SIMULATOR, f"--listen=127.0.0.1:{port}", *timing, *flags])
        self.url = None

    def await_start(self):
        match = self.wait_for_line("stdout", r"listening on (http://[^:]+:(\d+)) ")
        self.url = match.group(1)
        self.port = int(match.group(2))

    def set_fault(self, name, arg="", count="", path=""):
        parameters = urllib.parse.urlencode({"name": name, "arg": arg, "count": count, "path": path})
        response = self.request("POST", f"/__simulator/fault?{parameters}")
        if response.status >= 300:
            raise AssertionError(f"fault {name}: {response}")

    def oracle(self, day, level, **settings):
        """What every entity of the level costs on `day`, a pair of RFC 3339 times."""
        parameters = urllib.parse.urlencode({"start": day[0], "end": day[1], "level": level, **settings})
        return json.loads(self.get(f"/__simulator/oracle?{parameters}"))

    def requests(self):
        return self.get("/__simulator/requests").decode().splitlines()


class Exporter(Process, HttpService):
    """The exporter; with a clock, the build of it that takes one. Port 0 is read back from its log."""

    def __init__(self, kubecost_url, *flags, clock=None, env=None, listen=("127.0.0.1:0",), binary=None):
        binary = binary or (SCALED_EXPORTER if clock else EXPORTER)
        argv = [binary, f"--kubecost.url={kubecost_url}", *(f"--web.listen-address={a}" for a in listen), *flags]
        super().__init__(argv, {**(clock.exporter_environment() if clock else {}), **(env or {})})
        self.addresses = []
        self._told_addresses = listen

    def await_start(self):
        if not all(address.endswith(":0") for address in self._told_addresses):
            self.addresses = list(self._told_addresses)
            self.host, self.port = self.endpoint(0)
            wait_until(self._is_healthy, lambda: f"the exporter being healthy; {self.describe()}")
            return
        listening = self.wait_for_line("stderr", r'msg"?[=:]"?listening"?,? ?"?address"?[=:]"?([^" ]+)')
        self.addresses = listening.group(1).split(",")
        self.host, self.port = self.endpoint(0)

    def _is_healthy(self):
        if self.returncode is not None:
            raise AssertionError(self.describe())
        try:
            return self.request("GET", "/healthz").status == 200
        except OSError:
            return False

    def endpoint(self, index):
        """Where to reach the address that was given at that place."""
        host, _, port = self.addresses[index].rpartition(":")
        return host.strip("[]") or "127.0.0.1", int(port)

    def scrape(self):
        """The text of /metrics."""
        return self.get("/metrics").decode("utf-8")

    def families(self):
        return exposition.parse(self.scrape())

    def own_families(self):
        """The families of the exporter itself, without the effort of reading the facts before them."""
        text = self.scrape()
        return exposition.parse(text[text.index("# HELP kubecost_exporter_") :])

    def value(self, name, **labels):
        """The value of one of the exporter's own series."""
        return exposition.value(self.own_families(), name, **labels)

    def wait_for_day(self):
        wait_until(
            lambda: self.value("kubecost_exporter_view_up", view="day") == 1,
            lambda: "a day being served; " + self.describe(),
        )
        return self.day()

    def wait_for_dates(self, count):
        """Waits until so many days are served side by side, and returns their dates."""

        def dates():
            found = exposition.values(self.families(), "kubecost_cluster_daily_cost", "cluster", "date")
            return sorted({date for _, date in found})

        wait_until(lambda: len(dates()) >= count, lambda: f"{count} days, not {dates()}; " + self.describe(), interval=0.1)
        return dates()

    def day(self):
        """The day being served as a pair of RFC 3339 times, None before the first."""
        families = self.own_families()
        times = [
            exposition.value(families, f"kubecost_exporter_day_{end}_timestamp_seconds") for end in ("start", "end")
        ]
        if None in times:
            return None
        return tuple(
            datetime.datetime.fromtimestamp(t, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ") for t in times
        )

    def log(self, text):
        """The log lines so far that contain `text`."""
        return [line for line in list(self.output["stderr"]) if text in line]

    def wait_for_log(self, text):
        """The log lines that contain `text`, as soon as there is one: a line may come after what it tells of shows."""
        return wait_until(lambda: self.log(text), lambda: f"{text!r} in the log\n{self.describe()}")


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Prometheus(Process, HttpService):
    """A real Prometheus that scrapes one exporter every second, the way the documentation says: honor_labels."""

    def __init__(self, binary, folder, target, target_labels=None, scrape=None):
        config = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
            "scrape_configs": [
                {
                    "job_name": "kubecost",
                    "honor_labels": True,
                    "static_configs": [{"targets": [target], "labels": target_labels or {}}],
                    **(scrape or {}),
                }
            ],
        }
        path = pathlib.Path(folder) / "prometheus.yml"
        path.write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
        self.port = free_port()
        super().__init__(
            [
                binary,
                f"--config.file={path}",
                f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{self.port}",
                "--log.level=warn",
            ]
        )

    def await_start(self):
        wait_until(self._is_ready, lambda: f"Prometheus being ready; {self.describe()}")

    def _is_ready(self):
        if self.returncode is not None:
            raise AssertionError(self.describe())
        try:
            return self.request("GET", "/-/ready").status == 200
        except OSError:
            return False

    def api(self, path, **parameters):
        response = self.request("GET", f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}")
        if response.status != 200:
            raise AssertionError(f"{path} {parameters}: {response}")
        return json.loads(response.body)["data"]

    def query(self, expression):
        """Instant query now -> {(name, frozenset of the other labels): float}; numbers exactly as stored."""
        found = {}
        for sample in self.api("query", query=expression)["result"]:
            labels = dict(sample["metric"])
            name = labels.pop("__name__", "")
            found[name, frozenset(labels.items())] = float(sample["value"][1])
        return found

    def scalar(self, expression):
        """The value of the only series that the query finds, else None."""
        found = list(self.query(expression).values())
        return found[0] if len(found) == 1 else None


class Stage(contextlib.ExitStack):
    """Everything a test has started. Made by `of(test or class)`, which also sees to its end."""

    @classmethod
    def of(cls, case):
        stage = cls()
        (case.addClassCleanup if isinstance(case, type) else case.addCleanup)(stage.close)
        return stage

    def folder(self):
        return self.enter_context(tempfile.TemporaryDirectory(prefix="exporter-e2e-"))

    def _start(self, kind, *args, **kwargs):
        try:
            process = kind(*args, **kwargs)
        except FileNotFoundError as error:
            raise AssertionError(f"{error.filename} is missing: build first, or set BUILD_DIR") from error
        self.callback(process.kill)
        process.await_start()
        return process

    def simulator(self, *flags, **kwargs):
        return self._start(Simulator, *flags, **kwargs)

    def exporter(self, kubecost_url, *flags, **kwargs):
        return self._start(Exporter, kubecost_url, *flags, **kwargs)

    def prometheus(self, exporter, target_labels=None, scrape=None):
        """`scrape` is added to the scrape job: TLS, a password."""
        binary = require_tool("PROMETHEUS", "prometheus")
        target = f"{exporter.host}:{exporter.port}"
        return self._start(Prometheus, binary, self.folder(), target, target_labels, scrape)
