"""The Prometheus side of chart/examples: what the examples render to is a configuration that promtool takes, with every
job of Kubecost's own still in it, and all forms of remote_write say the same."""

import json
import pathlib
import re
import tempfile
import unittest

from examples import host, load, pod_of, prometheus_yml, without_kubernetes
from helm import ROOT, both, find, render, yaml
from stage.harness import require_tool, run

SIDECAR = "sidecar-bundled-prometheus/sidecar.yaml"
REMOTE_WRITE = "remote-write/kubecost-bundled-prometheus.yaml"
SCRAPE = {"scrape_interval": "1m", "scrape_timeout": "60s", "metrics_path": "/metrics", "scheme": "http"}
POD_LABEL = "__meta_kubernetes_pod_label_"


def _keep(regex, *labels):
    return {"source_labels": [POD_LABEL + label for label in labels], "regex": regex, "action": "keep"}


def _dns(name, port):
    return [{"names": [name], "type": "A", "port": port}]


KUBECOST = {"honor_labels": True, **SCRAPE, "dns_sd_configs": _dns("costs-cost-analyzer", 9003)}
NETWORKING = {
    "kubernetes_sd_configs": [{"role": "pod"}],
    "relabel_configs": [_keep("kubecost", "app_kubernetes_io_instance"), _keep("network-costs", "app_kubernetes_io_name")],
}
AGGREGATOR = {**SCRAPE, "dns_sd_configs": _dns("costs-aggregator", 9004)}
DCGM = {
    "kubernetes_sd_configs": [{"role": "endpoints"}],
    "relabel_configs": [
        _keep("(?i)(.*dcgm-exporter.*)", "app", "app_kubernetes_io_component", "app_kubernetes_io_name")
    ],
}
# What Kubecost scrapes by itself, by the file for those versions: stand-in and jobs.
JOBS = {
    "sidecar-bundled-prometheus/scrape-configs-1.x.yaml": (
        "kubecost-1",
        {
            "kubecost": KUBECOST,
            "kubecost-networking": {**NETWORKING, "relabel_configs": [_keep("costs-network-costs", "app")]},
        },
    ),
    "sidecar-bundled-prometheus/scrape-configs-2.0-2.2.yaml": (
        "kubecost-2",
        {"kubecost": KUBECOST, "kubecost-networking": NETWORKING},
    ),
    "sidecar-bundled-prometheus/scrape-configs-2.3.yaml": (
        "kubecost-2",
        {"kubecost": KUBECOST, "kubecost-networking": NETWORKING, "kubecost-aggregator": AGGREGATOR},
    ),
    "sidecar-bundled-prometheus/scrape-configs-2.4-2.9.yaml": (
        "kubecost-2",
        {
            "kubecost": KUBECOST,
            "kubecost-networking": NETWORKING,
            "kubecost-aggregator": AGGREGATOR,
            "kubecost-dcgm-exporter": DCGM,
        },
    ),
}
OURS = {
    "job_name": "kubecost-allocation-exporter",
    "honor_labels": True,
    "scrape_interval": "1m",
    "scrape_timeout": "30s",
    "static_configs": [{"targets": ["localhost:9103"], "labels": {"instance": "kubecost-allocation-exporter"}}],
}


def check_config(case, config, *flags):
    promtool = require_tool("PROMTOOL", "promtool")
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        json.dump(without_kubernetes(config), file)
        file.flush()
        done = run(promtool, "check", "config", *flags, file.name)
    case.assertEqual((0, b""), (done.returncode, done.stderr), done.stdout)


