# Also tests exporter/app.h
"""The exporter as a process: how it starts, what it refuses, what it logs and how it ends."""

import json
import re
import signal
import sys
import time
import unittest

from stage import exposition
from stage.harness import PATIENCE, run, wait_until
from stage.programs import EXPORTER, ONE_DAY, Clock, Stage, free_port
from stage.replay import ReplayServer

# The promise is one second; the machine may be busy.
LONGEST_END = 5


class EndTest(unittest.TestCase):
    def end(self, exporter, what, number=signal.SIGTERM):
        """Ends the exporter by a signal; asserts how, prints how fast."""
        started = time.monotonic()
        exporter.send(number)
        code = exporter.wait(PATIENCE)
        seconds = time.monotonic() - started
        print(f"\n{signal.Signals(number).name} {what}: ended after {seconds:.3f} s", file=sys.stderr)
        self.assertEqual(0, code, exporter.describe())
        self.assertLess(seconds, LONGEST_END, exporter.describe())
        self.assertTrue(exporter.wait_for_log(f"msg=stopping signal={signal.Signals(number).name}"))

    def test_when_idle(self):
        stage = Stage.of(self)
        simulator = stage.simulator("--pods=50")
        for number in (signal.SIGTERM, signal.SIGINT):
            exporter = stage.exporter(simulator.url)
            exporter.wait_for_day()
            self.end(exporter, "when idle", number)

    def test_while_kubecost_keeps_it_waiting(self):
        for fault, arg in (("hang", ""), ("stall_body", ""), ("slow_body", "20000")):
            stage = Stage.of(self)
            simulator = stage.simulator("--pods=200")
            # The answer with the pods: at this speed it takes half a minute.
            simulator.set_fault(fault, arg, path="controllerKind")
            exporter = stage.exporter(simulator.url, "--cluster-info=off", "--kubecost.gzip=false")
            wait_until(lambda: [r for r in simulator.requests() if "controllerKind" in r], exporter.describe)
            requests = "kubecost_exporter_api_requests_total"
            self.assertEqual(1, exporter.value(requests, endpoint="/model/allocation", code="200"))
            self.end(exporter, f"while Kubecost does {fault}")

    def test_while_kubecost_takes_no_connection(self):
        # Nothing there ever answers: an address of a network for documentation.
        exporter = Stage.of(self).exporter("http://192.0.2.1:9090")
        self.end(exporter, "while connecting")

    def test_while_a_scraper_is_stalled(self):
        stage = Stage.of(self)
        simulator = stage.simulator("--pods=8000")
        exporter = stage.exporter(simulator.url, "--web.request-timeout=60s")
        exporter.wait_for_day()
        size = len(exporter.scrape())
        # More than the sockets on both sides hold.
        self.assertGreater(size, 8 << 20)
        raw = stage.enter_context(exporter.connect(receive_buffer=4096))
        raw.sendall(b"GET /metrics HTTP/1.1\r\nHost: e2e\r\n\r\n")
        self.assertEqual(b"HTTP", raw.recv(4))
        self.end(exporter, "while a scraper is stalled")


