"""A client of GET /v1/events, and what it heard."""

import contextlib
import http.client
import json
import socket
import threading
import time
import urllib.parse

import aws
import harness


class Listener:
    """
    Listens on a connection of its own from entering to leaving.

    @query  of the request: ConnectorId, TransferId, FileId, Progress
    @after   the id of the last event that is known; None: from now on
    @client  who listens; None: the administrator
    """

    def __init__(self, daemon, after=None, presigned=False, client=None, **query):
        self.daemon, self.after, self.presigned, self.query = daemon, after, presigned, query
        self.client = client or daemon.client
        self.events, self.comments, self.changed = [], 0, threading.Condition()  # events: (kind, id or None, data)
        self.ended, self.status, self.headers, self.sock = False, None, {}, None

    def request(self):
        client = self.client
        target = "/v1/events" + ("?" + urllib.parse.urlencode(self.query) if self.query else "")
        if self.presigned:
            return client.presign("sallyport", target)
        headers = [("Last-Event-ID", str(self.after))] if self.after is not None else []
        request = aws.Request("GET", target, headers)
        client.sign("sallyport", request)
        return request

    def __enter__(self):
        request = self.request()
        self.connection = http.client.HTTPConnection(self.daemon.client.host, timeout=120)
        self.connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers:
            self.connection.putheader(name, value)
        self.connection.endheaders()
        self.sock = self.connection.sock
        self.answer = self.connection.getresponse()
        self.status, self.headers = self.answer.status, dict(self.answer.getheaders())
        assert self.status == 200, (self.status, self.answer.read())
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()
        return self

    def _read(self):
        fields = {}
        try:
            while line := self.answer.readline():
                text = line.decode("utf-8").rstrip("\n")
                with self.changed:
                    if text.startswith(":"):
                        self.comments += 1
                    elif text:
                        name, _, value = text.partition(": ")
                        fields[name] = value
                    elif "event" in fields:
                        number = int(fields["id"]) if "id" in fields else None
                        self.events.append((fields["event"], number, json.loads(fields["data"])))
                        fields = {}
                    else:
                        fields = {}
                    self.changed.notify_all()
        except (OSError, http.client.HTTPException, ValueError, AttributeError):
            pass
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def wait(self, wanted, what, seconds=harness.PATIENCE_SECONDS):
        """The first event for which @wanted(kind, data) is true."""
        deadline = time.monotonic() + seconds
        with self.changed:
            while True:
                for kind, number, data in self.events:
                    if wanted(kind, data):
                        return kind, number, data
                left = deadline - time.monotonic()
                if left <= 0 or (self.ended and left <= 0) or not self.changed.wait(left):
                    raise harness.NotInTime(f"waited {seconds} s in vain for {what}: {self.events[-5:]}")

    def wait_state(self, transfer, state, seconds=60):
        return self.wait(lambda kind, data: kind == "file" and data["TransferId"] == transfer and data["State"] == state,
                         f"{transfer} to be {state}", seconds)

    def wait_end(self, seconds=harness.PATIENCE_SECONDS):
        with self.changed:
            assert self.changed.wait_for(lambda: self.ended, seconds), "the stream did not end"

    def of(self, kind):
        with self.changed:
            return [(number, data) for name, number, data in self.events if name == kind]

    def last_id(self):
        with self.changed:
            return max(number for _, number, _ in self.events if number is not None)

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)  # wakes the thread that reads
        self.thread.join()
        self.answer.close()
        self.connection.close()
