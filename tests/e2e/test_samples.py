"""Recorded answers of real servers, through `render` as they are and through the whole daemon from a replay server.

Every number is compared with one that jq computes from the file, independently of our parser. The recordings lie in
KUBECOST_SAMPLES_DIR. A recording answers the aggregation that it was made with; for the coarser levels the replay
server sends the same rows, whose sums must then come out, and for the finer ones too, whose pods mean nothing.
"""

import json
import os
import pathlib
import unittest

from stage import exposition
from stage.harness import require_tool, run, wait_until
from stage.oracle import EFFICIENCIES, LEVEL_LABELS, RESOURCES, SPARSE_ON_PODS
from stage.programs import EXPORTER, ONE_DAY, Stage
from stage.replay import ReplayServer, as_envelope, move_windows

# One object per entity of the level: labels, attributes, costs (component + adjustment, null when a row's is null),
# the number of rows, and the efficiencies of a single row.
JQ = r"""
def named: if . == null or . == "" then "__unallocated__" else . end;
def sum: if any(. == null) then null else add end;
def cost($name): if has($name + "Cost") then
    (if .[$name + "Cost"] == null then null
     elif has($name + "CostAdjustment") and .[$name + "CostAdjustment"] == null then null
     else .[$name + "Cost"] + (.[$name + "CostAdjustment"] // 0) end) else null end;
[(if type == "array" then . else .data end)[] | select(. != null) | to_entries[]
 | (.key | endswith("__idle__")) as $idle | .value as $row | $row.properties as $p
 | {cluster: ($p.cluster // ""),
    namespace: (if $idle then "__idle__" else ($p.namespace | named) end),
    pod: (if $idle then "__idle__" else ($p.pod | named) end),
    node: (if $idle then "" else ($p.node // "") end),
    controller_kind: (if $idle then "" else ($p.controllerKind // "") end),
    controller: (if $idle then "" else ($p.controller // "") end),
    idle: $idle,
    cpu: ($row | cost("cpu")), gpu: ($row | cost("gpu")), memory: ($row | cost("ram")), pv: ($row | cost("pv")),
    network: ($row | cost("network")), load_balancer: ($row | cost("loadBalancer")),
    shared: $row.sharedCost, external: $row.externalCost, total: $row.totalCost,
    cpu_efficiency: $row.cpuEfficiency, memory_efficiency: $row.ramEfficiency,
    total_efficiency: $row.totalEfficiency}]
| group_by([.[$labels[]]])
| map(. as $rows | .[0]
      + ([$costs[] as $c | {($c): ($rows | map(.[$c]) | sum)}] | add)
      + {rows: length, workloads: (map(select(.idle | not)) | length)})
"""
COSTS = ("total", *RESOURCES)
TOLERANCE = 1e-9


def samples():
    folder = os.environ.get("KUBECOST_SAMPLES_DIR")
    if not folder:
        raise unittest.SkipTest("KUBECOST_SAMPLES_DIR is missing: set it to a folder of recorded answers")
    files = sorted(pathlib.Path(folder).glob("*.json"))
    if not files:
        raise AssertionError(f"KUBECOST_SAMPLES_DIR={folder} holds no *.json")
    return files


def jq(program, file, *arguments):
    done = run(require_tool("JQ", "jq"), "-c", *arguments, program, file)
    if done.returncode != 0:
        raise AssertionError(f"jq: {done.stderr.decode()}")
    return json.loads(done.stdout)


def is_error(file):
    return jq('type == "object" and (.code // 200) != 200', file)


def finest_level(file):
    """A recording in which a namespace has several rows was aggregated by pod."""
    rows = jq('[(if type == "array" then . else .data end)[] | .[] | .properties.namespace]', file)
    return "pod" if len(rows) != len(set(rows)) else "namespace"


class SamplesTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        require_tool("JQ", "jq")
        files = samples()
        cls.errors = [file for file in files if is_error(file)]
        cls.recordings = [file for file in files if file not in cls.errors]
        if not cls.recordings or not cls.errors:
            raise AssertionError(f"recordings: {cls.recordings}, errors: {cls.errors}")

    def entities(self, file, level):
        labels = json.dumps(LEVEL_LABELS[level])
        costs = json.dumps(COSTS)
        return jq(JQ, file, "--argjson", "labels", labels, "--argjson", "costs", costs)

    def check_level(self, families, file, level):
        labels = LEVEL_LABELS[level]
        entities = self.entities(file, level)
        self.assertTrue(entities)

        def key(entity):
            return tuple(entity[label] for label in labels) if len(labels) > 1 else entity[labels[0]]

        def check(name, wanted):
            with self.subTest(file=file.name, family=name):
                found = exposition.values(families, name, *labels)
                wanted = {k: v for k, v in wanted.items() if v is not None}
                self.assertEqual(wanted.keys(), found.keys())
                for k, v in wanted.items():
                    self.assertAlmostEqual(v, found[k], delta=TOLERANCE, msg=f"{name} {k}")

        for cost in COSTS:
            wanted = {key(entity): entity[cost] for entity in entities}
            if level == "pod" and cost in SPARSE_ON_PODS:
                wanted = {k: v for k, v in wanted.items() if v != 0}
            if cost == "total":
                # Never a total without one of its parts.
                whole = {key(e): all(e[part] is not None for part in RESOURCES) for e in entities}
                wanted = {k: v for k, v in wanted.items() if whole[k]}
            check(f"kubecost_{level}_{cost}_cost", wanted)
        single = [entity for entity in entities if entity["rows"] == 1]
        if len(single) == len(entities) and level != "cluster":
            for efficiency in EFFICIENCIES:
                check(f"kubecost_{level}_{efficiency}", {key(entity): entity[efficiency] for entity in single})
        if level == "pod":
            attributes = ("node", "controller_kind", "controller")
            wanted = {(*key(entity), *(entity[a] for a in attributes)): 1.0 for entity in entities}
            with self.subTest(file=file.name, family="kubecost_pod_info"):
                self.assertEqual(wanted, exposition.values(families, "kubecost_pod_info", *labels, *attributes))

    def test_render_as_they_are(self):
        for file in self.recordings:
            levels = ("pod", "namespace", "cluster") if finest_level(file) == "pod" else ("namespace", "cluster")
            for level in levels:
                done = run(EXPORTER, "render", file, f"--level={level}")
                self.assertEqual((0, b""), (done.returncode, done.stderr), file)
                families = exposition.parse(done.stdout)
                self.assertEqual({level}, {name.split("_")[1] for name in families})
                self.check_level(families, file, level)

    def test_through_the_daemon(self):
        for file in self.recordings:
            with self.subTest(file=file.name):
                self.replay(file, "/model" if "data-array" in file.name else "")

    def replay(self, file, prefix):
        """`prefix`: what the server has before its paths; the exporter finds that by itself."""
        stage = Stage.of(self)
        body = as_envelope(file.read_bytes())
        cluster = self.entities(file, "cluster")[0]["cluster"]

        def answer(path, parameters):
            if path == f"{prefix}/allocation":
                return 200, "application/json", move_windows(body, parameters["window"][0])
            if path == f"{prefix}/clusterInfo":
                info = {"code": 200, "data": {"id": cluster, "name": cluster, "provider": "recorded"}}
                return 200, "application/json", json.dumps(info).encode()
            return 404, "text/plain; charset=utf-8", b"404 page not found\n"

        server = ReplayServer(answer)
        stage.callback(server.close)
        exporter = stage.exporter(server.url, *ONE_DAY)
        exporter.wait_for_day()
        families = exporter.families()
        self.assertEqual(1, exposition.value(families, "kubecost_exporter_up"))
        self.assertEqual([], exporter.log("level=warn"))
        levels = ("pod", "namespace", "cluster") if finest_level(file) == "pod" else ("namespace", "cluster")
        for level in levels:
            self.check_level(families, file, level)
        special = {"idle": "__idle__", "unallocated": "__unallocated__", "unmounted": "__unmounted__"}
        totals = {(e["cluster"], e["namespace"]): e["total"] for e in self.entities(file, "namespace")}
        for name, namespace in special.items():
            wanted = {c: total for (c, ns), total in totals.items() if ns == namespace}
            self.assertEqual(wanted, exposition.values(families, f"kubecost_cluster_{name}_cost", "cluster"))
        self.assertEqual(
            {(cluster, cluster, "recorded"): 1.0},
            exposition.values(families, "kubecost_cluster_info", "id", "name", "provider"),
        )
        exporter.kill()

    def test_recorded_errors(self):
        for file in self.errors:
            message = jq(".message", file)
            words = message.split("\n")[0]
            with self.subTest(file=file.name, by="render"):
                done = run(EXPORTER, "render", file, "--level=namespace")
                self.assertEqual((1, b""), (done.returncode, done.stdout))
                self.assertIn(words, done.stderr.decode())
                self.assertIn(str(jq(".code", file)), done.stderr.decode())
                self.assertIn(file.name, done.stderr.decode())
            with self.subTest(file=file.name, by="daemon"):
                body = file.read_bytes()
                stage = Stage.of(self)
                server = ReplayServer(lambda path, _: (500, "application/json", body))
                stage.callback(server.close)
                exporter = stage.exporter(server.url, "--cluster-info=off", *ONE_DAY)
                reason = "kubecost_exporter_api_errors_total"
                wait_until(lambda: exporter.value(reason, reason="http_5xx") == 1, exporter.describe)
                self.assertIn(words, exporter.wait_for_log("view=day")[0])
                self.assertIn("HTTP 500", exporter.wait_for_log("view=day")[0])


if __name__ == "__main__":
    unittest.main()
