#!/usr/bin/env python3
"""Proves that check_includes.py can fail: small trees with one fault each."""

import pathlib
import sys
import tempfile

import check_includes

TABLE = """
| room | what lives there | may include |
|---|---|---|
| base/ | ground | – |
| model/ | structs | – |
| store/ | rows | – |
| api/ | calls | store |
"""
GOOD = {
    "base/a.c": '#include "base/a.h"\n#include <stdio.h>\n',
    "model/m.c": '#include "base/a.h"\n',
    "store/s.c": '#include "store/s.h"\n#include "model/m.h"\n',
    "api/call.c": '#include "store/s.h"\n  #  include "api/call.h"\n',
}

# sentence, changed files, changed table, what the complaint must say (None: no complaint)
CASES = [
    ("a tree that follows the table passes", {}, TABLE, None),
    ("an arrow that the row does not name is refused", {"store/s.c": '#include "api/call.h"\n'}, TABLE,
     'src/store/s.c:1: "api/call.h": the row of store/ does not name api/'),
    ("base may not include model", {"base/a.c": '\n#include "model/m.h"\n'}, TABLE,
     'src/base/a.c:2: "model/m.h": the row of base/ does not name model/'),
    ("an include of an unknown room is refused", {"api/call.c": '#include "cellar/wine.h"\n'}, TABLE,
     'there is no room cellar/'),
    ("an include without its room is refused", {"api/call.c": '#include "call.h"\n'}, TABLE,
     'does not name its room'),
    ("an include by a relative path is refused", {"api/call.c": '#include "../store/s.h"\n'}, TABLE,
     'does not name its room'),
    ("a room without a row is refused", {"attic/box.c": ""}, TABLE,
     'src/attic/: ARCHITECTURE.md has no row'),
    ("a row without a room is refused", {}, TABLE + "| attic/ | boxes | – |\n",
     'speaks of a room that is not in src/'),
    ("a row that names an unknown room is refused", {}, TABLE.replace("| store |", "| store, attic |"),
     'names attic/, which has no row'),
    ("arrows in a circle are refused", {}, TABLE.replace("| rows | – |", "| rows | api |"),
     'the arrows form a circle: api → store → api'),
]


def complaints_of(files, table):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "ARCHITECTURE.md").write_text(table, encoding="utf-8")
        for name, text in {**GOOD, **files}.items():
            path = root / "src" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return check_includes.check(root)


def main():
    failed = 0
    for number, (sentence, files, table, expected) in enumerate(CASES, 1):
        got = complaints_of(files, table)
        good = not got if expected is None else len(got) == 1 and expected in got[0]
        print(f"{'ok' if good else 'not ok'} {number} - {sentence}")
        if not good:
            failed += 1
            print(f"# got {got}")
    print(f"1..{len(CASES)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
