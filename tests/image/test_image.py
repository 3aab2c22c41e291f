"""The image as it runs: read-only, without a right, and without anything around it."""

import http.server
import os
import pathlib
import re
import ssl
import sys
import threading
import time
import unittest

from containers import PROGRAM, ContainerExporter, NameServer, image, make_certificate, podman, run_once
from stage import exposition
from stage.harness import PATIENCE, run, wait_until
from stage.programs import EXPORTER, ONE_DAY, Stage

# The promise is one second; the machine may be busy. What it took is printed.
LONGEST_END = 5
CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
ERRORS = "kubecost_exporter_api_errors_total"


class ImageStage(Stage):
    def container(self, kubecost_url, *flags, **kwargs):
        return self._start(ContainerExporter, kubecost_url, *flags, **kwargs)

    def volume(self):
        name = podman("volume", "create").strip()
        self.callback(podman, "volume", "rm", name)
        return name


def mountpoint(volume):
    return pathlib.Path(podman("volume", "inspect", "--format={{.Mountpoint}}", volume).strip())


class RunningTest(unittest.TestCase):
    def setUp(self):
        image()
        self.stage = ImageStage.of(self)

    def test_what_it_serves(self):
        simulator = self.stage.simulator("--pods=120")
        inside = self.stage.container(simulator.url, *ONE_DAY)
        outside = self.stage.exporter(simulator.url, *ONE_DAY)
        self.assertEqual(outside.wait_for_day(), inside.wait_for_day())
        facts = exposition.facts(inside.scrape())
        self.assertEqual(exposition.facts(outside.scrape()), facts)
        self.assertGreaterEqual(facts.count("\nkubecost_pod_total_cost{"), 120)
        status = pathlib.Path(f"/proc/{inside.inspect()['State']['Pid']}/status").read_text(encoding="utf-8")
        for line in (
            "Uid:\t65532\t65532\t65532\t65532", "Gid:\t65532\t65532\t65532\t65532", "NoNewPrivs:\t1",
            "CapPrm:\t0000000000000000", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000",
        ):  # fmt: skip
            self.assertIn(line + "\n", status)

    def test_end(self):
        simulator = self.stage.simulator("--pods=50")
        inside = self.stage.container(simulator.url)
        inside.wait_for_day()
        started = time.monotonic()
        podman("stop", f"--time={PATIENCE}", inside.name)
        code = inside.wait()
        seconds = time.monotonic() - started
        print(f"\npodman stop: ended after {seconds:.3f} s", file=sys.stderr)
        self.assertEqual(0, code, inside.describe())
        self.assertTrue(inside.wait_for_log("msg=stopping signal=SIGTERM"), inside.describe())
        self.assertLess(seconds, LONGEST_END, inside.describe())

    def test_healthcheck(self):
        inside = self.stage.container("http://127.0.0.1:1")
        self.assertEqual("ok\n", podman("exec", inside.name, PROGRAM, "healthcheck"))
        inside.kill()
        alone = run_once("healthcheck")
        self.assertEqual((1, b""), (alone.returncode, alone.stdout))
        self.assertIn(b"http://127.0.0.1:9103/healthz: nobody listens", alone.stderr)

    def test_version_is_that_of_the_label(self):
        labels = podman("image", "inspect", '--format={{json .Labels}}', image())
        version = run_once("--version").stdout.decode()
        told = re.fullmatch(r"kubecost-allocation-exporter, version (\S+) \(revision: (\S+), .*\)\n", version)
        self.assertIn(f'"org.opencontainers.image.version":"{told.group(1)}"', labels)
        self.assertIn(f'"org.opencontainers.image.revision":"{told.group(2)}"', labels)
        self.assertEqual(os.environ["REVISION"], told.group(2))

    def test_names_of_the_hosts_file(self):
        simulator = self.stage.simulator("--pods=20")
        url = f"http://kubecost.of.hosts:{simulator.port}"
        self.stage.container(url, *ONE_DAY, options=["--add-host=kubecost.of.hosts:127.0.0.1"]).wait_for_day()

    def test_names_of_dns(self):
        names = NameServer("kubecost.of.dns")
        self.addCleanup(names.close)
        simulator = self.stage.simulator("--pods=20")
        options = ["--dns=127.0.0.1", "--dns-search=."]
        inside = self.stage.container(f"http://kubecost.of.dns:{simulator.port}", *ONE_DAY, options=options)
        inside.wait_for_day()
        self.assertIn("kubecost.of.dns", names.asked)
        inside.kill()
        lost = self.stage.container("http://no.such.name:9090", *ONE_DAY, options=options)
        wait_until(lambda: lost.value(ERRORS, reason="dns"), lost.describe)
        self.assertIn("no.such.name", names.asked)

    def test_state_and_files_in_a_volume(self):
        simulator = self.stage.simulator("--pods=20")
        volume = self.stage.volume()
        options = [f"--volume={volume}:/state"]
        once = ["once", "--output=csv", f"--kubecost.url={simulator.url}"]
        written = run_once(*once, "--output-file=/state/costs.csv", options=options)
        self.assertEqual(0, written.returncode, written.stderr)
        costs = mountpoint(volume) / "costs.csv"
        outside = run(EXPORTER, *once)
        self.assertEqual((0, costs.read_bytes()), (outside.returncode, outside.stdout), outside.stderr)
        self.assertGreater(costs.read_bytes().count(b"\n"), 20)
        self.assertEqual((65532, 65532), (costs.stat().st_uid, costs.stat().st_gid))
        # It is no state file: that it says so shows that it reads there.
        inside = self.stage.container(simulator.url, "--state.path=/state/costs.csv", options=options)
        wait_until(lambda: inside.log("the state file is not used"), inside.describe)
        # Anywhere else there is nothing to write to, which is said before Kubecost is asked.
        refused = run_once(*once, "--output-file=/costs.csv")
        self.assertEqual(1, refused.returncode)
        self.assertIn(b"Read-only file system", refused.stderr)


