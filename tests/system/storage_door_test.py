#!/usr/bin/env python3
"""A bucket of one sallyportd that is at the bucket door of another: nothing of Ceph's, and a user of the door who may do what
doc/storage.md says is needed, and no more."""

import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import buckets  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
from policies import allow, policy  # noqa: E402
import runs  # noqa: E402
import sshd  # noqa: E402
import storage  # noqa: E402

MIB = 1 << 20
PART = 8 * MIB  # DEPOT_PART_MIN of src/streams/depot.h
SIZES = (0, 1, PART - 1, PART, PART + 1, 3 * PART + 12345)
ODD_KEYS = ["with space", "a+b", "k=v&x=y", "100%", "100%25", "größe-日本語-🚪", "q?x#y", "semi;colon:at@", "~tilde", "(paren)*!",
            "deep/er/object"]
RUN, REACHED = 64 * MIB, 45 * MIB
NEEDED = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]


def keys_of_a_user(door, path):
    """A file with them. The user may do what is needed in the bucket "files"."""
    def iam(operation, **arguments):
        return door.daemon.client.call("iam", operation, arguments)
    iam("CreateUser", UserName="far")
    key = iam("CreateAccessKey", UserName="far")["AccessKey"]
    iam("PutUserPolicy", UserName="far", PolicyName="p", PolicyDocument=policy(
        allow(NEEDED, "arn:aws:s3:::files/*"), allow("s3:ListBucket", "arn:aws:s3:::files")))
    storage.write_credentials(path, key["AccessKeyId"], key["SecretAccessKey"])
    return path


with harness.Story() as story:
    door = story.enter(storage.Door(harness.Daemon(story.folder / "door")))
    kind = buckets.Storage(door)
    kind.settings("files")
    door.create("others")
    bucket = kind.made["files"]
    keys = keys_of_a_user(door, story.folder / "far.credentials")
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    daemon = story.enter(harness.Daemon(story.folder / "state", {
        **bucket.settings("files", credentials=keys), **storage.Bucket(door, "others").settings("others", credentials=keys),
        "transfer.attempts": "6", "transfer.retry_delay": "100ms"}))
    partner = flows.partner_of(daemon, server)
    places = runs.Places(daemon, kind)
    inbox, outbox = places.boxes(server)

    def send(key, data):
        bucket.put(key, data)
        partner.wait_completed(partner.send(f"/files/{key}", to=inbox))
        assert (inbox / key.rpartition("/")[2]).read_bytes() == data, f"the bytes of {key} differ"

    def retrieve(name, data):
        (outbox / name).write_bytes(data)
        partner.wait_completed(partner.retrieve(outbox / name, to="/files/arrived"))
        assert bucket.get(f"arrived/{name}") == data, f"the bytes of {name} differ"
        assert bucket.uploads() == []

    with story.case("objects of all sizes and names reach the partner"):
        for size in SIZES:
            send(f"send-{size}", os.urandom(size))
        for key in ODD_KEYS:
            send(key, key.encode())

    with story.case("files of all sizes and names become objects, and files of the door's own folder"):
        for size in SIZES:
            retrieve(f"retrieve-{size}", os.urandom(size))
        for key in ODD_KEYS:
            retrieve(key.rpartition("/")[2], key.encode())
        folder = door.daemon.state / "buckets" / "files"
        assert (folder / "arrived" / "a+b").read_bytes() == b"a+b"
        assert flows.parts_in(folder) == []

    with story.case("a directory listing becomes an object, and is read from there"):
        listing = partner.call("StartDirectoryListing", ConnectorId=partner.id, RemoteDirectoryPath=str(outbox),
                               OutputDirectoryPath="/files/lists")
        key = f"lists/{listing['OutputFileName']}"
        harness.wait_until(lambda: bucket.head(key) is not None, "the listing")
        names = {pathlib.Path(entry["filePath"]).name for entry in json.loads(bucket.get(key))["files"]}
        assert names == {path.name for path in outbox.iterdir()}, names
        read = harness.wait_until(lambda: daemon.client.rest("sallyport", "GET", f"/v1/listings/{listing['ListingId']}").get("Files"),
                                  "the listing to be readable")
        assert len(read) == len(names)

    with story.case("what the door's policies do not allow FAILS, and says so"):
        (outbox / "no").write_bytes(b"no")
        partner.wait_failed(partner.retrieve(outbox / "no", to="/others"), "WRITE_FILE_ERROR", "AccessDenied")
        partner.wait_failed(partner.send("/others/no", to=inbox), "READ_FILE_ERROR", "403")

    with story.case("what a folder cannot hold is refused by the door, and told"):
        (outbox / "below").write_bytes(b"x")
        partner.wait_failed(partner.retrieve(outbox / "below", to="/files/a+b"), "WRITE_FILE_ERROR")
        assert bucket.get("a+b") == b"a+b"

    with story.case("on-conflict=fail keeps what is there, small or large"):
        partner.call("TagResource", Arn=partner.describe()["Arn"], Tags=[{"Key": "sallyport:on-conflict", "Value": "fail"}])
        for size in (1000, PART + 1000):
            bucket.put(f"arrived/taken-{size}", b"theirs")
            (outbox / f"taken-{size}").write_bytes(os.urandom(size))
            partner.wait_failed(partner.retrieve(outbox / f"taken-{size}", to="/files/arrived"), "WRITE_FILE_ERROR",
                                "sallyport:on-conflict")
            assert bucket.get(f"arrived/taken-{size}") == b"theirs"
        harness.wait_until(lambda: bucket.uploads() == [], "the upload to be aborted")

    def restart_door():
        """On the port that it had."""
        door.daemon.settings["listen"] = f"127.0.0.1:{door.port}"
        door.daemon.kill()
        door.daemon.start()

    for sentence, strike in (("worker", daemon.kill_workers), ("daemon", lambda: (daemon.kill(), daemon.start())),
                             ("door", restart_door)):
        for way in ("up", "down"):
            with story.case(f"kill -9 of the {sentence} in the middle, {way}: the file is gone on with, and whole"):
                with runs.Run(places, server, way, f"on-{way}.bin", RUN) as run:
                    run.stop_behind(REACHED)
                    strike()
                    run.go_on()
                    run.arrives(90)
                    run.leaves_nothing()
                    assert run.carried() <= RUN + 32 * MIB, f"{run.carried() / MIB:.1f} MiB went over the wire"
