"""Panels that several boards show."""

import grafana as g


def newest_day_by_resource(queries):
    return g.pie(
        "Newest day by resource, $currency",
        "Adjustments are part of each resource. Shared are costs that Kubecost spreads over workloads.",
        queries,
        g.COST,
        size=(8, 9),
    )
