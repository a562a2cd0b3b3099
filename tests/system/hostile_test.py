#!/usr/bin/env python3
"""A partner's server is an enemy until proven otherwise: whatever it sends, a file ends COMPLETED and identical or FAILED
with a sentence that says what is wrong, its worker stays small and alive, and other connectors notice nothing.

Each case runs against two daemons: the one under test (built with the sanitizers in CI), which tries three times, and a
plain one that tries once, where the worker's memory is measured: the sanitizers need memory of their own.

    hostile_test.py [--seed N] [--all] [NAME…]    --all: cuts at every packet, not at some; NAME: parts of faults

SALLYPORT_TEST_SEED=N and SALLYPORT_TEST_LARGE=1 say the same.
"""

import argparse
import concurrent.futures
import dataclasses
import itertools
import os
import pathlib
import random
import re
import shutil
import signal
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
from errands import Errands  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import hostile  # noqa: E402
import sshd  # noqa: E402

KIB, MIB = 1 << 10, 1 << 20
SIZE = 1300 * KIB  # five big requests and a window that has to grow
SMALL = 2000
DEADLY_SIZE = 256 * MIB  # of nothing: enough to be still under way when its worker is killed
WORKER_MAX_KIB = 64 * KIB
AT_ONCE = 8
PATIENCE_SECONDS = 90
PACKETS_SENT = {"send": 24, "retrieve": 57}  # by the server at least, for a file of SIZE
CUTS = 20  # of each direction, without --all
SENTENCE_MAX = 500
ENTRIES, LISTED = 250, 200_000  # of a good directory; of one without end
SETTINGS = {
    "transfer.handshake_timeout": "6s",
    "transfer.idle_timeout": "5s",
    "transfer.worker_idle": "5s",
}
# What a storm comes to is decided by how much of it there was. A busy machine takes its time to hear so much.
PATIENT = {"transfer.handshake_timeout": "80s", "transfer.idle_timeout": "80s"}

CONNECTION, READ, WRITE, RENAME = "CONNECTION_ERROR", "READ_FILE_ERROR", "WRITE_FILE_ERROR", "RENAME_ERROR"
LIST, DELETE = "LIST_DIRECTORY_ERROR", "DELETE_ERROR"
LATE, NO_FILE = "TIMEOUT_ERROR", "RETRIEVE_FILE_NOT_FOUND"


@dataclasses.dataclass
class Case:
    """@faults as the server takes them; None as @code: COMPLETED and identical."""
    way: str
    faults: str
    code: object = None
    words: tuple = ()
    size: int = SIZE

    def __str__(self):
        way = {"send": "a file is sent", "retrieve": "a file is fetched", "list": "a directory is listed",
               "move": "a file is moved", "delete": "a file is deleted"}[self.way]
        return f"{self.faults}: {way} {'well' if self.code is None else 'and fails, which is told'}"


def send(faults, code=None, *words, size=SIZE):
    return Case("send", faults, code, words, size)


def fetch(faults, code=None, *words, size=SIZE):
    return Case("retrieve", faults, code, words, size)


def ask(way, faults, code=None, *words):
    """A listing, a move or a deletion."""
    return Case(way, faults, code, words)


# What takes a time-out: it costs nothing but waiting, so all of them wait at once.
SILENT = [
    fetch("stall", LATE, "SSH version line"),
    fetch("stall --after 1", LATE, "key exchange"),
    fetch("stall --after 8", LATE),
    send("stall --after 12", LATE),
    fetch("trickle --amount 500", LATE, "SSH version line"),
    fetch("trickle --after 9 --amount 50", LATE),
    fetch("version-odd", LATE, "key exchange"),
    fetch("http", CONNECTION, "SSH version line", "HTTP/1.1 400 Bad Request"),
    fetch("auth-stall", LATE, "authentication"),
    fetch("channel-stall", LATE),
    send("channel-window", LATE),
    fetch("never", LATE),
    send("never --on write", LATE),
    fetch("rekey-stall --after 3", LATE),
    ask("list", "never --on readdir", LATE),
    ask("list", "never --on opendir", LATE),
    ask("move", "never --on rename"),
    ask("delete", "never --on remove"),
    fetch("rekey-storm --after 3", (LATE, READ)),
]

