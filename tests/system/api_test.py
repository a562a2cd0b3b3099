#!/usr/bin/env python3
"""The front: whatever comes over HTTP gets the answer of its protocol, and the server goes on serving.

The server runs with a toy service (tests/tools/toy_api.c); requests are signed by aws.py, which shares nothing with it.
"""

import email.utils
import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import threading
import time
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
import aws  # noqa: E402  pylint: disable=wrong-import-position
import harness  # noqa: E402  pylint: disable=wrong-import-position

REGION, KEY, SECRET = "eu-central-1", "AKIATOYTOYTOYTOYTOY1", "toytoytoytoytoytoytoytoytoytoytoytoytoy1"
aws.JSON_TARGETS["toy"] = "ToyService"
aws.QUERY_VERSIONS.update(toyquery="2026-01-01", toyec2="2016-11-15")
MIB = 1 << 20
POOL_THREADS, POOL_QUEUE = 2, 16  # as in toy_api.c


class Toy(harness.Tool):
    def __init__(self, address="127.0.0.1:0", certificate=None, key=None):
        pair = (certificate, key) if certificate else ()
        super().__init__(harness.BUILD / "tests" / "tools" / "toy_api", address, *pair)
        self.host, self.port = address.rpartition(":")[0], None
        self.scheme = "https" if certificate else "http"
        self.certificate = certificate

    def __enter__(self):
        super().__enter__()
        self.port = int(self.wait_line(lambda line: line.startswith("port "))[1].split()[1])
        return self

    def __exit__(self, *_):
        code = self.finish()
        if code != 0:
            raise RuntimeError(f"the toy server ended with {code}")

    def client(self, key=KEY, secret=SECRET, region=REGION):
        return aws.Client(f"{self.scheme}://{self.host}:{self.port}", region, key, secret, ca_file=self.certificate)

    def tell(self, command, answer=None):
        start = len(self.lines)
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()
        if answer:
            return self.wait_line(lambda line: line.startswith(answer), start)[1]
        return start

    def count(self, word):
        with self.changed:
            return self.lines.count(word)

    def wait_count(self, word, count):
        harness.wait_until(lambda: self.count(word) >= count, f"{count} times \"{word}\"")

    def connect(self):
        return socket.create_connection((self.host, self.port), timeout=harness.PATIENCE_SECONDS)


def refused(client, code, status, operation="Echo", arguments=None, service="toy", tamper=None):
    """Calls, and returns the error, which must be this one."""
    try:
        client.call(service, operation, arguments or {}, tamper)
    except aws.AwsError as error:
        assert (error.code, error.status) == (code, status), error
        assert error.response.header("x-amzn-RequestId"), "the answer has no request id"
        return error
    raise AssertionError(f"the call was answered instead of {code}")


def raw_of(client, operation="Echo", body="{}", service="toy"):
    """The bytes of a signed request."""
    request = client.request(service, operation, {})
    request.body = body.encode()
    client.sign(service, request)
    head = [f"{request.method} {request.target} HTTP/1.1"] + [f"{name}: {value}" for name, value in request.headers]
    return "\r\n".join(head + [f"Content-Length: {len(request.body)}", "", ""]).encode() + request.body


def read_to_end(connection):
    data = b""
    while True:
        try:
            piece = connection.recv(65536)
        except ConnectionResetError:
            return data
        if not piece:
            return data
        data += piece


def in_thread(function, *arguments):
    """Runs it beside us; the returned function waits and gives the result, or raises what it raised."""
    result = []

    def work():
        try:
            result.append((function(*arguments), None))
        except Exception as error:  # pylint: disable=broad-except
            result.append((None, error))

    thread = threading.Thread(target=work)
    thread.start()

    def join():
        thread.join(harness.PATIENCE_SECONDS)
        assert result, "there is no answer"
        value, error = result[0]
        if error:
            raise error
        return value

    return join


# ---- good requests, and errors of services ----------------------------------------------------------------------------


