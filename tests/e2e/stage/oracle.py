"""From the simulator's own knowledge to the series that the metric contract asks for."""

import datetime
import decimal
import json

RESOURCES = ("cpu", "gpu", "memory", "pv", "network", "load_balancer", "shared", "external")
EFFICIENCIES = ("cpu_efficiency", "memory_efficiency", "total_efficiency")
SPECIAL_ROWS = ("idle", "unallocated", "unmounted")
LEVEL_LABELS = {
    "cluster": ("cluster",),
    "namespace": ("cluster", "namespace"),
    "pod": ("cluster", "namespace", "pod"),
}
# Zero is left out on pod level: most pods have none of these.
SPARSE_ON_PODS = ("gpu", "load_balancer", "shared", "external")


def _values(level, entry):
    """(end of the family's name, value or None)"""
    yield "total_cost", entry["total"]
    for resource in RESOURCES:
        left_out = level == "pod" and resource in SPARSE_ON_PODS and entry[resource] == 0
        yield f"{resource}_cost", None if left_out else entry[resource]
    for efficiency in EFFICIENCIES:
        yield efficiency, entry[efficiency]
    if level == "cluster":
        for special in SPECIAL_ROWS:
            yield f"{special}_cost", entry[special]


def level_facts(level, entries):
    """{(name, frozenset of labels): value} of the entries of one level; unknown values have no series."""
    facts = {}
    for entry in entries:
        labels = {label: entry[label] for label in LEVEL_LABELS[level]}
        for end, value in _values(level, entry):
            if value is not None:
                facts[f"kubecost_{level}_{end}", frozenset(labels.items())] = float(value)
        if level == "pod":
            attributes = {key: entry[key] for key in ("node", "controller_kind", "controller")}
            facts["kubecost_pod_info", frozenset({**labels, **attributes}.items())] = 1.0
    return facts


def days_before(day, count, offset=datetime.timedelta()):
    """The last `count` days up to `day`, a pair of RFC 3339 times: {date: pair}, the date at the UTC offset."""
    days = {}
    for back in range(count):
        start, end = (datetime.datetime.fromisoformat(t) - back * datetime.timedelta(days=1) for t in day)
        days[str((start + offset).date())] = tuple(t.strftime("%Y-%m-%dT%H:%M:%SZ") for t in (start, end))
    return days


def _difference(cluster, entries):
    """Cluster total minus the sum of a level, exact in decimal; None where an amount is unknown."""
    totals = [entry["total"] for entry in entries if entry["cluster"] == cluster["cluster"]]
    if cluster["total"] is None or None in totals:
        return None
    return float(decimal.Decimal(repr(cluster["total"])) - sum(decimal.Decimal(repr(total)) for total in totals))


def _status_facts(levels, date, settled, with_pods):
    for cluster in levels["cluster"]:
        labels = {"cluster": cluster["cluster"], "date": date}
        differences = {level: _difference(cluster, levels[level]) for level in ("namespace", "pod")[: 1 + with_pods]}
        rows = [entry for level in levels.values() for entry in level if entry["cluster"] == cluster["cluster"]]
        bound = 5e-6 * sum(entry["rows"] for entry in rows)
        reconciles = all(value is not None and abs(value) <= bound for value in differences.values())
        yield "kubecost_day_complete", labels, float(with_pods and reconciles)
        yield "kubecost_day_settled", labels, float(settled)
        if with_pods:
            yield "kubecost_day_coverage_ratio", labels, cluster["coverage"]
            yield "kubecost_day_pods", labels, float(cluster["pods"])
        for level, value in differences.items():
            yield "kubecost_reconciliation_difference", {**labels, "level": level}, value


def daily_facts(simulator, date, day, settled, with_pods=True, proven=True):
    """All series of a day that carry its date, but for the time when it was read. One that is not proven is neither
    complete nor settled: nothing is remembered of the cluster, and no second reading was made."""
    facts = {}
    levels = {level: simulator.oracle(day, level) for level in LEVEL_LABELS}
    for level, entries in levels.items():
        if level == "pod" and not with_pods:
            continue
        for entry in entries:
            labels = {**{label: entry[label] for label in LEVEL_LABELS[level]}, "date": date}
            values = [(f"kubecost_{level}_daily_cost", labels, entry["total"])]
            if level == "pod":
                attributes = {key: entry[key] for key in ("node", "controller_kind", "controller")}
                values.append(("kubecost_pod_daily_info", {**labels, **attributes}, 1.0))
            else:
                values += [
                    (f"kubecost_{level}_daily_resource_cost", {**labels, "resource": resource}, entry[resource])
                    for resource in RESOURCES
                ]
            for name, of, value in values:
                if value is not None:
                    facts[name, frozenset(of.items())] = float(value)
    for name, of, value in _status_facts(levels, date, settled, with_pods):
        if not proven and name in ("kubecost_day_complete", "kubecost_day_settled"):
            value = 0.0
        if value is not None:
            facts[name, frozenset(of.items())] = value
    return facts


def expected_facts(simulator, day):
    """All series of the plain families for a day, kubecost_cluster_info included."""
    facts = {}
    for level in LEVEL_LABELS:
        facts.update(level_facts(level, simulator.oracle(day, level)))
    prefix = "/model" if "--product=opencost" not in simulator.argv else ""
    info = json.loads(simulator.get(f"{prefix}/clusterInfo"))["data"]
    labels = {key.lower(): value for key, value in info.items()} | {"cluster": info["id"]}
    facts["kubecost_cluster_info", frozenset(labels.items())] = 1.0
    return facts


def difference(expected, found):
    """"" when equal, else the first differences in words."""

    def series(key):
        return key[0] + json.dumps(dict(sorted(key[1])))

    missing = sorted(map(series, expected.keys() - found.keys()))
    extra = sorted(map(series, found.keys() - expected.keys()))
    other = sorted(
        f"{series(key)} is {found[key]!r} instead of {expected[key]!r}"
        for key in expected.keys() & found.keys()
        if expected[key] != found[key]
    )
    parts = []
    for what, lines in (("missing", missing), ("not expected", extra), ("different", other)):
        if lines:
            parts.append(f"{len(lines)} {what}, such as:\n  " + "\n  ".join(lines[:5]))
    return "\n".join(parts)
