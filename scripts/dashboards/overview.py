"""What it all costs, and who spends it."""

import grafana as g
import panels
import queries as q

VARIABLES = [
    g.data_source_variable(),
    g.variable("cluster", "Cluster", "label_values(kubecost_cluster_total_cost, cluster)"),
    g.variable("currency", "Currency", "label_values(kubecost_exporter_config_info, currency)", many=False),
    g.text_variable("budget", "Monthly budget", "1000", "Of the chosen clusters together, for the panel Budget used."),
]
TOTAL = q.fold("total_cost", "cluster")
NAMESPACE_TOTAL = q.fold("total_cost", "namespace", q.CLUSTER)
LINKS = {
    "Namespace": [
        g.link("Show this namespace", q.NAMESPACES, cluster="${__data.fields.Cluster}", namespace="${__value.text}")
    ]
}


def headline():
    share = g.steps(("green", None), ("orange", 0.3), ("red", 0.5))
    return [
        g.row("Now"),
        g.stat(
            "Newest complete day",
            "The calendar day that the panels about the newest day show. It changes two hours after midnight.",
            "(max(kubecost_exporter_day_start_timestamp_seconds) + 46800) * 1000",
            "time:YYYY-MM-DD",
        ),
        g.stat(
            "Cost of that day, $currency",
            "All resources of the chosen clusters, idle capacity and adjustments included.",
            f"sum({TOTAL})",
            g.COST,
        ),
        g.stat(
            "Against a week before",
            "How much more or less that day cost than the same weekday a week before.",
            f"sum({TOTAL}) / sum({q.week_before('total_cost', 'cluster')}) - 1",
            g.SHARE,
            thresholds=g.steps(("green", None), ("orange", 0.1), ("red", 0.3)),
            color="value",
        ),
        g.stat(
            "Idle share",
            "Part of that day's cost that paid for capacity nobody asked for or used.",
            f"sum({q.fold('idle_cost', 'cluster')}) / sum({TOTAL})",
            g.SHARE,
            thresholds=share,
            color="value",
        ),
        g.stat(
            "Today so far, $currency",
            "Since midnight, not complete and not reconciled.",
            f"sum({q.fold('today_cost', 'cluster')})",
            g.COST,
        ),
        g.stat(
            "Last hour, $currency per hour",
            "Rate of the last complete hour, not reconciled.",
            f"sum({q.fold('hourly_cost', 'cluster')})",
            g.COST,
        ),
    ]


def month():
    return [
        g.row("Month"),
        g.stat(
            "Month so far, $currency",
            "Sum of the closed days in the month of the newest complete day, each with the value it was last served with. "
            "Days that Prometheus does not know are missing: see Days counted.",
            q.month_so_far("cluster"),
            g.COST,
            size=(6, 5),
        ),
        g.stat(
            "Projected to the month's end, $currency",
            "The month so far, and for each day to come what the last seven days cost on average.",
            q.projected_month("cluster"),
            g.COST,
            size=(6, 5),
        ),
        g.stat(
            "Days counted",
            "Closed days that the month so far is made of, and closed days that the month has had. Fewer: the history in "
            "Prometheus does not reach back to the first, or Kubecost knows nothing of a day.",
            [
                (f"count(count by (date) ({q.days_of_month('cluster')}))", "counted"),
                (f"day_of_month({q.DAY})", "of"),
            ],
            "none",
            size=(6, 5),
        ),
        g.gauge(
            "Budget used",
            "The month so far as a part of the monthly budget typed at the top.",
            f"{q.month_so_far('cluster')} / $budget",
            g.SHARE,
            size=(6, 5),
            thresholds=g.steps(("green", None), ("orange", 0.8), ("red", 1)),
        ),
        g.table(
            "Budgets",
            "Budgets of the chart's values, as its rules record them. Empty where no budgets are set, or rules run elsewhere.",
            {"cluster": "Cluster", "namespace": "Namespace"},
            [
                g.column(
                    "Monthly budget",
                    f"max by (cluster, namespace) (kubecost_budget_monthly_cost{{{q.CLUSTER}}})",
                    g.COST,
                ),
                g.column(
                    "Month so far", f"max by (cluster, namespace) (kubecost_budget_month_cost{{{q.CLUSTER}}})", g.COST
                ),
                g.column(
                    "Projected", f"max by (cluster, namespace) (kubecost_budget_projected_cost{{{q.CLUSTER}}})", g.COST
                ),
                g.column(
                    "Days missing",
                    f"max by (cluster, namespace) (kubecost_budget_month_missing_days{{{q.CLUSTER}}})",
                    "none",
                ),
                g.column(
                    "Used",
                    f"max by (cluster, namespace) (kubecost_budget_month_cost{{{q.CLUSTER}}}) "
                    f"/ max by (cluster, namespace) (kubecost_budget_monthly_cost{{{q.CLUSTER}}})",
                    g.SHARE,
                    min=0,
                    max=1,
                    thresholds=g.steps(("green", None), ("orange", 0.8), ("red", 1)),
                    **{"custom.cellOptions": {"type": "gauge", "mode": "basic"}},
                ),
            ],
            sort="Used",
            size=(24, 6),
            links=LINKS,
        ),
    ]