class CertificatesTest(unittest.TestCase):
    """Which certificates are believed: those of the bundle, and a bundle there is."""

    NAME = "kubecost.of.tls"

    def setUp(self):
        image()
        self.stage = ImageStage.of(self)
        self.folder = self.stage.folder()
        os.chmod(self.folder, 0o755)
        self.certificate, key = make_certificate(self.folder, self.NAME)
        self.certificate.chmod(0o644)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)

        class Unavailable(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802, the name is the base class's
                self.send_error(503)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Unavailable)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        server.handle_error = lambda *_: None
        self.url = f"https://{self.NAME}:{server.server_address[1]}"
        serving = threading.Thread(target=server.serve_forever, args=(0.05,))
        serving.start()
        self.stage.callback(server.server_close)
        self.stage.callback(serving.join)
        self.stage.callback(server.shutdown)

    def first_error(self, reason, *options, flags=()):
        """Waits for the first failure of that reason, and returns the line about it."""
        options = [f"--add-host={self.NAME}:127.0.0.1", *options]
        inside = self.stage.container(self.url, *ONE_DAY, *flags, options=options)
        wait_until(lambda: inside.value(ERRORS, reason=reason), inside.describe)
        return inside.wait_for_log("error=")[0]

    def test_a_stranger_is_not_believed(self):
        line = self.first_error("tls")
        self.assertIn("certificate", line)
        self.assertRegex(line, "self-signed|unable to get local issuer|not trusted|authority")
        self.assertNotIn("error setting certificate", line)

    def test_one_of_the_bundle_is_believed(self):
        line = self.first_error("http_5xx", f"--volume={self.certificate}:{CA_BUNDLE}:ro")
        self.assertIn("HTTP 503", line)

    def test_a_ca_file_stands_in_place_of_the_bundle(self):
        other = make_certificate(self.stage.folder(), "other.of.tls")[0]
        os.chmod(other.parent, 0o755)
        other.chmod(0o644)
        believed = [f"--volume={self.certificate}:{CA_BUNDLE}:ro", f"--volume={other}:/state/ca.pem:ro"]
        line = self.first_error("tls", *believed, flags=["--kubecost.ca-file=/state/ca.pem"])
        self.assertIn("give its CA certificate", line)

    def test_without_a_bundle_nobody_is(self):
        empty = pathlib.Path(self.folder) / "empty.pem"
        empty.touch(0o644)
        self.assertIn("error setting certificate", self.first_error("tls", f"--volume={empty}:{CA_BUNDLE}:ro"))


if __name__ == "__main__":
    unittest.main()
