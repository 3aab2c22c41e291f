"""Months for promtool: days counted from 1970-01-01, each costing 10 in cluster one and 5 in its namespace shop, and
what the budgets' rules must say at which hour of them."""

import datetime
import json

BUDGETS = [
    {"cluster": "one", "monthly": 300.5},
    {"cluster": "one", "namespace": "shop", "monthly": 100},
    {"cluster": "two", "monthly": 1000},
]


def at(day, hour):
    return f"{day * 24 + hour}h"


def date(day):
    return str(datetime.date(1970, 1, 1) + datetime.timedelta(days=day))


def day_series(name, labels, day, cost, offset=0):
    """One day's series: from two hours after its end for three days, then ended."""
    pairs = ",".join(f'{key}="{value}"' for key, value in {**labels, "date": date(day)}.items())
    return {"series": f"{name}{{{pairs}}}", "values": f"_x{(day + 1) * 24 + 2 - offset} {cost}x71 stale"}


def served(name, days, alert_tests, expr_tests=(), offset=0, exporter=True):
    """`days` are served one after the other, as by one exporter at that UTC offset in hours."""
    series = []
    for instance in ("a", "b"):  # two replicas of one Prometheus' labels
        for day in days:
            series.append(
                day_series("kubecost_cluster_daily_cost", {"cluster": "one", "instance": instance}, day, 10, offset)
            )
    for day in days:
        for namespace, cost in (("shop", 5), ("other", 5)):
            labels = {"cluster": "one", "namespace": namespace}
            series.append(day_series("kubecost_namespace_daily_cost", labels, day, cost, offset))
    first = (days[0] + 1) * 24 + 2 - offset
    shown = " ".join(f"{day * 86400 - offset * 3600}x23" for day in days)
    if exporter:
        series.append(
            {"series": 'kubecost_exporter_day_start_timestamp_seconds{job="costs"}', "values": f"_x{first} {shown}"}
        )
    hours = len(days) * 24
    series.append({"series": 'kubecost_cluster_total_cost{cluster="one"}', "values": f"_x{first} 10x{hours}"})
    series.append(
        {"series": 'kubecost_namespace_total_cost{cluster="one",namespace="shop"}', "values": f"_x{first} 5x{hours}"}
    )
    return {
        "name": name,
        "interval": "1h",
        "input_series": series,
        "alert_rule_test": alert_tests,
        "promql_expr_test": list(expr_tests),
    }


def alert(name, eval_time, *budgets):
    """The alert fires for these budgets: a namespace, or None for the whole cluster."""
    severity = {"HalfSpent": "info", "HistoryIncomplete": "info", "Spent": "critical"}.get(name, "warning")
    expected = []
    for namespace in budgets:
        labels = {"severity": severity, "cluster": "one", **({"namespace": namespace} if namespace else {})}
        expected.append({"exp_labels": labels})
    return {"alertname": f"KubecostBudget{name}", "eval_time": eval_time, "exp_alerts": expected}


def value(name, eval_time, cost, namespace=""):
    labels = f'cluster="one",namespace="{namespace}"'
    shown = f'cluster="one"{f",namespace={json.dumps(namespace)}" if namespace else ""}'
    samples = [] if cost is None else [{"labels": f"{name}{{{shown}}}", "value": cost}]
    return {"expr": f"{name}{{{labels}}}", "eval_time": eval_time, "exp_samples": samples}


def weekly_job():
    """A namespace that costs 14 on one day in seven, and another cluster day that nothing was scraped of."""
    days = range(0, 21)
    test = served("a namespace that is there once a week, and hours without a scrape", days, [], [])
    series = [each for each in test["input_series"] if "shop" not in each["series"] and "_total_cost" not in each["series"]]
    series.append({"series": 'kubecost_cluster_total_cost{cluster="one"}', "values": "_x26 10x300 _x30 10x200"})
    weekly = "14x23 _x143 " * 3
    series.append(
        {"series": 'kubecost_namespace_total_cost{cluster="one",namespace="shop"}', "values": f"_x26 {weekly}".strip()}
    )
    labels = {"cluster": "one", "namespace": "shop"}
    series += [day_series("kubecost_namespace_daily_cost", labels, day, 14) for day in (0, 7, 14)]
    test["input_series"] = series
    # On the 19th day 42 are spent, and 2 a day go on for the 12 that are left.
    test["promql_expr_test"] = [value(SPENT, at(19, 6), 42, "shop"), value(SPENT, at(19, 6), 190)]
    test["alert_rule_test"] = [alert("WillBeExceeded", at(19, 12), None)]
    return test


SPENT, PROJECTED = "kubecost_budget_month_cost", "kubecost_budget_projected_cost"
MISSING = "kubecost_budget_month_missing_days"
JANUARY, FEBRUARY, LEAP, DECEMBER = range(0, 34), range(24, 62), range(755, 792), range(330, 370)

