"""The chart's ci values, and where to look in what they render to."""

import re

from helm import CHART, find, parse

VERSION = re.search(r"^version: (\S+)$", (CHART / "Chart.yaml").read_text(encoding="utf-8"), re.MULTILINE).group(1)
CI_VALUES = sorted((CHART / "ci").glob("*-values.yaml"))

# A pod that holds what the chart has for it: the way to see a sidecar's container.
HOST = {
    "extraObjects": [
        """apiVersion: v1
kind: Pod
metadata:
  name: host
spec:
  containers:
    - {{ include "kubecost-allocation-exporter.container" . | nindent 6 | trim }}
  {{- with include "kubecost-allocation-exporter.volumes" . | trim }}
  volumes:
    {{- . | nindent 4 }}
  {{- end }}
"""
    ]
}


def host_pod(helm, *values, **options):
    return find(parse(helm.template(*values, HOST, **options)), "Pod", "host")["spec"]


def pod_of(manifests):
    return find(manifests, "Deployment")["spec"]["template"]


def container_of(pod_spec):
    return next(c for c in pod_spec["containers"] if c["name"] == "kubecost-allocation-exporter")


def flags_of(container):
    """The arguments as a map."""
    return dict(argument.removeprefix("--").split("=", 1) for argument in container["args"])
