#!/usr/bin/env python3
"""Many objects on their way into buckets at once: how many there may be, whose they are, and what becomes of clients that are
slow, silent or gone."""

import contextlib
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import harness  # noqa: E402
import s3  # noqa: E402
from s3 import code_of, send  # noqa: E402

ALL, SHARE = 128, 64  # what the settings are without being said
SILENCE = 5  # seconds: PLACE_SILENCE_MS
SIZE = 1 << 20
GROWTH_MAX_KIB = ALL * 600 + (16 << 10)  # 512 KiB each, and what goes with a connection


def new_key(daemon, name):
    """A client that signs with a key of its own, and may do everything with buckets."""
    call = daemon.client.call
    call("iam", "CreateUser", {"UserName": name})
    call("iam", "PutUserPolicy", {"UserName": name, "PolicyName": "p", "PolicyDocument":
                                  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'})
    key = call("iam", "CreateAccessKey", {"UserName": name})["AccessKey"]
    return aws.Client(daemon.env["AWS_ENDPOINT_URL"], daemon.env["AWS_REGION"], key["AccessKeyId"], key["SecretAccessKey"])


def leftovers(folder):
    staging = folder / ".sallyport"
    return sorted(path.name for path in staging.iterdir()) if staging.exists() else []


def refusal(client, target):
    """What somebody is told for whom there is no place."""
    with s3.Sending(client, target, SIZE, [("Expect", "100-continue")]) as sending:
        return aws.error_of(sending.answer())


def a_full_house(story):
    daemon = story.enter(harness.Daemon(story.folder / "full"))
    folder = daemon.bucket("things")
    keys = [new_key(daemon, name) for name in ("one", "two", "three")]
    sent = []

    def begin(client, count):
        fresh = [story.enter(contextlib.closing(s3.Sending(client, f"/things/{len(sent) + number}", SIZE))) for number in range(count)]
        sent.extend(fresh)
        for sending in fresh:
            sending.send(bytes(300_000))
        harness.wait_until(lambda: len(leftovers(folder)) == len(sent), f"{len(sent)} temporaries")

    before = harness.pss_kib(daemon.process.pid)
    with story.case(f"one key may have {SHARE} objects on their way, and is told so by the next"):
        begin(keys[0], SHARE)
        error = refusal(keys[0], "/things/more")
        assert (error.status, error.code) == (503, "SlowDown") and keys[0].key in error.message and str(SHARE) in error.message, error

    with story.case(f"others have theirs, up to {ALL} in all"):
        begin(keys[1], ALL - SHARE)
        error = refusal(keys[2], "/things/more")
        assert (error.status, error.code) == (503, "SlowDown") and f"{ALL} objects" in error.message, error
        assert not any(not sending.is_open() for sending in sent)

    with story.case("what is no object on its way is answered meanwhile, and memory is what was said"):
        for _ in range(20):
            assert send(keys[2], "GET", "/things?list-type=2").status == 200
        assert send(keys[2], "PUT", "/another").status == 200
        full = harness.pss_kib(daemon.process.pid)
        assert harness.sanitized() or full - before < GROWTH_MAX_KIB

    with story.case("a place that is given back is the next one's, and all come whole"):
        assert sent[0].finish().status == 200
        with s3.Sending(keys[2], "/things/late", SIZE) as late:
            assert late.finish().status == 200
        for sending in sent[1:]:
            assert sending.finish().status == 200
        sizes = {path.stat().st_size for path in folder.iterdir() if path.is_file()}
        assert harness.sanitized() or harness.pss_kib(daemon.process.pid) < (before + full) / 2  # most of it is given back
        assert sizes == {SIZE} and len(list(folder.iterdir())) == ALL + 2 and leftovers(folder) == []


def slow_and_gone(story):
    daemon = story.enter(harness.Daemon(story.folder / "small", {"http.bodies_max": "3", "http.bodies_per_key": "2", "http.body_patience": "2s"}))
    folder = daemon.bucket("things")
    client, other = daemon.client, new_key(daemon, "other")
    proxy = story.enter(harness.Proxy(int(client.host.split(":")[1])))

    with story.case("a client that is slower than 1 KiB/s for too long is cut off, one that is not is let go on"):
        with s3.Sending(client, "/things/slow", 1000) as slow, s3.Sending(client, "/things/quick", 64 << 10) as quick:
            started = time.monotonic()
            while slow.left > 1 and slow.is_open():
                slow.send(b"x")
                quick.send(bytes(512))
                time.sleep(0.1)  # the client's pace
            assert not slow.is_open() and slow.answer() is None
            assert 1.9 < time.monotonic() - started < 20
            assert quick.is_open() and quick.finish().status == 200
        harness.wait_until(lambda: leftovers(folder) == [], "the temporary to go")
        assert (folder / "quick").stat().st_size == 64 << 10 and not (folder / "slow").exists()

    with story.case("one that was quick and has become slow is cut off as well"):
        with s3.Sending(client, "/things/tired", 10 << 20) as tired:
            tired.send(bytes(9 << 20))
            while tired.is_open():
                tired.send(b"x")
                time.sleep(0.1)  # the client's pace
            assert tired.answer() is None
        harness.wait_until(lambda: leftovers(folder) == [], "the temporary to go")

    with story.case("who is silent loses its place to who comes, of its own key first, and a vanished one leaves nothing"):
        sent = [story.enter(contextlib.closing(s3.Sending(who, f"/things/held{number}", SIZE, port=proxy.port)))
                for number, who in enumerate((client, client, other))]
        for sending in sent:
            sending.send(bytes(1000))
        harness.wait_until(lambda: len(leftovers(folder)) == 3, "three temporaries")
        assert proxy.tell("cut") == "ok"  # nothing passes any more: neither bytes nor the end of a connection
        assert code_of(s3.send(daemon.new_client(), "PUT", "/things/early", b"x")) == "SlowDown"
        assert len(leftovers(folder)) == 3

        many = "<Delete>" + "<Object><Key>none</Key></Object>" * 2 + " " * (2 << 20) + "</Delete>"
        assert code_of(s3.send(daemon.new_client(), "POST", "/things?delete", many)) == "SlowDown"  # it is as large as two objects' memory
        assert s3.send(daemon.new_client(), "POST", "/things?delete", many.replace(" ", "")).status == 200

        def comes(name):
            return s3.send(daemon.new_client(), "PUT", f"/things/{name}", b"x").status == 200
        started = time.monotonic()
        harness.wait_until(lambda: comes("first"), "a place", every=0.2)
        assert time.monotonic() - started < SILENCE + 10
        harness.wait_until(lambda: len(leftovers(folder)) == 2, "the temporary of who lost its place to go")
        # The place that is free now is the key's, and the other key's silent one stays as long as nobody needs it.
        with s3.Sending(client, "/things/second", SIZE) as second:
            harness.wait_until(lambda: len(leftovers(folder)) == 3, "its temporary")
            with s3.Sending(client, "/things/third", SIZE) as third:
                assert third.finish().status == 200
            harness.wait_until(lambda: len(leftovers(folder)) == 2, "the temporary of the second silent one to go")
            assert second.finish().status == 200
        for _ in range(4):  # a place that a document had is given back
            assert s3.send(daemon.new_client(), "POST", "/things?delete", many).status == 200
        assert sorted(path.name for path in folder.iterdir() if path.name.startswith("held")) == []


with harness.Story() as story:
    a_full_house(story)
    slow_and_gone(story)
