#!/usr/bin/env python3
"""Ending the daemon while it has work: soon, with status 0, and what was under way goes on at the next start."""

import os
import pathlib
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402

SIZE = 24 << 20
END_SECONDS_MAX = 15  # with workers that are in the middle of something


def end_in_time(daemon, sign=signal.SIGTERM):
    """Ends the daemon; (status, seconds)."""
    workers = daemon.workers()
    assert workers, "there should be a worker now"
    started = time.monotonic()
    status = harness.end(daemon.process, sign, END_SECONDS_MAX)
    seconds = time.monotonic() - started
    daemon.client.close()
    harness.wait_until(lambda: not any(harness.is_alive(pid) for pid in workers), "the workers to leave")
    return status, seconds


def in_the_middle(story, daemon, server, way):
    bucket, inbox = daemon.bucket("files"), server.home / "in"
    inbox.mkdir(exist_ok=True)
    name = f"{way}.bin"
    source, target = (bucket, inbox) if way == "up" else (inbox, bucket / "arrived")
    target.mkdir(exist_ok=True)
    with story.case(f"SIGTERM in the middle, {way}: it ends soon, and the next start completes the file"):
        with harness.Proxy(server.port) as proxy:
            partner = flows.partner_of(daemon, server, url=f"sftp://127.0.0.1:{proxy.port}")
            digest = flows.write_random(source / name, SIZE)
            held = proxy.hold(way, SIZE // 2)
            if way == "up":
                transfer = partner.send(f"/files/{name}", to=inbox)
            else:
                transfer = partner.retrieve(source / name, to="/files/arrived")
            held()
            status, seconds = end_in_time(daemon)
            assert status == 0, daemon.log_text()[-2000:]
            print(f"# ended after {seconds:.2f} s")
            assert not (target / name).exists(), "half a file has the final name"
            proxy.tell("reset")
            proxy.tell("heal")
            daemon.start()
            partner.wait_completed(transfer)
        assert flows.sha256_of(target / name) == digest
        assert not flows.parts_in(bucket, inbox)


def while_a_test_waits(story, daemon):
    with story.case("SIGTERM while a TestConnection waits for a silent server: it is answered, and the daemon ends"):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            partner = flows.Partner(daemon, f"sftp://127.0.0.1:{silent.getsockname()[1]}",
                                    {"Username": "somebody", "Password": "something"})
            answers = []

            def ask():
                client = daemon.new_client()
                try:
                    answers.append(client.call("transfer", "TestConnection", {"ConnectorId": partner.id}))
                except aws.AwsError as error:
                    answers.append({"Status": "ERROR", "StatusMessage": str(error)})
                finally:
                    client.close()

            asking = threading.Thread(target=ask)
            asking.start()
            silent.settimeout(harness.PATIENCE_SECONDS)
            connection, _ = silent.accept()
            with connection:
                status, seconds = end_in_time(daemon)
            asking.join()
            assert status == 0, daemon.log_text()[-2000:]
            print(f"# ended after {seconds:.2f} s: {answers}")
            assert answers and answers[0]["Status"] == "ERROR" and "stopping" in answers[0]["StatusMessage"], answers
        daemon.start()


def impatiently(story, daemon, server):
    with story.case("a worker that does not leave keeps a daemon for a while, and a second SIGTERM ends it at once"):
        bucket, inbox = daemon.bucket("files"), server.home / "in"
        with harness.Proxy(server.port) as proxy:
            partner = flows.partner_of(daemon, server, url=f"sftp://127.0.0.1:{proxy.port}")
            digest = flows.write_random(bucket / "late.bin", SIZE)
            held = proxy.hold("up", SIZE // 2)
            transfer = partner.send("/files/late.bin", to=inbox)
            held()
            workers = daemon.workers()
            for pid in workers:
                os.kill(pid, signal.SIGSTOP)
            told = daemon.log_text().count("ending: Terminated")
            daemon.process.send_signal(signal.SIGTERM)
            harness.wait_until(lambda: daemon.log_text().count("ending: Terminated") > told, "the daemon to end")
            assert daemon.process.poll() is None, "it did not wait for its worker"
            started = time.monotonic()
            daemon.process.send_signal(signal.SIGTERM)
            status = daemon.process.wait(harness.PATIENCE_SECONDS)
            print(f"# ended after {time.monotonic() - started:.2f} s")
            assert status == 1 and "ending at once" in daemon.log_text(), status
            daemon.client.close()
            for pid in workers:
                if harness.is_alive(pid):
                    os.kill(pid, signal.SIGCONT)
            harness.wait_until(lambda: not any(harness.is_alive(pid) for pid in workers), "the workers to leave")
            proxy.tell("reset")
            proxy.tell("heal")
            daemon.start()
            partner.wait_completed(transfer)
        assert flows.sha256_of(inbox / "late.bin") == digest
        assert not flows.parts_in(bucket, inbox)


with harness.Story() as the_story:
    the_server = the_story.enter(sshd.Sshd(the_story.folder / "partner"))
    the_daemon = the_story.enter(harness.Daemon(the_story.folder / "state"))
    in_the_middle(the_story, the_daemon, the_server, "up")
    in_the_middle(the_story, the_daemon, the_server, "down")
    while_a_test_waits(the_story, the_daemon)
    impatiently(the_story, the_daemon, the_server)
