#!/usr/bin/env python3
"""Proves that check_includes.py can fail: small trees with one fault each."""

import sys

import check_includes
import checking

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


def tree(files, table):
    return {"ARCHITECTURE.md": table, **{f"src/{name}": text for name, text in {**GOOD, **files}.items()}}


if __name__ == "__main__":
    sys.exit(checking.prove(check_includes.check, [(sentence, tree(files, table), expected) for sentence, files, table, expected in CASES]))
