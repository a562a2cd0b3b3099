#!/usr/bin/env python3
"""Whatever is sent, the answer is the documented error of that protocol, and the daemon keeps serving."""

import datetime
import json
import pathlib
import socket
import sys
import xml.etree.ElementTree as xml

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402

NOBODY = "c-" + "0" * 17
JSON = "application/x-amz-json-1.1"


def expect(response, code, *words, status=400):
    """An answer with this code and status, whose message holds every one of @words; has what every answer has."""
    error = aws.error_of(response)
    assert (error.code, response.status) == (code, status), f"got {response.status} {response.body!r}"
    assert error.message, "an error without a sentence"
    for word in words:
        assert word in error.message, f"the sentence does not say {word!r}: {error.message!r}"
    assert response.header("Date"), response.headers
    assert response.header("x-amzn-RequestId") or b"RequestId" in response.body, response.headers
    return error


def post(target, body, service="transfer", **how):
    request = aws.Request(headers=[("X-Amz-Target", target), ("Content-Type", JSON)],
                          body=body if isinstance(body, (str, bytes)) else json.dumps(body))
    return client.send(service, request, **how)


def transfer(operation, arguments, **how):
    return post(f"TransferService.{operation}", arguments, **how)


def sts(**how):
    return client.send("sts", client.request("sts", "GetCallerIdentity", {}), **how)


def at(minutes):
    """A function that signs a request as if it were so many minutes later."""
    stamp = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)).strftime("%Y%m%dT%H%M%SZ")
    return lambda service, request: client.sign(service, request, stamp=stamp)


def send_signed_by(sign, service="transfer"):
    request = client.request(service, *(("GetCallerIdentity", {}) if service == "sts" else ("ListConnectors", {})))
    sign(service, request)
    return client.send(service, request, sign=False)


