"""What S3's clients send, made by hand so that a test can bend it: bodies in chunks, with signatures and trailers."""

import base64
import hashlib
import hmac
import http.client
import select
import socket
import urllib.parse
import xml.etree.ElementTree as xml
import zlib

import aws

NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


def path_of(bucket, key=None, query=""):
    return f"/{bucket}" + ("" if key is None else "/" + urllib.parse.quote(key)) + (f"?{query}" if query else "")


def send(client, method, target, body=b"", headers=(), tamper=None):
    """One signed request; the Response, whatever its status."""
    return client.send("s3", aws.Request(method, target, headers, body), tamper=tamper)


def code_of(response):
    return aws.error_of(response).code


def texts(response, name):
    """The texts of all elements of that name in an answer."""
    return [node.text or "" for node in xml.fromstring(response.body).iter() if node.tag.rpartition("}")[2] == name]


def crc32(data):
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


class Chunks:
    """
    A body in chunks. @kind: the value of x-amz-content-sha256. change(n, data) may change what chunk n carries once it was
    signed; trailer: lines behind the last.
    """

    def __init__(self, client, kind, data, size=65536, trailer=None, change=None, said=None):
        self.client, self.kind, self.data, self.size = client, kind, data, size
        self.trailer, self.change, self.said = trailer or {}, change or (lambda number, piece: piece), said

    def request(self, target, headers=()):
        request = aws.Request("PUT", target, [*headers, ("X-Amz-Content-Sha256", self.kind), ("Content-Encoding", "aws-chunked"),
                                              ("X-Amz-Decoded-Content-Length", str(self.said or len(self.data)))])
        for name in self.trailer:
            request.headers.append(("X-Amz-Trailer", name))
        self.client.sign("s3", request)
        request.body = self.body(request)
        return request

    def send(self, target, headers=()):
        return self.client.exchange(self.request(target, headers))

    def body(self, request):
        signed = not self.kind.startswith("STREAMING-UNSIGNED")
        before = request.get("Authorization").rpartition("=")[2]
        stamp = request.get("X-Amz-Date")
        scope = f"{stamp[:8]}/{self.client.region}/s3/aws4_request"
        key = aws.scope_key(self.client.secret, scope)

        def sign(kind, *lines):
            text = "\n".join([f"AWS4-HMAC-SHA256-{kind}", stamp, scope, before, *lines])
            return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

        parts = []
        pieces = [self.data[at:at + self.size] for at in range(0, len(self.data), self.size)] + [b""]
        for number, piece in enumerate(pieces):
            line = b"%x" % len(piece)
            if signed:
                before = sign("PAYLOAD", hashlib.sha256(b"").hexdigest(), hashlib.sha256(piece).hexdigest())
                line += b";chunk-signature=" + before.encode()
            parts += [line, b"\r\n", self.change(number, piece), b"\r\n" if piece else b""]
        for name, value in self.trailer.items():
            parts.append(f"{name}:{value}\r\n".encode())
        if signed and self.trailer:
            lines = "".join(f"{name}:{value}\n" for name, value in self.trailer.items())
            parts.append(f"x-amz-trailer-signature:{sign('TRAILER', hashlib.sha256(lines.encode()).hexdigest())}\r\n".encode())
        return b"".join(parts) + b"\r\n"


class Sending:
    """A PUT whose body comes when the test says so, on a connection of its own. @port: of a proxy; None: the daemon's."""

    def __init__(self, client, target, length, headers=(), port=None):
        host, own_port = client.host.split(":")
        request = aws.Request("PUT", target, [*headers, ("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"), ("Content-Length", str(length))])
        client.sign("s3", request)
        self.left = length
        self.wire = socket.create_connection((host, port or int(own_port)), timeout=30)
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers)
        self.wire.sendall(f"PUT {target} HTTP/1.1\r\n{head}\r\n".encode())

    def send(self, data):
        self.left -= len(data)
        self.wire.sendall(data)

    def answer(self):
        """What comes back: None when the connection was closed without a word."""
        response = http.client.HTTPResponse(self.wire, method="PUT")
        try:
            response.begin()
            return aws.Response(response.status, response.getheaders(), response.read())
        except (http.client.RemoteDisconnected, ConnectionResetError):
            return None

    def finish(self):
        self.send(bytes(self.left))
        return self.answer()

    def is_open(self):
        """Whether the other side has neither answered nor closed."""
        return not select.select([self.wire], [], [], 0)[0]

    def close(self):
        self.wire.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
