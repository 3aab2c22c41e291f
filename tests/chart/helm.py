"""Both Helms, Helm 3 and Helm 4, for tests that render charts.

The programs lie in third_party/helm, where scripts/install-dependencies.sh --test puts them, or where HELM3 and HELM4
say. This needs Python's yaml: ctest picks an interpreter that has it.
"""

import json
import os
import pathlib
import tempfile
import unittest

from stage.harness import require_tool, run

try:
    import yaml
except ModuleNotFoundError:
    yaml = None

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "chart"
RELEASE = "costs"
NAMESPACE = "monitoring"


class HelmError(Exception):
    """Helm refused; its text is what the user reads."""


class Helm:
    """One Helm program. Every method takes values as files (paths) and as dicts; a later one wins."""

    def __init__(self, name):
        os.environ.setdefault(name.upper(), str(ROOT / "third_party" / "helm" / name))
        self.name = name
        self.program = require_tool(name.upper(), name)

    def template(self, *values, chart=CHART, release=RELEASE, namespace=NAMESPACE, flags=()):
        """The rendered text of all manifests."""
        return self._run("template", values, release, chart, f"--namespace={namespace}", *flags)

    def notes(self, *values, chart=CHART, release=RELEASE, namespace=NAMESPACE):
        """What the user reads after an installation. Only Helm 4 tells without a cluster."""
        output = self._run("install", values, release, chart, f"--namespace={namespace}", "--dry-run=client")
        return output.split("\nNOTES:\n", 1)[1]

    def lint(self, *values, chart=CHART):
        return self._run("lint", values, chart, "--strict")

    def package(self, destination, chart=CHART):
        """The path of the archive."""
        return self._run("package", (), chart, f"--destination={destination}").strip().rsplit(": ", 1)[1]

    def _run(self, command, values, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            flags = []
            for number, item in enumerate(values):
                path = item
                if isinstance(item, dict):
                    path = pathlib.Path(folder) / f"values-{number}.json"
                    path.write_text(json.dumps(item), encoding="utf-8")
                flags.append(f"--values={path}")
            # A folder of its own: nobody's plugins and repositories, nothing left behind.
            env = {f"HELM_{kind}_HOME": folder for kind in ("CACHE", "CONFIG", "DATA")}
            done = run(self.program, command, *arguments, *flags, env=env)
        if done.returncode != 0:
            raise HelmError(done.stderr.decode() + done.stdout.decode())
        return done.stdout.decode()


def both():
    """Helm 3 and Helm 4; the calling test is skipped where one is missing, or where Python has no yaml."""
    if yaml is None:
        raise unittest.SkipTest("Python's yaml is missing: install python3-yaml")
    return [Helm("helm3"), Helm("helm4")]


def parse(text):
    """The manifests of a rendered text, in its order."""
    return [document for document in yaml.safe_load_all(text) if document is not None]


def render(*values, **options):
    """The manifests, after seeing to it that both Helms render the same."""
    third, fourth = (parse(helm.template(*values, **options)) for helm in both())
    if third != fourth:
        raise AssertionError(
            f"Helm 3 and Helm 4 differ:\n{yaml.safe_dump_all(third)}\n---\n{yaml.safe_dump_all(fourth)}"
        )
    return third


def find(manifests, kind, name=None):
    """The one manifest of that kind, and of that name if given."""
    found = [m for m in manifests if m["kind"] == kind and name in (None, m["metadata"]["name"])]
    if len(found) != 1:
        raise AssertionError(f"{len(found)} manifests {kind} {name or ''}, not 1")
    return found[0]
