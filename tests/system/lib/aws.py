"""A client for the tests: signs with its own SigV4 (nothing shared with the server's C code), speaks AWS JSON 1.1 and
Query (EC2's too) and REST-JSON, keeps its connection, and lets a test bend every part of a request. Standard library
only.

    client = Client("http://127.0.0.1:8722", "eu-central-1", key_id, secret)
    client.call("transfer", "DescribeConnector", {"ConnectorId": "c-…"})   -> dict, or raises AwsError
    client.call("ec2", "DescribeSubnets", {"SubnetId": ["subnet-…"]})      names as on the wire
    client.rest("vpc-lattice", "GET", "/resourcegateways/rgw-…")           -> dict, or raises AwsError
    client.send("transfer", request, tamper=function)                      -> Response, whatever the status
"""

import datetime
import hashlib
import hmac
import http.client
import json
import ssl
import urllib.parse
import xml.etree.ElementTree as xml

JSON_TARGETS = {"transfer": "TransferService", "secretsmanager": "secretsmanager", "logs": "Logs_20140328"}
QUERY_VERSIONS = {"sts": "2011-06-15", "iam": "2010-05-08", "ec2": "2016-11-15"}
UNRESERVED = "-_.~"
NEVER_SIGNED = ("authorization", "user-agent", "expect", "connection", "transfer-encoding", "content-length")


class AwsError(Exception):
    """The service refused: code ("ResourceNotFoundException"), message, HTTP status, and the answer itself."""

    def __init__(self, code, message, status, response):
        super().__init__(f"{code} ({status}): {message}")
        self.code, self.message, self.status, self.response = code, message, status, response


class Response:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def header(self, name):
        """All values of one header, in the order received."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def json(self):
        return json.loads(self.body) if self.body else {}


class Request:
    """What will be sent. Headers are a list, so that a test can repeat or reorder them."""

    def __init__(self, method="POST", target="/", headers=(), body=b""):
        self.method, self.target = method, target
        self.headers = list(headers)
        self.body = body.encode() if isinstance(body, str) else body

    def get(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def drop(self, name):
        self.headers = [(key, value) for key, value in self.headers if key.lower() != name.lower()]

    def set(self, name, value):
        self.drop(name)
        self.headers.append((name, value))


def _hash(data):
    return hashlib.sha256(data).hexdigest()


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def canonical_path(path):
    """Remove dot segments, then encode once more what is encoded already."""
    kept = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            kept = kept[:-1]
        elif segment not in ("", "."):
            kept.append(segment)
    text = "/" + "/".join(kept)
    if kept and segments[-1] == "":
        text += "/"
    return urllib.parse.quote(text, safe="/" + UNRESERVED)


def plain_path(path):
    """S3's: each segment decoded and encoded again, and none dropped."""
    return "/".join(urllib.parse.quote(urllib.parse.unquote_to_bytes(segment), safe=UNRESERVED) for segment in path.split("/"))


def canonical_query(query):
    pairs = []
    for part in query.split("&") if query else []:
        name, _, value = part.partition("=")
        if name != "X-Amz-Signature":
            pairs.append(tuple(urllib.parse.quote(urllib.parse.unquote(text), safe=UNRESERVED)
                               for text in (name, value)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def signature(secret, request, scope, stamp, signed, payload):
    """The signature of @request over the header names @signed."""
    path, _, query = request.target.partition("?")
    lines = []
    for name in signed:
        values = [" ".join(value.split()) for key, value in request.headers if key.lower() == name]
        lines.append(f"{name}:{','.join(values)}\n")
    resolve = plain_path if scope.split("/")[2] == "s3" else canonical_path
    canonical = "\n".join([request.method, resolve(path), canonical_query(query), "".join(lines),
                           ";".join(signed), payload])
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, _hash(canonical.encode())])
    return hmac.new(scope_key(secret, scope), text.encode(), hashlib.sha256).hexdigest()


def scope_key(secret, scope):
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    return key


