"""Runs one Python test file for ctest; a skipped test is said loudly, and noted in the file SKIP_LOG if that is set.

Tests import from the folder they stand in, and from FOLDERS.
"""

import os
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[1]
FOLDERS = ("tests/e2e", "tests/chart", "tests/boards", "scripts/image")


def main():
    path = pathlib.Path(sys.argv[1]).resolve()
    sys.path[:0] = [str(path.parent), *(str(ROOT / folder) for folder in FOLDERS)]
    suite = unittest.defaultTestLoader.loadTestsFromName(path.stem)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    for test, reason in result.skipped:
        # A class skipped as a whole is named "setUpClass (module.Class)".
        name = re.sub(r".*[(](.*)[)]", r"\1", test.id())
        line = f"{name} {reason}"
        print(f"SKIPPED: {line}", flush=True)
        if "SKIP_LOG" in os.environ:
            with open(os.environ["SKIP_LOG"], "a", encoding="utf-8") as log:
                log.write(line + "\n")
    if result.testsRun == 0 and not result.skipped:
        print(f"{path}: no test was run")
        return 1
    return 0 if result.wasSuccessful() else 1


sys.exit(main())
