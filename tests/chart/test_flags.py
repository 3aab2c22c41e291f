"""The chart and the program know the same flags, and the program takes what the chart renders."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import helm as helms
from chart_values import CI_VALUES, HOST, container_of, flags_of, host_pod
from helm import CHART, ROOT, both, find, parse, render
from stage.harness import require_tool, run

EXPORTER = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / "build" / "release")) / "kubecost-allocation-exporter"
# What a schema definition of a flag says, by what --help says.
DEFINITIONS = {
    "BOOL": "flagBool", "N": "flagNumber", "LIST": "flagList", "DURATION": "flagDuration", "SIZE": "flagSize",
    "+HH:MM": "flagOffset", "PATH": "flagPath", "FROM..TO": "flagDays",
}  # fmt: skip
MANAGED = '{{ include "kubecost-allocation-exporter.managedFlags" . | fromYaml | keys | sortAlpha | toJson }}'

# The user's password is "scraper".
WEB_CONFIG = """
tls_server_config:
  cert_file: tls.crt
  key_file: tls.key
  client_ca_file: ca.crt
  client_auth_type: RequireAndVerifyClientCert
basic_auth_users:
  scraper: $2b$04$hXUTDakj5LnbBaAZqrPd..yOkf51J6zMowMOX2WU4HJ2dmKB8uzW.
