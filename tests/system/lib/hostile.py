"""The hostile server (tests/tools/hostile/main.c) as a partner, and what a worker had in memory meanwhile."""

import contextlib
import os
import pathlib
import shlex

import flows
import harness

PROGRAM = pathlib.Path("tests") / "tools" / "hostile_server"


class Hostile(harness.Tool):
    """
    A server with @faults, words as on its command line ("data-longer --after 2"), that serves @root.

    @build  whose program it is: the plain one is faster than its floods need, a sanitized one is slow
    """

    def __init__(self, root, faults="", build=harness.ROOT / "build"):
        super().__init__(build / PROGRAM, "--root", root, *shlex.split(faults))
        self.root, self.port, self.key = pathlib.Path(root), None, None

    def __enter__(self):
        self.root.mkdir(parents=True, exist_ok=True)
        super().__enter__()
        self.port = int(self.wait_line(lambda line: line.startswith("port "))[1].split()[1])
        self.key = self.wait_line(lambda line: line.startswith("key "))[1].partition(" ")[2]
        return self

    def partner(self, daemon, **options):
        return flows.Partner(daemon, f"sftp://127.0.0.1:{self.port}", {"Username": "u", "Password": "p"},
                             trusted=[self.key], **options)

    def requests(self, start=0):
        """The lines about requests and connections so far."""
        with self.changed:
            return [line for line in self.lines[start:] if line is not None]


class Seat:
    """A daemon for one thread of a story: with a client of its own."""

    def __init__(self, daemon):
        self.daemon, self.env = daemon, daemon.env
        self.client = daemon.new_client()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()


def children(pid):
    """The processes that @pid began, whichever thread it was."""
    found = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as text:
                found += [int(word) for word in text.read().split()]
    return found


def connector_of(worker):
    """The id of the connector that a worker is for: it holds that lock as descriptor 4. None when it cannot be told."""
    try:
        return pathlib.Path(os.readlink(f"/proc/{worker}/fd/4")).stem
    except OSError:
        return None


def peak_kib(pid):
    """The most memory that the process ever had, KiB: the kernel's own count, pages of libraries included."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as lines:
            return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)
    except OSError:
        return 0


class WorkerPeaks(harness.Looker):
    """The highest memory of a daemon's workers, by connector. Needs root: workers cannot be looked into."""

    EVERY_SECONDS = 0.05

    def __init__(self, daemon):
        super().__init__()
        self.daemon, self.names, self.kib = daemon, {}, {}

    def look(self):
        for pid in children(self.daemon.process.pid):
            name = self.names.get(pid) or connector_of(pid)
            if name is None:
                continue
            self.names[pid] = name
            self.kib[name] = max(self.kib.get(name, 0), peak_kib(pid))