def good_requests(story, toy):
    client = toy.client()
    with story.case("a signed request is answered, with its id and one right date"):
        response = client.send("toy", client.request("toy", "Echo", {"Text": "ä\"\\ \u20ac", "Texts": ["a", "b"]}))
        assert response.status == 200 and response.header("content-type") == ["application/x-amz-json-1.1"]
        output = response.json()
        assert output["Text"] == "ä\"\\ \u20ac" and output["Texts"] == ["a", "b"] and output["KeyId"] == KEY
        assert response.header("x-amzn-requestid") == [output["RequestId"]]
        (date,) = response.header("date")
        assert date.endswith(" GMT") and abs(email.utils.parsedate_to_datetime(date).timestamp() - time.time()) < 5

    with story.case("an operation without output has an empty body"):
        response = client.send("toy", client.request("toy", "SayNothing", {}))
        assert (response.status, response.body, response.header("content-length")) == (200, b"", ["0"])

    with story.case("an empty body is an empty input, and null is absent"):
        request = client.request("toy", "Echo", {})
        request.body = b""
        assert set(client.send("toy", request).json()) == {"RequestId", "KeyId"}
        assert "Text" not in client.call("toy", "Echo", {"Text": None})

    with story.case("an error of the service carries its type, status and members"):
        error = refused(client, "ToyMissingException", 400, "Fail", {"Text": "x<&"})
        assert error.response.json() == {"__type": error.code, "Message": "there is no \"x<&\"", "Resource": "x<&"}
        assert error.response.header("x-amzn-errortype") == [error.code]
        assert refused(client, "ToyBrokenException", 500, "Fail").message == "broken"

    with story.case("one connection carries many requests"):
        client.call("toy", "Echo")
        first = client.connection.sock
        for number in range(50):
            client.call("toy", "Echo", {"Text": str(number)})
        refused(client, "ToyBrokenException", 500, "Fail")
        refused(client, "UnknownOperationException", 400, "Nope")
        assert client.connection.sock is first and first is not None

    with story.case("a body may come in chunks, and the hash of the body may be a header"):
        request = client.request("toy", "Echo", {"Text": "x" * 100, "Filler": "y" * 5000})
        assert client.send("toy", request, chunked=True).json()["Text"] == "x" * 100
        request = client.request("toy", "Echo", {"Text": "a"})
        client.sign("toy", request, hash_header=True)
        assert client.exchange(request).status == 200

    with story.case("a client that asks first is told to continue"):
        with toy.connect() as connection:
            head, _, body = raw_of(client).partition(b"\r\n\r\n")
            connection.sendall(head + b"\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
            connection.sendall(body)
            assert b"HTTP/1.1 200 " in read_to_end(connection)

    with story.case("requests sent in one go are answered in their order"):
        with toy.connect() as connection:
            texts = [raw_of(client, body=json.dumps({"Text": f"number {number}"})) for number in range(5)]
            texts[4] = texts[4].replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)
            connection.sendall(b"".join(texts))
            answer = read_to_end(connection)
            places = [answer.index(b"number %d" % number) for number in range(5)]
            assert places == sorted(places)


# ---- refusals -----------------------------------------------------------------------------------------------------------


def change(name, function):
    return lambda request: request.set(name, function(request.get(name)))


SIGNATURE_TAMPERS = [  # what, tamper, JSON code, Query code, a word of the message
    ("an unsigned request", lambda request: request.drop("Authorization"),
     "MissingAuthenticationTokenException", "MissingAuthenticationToken", "Missing Authentication Token"),
    ("another algorithm", change("Authorization", lambda value: value.replace("HMAC", "ECDSA-P256")),
     "IncompleteSignatureException", "IncompleteSignature", "algorithm"),
    ("a header without signature", change("Authorization", lambda value: value.rpartition(",")[0]),
     "IncompleteSignatureException", "IncompleteSignature", "'Signature'"),
    ("a request without date", lambda request: request.drop("X-Amz-Date"),
     "IncompleteSignatureException", "IncompleteSignature", "X-Amz-Date"),
    ("an unknown key", change("Authorization", lambda value: value.replace(KEY, "AKIATOYTOYTOYTOYTOY2")),
     "UnrecognizedClientException", "InvalidClientTokenId", "security token"),
    ("a wrong signature", change("Authorization", lambda value: value[:-1] + ("0" if value[-1] != "0" else "1")),
     "InvalidSignatureException", "SignatureDoesNotMatch", "does not match"),
    ("a changed body", lambda request: setattr(request, "body", request.body + b" "),
     "InvalidSignatureException", "SignatureDoesNotMatch", "does not match"),
    ("a changed query", lambda request: setattr(request, "target", "/?a=b"),
     "InvalidSignatureException", "SignatureDoesNotMatch", "does not match"),
    ("a changed host", change("Host", lambda value: "example.com"),
     "InvalidSignatureException", "SignatureDoesNotMatch", "does not match"),
    ("a header that should have been signed", lambda request: request.set("X-Amz-Other", "1"),
     "InvalidSignatureException", "SignatureDoesNotMatch", "SignedHeader"),
    ("a session token", lambda request: request.set("X-Amz-Security-Token", "abc"),
     "InvalidSignatureException", "SignatureDoesNotMatch", "SignedHeader"),
    ("another date in the scope", change("Authorization", lambda value: value.replace("/20", "/19", 1)),
     "InvalidSignatureException", "SignatureDoesNotMatch", "Date in Credential scope"),
]


