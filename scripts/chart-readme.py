#!/usr/bin/env python3
"""Writes the tables of chart/README.md from the comments of chart/values.yaml.

    scripts/chart-readme.py            writes them
    scripts/chart-readme.py --check    fails when they are not what the comments say

`# == Title` begins a table; `# -- text`, over as many lines as it takes, describes the key below it, with all that is
in it. A key that no comment describes is refused, unless what is in it is described key by key.
"""

import json
import pathlib
import re
import sys

import yaml

CHART = pathlib.Path(__file__).resolve().parents[1] / "chart"
BEGIN, END = "<!-- values -->\n", "<!-- /values -->\n"


def described_keys(text):
    """(title, path, description) of each described key; the title is that of its table."""
    title, description, path = "", None, []
    for line in text.splitlines():
        comment = re.fullmatch(r"\s*# ?(.*)", line)
        if comment:
            words = comment.group(1)
            if words.startswith("== "):
                title = words[3:]
            elif words.startswith("-- "):
                description = words[3:]
            elif description is not None:
                description += " " + words.strip()
            continue
        key = re.match(r"( *)([\w.-]+):", line)
        if key:
            path = path[: len(key.group(1)) // 2] + [key.group(2)]
            if description is not None:
                yield title, tuple(path), description
        description = None


def leaves(values, path=()):
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key)


def tables(text):
    values = yaml.safe_load(text)
    keys = list(described_keys(text))
    described = {path for _, path, _ in keys}
    for leaf in leaves(values):
        if not any(leaf[:length] in described for length in range(1, len(leaf) + 1)):
            raise SystemExit(f"chart/values.yaml: no comment describes {'.'.join(leaf)}")
    lines, last = [], None
    for title, path, description in keys:
        if title != last:
            lines += ["", f"### {title}", "", "| Value | Default | Meaning |", "|---|---|---|"]
            last = title
        default = values
        for part in path:
            default = default[part]
        shown = json.dumps(default, ensure_ascii=False).replace("|", "\\|")
        lines.append(f"| `{'.'.join(path)}` | `{shown}` | {description} |".replace('`""`', ""))
    return "\n".join(lines[1:]) + "\n"


def main():
    readme = CHART / "README.md"
    old = readme.read_text(encoding="utf-8")
    before, rest = old.split(BEGIN)
    after = rest.split(END)[1]
    new = before + BEGIN + tables((CHART / "values.yaml").read_text(encoding="utf-8")) + END + after
    if sys.argv[1:] == ["--check"]:
        if new != old:
            raise SystemExit("chart/README.md is not what chart/values.yaml says: run scripts/chart-readme.py")
    else:
        readme.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
