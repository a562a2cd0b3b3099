#!/usr/bin/env python3
"""Storage that speaks S3 on bad days: busy, resetting, lying, silent, with keys that expired. A file completes, or fails with
a sentence that is true; nothing is under its key before it is whole, and no upload is left."""

import os
import pathlib
import re
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402
import storage  # noqa: E402
import storage_proxy as bad  # noqa: E402

MIB = 1 << 20
PART = 8 * MIB  # DEPOT_PART_MIN of src/streams/depot.h
LARGE = 3 * PART + 4321
PUTS, CALLS = 8, 5  # TRIES of src/streams/request.c and src/objects/s3_call.c

with harness.Story() as story:
    gateway = story.enter(storage.Radosgw(story.folder / "ceph"))
    bucket = gateway.create("files")
    proxy = story.enter(bad.Proxy(gateway.port))
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    keys = story.folder / "keys"
    storage.write_credentials(keys)
    silent = story.enter(bad.Silent())
    daemon = story.enter(harness.Daemon(story.folder / "state", {
        **bucket.settings("files", endpoint=proxy.endpoint, credentials=keys),
        **bucket.settings("silent", endpoint=silent.endpoint), **bucket.settings("nowhere"), "bucket.nowhere": "s3://no-such-bucket",
        "transfer.attempts": "3",
        "transfer.retry_delay": "100ms"}))
    partner = flows.partner_of(daemon, server)
    inbox, outbox = server.home / "in", server.home / "out"
    inbox.mkdir()
    outbox.mkdir()
    numbers = iter(range(1000))

    def send(size=LARGE):
        """(key, bytes, transfer)"""
        key, data = f"source-{next(numbers)}", os.urandom(size)
        bucket.put(key, data)
        return key, data, partner.send(f"/files/{key}", to=inbox)

    def retrieve(size=LARGE):
        key, data = f"target-{next(numbers)}", os.urandom(size)
        (outbox / key).write_bytes(data)
        return key, data, partner.retrieve(outbox / key, to="/files")

    def sent(size=LARGE):
        key, data, transfer = send(size)
        partner.wait_completed(transfer, 90)
        assert (inbox / key).read_bytes() == data, "the bytes differ"

    def retrieved(size=LARGE):
        key, data, transfer = retrieve(size)
        partner.wait_completed(transfer, 90)
        assert bucket.get(key) == data, "the bytes differ"
        assert bucket.uploads() == [], bucket.uploads()

    def tag(conflict):
        partner.call("TagResource", Arn=partner.describe()["Arn"], Tags=[{"Key": "sallyport:on-conflict", "Value": conflict}])

    def after(*faults):
        proxy.heal()
        for fault in faults:
            proxy.fault(*fault)

    with story.case("500, 503 and SlowDown are waited out, whatever they answer"):
        after((bad.is_range, bad.answer(503, "SlowDown"), 3), (bad.is_look, bad.answer(500), 2))
        sent()
        assert proxy.spent()
        after((bad.is_part, bad.answer(503, "SlowDown"), 3), (bad.is_part, bad.answer(500), 1),
              (bad.is_completion, bad.answer(500), 1), (bad.is_look, bad.answer(503), 1))
        retrieved()
        assert proxy.spent()
        after((bad.is_whole_put, bad.answer(503, "SlowDown"), 2))
        retrieved(1000)
        assert proxy.spent()

    with story.case("connections that are reset in the middle of a range or a part cost no more than that"):
        after((bad.is_range, bad.reset_after(MIB), 3))
        sent()
        assert proxy.spent()
        after((bad.is_part, bad.reset_after(MIB), 3), (bad.is_whole_put, bad.reset_after(10), 1))
        retrieved()
        retrieved(1000)
        assert proxy.spent()

    with story.case("a source whose ETag is another one at the end is fetched again, and no mixture arrives"):
        after((bad.is_range, bad.other_etag, 1))
        sent()
        assert proxy.spent()

    with story.case("a source that is always another one FAILS, and says so"):
        after((bad.is_range, bad.other_etag, 1000))
        key, _, transfer = send()
        partner.wait_failed(transfer, "READ_FILE_ERROR", "changed", seconds=90)
        assert not (inbox / key).exists()

    with story.case("a source whose size is not told is no empty one: it FAILS, and says so"):
        after((bad.is_look, bad.no_length, 1000))
        key, _, transfer = send()
        partner.wait_failed(transfer, "READ_FILE_ERROR", "how large it is", seconds=90)
        assert not (inbox / key).exists()

    with story.case("an answer to a completion that is lost is no failure, nor is one that lies about the ETag"):
        after((bad.is_completion, bad.lose_answer, 1))
        retrieved()
        after((bad.is_completion, bad.other_etag, 1), (bad.is_part, bad.other_etag, 2))
        retrieved()
        after((bad.is_whole_put, bad.lose_answer, 1))
        retrieved(1000)
        assert proxy.spent()

    with story.case("storage that never takes a part: the file FAILS, nothing is under its key, no upload is left"):
        after((bad.is_part, bad.answer(503, "SlowDown"), 10000))
        key, _, transfer = retrieve()
        results = partner.wait(transfer, 180)
        assert results[0]["StatusCode"] == "FAILED" and "SlowDown" in results[0]["FailureMessage"], results
        assert bucket.head(key) is None
        proxy.heal()
        harness.wait_until(lambda: bucket.uploads() == [], "the upload to be aborted")

    with story.case("keys that have expired are an end with the storage's own word; new ones in the file are used at once"):
        after()
        storage.write_credentials(keys, secret_key="not-the-secret-of-anybody-at-all")
        key, data, transfer = retrieve(1000)
        results = partner.wait(transfer, 90)
        assert results[0]["StatusCode"] == "FAILED" and "SignatureDoesNotMatch" in results[0]["FailureMessage"], results
        assert bucket.head(key) is None
        bucket.put("looked-at", b"x")
        partner.wait_failed(partner.send("/files/looked-at", to=inbox), "READ_FILE_ERROR",
                            'SignatureDoesNotMatch for its bucket "files", region us-east-1', seconds=90)
        storage.write_credentials(keys)
        sent(1000)
        retrieved(1000)

    with story.case("a bucket that is not there at the storage is told from an object that is not there"):
        after()
        partner.wait_failed(partner.send("/nowhere/source", to=inbox), "READ_FILE_ERROR",
                            'there is no bucket "no-such-bucket" (region us-east-1)', seconds=90)
        (outbox / "lost").write_bytes(os.urandom(2 * PART))
        partner.wait_failed(partner.retrieve(outbox / "lost", to="/nowhere"), "WRITE_FILE_ERROR", "no-such-bucket", seconds=90)
        partner.wait_failed(partner.send("/files/not-there", to=inbox), "SEND_FILE_NOT_FOUND", "not-there", seconds=90)

    with story.case("a URL that is denied on its way is signed anew"):
        after((bad.is_range, bad.answer(400, "ExpiredToken"), 2), (bad.is_part, bad.answer(403, "AccessDenied"), 2))
        sent()
        retrieved()
        assert proxy.spent()

    with story.case("a look that is denied is told as that, and not as an object that has the name"):
        for conflict in ("fail", "keep-both"):
            tag(conflict)
            for size in (1000, LARGE):
                after((bad.is_look, bad.answer(403), 1000))
                key, _, transfer = retrieve(size)
                partner.wait_failed(transfer, "WRITE_FILE_ERROR", "answered 403", seconds=90)
                assert bucket.head(key) is None
                harness.wait_until(lambda: bucket.uploads() == [], "the upload to be aborted")

    with story.case("whose name is taken while the upload is on its way gets another one, and both are kept"):
        tag("keep-both")
        theirs = f"target-{next(numbers) + 1}"
        after((bad.is_part, bad.after_that(lambda: bucket.put(theirs, b"theirs")), 1))
        key, data, transfer = retrieve()
        partner.wait_completed(transfer, 90)
        assert key == theirs and bucket.get(key) == b"theirs" and bucket.get(f"{key} (2)") == data
        assert bucket.uploads() == [], bucket.uploads()
        tag("overwrite")

    with story.case("storage that hangs holds up neither folders nor other storage"):
        after()
        other = flows.partner_of(daemon, server)
        # More than may ask one storage at a time (STORAGE_CALLS_MAX of src/transfer/storage_calls.h), and more than there
        # are threads for folders.
        hanging = [other.send(*(f"/silent/{call}-{number}" for number in range(10)), to=inbox) for call in range(4)]
        local = daemon.bucket("local")
        for number in range(3):
            (local / f"local-{number}").write_bytes(os.urandom(1000))
            partner.wait_completed(partner.send(f"/local/local-{number}", to=inbox), 20)
            sent(1000)
            retrieved(1000)
        assert all(result["StatusCode"] in ("QUEUED", "IN_PROGRESS") for transfer in hanging for result in other.results(transfer))
        silent.speak()
        for transfer in hanging:
            results = other.wait(transfer, 60)
            assert len(results) == 10 and all(result["StatusCode"] == "FAILED" for result in results), results

    with story.case("a session that ended is signed anew by the daemon, too"):
        after((bad.is_look, bad.answer(400, "ExpiredToken"), 2))
        sent()
        after((bad.is_beginning, bad.answer(400, "ExpiredToken"), 2), (bad.is_completion, bad.answer(400, "InvalidToken"), 2),
              (bad.is_part, bad.answer(400, "ExpiredToken"), 2))
        retrieved()
        assert proxy.spent()

    with story.case("credentials that are away for a moment do not mean that there is no object"):
        after()
        keys.rename(keys.with_suffix(".away"))
        key, data, transfer = send()
        harness.wait_until(lambda: f'/files/{key}" is tried again' in daemon.log_text() or
                           partner.results(transfer)[0]["StatusCode"] == "FAILED", "the first attempt to end")
        keys.with_suffix(".away").rename(keys)
        partner.wait_completed(transfer, 90)
        assert (inbox / key).read_bytes() == data

    with story.case("an object that was completed but cannot be looked at is asked after, and no failure"):
        # radosgw's own answer to the completion is lost, then nobody may look for a while
        after((bad.is_completion, bad.lose_answer, 1), (bad.is_completion, bad.answer(409, "OperationAborted"), 1),
              (bad.is_look, bad.answer(403, "AccessDenied"), 2))
        retrieved()
        assert proxy.spent()

    with story.case("storage that knows no condition with a completion is told none, and that once"):
        arn = partner.describe()["Arn"]
        partner.call("TagResource", Arn=arn, Tags=[{"Key": "sallyport:on-conflict", "Value": "fail"}])

        def is_conditional(request):
            return bad.is_completion(request) and b"\r\nif-none-match" in request.head.lower()

        after((is_conditional, bad.answer(400, "InvalidRequest"), 1000))
        earlier = len(proxy.asked(is_conditional))
        retrieved()
        retrieved()
        assert len(proxy.asked(is_conditional)) == earlier + 1
        assert daemon.log_text().count("takes no If-None-Match") == 1
        partner.call("UntagResource", Arn=arn, TagKeys=["sallyport:on-conflict"])

    with story.case("what was stored is not stored again because its list could not be had for a while"):
        def number(request):
            return re.search(r"[?&]partNumber=(\d+)", request.target)[1]

        earlier = len(proxy.asked(bad.is_part))
        after((lambda request: bad.is_part(request) and number(request) == "9", bad.answer(503, "SlowDown"), PUTS),
              (bad.is_list_of_parts, bad.answer(503, "SlowDown"), CALLS))
        retrieved(8 * PART + 1)
        assert proxy.spent()
        stored = sorted(number(request) for request in proxy.asked(bad.is_part)[earlier:])
        assert stored == sorted([*"12345678"] + ["9"] * (PUTS + 1)), stored

    with story.case("nothing is under the key while the parts are on their way"):
        after((bad.is_part, bad.answer(503, "SlowDown"), 4))
        seen, done = [], threading.Event()
        key, data, transfer = retrieve()

        def watch():
            while not done.wait(0.02):
                found = bucket.head(key)
                if found is not None:
                    seen.append(int(found["Content-Length"]))

        watcher = threading.Thread(target=watch)
        watcher.start()
        partner.wait_completed(transfer, 90)
        done.set()
        watcher.join()
        assert all(size == LARGE for size in seen), seen
        assert bucket.get(key) == data

    if harness.LARGE:
        with story.case("an answer to the daemon that drips is given up after two minutes, and the file goes on"):
            after((bad.is_beginning, bad.drip, 1))
            began = time.monotonic()
            key, data, transfer = retrieve()
            partner.wait_completed(transfer, 200)
            print(f"# {time.monotonic() - began:.0f} s")
            assert bucket.get(key) == data and proxy.spent()

        with story.case("silence in the middle is given up after a while, and the rest comes by another connection"):
            after((bad.is_range, bad.stall, 1), (bad.is_part, bad.stall, 1))
            sent()
            retrieved()
            assert proxy.spent()
