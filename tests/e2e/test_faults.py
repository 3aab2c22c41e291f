"""What goes wrong in front of the exporter: each trouble is counted by its reason, worded for whoever reads the log,
said once, and never costs a fact."""

import collections
import contextlib
import re
import socket
import threading
import unittest

from stage import exposition
from stage.closed_days import DaysStage
from stage.harness import wait_until
from stage.programs import ONE_DAY, Clock, Stage

ERRORS = "kubecost_exporter_api_errors_total"
DAY = "2026-03-04T00:00:00Z,2026-03-05T00:00:00Z"
EMPTY = "API response appears to be empty. "
NO_ROWS = f" rows for the window {DAY}: its data is "

Case = collections.namedtuple("Case", "fault reason text")

# Fault of the simulator[:argument], the reason it is counted by, what the log says.
CASES = [
    Case("http_500", "http_5xx", 'HTTP 500, \\"simulated failure\\"; see Kubecost\'s own log'),
    Case("http_502", "http_5xx", "HTTP 502; a proxy before Kubecost gave up waiting or found it gone"),
    Case("http_503", "http_5xx", "HTTP 503; a proxy before Kubecost gave up"),
    Case("http_504", "http_5xx", "HTTP 504; a proxy before Kubecost gave up"),
    Case("http_400", "http_4xx", 'HTTP 400, \\"simulated failure\\"'),
    Case("http_429", "http_4xx", "the server limits how often it is asked"),
    Case("bad_window_text", "http_4xx", "HTTP 400"),
    Case("bad_window_text_then_json", "http_4xx", "HTTP 400"),
    Case("http_401", "auth", "HTTP 401; Kubecost or a proxy before it wants credentials"),
    Case("http_403", "auth", "HTTP 403; Kubecost or a proxy before it wants credentials"),
    Case("http_404", "not_found", "HTTP 404 on every path tried: /model/allocation, /allocation"),
    Case("redirect", "redirect", "/login, which is not followed"),
    Case("html", "html", "the answer is an HTML page instead of JSON"),
    Case("empty_body", "empty_body", "the answer has no body: Kubecost failed to encode it"),
    Case("data_null", "empty", NO_ROWS + "null."),
    Case("data_empty_array", "empty", NO_ROWS + "[]."),
    Case("data_array_null", "empty", NO_ROWS + "[null]."),
    Case("data_array_empty_set", "empty", NO_ROWS + "[{}]."),
    Case("error_in_200", "upstream_code", "the answer's own code is 500, not 200: Internal Server Error"),
    Case("not_json", "parse", 'unexpected answer: not JSON, but \\"upstream connect error, not JSON\\"; is '),
    Case("two_documents", "parse", "not one valid JSON document, at byte "),
    Case("truncated_json", "parse", "not one valid JSON document, at byte "),
    Case("data_missing", "parse", "unexpected answer: it has no `data`"),
    Case("data_object", "parse", "`data` is an object, not an array of sets"),
    Case("overflow_number", "parse", "Number too big"),
    Case("lone_surrogate", "parse", "surrogate pair"),
    Case("bad_gzip", "parse", "is --kubecost.url an HTTP port of Kubecost or OpenCost?"),
    Case("truncated", "disconnected", "closed the connection"),
    Case("truncated_chunked", "disconnected", "closed the connection"),
    Case("close_after_headers", "disconnected", "closed the connection"),
    Case("reset", "disconnected", "closed the connection"),
    Case("reset_before_headers", "disconnected", "closed the connection"),
    Case("wrong_window", "window_mismatch", f"asked for the window {DAY}, but row "),
    Case("wider_window", "window_mismatch", "--day.utc-offset must equal the UTC offset Kubecost is configured with"),
    Case("open_window", "window_mismatch", "has no window that can be read"),
    Case("no_window", "window_mismatch", "has no window that can be read"),
    Case("huge_body:16", "too_large", "the answer is larger than 8388608 bytes; raise --kubecost.max-response-bytes"),
    Case("gzip_bomb:16", "too_large", " bytes"),
    Case("huge_name", "too_large", "which Kubernetes does not allow"),
    Case("extra_cluster", "multi_cluster", "the answer holds several clusters"),
    Case("recompute", "inconsistent", "changed while it was being read: Kubecost was recomputing"),
]

# Oddities of which the facts know nothing.
HARMLESS = [
    "none",
    "data_leading_empty_sets",
    "null_row",
    "no_code",
    "code_last",
    "deep_nesting:100000",
    "extra_fields",
    "huge_labels:2",
    "leaked_properties",
    "connection_close",
]

