"""From the simulator's own knowledge to the series that the metric contract asks for."""

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


def expected_facts(simulator, day):
    """All series of a day, kubecost_cluster_info included."""
    facts = {}
    for level in LEVEL_LABELS:
        facts.update(level_facts(level, simulator.oracle(day, level)))
    prefix = "/model" if "--product=opencost" not in simulator.argv else ""
    info = json.loads(simulator.get(f"{prefix}/clusterInfo"))["data"]
    facts["kubecost_cluster_info", frozenset((key.lower(), value) for key, value in info.items())] = 1.0
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
