"""Every file of chart/examples does what it says: our chart takes the values for it, the hosts' values put the very
container of our chart into the right pod, and nothing in them is secret or forgotten."""

import os
import re
import unittest

import schemas
from chart_values import VERSION, container_of, flags_of, host_pod
from examples import EXAMPLES, example, host, load, pod_of
from helm import ROOT, both, find, parse, render, yaml

DEPLOYMENTS = {
    "deployment/kubecost-1.x.yaml": "http://kubecost-cost-analyzer.kubecost:9090",
    "deployment/kubecost-2.x.yaml": "http://kubecost-cost-analyzer.kubecost:9090",
    "deployment/kubecost-3.x.yaml": "http://kubecost-frontend.kubecost:9090",
    "deployment/opencost.yaml": "http://opencost.opencost:9003",
    "deployment/kubecost-tls-and-login.yaml": "https://kubecost-cost-analyzer.kubecost:9090",
}
# Values for our chart beside a container in another chart's pod.
SIDECARS = (
    "sidecar-bundled-prometheus/exporter.yaml",
    "sidecar-cost-analyzer/exporter.yaml",
    "sidecar-finops-agent/exporter.yaml",
    "sidecar-opencost/exporter.yaml",
)
# Stand-in, its values, the Deployment that gets the container, and the values for our chart that make the same.
HOSTS = (
    (
        "kubecost-1",
        ("sidecar-bundled-prometheus/sidecar.yaml", "sidecar-bundled-prometheus/scrape-configs-1.x.yaml"),
        "kubecost-prometheus-server",
        ("sidecar-bundled-prometheus/exporter.yaml", "kubecost1"),
    ),
    (
        "kubecost-2",
        ("sidecar-bundled-prometheus/sidecar.yaml", "sidecar-bundled-prometheus/scrape-configs-2.4-2.9.yaml"),
        "kubecost-prometheus-server",
        ("sidecar-bundled-prometheus/exporter.yaml", "kubecost2"),
    ),
    (
        "kubecost-2",
        ("sidecar-finops-agent/kubecost-2.9.yaml",),
        "kubecost-finopsagent",
        ("sidecar-finops-agent/exporter.yaml", "kubecost2"),
    ),
    (
        "kubecost-3",
        ("sidecar-finops-agent/kubecost-3.x.yaml",),
        "kubecost-finopsagent",
        ("sidecar-finops-agent/exporter.yaml", "kubecost3"),
    ),
    ("opencost", ("sidecar-opencost/opencost.yaml",), "opencost", ("sidecar-opencost/exporter.yaml", "opencost")),
)
# What must not hold a value in an example, unless it is a template or the name of a Secret's key.
SECRET_KEYS = re.compile(r"password|passwd|token|bearer_?[tT]oken|(secret|access|api)_key|(access|api)Key|client_?[sS]ecret")
SECRET_TEXT = re.compile(r"AKIA[0-9A-Z]{16}|-----BEGIN|\b[A-Za-z0-9+/]{40,}={0,2}(?![\w/.-])|://[^/\s:]+:[^/\s@]+@")


def files():
    return sorted(file for file in EXAMPLES.rglob("*") if file.is_file())


class OwnChartTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.helms = both()

    def test_lint(self):
        for name in (*DEPLOYMENTS, *SIDECARS):
            for helm in self.helms:
                with self.subTest(helm=helm.name, name=name):
                    self.assertNotIn("[WARNING]", helm.lint(example(name)))

    def test_deployments(self):
        for name, url in DEPLOYMENTS.items():
            with self.subTest(name=name):
                manifests = render(example(name), release="kubecost-allocation-exporter", namespace="costs")
                container = container_of(find(manifests, "Deployment")["spec"]["template"]["spec"])
                self.assertEqual(url, flags_of(container)["kubecost.url"])
                self.assertRegex(container["image"], r"^registry\.example\.com/kubecost-allocation-exporter:[^:]+$")
                service = find(manifests, "Service")
                self.assertEqual("kubecost-allocation-exporter", service["metadata"]["name"])
                self.assertEqual("metrics", service["spec"]["ports"][0]["name"])

    def test_tls_and_login(self):
        manifests = render(example("deployment/kubecost-tls-and-login.yaml"))
        pod = find(manifests, "Deployment")["spec"]["template"]["spec"]
        flags = flags_of(container_of(pod))
        self.assertEqual("kubecost.example.com", flags["kubecost.server-name"])
        secrets = {volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume}
        self.assertEqual({"kubecost-ca", "kubecost-login"}, secrets)
        self.assertNotIn("kubecost.username", flags)

    def test_sidecars_make_no_pod_and_select_the_hosts(self):
        for stub, names, deployment, (values, _) in HOSTS:
            with self.subTest(stub=stub, names=names):
                release = "opencost" if stub == "opencost" else "kubecost"
                manifests = render(example(values), release="kubecost-allocation-exporter", namespace=release)
                self.assertNotIn("Deployment", [manifest["kind"] for manifest in manifests])
                services = [manifest for manifest in manifests if manifest["kind"] == "Service"]
                self.assertEqual(0 if "prometheus" in values else 1, len(services))
                labels = find(host(stub, *names, release=release), "Deployment", deployment)
                labels = labels["spec"]["template"]["metadata"]["labels"]
                for service in services:
                    self.assertLessEqual(service["spec"]["selector"].items(), labels.items())


