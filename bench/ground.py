"""What all clients share: one sshd and one cipher, a proxy for each delay, and files in memory.

    up      BUCKET/up/…   goes to HOME/up/…      at the server
    down    HOME/down/…   comes to BUCKET/down/…
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile

import flows
import harness
import machine
import sshd

CIPHER = "aes128-gcm@openssh.com"
MEMORY = "/dev/shm"
SETTINGS = {"log.level": "warning", "transfer.worker_idle": "1ms"}


class Proxy(harness.Proxy):
    """The stories' bad network, built for speed."""

    def __init__(self, target_port, delay_ms):
        super().__init__(target_port, delay_ms / 2)  # each way
        self.command = [str(harness.BUILD / "bench" / "delay_proxy"), str(target_port), str(delay_ms // 2)]


class Ground:
    """Entered: the server and the daemon run. Files are made by prepare()."""

    def __init__(self):
        self.stack = contextlib.ExitStack()
        self.proxies, self.digests = {}, {}

    def __enter__(self):
        disk = pathlib.Path(self.folder("/tmp"))  # the store is kept as it is in earnest
        memory = pathlib.Path(self.folder(MEMORY))
        self.bucket = memory / "bucket"
        self.bucket.mkdir()
        self.server = self.stack.enter_context(sshd.Sshd(memory / "server", options=[f"Ciphers {CIPHER}"]))
        self.daemon = self.stack.enter_context(harness.Daemon(
            disk / "state", {**SETTINGS, "bucket.bench": str(self.bucket)}))
        return self

    def __exit__(self, *_):
        self.stack.close()

    def folder(self, where):
        return self.stack.enter_context(tempfile.TemporaryDirectory(prefix="sallyport-bench-", dir=where))

    def port(self, delay_ms):
        if delay_ms == 0:
            return self.server.port
        if delay_ms not in self.proxies:
            self.proxies[delay_ms] = self.stack.enter_context(Proxy(self.server.port, delay_ms))
        return self.proxies[delay_ms].port

    def sources(self, way):
        return {"up": self.bucket / "up", "down": self.server.home / "down"}[way]

    def targets(self, way):
        return {"up": self.server.home / "up", "down": self.bucket / "down"}[way]

    def prepare(self, row):
        """The files of @row, all different, in both places where they come from."""
        for way in ("up", "down"):
            folder = self.sources(way)
            for old in (folder, *folder.parent.glob(f"{way}-*")):
                shutil.rmtree(old, ignore_errors=True)
            folder.mkdir()
            self.digests[way] = {f"f{number:04d}": flows.write_random(folder / f"f{number:04d}", row.size)
                                 for number in range(row.files)}

    def some(self, way, count):
        """The folder with the first @count files only: the same files, by links."""
        whole = self.sources(way)
        part = whole.with_name(f"{way}-{count}")
        if count == len(self.digests[way]):
            return whole
        if not part.exists():
            part.mkdir()
            for name in self.names(count):
                os.link(whole / name, part / name)
        return part

    def clear(self, way, size):
        """What a run left, so that the next one begins like it. @size: how many bytes it will move."""
        shutil.rmtree(self.targets(way), ignore_errors=True)
        self.targets(way).mkdir()
        self.wait_idle()
        machine.touch_memory(size)

    def wait_idle(self):
        harness.wait_until(lambda: not self.daemon.workers() and not self.server.sessions(), "an idle machine")

    def check(self, way, count):
        """The bytes that arrived are those that were sent."""
        for name, digest in list(self.digests[way].items())[:count]:
            if flows.sha256_of(self.targets(way) / name) != digest:
                raise SystemExit(f"{way}: the bytes of {name} differ")

    def names(self, count):
        return [f"f{number:04d}" for number in range(count)]

    def sum_seconds(self, way):
        """CPU seconds of sha256sum over the files: what others need besides to know what we tell."""
        before = os.times()
        subprocess.run(["sha256sum", *map(str, sorted(self.sources(way).iterdir()))], stdout=subprocess.DEVNULL, check=True)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system
