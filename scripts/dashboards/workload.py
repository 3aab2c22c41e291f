"""Controllers and pods."""

import grafana as g
import panels
import queries as q

VARIABLES = [
    g.data_source_variable(),
    g.variable("cluster", "Cluster", "label_values(kubecost_cluster_total_cost, cluster)"),
    g.variable(
        "namespace",
        "Namespace",
        f"label_values(kubecost_pod_info{{{q.CLUSTER},{q.WORKLOADS_ONLY}}}, namespace)",
        all_value=None,
    ),
    g.variable("controller", "Controller", f"label_values(kubecost_pod_info{{{q.NAMESPACE}}}, controller)"),
    g.variable("pod", "Pod", f'label_values(kubecost_pod_info{{{q.NAMESPACE},controller=~"$controller"}}, pod)'),
    g.variable("currency", "Currency", "label_values(kubecost_exporter_config_info, currency)", many=False),
]
OWN = "cluster, namespace, pod"
CHOSEN = f'and on ({OWN}) kubecost_pod_info{{{q.POD},controller=~"$controller"}}'


def ratio(resource):
    """Efficiency of the chosen pods, weighted by cost."""
    cost = q.fold(f"{resource}_cost", "pod")
    if resource == "total":
        cost = f"({q.fold('cpu_cost', 'pod')} + {q.fold('memory_cost', 'pod')})"
    known = q.fold(f"{resource}_efficiency", "pod")
    return f"sum({known} * {cost} {CHOSEN}) / sum({cost} and {known} {CHOSEN})"


def headline():
    return [
        g.row("Now"),
        g.stat(
            "Newest complete day, $currency",
            "Cost of the chosen pods on the newest complete day, all resources, adjustments included.",
            f"sum({q.pods('total_cost')})",
            g.COST,
            size=(5, 4),
        ),
        g.stat(
            "Last hour, $currency per hour",
            "Rate of the last complete hour, not reconciled. Of pods that already ran on the newest complete day.",
            f"sum({q.pods('hourly_cost')})",
            g.COST,
            size=(5, 4),
        ),
        g.stat(
            "Wasted on that day, $currency",
            "What was paid for CPU and memory that was requested and not used.",
            f"sum(({q.wasted('pod')}) {CHOSEN})",
            g.COST,
            size=(5, 4),
        ),
        g.stat(
            "Efficiency",
            "CPU and memory used over requested on that day, weighted by cost.",
            ratio("total"),
            g.SHARE,
            size=(5, 4),
            thresholds=g.steps(("red", None), ("orange", 0.3), ("green", 0.6)),
            color="value",
        ),
        g.stat("Pods on that day", "Pods of the choice that cost something.", f"count({q.pods('total_cost')})", "none"),
    ]


def trends():
    dated = (
        f"max by ({OWN}, date) (kubecost_pod_daily_cost{{{q.POD}}}) and on ({OWN}, date) "
        f'kubecost_pod_daily_info{{{q.POD},controller=~"$controller"}}'
    )
    # Where a resource is left out because it is 0 on every pod.
    by_resource = [(f"sum({q.pods(f'{name}_cost')}) or vector(0)", title) for name, title in q.RESOURCES.items()]
    return [
        g.row("Trend"),
        g.bar_chart(
            "Cost per day by namespace, $currency",
            "The chosen pods on each closed day of the time range, with the value it was last served with.",
            f"sum by (date, namespace) (last_over_time(({dated})[$__range:2h]))",
            "date",
            "namespace",
            g.COST,
            size=(16, 9),
        ),
        panels.newest_day_by_resource(by_resource),
        g.timeseries(
            "Dearest pods, $currency per day",
            "What the newest complete day cost at each moment, for the ten pods that are dearest then.",
            [(f"topk(10, {q.pods('total_cost')})", "{{namespace}}/{{pod}}")],
            g.COST,
            step=g.COST_STEP,
        ),
        g.timeseries(
            "Efficiency",
            "CPU and memory used over requested on the day that was newest at each moment, weighted by cost.",
            [(ratio("cpu"), "CPU"), (ratio("memory"), "Memory")],
            g.SHARE,
            step=g.COST_STEP,
            min=0,
        ),
        g.timeseries(
            "Live rate, $currency per hour",
            "Rate of the last complete hour at each moment, not reconciled; the ten dearest pods, of those that already ran "
            "on the newest complete day. Not part of history brought in by promtool.",
            [(f"topk(10, {q.pods('hourly_cost')})", "{{namespace}}/{{pod}}")],
            g.COST,
        ),
        g.bar_gauge(
            "Newest day by node, $currency",
            "The ten nodes on which the chosen pods cost most. A pod that ran on two is counted on the dearer one.",
            [(f"topk(10, sum by (node) ({q.with_info(q.fold('total_cost', 'pod'), 'node')}))", "{{node}}")],
            g.COST,
            size=(12, 8),
        ),
    ]


def pods():
    labels = {
        "cluster": "Cluster",
        "namespace": "Namespace",
        "pod": "Pod",
        "controller_kind": "Kind",
        "controller": "Controller",
        "node": "Node",
    }
    attributes = "controller_kind, controller, node"
    dearest = f"topk(200, {q.pods('total_cost')})"

    def of(value):
        return q.with_info(f"(({value}) and on ({OWN}) {dearest})", attributes)

    return [
        g.row("Pods on the newest complete day"),
        g.table(
            "Pods, $currency",
            "The 200 dearest pods of the choice. A row chooses the pod.",
            labels,
            [
                g.column("Cost", of(q.fold("total_cost", "pod")), g.COST),
                g.column("CPU", of(q.fold("cpu_cost", "pod")), g.COST),
                g.column("Memory", of(q.fold("memory_cost", "pod")), g.COST),
                g.column("GPU", of(q.fold("gpu_cost", "pod")), g.COST),
                g.column("Volumes", of(q.fold("pv_cost", "pod")), g.COST),
                g.column("Network", of(q.fold("network_cost", "pod")), g.COST),
                g.column("CPU efficiency", of(q.fold("cpu_efficiency", "pod")), g.SHARE),
                g.column("Memory efficiency", of(q.fold("memory_efficiency", "pod")), g.SHARE),
                g.column("Wasted", of(q.wasted("pod")), g.COST),
            ],
            sort="Cost",
            size=(24, 12),
            links={
                "Pod": [
                    g.link(
                        "Show this pod alone",
                        q.WORKLOADS,
                        cluster="${__data.fields.Cluster}",
                        namespace="${__data.fields.Namespace}",
                        pod="${__value.text}",
                    )
                ]
            },
        ),
    ]


def board():
    return g.dashboard(
        q.WORKLOADS,
        "Kubecost costs / Pod and workload",
        "What controllers and pods cost, day by day and by the hour, where they ran, and how well they used what they asked for.",
        VARIABLES,
        headline() + trends() + pods(),
        since="now-7d",
    )
