"""What a daemon, its worker and its store use while a story goes on, looked at again and again.

    with samples.Samples(daemon) as seen:
        …
    seen.thirds("daemon Pss")     the medians of three parts of equal length, after a warm-up
"""

import os
import statistics
import threading

import harness

LOOK_EVERY_SECONDS = 0.1
WARM_UP_SHARE = 10  # the first tenth is none of the three parts
KIB = 1 << 10


def size_kib(path):
    try:
        return os.stat(path).st_size // KIB
    except FileNotFoundError:
        return 0


def count_threads(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


class Samples:
    """
    The series by their names, in KiB or pieces; of a worker only while there is one. "memory" is what a process has to
    itself, whoever else comes and goes on this machine; "Pss" has its part of the libraries as well.
    """

    def __init__(self, daemon):
        self.daemon, self.store = daemon, daemon.state / "store.db"
        self.series, self.workers, self.trouble = {}, set(), None
        self.stop, self.thread = threading.Event(), threading.Thread(target=self.look_again)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        if self.trouble:
            raise self.trouble

    def look_again(self):
        try:
            while not self.stop.wait(LOOK_EVERY_SECONDS):
                self.look()
        except Exception as error:  # pylint: disable=broad-except
            self.trouble = error  # told where the samples are wanted

    def look(self):
        self.look_at("daemon", self.daemon.process.pid)
        for pid in self.daemon.workers():
            try:
                self.look_at("worker", pid)
            except (FileNotFoundError, ProcessLookupError):
                continue  # it left meanwhile
            self.workers.add(pid)
        self.note("store", size_kib(self.store))
        self.note("WAL", size_kib(self.store.with_name("store.db-wal")))

    def look_at(self, who, pid):
        found = *harness.memory_kib(pid, "Pss", "Anonymous"), harness.count_descriptors(pid), count_threads(pid)
        for what, value in zip(("Pss", "memory", "descriptors", "threads"), found):
            self.note(f"{who} {what}", value)

    def note(self, name, value):
        self.series.setdefault(name, []).append(value)

    def thirds(self, name):
        values = self.series[name]
        values = values[len(values) // WARM_UP_SHARE:]
        third = len(values) // 3
        return [statistics.median(values[part * third:(part + 1) * third]) for part in range(3)]

    def peak(self, name):
        return max(self.series[name])

    def tell(self):
        """A line of each series."""
        for name, values in self.series.items():
            first, second, third = self.thirds(name)
            print(f"# {name}: thirds {first:.0f}, {second:.0f}, {third:.0f}, peak {max(values)} ({len(values)} looks)",
                  flush=True)