GREETING = [
    fetch("lines"),
    fetch("line-flood", CONNECTION, "SSH version line", "welcome to the machine room"),
    fetch("line-endless", CONNECTION, "SSH version line", "no end in sight"),
    fetch("version-1", CONNECTION, "SSH version 2", "SSH-1.5-Old"),
    fetch("version-long", CONNECTION, "SSH version line"),
    fetch("garbage", CONNECTION),
    fetch("garbage --after 1", CONNECTION, "key exchange"),
    fetch("kexinit-huge"),
    fetch("kexinit-huge --amount 300000", CONNECTION, "key exchange"),
    fetch("kexinit-foreign", CONNECTION, "key exchange", "!!!"),
    fetch("kexinit-cut", CONNECTION, "key exchange"),
    fetch("kexinit-cut --amount 1", CONNECTION, "key exchange"),
    fetch("kexinit-list", CONNECTION, "key exchange"),
    fetch("kexinit-flood", CONNECTION, "key exchange"),
    fetch("kex-newkeys", CONNECTION, "key exchange"),
    fetch("kex-signature", CONNECTION),
    fetch("kex-point", CONNECTION),
    fetch("kex-point --amount 0", CONNECTION),
    fetch("kex-point --amount 5", CONNECTION),
    fetch("kex-point --amount 100000", CONNECTION),
    fetch("kex-huge-key", CONNECTION),
    fetch("kex-other-key", CONNECTION, "host key", "SHA256:"),
    fetch("packet-length --after 1", CONNECTION, "key exchange"),
    fetch("packet-length --after 1 --amount 0", CONNECTION, "key exchange"),
    fetch("packet-length --after 1 --amount 262145", CONNECTION, "key exchange"),
    fetch("packet-length --after 4", CONNECTION),
    fetch("packet-length --after 4 --amount 3", CONNECTION),
    fetch("packet-length --after 14", READ),
    fetch("damage --after 4", CONNECTION),
    fetch("damage --after 14", READ),
    send("damage --after 13", WRITE),
]

ENTRY = [
    fetch("auth-banner"),
    fetch("auth-banner --amount 200000000", CONNECTION, "before"),
    fetch("auth-ignore-flood", CONNECTION, "before"),
    fetch("auth-refuse", CONNECTION, '"u"', "password refused"),
    fetch("auth-partial", CONNECTION, '"u"', "another is wanted"),
    fetch("auth-methods", CONNECTION, '"u"'),
    fetch("auth-strange", CONNECTION, '"u"'),
    fetch("auth-open"),
    fetch("auth-questions", CONNECTION, "asks for more than the password"),
    fetch("auth-questions --amount 0", CONNECTION, "asks for more than the password"),
    fetch("auth-questions --amount 4000000000", CONNECTION),
    fetch("auth-disconnect", CONNECTION, "go"),
    fetch("auth-disconnect --after 1", CONNECTION, "go"),
    fetch("channel-refuse", CONNECTION, "refused to open a channel"),
    fetch("channel-window --amount 1"),
    send("channel-window --amount 4294967295"),
    send("channel-packet", CONNECTION, "10 bytes"),
    send("channel-packet --amount 0", CONNECTION),
    send("channel-packet --amount 1024"),
    send("channel-packet --amount 4294967295"),
    send("channel-again", CONNECTION),
    fetch("channel-other", (CONNECTION, LATE)),
    fetch("subsystem-refuse", CONNECTION, "offers no SFTP"),
    fetch("subsystem-overrun", CONNECTION, "before"),
    fetch("subsystem-stderr", CONNECTION, "before"),
]

