"""Certificates and configuration that change while the exporter serves (--web.config.file)."""

import contextlib
import socket
import ssl
import threading
import unittest

from stage import pki
from stage.harness import wait_until
from stage.programs import Stage
from stage.secret_volume import SecretVolume
from stage.web_site import NAME, Site, s_client, wait_for_reload


class RotationTest(unittest.TestCase):
    def setUp(self):
        self.stage = Stage.of(self)
        self.site = Site(self.stage.folder())
        pem = self.pem(self.site.server, self.site.clients)
        self.volume = SecretVolume(self.site.folder / "secret", **pem)
        self.settings = {
            "cert_file": "secret/tls.crt",
            "key_file": "secret/tls.key",
            "client_ca_file": "secret/ca.crt",
            "client_auth_type": "RequireAndVerifyClientCert",
        }
        self.site.write(tls_server_config=self.settings)
        self.exporter = self.site.exporter(self.stage)
        self.exporter.context = self.site.context(self.site.client)

    @staticmethod
    def pem(identity, authority):
        return {
            "tls.crt": identity.certificate.read_bytes(),
            "tls.key": identity.key.read_bytes(),
            "ca.crt": authority.certificate.read_bytes(),
        }

    def serial(self):
        endpoint = self.exporter.endpoint(0)
        with socket.create_connection(endpoint) as raw, self.exporter.context.wrap_socket(raw) as connection:
            return connection.getpeercert()["serialNumber"]

    def test_under_load_without_a_failed_scrape(self):
        done = threading.Event()
        failures, scrapes = [], [0]

        def scrape():
            while not done.is_set():
                try:
                    self.assertIn(b"kubecost_exporter_up", self.exporter.get("/metrics"))
                    scrapes[0] += 1
                except (OSError, AssertionError) as error:
                    failures.append(error)

        threads = [threading.Thread(target=scrape) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            for number in range(4):
                before, seen = self.serial(), scrapes[0]
                identity = self.site.authority.issue(f"server-{number}", [NAME, "127.0.0.1"])
                self.volume.replace(**self.pem(identity, self.site.clients))
                wait_until(lambda: self.serial() != before, lambda: f"the new certificate; {self.exporter.describe()}")
                wait_until(lambda: scrapes[0] > seen + 10, "more scrapes")
        finally:
            done.set()
            for thread in threads:
                thread.join()
        self.assertEqual([], failures)
        self.assertEqual(4, len(self.exporter.log("web configuration read again")))

    def test_a_new_authority_for_clients(self):
        others = pki.Authority(self.site.folder, "others")
        client = others.issue("prometheus", ["prometheus.test"])
        self.volume.replace(**{"ca.crt": others.certificate.read_bytes()})
        self.exporter.context = self.site.context(client)

        def is_let_in():
            with contextlib.suppress(ssl.SSLError, ConnectionError):
                return self.exporter.request("GET", "/metrics").status == 200

        wait_until(is_let_in, lambda: f"the new client; {self.exporter.describe()}")
        self.exporter.context = self.site.context(self.site.client)
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.exporter.request("GET", "/metrics")

    def test_what_is_broken_leaves_the_former_in_force(self):
        before = self.serial()
        good = self.pem(self.site.server, self.site.clients)
        message = "cannot be used; the former one stays in force"
        for count, broken in enumerate(
            ({"tls.key": self.site.client.key.read_bytes()}, {"tls.crt": b"nonsense"}, {"tls.crt": None}), 1
        ):
            self.volume.replace(**broken)
            wait_for_reload(self.exporter, good=False)
            self.assertEqual(before, self.serial())
            self.assertEqual(count, len(self.exporter.log(message)))
            self.volume.replace(**good)
            wait_for_reload(self.exporter)
        self.assertIn("does not belong to the certificate", self.exporter.wait_for_log(message)[0])
        self.assertIn("holds no certificate", self.exporter.wait_for_log(message)[1])
        self.assertIn("No such file or directory", self.exporter.wait_for_log(message)[2])

    def test_a_broken_configuration_file(self):
        self.site.path.write_text("tls_server_config: [", encoding="utf-8")
        wait_for_reload(self.exporter, good=False)
        self.assertIn("web.yml:1: not valid YAML", self.exporter.wait_for_log("stays in force")[0])
        self.site.write(tls_server_config={**self.settings, "min_version": "TLS13"})
        wait_for_reload(self.exporter)
        self.assertNotEqual(0, s_client(self.exporter, "-tls1_2")[0])

    def test_tls_cannot_be_turned_off(self):
        self.site.write()
        wait_for_reload(self.exporter, good=False)
        self.assertIn("turns TLS off, which needs a restart", self.exporter.wait_for_log("stays in force")[0])


if __name__ == "__main__":
    unittest.main()
