#!/usr/bin/env python3
"""Buckets at storage that speaks S3 (Ceph's radosgw): files go from there to a partner and come back, small ones and ones of
many parts, and nothing is under its key before it is whole."""

import json
import os
import pathlib
import subprocess
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402
import storage  # noqa: E402

MIB = 1 << 20
PART = 8 * MIB  # DEPOT_PART_MIN of src/streams/depot.h

ODD_KEYS = ["with space", "a+b", "k=v&x=y", "100%", "100%25", "größe-日本語-🚪", "a//b", "/slash first", "./dot", "q?x#y", "semi;colon:at@",
            "'quotes\"", "back\\slash", "~tilde", "(paren)*!", "trailing "]


def tag(partner, **tags):
    arn = partner.describe()["Arn"]
    partner.call("TagResource", Arn=arn, Tags=[{"Key": "sallyport:" + name.replace("_", "-"), "Value": value}
                                               for name, value in tags.items()])


def in_path(key):
    """As requests have it: a backslash is written as the escape that it is."""
    return key.replace("\\", "\\x5c")


with harness.Story() as story:
    gateway = story.enter(storage.Radosgw(story.folder / "ceph"))
    bucket, guarded, conformance = (gateway.create(name) for name in ("files", "guarded", "conformance"))
    strangers = story.folder / "strangers.pem"
    storage.make_authority(strangers)
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    daemon = story.enter(harness.Daemon(story.folder / "state", {
        **bucket.settings("files"), **bucket.settings("below", prefix="deep/er"),
        **guarded.settings("guarded", endpoint=gateway.tls_endpoint), "bucket.guarded.ca": gateway.authority,
        **guarded.settings("distrusted", endpoint=gateway.tls_endpoint.replace("127.0.0.1", "localhost")),
        "bucket.distrusted.ca": strangers,
        "transfer.attempts": "2", "transfer.retry_delay": "100ms"}))
    partner = flows.partner_of(daemon, server)
    inbox, outbox = server.home / "in", server.home / "out"
    inbox.mkdir()
    outbox.mkdir()

    def send(key, data, where=bucket, name="files"):
        """To the partner; it is there, and is what it was."""
        where.put(key, data)
        partner.wait_completed(partner.send(f"/{name}/{in_path(key)}", to=inbox))
        assert (inbox / key.rsplit("/", 1)[-1]).read_bytes() == data, f"the bytes of {key} differ"

    def retrieve(name, data, key=None, to="/files", where=bucket):
        (outbox / name).write_bytes(data)
        partner.wait_completed(partner.retrieve(in_path(str(outbox / name)), to=to))
        found = where.get(key or name)
        assert found == data, f"the bytes of {name} differ: {None if found is None else len(found)} of {len(data)}"

    with story.case("the backend of storage keeps what the backend of folders promises"):
        program = harness.BUILD / "tests" / "unit" / "test_objects_conformance"
        done = subprocess.run([program], env={**os.environ, "SALLYPORT_TEST_STORAGE":
                                              f"{gateway.endpoint} {conformance.name} {gateway.credentials}"},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        assert done.returncode == 0, done.stdout
        assert conformance.uploads() == [] and len(conformance.keys()) > 5

    SIZES = (0, 1, 5 * MIB - 1, 5 * MIB, 5 * MIB + 1, PART - 1, PART, PART + 1, 3 * PART + 12345)

    with story.case("objects of all sizes reach the partner"):
        for size in SIZES:
            send(f"send-{size}", os.urandom(size))

    with story.case("files of all sizes become objects, and no upload is left"):
        for size in SIZES:
            retrieve(f"retrieve-{size}", os.urandom(size))
        assert bucket.uploads() == []

    with story.case("keys that a folder could not have, or a URL has to escape, are kept byte for byte, both ways"):
        keys = ODD_KEYS + [f"{number % 7 * '/'}odd {chr(0x4e00 + number)}%{number:x}+{number}" for number in
                           range(1000 if harness.LARGE else 10)]
        for number, key in enumerate(keys):
            send(key, f"{number} of {key}".encode())
        for key in keys:
            name = key.rsplit("/", 1)[-1]
            retrieve(name, key.encode(), f"back//{name}", to="/files/back//")
        assert bucket.uploads() == []

    with story.case("a key that ends in a slash has no name at the partner, and a line break is no part of one"):
        for key, word in (("folder/", "ends in"), ("line\\x0abreak", "line break")):
            partner.wait_failed(partner.send(f"/files/{key}", to=inbox), "READ_FILE_ERROR", word)

    with story.case("what is not there is said to be not there, with the bucket's name"):
        partner.wait_failed(partner.send("/files/nothing", to=inbox), "SEND_FILE_NOT_FOUND", "nothing", "files")

    with story.case("a bucket may be what begins with a prefix"):
        retrieve("prefixed", b"below", "deep/er/in/prefixed", to="/below/in")
        bucket.put("deep/er/x", b"deep")
        partner.wait_completed(partner.send("/below/x", to=inbox))
        assert (inbox / "x").read_bytes() == b"deep"

    with story.case("storage is spoken to over TLS, with the certificates that its bucket trusts"):
        send("guarded-small", b"guarded", guarded, "guarded")
        send("guarded-large", os.urandom(2 * PART + 77), guarded, "guarded")
        retrieve("guarded-back", os.urandom(2 * PART + 77), to="/guarded", where=guarded)
        retrieve("guarded-less", b"less", to="/guarded", where=guarded)

    with story.case("storage with another certificate is not spoken to"):
        message = partner.wait_failed(partner.send("/distrusted/guarded-small", to=inbox), "READ_FILE_ERROR", "certificate")
        print(f"# {message}")

    with story.case("a directory listing becomes an object, and the native API reads it from there"):
        listing = partner.call("StartDirectoryListing", ConnectorId=partner.id, RemoteDirectoryPath=str(outbox),
                               OutputDirectoryPath="/files/lists", MaxItems=100000)
        key = f"lists/{listing['OutputFileName']}"
        harness.wait_until(lambda: bucket.head(key) is not None, "the listing")
        names = sorted(pathlib.Path(entry["filePath"]).name for entry in json.loads(bucket.get(key))["files"])
        assert names == sorted(path.name for path in outbox.iterdir()), names

        def page(token=None):
            after = "?" + urllib.parse.urlencode({"NextToken": token}) if token else ""
            return daemon.client.rest("sallyport", "GET", f"/v1/listings/{listing['ListingId']}{after}")

        harness.wait_until(lambda: page().get("Files"), "the listing to be readable")
        found = page()
        count = len(found["Files"])
        while "NextToken" in found:
            found = page(found["NextToken"])
            count += len(found["Files"])
        assert count == len(names), (count, len(names))

    with story.case("on-conflict keeps what is there, small or large"):
        tag(partner, on_conflict="fail")
        for size in (1000, PART + 1000):
            bucket.put(f"taken-{size}", b"theirs")
            (outbox / f"taken-{size}").write_bytes(os.urandom(size))
            partner.wait_failed(partner.retrieve(outbox / f"taken-{size}", to="/files"), "WRITE_FILE_ERROR", "sallyport:on-conflict")
            assert bucket.get(f"taken-{size}") == b"theirs"
        tag(partner, on_conflict="keep-both")
        for size in (1000, PART + 1000):
            data = (outbox / f"taken-{size}").read_bytes()
            for number in (2, 3):
                partner.wait_completed(partner.retrieve(outbox / f"taken-{size}", to="/files"))
                assert bucket.get(f"taken-{size} ({number})") == data
            assert bucket.get(f"taken-{size}") == b"theirs"
        tag(partner, on_conflict="overwrite")
        for size in (1000, PART + 1000):
            retrieve(f"taken-{size}", os.urandom(size))
        assert bucket.uploads() == []

    with story.case("an upload whose file was cancelled is aborted"):
        (outbox / "cancelled").write_bytes(os.urandom(6 * PART))
        with harness.Proxy(server.port) as line:
            slow = flows.partner_of(daemon, server, url=f"sftp://127.0.0.1:{line.port}")
            held = line.hold("down", 3 * PART)
            transfer = slow.retrieve(outbox / "cancelled", to="/files")
            held()
            harness.wait_until(lambda: bucket.uploads() == ["cancelled"], "the upload to be begun")
            daemon.client.rest("sallyport", "POST", f"/v1/transfers/{transfer}/cancel")
            slow.wait_failed(transfer, "CANCELLED")
            line.tell("heal")
        harness.wait_until(lambda: bucket.uploads() == [], "the upload to be aborted")
        assert bucket.head("cancelled") is None

    with story.case("a worker's memory does not know how large files are"):
        size = 3072 * MIB if harness.LARGE else 160 * MIB
        peak = [0]
        (outbox / "large").write_bytes(b"")
        digest = flows.write_random(outbox / "large", size)
        transfer = partner.retrieve(outbox / "large", to="/files")

        def ended():
            peak[0] = max([peak[0], *(harness.pss_kib(pid) for pid in daemon.workers())])
            return all(result["StatusCode"] in flows.ENDED for result in partner.results(transfer))
        harness.wait_until(ended, "the large file to arrive", 600, every=0.05)
        partner.wait_completed(transfer)
        (outbox / "large").unlink()
        transfer = partner.send("/files/large", to=inbox)
        harness.wait_until(ended, "the large file to go back", 600, every=0.05)
        partner.wait_completed(transfer)
        assert flows.sha256_of(inbox / "large") == digest
        print(f"# {size // MIB} MiB there and back; a worker had {peak[0] / 1024:.1f} MiB at most")
        assert harness.sanitized() or peak[0] < 96 * 1024, f"{peak[0] / 1024:.1f} MiB"
        (inbox / "large").unlink()
        bucket.delete("large")