def breakdown():
    by_resource = [(f"sum({q.fold(f'{resource}_cost', 'cluster')})", title) for resource, title in q.RESOURCES.items()]
    return [
        g.row("Where it goes"),
        g.bar_chart(
            "Cost per day by resource, $currency",
            "Each closed day of the time range, with the value it was last served with: corrections are in it.",
            q.by_date("cluster", "date, resource", "daily_resource_cost", ", resource"),
            "date",
            "resource",
            g.COST,
            size=(16, 9),
        ),
        panels.newest_day_by_resource(by_resource),
        g.timeseries(
            "Dearest namespaces, $currency per day",
            "What the newest complete day cost at each moment, for the ten namespaces that are dearest at the end of the range.",
            [
                (
                    f"sum by (namespace) ({NAMESPACE_TOTAL}) and on (namespace) "
                    "topk(10, sum by (namespace) (max by (cluster, namespace) "
                    f"(last_over_time(kubecost_namespace_total_cost{{{q.CLUSTER}}}[1h] @ end()))))",
                    "{{namespace}}",
                )
            ],
            g.COST,
            size=(16, 9),
            stacked=True,
            step=g.COST_STEP,
        ),
        g.pie(
            "Newest day by cluster, $currency",
            "All resources, idle capacity included.",
            [(TOTAL, "{{cluster}}")],
            g.COST,
            size=(8, 9),
        ),
    ]


def namespaces():
    return [
        g.table(
            "Namespaces, $currency",
            "A row leads to the namespace's board. __idle__ is capacity nobody used, __unallocated__ belongs to no "
            "namespace, __unmounted__ to volumes and load balancers without a user.",
            {"cluster": "Cluster", "namespace": "Namespace"},
            [
                g.column("Newest day", NAMESPACE_TOTAL, g.COST),
                g.column("CPU", q.fold("cpu_cost", "namespace", q.CLUSTER), g.COST),
                g.column("Memory", q.fold("memory_cost", "namespace", q.CLUSTER), g.COST),
                g.column("GPU", q.fold("gpu_cost", "namespace", q.CLUSTER), g.COST),
                g.column("Volumes", q.fold("pv_cost", "namespace", q.CLUSTER), g.COST),
                g.column("Network", q.fold("network_cost", "namespace", q.CLUSTER), g.COST),
                g.column("Month so far", q.month_so_far("namespace", "cluster, namespace", q.CLUSTER, "1h"), g.COST),
                g.column(
                    "Efficiency", q.fold("total_efficiency", "namespace", f"{q.CLUSTER},{q.WORKLOADS_ONLY}"), g.SHARE
                ),
            ],
            sort="Newest day",
            size=(24, 10),
            links=LINKS,
        ),
        g.table(
            "Movers, week over week, $currency",
            "The 15 namespaces whose last seven days differ most from the seven days before, dearer or cheaper. Hours "
            "without a scrape count as the others do. Empty until two weeks are known, but for a day.",
            {"cluster": "Cluster", "namespace": "Namespace"},
            [
                g.column("Difference", movers(""), g.COST),
                g.column("Last 7 days", f"({now()}) and on (cluster, namespace) {movers()}", g.COST),
                g.column("7 days before", f"({before()}) and on (cluster, namespace) {movers()}", g.COST),
                g.column("Change", f"(({now()}) / ({before()}) - 1) and on (cluster, namespace) {movers()}", g.SHARE),
            ],
            sort="Difference",
            size=(24, 9),
            links=LINKS,
        ),
    ]


# Of 168 hours. A week of which less is known is no week to compare with.
WHOLE_WEEK = 144


def now():
    return q.week("namespace", chosen=q.CLUSTER, least=WHOLE_WEEK)


def before():
    return q.week("namespace", "7d", q.CLUSTER, WHOLE_WEEK)


def movers(fold="abs"):
    """The difference of two weeks for those where it is largest; one that is new or gone counts in full."""
    both = [f"and on (cluster) {q.hours_known(ago, WHOLE_WEEK)}" for ago in ("7d", "")]
    difference = f"({now()}) - ({before()}) or ({now()}) {both[0]} or -({before()}) {both[1]}"
    largest = f"topk(15, abs({difference}))"
    return largest if fold else f"({difference}) and on (cluster, namespace) {largest}"


def board():
    return g.dashboard(
        q.OVERVIEW,
        "Kubecost costs / Overview",
        "What the clusters cost, the month and its budget, and who spends it.",
        VARIABLES,
        headline() + month() + breakdown() + namespaces(),
    )