def bad_signatures(story, toy):
    client = toy.client()
    for what, tamper, json_code, query_code, word in SIGNATURE_TAMPERS:
        with story.case(f"{what} is refused in both protocols"):
            for service, code, status in (("toy", json_code, 400), ("toyquery", query_code, 403)):
                error = refused(client, code, status, service=service, tamper=tamper)
                assert word in error.message, error.message
                assert SECRET not in str(error.response.body)

    with story.case("a wrong secret, region and session token are refused"):
        refused(toy.client(secret="x" * 40), "InvalidSignatureException", 400)
        error = refused(toy.client(region="us-east-1"), "InvalidSignatureException", 400)
        assert "valid region, not 'us-east-1'" in error.message

        request = client.request("toy", "Echo", {})
        request.set("X-Amz-Security-Token", "abc")
        assert aws.error_of(client.send("toy", request)).code == "UnrecognizedClientException"

    with story.case("a date five minutes off is refused, four are not"):
        for minutes, good in ((-4, True), (4, True), (-6, False), (6, False)):
            stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + 60 * minutes))
            request = client.request("toy", "Echo", {})
            client.sign("toy", request, stamp=stamp)
            response = client.exchange(request)
            assert (response.status == 200) == good
            if not good:
                error = aws.error_of(response)
                assert error.code == "InvalidSignatureException" and error.message.startswith("Signature ")
                assert response.header("date"), "clients set their clocks by it"

    with story.case("a signed URL is good once signed for, and only unchanged"):
        target = "/?Action=GetCallerIdentity&Version=2011-06-15"
        response = client.exchange(client.presign("sts", target))
        assert response.status == 200 and b"<Account>123456789012</Account>" in response.body
        request = client.presign("sts", target)
        request.target = request.target.replace("GetCallerIdentity", "GetCallerIdentitz")
        assert aws.error_of(client.exchange(request)).code == "SignatureDoesNotMatch"
        old = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() - 61))
        assert aws.error_of(client.exchange(client.presign("sts", target, stamp=old))).code == "SignatureDoesNotMatch"


def bad_inputs(story, toy):
    client = toy.client()
    with story.case("what is no JSON object is refused"):
        for body in ("{", "[]", "\"a\"", "{} x", "{\"Text\": }", "{\"Text\": \"a\", \"Text\": \"b\"}", "\x00", "null",
                     "[" * 5000, "{\"Text\": \"\\u0000\"}"):
            request = client.request("toy", "Echo", {})
            request.body = body.encode()
            error = aws.error_of(client.send("toy", request))
            assert (error.code, error.status) == ("SerializationException", 400), (body[:20], error)
        request = client.request("toy", "Echo", {})
        request.body = b"{\"Text\": \"\xff\"}"
        assert aws.error_of(client.send("toy", request)).code == "SerializationException"

    with story.case("a wrong type is refused by name"):
        for arguments, sentence in (({"Text": 1}, "Text: must be a string"), ({"Number": "1"}, "Number: must be an integer"),
                                    ({"Number": 1.5}, "Number: must be an integer"),
                                    ({"Texts": {}}, "Texts: must be a list"),
                                    ({"Texts": ["a", 2]}, "Texts[1]: must be a string")):
            assert refused(client, "SerializationException", 400, arguments=arguments).message == sentence

    with story.case("a value out of bounds is refused by name, as the service calls it"):
        for arguments, sentence in (({"Text": ""}, "Text: must have at least 1 character, not 0"),
                                    ({"Text": "é" * 101}, "Text: must have at most 100 characters, not 101"),
                                    ({"Number": 11}, "Number: must be between 1 and 10, not 11"),
                                    ({"Texts": list("abcd")}, "Texts: must have at most 3 elements, not 4")):
            assert refused(client, "ToyInvalidException", 400, arguments=arguments).message == sentence

    with story.case("an unknown operation is refused, naming those there are"):
        error = refused(client, "UnknownOperationException", 400, "Nope")
        assert "\"Nope\"" in error.message and "Echo, SayNothing" in error.message
        for target in ("Echo", "Other.Echo", "ToyService.", "ToyService", "", "x" * 3000):
            request = client.request("toy", "Echo", {})
            request.set("X-Amz-Target", target)
            assert aws.error_of(client.send("toy", request)).code == "UnknownOperationException", target

    with story.case("a wrong method, path or content type is refused"):
        for method, target, code in (("GET", "/", "UnknownOperationException"), ("PUT", "/", "UnknownOperationException"),
                                     ("POST", "/x", "UnknownOperationException")):
            request = client.request("toy", "Echo", {})
            request.method, request.target = method, target
            assert aws.error_of(client.send("toy", request)).code == code
        for kind in ("application/json", "text/plain", "application/x-amz-json-1.12", ""):
            request = client.request("toy", "Echo", {})
            request.set("Content-Type", kind)
            assert aws.error_of(client.send("toy", request)).code == "SerializationException", kind
        request = client.request("toy", "Echo", {})
        request.set("Content-Type", "application/x-amz-json-1.1; charset=utf-8")
        assert client.send("toy", request).status == 200

    with story.case("a request signed for one service and sent to another is refused"):
        request = client.request("toy", "Echo", {})
        error = aws.error_of(client.send("toyquery", request))
        assert error.code == "InvalidAction"
        request = client.request("sts", "GetCallerIdentity", {})
        assert aws.error_of(client.send("toy", request)).code == "UnknownOperationException"

    with story.case("services that are not here are refused in their own form, naming what is"):
        for service, method, target, code, status, kind in (
                ("s3", "GET", "/bucket?list-type=2", "NotImplemented", 501, "application/xml"),
                ("ec2", "POST", "/", "InvalidAction", 400, "text/xml;charset=UTF-8"),
                ("iam", "POST", "/", "InvalidAction", 400, "text/xml;charset=UTF-8"),
                ("logs", "POST", "/", "UnknownOperationException", 400, "application/x-amz-json-1.1"),
                ("vpc-lattice", "GET", "/resourcegateways", "UnknownOperationException", 404, "application/json")):
            response = client.send(service, aws.Request(method, target))
            error = aws.error_of(response)
            assert (error.code, error.status, response.header("content-type")) == (code, status, [kind]), error
            assert "toy, toyquery, toyec2, toyrest, sts" in error.message


