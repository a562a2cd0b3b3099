#!/usr/bin/env python3
"""Memory and descriptors are flat: they depend neither on a file's size nor on how much was done before.
Measured on the plain build: the sanitizers need memory of their own."""

import collections
import contextlib
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402

MIB = 1 << 20
SIZE = 2048 * MIB if harness.LARGE else 256 * MIB
PSS_MAX_KIB = 64 * 1024
TRANSFERS = 200
STORE_MAX = 2 * (8 + 1)  # descriptors of the store: it keeps its readers (STORE_READERS) once they were needed


def open_now(daemon):
    """(what the daemon has open beside the store, what of the store)"""
    everything = harness.descriptors(daemon.process.pid)
    return [path for path in everything if "/store.db" not in path], [path for path in everything if "/store.db" in path]


class Peaks(harness.Looker):
    """The highest proportional set size of the daemon and of any worker."""

    EVERY_SECONDS = 0.01

    def __init__(self, daemon):
        super().__init__()
        self.daemon, self.workers = daemon, []
        self.daemon_kib = self.worker_kib = self.looks = 0

    def look(self):
        if self.looks % 20 == 0:
            self.workers = self.daemon.workers()
        self.looks += 1
        self.daemon_kib = max(self.daemon_kib, harness.pss_kib(self.daemon.process.pid))
        self.worker_kib = max([self.worker_kib] + [harness.pss_kib(pid) for pid in self.workers])


with harness.Story() as story:
    harness.need_root("to look into the memory and the descriptors of processes that guard secrets")
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    daemon = story.enter(harness.Daemon(story.folder / "state", {"transfer.worker_idle": "500ms"},
                                        build=harness.ROOT / "build"))
    bucket, inbox = daemon.bucket("files"), server.home / "in"
    inbox.mkdir()
    partner = flows.partner_of(daemon, server)
    start, _ = open_now(daemon)  # not after a worker: the daemon closes what it had of it a moment later

    with story.case(f"daemon and worker each stay below 64 MiB while {SIZE // MIB} MiB go out and come back"):
        digest = flows.write_random(bucket / "large.bin", SIZE)
        with Peaks(daemon) as peaks:
            partner.wait_completed(partner.send("/files/large.bin", to="in"), 300)
            partner.wait_completed(partner.retrieve("in/large.bin", to="/files/back"), 300)
        print(f"# peak Pss: daemon {peaks.daemon_kib} KiB, worker {peaks.worker_kib} KiB ({peaks.looks} looks)")
        assert flows.sha256_of(bucket / "back" / "large.bin") == digest
        assert peaks.looks > 50 and 0 < peaks.worker_kib <= PSS_MAX_KIB and 0 < peaks.daemon_kib <= PSS_MAX_KIB
        for path in (bucket / "large.bin", bucket / "back" / "large.bin", inbox / "large.bin"):
            path.unlink()

    with story.case(f"the daemon's descriptors are back at the start after {TRANSFERS} transfers and the idle time"):
        harness.wait_until(lambda: not daemon.workers(), "the first worker to leave", 15)
        (bucket / "small.txt").write_bytes(b"small" * 1000)
        transfers = [partner.send("/files/small.txt", to="in") if number % 2 else
                     partner.retrieve("in/small.txt" if number > 2 else "in/none.txt", to="/files/back")
                     for number in range(TRANSFERS)]
        for transfer in transfers:
            partner.wait(transfer, 120)
        harness.wait_until(lambda: not daemon.workers(), "the worker to leave", 15)
        with contextlib.suppress(harness.NotInTime):
            harness.wait_until(lambda: open_now(daemon)[0] == start, "the descriptors of the start", 10)
        others, of_store = open_now(daemon)
        more = collections.Counter(others) - collections.Counter(start)
        assert others == start, f"{len(start)} became {len(others)}: {more}"
        assert len(of_store) <= STORE_MAX, of_store

    with story.case("a queue of 1,000 files holds no descriptors, and all of them arrive"):
        names = [f"queued-{number}" for number in range(10)]
        for name in names:
            (bucket / name).write_bytes(name.encode() * 100)
        server.signal_sessions(signal.SIGSTOP, [server.process.pid])  # new connections stay silent
        transfers = [partner.send(*(f"/files/{name}" for name in names), to="in") for _ in range(100)]
        harness.wait_until(daemon.workers, "a worker to start")
        held = len(open_now(daemon)[0])
        server.signal_sessions(signal.SIGCONT, [server.process.pid])
        assert held < len(start) + 50, f"{held} descriptors are open, {len(start)} were"
        for transfer in transfers:
            partner.wait_completed(transfer, 120)
        assert all((inbox / name).read_bytes() == name.encode() * 100 for name in names)
