"""Values that cannot work are refused by both Helms, in words that name the value."""

import unittest

from helm import CHART, HelmError, both, parse, yaml

SIDECAR = {"mode": "sidecar", "sidecar": {"podSelector": {"app": "costs"}}}
SECRET = {"existingSecret": "secret"}


def kubecost(**values):
    return {"kubecost": values}


def auth(**values):
    return {"kubecost": {"auth": values}}


def tls(**values):
    return {"kubecost": {"url": "https://costs", "tls": values}}


def web(**values):
    return {"web": {"config": values}}


# Values, and what the message must hold: the two Helms put the same into different sentences.
BY_SCHEMA = (
    ({"replicas": 2}, "replicas", "1"),
    ({"replicas": 0}, "replicas", "1"),
    ({"replicaCount": 1}, "replicaCount", "not allowed"),
    ({"mode": "daemonset"}, "mode", "deployment", "sidecar"),
    ({"serviceMonitor": {"enable": True}}, "serviceMonitor", "enable", "not allowed"),
    ({"serviceMonitor": {"interval": "1 minute"}}, "serviceMonitor", "interval"),
    ({"serviceMonitor": {"limits": {"sampleLimits": 1}}}, "serviceMonitor", "limits", "sampleLimits", "not allowed"),
    ({"service": {"port": 0}}, "service", "port"),
    ({"service": {"type": "ExternalName"}}, "service", "type", "LoadBalancer"),
    ({"image": {"sha": "x"}}, "image", "sha", "not allowed"),
    ({"image": {"digest": "sha256:12"}}, "image", "digest"),
    ({"resources": {"request": {}}}, "resources", "request", "not allowed"),
    ({"livenessProbe": {"period": 1}}, "livenessProbe", "period", "not allowed"),
    ({"networkPolicy": {"egress": {"ports": []}}}, "networkPolicy", "egress", "ports", "not allowed"),
    ({"podLabels": {"answer": 42}}, "podLabels", "answer", "string"),
    ({"config": {"day.kep": 3}}, "config", "day.kep", "not allowed"),
    ({"config": {"idle": "shared"}}, "config", "idle", "separate", "share", "off"),
    ({"config": {"today.pods": "yes"}}, "config", "today.pods"),
    ({"config": {"day.keep": "three"}}, "config", "day.keep"),
    (kubecost(preset="kubecost4"), "preset", "kubecost1", "kubecost2", "kubecost3", "opencost", "custom"),
    (kubecost(url="costs:9090"), "kubecost", "url"),
    (kubecost(url="http://costs:9090/"), "kubecost", "url"),
    (kubecost(url="http://me:hunter2@costs:9090"), "kubecost", "url"),
    (kubecost(url="http://costs:9090?a=b"), "kubecost", "url"),
    ({"config": {"kubecost.deadline": 600}}, "config", "kubecost.deadline", "string"),
    ({"config": {"day.refresh": "1hour"}}, "config", "day.refresh"),
    ({"config": {"day.utc-offset": "5:30"}}, "config", "day.utc-offset"),
    ({"config": {"kubecost.max-response-bytes": "1 GiB"}}, "config", "kubecost.max-response-bytes"),
    ({"config": {"web.telemetry-path": "metrics"}}, "config", "web.telemetry-path"),
    ({"web": {"address": "::1"}}, "web", "address"),
    ({"fullnameOverride": "my.exporter"}, "fullnameOverride"),
    (auth(basic={"password": "hunter2"}), "basic", "password", "not allowed"),
    (auth(bearer={"token": "hunter2"}), "bearer", "token", "not allowed"),
    (auth(basic={"username": "x", "passwordKey": "", **SECRET}), "basic", "passwordKey"),
    (auth(header={"value": "X-API-KEY: hunter2"}), "header", "value", "not allowed"),
    (tls(ca="-----BEGIN"), "tls", "ca", "not allowed"),
    (web(basic_auth_users={"a": "b"}), "basic_auth_users", "not allowed"),
    (web(inline={"tls_server_configs": {}}), "inline", "tls_server_configs", "not allowed"),
)