# Oddities that change what is served, which must stay a valid exposition.
TOLERATED = [
    "hostile_names",
    "duplicate_rows",
    "null_costs",
    "null_efficiency",
    "string_numbers",
    "negative_minutes",
    "negative_costs",
    "no_cluster",
]


class SimulatedFaultsTest(unittest.TestCase):
    """One exporter and one simulator for all: polled every minute of a clock that runs 120 times as fast. The day is
    believed from the start, and no other one closes meanwhile."""

    WORLD = ("--pods=40", "--adjustments=false")
    FLAGS = ("--cluster-info=off", "--cluster.name=prod", "--kubecost.max-response-bytes=8MiB", *ONE_DAY)

    @classmethod
    def setUpClass(cls):
        stage = DaysStage.of(cls)
        state = stage.ledger(cls.WORLD, "2026-03-05T03:00:00+00:00", *cls.FLAGS)
        clock = Clock("2026-03-05T14:00:00+00:00", scale=120)
        cls.simulator = stage.simulator(*cls.WORLD, clock=clock)
        often = ("--day.refresh=1m", "--day.refresh-max=1m", "--day.close-delay=12h")
        cls.exporter = stage.exporter(cls.simulator.url, f"--state.path={state}", *often, *cls.FLAGS, clock=clock)
        cls.exporter.wait_for_day()
        cls.facts = exposition.facts(cls.exporter.scrape())

    def set_fault(self, text, path="/allocation"):
        name, _, arg = text.partition(":")
        self.simulator.set_fault(name, arg, path=path)

    def recover(self):
        """Ends the fault and waits until the facts are those of a healthy Kubecost again, and the log says so."""

        def recovered():
            told = self.exporter.log("reading from Kubecost")
            return (
                self.value("view_up", view="day") == 1
                and exposition.facts(self.exporter.scrape()) == self.facts
                and not (told and "failed" in told[-1])
            )

        self.set_fault("none")
        wait_until(recovered, lambda: "recovery; " + self.exporter.describe())

    def value(self, name, **labels):
        return self.exporter.value(f"kubecost_exporter_{name}", **labels)

    def polls(self, result):
        return self.value("polls_total", view="day", result=result)

    def errors(self):
        return exposition.values(self.exporter.own_families(), ERRORS, "reason")

    def test_every_fault_is_counted_worded_said_once_and_costs_no_fact(self):
        for case in CASES:
            with self.subTest(fault=case.fault):
                try:
                    self.check(case)
                finally:
                    self.recover()
        self.assertNotIn("secret-token", "\n".join(self.exporter.output["stderr"]))

    def check(self, case):
        lines = len(self.exporter.output["stderr"])
        before = self.errors()
        failed = self.polls("error")
        self.set_fault(case.fault)
        wait_until(lambda: self.polls("error") >= failed + 2, lambda: case.fault + "; " + self.exporter.describe())
        self.assertEqual(self.facts, exposition.facts(self.exporter.scrape()))
        # "up" is about answers: two that do not fit together were valid each.
        self.assertEqual(1 if case.reason == "inconsistent" else 0, self.value("up"))
        self.assertEqual(0, self.value("view_up", view="day"))
        self.recover()
        counted = {reason for reason, count in self.errors().items() if count > before[reason]}
        self.assertEqual({case.reason}, counted)
        said = [line for line in self.exporter.output["stderr"][lines:] if 'msg="reading ' in line]
        self.assertEqual(2, len(said), said)
        self.assertIn(" level=warn ", said[0])
        self.assertIn(f" reason={case.reason} ", said[0])
        self.assertIn(" still_serving_day=2026-03-04", said[0])
        self.assertIn(case.text, said[0])
        if case.reason == "empty":
            self.assertIn(EMPTY, said[0])
        self.assertIn(self.simulator.url if case.reason != "inconsistent" else "", said[0])
        self.assertIn(' level=info msg="reading from Kubecost works again" view=day', said[1])

    def test_a_change_of_reason_is_said_too(self):
        lines = len(self.exporter.output["stderr"])
        for fault in ("http_500", "html", "http_500"):
            failed = self.polls("error")
            self.set_fault(fault)
            wait_until(lambda: self.polls("error") >= failed + 3, "failed polls")
        self.recover()
        reasons = re.findall(r" reason=(\w+) ", "\n".join(self.exporter.output["stderr"][lines:]))
        self.assertEqual(["http_5xx", "html", "http_5xx"], reasons)

    def good_polls_under(self, fault, path="/allocation"):
        """Sets the fault and waits for two more good polls: the second has seen nothing but the fault."""
        before = self.errors()
        good = self.polls("success")
        self.set_fault(fault, path)
        wait_until(lambda: self.polls("success") >= good + 2, lambda: fault + "; " + self.exporter.describe())
        new = {reason for reason, count in self.errors().items() if count > before[reason]}
        # A poll that was under way when the fault began may have seen two states of Kubecost.
        self.assertEqual(1, self.value("up"))
        return new - {"inconsistent"}

    def test_harmless_oddities_change_nothing(self):
        for fault in HARMLESS:
            with self.subTest(fault=fault):
                self.assertEqual(set(), self.good_polls_under(fault))
                self.assertEqual(self.facts, exposition.facts(self.exporter.scrape()))
        self.recover()

    def test_tolerated_oddities_leave_a_valid_exposition(self):
        for fault in TOLERATED:
            with self.subTest(fault=fault):
                # What no longer adds up has to come three times.
                self.assertLessEqual(self.good_polls_under(fault), {"shrunken"})
                families = self.exporter.families()
                self.assertIn("kubecost_pod_info", families)
                self.assertEqual({"prod"}, set(exposition.values(families, "kubecost_pod_info", "cluster")))
                self.recover()

    def test_names_that_are_no_utf8(self):
        """Bytes that are none: the names are repaired, the day is served."""
        self.addCleanup(self.recover)
        self.assertEqual(set(), self.good_polls_under("invalid_utf8"))
        pods = set(exposition.values(self.exporter.families(), "kubecost_pod_info", "pod"))
        self.assertTrue([pod for pod in pods if "\ufffd" in pod], pods)


