#!/usr/bin/env python3
"""Proves that tests/run.py counts what fails, also what dies without a word."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
import run  # noqa: E402

# sentence, what a program wrote, how it ended, the tally: passed, failed, skipped
CASES = [
    ("good lines are counted", "ok 1 - a\nok 2 - b\n1..2\n", 0, (2, 0, 0)),
    ("a bad line is a failure", "ok 1 - a\nnot ok 2 - b\n1..2\n", 1, (1, 1, 0)),
    ("a skipped case is no success", "ok 1 - a # SKIP needs root\nok 2 - b\n", 0, (1, 0, 1)),
    ("a crash after good lines is a failure", "ok 1 - a\n", -11, (1, 1, 0)),
    ("a bad end after good lines is a failure", "ok 1 - a\n1..1\n", 1, (1, 1, 0)),
    ("saying nothing is a failure", "", 0, (0, 1, 0)),
    ("fewer cases than were promised are a failure", "1..3\nok 1 - a\nok 2 - b\n", 0, (2, 1, 0)),
]


def main():
    failed = 0
    for number, (sentence, output, returncode, expected) in enumerate(CASES, 1):
        tally = run.Tally()
        tally.add_tap("name", output, returncode)
        good = (tally.passed, tally.failed, tally.skipped) == expected
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {sentence}" + ("" if good else f"\n# got {tally}"))
    print(f"1..{len(CASES)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
