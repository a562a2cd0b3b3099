#!/usr/bin/env python3
"""Several connections to a server that let the worker in before: they go to its door together, and one of them enters first."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))

import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402
import worker  # noqa: E402

MIB = 1 << 20
LARGE, SMALL = 40 * MIB, 1 * MIB
CONNECTIONS = 3
KNOWN = {"banner": "SSH-2.0-OpenSSH_9.2p1", "fingerprint": "SHA256:of-the-last-time", "connections": CONNECTIONS}


class Door:
    """Where a worker has asked for @count sockets, and was given none yet. The first request is of the connection that goes
    first, which is opened for the first of @files; they come in any order."""

    def __init__(self, one, files, count):
        self.one, self.requests, self.ports = one, [], []
        while len(self.requests) < count:
            message = worker.decode(one.control.recv(worker.MESSAGE_MAX))
            assert message.kind in ("NEED_SOCKET", "BEAT"), message
            if message.kind == "NEED_SOCKET":
                one.sockets += 1
                place = 0 if message.file_id == files[0].id else len(self.requests)
                self.requests.insert(place, message.request)

    def open(self, request):
        sock = worker.connect(self.one.port)
        self.ports.append(str(sock.getsockname()[1]))
        self.one.send("SOCKET", fd=sock.fileno(), request=request, text=f"127.0.0.1:{self.one.port}")
        sock.close()


def told(words):
    """The ports of those of whom the server's log says that, in their order."""
    return [line.split(" port ")[1].split()[0] for line in server.log_text()[since:].splitlines() if words in line]


def publish(one, files):
    """Permits each of @files when it is READY, until all are published."""
    waiting = {file.id: file for file in files}
    while waiting:
        message = one.receive()
        if message.kind == "READY":
            one.permit(waiting[message.file_id])
        elif message.kind == "PUBLISHED":
            del waiting[message.file_id]
        else:
            assert message.kind in worker.UNASKED, message


with harness.Story() as story:
    server = story.enter(sshd.Sshd(story.folder / "server"))
    large, small, lock = story.folder / "large", story.folder / "small", story.folder / "lock"
    large_sum, small_sum = flows.write_random(large, LARGE), flows.write_random(small, SMALL)
    stranger = sshd.make_key(story.folder / "stranger")
    since = 0

    with story.case("three files for a server that is known: three are at its door, and the first one enters first"):
        since = len(server.log_text())
        with worker.Worker(server, lock=lock, **KNOWN) as one:
            files = [one.send_file(small, f"three-{number}") for number in range(CONNECTIONS)]
            door = Door(one, files, CONNECTIONS)
            for request in reversed(door.requests):  # those who follow are there long before the one they follow
                door.open(request)
                harness.wait_until(lambda: len(told("Connection from")) == len(door.ports), "the server to see it")
            publish(one, files)
            assert one.sockets == CONNECTIONS
        assert told("Accepted publickey")[0] == door.ports[-1], (told("Accepted publickey"), door.ports)
        assert all(flows.sha256_of(server.home / f"three-{number}") == small_sum for number in range(CONNECTIONS))

    with story.case("one large file that will call for help: help is at the door before it is begun"):
        with worker.Worker(server, lock=lock, **KNOWN) as one:
            files = [one.send_file(large, "large")]
            door = Door(one, files, CONNECTIONS)
            for request in door.requests:
                door.open(request)
            publish(one, files)
            assert one.sockets == CONNECTIONS
        assert flows.sha256_of(server.home / "large") == large_sum

    with story.case("one small file, or a server that nobody knows: one connection"):
        for changes, source in (({}, small), ({"banner": None}, large)):
            with worker.Worker(server, lock=lock, **{**KNOWN, **changes}) as one:
                file = one.send_file(source, "alone")
                door = Door(one, [file], 1)
                door.open(door.requests[0])
                publish(one, [file])
                assert one.sockets == 1 or source == large, one.sockets  # which calls for help once it is under way

    with story.case("wrong credentials are shown once, and all files fail for that reason"):
        since = len(server.log_text())
        with worker.Worker(server, lock=lock, private_key=stranger, **KNOWN) as one:
            files = [one.send_file(small, "none") for _ in range(CONNECTIONS)]
            door = Door(one, files, CONNECTIONS)
            for request in reversed(door.requests):
                door.open(request)
            for file in files:
                one.expect("FILE_FAILED", file, step="AUTHENTICATE", code="AUTH")
            assert told("Failed publickey") == [door.ports[-1]], (told("Failed publickey"), door.ports)

            # It goes alone from now on, as at a server that nobody knows.
            files = [one.send_file(small, "none") for _ in range(CONNECTIONS)]
            again = Door(one, files, 1)
            again.open(again.requests[0])
            for file in files:
                one.expect("FILE_FAILED", file, step="AUTHENTICATE", code="AUTH")
            assert one.sockets == CONNECTIONS + 1, one.sockets

    with story.case("followers that are turned away leave the work to the first one"):
        with worker.Worker(server, lock=lock, **KNOWN) as one:
            files = [one.send_file(small, f"left-{number}") for number in range(CONNECTIONS)]
            door = Door(one, files, CONNECTIONS)
            for request in door.requests[1:]:
                one.refuse_socket(request)
            door.open(door.requests[0])
            publish(one, files)
            assert one.sockets == CONNECTIONS, one.sockets

    with story.case("when there is no way to the server for the first one, all files fail for that reason"):
        with worker.Worker(server, lock=lock, **KNOWN) as one:
            files = [one.send_file(small, "none") for _ in range(CONNECTIONS)]
            door = Door(one, files, CONNECTIONS)
            for request in door.requests:
                one.refuse_socket(request)
            for file in files:
                failed = one.expect("FILE_FAILED", file, step="CONNECT", code="UNREACHABLE")
                assert failed.text == "could not connect: Connection refused", failed

    with story.case("the end of the control socket ends those who wait at the door"):
        with worker.Worker(server, lock=lock, **KNOWN) as one:
            files = [one.send_file(small, f"end-{number}") for number in range(CONNECTIONS)]
            door = Door(one, files, CONNECTIONS)
            door.open(door.requests[1])
            harness.wait_until(lambda: told("Connection from")[-1:] == door.ports, "the server to see it")
            seconds, code = one.end()
            assert code == 0, (seconds, code)
