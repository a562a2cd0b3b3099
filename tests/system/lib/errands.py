"""Listings of a partner's directories, moves and deletions there: how they are begun, and what became of them."""

import contextlib
import json
import os
import sqlite3

import flows
import harness


class Ended:
    """What the store says of one. No call of AWS's tells it: events and the log do."""

    COLUMNS = "id, state, attempt, failure_code, failure_message, outcome, items, truncated, bucket, object_key, size"

    def __init__(self, row):
        (self.id, self.state, self.attempt, self.code, self.message, self.outcome, self.items, self.truncated, self.bucket,
         self.key, self.size) = row
        self.key = self.key.decode() if self.key else None

    @property
    def completed(self):
        return self.state == 3


DONE, CONFIRMED, INFERRED = 4, 1, 2  # outcomes
PUBLISHING = 2  # the state in which it may be done


def row_of(daemon, ident):
    with contextlib.closing(sqlite3.connect(f"file:{daemon.state}/store.db?mode=ro", uri=True)) as store:
        return Ended(store.execute(f"SELECT {Ended.COLUMNS} FROM files WHERE transfer_id = ?", (ident,)).fetchone())


class Errands:
    """Through the connector of @partner; listings go below /@bucket/lists."""

    def __init__(self, partner, bucket, folder):
        self.partner, self.daemon, self.bucket, self.folder = partner, partner.daemon, bucket, folder

    def start_listing(self, directory, **more):
        more.setdefault("OutputDirectoryPath", f"/{self.bucket}/lists")
        return self.partner.call("StartDirectoryListing", ConnectorId=self.partner.id, RemoteDirectoryPath=str(directory),
                                 **more)

    def start_move(self, source, target):
        return self.partner.call("StartRemoteMove", ConnectorId=self.partner.id, SourcePath=str(source),
                                 TargetPath=str(target))["MoveId"]

    def start_delete(self, path):
        return self.partner.call("StartRemoteDelete", ConnectorId=self.partner.id, DeletePath=str(path))["DeleteId"]

    def wait(self, ident, seconds=60):
        def ended():
            row = row_of(self.daemon, ident)
            return row if row.state > PUBLISHING else None
        return harness.wait_until(ended, "a listing, a move or a deletion to end", seconds)

    def wait_completed(self, ident, outcome=None, seconds=60):
        row = self.wait(ident, seconds)
        assert row.completed, (row.code, row.message)
        assert outcome is None or row.outcome == outcome, row.outcome
        return row

    def wait_failed(self, ident, code, *words, seconds=60):
        row = self.wait(ident, seconds)
        assert not row.completed and row.code == code, vars(row)
        for word in words:
            assert word in row.message, f"the sentence does not say {word!r}: {row.message!r}"
        return row

    # ---- to the end ----

    def list(self, directory, seconds=60, **more):
        """The object's content, as JSON."""
        answer = self.start_listing(directory, **more)
        row = self.wait_completed(answer["ListingId"], seconds=seconds)
        path = self.folder / row.key
        assert row.key.rpartition("/")[2] == answer["OutputFileName"] == f"{self.partner.id}-{answer['ListingId']}.json", row.key
        found = json.loads(path.read_text(encoding="utf-8"))
        assert list(found) == ["files", "paths", "truncated"], list(found)
        assert row.size == path.stat().st_size and row.items == len(found["files"]) + len(found["paths"]), vars(row)
        assert found["truncated"] is bool(row.truncated), vars(row)
        return found

    def list_failed(self, directory, code, *words):
        return self.wait_failed(self.start_listing(directory)["ListingId"], code, *words)

    def move(self, source, target):
        return self.wait_completed(self.start_move(source, target), DONE)

    def move_failed(self, source, target, code, *words):
        return self.wait_failed(self.start_move(source, target), code, *words)

    def delete(self, path):
        return self.wait_completed(self.start_delete(path), DONE)

    def delete_failed(self, path, code, *words):
        return self.wait_failed(self.start_delete(path), code, *words)


def errands_of(daemon, server, bucket="files", folder=None, **options):
    """Through a new connector to @server. @folder: where the bucket is; None: in the daemon's state."""
    return Errands(flows.partner_of(daemon, server, **options), bucket, folder or daemon.bucket(bucket))


def names(found, directory):
    """(names of files, names of directories), sorted, without the directory in front."""
    prefix = f"{directory}/"
    for path in (*(entry["filePath"] for entry in found["files"]), *(entry["path"] for entry in found["paths"])):
        assert path.startswith(prefix), path
    return (sorted(entry["filePath"][len(prefix):] for entry in found["files"]),
            sorted(entry["path"][len(prefix):] for entry in found["paths"]))


WHEN = 1_700_000_000  # 2023-11-14T22:13:20Z


def touch(path, size=0):
    """A file that was last changed WHEN."""
    path = os.fsencode(path)
    with open(path, "wb") as out:
        out.write(b"x" * size)
    os.utime(path, (WHEN, WHEN))
