"""Storage that speaks S3, and a small client to look at what is there: Ceph's radosgw, one node in memory, or the bucket
door of a sallyportd.

    with storage.Radosgw(folder) as gateway:
        bucket = gateway.create("files")
        bucket.put("a/key", b"bytes")

A first start of radosgw takes ten seconds or so. It needs the packages radosgw, ceph-mon, ceph-osd and ceph-common.
"""

import contextlib
import datetime
import hashlib
import hmac
import http.client
import os
import pathlib
import shutil
import socket
import subprocess
import threading
import types
import urllib.parse
import uuid
import xml.etree.ElementTree as xml

import harness

ACCESS_KEY, SECRET_KEY = "STORIESACCESSKEY0001", "storiessecretstoriessecretstoriessecret1"
HOST = "storage.test"  # whose buckets are names below it, for whom these resolve
PROGRAMS = ("radosgw", "ceph-mon", "ceph-osd", "ceph-authtool", "monmaptool")
LIBRARIES = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64")
MEMORY = 12 << 30  # bytes that objects may take together; what is deleted goes late, and storage that is full says nothing

CONFIGURATION = """\
[global]
fsid = {fsid}
mon host = v1:127.0.0.1:{mon}/0
ms bind msgr2 = false
public addr = 127.0.0.1
cluster addr = 127.0.0.1
public network = 127.0.0.0/8
auth cluster required = none
auth service required = none
auth client required = none
auth allow insecure global id reclaim = true
osd pool default size = 1
osd pool default min size = 1
mon allow pool size one = true
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
mon max pg per osd = 1000
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = {memory}
osd memory target = 939524096
osd data = {folder}/osd
mon data = {folder}/mon
keyring = {folder}/keyring
run dir = {folder}
admin socket = {folder}/$name.asok
log file = {folder}/$name.log
crash dir = {folder}
osd class dir = {library}/rados-classes
plugin dir = {library}/ceph
erasure code dir = {library}/ceph/erasure-code
mon data avail crit = 1
mon data avail warn = 1
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:{port} ssl_endpoint=127.0.0.1:{tls} ssl_certificate={certificate}
rgw dns name = {host}
rgw thread pool size = 32
rgw gc obj min wait = 1
"""


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def listens(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


class Gateway:
    """Storage at 127.0.0.1, with the keys of who may use it; @credentials is a file with them."""

    region = "us-east-1"
    port = access_key = secret_key = credentials = None

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def create(self, name):
        bucket = Bucket(self, name)
        bucket.call("PUT", expect=(200,))
        return bucket


class Door(Gateway):
    """The bucket door of a daemon of its own; @daemon has not been entered."""

    def __init__(self, daemon):
        self.daemon = daemon

    def __enter__(self):
        env = self.daemon.__enter__().env
        self.port, self.region = urllib.parse.urlsplit(env["AWS_ENDPOINT_URL"]).port, env["AWS_REGION"]
        self.access_key, self.secret_key = env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"]
        self.credentials = self.daemon.state.with_name("door.credentials")
        write_credentials(self.credentials, self.access_key, self.secret_key)
        return self

    def __exit__(self, *error):
        self.daemon.__exit__(*error)


class Radosgw(Gateway):
    """Entering starts it, in @folder."""

    access_key, secret_key = ACCESS_KEY, SECRET_KEY

    def __init__(self, folder):
        self.folder, self.port, self.tls_port, self.mon = pathlib.Path(folder), free_port(), free_port(), free_port()
        self.certificate = self.folder / "gateway.pem"  # with its key
        self.authority = self.folder / "authority.pem"  # who signed that, without
        self.processes = []
        self.configuration = self.folder / "ceph.conf"

    @property
    def tls_endpoint(self):
        return f"https://127.0.0.1:{self.tls_port}"

    def run(self, *words):
        return subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=90,
                              env={**os.environ, "CEPH_CONF": str(self.configuration)})

    def start_osd(self):
        """One that meets a monitor which is not quite there says "wrong fsid" and leaves: then there is another try."""
        def is_up():
            if self.processes[-1].poll() is not None:
                self.processes.pop()
                self.start("ceph-osd", "-f", "-i", "0")
            return "1 up" in (self.says("ceph", "osd", "stat") or "")
        self.start("ceph-osd", "-f", "-i", "0")
        harness.wait_until(is_up, "ceph-osd to be up", 60, every=0.2)

    def says(self, *words):
        """What a command wrote that succeeded. A monitor that decides something meanwhile refuses any with EPERM."""
        with contextlib.suppress(subprocess.SubprocessError):
            return self.run(*words).stdout.decode()
        return None

    def start(self, *words):
        log = open(self.folder / f"{words[0]}.out", "ab")  # noqa: SIM115 - the process has it
        self.processes.append(subprocess.Popen([*words, "-c", str(self.configuration)], stdin=subprocess.DEVNULL, stdout=log,
                                               stderr=log))
        log.close()

    def __enter__(self):
        missing = [program for program in PROGRAMS if shutil.which(program) is None]
        if missing:
            raise harness.Skip(f"needs {', '.join(missing)} (packages radosgw, ceph-mon, ceph-osd, ceph-common)")
        library = next(place for place in LIBRARIES if pathlib.Path(place, "rados-classes").exists())
        for name in ("mon", "osd"):
            (self.folder / name).mkdir(parents=True)
        fsid, osd = str(uuid.uuid4()), str(uuid.uuid4())
        text = CONFIGURATION.format(fsid=fsid, mon=self.mon, memory=MEMORY, folder=self.folder, library=library, port=self.port,
                                    tls=self.tls_port, certificate=self.certificate, host=HOST)
        make_authority(self.authority)
        make_certificate(self.certificate, self.authority, "IP:127.0.0.1", f"DNS:{HOST}", f"DNS:*.{HOST}")
        self.configuration.write_text(text)
        ring, map_file = str(self.folder / "keyring"), str(self.folder / "monmap")
        try:
            self.run("ceph-authtool", ring, "--create-keyring", "--gen-key", "-n", "mon.", "--cap", "mon", "allow *")
            self.run("ceph-authtool", ring, "--gen-key", "-n", "client.admin", "--cap", "mon", "allow *", "--cap", "osd", "allow *")
            self.run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", f"[v1:127.0.0.1:{self.mon}]", map_file)
            self.run("ceph-mon", "--mkfs", "-i", "a", "--monmap", map_file, "--keyring", ring)
            self.start("ceph-mon", "-f", "-i", "a", "--public-addr", "127.0.0.1")
            harness.wait_until(lambda: listens(self.mon), "ceph-mon", 60)
            harness.wait_until(lambda: self.says("ceph", "osd", "new", osd, "0") is not None, "ceph-mon to decide by itself", 60, every=0.3)
            self.run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
            self.start_osd()
            self.start("radosgw", "-f", "-n", "client.rgw")
            harness.wait_until(lambda: listens(self.port), "radosgw", 90)
            self.run("radosgw-admin", "-n", "client.admin", "user", "create", "--uid=stories", "--display-name=stories",
                     f"--access-key={ACCESS_KEY}", f"--secret-key={SECRET_KEY}")
        except BaseException:
            self.__exit__()
            raise
        self.credentials = self.folder / "credentials"
        write_credentials(self.credentials)
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.kill()  # nothing in it is to be kept
        for process in self.processes:
            process.wait()
        self.processes = []