class HostTest(unittest.TestCase):
    """The hosts' values, through stand-ins for their charts."""

    @classmethod
    def setUpClass(cls):
        cls.helms = both()

    def test_container_is_the_charts_own(self):
        for stub, names, deployment, (values, preset) in HOSTS:
            with self.subTest(stub=stub, names=names):
                release = "opencost" if stub == "opencost" else "kubecost"
                pod = pod_of(host(stub, *names, release=release), deployment)
                self.assertEqual(2, len(pod["containers"]))
                ours = host_pod(self.helms[-1], example(values), {"kubecost": {"preset": preset}})
                self.assertEqual(container_of(ours), container_of(pod))
                for volume in ours["volumes"]:
                    self.assertIn(volume, pod["volumes"])

    def test_the_ledger_is_on_the_claim(self):
        claim = load("sidecar-claim/claim.yaml")
        for stub, names, deployment, _ in HOSTS:
            with self.subTest(stub=stub, names=names):
                release = "opencost" if stub == "opencost" else "kubecost"
                manifests = host(stub, *names, release=release)
                found = pod_of(manifests, deployment)
                claims = [v["persistentVolumeClaim"] for v in found["volumes"] if "persistentVolumeClaim" in v]
                self.assertEqual([{"claimName": claim["metadata"]["name"]}], claims)
                # It may be written by the group, and by one pod at a time.
                self.assertGreater(found["securityContext"]["fsGroup"], 0)
                strategy = find(manifests, "Deployment", deployment)["spec"]["strategy"]
                self.assertEqual({"type": "Recreate"}, strategy)

    def test_finops_agent_address_follows_the_release(self):
        for stub, name, service in (
            ("kubecost-2", "sidecar-finops-agent/kubecost-2.9.yaml", "costs-cost-analyzer"),
            ("kubecost-3", "sidecar-finops-agent/kubecost-3.x.yaml", "costs-frontend"),
        ):
            container = container_of(pod_of(host(stub, name, release="costs"), "costs-finopsagent"))
            self.assertEqual(f"http://{service}.costs:9090", flags_of(container)["kubecost.url"])

    def test_opencost_endpoint(self):
        manifests = host("opencost", "sidecar-opencost/opencost.yaml", release="opencost")
        monitor = find(manifests, "ServiceMonitor")
        service = find(manifests, "Service")
        own, ours = monitor["spec"]["endpoints"]
        self.assertEqual(["http", "metrics"], [port["name"] for port in service["spec"]["ports"]])
        self.assertEqual("http", own["port"])
        self.assertTrue(ours["honorLabels"])
        container = container_of(pod_of(manifests, "opencost"))
        self.assertEqual("http://127.0.0.1:9003", flags_of(container)["kubecost.url"])
        # The same endpoint as our chart's own monitor, but for how the constant names are told.
        theirs = find(render(example("sidecar-opencost/exporter.yaml")), "ServiceMonitor")["spec"]["endpoints"][0]
        dropped = [rule for rule in theirs.pop("relabelings") if rule["action"] == "labeldrop"]
        self.assertEqual(dropped, [rule for rule in ours["relabelings"] if rule.get("action") == "labeldrop"])
        self.assertEqual(theirs, {key: value for key, value in ours.items() if key != "relabelings"})
        constant = {rule["targetLabel"]: rule["replacement"] for rule in ours["relabelings"] if "targetLabel" in rule}
        self.assertEqual(dict.fromkeys(("instance", "job"), "kubecost-allocation-exporter"), constant)

    def test_opencost_tls_config_goes_to_the_last_endpoint(self):
        """The trap that the example's comment tells of."""
        values = {"opencost": {"metrics": {"serviceMonitor": {"tlsConfig": {"insecureSkipVerify": False}}}}}
        manifests = host("opencost", "sidecar-opencost/opencost.yaml", values=[values], release="opencost")
        endpoints = find(manifests, "ServiceMonitor")["spec"]["endpoints"]
        self.assertEqual([False, True], ["tlsConfig" in endpoint for endpoint in endpoints])


