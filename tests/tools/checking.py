"""What the checks of the tree (check_includes.py and its neighbours) and the proofs that they can fail have in common."""

import pathlib
import sys
import tempfile


def run(check):
    """The exit code: @check(root) gives the complaints, a sentence each."""
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
    complaints = check(root)
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


def complaints_of(check, files):
    """What @check says of a tree of these @files alone: {path: text}."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        return check(root)


def prove(check, cases):
    """@cases: (sentence, files, what the only complaint must say; None: there is none). TAP, and the exit code."""
    failed = 0
    for number, (sentence, files, expected) in enumerate(cases, 1):
        got = complaints_of(check, files)
        good = not got if expected is None else len(got) == 1 and expected in got[0]
        print(f"{'ok' if good else 'not ok'} {number} - {sentence}")
        if not good:
            failed += 1
            print(f"# got {got}")
    print(f"1..{len(cases)}")
    return 1 if failed else 0
