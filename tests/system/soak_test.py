#!/usr/bin/env python3
"""A long run: many small files and many large ones go both ways through one daemon and are removed as they arrive. Memory,
descriptors and the write-ahead log stay flat, and the size of the store is what its rows cost.
Measured on the plain build: the sanitizers need memory of their own.

SALLYPORT_TEST_LARGE=1: 200,000 small files and 100 GiB of large ones.
"""

import collections
import contextlib
import hashlib
import os
import pathlib
import random
import shutil
import sqlite3
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import flows  # noqa: E402
import harness  # noqa: E402
import samples  # noqa: E402
import sshd  # noqa: E402

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
SMALL = 200_000 if harness.LARGE else 10_000
LARGE_TOTAL, LARGE_SIZE = (100 * GIB, 2 * GIB) if harness.LARGE else (2 * GIB, 128 * MIB)
PATHS = 10  # of a StartFileTransfer, which takes no more
TRANSFERS_AT_ONCE = 100
SMALL_SIZE_BITS = 16  # as many files between 1 and 2 bytes as between 32 and 64 KiB
STAMP = 8  # bytes at the end of a large file that are new each time
CONNECTIONS = 2
PATIENCE_SECONDS = 600
MEMORY = "/dev/shm"
SETTINGS = {"log.level": "info", "transfer.worker_idle": "1h"}  # the same worker from the beginning to the end

# What may be. Pages of the store are kept in memory up to a limit: one connection writes, the others read.
WRITER_CACHE_KIB, READER_CACHE_KIB, READERS = 8 * KIB, 1 * KIB, 8
MEMORY_SLACK_KIB = 1536  # between the medians of the first third and the last
CONNECTION_KIB = 5 * KIB  # of a worker, for one that it opens late, with its fibers
BUFFERS_KIB = 40 * KIB  # the blocks that its connections share: how many are wanted follows the delay
PSS_MAX_KIB = 64 * KIB  # of the daemon, and of a worker
THREADS_SLACK = 1
DESCRIPTORS_MAX = 512 + 128  # files that a worker has in hand, and all else
WAL_MAX_KIB = 16 * KIB  # what is left of it when it begins anew (PRAGMA journal_size_limit)
FILE_COST_MAX = 1 * KIB  # bytes of the store, with its indexes and its share of the transfer
COST_DRIFT = 0.1
OTHER_GROWTH_MAX = 16  # pages of all other tables together

FileWanted = collections.namedtuple("FileWanted", "source target size digest")


def room_in_memory(story):
    """A folder in memory for all that moves, or on disk where there is too little."""
    wanted = 5 * LARGE_SIZE
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < wanted:
        return story.folder
    folder = tempfile.mkdtemp(prefix="sallyport-soak-", dir=MEMORY)
    story.stack.callback(shutil.rmtree, folder, ignore_errors=True)
    return pathlib.Path(folder)


# ---- small files ----------------------------------------------------------------------------------------------------


