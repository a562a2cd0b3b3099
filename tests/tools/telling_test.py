#!/usr/bin/env python3
"""Proves that an assert in a story tells what was expected and what there was, and that it changes nothing else."""

import builtins
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system" / "lib"))
import telling  # noqa: E402

# sentence, the condition (and message) of an assert, lines of what is told
FAILURES = [
    ("both sides of a comparison are told", "two == [1][0]", ["expected two == [1][0]", "got two = 2", "got [1][0] = 1"]),
    ("what everybody can read is not", "two == 3", ["expected two == 3", "got two = 2"]),
    ("a chain is told as far as it came", "3 < two < count()", ["expected 3 < two < count()", "got two = 2"]),
    ("of two conditions the first that fails is the last one told", "two == 2 and not two",
     ["expected two == 2 and (not two)", "got two = 2", "got two = 2"]),
    ("what a function was given is told", "isinstance(two, str)",
     ["expected isinstance(two, str)", "got two = 2", "got str = <class 'str'>"]),
    ("and whose method it was", "'abc'.startswith(word)", ["expected 'abc'.startswith(word)", "got word = 'b'"]),
    ("the assert's own words come first", "not word, f'{two} words'", ["2 words", "expected not word", "got word = 'b'"]),
    ("a function is asked once", "count() > 1", ["expected count() > 1", "got count() = 1"]),
]


def failure_of(condition):
    """The lines of the AssertionError; None when there was none."""
    calls = []

    def count():
        calls.append(1)
        return len(calls)
    try:
        exec(telling.compiled(f"assert {condition}\n", "here"), {"two": 2, "word": "b", "count": count})
    except AssertionError as error:
        return str(error).splitlines()
    return None


def main():
    setattr(builtins, telling.KEEP, telling.keep)
    setattr(builtins, telling.TELL, telling.tell)
    results = [(sentence, failure_of(condition), expected) for sentence, condition, expected in FAILURES]
    results.append(("what holds tells nothing", failure_of("count() == 1 and all(n < two for n in [0, 1])"), None))
    long = failure_of("word == 'x' * 5000")
    results.append(("a long value is cut", [len(long), len(long[2]) < telling.VALUE_CHARACTERS_MAX + 60], [3, True]))
    for number, (sentence, got, expected) in enumerate(results, 1):
        print(f"{'ok' if got == expected else 'not ok'} {number} - {sentence}")
        if got != expected:
            print(f"# expected {expected}\n# got {got}")
    print(f"1..{len(results)}")
    return 0 if all(got == expected for _, got, expected in results) else 1


if __name__ == "__main__":
    sys.exit(main())
