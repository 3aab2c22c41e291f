"""Passwords, headers and the rate limit of --web.config.file."""

import base64
import contextlib
import http.client
import json
import threading
import time
import unittest

from stage.harness import PATIENCE, wait_until
from stage.programs import Stage
from test_web import HEALTH, status_at
from stage.web_site import NOWHERE, Site, basic, bcrypt, wait_for_reload, web_metric

CHALLENGE = 'Basic realm="kubecost-allocation-exporter", charset="UTF-8"'


class PasswordTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        stage = Stage.of(cls)
        cls.site = Site(stage.folder())
        cls.site.write(
            basic_auth_users={
                "one": bcrypt("first", kind="2a"),
                "two": bcrypt("second: with a colon", kind="2b"),
                "drei": bcrypt("pässwörd", kind="2y"),
            }
        )
        cls.exporter = cls.site.exporter(stage)

    def status(self, headers, path="/metrics"):
        return self.exporter.request("GET", path, headers).status

    def test_right(self):
        for user, password in (("one", "first"), ("two", "second: with a colon"), ("drei", "pässwörd")):
            for path in ("/metrics", "/"):
                for _ in range(2):
                    self.assertEqual(200, self.status(basic(user, password), path), user)
        lower = {"Authorization": basic("one", "first")["Authorization"].replace("Basic", "bAsIc")}
        self.assertEqual(200, self.status(lower))
        self.assertEqual(404, self.status(basic("one", "first"), "/nothing"))

    def test_wrong(self):
        encoded = base64.b64encode(b"one:first").decode()
        wrong = [
            {},
            basic("one", "second"), basic("one", ""), basic("", "first"), basic("", ""), basic("nobody", "first"),
            basic("one", "first\0"), basic("one", "first" + "x" * 5000), basic("one" + "x" * 5000, "first"),
            basic("ONE", "first"), basic("one ", "first"),
            *(
                {"Authorization": value}
                for value in ("Basic", "Basic ", "Basic !!!", f"Basic {encoded}!", f"Basic{encoded}", f"Bearer {encoded}",
                              encoded, "Basic " + base64.b64encode(b"one").decode())
            ),
        ]
        for headers in wrong:
            for path in ("/metrics", "/", "/nothing"):
                response = self.exporter.request("GET", path, headers)
                self.assertEqual((401, CHALLENGE), (response.status, response.headers["WWW-Authenticate"]), headers)
                self.assertNotIn(b"kubecost_", response.body)
        self.assertEqual(401, self.exporter.request("POST", "/metrics").status)

    def test_a_digest_that_was_right_is_of_one_user_and_password(self):
        self.assertEqual(200, self.status(basic("one", "first")))
        for pair in (("one", "firs"), ("onef", "irst"), ("two", "first"), ("one", "first:")):
            self.assertEqual(401, self.status(basic(*pair)), pair)

    def test_health_is_open(self):
        for path in HEALTH:
            self.assertEqual(200, self.status({}, path))

    def test_failures_are_counted_and_told_without_a_name(self):
        def count(reason):
            self.exporter.headers = basic("one", "first")
            return web_metric(self.exporter, "auth_failures_total", reason=reason)

        missing, wrong = count("no_password"), count("wrong_password")
        self.exporter.headers = {}
        self.status({})
        self.status(basic("somebody", "guessed"))
        self.status(basic("one", "guessed"))
        self.assertEqual((missing + 1, wrong + 2), (count("no_password"), count("wrong_password")))
        self.exporter.headers = {}
        self.assertEqual(1, len(self.exporter.wait_for_log("somebody was not let in")))
        for line in self.exporter.output["stderr"]:
            self.assertNotIn("guessed", line)

    def test_passwords_without_tls_are_warned_of(self):
        self.assertEqual(1, len(self.exporter.wait_for_log("passwords without TLS can be read by anybody")))