def openssl_req(name, key, certificate, *more):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", f"/CN={name}", "-keyout", str(key), "-out", str(certificate), *more],
                   check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_authority(path):
    """Its certificate; the key is beside it."""
    openssl_req("authority", path.with_suffix(".key"), path)


def make_certificate(path, authority, *names):
    """For @names ("DNS:…", "IP:…"), signed by that authority; the key is in the same file."""
    key, certificate = path.with_suffix(".key"), path.with_suffix(".crt")
    openssl_req("storage", key, certificate, "-CA", str(authority), "-CAkey", str(authority.with_suffix(".key")),
                "-addext", "basicConstraints=critical,CA:FALSE", "-addext", f"subjectAltName={','.join(names)}")
    path.write_text(key.read_text() + certificate.read_text())


def write_credentials(path, access_key=ACCESS_KEY, secret_key=SECRET_KEY, token=None):
    """In one step, as a rotation does it."""
    text = f"[default]\naws_access_key_id = {access_key}\naws_secret_access_key = {secret_key}\n"
    if token:
        text += f"aws_session_token = {token}\n"
    new = path.with_suffix(".new")
    new.write_text(text)
    new.chmod(0o600)
    new.rename(path)


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Bucket:
    """A bucket of @gateway, called @name there. Keys are text or bytes."""

    def __init__(self, gateway, name):
        self.gateway, self.name = gateway, name

    def settings(self, name, endpoint=None, credentials=None, prefix=None):
        """The daemon's, by which this is its bucket @name."""
        return {f"bucket.{name}": f"s3://{self.name}" + (f"/{prefix}" if prefix else ""),
                f"bucket.{name}.endpoint": endpoint or self.gateway.endpoint,
                f"bucket.{name}.region": self.gateway.region,
                f"bucket.{name}.credentials": str(credentials or self.gateway.credentials)}

    def sign(self, method, path, query, stamp):
        """Query form of SigV4, written independently of the daemon's."""
        host = f"127.0.0.1:{self.gateway.port}"
        scope = f"{stamp[:8]}/{self.gateway.region}/s3/aws4_request"
        pairs = {**query, "X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Credential": f"{self.gateway.access_key}/{scope}",
                 "X-Amz-Date": stamp, "X-Amz-Expires": "300", "X-Amz-SignedHeaders": "host"}
        text = "&".join(f"{urllib.parse.quote(name, safe='~')}={urllib.parse.quote(value, safe='~')}"
                        for name, value in sorted(pairs.items()))
        request = f"{method}\n{path}\n{text}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD"
        key = f"AWS4{self.gateway.secret_key}".encode()
        for part in (stamp[:8], self.gateway.region, "s3", "aws4_request"):
            key = _hmac(key, part)
        to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
        return f"{path}?{text}&X-Amz-Signature={hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()}"

    def call(self, method, key=None, body=None, query=None, headers=None, expect=(200, 204, 206)):
        """(headers, bytes); None when there is no such object and 404 is not expected."""
        stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        path = f"/{self.name}" + (f"/{urllib.parse.quote(os.fsencode(key), safe='/~')}" if key is not None else "")
        target = self.sign(method, path, query or {}, stamp)
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway.port, timeout=600)
        with contextlib.closing(connection):
            connection.request(method, target, body=body, headers=headers or {})
            answer = connection.getresponse()
            data = answer.read()
        if answer.status == 404:
            return None
        assert answer.status in expect, (method, key, answer.status, data[:500])
        return answer.headers, data

    def put(self, key, data):
        self.call("PUT", key, data)

    def get(self, key):
        found = self.call("GET", key)
        return None if found is None else found[1]

    def head(self, key):
        found = self.call("HEAD", key)
        return None if found is None else found[0]

    def delete(self, key):
        self.call("DELETE", key)

    def sha256_of(self, key):
        return hashlib.sha256(self.get(key)).hexdigest()

    def listed(self, prefix=""):
        """[(key, bytes, ETag)], in their order"""
        found, after = [], ""
        while True:
            _, data = self.call("GET", query={"prefix": prefix, "marker": after, "max-keys": "1000", "encoding-type": "url"})
            page = [(urllib.parse.unquote(entry["Key"], errors="surrogateescape"), int(entry["Size"]), entry["ETag"])
                    for entry in elements(data, "Contents")]
            found += page
            if b"<IsTruncated>true" not in data or not page:
                return found
            after = page[-1][0]

    def keys(self):
        return [key for key, _, _ in self.listed()]

    def abort_uploads(self):
        _, data = self.call("GET", query={"uploads": ""})
        for upload in elements(data, "Upload"):
            self.call("DELETE", upload["Key"], query={"uploadId": upload["UploadId"]})

    def uploads(self):
        """Keys of multipart uploads that are neither completed nor aborted."""
        _, data = self.call("GET", query={"uploads": ""})
        return [upload["Key"] for upload in elements(data, "Upload")]


