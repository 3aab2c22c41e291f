"""The files of chart/examples, and the stand-ins for the charts that they are for."""

import pathlib

from helm import CHART, find, render, yaml

EXAMPLES = CHART / "examples"
STUBS = pathlib.Path(__file__).resolve().parent / "stubs"


def example(name):
    return EXAMPLES / name


def load(name):
    return yaml.safe_load(example(name).read_text(encoding="utf-8"))


def host(stub, *files, values=(), release="kubecost", **options):
    """What a chart that the exporter is put into renders to with these examples; the same under both Helms."""
    paths = [example(file) for file in files]
    return render(*paths, *values, chart=STUBS / stub, release=release, namespace=release, **options)


def pod_of(manifests, name):
    return find(manifests, "Deployment", name)["spec"]["template"]["spec"]


def prometheus_yml(manifests):
    """The configuration of the Prometheus that comes with Kubecost."""
    return yaml.safe_load(find(manifests, "ConfigMap", "kubecost-prometheus-server")["data"]["prometheus.yml"])


def without_kubernetes(config):
    """The configuration for a Prometheus that is built without discovery by Kubernetes, as Debian's is."""
    jobs = []
    for job in config["scrape_configs"]:
        job = dict(job)
        if job.pop("kubernetes_sd_configs", None):
            job["static_configs"] = []
        jobs.append(job)
    return {**config, "scrape_configs": jobs}


