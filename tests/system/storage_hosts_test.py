#!/usr/bin/env python3
"""Buckets that are called by their host (style = virtual) at Ceph's radosgw, over TLS with an authority of our own and a wildcard
certificate, and what becomes of a name with a dot, which no such certificate is for. Needs root: the daemon has an
/etc/hosts of its own."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import buckets  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import runs  # noqa: E402
import sshd  # noqa: E402
import storage  # noqa: E402
import storage_proxy  # noqa: E402

MIB = 1 << 20
PART = 8 * MIB  # DEPOT_PART_MIN of src/streams/depot.h
DOTTED = "files.of.2026"
STRANGE = "elsewhere.test"  # leads to the storage, whose certificate does not know it
ODD_KEYS = ["with space", "a+b", "100%25", "größe-🚪", "a//b", "/slash first", "q?x#y"]


class DaemonWithHosts(harness.Daemon):
    """One for which @names lead to this machine."""

    def __init__(self, state, settings, names):
        super().__init__(state, settings)
        self.hosts = self.state.with_name("hosts")
        self.hosts.write_text("".join(f"127.0.0.1 {name}\n" for name in ("localhost", *names)), encoding="ascii")

    def command(self):
        return ["unshare", "--mount", "--", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', str(self.hosts),
                *super().command()]


with harness.Story() as story:
    harness.need_root("to give the daemon an /etc/hosts of its own")
    gateway = story.enter(storage.Radosgw(story.folder / "ceph"))
    kind = buckets.Storage(gateway)
    kind.settings("files")
    bucket, dotted = kind.made["files"], gateway.create(DOTTED)
    proxy = story.enter(storage_proxy.Proxy(gateway.port))
    server = story.enter(sshd.Sshd(story.folder / "partner"))

    def settings(name, where, host=storage.HOST, port=gateway.tls_port, style="virtual", scheme="https"):
        found = {**where.settings(name, endpoint=f"{scheme}://{host}:{port}"), f"bucket.{name}.ca": gateway.authority}
        return {**found, f"bucket.{name}.style": style} if style else found

    daemon = story.enter(DaemonWithHosts(story.folder / "state", {
        **settings("files", bucket), **settings("plain", bucket, port=proxy.port, scheme="http"),
        **settings("dotted", dotted, style=None), **settings("dotted-host", dotted),
        **settings("dotted-plain", dotted, port=proxy.port, scheme="http"), **settings("strange", bucket, host=STRANGE),
        "transfer.attempts": "2", "transfer.retry_delay": "100ms"},
        [storage.HOST, f"files.{storage.HOST}", f"{DOTTED}.{storage.HOST}", f"files.{STRANGE}"]))
    partner = flows.partner_of(daemon, server)
    places = runs.Places(daemon, kind)
    inbox, outbox = places.boxes(server)

    def there_and_back(name, where, key, size):
        """From the bucket to the partner, and from there to back/ in the bucket."""
        data = os.urandom(size)
        where.put(key, data)
        partner.wait_completed(partner.send(f"/{name}/{key}", to=inbox))
        last = key.rpartition("/")[2]
        assert (inbox / last).read_bytes() == data, f"the bytes of {key} differ"
        partner.wait_completed(partner.retrieve(inbox / last, to=f"/{name}/back"))
        assert where.get(f"back/{last}") == data, f"the bytes of {key} differ on their way back"
        assert where.uploads() == []

    with story.case("over TLS with a wildcard certificate: objects of all kinds go and come"):
        for size in (0, 1000, PART, 2 * PART + 77):
            there_and_back("files", bucket, f"object-{size}", size)
        for key in ODD_KEYS:
            there_and_back("files", bucket, key, 10)

    with story.case("a directory listing becomes an object there"):
        listing = partner.call("StartDirectoryListing", ConnectorId=partner.id, RemoteDirectoryPath=str(inbox),
                               OutputDirectoryPath="/files/lists")
        harness.wait_until(lambda: bucket.head(f"lists/{listing['OutputFileName']}") is not None, "the listing")

    with story.case("the bucket is in the name of the host, and not in the path: with the daemon's calls and with the worker's"):
        there_and_back("plain", bucket, "seen", PART + 1)
        asked = proxy.asked(lambda request: request.path.endswith("seen"))  # not what every bucket is asked at the start
        for condition in (storage_proxy.is_look, storage_proxy.is_range, storage_proxy.is_part, storage_proxy.is_completion):
            assert proxy.asked(condition), "a kind of request was not seen"
        hosts = {storage_proxy.header_of(request.head, b"host").decode() for request in asked}
        assert hosts == {f"files.{storage.HOST}:{proxy.port}"}, hosts
        assert {request.path for request in asked} == {"/seen", "/back/seen"}, {request.path for request in asked}

    for way in ("up", "down"):
        with story.case(f"after kill -9 of the worker, {way}, the file goes on"):
            with runs.Run(places, server, way, f"on-{way}", 40 * MIB) as run:
                run.stop_behind(30 * MIB)
                daemon.kill_workers()
                run.go_on()
                run.arrives(60)
                run.leaves_nothing()

    with story.case("a name with a dot is called by the path where nobody says otherwise, so that the certificate fits"):
        there_and_back("dotted", dotted, "object", PART + 1)

    with story.case("called by its host it needs a certificate of its own: this one is refused, and nothing is sent"):
        message = partner.wait_failed(partner.send("/dotted-host/object", to=inbox), "READ_FILE_ERROR", "certificate")
        print(f"# {message}")
        (outbox / "never").write_bytes(os.urandom(1000))
        partner.wait_failed(partner.retrieve(outbox / "never", to="/dotted-host"), "WRITE_FILE_ERROR", "certificate")
        assert dotted.head("never") is None

    with story.case("without TLS a name with a dot can be called by its host"):
        there_and_back("dotted-plain", dotted, "plainly", PART + 1)

    with story.case("a host that the certificate does not name is not spoken to"):
        partner.wait_failed(partner.send("/strange/seen", to=inbox), "READ_FILE_ERROR", "certificate")
