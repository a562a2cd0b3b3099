#!/usr/bin/env python3
"""Collects every sentence that people may see, from the C files of src/, into doc/errors.md.

A sentence is a string literal of two words or more; only what QUIET and the names below it know to be no sentence is
left out, so that a new one is in the list without anybody thinking of it.
Usage: list_errors.py [--check] [ROOT]
"""

import argparse
import dataclasses
import pathlib
import re
import sys

LIST = "doc/errors.md"

ABOUT_A_FILE = "whose file it is: the transfer's results, its receipt, the log"
BEHIND_OTHERS = "whoever sees the room that called, behind its colon"

READERS = {  # room: who sees what it says
    "base": BEHIND_OTHERS,
    "model": BEHIND_OTHERS,
    "config": "who starts the daemon or sends it SIGHUP: standard error, the log",
    "loop": BEHIND_OTHERS,
    "ipc": BEHIND_OTHERS,
    "sign": "who calls the API with a signature that is wrong",
    "access": "who calls the API and may not; whose file it is",
    "db": BEHIND_OTHERS,
    "network": "whoever sees what egress/, netd/ and service/ say of networks",
    "store": "who calls the API; who starts the daemon, copies its store or restores it",
    "identity": "who calls the API and may not; whose file it is; who tests a connector",
    "objects": ABOUT_A_FILE,
    "streams": ABOUT_A_FILE,
    "remote": ABOUT_A_FILE + "; who tests a connector",
    "egress": "whose file it is; who tests a connector; who describes a gateway; the flow log",
    "netd": "who describes a gateway or a connector that waits for it; standard error of sallyport-netd",
    "worker": ABOUT_A_FILE,
    "transfer": ABOUT_A_FILE + "; who tests a connector",
    "events": "who starts the daemon; the log",
    "api": "who calls the API",
    "service": "who calls the API",
    "cli": "who types a command of `sallyport`: standard error",
    "daemon": "who starts the daemon: standard error, the log",
}

QUIET = [  # (file, called function, text): whatever all three match is no sentence of ours
    (r"store/migrations\.c|config/print_manual\.c|api/known_services\.c", "", ""),
    (r"config/settings\.c", r"^(\{|print_item)$", ""),  # what the manual says of each setting
    ("", r"^(static_assert|assert|strstr|sscanf|pool_create|dprintf)$", ""),
    ("", r"^(db_run|db_query|db_script|rows_\w+|read_pragma|read_ids|write_ids|find_one|check_share)$", ""),
    (r"^(db|store)/", "", r"^\s*(SELECT|INSERT|DELETE|PRAGMA|FROM|WHERE|ORDER|AND) "),
    (r"^store/", "", r"^\s*[a-z_0-9]+(, ?[a-z_0-9]+)+,?$"),  # columns
    (r"^store/", "", r"^[a-z]\.\w+, |^\s*\(|\?\d"),  # more of them, and conditions
    (r"netd/(rules|doors)\.c", r"^(\{|sp_buffer_\w+|)$", ""),  # the kernel's language
    (r"events/envelope\.c", "", ""),  # EventBridge's words
    (r"worker/learnt\.c|daemon/announce\.c", r"^sp_buffer_", ""),
    (r"host_key_line\.c|private_key\.c", "", r"^(-+ ?)?(BEGIN|END|PRIVATE|Proc-Type)\b"),  # what keys are known by
    (r"cli/(commands|options|exit_status|completion|usage|bar|print_manual)\.c", r"^(\{|fputs|fprintf|snprintf|)$", ""),  # help, the manual
    (r"remote/words\.c", "", r"^[A-Z]"),  # what servers say, and …
    (r"remote/failure_libssh\.c", "", r"^[A-Z]|^no match|^\] "),  # … what libssh says: both are told in words of ours
    (r"/(main|options)\.c$", "", r"^(usage: |sallyportd: SFTP)"),  # as the manuals have it
    ("", "", r"^\s*<|^\.\w"),  # XML, the manual's macros
]
LOG, END = "sp_log", "sp_die"

