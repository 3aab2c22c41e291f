"""The examples that other programs run: the post-renderer under both Helms, and Terraform's configuration."""

import json
import os
import pathlib
import re
import shutil
import tempfile
import unittest

import schemas
from chart_values import container_of, flags_of, host_pod
from examples import EXAMPLES, STUBS, example, load
from helm import ROOT, both, find, parse, render
from stage.harness import require_tool, run

PLUGIN = "kubecost-allocation-exporter"
# All that belongs to the plugin.
PLUGIN_FILES = (
    "sidecar-cost-analyzer/exporter-container.yaml",
    "sidecar-cost-analyzer/kustomization.yaml",
    "sidecar-cost-analyzer/plugin.yaml",
    "sidecar-cost-analyzer/post-render.sh",
)
TERRAFORM_FILES = (
    "terraform/clusters.auto.tfvars",
    "terraform/exporter/main.tf",
    "terraform/main.tf",
    "terraform/main.tofu",
    "terraform/variables.tf",
)


class PostRendererTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.helms = both()
        fetched = ROOT / "third_party" / "helm" / "kubectl"
        if fetched.exists():
            os.environ.setdefault("KUBECTL", str(fetched))
        cls.kubectl = require_tool("KUBECTL", "kubectl")

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        programs = self.folder / "bin"
        programs.mkdir()
        (programs / "kubectl").symlink_to(self.kubectl)
        self.env = {"PATH": f"{programs}:{os.environ['PATH']}"}
        self.env.update({f"HELM_{kind}_HOME": str(self.folder) for kind in ("CACHE", "CONFIG", "DATA")})
        (self.folder / "plugins").mkdir()
        plugin = self.folder / "plugins" / PLUGIN
        plugin.mkdir()
        for file in PLUGIN_FILES:
            shutil.copy(example(file), plugin)
        self.post_renderer = {"helm3": plugin / "post-render.sh", "helm4": PLUGIN}

    def template(self, helm, stub="kubecost-2", release="costs"):
        flags = ["--namespace=costs", f"--post-renderer={self.post_renderer[helm.name]}"]
        return run(helm.program, "template", release, STUBS / stub, *flags, env=self.env)

    def manifests(self, helm):
        done = self.template(helm)
        self.assertEqual(0, done.returncode, done.stderr.decode())
        return parse(done.stdout.decode())

    def test_container_is_the_charts_own(self):
        ours = container_of(host_pod(self.helms[-1], example("sidecar-cost-analyzer/exporter.yaml")))
        for helm in self.helms:
            with self.subTest(helm=helm.name):
                pod = find(self.manifests(helm), "Deployment", "costs-cost-analyzer")["spec"]["template"]["spec"]
                self.assertEqual(["cost-model", "cost-analyzer-frontend", PLUGIN], [c["name"] for c in pod["containers"]])
                self.assertEqual(ours, pod["containers"][-1])
        self.assertEqual("http://127.0.0.1:9090", flags_of(ours)["kubecost.url"])

    def test_nothing_else_changes(self):
        def by_name(manifests):
            return {(manifest["kind"], manifest["metadata"]["name"]): manifest for manifest in manifests}

        for helm in self.helms:
            with self.subTest(helm=helm.name):
                before = by_name(parse(helm.template(chart=STUBS / "kubecost-2", release="costs", namespace="costs")))
                after = by_name(self.manifests(helm))
                pod = after["Deployment", "costs-cost-analyzer"]["spec"]["template"]["spec"]
                pod["containers"].pop()
                claim = pod["volumes"].pop()["persistentVolumeClaim"]["claimName"]
                self.assertEqual(load("sidecar-claim/claim.yaml")["metadata"]["name"], claim)
                self.assertEqual(before, after)

    def test_strict_schema(self):
        schemas.require_schemas()
        for manifest in self.manifests(self.helms[-1]):
            self.assertEqual([], schemas.problems(manifest))

    def test_service_of_our_chart_selects_the_pod(self):
        values = {"sidecar": {"podSelector": {"app.kubernetes.io/instance": "costs"}}}
        service = find(render(example("sidecar-cost-analyzer/exporter.yaml"), values, namespace="costs"), "Service")
        pod = find(self.manifests(self.helms[0]), "Deployment", "costs-cost-analyzer")["spec"]["template"]
        self.assertLessEqual(service["spec"]["selector"].items(), pod["metadata"]["labels"].items())

    def test_another_object_of_that_name_is_no_success(self):
        rendered = b"""apiVersion: v1
kind: Service
metadata: {name: kubecost-allocation-exporter}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: kubecost}
"""
        done = run(example("sidecar-cost-analyzer/post-render.sh"), stdin=rendered, env=self.env)
        self.assertEqual((1, b""), (done.returncode, done.stdout))
        self.assertIn(b"no Deployment named *-cost-analyzer", done.stderr)

    def test_a_chart_without_cost_analyzer_is_refused(self):
        for helm in self.helms:
            with self.subTest(helm=helm.name):
                done = self.template(helm, stub="kubecost-3")
                self.assertNotEqual(0, done.returncode)
                # Helm 4 keeps to itself what a plugin says.
                words = b"no Deployment named *-cost-analyzer" if helm.name == "helm3" else b"post-renderer plugin"
                self.assertIn(words, done.stderr)


