#!/usr/bin/env python3
"""The nth call to the operating system fails, in the daemon or in a worker, wherever that is: no request that was
acknowledged is lost, the daemon lives or ends with a sentence, and after a restart everything completes, or failed with
the reason that is true. Nobody sees half a file.

Twice for each kind of call, once with a bucket at storage; SALLYPORT_TEST_LARGE=1 does it thirty times. SALLYPORT_TEST_SEED
repeats an earlier run's choice.
"""

import collections
import contextlib
import errno
import os
import pathlib
import random
import signal
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import buckets  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402

MIB = 1 << 20
BUILD = harness.ROOT / "build"  # the sanitizers' own library would have to be loaded before ours
SHIM = BUILD / "tests" / "tools" / "libfault_shim.so"
TIMES = 30 if harness.LARGE else 1 if buckets.at_storage() else 2
MORE = (9 if buckets.at_storage() else 1) * MIB  # at storage that is an upload in parts
SEED = int(os.environ.get("SALLYPORT_TEST_SEED", random.randrange(1 << 32)))
ANSWER_SECONDS = 3  # a request that is not answered by then counts as one that was not acknowledged
SETTINGS = {
    "transfer.idle_timeout": "2s",
    "transfer.handshake_timeout": "4s",
    "transfer.worker_idle": "500ms",
}
ONCE, FOR_EVER = 1, 0

# call, how, how often
DAEMON_FAULTS = [
    ("alloc", errno.ENOMEM, ONCE), ("open", errno.EMFILE, ONCE), ("open", errno.EIO, ONCE), ("read", errno.EIO, ONCE),
    ("write", errno.EIO, ONCE), ("write", errno.ENOSPC, FOR_EVER), ("fsync", errno.EIO, ONCE), ("fsync", errno.EIO, FOR_EVER),
    ("rename", errno.EIO, ONCE), ("unlink", errno.EIO, ONCE), ("truncate", errno.ENOSPC, ONCE), ("lock", errno.EAGAIN, ONCE),
    ("lock", errno.EIO, ONCE), ("map", errno.ENOMEM, ONCE), ("socket", errno.EMFILE, ONCE), ("socket", errno.ENOBUFS, FOR_EVER),
    ("send", errno.ENOBUFS, ONCE), ("send", errno.ETOOMANYREFS, ONCE), ("send", "drop", ONCE), ("send", "cut", ONCE), ("receive", errno.EIO, ONCE),
    ("write", "die", ONCE), ("fsync", "die", ONCE), ("rename", "die", ONCE),
]
WORKER_FAULTS = [
    ("alloc", errno.ENOMEM, ONCE), ("read", errno.EIO, ONCE), ("write", errno.ENOSPC, ONCE), ("send", "drop", ONCE),
    ("send", "cut", ONCE), ("send", errno.ECONNRESET, ONCE), ("receive", errno.ECONNRESET, ONCE), ("write", "die", ONCE),
]

FileWanted = collections.namedtuple("FileWanted", "path name target digest size")


def name_of(how):
    return errno.errorcode[how] if isinstance(how, int) else how


class ShimmedDaemon(harness.Daemon):
    """A daemon that is, or whose workers are, started with the shim while @faults says so."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.faults = {}
        self.wrapper = story.folder / "worker"
        self.plain_worker = self.settings["worker.path"]

    def command(self):
        return ["env", f"LD_PRELOAD={SHIM}", *words_of(self.faults), *super().command()] if self.faults else super().command()

    def shim_workers(self, faults):
        """The first of them: it takes the token. Their environment is the daemon's choice, so a script stands before them."""
        self.settings["worker.path"] = str(self.wrapper) if faults else self.plain_worker
        token = story.folder / "token"
        token.touch()
        self.wrapper.write_text(f"""#!/bin/sh
rm {token} 2>/dev/null && exec env LD_PRELOAD={SHIM} {" ".join(words_of(faults, True))} {self.plain_worker} "$@"
exec {self.plain_worker} "$@"
""", encoding="ascii")
        self.wrapper.chmod(0o755)


def words_of(faults, quoted=False):
    return [f"{name}='{value}'" if quoted else f"{name}={value}" for name, value in faults.items()]


def fault(program, call, first, count, how):
    return {"SALLYPORT_FAULT_PROGRAM": program, "SALLYPORT_FAULT": f"{call} {first} {count} {how}",
            "SALLYPORT_FAULT_COUNTS": str(counts)}


