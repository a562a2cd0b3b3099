#!/usr/bin/env python3
"""Random faults of workers, the daemon, servers and the network, one after the other, while files of all sizes go both ways
on five connectors: every file that was acknowledged ends COMPLETED and identical, or FAILED with a true reason; nobody
ever sees half a file or a second one; and a fault costs few bytes.

SALLYPORT_TEST_FAULTS is how many faults there are (30; SALLYPORT_TEST_LARGE=1: 1000), SALLYPORT_TEST_SEED repeats what an
earlier run did. With SALLYPORT_TEST_BUCKETS=storage, which takes minutes, the bucket is there.
"""

import collections
import contextlib
import os
import pathlib
import random
import re
import signal
import sqlite3
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import buckets  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402

KIB, MIB = 1 << 10, 1 << 20
FAULTS = int(os.environ.get("SALLYPORT_TEST_FAULTS", 1000 if harness.LARGE else 30))
SEED = int(os.environ.get("SALLYPORT_TEST_SEED", random.randrange(1 << 32)))
CONNECTORS = 5
LARGE_SIZES, LARGE_SHARE = ((33 * MIB, 96 * MIB), 0.04) if harness.LARGE else ((33 * MIB, 48 * MIB), 0.15)
SMALL_SIZES = (0, 96 * KIB)
SMALL_AT_ONCE = 10
PENDING_MAX = 6  # files of one connector
COST_MAX = 32 * MIB  # bytes that a fault may have moved again, of a file that is not much larger
SETTLE_SECONDS = 600 if harness.LARGE else 120
SETTINGS = {
    "log.level": "info",
    "transfer.attempts": "100",  # whether a file is whole is the question, not how patient we are
    "transfer.handshake_timeout": "4s",
    "transfer.idle_timeout": "2s",
    "transfer.retry_delay": "50ms",
    "transfer.worker_idle": "3s",
}
WORKER_DEATHS = "worker processes ended on it again and again"

FileWanted = collections.namedtuple("FileWanted", "link way name source target digest size")


class Link:
    """A partner with its server, its bad network and its connector."""

    def __init__(self, story, number):
        self.number = number
        self.server = story.enter(sshd.Sshd(story.folder / f"partner-{number}"))
        self.proxy = story.enter(harness.Proxy(self.server.port))
        self.inbox, self.outbox = self.server.home / "in", self.server.home / "out"
        self.arrivals = bucket / f"arrived-{number}"
        for folder in (self.inbox, self.outbox, self.arrivals):
            folder.mkdir()
        self.partner = flows.partner_of(daemon, self.server, url=f"sftp://127.0.0.1:{self.proxy.port}",
                                        connections=1 + number % 3)
        self.stopped = []  # processes that go on later
        self.is_cut = False

    def folders(self, way):
        return (bucket, self.inbox) if way == "up" else (self.outbox, self.arrivals)

    def make(self, way, size):
        name = f"{self.number}-{way}-{next(numbers)}.bin"
        source, target = self.folders(way)
        digest = flows.write_random(source / name, size)
        return FileWanted(self, way, name, source, target, digest, size)

    def request(self, files):
        """Asks for them; they count once that was acknowledged."""
        way = files[0].way
        if way == "up":
            self.partner.send(*(f"/files/{file.name}" for file in files), to=self.inbox)
        else:
            self.partner.retrieve(*(self.outbox / file.name for file in files), to=f"/files/{self.arrivals.name}")

    def workers(self):
        lock = str(daemon.state / "run" / f"{self.partner.id}.lock")
        return [pid for pid in daemon.workers() if lock in harness.descriptors(pid)]

    def go_on(self):
        """Undoes what lasts."""
        for pid in self.stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self.stopped = []
        if self.is_cut:
            self.proxy.tell("heal")
            self.is_cut = False


class Numbers:
    def __init__(self):
        self.last = 0

    def __next__(self):
        self.last += 1
        return self.last


def rows(sql, *values):
    with contextlib.closing(sqlite3.connect(f"file:{daemon.state}/store.db?mode=ro", uri=True, timeout=30)) as store:
        return store.execute(sql, values).fetchall()


def pending_by_connector():
    return dict(rows("SELECT connector_id, count(*) FROM files WHERE state < 3 GROUP BY connector_id"))


def signal_all(pids, sign):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sign)
    return pids


# ---- traffic --------------------------------------------------------------------------------------------------------


def some_files(link):
    way = chance.choice(("up", "down"))
    if chance.random() < LARGE_SHARE:
        return [link.make(way, chance.randrange(*LARGE_SIZES))]
    return [link.make(way, chance.randrange(*SMALL_SIZES)) for _ in range(chance.randint(1, SMALL_AT_ONCE))]


def keep_busy():
    pending = pending_by_connector()
    for link in links:
        while pending.get(link.partner.id, 0) < PENDING_MAX:
            files = some_files(link)
            link.request(files)
            acknowledged.extend(files)
            pending[link.partner.id] = pending.get(link.partner.id, 0) + len(files)


