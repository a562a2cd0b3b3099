"""A webhook's receiver as somebody would write it: it checks signatures, and can be told to misbehave."""

import hashlib
import hmac
import http.server
import json
import ssl
import threading
import time

import harness

TOLERANCE_SECONDS = 300


def is_signed(secret, header, body, now=None):
    """The check of doc/events.md."""
    parts = dict(part.split("=", 1) for part in header.split(","))
    expected = hmac.new(secret.encode(), f"{parts['t']}.".encode() + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, parts["v1"]) and abs((now or time.time()) - int(parts["t"])) < TOLERANCE_SECONDS


class Receiver:
    """
    Listens on loopback while it is entered. @answer(event, tries) says what becomes of an event: a status, bytes that are sent
    in place of an answer, a function of the handler, or None: the connection is closed without a word.
    """

    def __init__(self, secret=None, answer=lambda event, tries: 200, certificate=None):
        self.secret, self.answer = secret, answer
        self.certificate = certificate
        self.taken, self.tries, self.faults = [], {}, []
        self.lock = threading.Lock()
        self.port = None

    def __enter__(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                receiver.take(self)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_):
                pass  # who breaks off a connection is no fault of ours

        self.server = Server(("127.0.0.1", self.port or 0), Handler)
        self.port = self.server.server_port
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @property
    def url(self):
        return f"{'https' if self.certificate else 'http'}://127.0.0.1:{self.port}/in"

    def take(self, handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        event = json.loads(body)
        with self.lock:
            tries = self.tries[event["id"]] = self.tries.get(event["id"], 0) + 1
            self.look_at(handler, event, body)
            answer = self.answer(event, tries)
            if answer == 200:
                self.taken.append(event)
        if callable(answer):
            answer(handler)
        elif isinstance(answer, bytes):
            handler.wfile.write(answer)
            handler.close_connection = True
        elif answer is None:
            handler.close_connection = True
        else:
            handler.send_response(answer)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

    def look_at(self, handler, event, body):
        headers = handler.headers
        if handler.path != "/in" or headers["Content-Type"] != "application/json":
            self.faults.append(f"{handler.path} {headers}")
        if headers["Sallyport-Event-Id"] != event["id"]:
            self.faults.append(f"the header names another event: {headers}")
        if self.secret and not is_signed(self.secret, headers["Sallyport-Signature"], body):
            self.faults.append(f"the signature is wrong: {headers}")

    def events(self):
        with self.lock:
            return list(self.taken)

    def ids(self, connector=None):
        """As they came, without repeats."""
        return list(dict.fromkeys(event["id"] for event in self.events()
                                  if connector in (None, event["detail"]["connector-id"])))

    def wait(self, count, what="events to come", connector=None, seconds=harness.PATIENCE_SECONDS):
        """The ids of the first @count that were taken."""
        harness.wait_until(lambda: len(self.ids(connector)) >= count, f"{count} {what}", seconds)
        return self.ids(connector)[:count]
