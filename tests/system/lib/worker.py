"""sallyport-worker driven as the daemon drives it: over its control socket, in the wire form of ipc/worker_message.c."""

import contextlib
import dataclasses
import fcntl
import hashlib
import os
import socket
import struct
import subprocess
import time

import harness

PROGRAM = harness.BUILD / "src" / "worker" / "sallyport-worker"
MESSAGE_MAX = 65536
FILES_MAX = 512  # at a worker at a time

STEPS = ("ROLE SECRET RESOLVE CONNECT BANNER KEY_EXCHANGE HOST_KEY AUTHENTICATE SFTP READ_OBJECT WRITE_REMOTE "
         "RENAME_REMOTE READ_REMOTE WRITE_OBJECT WAIT WORKER CONFIGURATION PORT GATEWAY INTERFACE GROUPS ROUTE "
         "LIST_REMOTE MOVE_REMOTE MOVE_TARGET DELETE_REMOTE").split()
CODES = ("OK INVALID NOT_FOUND EXISTS DENIED AUTH UNTRUSTED CONFLICT LIMIT NO_SPACE UNSUPPORTED PROTOCOL UNREACHABLE "
         "CLOSED TIMEOUT CHANGED CANCELLED NO_MEMORY SYSTEM INTERNAL").split()
OUTCOMES = ("RENAMED", "CONFIRMED", "INFERRED", "WRITTEN", "DONE")
FOUND = ("UNKNOWN", "FILE", "DIRECTORY")
CONFLICTS = ("OVERWRITE", "FAIL", "KEEP_BOTH")
UPLOAD_MODES = ("PART", "DIRECT", "STRIPED")
VERIFICATIONS = ("UNKNOWN", "INFERRED", "ACKNOWLEDGED", "SIZE", "REREAD", "SERVER_HASH", "DIRECT")
NAMED = {"step": STEPS, "code": CODES, "outcome": OUTCOMES, "conflict": CONFLICTS, "upload_mode": UPLOAD_MODES,
         "verification": VERIFICATIONS, "source_kind": FOUND}

# kind: number, fields in the order of the wire
KINDS = {
    "CONFIGURE": (1, "connector_id host port:4 user password private_key password_2 private_key_2 password_3 private_key_3 "
                     "trusted_keys security_policy connections:4 "
                     "handshake_timeout_ms:4 idle_timeout_ms:4 keepalive_ms:4 upload_mode:4 verify:4 resume_check:4 banner "
                     "fingerprint features"),
    "SOCKET": (2, "request:4 text"),
    "NO_SOCKET": (3, "request:4 step:4 code:4 text"),
    "SEND": (4, "file_id attempt:4 oldest_attempt:4 part_attempt:4 size:8 directory name resume_at:8 resume_state "
                "conflict:4 upload_mode:4 staging temp_pattern url etag"),
    "RETRIEVE": (5, "file_id attempt:4 part_attempt:4 name resume_at:8 resume_state source_size:8 source_mtime:8 "
                    "url part:4"),
    "RECOVER": (6, "file_id attempt:4 part_attempt:4 size:8 sha256 directory name final_name replaces:4 conflict:4 "
                   "upload_mode:4 staging temp_pattern"),
    "PERMIT": (7, "file_id attempt:4 url etag"),
    "CANCEL": (8, "file_id attempt:4"),
    "TEST": (9, ""),
    "REMOVE": (10, "file_id attempt:4 oldest_attempt:4 part_attempt:4 directory name replaces:4 staging temp_pattern"),
    "LIST": (11, "file_id attempt:4 part_attempt:4 name items_max:4 url"),
    "MOVE": (12, "file_id attempt:4 name final_name recovers:4 source_kind:4 source_size:8 source_mtime:8"),
    "DELETE": (13, "file_id attempt:4 name recovers:4 source_kind:4 source_size:8 source_mtime:8"),
    "URLS": (14, "file_id attempt:4 part:4 code:4 text url"),
    "STORAGE_CA": (15, "url"),
    "STORAGE_SOCKET": (16, "request:4"),
    "NO_STORAGE": (17, "request:4 code:4 text"),
    "NEED_SOCKET": (64, "request:4 file_id"),
    "READY": (65, "file_id attempt:4 part_attempt:4 request:4 size:8 sha256 verification:4 items:4 truncated:4 held:4"),
    "PUBLISHED": (66, "file_id attempt:4 request:4 outcome:4 replaces:4 verification:4"),
    "FILE_FAILED": (67, "file_id attempt:4 step:4 code:4 text"),
    "PROGRESS": (68, "file_id attempt:4 size:8"),
    "TEST_RESULT": (69, "step:4 code:4 text host_key fingerprint banner offered_kexs offered_host_keys "
                        "offered_ciphers offered_macs kex host_key_algorithm cipher mac authenticated_by methods "
                        "extensions sftp_version:4 read_max:4 write_max:4 banner_ms:4 key_exchange_ms:4 host_key_ms:4 "
                        "authenticate_ms:4 sftp_ms:4"),
    "WATERMARK": (70, "file_id attempt:4 part_attempt:4 size:8 resume_state source_size:8 source_mtime:8"),
    "CONNECTED": (71, "request:4 banner fingerprint kex host_key_algorithm cipher mac authenticated_by features"),
    "BEAT": (72, ""),
    "TAKEN": (73, "file_id attempt:4 final_name code:4 text"),
    "REMOVED": (74, "file_id attempt:4"),
    "FOUND": (75, "file_id attempt:4 request:4 source_kind:4 source_size:8 source_mtime:8"),
    "DONE": (76, "file_id attempt:4 request:4 outcome:4"),
    "NEED_URLS": (77, "file_id attempt:4 part:4"),
    "NEED_STORAGE": (78, "request:4 url"),
}
UNASKED = ("PROGRESS", "WATERMARK", "CONNECTED")  # said while a file is under way, or not
KIND_NAMES = {number: name for name, (number, _) in KINDS.items()}
NUMBERS = {"4": ">I", "8": ">Q"}


