"""Examples from the scrape to the gateway: a real Prometheus runs the configurations of chart/examples, scrapes the
exporter, and writes to the gateway. Replaced are addresses, credentials, and times that nobody wants to wait for."""

import pathlib
import re
import unittest

from chart_values import container_of
from examples import host, load, pod_of, prometheus_yml, without_kubernetes
from stage.gateway import ACCOUNT_HEADER, AGENT_MODE, PASSWORD, USERNAME, WRITE_PATH, GatewayStage
from stage.harness import wait_until
from helm import both
from stage.programs import ONE_DAY, ROOT

JOB = "kubecost-allocation-exporter"
BUNDLED = (
    "sidecar-bundled-prometheus/sidecar.yaml",
    "sidecar-bundled-prometheus/scrape-configs-2.4-2.9.yaml",
    "remote-write/kubecost-bundled-prometheus.yaml",
)
PLAIN = "remote-write/prometheus.yml"
QUICK = {"batch_send_deadline": "100ms", "min_backoff": "30ms", "max_backoff": "100ms"}


def job_of(config):
    (job,) = [job for job in config["scrape_configs"] if job["job_name"] == JOB]
    return job


def localised(config, receiver, folder):
    """The configuration with intervals of a second, writing to `receiver`; nothing is looked for in the network."""
    config = without_kubernetes(config)
    config["global"].update(scrape_interval="1s", scrape_timeout="1s")
    for job in config["scrape_configs"]:
        job.update({key: "1s" for key in ("scrape_interval", "scrape_timeout") if key in job})
        if job.pop("dns_sd_configs", None) or job["job_name"] == "prometheus":
            job["static_configs"] = []
    (write,) = config["remote_write"]
    password = pathlib.Path(folder) / "password"
    password.write_text(PASSWORD, encoding="utf-8")
    write["url"] = f"http://{receiver.host}:{receiver.port}{WRITE_PATH}"
    write["basic_auth"] = {"username": USERNAME, "password_file": str(password)}
    write["queue_config"].update(QUICK)
    return config


def scraped(exporter):
    """Name and labels of each series as Prometheus has them: with job and instance, and an empty label is none."""
    target = {("job", JOB), ("instance", JOB)}
    return {
        (name, frozenset((label, text) for label, text in labels | target if text))
        for family in exporter.families().values()
        for name, labels in family.samples
    }


def series(prometheus):
    """Name and labels of each series of the job."""
    return set(prometheus.query(f'{{__name__=~"kubecost_.+|process_.+",job="{JOB}"}}'))


def kept(all_series, *more_labels):
    """What goes to the SaaS of what is scraped."""
    return {(name, labels | set(more_labels)) for name, labels in all_series if name.startswith("kubecost_")}


class PipelineTest(unittest.TestCase):
    """Simulator -> exporter, and the store with the gateway and the hop before it. Subclasses put a Prometheus between."""

    @classmethod
    def start(cls, config, exporter_flags=()):
        both()
        cls.stage = GatewayStage.of(cls)
        simulator = cls.stage.simulator("--pods=60", "--clusters=2")
        state = f"--state.path={cls.stage.folder()}/state"
        cls.exporter = cls.stage.exporter(simulator.url, state, *exporter_flags, *ONE_DAY)
        cls.exporter.wait_for_day()
        cls.store = cls.stage.store()
        cls.account = config["remote_write"][0]["headers"][ACCOUNT_HEADER]
        cls.gateway = cls.stage.gateway(cls.store, accounts=(cls.account,))
        cls.address = f"{cls.exporter.host}:{cls.exporter.port}"
        return localised(config, cls.stage.hop(cls.gateway, cls.account), cls.stage.folder())

    def assert_arrives(self, expected):
        """Exactly these series are in the store, and the gateway took every request."""
        wait_until(
            lambda: series(self.store) == expected(),
            lambda: f"{sorted(series(self.store) ^ expected(), key=str)[:4]}; {self.exporter.describe()}",
            interval=0.2,
        )
        self.assertEqual({200}, set(self.gateway.statuses()))
        self.assertEqual({self.account}, {answer.account for answer in list(self.gateway.answers)})
        self.assertEqual([], self.gateway.dropped)


