#!/usr/bin/env python3
"""Small objects are put in one request, and only onto what was seen under their key before: a PUT that storage acts on very
late does not replace what came after it, and what somebody else puts there meanwhile is seen."""

import os
import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402
import storage  # noqa: E402
import storage_proxy as bad  # noqa: E402

OLD, NEW, THEIRS = b"old bytes", b"the newer bytes", b"theirs"


def tag(partner, **tags):
    partner.call("TagResource", Arn=partner.describe()["Arn"],
                 Tags=[{"Key": "sallyport:" + name.replace("_", "-"), "Value": value} for name, value in tags.items()])


with harness.Story() as story:
    gateway = story.enter(storage.Radosgw(story.folder / "ceph"))
    bucket = gateway.create("files")
    proxy, plain = story.enter(bad.Proxy(gateway.port)), story.enter(bad.Proxy(gateway.port))
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    daemon = story.enter(harness.Daemon(story.folder / "state", {
        **bucket.settings("files", endpoint=proxy.endpoint),
        # The same storage, which answers as if it had never heard of conditions.
        **bucket.settings("plain", endpoint=plain.endpoint), "transfer.attempts": "4", "transfer.retry_delay": "200ms"}))
    partner = flows.partner_of(daemon, server)
    outbox = server.home / "out"
    outbox.mkdir()
    numbers = iter(range(1000))

    def late_put(line, before, to="/files", meanwhile=lambda: None):
        """A worker dies while storage has all but the end of its PUT; the partner's file changes, and is fetched again; then the
        end comes. (what is under the key then, what storage answered to the old PUT)"""
        key = f"late-{next(numbers)}"
        if before is not None:
            bucket.put(key, before)
        (outbox / key).write_bytes(OLD)
        held, released, answers = threading.Event(), threading.Event(), []
        line.heal()
        line.fault(bad.is_whole_put, bad.hold_last(held, released, answers))
        try:
            transfer = partner.retrieve(outbox / key, to=to)
            assert held.wait(30), "the PUT did not come"
            (outbox / key).write_bytes(NEW)
            daemon.kill_workers()
            partner.wait_completed(transfer)
            assert bucket.get(key) == NEW
        finally:
            released.set()
        harness.wait_until(lambda: answers, "the old PUT to be answered")
        return bucket.get(key), answers[0]

    with story.case("a PUT that storage acts on after newer bytes came does not replace them: the key was free before"):
        assert late_put(proxy, None) == (NEW, 412)

    with story.case("… nor when there was an object before, by its ETag"):
        # Where the last key was taken the next one is looked at first.
        bucket.put("taken", b"from yesterday")
        (outbox / "taken").write_bytes(NEW)
        proxy.heal()
        partner.wait_completed(partner.retrieve(outbox / "taken", to="/files"))
        assert late_put(proxy, b"from yesterday") == (NEW, 412)
        assert all(b"\r\nif-match:" in request.head.lower() for request in proxy.asked(bad.is_whole_put)[-2:])

    with story.case("… nor with on-conflict=fail and keep-both"):
        for policy in ("fail", "keep-both"):
            tag(partner, on_conflict=policy)
            assert late_put(proxy, None) == (NEW, 412), policy
        tag(partner, on_conflict="overwrite")

    with story.case("the old PUT may come first, too: it is known as this file's own, and is replaced"):
        for policy in ("overwrite", "fail", "keep-both"):
            tag(partner, on_conflict=policy)
            key = f"first-{policy}"
            (outbox / key).write_bytes(OLD)
            held, released, answers = threading.Event(), threading.Event(), []

            def old_one_comes(released=released, answers=answers):
                released.set()
                harness.wait_until(lambda: answers, "the old PUT to be answered")

            proxy.heal()
            proxy.fault(bad.is_whole_put, bad.hold_last(held, released, answers))
            proxy.fault(bad.is_whole_put, bad.after_that(old_one_comes))
            transfer = partner.retrieve(outbox / key, to="/files")
            assert held.wait(30)
            (outbox / key).write_bytes(NEW)
            daemon.kill_workers()
            partner.wait_completed(transfer)
            assert (bucket.get(key), answers) == (NEW, [200]), policy
            assert proxy.spent() and bucket.head(f"{key} (2)") is None
        tag(partner, on_conflict="overwrite")

    def with_a_stranger(key, before=None):
        """Somebody else puts an object between the look and the PUT."""
        if before is not None:
            bucket.put(key, before)
        (outbox / key).write_bytes(NEW)
        proxy.heal()
        proxy.fault(bad.is_whole_put, bad.after_that(lambda: bucket.put(key, THEIRS)))
        return partner.retrieve(outbox / key, to="/files")

    with story.case("what comes between the look and the PUT is replaced, where that is wanted"):
        for before in (None, b"from yesterday"):
            key = f"between-{next(numbers)}"
            partner.wait_completed(with_a_stranger(key, before))
            assert bucket.get(key) == NEW and proxy.spent()
            assert len(proxy.asked(lambda request, key=key: bad.is_whole_put(request) and key in request.path)) == 2

    with story.case("… and stays where it is not"):
        tag(partner, on_conflict="fail")
        partner.wait_failed(with_a_stranger("fails"), "WRITE_FILE_ERROR", "there is an object of that name")
        assert bucket.get("fails") == THEIRS and proxy.spent()
        tag(partner, on_conflict="keep-both")
        partner.wait_completed(with_a_stranger("both"))
        assert (bucket.get("both"), bucket.get("both (2)")) == (THEIRS, NEW) and proxy.spent()
        tag(partner, on_conflict="overwrite")

    with story.case("what is removed between the look and the PUT is no matter"):
        bucket.put("gone", b"from yesterday")
        (outbox / "gone").write_bytes(NEW)
        proxy.heal()
        proxy.fault(bad.is_whole_put, bad.after_that(lambda: bucket.delete("gone")))
        partner.wait_completed(partner.retrieve(outbox / "gone", to="/files"))
        assert bucket.get("gone") == NEW and proxy.spent()

    with story.case("a key that others never leave alone is an end, and says so"):
        (outbox / "busy").write_bytes(NEW)
        proxy.heal()
        proxy.fault(bad.is_whole_put, bad.after_that(lambda: bucket.put("busy", os.urandom(16))), times=100000)
        partner.wait_failed(partner.retrieve(outbox / "busy", to="/files"), "WRITE_FILE_ERROR", "again and again")
        proxy.heal()

    with story.case("a new key costs a PUT and the look after it; one that is taken, where the last ones were, a look before"):
        for before in (b"from yesterday", None):
            # The first one is to be surprised.
            keys = [f"many-{number}-{before is None}" for number in range(11)]
            asked = []
            for wave in (keys[:1], keys[1:]):
                for key in wave:
                    if before is not None:
                        bucket.put(key, before)
                    (outbox / key).write_bytes(key.encode())
                counted = [len(proxy.asked(what)) for what in (bad.is_whole_put, bad.is_look)]
                partner.wait_completed(partner.retrieve(*(outbox / key for key in wave), to="/files"))
                assert all(bucket.get(key) == key.encode() for key in wave)
                asked += [len(proxy.asked(what)) - count for what, count in zip((bad.is_whole_put, bad.is_look), counted)]
            assert asked[2:] == ([10, 20] if before is not None else [10, 10]), asked

    with story.case("storage that knows no conditions works as before, with one word in the log"):
        plain.fault(bad.is_conditional_put, bad.answer(501, "NotImplemented"), times=100000)

        def fetch(before):
            key = f"plain-{next(numbers)}"
            if before is not None:
                bucket.put(key, before)
            (outbox / key).write_bytes(NEW)
            partner.wait_completed(partner.retrieve(outbox / key, to="/plain"))
            assert bucket.get(key) == NEW
            return len(plain.asked(bad.is_conditional_put))

        asked = [fetch(before) for before in (None, b"from yesterday", None, b"from yesterday")]
        assert asked == [1, 3, 3, 3], asked  # If-None-Match, If-Match without quotes and with them
        for name in ("If-None-Match", "If-Match"):
            assert daemon.log_text().count(f"takes no {name}: ") == 1, name

    with story.case("… and has the gap that conditions close: there the old bytes replace the newer ones"):
        assert late_put(plain, None, to="/plain") == (OLD, 200)
