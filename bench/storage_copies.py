#!/usr/bin/env python3
"""./dev bench storage: objects at storage that speaks S3 (Ceph's radosgw, in memory) to a partner and back, by rclone with
the flags that served it best, and by us, in turn. Ours is the whole way, as in bench.py."""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
os.environ.setdefault("SALLYPORT_BUILD", str(ROOT / "build-release"))
sys.path.insert(0, str(ROOT / "bench"))
sys.path.insert(0, str(ROOT / "tests" / "system" / "lib"))

import clients  # noqa: E402  pylint: disable=wrong-import-position
import flows  # noqa: E402  pylint: disable=wrong-import-position
import ground  # noqa: E402  pylint: disable=wrong-import-position
import harness  # noqa: E402  pylint: disable=wrong-import-position
import machine  # noqa: E402  pylint: disable=wrong-import-position
import ours  # noqa: E402  pylint: disable=wrong-import-position
import rows  # noqa: E402  pylint: disable=wrong-import-position
import sshd  # noqa: E402  pylint: disable=wrong-import-position
import storage  # noqa: E402  pylint: disable=wrong-import-position

KIB, MIB = 1 << 10, 1 << 20
FEW = 300  # small files that rclone is given, where all of them would take minutes
TARGETS = {"large": 1.2, "far": 2, "small-far": 20}  # ratios to rclone that we want to reach
ROWS = (
    rows.Row("large", "1 GiB, 0 ms, one connection", 1, 1024 * MIB, 1, 0, 3, {}),
    rows.Row("far", "1 GiB, 50 ms, one connection", 1, 1024 * MIB, 1, 50, 3, {}),
    rows.Row("small-far", "2,000 × 4 KiB, 50 ms, one connection", 2000, 4 * KIB, 1, 50, 3, {}, {"rclone": FEW}),
)


class Ground(ground.Ground):
    """The bucket is at storage."""

    def __enter__(self):
        disk = pathlib.Path(self.folder("/tmp"))
        memory = pathlib.Path(self.folder(ground.MEMORY))
        self.gateway = self.stack.enter_context(storage.Radosgw(memory / "ceph"))
        made = self.gateway.create("bench")
        self.bucket = storage.Folder(made)
        self.server = self.stack.enter_context(sshd.Sshd(memory / "server", options=[f"Ciphers {ground.CIPHER}"]))
        self.daemon = self.stack.enter_context(harness.Daemon(
            disk / "state", {**ground.SETTINGS, **made.settings("bench")}))
        return self

    def prepare(self, row):
        for way in ("up", "down"):
            self.empty(self.sources(way))
            self.digests[way] = {name: flows.write_random(self.sources(way) / name, row.size) for name in self.some_names(row)}

    @staticmethod
    def some_names(row):
        return [f"f{number:04d}" for number in range(row.files)]

    def empty(self, folder):
        if isinstance(folder, storage.Folder):
            for key in folder.bucket.keys():
                if key.startswith(f"{folder.key}/"):
                    folder.bucket.delete(key)
            return
        subprocess.run(["rm", "-rf", str(folder)], check=True)
        folder.mkdir()

    def clear(self, way, size):
        self.empty(self.targets(way))
        self.wait_idle()
        machine.touch_memory(size)


class Rclone(clients.Client):
    name = program = "rclone"

    def __init__(self, place, transfers):
        super().__init__(place)
        self.transfers = transfers

    def run(self, way, row):
        sftp = (f":sftp,host=127.0.0.1,port={self.ground.port(row.delay_ms)},user={self.server.user},"
                f"key_file={self.key()},chunk_size=255Ki,concurrency=64,disable_hashcheck,shell_type=none,set_modtime=false:")
        gateway = self.ground.gateway
        s3 = (f":s3,provider=Ceph,endpoint='{gateway.endpoint}',access_key_id={storage.ACCESS_KEY},"
              f"secret_access_key={storage.SECRET_KEY},no_check_bucket,no_head,chunk_size=16Mi,upload_concurrency=8:")
        count = row.count(self.name)
        names = self.ground.server.folder / "names"
        names.write_text("".join(f"{name}\n" for name in self.ground.names(count)), encoding="ascii")
        sources, targets = self.ground.sources(way), self.ground.targets(way)
        paths = [f"{s3}bench/up", f"{sftp}{targets}"] if way == "up" else [f"{sftp}{sources}", f"{s3}bench/down"]
        self.call(["rclone", "copy", "--config", "/dev/null", "--files-from-raw", str(names), "--no-traverse", "--no-check-dest",
                   "--ignore-checksum", "--transfers", str(self.transfers), "--checkers", str(self.transfers),
                   "--multi-thread-streams", "8", "--buffer-size", "32Mi", *paths])


def timed(place, client, way, row):
    place.clear(way, row.size * row.count(client.name))
    if isinstance(client, ours.EndToEnd):
        client.prepare(way, row)
    started = time.monotonic()
    client.run(way, row)
    seconds = time.monotonic() - started
    if isinstance(client, ours.EndToEnd):
        client.confirm(row)
    place.check(way, min(row.count(client.name), 20))
    return seconds


def measure(place, row, rounds):
    us = ours.EndToEnd(place)
    found = {}
    with us.watched():
        for way in ("up", "down"):
            others = [Rclone(place, transfers) for transfers in ((4,) if not row.small else (16, 64))]
            seconds = {client: [] for client in (us, *others)}
            for turn in range(rounds + 1):  # the first one warms up
                for client, took in seconds.items():
                    took += [timed(place, client, way, row)][:turn]
            rate = {client: row.count(client.name) / statistics.median(took) for client, took in seconds.items()}
            best = max(others, key=rate.get)
            found[way] = {"ours": rate[us], "rclone": rate[best], "ratio": rate[us] / rate[best], "transfers": best.transfers}
    found["worker_kib"] = us.peak["worker"]
    return found


def main():
    os.environ.pop("AWS_CA_BUNDLE", None)  # rclone takes it for its own
    parser = argparse.ArgumentParser(description="Copies between storage that speaks S3 and a partner.")
    parser.add_argument("--rows", nargs="*", default=[row.name for row in ROWS])
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--json", help="also writes the figures there")
    options = parser.parse_args()
    results = {"machine": machine.describe(), "rows": {}}
    with Ground() as place:
        for row in ROWS:
            if row.name not in options.rows:
                continue
            place.prepare(row)
            found = results["rows"][row.name] = measure(place, row, options.times)
            for way, name in (("up", "S3 → SFTP"), ("down", "SFTP → S3")):
                unit = "files/s" if row.small else "MiB/s"
                scale = 1 if row.small else row.size / MIB
                figures = found[way]
                print(f"{row.title:38} {name}  ours {figures['ours'] * scale:8.1f} {unit:7}  rclone {figures['rclone'] * scale:8.1f}"
                      f"  ratio {figures['ratio']:6.2f} (target {TARGETS[row.name]})", flush=True)
            print(f"{'':38} a worker had {found['worker_kib'] / KIB:.1f} MiB at most", flush=True)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