def queries(story, toy):
    client = toy.client()
    with story.case("a form is read by the shape, and answered in XML"):
        output = client.call("toyquery", "Echo", {"Text": "<a & b>\r\n+ é", "Number": 7, "Texts": ["x", "y"]})
        assert (output["Text"], output["Number"], output["Texts"]) == ("<a & b>\r\n+ é", "7", ["x", "y"])
        response = client.send("toyquery", client.request("toyquery", "Echo", {}))
        assert response.header("content-type") == ["text/xml;charset=UTF-8"]
        assert response.body.startswith(b'<EchoResponse xmlns="https://toy.invalid/doc/2026-01-01/"><EchoResult>')
        assert b"<RequestId>" + response.header("x-amzn-requestid")[0].encode() + b"</RequestId>" in response.body

    with story.case("GetCallerIdentity says whose account it is"):
        output = client.call("sts", "GetCallerIdentity")
        assert output == {"Arn": "arn:aws:iam::123456789012:root", "UserId": "123456789012", "Account": "123456789012"}

    with story.case("a form that is wrong is refused in XML"):
        for body, code in (("Action=Echo&Version=2026-01-01&Text=%zz", "MalformedQueryString"),
                           ("Action=Echo&Action=Echo&Version=2026-01-01", "MalformedQueryString"),
                           ("Action=Echo&Version=2026-01-01&Number=x", "MalformedQueryString"),
                           ("Action=Echo&Version=2026-01-01&Number=11", "ValidationError"),
                           ("Action=Echo&Version=2011-06-15", "InvalidAction"), ("Action=Echo", "InvalidAction"),
                           ("Version=2026-01-01", "InvalidAction"), ("", "InvalidAction"),
                           ("Action=Nope&Version=2026-01-01", "InvalidAction")):
            request = aws.Request("POST", "/", [("Content-Type", "application/x-www-form-urlencoded")], body)
            error = aws.error_of(client.send("toyquery", request))
            assert (error.code, error.status) == (code, 400), (body, error)
        error = refused(client, "ToyMissingException", 400, "Fail", {"Text": "<x>"}, service="toyquery")
        assert error.message == 'there is no "<x>"'


def ec2_requests(story, toy):
    client = toy.client()

    def ask(body):
        kind = ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
        return client.send("toyec2", aws.Request("POST", "/", [kind], body))

    with story.case("EC2's form is read with flat lists, and answered with items and the request's id"):
        response = ask("Action=Echo&Version=2016-11-15&Text=a%20%26&Number=7&Texts.1=x&Texts.2=y")
        (request_id,) = response.header("x-amzn-requestid")
        assert response.status == 200 and response.header("content-type") == ["text/xml;charset=UTF-8"]
        assert response.body.decode() == (
            '<?xml version="1.0" encoding="UTF-8"?>\n<EchoResponse xmlns="https://toy.invalid/doc/2016-11-15/">'
            f"<requestId>{request_id}</requestId><Text>a &amp;</Text><Number>7</Number>"
            f"<Texts><item>x</item><item>y</item></Texts><RequestId>{request_id}</RequestId><KeyId>{KEY}</KeyId>"
            "</EchoResponse>")
        assert b"<return>true</return>" in ask("Action=SayNothing&Version=2016-11-15").body
        assert client.exchange(client.presign("toyec2", "/?Action=Echo&Version=2016-11-15")).status == 200

    with story.case("EC2's errors have its own names and form"):
        for body, code in (("Action=Echo&Version=2016-11-15&Dry=true", "UnknownParameter"),
                           ("Action=Echo&Version=2016-11-15&Texts.2=x", "UnknownParameter"),
                           ("Action=Echo&Version=2016-11-15&Number=11", "InvalidParameterValue"),
                           ("Action=Echo&Version=2016-11-15&Number=x", "InvalidParameterValue"),
                           ("Action=Nope&Version=2016-11-15", "InvalidAction"), ("", "InvalidAction"),
                           ("Action=Echo&Version=2016-11-15&Text=%zz", "MalformedQueryString"),
                           ("Action=Fail&Version=2016-11-15&Text=x", "ToyMissingException")):
            response = ask(body)
            error = aws.error_of(response)
            assert (error.code, error.status) == (code, 400), (body, error)
            assert b"\n<Response><Errors><Error><Code>" in response.body and response.body.endswith(
                f"<RequestID>{response.header('x-amzn-requestid')[0]}</RequestID></Response>".encode()), response.body
        assert aws.error_of(ask("Action=Fail&Version=2016-11-15")).status == 500
        assert refused(toy.client(secret="x" * 40), "SignatureDoesNotMatch", 403, service="toyec2")


