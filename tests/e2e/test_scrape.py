"""What a scraper can choose: compression and parts; the former exporter's names; and the currency of it all."""

import concurrent.futures
import gzip
import itertools
import json
import time
import unittest
import zlib

from stage import exposition
from stage.gateway import ConfiguredPrometheus, Service
from stage.harness import PATIENCE, require_tool, run, wait_until
from stage.oracle import LEVEL_LABELS, difference
from stage.programs import ONE_DAY, Clock, Stage
from stage.replay import ReplayServer
from test_web import METRICS_TYPE, read_to_end

NOW = "2026-03-05T14:30:07+00:00"
# So slow that nothing becomes due again and Kubecost's numbers stay.
STILL = 0.001
COLLECTORS = ("pod", "namespace", "cluster", "exporter")
LAST_READ = "kubecost_day_last_read_timestamp_seconds"
SCRAPES = "kubecost_exporter_scrapes_total"
# One day, and the settings.
DAY_ONLY = ("--day.keep=1", "--backfill.days=0", "--hour.enabled=false", "--today.enabled=false")
UP = "kubecost_exporter_up"
GZIP = {"Accept-Encoding": "gzip"}
# What stands in the simulated settings beside the currency.
SECRETS = ("marked-secret", "17.31", "73.84")


def inflate(body):
    """The text of exactly one gzip member with nothing behind it."""
    reader = zlib.decompressobj(wbits=31)
    text = reader.decompress(body) + reader.flush()
    if not reader.eof or reader.unused_data:
        raise AssertionError(f"not one whole member: {len(reader.unused_data)} bytes behind it, ended {reader.eof}")
    return text.decode()


def blocks(text):
    """{family: its lines}, in their order."""
    return {part.partition(" ")[0]: part for part in text.split("# HELP ")[1:]}


def collector_of(family):
    if family.startswith(("kubecost_exporter_", "process_")):
        return "exporter"
    level = family.removeprefix("cloudtuner_").split("_")[1]
    return level if level in ("pod", "namespace") else "cluster"


def facts_of(text):
    """All but the exporter's own families and the times of reading."""
    found = blocks(text).items()
    return {name: block for name, block in found if collector_of(name) != "exporter" and name != LAST_READ}


class Passage(Service):
    """Hands scrapes on and remembers how they were encoded: [(asked for, answered)]."""

    def __init__(self, exporter):
        super().__init__()
        self.exporter = exporter
        self.encodings = []

    def handle(self, method, path, headers, read):
        accepted = {name: text for name, text in headers.items() if name.startswith("Accept")}
        response = self.exporter.request(method, path, accepted)
        self.encodings.append((accepted.get("Accept-Encoding"), response.headers["Content-Encoding"]))
        told = {name: text for name, text in response.headers.items() if name.startswith("Content-")}
        return response.status, told, response.body


class ScrapeStage(Stage):
    def passage(self, exporter):
        return self._start(Passage, exporter)

    def prometheus_with(self, target, jobs):
        """`jobs`: {name: (interval, parameters)}"""
        configs = [
            {
                "job_name": name,
                "honor_labels": True,
                "scrape_interval": interval,
                "scrape_timeout": "1s",
                "params": parameters,
                "static_configs": [{"targets": [f"{target.host}:{target.port}"], "labels": {"instance": "exporter"}}],
            }
            for name, (interval, parameters) in jobs.items()
        ]
        binary = require_tool("PROMETHEUS", "prometheus")
        return self._start(ConfiguredPrometheus, binary, self.folder(), {"scrape_configs": configs})

    def still(self):
        """An exporter that has read all there is, on a clock that hardly moves."""
        clock = Clock(NOW, STILL)
        simulator = self.simulator("--pods=60", "--clusters=2", clock=clock)
        exporter = self.exporter(simulator.url, "--today.pods", clock=clock)
        exporter.wait_for_dates(15)
        for view in ("hour", "today"):
            wait_until(lambda v=view: exporter.value("kubecost_exporter_view_up", view=v) == 1, exporter.describe)
        return exporter


class StillCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stage = ScrapeStage.of(cls)
        cls.exporter = cls.stage.still()

    def scrape(self, query="", headers=None, status=200):
        response = self.exporter.request("GET", "/metrics" + (f"?{query}" if query else ""), headers)
        self.assertEqual(status, response.status, response.body[:500])
        return response

    def text(self, query="", headers=None):
        response = self.scrape(query, headers)
        self.assertEqual("gzip" if headers else None, response.headers["Content-Encoding"])
        return inflate(response.body) if headers else response.body.decode()

    def assert_same_scrape(self, expected, found):
        """Byte by byte, and the exporter's own families alike but for their values."""
        self.assertEqual(list(blocks(expected)), list(blocks(found)))
        for (name, wanted), block in zip(blocks(expected).items(), blocks(found).values(), strict=True):
            if collector_of(name) != "exporter":
                self.assertEqual(wanted, block)
            else:
                one, other = (exposition.parse("# HELP " + text)[name].samples.keys() for text in (wanted, block))
                self.assertEqual(one, other)


class GzipTest(StillCase):
    def test_it_is_the_same_text(self):
        response, text = self.scrape(headers=GZIP), self.text()
        for name, value in (("Content-Type", METRICS_TYPE), ("Content-Encoding", "gzip")):
            self.assertEqual([value], response.headers.get_all(name))
        self.assertEqual(inflate(response.body), gzip.decompress(response.body).decode())
        self.assert_same_scrape(text, inflate(response.body))
        self.assertLess(len(response.body), len(text) / 4)
        for each in (response, self.scrape()):
            self.assertIn("Accept-Encoding", each.headers["Vary"])

    def test_curl(self):
        curl = require_tool("CURL", "curl")
        url = f"http://{self.exporter.host}:{self.exporter.port}/metrics"
        for version in ("--http1.1", "--http1.0"):
            plain, compressed = (run(curl, "-sS", "-q", "-D-", version, *flag, url) for flag in ((), ("--compressed",)))
            self.assertEqual([(0, b"")] * 2, [(each.returncode, each.stderr) for each in (plain, compressed)])
            (_, _, text), (head, _, same) = (f.stdout.decode().partition("\r\n\r\n") for f in (plain, compressed))
            self.assertIn("Content-Encoding: gzip\r\n", head + "\r\n")
            self.assert_same_scrape(text, same)

    def test_http_1_0_without_chunks(self):
        with self.exporter.connect() as raw:
            raw.sendall(b"GET /metrics HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n")
            head, _, body = read_to_end(raw).partition(b"\r\n\r\n")
        self.assertIn(b"Content-Encoding: gzip", head)
        self.assertNotIn(b"chunked", head)
        self.assert_same_scrape(self.text(), inflate(body))

    def test_head_has_the_headers_of_get(self):
        for headers in ({}, GZIP):
            get, head = (self.exporter.request(method, "/metrics", headers) for method in ("GET", "HEAD"))
            del get.headers["Date"], head.headers["Date"]
            self.assertEqual((200, get.headers.items(), b""), (head.status, head.headers.items(), head.body))

    def test_own_metrics_are_fresh_in_each_scrape(self):
        def scrapes():
            return exposition.value(exposition.parse(self.text(headers=GZIP)), SCRAPES)

        before = scrapes()
        # The count follows the last byte, so a reader may be faster.
        wait_until(lambda: scrapes() > before, "a compressed scrape being counted")

    def test_prometheus_stores_the_same_numbers(self):
        passage = self.stage.passage(self.exporter)
        prometheus = self.stage.prometheus_with(passage, {"kubecost": ("1s", {})})
        query = '{__name__=~"kubecost_.+",__name__!~"kubecost_exporter_.+"}'
        wait_until(lambda: prometheus.query(query), "facts in Prometheus", interval=0.2)
        expected = {}
        for name, family in exposition.parse(self.text()).items():
            for (_, labels), value in family.samples.items() if collector_of(name) != "exporter" else ():
                stored = {"job": "kubecost", "instance": "exporter", **dict(labels)}
                expected[name, frozenset((label, text) for label, text in stored.items() if text)] = value
        self.assertEqual("", difference(expected, prometheus.query(query)))
        self.assertEqual({("gzip", "gzip")}, set(passage.encodings))
        own = f"{SCRAPES} - {SCRAPES} offset 3s > 0"
        wait_until(lambda: prometheus.query(own), "fresh metrics of the exporter in Prometheus", interval=0.2)


