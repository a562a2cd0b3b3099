#!/usr/bin/env python3
"""TestConnection against a real OpenSSH server: what works, what does not and why, and the host key either way."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402


def fingerprint(line, folder):
    path = folder / "shown.pub"
    path.write_text(line + "\n", encoding="ascii")
    done = subprocess.run(["ssh-keygen", "-l", "-f", str(path)], check=True, capture_output=True, text=True)
    return done.stdout.split()[1]


def expect_error(answer, *words):
    assert answer["Status"] == "ERROR", answer
    for word in words:
        assert word in answer["StatusMessage"], f"the sentence does not say {word!r}: {answer}"
    return answer


with harness.Story() as story:
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    daemon = story.enter(harness.Daemon(story.folder / "state"))
    stranger = story.folder / "stranger"
    sshd.make_key(stranger)

    with story.case("a connector that is right is OK and shows the server's key"):
        partner = flows.partner_of(daemon, server)
        answer = partner.test()
        assert answer["ConnectorId"] == partner.id and answer["Status"] == "OK", answer
        assert answer["StatusMessage"] == "Connection succeeded", answer
        assert answer["SftpConnectionDetails"]["HostKey"] in server.trusted_keys(), answer

    with story.case("without trusted keys the first contact shows the key, and trusting it is all that is left to do"):
        first = flows.partner_of(daemon, server, trusted=())
        answer = first.test()
        shown = answer["SftpConnectionDetails"]["HostKey"]
        assert shown in server.trusted_keys(), answer
        expect_error(answer, "update-connector", "TrustedHostKeys", fingerprint(shown, story.folder))
        first.call("UpdateConnector", ConnectorId=first.id, SftpConfig={"TrustedHostKeys": [shown]})
        assert first.test()["Status"] == "OK"

    with story.case("a server with another key than the trusted one is not believed, and its key is shown"):
        partner = flows.partner_of(daemon, server, trusted=[sshd.public_line(stranger)])
        answer = expect_error(partner.test(), "Invalid trusted host keys: ")
        assert answer["SftpConnectionDetails"]["HostKey"] in server.trusted_keys(), answer

    with story.case("a key that the server does not take is said so"):
        secret = {"Username": server.user, "PrivateKey": stranger.read_text(encoding="ascii")}
        answer = expect_error(flows.partner_of(daemon, server, secret=secret).test(), server.user)
        assert answer["SftpConnectionDetails"]["HostKey"] in server.trusted_keys(), answer

    with story.case("a secret that is not there begins with the documented words"):
        partner = flows.partner_of(daemon, server)
        partner.call("UpdateConnector", ConnectorId=partner.id, SftpConfig={"UserSecretId": "no-such-secret"})
        answer = expect_error(partner.test(), "Cannot access secret manager: ", "no-such-secret")
        assert "SftpConnectionDetails" not in answer, answer

    with story.case("a role that is not there begins with the documented words"):
        partner = flows.partner_of(daemon, server)
        partner.call("UpdateConnector", ConnectorId=partner.id, AccessRole="arn:aws:iam::000000000000:role/nobody")
        expect_error(partner.test(), "Unable to assume the configured access role: ", "nobody")

    with story.case("a port where nobody listens, and a name that nobody has, are said so"):
        port = sshd.free_port()
        answer = expect_error(flows.partner_of(daemon, server, url=f"sftp://127.0.0.1:{port}").test(),
                              "Connection failed: ", f"127.0.0.1 port {port}", "Connection refused")
        assert "SftpConnectionDetails" not in answer, answer
        expect_error(flows.partner_of(daemon, server, url="sftp://no-such-host.invalid").test(),
                     "Unknown Host: ", "no-such-host.invalid")

    with story.case("many tests at a time are all answered, while nobody else has to wait for them"):
        partner = flows.partner_of(daemon, server)
        clients = [daemon.new_client() for _ in range(24)]
        for client in clients:  # each on a connection of its own, none waited for
            request = client.request("transfer", "TestConnection", {"ConnectorId": partner.id})
            client.sign("transfer", request)
            client.connection.request(request.method, request.target, request.body, dict(request.headers))
        partner.call("DescribeConnector", ConnectorId=partner.id)
        answers = [json.loads(client.connection.getresponse().read()) for client in clients]
        for client in clients:
            client.close()
        assert [answer.get("Status") for answer in answers] == ["OK"] * len(clients), answers

    with story.case("the aws client's test-connection shows the same"):
        if shutil.which("aws") is None:
            raise harness.Skip("there is no aws client here")
        env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        done = subprocess.run(["aws", "transfer", "test-connection", "--connector-id", partner.id], check=True,
                              capture_output=True, text=True, timeout=60, env={**env, **daemon.env})
        assert json.loads(done.stdout)["Status"] == "OK", done.stdout
