"""What the server in front of the exporter gets to see: paths, windows, aggregations, parameters, headers."""

import datetime
import unittest
import urllib.parse

from stage.harness import wait_until
from stage.programs import ONE_DAY, Clock, Stage
from stage.replay import ReplayServer

AGGREGATES = [
    "cluster",
    "cluster,namespace,pod,node,controllerKind,controller",
    "cluster,namespace",
    "cluster",
]
ALWAYS = {
    "accumulate": "true",
    "costMetric": "cumulative",
    "external": "false",
    "shareIdle": "false",
    "idle": "true",
    "includeIdle": "true",
    "splitIdle": "true",
    "shareTenancyCosts": "true",
}
WINDOW = "2026-03-04T00:00:00Z,2026-03-05T00:00:00Z"


class RequestsTest(unittest.TestCase):
    def requests(self, *flags, simulator_flags=(), now="2026-03-05T03:00:00+00:00"):
        """One reading of a day; returns the targets that the simulator saw."""
        clock = Clock(now)
        stage = Stage.of(self)
        simulator = stage.simulator("--pods=20", *simulator_flags, clock=clock)
        exporter = stage.exporter(simulator.url, *ONE_DAY, *flags, clock=clock)
        exporter.wait_for_day()
        return simulator.requests()

    def check(self, targets, prefix, window, **changed):
        paths = [target.partition("?")[0] for target in targets]
        self.assertEqual([f"{prefix}/clusterInfo"] + [f"{prefix}/allocation"] * 4, paths)
        self.assertNotIn("?", targets[0])
        for target, aggregate in zip(targets[1:], AGGREGATES, strict=True):
            # Whatever is not unreserved, ':' or ',' must have been encoded.
            self.assertRegex(target.partition("?")[2], r"\A[A-Za-z0-9._~%:,=&-]+\Z")
            wanted = {**ALWAYS, "window": window, "aggregate": aggregate, **changed}
            parameters = urllib.parse.parse_qsl(target.partition("?")[2], strict_parsing=True)
            self.assertEqual(len(wanted), len(parameters), target)
            self.assertEqual(wanted, dict(parameters))

    def test_kubecost(self):
        self.check(self.requests(), "/model", WINDOW)

    def test_before_two_in_the_morning_the_day_before_is_the_newest_complete_one(self):
        window = "2026-03-03T00:00:00Z,2026-03-04T00:00:00Z"
        self.check(self.requests(now="2026-03-05T01:50:00+00:00"), "/model", window)
        self.check(self.requests("--day.close-delay=1h", now="2026-03-05T01:50:00+00:00"), "/model", WINDOW)

    def test_utc_offset(self):
        window = "2026-03-03T18:30:00Z,2026-03-04T18:30:00Z"
        targets = self.requests("--day.utc-offset=+05:30", simulator_flags=["--utc-offset=+05:30"])
        self.check(targets, "/model", window)

    def test_opencost_is_found_by_asking_and_then_remembered(self):
        targets = self.requests(simulator_flags=["--product=opencost"])
        self.assertEqual("/model/clusterInfo", targets[0])
        self.check(targets[1:], "", WINDOW, accumulate="false")

    def test_fixed_api(self):
        targets = self.requests("--kubecost.api=opencost", simulator_flags=["--product=opencost"])
        self.check(targets, "", WINDOW, accumulate="false")
        self.check(self.requests("--kubecost.path-prefix=/model"), "/model", WINDOW)

    def test_options_of_the_query(self):
        off = {"idle": "false", "includeIdle": "false", "splitIdle": "false"}
        targets = self.requests("--idle=off", "--share-tenancy-costs=false")
        self.check(targets, "/model", WINDOW, shareTenancyCosts="false", **off)
        targets = self.requests(
            "--idle=share",
            "--share-namespaces=kube-system,monitoring",
            "--share-labels=app:cache",
            '--filter=namespace!:"kube-system"',
        )
        self.check(
            targets,
            "/model",
            WINDOW,
            shareIdle="true",
            shareNamespaces="kube-system,monitoring",
            shareLabels="app:cache",
            filter='namespace!:"kube-system"',
        )

    def test_one_at_a_time_with_honest_headers(self):
        """A server that gives nothing: each level of the day is asked once."""
        stage = Stage.of(self)
        server = ReplayServer(lambda path, _: (200, "application/json", b'{"code":200,"data":null}'))
        stage.callback(server.close)
        for gzip in ("true", "false"):
            server.asked.clear()
            exporter = stage.exporter(
                server.url, "--cluster-info=off", *ONE_DAY, f"--kubecost.gzip={gzip}", '--filter=pod:"a b"+label[x]:"ü|,"'
            )
            wait_until(lambda e=exporter: e.log("reason=empty"), exporter.describe)
            version = exporter.own_families()["kubecost_exporter_build_info"]
            version = dict(next(iter(version.samples))[1])["version"]
            queries = []
            for asked in server.asked:
                self.assertEqual(f"kubecost-allocation-exporter/{version}", asked.headers["User-Agent"])
                self.assertEqual("gzip" if gzip == "true" else "identity", asked.headers.get("Accept-Encoding"))
                self.assertNotIn("Authorization", asked.headers)
                self.assertIn("%2B", asked.target)
                queries.append(dict(urllib.parse.parse_qsl(asked.target.partition("?")[2])))
            self.assertEqual(AGGREGATES[:3], [query["aggregate"] for query in queries])
            parameters = queries[0]
            self.assertEqual('pod:"a b"+label[x]:"ü|,"', parameters["filter"])
            start, end = (datetime.datetime.fromisoformat(t) for t in parameters["window"].split(","))
            self.assertEqual(datetime.timedelta(days=1), end - start)
            self.assertEqual((0, 0, 0), (start.hour, start.minute, start.second))
            # The message names the window that was asked for.
            self.assertIn(parameters["window"], exporter.wait_for_log("reason=empty")[0])


if __name__ == "__main__":
    unittest.main()
