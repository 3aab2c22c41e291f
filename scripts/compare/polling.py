"""What is logged and served while Kubecost misbehaves, days close, and the back-fill comes and goes."""

import re
import signal

from compare.side import STILL
from stage.gateway import Service
from stage.harness import run, wait_until
from stage.programs import ONE_DAY, SIMULATOR, Clock, free_port

# All faults, in scenarios that run side by side.
PARTS = 4
# With an argument that shows them at small numbers.
ARGUMENTS = {"huge_body": "16", "gzip_bomb": "16", "too_big": "20", "deep_nesting": "1000", "huge_labels": "1",
             "slow_headers": "60", "slow_body": "500"}  # fmt: skip
STATUSES = ("http_400", "http_401", "http_403", "http_404", "http_429", "http_500", "http_502", "http_503", "http_504")
SIZE = "--kubecost.max-response-bytes=8MiB"
# They end by the exporter's patience. One view: each takes its time.
SLOW = ("hang", "stall_body", "slow_headers", "slow_body")
IMPATIENT = ("--kubecost.read-timeout=300ms", "--kubecost.deadline=600ms", "--kubecost.connect-timeout=300ms", *ONE_DAY,
             "--cluster-info=off", "--log.level=debug")  # fmt: skip
EVERY_VIEW = ("--day.keep=1", "--backfill.days=3", "--log.level=debug", SIZE)


def fault_names():
    """All that the simulator knows."""
    listed = run(SIMULATOR, "--help").stdout.decode().partition("All faults:\n")[2].split()
    names = [name for name in listed if re.fullmatch("[a-z0-9_]+", name) and not name.startswith("http_")]
    return [*STATUSES, *names]


def _faults(names, *flags):
    """Each from the start on: what is logged, served and shown, and what was asked."""

    def scenario(side):
        for name in names:
            fault = ":".join(filter(None, (name, ARGUMENTS.get(name))))
            simulator = side.simulator("--pods=30", f"--fault={fault}")
            exporter = side.exporter(simulator.url, *flags)
            side.wait_for_polls(exporter)
            side.request(f"{fault} scrape", exporter, "GET", "/metrics")
            side.request(f"{fault} page", exporter, "GET", "/")
            side.keep(f"{fault} requests", "\n".join(simulator.requests()))
            side.stop(f"{fault} log", exporter)
            simulator.kill()

    return scenario


def unreachable(side):
    """Nobody there, a name that does not exist, TLS where there is none."""
    simulator = side.simulator("--pods=5")
    port = free_port()
    side.knows_port(port)
    urls = {"nobody": f"http://127.0.0.1:{port}", "no name": "http://no..such.name:9090",
            "no TLS": f"https://127.0.0.1:{simulator.port}"}  # fmt: skip
    for label, url in urls.items():
        for form in ("logfmt", "json"):
            exporter = side.exporter(url, f"--log.format={form}", *IMPATIENT)
            side.wait_for_polls(exporter)
            side.request(f"{label} {form} scrape", exporter, "GET", "/metrics")
            side.request(f"{label} {form} page", exporter, "GET", "/")
            side.stop(f"{label} {form} log", exporter)


