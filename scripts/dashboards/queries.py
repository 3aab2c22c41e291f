"""PromQL that several boards share. Replicas of the exporter or of Prometheus are folded with max by, everywhere."""

RESOURCES = {
    "cpu": "CPU",
    "memory": "Memory",
    "gpu": "GPU",
    "pv": "Volumes",
    "network": "Network",
    "load_balancer": "Load balancers",
    "shared": "Shared",
    "external": "External",
}
CLUSTER = 'cluster=~"$cluster"'
NAMESPACE = f'{CLUSTER},namespace=~"$namespace"'
POD = f'{NAMESPACE},pod=~"$pod"'
# Level -> its labels, what the board has chosen of it.
LEVELS = {
    "cluster": ("cluster", CLUSTER),
    "namespace": ("cluster, namespace", NAMESPACE),
    "pod": ("cluster, namespace, pod", POD),
}
OVERVIEW, NAMESPACES, WORKLOADS, HEALTH = (
    f"kubecost-alloc-{name}" for name in ("overview", "namespace", "workload", "health")
)

# Idle capacity is no workload: it wastes nothing by being used badly.
WORKLOADS_ONLY = 'namespace!~"__.+__"'

# A moment that lies on the calendar day that is the newest complete one, at any UTC offset from -10:30 to +13:00: its
# start and 13 hours. Where no exporter is scraped, the day before the last two hours.
DAY = "(max(last_over_time(kubecost_exporter_day_start_timestamp_seconds[1d])) + 46800 or vector(time() - 93600))"


def fold(name, level, chosen=None):
    """A family of the level, as far as the board's variables choose it."""
    labels, default = LEVELS[level]
    return f"max by ({labels}) (kubecost_{level}_{name}{{{default if chosen is None else chosen}}})"


def last_known(name, level):
    """The family as it was last served within a day."""
    labels, chosen = LEVELS[level]
    return f"max by ({labels}) (last_over_time(kubecost_{level}_{name}{{{chosen}}}[1d]))"


def week_before(name, level):
    """The family a week earlier; history that promtool brought in has one sample an hour."""
    labels, chosen = LEVELS[level]
    return f"max by ({labels}) (last_over_time(kubecost_{level}_{name}{{{chosen}}}[1h] offset 7d))"


def days_of_month(level, chosen=None, step="10m"):
    """Each day of the month of the newest complete day, by what it was last served with: a series for each date."""
    labels, default = LEVELS[level]
    family = f"kubecost_{level}_daily_cost{{{default if chosen is None else chosen}}}"
    return (
        f'label_replace(last_over_time(max by ({labels}, date) ({family})[35d:{step}]), "month", "$1$2", "date", '
        f'"(....)-(..)-..") * on (month) group_left () count_values("month", year({DAY}) * 100 + month({DAY}))'
    )


def month_so_far(level, by="", chosen=None, step="10m"):
    return f"sum {f'by ({by}) ' if by else ''}({days_of_month(level, chosen, step)})"


def projected_month(level, chosen=None):
    """The month so far, and for each day to come what the last seven days cost on average."""
    daily = f"sum({week(level, chosen=chosen)}) / 7"
    return f"{month_so_far(level, chosen=chosen)} + scalar(days_in_month({DAY}) - day_of_month({DAY})) * {daily}"


def hours_known(ago="", least=1):
    """How many hours of seven days were scraped, by cluster; nothing where it is fewer than `least`."""
    offset = f" offset {ago}" if ago else ""
    return f"(count_over_time({fold('total_cost', 'cluster', CLUSTER)}[7d:1h]{offset}) >= {least})"


def week(level, ago="", chosen=None, least=1):
    """What seven days cost. Each day's amount is shown for 24 hours; hours without a scrape count as the others do, and
    those in which only this namespace or pod was not there count as 0."""
    offset = f" offset {ago}" if ago else ""
    shown = f"sum_over_time({fold('total_cost', level, chosen)}[7d:1h]{offset})"
    return f"{shown} * 7 / on (cluster) group_left () {hours_known(ago, least)}"


def by_date(level, by, name="daily_cost", extra="", step="1h"):
    """Each day of the board's time range by what it was last served with."""
    labels, chosen = LEVELS[level]
    keep = f"{labels}, date{extra}"
    return f"sum by ({by}) (last_over_time(max by ({keep}) (kubecost_{level}_{name}{{{chosen}}})[$__range:{step}]))"


def efficiency(resource, level):
    """Of workloads, weighted by cost."""
    chosen = f"{LEVELS[level][1]},{WORKLOADS_ONLY}"
    cost = fold(f"{resource}_cost", level, chosen)
    if resource == "total":
        cost = f"({fold('cpu_cost', level, chosen)} + {fold('memory_cost', level, chosen)})"
    known = fold(f"{resource}_efficiency", level, chosen)
    return f"sum({known} * {cost}) / sum({cost} and {known})"


def wasted(level, chosen=None):
    """What was paid for CPU and memory that workloads requested and did not use."""
    chosen = f"{chosen or LEVELS[level][1]},{WORKLOADS_ONLY}"
    parts = [
        f"clamp_min(1 - {fold(f'{resource}_efficiency', level, chosen)}, 0) * {fold(f'{resource}_cost', level, chosen)}"
        for resource in ("cpu", "memory")
    ]
    # Where one of the two is not known, the other still counts.
    return " or ".join([f"({' + '.join(parts)})", *(f"({part})" for part in parts)])


def pod_info(labels, chosen=f'{POD},controller=~"$controller"'):
    """One kubecost_pod_info for each pod, with these labels besides the pod's own."""
    own = LEVELS["pod"][0]
    extra = f", {labels}" if labels else ""
    return f"topk by ({own}) (1, max by ({own}{extra}) (kubecost_pod_info{{{chosen}}}))"


def pods(name, chosen=POD):
    """A family of the pod level, only of the pods of the chosen controllers."""
    own = LEVELS["pod"][0]
    info = f'kubecost_pod_info{{{chosen},controller=~"$controller"}}'
    return f"max by ({own}) (kubecost_pod_{name}{{{chosen}}}) and on ({own}) {info}"


def with_info(value, labels, chosen=f'{POD},controller=~"$controller"'):
    return f"{value} * on ({LEVELS['pod'][0]}) group_left ({labels}) {pod_info(labels, chosen)}"
