"""Secrets never appear: marked ones go in by every door, and all that comes out is searched for the marks."""

import base64
import pathlib
import signal
import unittest

from stage import pki
from stage.front import Front, Refusal, server_context
from stage.harness import run, wait_until
from stage.programs import EXPORTER, ONE_DAY, Clock, Stage
from stage.secret_volume import SecretVolume

# Every secret in these tests holds it; so does what is made of them by base64, in one of three forms.
MARK = "sEcReTmArK"
JSON = {"Content-Type": "application/json"}
TEXT = {"Content-Type": "text/plain"}
PATHS = ("/", "/metrics", "/metrics?collect[]=exporter", "/healthz", "/readyz", "/?search=" + "x" * 10, "/no/such/page")


def forms_of(secret):
    """The text itself, and the parts of its base64 that do not depend on what stands around it."""
    forms = [secret]
    for before in range(3):
        text = base64.b64encode(b"." * before + secret.encode()).decode()
        forms.append(text[4 * bool(before) + 2 : -4])
    return forms


class Collector:
    """Everything that was seen, by where."""

    def __init__(self, case):
        self.case = case
        self.texts = {}

    def add(self, where, *texts):
        self.texts.setdefault(where, []).extend(
            text.decode("utf-8", "replace") if isinstance(text, bytes) else text for text in texts
        )

    def add_run(self, *command, env=None):
        done = run(EXPORTER, *command, env=env)
        self.add(f"{command[0]} ({done.returncode})", done.stdout, done.stderr)
        return done

    def add_exporter(self, exporter, where):
        """Asks for every page and ends it."""
        for path in PATHS:
            response = exporter.request("GET", path)
            self.add(f"{where}, {path}", str(response.headers), response.body)
        exporter.send(signal.SIGTERM)
        exporter.wait()
        self.add(f"{where}, log", *exporter.output["stdout"], *exporter.output["stderr"])

    def check(self, *secrets):
        for where, texts in self.texts.items():
            for secret in (MARK, *secrets):
                for form in forms_of(secret):
                    self.case.assertNotIn(form, "\n".join(texts), where)


