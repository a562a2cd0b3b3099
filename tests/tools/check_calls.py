#!/usr/bin/env python3
"""Checks that the files of a room stand on each other and never in a circle.

An arrow goes from a file that names a function or a constant of the room's headers to the file that defines it. A circle
means that a lower file knows an upper one.
Usage: check_calls.py [ROOT]
"""

import re
import sys

import checking

BLANK = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
PLAIN_LINE = re.compile(r"^#.*(?:\\\n.*)*$", re.M)
NAME = re.compile(r"(?<![.\w])(?<!->)(?<!struct )[A-Za-z_]\w*")
# At the beginning of a line, as everything that a file says to others does; up to what ends or opens it.
OUTER = re.compile(r"^(?!static\b|typedef\b|struct \w+ \{|enum \w* ?\{|union \w+ \{|\}|\{)[A-Za-z_][^;{]*[;{]", re.M)


def code_of(text):
    """@text without comments, strings and lines of the preprocessor."""
    return PLAIN_LINE.sub("", BLANK.sub(" ", text))


def outer_names(code, end):
    """Names that stand before a parenthesis, or else before = or [ or the end, in what ends with @end."""
    names = set()
    for match in OUTER.finditer(code):
        said = match.group(0)
        if said[-1] != end:
            continue
        said = said[:-1]
        function = re.search(r"([A-Za-z_]\w*)\s*\(", said)
        if function and "=" not in said[:function.start()]:
            names.add(function.group(1))
        else:
            for part in said.split("=")[0].split(","):
                words = re.findall(r"[A-Za-z_]\w*", part.split("[")[0])
                if words:
                    names.add(words[-1])
    return names


def arrows_of(room):
    """{file: {file it stands on: names}} of the .c files below the folder @room."""
    declared = set()
    for path in room.rglob("*.h"):
        declared |= outer_names(code_of(path.read_text(encoding="utf-8")), ";")
    codes = {str(path.relative_to(room))[:-2]: code_of(path.read_text(encoding="utf-8"))
             for path in sorted(room.rglob("*.c"))}
    home = {}
    for file, code in codes.items():
        for name in outer_names(code, "{") & declared:
            home[name] = file
    arrows = {}
    for file, code in codes.items():
        arrows[file] = {}
        for name in sorted(set(NAME.findall(code)) & home.keys()):
            if home[name] != file:
                arrows[file].setdefault(home[name], []).append(name)
    return arrows


def circles_of(arrows):
    """The sets of files each of which leads to all others (Tarjan's strongly connected components)."""
    order, low, trail, circles = {}, {}, [], []

    def visit(file):
        order[file] = low[file] = len(order)
        trail.append(file)
        for next_file in arrows[file]:
            if next_file not in order:
                visit(next_file)
                low[file] = min(low[file], low[next_file])
            elif next_file in trail:
                low[file] = min(low[file], order[next_file])
        if low[file] == order[file]:
            circle = set(trail[trail.index(file):])
            del trail[trail.index(file):]
            if len(circle) > 1:
                circles.append(circle)

    for file in arrows:
        if file not in order:
            visit(file)
    return circles


def tell(room, circle, arrows):
    lines = [f"src/{room}/: a circle of files: {', '.join(sorted(circle))}"]
    for file in sorted(circle):
        for other in sorted(circle & arrows[file].keys()):
            lines.append(f"  {file} → {other}: {', '.join(arrows[file][other])}")
    return "\n".join(lines)


def check(root):
    """Every complaint about the tree at @root."""
    complaints = []
    for room in sorted(entry for entry in (root / "src").iterdir() if entry.is_dir()):
        arrows = arrows_of(room)
        complaints += [tell(room.name, circle, arrows) for circle in circles_of(arrows)]
    return complaints


if __name__ == "__main__":
    sys.exit(checking.run(check))