class BundledPrometheusTest(unittest.TestCase):
    def config(self, name, *values, files=()):
        manifests = host(JOBS[name][0], SIDECAR, name, *files, values=values, release="costs")
        return yaml.safe_load(find(manifests, "ConfigMap", "costs-prometheus-server")["data"]["prometheus.yml"])

    def test_all_jobs(self):
        for name, (_, jobs) in JOBS.items():
            with self.subTest(name=name):
                config = self.config(name)
                check_config(self, config)
                found = {job["job_name"]: job for job in config["scrape_configs"]}
                self.assertEqual(len(config["scrape_configs"]), len(found))
                self.assertEqual(OURS, found.pop("kubecost-allocation-exporter"))
                self.assertEqual({"targets": ["localhost:9090"]}, found.pop("prometheus")["static_configs"][0])
                self.assertEqual({job: {"job_name": job, **settings} for job, settings in jobs.items()}, found)

    def test_aggregator_with_single_sign_on(self):
        for login in ("saml", "oidc"):
            config = self.config(list(JOBS)[-1], {login: {"enabled": True}})
            job = next(job for job in config["scrape_configs"] if job["job_name"] == "kubecost-aggregator")
            self.assertEqual(9008, job["dns_sd_configs"][0]["port"])

    def test_remote_write_beside_it(self):
        for name, (stub, _) in JOBS.items():
            with self.subTest(name=name):
                manifests = host(stub, SIDECAR, name, REMOTE_WRITE)
                config = prometheus_yml(manifests)
                check_config(self, config)
                self.assertEqual(1, len(config["remote_write"]))
                pod = pod_of(manifests, "kubecost-prometheus-server")
                mounts = {mount["mountPath"]: mount["name"] for mount in pod["containers"][0]["volumeMounts"]}
                password = pathlib.PurePosixPath(config["remote_write"][0]["basic_auth"]["password_file"])
                self.assertEqual("password", password.name)
                volume = mounts[str(password.parent)]
                secrets = {v["name"]: v["secret"]["secretName"] for v in pod["volumes"] if "secret" in v}
                self.assertEqual("kubecost-remote-write", secrets[volume])


def snake(name):
    return re.sub(r"[A-Z]", lambda match: "_" + match.group().lower(), name)


def as_prometheus_has_it(remote_write):
    """An operator's remote-write as it stands in prometheus.yml, without the credentials."""

    def convert(node):
        if isinstance(node, dict):
            return {snake(key): value if key == "headers" else convert(value) for key, value in node.items()}
        return [convert(value) for value in node] if isinstance(node, list) else node

    converted = convert(remote_write)
    converted["queue_config"]["retry_on_http_429"] = converted["queue_config"].pop("retry_on_rate_limit")
    return {key: value for key, value in converted.items() if key not in ("name", "basic_auth")}


class RemoteWriteTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        both()
        cls.config = load("remote-write/prometheus.yml")
        (cls.plain,) = cls.config["remote_write"]

    def test_plain_form(self):
        check_config(self, self.config)
        check_config(self, self.config, "--agent")
        self.assertEqual("/storage/api/v2/write", re.sub(r"https://[^/]+", "", self.plain["url"]))
        self.assertEqual(["Cloud-Account-Id"], list(self.plain["headers"]))
        self.assertEqual({"username", "password_file"}, set(self.plain["basic_auth"]))
        queue = self.plain["queue_config"]
        self.assertTrue(2 <= queue["max_shards"] <= 4)
        self.assertEqual((2000, True), (queue["max_samples_per_send"], queue["retry_on_http_429"]))
        self.assertEqual({"send": False}, self.plain["metadata_config"])
        self.assertNotIn("tls_config", self.plain)

    def test_keep_rule(self):
        (rule,) = self.plain["write_relabel_configs"]
        self.assertEqual((["__name__"], "keep"), (rule["source_labels"], rule["action"]))
        deployed = "(kubecost_.*|cloudtuner_kubecost_.*|container_.*|kube_.*|node_.*|pod_pvc_.*|pv_.*|up)"
        self.assertEqual(deployed, f"({rule['regex'].strip('()')})")
        names = re.compile(rule["regex"])
        for name in ("kubecost_pod_daily_cost", "kubecost_exporter_up", "cloudtuner_kubecost_up", "up", "pv_hourly_cost"):
            self.assertTrue(names.fullmatch(name), name)
        for name in ("process_open_fds", "go_goroutines", "cluster:cost:sum", "upper", "scrape_samples_scraped"):
            self.assertFalse(names.fullmatch(name), name)

    def test_plain_job_is_that_of_the_documentation(self):
        text = (ROOT / "docs" / "etl.md").read_text(encoding="utf-8")
        documented = yaml.safe_load(re.search(r"```yaml scrape\n(.*?)```", text, re.DOTALL).group(1))
        interval = self.config["global"]
        (ours,) = self.config["scrape_configs"]
        self.assertEqual(documented["scrape_configs"][0], {**interval, **ours})

    def test_job_finds_the_charts_service(self):
        job = self.config["scrape_configs"][0]["relabel_configs"][0]
        service = find(render(), "Service")
        name, port = job["regex"].split(";")
        self.assertEqual(name, service["metadata"]["labels"]["app.kubernetes.io/name"])
        self.assertEqual([port], [entry["name"] for entry in service["spec"]["ports"]])

    def test_all_forms_say_the_same(self):
        plain = {key: value for key, value in self.plain.items() if key != "basic_auth"}
        (bundled,) = load(REMOTE_WRITE)["prometheus"]["server"]["remoteWrite"]
        self.assertEqual(self.plain["basic_auth"]["username"], bundled.pop("basic_auth")["username"])
        self.assertEqual(plain, bundled)
        operator = load("remote-write/prometheus-operator.yaml")["spec"]["remoteWrite"]
        stack = load("remote-write/kube-prometheus-stack.yaml")["prometheus"]["prometheusSpec"]["remoteWrite"]
        self.assertEqual(operator, stack)
        (operator,) = operator
        self.assertEqual(plain, as_prometheus_has_it(operator))
        secret = {"name": "kubecost-remote-write"}
        login = {key: {**secret, "key": key} for key in ("username", "password")}
        self.assertEqual(login, operator["basicAuth"])

    def test_operator_finds_the_charts_monitors(self):
        spec = load("remote-write/prometheus-operator.yaml")["spec"]
        self.assertEqual(1, spec["replicas"])
        for kind in ("serviceMonitor", "podMonitor"):
            monitor = find(render({kind: {"enabled": True}}), kind[0].upper() + kind[1:])
            wanted = spec[f"{kind}Selector"]["matchLabels"]
            self.assertLessEqual(wanted.items(), monitor["metadata"]["labels"].items())
            self.assertEqual({}, spec[f"{kind}NamespaceSelector"])


class ThanosTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        both()

    def test_role(self):
        store = load("thanos/objstore-iam-role.yaml")
        self.assertEqual("S3", store["type"])
        self.assertEqual({"bucket", "endpoint", "region", "sse_config"}, set(store["config"]))
        prometheus = load("thanos/kube-prometheus-stack-iam-role.yaml")["prometheus"]
        self.assertIn("eks.amazonaws.com/role-arn", prometheus["serviceAccount"]["annotations"])
        self.check_store(prometheus)

    def test_secret(self):
        prometheus = load("thanos/kube-prometheus-stack-secret.yaml")["prometheus"]
        self.assertNotIn("serviceAccount", prometheus)
        self.check_store(prometheus)

    def test_external_secret(self):
        spec = load("thanos/external-secret.yaml")["spec"]
        self.assertEqual("thanos-objstore", spec["target"]["name"])
        names = [entry["secretKey"] for entry in spec["data"]]
        text = spec["target"]["template"]["data"]["objstore.yml"]
        self.assertEqual(sorted(names), sorted(re.findall(r"\{\{ \.(\w+) \}\}", text)))
        store = yaml.safe_load(text)
        keyless = {key: value for key, value in store["config"].items() if not key.endswith("_key")}
        role = load("thanos/objstore-iam-role.yaml")["config"]
        self.assertLessEqual(keyless.items(), role.items())

    def check_store(self, prometheus):
        spec = prometheus["prometheusSpec"]
        secret = {"existingSecret": {"name": "thanos-objstore", "key": "objstore.yml"}}
        self.assertEqual({"objectStorageConfig": secret}, spec["thanos"])
        self.assertTrue(spec["disableCompaction"])
        self.assertTrue(spec["externalLabels"])


if __name__ == "__main__":
    unittest.main()
