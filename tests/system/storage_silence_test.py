#!/usr/bin/env python3
"""Storage that is silent while somebody else than a transfer asks it: readers of listings, and sweeps of unfinished uploads. It
keeps nobody waiting who asks something else."""

import os
import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import s3  # noqa: E402
import sshd  # noqa: E402
import storage  # noqa: E402
import storage_proxy as bad  # noqa: E402

LARGE = (8 << 20) + 1  # has an upload

with harness.Story() as story:
    gateway = story.enter(storage.Radosgw(story.folder / "ceph"))
    bucket = gateway.create("files")
    proxy = story.enter(bad.Proxy(gateway.port))
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    daemon = story.enter(harness.Daemon(story.folder / "state", {
        **bucket.settings("files", endpoint=proxy.endpoint), "transfer.leftover_age": "1s"}))
    partner = flows.partner_of(daemon, server)
    outbox = server.home / "out"
    outbox.mkdir()
    (outbox / "listed").write_bytes(b"x")
    local = daemon.bucket("local")
    (local / "here").write_bytes(b"here")

    with story.case("those who read listings at storage that is silent hold up no other call of the bucket door"):
        answer = partner.call("StartDirectoryListing", ConnectorId=partner.id, RemoteDirectoryPath=str(outbox),
                              OutputDirectoryPath="/files/lists")
        listing = f"/v1/listings/{answer['ListingId']}"
        harness.wait_until(lambda: daemon.client.rest("sallyport", "GET", listing).get("Files"), "the listing")
        hangs, answers = threading.Event(), []
        proxy.fault(bad.any_request, bad.silent_until(hangs), 1000)

        def read():
            try:
                answers.append("Files" in daemon.new_client().rest("sallyport", "GET", listing))
            except aws.AwsError as error:
                answers.append(error.code)
        readers = [threading.Thread(target=read) for _ in range(12)]  # threads for buckets: 8
        for reader in readers:
            reader.start()
        # STORAGE_GUESTS_MAX of src/transfer/storage_guests.h
        harness.wait_until(lambda: len(answers) == 4, "those that are too many to be told")
        assert answers == ["ServiceUnavailableException"] * 4, answers
        for _ in range(3):
            assert s3.send(daemon.client, "GET", "/local/here").body == b"here"
        proxy.heal()
        hangs.set()
        for reader in readers:
            reader.join()
        assert answers[4:] == [True] * 8, answers

    with story.case("storage that does not answer a sweep is not asked for all of its uploads, and holds up no sweep of folders"):
        for condition in (bad.is_part, bad.is_abort):
            proxy.fault(condition, bad.answer(403, "AccessDenied"), 10000)
        for number in range(2):
            (outbox / f"large-{number}").write_bytes(os.urandom(LARGE))
            partner.wait(partner.retrieve(outbox / f"large-{number}", to="/files"), 90)
        assert len(bucket.uploads()) == 2, bucket.uploads()
        hangs = threading.Event()
        proxy.heal()
        proxy.fault(bad.is_abort, bad.silent_until(hangs), 1000)
        asked = len(proxy.asked(bad.is_abort))
        harness.wait_until(lambda: len(proxy.asked(bad.is_abort)) > asked, "a sweep to begin")
        left = local / ".sallyport" / ("0123456789abcdef" * 2 + "-1")
        left.parent.mkdir(exist_ok=True)
        left.write_bytes(b"left")
        harness.wait_until(lambda: not left.exists(), "what was left in a folder to go", 10)
        hangs.set()  # from now on it resets at once
        # Five tries each (TRIES of src/objects/s3_call.c), and one more where a connection was used before: of the upload that was
        # asked for just then, and from the next sweep on only of the first one.
        tries = harness.wait_until(lambda: proxy.asked(bad.is_abort)[asked:][11:] and proxy.asked(bad.is_abort)[asked:], "sweeps to go on")
        paths = [request.path for request in tries]
        assert sum(path != before for before, path in zip(paths, paths[1:])) <= 1, paths
        proxy.heal()
        harness.wait_until(lambda: bucket.uploads() == [], "the uploads to be aborted")
