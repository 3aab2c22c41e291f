"""Certificates and credentials that change while the exporter polls several times a second: not one poll fails, and what
is broken changes nothing."""

import base64
import pathlib
import unittest

from stage import exposition, pki
from stage.front import Front, Refusal, server_context
from stage.harness import wait_until
from stage.programs import ONE_DAY, Clock, Stage
from stage.secret_volume import SecretVolume

HERE = ["127.0.0.1"]
ROUNDS = 5
REFUSED = Refusal(401, {"WWW-Authenticate": "Bearer"}, b"")


class Generation:
    """Everything that is exchanged at once: an authority, what it has signed, a token and an API key."""

    def __init__(self, folder, number):
        self.authority = pki.Authority(folder, f"authority-{number}", not_after=pki.FUTURE.replace(year=2040 + number))
        self.server = self.authority.issue("server", HERE)
        self.client_name = f"exporter-{number}"
        client = self.authority.issue(self.client_name, ["exporter"])
        self.ca = self.authority.certificate.read_bytes()
        self.cert, self.key = client.certificate.read_bytes(), client.key.read_bytes()
        self.token, self.api_key = f"token-of-{number}", f"key-of-{number}"
        self.expiry = pki.FUTURE.replace(year=2040 + number).timestamp()

    def files(self, ca=None):
        return {
            "ca.crt": ca or self.ca,
            "tls.crt": self.cert,
            "tls.key": self.key,
            "token": self.token.encode(),
            "headers": f"X-API-KEY: {self.api_key}\n".encode(),
        }

    def sent_by(self, request):
        headers = (request.headers.get("authorization"), request.headers.get("x-api-key"))
        return request.client == self.client_name and headers == (f"Bearer {self.token}", self.api_key)