class ExtraObjectsTest(unittest.TestCase):
    FLAGS = ("--api-versions=monitoring.coreos.com/v1",)

    @classmethod
    def setUpClass(cls):
        cls.helms = both()

    def rendered(self, stub, flags=FLAGS):
        return host(stub, "extra-objects/kubecost.yaml", release="costs", flags=flags)

    def test_deployment_is_the_charts_own(self):
        for stub, values in (("kubecost-2", "deployment/kubecost-2.x.yaml"), ("kubecost-3", "deployment/kubecost-3.x.yaml")):
            with self.subTest(stub=stub):
                kubecost = {"kubecost": {"releaseName": "costs", "namespace": "costs"}}
                kubecost |= {"fullnameOverride": "kubecost-allocation-exporter"}
                ours = find(render(example(values), kubecost), "Deployment")["spec"]
                theirs = find(self.rendered(stub), "Deployment", "kubecost-allocation-exporter")["spec"]
                self.assertEqual(ours["strategy"], theirs["strategy"])
                self.assertEqual(1, theirs["replicas"])
                pod = theirs["template"]["spec"]
                for key, value in pod.items():
                    self.assertEqual(ours["template"]["spec"][key], value, key)

    def test_is_found(self):
        for stub in ("kubecost-2", "kubecost-3"):
            manifests = [m for m in self.rendered(stub) if m["metadata"]["name"] == "kubecost-allocation-exporter"]
            kinds = ["Deployment", "PersistentVolumeClaim", "Service", "ServiceMonitor"]
            self.assertEqual(kinds, sorted(m["kind"] for m in manifests))
            self.assertEqual({"costs"}, {manifest["metadata"]["namespace"] for manifest in manifests})
            service, monitor = find(manifests, "Service"), find(manifests, "ServiceMonitor")
            pod = find(manifests, "Deployment")["spec"]["template"]["metadata"]["labels"]
            self.assertEqual(pod, service["spec"]["selector"])
            self.assertEqual(service["metadata"]["labels"], monitor["spec"]["selector"]["matchLabels"])
            ours = find(render(example("deployment/kubecost-2.x.yaml")), "ServiceMonitor")["spec"]["endpoints"][0]
            theirs = monitor["spec"]["endpoints"][0]
            self.assertEqual(ours["relabelings"][0], theirs["relabelings"][0])
            for key in ours.keys() - {"relabelings"}:
                self.assertEqual(ours[key], theirs[key], key)

    def test_no_monitor_without_operator(self):
        self.assertNotIn("ServiceMonitor", [manifest["kind"] for manifest in self.rendered("kubecost-2", flags=())])


class SchemaTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        schemas.require_schemas()
        cls.helms = both()

    def check(self, manifests):
        for manifest in manifests:
            with self.subTest(kind=manifest["kind"], name=manifest["metadata"]["name"]):
                self.assertEqual([], schemas.problems(manifest))

    def test_our_chart(self):
        for name in (*DEPLOYMENTS, *SIDECARS):
            with self.subTest(name=name):
                self.check(parse(self.helms[-1].template(example(name))))

    def test_hosts(self):
        for stub, names, _, _ in HOSTS:
            with self.subTest(stub=stub, names=names):
                more = ["remote-write/kubecost-bundled-prometheus.yaml"] if len(names) > 1 else []
                self.check(host(stub, *names, *more))

    def test_claim(self):
        self.check([load("sidecar-claim/claim.yaml")])

    def test_extra_objects(self):
        for stub in ("kubecost-2", "kubecost-3"):
            self.check(host(stub, "extra-objects/kubecost.yaml", flags=ExtraObjectsTest.FLAGS))