def read_counts():
    if not counts.exists():
        return {}
    return {line.split()[0]: int(line.split()[1]) for line in counts.read_text(encoding="ascii").splitlines()}


def rows(sql, *values):
    with contextlib.closing(sqlite3.connect(f"file:{daemon.state}/store.db?mode=ro", uri=True, timeout=30)) as store:
        return store.execute(sql, values).fetchall()


def states():
    return {path: (state, message) for path, state, message in rows("SELECT path, state, failure_message FROM files")}


class Workload:
    """A few files each way, small and not so small. Which requests were acknowledged is noted."""

    def __init__(self, number):
        self.acknowledged = []
        self.wishes = [
            ("up", [self.make(bucket, inbox, f"{number}-up-{part}", 2000) for part in range(4)]),
            ("down", [self.make(outbox, arrivals, f"{number}-down-{part}", 2000) for part in range(4)]),
            ("up", [self.make(bucket, inbox, f"{number}-up-large", MORE)]),
            ("down", [self.make(outbox, arrivals, f"{number}-down-large", MORE)]),
        ]

    @staticmethod
    def make(source, target, name, size):
        path = f"/files/{name}" if source == bucket else str(source / name)
        file = FileWanted(path, name, target, flows.write_random(source / name, size), size)
        sizes[name] = size
        return file

    def ask(self):
        """Stops asking when the daemon is gone."""
        for way, files in self.wishes:
            if daemon.process.poll() is not None:
                return
            try:
                if way == "up":
                    partner.send(*(file.path for file in files), to=inbox)
                else:
                    partner.retrieve(*(file.path for file in files), to="/files/arrived")
            except Exception:  # pylint: disable=broad-except
                daemon.client.close()
                daemon.client = new_client()
            else:
                self.acknowledged += files

    def has_ended(self):
        try:
            found = states()
        except sqlite3.OperationalError:
            return False  # the daemon, whose call failed, is in the way
        return all(found[file.path][0] >= 3 for file in self.acknowledged)

    def check(self, reason):
        """Whole, or not there and told why."""
        found = states()
        for file in self.acknowledged:
            state, message = found[file.path]
            place = file.target / file.name
            if state == 3:
                assert flows.sha256_of(place) == file.digest, f"the bytes of {file.name} differ"
            else:
                assert reason is not None and reason in message, f"{file.name} is told to have failed for: {message}"
                assert not place.exists(), f"{file.name} FAILED and is there: {message}"
                failed.append(message)


def new_client():
    client = daemon.new_client()
    client.connection.timeout = ANSWER_SECONDS
    return client


def no_fault():
    daemon.faults = {}
    daemon.shim_workers({})


def start_with(what, how):
    """False when the daemon did not come up; it has to say why."""
    before = len(daemon.log_text())
    try:
        daemon.start()
    except RuntimeError:
        if how != "die":
            check_words(daemon.process.returncode, daemon.log_text()[before:], what)
        return False
    daemon.client.close()
    daemon.client = new_client()
    return True


def check_words(code, text, what):
    """An end that nobody ordered: with a sentence, and by an exit or by sp_die()."""
    assert code in (1, -signal.SIGABRT), f"{what}: the daemon ended with {code}:\n{text[-2000:]}"
    assert "error: " in text or "sallyport: " in text, f"{what}: the daemon ended with {code} and without a word:\n{text[-2000:]}"


def one_round(number, what, how, prepare):
    """A workload under the fault, then as if nothing had been."""
    no_fault()
    if daemon.process.poll() is None:
        daemon.kill()  # the last round ended early
    work = Workload(number)
    log = len(daemon.log_text())
    counts.unlink(missing_ok=True)
    prepare()
    if start_with(what, how):
        work.ask()
        with contextlib.suppress(harness.NotInTime):
            harness.wait_until(lambda: daemon.process.poll() is not None or work.has_ended(), "files to end", 4)
        if daemon.process.poll() is None:
            alive.append(what)
            daemon.kill()
        elif how != "die":
            check_words(daemon.process.returncode, daemon.log_text()[log:], what)
    no_fault()
    struck.append("struck" in read_counts())
    daemon.start()
    try:
        harness.wait_until(work.has_ended, "everything to end", 60)
        work.check(os.strerror(how) if isinstance(how, int) else None)
    except (AssertionError, harness.NotInTime) as wrong:
        lines = daemon.log_text()[log:].splitlines()
        raise AssertionError("\n".join([f"{what}: {wrong}", *lines[:60]])) from None
    finally:
        daemon.stop()


