#!/usr/bin/env python3
"""Results are kept for their time and go then; a deleted connector is gone at once, however much it has left."""

import contextlib
import pathlib
import sqlite3
import sys
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402

FILES = 200_000 if harness.LARGE else 30_000
WAL_MAX = 24 << 20  # bytes: with all of them in one commit it is 110 MiB for 200,000


def rows(daemon, sql, *values):
    with contextlib.closing(sqlite3.connect(f"file:{daemon.state / 'store.db'}?mode=ro", uri=True)) as store:
        return store.execute(sql, values).fetchall()


def missing(function, *arguments):
    """Whether the call is answered with ResourceNotFoundException."""
    try:
        function(*arguments)
    except aws.AwsError as error:
        assert error.code == "ResourceNotFoundException", error
        return True
    return False


def file_ids(daemon, partner, transfer):
    answer = daemon.client.rest("sallyport", "GET", f"/v1/connectors/{partner.id}/transfers/{transfer}")
    return [file["FileId"] for file in answer["Files"]]


def receipt(daemon, file):
    return daemon.client.rest("sallyport", "GET", f"/v1/files/{file}/receipt")


def add_many(daemon, partner, model):
    """Gives the connector FILES more of files that ended, as copies of one that did, ten to a transfer."""
    with contextlib.closing(sqlite3.connect(daemon.state / "store.db")) as store, store:
        columns = [row[1] for row in store.execute("PRAGMA table_info(files)")]
        file = dict(zip(columns, store.execute("SELECT * FROM files WHERE transfer_id = ?", (model,)).fetchone()))
        position = store.execute("SELECT value FROM counters WHERE name = 'file position'").fetchone()[0]
        for number in range(FILES):
            if number % 10 == 0:
                file["transfer_id"] = str(uuid.UUID(int=number + 1))
                store.execute("INSERT INTO transfers (id, connector_id, direction, created_ms) VALUES (?, ?, 0, ?)",
                              (file["transfer_id"], partner.id, file["started_ms"]))
            file.update(id=f"{number + 1:032x}", position=position + number + 1)
            store.execute(f"INSERT INTO files VALUES ({', '.join('?' * len(columns))})", [file[name] for name in columns])
        store.execute("UPDATE counters SET value = ? WHERE name = 'file position'", (position + FILES,))


