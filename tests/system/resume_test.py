#!/usr/bin/env python3
"""After a fault in the middle a file is gone on with and not begun anew: a fault costs 32 MiB at most. What may not be
gone on with (another source, a part that is not ours any more, a server that lets nobody look) is begun anew, and what
arrives is right all the same."""

import os
import pathlib
import signal
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import buckets  # noqa: E402
import harness  # noqa: E402
import runs  # noqa: E402
import sshd  # noqa: E402

MIB = 1 << 20
SIZE, REACHED, STEP = 96 * MIB, 70 * MIB, 16 * MIB
COST_MAX = 32 * MIB  # what one fault may cost, and a little for the protocol
PATIENCE = 90
# A line that is held stays held for as long as the test needs to look and to strike: no time-out may begin another
# attempt meanwhile, however busy the machine is.
SETTINGS = {"transfer.attempts": "6", "transfer.handshake_timeout": f"{PATIENCE}s", "transfer.idle_timeout": f"{PATIENCE}s",
            "transfer.retry_delay": "100ms"}


def noted():
    """(watermark, bytes_moved) of the newest file. The API does not tell the watermark."""
    with sqlite3.connect(f"file:{daemon.state}/store.db?mode=ro", uri=True) as store:
        return store.execute("SELECT watermark, bytes_moved FROM files ORDER BY position DESC LIMIT 1").fetchone()


class Run(runs.Run):
    """One file that is stopped behind REACHED bytes."""

    def __init__(self, server, way, name):
        super().__init__(places, server, way, name, SIZE)

    def stop_in_the_middle(self):
        """The network has stopped, and the store knows the last mark before."""
        self.stop_behind(REACHED)
        harness.wait_until(lambda: noted()[0] >= REACHED - 2 * STEP, "the mark to be noted", PATIENCE)

    def part(self):
        parts = list(self.inbox.glob(".sp-*.part"))
        assert len(parts) == 1, parts
        return parts[0]

    def finish(self):
        """It goes on and ends well; returns the payload bytes that its connections have carried."""
        self.go_on()
        self.arrives(PATIENCE)
        self.leaves_nothing()
        return self.carried()


def assert_went_on(carried):
    assert carried <= SIZE + COST_MAX, f"{carried / MIB:.1f} MiB went over the wire for {SIZE / MIB:.0f}"
    moved = noted()[1]
    assert SIZE <= moved <= SIZE + COST_MAX, f"bytes_moved says {moved / MIB:.1f} MiB"


def assert_began_anew(carried):
    assert carried >= SIZE + REACHED - COST_MAX, f"only {carried / MIB:.1f} MiB went over the wire: it went on"


def kill_worker(_):
    daemon.kill_workers()


def kill_daemon(run):
    run.go_on()
    daemon.kill()
    daemon.start()


def restart_server(run):
    run.server.signal_sessions(signal.SIGKILL)


def nobody_writes(run):
    """The worker stands still: one that was killed has a successor at once, which may have looked at everything by the time
    that something happens to it. The sessions at the server are gone, or what they still had would mend the damage in
    part, and leave a hole."""
    harness.freeze(daemon.workers())
    sessions = run.server.sessions()
    run.server.signal_sessions(signal.SIGKILL, sessions)
    harness.wait_until(lambda: not any(harness.is_alive(pid) for pid in sessions), "the sessions to end")


# These strike when nobody writes.


def remove_part(run):
    run.part().unlink()


def spoil_part(run):
    """All behind the mark, and the bytes before it: a later mark may be on its way to the store."""
    place = noted()[0] - 10
    with open(run.part(), "r+b") as part:
        length = part.seek(0, os.SEEK_END) - place
        part.seek(place)
        part.write(b"ten bytes!" + bytes(length))


def shorten_part(run):
    os.truncate(run.part(), 5 * MIB)


def change_source(run):
    """SFTP tells times in seconds: what is changed within the same one, and has the same size, nobody can see."""
    path = run.source / run.name
    if not isinstance(path, pathlib.Path):  # it has an ETag
        run.renew()
        return
    then = path.stat().st_mtime
    run.renew()
    os.utime(path, (then + 2, then + 2))


def spoil_temporary(run):
    """The daemon's own temporary, shortened or ended by somebody."""
    if not isinstance(places.bucket, pathlib.Path):
        places.bucket.bucket.abort_uploads()
        return
    for temporary in (places.bucket / ".sallyport").iterdir():
        os.truncate(temporary, 5 * MIB)


GOES_ON = [("kill -9 of the worker", kill_worker), ("kill -9 of the daemon", kill_daemon),
           ("the death of the server's sessions", restart_server)]
BEGINS_ANEW = [
    ("up", "the part was removed by the partner", remove_part),
    ("up", "bytes of the part were changed", spoil_part),
    ("up", "the part was shortened", shorten_part),
    ("up", "the source was changed", change_source),
    ("down", "the remote file was changed", change_source),
    ("down", "the temporary was spoilt", spoil_temporary),
]

with harness.Story() as story:
    kind = buckets.kind_of(story)
    daemon = story.enter(harness.Daemon(story.folder / "state", {**SETTINGS, **kind.settings("files")}))
    places = runs.Places(daemon, kind)
    usual = story.enter(sshd.Sshd(story.folder / "usual"))
    uncopying = story.enter(sshd.Sshd(story.folder / "uncopying", sftp=("-P", "copy-data")))
    mute = story.enter(sshd.Sshd(story.folder / "mute", sftp=("-P", "read")))

    for sentence, fault in GOES_ON:
        for way in ("up", "down"):
            with story.case(f"after {sentence}, {way}, a file is gone on with"):
                with Run(usual, way, "on.bin") as run:
                    run.stop_in_the_middle()
                    fault(run)
                    assert_went_on(run.finish())

    with story.case("a server that cannot copy has its part itself gone on with"):
        with Run(uncopying, "up", "uncopied.bin") as run:
            run.stop_in_the_middle()
            daemon.kill_workers()
            assert_went_on(run.finish())

    with story.case("two faults in a row cost no more than two"):
        with Run(usual, "up", "twice.bin") as run:
            run.stop_in_the_middle()
            again = run.proxy.hold("up", 12 * MIB)
            daemon.kill_workers()
            run.go_on()
            again()
            daemon.kill_workers()
            carried = run.finish()
            assert carried <= SIZE + 2 * COST_MAX, f"{carried / MIB:.1f} MiB went over the wire"

    for way, sentence, fault in BEGINS_ANEW:
        with story.case(f"{sentence}, {way}: it is begun anew, and right in the end"):
            with Run(usual, way, "anew.bin") as run:
                run.stop_in_the_middle()
                nobody_writes(run)
                fault(run)
                daemon.kill_workers()
                assert_began_anew(run.finish())

    with story.case("a server that lets nobody read a part back has it begun anew"):
        with Run(mute, "up", "mute.bin") as run:
            run.stop_in_the_middle()
            daemon.kill_workers()
            assert_began_anew(run.finish())