class ConfigurationTest(unittest.TestCase):
    def test_check(self):
        good = run(EXPORTER, "--config.check", "--kubecost.url=http://kubecost:9090", "--idle=share")
        self.assertEqual((0, b"configuration is good\n", b""), (good.returncode, good.stdout, good.stderr))

    def test_every_problem_at_once(self):
        flags = {
            "--kubecost.url": "ftp://kubecost",
            "--kubecost.read-timeout": "soon",
            "--kubecost.max-response-bytes": "12",
            "--idle": "maybe",
            "--currency": "dollars",
            "--day.utc-offset": "2",
            "--day.refresh": "1s",
            "--web.listen-address": "9103",
            "--web.telemetry-path": "metrics",
            "--web.threads": "many",
            "--web.max-requests": "99",
            "--log.level": "loud",
        }
        argv = [f"{flag}={value}" for flag, value in flags.items()] + ["stray", "--no-such-flag"]
        for command in ([], ["--config.check"]):
            bad = run(EXPORTER, *argv, *command, env={"KUBECOST_EXPORTER_WEB_REQUEST_TIMEOUT": "1ms"})
            self.assertEqual((2, b""), (bad.returncode, bad.stdout))
            lines = bad.stderr.decode().splitlines()
            self.assertIn("nothing was started", lines[0])
            for name in (*flags, "--web.request-timeout", "--no-such-flag"):
                self.assertEqual(1, len([line for line in lines if line.startswith(f"  {name}:")]), (name, lines))
            self.assertEqual(1, len([line for line in lines if '"stray"' in line]), lines)
            self.assertEqual(len(flags) + 3 + 1, len(lines), lines)

    def test_a_password_in_the_url_is_refused_and_not_repeated(self):
        bad = run(EXPORTER, "--kubecost.url=http://user:hunter2@kubecost:9090", "--config.check")
        self.assertEqual(2, bad.returncode)
        self.assertIn(b"--kubecost.url", bad.stderr)
        self.assertNotIn(b"hunter2", bad.stderr + bad.stdout)

    def test_environment_and_precedence(self):
        env = {
            "KUBECOST_EXPORTER_CURRENCY": "EUR",
            "KUBECOST_EXPORTER_IDLE": "share",
            "KUBECOST_EXPORTER_SHARE_TENANCY_COSTS": "false",
            "KUBECOST_EXPORTER_DAY_UTC_OFFSET": "+05:30",
            "KUBECOST_EXPORTER_WEB_TELEMETRY_PATH": "/from-environment",
            "KUBECOST_EXPORTER_LOG_FORMAT": "json",
        }
        exporter = Stage.of(self).exporter("http://127.0.0.1:1", "--idle=off", "--kubecost.api=opencost", env=env)
        families = exposition.parse(exporter.get("/from-environment"))
        labels = {"api": "opencost", "currency": "EUR", "idle": "off", "share_tenancy": "false"}
        config = "kubecost_exporter_config_info"
        self.assertEqual(1, exposition.value(families, config, utc_offset="+05:30", **labels))
        self.assertEqual("listening", json.loads(exporter.output["stderr"][0])["msg"])

    def test_addresses_from_the_environment(self):
        env = {"KUBECOST_EXPORTER_WEB_LISTEN_ADDRESS": "127.0.0.1:0,127.0.0.1:0"}
        exporter = Stage.of(self).exporter("http://127.0.0.1:1", env=env, listen=())
        self.assertEqual(2, len(set(exporter.addresses)), exporter.addresses)

    def test_version_and_help(self):
        version = run(EXPORTER, "--version")
        self.assertEqual(0, version.returncode)
        self.assertRegex(version.stdout.decode(), r"\Akubecost-allocation-exporter, version \d+\.\d+\.\d+ \(.*\)\n\Z")
        text = run(EXPORTER, "--help").stdout.decode()
        flags = re.findall(r"^ +--([a-z.-]+) .*\(Env:([A-Z_]+)\)", text, re.MULTILINE)
        self.assertGreater(len(flags), 20, text)
        for flag, variable in flags:
            self.assertEqual("KUBECOST_EXPORTER_" + re.sub("[.-]", "_", flag).upper(), variable)

    def test_before_the_first_answer_only_its_own_families(self):
        exporter = Stage.of(self).exporter("http://127.0.0.1:1")
        families = exporter.families()
        self.assertTrue(all(name.startswith(("kubecost_exporter_", "process_")) for name in families), list(families))
        self.assertEqual(0, exposition.value(families, "kubecost_exporter_up"))


class RenderTest(unittest.TestCase):
    ANSWER = b"""{"code":200,"data":[{"c/n":{"name":"c/n","properties":{"cluster":"c","namespace":"n"},
        "window":{"start":"2026-01-01T00:00:00Z","end":"2026-01-02T00:00:00Z"},
        "cpuCost":1.5,"cpuCostAdjustment":-0.25,"ramCost":2,"totalCost":3.25}}]}"""

    def test_from_standard_input(self):
        done = run(EXPORTER, "render", "-", "--level=namespace", "--cluster.name=mine", stdin=self.ANSWER)
        self.assertEqual((0, b""), (done.returncode, done.stderr))
        families = exposition.parse(done.stdout)
        labels = {"cluster": "mine", "namespace": "n"}
        self.assertEqual(1.25, exposition.value(families, "kubecost_namespace_cpu_cost", **labels))
        self.assertEqual(2, exposition.value(families, "kubecost_namespace_memory_cost", **labels))

    def test_what_cannot_be_rendered(self):
        for stdin, words in (
            (b"", b"the answer has no body"),
            (b'{"code":200,"data":[null]}', b"API response appears to be empty."),
            (b"<html></html>", b"HTML"),
            (b'{"code":200,"data":[', b"not one valid JSON document"),
            (b'{"code":403,"message":"forbidden"}', b"forbidden"),
        ):
            done = run(EXPORTER, "render", "-", stdin=stdin)
            self.assertEqual((1, b""), (done.returncode, done.stdout), stdin)
            self.assertIn(words, done.stderr)
        missing = run(EXPORTER, "render", "/no/such/file.json")
        self.assertEqual(1, missing.returncode)
        self.assertIn(b"/no/such/file.json: No such file", missing.stderr)
        for bad in (["render"], ["render", "-", "--level=galaxy"]):
            self.assertEqual(2, run(EXPORTER, *bad).returncode, bad)


