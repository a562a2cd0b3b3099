"""The machine: what it is, what a process has used of it, and memory that is there before the clock starts."""

import contextlib
import os
import pathlib
import platform
import re
import statistics
import subprocess
import threading

import harness

TICKS = os.sysconf("SC_CLK_TCK")
TOUCHED_MIN = 64 << 20
SAMPLE_SECONDS = 0.1


def touch_memory(size):
    """A virtual machine that has given memory back pays for getting it again. bytearray() zeroes lazily; writing one
    byte a page makes the kernel find every page."""
    size = max(size, TOUCHED_MIN)
    memory = bytearray(size)
    memory[::4096] = b"\1" * (size // 4096)


def cpu_of(pid):
    """Seconds that a process and its ended children used."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / TICKS


class Peak:
    """The largest Pss, in KiB, that the daemon and any of its workers had while it is entered."""

    def __init__(self, daemon):
        self.daemon, self.kib = daemon, {"daemon": 0, "worker": 0}
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def _watch(self):
        while not self.over.wait(SAMPLE_SECONDS):
            with contextlib.suppress(OSError, ProcessLookupError):
                self._look("daemon", self.daemon.process.pid)
                for pid in self.daemon.workers():
                    self._look("worker", pid)

    def _look(self, what, pid):
        self.kib[what] = max(self.kib[what], harness.pss_kib(pid))

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def describe():
    """What the figures depend on, without a name of anybody."""
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    with open("/proc/meminfo", encoding="ascii") as lines:
        total_kib = int(lines.readline().split()[1])
    openssh = subprocess.run(["ssh", "-V"], capture_output=True, text=True, check=True).stderr
    return {"cores": os.cpu_count(), "processor": models[0] if models else platform.machine(),
            "memory_gib": round(total_kib / (1 << 20)), "kernel": re.match(r"[\d.]+", platform.release()).group(),
            "openssh": re.match(r"[^\s,]+", openssh).group()}


def median_of(runs):
    """Of each figure by itself."""
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}
