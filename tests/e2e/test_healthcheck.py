"""The subcommand `healthcheck` against the exporter, and against what else may be found in its place."""

import socket
import threading
import unittest

from stage.harness import run
from stage.programs import EXPORTER, Stage, free_port
from stage.replay import ReplayServer
from stage.web_site import Site, bcrypt

LISTEN_VARIABLE = "KUBECOST_EXPORTER_WEB_LISTEN_ADDRESS"


class HealthcheckTest(unittest.TestCase):
    def check(self, code, words, *flags, env=None):
        done = run(EXPORTER, "healthcheck", *flags, env=env)
        out, err = done.stdout.decode(), done.stderr.decode()
        self.assertEqual(code, done.returncode, out + err)
        if code == 0:
            self.assertEqual(("ok\n", ""), (out, err))
            return
        self.assertEqual("", out)
        self.assertRegex(err, words)
        if code == 1:
            self.assertRegex(err, r"\A[^\n]+\n\Z")

    def test_while_it_runs_and_after_its_end(self):
        port = free_port()
        exporter = Stage.of(self).exporter("http://127.0.0.1:1", listen=(f":{port}",))
        self.check(0, "", f"--web.listen-address=:{port}")
        self.check(0, "", env={LISTEN_VARIABLE: f"0.0.0.0:{port}"})
        # Health is asked past a proxy, and whatever Kubecost's address is.
        proxy = {"http_proxy": "http://127.0.0.1:1", "KUBECOST_EXPORTER_KUBECOST_URL": "http://192.0.2.1:9090"}
        self.check(0, "", f"--web.listen-address=127.0.0.1:{port}", env=proxy)
        exporter.kill()
        self.check(1, f"http://127.0.0.1:{port}/healthz: nobody listens", f"--web.listen-address=:{port}")

    def test_behind_client_certificates_and_passwords(self):
        stage = Stage.of(self)
        site = Site(stage.folder())
        site.write(tls_server_config=site.mutual_tls(), basic_auth_users={"prometheus": bcrypt("secret")})
        exporter = site.exporter(stage)
        flags = (f"--web.config.file={site.path}", f"--web.listen-address=:{exporter.port}")
        self.check(0, "", *flags)
        # A file that is broken now is not what the exporter started with.
        site.path.write_text("{", encoding="utf-8")
        self.check(0, "", *flags)
        exporter.kill()
        self.check(1, f"https://127.0.0.1:{exporter.port}/healthz: nobody listens", *flags)

    def test_a_configuration_without_tls(self):
        stage = Stage.of(self)
        site = Site(stage.folder())
        site.write(basic_auth_users={"prometheus": bcrypt("secret")})
        exporter = site.exporter(stage)
        self.check(0, "", f"--web.config.file={site.path}", f"--web.listen-address=:{exporter.port}")

    def test_an_exporter_on_ipv6_alone(self):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError as error:
            self.skipTest(f"no IPv6 here: {error}")
        port = free_port()
        Stage.of(self).exporter("http://127.0.0.1:1", listen=(f"[::1]:{port}",))
        self.check(0, "", f"--web.listen-address=[::1]:{port}")
        self.check(0, "", f"--web.listen-address=[::]:{port}")

    def test_one_that_takes_the_connection_and_keeps_silent(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            address = f"--web.listen-address=:{silent.getsockname()[1]}"
            self.check(1, "/healthz: no answer within 200ms", address, "--timeout=200ms")

    def test_one_that_is_not_alive(self):
        stuck = "the poll loop has not moved for 12m\n"
        server = ReplayServer(lambda path, _: (503 if path == "/healthz" else 200, "text/plain", stuck.encode()))
        self.addCleanup(server.close)
        address = f"--web.listen-address=:{server.url.rpartition(':')[2]}"
        self.check(1, "/healthz: HTTP 503: the poll loop has not moved for 12m\n", address)

    def test_one_that_hangs_up(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            hanging_up = threading.Thread(target=lambda: server.accept()[0].close())
            hanging_up.start()
            address = f"--web.listen-address=:{server.getsockname()[1]}"
            self.check(1, "/healthz: the connection ended without an HTTP answer", address)
            hanging_up.join()

    def test_bad_flags(self):
        for flags, words in (
            (["--web.listen-address=:0"], "leaves the port to the system"),
            (["--timeout=never"], '--timeout: "never" is not a duration'),
            (["--no-such-flag"], "--no-such-flag: unknown flag"),
        ):
            self.check(2, words, *flags)

    def test_help(self):
        done = run(EXPORTER, "healthcheck", "--help")
        self.assertEqual(0, done.returncode)
        for words in (b"--timeout DURATION=3s", b"/healthz", b"Exit codes"):
            self.assertIn(words, done.stdout)
        self.assertIn(b"  healthcheck ", run(EXPORTER, "--help").stdout)


if __name__ == "__main__":
    unittest.main()
