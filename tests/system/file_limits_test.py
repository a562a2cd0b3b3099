#!/usr/bin/env python3
"""A file that is too large, and one that takes too long, end as FAILED and leave nothing behind."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import buckets  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import runs  # noqa: E402
import sshd  # noqa: E402

MIB = 1 << 20
MOST = 20 * MIB
SETTINGS = {"quota.file_size": str(MOST), "quota.file_time": "3s"}


def fails(run, code, *words):
    message = run.partner.wait_failed(run.transfer, code, *words)
    harness.wait_until(lambda: flows.parts_in(server.home, places.bucket) == [], "parts and temporaries to be gone")
    assert not (run.target / run.name).exists(), "it was published"
    return message


with harness.Story() as story:
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    kind = buckets.kind_of(story)
    daemon = story.enter(harness.Daemon(story.folder / "state", {**SETTINGS, **kind.settings("files")}))
    places = runs.Places(daemon, kind)

    with story.case("a file of exactly the size that one may have goes and comes"):
        for way in ("up", "down"):
            with runs.Run(places, server, way, f"most-{way}", MOST) as run:
                run.start()
                run.arrives(30)

    with story.case("one byte more is not sent: no connection is made for it"):
        with runs.Run(places, server, "up", "more", MOST + 1) as run:
            run.start()
            fails(run, "READ_FILE_ERROR", f"it has {MOST + 1} bytes", "quota.file_size")
            assert run.carried() == 0, run.carried()

    with story.case("a small one that is too large is not published in the bucket, and a large one is not fetched to its end"):
        with runs.Run(places, server, "down", "more", MOST + 1) as run:
            run.start()
            fails(run, "READ_FILE_ERROR", f"it has {MOST + 1} bytes", "quota.file_size")
        with runs.Run(places, server, "down", "much-more", 16 * MOST) as run:
            run.start()
            told = fails(run, "READ_FILE_ERROR", "quota.file_size")
            assert f"it has {16 * MOST} bytes," in told or " bytes already," in told, told
            assert run.carried() < 8 * MOST, run.carried()

    with story.case("what takes too long fails once, both ways, and the connector's next files go"):
        for way in ("up", "down"):
            with runs.Run(places, server, way, "slow", MOST, rate=MIB) as run:
                run.start()
                fails(run, "TIMEOUT_ERROR", "took longer than 3000 ms", "quota.file_time")
                (places.bucket / "quick").write_bytes(b"quick")
                # What was under way of the slow one fills the line for a while, and quick ones' time may be over before.
                harness.wait_until(lambda: run.partner.wait(run.partner.send("/files/quick", to=run.inbox))[0]["StatusCode"] ==
                                   "COMPLETED", "a quick one to go")
                assert (run.inbox / "quick").read_bytes() == b"quick"
