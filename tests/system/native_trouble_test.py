#!/usr/bin/env python3
"""Sallyport's own API where something stands in the way: moves and deletions that hang and are cancelled, what is not tried
again, a listener that takes nothing, and a store that cannot be written."""

import contextlib
import pathlib
import re
import socket
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import errands as errands_of_story  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402
from listener import Listener  # noqa: E402

BUILD = harness.ROOT / "build"  # where the shim may be loaded first
SHIM = BUILD / "tests" / "tools" / "libfault_shim.so"
INPUT_OUTPUT_ERROR = 5  # EIO
REQUESTS = 60  # of ten files each, whose events are more than kernel and daemon keep for one who does not read
LONG = "/".join(["x" * 200] * 4)


def ask(of, method, path):
    return of.client.rest("sallyport", method, path)


def refused(call, code, *words):
    try:
        answer = call()
    except aws.AwsError as error:
        assert error.status == 409 and error.code == code, error
        for word in words:
            assert word in error.message, f"the sentence does not say {word!r}: {error.message!r}"
    else:
        raise AssertionError(f"it was not refused: {answer}")


def file_of(transfer):
    return ask(daemon, "GET", f"/v1/transfers/{transfer}")["Files"][0]["FileId"]


def look(file):
    return ask(daemon, "GET", f"/v1/files/{file}")


def cancelled_while_it_hangs(begin):
    """Begins it while nothing gets to the partner, and wants it to end once it is under way; then the network heals."""
    held = proxy.hold("up", 1)
    transfer = begin()
    held()
    file = file_of(transfer)
    harness.wait_until(lambda: look(file)["Timeline"][-1]["State"] == "RUNNING", "it to be under way")
    asked = ask(daemon, "POST", f"/v1/transfers/{transfer}/cancel")
    assert [entry["Outcome"] for entry in asked["Files"]] == ["CANCELLING"], asked
    proxy.tell("heal")
    found = harness.wait_until(lambda: (now := look(file))["StatusCode"] == "FAILED" and now, "it to end")
    assert found["FailureCode"] == "CANCELLED" and found["CancelledBy"] == daemon.env["AWS_ACCESS_KEY_ID"], found
    states = [moment["State"] for moment in found["Timeline"]]
    assert "PUBLISHING" not in states and states[-1] == "FAILED", found["Timeline"]


def health_of(of):
    answer = of.client.send("sallyport", aws.Request("GET", "/healthz"), sign=False)
    return answer.status, answer.body.decode()


def listeners(of):
    text = of.client.send("sallyport", aws.Request("GET", "/metrics")).body.decode()
    return int(re.search(r"^sallyport_event_clients (\d+)$", text, re.MULTILINE)[1])


def listen_and_read_nothing(of):
    """A listener from the beginning that takes no byte; the kernel's buffers are small."""
    request = aws.Request("GET", "/v1/events", [("Last-Event-ID", "0")])
    of.client.sign("sallyport", request)
    host, _, port = of.client.host.partition(":")
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
    deaf.connect((host, int(port)))
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers)
    deaf.sendall(f"GET {request.target} HTTP/1.1\r\n{head}\r\n".encode())
    return deaf


