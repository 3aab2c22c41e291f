"""Sidecars: no Deployment, but a container for somebody else's pod, by NOTES.txt or by an umbrella chart."""

import pathlib
import re
import shutil
import tempfile
import unittest

import helm as helms
from chart_values import CI_VALUES, VERSION, container_of, flags_of, host_pod
from helm import CHART, both, find, render

SIDECARS = [values for values in CI_VALUES if values.name.startswith("sidecar")]
NAME = "kubecost-allocation-exporter"

UMBRELLA = """apiVersion: v1
kind: Pod
metadata:
  name: umbrella
spec:
  {{- $exporter := index .Subcharts "ALIAS" }}
  containers:
    - name: host
      image: registry.example.com/host:1
    - {{ include "kubecost-allocation-exporter.container" $exporter | nindent 6 | trim }}
  {{- with include "kubecost-allocation-exporter.volumes" $exporter | trim }}
  volumes:
    {{- . | nindent 4 }}
  {{- end }}
"""


def snippets_of(notes):
    """What NOTES.txt shows indented: parsed, in its order."""
    blocks = re.split(r"\n(?=\S)", notes)
    shown = (re.split(r"\n\n(?=  - )", block, maxsplit=1) for block in blocks)
    return [helms.yaml.safe_load(parts[1]) for parts in shown if len(parts) == 2]


class SidecarTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.third, cls.fourth = both()

    def test_no_pod_of_its_own(self):
        for values in SIDECARS:
            with self.subTest(values=values.name):
                kinds = {manifest["kind"] for manifest in render(values)}
                self.assertEqual(set(), kinds & {"Deployment", "ServiceAccount", "NetworkPolicy"})

    def test_the_notes_show_the_container_and_its_volumes(self):
        for values in SIDECARS:
            with self.subTest(values=values.name):
                pod = host_pod(self.fourth, values)
                secrets = [[{"name": "registry"}]] if "custom" in values.name else []
                wanted = [[container_of(pod)], *filter(None, [pod.get("volumes")]), *secrets]
                self.assertEqual(wanted, snippets_of(self.fourth.notes(values)))

    def test_the_same_container_in_a_deployment(self):
        container = container_of(find(render(), "Deployment")["spec"]["template"]["spec"])
        self.assertEqual(container, container_of(host_pod(self.fourth)))

    def umbrella(self, alias, values):
        with tempfile.TemporaryDirectory() as folder:
            chart = pathlib.Path(folder) / "umbrella"
            (chart / "templates").mkdir(parents=True)
            shutil.copytree(CHART, chart / "charts" / NAME, symlinks=True)
            dependency = {"name": NAME, "version": VERSION, "alias": alias, "condition": f"{alias}.enabled"}
            (chart / "Chart.yaml").write_text(
                helms.yaml.safe_dump(
                    {"apiVersion": "v2", "name": "umbrella", "version": "1.0.0", "dependencies": [dependency]}
                )
            )
            (chart / "templates" / "pod.yaml").write_text(UMBRELLA.replace("ALIAS", alias))
            return render({alias: {"enabled": True, **values}}, chart=chart)

    def test_an_umbrella_chart_includes_it(self):
        values = {
            "mode": "sidecar",
            "sidecar": {"podSelector": {"app": "umbrella"}},
            "kubecost": {"preset": "opencost", "auth": {"bearer": {"existingSecret": "token"}}},
            "podMonitor": {"enabled": True},
        }
        for alias in (NAME, "exporter"):
            with self.subTest(alias=alias):
                manifests = self.umbrella(alias, values)
                pod = find(manifests, "Pod")["spec"]
                self.assertEqual(["host", NAME], [container["name"] for container in pod["containers"]])
                self.assertEqual(container_of(host_pod(self.fourth, values)), container_of(pod))
                self.assertEqual(["cost-exporter-kubecost-bearer"], [volume["name"] for volume in pod["volumes"]])
                labels = find(manifests, "Service")["metadata"]["labels"]
                self.assertEqual(NAME, labels["app.kubernetes.io/name"])

    def test_where_it_asks(self):
        sidecar = {"mode": "sidecar", "sidecar": {"podSelector": {"app": "costs"}}}
        cases = (
            ({}, "http://kubecost-cost-analyzer.kubecost:9090", "kubecost"),
            ({"preset": "kubecost1"}, "http://kubecost-cost-analyzer.kubecost:9090", "kubecost"),
            (
                {"preset": "kubecost2", "releaseName": "kc", "namespace": "finops"},
                "http://kc-cost-analyzer.finops:9090",
                "kubecost",
            ),
            ({"preset": "kubecost3"}, "http://kubecost-frontend.kubecost:9090", "kubecost"),
            ({"preset": "kubecost3", "tls": {"enabled": True}}, "https://kubecost-frontend.kubecost:9090", "kubecost"),
            ({"preset": "opencost"}, "http://opencost.opencost:9003", "opencost"),
            ({"preset": "opencost", "releaseName": "my-opencost"}, "http://my-opencost.opencost:9003", "opencost"),
            ({"preset": "opencost", "releaseName": "costs"}, "http://costs-opencost.opencost:9003", "opencost"),
            ({"preset": "kubecost1", "url": "http://elsewhere:9003"}, "http://elsewhere:9003", "kubecost"),
            ({"preset": "custom", "url": "https://elsewhere/costs"}, "https://elsewhere/costs", None),
        )
        for kubecost, url, api in cases:
            for mode in ({}, sidecar):
                if mode and kubecost.get("preset") == "opencost":
                    url = "http://127.0.0.1:9003"
                with self.subTest(kubecost=kubecost, mode=mode):
                    flags = flags_of(container_of(host_pod(self.fourth, mode, {"kubecost": kubecost})))
                    self.assertEqual((url, api), (flags["kubecost.url"], flags.get("kubecost.api")))

    def test_the_api_can_be_named(self):
        values = {"kubecost": {"preset": "custom", "url": "http://costs"}, "config": {"kubecost.api": "opencost"}}
        self.assertEqual("opencost", flags_of(container_of(host_pod(self.fourth, values)))["kubecost.api"])


if __name__ == "__main__":
    unittest.main()