class _Recorder(Service):
    """A Kubecost that has nothing, and remembers the headers that came."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def handle(self, method, path, headers, read):
        self.seen.append(f"{method} {path}\n{headers}")
        return 401, {}, b"no"


def request_headers(side):
    """What is sent along: user agent, encodings, credentials and further headers."""
    (side.folder / "secret").write_text("right\n")
    (side.folder / "headers").write_text("X-API-KEY: key\nX-Scope: a b\n")
    basic = ("--kubecost.username=me", f"--kubecost.password-file={side.folder}/secret")
    for label, flags in {"plain": (), "no gzip": ("--kubecost.gzip=false",), "basic": basic,
                         "token": (f"--kubecost.token-file={side.folder}/secret", "--log.format=json"),
                         "headers": (f"--kubecost.header-file={side.folder}/headers", "--kubecost.api=kubecost")}.items():
        recorder = side.enter(_Recorder())
        exporter = side.exporter(f"http://127.0.0.1:{recorder.port}", *ONE_DAY, *flags)
        side.wait_for_polls(exporter)
        side.keep(f"{label} requests", "\n".join(recorder.seen))
        side.request(f"{label} page", exporter, "GET", "/")
        side.request(f"{label} scrape", exporter, "GET", "/metrics")
        side.stop(f"{label} log", exporter)


# --- on a clock that runs ---------------------------------------------------------------------------------------------


def recovery(side):
    """Troubles that come and go under one exporter: each is logged once, and so is its end."""
    clock = Clock("2026-03-05T03:00:00+00:00", scale=300)
    simulator = side.simulator("--pods=40", clock=clock)
    flags = ("--cluster-info=off", "--day.refresh=1m", "--kubecost.max-response-bytes=8MiB", *ONE_DAY)
    exporter = side.exporter(simulator.url, *flags, clock=clock)
    exporter.wait_for_day()
    for fault in ("http_500", "http_404", "html", "data_null", "error_in_200", "not_json", "truncated", "wrong_window",
                  "fewer_pods", "partial_day"):  # fmt: skip
        lines = len(exporter.output["stderr"])
        simulator.set_fault(fault, path="/allocation")
        wait_until(lambda n=lines: len(exporter.output["stderr"]) > n, exporter.describe)
        simulator.set_fault("none")
        good = exporter.value("kubecost_exporter_polls_total", view="day", result="success")
        wait_until(lambda n=good: exporter.value("kubecost_exporter_polls_total", view="day", result="success") >= n + 4,
                   exporter.describe)  # fmt: skip
    side.stop("log", exporter)


def large_answers(side):
    """Pods in parts, after one answer was too big."""
    for fault in ("too_big:40", "too_big:40,reset"):
        clock = Clock("2026-03-05T14:30:00+00:00", scale=300)
        simulator = side.simulator("--pods=60", "--namespaces=12", f"--fault={fault}", clock=clock)
        exporter = side.exporter(simulator.url, *ONE_DAY, clock=clock)
        exporter.wait_for_day()
        side.stop(f"{fault} log", exporter)


def closing_days(side):
    """Days close, are corrected and settle; back-filled ones come, go, and are remembered over a restart."""
    clock = Clock("2026-03-05T22:00:00+00:00", scale=7200)
    simulator = side.simulator("--pods=40", "--clusters=2", clock=clock)
    path = side.folder / "state"
    flags = ("--backfill.days=7", "--day.keep=2", f"--state.path={path}", "--hour.enabled=false", "--today.enabled=false")
    exporter = side.exporter(simulator.url, *flags, clock=clock)
    wait_until(lambda: len(exporter.log("serving a new day")) >= 4, exporter.describe, timeout=120)
    wait_until(lambda: path.exists() and path.read_text().count("\n") >= 5, exporter.describe, timeout=120)
    exporter.send(signal.SIGTERM)
    exporter.wait()
    # Whether a read falls into one of Kubecost's corrections is a matter of moments.
    side.keep("log", "\n".join(line for line in exporter.output["stderr"] if "reading from Kubecost" not in line))
    side.keep("state", path.read_text())
    simulator.kill()
    still = side.simulator("--pods=40", "--clusters=2", clock=Clock("2026-03-08T03:00:00+00:00", STILL), port=simulator.port)
    again = side.exporter(still.url, *flags, clock=Clock("2026-03-08T03:00:00+00:00", STILL))
    side.wait_for_polls(again)
    side.stop("log after a restart", again)
    side.keep("state after a restart", path.read_text())


def frozen():
    quick = [name for name in fault_names() if name not in SLOW]
    parts = {f"faults {part + 1}, {form}": _faults(quick[part::PARTS], f"--log.format={form}", *EVERY_VIEW)
             for form in ("logfmt", "json") for part in range(PARTS)}  # fmt: skip
    return {**parts, "slow faults": _faults(SLOW, *IMPATIENT), "unreachable": unreachable,
            "request headers": request_headers}  # fmt: skip


def running():
    return {"closing days": closing_days, "recovery": recovery, "large answers": large_answers}
