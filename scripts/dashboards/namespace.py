"""One namespace or several: controllers, pods, efficiency, waste."""

import grafana as g
import panels
import queries as q

VARIABLES = [
    g.data_source_variable(),
    g.variable("cluster", "Cluster", "label_values(kubecost_cluster_total_cost, cluster)"),
    g.variable("namespace", "Namespace", f"label_values(kubecost_namespace_total_cost{{{q.CLUSTER}}}, namespace)"),
    g.variable("currency", "Currency", "label_values(kubecost_exporter_config_info, currency)", many=False),
]
TOTAL = q.fold("total_cost", "namespace")
DEAREST = f"topk(10, sum by (namespace) ({q.last_known('total_cost', 'namespace')}))"
POD_TOTAL = q.fold("total_cost", "pod", q.NAMESPACE)
WASTED = q.wasted("pod", q.NAMESPACE)
CONTROLLER = "controller_kind, controller"
EFFICIENT = g.steps(("red", None), ("orange", 0.3), ("green", 0.6))
HERE = {"cluster": "${__data.fields.Cluster}", "namespace": "${__data.fields.Namespace}"}


def with_info(value, labels):
    return q.with_info(f"({value})", labels, q.NAMESPACE)


def headline():
    return [
        g.row("Now"),
        g.stat(
            "Newest complete day, $currency",
            "Cost of the chosen namespaces on the newest complete day, all resources, adjustments included.",
            f"sum({TOTAL})",
            g.COST,
        ),
        g.stat(
            "Against a week before",
            "How much more or less that day cost than the same weekday a week before.",
            f"sum({TOTAL}) / sum({q.week_before('total_cost', 'namespace')}) - 1",
            g.SHARE,
            thresholds=g.steps(("green", None), ("orange", 0.1), ("red", 0.3)),
            color="value",
        ),
        g.stat(
            "Month so far, $currency",
            "Sum of the closed days in the month of the newest complete day, each with the value it was last served with.",
            q.month_so_far("namespace", step="1h"),
            g.COST,
        ),
        g.stat(
            "Wasted on that day, $currency",
            "What was paid for CPU and memory that was requested and not used.",
            f"sum({q.wasted('namespace')})",
            g.COST,
        ),
        g.stat(
            "Efficiency",
            "CPU and memory used over requested on that day, weighted by cost. More than 100 %: used beyond the request.",
            q.efficiency("total", "namespace"),
            g.SHARE,
            thresholds=EFFICIENT,
            color="value",
        ),
        g.stat(
            "Pods on that day",
            "Pods that cost something on the newest complete day, special rows included.",
            f"count({POD_TOTAL})",
            "none",
        ),
    ]


def trends():
    by_resource = [
        (f"sum({q.fold(f'{resource}_cost', 'namespace')})", title) for resource, title in q.RESOURCES.items()
    ]
    return [
        g.row("Trend"),
        g.bar_chart(
            "Cost per day by namespace, $currency",
            "Each closed day of the time range, with the value it was last served with: corrections are in it. The ten "
            "namespaces that are dearest now, and all others together.",
            f"{q.by_date('namespace', 'date, namespace')} and on (namespace) {DEAREST} or label_replace(sum by (date) "
            f"({q.by_date('namespace', 'date, namespace')} unless on (namespace) {DEAREST}), "
            '"namespace", "others", "", "")',
            "date",
            "namespace",
            g.COST,
            size=(16, 9),
        ),
        panels.newest_day_by_resource(by_resource),
        g.timeseries(
            "Efficiency",
            "CPU and memory used over requested on the day that was newest at each moment, weighted by cost.",
            [(q.efficiency("cpu", "namespace"), "CPU"), (q.efficiency("memory", "namespace"), "Memory")],
            g.SHARE,
            step=g.COST_STEP,
            min=0,
        ),
        g.timeseries(
            "Wasted, $currency per day",
            "What was paid for CPU and memory that was requested and not used, on the day that was newest at each moment.",
            [(f"topk(10, sum by (namespace) ({q.wasted('namespace')}))", "{{namespace}}")],
            g.COST,
            stacked=True,
            step=g.COST_STEP,
        ),
    ]


def workloads():
    by = f"cluster, namespace, {CONTROLLER}"
    labels = {"cluster": "Cluster", "namespace": "Namespace", "controller_kind": "Kind", "controller": "Controller"}
    link = g.link("Show this controller", q.WORKLOADS, controller="${__value.text}", **HERE)
    return [
        g.row("Workloads on the newest complete day"),
        g.pie(
            "By controller, $currency",
            "The ten dearest controllers. Pods without one are named by nothing.",
            [(f"topk(10, sum by (controller) ({with_info(POD_TOTAL, CONTROLLER)}))", "{{controller}}")],
            g.COST,
            size=(8, 10),
        ),
        g.table(
            "Controllers, $currency",
            "A row leads to the workload's board.",
            labels,
            [
                g.column("Cost", f"sum by ({by}) ({with_info(POD_TOTAL, CONTROLLER)})", g.COST),
                g.column("Wasted", f"sum by ({by}) ({with_info(WASTED, CONTROLLER)})", g.COST),
                g.column("Pods", f"count by ({by}) ({with_info(POD_TOTAL, CONTROLLER)})", "none"),
            ],
            sort="Cost",
            size=(16, 10),
            links={"Controller": [link]},
        ),
        pods(),
    ]


def pods():
    labels = {
        "cluster": "Cluster",
        "namespace": "Namespace",
        "pod": "Pod",
        "controller": "Controller",
        "node": "Node",
    }
    dearest = f"topk(200, {POD_TOTAL})"
    kept = f"and on (cluster, namespace, pod) {dearest}"
    return g.table(
        "Pods, $currency",
        "The 200 dearest pods. A row leads to the pod's board.",
        labels,
        [
            g.column("Cost", with_info(dearest, "node, controller"), g.COST),
            g.column("CPU", with_info(f"{q.fold('cpu_cost', 'pod', q.NAMESPACE)} {kept}", "node, controller"), g.COST),
            g.column(
                "Memory", with_info(f"{q.fold('memory_cost', 'pod', q.NAMESPACE)} {kept}", "node, controller"), g.COST
            ),
            g.column("GPU", with_info(f"{q.fold('gpu_cost', 'pod', q.NAMESPACE)} {kept}", "node, controller"), g.COST),
            g.column(
                "Volumes", with_info(f"{q.fold('pv_cost', 'pod', q.NAMESPACE)} {kept}", "node, controller"), g.COST
            ),
            g.column(
                "Efficiency",
                with_info(f"{q.fold('total_efficiency', 'pod', q.NAMESPACE)} {kept}", "node, controller"),
                g.SHARE,
            ),
            g.column("Wasted", with_info(f"({WASTED}) {kept}", "node, controller"), g.COST),
        ],
        sort="Cost",
        size=(24, 12),
        links={"Pod": [g.link("Show this pod", q.WORKLOADS, pod="${__value.text}", **HERE)]},
    )


def board():
    return g.dashboard(
        q.NAMESPACES,
        "Kubecost costs / Namespace",
        "Controllers and pods of namespaces, their efficiency, and what is wasted.",
        VARIABLES,
        headline() + trends() + workloads(),
    )
