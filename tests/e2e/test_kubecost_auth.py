"""Credentials for Kubecost: what is sent and to whom, and what is said when the exporter is kept out."""

import base64
import collections
import contextlib
import pathlib
import socket
import threading
import unittest

from stage import pki
from stage.front import Front, Refusal, server_context
from stage.harness import PATIENCE, run, wait_until
from stage.programs import EXPORTER, ONE_DAY, Clock, Stage

ERRORS = "kubecost_exporter_api_errors_total"
LOGIN = b"<!DOCTYPE html><html><body><form action='/login'>Sign in</form></body></html>"
HTML = {"Content-Type": "text/html"}

Case = collections.namedtuple("Case", "name refusal flags reason text")


class AuthTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        stage = Stage.of(cls)
        cls.clock = Clock("2026-03-05T03:00:00+00:00")
        cls.simulator = stage.simulator("--pods=20", clock=cls.clock)
        cls.folder = pathlib.Path(stage.folder())

    def file(self, content):
        path = self.folder / f"file-{len(list(self.folder.iterdir()))}"
        path.write_bytes(content)
        return path

    def front(self, admit=lambda request: None):
        front = Front(self.simulator.port, admit=admit)
        self.addCleanup(front.close)
        return front

    def exporter(self, url, *flags, **more):
        return Stage.of(self).exporter(url, *ONE_DAY, *flags, clock=self.clock, **more)

    def test_what_is_sent(self):
        basic = lambda text: "Basic " + base64.b64encode(text.encode()).decode()
        password, token, headers = "--kubecost.password-file", "--kubecost.token-file", "--kubecost.header-file"
        me = "--kubecost.username=me"
        cases = [
            ([me, (password, b"secret")], {"authorization": basic("me:secret")}),
            ([me, (password, b"secret\n")], {"authorization": basic("me:secret")}),
            ([me, (password, b" sec:ret \r\n")], {"authorization": basic("me: sec:ret ")}),
            (["--kubecost.username=mü", (password, "gehe¡m".encode())], {"authorization": basic("mü:gehe¡m")}),
            ([(token, b"abc.def-1\n")], {"authorization": "Bearer abc.def-1"}),
            ([(headers, b"X-API-KEY: key 1\n")], {"x-api-key": "key 1", "authorization": None}),
            ([(headers, b"\r\nX-One:1\r\nx-two: \t2 \r\n\r\n")], {"x-one": "1", "x-two": "2"}),
            ([(headers, b"Authorization: Key abc")], {"authorization": "Key abc"}),
            ([(headers, b"X-API-KEY: k"), (token, b"t")], {"x-api-key": "k", "authorization": "Bearer t"}),
            ([], {"authorization": None, "cookie": None}),
        ]
        for given, sent in cases:
            with self.subTest(sent=sent):
                front = self.front()
                flags = [flag if isinstance(flag, str) else f"{flag[0]}={self.file(flag[1])}" for flag in given]
                self.exporter(front.url(), *flags).wait_for_day()
                for request in front.let_in:
                    self.assertEqual(sent, {name: request.headers.get(name) for name in sent})
                    self.assertEqual(f"127.0.0.1:{front.port}", request.headers["host"])
                    self.assertRegex(request.headers["user-agent"], "^kubecost-allocation-exporter/")

    def test_environment_variables_name_the_files_too(self):
        front = self.front()
        name = "KUBECOST_EXPORTER_KUBECOST_TOKEN_FILE"
        self.exporter(front.url(), env={name: str(self.file(b"abc"))}).wait_for_day()
        self.assertEqual({"Bearer abc"}, {request.headers["authorization"] for request in front.let_in})

    def test_once(self):
        front = self.front()
        front.admit = lambda request: None if request.headers.get("x-api-key") == "k" else Refusal(401, {}, b"")
        flags = ("--currency=USD", "--date=2026-03-04", f"--kubecost.url={front.url()}")
        done = run(EXPORTER, "once", "--output=csv", *flags, f"--kubecost.header-file={self.file(b'X-API-KEY: k')}")
        self.assertEqual(0, done.returncode, done.stderr)
        done = run(EXPORTER, "once", "--output=csv", *flags)
        self.assertEqual(1, done.returncode, done.stderr)
        self.assertIn(b"wants credentials: give --kubecost.header-file", done.stderr)

    def test_each_way_to_be_kept_out_has_its_words(self):
        token = (f"--kubecost.token-file={self.file(b'abc')}",)
        ask = {name: {"WWW-Authenticate": f'{name} realm="kubecost"'} for name in ("Basic", "Bearer", "Negotiate")}
        sso = {"Location": "https://sso.example/login?state=secret-state"}
        here = {"Location": "/login?next=secret-next"}
        cases = [
            Case("401", Refusal(401, {}, b""), (), "auth", "wants credentials: give --kubecost.header-file (an API key)"),
            Case("401 Basic", Refusal(401, ask["Basic"], b""), (), "auth",
                 "wants credentials (Basic): give --kubecost.username and --kubecost.password-file"),
            Case("401 Bearer", Refusal(401, ask["Bearer"], b""), (), "auth", "(Bearer): give --kubecost.token-file"),
            Case("401 other", Refusal(401, ask["Negotiate"], b""), (), "auth", "(Negotiate): give --kubecost.header-file"),
            Case("401 sent", Refusal(401, {}, b""), token, "auth",
                 "the credentials of --kubecost.token-file are not accepted: are they wrong, expired or replaced?"),
            Case("401 another scheme", Refusal(401, ask["Basic"], b""), token, "auth", "The server wants (Basic)"),
            Case("403", Refusal(403, {}, b""), (), "auth", "HTTP 403; Kubecost or a proxy before it wants credentials"),
            Case("403 sent", Refusal(403, {}, b""), token, "auth", "may not read the Allocation API"),
            Case("SSO", Refusal(302, sso, b""), (), "redirect",
                 "redirects to https://sso.example/login, which is not followed: is it a login (SSO)? Then give an API "
                 "key with --kubecost.header-file"),
            Case("SSO, sent", Refusal(302, sso, b""), token, "redirect",
                 "the login does not take what --kubecost.token-file gives"),
            Case("login", Refusal(303, here, b""), (), "redirect", "/login, which is not followed: is it a login (SSO)?"),
            Case("login page", Refusal(200, HTML, LOGIN), (), "html",
                 "an HTML page instead of JSON: a login page, or a proxy's or Kubecost's own page; when it is a login, "
                 "give an API key with --kubecost.header-file"),
            Case("login page, sent", Refusal(200, HTML, LOGIN), token, "html", "the login does not take what"),
            Case("401 with a page", Refusal(401, HTML, LOGIN), (), "auth", "wants credentials"),
        ]
        for case in cases:
            with self.subTest(case.name):
                front = self.front(lambda _, case=case: case.refusal)
                exporter = self.exporter(front.url(), "--cluster-info=off", *case.flags)
                wait_until(lambda: exporter.value(ERRORS, reason=case.reason), exporter.describe)
                wait_until(lambda: exporter.log(f"reason={case.reason} "), exporter.describe)
                self.assertIn(case.text, exporter.wait_for_log(f"reason={case.reason} ")[0])
                page = exporter.get("/").decode()
                self.assertNotIn("secret-", "\n".join(exporter.output["stderr"]) + page)

    def test_a_redirect_to_tls(self):
        front = self.front(lambda request: Refusal(301, {"Location": f"https://{request.headers['host']}/x"}, b""))
        exporter = self.exporter(front.url(), "--cluster-info=off")
        wait_until(lambda: exporter.log("reason=redirect "), exporter.describe)
        told = exporter.wait_for_log("reason=redirect ")[0]
        self.assertIn("which is not followed: write https:// in --kubecost.url", told)

    def test_credentials_go_to_no_other_host(self):
        elsewhere = self.front()
        front = self.front(lambda _: Refusal(307, {"Location": f"http://localhost:{elsewhere.port}/model/allocation"}, b""))
        token = f"--kubecost.token-file={self.file(b'abc')}"
        exporter = self.exporter(front.url(), "--cluster-info=off", token)
        wait_until(lambda: exporter.value(ERRORS, reason="redirect"), exporter.describe)
        self.assertEqual("Bearer abc", front.refused[0].headers["authorization"])
        self.assertEqual(0, elsewhere.connections)

    def test_a_proxy_gets_no_credentials_for_a_tls_server(self):
        seen = []

        def refuse(server):
            with contextlib.suppress(OSError):
                while True:
                    client, _ = server.accept()
                    with client:
                        client.settimeout(PATIENCE)
                        head = b""
                        while b"\r\n\r\n" not in head:
                            head += client.recv(4096)
                        seen.append(head)
                        client.sendall(b"HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n")

        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:
            threading.Thread(target=refuse, args=(server,), daemon=True).start()
            env = {"https_proxy": f"http://127.0.0.1:{server.getsockname()[1]}"}
            token = f"--kubecost.token-file={self.file(b'abcdef')}"
            exporter = self.exporter("https://kubecost.example", "--cluster-info=off", token, env=env)
            wait_until(lambda: seen, exporter.describe)
            server.shutdown(socket.SHUT_RDWR)
        self.assertTrue(seen[0].startswith(b"CONNECT kubecost.example:443 "))
        self.assertNotIn(b"abcdef", seen[0])

    def test_a_day_is_read_through_a_proxy(self):
        """One that answers CONNECT and lets all through, as companies have them."""
        folder = pathlib.Path(Stage.of(self).folder())
        authority = pki.Authority(folder, "private")
        front = Front(self.simulator.port, server_context(authority.issue("server", ["kubecost.example"])))
        self.addCleanup(front.close)
        heads = []

        def pump(source, target):
            with contextlib.suppress(OSError):
                while data := source.recv(65536):
                    target.sendall(data)
                target.shutdown(socket.SHUT_WR)

        def serve(server):
            with contextlib.suppress(OSError):
                while True:
                    client, _ = server.accept()
                    heads.append(client.recv(4096))
                    upstream = socket.create_connection(("127.0.0.1", front.port))
                    client.sendall(b"HTTP/1.1 200 Connection established\r\nX-Proxy: x\r\n\r\n")
                    for pair in ((client, upstream), (upstream, client)):
                        threading.Thread(target=pump, args=pair, daemon=True).start()

        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:
            threading.Thread(target=serve, args=(server,), daemon=True).start()
            env = {"https_proxy": f"http://127.0.0.1:{server.getsockname()[1]}"}
            flags = (f"--kubecost.ca-file={authority.certificate}", f"--kubecost.token-file={self.file(b'abcdef')}")
            exporter = self.exporter("https://kubecost.example", *flags, env=env)
            exporter.wait_for_day()
            server.shutdown(socket.SHUT_RDWR)
        self.assertEqual([], exporter.log("level=warn") + exporter.log("level=error"))
        self.assertEqual({"Bearer abcdef"}, {request.headers["authorization"] for request in front.let_in})
        self.assertTrue(heads[0].startswith(b"CONNECT kubecost.example:443 "))
        self.assertNotIn(b"abcdef", b"".join(heads))

    def test_the_loopback_is_asked_without_a_proxy(self):
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:
            server.settimeout(0)
            token = f"--kubecost.token-file={self.file(b'abcdef')}"
            env = {"http_proxy": f"http://127.0.0.1:{server.getsockname()[1]}"}
            front = self.front()
            self.exporter(front.url(), token, env=env).wait_for_day()
            self.exporter(front.url("localhost"), token, env=env).wait_for_day()
            self.assertRaises(BlockingIOError, server.accept)

    def test_ordinary_header_values_do_not_spoil_the_words(self):
        headers = f"--kubecost.header-file={self.file(b'X-Scope-OrgID: kubecost' + bytes([10]) + b'X-Proto: http')}"
        exporter = self.exporter("http://127.0.0.1:1", "--cluster-info=off", headers)
        wait_until(lambda: exporter.log("reason=refused "), exporter.describe)
        self.assertIn("GET http://127.0.0.1:1/", exporter.wait_for_log("reason=refused ")[0])
        self.assertIn("--kubecost.url", exporter.wait_for_log("reason=refused ")[0])

    def test_unencrypted_credentials_are_warned_of(self):
        token = f"--kubecost.token-file={self.file(b'abc')}"
        words = b"credentials (--kubecost.token-file) go to Kubecost unencrypted"
        for url, is_warned in (
            ("http://kubecost-cost-analyzer.kubecost:9090", True),
            ("http://127.example:9090", True),
            ("http://10.0.0.1", True),
            ("http://localhost:9090", False),
            ("http://127.0.0.1:9003/x", False),
            ("http://[::1]:9003", False),
            ("https://kubecost.example", False),
        ):
            with self.subTest(url=url):
                done = run(EXPORTER, "--config.check", f"--kubecost.url={url}", token)
                self.assertEqual(0, done.returncode)
                self.assertEqual(is_warned, words in done.stderr, done.stderr)
                without = run(EXPORTER, "--config.check", f"--kubecost.url={url}")
                self.assertEqual(b"", without.stderr)

    def test_files_that_cannot_work_are_told_at_the_start(self):
        password = ("--kubecost.username=me", "--kubecost.password-file")
        token, headers = ("--kubecost.token-file",), ("--kubecost.header-file",)
        cases = [
            (token, b"", "is empty"),
            (token, b"two words", "holds more than a token"),
            (token, b"marked\nX-Admin: 1", "holds more than a token"),
            (token, b"a\0b", "holds more than a token"),
            (password, b"\n", "is empty"),
            (password, b"marked\nX-Admin: 1\n", "holds more than one line"),
            (password, b"a\rb", "holds more than one line, or control characters"),
            (headers, b"marked-key", "line 1 is not of the form Name: value"),
            (headers, b"X-A: 1\n: marked", "line 2 is not of the form Name: value"),
            (headers, b"X A: marked", "line 1 is not of the form Name: value"),
            (headers, b"X-A : marked", "line 1 is not of the form Name: value"),
            (headers, b" X-A: marked", "line 1 is not of the form Name: value"),
            (headers, "Schlüssel: marked".encode(), "line 1 is not of the form Name: value"),
            (headers, b"X-A:", "has a name without a value"),
            (headers, b"X-A: marked\rX-B: 2", "holds control characters"),
            (headers, b"X-A: marked\0", "holds control characters"),
            (headers, b"X-A: marked\nx-a: 2", "sets the header x-a a second time"),
            *((headers, f"{name}: marked".encode(), f"sets the header {name}, which is the exporter's own")
              for name in ("Host", "content-length", "Transfer-Encoding", "Connection", "Upgrade", "TE", "Expect",
                           "Proxy-Authorization", "If-None-Match", "Range", "Accept-Encoding", "User-Agent")),
        ]
        for flags, content, text in cases:
            with self.subTest(text=text, content=content):
                done = run(EXPORTER, "--config.check", *flags[:-1], f"{flags[-1]}={self.file(content)}")
                self.assertEqual(2, done.returncode)
                self.assertIn(f"{flags[-1]}: ", done.stderr.decode())
                self.assertIn(text, done.stderr.decode())
                self.assertNotIn("marked", done.stderr.decode())

    def test_two_kinds_at_once(self):
        token, header = self.file(b"t"), self.file(b"authorization: Key k")
        for flags, text in (
            ((f"--kubecost.token-file={token}", f"--kubecost.password-file={token}", "--kubecost.username=me"), "give either"),
            ((f"--kubecost.token-file={token}", f"--kubecost.header-file={header}"), "line 1 sets the header Authorization"),
            (("--kubecost.username=me",), "--kubecost.username: needs --kubecost.password-file"),
            ((f"--kubecost.password-file={token}",), "--kubecost.password-file: needs --kubecost.username"),
            (("--kubecost.username=a:b", f"--kubecost.password-file={token}"), "must hold neither a colon"),
        ):
            with self.subTest(text):
                done = run(EXPORTER, "--config.check", *flags)
                self.assertEqual(2, done.returncode)
                self.assertIn(text, done.stderr.decode())

    def test_credentials_through_tls(self):
        authority = pki.Authority(self.folder / "pki", "private")
        front = self.front()
        front.context = server_context(authority.issue("server", ["127.0.0.1"]))
        flags = (f"--kubecost.ca-file={authority.certificate}", f"--kubecost.token-file={self.file(b'abc')}")
        self.exporter(front.url(), *flags).wait_for_day()
        self.assertEqual({("TLSv1.3", "Bearer abc")}, {(r.tls, r.headers["authorization"]) for r in front.let_in})


if __name__ == "__main__":
    unittest.main()