HEAD = """# What Sallyport says

Every sentence that people may see, by the room that says it. `./dev errors` makes this page of the sources; do not edit
it. "…" stands for what is put in. Sentences are put together, the outermost first: `could not do this: because of that`.
What stands behind one is what programs go by: the code of `base/error.h`, or the error's name in the API. How they are
written: [CONTRIBUTING.md](../CONTRIBUTING.md#style).
"""

TOKEN = re.compile(r"""
    (?P<comment>//[^\n]*|/\*.*?\*/)
    | (?P<directive>^[ \t]*\#[ \t]*(?:define[ \t]+\w+|[^\n]*))
    | "(?P<string>(?:[^"\\\n]|\\.)*)"
    | (?P<char>'(?:[^'\\\n]|\\.)*')
    | (?P<name>[A-Za-z_]\w*)
    | (?P<other>\S)""", re.VERBOSE | re.DOTALL | re.MULTILINE)
CONVERSION = re.compile(r"%[-+ #0]*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:hh|h|ll|l|z|j)?[a-zA-Z]")
TWO_WORDS = re.compile(r"[^\W\d_]{2,}[\W\d_]*\s[\W\d_]*[^\W\d_]+")
SQL_JOINT = re.compile(r"' ?\|\| ?\w+ ?\|\| ?'")
ESCAPE = re.compile(r"\\(.)")
CODE = re.compile(r"^SP_[A-Z_]+$")
AWS_CODE = re.compile(r"^[A-Z][a-z]+[A-Z.][A-Za-z.]*$")
WITH_AWS_CODE = ("api_fail", "api_fail_with", "ec2_refuse")
MACRO = re.compile(r'^#define[ \t]+(\w+)[ \t]+"((?:[^"\\\n]|\\.)*)"', re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Sentence:
    call: str  # the function that it was given to, "{" in a table
    code: str  # SP_INVALID, InvalidParameterValue …, where that is in front of it
    text: str


def read_tokens(text, macros):
    """(kind, text) of all tokens but comments; @macros are the literals they stand for, those side by side are one."""
    tokens = []
    for match in TOKEN.finditer(text):
        kind, value = match.lastgroup, match.group(match.lastgroup)
        if kind == "comment":
            continue
        if kind == "name" and (value in macros or value.startswith("PRI")):
            kind, value = "string", macros.get(value, "u")
        if kind == "string" and tokens and tokens[-1][0] == "string":
            value = tokens.pop()[1] + value
        tokens.append((kind, value))
    return tokens


def read_sentences(text, macros):
    """All literals of two words or more in the C file @text, in order, with what they were given to."""
    tokens, open_ones = read_tokens(text, {**macros, **dict(MACRO.findall(text))}), []
    for i, (kind, value) in enumerate(tokens):
        if kind == "other" and value in "({":
            is_call = value == "(" and i > 0 and tokens[i - 1][0] == "name"
            open_ones.append((tokens[i - 1][1] if is_call else value, i))
        elif kind == "other" and value in ")}" and open_ones:
            open_ones.pop()
        elif kind == "string" and TWO_WORDS.search(CONVERSION.sub("…", value)):
            call, start = next((one for one in reversed(open_ones) if one[0] != "("), ("", i))
            code = AWS_CODE if call in WITH_AWS_CODE else CODE
            codes = [word for _, word in tokens[start:i] if code.match(word)]
            yield Sentence(call, codes[-1] if codes and call != "{" else "", spell(value))
            if call == "db_run":  # what a statement writes into rows
                for quoted in SQL_JOINT.sub("…", spell(value)).split("'")[1::2]:
                    if TWO_WORDS.search(quoted):
                        yield Sentence("", "", quoted)


def spell(literal):
    """As it is read aloud: "…" stands for what is put in."""
    text = ESCAPE.sub(lambda match: {"n": " ", "t": " "}.get(match.group(1), match.group(1)), literal)
    return re.sub(r"\s+", " ", CONVERSION.sub("…", text).replace("%%", "%"))


def is_quiet(file, sentence):
    return any(re.search(of_file, file) and re.search(of_call, sentence.call) and re.search(of_text, sentence.text)
               for of_file, of_call, of_text in QUIET)


def read_tree(root):
    """{room: {file below src/: [Sentence]}}, each sentence once a file."""
    texts = {path.relative_to(root / "src").as_posix(): path.read_text(encoding="utf-8")
             for path in sorted((root / "src").rglob("*.[ch]"))}
    macros = {name: value for file, text in texts.items() if file.endswith(".h") for name, value in MACRO.findall(text)}
    rooms = {}
    for file, text in texts.items():
        sentences = dict.fromkeys(s for s in read_sentences(text, macros) if not is_quiet(file, s))
        if sentences:
            rooms.setdefault(file.split("/")[0], {})[file] = list(sentences)
    return rooms


def read_failures(text):
    """(step, usual failure code, code for what is not found) of the table in model/failure.c."""
    row = re.compile(r'\[STEP_\w+\] = \{ "([^"]+)", "([^"]+)", (?:"([^"]+)"|NULL) \}')
    return row.findall(text)


def write_codes(root, lines):
    failures = read_failures((root / "src/model/failure.c").read_text(encoding="utf-8"))
    if not failures:
        raise SystemExit("tests/tools/list_errors.py: cannot find the table of failure codes in src/model/failure.c")
    lines += ["## Failure codes of files", "",
              "What was being done, and how the results of a transfer name that it failed (`model/failure.c`). Whatever",
              "passes a deadline is TIMEOUT_ERROR, whatever is our own mistake INTERNAL_ERROR.", "",
              "| what was being done | FailureCode | when it is not there |", "|---|---|---|"]
    lines += [f"| {step} | {usual} | {not_found or usual} |" for step, usual, not_found in failures]
    lines.append("")


def write_room(room, files, wanted, lines):
    if not any(wanted(sentence) for sentences in files.values() for sentence in sentences):
        return
    lines += [f"### {room}/", "", f"Seen by: {READERS[room]}.", ""] if room in READERS else [f"### {room}/", ""]
    for file, sentences in files.items():
        chosen = dict.fromkeys((s.code, s.text) for s in sentences if wanted(s))
        if chosen:
            lines += [f"`{file}`", ""]
            lines += [f"- `{text.strip()}`" + (f" {code}" if code else "") for code, text in chosen]
            lines.append("")


def write_list(root):
    rooms = read_tree(root)
    unknown = sorted(rooms.keys() - READERS.keys())
    if unknown:
        raise SystemExit(f"tests/tools/list_errors.py: READERS does not say who sees what {unknown[0]}/ says")
    lines = [HEAD]
    write_codes(root, lines)
    for title, wanted in (("What was wrong", lambda s: s.call not in (LOG, END)),
                          ("What only logs have", lambda s: s.call == LOG),
                          ("What ends a program", lambda s: s.call == END)):
        lines += [f"## {title}", ""]
        for room in READERS:
            write_room(room, rooms.get(room, {}), wanted, lines)
    return "\n".join(lines).rstrip() + "\n"


def is_true(root):
    path = root / LIST
    return path.exists() and path.read_text(encoding="utf-8") == write_list(root)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true", help="only say whether the list is what the sources say")
    parser.add_argument("root", nargs="?", type=pathlib.Path, default=pathlib.Path(__file__).parents[2])
    options = parser.parse_args()
    if not options.check:
        (options.root / LIST).write_text(write_list(options.root), encoding="utf-8")
    elif not is_true(options.root):
        print(f"{LIST} is not what the sources say: ./dev errors writes it anew")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
