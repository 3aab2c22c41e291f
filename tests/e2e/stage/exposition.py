"""A strict reader of the Prometheus text format 0.0.4. What promtool lets pass, a series twice, is an error here."""

import re

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"')
_VALUE = re.compile(r"(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]Inf|NaN)")
_ESCAPE = re.compile(r"\\(.)")
_SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("", "_sum", "_count")}


class ExpositionError(Exception):
    pass


class Family:
    def __init__(self, name, help_text):
        self.name = name
        self.help = help_text
        self.type = None
        self.label_names = None
        # (sample name, frozenset of (label, value)) -> float
        self.samples = {}


def _labels(text, line):
    """Reads `{...}` at the start of `text`; returns the labels in their order and what follows."""
    labels = {}
    rest = text[1:]
    while not rest.startswith("}"):
        match = _LABEL.match(rest)
        if not match or not match.group(1) or match.group(1) in labels:
            raise ExpositionError(f"bad labels: {line!r}")
        value = _ESCAPE.sub(lambda m: "\n" if m.group(1) == "n" else m.group(1), match.group(2))
        labels[match.group(1)] = value
        rest = rest[match.end() :]
        if rest.startswith(","):
            rest = rest[1:]
        elif not rest.startswith("}"):
            raise ExpositionError(f"bad labels: {line!r}")
    return labels, rest[1:]


def _add_sample(family, line):
    name = _NAME.match(line)
    if not name:
        raise ExpositionError(f"neither a comment nor a sample: {line!r}")
    rest = line[name.end() :]
    labels, rest = _labels(rest, line) if rest.startswith("{") else ({}, rest)
    # A time stamp behind the value does not match either: the exporter never sends one.
    if not rest.startswith(" ") or not _VALUE.fullmatch(rest[1:]):
        raise ExpositionError(f"bad value: {line!r}")
    suffixes = _SUFFIXES.get(family.type, ("",)) if family else ()
    if not family or family.type is None or name.group() not in [family.name + suffix for suffix in suffixes]:
        raise ExpositionError(f"sample outside its family, or before # HELP and # TYPE: {line!r}")
    if family.type != "histogram":
        if family.label_names is None:
            family.label_names = list(labels)
        if family.label_names != list(labels):
            raise ExpositionError(f"other label names than the series before: {line!r}")
    key = (name.group(), frozenset(labels.items()))
    if key in family.samples:
        raise ExpositionError(f"series stands twice: {line!r}")
    family.samples[key] = float(rest[1:])


def parse(body):
    """Bytes or text -> families by name, in their order."""
    text = body.decode("utf-8") if isinstance(body, bytes) else body
    if text and not text.endswith("\n"):
        raise ExpositionError(f"the last line has no end: {text[-80:]!r}")
    families = {}
    family = None
    for line in text.split("\n")[:-1]:
        if line.startswith("# HELP "):
            name, _, help_text = line[len("# HELP ") :].partition(" ")
            if not _NAME.fullmatch(name) or name in families:
                raise ExpositionError(f"family is not in one piece: {line!r}")
            if family is not None and not family.samples:
                raise ExpositionError(f"family without a sample: {family.name}")
            family = families[name] = Family(name, help_text)
        elif line.startswith("# TYPE "):
            name, _, kind = line[len("# TYPE ") :].partition(" ")
            if family is None or name != family.name or family.type is not None or family.samples:
                raise ExpositionError(f"# TYPE without its # HELP: {line!r}")
            family.type = kind
        elif line.startswith("#"):
            raise ExpositionError(f"unexpected comment: {line!r}")
        else:
            _add_sample(family, line)
    return families


def values(families, name, *labels):
    """Values of the family's samples by the values of `labels` (one label: its value, several: a tuple)."""
    found = {}
    for (_, pairs), value in families[name].samples.items() if name in families else ():
        of = dict(pairs)
        found[tuple(of[label] for label in labels) if len(labels) != 1 else of[labels[0]]] = value
    return found


def value(families, name, **labels):
    """The value of one series, None when it is not there."""
    family = families.get(name)
    return family.samples.get((name, frozenset(labels.items()))) if family else None


_READ_TIMES = re.compile(r"kubecost_day_last_read_timestamp_seconds\{.*\n")


def facts(body):
    """The part of a scrape that Kubecost decides: all before the exporter's own families, without the times of reading."""
    text = body.decode("utf-8") if isinstance(body, bytes) else body
    return _READ_TIMES.sub("", text[: text.index("# HELP kubecost_exporter_")])