BY_TEMPLATE = (
    (kubecost(preset="custom"), "kubecost.url is wanted with kubecost.preset=custom"),
    ({"mode": "sidecar"}, "sidecar.podSelector is wanted"),
    (
        {"mode": "sidecar", "service": {"enabled": False}, "podMonitor": {"enabled": True}},
        "that the PodMonitor shall find",
    ),
    ({"sidecar": {"podSelector": {"app": "costs"}}}, "sidecar.podSelector is for mode=sidecar, and mode is deployment"),
    ({**SIDECAR, "networkPolicy": {"enabled": True}}, "would close the whole pod"),
    (
        {"config": {"kubecost.url": "http://costs"}},
        "config: kubecost.url is set by the value kubecost.preset or kubecost.url",
    ),
    (
        {"config": {"web.listen-address": ":80"}},
        "config: web.listen-address is set by the value web.address and web.port",
    ),
    ({"config": {"state.path": "/tmp/state"}}, "config: state.path is set by the value state"),
    (
        {"config": {"kubecost.password-file": "/x"}},
        "config: kubecost.password-file is set by the value kubecost.auth.basic",
    ),
    ({"state": {"enabled": False, "persistence": {"enabled": True}}}, "state.persistence.enabled needs state.enabled"),
    ({"state": {"persistence": {"enabled": False, "existingClaim": "x"}}}, "existingClaim is used for nothing"),
    ({"state": {"enabled": False, "persistence": {"existingClaim": "x"}}}, "existingClaim is used for nothing"),
    (
        {"kubecost": {"url": "http://costs", "tls": {"enabled": True}}},
        "needs an https:// address, and kubecost.url is http://costs",
    ),
    (kubecost(tls={"serverName": "costs"}), "is asked without TLS: set kubecost.tls.enabled=true"),
    (kubecost(tls=SECRET), "is asked without TLS: set kubecost.tls.enabled=true"),
    (tls(existingSecret="x", certKey="tls.crt"), "kubecost.tls.certKey and kubecost.tls.keyKey belong together"),
    (tls(existingSecret="x", keyKey="tls.key"), "kubecost.tls.certKey and kubecost.tls.keyKey belong together"),
    (tls(certKey="tls.crt", keyKey="tls.key"), "kubecost.tls.certKey needs kubecost.tls.existingSecret"),
    (tls(existingSecret="x", caKey=""), "kubecost.tls.existingSecret is used for nothing"),
    (tls(existingSecret="x", caConfigMap={"name": "y"}), "kubecost.tls.existingSecret is used for nothing"),
    (auth(basic=SECRET), "kubecost.auth.basic.username or usernameKey is wanted"),
    (auth(basic={"username": "x"}), "kubecost.auth.basic.existingSecret is wanted"),
    (auth(basic={"username": "x", "usernameKey": "y", **SECRET}), "username and usernameKey exclude each other"),
    (auth(basic={"username": "x", **SECRET}, bearer=SECRET), "both are the header Authorization"),
    (
        web(existingSecret="x", inline={"http_server_config": {}}),
        "existingSecret and web.config.inline exclude each other",
    ),
    (web(tls=True), "what the file in web.config.existingSecret does, and there is none"),
    (web(tlsSecret="x"), "web.config.tlsSecret needs web.config.inline.tls_server_config"),
    (web(inline={"basic_auth_users": {"x": "y"}}), "basic_auth_users is secret"),
    ({"web": {"address": "127.0.0.1"}}, "web.address=127.0.0.1 is for mode=sidecar"),
    ({**SIDECAR, "web": {"address": "localhost"}}, "web.address=localhost is reached from inside the pod alone"),
    ({"serviceMonitor": {"enabled": True}, "podMonitor": {"enabled": True}}, "would be scraped twice"),
    (
        {"serviceMonitor": {"enabled": True}, "service": {"enabled": False}},
        "serviceMonitor.enabled needs service.enabled",
    ),
    ({"service": {"nodePort": 30000}}, "service.nodePort is for service.type=NodePort or LoadBalancer"),
    ({"serviceMonitor": {"interval": "15s"}}, "serviceMonitor.interval=15s is shorter than serviceMonitor.scrapeTimeout=30s"),
    ({"podMonitor": {"interval": "1m", "scrapeTimeout": "1m1s"}}, "podMonitor.interval=1m is shorter than"),
    ({"podMonitor": {"interval": "10m"}}, "podMonitor.interval=10m is longer than 4m"),
    ({"serviceMonitor": {"podsInterval": "3m61s"}}, "serviceMonitor.podsInterval=3m61s is longer than 4m"),
    ({"serviceMonitor": {"podsInterval": "4m", "params": {"collect[]": ["pod"]}}}, "serviceMonitor.podsInterval and"),
    ({"podMonitor": {"podsInterval": "4m", "params": {"collect[]": ["pod"]}}}, "podMonitor.podsInterval and"),
    (
        {"prometheusScrapeAnnotations": True, "podMonitor": {"enabled": True}},
        "prometheusScrapeAnnotations and a monitor",
    ),
)