STORMS = [
    *(case for flood in ("ignore-flood", "debug-flood", "request-flood", "question-flood", "open-flood", "adjust-flood",
                         "channel-request-flood", "stderr-flood", "stray-flood")
      for case in (fetch(f"{flood} --after 5", READ, "SFTP"), send(f"{flood} --after 5", WRITE, "SFTP"),
                   # before each reply, and on a machine that is busy 32 READs go out at once, as on a long line
                   fetch(f"{flood} --amount 20000"))),
    fetch("overrun --after 5", READ),
    send("overrun --after 5", WRITE),
    fetch("rekey"),
    send("rekey"),
    fetch("rekey-flood --after 3", READ),
    fetch("eof --after 5", READ, "ended the SFTP session"),
    send("eof --after 5", WRITE, "ended the SFTP session"),
    fetch("eof --after 2 --amount 0", (READ, CONNECTION)),
    fetch("close --after 5", READ, "ended the SFTP session"),
    send("close --after 5", WRITE, "ended the SFTP session"),
    fetch("exit-status --after 5", READ, "ended the SFTP session"),
    fetch("exit-signal"),
    fetch("disconnect --after 5", READ, "more"),
    send("disconnect --after 5", WRITE, "more"),
]

PACKETS = [
    fetch("text-first", CONNECTION, "login scripts", "Last login"),
    fetch("version", CONNECTION, "version 2"),
    fetch("version --amount 6", CONNECTION, "version 6"),
    fetch("version --amount 4294967295", CONNECTION, "version 4294967295"),
    fetch("twice --on init", CONNECTION),
    fetch("shorten --on init --amount 3", CONNECTION, "VERSION"),
    fetch("extensions-many"),
    fetch("extensions-many --amount 60000", CONNECTION, "packet"),
    fetch("extension-long"),
    fetch("extension-lie", CONNECTION, "VERSION"),
    send("extensions-none"),
    fetch("extensions-none"),
    fetch("limits"),
    send("limits --amount 1"),
    send("limits --amount 18446744073709551615"),
    fetch("limits --amount 18446744073709551615"),
    fetch("status --on limits"),
    fetch("shorten --on limits --amount 5", CONNECTION),

    fetch("wrong-id", READ, "another request"),  # the look behind the READ
    send("wrong-id --on write", WRITE, "not open"),
    send("wrong-id --on posix-rename"),  # it was carried out, as is found out later
    send("never --on posix-rename"),
    fetch("twice", READ, "not open"),
    send("twice --on write --after 1", WRITE, "not open"),
    fetch("length", READ, "4294967295"),
    fetch("length --amount 0", READ, "0 bytes"),
    fetch("length --amount 300000", READ, "300000"),
    fetch("shorten", READ, "malformed"),
    fetch("shorten --on open", READ, "malformed"),
    fetch("shorten --on fstat --amount 10", READ, "malformed"),
    send("shorten --on write --amount 2", WRITE, "malformed"),
    fetch("lengthen", READ),
    fetch("lengthen --on fstat"),
    fetch("type", READ),
    fetch("type --on open --amount 103", READ, "DATA"),
    fetch("type --on read --amount 102", READ, "HANDLE"),
    send("type --on write --amount 105", WRITE, "ATTRS"),
    send("type --on write --amount 104", WRITE, "NAME"),

    fetch("status", READ, "failure"),
    fetch("status --amount 0", READ, "OK"),
    fetch("status --amount 1", READ, "changed"),
    fetch("status --on open --amount 0", READ, "OK"),
    fetch("status --on fstat"),
    fetch("status --on close"),
    send("status --on write", WRITE, "failure"),
    send("status --on write --amount 1", WRITE),
    send("status --on close", WRITE, "close"),
    send("status --on fsync", WRITE, "flush"),
    send("extensions-none status --on fstat"),  # who keeps the order of requests is not asked
    send("status --on stat --amount 3"),
    send("status --on posix-rename", RENAME),
    send("status --on write --amount 4294967295", WRITE, "4294967295"),
    fetch("status-bare", READ, "failure"),
    fetch("status-bare --amount 2", NO_FILE, "no such file"),
    fetch("status-bare --amount 4294967295", READ, "4294967295"),
    fetch("status-strange", READ, "bad"),
    send("status-strange", WRITE, "bad"),
    fetch("status-long", READ, "wwww"),
    fetch("status-lie", READ, "malformed"),

    fetch("handle", READ, "malformed"),
    fetch("handle --amount 257", READ, "malformed"),
    fetch("handle --amount 200000", READ, "malformed"),
    fetch("handle --amount 0", READ),
    fetch("names --on fstat", READ, "NAME"),
    send("names", (WRITE, RENAME), "NAME"),
    fetch("name-long --on fstat", READ, "NAME"),
    fetch("name-flood --on fstat", READ, "NAME"),
    send("name-flood --on stat", (WRITE, RENAME), "NAME"),

    fetch("data-longer", READ, "asked for"),
    fetch("data-longer --after 3 --amount 1000", READ, "asked for"),
    fetch("data-endless", READ, "changed"),
    fetch("data-endless size --amount 10000000000000000000", READ, "no file"),
    fetch("data-empty", READ, "0 bytes"),
    fetch("data-length", READ, "malformed"),
    fetch("data-length --amount 99", READ, "malformed"),
    fetch("data-short", size=SMALL),
    fetch("data-short --amount 1000"),
    fetch("data-flood", READ, "not open"),
    fetch("data-flood --after 5", READ, "not open"),

    fetch("size"),  # what servers tell of files that are made as they are read
    fetch("size --amount 1000", READ, "more"),
    fetch("size --amount 10000000", READ, "changed"),
    fetch("size --amount 18446744073709551615", READ, "no file"),
    fetch("size --amount 9223372036854775808", READ, "no file"),
    fetch("size --amount 9223372036854775807", READ, "changed"),
    fetch("size --after 1 --amount 5", READ, "changed"),
    send("extensions-none size --on fstat --amount 5"),
    send("size --on stat --amount 5", (WRITE, RENAME)),
    send("size --on stat --amount 18446744073709551615", WRITE, "18446744073709551615"),
    fetch("attributes-none --on fstat attributes-none --on stat"),
    send("extensions-none attributes-none --on fstat attributes-none --on stat"),
    fetch("attributes-negative"),
    send("attributes-negative"),
    fetch("mode", READ, "directory"),
    fetch("mode --amount 0"),
    fetch("mode --amount 4294967295", READ, "not a regular file"),
    send("mode --on stat"),
    fetch("attributes-extended", READ, "malformed"),

    send("ok", WRITE, "0 bytes"),
    send("ok --after 5", WRITE, "bytes"),
    send("ok --on posix-rename", RENAME, "did not"),
    send("ok --on rename extensions-none", RENAME, "did not"),
    send("ok --on close"),
    send("status --on write space", WRITE, "full"),
    send("status --on write space --amount 18446744073709551615", WRITE, "failure"),
    send("status --on write shorten --on statvfs --amount 7", WRITE),
]

