"""Every ci values file, under both Helms: lint, the same manifests again and again, each as its schema wants it."""

import re
import tarfile
import tempfile
import unittest

import schemas
from chart_values import CI_VALUES, HOST
from helm import both, find, parse, render


class ManifestTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.helms = both()

    def test_lint(self):
        for helm in self.helms:
            for values in (None, *CI_VALUES):
                with self.subTest(helm=helm.name, values=values):
                    output = helm.lint(*filter(None, [values]))
                    self.assertNotIn("[WARNING]", output)

    def test_both_render_the_same_each_time(self):
        self.assertGreater(len(CI_VALUES), 20)
        for values in CI_VALUES:
            with self.subTest(values=values.name):
                third, fourth, again = (helm.template(values) for helm in (*self.helms, self.helms[-1]))
                self.assertEqual(fourth, again)
                manifests = parse(third)
                self.assertEqual(manifests, parse(fourth))
                self.assertTrue(manifests or "sidecar" in values.name)
                names = [(m["kind"], m["metadata"]["name"]) for m in manifests]
                self.assertEqual(len(set(names)), len(names))
                for manifest in manifests:
                    # Ours, and not one of extraObjects.
                    if "labels" in manifest["metadata"]:
                        self.assertIn("namespace", manifest["metadata"], manifest)

    def test_package(self):
        for helm in self.helms:
            with self.subTest(helm=helm.name):
                with tempfile.TemporaryDirectory() as folder:
                    archive = helm.package(folder)
                    names = tarfile.open(archive).getnames()
                    self.assertEqual(helm.template(), helm.template(chart=archive))
                self.assertIn("kubecost-allocation-exporter/values.schema.json", names)
                self.assertEqual([], [name for name in names if re.search("/(ci|examples)/", name)])

    def test_names(self):
        long = "a" * 60
        cases = (
            ("costs", {}, "costs-kubecost-allocation-exporter"),
            ("kubecost-allocation-exporter", {}, "kubecost-allocation-exporter"),
            ("my-kubecost-allocation-exporter", {}, "my-kubecost-allocation-exporter"),
            ("costs", {"nameOverride": "exporter"}, "costs-exporter"),
            ("costs", {"fullnameOverride": "exporter"}, "exporter"),
            ("costs", {"fullnameOverride": long + "bcd-e"}, long + "bcd"),
            (long[:53], {}, long[:53] + "-kubecost"),
        )
        for release, values, name in cases:
            with self.subTest(release=release, values=values):
                manifests = render(values, release=release)
                for kind in ("Deployment", "Service", "ServiceAccount"):
                    self.assertEqual(name, find(manifests, kind)["metadata"]["name"])

    def test_names_of_digits_stay_text(self):
        values = {
            "namespaceOverride": "999",
            "kubecost": {"namespace": "77", "auth": {"bearer": {"existingSecret": "2024"}}},
            "imagePullSecrets": ["1"],
            "serviceAccount": {"create": False, "name": "5"},
            "priorityClassName": "6",
            "networkPolicy": {"enabled": True},
            "podMonitor": {"enabled": True},
            "state": {"persistence": {"enabled": True, "existingClaim": "8"}},
        }
        manifests = render(values, release="1234")
        for manifest in manifests:
            self.assertEqual("999", manifest["metadata"]["namespace"])
            self.assertEqual("1234", manifest["metadata"]["labels"]["app.kubernetes.io/instance"])
        pod = find(manifests, "Deployment")["spec"]["template"]["spec"]
        self.assertEqual(("5", "6"), (pod["serviceAccountName"], pod["priorityClassName"]))
        self.assertEqual([{"name": "1"}], pod["imagePullSecrets"])
        sources = [volume.get("secret", {}).get("secretName") for volume in pod["volumes"]]
        self.assertIn("2024", sources)
        self.assertIn("8", [volume.get("persistentVolumeClaim", {}).get("claimName") for volume in pod["volumes"]])
        to = find(manifests, "NetworkPolicy")["spec"]["egress"][1]["to"][0]["namespaceSelector"]
        self.assertEqual({"matchLabels": {"kubernetes.io/metadata.name": "77"}}, to)
        self.assertEqual(["999"], find(manifests, "PodMonitor")["spec"]["namespaceSelector"]["matchNames"])

    def test_namespace_override(self):
        values = {
            "namespaceOverride": "elsewhere",
            "serviceMonitor": {"enabled": True},
            "networkPolicy": {"enabled": True},
        }
        manifests = render(values, {"state": {"persistence": {"enabled": True}}})
        self.assertEqual({"elsewhere"}, {m["metadata"]["namespace"] for m in manifests})
        self.assertEqual(6, len(manifests))


class SchemaTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        schemas.require_schemas()
        cls.helm = both()[-1]

    def test_each_manifest(self):
        for values in CI_VALUES:
            for manifest in parse(self.helm.template(values)) + parse(self.helm.template(values, HOST)):
                with self.subTest(values=values.name, kind=manifest["kind"]):
                    self.assertEqual([], schemas.problems(manifest))

    def test_a_typo_is_found(self):
        service = find(parse(self.helm.template()), "Service")
        self.assertEqual([], schemas.problems(service))
        service["spec"]["port"] = []
        self.assertEqual(1, len(schemas.problems(service)))


if __name__ == "__main__":
    unittest.main()
