#!/usr/bin/env python3
"""Proves that check_calls.py can fail: small trees with one circle each, and what is none."""

import sys

import check_calls
import checking

GOOD = {
    "store/low.h": "#pragma once\nint low(const char *name);\nextern const struct kind low_kind, other_kind;\n",
    "store/low.c": '#include "store/low.h"\nint low(const char *name)\n{\n\treturn *name;\n}\n'
                   "const struct kind low_kind = {\n\t.call = low,\n};\n",
    "store/high.h": "#pragma once\nvoid high(void);\nenum { HIGH_MAX = 2 };\n",
    "store/high.c": '#include "store/low.h"\nvoid high(void)\n{\n\tlow("");\n}\n',
    "api/low.h": "#pragma once\nint api_low(void);\n",
    "api/low.c": "int api_low(void)\n{\n\treturn 0;\n}\n",
}
LOW = GOOD["store/low.c"]

# sentence, changed files, what the complaint must say (None: no complaint)
CASES = [
    ("a room whose files stand on each other passes", {}, None),
    ("a lower file that calls an upper one is refused", {"store/low.c": LOW + "int more(void)\n{\n\thigh();\n}\n"},
     "src/store/: a circle of files: high, low\n  high → low: low\n  low → high: high"),
    ("a function that is only handed on counts as well", {"store/low.c": LOW + "static fn *const f = high;\n"},
     "low → high: high"),
    ("a table that names an upper file's constant is refused",
     {"store/high.h": "extern const struct kind high_kind;\n", "store/high.c": "const struct kind high_kind = {\n\t.next = &low_kind,\n};\n",
      "store/low.c": LOW + "static const struct kind *const kinds[] = { &high_kind };\n"}, "low → high: high_kind"),
    ("a circle of three is found", {"store/low.c": LOW + "int more(void)\n{\n\treturn top();\n}\n", "store/top.h": "int top(void);\n",
     "store/top.c": "int top(void)\n{\n\thigh();\n\treturn 0;\n}\n"}, "high, low, top"),
    ("files of a folder of the room count as well",
     {"store/low.c": LOW + "int more(void)\n{\n\treturn deep();\n}\n", "store/sub/deep.h": "int deep(void);\n",
      "store/sub/deep.c": "int deep(void)\n{\n\treturn low(0);\n}\n"}, "low, sub/deep"),
    ("what a comment or a text says is no call", {"store/low.c": LOW + '/* high() */ static const char t[] = "high()";\n'}, None),
    ("a member of that name is no call", {"store/low.c": LOW + "int more(struct a *a)\n{\n\treturn a->high + a[0].high;\n}\n"}, None),
    ("each room is looked at", {"api/low.c": "int api_low(void)\n{\n\treturn api_up();\n}\n", "api/up.h": "int api_up(void);\n",
     "api/up.c": "int api_up(void)\n{\n\treturn api_low();\n}\n"}, "src/api/: a circle of files: low, up"),
]


def tree(files):
    return {f"src/{name}": text for name, text in {**GOOD, **files}.items()}


if __name__ == "__main__":
    sys.exit(checking.prove(check_calls.check, [(sentence, tree(files), expected) for sentence, files, expected in CASES]))