class TerraformTest(unittest.TestCase):
    """The configuration evaluated without its provider, which only the network has: the release's arguments become an
    output."""

    @classmethod
    def setUpClass(cls):
        both()
        cls.terraform = require_tool("TERRAFORM", "terraform")

    def run_terraform(self, folder, *arguments, stdin=b""):
        env = {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": "/dev/null"}
        done = run(self.terraform, f"-chdir={folder}", *arguments, stdin=stdin, env=env, timeout=120)
        self.assertEqual(0, done.returncode, done.stderr.decode() + done.stdout.decode())
        return done.stdout

    def test_format(self):
        self.run_terraform(EXAMPLES / "terraform", "fmt", "-check", "-recursive")
        tofu = example("terraform/main.tofu").read_bytes()
        self.assertEqual(tofu, self.run_terraform(EXAMPLES, "fmt", "-", stdin=tofu))

    def releases(self, workspace, *flags):
        """The helm_release of each cluster that a run in that workspace makes."""
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        shutil.copytree(EXAMPLES / "terraform", folder, dirs_exist_ok=True)
        for name in ("main.tf", "exporter/main.tf"):
            text = (folder / name).read_text(encoding="utf-8")
            text = re.sub(r'(?ms)^(terraform|provider "helm") \{\n.*?^\}\n', "", text)
            release = r'(?ms)^resource "helm_release" "exporter" \{\n(.*?)^\}\n'
            text = re.sub(release, r"locals {\nrelease = {\n\1}\n}\n", text)
            text = text.replace("helm_release.exporter.status", "local.release")
            (folder / name).write_text(text, encoding="utf-8")
        self.run_terraform(folder, "init", "-input=false")
        self.run_terraform(folder, "workspace", "new", workspace)
        self.run_terraform(folder, "apply", "-auto-approve", "-input=false", *flags)
        return json.loads(self.run_terraform(folder, "output", "-json", "status"))

    def test_each_cluster_is_one_release_that_the_chart_takes(self):
        for cluster, url, token, offset in (
            ("cluster-one", "http://kubecost-cost-analyzer.kubecost:9090", False, None),
            ("cluster-two", "http://kubecost-frontend.kubecost:9090", True, None),
            ("cluster-three", "http://opencost.opencost:9003", False, "+05:30"),
        ):
            with self.subTest(cluster=cluster):
                releases = self.releases(cluster)
                self.assertEqual([cluster], list(releases))
                release = releases[cluster]
                self.assertEqual(("../..", "costs", True), (release["chart"], release["namespace"], release["atomic"]))
                manifests = render(*(parse(text)[0] for text in release["values"]))
                flags = flags_of(container_of(find(manifests, "Deployment")["spec"]["template"]["spec"]))
                self.assertEqual((url, cluster), (flags["kubecost.url"], flags["cluster.name"]))
                self.assertEqual((token, offset), ("kubecost.token-file" in flags, flags.get("day.utc-offset")))
                self.assertTrue(find(manifests, "ServiceMonitor"))

    def test_a_disabled_cluster_has_none(self):
        self.assertEqual({}, self.releases("cluster-two", '-var=disabled_clusters=["cluster-two"]'))

    def test_a_workspace_of_no_cluster_has_none(self):
        self.assertEqual({}, self.releases("nowhere"))


class TofuTest(unittest.TestCase):
    def test_both_forms_call_the_module_alike(self):
        def arguments(name):
            text = example(name).read_text(encoding="utf-8")
            return re.search(r'^module "exporter" \{.*?(  name .*?)^\}\n', text, re.DOTALL | re.MULTILINE).group(1)

        self.assertEqual(arguments("terraform/main.tf"), arguments("terraform/main.tofu"))

    def test_no_secret_variable(self):
        """Values lie in the state as plain text: a credential must not even have a variable to come in by."""
        for name in TERRAFORM_FILES[1:]:
            text = re.sub(r"#.*", "", example(name).read_text(encoding="utf-8"))
            words = set(re.findall(r"\w*(?:password|token|secret)\w*", text, re.IGNORECASE))
            self.assertLessEqual(words, {"auth_secret", "existingSecret"}, name)


if __name__ == "__main__":
    unittest.main()
