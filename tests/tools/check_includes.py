#!/usr/bin/env python3
"""Checks every #include under src/ against the table of rooms in ARCHITECTURE.md.

A room may include itself, base/, model/ and what its row names. The arrows of the table must not form a circle.
Usage: check_includes.py [ROOT]
"""

import re
import sys

import checking

EVERYBODYS = ("base", "model")
GROUND = {"base": set(), "model": {"base"}}  # what everybody may include must itself stand on little
ROW = re.compile(r"^\|\s*(\w+)/\s*\|[^|]*\|([^|]*)\|\s*$")
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]*)"')


def read_table(text):
    """{room: rooms its row names}, from the Markdown table whose first column is `name/`."""
    rows = {}
    for line in text.splitlines():
        row = ROW.match(line)
        if row:
            names = row.group(2).strip()
            rows[row.group(1)] = set() if names in ("", "–", "-") else {n.strip(" /") for n in names.split(",")}
    return rows


def check_table(rows, rooms):
    complaints = []
    for room in sorted(rooms - rows.keys()):
        complaints.append(f"src/{room}/: ARCHITECTURE.md has no row for this room")
    for room in sorted(rows.keys() - rooms):
        complaints.append(f"ARCHITECTURE.md: the row {room}/ speaks of a room that is not in src/")
    for room, names in sorted(rows.items()):
        for name in sorted(names - rows.keys()):
            complaints.append(f"ARCHITECTURE.md: the row {room}/ names {name}/, which has no row")
    return complaints + find_circles(rows)


def find_circles(rows):
    done, complaints = set(), []

    def visit(room, trail):
        if room in trail:
            complaints.append("ARCHITECTURE.md: the arrows form a circle: " + " → ".join(trail[trail.index(room):] + [room]))
        elif room not in done:
            for name in sorted(rows.get(room, ())):
                visit(name, trail + [room])
            done.add(room)

    for room in sorted(rows):
        visit(room, [])
    return complaints


def check_file(path, room, text, rows):
    allowed = GROUND.get(room, set(EVERYBODYS) | rows.get(room, set())) | {room}
    for number, line in enumerate(text.splitlines(), 1):
        include = INCLUDE.match(line)
        if not include:
            continue
        target, slash, _ = include.group(1).partition("/")
        where = f"{path}:{number}: \"{include.group(1)}\""
        if not slash or target.startswith("."):
            yield f"{where} does not name its room"
        elif target not in rows:
            yield f"{where}: there is no room {target}/"
        elif target not in allowed:
            yield f"{where}: the row of {room}/ does not name {target}/"


def check(root):
    """Every complaint about the tree at @root, one sentence each."""
    rows = read_table((root / "ARCHITECTURE.md").read_text(encoding="utf-8"))
    rooms = {entry.name for entry in (root / "src").iterdir() if entry.is_dir()}
    complaints = check_table(rows, rooms)
    for path in sorted((root / "src").rglob("*.[ch]")):
        room = path.relative_to(root / "src").parts[0]
        complaints += check_file(path.relative_to(root), room, path.read_text(encoding="utf-8"), rows)
    return complaints


if __name__ == "__main__":
    sys.exit(checking.run(check))
