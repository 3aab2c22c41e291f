"""TLS to Kubecost: whom the exporter trusts and whom not, in which words, and what it shows of itself."""

import collections
import contextlib
import pathlib
import re
import socket
import ssl
import unittest

from stage import pki
from stage.front import Front, Refusal, server_context
from stage.harness import run, wait_until
from stage.programs import EXPORTER, ONE_DAY, Clock, Stage

ERRORS = "kubecost_exporter_api_errors_total"
NOW = "2026-03-05T03:00:00+00:00"
V11, V12, V13 = ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
HERE = ["127.0.0.1"]
UNTRUSTED = "no authority known here has signed the server's certificate"
CLIENT_WANTED = "the server wants a client certificate that it trusts: see --kubecost.cert-file"
CLIENT_REFUSED = "the server does not accept the client certificate of --kubecost.cert-file"

Case = collections.namedtuple("Case", "name identity flags text context", defaults=[{}])


class TlsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        stage = Stage.of(cls)
        folder = stage.folder()
        cls.clock = Clock(NOW)
        cls.simulator = stage.simulator("--pods=20", clock=cls.clock)
        cls.authority = pki.Authority(folder, "private")
        cls.stranger = pki.Authority(folder, "stranger")
        cls.server = cls.authority.issue("server", HERE)
        cls.client = cls.authority.issue("exporter", ["exporter"])
        cls.folder = pathlib.Path(folder)

    def start(self, front, *flags, url=None):
        stage = Stage.of(self)
        stage.callback(front.close)
        flags = ("--kubecost.connect-timeout=20s", *flags)
        return stage.exporter(url or front.url(), *ONE_DAY, *flags, clock=self.clock)

    def front(self, identity, **context):
        return Front(self.simulator.port, server_context(identity, **context))

    def trusted(self):
        return f"--kubecost.ca-file={self.authority.certificate}"

    def shown(self, identity):
        return f"--kubecost.cert-file={identity.certificate}", f"--kubecost.key-file={identity.key}"

    def failure(self, exporter, reason="tls"):
        wait_until(lambda: exporter.value(ERRORS, reason=reason), lambda: reason + "; " + exporter.describe())
        self.assertEqual(0, exporter.value("kubecost_exporter_up"))
        return exporter.wait_for_log(f"reason={reason}")[0]

    def test_private_authority(self):
        front = self.front(self.server)
        exporter = self.start(front, self.trusted())
        exporter.wait_for_day()
        self.assertEqual(pki.FUTURE.timestamp(), exporter.value("kubecost_exporter_ca_not_after_timestamp_seconds"))
        self.assertEqual(1, exporter.value("kubecost_exporter_file_usable", flag="kubecost.ca-file"))
        self.assertEqual(0, exporter.value("kubecost_exporter_insecure"))
        self.assertEqual({"TLSv1.3"}, {request.tls for request in front.let_in})
        # One connection for the description of the cluster and the four questions of a day.
        self.assertEqual((5, 1), (len(front.let_in), front.connections))

    def test_the_first_certificate_to_expire_is_told(self):
        soon = pki.Authority(self.folder, "soon", not_after=pki.FUTURE.replace(year=2041))
        bundle = self.folder / "bundle.pem"
        bundle.write_bytes(self.authority.certificate.read_bytes() + soon.certificate.read_bytes())
        exporter = self.start(self.front(soon.issue("server", HERE)), f"--kubecost.ca-file={bundle}")
        exporter.wait_for_day()
        told = exporter.value("kubecost_exporter_ca_not_after_timestamp_seconds")
        self.assertEqual(pki.FUTURE.replace(year=2041).timestamp(), told)

    def test_a_self_signed_certificate_is_its_own_authority(self):
        identity = pki.self_signed(self.folder, "installer", HERE)
        exporter = self.start(self.front(identity), f"--kubecost.ca-file={identity.certificate}")
        exporter.wait_for_day()

    def test_a_servers_own_certificate_is_enough(self):
        exporter = self.start(self.front(self.server), f"--kubecost.ca-file={self.server.certificate}")
        exporter.wait_for_day()

    def test_mutual_tls(self):
        for version in (V12, V13):
            with self.subTest(version=version):
                front = self.front(
                    self.server, client_authority=self.authority.certificate, minimum=version, maximum=version
                )
                exporter = self.start(front, self.trusted(), *self.shown(self.client))
                exporter.wait_for_day()
                self.assertEqual({"exporter"}, {request.client for request in front.let_in})

    def test_another_name_than_the_urls_host(self):
        front = self.front(self.authority.issue("named", ["kubecost.example"]))
        exporter = self.start(front, self.trusted(), "--kubecost.server-name=kubecost.example")
        exporter.wait_for_day()
        self.assertEqual({"kubecost.example"}, {request.sni for request in front.let_in})
        self.assertEqual({f"127.0.0.1:{front.port}"}, {request.headers["host"] for request in front.let_in})
        self.assertEqual(1, front.connections)

    def test_what_is_not_trusted_is_not_asked(self):
        expired = self.authority.issue("expired", HERE, not_after=pki.PAST)
        mutual = {"client_authority": self.authority.certificate}
        trusted = (self.trusted(),)
        strange = self.shown(self.stranger.issue("strange-client", ["exporter"]))
        late = self.shown(self.authority.issue("late-client", ["exporter"], not_after=pki.PAST))
        old = {"minimum": ssl.TLSVersion.TLSv1, "maximum": V11}
        cases = [
            Case("private authority", self.server, (), UNTRUSTED),
            Case("self-signed", pki.self_signed(self.folder, "alone", HERE), (), UNTRUSTED),
            Case("self-signed beside an authority", pki.self_signed(self.folder, "other", HERE), trusted, UNTRUSTED),
            Case("wrong authority", self.stranger.issue("server", HERE), trusted, UNTRUSTED),
            Case("expired", expired, trusted, "has expired: it must be renewed at the server"),
            Case("too early", self.authority.issue("early", HERE, not_before=pki.FUTURE.replace(year=2048)), trusted,
                 "not valid yet: are both clocks right?"),
            Case("wrong name", self.authority.issue("elsewhere", ["elsewhere.example"]), trusted,
                 "give a name that it holds with --kubecost.server-name"),
            Case("wrong server-name", self.server, (*trusted, "--kubecost.server-name=elsewhere.example"),
                 "give a name that it holds with --kubecost.server-name"),
            Case("no client certificate, 1.3", self.server, trusted, CLIENT_WANTED, {**mutual, "minimum": V13}),
            Case("no client certificate, 1.2", self.server, trusted, CLIENT_WANTED, {**mutual, "maximum": V12}),
            Case("strange client, 1.3", self.server, (*trusted, *strange), CLIENT_REFUSED, {**mutual, "minimum": V13}),
            Case("strange client, 1.2", self.server, (*trusted, *strange), CLIENT_REFUSED, {**mutual, "maximum": V12}),
            Case("expired client", self.server, (*trusted, *late), CLIENT_REFUSED, mutual),
            Case("TLS 1.1", self.server, trusted, "takes TLS 1.2 and later", old),
            Case("TLS 1.1, unverified", self.server, ("--kubecost.tls-verify=false",), "takes TLS 1.2 and later", old),
        ]
        for case in cases:
            with self.subTest(case.name):
                front = self.front(case.identity, **case.context)
                line = self.failure(self.start(front, *case.flags))
                self.assertIn(case.text, line)
                self.assertEqual([], front.let_in)

    def test_verification_off_says_so(self):
        front = self.front(pki.self_signed(self.folder, "unknown", ["elsewhere.example"]))
        exporter = self.start(front, "--kubecost.tls-verify=false")
        exporter.wait_for_day()
        self.assertEqual(1, exporter.value("kubecost_exporter_insecure"))
        self.assertIsNone(exporter.value("kubecost_exporter_ca_not_after_timestamp_seconds"))
        self.assertEqual(1, len(exporter.wait_for_log(" level=warn msg=\"Kubecost's certificate is not verified")))
        for more in (["--config.check"], ["once", "--output=csv"]):
            done = run(EXPORTER, f"--kubecost.url={front.url()}", "--kubecost.tls-verify=false", *ONE_DAY, *more)
            self.assertIn(b"Kubecost's certificate is not verified", done.stderr)

    def test_a_port_without_tls(self):
        front = Front(self.simulator.port)
        exporter = self.start(front, url=f"https://127.0.0.1:{front.port}")
        self.assertIn("that port does not speak TLS: write http:// in --kubecost.url", self.failure(exporter))

    def test_plain_http_at_a_tls_port(self):
        front = self.front(self.server)
        exporter = self.start(front, url=f"http://127.0.0.1:{front.port}")
        line = self.failure(exporter, "disconnected")
        self.assertIn("a TLS port does so too, does it want https://?", line)

    def test_servers_that_explain_themselves(self):
        texts = {
            "Client sent an HTTP request to an HTTPS server.\n": "write https:// in --kubecost.url",
            "<h1>400 Bad Request</h1>The plain HTTP request was sent to HTTPS port": "write https:// in --kubecost.url",
            "<h1>400 Bad Request</h1>No required SSL certificate was sent": "see --kubecost.cert-file",
        }
        for body, text in texts.items():
            with self.subTest(text):
                front = Front(self.simulator.port)
                front.admit = lambda _, body=body: Refusal(400, {"Content-Type": "text/html"}, body.encode())
                self.assertIn(text, self.failure(self.start(front)))

    def test_a_port_that_cannot_be_reached(self):
        """A listener whose queue is full drops what the next client sends: TCP's words, not those of TLS."""
        with contextlib.ExitStack() as stack:
            server = stack.enter_context(socket.socket())
            server.bind(("127.0.0.1", 0))
            server.listen(0)
            for _ in range(2):
                client = stack.enter_context(socket.socket())
                client.setblocking(False)
                client.connect_ex(server.getsockname())
            url = f"https://127.0.0.1:{server.getsockname()[1]}"
            exporter = Stage.of(self).exporter(url, *ONE_DAY, "--kubecost.connect-timeout=1s", clock=self.clock)
            line = self.failure(exporter, "connect_timeout")
        self.assertIn("Timed out waiting for TCP connection establishment", line)

    def test_a_port_that_says_nothing(self):
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as silent:
            url = f"https://127.0.0.1:{silent.getsockname()[1]}"
            exporter = Stage.of(self).exporter(url, *ONE_DAY, "--kubecost.connect-timeout=1s", clock=self.clock)
            line = self.failure(exporter)
        self.assertIn("connected, but no TLS handshake within 1s; does that port speak TLS", line)

    def test_once(self):
        front = self.front(self.server, client_authority=self.authority.certificate)
        self.addCleanup(front.close)
        flags = ("--currency=USD", "--date=2026-03-04", self.trusted(), *self.shown(self.client))
        done = run(EXPORTER, "once", "--output=csv", f"--kubecost.url={front.url()}", *flags)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertGreater(len(done.stdout.splitlines()), 20)

    def test_files_that_cannot_work_are_told_at_the_start(self):
        write = lambda name, text: (self.folder / name).write_text(text) and self.folder / name
        locked = self.folder / "locked.key"
        pki.openssl(self.folder, "ec", "-in", self.client.key, "-aes128", "-passout", "pass:x", "-out", locked)
        pki.openssl(self.folder, "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-days", "9", "-subj", "/CN=weak",
                    "-keyout", "weak.key", "-out", "weak.crt")
        certificate = self.server.certificate.read_text()
        ca, cert, key = "--kubecost.ca-file", "--kubecost.cert-file", "--kubecost.key-file"
        cases = [
            ((ca, "/no/such/file"), "--kubecost.ca-file: /no/such/file: No such file or directory"),
            ((ca, self.folder), "is not a regular file"),
            ((ca, write("empty.pem", " \n")), "is empty"),
            ((ca, write("text.pem", "hello\n")), "holds no certificate in PEM form"),
            ((ca, self.server.key), "holds no certificate, but something else in PEM form"),
            ((ca, write("cut.pem", certificate[: len(certificate) // 2])), "is damaged or cut short"),
            ((ca, write("cut2.pem", certificate + certificate[:200])), "is damaged or cut short"),
            ((ca, write("bad.pem", certificate.replace("MII", "MIJ"))), "is damaged or cut short"),
            ((ca, write("huge.pem", certificate * 2000)), "is larger than 1 MiB"),
            ((cert, self.client.certificate), "--kubecost.cert-file: needs --kubecost.key-file"),
            ((key, self.client.key), "--kubecost.key-file: needs --kubecost.cert-file"),
            ((cert, self.client.certificate, key, self.server.key), "the key does not belong to the certificate"),
            ((cert, self.client.certificate, key, locked), "the key is locked by a passphrase; store it without one"),
            ((cert, self.client.certificate, key, self.client.certificate), "holds no private key in PEM form"),
            ((cert, self.client.key, key, self.client.key), "the certificate file holds no certificate"),
            ((cert, self.folder / "weak.crt", key, self.folder / "weak.key"), "cannot be used: ee key too small"),
        ]
        for arguments, text in cases:
            with self.subTest(text):
                for command in (["--config.check"], [], ["once", "--output=csv"]):
                    done = run(EXPORTER, *command, "--kubecost.url=https://kc:9090", *arguments)
                    self.assertEqual(2, done.returncode)
                    self.assertIn(text, done.stderr.decode())
                    self.assertNotIn(b"BEGIN", re.sub(rb"-----BEGIN CERTIFICATE-----\)", b"", done.stderr))

    def test_every_problem_at_once(self):
        flags = ("--kubecost.ca-file=/nope/ca", "--kubecost.token-file=/nope/token", "--kubecost.username=me",
                 "--kubecost.server-name=https://x", "--kubecost.key-file=/nope/key")
        done = run(EXPORTER, "--config.check", "--kubecost.url=https://kc", *flags)
        for text in ("--kubecost.ca-file: /nope/ca", "--kubecost.token-file: /nope/token",
                     "--kubecost.username: needs --kubecost.password-file", "--kubecost.server-name: ",
                     "--kubecost.key-file: needs --kubecost.cert-file", "Bearer"):
            self.assertIn(text, done.stderr.decode())


if __name__ == "__main__":
    unittest.main()