def rest_requests(story, toy):
    client = toy.client()

    def ask(method, path, body=None, kind="application/json"):
        headers = [("Content-Type", kind)] if body is not None else []
        return client.send("toyrest", aws.Request(method, path, headers, body or b""))

    with story.case("method, path, query string and body are read, and the answer has its operation's status"):
        response = ask("POST", "/things", '{"Text": "a", "Texts": ["b"]}')
        assert response.status == 201 and response.header("content-type") == ["application/json"]
        assert response.json()["Texts"] == ["b"] and response.header("x-amzn-requestid")
        arn = "arn:aws:toy:::thing/one two+"
        output = ask("GET", "/things/arn%3Aaws%3Atoy%3A%3A%3Athing%2Fone%20two%2B?Texts=a&Texts=b%2Fc&Number=3").json()
        assert (output["Thing"], output["Texts"], output["Number"]) == (arn, ["a", "b/c"], 3)

    with story.case("an answer of status 204 has no body, and the connection goes on"):
        response = ask("DELETE", "/things/x")
        assert (response.status, response.body, response.header("content-type")) == (204, b"", [])
        assert ask("DELETE", "/things/x").status == 204

    with story.case("REST errors have their type in a header and say which field it was"):
        for method, path, body, reason, fields in (
                ("POST", "/things", '{"Number": 11}', "fieldValidationFailed", ["Number"]),
                ("POST", "/things", '{"Texts": ["a", 1]}', "fieldValidationFailed", ["Texts[1]"]),
                ("GET", "/things/x?Number=y", None, "fieldValidationFailed", ["Number"]),
                ("POST", "/things", "{", "cannotParse", None), ("POST", "/things", "[]", "cannotParse", None),
                ("GET", "/things/x?Number=1&Number=2", None, "cannotParse", None),
                ("GET", "/nothing", None, "unknownOperation", None), ("PUT", "/things", "{}", "unknownOperation", None),
                ("GET", "/things/", None, "unknownOperation", None)):
            response = ask(method, path, body)
            output = response.json()
            assert (response.status, response.header("x-amzn-errortype")) == (400, ["ValidationException"]), response.body
            assert output["reason"] == reason and output["message"], (path, output)
            assert [field["name"] for field in output["fieldList"]] == fields if fields else "fieldList" not in output
        assert ask("POST", "/things", "{}", "text/plain").json()["reason"] == "cannotParse"
        assert "POST (CreateThing), PATCH (BreakThing)" in ask("PUT", "/things", "{}").json()["message"]
        response = ask("PATCH", "/things", '{"Text": "x"}')
        assert response.header("x-amzn-errortype") == ["ToyMissingException"]
        assert response.json() == {"message": 'there is no "x"', "Resource": "x"}
        assert ask("PATCH", "/things").status == 500


# ---- sizes, hostile clients ------------------------------------------------------------------------------------------