# What an empty key in a values file is to Helm: nothing, not even the default.
NOTHING = None


def keys(values, path=()):
    """The paths of all keys."""
    for key, value in values.items():
        yield (*path, key)
        if isinstance(value, dict):
            yield from keys(value, (*path, key))


def without(path):
    """The chart's own values, everything switched on, with nothing at one place."""
    values = {
        "networkPolicy": {"enabled": True},
        "prometheusRule": {"enabled": True},
        "dashboards": {"enabled": True},
        "state": {"persistence": {"enabled": True}},
        "podMonitor" if path[0] == "podMonitor" else "serviceMonitor": {"enabled": True},
    }
    place = values
    for key in path[:-1]:
        place = place.setdefault(key, {})
    place[path[-1]] = NOTHING
    return values


class RefusalTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.helms = both()

    def refused(self, values, *words):
        for helm in self.helms:
            with self.subTest(helm=helm.name, values=values):
                with self.assertRaises(HelmError) as caught:
                    helm.template(values)
                for word in words:
                    self.assertIn(word, str(caught.exception))

    def test_by_the_schema(self):
        for values, *words in BY_SCHEMA:
            self.refused(values, "values don't meet the specifications of the schema", *words)

    def test_by_the_templates(self):
        for values, words in BY_TEMPLATE:
            self.refused(values, "templates/validate.yaml", words)

    def test_all_problems_at_once(self):
        values = {"kubecost": {"preset": "custom", "auth": {"basic": SECRET}}, "web": {"address": "127.0.0.1"}}
        self.refused(values, "kubecost.url is wanted", "basic.username or usernameKey", "web.address=127.0.0.1")

    def test_what_an_umbrella_chart_hands_down_is_taken(self):
        for helm in self.helms:
            helm.template({"enabled": True, "global": {"storageClass": "fast"}})

    def test_an_empty_key_is_taken_or_named(self):
        """Everything of a map commented out, as it happens: never an error of the template engine."""
        helm = self.helms[-1]
        refused = set()
        for path in keys(yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))):
            with self.subTest(path=path):
                try:
                    kinds = {manifest["kind"] for manifest in parse(helm.template(without(path)))}
                    self.assertIn("Deployment", kinds)
                except HelmError as error:
                    refused.add(path)
                    self.assertRegex(str(error), f"missing property '{path[-1]}'|validate.yaml:1.*\n.*{path[-1]}")
        for path in ("config", "podLabels", "commonLabels", "podAnnotations", "imagePullSecrets", "global", "resources"):
            self.assertNotIn((path,), refused)
        self.assertIn(("mode",), refused)

    def test_null_is_no_setting(self):
        for helm in self.helms:
            rendered = helm.template({"config": {"day.keep": None, "currency": "EUR"}})
            self.assertNotIn("--day.keep", rendered)
            self.assertIn("--currency=EUR", rendered)


if __name__ == "__main__":
    unittest.main()