def drop_what_arrived():
    """Looks at what has completed, and makes room. A name that came once must not come again, so its watch stays."""
    completed = {path for (path,) in rows("SELECT path FROM files WHERE state = 3")}
    watch.look()
    for file in [file for file in acknowledged if path_of(file) in completed]:
        acknowledged.remove(file)
        verify(file)
        (file.source / file.name).unlink()
        (file.target / file.name).unlink()
        done.append(file)


def path_of(file):
    return f"/files/{file.name}" if file.way == "up" else str(file.source / file.name)


def verify(file):
    place = file.target / file.name
    assert place.stat().st_size == file.size, f"{file.name} has {place.stat().st_size} bytes instead of {file.size}"
    assert flows.sha256_of(place) == file.digest, f"the bytes of {file.name} differ"


# ---- faults ---------------------------------------------------------------------------------------------------------


def kill_worker(link):
    signal_all(link.workers(), signal.SIGKILL)


def stop_worker(link):
    link.stopped += signal_all(link.workers(), signal.SIGSTOP)


def kill_daemon(_link):
    daemon.kill()
    daemon.start()


def kill_daemon_while_it_answers(link):
    """What it acknowledged before it died counts, what it did not does not."""
    wanted, beginning = [link.make("up", 1000) for _ in range(40)], threading.Event()

    def ask():
        for file in wanted:
            beginning.set()
            try:
                link.request([file])
            except Exception:  # pylint: disable=broad-except
                unacknowledged.append(file)
            else:
                acknowledged.append(file)
    thread = threading.Thread(target=ask)
    thread.start()
    beginning.wait()
    time.sleep(chance.uniform(0, 0.1))
    daemon.process.kill()
    thread.join()
    daemon.process.wait()
    daemon.client.close()
    daemon.start()


def stop_daemon(_link):
    daemon.process.send_signal(signal.SIGSTOP)
    time.sleep(chance.uniform(0.05, 1))
    daemon.process.send_signal(signal.SIGCONT)


def kill_sessions(link):
    link.server.signal_sessions(signal.SIGKILL)


def stop_sessions(link):
    link.stopped += signal_all(link.server.sessions(), signal.SIGSTOP)


def restart_server(link):
    link.server.stop()
    time.sleep(chance.uniform(0, 1))
    link.server.start()


def cut_link(link):
    link.proxy.tell("cut")
    link.is_cut = True


def reset_link(link):
    link.proxy.tell("reset")


FAULTS_KNOWN = {  # how often each comes, relative to the others
    kill_worker: 3, stop_worker: 2, kill_daemon: 2, kill_daemon_while_it_answers: 1, stop_daemon: 1, kill_sessions: 3,
    stop_sessions: 3, restart_server: 2, cut_link: 4, reset_link: 4,
}


def one_fault():
    fault = chance.choices(list(FAULTS_KNOWN), FAULTS_KNOWN.values())[0]
    link = chance.choice(links)
    count[fault.__name__] += 1
    if os.environ.get("SALLYPORT_TEST_TIMES"):
        print(f"# {time.monotonic() - began:.1f} s: {fault.__name__} {link.number}", flush=True)
    fault(link)
    for other in links:
        if chance.random() < 0.4:
            other.go_on()


# ---- the end --------------------------------------------------------------------------------------------------------


def settle():
    for link in links:
        link.go_on()
    try:
        harness.wait_until(lambda: not pending_by_connector(), "all files to end", SETTLE_SECONDS, every=0.2)
    except harness.NotInTime as late:
        left = rows("SELECT connector_id, path, state, attempt, tries, worker_deaths, not_before_ms FROM files WHERE state < 3")
        raise harness.NotInTime(f"{late}: {left}, breakers {rows('SELECT * FROM breakers')}, now {time.time():.3f}") from None


def check_failed():
    """What did not complete has a reason that is true: here there is only one."""
    failed = {path: (code, message) for path, code, message in
              rows("SELECT path, failure_code, failure_message FROM files WHERE state = 4")}
    for file in list(acknowledged):
        code, message = failed[path_of(file)]
        print(f"# {file.name} FAILED: {message}")
        assert code == "INTERNAL_ERROR" and WORKER_DEATHS in message, (code, message)
        assert count["kill_worker"] + count["stop_worker"] >= 3, count
        assert not (file.target / file.name).exists() or "may have been published already" in message, file.name
    return len(failed)


def check_watch():
    watch.finish()
    wanted = {file.name: file.size for file in (*done, *acknowledged, *unacknowledged)}
    assert watch.faults(wanted) == [], watch.faults(wanted)
    seen = collections.Counter(name for kind, _, _, name in watch.events() if kind == "MOVED_TO")
    twice = {name: times for name, times in seen.items() if times != 1}
    assert not twice, f"appeared more than once: {twice}"
    missing = [file.name for file in done if file.name not in seen]
    assert not missing, f"nobody saw {missing} appear"


