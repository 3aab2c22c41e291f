"""The image as the chart deploys it: podman plays the rendered pods, and a real Prometheus scrapes them the way that the
chart's monitors tell the Prometheus Operator to."""

import os
import pathlib
import re
import tempfile
import unittest

import helm
from containers import PodExporter, image, play, podman
from image_root import ImageRoot, interpreter
from stage.gateway import ConfiguredPrometheus
from stage.harness import require_tool, run, wait_until
from stage.programs import SIMULATOR, Stage
from test_prometheus import FACTS, labels_in_prometheus
from test_sidecar import snippets_of

NAME = "kubecost-allocation-exporter"
# None of the simulated ones.
NAMESPACE = "of-the-exporter"
# All but these are in FACTS.
NO_FACTS = re.compile("kubecost_exporter_|process_|kubecost_day_last_read_timestamp_seconds")
SIMULATOR_IMAGE = "localhost/kubecost-simulator:test"
# What Prometheus is told of a target, and the label that the Operator makes of it.
OPERATOR_LABELS = {
    "__meta_kubernetes_namespace": "namespace",
    "__meta_kubernetes_service_name": "service",
    "__meta_kubernetes_pod_name": "pod",
    "__meta_kubernetes_pod_container_name": "container",
    "__meta_kubernetes_endpoint_port_name": "endpoint",
    "__meta_kubernetes_node_name": "node",
}
TARGET = {
    "__meta_kubernetes_namespace": NAMESPACE,
    "__meta_kubernetes_service_name": f"costs-{NAME}",
    "__meta_kubernetes_pod_name": f"costs-{NAME}-5d8f7c9b6-x2x7k",
    "__meta_kubernetes_pod_container_name": NAME,
    "__meta_kubernetes_endpoint_port_name": "metrics",
    "__meta_kubernetes_node_name": "node-of-the-exporter",
    "__meta_kubernetes_service_label_app_kubernetes_io_name": NAME,
}


def image_values():
    registry, repository, tag = re.fullmatch(r"([^/]+)/([^:]+):(.+)", image()).groups()
    return {"image": {"registry": registry, "repository": repository, "tag": tag, "pullPolicy": "Never"}}