DIRECTORIES = [
    ask("list", "twice --on readdir", LIST, "not open"),
    ask("list", "wrong-id --on readdir", LIST, "not open"),
    ask("list", "shorten --on readdir --amount 9", LIST, "malformed"),
    ask("list", "lengthen --on readdir"),
    ask("list", "length --on readdir", LIST, "4294967295"),
    ask("list", "type --on readdir --amount 103", LIST, "DATA"),
    ask("list", "status --on readdir", LIST, "failure"),
    ask("list", "status-bare --on readdir --amount 4294967295", LIST, "4294967295"),
    ask("list", "handle --on opendir", LIST, "malformed"),
    ask("list", "names --on opendir", LIST, "NAME"),
    ask("list", "names --on readdir", LIST, "../../etc/passwd", "slash"),
    ask("list", "names --on readdir --amount 4000000000", LIST, "malformed"),
    ask("list", "name-long --on readdir", LIST, "longer than any name"),
    ask("list", "name-long --on readdir --amount 1025", LIST, "longer than any name"),
    ask("list", "name-long --on readdir --amount 4294967295", LIST),
    ask("list", "name-flood --on readdir", LIST),
    ask("list", "names-endless"),
    ask("list", "names-endless --amount 0"),
    ask("move", "ok --on rename", RENAME, "did not"),
    ask("move", "status --on rename --amount 3", RENAME, "permission denied"),
    ask("move", "wrong-id --on rename"),
    ask("move", "twice --on rename"),
    ask("move", "names --on lstat", RENAME, "NAME"),
    ask("delete", "ok --on remove", DELETE, "did not"),
    ask("delete", "wrong-id --on remove"),
    ask("delete", "status-bare --on remove", DELETE, "failure"),
    ask("delete", "shorten --on lstat", DELETE, "malformed"),
]


