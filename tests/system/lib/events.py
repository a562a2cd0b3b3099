"""Events as their readers meet them: lines of a file, and what the store says they should be."""

import json
import re
import sqlite3

import harness


def file_names(daemon, name="events.jsonl"):
    """The event file and what was renamed, the oldest first."""
    found = [path for path in daemon.state.glob(f"{name}*") if re.fullmatch(re.escape(name) + r"(\.\d+)?", path.name)]
    return sorted(found, key=lambda path: -int(path.suffix[1:]) if path.suffix[1:].isdigit() else 0)


def lines_of(path, torn=None):
    """The events of a file. Lines that a kill has cut go into @torn; without it there is none."""
    found = []
    for line in path.read_bytes().splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            assert torn is not None, f"{path.name} has a line that is no JSON: {line!r}"
            torn.append(line)
    return found


def in_files(daemon, torn=None):
    """All events that were written, repeats included."""
    return [event for path in file_names(daemon) for event in lines_of(path, torn)]


def of(events, transfer):
    return [event for event in events if event["detail"].get("transfer-id") == transfer]


def wait_in_files(daemon, transfer, count=1):
    """The events of one transfer, once there are @count."""
    def look():
        found = of(in_files(daemon), transfer)
        return found if len(found) >= count else None
    return harness.wait_until(look, f"{count} events of {transfer} in the file")


def in_store(daemon):
    """[(connector, number, id, file, state)] of all events that are kept, in the order of their commits."""
    with sqlite3.connect(f"file:{daemon.state}/store.db?mode=ro", uri=True) as store:
        return store.execute("SELECT connector_id, number, id, file_id, state FROM events ORDER BY number").fetchall()


def ended_files(daemon):
    """{file: state} of all files that have ended."""
    with sqlite3.connect(f"file:{daemon.state}/store.db?mode=ro", uri=True) as store:
        return dict(store.execute("SELECT id, state FROM files WHERE state >= 3").fetchall())
