#!/usr/bin/env python3
"""kill -9 of the daemon while events are committed and not yet delivered, again and again under load: every file's end has
exactly one event, whoever is told of events gets all of them, in order, and what comes twice has the same id.

SALLYPORT_TEST_LARGE=1 kills fifty times; SALLYPORT_TEST_SEED repeats what an earlier run drew.
"""

import contextlib
import os
import pathlib
import random
import sqlite3
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import events  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import receiver as receivers  # noqa: E402
import sshd  # noqa: E402

KILLS = 50 if harness.LARGE else 8
SEED = int(os.environ.get("SALLYPORT_TEST_SEED", random.randrange(1 << 32)))
PARTNERS = 3
FILES = 10           # of a request; one of them is not there
AT_ONCE = 60         # files of a partner that may wait, so that the load goes on and never gets ahead
PATIENCE = 120


def ask(daemon, query, *values):
    with contextlib.closing(sqlite3.connect(f"file:{daemon.state}/store.db?mode=ro", uri=True)) as store:
        return store.execute(query, values).fetchall()


class Load:
    """Asks for files to be sent, whether or not the daemon is there."""

    def __init__(self, daemon, partner, home):
        self.daemon, self.partner, self.home = daemon, partner, home
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.asked = 0

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()

    def run(self):
        paths = [f"/files/f{i}" for i in range(FILES - 1)] + ["/files/none"]
        while not self.ended.wait(0.005):
            client = None
            with contextlib.suppress(Exception):  # the daemon was killed, or is about to start
                waiting, = ask(self.daemon, "SELECT pending_files FROM connectors WHERE id = ?", self.partner.id)[0]
                if waiting >= AT_ONCE:
                    continue
                client = self.daemon.new_client()
                client.call("transfer", "StartFileTransfer", {"ConnectorId": self.partner.id, "SendFilePaths": paths,
                                                              "RemoteDirectoryPath": str(self.home)})
                self.asked += FILES
            if client:
                client.close()


def undelivered(daemon):
    """How many events are committed and not yet noted as delivered: (to the file, to the webhook)."""
    last, = ask(daemon, "SELECT value FROM counters WHERE name = 'event number'")[0]
    places = dict(ask(daemon, "SELECT sink, number FROM event_cursors WHERE connector_id = ''"))
    return tuple(last - places.get(name, 0) for name in ("file", "webhook hook"))


def kill_in_between(daemon, chance):
    """At a moment at which something is committed and not delivered."""
    to_whom = chance.randrange(2)
    least = chance.randrange(1, 8)
    harness.wait_until(lambda: undelivered(daemon)[to_whom] >= least, "events that are not delivered", PATIENCE, every=0.001)
    daemon.kill()


def check(told, kept, what):
    """@told: events as they came; @kept: rows of the store."""
    first = {}
    for event in told:
        if event["id"] in first:
            assert event == first[event["id"]], f"{what}: {event['id']} was told in two ways"
        else:
            first[event["id"]] = event
    assert set(first) == {row[2] for row in kept}, \
        f"{what}: {len(first)} different events came, and {len(kept)} were committed"
    files = [event["detail"]["file-transfer-id"] for event in first.values()]
    assert len(files) == len(set(files)), f"{what}: a file has two events"
    for connector in {row[0] for row in kept}:
        came = [key for key, event in first.items() if event["detail"]["connector-id"] == connector]
        assert came == [row[2] for row in kept if row[0] == connector], f"{what}: the order of {connector} is not kept"
    return len(told) - len(first)


with harness.Story() as story:
    print(f"# SALLYPORT_TEST_SEED={SEED}", flush=True)
    chance = random.Random(SEED)
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    hook = story.enter(receivers.Receiver())
    daemon = story.enter(harness.Daemon(story.folder / "state", {
        "events.webhooks": f"hook={hook.url}", "transfer.retry_delay": "20ms", "transfer.attempts": "20"}))
    for i in range(FILES):
        (daemon.bucket("files") / f"f{i}").write_bytes(b"x" * i)
    partners = []
    for i in range(PARTNERS):
        (server.home / str(i)).mkdir()
        partners.append(flows.partner_of(daemon, server))

    with story.case(f"{KILLS} times kill -9 between commit and delivery: none is missing, none has two ids, the order is kept"):
        with contextlib.ExitStack() as loads:
            asked = [loads.enter_context(Load(daemon, partner, server.home / str(i))) for i, partner in enumerate(partners)]
            kills = between = 0
            while between < KILLS:  # some come too late: all was delivered just before
                kill_in_between(daemon, chance)
                kills += 1
                between += any(undelivered(daemon))
                daemon.start()
        harness.wait_until(lambda: ask(daemon, "SELECT COUNT(*) FROM files WHERE state < 3") == [(0,)],
                           "all files to end", PATIENCE)
        harness.wait_until(lambda: undelivered(daemon) == (0, 0), "all events to be delivered", PATIENCE)
        kept, ended = events.in_store(daemon), events.ended_files(daemon)
        assert {row[3]: row[4] for row in kept} == ended and len(kept) == len(ended), \
            f"{len(ended)} files have ended, and {len(kept)} events are kept"
        torn = []
        repeats = check(events.in_files(daemon, torn), kept, "the file"), check(hook.events(), kept, "the webhook")
        assert hook.faults == [], hook.faults
        print(f"# {len(ended)} files ended ({sum(load.asked for load in asked)} were acknowledged), {between} of {kills} kills "
              f"between commit and delivery; repeats with the same id: {repeats[0]} in the file ({len(torn)} lines cut), "
              f"{repeats[1]} at the webhook", flush=True)
