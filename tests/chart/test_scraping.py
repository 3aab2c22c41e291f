"""How Prometheus finds the exporter, and that nothing of the target sticks to the series."""

import re
import unittest

from helm import both, find, render

SIDECAR = {"mode": "sidecar", "sidecar": {"podSelector": {"app": "costs"}}}
OURS = {"app.kubernetes.io/instance": "costs", "app.kubernetes.io/name": "kubecost-allocation-exporter"}


def relabeled(labels, relabelings):
    """A target's labels after the relabelings, as far as the chart uses them; None for one that is not kept."""
    labels = dict(labels)
    for rule in relabelings:
        if rule["action"] == "keep":
            if not re.fullmatch(rule["regex"], ";".join(labels.get(name, "") for name in rule["sourceLabels"])):
                return None
        elif rule["action"] == "labeldrop":
            labels = {k: v for k, v in labels.items() if not re.fullmatch(rule["regex"], k)}
        elif rule["action"] == "replace":
            source = ";".join(labels.get(name, "") for name in rule.get("sourceLabels", []))
            match = re.fullmatch(rule.get("regex", "(.*)"), source)
            labels[rule["targetLabel"]] = rule["replacement"].replace("${1}", match.group(1) if match.groups() else "")
        else:
            raise AssertionError(rule)
    return {name: value for name, value in labels.items() if not name.startswith("__")}


def found_by_operator(pod, job, container="kubecost-allocation-exporter"):
    """The labels that the Prometheus Operator gives a target before a monitor's relabelings."""
    return {
        "__meta_kubernetes_pod_container_name": container,
        "container": container,
        "endpoint": "metrics",
        "instance": f"10.0.0.{len(pod)}:9103",
        "job": job,
        "namespace": "monitoring",
        "node": f"node-of-{pod}",
        "pod": pod,
        "service": "costs-kubecost-allocation-exporter",
    }


def endpoints_of(monitor):
    return monitor["spec"]["endpoints" if monitor["kind"] == "ServiceMonitor" else "podMetricsEndpoints"]


class ScrapingTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        both()

    def test_the_deployed_job_finds_the_service(self):
        """It keeps Services of this label and the port of this name."""
        cases = (
            {},
            {"nameOverride": "other"},
            {"fullnameOverride": "other"},
            {"commonLabels": {"app.kubernetes.io/name": "other"}},
            {"service": {"port": 80}, "web": {"port": 8080}},
            {**SIDECAR, "service": {"labels": {"app.kubernetes.io/name": "other"}}},
        )
        for values in cases:
            with self.subTest(values=values):
                service = find(render(values), "Service")
                self.assertEqual(
                    "kubecost-allocation-exporter", service["metadata"]["labels"]["app.kubernetes.io/name"]
                )
                self.assertEqual(["metrics"], [port["name"] for port in service["spec"]["ports"]])
                self.assertNotIn("annotations", service["metadata"])
        port = find(render(), "Service")["spec"]["ports"][0]
        self.assertEqual((9103, 9103), (port["port"], port["targetPort"]))

    def test_scrape_annotations_are_wanted_first(self):
        tls = {"web": {"config": {"inline": {"tls_server_config": {"cert_file": "a", "key_file": "b"}}}}}
        tls["web"]["port"] = 9200
        service = {"service": {"port": 80}}
        values = {"prometheusScrapeAnnotations": True, "config": {"web.telemetry-path": "/costs"}, **tls, **service}
        # The pod's own port: what follows the annotations asks the pod, not the Service.
        wanted = {"scrape": "true", "port": "9200", "path": "/costs", "scheme": "https"}
        annotations = find(render(values), "Service")["metadata"]["annotations"]
        self.assertEqual({f"prometheus.io/{key}": value for key, value in wanted.items()}, annotations)

    def test_what_the_service_selects(self):
        cases = (({}, OURS), (SIDECAR, {"app": "costs"}))
        for values, selector in cases:
            self.assertEqual(selector, find(render(values), "Service")["spec"]["selector"])

    def test_what_monitors_select(self):
        cases = (
            ("serviceMonitor", {}, OURS),
            ("serviceMonitor", SIDECAR, OURS),
            ("podMonitor", {}, OURS),
            ("podMonitor", SIDECAR, {"app": "costs"}),
        )
        for key, values, selector in cases:
            with self.subTest(monitor=key, values=values):
                kind = key[0].upper() + key[1:]
                spec = find(render(values, {key: {"enabled": True}}), kind)["spec"]
                self.assertEqual({"matchLabels": selector}, spec["selector"])
                self.assertEqual({"matchNames": ["monitoring"]}, spec["namespaceSelector"])
                override = {key: {"enabled": True, "selectorOverride": {"matchLabels": {"a": "b"}}}}
                spec = find(render(values, override), kind)["spec"]
                self.assertEqual({"matchLabels": {"a": "b"}}, spec["selector"])

    def test_nothing_of_the_target_sticks(self):
        for key in ("serviceMonitor", "podMonitor"):
            with self.subTest(monitor=key):
                monitor = find(render({key: {"enabled": True}}), key[0].upper() + key[1:])
                (endpoint,) = endpoints_of(monitor)
                self.assertEqual(("metrics", True), (endpoint["port"], endpoint["honorLabels"]))
                self.assertEqual(("60s", "30s"), (endpoint["interval"], endpoint["scrapeTimeout"]))
                job = "kubecost-allocation-exporter"
                if monitor["kind"] == "ServiceMonitor":
                    # What the operator makes of jobLabel: the Service always has this label.
                    self.assertEqual("app.kubernetes.io/name", monitor["spec"]["jobLabel"])
                else:
                    job = "monitoring/costs-kubecost-allocation-exporter"
                for pod in ("exporter-1", "exporter-of-another-length"):
                    labels = relabeled(found_by_operator(pod, job), endpoint["relabelings"])
                    instance = "monitoring/costs-kubecost-allocation-exporter"
                    self.assertEqual({"job": "kubecost-allocation-exporter", "instance": instance}, labels)

    def test_a_port_of_the_same_name_in_the_host_is_left_alone(self):
        (endpoint,) = endpoints_of(find(render(SIDECAR, {"podMonitor": {"enabled": True}}), "PodMonitor"))
        self.assertIsNone(relabeled(found_by_operator("host", "job", "opencost"), endpoint["relabelings"]))

    def test_pods_less_often(self):
        for key in ("serviceMonitor", "podMonitor"):
            with self.subTest(monitor=key):
                monitor = find(render({key: {"enabled": True, "podsInterval": "4m"}}), key[0].upper() + key[1:])
                rest, pods = endpoints_of(monitor)
                self.assertEqual(
                    ("60s", {"collect[]": ["namespace", "cluster", "exporter"]}), (rest["interval"], rest["params"])
                )
                self.assertEqual(("4m", {"collect[]": ["pod"]}), (pods["interval"], pods["params"]))
                consumer = {"params": {"consumer": ["billing"]}, "podsInterval": "4m", "enabled": True}
                named = find(render({key: consumer}), key[0].upper() + key[1:])
                for endpoint in endpoints_of(named):
                    self.assertEqual(["billing"], endpoint["params"]["consumer"])
                    self.assertIn("collect[]", endpoint["params"])
                target = found_by_operator("exporter", "kubecost-allocation-exporter")
                jobs = [relabeled(target, endpoint["relabelings"])["job"] for endpoint in (rest, pods)]
                self.assertEqual(["kubecost-allocation-exporter", "kubecost-allocation-exporter-pods"], jobs)

    def test_prometheus_own_interval(self):
        for key in ("serviceMonitor", "podMonitor"):
            values = {key: {"enabled": True, "interval": "", "scrapeTimeout": ""}}
            (endpoint,) = endpoints_of(find(render(values), key[0].upper() + key[1:]))
            self.assertFalse({"interval", "scrapeTimeout"} & set(endpoint))

    def test_monitors_follow_the_web_side(self):
        inline = {"tls_server_config": {"cert_file": "a", "key_file": "b"}}
        cases = (
            ({}, "http", "/metrics"),
            ({"web": {"config": {"inline": inline}}}, "https", "/metrics"),
            ({"web": {"config": {"existingSecret": "x", "tls": True}}}, "https", "/metrics"),
            ({"web": {"config": {"existingSecret": "x"}}}, "http", "/metrics"),
            ({"config": {"web.telemetry-path": "/costs"}}, "http", "/costs"),
            ({"web": {"config": {"inline": inline}}, "podMonitor": {"scheme": "http"}}, "http", "/metrics"),
        )
        for values, scheme, path in cases:
            with self.subTest(values=values):
                (endpoint,) = endpoints_of(find(render(values, {"podMonitor": {"enabled": True}}), "PodMonitor"))
                self.assertEqual((scheme, path), (endpoint["scheme"], endpoint["path"]))

    def test_all_settings_of_a_monitor(self):
        secret = {"name": "s", "key": "k"}
        of_endpoint = {
            "interval": "2m",
            "scrapeTimeout": "50s",
            "params": {"collect[]": ["namespace"]},
            "metricRelabelings": [{"action": "drop", "sourceLabels": ["__name__"], "regex": "process_.*"}],
            "tlsConfig": {"ca": {"secret": secret}, "serverName": "x"},
            "basicAuth": {"username": secret, "password": secret},
            "authorization": {"credentials": secret},
            "proxyUrl": "http://proxy:3128",
        }
        of_monitor = {"jobLabel": "a", "sampleLimit": 5, "targetLimit": 1, "labelLimit": 30, "bodySizeLimit": "1MB"}
        more = {"action": "replace", "targetLabel": "team", "replacement": "finops"}
        for key, labels in (("serviceMonitor", "targetLabels"), ("podMonitor", "podTargetLabels")):
            limits = {name: value for name, value in of_monitor.items() if name != "jobLabel"}
            values = {
                "enabled": True, "namespace": "other", "additionalLabels": {"release": "p"}, "annotations": {"x": "y"},
                "jobLabel": "a", "limits": limits, labels: ["team"], "relabelings": [more], **of_endpoint,
            }  # fmt: skip
            with self.subTest(monitor=key):
                monitor = find(render({key: values}), key[0].upper() + key[1:])
                self.assertEqual("other", monitor["metadata"]["namespace"])
                self.assertEqual({"x": "y"}, monitor["metadata"]["annotations"])
                self.assertEqual("p", monitor["metadata"]["labels"]["release"])
                spec = monitor["spec"]
                self.assertEqual({**of_monitor, labels: ["team"]}, {k: spec[k] for k in (*of_monitor, labels)})
                (endpoint,) = endpoints_of(monitor)
                self.assertEqual(of_endpoint, {name: endpoint[name] for name in of_endpoint})
                self.assertEqual(more, endpoint["relabelings"][-1])

    def test_network_policy(self):
        namespace = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kubecost"}}}
        dns = {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]}
        cases = (
            ({}, 9090, [namespace]),
            ({"kubecost": {"preset": "opencost", "namespace": "kubecost"}}, 9003, [namespace]),
            ({"kubecost": {"preset": "custom", "url": "http://costs"}}, 80, None),
            ({"kubecost": {"preset": "custom", "url": "https://costs/kubecost"}}, 443, None),
            ({"kubecost": {"preset": "custom", "url": "https://[2001:db8::1]:8443/x:9"}}, 8443, None),
            ({"kubecost": {"preset": "custom", "url": "https://[2001:db8::1]"}}, 443, None),
        )
        for values, port, to in cases:
            with self.subTest(values=values):
                spec = find(render(values, {"networkPolicy": {"enabled": True}}), "NetworkPolicy")["spec"]
                self.assertEqual({"matchLabels": OURS}, spec["podSelector"])
                self.assertEqual(["Ingress", "Egress"], spec["policyTypes"])
                self.assertEqual([{"ports": [{"port": 9103, "protocol": "TCP"}]}], spec["ingress"])
                rule = {"ports": [{"port": port, "protocol": "TCP"}], **({"to": to} if to else {})}
                self.assertEqual([dns, rule], spec["egress"])

    def test_network_policy_of_prometheus_alone(self):
        selector = {"matchLabels": {"a": "b"}}
        policy = {"enabled": True, "egress": {"enabled": False}, "ingress": {"podSelector": selector}}
        spec = find(render({"networkPolicy": policy}), "NetworkPolicy")["spec"]
        self.assertEqual(["Ingress"], spec["policyTypes"])
        self.assertNotIn("egress", spec)
        self.assertEqual([{"namespaceSelector": {}, "podSelector": selector}], spec["ingress"][0]["from"])


if __name__ == "__main__":
    unittest.main()
