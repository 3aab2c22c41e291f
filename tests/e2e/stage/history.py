"""A month in a Prometheus: history that `once` and promtool brought in, an exporter scraped live, the project's rules
with budgets, and a remote_write that arrives."""

import datetime
import json
import pathlib
import signal

from stage.gateway import ConfiguredPrometheus, Service
from stage.harness import PATIENCE, require_tool, run, wait_until
from stage.programs import EXPORTER, Stage

DAYS = 31
JOB = "kubecost-allocation-exporter"
MEBIBYTE = 1 << 20


class Sink(Service):
    """Takes every write and keeps nothing."""

    def handle(self, method, path, headers, read):
        read(64 * MEBIBYTE)
        return 200, {}, b""


class HistoryStage(Stage):
    def history(self, simulator, folder, days=DAYS):
        """Blocks of that many closed days in FOLDER/data, up to now."""
        promtool = require_tool("PROMTOOL", "promtool")
        since = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=days)
        text = pathlib.Path(folder) / "history.om"
        flags = ("--output=openmetrics", f"--from={since}", f"--output-file={text}", "--log.level=error")
        done = run(EXPORTER, "once", f"--kubecost.url={simulator.url}", *flags, timeout=4 * PATIENCE)
        if done.returncode != 0:
            raise AssertionError(done.stderr.decode())
        command = ("tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=162h")
        done = run(promtool, *command, text, pathlib.Path(folder) / "data", timeout=8 * PATIENCE)
        if done.returncode != 0:
            raise AssertionError(done.stderr.decode())
        text.unlink()

    def prometheus_with_history(self, exporter, folder, rules):
        """On the blocks in FOLDER/data; `rules` is the content of a rule file as a dict."""
        binary = require_tool("PROMETHEUS", "prometheus")
        sink = self._start(Sink)
        (pathlib.Path(folder) / "rules.json").write_text(json.dumps(rules), encoding="utf-8")
        config = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": ["rules.json"],
            "scrape_configs": [
                {
                    "job_name": JOB,
                    "honor_labels": True,
                    "static_configs": [
                        {"targets": [f"{exporter.host}:{exporter.port}"], "labels": {"instance": "exporter"}}
                    ],
                },
            ],
            "remote_write": [{"name": "store", "url": f"http://127.0.0.1:{sink.port}/write"}],
        }
        retention = "--storage.tsdb.retention.time=50y"
        prometheus = self._start(ConfiguredPrometheus, binary, folder, config, retention)
        # Its own address is known only now.
        itself = {"job_name": "prometheus", "static_configs": [{"targets": [f"127.0.0.1:{prometheus.port}"]}]}
        config["scrape_configs"].append(itself)
        (pathlib.Path(folder) / "prometheus.yml").write_text(json.dumps(config), encoding="utf-8")
        prometheus.send(signal.SIGHUP)  # read it again
        wait_until(lambda: prometheus.query('up{job="prometheus"} == 1'), "Prometheus being scraped", interval=0.2)
        wait_until(
            lambda: prometheus.query(f'scrape_duration_seconds{{job="{JOB}"}}'),
            "the exporter being scraped",
            interval=0.2,
        )
        return prometheus


def rendered_rules(values):
    """The rule file in the chart's PrometheusRule under these values, as both Helms render it."""
    import helm

    manifests = helm.render({"kubecost": {"preset": "kubecost2"}, "prometheusRule": {"enabled": True}, **values})
    return {"groups": helm.find(manifests, "PrometheusRule")["spec"]["groups"]}
