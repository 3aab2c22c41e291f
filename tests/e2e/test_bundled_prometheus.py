"""The sidecar of Kubecost's own Prometheus, from chart/examples to the gateway: a real Prometheus runs the configuration
that the examples render to, scrapes the exporter that runs with the example's arguments, and writes to the gateway."""

import os
import pathlib
import re
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "chart"))

from chart_values import container_of
from examples import host, pod_of, prometheus_yml, without_kubernetes
from gateway import ACCOUNT_HEADER, PASSWORD, USERNAME, WRITE_PATH, GatewayStage
from harness import wait_until
from helm import both
from programs import ONE_DAY, ROOT

JOB = "kubecost-allocation-exporter"
EXAMPLES = (
    "sidecar-bundled-prometheus/sidecar.yaml",
    "sidecar-bundled-prometheus/scrape-configs-2.4-2.9.yaml",
    "remote-write/kubecost-bundled-prometheus.yaml",
)
# What a test replaces: addresses, the credentials, and times that nobody wants to wait for.
QUICK = {"batch_send_deadline": "100ms", "min_backoff": "30ms", "max_backoff": "100ms"}


def target_of(config):
    (job,) = [job for job in config["scrape_configs"] if job["job_name"] == JOB]
    return job


def localised(config, exporter, receiver, folder):
    """The configuration as it is, but for addresses, credentials and intervals."""
    config = without_kubernetes(config)
    config["global"].update(scrape_interval="1s", scrape_timeout="1s")
    for job in config["scrape_configs"]:
        job.update({key: "1s" for key in ("scrape_interval", "scrape_timeout") if key in job})
        if job.pop("dns_sd_configs", None) or job["job_name"] == "prometheus":
            job["static_configs"] = []
    (target,) = target_of(config)["static_configs"]
    assert target["targets"] == ["localhost:9103"], target
    target["targets"] = [f"{exporter.host}:{exporter.port}"]
    (write,) = config["remote_write"]
    password = pathlib.Path(folder) / "password"
    password.write_text(PASSWORD, encoding="utf-8")
    write["url"] = f"http://{receiver.host}:{receiver.port}{WRITE_PATH}"
    write["basic_auth"] = {"username": USERNAME, "password_file": str(password)}
    write["queue_config"].update(QUICK)
    return config


def scraped(families):
    """Name and labels of each series of a scrape, as Prometheus has them: an empty label is none."""
    return {
        (name, frozenset((label, text) for label, text in labels if text))
        for family in families.values()
        for name, labels in family.samples
    }


class BundledPrometheusTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        both()
        manifests = host("kubecost-2", *EXAMPLES)
        cls.arguments = container_of(pod_of(manifests, "kubecost-prometheus-server"))["args"]
        config = prometheus_yml(manifests)
        cls.stage = GatewayStage.of(cls)
        simulator = cls.stage.simulator("--pods=60", "--clusters=2")
        # A flag that is given twice would be refused.
        replaced = ("--kubecost.url=", "--web.listen-address=")
        flags = [argument for argument in cls.arguments if not argument.startswith(replaced)]
        cls.exporter = cls.stage.exporter(simulator.url, *flags, *ONE_DAY)
        cls.exporter.wait_for_day()
        cls.store = cls.stage.store()
        cls.account = config["remote_write"][0]["headers"][ACCOUNT_HEADER]
        cls.gateway = cls.stage.gateway(cls.store, accounts=(cls.account,))
        receiver = cls.stage.hop(cls.gateway, cls.account)
        cls.config = localised(config, cls.exporter, receiver, cls.stage.folder())
        cls.prometheus = cls.stage.configured(cls.config)
        wait_until(lambda: cls.series(cls.prometheus), lambda: "costs; " + cls.exporter.describe(), interval=0.2)

    @staticmethod
    def series(prometheus):
        """Name and labels of each series of the job."""
        return set(prometheus.query(f'{{__name__=~"kubecost_.+|process_.+",job="{JOB}"}}'))

    def test_arguments_are_the_exporters(self):
        self.assertEqual(3, len(self.arguments))
        for argument in self.arguments:
            self.assertRegex(argument, r"^--(kubecost\.api=kubecost|kubecost\.url=http://.+:9090|web\.listen-address=:9103)$")

    def test_job_is_up(self):
        self.assertEqual(1.0, self.prometheus.scalar(f'up{{job="{JOB}"}}'))
        self.assertEqual(1.0, self.prometheus.scalar("kubecost_exporter_up"))
        targets = self.prometheus.api("targets")["activeTargets"]
        self.assertEqual([(JOB, "up", "")], [(t["labels"]["job"], t["health"], t["lastError"]) for t in targets])

    def test_labels_are_ours_and_no_others(self):
        of_the_target = frozenset({("job", JOB), ("instance", JOB)})
        expected = {(name, labels | of_the_target) for name, labels in scraped(self.exporter.families())}
        wait_until(
            lambda: expected == self.series(self.prometheus),
            lambda: f"the exporter's series alone: {sorted(expected ^ self.series(self.prometheus), key=str)[:4]}",
            interval=0.2,
        )
        pods = {dict(labels)["pod"] for name, labels in expected if name == "kubecost_pod_daily_cost"}
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
        self.assertEqual({1.0}, set(found["kubecost_day_complete"].values()))

    def test_all_that_is_kept_arrives_under_the_account(self):
        cluster = ("cluster_id", self.config["global"]["external_labels"]["cluster_id"])

        def sent():
            return {(name, labels | {cluster}) for name, labels in self.series(self.prometheus) if name[:8] == "kubecost"}

        def arrived():
            return self.series(self.store)

        wait_until(lambda: arrived() == sent(), lambda: f"{len(sent())} series, not {len(arrived())}", interval=0.2)
        self.assertTrue([name for name, _ in self.series(self.prometheus) if name.startswith("process_")])
        self.assertEqual({200}, set(self.gateway.statuses()))
        self.assertEqual({self.account}, {answer.account for answer in list(self.gateway.answers)})
        self.assertEqual([], self.gateway.dropped)


if __name__ == "__main__":
    unittest.main()