class Client:
    """@token: of temporary credentials; None: @key is an access key."""

    def __init__(self, endpoint, region, key, secret, ca_file=None, timeout=60, connect=None, token=None):
        url = urllib.parse.urlsplit(endpoint)
        self.host, self.region, self.key, self.secret, self.token = url.netloc, region, key, secret, token
        self.now = lambda: datetime.datetime.now(datetime.timezone.utc)
        if url.scheme == "https":
            context = ssl.create_default_context(cafile=ca_file)
            self.connection = http.client.HTTPSConnection(url.hostname, url.port, timeout=timeout, context=context)
        else:
            self.connection = http.client.HTTPConnection(url.hostname, url.port, timeout=timeout)
        if connect is not None:
            self.connection._create_connection = connect  # pylint: disable=protected-access

    def close(self):
        self.connection.close()

    # -- whole calls

    def call(self, service, operation, arguments=None, tamper=None):
        """One operation; the output as a dict. Raises AwsError."""
        request = self.request(service, operation, arguments or {})
        response = self.send(service, request, tamper=tamper)
        if response.status != 200:
            raise error_of(response)
        if service == "ec2":
            return _tree(xml.fromstring(response.body))  # no Result around it
        return query_output(response, operation) if service in QUERY_VERSIONS else response.json()

    def rest(self, service, method, path, body=None):
        """One operation of a REST-JSON service; the output as a dict. Raises AwsError."""
        headers = [("Content-Type", "application/json")] if body is not None else []
        text = json.dumps(body) if body is not None else b""
        response = self.send(service, Request(method, path, headers, text))
        if response.status not in (200, 201, 204):
            raise error_of(response)
        return response.json()

    def request(self, service, operation, arguments):
        """The unsigned request of one operation."""
        if service in QUERY_VERSIONS:
            fields = {"Action": operation, "Version": QUERY_VERSIONS[service]}
            fields.update(flatten(arguments, between="." if service == "ec2" else ".member."))
            return Request(headers=[("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")],
                           body=urllib.parse.urlencode(fields))
        return Request(headers=[("X-Amz-Target", f"{JSON_TARGETS.get(service, service)}.{operation}"),
                                ("Content-Type", "application/x-amz-json-1.1")], body=json.dumps(arguments))

    def send(self, service, request, tamper=None, sign=True, chunked=False):
        """Signs and sends. @tamper(request) changes the request after it was signed."""
        if sign:
            self.sign(service, request)
        if tamper is not None:
            tamper(request)
        return self.exchange(request, chunked)

    # -- the parts

    def sign(self, service, request, stamp=None, region=None, hash_header=False):
        """Adds Host, X-Amz-Date and Authorization."""
        stamp = stamp or self.now().strftime("%Y%m%dT%H%M%SZ")
        request.set("Host", request.get("Host") or self.host)
        request.set("X-Amz-Date", stamp)
        if self.token is not None:
            request.set("X-Amz-Security-Token", self.token)
        payload = _hash(request.body)
        if hash_header or (service == "s3" and request.get("X-Amz-Content-Sha256") is None):
            request.set("X-Amz-Content-Sha256", payload)
        payload = request.get("X-Amz-Content-Sha256") or payload
        signed = sorted({key.lower() for key, _ in request.headers if key.lower() not in NEVER_SIGNED})
        scope = f"{stamp[:8]}/{region or self.region}/{service}/aws4_request"
        value = signature(self.secret, request, scope, stamp, signed, payload)
        request.set("Authorization", f"AWS4-HMAC-SHA256 Credential={self.key}/{scope}, "
                                     f"SignedHeaders={';'.join(signed)}, Signature={value}")

    def presign(self, service, target, method="GET", expires=60, stamp=None):
        """A request whose signature is in the query."""
        stamp = stamp or self.now().strftime("%Y%m%dT%H%M%SZ")
        scope = f"{stamp[:8]}/{self.region}/{service}/aws4_request"
        token = {} if self.token is None else {"X-Amz-Security-Token": self.token}
        fields = urllib.parse.urlencode({**token, "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
                                         "X-Amz-Credential": f"{self.key}/{scope}", "X-Amz-Date": stamp,
                                         "X-Amz-Expires": expires, "X-Amz-SignedHeaders": "host"})
        request = Request(method, target + ("&" if "?" in target else "?") + fields, [("Host", self.host)])
        value = signature(self.secret, request, scope, stamp, ["host"],
                          "UNSIGNED-PAYLOAD" if service == "s3" else _hash(b""))
        request.target += "&X-Amz-Signature=" + value
        return request

    def exchange(self, request, chunked=False):
        """Sends exactly this. A connection that the server closed while it was idle is opened again."""
        for attempt in (1, 2):
            reused = self.connection.sock is not None
            try:
                self._put(request, chunked)
                answer = self.connection.getresponse()
                return Response(answer.status, answer.getheaders(), answer.read())
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self.connection.close()
                if attempt == 2 or not reused:
                    raise
            except Exception:
                self.connection.close()
                raise
        raise AssertionError("unreachable")

    def _put(self, request, chunked):
        self.connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers:
            self.connection.putheader(name, value)
        if chunked:
            self.connection.putheader("Transfer-Encoding", "chunked")
        elif request.get("Content-Length") is None:
            self.connection.putheader("Content-Length", str(len(request.body)))
        self.connection.endheaders()
        if not chunked:
            self.connection.send(request.body)
            return
        for start in range(0, len(request.body), 1000):
            part = request.body[start:start + 1000]
            self.connection.send(b"%x\r\n%s\r\n" % (len(part), part))
        self.connection.send(b"0\r\n\r\n")


def flatten(value, prefix="", between=".member."):
    """A dict as Query parameters: A.B, A.member.1, … (EC2: A.1)"""
    if isinstance(value, dict):
        parts = ((f"{prefix}.{name}" if prefix else name, part) for name, part in value.items())
    elif isinstance(value, (list, tuple)):
        parts = ((f"{prefix}{between}{place}", part) for place, part in enumerate(value, 1))
    else:
        return {prefix: str(value).lower() if isinstance(value, bool) else str(value)}
    fields = {}
    for name, part in parts:
        fields.update(flatten(part, name, between))
    return fields


def _plain(tag):
    return tag.rpartition("}")[2]


def _tree(node):
    children = list(node)
    if not children:
        return node.text or ""
    if all(_plain(child.tag) in ("member", "item") for child in children):
        return [_tree(child) for child in children]
    return {_plain(child.tag): _tree(child) for child in children}


def query_output(response, operation):
    for node in xml.fromstring(response.body):
        if _plain(node.tag) == operation + "Result":
            output = _tree(node)
            return output if output != "" else {}
    return {}


def error_of(response):
    """The AwsError that an answer stands for, whatever its protocol."""
    kind = (response.header("Content-Type") or [""])[0]
    if "xml" in kind:
        found = {_plain(node.tag): node.text or "" for node in xml.fromstring(response.body).iter()}
        return AwsError(found.get("Code", ""), found.get("Message", ""), response.status, response)
    try:
        body = response.json()
    except ValueError:
        return AwsError("", response.body.decode("utf-8", "replace"), response.status, response)
    code = body.get("__type") or (response.header("x-amzn-errortype") or [""])[0]
    return AwsError(code, body.get("Message", body.get("message", "")), response.status, response)