"""


def flags_of_help():
    """Name -> (placeholder, text) of each flag."""
    text = run(EXPORTER, "--help").stdout.decode()
    pattern = r"^  --([a-z.-]+)(?: ([^ =]+)(?:=\S+)?)? \(Env:\S+\)\n +(.*)$"
    flags = {name: (placeholder, words) for name, placeholder, words in re.findall(pattern, text, re.MULTILINE)}
    # For trying out; the daemon does not run with it.
    del flags["config.check"]
    return flags


class FlagTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.helm = both()[-1]
        cls.help = flags_of_help()
        cls.schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.secrets = secrets(pathlib.Path(folder.name), require_tool("OPENSSL", "openssl"))

    def test_the_schema_knows_every_flag_and_no_other(self):
        listed = self.schema["properties"]["config"]["properties"]
        self.assertEqual(sorted(self.help), list(listed))
        for name, (placeholder, words) in self.help.items():
            with self.subTest(flag=name):
                repeatable = words.endswith("Repeatable.")
                definition = DEFINITIONS.get("LIST" if repeatable else placeholder, "flagText")
                if "enum" in listed[name]:
                    self.assertEqual("flagText", definition)
                else:
                    self.assertEqual({"$ref": f"#/definitions/{definition}"}, listed[name])

    def test_values_that_set_flags_are_known_flags(self):
        rendered = render({"extraObjects": [f"kind: Flags\nmetadata: {{name: managed}}\nflags: {MANAGED}\n"]})
        managed = set(find(rendered, "Flags")["flags"])
        self.assertEqual(set(), managed - set(self.help))
        for values in CI_VALUES:
            config = helms.yaml.safe_load(values.read_text(encoding="utf-8")).get("config", {})
            flags = set(flags_of(container_of(host_pod(self.helm, values, {"extraArgs": []}))))
            self.assertEqual(set(), flags - set(config) - managed - {"kubecost.api"})

    def check(self, container, folder=None):
        """What the program says to the container's arguments and environment; `folder` has the pod's files."""
        arguments = [argument.replace("=/", f"={folder}/") for argument in container["args"]]
        environment = {entry["name"]: entry.get("value", "from-a-secret") for entry in container.get("env", [])}
        done = run(EXPORTER, *arguments, "--config.check", env=environment)
        return done.returncode, done.stderr.decode() + done.stdout.decode()

    def test_the_program_takes_what_is_rendered(self):
        for values in CI_VALUES:
            with self.subTest(values=values.name), tempfile.TemporaryDirectory() as folder:
                manifests = parse(self.helm.template(values, HOST))
                pod = find(manifests, "Pod", "host")["spec"]
                container = container_of(pod)
                mount(pod, container, manifests, self.secrets, pathlib.Path(folder))
                code, output = self.check(container, folder.rstrip("/"))
                self.assertEqual(0, code, output)

    def test_the_program_takes_each_listed_word(self):
        for name, kind in self.schema["properties"]["config"]["properties"].items():
            for word in kind.get("enum", []):
                if word is not None:
                    container = container_of(host_pod(self.helm, {"state": {"enabled": False}, "config": {name: word}}))
                    self.assertIn(f"--{name}={word}", container["args"])
                    self.assertEqual(0, self.check(container)[0])

    def test_the_program_takes_each_form(self):
        forms = {
            "flagDuration": ("90s", "1m30s", "1.5m"), "flagSize": (1048576, "4MiB", "1GB", "9000000B"),
            "flagOffset": ("+05:30", "-08:00", "+14:00"), "flagPath": ("/a", "/a/b.c"),
            "flagDays": ("2026-11-01..2026-11-07", "2026-11-07..2026-11-07"),
        }  # fmt: skip
        flags = {"flagDuration": "kubecost.read-timeout", "flagSize": "kubecost.max-response-bytes",
                 "flagOffset": "day.utc-offset", "flagPath": "web.telemetry-path",
                 "flagDays": "backfill.again"}  # fmt: skip
        for form, texts in forms.items():
            for text in texts:
                values = {"state": {"enabled": False}, "config": {flags[form]: text}}
                with self.subTest(flag=flags[form], text=text):
                    self.assertEqual(0, self.check(container_of(host_pod(self.helm, values)), "")[0])

    def test_the_program_refuses_what_it_does_not_know(self):
        container = container_of(host_pod(self.helm, {"state": {"enabled": False}, "extraArgs": ["--day.kep=3"]}))
        code, output = self.check(container)
        self.assertEqual(2, code)
        self.assertIn("day.kep", output)

    def test_numbers_and_lists(self):
        cases = (
            (1, "1"), (0, "0"), ("1GiB", "1GiB"), (True, "true"), (False, "false"), (2147483648, "2147483648"),
            (["a:b", "c:d"], "a:b,c:d"), ([], ""),
        )  # fmt: skip
        flags = {bool: "today.pods", list: "share-labels", str: "kubecost.max-response-bytes"}
        for value, text in cases:
            flag = flags.get(type(value), "kubecost.max-response-bytes")
            for helm in both():
                with self.subTest(value=value, helm=helm.name):
                    container = container_of(host_pod(helm, {"config": {flag: value}}))
                    self.assertEqual(text, flags_of(container)[flag])


def secrets(folder, openssl):
    """What the Secrets and ConfigMaps named in the ci values hold: name -> file -> content."""
    key, certificate = folder / "key", folder / "certificate"
    request = [
        openssl,
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    names = ["-subj", "/CN=exporter", "-addext", "subjectAltName=DNS:exporter"]
    subprocess.run([*request, "-keyout", key, "-out", certificate, *names], check=True, capture_output=True)
    pair = {"tls.crt": certificate.read_text(), "tls.key": key.read_text(), "ca.crt": certificate.read_text()}
    authority = {"ca.crt": pair["ca.crt"]}
    return {
        "authorities": authority,
        "exporter-tls": pair,
        "exporter-web": {**pair, "web-config.yml": WEB_CONFIG},
        "kubecost-ca": authority,
        "kubecost-client": pair,
        "kubecost-headers": {"headers": "X-API-KEY: not-a-real-key\n"},
        "kubecost-token": {"token": "not-a-real-token\n"},
        "kubecost-user": {"username": "exporter", "password": "not-a-real-password"},
    }


def mount(pod, container, manifests, contents, folder):
    """Puts the files that the container's volumes would hold below `folder`."""
    maps = {m["metadata"]["name"]: m["data"] for m in manifests if m["kind"] == "ConfigMap"}
    volumes = {volume["name"]: volume for volume in pod.get("volumes", [])}
    for place in container.get("volumeMounts", []):
        target = folder / place["mountPath"].lstrip("/")
        target.mkdir(parents=True)
        volume = volumes[place["name"]]
        for source in volume.get("projected", {}).get("sources", [volume]):
            if "secret" in source or "configMap" in source:
                of = source.get("secret") or source["configMap"]
                files = {**contents, **maps}[of.get("secretName") or of["name"]]
                wanted = {item["key"]: item["path"] for item in of.get("items", [])} or {name: name for name in files}
                for name, path in wanted.items():
                    (target / path).write_text(files[name])


if __name__ == "__main__":
    unittest.main()
