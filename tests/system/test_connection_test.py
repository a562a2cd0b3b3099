#!/usr/bin/env python3
"""
TestConnection against a real OpenSSH server: what works, what does not and why, and the host key either way. The same
by our own API, which shows every step on the way.
"""

import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
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


def trace(partner, *steps):
    """Our own API's answer; its steps must be exactly @steps, all well but the last one of an ERROR."""
    answer = partner.daemon.client.rest("sallyport", "POST", f"/v1/connectors/{partner.id}/test")
    assert answer["ConnectorId"] == partner.id, answer
    assert [step["Step"] for step in answer["Steps"]] == list(steps), answer
    failed = [step["Status"] != "OK" for step in answer["Steps"]]
    assert failed == [False] * (len(steps) - 1) + [answer["Status"] == "ERROR"], answer
    assert all(0 <= step["Milliseconds"] < 60000 for step in answer["Steps"]), answer
    if answer["Status"] == "ERROR" and "No trusted host keys" not in answer["StatusMessage"]:
        assert answer["StatusMessage"].endswith(answer["Steps"][-1]["Message"]), answer
    return answer, {step["Step"]: step for step in answer["Steps"]}


HANDSHAKE = ("banner", "key-exchange", "host-key", "authenticate", "sftp")

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

    with story.case("the trace shows every step of a connection that works, with what was agreed on"):
        partner = flows.partner_of(daemon, server)
        answer, steps = trace(partner, "role", "secret", "connect", *HANDSHAKE)
        assert answer["StatusMessage"] == "Connection succeeded" and answer["HostKey"] in server.trusted_keys(), answer
        assert steps["secret"]["Details"] == {"SecretId": partner.secret, "Versions": 1, "PrivateKey": True, "Password": False}, steps
        assert steps["connect"]["Details"]["Address"] == f"127.0.0.1:{server.port}", steps
        assert steps["banner"]["Details"]["Banner"].startswith("SSH-2.0-OpenSSH"), steps
        details = steps["key-exchange"]["Details"]
        for kind, accepted in details["Accepted"].items():
            assert accepted in details["Offered"][kind] or accepted.startswith("aead-"), details
        assert steps["host-key"]["Details"]["Trusted"] is True, steps
        assert steps["host-key"]["Details"]["Fingerprint"] == fingerprint(answer["HostKey"], story.folder), steps
        assert steps["authenticate"]["Details"]["Method"] == "publickey", steps
        sftp = steps["sftp"]["Details"]
        assert sftp["Version"] == 3 and sftp["ReadBytesMax"] == 261120, sftp
        assert "posix-rename@openssh.com" in sftp["Extensions"] and "limits@openssh.com" in sftp["Extensions"], sftp

    with story.case("a name shows what it was resolved to"):
        partner = flows.partner_of(daemon, server, url=f"sftp://localhost:{server.port}")
        _, steps = trace(partner, "role", "secret", "resolve", "connect", *HANDSHAKE)
        assert "127.0.0.1" in steps["resolve"]["Details"]["Addresses"], steps

    with story.case("without trusted keys the trace has the command that trusts the key, and it works"):
        first = flows.partner_of(daemon, server, trusted=())
        _, steps = trace(first, "role", "secret", "connect", "banner", "key-exchange", "host-key")
        details = steps["host-key"]["Details"]
        assert details["Trusted"] is False and details["Fingerprint"] in steps["host-key"]["Message"], details
        words = shlex.split(details["Command"])
        assert words[:3] == ["aws", "transfer", "update-connector"], words
        assert words[words.index("--connector-id") + 1] == first.id, words
        first.call("UpdateConnector", ConnectorId=first.id,
                   SftpConfig=json.loads(words[words.index("--sftp-config") + 1]))
        answer, _ = trace(first, "role", "secret", "connect", *HANDSHAKE)
        assert answer["Status"] == "OK", answer

    with story.case("another key than the trusted one is shown, without a command that would trust it"):
        partner = flows.partner_of(daemon, server, trusted=[sshd.public_line(stranger)])
        _, steps = trace(partner, "role", "secret", "connect", "banner", "key-exchange", "host-key")
        assert "Command" not in steps["host-key"]["Details"], steps

    with story.case("a refused key shows what the server offers instead"):
        secret = {"Username": server.user, "PrivateKey": stranger.read_text(encoding="ascii")}
        _, steps = trace(flows.partner_of(daemon, server, secret=secret), "role", "secret", "connect", "banner",
                         "key-exchange", "host-key", "authenticate")
        assert "publickey" in steps["authenticate"]["Details"]["Offered"], steps
        assert "Method" not in steps["authenticate"]["Details"], steps

    with story.case("the trace ends where the way ends: role, secret, name, port"):
        partner = flows.partner_of(daemon, server)
        partner.call("UpdateConnector", ConnectorId=partner.id, SftpConfig={"UserSecretId": "no-such-secret"})
        trace(partner, "role", "secret")
        partner.call("UpdateConnector", ConnectorId=partner.id, AccessRole="arn:aws:iam::000000000000:role/nobody")
        trace(partner, "role")
        trace(flows.partner_of(daemon, server, url="sftp://no-such-host.invalid"), "role", "secret", "resolve")
        port = sshd.free_port()
        trace(flows.partner_of(daemon, server, url=f"sftp://127.0.0.1:{port}"), "role", "secret", "connect")

    with story.case("a connector that is not there is 404, whether an id or a name was given"):
        for wrong in ("c-0123456789abcdef0", "nonsense"):
            try:
                daemon.client.rest("sallyport", "POST", f"/v1/connectors/{wrong}/test")
                raise AssertionError(f"{wrong} was tested")
            except aws.AwsError as refusal:
                assert (refusal.status, refusal.code) == (404, "ResourceNotFoundException"), refusal

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
