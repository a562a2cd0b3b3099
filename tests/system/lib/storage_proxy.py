"""A proxy between us and storage that speaks S3, which does what storage does on bad days.

    with storage_proxy.Proxy(gateway.port) as proxy:
        proxy.fault(storage_proxy.is_part, storage_proxy.answer(503, "SlowDown"), times=2)

A fault is for the requests that its condition names, the first so many of them. What was asked is kept, in its order.
"""

import contextlib
import dataclasses
import re
import socket
import struct
import threading

PIECE = 65536


@dataclasses.dataclass
class Request:
    method: str
    target: str
    head: bytes
    length: int  # of the body

    @property
    def path(self):
        return self.target.partition("?")[0]


def is_part(request):
    return request.method == "PUT" and "partNumber=" in request.target


def is_whole_put(request):
    return request.method == "PUT" and "partNumber=" not in request.target


def is_beginning(request):
    return request.method == "POST" and "uploads=" in request.target


def is_list_of_parts(request):
    return request.method == "GET" and "uploadId=" in request.target


def is_conditional_put(request):
    return is_whole_put(request) and b"\r\nif-" in request.head.lower()


def is_range(request):
    return request.method == "GET" and b"\r\nrange:" in request.head.lower()


def is_completion(request):
    return request.method == "POST" and "uploadId=" in request.target


def is_abort(request):
    return request.method == "DELETE" and "uploadId=" in request.target


def is_look(request):
    return request.method == "HEAD"


def any_request(_):
    return True


class Reset(Exception):
    """The connection to the client ends now, by a reset."""


def read_head(sock):
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(PIECE)
        if not more:
            return None, b""
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n", rest


def header_of(head, name):
    found = re.search(rb"(?im)^" + name + rb":[ \t]*(.*?)\r$", head)
    return found.group(1) if found else None


def pump(source, rest, length, send, stop_after=None):
    """Hands on @length bytes, of which @rest came already."""
    done = 0
    while done < length:
        data = rest[:length - done] if rest else source.recv(min(PIECE, length - done))
        rest = rest[len(data):] if rest else b""
        if not data:
            raise Reset
        if stop_after is not None and done + len(data) >= stop_after:
            send(data[:stop_after - done])
            raise Reset
        send(data)
        done += len(data)


# ---- what may happen: each gets the exchange ----

def answer(status, code="InternalError"):
    """Instead of the storage's own."""
    def act(exchange):
        exchange.drain()
        body = f"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>a bad day</Message></Error>".encode()
        body = b"" if exchange.request.method == "HEAD" else body
        exchange.client.sendall(f"HTTP/1.1 {status} Bad\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    return act


def reset_after(count):
    """In the middle: of the body that is sent, or of the one that is answered."""
    def act(exchange):
        if exchange.request.method == "PUT":
            pump(exchange.client, exchange.rest, exchange.request.length, lambda data: None, count)
        exchange.forward(stop_after=count)
    return act


def other_etag(exchange):
    exchange.forward(change=lambda head: re.sub(rb"(?im)^etag:.*?\r$", b'ETag: "00000000000000000000000000000000"\r', head))


def no_length(exchange):
    exchange.forward(change=lambda head: re.sub(rb"(?im)^content-length:.*?\r\n", b"", head))


def lose_answer(exchange):
    """It is done, and nobody hears of it."""
    exchange.forward(send=lambda data: None)
    raise Reset


def hold_last(held, released, answers):
    """All but the last byte comes to the storage; that one only when @released, whoever has gone away since."""
    def act(exchange):
        data = bytearray()
        pump(exchange.client, exchange.rest, exchange.request.length, data.extend)
        exchange.upstream.sendall(exchange.request.head + data[:-1])
        held.set()
        released.wait()
        exchange.upstream.sendall(data[-1:])
        head, _ = read_head(exchange.upstream)
        answers.append(int(head.split()[1]) if head else None)
        raise Reset
    return act


def after_that(what):
    """What happens between the look and this, and then the storage's own answer."""
    def act(exchange):
        what()
        exchange.forward()
    return act


def silent_until(event):
    """Nothing comes back before that, and then the connection ends."""
    def act(exchange):
        exchange.drain()
        event.wait()
        raise Reset
    return act


def stall(exchange):
    exchange.drain()
    exchange.proxy.closing.wait()
    raise Reset


def drip(exchange):
    """An answer that goes on and on, and never ends."""
    exchange.drain()
    exchange.client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n")
    while not exchange.proxy.closing.wait(1):
        try:
            exchange.client.sendall(b" ")
        except OSError:
            break
    raise Reset


class Exchange:
    def __init__(self, proxy, client, upstream, request, rest):
        self.proxy, self.client, self.upstream, self.request, self.rest = proxy, client, upstream, request, rest

    def drain(self):
        pump(self.client, self.rest, self.request.length, lambda data: None)

    def take_body(self):
        """All of it, so that it can go on also when the client is gone."""
        pieces = []
        pump(self.client, self.rest, self.request.length, pieces.append)
        self.rest = b"".join(pieces)

    def forward(self, change=None, send=None, stop_after=None):
        send = send or self.client.sendall
        self.upstream.sendall(self.request.head)
        pump(self.client, self.rest, self.request.length, self.upstream.sendall)
        head, rest = read_head(self.upstream)
        while head is not None and b" 100 " in head.split(b"\r\n")[0]:
            data = rest
            while b"\r\n\r\n" not in data:
                data += self.upstream.recv(PIECE)
            head, _, rest = data.partition(b"\r\n\r\n")
            head += b"\r\n\r\n"
        if head is None:
            raise Reset
        send(change(head) if change else head)
        if self.request.method == "HEAD" or b" 204 " in head.split(b"\r\n")[0]:
            return
        length = header_of(head, b"content-length")
        if length is not None:
            pump(self.upstream, rest, int(length), send, stop_after)
        elif header_of(head, b"transfer-encoding"):
            send(rest)
            data = rest
            while not data.endswith(b"0\r\n\r\n"):
                data = self.upstream.recv(PIECE)
                if not data:
                    raise Reset
                send(data)


class Proxy:
    def __init__(self, port):
        self.upstream_port, self.faults, self.requests = port, [], []
        self.lock, self.closing = threading.Lock(), threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        self.listener.close()

    def fault(self, condition, act, times=1):
        with self.lock:
            self.faults.append([condition, act, times])

    def heal(self):
        with self.lock:
            self.faults.clear()

    def spent(self):
        """All faults have happened."""
        with self.lock:
            return all(times == 0 for _, _, times in self.faults)

    def asked(self, condition):
        with self.lock:
            return [request for request in self.requests if condition(request)]

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def choose(self, request):
        with self.lock:
            self.requests.append(request)
            for fault in self.faults:
                if fault[2] > 0 and fault[0](request):
                    fault[2] -= 1
                    return fault[1]
        return Exchange.forward

    def serve(self, client):
        with client, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.upstream_port)) as upstream:
            upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                while True:
                    head, rest = read_head(client)
                    if head is None:
                        return
                    method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
                    request = Request(method, target, head, int(header_of(head, b"content-length") or 0))
                    self.choose(request)(Exchange(self, client, upstream, request, rest))
            except Reset:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Silent:
    """Storage that takes connections and says nothing, until it is told to speak: then it has nothing."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.endpoint = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def speak(self):
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client, contextlib.suppress(OSError):
            while read_head(client)[0] is not None:
                client.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
