#!/usr/bin/env python3
"""Proves that tests/run.py counts what fails, also what dies without a word, and begins stories in the right order."""

import pathlib
import sys
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
import run  # noqa: E402
import stories  # noqa: E402

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


def counted(output, returncode):
    tally = run.Tally()
    tally.add_tap("name", output, returncode)
    return tally.passed, tally.failed, tally.skipped


def scheduled():
    """Of the table of stories: (sentence, got, expected)."""
    scripts = [pathlib.Path(f"{name}_test.py") for name in ("unlisted", "long", "alone", "longest")]
    with mock.patch.multiple(stories, SECONDS={"long": 20, "longest": 40, "alone": 90}, ALONE={"alone": "it measures"}):
        ordered = [[stories.name_of(script) for script in some] for some in stories.in_turn(scripts)]
    yield "the longest begin first, and what runs alone comes last", ordered, [["longest", "long", "unlisted"], ["alone"]]
    there = {stories.name_of(script) for script in (run.ROOT / "tests" / "system").glob("*_test.py")}
    yield "what the tables name is there", {*stories.SECONDS, *stories.ALONE} - there, set()


def main():
    results = [(sentence, counted(output, returncode), expected) for sentence, output, returncode, expected in CASES]
    results += scheduled()
    for number, (sentence, got, expected) in enumerate(results, 1):
        print(f"{'ok' if got == expected else 'not ok'} {number} - {sentence}")
        if got != expected:
            print(f"# expected {expected}\n# got {got}")
    print(f"1..{len(results)}")
    return 0 if all(got == expected for _, got, expected in results) else 1


if __name__ == "__main__":
    sys.exit(main())