class Ground:
    """A daemon with what all its cases share."""

    def __init__(self, story, build, attempts, more=None):
        name = f"{build.name}-patient" if more else build.name
        settings = {**SETTINGS, "transfer.attempts": attempts, **(more or {})}
        self.daemon = story.enter(harness.Daemon(story.folder / name, settings, build=build))
        self.folder = story.folder / f"{name}-roots"
        self.bucket = self.daemon.bucket("files")
        self.sources = {size: flows.write_random(self.bucket / f"source-{size}", size) for size in (SIZE, SMALL)}
        self.numbers = itertools.count()
        self.cases = {}  # by connector
        self.peaks = None if harness.sanitized(build) else story.enter(hostile.WorkerPeaks(self.daemon))


def check_sentence(message):
    assert re.match(r'could not (send|retrieve|list|move|delete) "', message), message
    assert message.isprintable(), f"a sentence that no terminal should see: {message!r}"
    assert len(message) < SENTENCE_MAX, f"{len(message)} characters: {message!r}"


def faults_in(case):
    """Their names: what is neither an option nor its value."""
    words = case.faults.split()
    return {word for before, word in zip([""] + words, words) if not word.startswith("--") and not before.startswith("--")}


def run(case, ground):
    """One case on one daemon. Returns the sentence, if it failed as it should, and the seconds that it took."""
    started = time.monotonic()
    number = next(ground.numbers)
    with hostile.Hostile(ground.folder / str(number), case.faults) as server, hostile.Seat(ground.daemon) as seat:
        partner = server.partner(seat)
        ground.cases[partner.id] = case
        message = play(case, ground, server, partner, f"got-{number}")
        for fault in faults_in(case):
            server.wait_line(lambda line, wanted=f"fault {fault}": line.strip() == wanted)  # or nothing was proved
    return message, time.monotonic() - started


def play_errand(case, ground, server, partner):
    """A listing is COMPLETED with as much as was asked for at most; what was moved or deleted once is gone."""
    errands = Errands(partner, "files", ground.bucket)
    errands.daemon = ground.daemon  # whose store it is
    for number in range(ENTRIES):
        (server.root / f"entry-{number}").touch()
    source = server.root / "entry-0"
    begin = {"list": lambda: errands.start_listing("/", MaxItems=LISTED)["ListingId"],
             "move": lambda: errands.start_move("/entry-0", "/moved"), "delete": lambda: errands.start_delete("/entry-0")}
    row = errands.wait(begin[case.way](), PATIENCE_SECONDS)
    if case.code is None:
        assert row.completed, (row.code, row.message)
        assert case.way != "list" or row.items in (0, ENTRIES, LISTED), row.items
        assert case.way == "list" or not source.exists(), "it is COMPLETED and was not done"
        return None
    codes = (case.code,) if isinstance(case.code, str) else case.code
    assert row.code in codes, vars(row)
    assert all(word in row.message for word in case.words), row.message
    check_sentence(row.message)
    return row.message