class RotationTest(unittest.TestCase):
    def setUp(self):
        self.stage = Stage.of(self)
        self.folder = pathlib.Path(self.stage.folder())
        self.first = Generation(self.folder, 0)
        self.volume = SecretVolume(self.folder / "secret", **self.first.files())
        self.accepted = [self.first]
        clock = Clock("2026-03-05T03:00:00+00:00", scale=300)
        simulator = self.stage.simulator("--pods=20", clock=clock)
        self.front = Front(simulator.port, self.context(self.first, self.first), self.admit)
        self.stage.callback(self.front.close)
        flags = {"ca": "ca.crt", "cert": "tls.crt", "key": "tls.key", "token": "token", "header": "headers"}
        self.exporter = self.stage.exporter(
            self.front.url(),
            *(f"--kubecost.{flag}-file={self.volume.path(name)}" for flag, name in flags.items()),
            "--cluster-info=off",
            "--day.refresh=1m",
            "--day.refresh-max=1m",
            *ONE_DAY,
            clock=clock,
        )
        self.exporter.wait_for_day()

    def context(self, generation, *clients):
        bundle = self.folder / f"clients-{len(list(self.folder.iterdir()))}.pem"
        bundle.write_bytes(b"".join(client.ca for client in clients))
        return server_context(generation.server, client_authority=bundle)

    def admit(self, request):
        return None if any(generation.sent_by(request) for generation in self.accepted) else REFUSED

    def polls(self, result):
        return self.exporter.value("kubecost_exporter_polls_total", view="day", result=result)

    def await_polls(self, count=3):
        before = self.polls("success")
        wait_until(lambda: self.polls("success") >= before + count, lambda: "polls; " + self.exporter.describe())

    def await_client(self, generation):
        wait_until(lambda: generation.sent_by(self.front.let_in[-1]), lambda: "the new; " + self.exporter.describe())

    def check_nothing_failed(self):
        errors = exposition.values(self.exporter.own_families(), "kubecost_exporter_api_errors_total", "reason")
        self.assertEqual({0}, set(errors.values()), self.exporter.describe())
        self.assertEqual(0, self.polls("error"))
        self.assertEqual([], self.exporter.log("reading from Kubecost failed"))

    def usable(self, flag):
        return self.exporter.value("kubecost_exporter_file_usable", flag=f"kubecost.{flag}")

    def test_everything_again_and_again(self):
        old = self.first
        for number in range(1, ROUNDS + 1):
            new = Generation(self.folder, number)
            # The server knows both clients; then the secret changes; then the server's certificate; then the old is gone.
            self.accepted = [old, new]
            self.front.context = self.context(old, old, new)
            self.volume.replace(**new.files(ca=old.ca + new.ca))
            self.await_client(new)
            self.accepted = [new]
            self.front.context = self.context(new, new)
            self.await_polls()
            self.volume.replace(**new.files())
            expiry = lambda: self.exporter.value("kubecost_exporter_ca_not_after_timestamp_seconds")
            wait_until(lambda: expiry() == new.expiry, lambda: "the new expiry; " + self.exporter.describe())
            self.await_polls()
            old = new
        self.check_nothing_failed()
        self.assertEqual([], self.front.refused)
        self.assertEqual([], self.front.failed_handshakes)
        # Two steps of a round; five files, of which two belong together, in the first, the authorities in the second.
        changes = lambda: len(self.exporter.log("a changed file is used from now on"))
        wait_until(lambda: changes() >= ROUNDS * 5, self.exporter.describe)
        self.assertEqual(ROUNDS * 5, changes())

    def test_connections_are_kept_while_nothing_changes(self):
        self.await_polls()
        before = self.front.connections
        self.await_polls(10)
        self.assertEqual(before, self.front.connections)
        new = Generation(self.folder, 1)
        self.accepted = [self.first, new]
        self.volume.replace(token=new.token.encode(), headers=f"X-API-KEY: {self.first.api_key}".encode())
        self.accepted[0].token = new.token
        self.await_polls()
        self.check_nothing_failed()
        self.assertEqual(before + 1, self.front.connections)

    def test_a_token_that_changes_between_reading_and_asking(self):
        new = Generation(self.folder, 1)
        new.client_name = self.first.client_name

        def admit(request):
            if self.accepted[0] is self.first:
                self.accepted = [new]
                self.volume.replace(token=new.token.encode(), headers=f"X-API-KEY: {new.api_key}".encode())
            return self.admit(request)

        self.front.admit = admit
        self.await_client(new)
        self.await_polls()
        self.assertEqual(1, len(self.front.refused))
        self.check_nothing_failed()

    def test_an_authority_that_changes_between_reading_and_connecting(self):
        new = Generation(self.folder, 1)
        self.accepted = [self.first, new]

        def change():
            self.front.before_handshake = lambda: None
            self.front.context = self.context(new, new)
            self.volume.replace(**new.files())

        self.front.before_handshake = change
        # So that there is a new connection at all.
        self.volume.replace(headers=f"X-API-KEY: {self.first.api_key}\n\n".encode())
        self.await_client(new)
        self.await_polls()
        self.assertEqual(1, len(self.front.failed_handshakes))
        self.check_nothing_failed()

    def test_what_is_broken_changes_nothing(self):
        other = Generation(self.folder, 1)
        broken = [
            ("ca-file", {"ca.crt": self.first.ca[: len(self.first.ca) // 2]}, "is damaged or cut short"),
            ("ca-file", {"ca.crt": b""}, "is empty"),
            ("ca-file", {"ca.crt": None}, "No such file or directory"),
            ("cert-file", {"tls.crt": other.cert}, "the key does not belong to the certificate"),
            ("key-file", {"tls.key": b"-----BEGIN"}, "holds no private key in PEM form, or a damaged one"),
            ("token-file", {"token": b"two words"}, "holds more than a token"),
            ("token-file", {"token": None}, "No such file or directory"),
            ("header-file", {"headers": b"X-API-KEY"}, "line 1 is not of the form Name: value"),
        ]
        for number, (flag, files, text) in enumerate(broken, 1):
            with self.subTest(flag=flag, text=text):
                self.volume.replace(**files)
                wait_until(lambda: self.usable(flag) == 0, self.exporter.describe)
                self.await_polls()
                told = self.exporter.log("a file cannot be used; what it held before stays in force")
                self.assertEqual(number, len(told))
                self.assertIn(text, told[-1])
                self.assertIn(f"--kubecost.{flag}", told[-1])
                self.volume.replace(**self.first.files())
                wait_until(lambda: self.usable(flag) == 1, self.exporter.describe)
                again = lambda: len(self.exporter.log("a file can be used again"))
                wait_until(lambda: again() == number, self.exporter.describe)
        self.check_nothing_failed()
        self.assertEqual([], self.front.refused)


class PasswordTest(unittest.TestCase):
    def test_a_password_changes(self):
        stage = Stage.of(self)
        clock = Clock("2026-03-05T03:00:00+00:00", scale=300)
        front = Front(stage.simulator("--pods=20", clock=clock).port)
        stage.callback(front.close)
        volume = SecretVolume(stage.folder(), password=b"first")
        flags = ("--kubecost.username=me", f"--kubecost.password-file={volume.path('password')}")
        exporter = stage.exporter(front.url(), *ONE_DAY, "--day.refresh=1m", "--day.refresh-max=1m", *flags, clock=clock)
        exporter.wait_for_day()
        volume.replace(password=b"second\n")
        sent = lambda: front.let_in[-1].headers["authorization"]
        wait_until(lambda: sent() == "Basic " + base64.b64encode(b"me:second").decode(), exporter.describe)


if __name__ == "__main__":
    unittest.main()
