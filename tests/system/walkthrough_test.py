#!/usr/bin/env python3
"""The walkthrough of the README, with the unmodified `aws` and admin.env sourced as it is."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
from cli import aws, aws_s3, needs, refusal  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402


def wait_completed(daemon, connector, transfer):
    def ended():
        results = aws(daemon, "transfer", "list-file-transfer-results", "--connector-id", connector,
                      "--transfer-id", transfer)["FileTransferResults"]
        return results if all(result["StatusCode"] in flows.ENDED for result in results) else None
    results = harness.wait_until(ended, "the transfer to end", 60, every=0.1)
    assert all(result["StatusCode"] == "COMPLETED" for result in results), results
    return results


with harness.Story() as story:
    needs()
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    daemon = story.enter(harness.Daemon(story.folder / "state"))
    bucket = daemon.state / "buckets" / "files"
    (server.home / "in").mkdir()
    digest = flows.write_random(story.folder / "invoice.bin", 5_000_000)
    connector = host_key = None

    with story.case("s3 mb and cp fill a bucket, which is a folder"):
        aws_s3(daemon, "mb", "s3://files")
        aws_s3(daemon, "cp", story.folder / "invoice.bin", "s3://files/")
        assert flows.sha256_of(bucket / "invoice.bin") == digest

    with story.case("sts get-caller-identity answers with the account of our ARNs"):
        identity = aws(daemon, "sts", "get-caller-identity")
        assert identity["Account"] == daemon.env["SALLYPORT_ROLE"].split(":")[4], identity

    with story.case("create-secret keeps the partner's login"):
        login = story.folder / "login.json"
        login.write_text(json.dumps({"Username": server.user, "PrivateKey": server.private_key}), encoding="ascii")
        secret = aws(daemon, "secretsmanager", "create-secret", "--name", "aws/transfer/partner",
                     "--secret-string", f"file://{login}")
        assert secret["ARN"].startswith("arn:aws:secretsmanager:"), secret

    with story.case("create-connector makes one without trusted host keys"):
        connector = aws(daemon, "transfer", "create-connector", "--url", server.url,
                        "--access-role", daemon.env["SALLYPORT_ROLE"],
                        "--sftp-config", f"UserSecretId={secret['ARN']}")["ConnectorId"]
        assert len(connector) == 19 and connector.startswith("c-"), connector

    with story.case("test-connection without trusted keys is an ERROR that shows the server's key"):
        test = aws(daemon, "transfer", "test-connection", "--connector-id", connector)
        assert test["Status"] == "ERROR", test
        host_key = test["SftpConnectionDetails"]["HostKey"]
        assert host_key in server.trusted_keys(), test

    with story.case("update-connector with that key makes test-connection answer OK"):
        aws(daemon, "transfer", "update-connector", "--connector-id", connector,
            "--sftp-config", json.dumps({"TrustedHostKeys": [host_key]}))
        test = aws(daemon, "transfer", "test-connection", "--connector-id", connector)
        assert test["Status"] == "OK" and test["StatusMessage"] == "Connection succeeded", test

    with story.case("describe-connector and list-connectors show it"):
        shown = aws(daemon, "transfer", "describe-connector", "--connector-id", connector)["Connector"]
        assert shown["Url"] == server.url and shown["Status"] == "ACTIVE", shown
        assert shown["SftpConfig"]["TrustedHostKeys"] == [host_key], shown
        listed = aws(daemon, "transfer", "list-connectors")["Connectors"]
        assert [entry["ConnectorId"] for entry in listed] == [connector], listed

    with story.case("start-file-transfer sends a file: COMPLETED, and the bytes are equal"):
        transfer = aws(daemon, "transfer", "start-file-transfer", "--connector-id", connector,
                       "--send-file-paths", "/files/invoice.bin",
                       "--remote-directory-path", str(server.home / "in"))["TransferId"]
        wait_completed(daemon, connector, transfer)
        assert flows.sha256_of(server.home / "in" / "invoice.bin") == digest

    with story.case("start-file-transfer fetches a file: COMPLETED, and the bytes are equal"):
        transfer = aws(daemon, "transfer", "start-file-transfer", "--connector-id", connector,
                       "--retrieve-file-paths", "in/invoice.bin", "--local-directory-path", "/files/back")["TransferId"]
        wait_completed(daemon, connector, transfer)
        assert flows.sha256_of(bucket / "back" / "invoice.bin") == digest

    with story.case("the server saw the login come from this machine"):
        assert f"Accepted publickey for {server.user} from 127.0.0.1" in server.log_text()

    with story.case("a call to a service that does not exist here is refused in words"):
        words = refusal(daemon, "dynamodb", "list-tables")
        assert "Sallyport" in words and "transfer" in words, words

    with story.case("delete-connector removes it, and describe-connector says so"):
        aws(daemon, "transfer", "delete-connector", "--connector-id", connector)
        assert "ResourceNotFoundException" in refusal(daemon, "transfer", "describe-connector",
                                                      "--connector-id", connector)
