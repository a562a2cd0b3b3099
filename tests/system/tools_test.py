#!/usr/bin/env python3
"""The tools of the stories see what they are there to see: a watcher that could not fail would prove nothing."""

import pathlib
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import harness  # noqa: E402


def faults_of(act, sizes):
    """What a watcher of a fresh folder finds wrong with the final names of @sizes after @act(folder)."""
    folder = story.folder / f"watched-{story.count}"
    folder.mkdir()
    with harness.Watch(folder) as watch:
        act(folder)
        watch.finish()
        return watch.faults(sizes)


def put_in_place(folder, size):
    (folder / ".part").write_bytes(b"x" * size)
    (folder / ".part").rename(folder / "file")


class Echo:
    """A TCP server that sends back what it gets, for one connection."""

    def __enter__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        return self

    def meet(self, port):
        """(the client's end of a connection by way of @port, the server's end)"""
        client = socket.create_connection(("127.0.0.1", port), 10)
        accepted, _ = self.server.accept()
        for end in (client, accepted):
            end.settimeout(10)
        return client, accepted

    def __exit__(self, *_):
        self.server.close()


def nothing_comes(end):
    end.settimeout(0.2)
    try:
        end.recv(1)
    except TimeoutError:
        return True
    finally:
        end.settimeout(10)
    return False


with harness.Story() as story:
    with story.case("the watcher is content with a whole file that was renamed into place"):
        assert faults_of(lambda folder: put_in_place(folder, 1000), {"file": 1000}) == []

    with story.case("the watcher sees a short file appear under its final name"):
        assert faults_of(lambda folder: put_in_place(folder, 999), {"file": 1000})

    with story.case("the watcher sees a file being made under its final name"):
        assert faults_of(lambda folder: (folder / "file").write_bytes(b"x" * 1000), {"file": 1000})

    with story.case("the watcher sees a write to a file that was whole"):
        def write_afterwards(folder):
            put_in_place(folder, 1000)
            with open(folder / "file", "r+b") as whole:
                whole.write(b"y")
        assert faults_of(write_afterwards, {"file": 1000})

    with Echo() as echo:
        with story.case("the proxy holds bytes back for its delay, each way"):
            with harness.Proxy(echo.port, delay_ms=80) as proxy:
                client, server = echo.meet(proxy.port)
                started = time.monotonic()
                client.sendall(b"up")
                assert server.recv(10) == b"up"
                server.sendall(b"down")
                assert client.recv(10) == b"down"
                assert time.monotonic() - started >= 0.16

        with story.case("a cut connection is silent and not ended, a new one works, and healing brings all bytes"):
            with harness.Proxy(echo.port) as proxy:
                client, server = echo.meet(proxy.port)
                proxy.tell("cut")
                client.sendall(b"late")
                client.shutdown(socket.SHUT_WR)
                assert nothing_comes(server)
                other, other_server = echo.meet(proxy.port)
                other.sendall(b"now")
                assert other_server.recv(10) == b"now"
                proxy.tell("heal")
                assert server.recv(10) == b"late" and server.recv(10) == b""

        with story.case("a hold strikes once so many bytes have passed"):
            with harness.Proxy(echo.port) as proxy:
                client, server = echo.meet(proxy.port)
                held = proxy.hold("up", 1000)
                client.sendall(b"a" * 999)
                assert len(server.recv(999, socket.MSG_WAITALL)) == 999
                client.sendall(b"b")
                held()
                client.sendall(b"c")
                assert server.recv(10) == b"b" and nothing_comes(server)

        with story.case("a reset is a reset"):
            with harness.Proxy(echo.port) as proxy:
                client, server = echo.meet(proxy.port)
                proxy.tell("reset")
                try:
                    client.recv(1)
                    raise AssertionError("the connection ended as if all were well")
                except ConnectionResetError:
                    pass
