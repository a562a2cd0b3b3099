#!/usr/bin/env python3
"""A backup is made while files are under way, all state is lost, and a restore goes on: whatever was acknowledged before
the backup ends whole. Files that were moved since are moved again, and nothing of them that may be published is touched. What
does not fit (another key, a damaged copy, a store that is there, a daemon that runs) is refused, and nothing is left of it."""

import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402

MIB = 1 << 20
LARGE, SMALL, SMALL_FILES, HELD_AT = 24 * MIB, 1000, 8, 10 * MIB
DELAY_MS = 60  # each way, where a rename has to be caught on its way
PATIENCE = 120
SETTINGS = {"transfer.attempts": "10", "transfer.handshake_timeout": "5s", "transfer.idle_timeout": "5s"}


def command(state, *words):
    """sallyportd with a command; returns (code, output, errors)."""
    done = subprocess.run([str(daemon.program), "--state", str(state), *[str(word) for word in words]],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    assert not any(word in done.stderr for word in harness.SANITIZER_WORDS), done.stderr
    return done.returncode, done.stdout, done.stderr


def back_up(name):
    copy = story.folder / name
    code, said, errors = command(daemon.state, "backup", copy)
    assert code == 0, errors
    assert f'"{copy}"' in said and "master.key" in said and "NOT in it" in said, said
    assert copy.stat().st_mode & 0o7777 == 0o600
    return copy


def lose_all_but_the_buckets(name):
    """The state folder goes, and with it all that the daemon knew; a new one gets the buckets and a copy of the key."""
    shutil.copy(daemon.state / "master.key", story.folder / "key-apart")
    old = daemon.state.with_name(f"lost-{name}")
    daemon.state.rename(old)
    daemon.state.mkdir(mode=0o700)
    (old / "buckets").rename(daemon.state / "buckets")
    shutil.copy(story.folder / "key-apart", daemon.state / "master.key")


def restore(copy, *options):
    code, said, errors = command(daemon.state, *options, "restore", copy)
    assert code == 0, errors
    return said


def refused(state, copy, *words):
    """Restoring says one sentence with all of @words, and leaves no store."""
    before = {path.name for path in state.iterdir() if path.is_file()}
    code, said, errors = command(state, "restore", copy)
    assert code == 1 and said == "", (code, said)
    for word in words:
        assert word in errors, f"the sentence does not say {word!r}: {errors!r}"
    assert {path.name for path in state.iterdir() if path.is_file()} - {"lock"} == before - {"lock"}


class Files:
    """Files with random bytes, whose sums are known."""

    def __init__(self, source, target):
        self.source, self.target, self.sums = source, target, {}

    def make(self, name, size):
        self.sums[name] = flows.write_random(self.source / name, size)
        return self

    def check(self):
        for name, digest in self.sums.items():
            assert flows.sha256_of(self.target / name) == digest, f"{name} has other bytes"


def fresh_state(name, with_key=True):
    state = story.folder / name
    state.mkdir(mode=0o700)
    if with_key:
        shutil.copy(daemon.state / "master.key", state / "master.key")
    return state


def mixed_traffic_is_backed_up_and_restored():
    with harness.Proxy(server.port) as up, harness.Proxy(server.port) as down:
        sender = flows.partner_of(daemon, server, url=f"sftp://127.0.0.1:{up.port}")
        fetcher = flows.partner_of(daemon, server, url=f"sftp://127.0.0.1:{down.port}")
        done, sent, fetched = Files(bucket, inbox), Files(bucket, inbox), Files(outbox, arrivals)
        done.make("done.bin", SMALL)
        before = sender.send("/files/done.bin", to=inbox)
        sender.wait_completed(before)

        held_up, held_down = up.hold("up", HELD_AT), down.hold("down", HELD_AT)
        sent.make("large-up.bin", LARGE)
        fetched.make("large-down.bin", LARGE)
        transfers = [(sender, sender.send("/files/large-up.bin", to=inbox)),
                     (fetcher, fetcher.retrieve(outbox / "large-down.bin", to="/files/arrived"))]
        held_up()
        held_down()
        names = [f"small-{number}.bin" for number in range(SMALL_FILES)]
        for name in names:
            sent.make(name, SMALL)
        transfers.append((sender, sender.send(*[f"/files/{name}" for name in names], to=inbox)))
        copy = back_up("mixed.db")

        # Life goes on after the backup: all of that is done, a partner takes a file away, and more is asked for.
        up.tell("heal")
        down.tell("heal")
        for partner, transfer in transfers:
            partner.wait_completed(transfer, PATIENCE)
        (inbox / "small-0.bin").unlink()
        late = sender.send("/files/done.bin", to=inbox)
        sender.wait_completed(late)
        key = daemon.env["AWS_ACCESS_KEY_ID"]
        daemon.kill()
        lose_all_but_the_buckets("mixed")
        assert f"{2 + SMALL_FILES} files that were not finished" in restore(copy)

        daemon.start()
        assert daemon.env["AWS_ACCESS_KEY_ID"] == key, "the administrator has another key"
        assert sender.results(before)[0]["StatusCode"] == "COMPLETED"
        for partner, transfer in transfers:
            partner.wait_completed(transfer, PATIENCE)
        for files in (done, sent, fetched):
            files.check()
        assert flows.parts_in(server.home, bucket) == []
        try:
            sender.results(late)
            raise AssertionError("what was asked for after the backup is known")
        except aws.AwsError as refusal:
            assert refusal.code == "ResourceNotFoundException", refusal


def permitted():
    """Whether the store says that a permit to rename was given (FILE_PUBLISHING). The API has no word for it."""
    with sqlite3.connect(f"file:{daemon.state}/store.db?mode=ro", uri=True) as store:
        return store.execute("SELECT count(*) FROM files WHERE state = 2").fetchone()[0] > 0


def back_up_while_publishing(sender, name):
    """(transfer, copy) of a file whose rename is on its way while the copy is made; None when it was missed."""
    transfer = sender.send(f"/files/{name}", to=inbox)
    harness.wait_until(permitted, "the permit to rename", PATIENCE, every=0.001)
    stopped = server.sessions()
    server.signal_sessions(signal.SIGSTOP, stopped)
    missed = (inbox / name).exists()
    copy = None if missed else back_up(f"{name}.db")
    server.signal_sessions(signal.SIGCONT, stopped)
    sender.wait_completed(transfer, PATIENCE)
    return None if missed else (transfer, copy)


def a_publish_under_way_is_done_again():
    """Its part is renamed after the backup, and the file taken away: a part that is gone proves nothing then."""
    with harness.Proxy(server.port, DELAY_MS) as proxy:
        sender = flows.partner_of(daemon, server, url=f"sftp://127.0.0.1:{proxy.port}")
        files, caught = Files(bucket, inbox).make("publishing.bin", SMALL), None
        while not caught:  # a busy machine may be late
            caught = back_up_while_publishing(sender, "publishing.bin")
            (inbox / "publishing.bin").unlink()
        transfer, copy = caught
        daemon.kill()
        lose_all_but_the_buckets("publishing")
        restore(copy)
        with harness.Watch(inbox) as watch:
            daemon.start()
            sender.wait_completed(transfer, PATIENCE)
            watch.finish()
            assert watch.faults({"publishing.bin": SMALL}) == []
        files.check()
        assert flows.parts_in(server.home) == []


def what_was_under_way_fails_when_told():
    with harness.Proxy(server.port) as proxy:
        sender = flows.partner_of(daemon, server, url=f"sftp://127.0.0.1:{proxy.port}")
        Files(bucket, inbox).make("doubtful.bin", LARGE)
        held = proxy.hold("up", HELD_AT)
        transfer = sender.send("/files/doubtful.bin", to=inbox)
        held()
        copy = back_up("doubtful.db")
        daemon.kill()
        lose_all_but_the_buckets("doubtful")
        assert "have FAILED" in restore(copy, "--fail-unfinished")
        proxy.tell("heal")
        daemon.start()
        sender.wait_failed(transfer, "UNKNOWN_ERROR", "doubtful.bin", "restored from a backup")
        assert not (inbox / "doubtful.bin").exists()


def a_file_that_is_there_stays():
    copy = back_up("there.db")
    kept = copy.read_bytes()
    code, _, errors = command(daemon.state, "backup", copy)
    assert code == 1 and "it is there already" in errors, errors
    assert copy.read_bytes() == kept
    code, _, errors = command(daemon.state, "--replace", "backup", copy)
    assert code == 0, errors


def another_key_is_refused():
    state = fresh_state("another-key", with_key=False)
    refused(state, back_up("another-key.db"), "cannot restore without the master key", "put the copy of it there first")
    (state / "master.key").write_text("ab" * 32 + "\n", encoding="ascii")
    (state / "master.key").chmod(0o600)
    refused(state, story.folder / "another-key.db", "cannot restore", "the master key is another one")


def a_damaged_copy_is_refused():
    state, copy = fresh_state("damaged"), back_up("damaged.db")
    whole = copy.read_bytes()
    for cut in (1, 4096, len(whole) // 2, len(whole)):
        copy.write_bytes(whole[:len(whole) - cut])
        refused(state, copy, "cannot restore")
    copy.write_bytes(whole[:8192] + b"\xff" * 4096 + whole[12288:])
    refused(state, copy, "cannot restore", "damaged")
    copy.write_bytes(whole)
    code, _, errors = command(state, "restore", copy)
    assert code == 0, errors


def a_store_in_use_is_not_restored_over():
    copy = back_up("in-use.db")
    refused(daemon.state, copy, "the daemon with process id", str(daemon.process.pid))
    state = fresh_state("has-store")
    assert command(state, "restore", copy)[0] == 0
    refused(state, copy, "store.db", "move it away first")


def what_makes_no_sense_is_wrong_use():
    for words in (["backup"], ["backup", "a", "b"], ["restore"], ["back-up", "a"], ["--replace", "restore", "a"],
                  ["--fail-unfinished", "backup", "a"], ["--replace"]):
        code, said, errors = command(daemon.state, *words)
        assert code == 2 and said == "" and errors.startswith("sallyportd: "), (words, code, said, errors)


CASES = [
    ("mixed traffic is backed up while it runs, all state is lost, and everything goes on",
     mixed_traffic_is_backed_up_and_restored),
    ("a file that was just being published is published again, for its part proves nothing", a_publish_under_way_is_done_again),
    ("what was under way fails, when that is asked for", what_was_under_way_fails_when_told),
    ("a backup does not replace a file unless it is told to", a_file_that_is_there_stays),
    ("without the master key, or with another one, nothing is restored", another_key_is_refused),
    ("a copy that was cut or damaged is refused", a_damaged_copy_is_refused),
    ("a command without its file, or with another's option, is told as wrong use", what_makes_no_sense_is_wrong_use),
    ("nothing is restored under a daemon, or over a store", a_store_in_use_is_not_restored_over),
]

with harness.Story() as story:
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    daemon = story.enter(harness.Daemon(story.folder / "state", SETTINGS))
    bucket, inbox, outbox = daemon.bucket("files"), server.home / "in", server.home / "out"
    arrivals = bucket / "arrived"
    for folder in (inbox, outbox, arrivals):
        folder.mkdir()
    for sentence, scene in CASES:
        with story.case(sentence):
            scene()
