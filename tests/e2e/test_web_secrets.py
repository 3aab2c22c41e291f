"""Secrets of the web side never appear: marked ones go in by every door, and all that comes out is searched."""

import json
import signal
import unittest

from stage.harness import run
from stage.programs import EXPORTER, Stage
from stage.web_site import NOWHERE, Site, basic, bcrypt, wait_for_reload

MARK = "sEcReTmArK"
PATHS = ("/", "/metrics", "/healthz", "/readyz", "/nothing", f"/?search={'x' * 9}")


class WebSecretsTest(unittest.TestCase):
    def setUp(self):
        self.stage = Stage.of(self)
        self.site = Site(self.stage.folder())
        self.seen = {}

    def marks(self, *more):
        key = self.site.server.key.read_text().splitlines()
        return [MARK, basic("", MARK)["Authorization"][10:-4], *key[1:-1], *more]

    def assert_nothing_seen(self, marks):
        for where, text in self.seen.items():
            for mark in marks:
                self.assertNotIn(mark, text, where)

    def run_program(self, *arguments, env=None):
        done = run(EXPORTER, *arguments, env=env)
        self.seen[f"{arguments} {done.returncode}"] = (done.stdout + done.stderr).decode()

    def ask(self, exporter, where):
        for path in PATHS:
            for headers in ({}, basic(f"user-{MARK}", MARK), basic(f"user-{MARK}", MARK * 2), basic(MARK, "x"),
                            {"Authorization": f"Bearer {MARK}"}, {"Authorization": f"Basic {MARK}"}):
                response = exporter.request("GET", path, headers)
                self.seen[f"{where} {path} {headers}"] = f"{response.headers}{response.body.decode()}"

    def test_of_a_running_exporter(self):
        password = bcrypt(MARK)
        self.site.write(tls_server_config=self.site.tls(), basic_auth_users={f"user-{MARK}": password})
        for level in ("info", "debug"):
            for form in ("logfmt", "json"):
                exporter = self.site.exporter(self.stage, f"--log.level={level}", f"--log.format={form}")
                self.ask(exporter, level)
                exporter.send(signal.SIGTERM)
                exporter.wait()
                self.seen[f"log {level} {form}"] = "\n".join(exporter.output["stdout"] + exporter.output["stderr"])
        self.assertIn("user name", self.seen[f"info / {{}}"])
        self.assert_nothing_seen(self.marks(password))

    def test_of_a_configuration_that_breaks(self):
        password = bcrypt(MARK)
        self.site.write(tls_server_config=self.site.tls(), basic_auth_users={f"user-{MARK}": password})
        exporter = self.site.exporter(self.stage, "--log.level=debug")
        exporter.headers = basic(f"user-{MARK}", MARK)
        self.site.write(tls_server_config=self.site.tls(), basic_auth_users={f"user-{MARK}": MARK})
        wait_for_reload(exporter, good=False)
        self.ask(exporter, "broken")
        self.seen["log"] = "\n".join(exporter.output["stderr"])
        self.assertIn("not a bcrypt hash", self.seen["log"])
        self.assert_nothing_seen(self.marks(password))

    def test_of_every_mistake(self):
        key = self.site.server.key.read_text()
        tls = self.site.tls()
        files = [
            {"basic_auth_users": {f"user-{MARK}": MARK}},
            {"basic_auth_users": {f"{MARK}:": bcrypt(MARK)}},
            {"basic_auth_users": MARK},
            {"basic_auth_users": [{"user": MARK}]},
            {"basic_auth_users": {"user": [MARK]}},
            {"basic_auth_users": {"user": bcrypt(MARK).replace("$05$", "$20$")}},
            {"tls_server_config": {**tls, "key_file": key}},
            {"tls_server_config": {**tls, "key_file": key.replace("\n", " ")}},
            {"tls_server_config": {"cert": key, "key": key}},
            {"tls_server_config": {"cert_file": tls["cert_file"], "key": key + MARK}},
            {"tls_server_config": {"cert_file": tls["cert_file"], "key": MARK}},
            {"tls_server_config": {"cert_file": tls["cert_file"], "key": [MARK]}},
            {"tls_server_config": {"cert_file": tls["key_file"], "key_file": tls["key_file"]}},
            {"tls_server_config": MARK},
            {"http_server_config": MARK},
        ]
        texts = [json.dumps(file) for file in files]
        texts += [
            f"basic_auth_users:\n  user: *{MARK}\n",
            f'basic_auth_users:\n  user: "\\{MARK}"\n',
            f"basic_auth_users:\n  user: {MARK}: {MARK}\n",
            f"basic_auth_users:\n  user: !{MARK} &{MARK} [\n",
            f"tls_server_config:\n  key: |\n {MARK}\n",
            f"%{MARK} x\n---\n",
            MARK,
        ]
        for number, text in enumerate(texts):
            self.site.path.write_text(text, encoding="utf-8")
            flag = f"--web.config.file={self.site.path}"
            self.run_program("--config.check", flag)
            self.run_program(flag, f"--kubecost.url={NOWHERE}", f"--web.listen-address=127.0.0.1:{number}x")
            self.run_program("--help", env={"KUBECOST_EXPORTER_WEB_CONFIG_FILE": str(self.site.path)})
        marks = self.marks(bcrypt(MARK))
        self.assert_nothing_seen(marks)


if __name__ == "__main__":
    unittest.main()
