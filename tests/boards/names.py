"""Names of metrics: those the binary has, those the rules record, and those in a text."""

import re

from stage.programs import ROOT

# Prometheus' own.
FOREIGN = {
    "ALERTS",
    "up",
    "scrape_duration_seconds",
    "prometheus_remote_storage_samples_failed_total",
    "prometheus_remote_storage_samples_pending",
    "prometheus_remote_storage_highest_timestamp_in_seconds",
    "prometheus_remote_storage_queue_highest_sent_timestamp_seconds",
}
_WORDS = {
    *"by on and or unless without ignoring group_left group_right offset bool end start inf nan".split(),
    *"sum max min avg count group topk bottomk quantile stddev count_values".split(),
}
_IDENTIFIER = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL_LIST = re.compile(r"\b(?:by|on|without|ignoring|group_left|group_right)\s*\([^()]*\)")


def families():
    """Of the table that the binary is made with; README's table of it is compared with it by docs_test."""
    text = (ROOT / "metrics" / "family.h").read_text(encoding="utf-8")
    found = set(re.findall(r'^    \{"([a-z_]+)"', text, re.MULTILINE))
    histograms = re.findall(r'^    \{"([a-z_]+)", "[^"]*", Type::kHistogram', text, re.MULTILINE)
    return found | {f"{name}_{end}" for name in histograms for end in ("bucket", "sum", "count")}


def recorded():
    """What the chart's rules record."""
    text = (ROOT / "chart" / "templates" / "_rules.tpl").read_text(encoding="utf-8")
    return set(re.findall(r"record: (\w+)", text))


def metrics(expr):
    """The metrics of a PromQL expression, Grafana's variables in it or not."""
    bare = re.sub(r"#.*", "", expr)
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', bare)
    bare = _LABEL_LIST.sub(" ", bare)
    bare = re.sub(r"\{[^}]*\}", "{}", bare)
    bare = re.sub(r"\[[^\]]*\]|\$\w+|\boffset\s+\w+|\b[0-9][0-9a-z.]*(?:e[+-]?[0-9]+)?\b", " ", bare)
    found = set()
    for match in _IDENTIFIER.finditer(bare):
        is_call = re.match(r"\s*\(", bare[match.end() :])
        if not is_call and match[0] not in _WORDS:
            found.add(match[0])
    return found


def mentioned(text):
    """What a page names that looks like one of our metrics, or of Prometheus' remote_write."""
    found = re.findall(r"\b(?:kubecost|prometheus_remote_storage|process)_[a-z0-9_]*[a-z0-9]\b(?![*{<]|_<)", text)
    return {name for name in found if not re.fullmatch(r"kubecost_(pod|namespace|cluster|exporter|day|budget)", name)}