with harness.Story() as story:
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    proxy = story.enter(harness.Proxy(server.port))
    daemon = story.enter(harness.Daemon(story.folder / "state"))
    far = flows.partner_of(daemon, server, url=f"sftp://127.0.0.1:{proxy.port}")
    errands = errands_of_story.Errands(far, "files", daemon.bucket("files"))
    source = server.home / "a.csv"
    source.write_bytes(b"content")

    with story.case("a move and a deletion that are under way end when they are cancelled, and nothing was done"):
        errands.list(server.home)  # so that the connection is there
        cancelled_while_it_hangs(lambda: errands.start_move(source, server.home / "b.csv"))
        assert source.read_bytes() == b"content" and not (server.home / "b.csv").exists()
        cancelled_while_it_hangs(lambda: errands.start_delete(source))
        assert source.read_bytes() == b"content"

    with story.case("the connector does the next ones, which cannot be cancelled any more once they have ended"):
        moved = errands.start_move(source, server.home / "b.csv")
        errands.wait_completed(moved)
        deleted = errands.start_delete(server.home / "b.csv")
        errands.wait_completed(deleted)
        assert not source.exists() and not (server.home / "b.csv").exists()
        for ident in (moved, deleted):
            refused(lambda: ask(daemon, "POST", f"/v1/transfers/{ident}/cancel"), "ConflictException", "have ended")

    with story.case("listings, moves and deletions that FAILED are not tried again: they are asked for anew"):
        nowhere = server.home / "nowhere"
        for ident, word in ((errands.start_listing(nowhere)["ListingId"], "listed"),
                            (errands.start_move(nowhere, server.home / "c.csv"), "moved"),
                            (errands.start_delete(nowhere), "deleted")):
            assert not errands.wait(ident).completed
            refused(lambda: ask(daemon, "POST", f"/v1/transfers/{ident}/retry"), "ConflictException", ident,
                    f"what is to be {word} is asked for anew")
            assert "RetriedBy" not in ask(daemon, "GET", f"/v1/transfers/{ident}")

    with story.case("a listener that takes nothing is sent away, and others and transfers do not wait for it"):
        loud = story.enter(harness.Daemon(story.folder / "loud", {"http.idle_timeout": "2s"}))
        loud_bucket = loud.bucket("files")
        for name in ("a.bin", "b.bin"):
            flows.write_random(loud_bucket / name, 1000)
        paused, other = flows.partner_of(loud, server), flows.partner_of(loud, server)
        ask(loud, "POST", f"/v1/connectors/{paused.id}/pause")
        for request in range(REQUESTS):
            paused.send(*(f"/files/{LONG}/{request}-{number}" for number in range(10)), to=server.home)
        with contextlib.closing(listen_and_read_nothing(loud)), Listener(loud, after=0) as ear:
            harness.wait_until(lambda: listeners(loud) == 2, "both to listen")
            transfer = other.send("/files/a.bin", to=server.home)
            ear.wait_state(transfer, "COMPLETED")
            assert len(ear.of("file")) >= REQUESTS * 10, len(ear.of("file"))
            harness.wait_until(lambda: listeners(loud) == 1, "the one that takes nothing to be sent away", seconds=60)
            ear.wait_state(other.send("/files/b.bin", to=server.home), "COMPLETED")
        loud.stop()

    with story.case("/healthz: a store that another program has locked is 503 and why, and it is well again afterwards"):
        assert health_of(daemon) == (200, "ok\n")
        with contextlib.closing(sqlite3.connect(daemon.state / "store.db", isolation_level=None)) as stranger:
            stranger.execute("BEGIN IMMEDIATE")
            status, words = harness.wait_until(lambda: (now := health_of(daemon))[0] != 200 and now, "it to be seen")
            assert status == 503 and words.startswith("the store ") and words.endswith("\n"), (status, words)
            stranger.execute("ROLLBACK")
        harness.wait_until(lambda: health_of(daemon) == (200, "ok\n"), "it to be well again")

    with story.case("/healthz: a store whose disk takes nothing any more is 503 and why, and tells no file of this host"):
        counts = story.folder / "counts"
        ill = story.enter(harness.Daemon(story.folder / "ill", build=BUILD))
        ill.stop()
        plain = ill.command
        shim = ["env", f"LD_PRELOAD={SHIM}", "SALLYPORT_FAULT_PROGRAM=sallyportd"]
        ill.command = lambda: [*shim, f"SALLYPORT_FAULT_COUNTS={counts}", *plain()]
        ill.start()
        assert health_of(ill) == (200, "ok\n")
        ill.stop()
        used = int(re.search(r"^fsync (\d+)$", counts.read_text(encoding="ascii"), re.MULTILINE)[1])
        ill.command = lambda: [*shim, f"SALLYPORT_FAULT=fsync {used + 10} 0 {INPUT_OUTPUT_ERROR}", *plain()]
        ill.start()
        status, words = harness.wait_until(lambda: (now := health_of(ill))[0] != 200 and now, "it to be seen", seconds=60)
        assert (status, words) == (503, "the store cannot be written\n"), (status, words)
        ill.kill()
