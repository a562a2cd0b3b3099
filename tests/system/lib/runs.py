"""One large file on its way to or from a partner, through a proxy of its own that can stop or cut it."""

import buckets
import flows
import harness


class Places:
    """Where the files of runs are: the bucket "files" of @daemon, of that kind, and folders of each partner's server."""

    def __init__(self, daemon, kind=buckets.Directories):
        self.daemon = daemon
        self.bucket = kind.open(daemon, "files")
        self.arrivals = self.bucket / "arrived"
        self.arrivals.mkdir()

    @staticmethod
    def boxes(server):
        """(inbox, outbox)"""
        found = server.home / "in", server.home / "out"
        for folder in found:
            folder.mkdir(exist_ok=True)
        return found


class Run:
    """
    While it is entered there is a file of @size random bytes to send ("up") or to retrieve ("down").

    @rate     bytes a second that its line carries; 0: as fast as it goes
    @partner  of flows.partner_of(): connections …
    """

    def __init__(self, places, server, way, name, size, delay_ms=0, rate=0, **partner):
        self.places, self.server, self.way, self.name, self.size = places, server, way, name, size
        self.inbox, self.outbox = places.boxes(server)
        self.source, self.target = (places.bucket, self.inbox) if way == "up" else (self.outbox, places.arrivals)
        self.proxy, self.options = harness.Proxy(server.port, delay_ms, rate), partner
        self.partner = self.digest = self.transfer = None

    def __enter__(self):
        self.proxy.__enter__()
        self.partner = flows.partner_of(self.places.daemon, self.server, url=f"sftp://127.0.0.1:{self.proxy.port}",
                                        **self.options)
        self.renew()
        return self

    def __exit__(self, *_):
        self.proxy.finish()
        for folder in (self.source, self.target):
            (folder / self.name).unlink(missing_ok=True)

    def renew(self):
        """Another file takes the source's place."""
        self.digest = flows.write_random(self.source / self.name, self.size)

    def start(self):
        if self.way == "up":
            self.transfer = self.partner.send(f"/files/{self.name}", to=self.inbox)
        else:
            self.transfer = self.partner.retrieve(self.outbox / self.name, to="/files/arrived")

    def stop_behind(self, count):
        """Starts it; returns when the network has stopped behind so many bytes."""
        held = self.proxy.hold(self.way, count)
        self.start()
        held()

    def go_on(self):
        """The network works again, and what it held back comes."""
        self.proxy.tell("heal")

    def arrives(self, seconds):
        """It completes in that time, and is what was sent."""
        self.partner.wait_completed(self.transfer, seconds)
        assert (self.target / self.name).stat().st_size == self.size
        assert flows.sha256_of(self.target / self.name) == self.digest, "the bytes differ"

    def leaves_nothing(self):
        """No part and no temporary is left."""
        assert flows.parts_in(self.server.home, self.places.bucket) == []

    def carried(self):
        """Bytes that its connections have carried its way."""
        up, down, _ = self.proxy.passed()
        return up if self.way == "up" else down