def sizes(story, toy):
    client = toy.client()
    with story.case("a body of exactly the limit is taken"):
        request = client.request("toy", "Echo", {"Text": "a", "Filler": ""})
        request.body = request.body[:-2] + b"x" * (MIB - len(request.body)) + b'"}'
        assert len(request.body) == MIB and client.send("toy", request).status == 200

    with story.case("a body of 2 MiB is refused in the form of its protocol, whole or in chunks"):
        for service, code in (("toy", "RequestEntityTooLargeException"), ("sts", "RequestEntityTooLarge")):
            for chunked in (False, True):
                request = client.request(service, "Echo", {})
                request.body = b"x" * (2 * MIB)
                error = aws.error_of(client.send(service, request, chunked=chunked))
                assert (error.code, error.status) == (code, 413), error
                assert "at most 1048576 bytes" in error.message
                assert error.response.header("connection") == ["close"]

    with story.case("a client that asks before it sends 2 MiB is told at once"):
        with toy.connect() as connection:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: ToyService.Echo\r\n"
                               b"Content-Length: 2097152\r\nExpect: 100-continue\r\n\r\n")
            answer = read_to_end(connection)
            assert answer.startswith(b"HTTP/1.1 413 ") and b"RequestEntityTooLargeException" in answer

    with story.case("a body without end is cut off"):
        for head in (b"Content-Length: 99999999999\r\n", b"Transfer-Encoding: chunked\r\n"):
            with toy.connect() as connection:
                connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n")
                sent = 0
                try:
                    while sent < 64 * MIB:
                        connection.sendall(b"8000\r\n" + b"x" * 0x8000 + b"\r\n")
                        sent += 0x8000
                except (BrokenPipeError, ConnectionResetError):
                    pass
                assert sent < 64 * MIB, "the server went on reading"
        assert client.call("toy", "Echo", {"Text": "still here"})["Text"] == "still here"

    with story.case("headers and targets without end are refused"):
        for head in (b"POST /" + b"a" * 200000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
                     b"POST / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 200000 + b"\r\n\r\n",
                     b"POST / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 20000 + b"\r\n"):
            with toy.connect() as connection:
                try:
                    connection.sendall(head)
                except (BrokenPipeError, ConnectionResetError):
                    pass
                answer = read_to_end(connection)
                assert not answer or answer.split()[1] in (b"400", b"413", b"414", b"431"), answer[:100]
        assert client.call("toy", "Echo", {"Text": "still here"})["Text"] == "still here"


GARBAGE = [b"\r\n\r\n\r\n\x00\x01\x02", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), b"SSH-2.0-x\r\n\r\n",
           b"POST\r\n\r\n", b"POST / HTTP/9.9\r\n\r\n", b"POST / HTTP/1.1\r\nno colon\r\n\r\n", b"GET http://h/ HTTP/1.1\r\n\r\n",
           b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
           b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"GET /%00%ff?%00=%zz HTTP/1.1\r\nHost: x\r\n\r\n",
           b"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: \x00\xff\r\n\r\n",
           b"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: AWS4-HMAC-SHA256 Credential=a/b/c/\xff\xfe/aws4_request\r\n\r\n"]


def hostile_clients(story, toy):
    client = toy.client()
    with story.case("requests that never reach a handler hold no memory"):
        # Their many arguments do not fit: they are refused after their target was told.
        request = b"POST /?" + b"X-Amz-Signature=a&" * 3000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"
        def send_many(count):
            for _ in range(count):
                with socket.create_connection((toy.host, toy.port), 10) as connection:
                    connection.sendall(request)  # libmicrohttpd answers nothing, and waits
            client.call("toy", "Echo", {"Text": "good"})

        send_many(100)
        before = harness.pss_kib(toy.process.pid)
        send_many(300)
        grown = harness.pss_kib(toy.process.pid) - before
        # A sanitizer keeps what was freed for a while, and tells of leaks at the end.
        assert harness.sanitized() or grown < 4096, f"{grown} KiB after 300 requests of 54 KB"

    with story.case("garbage, alone or behind a good request, harms nobody"):
        for garbage in GARBAGE:
            for before in (b"", raw_of(client, body='{"Text": "good"}')):
                with toy.connect() as connection:
                    connection.sendall(before + garbage)
                    answer = b""
                    while before and b'"Text":"good"' not in answer:
                        piece = connection.recv(65536)
                        assert piece, (garbage, answer)
                        answer += piece
                    connection.shutdown(socket.SHUT_WR)  # not before: who hangs up is not answered
                    read_to_end(connection)
                    assert client.call("toy", "Echo", {"Text": "still here"})["Text"] == "still here"

    with story.case("clients that say nothing, or half a request, hold nobody up and are sent away"):
        slow = [toy.connect() for _ in range(24)]
        try:
            for number, connection in enumerate(slow):
                connection.sendall(raw_of(client)[:number * 20])
            started = time.monotonic()
            for _ in range(10):
                client.call("toy", "Echo")
            assert time.monotonic() - started < 3
            for connection in slow:
                read_to_end(connection)
        finally:
            for connection in slow:
                connection.close()


# ---- answers that come late ---------------------------------------------------------------------------------------------