class TimeoutTest(unittest.TestCase):
    """Troubles that take their time: one exporter each, that is not waited for to recover."""

    def fail(self, reason, url, *flags):
        exporter = Stage.of(self).exporter(url, "--cluster-info=off", "--kubecost.connect-timeout=1s", *ONE_DAY, *flags)
        wait_until(lambda: exporter.value(ERRORS, reason=reason), lambda: reason + "; " + exporter.describe())
        self.assertEqual(1, sum(exposition.values(exporter.own_families(), ERRORS, "reason").values()))
        self.assertEqual(0, exporter.value("kubecost_exporter_up"))
        return exporter.wait_for_log(f"reason={reason}")[0]

    def test_read_timeout(self):
        words = (
            "Timed out waiting for Kubecost Allocation API to send an HTTP response in the given time (1s). "
            "Consider increasing the read timeout value. (GET http://"
        )
        for fault in ("hang", "stall_body", "slow_headers:60"):
            simulator = Stage.of(self).simulator("--pods=20", f"--fault={fault}")
            line = self.fail("read_timeout", simulator.url, "--kubecost.read-timeout=1s")
            self.assertIn(words, line)
            self.assertIn("/model/allocation, --kubecost.read-timeout)", line)

    def test_deadline(self):
        simulator = Stage.of(self).simulator("--pods=20", "--fault=slow_body:500")
        flags = ("--kubecost.read-timeout=1s", "--kubecost.deadline=1s")
        line = self.fail("deadline", simulator.url, *flags)
        self.assertRegex(line, r"not finished within 1s, \d+ bytes had arrived; raise --kubecost.deadline")

    def test_connect_timeout(self):
        """A listener whose queue is full drops what the next client sends."""
        with contextlib.ExitStack() as stack:
            server = stack.enter_context(socket.socket())
            server.bind(("127.0.0.1", 0))
            server.listen(0)
            for _ in range(2):
                client = stack.enter_context(socket.socket())
                client.setblocking(False)
                client.connect_ex(server.getsockname())
            line = self.fail("connect_timeout", f"http://127.0.0.1:{server.getsockname()[1]}")
        words = (
            "Timed out waiting for TCP connection establishment in the given time (1s). "
            "Consider increasing the connection timeout value. (GET http://"
        )
        self.assertIn(words, line)
        self.assertIn("--kubecost.connect-timeout)", line)

    def test_refused(self):
        line = self.fail("refused", "http://127.0.0.1:1")
        self.assertIn("is Kubecost running, and are host and port in --kubecost.url right?", line)

    def test_unknown_name(self):
        # An empty label: no resolver is asked.
        line = self.fail("dns", "http://no..such.name:9090")
        self.assertIn("is the service name in --kubecost.url right", line)

    def test_tls_at_a_port_without(self):
        def refuse(server):
            with contextlib.suppress(OSError):
                while True:
                    client, _ = server.accept()
                    with client:
                        client.recv(1)
                        client.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")

        with contextlib.closing(socket.socket()) as server:
            server.bind(("127.0.0.1", 0))
            server.listen()
            thread = threading.Thread(target=refuse, args=(server,), daemon=True)
            thread.start()
            line = self.fail("tls", f"https://127.0.0.1:{server.getsockname()[1]}")
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
        self.assertIn("that port does not speak TLS", line)


if __name__ == "__main__":
    unittest.main()
