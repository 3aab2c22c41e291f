"""What people read of the chart says what the chart does: README, NOTES, versions, schema."""

import json
import re
import subprocess
import sys
import unittest

from chart_values import VERSION
from helm import CHART, ROOT, both, yaml

SIDECAR = {"mode": "sidecar", "sidecar": {"podSelector": {"app": "costs"}}, "kubecost": {"preset": "opencost"}}
OPENSHIFT = {
    "podSecurityContext": {"runAsUser": None, "runAsGroup": None, "fsGroup": None},
    "securityContext": {"runAsUser": None, "runAsGroup": None},
}
REGISTRY = {"image": {"registry": "registry.example.com"}}


def described(schema, definitions):
    return definitions[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema


def open_maps(values, schema, definitions, path=""):
    """Where the values and the schema part: keys that one of them has alone, maps that take anything."""
    schema = described(schema, definitions)
    if not isinstance(values, dict) or "properties" not in schema:
        return
    properties = schema["properties"]
    if path not in ("", ".config", ".global") and schema.get("additionalProperties") is not False:
        yield f"{path}: takes anything"
    for key in sorted(set(values) ^ set(properties)) if values else []:
        yield f"{path}.{key}: in one of values.yaml and values.schema.json"
    for key in set(values) & set(properties):
        yield from open_maps(values[key], properties[key], definitions, f"{path}.{key}")


class DocumentTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.helm = both()[-1]
        cls.chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))

    def test_readme_is_made_of_the_comments(self):
        command = [sys.executable, "-B", ROOT / "scripts" / "chart-readme.py", "--check"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual((0, ""), (done.returncode, done.stderr))

    def test_one_version(self):
        project = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
        version = re.search(r"project\(\S+ VERSION (\S+)", project).group(1)
        self.assertEqual((version, version), (self.chart["version"], self.chart["appVersion"]))

    def test_what_charts_are_found_by(self):
        for key in ("description", "keywords", "kubeVersion", "annotations"):
            self.assertTrue(self.chart.get(key), key)
        self.assertEqual(("v2", "application"), (self.chart["apiVersion"], self.chart["type"]))
        self.assertEqual("kubecost-allocation-exporter", self.chart["name"])

    def test_schema_and_values_have_the_same_keys(self):
        values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
        schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
        self.assertIs(False, schema["additionalProperties"])
        self.assertIs(False, schema["properties"]["config"]["additionalProperties"])
        # An umbrella chart's condition.
        values["enabled"] = True
        # Kinds of handlers: whoever wants one brings it.
        parted = [line for line in open_maps(values, schema, schema["definitions"]) if "Probe." not in line]
        self.assertEqual([], parted)

    def test_notes(self):
        tls = {"tls_server_config": {"cert_file": "tls.crt", "key_file": "tls.key"}}
        loopback = {**SIDECAR, "web": {"address": "127.0.0.1"}, "service": {"enabled": False}}
        cases = (
            ({}, f"kubecost-allocation-exporter {VERSION} asks http://kubecost-cost-analyzer.kubecost:9090"),
            ({}, "kubectl --namespace monitoring port-forward service/costs-kubecost-allocation-exporter 9103:9103 &"),
            ({}, "curl -s http://localhost:9103/metrics | grep kubecost_exporter_up"),
            ({}, "rollout status deployment/costs-kubecost-allocation-exporter"),
            ({}, "No monitor is made."),
            ({}, "honor_labels: true for costs-kubecost-allocation-exporter.monitoring:9103."),
            ({"service": {"port": 80}}, "9103:80 &"),
            ({"namespaceOverride": "other"}, "kubectl --namespace other port-forward"),
            ({"web": {"config": {"inline": tls}}}, "curl -s --insecure https://localhost:9103/metrics"),
            ({"serviceMonitor": {"enabled": True}}, "by the ServiceMonitor costs-kubecost-allocation-exporter"),
            ({"podMonitor": {"enabled": True}}, "by the PodMonitor costs-kubecost-allocation-exporter"),
            (SIDECAR, "asks http://127.0.0.1:9003"),
            (SIDECAR, "opencost.extraContainers"),
            (SIDECAR, "No ledger outlives the pod"),
            ({"state": {"persistence": {"enabled": False}}}, "No ledger outlives the pod"),
            ({**SIDECAR, "state": {"persistence": {"existingClaim": "costs"}}}, "The claim costs is for the ledger."),
            (loopback, "the Prometheus in the pod needs a job for 127.0.0.1:9103"),
        )
        for values, words in cases:
            with self.subTest(values=values, words=words):
                notes = self.helm.notes(REGISTRY, values)
                self.assertIn(words, notes)
                self.assertNotIn("WARNING", notes)
                self.assertNotRegex(notes, r"\n\n\n|[ \t]\n")

    def test_warnings(self):
        token = {"bearer": {"existingSecret": "token"}}
        tls = {"tls_server_config": {"cert_file": "tls.crt", "key_file": "tls.key"}}
        insecure = {"url": "https://costs", "tls": {"insecureSkipVerify": True}}
        cases = (
            (
                {"image": {"registry": ""}},
                f"every node must have the image kubecost-allocation-exporter:{VERSION} already",
            ),
            ({"kubecost": insecure}, "takes any certificate"),
            (
                {"kubecost": {"auth": token}},
                "credentials are sent to http://kubecost-cost-analyzer.kubecost:9090 without TLS",
            ),
            (
                {"serviceMonitor": {"enabled": True}, "web": {"config": {"inline": tls}}},
                "serviceMonitor.tlsConfig is empty",
            ),
            ({"prometheusScrapeAnnotations": True}, "unless its job has honor_labels: true"),
            ({"podSecurityContext": {"fsGroup": None}}, "unless user 65532 may write on the claim of the ledger"),
        )
        for values, words in cases:
            with self.subTest(values=values):
                notes = self.helm.notes(REGISTRY, values)
                self.assertEqual(1, notes.count("WARNING: "))
                self.assertIn(words, notes.split("WARNING: ")[1])

    def test_no_warning_without_a_reason(self):
        cases = (
            {"kubecost": {"url": "http://127.0.0.1:9003", "auth": {"bearer": {"existingSecret": "token"}}}},
            {"podMonitor": {"enabled": True, "honorLabels": False}},
            {"image": {"registry": "", "repository": "registry.example.com/exporter"}},
            {"podSecurityContext": {"fsGroup": None}, "state": {"persistence": {"enabled": False}}},
            OPENSHIFT,
            {"image": {"registry": ""}, "global": {"imageRegistry": "registry.example.com"}},
        )
        for values in cases:
            with self.subTest(values=values):
                self.assertNotIn("WARNING", self.helm.notes(REGISTRY, values))


if __name__ == "__main__":
    unittest.main()