def late_answers(story, toy):
    client = toy.client()
    with story.case("a handler may answer later, holding no thread of the pool"):
        seen = toy.count("deferred")
        waiting = [in_thread(toy.client().call, "toy", "Defer") for _ in range(10)]
        toy.wait_count("deferred", seen + 10)
        assert client.call("toy", "Echo", {"Text": "meanwhile"})["Text"] == "meanwhile"
        assert toy.tell("release", "released") == "released 10"
        assert all(join() == {"Late": "yes"} for join in waiting)

    with story.case("a client that leaves before its answer is no trouble"):
        descriptors = harness.count_descriptors(toy.process.pid)
        seen = toy.count("deferred")
        for number in range(8):
            with toy.connect() as connection:
                connection.sendall(raw_of(client, "Defer"))
                toy.wait_count("deferred", seen + number + 1)
                if number % 2:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # reset
        assert toy.tell("release", "released") == "released 8"
        harness.wait_until(lambda: harness.count_descriptors(toy.process.pid) <= descriptors, "the connections to go")
        assert client.call("toy", "Echo", {"Text": "still here"})["Text"] == "still here"

    with story.case("when too many wait, more are told to come again"):
        results = []

        def block():
            try:
                toy.client().call("toy", "Block")
                results.append("answered")
            except aws.AwsError as error:
                assert (error.code, error.status) == ("ThrottlingException", 503), error
                results.append("refused")

        waiting = [in_thread(block) for _ in range(POOL_THREADS)]
        toy.wait_count("blocked", POOL_THREADS)
        waiting += [in_thread(block) for _ in range(POOL_QUEUE + 6)]
        harness.wait_until(lambda: results == ["refused"] * 6, "what is too much to be refused")
        toy.tell("unblock", "unblocked")
        for join in waiting:
            join()
        assert results.count("answered") == POOL_THREADS + POOL_QUEUE and results.count("refused") == 6, results
        assert client.call("toy", "Echo", {"Text": "again"})["Text"] == "again"


def established(port):
    """Connections that the server has, by the kernel's own table."""
    lines = pathlib.Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    return sum(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "01" for line in lines)


def endings(story):
    with story.case("closing waits for the calls under way"):
        with Toy() as toy:
            answer = in_thread(toy.client().call, "toy", "BeSlow")
            toy.wait_count("slow", 1)
            toy.tell("close 20000", "closed")
            assert answer() == {}

    with story.case("closing does not wait longer than it was told, and a late handler meets nobody"):
        with Toy() as toy:
            waiting = [in_thread(toy.client().call, "toy", "Defer") for _ in range(5)]
            toy.wait_count("deferred", 5)
            started = time.monotonic()
            toy.tell("close 200", "closed")
            assert time.monotonic() - started < 10
            for join in waiting:
                try:
                    join()
                    raise AssertionError("the call was answered")
                except aws.AwsError as error:
                    assert (error.code, error.status) == ("ServiceUnavailableException", 503), error
            assert toy.tell("release", "released") == "released 5"
            try:
                toy.connect().close()
                raise AssertionError("the server still listens")
            except ConnectionRefusedError:
                pass

    with story.case("what still waits for a thread when the server closes is refused, and not done later"):
        with Toy() as toy:
            waiting = [in_thread(toy.client().call, "toy", "Block") for _ in range(POOL_THREADS)]
            toy.wait_count("blocked", POOL_THREADS)
            queued = [in_thread(toy.client().call, "toy", "Defer") for _ in range(5)]
            harness.wait_until(lambda: established(toy.port) == POOL_THREADS + 5, "the requests to arrive")
            toy.tell("close 300", "closed")
            toy.tell("unblock", "unblocked")
            for join in waiting + queued:
                try:
                    join()
                    raise AssertionError("the call was answered")
                except aws.AwsError as error:
                    assert error.code == "ServiceUnavailableException", error
            assert toy.tell("release", "released") == "released 0"

    with story.case("a client that never reads its answer does not keep the server open"):
        with Toy() as toy:
            with toy.connect() as connection:
                connection.sendall(raw_of(toy.client(), "Defer"))
                toy.wait_count("deferred", 1)
                toy.tell("close 100", "closed")
            toy.tell("release", "released")


# ---- addresses and TLS ---------------------------------------------------------------------------------------------------


def refusal_to_start(*arguments):
    result = subprocess.run([harness.BUILD / "tests" / "tools" / "toy_api", *arguments], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, check=False, timeout=harness.PATIENCE_SECONDS)
    assert result.returncode == 1, arguments
    return result.stdout.decode().strip()


def addresses(story, toy):
    with story.case("plain HTTP is served on loopback only, and says so"):
        for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[fe80::1]:0"):
            sentence = refusal_to_start(address)
            assert "cannot serve plain HTTP on " + address in sentence and "certificate" in sentence, sentence

    with story.case("what is no address is refused"):
        for address in ("", "127.0.0.1", ":80", "127.0.0.1:", "127.0.0.1:65536", "example.com:80", "[::1:80", "[]:80"):
            assert "is no address and port" in refusal_to_start(address), address
        assert "Address already in use" in refusal_to_start(f"127.0.0.1:{toy.port}")

    with story.case("localhost and IPv6's loopback are served"):
        with Toy("localhost:0") as other:
            assert other.client().call("toy", "Echo")["KeyId"] == KEY
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            raise harness.Skip("this machine has no IPv6") from None
        with Toy("[::1]:0") as other:
            assert other.client().call("toy", "Echo")["KeyId"] == KEY


def make_certificate(folder, name):
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", certificate, "-days", "2", "-subj", f"/CN={name}",
                    "-addext", "subjectAltName=IP:127.0.0.1"], check=True, stderr=subprocess.DEVNULL)
    return certificate, key


