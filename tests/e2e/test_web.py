"""The exporter's HTTP server: what it answers where, its flags, and that health stays answered come what may."""

import contextlib
import fcntl
import http.client
import socket
import struct
import termios
import unittest

from stage import exposition
from stage.harness import PATIENCE, Process, wait_until
from stage.programs import EXPORTER, Stage

HEALTH = ("/healthz", "/readyz", "/-/healthy", "/-/ready")
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
NOWHERE = "http://127.0.0.1:1"


def has_ipv6():
    try:
        with contextlib.closing(socket.socket(socket.AF_INET6)) as probe:
            probe.bind(("::1", 0))
            return True
    except OSError:
        return False


def status_at(endpoint, path="/healthz"):
    connection = http.client.HTTPConnection(*endpoint, timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.request("GET", path)
        return connection.getresponse().status


def read_to_end(raw):
    """Everything until the other side closes."""
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := raw.recv(65536):
            data += piece
    return data


def stalled_scrape(exporter):
    """A scraper that reads nothing. Returns its connection once nothing more arrives: the exporter cannot go on."""
    raw = exporter.connect(receive_buffer=4096)
    if exporter.context:
        raw = exporter.context.wrap_socket(raw)
    raw.sendall(b"GET /metrics HTTP/1.1\r\nHost: e2e\r\n\r\n")
    seen = [0]

    def is_full():
        before = seen[0]
        seen[0] = struct.unpack("i", fcntl.ioctl(raw, termios.FIONREAD, b"\0" * 4))[0]
        return 0 < before == seen[0]

    wait_until(is_full, "a stalled scrape", interval=0.1)
    return raw


class HealthMixin:
    def assert_healthy(self, exporter):
        for path in HEALTH:
            self.assertEqual((200, b"ok\n"), exporter.request("GET", path)[::2], path)
            self.assertEqual((200, b""), exporter.request("HEAD", path)[::2], path)


class AnswerTest(HealthMixin, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        stage = Stage.of(cls)
        cls.exporter = stage.exporter(stage.simulator("--pods=60").url)
        cls.exporter.wait_for_day()

    def test_metrics(self):
        get = self.exporter.request("GET", "/metrics")
        self.assertEqual((200, [METRICS_TYPE]), (get.status, get.headers.get_all("Content-Type")))
        self.assertIn("kubecost_pod_total_cost", exposition.parse(get.body))
        head = self.exporter.request("HEAD", "/metrics")
        self.assertEqual((200, b""), (head.status, head.body))
        self.assertEqual([METRICS_TYPE], head.headers.get_all("Content-Type"))
        self.assertEqual(200, self.exporter.request("GET", "/metrics?any=thing").status)

    def test_scrapes_are_counted(self):
        before = self.exporter.value("kubecost_exporter_scrapes_total")
        self.exporter.request("HEAD", "/metrics")  # is none
        sizes = [len(self.exporter.get("/metrics"))]

        # The count follows the last byte, so a reader may be faster. What is served may grow from scrape to scrape.
        def is_counted():
            body = self.exporter.scrape()
            families = exposition.parse(body)
            sizes.append(len(body.encode("utf-8")))
            counted = exposition.value(families, "kubecost_exporter_scrapes_total")
            size = exposition.value(families, "kubecost_exporter_scrape_bytes")
            return (counted, size) == (before + len(sizes), sizes[-2])

        wait_until(is_counted, "every scrape being counted")

    def test_status_page(self):
        page = self.exporter.request("GET", "/")
        self.assertEqual((200, "text/html; charset=utf-8"), (page.status, page.headers["Content-Type"]))
        for link in (b'href="/metrics"', b'href="/healthz"', b'href="/readyz"'):
            self.assertIn(link, page.body)
        self.assertEqual(200, self.exporter.request("HEAD", "/").status)

    def test_health(self):
        self.assert_healthy(self.exporter)

    def test_not_found_and_not_allowed(self):
        for path in ("/metric", "/metrics/", "/healthz/x", "/../etc/passwd", "/%2e%2e/etc", "/-/"):
            response = self.exporter.request("GET", path)
            self.assertEqual(404, response.status, path)
            self.assertIn(b"/metrics", response.body)
        self.assertEqual(404, self.exporter.request("POST", "/nothing").status)
        for path in ("/metrics", "/", *HEALTH):
            for method in ("POST", "PUT", "DELETE", "OPTIONS"):
                response = self.exporter.request(method, path)
                self.assertEqual((405, "GET, HEAD"), (response.status, response.headers["Allow"]), (method, path))

    def test_http_1_0(self):
        with self.exporter.connect() as raw:
            raw.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            head, _, body = read_to_end(raw).partition(b"\r\n\r\n")
        self.assertIn(b" 200 OK\r\n", head)
        self.assertIn(f"Content-Type: {METRICS_TYPE}".encode(), head)
        self.assertNotIn(b"chunked", head)
        self.assertIn("kubecost_pod_total_cost", exposition.parse(body))

    def test_connection_is_closed_without_keep_alive(self):
        response = self.exporter.request("GET", "/healthz")
        self.assertEqual("close", response.headers["Connection"])

    def test_nonsense_does_no_harm(self):
        for nonsense in (b"\0\1\2\3\r\n\r\n", b"GET\r\n\r\n", b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n"):
            with self.exporter.connect() as raw, contextlib.suppress(ConnectionError):
                raw.sendall(nonsense)
                answer = read_to_end(raw)
                self.assertNotIn(b" 200 ", answer[:20])
        self.assert_healthy(self.exporter)


class ListenTest(unittest.TestCase):
    def test_ipv4(self):
        exporter = Stage.of(self).exporter(NOWHERE, listen=["127.0.0.1:0"])
        self.assertEqual(200, status_at(exporter.endpoint(0)))

    def test_ipv6(self):
        if not has_ipv6():
            self.skipTest("IPv6 is missing: the kernel has no ::1")
        exporter = Stage.of(self).exporter(NOWHERE, listen=["[::1]:0"])
        self.assertRegex(exporter.addresses[0], r"^\[::1\]:[1-9]\d*$")
        self.assertEqual("::1", exporter.endpoint(0)[0])
        self.assertEqual(200, status_at(exporter.endpoint(0)))

    def test_all_interfaces(self):
        exporter = Stage.of(self).exporter(NOWHERE, listen=[":0"])
        self.assertEqual(200, status_at(("127.0.0.1", exporter.port)))
        if not has_ipv6():
            self.skipTest("IPv6 is missing: the kernel has no ::1")
        self.assertEqual(200, status_at(("::1", exporter.port)))

    def test_two_addresses(self):
        exporter = Stage.of(self).exporter(NOWHERE, listen=["127.0.0.1:0", "[::1]:0" if has_ipv6() else "127.0.0.1:0"])
        self.assertEqual(2, len(exporter.addresses))
        for i in range(2):
            self.assertEqual(200, status_at(exporter.endpoint(i)))

    def test_port_already_taken(self):
        with contextlib.closing(socket.socket()) as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            process = Process([EXPORTER, f"--web.listen-address={address}"])
            self.addCleanup(process.kill)
            self.assertEqual(2, process.wait())
        self.assertEqual(1, len(process.output["stderr"]), process.describe())
        self.assertIn(address, process.output["stderr"][0])
        self.assertIn("cannot listen on", process.output["stderr"][0])


class FlagTest(unittest.TestCase):
    def test_telemetry_path(self):
        exporter = Stage.of(self).exporter(NOWHERE, "--web.telemetry-path=/cost/metrics")
        self.assertEqual(200, exporter.request("GET", "/cost/metrics").status)
        self.assertEqual(404, exporter.request("GET", "/metrics").status)
        self.assertIn(b'href="/cost/metrics"', exporter.get("/"))
        self.assertTrue(exporter.wait_for_log("path=/cost/metrics"))

    def test_keep_alive(self):
        exporter = Stage.of(self).exporter(NOWHERE, "--web.keep-alive-timeout=500ms")
        connection = http.client.HTTPConnection(exporter.host, exporter.port, timeout=PATIENCE)
        connection.connect()
        connection.auto_open = False  # a second connection would be an error
        with contextlib.closing(connection):
            for path in ("/healthz", "/metrics", "/nothing", "/metrics"):
                connection.request("GET", path)
                response = connection.getresponse()
                self.assertEqual("keep-alive", response.headers["Connection"])
                response.read()
            # Left idle, it is closed.
            self.assertEqual(b"", connection.sock.recv(1))
        closing = exporter.request("GET", "/healthz", {"Connection": "close"})
        self.assertEqual("close", closing.headers["Connection"])

    def test_request_timeout_drops_half_a_request(self):
        exporter = Stage.of(self).exporter(NOWHERE, "--web.request-timeout=1s")
        with exporter.connect() as raw:
            raw.sendall(b"GET /metrics HTT")
            self.assertNotIn(b" 200 ", read_to_end(raw))
        self.assertEqual(200, exporter.request("GET", "/healthz").status)

    def test_threads(self):
        """A half request holds a thread; whether one more request must wait for its end depends on their number."""

        def still_open(raw):
            raw.setblocking(False)
            try:
                raw.recv(1)
            except BlockingIOError:
                return True
            return False

        for threads, timeout, open_after in ((3, "60s", 2), (2, "1s", 1)):
            exporter = Stage.of(self).exporter(
                NOWHERE, f"--web.threads={threads}", "--web.max-requests=1", f"--web.request-timeout={timeout}"
            )
            with exporter.connect() as first, exporter.connect() as second:
                for raw in (first, second):
                    raw.sendall(b"GET /heal")
                self.assertEqual(200, exporter.request("GET", "/healthz").status)
                self.assertLessEqual(sum(map(still_open, (first, second))), open_after)
                if threads > 2:
                    self.assertTrue(still_open(first) and still_open(second))


class BodyTest(HealthMixin, unittest.TestCase):
    """Nobody wants a request's body; whoever sends one slowly must not hold a thread with it."""

    def test_a_body_that_drips_holds_no_thread(self):
        for flags in ((), ("--web.keep-alive-timeout=500ms",)):
            exporter = Stage.of(self).exporter(NOWHERE, "--web.threads=2", "--web.max-requests=1", *flags)
            for head in (b"POST /metrics", b"GET /metrics", b"GET /nothing", b"PUT /healthz"):
                for length in (b"Content-Length: 1000000", b"Transfer-Encoding: chunked"):
                    with contextlib.ExitStack() as stack:
                        for _ in range(4):
                            raw = stack.enter_context(exporter.connect())
                            raw.sendall(head + b" HTTP/1.1\r\nHost: e2e\r\n" + length + b"\r\n\r\n5\r\n")
                            answer = read_to_end(raw)
                            self.assertRegex(answer, rb"^HTTP/1.1 [245]\d\d ", (head, length))
                            self.assertIn(b"Connection: close", answer)
                        self.assert_healthy(exporter)

    def test_the_answer_arrives_all_the_same(self):
        exporter = Stage.of(self).exporter(NOWHERE)
        with exporter.connect() as raw:
            raw.sendall(b"POST /metrics HTTP/1.1\r\nHost: e2e\r\nContent-Length: 100\r\n\r\n" + b"x" * 100)
            self.assertTrue(read_to_end(raw).startswith(b"HTTP/1.1 405 "))


class StalledScraperTest(HealthMixin, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # The answer is far larger than what the sockets on both sides hold.
        cls.simulator = Stage.of(cls).simulator("--pods=8000")

    def scrape_status(self, exporter):
        return exporter.request("GET", "/metrics").status

    def test_health_is_answered_and_scrapes_come_back(self):
        exporter = Stage.of(self).exporter(
            self.simulator.url, "--web.max-requests=2", "--web.threads=3", "--web.request-timeout=60s"
        )
        exporter.wait_for_day()
        stalled = [stalled_scrape(exporter) for _ in range(2)]
        for _ in range(3):
            refused = exporter.request("GET", "/metrics")
            self.assertEqual((503, "1"), (refused.status, refused.headers["Retry-After"]))
            self.assertIn(b"--web.max-requests", refused.body)
            self.assert_healthy(exporter)
        for raw in stalled:
            raw.close()
        wait_until(lambda: self.scrape_status(exporter) == 200, "a scrape after the stalled clients have gone")
        self.assertIn("kubecost_pod_total_cost", exporter.families())

    def test_request_timeout_gives_a_stalled_scrapers_place_back(self):
        exporter = Stage.of(self).exporter(self.simulator.url, "--web.max-requests=1", "--web.request-timeout=1s")
        exporter.wait_for_day()
        before = exporter.value("kubecost_exporter_scrapes_total")
        with stalled_scrape(exporter):
            wait_until(lambda: self.scrape_status(exporter) == 200, "a scrape while the stalled client is still there")
        # The one that `before` came from and the one just now; the stalled one was not served in full.
        self.assertLessEqual(exporter.value("kubecost_exporter_scrapes_total"), before + 2)


class HealthWithoutKubecostTest(HealthMixin, unittest.TestCase):
    def test_down(self):
        exporter = Stage.of(self).exporter(NOWHERE)
        exporter.wait_for_line("stderr", "reason=refused")
        self.assert_healthy(exporter)
        self.assertEqual(0, exporter.value("kubecost_exporter_up"))

    def test_hanging_or_erring(self):
        for fault in ("hang", "stall_body", "http_500"):
            stage = Stage.of(self)
            simulator = stage.simulator("--pods=20", f"--fault={fault}")
            exporter = stage.exporter(simulator.url)
            wait_until(simulator.requests, exporter.describe)
            self.assert_healthy(exporter)
            self.assertEqual(0, exporter.value("kubecost_exporter_up"))


if __name__ == "__main__":
    unittest.main()