class CrowdTest(unittest.TestCase):
    def test_all_scrapes_are_whole_while_days_are_read_again(self):
        clock = Clock(NOW, 60)  # a new snapshot each second
        stage = Stage.of(self)
        simulator = stage.simulator("--pods=400", clock=clock)
        flags = ("--day.refresh=1m", "--day.refresh-max=1m", "--web.max-requests=20", "--web.threads=24")
        exporter = stage.exporter(simulator.url, *ONE_DAY, *flags, clock=clock)
        exporter.wait_for_day()
        queries = ("", "collect[]=pod&collect[]=cluster", "collect[]=cluster&collect[]=exporter")
        wanted = {query: facts_of(exporter.get(f"/metrics?{query}").decode()) for query in queries}
        snapshots = set()
        deadline = time.monotonic() + 2 * PATIENCE

        def scrape(number):
            """Fails by what it raises."""
            for turn in itertools.count(number):
                if len(snapshots) >= 6 or time.monotonic() > deadline:
                    return
                query = queries[turn % len(queries)]
                is_plain = turn % 7 == 0
                response = exporter.request("GET", f"/metrics?{query}", {} if is_plain else GZIP)
                text = response.body.decode() if is_plain else inflate(response.body)
                self.assertEqual((200, wanted[query]), (response.status, facts_of(text)))
                snapshots.add(blocks(text)[LAST_READ])

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(scrape, range(8)))
        self.assertGreaterEqual(len(snapshots), 6)


class CollectTest(StillCase):
    def test_every_choice_is_its_part_of_the_whole(self):
        whole = self.text()
        self.assertEqual(set(COLLECTORS), set(map(collector_of, blocks(whole))))
        for chosen in itertools.chain(*(itertools.combinations(COLLECTORS, n) for n in range(1, 5))):
            kept = [block for name, block in blocks(whole).items() if collector_of(name) in chosen]
            expected = "".join("# HELP " + block for block in kept)
            query = "&".join(f"collect[]={name}" for name in chosen)
            self.assert_same_scrape(expected, self.text(query))
            self.assert_same_scrape(expected, self.text(query, GZIP))

    def test_spelling(self):
        pods = list(blocks(self.text("collect[]=pod")))
        for query in ("collect%5B%5D=pod", "x=y&collect[]=pod&window=1h", "collect[]=p%6fd&collect[]=pod"):
            self.assertEqual(pods, list(blocks(self.text(query))), query)
        whole = self.text()
        for query in ("collect=pod", "exclude[]=pod", "window=1d&x", "&&", "%", "name[]=up"):
            self.assert_same_scrape(whole, self.text(query))

    def test_an_unknown_one_is_refused_in_words(self):
        for value in ("pods", "", "Pod", "pod,namespace", "pod%00", "%22%0a%3Cb%3E", "x" * 5000):
            for query in (f"collect[]={value}", f"collect[]=pod&collect[]={value}"):
                response = self.scrape(query, GZIP, status=400)
                self.assertEqual("text/plain; charset=utf-8", response.headers["Content-Type"])
                self.assertRegex(response.body, rb'\Acollect\[\]: ".*" is not one of pod, namespace, cluster')
                self.assertLess(len(response.body), 1000)

    def test_two_jobs_together_are_one_job(self):
        pods, rest = ({"collect[]": chosen} for chosen in (["pod"], ["namespace", "cluster", "exporter"]))
        jobs = {"whole": ("1s", {}), "pods": ("2s", pods), "rest": ("1s", rest)}
        prometheus = self.stage.prometheus_with(self.exporter, jobs)

        def series(job):
            found = prometheus.query(f'{{__name__=~"kubecost_.+|process_.+",job="{job}"}}')
            return {(name, labels - {("job", job)}): value for (name, labels), value in found.items()}

        wait_until(lambda: all(map(series, jobs)), "all jobs in Prometheus", interval=0.2)
        whole, pods, rest = map(series, jobs)
        self.assertFalse(pods.keys() & rest.keys())
        self.assertTrue(all(name.startswith("kubecost_pod_") for name, _ in pods))
        self.assertEqual(set(whole), set(pods) | set(rest))
        facts = [key for key in whole if collector_of(key[0]) != "exporter"]
        self.assertEqual([whole[key] for key in facts], [{**pods, **rest}[key] for key in facts])