def fields_of(kind):
    for field in KINDS[kind][1].split():
        name, _, size = field.partition(":")
        yield name, NUMBERS.get(size)


def encode(kind, **values):
    wire = bytes([KINDS[kind][0]])
    for name, number in fields_of(kind):
        value = values.pop(name, 0 if number else b"")
        if number:
            wire += struct.pack(number, NAMED[name].index(value) if name in NAMED and value else value)
        else:
            value = os.fsencode(value or b"")
            wire += struct.pack(">I", len(value)) + value
    assert not values, f"{kind} has no {values}"
    return wire


@dataclasses.dataclass
class Message:
    kind: str
    fields: dict

    def __getattr__(self, name):
        return self.fields[name]


def decode(wire):
    kind, at = KIND_NAMES[wire[0]], 1
    found = {}
    for name, number in fields_of(kind):
        if number:
            value = struct.unpack_from(number, wire, at)[0]
            at += struct.calcsize(number)
            found[name] = NAMED[name][value] if name in NAMED else value
        else:
            length = struct.unpack_from(">I", wire, at)[0]
            found[name] = wire[at + 4:at + 4 + length].decode()
            at += 4 + length
    assert at == len(wire)
    return Message(kind, found)


def connect(port):
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


class File:
    """One file given to a worker, under an id of its own."""

    count = 0

    def __init__(self, **order):
        File.count += 1
        self.id = hashlib.md5(str(File.count).encode()).hexdigest()
        self.order = order

    @property
    def attempt(self):
        return self.order["attempt"]

    def part(self, attempt=None):
        return f".sp-{self.id}-{attempt or self.attempt}.part"


