"""The exporter itself: reads from Kubecost, size, and the way downstream."""

import grafana as g

JOB = 'job=~"$job",instance=~"$instance"'
UP = [
    {"type": "value", "options": {"0": {"text": "down", "color": "red"}, "1": {"text": "up", "color": "green"}}},
]
PER_EXPORTER = "job, instance"
# What every target has, of the exporters alone; those that are down as well.
EXPORTERS = f"and on ({PER_EXPORTER}) last_over_time(kubecost_exporter_build_info{{{JOB}}}[7d])"


def own(name, by=PER_EXPORTER, more=""):
    return f"max by ({by}) (kubecost_exporter_{name}{{{JOB}{more}}})"


def grown(name, by, window, more=""):
    return f"sum by ({by}) (increase(kubecost_exporter_{name}{{{JOB}{more}}}[{window}]))"


# Puts each exporter's settings and version on a value of it.
SETTINGS = (
    "* on (job, instance) group_left (api, currency, utc_offset, idle, share_tenancy) "
    + own("config_info", "job, instance, api, currency, utc_offset, idle, share_tenancy")
    + " * on (job, instance) group_left (version) "
    + own("build_info", "job, instance, version")
)


def reads():
    return [
        g.row("Reads from Kubecost"),
        g.table(
            "Views",
            "What is read from Kubecost: the closed days, those behind them, the last hour, today, the cluster's own "
            "description, the currency. A view that Kubecost does not have is not listed as up or down.",
            {"view": "View", "job": "Job", "instance": "Instance"},
            [
                g.column("State", own("view_up", f"view, {PER_EXPORTER}"), "none", mappings=UP),
                g.column(
                    "Last success, ago",
                    f"time() - {own('last_success_timestamp_seconds', f'view, {PER_EXPORTER}')}",
                    "s",
                ),
                g.column(
                    "Good polls",
                    grown("polls_total", f"view, {PER_EXPORTER}", "$__range", ',result="success"'),
                    "none",
                    decimals=0,
                ),
                g.column(
                    "Failed polls",
                    grown("polls_total", f"view, {PER_EXPORTER}", "$__range", ',result="error"'),
                    "none",
                    decimals=0,
                ),
            ],
            sort="View",
            size=(14, 8),
            descending=False,
        ),
        g.bar_gauge(
            "Failed requests by reason",
            "In the time range; README tells what to do about each reason.",
            [("topk(8, " + grown("api_errors_total", "reason", "$__range") + ")", "{{reason}}")],
            "none",
            size=(10, 8),
        ),
        g.timeseries(
            "Failed requests",
            "By reason, those that happened at all in the time range; a flat line at 0 when none did.",
            [
                (
                    f"{grown('api_errors_total', 'reason', '$__rate_interval')} and on (reason) "
                    f"({grown('api_errors_total', 'reason', '$__range')} > 0) "
                    'or on () label_replace(vector(0), "reason", "none", "", "")',
                    "{{reason}}",
                )
            ],
            "none",
            bars=True,
            stacked=True,
        ),
        g.timeseries(
            "Requests",
            "HTTP requests to Kubecost by path and status code; code 0: no answer came.",
            [(grown("api_requests_total", "endpoint, code", "$__rate_interval"), "{{endpoint}} {{code}}")],
            "none",
            bars=True,
            stacked=True,
        ),
        g.bar_gauge(
            "Duration of a poll, 95 %",
            "Time that 95 % of a view's polls in the time range stayed below, all requests of one poll included.",
            [
                (
                    "histogram_quantile(0.95, sum by (le, view) "
                    f"(rate(kubecost_exporter_poll_duration_seconds_bucket{{{JOB}}}[$__range])))",
                    "{{view}}",
                )
            ],
            "s",
            size=(8, 8),
        ),
        g.timeseries(
            "Size of answers",
            "Of the last good answer by path, decompressed.",
            [(f"max by (endpoint) (kubecost_exporter_api_response_bytes{{{JOB}}})", "{{endpoint}}")],
            "bytes",
            size=(8, 8),
        ),
        g.bar_gauge(
            "Values that could not be taken",
            "In the time range, by kind: unknown costs, text in place of numbers, rows that end before they start, bytes "
            "that are no UTF-8. And rows of the newest answers that were merged with another of the same pod.",
            [
                (grown("invalid_values_total", "kind", "$__range"), "{{kind}}"),
                (f"max(kubecost_exporter_merged_rows{{{JOB}}})", "merged rows"),
            ],
            "none",
            size=(8, 8),
        ),
    ]