def count_calls(prepare):
    """How often each call is made by an undisturbed run."""
    no_fault()
    if daemon.process.poll() is None:
        daemon.kill()
    counts.unlink(missing_ok=True)
    prepare()
    work = Workload(f"undisturbed-{rounds}")
    daemon.start()
    work.ask()
    harness.wait_until(work.has_ended, "everything to end", 60)
    daemon.stop()
    work.check(None)
    return read_counts()


def moments(total):
    """Numbers of the calls that shall fail, spread over all of them."""
    parts = [(total * part // TIMES + 1, total * (part + 1) // TIMES) for part in range(TIMES)]
    return sorted({chance.randint(low, max(low, high)) for low, high in parts})


with harness.Story() as story:
    print(f"# SALLYPORT_TEST_SEED={SEED}", flush=True)
    chance, sizes, failed, alive, struck, rounds = random.Random(SEED), {}, [], [], [], 0
    counts = story.folder / "counts"
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    place = buckets.kind_of(story)
    daemon = ShimmedDaemon(story.folder / "state", {**SETTINGS, **place.settings("files")}, build=BUILD)
    daemon.start()
    bucket, inbox, outbox = place.open(daemon, "files"), server.home / "in", server.home / "out"
    arrivals = bucket / "arrived"
    for folder in (inbox, outbox, arrivals):
        folder.mkdir()
    partner = flows.partner_of(daemon, server, connections=2)
    watch = story.enter(buckets.Watch(inbox, arrivals))
    daemon.stop()

    def daemon_counts():
        daemon.faults = {"SALLYPORT_FAULT_PROGRAM": "sallyportd", "SALLYPORT_FAULT_COUNTS": str(counts)}

    def worker_counts():
        daemon.shim_workers({"SALLYPORT_FAULT_PROGRAM": "sallyport-worker", "SALLYPORT_FAULT_COUNTS": str(counts)})

    totals = count_calls(daemon_counts)
    print(f"# the daemon: {totals}")
    for call, how, count in DAEMON_FAULTS:
        kind = f"{name_of(how)}{'' if count == ONCE else ' from then on'}"
        with story.case(f"{call} that fails with {kind} in the daemon: nothing is lost"):
            for first in moments(totals[call]):
                rounds += 1
                chosen = fault("sallyportd", call, first, count, how)
                one_round(rounds, f"{call} {first} {kind}", how, lambda: daemon.faults.update(chosen))

    totals = count_calls(worker_counts)
    print(f"# the worker: {totals}")
    for call, how, count in WORKER_FAULTS:
        with story.case(f"{call} that fails with {name_of(how)} in a worker: nothing is lost"):
            for first in moments(totals[call]):
                rounds += 1
                chosen = fault("sallyport-worker", call, first, count, how)
                one_round(rounds, f"{call} {first} {name_of(how)}", how, lambda: daemon.shim_workers(chosen))

    with story.case("nobody ever saw half a file, or wrote to a final name"):
        watch.finish()
        assert watch.faults(sizes) == [], watch.faults(sizes)
        print(f"# {rounds} rounds, {sum(struck)} of which met their call; the daemon lived through {len(alive)}; {len(failed)} files were told to have failed")
        for message in sorted(set(failed)):
            print(f"# {message}")

    with story.case("nothing is left in the bucket of what died"):
        no_fault()
        daemon.settings["transfer.leftover_age"] = "1s"
        daemon.start()

        def known():
            """What the daemon may remove: an upload whose beginning was cut off is in nobody's book (doc/storage.md)."""
            if not buckets.at_storage():
                return flows.parts_in(bucket)
            with contextlib.closing(sqlite3.connect(f"file:{daemon.state}/store.db?mode=ro", uri=True, timeout=30)) as store:
                return store.execute("SELECT * FROM storage_uploads").fetchall()

        harness.wait_until(lambda: not known(), "temporaries and uploads to be removed")
        cut_off = flows.parts_in(bucket)
        print(f"# {len(cut_off)} uploads whose beginning was cut off")
        assert len(cut_off) <= (sum(struck) if buckets.at_storage() else 0), cut_off
        daemon.stop()