def elements(data, name):
    """Of each element of that name in a document: {child: text}"""
    def plain(tag):
        return tag.rpartition("}")[2]
    return [{plain(child.tag): child.text or "" for child in node} for node in xml.fromstring(data).iter() if plain(node.tag) == name]


class Folder:
    """What begins with a prefix in @bucket, with what stories do with a pathlib.Path."""

    def __init__(self, bucket, key=""):
        self.bucket, self.key = bucket, key
        self.prefix = f"{key}/" if key else ""
        self.name = key.rpartition("/")[2]

    def __truediv__(self, name):
        return Folder(self.bucket, f"{self.prefix}{name}")

    def __repr__(self):
        return f"s3://{self.bucket.name}/{self.key}"

    def mkdir(self, **_):
        """There are no folders."""

    def exists(self):
        return self.bucket.head(self.key) is not None

    def stat(self):
        found = self.bucket.head(self.key)
        if found is None:
            raise FileNotFoundError(self.key)
        return types.SimpleNamespace(st_size=int(found["Content-Length"]))

    def read_bytes(self):
        found = self.bucket.get(self.key)
        if found is None:
            raise FileNotFoundError(self.key)
        return found

    def read_text(self, encoding="utf-8"):
        return self.read_bytes().decode(encoding)

    def write_bytes(self, data):
        self.bucket.put(self.key, data)

    def unlink(self, missing_ok=False):
        del missing_ok  # storage does not tell
        self.bucket.delete(self.key)

    def write_text(self, text, encoding="utf-8"):
        self.write_bytes(text.encode(encoding))

    def left(self):
        """Uploads that were not ended."""
        return self.bucket.uploads()


class Watch(harness.Looker):
    """What appears in folders, told as harness.Watch tells it of files. It looks again and again, so that it may miss what
    is there for less than a moment; what is there for longer it sees with its size."""

    def __init__(self, *folders):
        super().__init__()
        self.folders, self.seen, self.told, self.turn = folders, {}, [], threading.Lock()

    def look(self):
        with self.turn:
            found = {(index, key[len(folder.prefix):]): (size, etag) for index, folder in enumerate(self.folders)
                     for key, size, etag in folder.bucket.listed(folder.prefix)}
            self.told += [("MOVED_TO", size, index, name) for (index, name), (size, etag) in found.items()
                          if self.seen.get((index, name)) != (size, etag)]
            self.seen = found

    def finish(self):
        """Looks for a last time; to be called before it is left."""
        if not self._ended.is_set():
            assert self._thread.is_alive(), "nobody looked any more"
            self.__exit__()
            self.look()

    def events(self):
        return list(self.told)
