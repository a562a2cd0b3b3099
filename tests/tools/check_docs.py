#!/usr/bin/env python3
"""Checks what documents say of the tree: that files which they name are there, that links lead somewhere, and that lists
which people keep by hand (the README's, the fuzz dictionary) have every operation of the API and every step at which a
connection may fail.

Usage: check_docs.py [ROOT]
"""

import re
import sys

import checking

LINK = re.compile(r"\]\(([^)#\s:]+)(?:#[^)]*)?\)")  # of files, not of sites
CODE = re.compile(r"`([^`\s]+)`")
FILE = re.compile(r"^[\w./-]*[\w-]\.(?:[ch]|py|md|in|build|sh)$")
OPERATIONS = re.compile(r"struct api_operation operations\[\] = \{\n(.*?)\n\};", re.DOTALL)
OPERATION = re.compile(r'^\t\{ (?:\.name = )?"(\w+)"', re.MULTILINE)
NATIVE = re.compile(r'^\t\{ "(\w+)", .*"(\w+)", "(/[^"]*)", \d+(?:, .*)? \},?$', re.MULTILINE)  # ours are known by their paths
STEP = re.compile(r'^\t\[STEP_(\w+)\] = \{ "([\w-]+)"', re.MULTILINE)
DICTIONARY = "tests/fuzz/operations.dict"
ONLY_OF_FILES = ("READ_OBJECT", "WRITE_REMOTE", "RENAME_REMOTE", "READ_REMOTE", "WRITE_OBJECT", "WAIT", "WORKER",
                 "LIST_REMOTE", "MOVE_REMOTE", "MOVE_TARGET", "DELETE_REMOTE")
LEFT_OUT = ("errors.md", "style-notes.md")  # made of the sources; about other trees


def documents(root):
    return [path for path in sorted([*root.glob("*.md"), *root.glob("doc/**/*.md")]) if path.name not in LEFT_OUT]


def files_of(root):
    """All paths of the tree's own files, as people may shorten them: from the root, from src/, the name alone."""
    names = set()
    for folder in ("src", "tests", "bench", "console", "man", "packaging", "doc"):
        for path in (root / folder).rglob("*"):
            if "node_modules" not in path.parts:
                parts = path.relative_to(root).parts
                names.update("/".join(parts[i:]) for i in range(len(parts)))
    return names | {path.name for path in root.iterdir()}


def check_document(root, path, names):
    text = path.read_text(encoding="utf-8")
    where = path.relative_to(root)
    for link in LINK.findall(text):
        if not (path.parent / link).exists():
            yield f"{where}: the link to \"{link}\" leads nowhere"
    for word in CODE.findall(text):
        if FILE.match(word) and word not in names:
            yield f"{where}: there is no file \"{word}\""


def operations_of(path):
    """What the README should have of the service that @path declares."""
    block = OPERATIONS.search(path.read_text(encoding="utf-8"))
    if path.parent.name == "native":
        return [f"{method} {re.sub('{[^}]*}', 'ID', address)}" for _, method, address in NATIVE.findall(block.group(1))]
    return OPERATION.findall(block.group(1))


def check_operations(root):
    readme = (root / "README.md").read_text(encoding="utf-8")
    dictionary = (root / DICTIONARY).read_text(encoding="utf-8")
    paths = [path for path in sorted((root / "src/service").rglob("*.c"))
             if OPERATIONS.search(path.read_text(encoding="utf-8"))]
    for path in paths:
        operations = operations_of(path)
        if not operations:
            yield f"tests/tools/check_docs.py: cannot read the operations in {path.relative_to(root)}"
        for name in operations:
            both = name.replace("Ingress", "Egress") + " and -Ingress"
            if not re.search(rf"\b{re.escape(name)}\b(?!/)", readme) and not (name.endswith("Ingress") and both in readme):
                yield f"README.md: the list of calls lacks {name} ({path.relative_to(root)})"
            if path.parent.name not in ("native", "s3") and f'"{name}"\n' not in dictionary:
                yield f"{DICTIONARY}: {name} is missing ({path.relative_to(root)})"


def check_steps(root):
    document = "doc/networks.md"
    text = (root / document).read_text(encoding="utf-8")
    for number, name in STEP.findall((root / "src/model/failure.c").read_text(encoding="utf-8")):
        if number not in ONLY_OF_FILES and f"`{name}`" not in text:
            yield f"{document}: nothing is said of the step \"{name}\" (src/model/failure.c)"


def check(root):
    """Every complaint about the tree at @root, one sentence each."""
    names = files_of(root)
    complaints = [complaint for path in documents(root) for complaint in check_document(root, path, names)]
    return complaints + list(check_operations(root)) + list(check_steps(root))


if __name__ == "__main__":
    sys.exit(checking.run(check))