# After months and years of nothing; the rules are evaluated once a day, at midnight.
LONG_TESTS = [
    served(
        "the end of the year",
        DECEMBER,
        [],
        [
            value(SPENT, at(365, 0), 300),
            value(SPENT, at(366, 0), 310),
            value(SPENT, at(367, 0), 10),
            value(PROJECTED, at(367, 0), 310),
        ],
    ),
    served(
        "February of 29 days",
        LEAP,
        [],
        [
            value(SPENT, at(772, 0), 100),
            value(PROJECTED, at(772, 0), 290),
            value(SPENT, at(791, 0), 290),
            value(SPENT, at(792, 0), 10),
        ],
    ),
]
TESTS = [
    # The last day of January closes on the first of February, which itself closes on the second.
    served(
        "through January and over its end",
        JANUARY,
        [
            alert("HalfSpent", at(9, 12)),
            alert("HalfSpent", at(11, 12), "shop"),
            alert("HalfSpent", at(17, 12), "shop", None),
            alert("NearlySpent", at(16, 0)),
            alert("NearlySpent", at(17, 12), "shop"),
            alert("NearlySpent", at(26, 12), "shop", None),
            alert("Spent", at(20, 0)),
            alert("Spent", at(20, 18), "shop"),
            alert("Spent", at(30, 12), "shop"),
            alert("Spent", at(31, 12), "shop", None),
            alert("Spent", at(32, 0), "shop", None),
            alert("Spent", at(32, 12)),
            alert("HalfSpent", at(32, 12)),
            # 10 a day will be 310; the namespace's has been spent since the 20th.
            alert("WillBeExceeded", at(1, 6)),
            alert("WillBeExceeded", at(1, 18), "shop", None),
            alert("WillBeExceeded", at(25, 12), None),
            alert("WillBeExceeded", at(31, 12)),
            alert("HistoryIncomplete", at(20, 0)),
        ],
        [
            value(SPENT, at(1, 0), None),
            value(MISSING, at(20, 6), 0),
            value(MISSING, at(31, 6), 0, "shop"),
            value(SPENT, at(1, 6), 10),
            value(SPENT, at(31, 0), 300),
            value(SPENT, at(31, 6), 310),
            value(SPENT, at(32, 0), 310),
            value(SPENT, at(32, 6), 10),
            value(SPENT, at(31, 6), 155, "shop"),
            value(PROJECTED, at(11, 6), 310),
            value(PROJECTED, at(31, 6), 310),
            # The first day of a month of 28.
            value(PROJECTED, at(32, 6), 280),
        ],
    ),
    served(
        "February of 28 days",
        FEBRUARY,
        [alert("WillBeExceeded", at(50, 12), "shop")],
        [
            value(SPENT, at(45, 6), 140),
            value(PROJECTED, at(45, 6), 280),
            value(SPENT, at(59, 6), 280),
            value(SPENT, at(60, 6), 10),
            value(PROJECTED, at(60, 6), 310),
        ],
    ),
    # Days end early, and late.
    served(
        "at +05:00 over the end of January",
        range(0, 34),
        [],
        [
            value(SPENT, at(30, 18), 300),
            value(SPENT, at(31, 0), 310),
            value(SPENT, at(31, 18), 310),
            value(SPENT, at(32, 0), 10),
        ],
        offset=5,
    ),
    served(
        "at -10:00 over the end of January",
        range(0, 34),
        [],
        [
            value(SPENT, at(31, 6), 300),
            value(SPENT, at(31, 12), 310),
            value(SPENT, at(32, 6), 310),
            value(SPENT, at(32, 12), 10),
        ],
        offset=-10,
    ),
    served(
        "a fresh installation in the middle of January counts what it knows",
        range(14, 25),
        [
            alert("HalfSpent", at(15, 0)),
            alert("WillBeExceeded", at(16, 12)),
            alert("HistoryIncomplete", at(15, 12), "shop", None),
        ],
        [
            value(SPENT, at(15, 0), None),
            value(SPENT, at(16, 6), 20),
            value(PROJECTED, at(16, 6), 20 + 15 * 10),
            value(MISSING, at(16, 6), 14),
        ],
    ),
    weekly_job(),
    served(
        "no exporter is scraped: the day before the last two hours",
        range(0, 34),
        [],
        [value(SPENT, at(31, 6), 310), value(SPENT, at(32, 0), 310), value(SPENT, at(32, 6), 10)],
        exporter=False,
    ),
    {
        "name": "a correction downwards under another instance, nothing of other clusters, and nothing at all",
        "interval": "1h",
        "input_series": [
            {"series": 'kubecost_exporter_day_start_timestamp_seconds{instance="a"}', "values": "_x26 0x71"},
            {
                "series": 'kubecost_cluster_daily_cost{cluster="one",date="1970-01-01",instance="a"}',
                "values": "_x26 10x20 stale",
            },
            {
                "series": 'kubecost_cluster_daily_cost{cluster="one",date="1970-01-01",instance="b"}',
                "values": "_x47 8x20 stale",
            },
            {"series": 'kubecost_cluster_daily_cost{cluster="three",date="1970-01-01"}', "values": "_x26 999x60"},
        ],
        "alert_rule_test": [alert("Spent", at(4, 0))],
        "promql_expr_test": [
            value(SPENT, at(1, 18), 10),
            value(SPENT, at(2, 18), 8),
            {"expr": 'kubecost_budget_month_cost{cluster="two"}', "eval_time": at(2, 18), "exp_samples": []},
            {
                "expr": 'kubecost_budget_monthly_cost{cluster="two"}',
                "eval_time": at(2, 18),
                "exp_samples": [{"labels": 'kubecost_budget_monthly_cost{cluster="two"}', "value": 1000}],
            },
        ],
    },
]
