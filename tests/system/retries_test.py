#!/usr/bin/env python3
"""An SDK that got no answer sends its request again: nothing is done twice, and it is answered as it would have been."""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import cli  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402


class Forgetful:
    """In front of the API: passes requests on, and closes on the first @lost of them once they were answered."""

    def __init__(self, endpoint, lost):
        url = urllib.parse.urlsplit(endpoint)
        self.target, self.lost, self.answered = (url.hostname, url.port), lost, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                self.serve(self.listener.accept()[0])

    def serve(self, client):
        with client, socket.create_connection(self.target) as server:
            client.settimeout(harness.PATIENCE_SECONDS)
            server.settimeout(harness.PATIENCE_SECONDS)
            server.sendall(whole_message(client))
            answer = whole_message(server)
            self.answered.append(json.loads(answer.partition(b"\r\n\r\n")[2]))
            if len(self.answered) > self.lost:
                client.sendall(answer)


def whole_message(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        data += receive(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line.partition(b":")[2] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while len(body) < int(lengths[0]):
        body += receive(connection)
    return head + b"\r\n\r\n" + body


def receive(connection):
    data = connection.recv(65536)
    if not data:
        raise OSError("closed in the middle of a message")
    return data


def patient_aws(daemon, endpoint, *words):
    """One call of the CLI that tries up to five times."""
    env = {**os.environ, **daemon.env, "AWS_ENDPOINT_URL": endpoint, "AWS_MAX_ATTEMPTS": "5", "AWS_PAGER": "",
           "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    done = subprocess.run(["aws", *words, "--output", "json"], env=env, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False, timeout=2 * cli.COMMAND_SECONDS)
    if done.returncode != 0:
        raise cli.Refused(done.stderr.strip())
    return json.loads(done.stdout)


def call_as(daemon, operation, arguments, invocation):
    """As an SDK does it, with the id of its invocation."""
    request = daemon.client.request("transfer", operation, arguments)
    if invocation is not None:
        request.set("amz-sdk-invocation-id", invocation)
    response = daemon.client.send("transfer", request)
    assert response.status == 200, response.body
    return response.json()


with harness.Story() as story:
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    daemon = story.enter(harness.Daemon(story.folder / "state"))
    (daemon.bucket("out") / "a").write_bytes(b"a")
    (daemon.bucket("out") / "b").write_bytes(b"b")
    inbox = server.home / "in"
    inbox.mkdir()
    partner = flows.partner_of(daemon, server)
    connector = partner.id
    send = {"ConnectorId": connector, "SendFilePaths": ["/out/a"], "RemoteDirectoryPath": str(inbox)}

    with story.case("the CLI that loses two answers to start-file-transfer gets the transfer that its first try began"):
        cli.needs()
        with Forgetful(daemon.env["AWS_ENDPOINT_URL"], lost=2) as api:
            told = patient_aws(daemon, api.endpoint, "transfer", "start-file-transfer", "--connector-id", connector,
                               "--send-file-paths", "/out/a", "--remote-directory-path", str(inbox))
        assert api.answered == [told] * 3, api.answered
        partner.wait_completed(told["TransferId"])

    with story.case("the CLI that loses an answer to create-connector has made one connector"):
        cli.needs()
        before = len(partner.call("ListConnectors")["Connectors"])
        shown = partner.describe()
        with Forgetful(daemon.env["AWS_ENDPOINT_URL"], lost=1) as api:
            made = patient_aws(daemon, api.endpoint, "transfer", "create-connector", "--url", server.url,
                               "--access-role", shown["AccessRole"], "--sftp-config",
                               json.dumps({"UserSecretId": shown["SftpConfig"]["UserSecretId"]}))
        assert api.answered == [made] * 2, api.answered
        assert len(partner.call("ListConnectors")["Connectors"]) == before + 1

    with story.case("tries of one invocation begin one transfer, another invocation and none at all begin their own"):
        first = call_as(daemon, "StartFileTransfer", send, "11111111-0000-4000-8000-000000000000")
        assert call_as(daemon, "StartFileTransfer", send, "11111111-0000-4000-8000-000000000000") == first
        others = [call_as(daemon, "StartFileTransfer", send, "22222222-0000-4000-8000-000000000000"),
                  call_as(daemon, "StartFileTransfer", send, None), call_as(daemon, "StartFileTransfer", send, None)]
        assert len({answer["TransferId"] for answer in [first, *others]}) == 4, (first, others)

    with story.case("the same invocation with another body is another request"):
        other = {**send, "SendFilePaths": ["/out/b"]}
        first = call_as(daemon, "StartFileTransfer", send, "33333333-0000-4000-8000-000000000000")
        second = call_as(daemon, "StartFileTransfer", other, "33333333-0000-4000-8000-000000000000")
        assert first != second, first
        assert call_as(daemon, "StartFileTransfer", send, "33333333-0000-4000-8000-000000000000") == first

    with story.case("a try is known again after kill -9 of the daemon"):
        first = call_as(daemon, "StartFileTransfer", send, "44444444-0000-4000-8000-000000000000")
        daemon.kill()
        daemon.start()
        assert call_as(daemon, "StartFileTransfer", send, "44444444-0000-4000-8000-000000000000") == first
        partner.wait_completed(first["TransferId"])

    with story.case("a request that was refused is tried anew"):
        missing = {**send, "ConnectorId": "c-00000000000000000"}
        request = daemon.client.request("transfer", "StartFileTransfer", missing)
        request.set("amz-sdk-invocation-id", "55555555-0000-4000-8000-000000000000")
        for _ in range(2):
            response = daemon.client.send("transfer", request)
            assert response.status == 400, response.body
            assert response.json()["__type"] == "ResourceNotFoundException", response.body

    with story.case("with http.retry_window = 0s every request is a new one"):
        daemon.stop()
        daemon.settings["http.retry_window"] = "0s"
        daemon.start()
        ids = {call_as(daemon, "StartFileTransfer", send, "44444444-0000-4000-8000-000000000000")["TransferId"]
               for _ in range(3)}
        assert len(ids) == 3 and first["TransferId"] not in ids, ids