with harness.Story() as story:
    daemon = story.enter(harness.Daemon(story.folder / "state"))
    client = daemon.client
    role = daemon.env["SALLYPORT_ROLE"]

    # ---- the body

    with story.case("malformed JSON is a SerializationException"):
        for body in ("{", '{"ConnectorId": }', "[]", '"text"', "null", '{"a":1} x', b"\xff\xfe", '{"a":"\\ud800"}',
                     "[" * 100000):
            expect(transfer("DescribeConnector", body), "SerializationException")

    with story.case("members of a wrong type are a SerializationException or InvalidRequestException that names them"):
        for operation, member, value in [("DescribeConnector", "ConnectorId", 7), ("DescribeConnector", "ConnectorId", ["x"]),
                                         ("ListConnectors", "MaxResults", "ten"), ("CreateConnector", "SftpConfig", "text")]:
            good = {"AccessRole": role} if operation == "CreateConnector" else {}
            error = aws.error_of(transfer(operation, {**good, member: value}))
            assert error.code in ("SerializationException", "InvalidRequestException") and error.status == 400, error
            assert member in error.message, error

    with story.case("a missing, too long, too big or ill-formed member is named"):
        for operation, arguments, member in [
                ("DescribeConnector", {}, "ConnectorId"),
                ("DescribeConnector", {"ConnectorId": "c-" + "0" * 5000}, "ConnectorId"),
                ("DescribeConnector", {"ConnectorId": "x-" + "0" * 17}, "ConnectorId"),
                ("ListConnectors", {"MaxResults": 0}, "MaxResults"),
                ("ListConnectors", {"MaxResults": 1001}, "MaxResults"),
                ("StartFileTransfer", {"ConnectorId": NOBODY, "SendFilePaths": ["/b/k"] * 11}, "SendFilePaths"),
                ("StartFileTransfer", {"ConnectorId": NOBODY, "SendFilePaths": []}, "SendFilePaths"),
                ("StartFileTransfer", {"ConnectorId": NOBODY, "SendFilePaths": ["k" * 1025]}, "SendFilePaths"),
                ("CreateConnector", {"AccessRole": "nobody", "Url": "sftp://h"}, "AccessRole")]:
            expect(transfer(operation, arguments), "InvalidRequestException", member)

    with story.case("a body of 2 MiB is refused, with a length and without"):
        for chunked in (False, True):
            try:
                response = daemon.new_client().send(
                    "transfer", client.request("transfer", "ListConnectors", {"NextToken": "x" * (2 << 20)}), chunked=chunked)
            except (ConnectionError, OSError):
                continue  # the server may also hang up on us in the middle
            assert 400 <= response.status < 500, response.body

    # ---- what is asked for

    with story.case("an unknown operation is an UnknownOperationException that names what exists"):
        expect(transfer("MakeCoffee", {}), "UnknownOperationException", "MakeCoffee")
        expect(post("secretsmanager.MakeCoffee", {}, service="secretsmanager"), "UnknownOperationException", "MakeCoffee")
        expect(client.send("sts", client.request("sts", "MakeCoffee", {})), "InvalidAction", "MakeCoffee")

    with story.case("an operation of AWS that is not here is refused in words"):
        expect(transfer("CreateServer", {}), "UnknownOperationException", "CreateServer")

    with story.case("an unknown service is refused in its own protocol"):
        error = aws.error_of(post("DynamoDB_20120810.ListTables", {}, service="dynamodb"))
        assert 400 <= error.status < 500 and error.code and "dynamodb" in error.message.lower(), error
        response = client.send("cloudfront", aws.Request("GET", "/2020-05-31/distribution"))
        root = xml.fromstring(response.body)
        assert root.tag == "ErrorResponse" and root.findtext("Error/Code"), response.body
        assert "cloudfront" in root.findtext("Error/Message") and 400 <= response.status < 500, response.body

    with story.case("an unknown connector is a ResourceNotFoundException with its members"):
        for operation, more in [("DescribeConnector", {}), ("DeleteConnector", {}), ("TestConnection", {}),
                                ("UpdateConnector", {}),
                                ("StartFileTransfer", {"SendFilePaths": ["/b/k"]}),
                                ("ListFileTransferResults", {"TransferId": "0b0b0b0b-0000-4000-8000-000000000000"})]:
            response = transfer(operation, {"ConnectorId": NOBODY, **more})
            expect(response, "ResourceNotFoundException", NOBODY)
            assert response.json()["Resource"] == NOBODY and response.json()["ResourceType"], response.body

    with story.case("a forged NextToken is refused"):
        for token in ("x", "A" * 6144, "eyJ9"):
            expect(transfer("ListConnectors", {"NextToken": token}), "InvalidNextTokenException")
            expect(post("secretsmanager.ListSecrets", {"NextToken": token[:4096]}, service="secretsmanager"),
                   "InvalidNextTokenException")

    with story.case("neither direction, and both, are refused"):
        partner = flows.Partner(daemon, "sftp://127.0.0.1:1", {"Username": "u", "Password": "p"})
        for more in ({}, {"SendFilePaths": ["/b/k"], "RetrieveFilePaths": ["k"], "LocalDirectoryPath": "/b"},
                     {"RetrieveFilePaths": ["k"]}):
            expect(transfer("StartFileTransfer", {"ConnectorId": partner.id, **more}), "InvalidRequestException")

    # ---- who asks

    with story.case("an unsigned request is refused in the words of its protocol"):
        expect(transfer("ListConnectors", {}, sign=False), "MissingAuthenticationTokenException")
        expect(sts(sign=False), "MissingAuthenticationToken", status=403)

    with story.case("a wrong signature is refused"):
        def spoil(request):
            authorization = request.get("Authorization")
            request.set("Authorization", authorization[:-1] + ("0" if authorization[-1] != "0" else "1"))
        expect(transfer("ListConnectors", {}, tamper=spoil), "InvalidSignatureException")
        expect(sts(tamper=spoil), "SignatureDoesNotMatch", status=403)

    with story.case("a body or header that was changed after signing is refused"):
        def other_body(request):
            request.body = b'{"MaxResults":1}'
        expect(transfer("ListConnectors", {}, tamper=other_body), "InvalidSignatureException")
        expect(transfer("ListConnectors", {}, tamper=lambda request: request.set("X-Amz-Target", "TransferService.DeleteConnector")),
               "InvalidSignatureException")

    with story.case("a half Authorization header is an IncompleteSignatureException"):
        expect(transfer("ListConnectors", {}, tamper=lambda request: request.set("Authorization", "AWS4-HMAC-SHA256 Credential=")),
               "IncompleteSignatureException")

    with story.case("an unknown access key is refused"):
        stranger = daemon.new_client()
        stranger.key = "AKIA" + "X" * 16
        expect(stranger.send("transfer", stranger.request("transfer", "ListConnectors", {})), "UnrecognizedClientException")

    with story.case("a wrong region or service in the scope is refused"):
        expect(send_signed_by(lambda service, request: client.sign(service, request, region="moon-east-1")),
               "InvalidSignatureException", daemon.env["AWS_REGION"])
        assert send_signed_by(lambda service, request: client.sign("sts", request)).status >= 400

    with story.case("a stale and a future date are refused with both times"):
        expect(send_signed_by(at(-20)), "InvalidSignatureException", "Signature expired")
        expect(send_signed_by(at(+20)), "InvalidSignatureException", "Signature not yet current")
        expect(send_signed_by(at(-20), "sts"), "SignatureDoesNotMatch", "Signature expired", status=403)

    # ---- bytes that are no request

    with story.case("bytes that are no HTTP end with an answer or a closed connection"):
        host, port = client.host.split(":")
        for junk in (b"\x16\x03\x01\x02\x00\x01\x00\x01", b"GET\r\n\r\n", b"POST / HTTP/9.9\r\n\r\n",
                     b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"POST / HTTP/1.1\r\n" + b"a: b\r\n" * 20000 + b"\r\n"):
            with socket.create_connection((host, int(port)), 10) as connection:
                try:
                    connection.sendall(junk)
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(65536):
                        pass
                except OSError:  # hung up on us
                    pass

    with story.case("a request that never ends does not keep others from being answered"):
        with socket.create_connection((host, int(port)), 10) as slow:
            slow.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            assert transfer("ListConnectors", {}).status == 200

    with story.case("after all this the daemon is the same process and answers"):
        assert daemon.process.poll() is None
        assert transfer("ListConnectors", {}).status == 200
        assert "Account" in client.call("sts", "GetCallerIdentity", {})
