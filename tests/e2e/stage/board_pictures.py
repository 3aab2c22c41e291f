"""Draws docs/images/dashboard-*.png: `/usr/bin/python3 tests/e2e/stage/board_pictures.py [FOLDER]`, after a build.

A month of a simulated Kubecost in a real Prometheus, every panel's queries asked, the answers drawn."""

import pathlib
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS / "e2e"), str(TESTS / "chart")]

from stage import boards, draw
from stage.chromium import Chromium
from stage.history import HistoryStage, rendered_rules
from stage.programs import ROOT

DAY = 86400
# Board -> what is chosen, and how far it looks back.
CHOSEN = {
    "overview": ({"budget": "3500"}, 30 * DAY),
    "namespace": ({"namespace": "team-1|team-2|default|monitoring"}, 30 * DAY),
    "workload": ({"namespace": "team-1"}, 7 * DAY),
    "exporter": ({}, DAY),
}
BUDGETS = [
    {"cluster": "cluster-one", "monthly": 1600},
    {"cluster": "cluster-two", "monthly": 1500},
    {"cluster": "cluster-one", "namespace": "team-1", "monthly": 300},
    {"cluster": "cluster-two", "namespace": "monitoring", "monthly": 150},
]


def main(folder=ROOT / "docs" / "images"):
    with HistoryStage() as stage, tempfile.TemporaryDirectory() as work:
        simulator = stage.simulator("--pods=150", "--clusters=2", "--history-days=60", "--currency=EUR", "--seed=9")
        stage.history(simulator, work)
        # Reads often, so that there is something to see of them within minutes.
        exporter = stage.exporter(simulator.url, "--today.refresh=1m", "--day.refresh=1m", "--day.refresh-max=1m")
        exporter.wait_for_dates(15)
        prometheus = stage.prometheus_with_history(exporter, work, rendered_rules({"budgets": BUDGETS}))
        time.sleep(boards.LIVE)  # for panels that show the exporter itself
        browser = stage._start(Chromium, stage.folder())
        for name, board in boards.load().items():
            chosen, seconds = CHOSEN[name]
            view = boards.View(board, prometheus, int(time.time()), seconds, 3600, chosen)
            text, height = draw.page(view)
            file = pathlib.Path(work) / f"{name}.html"
            file.write_text(text, encoding="utf-8")
            browser.shape(24 * draw.CELL + 8, height)
            browser.open(file.as_uri())
            browser.screenshot(pathlib.Path(folder) / f"dashboard-{name}.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