class MoneyCase(unittest.TestCase):
    def start(self, *flags, settings=(), pods=20, fault=None, path="Configs", scale=STILL):
        clock = Clock(NOW, scale)
        self.stage = ScrapeStage.of(self)
        self.simulator = self.stage.simulator(f"--pods={pods}", "--clusters=2", *settings, clock=clock)
        self.simulator.set_fault(fault or "none", path=path)
        return self.stage.exporter(self.simulator.url, *DAY_ONLY, *flags, clock=clock)

    def currency(self, exporter):
        ((_, labels),) = exporter.own_families()["kubecost_exporter_config_info"].samples
        return dict(labels)["currency"]

    def compat_currencies(self, exporter):
        families = [family for name, family in exporter.families().items() if name.startswith("cloudtuner_")]
        return {dict(labels)["currency"] for family in families for _, labels in family.samples}

    def wait_for_polls(self, exporter, count):
        """Until the currency has been asked for so often."""

        def is_enough():
            name = "kubecost_exporter_polls_total"
            polls = [exporter.value(name, view="currency", result=result) or 0 for result in ("success", "error")]
            return sum(polls) >= count

        wait_until(is_enough, exporter.describe, 2 * PATIENCE)


class CompatibilityTest(MoneyCase):
    """The selectors of the former exporter's reader."""

    COSTS = {"total": "total", "cpu": "cpu", "ram": "memory", "pv": "pv", "network": "network", "lb": "load_balancer"}

    def test_the_days_cost_by_the_readers_own_arithmetic(self):
        exporter = self.start("--compat.cloudtuner", settings=("--currency=EUR",), pods=300)
        wait_until(lambda: self.compat_currencies(exporter) == {"EUR"}, exporter.describe)
        prometheus = self.stage.prometheus_with(exporter, {"kubecost": ("1s", {})})
        names = 'count by (__name__) ({__name__=~"cloudtuner_kubecost_.+"})'
        wait_until(lambda: prometheus.query(names), "series in Prometheus", interval=0.2)
        self.assertEqual(27, len(prometheus.query(names)))
        columns = [(f"{old}_cost", new, 24) for old, new in self.COSTS.items()]
        columns += [(f"{old}_efficiency", f"{self.COSTS[old]}_efficiency", 1) for old in ("cpu", "ram", "total")]
        for level, labels in LEVEL_LABELS.items():
            entries = self.simulator.oracle(exporter.day(), level)
            self.assertGreater(len(entries), {"cluster": 1, "namespace": 10, "pod": 300}[level])
            for old, new, hours in columns:
                by = ",".join((*labels, "currency"))
                found = prometheus.query(f"sum by ({by}) (cloudtuner_kubecost_{level}_{old}) * {hours}")
                expected = {}
                for entry in entries:
                    if entry[new] is not None and not (level == "pod" and old == "lb_cost" and entry[new] == 0):
                        key = [(label, entry[label]) for label in labels] + [("currency", "EUR")]
                        expected["", frozenset(key)] = entry[new]
                self.assertTrue(expected)
                self.assertEqual(expected.keys(), found.keys(), (level, old))
                for key, value in expected.items():
                    self.assertAlmostEqual(value, found[key], delta=1e-12 * abs(value), msg=(level, old, key))

    def test_the_flag_for_the_currency_wins_and_nobody_is_asked(self):
        exporter = self.start("--compat.cloudtuner", "--currency=CHF", settings=("--currency=EUR",))
        exporter.wait_for_day()
        self.assertEqual(({"CHF"}, "CHF"), (self.compat_currencies(exporter), self.currency(exporter)))
        self.assertNotIn("Configs", str(self.simulator.requests()))

    def test_never_under_another_currency_than_kubecosts(self):
        """The newest day is there, and Kubecost takes its time with the next."""
        flags = ("--compat.cloudtuner", "--day.keep=2")
        exporter = self.start(*flags, settings=("--currency=EUR",), fault="hang", path="window=2026-03-03")
        wait_until(lambda: self.compat_currencies(exporter), exporter.describe)
        self.assertEqual(({"EUR"}, "EUR"), (self.compat_currencies(exporter), self.currency(exporter)))


