#!/usr/bin/env python3
"""./dev bench private: what the private path costs. One large file to a server in a private subnet, through a resource
gateway's network interface and, in turn, by a second daemon that stands in the VPC's router and connects directly.
Needs root.

Both are the whole way: StartFileTransfer until COMPLETED. The processor's time is the machine's, kernel and sshd
included: what a path through namespaces costs is spent in the kernel and on no process's account.
"""

import argparse
import contextlib
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
os.environ.setdefault("SALLYPORT_BUILD", str(ROOT / "build-release"))
sys.path.insert(0, str(ROOT / "tests" / "system" / "lib"))

import flows  # noqa: E402  pylint: disable=wrong-import-position
import harness  # noqa: E402  pylint: disable=wrong-import-position
import lan  # noqa: E402  pylint: disable=wrong-import-position
import sshd  # noqa: E402  pylint: disable=wrong-import-position
import vpcs  # noqa: E402  pylint: disable=wrong-import-position

from ground import CIPHER, MEMORY, SETTINGS  # noqa: E402  pylint: disable=wrong-import-position
from machine import TICKS, cpu_of, touch_memory  # noqa: E402  pylint: disable=wrong-import-position

MIB = 1 << 20
POLL_SECONDS = 0.005
CIDR, CHOSEN, SERVERS, SERVER = "10.48.0.0/16", "10.48.1.0/24", "10.48.9.0/24", "10.48.9.22"
IDLE_FIELDS = (3, 4, 7)  # idle, waiting for a disk, stolen by the hypervisor


def busy_seconds():
    """What all processors have worked since the machine began."""
    with open("/proc/stat", encoding="ascii") as lines:
        fields = [int(word) for word in lines.readline().split()[1:9]]
    return sum(ticks for place, ticks in enumerate(fields) if place not in IDLE_FIELDS) / TICKS


class Way:
    """One daemon and its way to the server."""

    def __init__(self, server, daemon, bucket, partner, digests):
        self.server, self.daemon, self.bucket, self.partner, self.digests = server, daemon, bucket, partner, digests
        self.sources = {"up": bucket / "up.bin", "down": server.home / "down.bin"}
        self.targets = {"up": server.home / "up.bin", "down": bucket / "down.bin"}

    def wait_idle(self):
        harness.wait_until(lambda: not self.daemon.workers() and not self.server.sessions(), "an idle machine")

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

    def timed(self, way):
        self.targets[way].unlink(missing_ok=True)
        self.wait_idle()
        touch_memory(self.sources[way].stat().st_size)
        before = busy_seconds()
        seconds, client = self.ours(way)
        return {"seconds": seconds, "client_cpu": client, "machine_cpu": busy_seconds() - before}


def measure(ways, times):
    """Runs in turn: {direction: {way: [run]}}."""
    runs = {direction: {name: [] for name in ways} for direction in ("up", "down")}
    for number in range(times + 1):  # the first round warms caches and is not counted
        for direction, kept in runs.items():
            for name, way in ways.items():
                run = way.timed(direction)
                if number > 0:
                    kept[name].append(run)
                if number == times and flows.sha256_of(way.targets[direction]) != way.digests[direction]:
                    raise SystemExit(f"{name} {direction}: the bytes differ")
    return runs


def report(runs, size):
    figures = {}
    gib = size / (1024 * MIB)
    print(f"\n{size // MIB} MiB to a private subnet, {CIPHER}, medians of {len(runs['up']['gateway'])} rounds\n")
    print(f"{'':6}{'direct':>18}{'gateway':>18}{'ratio':>9}{'CPU s/GiB: direct':>20}{'gateway':>9}")
    for direction, kept in runs.items():
        median = {name: {figure: statistics.median(run[figure] for run in found) for figure in found[0]}
                  for name, found in kept.items()}
        # Of each round, whose two runs follow one another: a machine that slows down for a while slows both.
        ratio = statistics.median(direct["seconds"] / gateway["seconds"]
                                  for direct, gateway in zip(kept["direct"], kept["gateway"]))
        figures[direction] = {**median, "ratio": ratio}
        columns = "".join(f"{median[name]['seconds']:8.2f} s {size / MIB / median[name]['seconds']:4.0f} MiB"
                          for name in ("direct", "gateway"))
        print(f"{direction:6}{columns}{ratio:9.3f}{median['direct']['machine_cpu'] / gib:20.2f}"
              f"{median['gateway']['machine_cpu'] / gib:9.2f}")
    return figures


def build(stack, disk, memory, size):
    """The network, the server, and the two ways to it."""
    network = stack.enter_context(lan.Lan())
    owned = stack.enter_context(lan.Owned())
    settings = SETTINGS
    buckets = {name: memory / name for name in ("gateway", "direct")}
    daemons = {}
    for folder in buckets.values():
        folder.mkdir()

    daemons["gateway"] = stack.enter_context(harness.Daemon(disk / "gateway", {
        **vpcs.SETTINGS, **settings, "bucket.bench": str(buckets["gateway"])}))
    vpc = vpcs.Vpc(daemons["gateway"], CIDR, owned)
    chosen = vpc.subnet(CHOSEN)
    vpc.subnet(SERVERS)
    gateway = vpc.gateway([chosen], [vpc.group(vpcs.allow(f"{SERVER}/32", 22))])
    machine = vpc.machine(network, "server", f"{SERVER}/24")
    server = stack.enter_context(sshd.Sshd(memory / "server", namespace=machine, address=SERVER, port=22,
                                           options=[f"Ciphers {CIPHER}"]))
    router = vpc.router()
    router.ip("link", "set", "lo", "up")
    daemons["direct"] = stack.enter_context(harness.Daemon(disk / "direct", {
        **settings, "bucket.bench": str(buckets["direct"])}, namespace=router))
    partners = {"gateway": vpcs.partner_through(daemons["gateway"], vpc, gateway, server),
                "direct": flows.partner_of(daemons["direct"], server)}
    for partner in partners.values():
        assert partner.settled()["Status"] == "ACTIVE"
        assert partner.test()["Status"] == "OK", partner.test()

    digests = {"up": flows.write_random(buckets["gateway"] / "up.bin", size),
               "down": flows.write_random(server.home / "down.bin", size)}
    os.link(buckets["gateway"] / "up.bin", buckets["direct"] / "up.bin")
    return {name: Way(server, daemons[name], buckets[name], partners[name], digests) for name in ("direct", "gateway")}


def main():
    parser = argparse.ArgumentParser(prog="./dev bench private")
    parser.add_argument("--quick", action="store_true", help="128 MiB three times instead of 1 GiB nine times")
    parser.add_argument("--json", type=pathlib.Path, default=ROOT / "build-release" / "private.json")
    options = parser.parse_args()
    size, times = (128 * MIB, 3) if options.quick else (1024 * MIB, 9)

    with contextlib.ExitStack() as stack:
        disk = stack.enter_context(tempfile.TemporaryDirectory(prefix="sallyport-bench-"))
        memory = stack.enter_context(tempfile.TemporaryDirectory(prefix="sallyport-bench-", dir=MEMORY))
        try:
            runs = measure(build(stack, pathlib.Path(disk), pathlib.Path(memory), size), times)
        except harness.Skip as why:
            raise SystemExit(f"./dev bench private: {why}") from None
    figures = report(runs, size)
    options.json.write_text(json.dumps({"bytes": size, "cipher": CIPHER, "runs": runs, "medians": figures}, indent=1),
                            encoding="ascii")
    print(f"\nall runs: {options.json}")


if __name__ == "__main__":
    main()
