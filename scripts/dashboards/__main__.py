"""Writes chart/dashboards/*.json: `python3 scripts/dashboards`. The boards are made here and not by hand, so that their
queries share their parts; a test sees to it that both are the same."""

import json
import pathlib
import sys

import health
import namespace
import overview
import workload

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "chart" / "dashboards"
BOARDS = {"overview": overview, "namespace": namespace, "workload": workload, "exporter": health}


def main(folder=FOLDER):
    for name, module in BOARDS.items():
        text = json.dumps(module.board(), indent=2, ensure_ascii=False) + "\n"
        (folder / f"{name}.json").write_text(text, encoding="utf-8")


main(*map(pathlib.Path, sys.argv[1:]))