class CurrencyTest(MoneyCase):
    def test_what_kubecost_says(self):
        for product, endpoint in itertools.product(("kubecost", "opencost"), ("getConfigs", "productConfigs")):
            settings = ("--currency=EUR", f"--product={product}", f"--currency-endpoint={endpoint}")
            exporter = self.start(settings=settings)
            wait_until(lambda e=exporter: self.currency(e) == "EUR", exporter.describe)
            self.assertEqual(1, exporter.value(UP))
            self.assertIn(endpoint, str(self.simulator.requests()))

    def test_settings_that_cannot_be_had_do_no_harm(self):
        faults = ("http_401", "http_403", "http_500", "http_503", "html", "redirect", "not_json", "empty_body")
        for fault in (None, *faults):
            exporter = self.start(settings=("--currency=EUR",) if fault else (), fault=fault)
            exporter.wait_for_day()
            self.wait_for_polls(exporter, 1)
            wait_until(lambda e=exporter: e.value(UP) == 1, exporter.describe)
            self.assertEqual("USD", self.currency(exporter), fault)
            self.assertNotIn("cloudtuner_", exporter.scrape(), "without its flag")

    def test_a_currency_once_told_outlasts_bad_answers(self):
        exporter = self.start(settings=("--currency=EUR",), scale=7200)
        wait_until(lambda: self.currency(exporter) == "EUR", exporter.describe)
        for count, fault in ((2, "http_503"), (3, "http_401")):
            self.simulator.set_fault(fault, path="Configs")
            self.wait_for_polls(exporter, count)
            self.assertEqual("EUR", self.currency(exporter), fault)

    def test_nothing_else_of_the_settings_is_ever_told(self):
        codes = {"EUR": "EUR", "euros": ""}
        for (setting, code), endpoint in itertools.product(codes.items(), ("getConfigs", "productConfigs")):
            settings = (f"--currency={setting}", f"--currency-endpoint={endpoint}")
            exporter = self.start("--log.level=debug", "--compat.cloudtuner", settings=settings)
            exporter.wait_for_day()
            self.wait_for_polls(exporter, 1)
            self.assertEqual(code, self.currency(exporter))
            told = [exporter.request("GET", path).body.decode() for path in ("/metrics", "/", "/healthz", "/none")]
            told += exporter.output["stdout"] + exporter.output["stderr"]
            self.assertTrue([line for line in told if "msg=request" in line and endpoint in line])
            for secret in SECRETS:
                self.assertEqual([], [text for text in told if secret in text], secret)

    def test_nothing_of_broken_settings_either(self):
        settings = {"serviceKeySecret": "marked-secret-key", "currencyCode": {"marked-secret": "EUR"}}
        text = json.dumps({"code": 200, "data": settings})
        for body in (text, text[:-10], text[:40], text + text, f"marked-secret {text}", json.dumps([settings])):
            stage = Stage.of(self)
            server = ReplayServer(lambda *_, body=body: (200, "application/json", body.encode()))
            stage.callback(server.close)
            exporter = stage.exporter(server.url, "--log.level=debug", "--kubecost.api=kubecost", *DAY_ONLY)
            self.wait_for_polls(exporter, 1)
            told = [exporter.scrape(), *exporter.output["stdout"], *exporter.output["stderr"]]
            self.assertEqual([], [line for line in told if "marked-secret" in line], body)
            self.assertEqual("USD", self.currency(exporter))


if __name__ == "__main__":
    unittest.main()