def play(case, ground, server, partner, local):
    if case.way in ("list", "move", "delete"):
        return play_errand(case, ground, server, partner)
    source, digest = ground.bucket / f"source-{case.size}", ground.sources[case.size]
    inbox = server.root / "in"
    inbox.mkdir()
    if case.way == "send":
        target = inbox / source.name
        transfer = partner.send(f"/files/{source.name}", to="in")
    else:
        shutil.copyfile(source, server.root / "theirs")
        target = ground.bucket / local / "theirs"
        transfer = partner.retrieve("theirs", to=f"/files/{local}")
    if case.code is None:
        partner.wait_completed(transfer, PATIENCE_SECONDS)
        assert flows.sha256_of(target) == digest, "another file arrived"
        assert case.way != "send" or [path.name for path in inbox.iterdir()] == [source.name], list(inbox.iterdir())
        return None
    message = partner.wait_failed(transfer, case.code, *case.words, seconds=PATIENCE_SECONDS)
    check_sentence(message)
    # A server that says that it did not rename, and did, has only itself to blame.
    assert "rename" in case.faults or not target.exists(), "a file that failed stands under its final name"
    return message


def cuts(way, seed, everywhere):
    """Cases in which the first connection is cut at one packet each, in one of three manners: all, or a choice."""
    places = [f"{how} --after {place} --times 1 --connections 1" for place in range(PACKETS_SENT[way])
              for how in ("cut", "cut-half", "reset")]
    return [Case(way, place) for place in (places if everywhere else random.Random(f"{seed} {way}").sample(places, CUTS))]


class Neighbour(threading.Thread):
    """Another connector of the daemon, which sends and fetches all the while from a good server."""

    PAUSE_SECONDS = 0.3

    def __init__(self, ground, server):
        super().__init__()
        self.daemon_of, self.bucket, self.server = ground.daemon, ground.bucket, server
        self.stop, self.done, self.error, self.id = threading.Event(), 0, None, None

    def run(self):
        try:
            with hostile.Seat(self.daemon_of) as seat:
                partner = flows.partner_of(seat, self.server)
                self.id = partner.id
                while not self.stop.wait(self.PAUSE_SECONDS):
                    self.once(partner)
        except Exception as error:  # pylint: disable=broad-except
            self.error = error

    def once(self, partner):
        name = f"neighbour-{partner.id}"
        digest = flows.write_random(self.bucket / name, SIZE)
        partner.wait_completed(partner.send(f"/files/{name}", to="in"), PATIENCE_SECONDS)
        partner.wait_completed(partner.retrieve(f"in/{name}", to="/files/back"), PATIENCE_SECONDS)
        assert flows.sha256_of(self.bucket / "back" / name) == digest, "the neighbour got another file"
        self.done += 1

    def finish(self):
        self.stop.set()
        self.join()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.finish()


def log_lines(daemon, pattern):
    return [line for line in daemon.log_text().splitlines() if re.search(pattern, line)]


def kill_on_sight(daemon, server, partner, name, times):
    """Kills the connector's worker whenever it opens the file of that name."""
    place = 0
    for _ in range(times):
        place, _ = server.wait_line(lambda line: line == f"open {name}", place, PATIENCE_SECONDS)
        place += 1
        for worker in hostile.children(daemon.process.pid):
            if hostile.connector_of(worker) == partner.id:
                os.kill(worker, signal.SIGKILL)


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", default=os.environ.get("SALLYPORT_TEST_SEED") or str(random.randrange(1 << 32)))
    parser.add_argument("--all", action="store_true", default=harness.LARGE)
    parser.add_argument("names", nargs="*")
    return parser.parse_args()


def chosen(some, names):
    return [case for case in some if not names or any(name in f"{case.way} {case.faults}" for name in names)]


options = parse_arguments()
cases = chosen([*SILENT, *GREETING, *ENTRY, *STORMS, *PACKETS, *DIRECTORIES], options.names)
cut_cases = chosen([case for way in PACKETS_SENT for case in cuts(way, options.seed, options.all)], options.names)

