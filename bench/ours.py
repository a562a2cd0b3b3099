"""Ourselves: end to end, from the first StartFileTransfer to the last COMPLETED, and the SFTP engine alone.

Requests are signed before the clock starts, as a client on another machine would do it with a processor of its own, and
are sent over connections that are kept, some at a time. When all files have ended is read from the store, which tells
only what is committed; that each is COMPLETED is asked of the API afterwards.
"""

import contextlib
import json
import pathlib
import selectors
import socket
import sqlite3
import subprocess
import time

import flows
import harness
import machine

PATHS_A_CALL = 10  # what StartFileTransfer takes
CALLS_AT_ONCE = 32
POLL_SECONDS = 0.002


class Call:
    """One connection of a client that is kept, with one request on it at a time."""

    def __init__(self, place):
        self.socket = socket.create_connection(place)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""

    def answer(self):
        """The body of the answer, once all of it is there."""
        self.received += self.socket.recv(65536)
        head, found, body = self.received.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        length = next((int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:")), 0)
        if not found or len(body) < length:
            return None
        self.received = b""
        if b" 200 " not in lines[0]:
            raise SystemExit(f"a request was refused: {head.decode()} {body.decode()}")
        return json.loads(body)


def wire(client, operation, arguments):
    """A signed request as it goes over the wire."""
    request = client.request("transfer", operation, arguments)
    client.sign("transfer", request)
    request.set("Content-Length", str(len(request.body)))
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers)
    return f"{request.method} {request.target} HTTP/1.1\r\n{head}\r\n".encode() + request.body


def ask_all(place, requests, at_once=CALLS_AT_ONCE):
    """Sends all @requests, @at_once at a time; the answers in any order."""
    waiting, answers = list(reversed(requests)), []
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
        for _ in range(min(at_once, len(requests))):
            call = Call(place)
            stack.callback(call.socket.close)
            selector.register(call.socket, selectors.EVENT_READ, call)
            call.socket.sendall(waiting.pop())
        while len(answers) < len(requests):
            for key, _ in selector.select():
                answer = key.data.answer()
                if answer is None:
                    continue
                answers.append(answer)
                if waiting:
                    key.data.socket.sendall(waiting.pop())
    return answers


class EndToEnd:
    name = "end to end"

    def __init__(self, ground):
        self.ground, self.daemon = ground, ground.daemon
        self.partners, self.peak = {}, {"daemon": 0, "worker": 0}

    def here(self):
        return True

    def partner(self, row):
        place = (row.connections, row.delay_ms)
        if place not in self.partners:
            self.partners[place] = flows.partner_of(self.daemon, self.ground.server, connections=row.connections,
                                                    url=f"sftp://127.0.0.1:{self.ground.port(row.delay_ms)}")
        return self.partners[place]

    def requests(self, way, row):
        names, partner = self.ground.names(row.files), self.partner(row)
        for start in range(0, len(names), PATHS_A_CALL):
            some = names[start:start + PATHS_A_CALL]
            if way == "up":
                yield {"ConnectorId": partner.id, "SendFilePaths": [f"/bench/up/{name}" for name in some],
                       "RemoteDirectoryPath": str(self.ground.targets("up"))}
            else:
                yield {"ConnectorId": partner.id, "LocalDirectoryPath": "/bench/down",
                       "RetrieveFilePaths": [str(self.ground.sources("down") / name) for name in some]}

    def prepare(self, way, row):
        """What is done before the clock starts."""
        self.signed = [wire(self.daemon.client, "StartFileTransfer", arguments) for arguments in self.requests(way, row)]
        host, _, port = self.daemon.env["AWS_ENDPOINT_URL"].partition("//")[2].rpartition(":")
        self.place = (host, int(port))

    def pending(self, store, row):
        return store.execute("SELECT pending_files FROM connectors WHERE id = ?", (self.partner(row).id,)).fetchone()[0]

    def run(self, way, row):
        del way  # the requests say it
        store = sqlite3.connect(f"file:{self.daemon.state / 'store.db'}?mode=ro", uri=True, isolation_level=None)
        with contextlib.closing(store):
            self.transfers = [answer["TransferId"] for answer in ask_all(self.place, self.signed)]
            while self.pending(store, row) > 0:
                time.sleep(POLL_SECONDS)

    def confirm(self, row):
        """After the clock: all is COMPLETED, says the API."""
        for transfer in self.transfers:
            self.partner(row).wait_completed(transfer)
        self.ground.wait_idle()

    @contextlib.contextmanager
    def watched(self):
        with machine.Peak(self.daemon) as peak:
            yield
        self.peak = {what: max(kib, peak.kib[what]) for what, kib in self.peak.items()}


class Engine:
    """bench/engine for a large file: SFTP and nothing else. bench/small_files for many small ones: the worker, which also
    hashes and publishes them, without daemon and store."""

    name = "engine"

    def __init__(self, ground):
        self.ground, self.server = ground, ground.server
        self.programs = pathlib.Path(harness.BUILD / "bench")
        self.trusted = ground.server.folder / "trusted_keys"
        self.trusted.write_text("\n".join(self.server.trusted_keys()) + "\n", encoding="ascii")

    def here(self):
        return (self.programs / "engine").exists() and (self.programs / "small_files").exists()

    def special(self, row):
        """(program, what only it wants to know)"""
        if not row.small:
            return "engine", ["--json"]
        return "small_files", ["--worker", self.ground.daemon.worker, "--count", row.files, "--size", row.size]

    def run(self, way, row):
        paths = [self.ground.sources(way), self.ground.targets(way)]
        if not row.small:
            paths = [path / "f0000" for path in paths]
        local, remote = paths if way == "up" else reversed(paths)
        program, more = self.special(row)
        command = [self.programs / program, way, "--port", self.ground.port(row.delay_ms), "--user", self.server.user,
                   "--key", self.server.folder / "client_key", "--trusted", self.trusted, "--connections",
                   row.connections, "--remote", remote, "--local", local, *more]
        subprocess.run([str(word) for word in command], stdout=subprocess.DEVNULL, check=True)