class BundledPrometheusTest(PipelineTest):
    """The sidecar of the Prometheus that comes with Kubecost, with the arguments of the example's container."""

    @classmethod
    def setUpClass(cls):
        both()
        manifests = host("kubecost-2", *BUNDLED)
        cls.arguments = container_of(pod_of(manifests, "kubecost-prometheus-server"))["args"]
        # A flag that is given twice would be refused, and the claim is not mounted here.
        replaced = ("--kubecost.url=", "--web.listen-address=", "--state.path=")
        flags = [argument for argument in cls.arguments if not argument.startswith(replaced)]
        cls.config = cls.start(prometheus_yml(manifests), flags)
        (target,) = job_of(cls.config)["static_configs"]
        assert target["targets"] == ["localhost:9103"], target
        target["targets"] = [cls.address]
        cls.prometheus = cls.stage.configured(cls.config)
        wait_until(lambda: series(cls.prometheus), lambda: "costs; " + cls.exporter.describe(), interval=0.2)

    def test_arguments_are_the_exporters(self):
        self.assertEqual(4, len(self.arguments))
        allowed = r"kubecost\.api=kubecost|kubecost\.url=http://.+:9090|state\.path=/var/lib/.+|web\.listen-address=:9103"
        for argument in self.arguments:
            self.assertRegex(argument, f"^--({allowed})$")

    def test_job_is_up(self):
        self.assertEqual(1.0, self.prometheus.scalar(f'up{{job="{JOB}"}}'))
        self.assertEqual(1.0, self.prometheus.scalar("kubecost_exporter_up"))
        targets = self.prometheus.api("targets")["activeTargets"]
        self.assertEqual([(JOB, "up", "")], [(t["labels"]["job"], t["health"], t["lastError"]) for t in targets])

    def test_labels_are_ours_and_no_others(self):
        wait_until(
            lambda: scraped(self.exporter) == series(self.prometheus),
            lambda: f"the exporter's series alone: {sorted(scraped(self.exporter) ^ series(self.prometheus), key=str)[:4]}",
            interval=0.2,
        )
        pods = {dict(labels)["pod"] for name, labels in series(self.prometheus) if name == "kubecost_pod_daily_cost"}
        self.assertGreater(len(pods), 50)

    def test_what_the_guide_checks(self):
        guide = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
        table = guide.partition("## Is it right?")[2].partition("\n## ")[0]
        queries = [cell for cell in re.findall(r"^\|[^|]*\| `([^`]*)` \|", table, re.MULTILINE) if "curl" not in cell]
        found = {query: self.prometheus.query(query) for query in queries if not query.startswith("kubectl")}
        self.assertEqual(5, len(found), list(found))
        self.assertEqual([1.0], list(found['up{job="kubecost-allocation-exporter"}'].values()))
        self.assertGreater(len(found["count by (namespace) (kubecost_pod_daily_cost)"]), 3)
        labels = [set(dict(labels)) for _, labels in found["kubecost_cluster_daily_cost"]]
        self.assertEqual([{"cluster", "date", "job", "instance"}] * 2, labels)
        # The exporter has just started, without a ledger to compare the day with.
        self.assertEqual({0.0}, set(found["kubecost_day_complete"].values()))

    def test_all_that_is_kept_arrives_under_the_account(self):
        external = tuple(self.config["global"]["external_labels"].items())
        self.assertTrue([name for name, _ in series(self.prometheus) if name.startswith("process_")])
        self.assert_arrives(lambda: kept(series(self.prometheus), *external))


class PlainPrometheusTest(PipelineTest):
    """A Prometheus of one's own, in agent mode. Its targets have the labels that discovery by Kubernetes would give."""

    @classmethod
    def setUpClass(cls):
        both()
        config = cls.start(load(PLAIN))
        service = {"__meta_kubernetes_service_label_app_kubernetes_io_name": JOB}
        metrics = {**service, "__meta_kubernetes_endpoint_port_name": "metrics"}
        target = dict.fromkeys(("pod", "container", "endpoint", "service"), "of-the-target")
        job_of(config)["static_configs"] = [
            {"targets": [cls.address], "labels": {**metrics, **target}},
            # Another port of the Service, and another Service: nobody listens there.
            {"targets": ["127.0.0.1:1"], "labels": {**service, "__meta_kubernetes_endpoint_port_name": "other"}},
            {"targets": ["127.0.0.1:2"], "labels": {"__meta_kubernetes_endpoint_port_name": "metrics"}},
        ]
        cls.prometheus = cls.stage.configured(config, AGENT_MODE)

    def test_one_target_and_nothing_of_its_labels(self):
        self.assert_arrives(lambda: kept(scraped(self.exporter)))
        targets = self.prometheus.api("targets")["activeTargets"]
        self.assertEqual([{"instance": JOB, "job": JOB}], [target["labels"] for target in targets])
        self.assertEqual(2, len(self.prometheus.api("targets")["droppedTargets"]))


if __name__ == "__main__":
    unittest.main()