with harness.Story() as story:
    harness.need_root("to look into the memory of workers")
    print(f"# --seed {options.seed}")
    good = story.enter(sshd.Sshd(story.folder / "good"))
    (good.home / "in").mkdir()
    builds = [(harness.BUILD, "3")]
    if harness.BUILD != harness.ROOT / "build":  # a plain one beside it
        builds.append((harness.ROOT / "build", "1"))
    hasty = [Ground(story, *build) for build in builds]
    patient = [Ground(story, *build, PATIENT) for build in builds]
    grounds, tested = hasty + patient, hasty[0]
    neighbours = [story.enter(Neighbour(ground, good)) for ground in grounds]
    pool = story.enter(concurrent.futures.ThreadPoolExecutor(AT_ONCE))

    waiting = story.enter(concurrent.futures.ThreadPoolExecutor(len(SILENT)))

    def submit(case):
        return [(waiting if case in SILENT else pool).submit(run, case, ground)
                for ground in (patient if case in STORMS else hasty)]

    runs = [(case, submit(case)) for case in cases]
    runs += [(case, [pool.submit(run, case, tested)]) for case in cut_cases]
    for case, futures in runs:
        with story.case(str(case)):
            for message, seconds in [future.result() for future in futures]:
                if options.names:
                    print(f"# {seconds:.1f} s: {message or 'COMPLETED'}")

    with story.case("another connector of the same daemon sends and fetches all the while, and nothing is tried twice"):
        for neighbour in neighbours:
            neighbour.finish()
            if neighbour.error:
                raise neighbour.error
            assert neighbour.done > 0, "it had no time for a single file"
            again = log_lines(neighbour.daemon_of, f"{neighbour.id}.*(tried again|is asked after)")
            assert not again, again
        print(f"# {' and '.join(str(neighbour.done) for neighbour in neighbours)} files each way")

    with story.case("no worker died of any of it"):
        for ground in grounds:
            dead = log_lines(ground.daemon, "was ended by signal|left with status|the worker process (died|broke)")
            assert not dead, dead

    with story.case("no worker ever had more than 64 MiB"):
        for ground in grounds:
            if ground.peaks is None:
                continue  # the sanitizers keep what was freed, and more
            peaks = sorted((kib, str(ground.cases.get(connector))) for connector, kib in ground.peaks.kib.items())
            print(f"# {len(peaks)} workers; the largest: {peaks[-1][0]} KiB in \"{peaks[-1][1]}\"")
            assert len(peaks) > len(ground.cases) // 2, "most of the workers were not seen"
            assert peaks[-1][0] <= WORKER_MAX_KIB, peaks[-10:]

    with story.case("a file that kills its worker three times fails alone, and the others of its transfer arrive"):
        with hostile.Hostile(story.folder / "deadly-root") as server, hostile.Seat(tested.daemon) as seat:
            names = [f"innocent-{number}" for number in range(6)]
            for name in names:
                shutil.copyfile(tested.bucket / f"source-{SMALL}", server.root / name)
            with open(server.root / "deadly", "wb") as deadly:
                deadly.truncate(DEADLY_SIZE)
            partner = server.partner(seat)
            transfer = partner.retrieve(*names[:3], "deadly", *names[3:], to="/files/survivors")
            kill_on_sight(tested.daemon, server, partner, "deadly", 3)
            results = {result["FilePath"]: result for result in partner.wait(transfer)}
            failed = results.pop("deadly")
            assert failed["StatusCode"] == "FAILED" and failed["FailureCode"] == "INTERNAL_ERROR", failed
            assert "worker processes ended on it again and again" in failed["FailureMessage"], failed
            assert all(result["StatusCode"] == "COMPLETED" for result in results.values()), results
            for name in names:
                assert flows.sha256_of(tested.bucket / "survivors" / name) == tested.sources[SMALL], name
            deaths = log_lines(tested.daemon, f"{partner.id}: the worker process died")
            assert len(deaths) == 3 and "with 1 files under way" in deaths[-1], deaths
            assert not (tested.bucket / "survivors" / "deadly").exists()
            assert flows.parts_in(tested.bucket) == [], flows.parts_in(tested.bucket)