class KubecostSecretsTest(unittest.TestCase):
    """Password, token, API key and private key for Kubecost."""

    @classmethod
    def setUpClass(cls):
        stage = Stage.of(cls)
        cls.clock = Clock("2026-03-05T03:00:00+00:00", scale=300)
        cls.simulator = stage.simulator("--pods=20", clock=cls.clock)
        cls.folder = pathlib.Path(stage.folder())
        authority = pki.Authority(cls.folder, "private")
        cls.server = authority.issue("server", ["127.0.0.1"])
        client = authority.issue("exporter", ["exporter"])
        cls.key_text = client.key.read_text().splitlines()[1]
        cls.volume = SecretVolume(
            cls.folder / "secret",
            ca=authority.certificate.read_bytes(),
            cert=client.certificate.read_bytes(),
            key=client.key.read_bytes(),
            password=f"{MARK}-password".encode(),
            token=f"{MARK}-token".encode(),
            headers=f"X-API-KEY: {MARK}-key\nX-Other: Scheme {MARK}-other\n".encode(),
        )
        cls.client_authority = authority.certificate

    def setUp(self):
        self.seen = Collector(self)
        self.stage = Stage.of(self)

    def flags(self, *names):
        known = {
            "tls": ("ca-file=ca", "cert-file=cert", "key-file=key"),
            "password": ("password-file=password",),
            "token": ("token-file=token",),
            "headers": ("header-file=headers",),
        }
        pairs = [pair.split("=") for name in names for pair in known[name]]
        more = [f"--kubecost.username={MARK[::-1]}"] if "password" in names else []
        return [f"--kubecost.{flag}={self.volume.path(file)}" for flag, file in pairs] + more

    def secrets(self):
        return (self.key_text,)

    def front(self, answer=None, tls=False):
        context = server_context(self.server, client_authority=self.client_authority) if tls else None
        front = Front(self.simulator.port, context, (lambda _: None) if answer is None else answer)
        self.stage.callback(front.close)
        return front

    def echo(self, status, headers, form):
        """Answers with the credentials that came, as a careless server does."""

        def answer(request):
            told = " ".join(request.headers.get(name, "") for name in ("authorization", "x-api-key", "x-other"))
            location = {"Location": "http://127.0.0.1:1/" + told.replace(" ", "/") + "?" + told.replace(" ", "&")}
            return Refusal(status, {**headers, **(location if status == 302 else {})}, form(told).encode())

        return answer

    def test_when_all_is_well(self):
        for names in (("password", "headers"), ("token", "headers"), ("tls", "token", "headers")):
            for form in ("logfmt", "json"):
                front = self.front(tls="tls" in names)
                log = ("--log.level=debug", f"--log.format={form}")
                flags = (*self.flags(*names), *log)
                exporter = self.stage.exporter(front.url(), *ONE_DAY, *flags, clock=self.clock)
                exporter.wait_for_day()
                self.assertTrue(front.let_in)
                self.seen.add_exporter(exporter, f"{names} {form}")
                self.seen.add_run("once", "--output=json", f"--kubecost.url={front.url()}", "--date=2026-03-04", *flags)
        self.seen.check(*self.secrets())

    def test_when_the_server_repeats_them(self):
        message = lambda told: '{"code":500,"message":"bad credentials ' + told + '"}'
        answers = [
            (200, JSON, message),
            (400, JSON, message),
            (400, TEXT, lambda told: told),
            (401, TEXT, lambda told: told),
            (403, JSON, message),
            (404, TEXT, lambda told: told),
            (429, TEXT, lambda told: told),
            (500, TEXT, lambda told: told),
            (502, JSON, message),
            (302, TEXT, lambda told: told),
            (200, {"Content-Type": "text/html"}, lambda told: f"<html>{told}</html>"),
            (200, JSON, lambda told: told),
            # Cut in the middle of them.
            *((500, TEXT, lambda told, n=n: "x" * n + " " + told) for n in (230, 250, 270, 290)),
            (200, JSON, lambda told: message("x" * 250 + " " + told)),
        ]
        for names in (("password", "headers"), ("token", "headers")):
            for number, (status, headers, form) in enumerate(answers):
                front = self.front(self.echo(status, headers, form))
                flags = ("--log.level=debug", "--cluster-info=off", *self.flags(*names))
                exporter = self.stage.exporter(front.url(), *ONE_DAY, *flags, clock=self.clock)
                wait_until(lambda: exporter.log("reading from Kubecost failed"), exporter.describe)
                self.assertIn(MARK, str(front.refused[0].headers))
                self.seen.add_exporter(exporter, f"{names} {number}: HTTP {status}")
        front = self.front(self.echo(401, TEXT, lambda told: told))
        once = ("once", "--output=csv", f"--kubecost.url={front.url()}", "--currency=USD", "--log.level=debug")
        self.seen.add_run(*once, *self.flags("token", "headers"))
        self.seen.check()

    def test_when_the_server_repeats_a_long_one(self):
        token = MARK + "-" + "long" * 300
        volume = SecretVolume(self.folder / "long", token=token.encode())
        for n in (0, 200, 280):
            front = self.front(self.echo(500, TEXT, lambda told, n=n: "x" * n + " " + told))
            flags = ("--log.level=debug", "--cluster-info=off", f"--kubecost.token-file={volume.path('token')}")
            exporter = self.stage.exporter(front.url(), *ONE_DAY, *flags, clock=self.clock)
            wait_until(lambda: exporter.log("reading from Kubecost failed"), exporter.describe)
            self.seen.add_exporter(exporter, f"a long token behind {n} characters")
        self.seen.check("longlonglonglong")

    def test_when_tls_fails(self):
        front = self.front()
        url = f"https://127.0.0.1:{front.port}"
        flags = (*self.flags("tls", "token", "headers"), "--log.level=debug")
        exporter = self.stage.exporter(url, *ONE_DAY, *flags, clock=self.clock)
        wait_until(lambda: exporter.log("reason=tls"), exporter.describe)
        self.seen.add_exporter(exporter, "no TLS")
        self.seen.check(*self.secrets())

    def test_when_files_change_and_break(self):
        front = self.front()
        volume = SecretVolume(self.folder / "changing", headers=b"X-API-KEY: first", token=f"{MARK}-1".encode())
        flags = [f"--kubecost.{flag}-file={volume.path(file)}" for flag, file in (("header", "headers"), ("token", "token"))]
        exporter = self.stage.exporter(
            front.url(), *ONE_DAY, "--day.refresh=1m", "--day.refresh-max=1m", "--log.level=debug", *flags, clock=self.clock
        )
        exporter.wait_for_day()
        usable = lambda: [
            exporter.value("kubecost_exporter_file_usable", flag=f"kubecost.{flag}-file") for flag in ("header", "token")
        ]
        for headers in (MARK, f"{MARK} {MARK}: x", f"X: {MARK}\rY: 1", f"Host: {MARK}"):
            volume.replace(headers=headers.encode(), token=f"{MARK} two words".encode())
            wait_until(lambda: usable() == [0, 0], exporter.describe)
            volume.replace(headers=f"X-API-KEY: {MARK}-{len(headers)}".encode(), token=f"{MARK}-2".encode())
            wait_until(lambda: usable() == [1, 1], exporter.describe)
        self.seen.add_exporter(exporter, "changing files")
        self.seen.check()

    def test_the_command_line(self):
        token = f"{MARK}-token"
        bad = SecretVolume(self.folder / "bad", lines=f"{token}\n{token}".encode(), cut=self.volume.path("key").read_bytes()[:99])
        good = self.flags("password", "headers")
        for command in (
            ("--help", *good),
            ("--version", *good),
            ("--config.check", *good),
            ("--config.check", f"--kubecost.token-file={bad.path('lines')}"),
            ("--config.check", f"--kubecost.header-file={bad.path('lines')}"),
            ("--config.check", "--kubecost.username=x", f"--kubecost.password-file={bad.path('lines')}"),
            ("--config.check", "--kubecost.url=https://x", *self.flags("tls")[:2], f"--kubecost.key-file={bad.path('cut')}"),
            # What people write by mistake.
            ("--config.check", f"--kubecost.url=http://user:{token}@127.0.0.1:9"),
            *(
                ("--config.check", f"--kubecost.url={url}")
                for url in (f"HTTPS://user:{token}@kc:9090", f"htps://user:{token}@kc", f"https:/user:{token}@kc",
                            f"user:{token}@kc:9090", f"https://user:x/{token}@kc", f"https://kc:99999?token={token}",
                            f"https://kc/x#{token}")
            ),
            ("--config.check", "--kubecost.url=https://x", *self.flags("tls")[:2],
             f"--kubecost.key-file={self.volume.path('key').read_text()}"),
            ("--config.check", "--kubecost.url=https://x", f"--kubecost.ca-file={self.volume.path('key').read_text()}"),
            ("--config.check", f"--web.config.file=basic_auth_users: {{a: {token}}}"),
            ("--config.check", f"--kubecost.token={token}"),
            ("--config.check", "--kubecost.password", token),
            ("--config.check", f"--kubecost.token-file={token}"),
            ("--config.check", f"--kubecost.header-file=X-API-KEY: {token}"),
            ("once", "--output=csv", f"--kubecost.token-file={token}"),
        ):
            self.seen.add_run(*command)
        variables = {"PASSWORD_FILE": "password", "HEADER_FILE": "headers", "TOKEN_FILE": "token"}
        env = {f"KUBECOST_EXPORTER_KUBECOST_{name}": str(self.volume.path(file)) for name, file in variables.items()}
        self.seen.add_run("--help", env=env)
        self.seen.add_run("--config.check", env=env)
        self.seen.check(*self.secrets())


if __name__ == "__main__":
    unittest.main()