def served_certificate(toy):
    return ssl.get_server_certificate((toy.host, toy.port)).strip()


def tls(story):
    certificate, key = make_certificate(story.folder, "current")
    other_certificate, other_key = make_certificate(story.folder, "other")
    first, second = certificate.read_text().strip(), other_certificate.read_text().strip()
    with Toy("127.0.0.1:0", certificate, key) as toy:
        client = toy.client()
        with story.case("TLS is served, and an unsigned payload is taken over it"):
            assert client.call("toy", "Echo", {"Text": "a"})["Text"] == "a"
            assert client.connection.sock.version() == "TLSv1.3"
            request = client.request("toy", "Echo", {"Text": "b"})
            request.set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
            assert client.send("toy", request).json()["Text"] == "b"

        with story.case("TLS below 1.2 is not spoken"):
            for version, good in ((ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_1, False)):
                context = ssl.create_default_context(cafile=certificate)
                context.set_ciphers("ALL:@SECLEVEL=0")
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = version
                try:
                    with toy.connect() as plain, context.wrap_socket(plain, server_hostname=toy.host) as connection:
                        assert connection.version() == "TLSv1.2" and good
                except ssl.SSLError as error:
                    # It was the server that hung up: the client had something to offer.
                    assert not good and "NO_PROTOCOLS" not in str(error), error

        with story.case("plain HTTP on the port of TLS harms nobody"):
            with toy.connect() as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                read_to_end(connection)
            assert client.call("toy", "Echo")["KeyId"] == KEY

        with story.case("a new certificate is served to new connections, old ones go on"):
            connection = client.connection.sock
            assert served_certificate(toy) == first
            os.replace(other_certificate, certificate)
            assert "cannot use the certificate" in toy.tell("reload", "refused ")
            assert served_certificate(toy) == first
            os.replace(other_key, key)
            toy.tell("reload", "reloaded")
            assert served_certificate(toy) == second
            assert client.call("toy", "Echo")["KeyId"] == KEY and client.connection.sock is connection
            assert toy.client().call("toy", "Echo")["KeyId"] == KEY
            key.write_text("nothing")
            assert "it is no PEM file" in toy.tell("reload", "refused ")
            key.unlink()
            assert "No such file" in toy.tell("reload", "refused ")
            assert served_certificate(toy) == second

    with story.case("a certificate that cannot be used is refused at the start"):
        assert "is no PEM file" in refusal_to_start("127.0.0.1:0", certificate, "/dev/null")
        assert "No such file" in refusal_to_start("127.0.0.1:0", story.folder / "none", certificate)


SECOND = "AKIATOYTOYTOYTOYSECND"  # may Echo, and do what it likes with one thing


def permissions(story, toy):
    def not_allowed(action, resource="*"):
        where = f" on resource: {resource}" if resource else ""
        return (f"User: arn:aws:iam::123456789012:user/toy is not authorized to perform: {action}{where}"
                f" because no identity-based policy allows the {action} action")

    with story.case("who may not is told in the words of each protocol"):
        client = toy.client(key=SECOND)
        assert client.call("toy", "Echo")["KeyId"] == SECOND
        assert refused(client, "AccessDeniedException", 400, "Fail").message == not_allowed("toy:Fail")
        assert refused(client, "AccessDenied", 403, "Fail", service="toyquery").message == not_allowed("toyquery:Fail")
        error = refused(client, "UnauthorizedOperation", 403, "Fail", service="toyec2")
        assert error.message == "You are not authorized to perform this operation. " + not_allowed("toyec2:Fail")

    with story.case("what a request is about decides"):
        assert client.rest("toyrest", "GET", "/things/mine")["Thing"] == "mine"
        theirs = "arn:aws:toyrest:eu-central-1:123456789012:thing/yours"
        for method, operation in (("GET", "GetThing"), ("DELETE", "DeleteThing")):
            try:
                client.rest("toyrest", method, "/things/yours")
                raise AssertionError("was not refused")
            except aws.AwsError as error:
                assert (error.code, error.status) == ("AccessDeniedException", 403), error
                assert error.message == not_allowed(f"toyrest:{operation}", theirs)

    with story.case("a malformed request is told so, and one that is not signed well nothing else"):
        refused(client, "ToyInvalidException", 400, "Fail", {"Number": 99})
        refused(toy.client(key=SECOND, secret="wrong"), "InvalidSignatureException", 400, "Fail")


def main():
    with harness.Story() as story:
        toy = story.enter(Toy())
        good_requests(story, toy)
        bad_signatures(story, toy)
        bad_inputs(story, toy)
        queries(story, toy)
        ec2_requests(story, toy)
        rest_requests(story, toy)
        sizes(story, toy)
        hostile_clients(story, toy)
        permissions(story, toy)
        late_answers(story, toy)
        addresses(story, toy)
        endings(story)
        tls(story)


if __name__ == "__main__":
    main()
