"""What differs from run to run without meaning anything: named rules that blank it out, and count what they did."""

import collections
import re

# Name of the rule, what it finds, what stays of it. A group of the expression is kept by \1.
EVERY_RUN = [
    ("HTTP date", r"^(Date: ).*$", r"\1*"),
    ("time of a log line", r'^(ts=|\{"ts":")[0-9T:.Z-]+', r"\1*"),
    ("revision and compiler", r'((?:revision|compiler)(?:=|: )"?)(?:g\+\+ [^",)]*|clang [^",)]*|\w+)', r"\1*"),
    ("revision on the page", r"(<dt>Version</dt><dd>[^ <]*) \([^)<]*\)", r"\1 *"),
    ("process_*", r"^(process_\w+) .*$", r"\1 *"),
    ("the page's clock", r"(as of )[0-9: -]{19}( UTC)", r"\1*\2"),
    ("poll duration", r"^(kubecost_exporter_poll_duration_seconds_sum\S*) .*$", r"\1 *"),
    ("scrape counts and sizes", r"^(kubecost_exporter_(?:scrape_bytes|scrapes_total)) .*$", r"\1 *"),
    ("memory", r"^(kubecost_exporter_snapshot_bytes) .*$", r"\1 *"),
    ("time of the web configuration", r"^(kubecost_exporter_web_config_last_reload_success_\w+) .*$", r"\1 *"),
    ("time to connect", r"\b(after )\d+( ms\b)", r"\1*\2"),
    ("wait after a failure", r'(next_try_in(?:=|":"))[^" ]*', r"\1*"),
    ("next read, on the page", r'(<td>)<time datetime="[^"]*">(?:in|now) .*?</time>(</td></tr>)', r"\1*\2"),
]

# On a clock that runs, moments are those of the run as well.
RUNNING_CLOCK = [
    ("moment of a reading", r"^(kubecost_\w*_timestamp_seconds\S*) .*$", r"\1 *"),
    ("poll duration", r"^(kubecost_exporter_poll_duration_seconds_bucket\S*) .*$", r"\1 *"),
    ("moment of a reading", r'("read_at":")[^"]*', r"\1*"),
    ("duration of a run", r'((?:seconds|duration)(?:=|":"))[0-9.]+', r"\1*"),
    ("bytes at the end of a transfer", r"\b\d+( (?:of \d+ )?bytes (?:had )?arrived)", r"*\1"),
]


class Masks:
    """Applies rules and counts, for all texts of a scenario together: {rule: [times, bytes]}."""

    def __init__(self, is_running):
        rules = EVERY_RUN + (RUNNING_CLOCK if is_running else [])
        self._rules = [(name, re.compile(pattern, re.MULTILINE), kept) for name, pattern, kept in rules]
        self.counts = collections.defaultdict(lambda: [0, 0])

    def _count(self, name, times, length):
        if times:
            self.counts[name][0] += times
            self.counts[name][1] += length

    def apply(self, text, own_words):
        """`own_words` is {text: what stands for it}: folders and ports of one side."""
        for word, name in own_words.items():
            self._count(name, text.count(word), text.count(word) * len(word))
            text = text.replace(word, f"<{name}>")
        for name, expression, kept in self._rules:
            before = len(text)
            text, times = expression.subn(kept, text)
            self._count(name, times, max(0, before - len(text)))
        return text