def make_simulator_image():
    """The simulated Kubecost of this build with its libraries, and nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        root = ImageRoot(f"{folder}/root")
        # The loader's place is a link to where the libraries of this machine are.
        triple = pathlib.Path(os.path.realpath(interpreter(SIMULATOR))).parent.name
        root.add_program("/kubecost-simulator", str(SIMULATOR), triple)
        run("tar", "-C", root.folder, "-cf", f"{folder}/root.tar", ".")
        change = 'ENTRYPOINT ["/kubecost-simulator"]'
        podman("import", "--quiet", "--change", change, f"{folder}/root.tar", SIMULATOR_IMAGE)


def simulator_container(*flags):
    return {"name": "kubecost", "image": SIMULATOR_IMAGE, "imagePullPolicy": "Never", "args": list(flags)}


def pod_manifest(name, *containers):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": list(containers)}}


def snake_case(name):
    return re.sub("[A-Z]", lambda letter: "_" + letter.group().lower(), name)


def scrape_config(monitor, address):
    """What the Operator makes of a monitor with one endpoint, but for a target that is told and asked every second."""
    spec, name = monitor["spec"], monitor["metadata"]["name"]
    (endpoint,) = spec["endpoints" if monitor["kind"] == "ServiceMonitor" else "podMetricsEndpoints"]
    labels = OPERATOR_LABELS.items()
    relabelings = [{"source_labels": [meta], "target_label": label} for meta, label in labels]
    relabelings.append({"target_label": "job", "replacement": f"{NAMESPACE}/{name}"})
    if "jobLabel" in spec:
        meta = "__meta_kubernetes_service_label_" + re.sub("[^a-zA-Z0-9_]", "_", spec["jobLabel"])
        relabelings.append({"source_labels": [meta], "regex": "(.+)", "target_label": "job"})
    relabelings += [{snake_case(key): value for key, value in each.items()} for each in endpoint["relabelings"]]
    return {
        "job_name": f"{name}/0",
        "honor_labels": endpoint["honorLabels"],
        "metrics_path": endpoint["path"],
        "scheme": endpoint["scheme"],
        "scrape_interval": "1s",
        "scrape_timeout": "1s",
        "static_configs": [{"targets": [address], "labels": TARGET}],
        "relabel_configs": relabelings,
    }


class PodStage(Stage):
    def pod(self, manifest):
        """Plays a manifest of one pod; returns its address."""
        path = pathlib.Path(self.folder()) / "pod.yaml"
        path.write_text(helm.yaml.safe_dump(manifest), encoding="utf-8")
        self.callback(podman, "play", "kube", "--down", path)
        return play(path, manifest)

    def prometheus_by(self, monitor, exporter):
        binary = require_tool("PROMETHEUS", "prometheus")
        config = {"scrape_configs": [scrape_config(monitor, f"{exporter.host}:{exporter.port}")]}
        return self._start(ConfiguredPrometheus, binary, self.folder(), config)


class PodTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        image()
        helm.both()
        make_simulator_image()

    def setUp(self):
        self.stage = PodStage.of(self)

    def check(self, monitor, exporter):
        """Every fact arrives as it was served, with a job and an instance that stay, and nothing of the target."""
        ours = {"job": NAME, "instance": f"{NAMESPACE}/{helm.RELEASE}-{NAME}"}
        wait_until(exporter.is_healthy, exporter.describe)
        exporter.wait_for_dates(15)
        prometheus = self.stage.prometheus_by(monitor, exporter)

        def served():
            families = [family for name, family in exporter.families().items() if NO_FACTS.match(name) is None]
            facts = {series: value for family in families for series, value in family.samples.items()}
            return labels_in_prometheus(facts, exporter, ours)

        wait_until(lambda: prometheus.query(FACTS) == served(), exporter.describe, interval=0.5)
        facts = served()
        for label in ("namespace", "pod"):
            values = {dict(labels)[label] for name, labels in facts if name == f"kubecost_{label}_total_cost"}
            self.assertGreater(len(values), 3)
            self.assertFalse(values & set(TARGET.values()))
        self.assertEqual({("up", frozenset(ours.items())): 1.0}, prometheus.query("up"))
        self.assertEqual(1.0, prometheus.scalar("kubecost_exporter_up"))
        # Whatever the Operator knew of the target is nowhere, in no series.
        for known in TARGET.values():
            for label in OPERATOR_LABELS.values():
                self.assertEqual({}, prometheus.query(f'{{__name__=~".+",{label}="{known}"}}'))

    def test_the_deployment(self):
        listening = simulator_container("--listen=0.0.0.0:9090", "--pods=60")
        kubecost = self.stage.pod(pod_manifest("kubecost", listening))
        asked = {"kubecost": {"preset": "custom", "url": f"http://{kubecost}:9090"}}
        manifests = helm.render(image_values(), asked, {"serviceMonitor": {"enabled": True}}, namespace=NAMESPACE)
        deployment = helm.find(manifests, "Deployment")
        address = self.stage.pod(deployment)
        exporter = PodExporter(f"{deployment['metadata']['name']}-pod-0-{NAME}", address)
        self.check(helm.find(manifests, "ServiceMonitor"), exporter)
        inside = exporter.inspect()
        self.assertTrue(inside["HostConfig"]["ReadonlyRootfs"])
        self.assertEqual([], inside["EffectiveCaps"] or [])
        self.assertEqual("65532:65532", inside["Config"]["User"])

    def test_a_sidecar_that_asks_its_host_on_loopback(self):
        sidecar = {"mode": "sidecar", "sidecar": {"podSelector": {"app": "opencost"}}}
        values = (image_values(), sidecar, {"kubecost": {"preset": "opencost"}, "podMonitor": {"enabled": True}})
        ((container,),) = snippets_of(helm.Helm("helm4").notes(*values, namespace=NAMESPACE))
        self.assertIn("--kubecost.url=http://127.0.0.1:9003", container["args"])
        host = simulator_container("--listen=127.0.0.1:9003", "--product=opencost", "--pods=60")
        address = self.stage.pod(pod_manifest("opencost", host, container))
        exporter = PodExporter(f"opencost-{NAME}", address)
        self.check(helm.find(helm.render(*values, namespace=NAMESPACE), "PodMonitor"), exporter)
        # The host's API is on the pod's loopback alone.
        exporter.port = 9003
        self.assertRaises(OSError, exporter.connect)


if __name__ == "__main__":
    unittest.main()
