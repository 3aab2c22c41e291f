"""The rendered pod: restricted security, one at a time, probes and secrets that fit the web side."""

import json
import unittest

from chart_values import CI_VALUES, VERSION, container_of, flags_of, host_pod, pod_of
from helm import both, find, render

SIDECAR = {"mode": "sidecar", "sidecar": {"podSelector": {"app": "costs"}}}
DEPLOYMENTS = [values for values in CI_VALUES if not values.name.startswith("sidecar")]


def unrestricted(pod):
    """What the Pod Security Standard `restricted` has against a pod's spec."""
    found = []
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(name):
            found.append(name)
    allowed = {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
    for volume in pod.get("volumes", []):
        if not set(volume) - {"name"} <= allowed:
            found.append(f"volume {volume}")
    of_pod = pod.get("securityContext", {})
    for container in pod["containers"] + pod.get("initContainers", []):
        own = container.get("securityContext", {})
        both_of = {**of_pod, **own}
        checks = {
            "privileged": not own.get("privileged"),
            "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is False,
            "capabilities": own.get("capabilities", {}).get("drop") == ["ALL"] and "add" not in own["capabilities"],
            "runAsNonRoot": both_of.get("runAsNonRoot") is True,
            "runAsUser": both_of.get("runAsUser") != 0,
            "seccompProfile": both_of.get("seccompProfile", {}).get("type") in ("RuntimeDefault", "Localhost"),
            "hostPort": not any("hostPort" in port for port in container.get("ports", [])),
        }
        found += [f"{container['name']}: {name}" for name, holds in checks.items() if not holds]
    return found


class PodTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.helm = both()[-1]

    def container(self, *values):
        return container_of(host_pod(self.helm, *values))

    def checksum(self, *values):
        return pod_of(render(*values))["metadata"]["annotations"]["checksum/web-config"]

    def test_restricted(self):
        for values in DEPLOYMENTS:
            with self.subTest(values=values.name):
                pod = pod_of(render(values))["spec"]
                self.assertEqual([], unrestricted(pod))
                self.assertIs(False, pod["automountServiceAccountToken"])
                self.assertNotIn("subPath", json.dumps(pod))
                container = container_of(pod)
                self.assertIs(True, container["securityContext"]["readOnlyRootFilesystem"])
        pod = pod_of(render())["spec"]
        self.assertEqual((65532, 65532), (pod["securityContext"]["runAsUser"], pod["securityContext"]["fsGroup"]))
        self.assertEqual(65532, container_of(pod)["securityContext"]["runAsUser"])

    def test_a_sidecar_is_restricted_by_itself(self):
        for values in CI_VALUES:
            with self.subTest(values=values.name):
                pod = host_pod(self.helm, values)
                pod["containers"] = [container_of(pod)]
                self.assertEqual([], unrestricted(pod))

    def test_one_at_a_time(self):
        deployment = find(render(), "Deployment")["spec"]
        self.assertEqual((1, {"type": "Recreate"}), (deployment["replicas"], deployment["strategy"]))

    def test_selectors_hold_through_upgrades(self):
        for values in DEPLOYMENTS:
            with self.subTest(values=values.name):
                deployment = find(render(values), "Deployment")
                wanted = {
                    "app.kubernetes.io/instance": "costs",
                    "app.kubernetes.io/name": "kubecost-allocation-exporter",
                }
                self.assertEqual({"matchLabels": wanted}, deployment["spec"]["selector"])
                labels = deployment["spec"]["template"]["metadata"]["labels"]
                self.assertEqual(wanted, {key: labels[key] for key in wanted})
                self.assertNotIn("helm.sh/chart", labels)
                self.assertEqual(
                    "kubecost-allocation-exporter-" + VERSION, deployment["metadata"]["labels"]["helm.sh/chart"]
                )

    def test_labels_of_users_do_not_break_selectors(self):
        wrong = {"app.kubernetes.io/name": "mine", "app.kubernetes.io/instance": "mine", "team": "finops"}
        manifests = render({"commonLabels": wrong, "podLabels": wrong, "service": {"labels": wrong}})
        for labels in (pod_of(manifests)["metadata"]["labels"], find(manifests, "Service")["metadata"]["labels"]):
            self.assertEqual("kubecost-allocation-exporter", labels["app.kubernetes.io/name"])
            self.assertEqual("costs", labels["app.kubernetes.io/instance"])
            self.assertEqual("finops", labels["team"])

    def test_a_changed_configuration_rolls_the_pod(self):
        values = {"web": {"config": {"inline": {"http_server_config": {"headers": {"A": "b"}}}}}}
        changed = {"web": {"config": {"inline": {"http_server_config": {"headers": {"A": "c"}}}}}}
        self.assertEqual(self.checksum(values), self.checksum(values))
        self.assertNotEqual(self.checksum(values), self.checksum(values, changed))
        self.assertNotEqual(pod_of(render()), pod_of(render({"config": {"day.keep": 4}})))
        self.assertNotIn("annotations", pod_of(render())["metadata"])

    def test_image(self):
        digest = "sha256:" + "0123456789abcdef" * 4
        cases = (
            ({}, "kubecost-allocation-exporter:" + VERSION),
            ({"image": {"registry": "r.example.com"}}, "r.example.com/kubecost-allocation-exporter:" + VERSION),
            ({"image": {"registry": "r.example.com/", "tag": "1"}}, "r.example.com/kubecost-allocation-exporter:1"),
            (
                {"image": {"repository": "r.example.com/a/b", "tag": "1", "digest": digest}},
                f"r.example.com/a/b@{digest}",
            ),
            (
                {"global": {"imageRegistry": "g.example.com"}, "image": {"registry": "r.example.com"}},
                "g.example.com/kubecost-allocation-exporter:" + VERSION,
            ),
        )
        for values, image in cases:
            with self.subTest(values=values):
                self.assertEqual(image, self.container(values)["image"])

    def test_service_account(self):
        cases = (
            ({}, "costs-kubecost-allocation-exporter", True),
            ({"name": "mine"}, "mine", True),
            ({"create": False}, "default", False),
            ({"create": False, "name": "mine"}, "mine", False),
        )
        for values, name, made in cases:
            with self.subTest(values=values):
                manifests = render({"serviceAccount": values})
                self.assertEqual(name, pod_of(manifests)["spec"]["serviceAccountName"])
                accounts = [m for m in manifests if m["kind"] == "ServiceAccount"]
                self.assertEqual(made, bool(accounts))
                for account in accounts:
                    self.assertIs(False, account["automountServiceAccountToken"])

    def test_probes(self):
        tls = {"cert_file": "tls.crt", "key_file": "tls.key"}
        secret = {"existingSecret": "web", "tls": True}
        loopback = {**SIDECAR, "service": {"enabled": False}, "web": {"address": "127.0.0.1", "port": 9200}}
        healthcheck = ["/usr/bin/kubecost-allocation-exporter", "healthcheck", "--web.listen-address=127.0.0.1:9200"]
        cases = (
            ({}, {"httpGet": {"path": "PATH", "port": "metrics", "scheme": "HTTP"}}),
            ({"web": {"config": {"inline": {"http_server_config": {"headers": {"A": "b"}}}}}},
             {"httpGet": {"path": "PATH", "port": "metrics", "scheme": "HTTP"}}),
            ({"web": {"config": {"inline": {"tls_server_config": tls}}}},
             {"httpGet": {"path": "PATH", "port": "metrics", "scheme": "HTTPS"}}),
            ({"web": {"config": secret}}, {"httpGet": {"path": "PATH", "port": "metrics", "scheme": "HTTPS"}}),
            ({"web": {"config": {"inline": {"tls_server_config": {**tls, "client_auth_type": "RequireAnyClientCert"}}}}},
             {"httpGet": {"path": "PATH", "port": "metrics", "scheme": "HTTPS"}}),
            (loopback, {"exec": {"command": healthcheck}}),
        )  # fmt: skip
        paths = {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
        for values, handler in cases:
            container = self.container(values)
            for probe, path in paths.items():
                with self.subTest(values=values, probe=probe):
                    found = container[probe]
                    wanted = json.loads(json.dumps(handler).replace("PATH", path))
                    self.assertEqual(wanted, {key: found[key] for key in wanted})
                    self.assertEqual(1, len({"httpGet", "tcpSocket", "exec", "grpc"} & set(found)))

    def test_probes_of_users(self):
        container = self.container(
            {"startupProbe": None, "livenessProbe": {"exec": {"command": ["x"]}, "periodSeconds": 7}}
        )
        self.assertNotIn("startupProbe", container)
        self.assertEqual({"command": ["x"]}, container["livenessProbe"]["exec"])
        self.assertEqual(7, container["livenessProbe"]["periodSeconds"])
        self.assertNotIn("httpGet", container["livenessProbe"])
        self.assertIn("httpGet", container["readinessProbe"])

    def test_secrets_are_readable_by_the_exporter_alone_where_the_pod_has_a_group(self):
        values = {"kubecost": {"auth": {"bearer": {"existingSecret": "token"}}}}
        cases = (
            (values, 0o440),
            ({**values, "podSecurityContext": {"fsGroup": None}}, 0o444),
            ({**SIDECAR, **values}, 0o444),
        )
        for case, mode in cases:
            with self.subTest(values=case):
                volume = next(v for v in host_pod(self.helm, case)["volumes"] if "secret" in v)
                self.assertEqual(mode, volume["secret"]["defaultMode"])

    def test_mounts_and_flags_belong_together(self):
        for values in CI_VALUES:
            with self.subTest(values=values.name):
                pod = host_pod(self.helm, values)
                container = container_of(pod)
                mounts = {mount["mountPath"]: mount["name"] for mount in container.get("volumeMounts", [])}
                self.assertEqual({v["name"] for v in pod.get("volumes", [])}, set(mounts.values()))
                for flag, value in flags_of(container).items():
                    if value.startswith(("/etc/", "/var/")):
                        self.assertIn(value.rpartition("/")[0], mounts, flag)

    def test_state(self):
        claim = {"state": {"persistence": {"enabled": True}}}
        existing = {"state": {"persistence": {"existingClaim": "mine"}}}
        mine = {"persistentVolumeClaim": {"claimName": "mine"}}
        own = {"persistentVolumeClaim": {"claimName": "costs-kubecost-allocation-exporter"}}
        cases = (
            ({}, own, 1),
            ({"state": {"enabled": False}}, None, 0),
            ({"state": {"persistence": {"enabled": False}}}, {"emptyDir": {}}, 0),
            (claim, own, 1),
            (existing, mine, 0),
            (SIDECAR, None, 0),
            ({**SIDECAR, **claim}, own, 1),
            ({**SIDECAR, **existing}, mine, 0),
            ({**SIDECAR, "state": {"persistence": {"enabled": False}}}, None, 0),
        )
        for values, volume, claims in cases:
            with self.subTest(values=values):
                self.assertEqual(claims, sum(m["kind"] == "PersistentVolumeClaim" for m in render(values)))
                pod = host_pod(self.helm, values)
                wanted = [{"name": "cost-exporter-state", **volume}] if volume else []
                self.assertEqual(wanted, pod.get("volumes", []))
                path = "/var/lib/kubecost-allocation-exporter/state" if volume else None
                self.assertEqual(path, flags_of(container_of(pod)).get("state.path"))

    def test_the_exporter_may_write_its_ledger_and_nothing_else(self):
        """A claim belongs to root, and to the pod's group."""
        manifests = render({})
        pod = pod_of(manifests)["spec"]
        container = container_of(pod)
        self.assertEqual(65532, pod["securityContext"]["fsGroup"])
        self.assertEqual(65532, container["securityContext"]["runAsUser"])
        self.assertIs(True, container["securityContext"]["readOnlyRootFilesystem"])
        (mount,) = container["volumeMounts"]
        self.assertNotIn("readOnly", mount)
        # One node at a time may mount it, so the old pod must be gone.
        self.assertEqual({"type": "Recreate"}, find(manifests, "Deployment")["spec"]["strategy"])
        claim = find(manifests, "PersistentVolumeClaim")["spec"]
        self.assertEqual((["ReadWriteOnce"], "64Mi"), (claim["accessModes"], claim["resources"]["requests"]["storage"]))

    def test_storage_class(self):
        for given, wanted in (("", None), ("-", ""), ("fast", "fast")):
            values = {"state": {"persistence": {"enabled": True, "storageClass": given}}}
            self.assertEqual(wanted, find(render(values), "PersistentVolumeClaim")["spec"].get("storageClassName"))

    def test_user_name_from_a_secret(self):
        basic = {"existingSecret": "login", "usernameKey": "user"}
        container = self.container({"kubecost": {"auth": {"basic": basic}}, "env": [{"name": "A", "value": "b"}]})
        username = {
            "name": "KUBECOST_EXPORTER_KUBECOST_USERNAME",
            "valueFrom": {"secretKeyRef": {"name": "login", "key": "user"}},
        }
        self.assertEqual([username, {"name": "A", "value": "b"}], container["env"])
        self.assertNotIn("kubecost.username", flags_of(container))


if __name__ == "__main__":
    unittest.main()
