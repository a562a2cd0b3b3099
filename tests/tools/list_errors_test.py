#!/usr/bin/env python3
"""Proves that list_errors.py finds sentences wherever C lets them stand, and notices a list that is not true."""

import pathlib
import sys
import tempfile

import list_errors

FAILURES = '[STEP_ROLE] = { "role", "ASSUME_ROLE_ERROR", NULL },\n'

# sentence, a file of the room store/, what the list must say of it (None: nothing)
CASES = [
    ("a sentence is listed with its code",
     'return sp_fail(err, SP_LIMIT, "too many of %s", name);', "- `too many of …` SP_LIMIT"),
    ("one that goes over lines and through macros is one sentence",
     'sp_wrap(err, "%" PRIu64 " bytes "\n  "were left" /* "no sentence this" */);', "- `… bytes were left`"),
    ("an error of the API has its own name behind it",
     'ec2_refuse(r, err, IN_USE, "the address %s is used");\n#define IN_USE "InvalidIPAddress.InUse"\n',
     "- `the address … is used` InvalidIPAddress.InUse"),
    ("a table's sentences are listed", 'static const char *const why[] = { [A] = "it is gone" };', "- `it is gone`"),
    ("what is put together from pieces is listed", 'sp_buffer_add_text(&b, cold ? "it is cold" : "");', "- `it is cold`"),
    ("quotes inside a sentence do not end it", r'sp_fail(err, SP_INVALID, "no \"%s\" here");', '- `no "…" here` SP_INVALID'),
    ("a single word is no sentence", 'json_string("refused")', None),
    ("a statement of the database is no sentence", 'db_run(db, err, "DELETE FROM things WHERE id = ?1", "t", id);', None),
    ("but the text that it writes is one",
     """db_run(db, err, "UPDATE files SET why = 'could not tell where ' || path || ' is'"\n" WHERE id = 'none'");""",
     "- `could not tell where … is`"),
    ("a comment is no sentence", '/* sp_fail(err, SP_LIMIT, "too many of %s"); */ // "and this"', None),
]


def tree(folder, text):
    root = pathlib.Path(folder)
    for name, content in (("src/model/failure.c", FAILURES), ("src/store/a.c", text), ("doc/x", "")):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")
    return root


def listed(text):
    with tempfile.TemporaryDirectory() as folder:
        return [line for line in list_errors.write_list(tree(folder, text)).splitlines() if line.startswith("- ")]


def notices_staleness():
    with tempfile.TemporaryDirectory() as folder:
        root = tree(folder, 'sp_log(SP_LOG_INFO, "it is warm");')
        before = list_errors.is_true(root)
        (root / list_errors.LIST).write_text(list_errors.write_list(root), encoding="utf-8")
        written = list_errors.is_true(root)
        (root / "src/store/a.c").write_text('sp_log(SP_LOG_INFO, "it is cold");', encoding="utf-8")
        return (before, written, list_errors.is_true(root)) == (False, True, False)


def main():
    failed = 0
    for number, (sentence, text, expected) in enumerate(CASES, 1):
        got = listed(text)
        good = got == ([] if expected is None else [expected])
        print(f"{'ok' if good else 'not ok'} {number} - {sentence}")
        if not good:
            failed += 1
            print(f"# got {got}")
    good = notices_staleness()
    print(f"{'ok' if good else 'not ok'} {len(CASES) + 1} - a list that is not there or not true is noticed")
    print(f"1..{len(CASES) + 1}")
    return 1 if failed or not good else 0


if __name__ == "__main__":
    sys.exit(main())
