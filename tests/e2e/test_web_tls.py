"""TLS for scrapers (--web.config.file): who gets in, and who does not."""

import socket
import unittest

from stage import pki
from stage.harness import require_tool, run, wait_until
from stage.programs import Stage
from test_web import HEALTH, stalled_scrape
from stage.web_site import NAME, Site, basic, bcrypt, curl, s_client, web_metric

NO_CERTIFICATE = b"a client certificate is required\n"


class PrometheusTest(unittest.TestCase):
    def test_scrapes_with_certificate_and_password(self):
        stage = Stage.of(self)
        site = Site(stage.folder())
        site.write(tls_server_config=site.mutual_tls(), basic_auth_users={"prometheus": bcrypt("right", 10)})
        exporter = site.exporter(stage, url=stage.simulator("--pods=60").url)
        prometheus = stage.prometheus(
            exporter,
            scrape={
                "scheme": "https",
                "tls_config": {
                    "ca_file": str(site.authority.certificate),
                    "cert_file": str(site.client.certificate),
                    "key_file": str(site.client.key),
                    "server_name": NAME,
                },
                "basic_auth": {"username": "prometheus", "password": "right"},
            },
        )
        wait_until(lambda: prometheus.scalar("sum(kubecost_cluster_total_cost)"), lambda: f"costs; {exporter.describe()}")
        self.assertEqual(1, prometheus.scalar("up"))
        self.assertEqual(1, prometheus.scalar("kubecost_exporter_web_config_last_reload_successful"))


class RefusalTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        stage = Stage.of(cls)
        cls.site = Site(stage.folder())
        cls.site.write(tls_server_config=cls.site.mutual_tls(), basic_auth_users={"user": bcrypt("right")})
        cls.exporter = cls.site.exporter(stage)
        cls.trust = ("--cacert", cls.site.authority.certificate)
        cls.good = (*cls.trust, "--cert", cls.site.client.certificate, "--key", cls.site.client.key)

    def count(self, reason):
        self.exporter.context = self.site.context(self.site.client)
        self.exporter.headers = basic("user", "right")
        return web_metric(self.exporter, "auth_failures_total", reason=reason)

    def test_all_in_order(self):
        for version in ("--tlsv1.2", "--tlsv1.3"):
            self.assertEqual((0, "200"), curl(self.exporter, "/metrics", *self.good, "-u", "user:right", version)[:2])

    def test_health_needs_neither_certificate_nor_password(self):
        for path in HEALTH:
            self.assertEqual((0, "200", b"ok\n"), curl(self.exporter, path, *self.trust))
        self.assertEqual((0, "405"), curl(self.exporter, "/healthz", *self.trust, "-X", "POST")[:2])

    def test_no_certificate(self):
        before = self.count("no_certificate")
        for path in ("/metrics", "/", "/nothing", "/healthz/", "/metrics/../healthz/x"):
            answer = curl(self.exporter, path, *self.trust, "-u", "user:right", "--path-as-is")
            self.assertEqual((0, "403", NO_CERTIFICATE), answer, path)
        self.assertEqual(before + 5, self.count("no_certificate"))

    def test_wrong_authority(self):
        before = self.count("bad_certificate")
        stranger = ("--cert", self.site.stranger.certificate, "--key", self.site.stranger.key)
        for path in ("/metrics", "/healthz"):
            code, status, _ = curl(self.exporter, path, *self.trust, *stranger, "-u", "user:right")
            self.assertNotEqual(0, code)
            self.assertEqual("000", status)
        self.assertEqual(before + 2, self.count("bad_certificate"))
        told = self.exporter.wait_for_log("somebody was not let in")[0]
        self.assertIn("client=127.0.0.1", told)

    def test_expired_client_certificate(self):
        expired = self.site.clients.issue("expired", ["prometheus.test"], not_after=pki.PAST)
        arguments = ("--cert", expired.certificate, "--key", expired.key, "-u", "user:right")
        self.assertEqual("000", curl(self.exporter, "/metrics", *self.trust, *arguments)[1])

    def test_wrong_password(self):
        for login in ((), ("-u", "user:wrong"), ("-u", "nobody:right")):
            self.assertEqual((0, "401"), curl(self.exporter, "/metrics", *self.good, *login)[:2])

    def test_plain_http_on_the_tls_port(self):
        code, status, _ = curl(self.exporter, "/healthz", "--http")
        self.assertNotEqual(0, code)
        self.assertEqual("000", status)

    def test_old_protocols(self):
        for version in ("-tls1", "-tls1_1"):
            code, text = s_client(self.exporter, version, "-cipher", "ALL:@SECLEVEL=0")
            self.assertNotEqual(0, code, text)
            self.assertIn("protocol version", text)
        for version in ("-tls1_2", "-tls1_3"):
            self.assertEqual(0, s_client(self.exporter, version)[0])

    def test_weak_ciphers(self):
        for cipher in ("AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "aNULL", "eNULL"):
            code, text = s_client(self.exporter, "-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")
            self.assertNotEqual(0, code, text)
            self.assertIn("handshake failure", text)

    def test_renegotiation_is_refused(self):
        done = run(
            require_tool("OPENSSL", "openssl"), "s_client", "-connect", f"127.0.0.1:{self.exporter.port}", "-tls1_2",
            stdin=b"R\n",
        )
        self.assertIn(b"no renegotiation", done.stdout + done.stderr)

    def test_sessions_are_not_resumed(self):
        for version in ("-tls1_2", "-tls1_3"):
            done = run(
                require_tool("OPENSSL", "openssl"), "s_client", "-connect", f"127.0.0.1:{self.exporter.port}", version,
                "-reconnect",
            )
            self.assertNotIn(b"Reused,", done.stdout)

    def test_http_1_1_is_agreed_upon(self):
        context = self.site.context(self.site.client)
        context.set_alpn_protocols(["h2", "http/1.1"])
        with socket.create_connection(self.exporter.endpoint(0)) as raw, context.wrap_socket(raw) as connection:
            self.assertEqual("http/1.1", connection.selected_alpn_protocol())


class KeepAliveTest(unittest.TestCase):
    def test_a_connection_with_a_certificate_ends_with_its_answer(self):
        """It was let in by the rules of its handshake, which may be others by the next request."""
        stage = Stage.of(self)
        site = Site(stage.folder())
        site.write(tls_server_config=site.mutual_tls())
        exporter = site.exporter(stage, "--web.keep-alive-timeout=500ms")
        exporter.context = site.context(site.client)
        self.assertEqual("close", exporter.request("GET", "/metrics").headers["Connection"])


class StalledScraperTest(unittest.TestCase):
    def test_health_is_answered_and_the_place_is_given_back(self):
        stage = Stage.of(self)
        site = Site(stage.folder())
        site.write(tls_server_config=site.tls())
        flags = ("--web.max-requests=1", "--web.threads=2", "--web.request-timeout=3s")
        exporter = site.exporter(stage, *flags, url=stage.simulator("--pods=8000").url)
        exporter.wait_for_day()
        with stalled_scrape(exporter):
            for path in HEALTH:
                self.assertEqual((200, b"ok\n"), exporter.request("GET", path)[::2])
            wait_until(
                lambda: exporter.request("GET", "/metrics").status == 200,
                "a scrape while the stalled client is still there",
            )


if __name__ == "__main__":
    unittest.main()