class ManifestsTest(unittest.TestCase):
    """Plain manifests are the chart's own, so that they stay so: UPDATE_GOLDEN=1 writes them."""

    NAME = "manifests/kubecost-2.x.yaml"

    def expected(self):
        values = {"serviceMonitor": {"enabled": False}}
        release = "kubecost-allocation-exporter"
        manifests = render(example("deployment/kubecost-2.x.yaml"), values, release=release, namespace="costs")
        for manifest in manifests:
            for label in ("app.kubernetes.io/managed-by", "helm.sh/chart"):
                manifest["metadata"]["labels"].pop(label, None)
        return manifests

    def test_manifests_are_the_charts(self):
        expected = self.expected()
        path = example(self.NAME)
        if os.environ.get("UPDATE_GOLDEN"):
            heading = "".join(line for line in path.read_text(encoding="utf-8").splitlines(True) if line.startswith("#"))
            text = yaml.safe_dump_all(expected, sort_keys=False)
            text = re.sub(r"(registry\.example\.com/.*)", r"\1 # REPLACE registry", text)
            path.write_text(heading + text, encoding="utf-8")
        self.assertEqual(expected, parse(path.read_text(encoding="utf-8")))
        kinds = ["Deployment", "PersistentVolumeClaim", "Service", "ServiceAccount"]
        self.assertEqual(kinds, sorted(m["kind"] for m in expected))


class FolderTest(unittest.TestCase):
    def test_each_file_is_tested_and_documented(self):
        tests = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").glob("*/test_*.py"))
        documents = "".join(
            file.read_text(encoding="utf-8") for file in (ROOT / "docs" / "install.md", EXAMPLES / "README.md")
        )
        for file in files():
            name = str(file.relative_to(EXAMPLES))
            if name == "README.md":
                continue
            with self.subTest(name=name):
                self.assertIn(f'"{name}"', tests)
                self.assertIn(f"({name})", documents)

    def test_image_has_the_charts_version(self):
        """UPDATE_GOLDEN=1 writes it, for a release."""
        tag = re.compile(r"(?<=/kubecost-allocation-exporter:)\d[\w.-]*")
        for file in (*files(), ROOT / "docs" / "install.md"):
            text = file.read_text(encoding="utf-8")
            if os.environ.get("UPDATE_GOLDEN"):
                file.write_text(tag.sub(VERSION, text), encoding="utf-8")
            self.assertLessEqual(set(tag.findall(file.read_text(encoding="utf-8"))), {VERSION}, file.name)

    def test_nothing_secret(self):
        both()
        for file in files():
            with self.subTest(file=file.name):
                text = file.read_text(encoding="utf-8")
                self.assertIsNone(SECRET_TEXT.search(text), SECRET_TEXT.search(text))
                if file.suffix in (".yaml", ".yml"):
                    for document in yaml.safe_load_all(text):
                        self.assert_no_secret(document)

    def assert_no_secret(self, node, key=""):
        if isinstance(node, dict):
            for name, value in node.items():
                self.assert_no_secret(value, str(name))
        elif isinstance(node, list):
            for value in node:
                self.assert_no_secret(value, key)
        elif SECRET_KEYS.fullmatch(key):
            self.assertRegex(str(node), r"^\{\{.*\}\}$", key)

    def test_what_is_to_be_replaced_is_marked(self):
        made_up = re.compile(r"example\.com|00000000-|111122223333|my-thanos-bucket|kube-prometheus-stack$")
        for file in files():
            if file.suffix in (".yaml", ".yml"):
                for line in file.read_text(encoding="utf-8").splitlines():
                    code, _, comment = line.partition("#")
                    if made_up.search(code.rstrip()):
                        self.assertIn("REPLACE", comment, f"{file.name}: {line}")

    def test_a_secret_would_be_found(self):
        with self.assertRaises(AssertionError):
            self.assert_no_secret({"remote_write": [{"basic_auth": {"password": "hunter2"}}]})
        self.assert_no_secret({"basicAuth": {"password": {"name": "a-secret", "key": "password"}}})
        for text in ("AKIA" + "A" * 16, "https://user:word@example.com/", "x: " + "Ab1/" * 12):
            self.assertTrue(SECRET_TEXT.search(text), text)

    def test_comments_name_files_that_exist(self):
        for file in (file for file in files() if file.suffix != ".md"):
            for name in re.findall(r"\.\./([a-z][a-z-]*(?:/[\w.*-]*\w)?)", file.read_text(encoding="utf-8")):
                with self.subTest(file=file.name, name=name):
                    self.assertTrue(list(EXAMPLES.glob(name)))


if __name__ == "__main__":
    unittest.main()