class Worker:
    """
    @server   an Sshd: whose host keys are trusted and whose port gives the sockets
    @port     another port that the sockets come from
    @lock     path of the lock file; None: a test worker
    @changes  of the configuration
    """

    def __init__(self, server, lock=None, port=None, **changes):
        self.server, self.lock, self.port = server, lock, port or server.port
        self.configuration = {
            "connector_id": "c-0123456789abcdef0", "host": "sftp.example.com", "port": self.port, "user": server.user,
            "private_key": server.private_key, "trusted_keys": "\n".join(server.trusted_keys()),
            "security_policy": "TransferSFTPConnectorSecurityPolicy-2024-03", "connections": 1,
            "handshake_timeout_ms": 20000, "idle_timeout_ms": 20000, "keepalive_ms": 5000, **changes}
        self.log = server.folder / f"worker-{time.monotonic_ns()}.log"
        self.sockets = 0  # given so far
        self.give_socket = self.connect_and_give
        self.seen = []
        self.process = self.control = None

    def __enter__(self):
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.control.settimeout(harness.PATIENCE_SECONDS)
        fds = [fcntl.fcntl(theirs.fileno(), fcntl.F_DUPFD_CLOEXEC, 100)]
        if self.lock:
            opened = os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fds.append(fcntl.fcntl(opened, fcntl.F_DUPFD_CLOEXEC, 100))
            os.close(opened)

        def place():
            for number, fd in enumerate(fds, 3):
                os.dup2(fd, number)

        command = [str(PROGRAM)] + ([] if self.lock else ["--test"])
        harness.logs.add(self.log)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=place,
                                            env={**os.environ, "LD_BIND_NOW": "1"},
                                            pass_fds=range(3, 3 + len(fds)))
        for fd in fds:
            os.close(fd)
        theirs.close()
        self.send("CONFIGURE", **self.configuration)
        return self

    def __exit__(self, *_):
        self.end()
        text = self.log.read_text(encoding="utf-8", errors="replace")
        assert not any(word in text for word in harness.SANITIZER_WORDS), text

    def end(self, seconds=10):
        """Closes the control socket; the seconds until the worker was gone, and how it ended."""
        self.control.close()
        started = time.monotonic()
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise harness.NotInTime("the worker outlived its control socket") from None
        return time.monotonic() - started, code

    # ---- messages ----

    def send(self, kind, fd=None, **values):
        wire = encode(kind, **values)
        if fd is None:
            self.control.send(wire)
        else:
            socket.send_fds(self.control, [wire], [fd])

    def connect_and_give(self, request):
        sock = connect(self.port)
        self.send("SOCKET", fd=sock.fileno(), request=request, text=f"127.0.0.1:{self.port}")
        sock.close()

    def refuse_socket(self, request):
        self.send("NO_SOCKET", request=request, step="CONNECT", code="UNREACHABLE",
                  text="could not connect: Connection refused")

    def receive(self):
        """The next message that is for the story: sockets are given on the way. None at the end."""
        while wire := self.control.recv(MESSAGE_MAX):
            message = decode(wire)
            self.seen.append(message)
            if message.kind == "BEAT":
                continue
            if message.kind != "NEED_SOCKET":
                return message
            self.sockets += 1
            self.give_socket(message.request)
        return None

    def expect(self, kind, file=None, **values):
        """The next message but for progress; it must be this one."""
        while (message := self.receive()) is not None and message.kind in UNASKED and kind != message.kind:
            pass
        assert message is not None, f"the worker ended ({self.process.wait()}): {self.log.read_text()}"
        wanted = dict(values, **({"file_id": file.id, "attempt": file.attempt} if file else {}))
        got = {name: message.fields.get(name) for name in wanted}
        assert message.kind == kind and got == wanted, f"{message} instead of {kind} {wanted}"
        return message

    # ---- files ----

    def send_file(self, source, name, directory=None, attempt=1, oldest_attempt=1, size=None):
        with open(source, "rb") as opened:
            file = File(attempt=attempt, oldest_attempt=oldest_attempt, part_attempt=attempt, name=name, directory=directory,
                        size=os.fstat(opened.fileno()).st_size if size is None else size)
            self.send("SEND", fd=opened.fileno(), file_id=file.id, **file.order)
        return file

    def retrieve(self, name, staging, attempt=1):
        with open(staging, "wb", buffering=0) as opened:
            file = File(attempt=attempt, part_attempt=attempt, name=name)
            self.send("RETRIEVE", fd=opened.fileno(), file_id=file.id, **file.order)
        return file

    def recover(self, file):
        order = {name: file.order[name] for name in ("attempt", "part_attempt", "size", "directory", "name")}
        self.send("RECOVER", file_id=file.id, sha256="0" * 64, **order)

    def remove(self, file):
        order = {name: file.order[name] for name in ("attempt", "oldest_attempt", "part_attempt", "directory", "name")}
        self.send("REMOVE", file_id=file.id, **order)

    def permit(self, file):
        self.send("PERMIT", file_id=file.id, attempt=file.attempt)

    def cancel(self, file):
        self.send("CANCEL", file_id=file.id, attempt=file.attempt)

    def send_and_publish(self, source, name, directory=None, **more):
        file = self.send_file(source, name, directory, **more)
        ready = self.expect("READY", file)
        self.permit(file)
        self.expect("PUBLISHED", file, outcome="RENAMED")
        return ready


def rights_of(pid):
    """The lines of /proc/PID/status and /proc/PID/limits that tell how a process is shut off."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status, \
            open(f"/proc/{pid}/limits", encoding="ascii") as limits:
        return status.read() + limits.read()
    return ""
