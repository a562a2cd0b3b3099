#!/usr/bin/env python3
"""Proves that check_docs.py can fail: small trees with one fault each."""

import sys

import check_docs
import checking

GOOD = {
    "README.md": "The calls: ListThings, DeleteThing, GET /v1/things/ID. See [more](doc/networks.md#steps) and `api/call.c`.\n",
    "doc/networks.md": "| `connect` | is it there? |\nOut of the [tree](https://example.net/x), and `call.c`.\n",
    "src/api/call.c": "",
    "tests/fuzz/operations.dict": '"DeleteThing"\n"ListThings"\n',
    "src/model/failure.c": '\t[STEP_CONNECT] = { "connect", "X", NULL },\n\t[STEP_WORKER] = { "worker", "Y", NULL },\n',
    "src/service/things/service.c": 'static const struct api_operation operations[] = {\n\t{ "ListThings", &a, b },\n'
                                    '\t{ "DeleteThing", &a, b },\n\t{ NULL },\n};\n',
    "src/service/native/service.c": 'static const struct api_operation operations[] = {\n'
                                    '\t{ "GetThing", &a, b, "GET", "/v1/things/{Id}", 0 },\n\t{ NULL },\n};\n',
}

# sentence, changed files, what the complaint must say (None: no complaint)
CASES = [
    ("documents that are true pass", {}, None),
    ("a link to what is not there is found", {"doc/networks.md": "`connect` [x](../LICENCE)"}, 'the link to "../LICENCE" leads nowhere'),
    ("a file that was moved is found", {"doc/networks.md": "`connect` is in `api/calls.c`"}, 'there is no file "api/calls.c"'),
    ("an operation that the README lacks is found",
     {"README.md": "The calls: ListThings, GET /v1/things/ID"}, "the list of calls lacks DeleteThing"),
    ("an operation that the fuzz dictionary lacks is found",
     {"tests/fuzz/operations.dict": '"ListThings"\n'}, "tests/fuzz/operations.dict: DeleteThing is missing"),
    ("one of our own that the README lacks is found",
     {"README.md": "ListThings, DeleteThing, GET /v1/things/ID/parts"}, "the list of calls lacks GET /v1/things/ID"),
    ("a table of operations that is written otherwise is found",
     {"src/service/things/service.c": "static const struct api_operation operations[] = {\n\tLIST,\n};\n"},
     "cannot read the operations in src/service/things/service.c"),
    ("a step of which nothing is said is found", {"doc/networks.md": "nothing"}, 'nothing is said of the step "connect"'),
]


if __name__ == "__main__":
    sys.exit(checking.prove(check_docs.check, [(sentence, {**GOOD, **files}, expected) for sentence, files, expected in CASES]))
