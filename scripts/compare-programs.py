#!/usr/bin/env python3
"""Compares two builds of the exporter byte by byte, for the same simulated Kubecost.

    scripts/compare-programs.py OLD_BUILD NEW_BUILD [--only WORDS] [--list]

OLD_BUILD and NEW_BUILD are build folders in which the exporter, the test program scaled-exporter and, in NEW_BUILD, the
simulator have been built. Exit code 0 means that all texts are equal, 1 that some differ, 2 that nothing was compared.

A scenario runs the same commands and requests with both builds, each with a simulator of its own from NEW_BUILD, and
keeps texts: what was printed, the answers with their headers, logs, state files, and the requests that Kubecost got. In
most scenarios the clock of exporter and simulator stands as good as still, so that even times are equal. Others need
time to pass, and run on a clock that is some hundred times as fast.

What differs in every run (ports, folders, times of log lines, memory, ...) is masked by the rules of compare/masks.py, in
lines that differ; the end tells how often each rule applied and how many bytes it took. Masked text is not compared, nor
is the compressed form of answers: they are compared after decompression. A scenario that differs is run once more, alone;
what differs then is printed. All together take about a minute and a half, longer when much differs.
"""

import argparse
import collections
import concurrent.futures
import difflib
import os
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
SHOWN_TEXTS = 5
SHOWN_LINES = 12

Outcome = collections.namedtuple("Outcome", "differences texts size masks seconds")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("new", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--only", default="", help="scenarios whose name contains this")
    parser.add_argument("--list", action="store_true", help="print the names of the scenarios")
    arguments = parser.parse_args()
    for build in (arguments.old, arguments.new):
        for program in ("kubecost-allocation-exporter", "tests/scaled-exporter"):
            if not (build / program).exists():
                parser.error(f"{build / program} is missing: build it first")
    return arguments


def first_difference(old, new):
    """A unified diff of the first lines that differ."""
    old, new = old.split("\n"), new.split("\n")
    pairs = enumerate(zip(old, new))
    start = max(0, next((i for i, (one, other) in pairs if one != other), min(len(old), len(new))) - 2)
    parts = (lines[start : start + SHOWN_LINES] for lines in (old, new))
    return [line[:500] for line in difflib.unified_diff(*parts, "old", "new", f"line {start + 1}", n=2, lineterm="")]


def run_side(scenario, build):
    """(texts, own words, error)"""
    from compare.side import Side

    side = Side(build)
    try:
        scenario(side)
        return side.texts, side.own_words, None
    except Exception as error:  # whatever a scenario raises is what this build does
        return side.texts, side.own_words, f"{type(error).__name__}: {error}"
    finally:
        side.close()


def compare_text(old, new, masks, words):
    """Lines of a diff, none when the texts are equal. Only lines that differ are masked."""
    lines = old.split("\n"), new.split("\n")
    if len(lines[0]) == len(lines[1]):
        pairs = [(one, other) for one, other in zip(*lines) if one != other]
        if not pairs or len({masks.apply("\n".join(part), own) for part, own in zip(zip(*pairs), words)}) == 1:
            return []
    masked = [masks.apply(text, own) for text, own in zip((old, new), words)]
    return [] if masked[0] == masked[1] else first_difference(*masked)


def compare(sides, masks):
    """Differences as [(label, lines)]"""
    differences = [
        (f"the scenario ended early with the {which} build", [error[:3000]])
        for (_, _, error), which in zip(sides, ("old", "new")) if error
    ]  # fmt: skip
    texts, words = [side[0] for side in sides], [side[1] for side in sides]
    for label in dict.fromkeys([*texts[0], *texts[1]]):
        old, new = (part.get(label) for part in texts)
        if old is None or new is None:
            differences.append((label, [f"only with the {'new' if old is None else 'old'} build"]))
        elif lines := compare_text(old, new, masks, words):
            differences.append((label, lines))
    return differences


def run_scenario(scenario, is_running, builds, pool):
    from compare.masks import Masks

    started = time.monotonic()
    sides = [future.result() for future in [pool.submit(run_side, scenario, build) for build in builds]]
    masks = Masks(is_running)
    differences = compare(sides, masks)
    size = sum(len(text.encode("utf-8", "surrogateescape")) for text in sides[0][0].values())
    return Outcome(differences, len(sides[0][0]), size, masks.counts, time.monotonic() - started)


def report(name, outcome, is_second):
    """Prints a scenario's line, and its differences."""
    state = "DIFFERENT" if outcome.differences else "equal"
    note = ", in the second run" if is_second else ""
    print(f"{state:9} {name}: {outcome.texts} texts, {outcome.size} bytes, {outcome.seconds:.0f} s{note}", flush=True)
    for label, lines in outcome.differences[:SHOWN_TEXTS]:
        print(f"  {label}", *(f"    {line}" for line in lines), sep="\n", flush=True)
    if len(outcome.differences) > SHOWN_TEXTS:
        print(f"  and {len(outcome.differences) - SHOWN_TEXTS} texts more", flush=True)


def run_all(scenarios, builds):
    """{name: outcome}; what differs is run again when all others are done."""
    outcomes, again = {}, []
    with concurrent.futures.ThreadPoolExecutor(8) as sides, concurrent.futures.ThreadPoolExecutor(4) as pool:
        running = {pool.submit(run_scenario, *scenarios[name], builds, sides): name for name in scenarios}
        for future in concurrent.futures.as_completed(running):
            name, outcome = running[future], future.result()
            if outcome.differences:
                again.append(name)
                continue
            outcomes[name] = outcome
            report(name, outcome, is_second=False)
        for name in again:
            outcomes[name] = run_scenario(*scenarios[name], builds, sides)
            report(name, outcomes[name], is_second=True)
    return outcomes


def main():
    arguments = parse_arguments()
    # The simulator is that of the new build, for both.
    os.environ["BUILD_DIR"] = str(arguments.new)
    sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests" / "e2e")]
    from compare import commands, polling, serving

    scenarios = {
        **{name: (scenario, True) for part in (polling, serving, commands) for name, scenario in part.running().items()},
        **{name: (scenario, False) for part in (polling, serving, commands) for name, scenario in part.frozen().items()},
    }
    scenarios = {name: scenario for name, scenario in scenarios.items() if arguments.only in name}
    if arguments.list or not scenarios:
        print(*scenarios, sep="\n")
        return 0 if scenarios else 2
    started = time.monotonic()
    outcomes = run_all(scenarios, [arguments.old, arguments.new]).values()
    masks = collections.defaultdict(lambda: [0, 0])
    for outcome in outcomes:
        for rule, (times, size) in outcome.masks.items():
            masks[rule][0] += times
            masks[rule][1] += size
    print("\nMasked in lines that differed, in the texts of both builds:")
    for rule, (times, size) in sorted(masks.items()):
        print(f"  {rule}: {times} times, {size} bytes")
    bad = sum(bool(outcome.differences) for outcome in outcomes)
    print(
        f"\n{len(outcomes)} scenarios, {sum(o.texts for o in outcomes)} texts of {sum(o.size for o in outcomes)} bytes "
        f"compared, {sum(size for _, size in masks.values())} bytes masked, {time.monotonic() - started:.0f} s: "
        + (f"{bad} scenarios differ" if bad else "all equal")
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
