#!/usr/bin/env python3
"""./dev bench: one large file up and down over loopback, by OpenSSH's sftp and by us, in turn.

Ours is the whole way: StartFileTransfer, the store, SSH, fsync, until ListFileTransferResults says COMPLETED. Both
start without a connection. Files lie in memory; the same sshd and cipher serve both. Memory is touched before each
run, because a virtual machine that has given memory back pays for getting it again.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
os.environ.setdefault("SALLYPORT_BUILD", str(ROOT / "build-release"))
sys.path.insert(0, str(ROOT / "tests" / "system" / "lib"))

import flows  # noqa: E402  pylint: disable=wrong-import-position
import harness  # noqa: E402  pylint: disable=wrong-import-position
import sshd  # noqa: E402  pylint: disable=wrong-import-position

MIB = 1 << 20
CIPHER = "aes128-gcm@openssh.com"
MEMORY = "/dev/shm"
POLL_SECONDS = 0.005
TOUCHED_BYTES = 1024 * MIB
TICKS = os.sysconf("SC_CLK_TCK")


def touch_memory():
    """bytearray() zeroes lazily; writing one byte a page makes the kernel find every page."""
    memory = bytearray(TOUCHED_BYTES)
    memory[::4096] = b"\1" * (TOUCHED_BYTES // 4096)


def cpu_of(pid):
    """Seconds that a process and its ended children used."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / TICKS


class Bench:
    """up.bin goes from the bucket to the server's folder, down.bin comes from there; whoever carries them."""

    def __init__(self, server, daemon, bucket, size):
        self.server, self.daemon = server, daemon
        self.bucket = bucket
        self.partner = flows.partner_of(daemon, server)
        self.sources = {"up": self.bucket / "up.bin", "down": server.home / "down.bin"}
        self.targets = {"up": server.home / "up.bin", "down": self.bucket / "down.bin"}
        self.digests = {way: flows.write_random(path, size) for way, path in self.sources.items()}

    def sftp(self, way):
        """Seconds of OpenSSH's client, and the CPU seconds it used."""
        command = {"up": "put", "down": "get"}[way]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.monotonic()
        subprocess.run(self.server.sftp_command("-o", f"Ciphers={CIPHER}", "-b", "-"), stdout=subprocess.DEVNULL,
                       input=f"{command} {self.sources[way]} {self.targets[way]}\n", text=True, check=True)
        seconds = time.monotonic() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def ours(self, way):
        """Seconds from StartFileTransfer to COMPLETED, and the CPU seconds of daemon and worker."""
        before = cpu_of(self.daemon.process.pid)
        started = time.monotonic()
        transfer = (self.partner.send("/bench/up.bin", to=self.server.home) if way == "up" else
                    self.partner.retrieve(self.sources["down"], to="/bench"))
        while self.partner.results(transfer)[0]["StatusCode"] not in flows.ENDED:
            time.sleep(POLL_SECONDS)
        seconds = time.monotonic() - started
        self.partner.wait_completed(transfer)
        self.wait_idle()
        return seconds, cpu_of(self.daemon.process.pid) - before

    def wait_idle(self):
        harness.wait_until(lambda: not self.daemon.workers() and not self.server.sessions(), "an idle machine")

    def run(self, client, way):
        """One timed run: {seconds, client_cpu, server_cpu}."""
        self.targets[way].unlink(missing_ok=True)
        self.wait_idle()
        touch_memory()
        server_before = cpu_of(self.server.process.pid)
        seconds, client_cpu = getattr(self, client)(way)
        self.wait_idle()
        return {"seconds": seconds, "client_cpu": client_cpu,
                "server_cpu": cpu_of(self.server.process.pid) - server_before}


def measure(bench, times):
    """Runs in turn, so that what the machine does meanwhile hits both: {way: {client: [run]}}."""
    runs = {way: {"sftp": [], "ours": []} for way in ("up", "down")}
    for number in range(times + 1):  # the first round warms caches and is not counted
        for way, clients in runs.items():
            for client, kept in clients.items():
                run = bench.run(client, way)
                if number > 0:
                    kept.append(run)
                if number == times and flows.sha256_of(bench.targets[way]) != bench.digests[way]:
                    raise SystemExit(f"{client} {way}: the bytes differ")
    return runs


def report(runs, size):
    """Prints the table; returns the same as a dict."""
    figures = {}
    print(f"\n{size // MIB} MiB over loopback, {CIPHER}, medians of {len(runs['up']['ours'])}\n")
    print(f"{'':6}{'sftp':>18}{'sallyport':>18}{'ratio':>9}{'CPU s: sftp':>14}{'sallyport':>11}")
    for way, clients in runs.items():
        median = {client: {name: statistics.median(run[name] for run in kept) for name in kept[0]}
                  for client, kept in clients.items()}
        sftp, ours = median["sftp"], median["ours"]
        ratio = sftp["seconds"] / ours["seconds"]
        figures[way] = {**median, "ratio": ratio}
        columns = "".join(f"{m['seconds']:8.2f} s {size / MIB / m['seconds']:4.0f} MiB" for m in (sftp, ours))
        print(f"{way:6}{columns}{ratio:9.2f}{sftp['client_cpu']:14.2f}{ours['client_cpu']:11.2f}")
    return figures


def main():
    parser = argparse.ArgumentParser(prog="./dev bench")
    parser.add_argument("--quick", action="store_true", help="256 MiB three times instead of 1 GiB five times")
    parser.add_argument("--json", type=pathlib.Path, default=ROOT / "build-release" / "bench.json")
    options = parser.parse_args()
    size, times = (256 * MIB, 3) if options.quick else (1024 * MIB, 5)

    with tempfile.TemporaryDirectory(prefix="sallyport-bench-") as disk, \
            tempfile.TemporaryDirectory(prefix="sallyport-bench-", dir=MEMORY) as memory:
        buckets = pathlib.Path(memory, "bucket")
        buckets.mkdir()
        settings = {"log.level": "warning", "transfer.worker_idle": "1ms", "bucket.bench": str(buckets)}
        with sshd.Sshd(pathlib.Path(memory, "server"), options=[f"Ciphers {CIPHER}"]) as server, \
                harness.Daemon(pathlib.Path(disk, "state"), settings) as daemon:
            runs = measure(Bench(server, daemon, buckets, size), times)
    figures = report(runs, size)
    options.json.write_text(json.dumps({"bytes": size, "cipher": CIPHER, "runs": runs, "medians": figures}, indent=1),
                            encoding="ascii")
    print(f"\nall runs: {options.json}")


if __name__ == "__main__":
    main()
