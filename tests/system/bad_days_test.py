#!/usr/bin/env python3
"""Days on which a machine is not what it should be: a full disk under the store, a store that is locked, read-only or
broken, a clock that jumps, too few descriptors. What was acknowledged completes once that is over, what cannot be kept is
not acknowledged, and the daemon says what is wrong."""

import contextlib
import datetime
import itertools
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402

KIB, MIB, HOUR = 1 << 10, 1 << 20, 3600
BUILD = harness.ROOT / "build"  # where the shim may be loaded first
SHIM = BUILD / "tests" / "tools" / "libfault_shim.so"
SETTINGS = {"transfer.retry_delay": "2s", "transfer.retry_delay_max": "2s", "transfer.idle_timeout": "2s"}


class SmallDisk:
    """A tmpfs that can be filled, emptied and made read-only."""

    def __init__(self, folder, mib):
        self.folder, self.mib = folder, mib
        self.filler = folder / "filler"

    def __enter__(self):
        harness.need_root("to mount a small tmpfs")
        self.folder.mkdir()
        self.mount("-t", "tmpfs", "-o", f"size={self.mib}m,mode=755", "tmpfs")
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)

    def mount(self, *options):
        done = subprocess.run(["mount", *options, str(self.folder)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise harness.Skip(f"cannot mount a small tmpfs: {done.stderr.strip()}")

    def fill(self, leave):
        """But for @leave bytes."""
        with open(self.filler, "wb", buffering=0) as out, contextlib.suppress(OSError):
            for size in (64 * KIB, 4 * KIB, 1):  # to the last page
                with contextlib.suppress(OSError):
                    while True:
                        out.write(b"x" * size)
        os.truncate(self.filler, self.filler.stat().st_size - leave)

    def empty(self):
        self.filler.unlink()


class Place:
    """A daemon whose state is in @state, and a partner; buckets are elsewhere."""

    numbers = itertools.count()

    def __init__(self, state, more=None):
        self.number = next(Place.numbers)
        self.bucket = story.folder / f"bucket-{self.number}"
        self.inbox = server.home / f"in-{self.number}"
        self.bucket.mkdir()
        self.inbox.mkdir()
        self.daemon = story.enter(harness.Daemon(state, {**SETTINGS, "bucket.files": str(self.bucket), **(more or {})},
                                                 build=BUILD))
        self.partner = flows.partner_of(self.daemon, server)
        self.count, self.acknowledged = 0, []

    def ask(self, size=2000):
        """One file to send; true when that was acknowledged, else the sentence."""
        self.count += 1
        name = f"{self.count}.bin"
        digest = flows.write_random(self.bucket / name, size)
        try:
            transfer = self.partner.send(f"/files/{name}", to=self.inbox)
        except aws.AwsError as refused:
            assert refused.status >= 500, refused
            return str(refused)
        self.acknowledged.append((transfer, name, digest))
        return True

    def check(self):
        """Everything that was acknowledged arrives."""
        for transfer, name, digest in self.acknowledged:
            self.partner.wait_completed(transfer)
            assert flows.sha256_of(self.inbox / name) == digest

    def ends_at_start(self, word):
        """Starting says what is wrong and ends, without a crash."""
        done = subprocess.run(self.daemon.command(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
                              check=False)
        assert done.returncode == 1 and word in done.stderr, done
        return done.stderr


class JumpyPlace(Place):
    """One whose wall clock is ours to turn."""

    def __init__(self, name, more):
        self.clock = story.folder / f"clock-{name}"
        self.clock.write_text("0", encoding="ascii")
        super().__init__(story.folder / name, more)
        self.daemon.stop()
        plain = self.daemon.command
        self.daemon.command = lambda: ["env", f"LD_PRELOAD={SHIM}", "SALLYPORT_FAULT_PROGRAM=sallyportd",
                                       f"SALLYPORT_FAULT_CLOCK={self.clock}", *plain()]
        self.daemon.start()

    def jump(self, seconds):
        """So much from what it really is. Whoever asks for something goes along, or nobody would believe who it is."""
        self.clock.write_text(str(seconds), encoding="ascii")
        self.daemon.client.now = lambda: (datetime.datetime.now(datetime.timezone.utc)
                                          + datetime.timedelta(seconds=seconds))

    def waits_until(self):
        with contextlib.closing(sqlite3.connect(f"file:{self.daemon.state}/store.db?mode=ro", uri=True)) as store:
            return store.execute("SELECT coalesce(max(not_before_ms), 0) FROM files WHERE state = 0").fetchone()[0]


with harness.Story() as story:
    server = story.enter(sshd.Sshd(story.folder / "partner"))

    with story.case("a full disk under the store: nothing is acknowledged that is not kept, and it goes on when there is room"):
        disk = story.enter(SmallDisk(story.folder / "small", 8))
        place = Place(disk.folder / "state")
        place.ask(MIB)
        disk.fill(300 * KIB)
        answers = [place.ask() for _ in range(60)]
        refused = [answer for answer in answers if answer is not True]
        assert refused, "60 requests were acknowledged with no room for them"
        print(f"# {len(answers) - len(refused)} of 60 were acknowledged; then: {refused[-1]}")
        place.daemon.kill()
        try:
            place.daemon.start()
        except RuntimeError:
            print(f"# {place.daemon.log_text().splitlines()[-1]}")
        else:
            place.ask()
            place.daemon.kill()
        disk.empty()
        place.daemon.start()
        assert place.ask() is True
        place.check()
        place.daemon.stop()

    with story.case("a store on a disk that is read-only: the start says so, and all goes on when it is not"):
        disk.mount("-o", "remount,ro")
        try:
            print(f"# {place.ends_at_start('ead-only')}", end="")
        finally:
            disk.mount("-o", "remount,rw")
        place.daemon.start()
        assert place.ask() is True
        place.check()

    with story.case("a store that another program has locked: requests wait or are refused, and nothing is lost"):
        with contextlib.closing(sqlite3.connect(place.daemon.state / "store.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            before = time.monotonic()
            answer = place.ask()
            print(f"# after {time.monotonic() - before:.1f} s: {answer}")
            assert answer is not True, "it was acknowledged and cannot have been kept"
            other.execute("ROLLBACK")
        assert place.ask() is True
        place.check()

    with story.case("a broken page of the store: the daemon says so and crashes never; with the copy from before all is there"):
        place.daemon.stop()
        store = place.daemon.state / "store.db"
        shutil.copy(store, story.folder / "good.db")
        pages = store.stat().st_size // 4096
        told = 0
        for page in range(0, pages, max(1, pages // 12)):
            with open(store, "r+b") as spoilt:
                spoilt.seek(page * 4096)
                spoilt.write(os.urandom(4096))
            before = len(place.daemon.log_text())
            try:
                place.daemon.start()
            except RuntimeError:
                assert place.daemon.process.returncode == 1, place.daemon.process.returncode
            else:
                place.ask()
                with contextlib.suppress(aws.AwsError):
                    place.partner.describe()
                assert place.daemon.process.poll() is None, f"page {page}: it ended with {place.daemon.process.returncode}"
                place.daemon.kill()
            told += " error: " in place.daemon.log_text()[before:]
            for name in ("store.db", "store.db-wal", "store.db-shm"):
                (place.daemon.state / name).unlink(missing_ok=True)
            shutil.copy(story.folder / "good.db", store)
        print(f"# told of {told} of the {len(range(0, pages, max(1, pages // 12)))} broken pages")
        assert told > 0
        place.acknowledged = []  # what was acknowledged with a broken store went with it
        place.daemon.start()
        assert place.ask() is True
        place.check()
        place.daemon.stop()

    with story.case("with descriptors for few files everything is sent, a few at a time"):
        few = Place(story.folder / "few")
        few.daemon.stop()
        usual = few.daemon.command
        few.daemon.command = lambda: ["prlimit", "--nofile=96:96", *usual()]
        few.daemon.start()
        for _ in range(150):
            few.ask(100)
        few.check()
        few.daemon.stop()

    with story.case("the clock jumps ahead: nobody has waited for too long"):
        jumpy = JumpyPlace("ahead", {"transfer.queue_wait_max": "1h"})
        wrong = {"Username": server.user, "PrivateKey": sshd.make_key(story.folder / "stranger")}
        jumpy.partner.call_secrets("PutSecretValue", SecretId=jumpy.partner.secret, SecretString=json.dumps(wrong))
        (jumpy.bucket / "none.bin").write_bytes(b"none")
        jumpy.partner.wait_failed(jumpy.partner.send("/files/none.bin", to=jumpy.inbox), "CONNECTION_ERROR")
        for _ in range(10):
            jumpy.ask()  # they wait until the secret is right
        jumpy.jump(30 * HOUR)
        right = {"Username": server.user, "PrivateKey": server.private_key}
        jumpy.partner.call_secrets("PutSecretValue", SecretId=jumpy.partner.secret, SecretString=json.dumps(right))
        jumpy.check()
        jumpy.daemon.stop()

    with story.case("the clock jumps back: nobody waits for as long, also when the daemon starts anew"):
        jumpy = JumpyPlace("back", {"transfer.attempts": "100"})
        proxy = story.enter(harness.Proxy(server.port))
        jumpy.partner.call("UpdateConnector", ConnectorId=jumpy.partner.id, Url=f"sftp://127.0.0.1:{proxy.port}")
        for part, restart in enumerate((False, True), 1):
            held = proxy.hold("up", 100 * KIB)
            for _ in range(12):
                jumpy.ask(20 * KIB)
            held()
            proxy.tell("reset")
            harness.wait_until(lambda: jumpy.waits_until() > 0, "a file to wait for its next try", every=0.005)
            jumpy.jump(-30 * HOUR * part)
            if restart:
                jumpy.daemon.kill()
                jumpy.daemon.start()
                jumpy.jump(-30 * HOUR * part)
            jumpy.check()
        jumpy.daemon.stop()
