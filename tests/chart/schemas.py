"""Checks manifests against strict schemas, which refuse unknown fields.

KUBE_SCHEMAS_DIR holds them: kubernetes/KIND.json and GROUP/KIND_VERSION.json.
"""

import functools
import json
import os
import pathlib
import unittest

try:
    import jsonschema
except ModuleNotFoundError:
    jsonschema = None


def require_schemas():
    if not os.environ.get("KUBE_SCHEMAS_DIR"):
        raise unittest.SkipTest("KUBE_SCHEMAS_DIR is missing: set it to a folder of manifest schemas")
    if jsonschema is None:
        raise unittest.SkipTest("Python's jsonschema is missing: install python3-jsonschema")


@functools.lru_cache(maxsize=None)
def _validator(path):
    return jsonschema.Draft7Validator(json.loads(path.read_text(encoding="utf-8")))


def problems(manifest):
    """What the schema of its kind says against the manifest, one line each."""
    group, _, version = manifest["apiVersion"].rpartition("/")
    kind = manifest["kind"].lower()
    folder = pathlib.Path(os.environ["KUBE_SCHEMAS_DIR"])
    path = folder / group / f"{kind}_{version}.json"
    if not path.exists():
        path = folder / "kubernetes" / f"{kind}.json"
    name = f"{manifest['kind']} {manifest['metadata']['name']}"
    found = sorted(_validator(path).iter_errors(manifest), key=lambda error: list(map(str, error.absolute_path)))
    return [f"{name}: {'.'.join(map(str, error.absolute_path))}: {error.message[:300]}" for error in found]