def size():
    return [
        g.row("Size"),
        g.bar_gauge(
            "Series by family",
            "The 15 families with most series; all days served are in it.",
            [("topk(15, " + own("series", "family") + ")", "{{family}}")],
            "none",
            size=(8, 12),
        ),
        g.timeseries(
            "Memory",
            "Resident memory of the process, and what the facts being served take of it.",
            [
                (
                    f"max by ({PER_EXPORTER}) (process_resident_memory_bytes{{{JOB}}} {EXPORTERS})",
                    "process {{instance}}",
                ),
                (own("snapshot_bytes"), "facts {{instance}}"),
            ],
            "bytes",
            size=(8, 12),
            min=0,
        ),
        g.timeseries(
            "Series",
            "Series of facts served, without the exporter's own.",
            [(f"sum by ({PER_EXPORTER}) (kubecost_exporter_series{{{JOB}}})", "{{instance}}")],
            "none",
            size=(8, 12),
            min=0,
        ),
        g.timeseries(
            "Scrapes",
            "How long Prometheus waits for one.",
            [(f"max by ({PER_EXPORTER}) (scrape_duration_seconds{{{JOB}}} {EXPORTERS})", "{{job}} {{instance}}")],
            "s",
            size=(8, 7),
            min=0,
        ),
        g.timeseries(
            "Size of a scrape",
            "Bytes sent for the last complete one, compressed if the scraper takes gzip.",
            [(own("scrape_bytes"), "{{instance}}")],
            "bytes",
            size=(8, 7),
            min=0,
        ),
        g.timeseries(
            "CPU",
            "Seconds of processor time per second.",
            [
                (
                    f"sum by ({PER_EXPORTER}) (rate(process_cpu_seconds_total{{{JOB}}}[$__rate_interval]) {EXPORTERS})",
                    "{{instance}}",
                )
            ],
            "none",
            size=(8, 7),
            min=0,
        ),
    ]


def downstream():
    written = "prometheus_remote_storage"
    return [
        g.row("On the way downstream"),
        g.timeseries(
            "remote_write, samples lost",
            "Samples per second that the other side refused for good. Needs a Prometheus that scrapes itself.",
            [
                (
                    f"sum by (remote_name, url) (rate({written}_samples_failed_total[$__rate_interval]))",
                    "{{remote_name}} {{url}}",
                )
            ],
            "none",
            size=(8, 7),
            min=0,
        ),
        g.timeseries(
            "remote_write, behind",
            "Seconds between the newest sample taken and the newest sent.",
            [
                (
                    f"max by (remote_name, url) ({written}_highest_timestamp_in_seconds - ignoring (remote_name, url) group_right () "
                    f"({written}_queue_highest_sent_timestamp_seconds > 0))",
                    "{{remote_name}} {{url}}",
                )
            ],
            "s",
            size=(8, 7),
            min=0,
        ),
        g.timeseries(
            "remote_write, waiting",
            "Samples in the queue.",
            [(f"sum by (remote_name, url) ({written}_samples_pending)", "{{remote_name}} {{url}}")],
            "none",
            size=(8, 7),
            min=0,
        ),
        g.table(
            "Exporters",
            "Version and settings that decide what the numbers mean. How long it has been running is not known where only "
            "kubecost_* arrive.",
            {
                "job": "Job",
                "instance": "Instance",
                "version": "Version",
                "api": "API",
                "currency": "Currency",
                "utc_offset": "UTC offset",
                "idle": "Idle",
                "share_tenancy": "Tenancy shared",
            },
            [
                g.column("Series", f"sum by (job, instance) ({own('series', 'job, instance, family')}) {SETTINGS}", "none"),
                g.column(
                    "Running, for",
                    f"(time() - max by (job, instance) (process_start_time_seconds{{{JOB}}})) {SETTINGS}",
                    "s",
                ),
            ],
            sort="Instance",
            size=(16, 6),
            descending=False,
        ),
        g.stat(
            "Kubecost's certificate",
            "Whether the exporter verifies whom it asks by https://. By http:// there is nothing to verify.",
            f"max({own('insecure')})",
            "none",
            size=(4, 6),
            mappings=[
                {
                    "type": "value",
                    "options": {
                        "0": {"text": "verification on", "color": "text"},
                        "1": {"text": "verification off", "color": "red"},
                    },
                }
            ],
            color="value",
        ),
        g.stat(
            "CA file expires in",
            "The first certificate of --kubecost.ca-file.",
            f"(min(kubecost_exporter_ca_not_after_timestamp_seconds{{{JOB}}}) - time()) or vector(-1)",
            "s",
            size=(4, 6),
            mappings=[{"type": "value", "options": {"-1": {"text": "no CA file", "color": "text"}}}],
        ),
    ]