with harness.Story() as story:
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    daemon = story.enter(harness.Daemon(story.folder / "state"))
    (daemon.bucket("out") / "a").write_bytes(b"a")
    inbox = server.home / "in"
    inbox.mkdir()
    partner = flows.partner_of(daemon, server)
    first = partner.send("/out/a", to=inbox)
    partner.wait_completed(first)
    (old_file,) = file_ids(daemon, partner, first)

    with story.case("by default results are kept for seven days"):
        assert receipt(daemon, old_file)["Connection"]["TargetAddress"]
        daemon.stop()
        daemon.start()
        assert partner.results(first)[0]["StatusCode"] == "COMPLETED"
        daemon.stop()
        with contextlib.closing(sqlite3.connect(daemon.state / "store.db")) as store, store:
            store.execute("UPDATE transfers SET created_ms = created_ms - 6 * 86400000")
            store.execute("UPDATE files SET ended_ms = ended_ms - 6 * 86400000")
        daemon.start()
        second = partner.send("/out/a", to=inbox)
        partner.wait_completed(second)
        assert partner.results(first)[0]["StatusCode"] == "COMPLETED"

    with story.case("a day later they are gone, with receipt and connection, and younger ones are there"):
        daemon.stop()
        with contextlib.closing(sqlite3.connect(daemon.state / "store.db")) as store, store:
            for column, table in (("created_ms", "transfers"), ("ended_ms", "files")):
                store.execute(f"UPDATE {table} SET {column} = {column} - 2 * 86400000")
        daemon.start()
        harness.wait_until(lambda: missing(partner.results, first), "the old transfer to be removed")
        assert missing(receipt, daemon, old_file)
        (young_file,) = file_ids(daemon, partner, second)
        assert receipt(daemon, young_file)["Connection"]["TargetAddress"]
        assert len(rows(daemon, "SELECT id FROM server_connections")) == 1

    with story.case("with transfer.results_kept = 0s they stay for ever"):
        daemon.stop()
        with contextlib.closing(sqlite3.connect(daemon.state / "store.db")) as store, store:
            store.execute("UPDATE transfers SET created_ms = 1")
            store.execute("UPDATE files SET ended_ms = 1")
        daemon.settings["transfer.results_kept"] = "0s"
        daemon.start()
        third = partner.send("/out/a", to=inbox)
        partner.wait_completed(third)
        daemon.stop()
        daemon.start()
        assert partner.results(second)[0]["StatusCode"] == "COMPLETED"

    with story.case("a short time is kept, too: what has just ended goes when it is over"):
        daemon.stop()
        daemon.settings["transfer.results_kept"] = "1s"
        daemon.start()
        harness.wait_until(lambda: missing(partner.results, third), "the transfer to be removed")
        harness.wait_until(lambda: not rows(daemon, "SELECT id FROM files"), "all files to be removed")

    with story.case("a file that takes long knows where it went, though all others of its connection are gone"):
        with harness.Proxy(server.port, rate=2 << 20) as proxy:
            slow = flows.partner_of(daemon, server, url=f"sftp://127.0.0.1:{proxy.port}")
            flows.write_random(daemon.bucket("out") / "long", 12 << 20)
            held = proxy.hold("up", 8 << 20)
            (long_file,) = file_ids(daemon, slow, slow.send("/out/long", to=inbox))
            harness.wait_until(lambda: proxy.passed()[0] > 1 << 20, "the long one to be under way")
            short = slow.send("/out/a", to=inbox)
            slow.wait_completed(short)
            held()
            harness.wait_until(lambda: missing(slow.results, short), "the short one to be removed")
            shown = receipt(daemon, long_file)
            assert shown["StatusCode"] == "IN_PROGRESS", shown
            assert not rows(daemon, "SELECT id FROM server_connections"), "the connection is kept for nobody"
            proxy.tell("heal")

            def ended():
                found = receipt(daemon, long_file)
                return found if found["StatusCode"] == "COMPLETED" else None

            assert harness.wait_until(ended, "the long one to end", 30)["Connection"]["TargetAddress"]
            slow.call("DeleteConnector", ConnectorId=slow.id)
        del daemon.settings["transfer.results_kept"]

    with story.case(f"a connector with {FILES} files is gone for all readers once DeleteConnector has answered"):
        daemon.stop()
        daemon.start()
        model = partner.send("/out/a", to=inbox)
        partner.wait_completed(model)
        (file,) = file_ids(daemon, partner, model)
        other = flows.partner_of(daemon, server)
        daemon.stop()
        add_many(daemon, partner, model)
        daemon.start()
        partner.call("DeleteConnector", ConnectorId=partner.id)
        assert missing(partner.describe)
        assert missing(partner.results, model)
        assert missing(receipt, daemon, file)
        assert missing(partner.send, "/out/a")
        assert missing(lambda: partner.call("DeleteConnector", ConnectorId=partner.id))
        listed = partner.call("ListConnectors")["Connectors"]
        assert [connector["ConnectorId"] for connector in listed] == [other.id], listed

    with story.case("its rows go afterwards, across a kill -9, while others are served"):
        daemon.kill()
        daemon.start()
        assert missing(partner.describe)
        other.wait_completed(other.send("/out/a", to=inbox))
        harness.wait_until(lambda: not rows(daemon, "SELECT id FROM connectors WHERE id = ?", partner.id),
                           "the deleted connector's rows to be gone", seconds=300)
        assert not rows(daemon, "SELECT id FROM files WHERE connector_id = ? LIMIT 1", partner.id)
        wal = (daemon.state / "store.db-wal").stat().st_size
        assert wal < WAL_MAX, f"the write-ahead log grew to {wal} bytes"
