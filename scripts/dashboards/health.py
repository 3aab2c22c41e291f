"""The exporter, Kubecost behind it, and whether the numbers can be trusted."""

import grafana as g
import queries as q
from internals import EXPORTERS, JOB, UP, downstream, own, reads, size

VARIABLES = [
    g.data_source_variable(),
    g.variable("job", "Job", "label_values(kubecost_exporter_build_info, job)", all_value=".+"),
    g.variable(
        "instance", "Instance", 'label_values(kubecost_exporter_build_info{job=~"$job"}, instance)', all_value=".+"
    ),
    g.variable("cluster", "Cluster", "label_values(kubecost_cluster_total_cost, cluster)"),
]
DATED = f"{q.CLUSTER},{JOB}"
YES = [
    {"type": "value", "options": {"0": {"text": "no", "color": "orange"}, "1": {"text": "yes", "color": "green"}}},
]
NO = [
    {"type": "value", "options": {"0": {"text": "no", "color": "green"}, "1": {"text": "yes", "color": "orange"}}},
]


def state():
    late = g.steps(("green", None), ("orange", 97200), ("red", 108000))
    stale = g.steps(("green", None), ("orange", 25200), ("red", 28800))
    return [
        g.row("State"),
        g.stat(
            "Exporter",
            "Whether Prometheus can read the exporter.",
            f"min(up{{{JOB}}} {EXPORTERS})",
            "none",
            mappings=UP,
            color="value",
        ),
        g.stat(
            "Kubecost",
            "Whether the last request of every view got a valid answer.",
            f"min({own('up')})",
            "none",
            mappings=UP,
            color="value",
        ),
        g.stat(
            "Newest complete day",
            "The calendar day that the plain families show. It changes two hours after midnight.",
            f"(max({own('day_start_timestamp_seconds')}) + 46800) * 1000",
            "time:YYYY-MM-DD",
        ),
        g.stat(
            "End of that day, ago",
            "2 to 26 hours when all is well. KubecostDayLate fires at 30.",
            f"time() - max({own('day_end_timestamp_seconds')})",
            "s",
            thresholds=late,
            color="value",
        ),
        g.stat(
            "Last read of a day, ago",
            "Up to 6 hours while nothing changes. KubecostDataStale fires at 8 hours.",
            "time() - max(" + own("last_success_timestamp_seconds", more=',view="day"') + ")",
            "s",
            thresholds=stale,
            color="value",
        ),
        g.stat(
            "Alerts firing",
            "Alerts of this project that fire in this Prometheus, where its rules are evaluated; not those that only inform.",
            'count(ALERTS{alertname=~"Kubecost.+",alertstate="firing",severity!="info"}) or vector(0)',
            "none",
            thresholds=g.steps(("green", None), ("red", 1)),
            color="value",
        ),
    ]


def days():
    served = f"group by (cluster, date) (kubecost_cluster_daily_cost{{{DATED}}})"

    def status(name, more=""):
        return f"max by (cluster, date) (kubecost_{name}{{{DATED}{more}}})"

    def only_when(name):
        """A family that is absent where it is not 1, as 0 there."""
        return f"{status(name)} or 0 * {status('day_complete')}"

    return [
        g.row("Days"),
        g.stat(
            "Days served",
            "Dates that are exposed now, of all clusters together.",
            f"count(count by (date) ({served}))",
            "none",
            (6, 4),
        ),
        g.stat(
            "Days complete", "Dates and clusters that may be booked.", f"sum({status('day_complete')})", "none", (6, 4)
        ),
        g.stat(
            "Days settled",
            "Dates and clusters that Kubecost corrects no more.",
            f"sum({status('day_settled')})",
            "none",
            (6, 4),
        ),
        g.stat(
            "Days being back-filled",
            "Dates and clusters behind the kept ones, served for 26 hours so that history gets them once.",
            f"count({served} unless on (cluster, date) kubecost_day_pods) or vector(0)",
            "none",
            (6, 4),
        ),
        g.table(
            "Days",
            "Complete: closed, one consistent reading that is believed, and the levels add up. Empty for back-filled days, "
            "which are served without their pods. Doubted: Kubecost says other costs now, which are not believed. Revised: "
            "they were, within a day. The differences are cluster total minus the level's sum; rounding allows 5e-6 for each row.",
            {"date": "Date", "cluster": "Cluster"},
            [
                g.column(
                    "Complete",
                    f"{status('day_complete')} and on (cluster, date) kubecost_day_pods",
                    "none",
                    mappings=YES,
                ),
                g.column("Settled", status("day_settled"), "none", mappings=YES),
                g.column("Doubted", only_when("day_doubted"), "none", mappings=NO),
                g.column("Revised", only_when("day_revised"), "none", mappings=NO),
                g.column("Pods", status("day_pods"), "none"),
                g.column("Coverage", status("day_coverage_ratio"), g.SHARE),
                g.column("Read, ago", f"time() - {status('day_last_read_timestamp_seconds')}", "s"),
                g.column("Pod difference", status("reconciliation_difference", ',level="pod"'), "none", decimals=5),
                g.column(
                    "Namespace difference",
                    status("reconciliation_difference", ',level="namespace"'),
                    "none",
                    decimals=5,
                ),
            ],
            sort="Date",
            size=(24, 9),
        ),
        g.timeseries(
            "Reconciliation, difference to the cluster's total",
            "The largest difference of any day served, by level, and what rounding allows a day with as many pods.",
            [
                (f"max by (level) (abs(kubecost_reconciliation_difference{{{DATED}}}))", "{{level}}"),
                (
                    f"5e-6 * (max(kubecost_day_pods{{{DATED}}}) + max(kubecost_exporter_merged_rows{{{JOB}}}) + 2)",
                    "allowed on pod level",
                ),
            ],
            "none",
            size=(24, 7),
        ),
    ]


def board():
    return g.dashboard(
        q.HEALTH,
        "Kubecost costs / Exporter and data health",
        "Freshness, completeness and reconciliation of the data, the exporter itself, and the way downstream.",
        VARIABLES,
        state() + days() + reads() + size() + downstream(),
        since="now-24h",
    )