class GuessingTest(unittest.TestCase):
    def test_guessing_starves_neither_scrapes_nor_health(self):
        stage = Stage.of(self)
        site = Site(stage.folder())
        site.write(basic_auth_users={"user": bcrypt("right", 11)})
        exporter = site.exporter(stage)
        self.assertEqual(200, exporter.request("GET", "/metrics", basic("user", "right")).status)
        done = threading.Event()
        seen = set()

        def guess(number):
            for i in range(1_000_000):
                if done.is_set():
                    return
                seen.add(exporter.request("GET", "/metrics", basic("user", f"{number}-{i}")).status)

        threads = [threading.Thread(target=guess, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        try:
            wait_until(lambda: 503 in seen, "more guesses than may wait")
            for _ in range(20):
                self.assertEqual(200, exporter.request("GET", "/metrics", basic("user", "right")).status)
                self.assertEqual(200, exporter.request("GET", "/healthz").status)
        finally:
            done.set()
            for thread in threads:
                thread.join()
        self.assertEqual({401, 503}, seen)
        exporter.headers = basic("user", "right")
        self.assertGreater(web_metric(exporter, "auth_failures_total", reason="busy"), 0)

    def test_guessing_from_two_addresses_does_not_keep_a_new_scraper_out(self):
        stage = Stage.of(self)
        site = Site(stage.folder())
        site.write(basic_auth_users={"user": bcrypt("right", 11)})
        exporter = site.exporter(stage)
        done = threading.Event()
        seen = set()

        def status(address, password):
            connection = http.client.HTTPConnection(
                exporter.host, exporter.port, timeout=PATIENCE, source_address=(address, 0)
            )
            with contextlib.closing(connection):
                connection.request("GET", "/metrics", headers=basic("user", password))
                return connection.getresponse().status

        def guess(number):
            for i in range(1_000_000):
                if done.is_set():
                    return
                seen.add(status(f"127.0.0.{2 + number % 2}", f"{number}-{i}"))

        threads = [threading.Thread(target=guess, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        try:
            wait_until(lambda: 503 in seen, "more guesses than may wait")
            wait_until(lambda: status("127.0.0.9", "right") == 200, "the scraper's first login", interval=0.2)
        finally:
            done.set()
            for thread in threads:
                thread.join()
        self.assertEqual({401, 503}, seen)

    def test_first_scrapes_at_the_same_time(self):
        stage = Stage.of(self)
        site = Site(stage.folder())
        site.write(basic_auth_users={"user": bcrypt("right", 11)})
        exporter = site.exporter(stage)
        statuses = []

        def scrape():
            statuses.append(exporter.request("GET", "/", basic("user", "right")).status)

        threads = [threading.Thread(target=scrape) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([200] * 4, statuses)


class ChangeTest(unittest.TestCase):
    def test_users_come_and_go(self):
        stage = Stage.of(self)
        site = Site(stage.folder())
        site.write(basic_auth_users={"old": bcrypt("one")})
        exporter = site.exporter(stage)
        exporter.headers = basic("old", "one")
        self.assertEqual(200, exporter.request("GET", "/metrics").status)
        site.write(basic_auth_users={"new": bcrypt("two")})
        wait_until(lambda: exporter.request("GET", "/metrics").status == 401, exporter.describe)
        exporter.headers = basic("new", "two")
        self.assertEqual(200, exporter.request("GET", "/metrics").status)
        site.write(basic_auth_users={"new": bcrypt("three")})
        wait_until(lambda: exporter.request("GET", "/metrics").status == 401, exporter.describe)
        exporter.headers = basic("new", "three")
        site.write(basic_auth_users={"new": "three"})
        wait_for_reload(exporter, good=False)
        self.assertEqual(200, exporter.request("GET", "/metrics").status)

    def test_no_change_opens_the_port(self):
        stage = Stage.of(self)
        site = Site(stage.folder())
        site.write(tls_server_config=site.mutual_tls(), basic_auth_users={"user": bcrypt("right")})
        exporter = site.exporter(stage)
        exporter.context = site.context(site.client)
        exporter.headers = basic("user", "right")
        good = site.path.read_text(encoding="utf-8")
        tls, users = site.mutual_tls(), {"user": bcrypt("right")}
        cases = {
            "": "turns TLS off",
            "# all of it commented out\n": "turns TLS off",
            "{}": "turns TLS off",
            json.dumps({"tls_server_config": tls}): "asks for no password any more",
            json.dumps({"tls_server_config": tls, "basic_auth_users": None}): "asks for no password any more",
            json.dumps({"tls_server_config": tls, "basic_auth_users": {}}): "asks for no password any more",
            json.dumps({"tls_server_config": site.tls(), "basic_auth_users": users}): "requires no client certificate",
            json.dumps({"tls_server_config": {**tls, "client_auth_type": "VerifyClientCertIfGiven"},
                        "basic_auth_users": users}): "requires no client certificate",
        }  # fmt: skip
        for text, words in cases.items():
            with self.subTest(text=text):
                site.path.write_text(text, encoding="utf-8")
                wait_for_reload(exporter, good=False)
                self.assertIn(words, exporter.wait_for_log("the former one stays in force")[-1])
                self.assertIn("needs a restart", exporter.wait_for_log("the former one stays in force")[-1])
                self.assertEqual(401, exporter.request("GET", "/metrics", {"Authorization": ""}).status)
                site.path.write_text(good, encoding="utf-8")
                wait_for_reload(exporter)

    def test_a_file_that_is_being_written_opens_nothing(self):
        """Written in place, as editors and cp do: empty for a moment, then whole."""
        stage = Stage.of(self)
        site = Site(stage.folder())
        site.write(basic_auth_users={"user": bcrypt("right")})
        exporter = site.exporter(stage)
        text = site.path.read_text(encoding="utf-8")
        statuses = set()
        for _ in range(15):
            with open(site.path, "w", encoding="utf-8") as file:
                for piece in (text[:10], text[10:]):
                    for _ in range(5):
                        statuses.add(exporter.request("GET", "/metrics").status)
                    file.write(piece)
                    file.flush()
                    time.sleep(0.05)
        self.assertEqual({401}, statuses)

    def test_an_empty_file_asks_for_nothing(self):
        stage = Stage.of(self)
        site = Site(stage.folder())
        site.path.write_text("", encoding="utf-8")
        exporter = stage.exporter(NOWHERE, f"--web.config.file={site.path}")
        self.assertEqual(200, status_at(exporter.endpoint(0), "/metrics"))


class HeaderTest(unittest.TestCase):
    def test_on_every_answer_and_once(self):
        stage = Stage.of(self)
        site = Site(stage.folder())
        headers = {
            "Content-Security-Policy": "default-src 'self'",
            "Strict-Transport-Security": "max-age=31536000",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "sameorigin",
            "X-XSS-Protection": "1; mode=block",
        }
        site.write(basic_auth_users={"user": bcrypt("right")}, http_server_config={"http2": False, "headers": headers})
        exporter = site.exporter(stage)
        login = basic("user", "right")
        for method, path, login, status in (
            ("GET", "/metrics", login, 200), ("HEAD", "/metrics", login, 200), ("GET", "/", login, 200),
            ("GET", "/metrics?collect[]=x", login, 400), ("GET", "/metrics", {}, 401), ("GET", "/nothing", login, 404),
            ("POST", "/", login, 405), ("GET", "/healthz", {}, 200),
        ):
            response = exporter.request(method, path, login)
            self.assertEqual(status, response.status, path)
            for name, value in headers.items():
                self.assertEqual([value], response.headers.get_all(name), (path, name))


class RateLimitTest(unittest.TestCase):
    def test_beyond_the_burst(self):
        stage = Stage.of(self)
        site = Site(stage.folder())
        site.write(rate_limit={"interval": "1h", "burst": 3})
        exporter = site.exporter(stage)
        statuses = [exporter.request("GET", "/metrics").status for _ in range(5)]
        self.assertEqual([200, 200, 200, 429, 429], statuses)
        self.assertEqual("1", exporter.request("GET", "/").headers["Retry-After"])
        for path in HEALTH:
            self.assertEqual(200, exporter.request("GET", path).status)


if __name__ == "__main__":
    unittest.main()