class LogTest(unittest.TestCase):
    VALUE = r'("(\\.|[^"\\])*"|[^\s"=\\]+)'
    LOGFMT = re.compile(rf"ts=\S+ level=(debug|info|warn|error) msg={VALUE}( [a-z_]+={VALUE})*")

    def one_failure_and_recovery(self, *flags, **kwargs):
        """Runs an exporter through a failure of several polls and its end; returns its log lines."""
        clock = Clock("2026-03-05T03:00:00+00:00", scale=300)
        stage = Stage.of(self)
        simulator = stage.simulator("--pods=20", clock=clock)
        exporter = stage.exporter(simulator.url, "--day.refresh=1m", *ONE_DAY, *flags, clock=clock, **kwargs)
        exporter.wait_for_day()
        errors = "kubecost_exporter_polls_total"
        simulator.set_fault("http_500")
        wait_until(lambda: exporter.value(errors, view="day", result="error") >= 3, exporter.describe)
        simulator.set_fault("none")
        wait_until(lambda: exporter.value("kubecost_exporter_view_up", view="day") == 1, exporter.describe)
        wait_until(lambda: exporter.log("works again") or "--log.level=warn" in flags, exporter.describe)
        exporter.send(signal.SIGTERM)
        exporter.wait()
        return exporter.output["stderr"]

    def test_json(self):
        lines = [json.loads(line) for line in self.one_failure_and_recovery("--log.format=json", "--log.level=debug")]
        self.assertTrue(all({"ts", "level", "msg"} <= line.keys() for line in lines))
        self.assertIn("request", [line["msg"] for line in lines])
        self.assertEqual(["serving a new day"], [line["msg"] for line in lines if "pods" in line])

    def test_logfmt_one_line_per_change(self):
        lines = self.one_failure_and_recovery("--cluster-info=off")
        for line in lines:
            self.assertTrue(self.LOGFMT.fullmatch(line), line)
        messages = [re.search(r'msg=("[^"]*"|\S+)', line).group(1).strip('"') for line in lines]
        self.assertEqual(
            [
                "listening",
                "serving a new day",
                "reading from Kubecost failed",
                "reading from Kubecost works again",
                "stopping",
            ],
            messages,
        )

    def test_level(self):
        address = f"127.0.0.1:{free_port()}"
        lines = self.one_failure_and_recovery("--log.level=warn", "--cluster-info=off", listen=(address,))
        self.assertEqual(1, len(lines), lines)
        self.assertIn("level=warn", lines[0])

    def test_lines_stay_one_line_of_valid_text_whatever_kubecost_says(self):
        # Bytes that are no UTF-8; a text cut in the midst of a character; control characters.
        messages = [b"\xff\xfe broken", "ä".encode() * 400, b"two\\nlines\\u0000and\\u001b[31mred", b'say \\"hi\\"']
        for message in messages:
            stage = Stage.of(self)
            body = b'{"code":500,"data":null,"message":"x' + message + b'"}'
            server = ReplayServer(lambda path, _, body=body: (500, "application/json", body))
            stage.callback(server.close)
            exporter = stage.exporter(server.url, "--cluster-info=off", "--log.format=json", *ONE_DAY)
            failed = "kubecost_exporter_api_errors_total"
            wait_until(lambda: exporter.value(failed, reason="http_5xx") == 1, exporter.describe)
            exporter.send(signal.SIGTERM)
            exporter.wait()
            with self.subTest(message=message[:40]):
                lines = [json.loads(line) for line in exporter.output["stderr"]]
                warning = next(line for line in lines if line["level"] == "warn")
                self.assertIn("HTTP 500", warning["error"])
                # The reader put a backslash before what is no UTF-8.
                self.assertNotIn("\\x", warning["error"])
                self.assertTrue(warning["error"].replace("\n", "").isprintable(), repr(warning["error"]))


if __name__ == "__main__":
    unittest.main()
