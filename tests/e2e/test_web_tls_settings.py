"""TLS for scrapers (--web.config.file): every setting, the transport, and what --config.check says."""

import contextlib
import gzip
import os
import ssl
import unittest

from stage import pki
from stage.harness import Process, run
from stage.programs import EXPORTER, Stage
from test_web import has_ipv6
from stage.web_site import NOWHERE, Site, bcrypt, s_client


class SettingsTest(unittest.TestCase):
    def exporter(self, **settings):
        stage = Stage.of(self)
        self.site = Site(stage.folder())
        self.site.write(tls_server_config=self.site.tls(**settings))
        return self.site.exporter(stage)

    def status(self, exporter, identity=None, path="/metrics"):
        """None for a handshake that failed; with TLS 1.3 a client may learn of it only when it reads."""
        exporter.context = self.site.context(identity)
        try:
            return exporter.request("GET", path).status
        except (ssl.SSLError, ConnectionError):
            return None

    def test_every_client_auth_type(self):
        cases = {
            "NoClientCert": (200, 200, 200),
            "RequestClientCert": (200, 200, 200),
            "RequireAnyClientCert": (403, 200, 200),
            "VerifyClientCertIfGiven": (200, None, 200),
            "RequireAndVerifyClientCert": (403, None, 200),
        }
        self.site = Site(Stage.of(self).folder())
        for auth, expected in cases.items():
            with self.subTest(auth):
                # What does not verify refuses to be given an authority.
                authority = {"client_ca_file": str(self.site.clients.certificate)} if "Verify" in auth else {}
                self.site.write(tls_server_config=self.site.tls(client_auth_type=auth, **authority))
                exporter = self.site.exporter(Stage.of(self))
                identities = (None, self.site.stranger, self.site.client)
                self.assertEqual(expected, tuple(self.status(exporter, identity) for identity in identities))
                self.assertEqual(200, self.status(exporter, path="/healthz"))

    def test_client_allowed_sans(self):
        self.site = Site(Stage.of(self).folder())
        for sans, expected in ((["prometheus.test"], 200), (["10.1.2.3"], 200), (["other.test", "prometheus"], None)):
            self.site.write(tls_server_config=self.site.mutual_tls(client_allowed_sans=sans))
            exporter = self.site.exporter(Stage.of(self))
            self.assertEqual(expected, self.status(exporter, self.site.client), sans)
            self.assertEqual(403, self.status(exporter), sans)

    def test_versions(self):
        exporter = self.exporter(min_version="TLS13")
        self.assertNotEqual(0, s_client(exporter, "-tls1_2")[0])
        self.assertEqual(0, s_client(exporter, "-tls1_3")[0])
        exporter = self.exporter(max_version="TLS12")
        self.assertEqual(0, s_client(exporter, "-tls1_2")[0])
        self.assertNotEqual(0, s_client(exporter, "-tls1_3")[0])

    def test_cipher_suites_and_curves(self):
        exporter = self.exporter(
            cipher_suites=["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"],
            curve_preferences=["CurveP384"],
        )
        both = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"
        self.assertIn("Ciphersuite: ECDHE-ECDSA-AES256-GCM-SHA384", s_client(exporter, "-tls1_2", "-cipher", both)[1])
        self.assertNotEqual(0, s_client(exporter, "-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305")[0])
        self.assertIn("secp384r1", s_client(exporter, "-tls1_3")[1])
        self.assertNotEqual(0, s_client(exporter, "-tls1_3", "-groups", "X25519")[0])

    def test_the_clients_preference(self):
        exporter = self.exporter(
            cipher_suites=["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"],
            prefer_server_cipher_suites=False,
        )
        both = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"
        self.assertIn("Ciphersuite: ECDHE-ECDSA-AES128-GCM-SHA256", s_client(exporter, "-tls1_2", "-cipher", both)[1])

    def test_suites_of_tls_1_3_alone_leave_tls_1_2_out(self):
        exporter = self.exporter(cipher_suites=["TLS_AES_128_GCM_SHA256"])
        self.assertNotEqual(0, s_client(exporter, "-tls1_2")[0])
        self.assertEqual(0, s_client(exporter, "-tls1_3")[0])

    def test_pem_in_the_file(self):
        stage = Stage.of(self)
        self.site = Site(stage.folder())
        self.site.write(
            tls_server_config={
                "cert": self.site.server.certificate.read_text(),
                "key": self.site.server.key.read_text(),
                "client_ca": self.site.clients.certificate.read_text(),
                "client_auth_type": "RequireAndVerifyClientCert",
            }
        )
        exporter = self.site.exporter(stage)
        self.assertEqual(200, self.status(exporter, self.site.client))
        self.assertIsNone(self.status(exporter, self.site.stranger))

    def test_ipv6(self):
        if not has_ipv6():
            self.skipTest("IPv6 is missing: the kernel has no ::1")
        stage = Stage.of(self)
        self.site = Site(stage.folder())
        self.site.write(tls_server_config=self.site.tls())
        exporter = self.site.exporter(stage, listen=["[::1]:0"])
        self.assertEqual(200, self.status(exporter))
        exporter = self.site.exporter(stage, listen=[":0"])
        self.assertEqual(200, self.status(exporter))


class TransportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        stage = Stage.of(cls)
        cls.site = Site(stage.folder())
        cls.site.write(tls_server_config=cls.site.tls())
        cls.exporter = cls.site.exporter(
            stage, "--web.keep-alive-timeout=500ms", "--web.request-timeout=1s", "--web.threads=4", "--web.max-requests=2",
            url=stage.simulator("--pods=300").url,
        )
        cls.exporter.wait_for_day()

    def test_keep_alive_and_compression(self):
        with contextlib.closing(self.exporter.open()) as connection:
            connection.connect()
            connection.auto_open = False
            for _ in range(3):
                connection.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})
                response = connection.getresponse()
                self.assertEqual("gzip", response.headers["Content-Encoding"])
                self.assertIn(b"kubecost_pod_total_cost", gzip.decompress(response.read()))

    def test_connections_without_a_handshake_do_not_starve_others(self):
        hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"  # the beginning of one
        with contextlib.ExitStack() as stack:
            silent = [stack.enter_context(self.exporter.connect()) for _ in range(8)]
            for raw in silent[::2]:
                raw.sendall(hello)
            self.assertEqual(200, self.exporter.request("GET", "/healthz").status)
            for raw in silent:
                with contextlib.suppress(ConnectionResetError):
                    while raw.recv(100):
                        pass

    def test_nonsense_in_place_of_a_handshake(self):
        for nonsense in (b"GET /metrics HTTP/1.1\r\n\r\n", b"\0" * 5000, os.urandom(5000), b"\x16\x03\x01\xff\xff"):
            with self.exporter.connect() as raw, contextlib.suppress(ConnectionError):
                raw.sendall(nonsense)
                while raw.recv(100):
                    pass
        self.assertEqual(200, self.exporter.request("GET", "/healthz").status)


class CheckTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = Site(Stage.of(cls).folder())

    def check(self, *flags):
        done = run(EXPORTER, "--config.check", f"--web.config.file={self.site.path}", *flags)
        return done.returncode, done.stdout.decode() + done.stderr.decode()

    def test_good(self):
        self.site.write(tls_server_config=self.site.mutual_tls(), basic_auth_users={"a": bcrypt("b")})
        self.assertEqual((0, "configuration is good\n"), self.check())

    def test_all_problems_at_once(self):
        self.site.write(
            tls_server_config={
                "cert_file": str(self.site.server.certificate),
                "key_file": str(self.site.client.key),
                "client_auth_type": "RequireAndVerifyClientCert",
                "client_ca_file": "nowhere.crt",
            },
        )
        code, text = self.check("--day.keep=99")
        self.assertEqual(2, code)
        for problem in (
            "--day.keep: must be 1 to 31",
            f"--web.config.file: {self.site.client.key}: does not belong to the certificate of {self.site.server.certificate}",
            f"--web.config.file: {self.site.folder}/nowhere.crt: No such file or directory",
        ):
            self.assertIn(f"\n  {problem}", text)
        self.assertNotIn("PRIVATE KEY", text)

    def test_a_bad_file_stops_the_start(self):
        self.site.path.write_text("tls_server_confg: {}\n", encoding="utf-8")
        process = Process([EXPORTER, f"--web.config.file={self.site.path}", f"--kubecost.url={NOWHERE}"])
        self.addCleanup(process.kill)
        self.assertEqual(2, process.wait())
        self.assertIn('web.yml:1: unknown key "tls_server_confg"', process.output["stderr"][1])

    def test_an_encrypted_key(self):
        locked = self.site.folder / "locked.key"
        pki.openssl(self.site.folder, "ec", "-in", self.site.server.key, "-aes128", "-passout", "pass:x", "-out", locked)
        self.site.write(tls_server_config={**self.site.tls(), "key_file": str(locked)})
        self.assertIn("locked.key: is encrypted, and there is nobody to ask for its password", self.check()[1])


if __name__ == "__main__":
    unittest.main()