def check_bytes():
    """No file was moved again by more than its faults may cost; and what the store says of that is what the wire saw."""
    most = 0
    for path, size, attempt, moved in rows("SELECT path, size, attempt, bytes_moved FROM files WHERE state = 3"):
        again = moved - size
        most = max(most, again)
        assert again <= (attempt - 1) * max(size // 100, COST_MAX), f"{path}: {again} bytes again in {attempt} attempts"
    # Of small files the wire carries more than their bytes: names, answers, handshakes.
    passed = sum(sum(link.proxy.passed()[:2]) for link in links)
    size, attempts = rows("SELECT sum(size), sum(attempt - 1) FROM files WHERE state = 3")[0]
    print(f"# {size / MIB:.0f} MiB arrived, {passed / MIB:.0f} MiB passed, {attempts} attempts in vain, "
          f"at most {most / MIB:.1f} MiB again of one file")
    assert passed <= 1.05 * size + 64 * MIB + attempts * COST_MAX


def check_ambiguous():
    """
    Nobody takes a file away before it is COMPLETED, so what is there is seen, and the daemon knows of each publish whose
    answer was lost what became of it. It says so when it finds out: in the log, in the receipt, and in its count.
    """
    logged = set(re.findall(r'"(/files/[^"]+)": the answer to its rename was lost', daemon.log_text()))
    confirmed = {path for (path,) in rows("SELECT path FROM files WHERE state = 3 AND outcome = 1")}
    failed = {path for (path,) in rows("SELECT path FROM files WHERE state = 4")}
    assert confirmed <= logged and logged - confirmed <= failed, (confirmed, logged)
    for link in links:
        told = daemon.client.rest("sallyport", "GET", f"/v1/connectors/{link.partner.id}/server")["AmbiguousPublishes"]
        kept = rows("SELECT count(*) FROM files WHERE connector_id = ? AND state = 3 AND outcome = 1", link.partner.id)[0][0]
        assert told == {"Confirmed": kept, "Inferred": 0}, (told, kept)
    print(f"# the answer to {len(confirmed)} renames was lost")
    lossy = sum(times for name, times in count.items() if name != "stop_daemon")
    assert not confirmed or lossy > 0, confirmed


def remove_what_is_listed():
    """Whatever is known to be left goes with the next worker's first connection."""
    harness.wait_until(lambda: not daemon.workers(), "the workers to have nothing to do")
    for link in links:
        files = [link.make("up", 1000)]
        link.request(files)
        acknowledged.extend(files)
    settle()
    harness.wait_until(lambda: not rows("SELECT file_id FROM parts_left WHERE not_before_ms = 0"),
                       "what is listed as left to be removed", SETTLE_SECONDS)
    drop_what_arrived()


with harness.Story() as story:
    print(f"# SALLYPORT_TEST_SEED={SEED} SALLYPORT_TEST_FAULTS={FAULTS}", flush=True)
    chance, numbers, count, began = random.Random(SEED), Numbers(), collections.Counter(), time.monotonic()
    acknowledged, unacknowledged, done = [], [], []
    kind = buckets.kind_of(story)
    daemon = story.enter(harness.Daemon(story.folder / "state", {**SETTINGS, **kind.settings("files")}))
    bucket = kind.open(daemon, "files")
    links = [Link(story, number) for number in range(CONNECTORS)]
    watch = story.enter(buckets.Watch(*(folder for link in links for folder in (link.inbox, link.arrivals))))

    with story.case(f"through {FAULTS} faults every file that was acknowledged arrives whole, or is told why not"):
        for _ in range(FAULTS):
            keep_busy()
            time.sleep(chance.uniform(0, 0.3))  # faults come when they come
            one_fault()
            drop_what_arrived()
        settle()
        remove_what_is_listed()
        lost = check_failed()
        print(f"# {len(done)} files completed, {lost} failed, {len(unacknowledged)} requests were not acknowledged, "
              f"{time.monotonic() - began:.0f} s; {dict(count)}")
        assert len(done) > FAULTS, "there was too little traffic"

    with story.case("each appeared once and whole, and nobody wrote to a final name"):
        check_watch()

    with story.case("publishes whose answer was lost are counted as often as that happened"):
        check_ambiguous()

    with story.case("a fault costs no more bytes than it may"):
        check_bytes()

    with story.case("nothing is left lying about, but for what a stopped server made of an order long given up"):
        harness.wait_until(lambda: not flows.parts_in(bucket), "the temporaries to go")
        late = [os.fsdecode(part) for part in flows.parts_in(*(link.server.home for link in links))]
        for part in late:
            ident, attempt = pathlib.Path(part).name.removeprefix(".sp-").removesuffix(".part").split("-")
            state, last = rows("SELECT state, attempt FROM files WHERE id = ?", ident)[0]
            assert state == 4 or int(attempt) < last, f"{part} was left by the attempt that ended the file"
        print(f"# {len(late)} parts were made late")
        assert not late or count["stop_sessions"] + count["cut_link"] + count["stop_worker"] > 0, late