class SmallFiles:
    """Requests for ten small files each, up and down in turn, so many at once."""

    def __init__(self):
        self.under_way, self.count = collections.deque(), 0

    def make(self, source, target):
        self.count += 1
        name = f"small-{self.count}"
        data = os.urandom(int(2 ** chance.uniform(0, SMALL_SIZE_BITS)) - 1)
        (source / name).write_bytes(data)
        return FileWanted(source / name, target / name, len(data), hashlib.sha256(data).hexdigest())

    def ask(self):
        if (self.count // PATHS) % 2 == 0:
            files = [self.make(bucket, inbox) for _ in range(PATHS)]
            transfer = partner.send(*(f"/soak/{file.source.name}" for file in files), to=inbox)
        else:
            files = [self.make(outbox, arrivals) for _ in range(PATHS)]
            transfer = partner.retrieve(*(file.source for file in files), to=f"/soak/{arrivals.name}")
        self.under_way.append((transfer, files))

    def take_oldest(self):
        transfer, files = self.under_way.popleft()
        partner.wait_completed(transfer, PATIENCE_SECONDS)
        for file in files:
            data = file.target.read_bytes()
            assert len(data) == file.size and hashlib.sha256(data).hexdigest() == file.digest, file
            file.source.unlink()
            file.target.unlink()

    def move(self, count):
        goal = self.count + count
        while self.count < goal or self.under_way:
            while self.count < goal and len(self.under_way) < TRANSFERS_AT_ONCE:
                self.ask()
            self.take_oldest()


# ---- large files ----------------------------------------------------------------------------------------------------


class LargeFile:
    """It goes to and fro. Its last bytes are new for each journey, and so is its digest."""

    def __init__(self, name, goes_up):
        self.name, self.goes_up, self.journeys = name, goes_up, 0
        self.path = (bucket if goes_up else outbox) / name
        self.most = hashlib.sha256()
        left = LARGE_SIZE - STAMP
        with open(self.path, "wb") as out:
            while left > 0:
                data = os.urandom(min(left, 8 * MIB))
                self.most.update(data)
                out.write(data)
                left -= len(data)
            out.write(bytes(STAMP))

    def set_out(self):
        self.journeys += 1
        stamp = self.journeys.to_bytes(STAMP, "big")
        with open(self.path, "r+b") as file:
            file.seek(-STAMP, os.SEEK_END)
            file.write(stamp)
        whole = self.most.copy()
        whole.update(stamp)
        self.digest = whole.hexdigest()
        self.target = (inbox if self.goes_up else arrivals) / self.name
        if self.goes_up:
            self.transfer = partner.send(f"/soak/{self.path.relative_to(bucket)}", to=inbox)
        else:
            self.transfer = partner.retrieve(self.path, to=f"/soak/{arrivals.name}")

    def arrive(self):
        partner.wait_completed(self.transfer, PATIENCE_SECONDS)
        self.path.unlink()
        assert self.target.stat().st_size == LARGE_SIZE and flows.sha256_of(self.target) == self.digest, self.target
        self.path, self.goes_up = self.target, not self.goes_up


def move_large(files, journeys):
    for file in files:
        file.set_out()
    for left in range(journeys - len(files), -len(files), -1):
        files[0].arrive()
        if left > 0:
            files[0].set_out()
        files.rotate(-1)
    for file in files:
        file.path.unlink()


# ---- the store ------------------------------------------------------------------------------------------------------

GROWING = ("files", "transfers", "events")  # tables that have a row for what is moved


class Store:
    """The pages of each of its b-trees at this moment."""

    def __init__(self):
        with contextlib.closing(sqlite3.connect(f"file:{daemon.state}/store.db?mode=ro", uri=True, timeout=30)) as store:
            store.execute("BEGIN")  # one moment for all
            self.pages = dict(store.execute("SELECT name, pageno FROM dbstat WHERE aggregate = TRUE"))
            self.payload = dict(store.execute("SELECT name, payload FROM dbstat WHERE aggregate = TRUE"))
            self.page_size, = store.execute("PRAGMA page_size").fetchone()
            self.page_count, = store.execute("PRAGMA page_count").fetchone()
            self.free, = store.execute("PRAGMA freelist_count").fetchone()
            self.rows = {table: store.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in GROWING}

    def pages_of(self, table):
        """With all its indexes."""
        return sum(pages for name, pages in self.pages.items() if table_of(name) == table)


def table_of(name):
    word = name.removeprefix("sqlite_autoindex_").split("_")[0]
    return word if word in GROWING else "others"


def cost_of_file(before, after):
    pages = sum(after.pages_of(table) - before.pages_of(table) for table in GROWING)
    return pages * after.page_size / (after.rows["files"] - before.rows["files"])


def explain(before, after):
    size = after.page_count * after.page_size / MIB
    print(f"# store: {before.page_count} pages became {after.page_count} ({size:.1f} MiB), {after.free} are free; {after.rows}")
    for name in sorted(after.pages, key=after.pages.get, reverse=True):
        more = after.pages[name] - before.pages.get(name, 0)
        if more > 0:
            print(f"# {name}: {more} pages more, {after.payload[name] / after.pages[name] / after.page_size:.0%} full")


# ---- what must be flat ----------------------------------------------------------------------------------------------


def caches_kib(store_kib):
    """What SQLite may keep of a store of that size."""
    return min(store_kib, WRITER_CACHE_KIB) + READERS * min(store_kib, READER_CACHE_KIB)


def check_flat(seen, worker_kib):
    """@worker_kib: what a worker may come to want late."""
    seen.tell()
    store, _, store_last = seen.thirds("store")
    may_grow = {"daemon memory": caches_kib(store_last) - caches_kib(store) + MEMORY_SLACK_KIB,
                "worker memory": worker_kib + MEMORY_SLACK_KIB, "daemon threads": THREADS_SLACK,
                "worker threads": THREADS_SLACK}
    for name, most in may_grow.items():
        first, _, last = seen.thirds(name)
        assert last - first <= most, f"{name} went from {first:.0f} to {last:.0f}, and may grow by {most:.0f}"
    for who in ("daemon", "worker"):
        assert seen.peak(f"{who} descriptors") <= DESCRIPTORS_MAX and seen.peak(f"{who} Pss") <= PSS_MAX_KIB, who
    assert len(seen.workers) == 1, f"workers came and went: {seen.workers}"


def open_now(pid):
    """What a process has open but for the store's files and its sockets, and how many sockets."""
    everything = [path for path in harness.descriptors(pid) if "/store.db" not in path]
    return [path for path in everything if path != "socket"], everything.count("socket")


def check_returned(pid, start):
    """A connection more is no leak: the worker keeps it as long as it is there."""
    def returned():
        others, sockets = open_now(pid)
        return others == start[0] and sockets <= start[1] + CONNECTIONS - 1
    with contextlib.suppress(harness.NotInTime):
        harness.wait_until(returned, "what was open before")
    assert returned(), f"{start} became {open_now(pid)}"


with harness.Story() as story:
    harness.need_root("to look into the memory and the descriptors of processes that guard secrets")
    chance, memory, began = random.Random(1), room_in_memory(story), time.monotonic()
    bucket = memory / "bucket"
    arrivals = bucket / "back"
    arrivals.mkdir(parents=True)
    server = story.enter(sshd.Sshd(story.folder / "partner", home=memory / "home"))
    inbox, outbox = server.home / "in", server.home / "out"
    inbox.mkdir()
    outbox.mkdir()
    daemon = story.enter(harness.Daemon(story.folder / "state", {**SETTINGS, "bucket.soak": str(bucket)},
                                        build=harness.ROOT / "build"))
    partner = flows.partner_of(daemon, server, connections=CONNECTIONS)
    at_start = open_now(daemon.process.pid)
    small = SmallFiles()
    # As many as are ever under way: what is there only once, and room for all these files, is there now.
    small.move(2 * TRANSFERS_AT_ONCE * PATHS)
    worker, = daemon.workers()
    idle = {pid: open_now(pid) for pid in (daemon.process.pid, worker)}
    stores = [Store()]

    with story.case(f"{SMALL:,} small files go both ways and arrive whole"):
        with samples.Samples(daemon) as seen:
            for _ in range(2):
                small.move(SMALL // 2)
                stores.append(Store())
        print(f"# {time.monotonic() - began:.0f} s")

    with story.case("meanwhile memory, descriptors and threads stay flat"):
        check_flat(seen, CONNECTION_KIB)
        for pid, start in idle.items():
            check_returned(pid, start)

    with story.case(f"the write-ahead log stays below {WAL_MAX_KIB // KIB} MiB"):
        assert 0 < seen.peak("WAL") <= WAL_MAX_KIB, seen.peak("WAL")

    with story.case("the store grows by what its rows cost, the same each, and by nothing else"):
        first, half, last = stores
        explain(first, last)
        assert sum(last.pages.values()) + last.free == last.page_count
        earlier, later = cost_of_file(first, half), cost_of_file(half, last)
        print(f"# a file costs {earlier:.0f} bytes of the store, later {later:.0f}")
        assert 0 < later <= FILE_COST_MAX and abs(later / earlier - 1) <= COST_DRIFT, (earlier, later)
        assert last.pages_of("others") - first.pages_of("others") <= OTHER_GROWTH_MAX, (first.pages, last.pages)

    with story.case(f"{LARGE_TOTAL // GIB} GiB of files of {LARGE_SIZE // MIB} MiB go both ways and arrive whole"):
        large = collections.deque((LargeFile("large-1", True), LargeFile("large-2", False)))
        with samples.Samples(daemon) as seen:
            move_large(large, LARGE_TOTAL // LARGE_SIZE)
        print(f"# {time.monotonic() - began:.0f} s")

    with story.case("memory, descriptors, threads, write-ahead log and store know nothing of that"):
        check_flat(seen, BUFFERS_KIB)
        assert seen.peak("WAL") <= WAL_MAX_KIB, seen.peak("WAL")
        assert Store().page_count - stores[-1].page_count <= OTHER_GROWTH_MAX
        for pid, start in idle.items():
            check_returned(pid, start)

    with story.case("in the end nothing is left: no file, no part, no descriptor, and with the connector no row"):
        began = time.monotonic()
        partner.call("DeleteConnector", ConnectorId=partner.id)
        print(f"# the connector was deleted within {time.monotonic() - began:.1f} s")
        harness.wait_until(lambda: not daemon.workers(), "the worker to leave with its connector")
        with contextlib.suppress(harness.NotInTime):
            harness.wait_until(lambda: open_now(daemon.process.pid) == at_start, "the descriptors of the start")
        assert open_now(daemon.process.pid) == at_start, f"{at_start} became {open_now(daemon.process.pid)}"
        left = [path for folder in (bucket, server.home) for path in folder.rglob("*") if not path.is_dir()]
        assert left == [], left
        # Its events stay, as long as events.keep says.
        harness.wait_until(lambda: Store().rows["files"] == Store().rows["transfers"] == 0, "its rows to go")
        store = Store()
        print(f"# {store.free} of the store's {store.page_count} pages are free, the log has {samples.size_kib(daemon.log)} KiB")
        assert store.rows["events"] == stores[-1].rows["events"] + LARGE_TOTAL // LARGE_SIZE, store.rows
