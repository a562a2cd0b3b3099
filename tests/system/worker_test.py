#!/usr/bin/env python3
"""The worker against a real OpenSSH server, driven over its control socket as the daemon does it."""

import os
import pathlib
import signal
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))

import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402
import worker  # noqa: E402
from worker import Worker  # noqa: E402

MIB = 1 << 20
SIZES = (0, 1, 32767, 32768, 32769, 261119, 261120, 261121, 3 * MIB + 5)
STALL_MS = 1500  # patience with a server that is stopped


class Ground:
    """What all cases share: a server, its home, a source of every size."""

    def __init__(self, story):
        self.story = story
        self.server = story.enter(sshd.Sshd(story.folder / "server"))
        self.home = self.server.home
        self.lock = story.folder / "lock"
        self.sums = {}
        for size in SIZES:
            self.sums[size] = flows.write_random(self.source(size), size)
        self.large = story.folder / "large"
        self.large_sum = flows.write_random(self.large, 48 * MIB)

    def source(self, size):
        return self.story.folder / f"source-{size}"

    def worker(self, **more):
        return Worker(self.server, lock=self.lock, **more)

    def nothing_left(self):
        left = flows.parts_in(self.home)
        assert left == [], f"left behind: {left}"


def story_proxy(ground, **more):
    return harness.Proxy(ground.server.port, **more)


def hold(ground, one, proxy, way, count=8 * MIB):
    """Warms the connection, and freezes it after @count more bytes; returns a function that waits for it."""
    one.send_and_publish(ground.source(1), "warm")
    return proxy.hold(way, count)


def fingerprint_of(path):
    return subprocess.run(["ssh-keygen", "-lf", str(path)], check=True, stdout=subprocess.PIPE,
                          text=True).stdout.split()[1]


# ---- the program, and testing a connection ----------------------------------------------------------------------------


def start(ground):
    story, server = ground.story, ground.server
    with story.case("a wrong command line is answered with the usage"):
        ended = subprocess.run([worker.PROGRAM, "--nonsense"], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               text=True, check=False)
        assert ended.returncode == 2 and "usage: sallyport-worker" in ended.stderr, ended

    with story.case("the process is shut off: no core file, no new privileges"):
        with ground.worker() as one:
            one.send_and_publish(ground.source(1), "shut")
            told = worker.rights_of(one.process.pid).split("\n")
            assert "NoNewPrivs:\t1" in told, told
            core = next(line for line in told if line.startswith("Max core file size")).split()
            assert core[4:6] == ["0", "0"], core

    with story.case("a test tells the host key and its fingerprint when all is well"):
        with Worker(server) as one:
            one.send("TEST")
            result = one.expect("TEST_RESULT", code="OK")
            kinds = {sshd.public_line(server.host_key_path(kind)): kind for kind in server.host_keys}
            kind = kinds[result.host_key]
            assert result.fingerprint == fingerprint_of(server.host_key_path(kind)), result

    with story.case("a test without trusted keys fails, and tells the key that could be trusted"):
        with Worker(server, trusted_keys="") as one:
            one.send("TEST")
            result = one.expect("TEST_RESULT", step="HOST_KEY", code="UNTRUSTED")
            assert result.host_key in server.trusted_keys() and result.fingerprint.startswith("SHA256:"), result
            assert "sftp.example.com" in result.text and f"127.0.0.1:{server.port}" in result.text, result

    with story.case("a test with a key that the server does not know fails in authentication"):
        stranger = sshd.make_key(story.folder / "stranger")
        with Worker(server, private_key=stranger) as one:
            one.send("TEST")
            result = one.expect("TEST_RESULT", step="AUTHENTICATE", code="AUTH")
            assert result.host_key in server.trusted_keys(), result

    with story.case("a test is told why there is no socket"):
        with Worker(server) as one:
            one.give_socket = one.refuse_socket
            one.send("TEST")
            result = one.expect("TEST_RESULT", step="CONNECT", code="UNREACHABLE")
            assert result.text == "could not connect: Connection refused" and result.host_key == "", result

    with story.case("a test worker takes no file, and a worker makes no test"):
        with Worker(server) as one:
            one.send_file(ground.source(1), "never")
            assert one.receive() is None and one.process.wait(10) == 1
        with ground.worker() as one:
            one.send("TEST")
            assert one.receive() is None and one.process.wait(10) == 1

    with story.case("nonsense on the control socket ends the worker"):
        with ground.worker() as one:
            one.control.send(b"\xff")
            assert one.receive() is None and one.process.wait(10) == 1


# ---- SEND -------------------------------------------------------------------------------------------------------------


def send(ground):
    story, home = ground.story, ground.home
    (home / "in").mkdir()

    with story.case("files of every size arrive, and only a permit gives them their name"):
        with ground.worker() as one:
            for size in SIZES:
                file = one.send_file(ground.source(size), f"file-{size}", str(home / "in"))
                ready = one.expect("READY", file)
                assert (ready.size, ready.sha256) == (size, ground.sums[size]), ready
                assert os.listdir(home / "in") == [file.part()], os.listdir(home / "in")
                one.permit(file)
                one.expect("PUBLISHED", file, outcome="RENAMED")
                assert flows.sha256_of(home / "in" / f"file-{size}") == ground.sums[size]
                (home / "in" / f"file-{size}").unlink()
            assert one.sockets == 1

    with story.case("without a directory the home directory is meant, and a relative one is below it"):
        with ground.worker() as one:
            one.send_and_publish(ground.source(1), "at-home")
            one.send_and_publish(ground.source(1), "below", "in")
            one.send_and_publish(ground.source(1), "slash", "in/")
        assert (home / "at-home").exists() and (home / "in/below").exists() and (home / "in/slash").exists()

    with story.case("names are bytes: spaces, quotes, UTF-8, Latin-1, 255 of them"):
        with ground.worker() as one:
            for name in (b"a b", b"it's \"quoted\"", "grün €".encode(), b"gr\xfcn", b"n" * 255, b"-rf", b"back\\slash"):
                one.send_and_publish(ground.source(1), name, str(home / "in"))
                assert os.path.exists(os.path.join(os.fsencode(home / "in"), name)), name

    with story.case("a file of that name is replaced"):
        (home / "in/there").write_text("old", encoding="ascii")
        with ground.worker() as one:
            one.send_and_publish(ground.source(32768), "there", "in")
        assert flows.sha256_of(home / "in/there") == ground.sums[32768]

    with story.case("a directory of that name is not"):
        (home / "in/folder").mkdir()
        with ground.worker() as one:
            file = one.send_file(ground.source(1), "folder", "in")
            one.expect("READY", file)
            one.permit(file)
            failed = one.expect("FILE_FAILED", file, step="RENAME_REMOTE", code="CONFLICT")
            assert "in/folder" in failed.text and "directory" in failed.text and "sftp.example.com" in failed.text, failed
            # With the permit given, a part that is gone counts as published: it goes when the daemon says so.
            assert (home / "in" / file.part()).exists()
            one.remove(file)
            one.expect("REMOVED", file)
            one.send_and_publish(ground.source(1), "next", "in")

    with story.case("parts of earlier attempts are removed, and no others"):
        with ground.worker() as one:
            first = one.send_file(ground.source(1), "again", "in", attempt=4, oldest_attempt=2)
            for attempt in (1, 2, 3):
                (home / "in" / first.part(attempt)).write_text("old", encoding="ascii")
            # The worker may have been there first: only the second try of the same file is sure to find them.
            one.expect("READY", first)
            one.cancel(first)
            one.expect("FILE_FAILED", first, code="CANCELLED")
            for attempt in (1, 2, 3):
                (home / "in" / first.part(attempt)).write_text("old", encoding="ascii")
            with open(ground.source(1), "rb") as opened:
                one.send("SEND", fd=opened.fileno(), file_id=first.id, **dict(first.order, attempt=5, part_attempt=5))
            first.order["attempt"] = 5
            one.expect("READY", first)
            assert sorted(name for name in os.listdir(home / "in") if name.startswith(".sp-")) == \
                [first.part(1), first.part(5)]
            one.permit(first)
            one.expect("PUBLISHED", first)
            (home / "in" / first.part(1)).unlink()

    with story.case("a missing directory is named, with the host"):
        with ground.worker() as one:
            file = one.send_file(ground.source(1), "x", "/no/such")
            failed = one.expect("FILE_FAILED", file, step="WRITE_REMOTE", code="NOT_FOUND")
            assert "/no/such" in failed.text and "sftp.example.com" in failed.text, failed
            one.send_and_publish(ground.source(1), "next")
            assert one.sockets == 1

    with story.case("a source that is longer or shorter than it was is noticed, and nothing is left"):
        with ground.worker() as one:
            for size in (0, 32768, 32770):
                file = one.send_file(ground.source(32769), "changed", "in", size=size)
                one.expect("FILE_FAILED", file, step="READ_OBJECT", code="CHANGED")
        assert not (home / "in/changed").exists()
        ground.nothing_left()

    with story.case("a permit for another try, or before READY, publishes nothing"):
        with ground.worker() as one:
            file = one.send_file(ground.source(1), "early", "in", attempt=2, oldest_attempt=2)
            one.permit(file)
            one.expect("READY", file)
            one.send("PERMIT", file_id=file.id, attempt=1)
            one.cancel(file)
            one.expect("FILE_FAILED", file, code="CANCELLED")
        assert not (home / "in/early").exists()
        ground.nothing_left()


# ---- RETRIEVE ---------------------------------------------------------------------------------------------------------


def retrieve(ground):
    story, home = ground.story, ground.home
    staging = story.folder / "staging"

    with story.case("files of every size come back"):
        with ground.worker() as one:
            for size in SIZES:
                (home / "out").write_bytes(ground.source(size).read_bytes())
                file = one.retrieve(str(home / "out"), staging)
                ready = one.expect("READY", file)
                assert (ready.size, ready.sha256) == (size, ground.sums[size]), ready
                assert flows.sha256_of(staging) == ground.sums[size]

    with story.case("the descriptor is closed before READY is told"):
        reader, writer = os.pipe()
        with ground.worker() as one:
            file = one.retrieve("out", staging)
            one.expect("READY", file)
            links = harness.descriptors(one.process.pid)
            assert str(staging) not in links, links
        os.close(reader)
        os.close(writer)

    with story.case("a missing file and a directory are told as what they are"):
        with ground.worker() as one:
            failed = one.expect("FILE_FAILED", one.retrieve("/no/such", staging), step="READ_REMOTE", code="NOT_FOUND")
            assert "/no/such" in failed.text and "sftp.example.com" in failed.text, failed
            failed = one.expect("FILE_FAILED", one.retrieve(str(home), staging), step="READ_REMOTE")
            assert "directory" in failed.text, failed

    with story.case("a full disk under the bucket is told as such"):
        (home / "out").write_bytes(ground.source(3 * MIB + 5).read_bytes())
        with ground.worker() as one:
            file = one.retrieve("out", "/dev/full")
            one.expect("FILE_FAILED", file, step="WRITE_OBJECT", code="NO_SPACE")
            one.expect("READY", one.retrieve("out", staging))
            assert one.sockets == 1


# ---- RECOVER ----------------------------------------------------------------------------------------------------------


def recover(ground):
    story, home = ground.story, ground.home
    (home / "rec").mkdir()

    def recovering(part, final, kind, size=6, **values):
        """One RECOVER of a file of 6 bytes, after part and final were given these bytes (None: not there)."""
        with ground.worker() as one:
            file = worker.File(attempt=3, part_attempt=3, size=size, directory="rec", name="final")
            for path, data in ((home / "rec" / file.part(), part), (home / "rec/final", final)):
                path.unlink(missing_ok=True)
                if data is not None:
                    path.write_bytes(data)
            one.recover(file)
            told = one.expect(kind, file, **values)
            read = [path.read_bytes() if path.exists() else None for path in (home / "rec" / file.part(), home / "rec/final")]
            (home / "rec" / file.part()).unlink(missing_ok=True)
            return told, read

    with story.case("a part that is there is renamed, over whatever has the name"):
        for before in (None, b"older!", b"old"):
            assert recovering(b"sound!", before, "PUBLISHED", outcome="RENAMED")[1] == [None, b"sound!"]

    with story.case("no part, and the final name with that size: it was published"):
        assert recovering(None, b"sound!", "PUBLISHED", outcome="CONFIRMED")[1] == [None, b"sound!"]

    with story.case("no part and no final name: it was published, and taken away"):
        assert recovering(None, None, "PUBLISHED", outcome="INFERRED")[1] == [None, None]

    with story.case("no part, and another file under the final name: it starts over"):
        failed, read = recovering(None, b"another", "FILE_FAILED", step="RENAME_REMOTE", code="NOT_FOUND")
        assert "vanished" in failed.text and read == [None, b"another"], (failed, read)

    with story.case("a part of another size is not published"):
        failed, read = recovering(b"short", None, "FILE_FAILED", step="RENAME_REMOTE", code="CHANGED")
        assert "5 bytes" in failed.text and read == [b"short", None], (failed, read)

    with story.case("a rename that a stopped server had queued is found out about"):
        with ground.worker(idle_timeout_ms=STALL_MS) as one:
            file = one.send_file(ground.source(1), "queued", "rec")
            one.expect("READY", file)
            stopped = ground.server.sftp_servers()
            ground.server.signal_sessions(signal.SIGSTOP, stopped)
            one.permit(file)
            failed = one.expect("FILE_FAILED", file, step="RENAME_REMOTE")
            assert failed.code in ("TIMEOUT", "CLOSED"), failed
            assert (home / "rec" / file.part()).exists()
            ground.server.signal_sessions(signal.SIGCONT, stopped)
            one.recover(file)
            one.expect("PUBLISHED", file)
            assert one.sockets == 2
        assert flows.sha256_of(home / "rec/queued") == ground.sums[1]
        ground.nothing_left()


# ---- CANCEL, and connections that end ---------------------------------------------------------------------------------


def cancel(ground):
    story, home = ground.story, ground.home
    with story.case("a file that waits, one that is sent and one that waits for its permit are cancelled"):
        with story_proxy(ground) as proxy, ground.worker(port=proxy.port) as one:
            held = hold(ground, one, proxy, "up")
            sending = one.send_file(ground.large, "large")
            held()
            waiting = one.send_file(ground.source(1), "waits")
            one.cancel(waiting)
            failed = one.expect("FILE_FAILED", waiting, code="CANCELLED")
            assert failed.step in ("WAIT", "WRITE_REMOTE"), failed  # it may have been begun
            one.cancel(sending)
            assert proxy.tell("heal") == "ok"
            one.expect("FILE_FAILED", sending, step="WRITE_REMOTE", code="CANCELLED")
            ready = one.send_file(ground.source(1), "ready")
            one.expect("READY", ready)
            one.cancel(ready)
            one.expect("FILE_FAILED", ready, step="RENAME_REMOTE", code="CANCELLED")
            ground.nothing_left()
            one.send_and_publish(ground.source(1), "after")
            assert one.sockets == 1
        assert not any((home / name).exists() for name in ("large", "waits", "ready"))

    with story.case("a file that is fetched is cancelled, and the connection goes on"):
        (home / "large").write_bytes(ground.large.read_bytes())
        with story_proxy(ground) as proxy, ground.worker(port=proxy.port) as one:
            held = hold(ground, one, proxy, "down")
            file = one.retrieve("large", story.folder / "staging")
            held()
            one.cancel(file)
            assert proxy.tell("heal") == "ok"
            one.expect("FILE_FAILED", file, code="CANCELLED")
            one.expect("READY", one.retrieve("large", story.folder / "staging"), sha256=ground.large_sum)
            assert one.sockets == 1


def connections(ground):
    story, home, server = ground.story, ground.home, ground.server

    with story.case("as many connections as large files wait, up to the limit, and all share them"):
        with ground.worker(connections=2) as one:
            files = [one.send_file(ground.source(3 * MIB + 5), f"parallel-{number}") for number in range(5)]
            ready = [one.expect("READY"), one.expect("READY")]
            assert one.sockets == 2
            waiting = {file.id: file for file in files}
            published = 0
            for message in ready:
                one.permit(waiting[message.file_id])
            while published < len(files):
                message = one.receive()
                assert message.kind in ("READY", "PUBLISHED", *worker.UNASKED), message
                if message.kind == "READY":
                    one.permit(waiting[message.file_id])
                elif message.kind == "PUBLISHED":
                    published += 1
            assert one.sockets == 2
        for number in range(5):
            assert flows.sha256_of(home / f"parallel-{number}") == ground.sums[3 * MIB + 5]

    with story.case("files that wait for their permit keep no others from being begun"):
        with ground.worker() as one:
            files = {file.id: file for file in (one.send_file(ground.source(1), f"many-{number}") for number in range(100))}
            for _ in files:
                one.expect("READY")
            for file in files.values():
                one.permit(file)
            for _ in files:
                one.expect("PUBLISHED")
            assert one.sockets == 1

    with story.case("without any connection all waiting files fail for that reason, after one try"):
        with ground.worker(connections=3) as one:
            one.give_socket = lambda request: None
            files = [one.send_file(ground.source(1), "none") for _ in range(4)]
            request = harness.wait_until(lambda: next_request(one), "a socket to be asked for")
            one.refuse_socket(request)
            for file in files:
                failed = one.expect("FILE_FAILED", file, step="CONNECT", code="UNREACHABLE")
                assert failed.text == "could not connect: Connection refused", failed
            assert one.sockets == 1

    with story.case("wrong credentials fail all waiting files, after one try"):
        stranger = sshd.make_key(story.folder / "another-stranger")
        with ground.worker(connections=3, private_key=stranger) as one:
            request_later = []
            one.give_socket = request_later.append
            files = [one.send_file(ground.source(1), "none") for _ in range(3)]
            next_request(one)
            one.connect_and_give(request_later[0])
            for file in files:
                one.expect("FILE_FAILED", file, step="AUTHENTICATE", code="AUTH")
            assert one.sockets == 1

    with story.case("a further connection that is refused leaves the work to the one that there is"):
        with ground.worker(connections=2) as one:
            def only_one(request):
                (one.connect_and_give if one.sockets == 1 else one.refuse_socket)(request)
            one.give_socket = only_one
            files = {file.id: file for file in (one.send_file(ground.source(3 * MIB + 5), f"alone-{number}")
                                                for number in range(4))}
            published = set()
            while len(published) < len(files):
                message = one.receive()
                if message.kind == "READY":
                    one.permit(files[message.file_id])
                elif message.kind == "PUBLISHED":
                    published.add(message.file_id)
                else:
                    assert message.kind in worker.UNASKED, message
            assert one.sockets == 2, one.sockets

    with story.case("a warm connection that died is replaced without a word"):
        with ground.worker() as one:
            one.send_and_publish(ground.source(1), "warm")
            for _ in range(2):
                ended = server.sessions()
                server.signal_sessions(signal.SIGKILL, ended)
                harness.wait_until(lambda: not any(harness.is_alive(pid) for pid in ended), "the sessions to end")
                one.send_and_publish(ground.source(1), "warm")
            assert one.sockets == 3

    with story.case("a warm connection is kept warm"):
        with story_proxy(ground) as proxy, ground.worker(port=proxy.port, keepalive_ms=50) as one:
            one.send_and_publish(ground.source(1), "warm")
            before = proxy.passed()[0]
            harness.wait_until(lambda: proxy.passed()[0] > before, "something to be said")
            one.send_and_publish(ground.source(1), "warm")
            assert one.sockets == 1

    with story.case("a connection that breaks under a file fails that file, and the next gets another"):
        with story_proxy(ground) as proxy, ground.worker(port=proxy.port) as one:
            held = hold(ground, one, proxy, "up")
            file = one.send_file(ground.large, "broken")
            held()
            assert proxy.tell("reset") == "ok"
            failed = one.expect("FILE_FAILED", file, step="WRITE_REMOTE", code="CLOSED")
            assert "sftp.example.com" in failed.text, failed
            one.send_and_publish(ground.source(1), "next")
            assert one.sockets == 2
        assert not (home / "broken").exists()
        for part in flows.parts_in(home):
            os.unlink(part)

    with story.case("a server that falls silent under a file is given up"):
        with story_proxy(ground) as proxy, ground.worker(port=proxy.port, idle_timeout_ms=STALL_MS) as one:
            held = hold(ground, one, proxy, "down")
            file = one.retrieve("large", story.folder / "staging")
            held()
            failed = one.expect("FILE_FAILED", file, step="READ_REMOTE", code="TIMEOUT")
            assert f"{STALL_MS} ms" in failed.text and "sftp.example.com" in failed.text, failed

    with story.case("a server that accepts and says nothing is given up in time"):
        with socket.create_server(("127.0.0.1", 0)) as silent, \
                ground.worker(port=silent.getsockname()[1], handshake_timeout_ms=700) as one:
            file = one.send_file(ground.source(1), "silence")
            failed = one.expect("FILE_FAILED", file, code="TIMEOUT")
            assert failed.step in ("BANNER", "KEY_EXCHANGE") and "sftp.example.com" in failed.text, failed


def crowd(ground):
    """Many files at once on one connection."""
    story, home = ground.story, ground.home
    (home / "crowd").mkdir()

    def send_many(one, count, size=1):
        files = [one.send_file(ground.source(size), f"file-{number}", "crowd") for number in range(count)]
        return {file.id: file for file in files}

    def see_to(one, files, ended=("PUBLISHED",)):
        """Permits what is ready until all of @files have ended as they may; {id: last message}."""
        ends = {}
        while len(ends) < len(files):
            message = one.receive()
            if message.kind in worker.UNASKED:
                continue
            assert message.file_id in files and message.file_id not in ends, message
            if message.kind == "READY":
                one.permit(files[message.file_id])
            else:
                assert message.kind in ended, message
                ends[message.file_id] = message
        return ends

    def names():
        return {name for name in os.listdir(home / "crowd") if name.startswith("file-")}

    def clear():
        for name in os.listdir(home / "crowd"):
            os.unlink(home / "crowd" / name)

    with story.case("hundreds of files at once go one connection's way, and are all there"):
        with ground.worker() as one:
            see_to(one, send_many(one, 300, 32769))
            assert one.sockets == 1
        assert len(names()) == 300
        assert all(flows.sha256_of(home / "crowd" / name) == ground.sums[32769] for name in names())
        ground.nothing_left()
        clear()

    with story.case("hundreds of files at once come back"):
        for size in (1, 32769, 261121):
            (home / f"back-{size}").write_bytes(ground.source(size).read_bytes())
        with ground.worker() as one:
            files = {}
            for number in range(300):
                size = (1, 32769, 261121)[number % 3]
                file = one.retrieve(f"back-{size}", story.folder / f"back-{number}")
                files[file.id] = (number, size)
            while files:
                message = one.receive()
                if message.kind in worker.UNASKED:
                    continue
                assert message.kind == "READY", message
                number, size = files.pop(message.file_id)
                assert (message.size, message.sha256) == (size, ground.sums[size]), message
                assert flows.sha256_of(story.folder / f"back-{number}") == ground.sums[size]
            assert one.sockets == 1

    with story.case("more files than were agreed on end the worker"):
        with ground.worker() as one:
            one.give_socket = lambda request: None
            for number in range(worker.FILES_MAX + 1):
                one.send_file(ground.source(1), f"file-{number}", "crowd")
            while (message := one.receive()) is not None:
                assert message.kind == "NEED_SOCKET", message
            assert one.process.wait(10) == 1

    with story.case("a connection that breaks under many files ends each of them, and the others get a new one"):
        with story_proxy(ground) as proxy, ground.worker(port=proxy.port) as one:
            held = hold(ground, one, proxy, "up", 256 * 1024)
            files = send_many(one, 200, 32768)
            held()
            assert proxy.tell("reset") == "ok"
            ends = see_to(one, files, ("PUBLISHED", "FILE_FAILED"))
            failed = {file_id for file_id, end in ends.items() if end.kind == "FILE_FAILED"}
            assert 0 < len(failed) < 200, len(failed)
            assert all(ends[file_id].code == "CLOSED" for file_id in failed)
            assert one.sockets == 2, one.sockets
            whole = {files[file_id].order["name"] for file_id in files if file_id not in failed}
            assert whole <= names(), whole - names()
            assert all(flows.sha256_of(home / "crowd" / name) == ground.sums[32768] for name in names())
            one.send_and_publish(ground.source(1), "after")
        clear()

    with story.case("a server that dies between READY and the permit loses no file's true end"):
        with ground.worker() as one:
            files = send_many(one, 50)
            for _ in files:
                one.expect("READY")  # all of them wait for their permits now
            ground.server.signal_sessions(signal.SIGKILL, ground.server.sessions())
            for file in files.values():
                one.permit(file)
            ends = see_to(one, files, ("PUBLISHED", "FILE_FAILED"))
            for file_id, end in ends.items():
                if end.kind == "FILE_FAILED":
                    assert end.step == "RENAME_REMOTE" and end.code == "CLOSED", end
                    one.recover(files[file_id])
            lost = {file_id: files[file_id] for file_id, end in ends.items() if end.kind == "FILE_FAILED"}
            see_to(one, lost)
        assert len(names()) == 50
        ground.nothing_left()
        clear()

    with story.case("of many files those are cancelled that are meant"):
        with ground.worker() as one:
            files = send_many(one, 120)
            meant = {file_id for number, file_id in enumerate(files) if number % 2}
            for file_id in meant:
                one.cancel(files[file_id])
            ends = see_to(one, files, ("PUBLISHED", "FILE_FAILED"))
            for file_id, end in ends.items():
                assert end.kind == "PUBLISHED" or (file_id in meant and end.code == "CANCELLED"), end
            assert all(ends[file_id].kind == "PUBLISHED" for file_id in files if file_id not in meant)
        harness.wait_until(lambda: flows.parts_in(home) == [], "the parts to be removed")
        clear()

    with story.case("small files do not wait for a large one, and it does not wait for them"):
        with story_proxy(ground, rate=16 * MIB) as proxy, ground.worker(port=proxy.port) as one:
            large = one.send_file(ground.large, "file-large", "crowd")
            small = send_many(one, 200, 32768)
            seen = []  # how many small ones were published, at each word of the large one
            left = dict(small)
            while left or None not in seen:
                message = one.receive()
                if message.kind == "CONNECTED":
                    continue
                if message.kind == "READY":
                    one.permit(left.get(message.file_id, large))
                if message.file_id == large.id:
                    seen.append(None if message.kind == "PUBLISHED" else len(small) - len(left))
                elif message.kind == "PUBLISHED":
                    del left[message.file_id]
            during = [count for count in seen if count is not None]
            assert during[0] < 200 and during[-1] > 30, seen
            assert one.sockets == 1
        clear()


def next_request(one):
    """Takes a NEED_SOCKET; its number."""
    while (message := worker.decode(one.control.recv(worker.MESSAGE_MAX))).kind == "BEAT":
        pass
    assert message.kind == "NEED_SOCKET", message
    one.sockets += 1
    one.give_socket(message.request)
    return message.request


# ---- leaving, and the lock --------------------------------------------------------------------------------------------


def leave(ground):
    story = ground.story

    def assert_prompt(one):
        seconds, code = one.end()
        assert code == 0 and seconds < 2, (seconds, code)

    with story.case("the end of the control socket ends an idle worker, and one in the middle of a file"):
        with ground.worker() as one:
            assert_prompt(one)
        with ground.worker() as one:
            one.send_and_publish(ground.source(1), "warm")
            assert_prompt(one)
        with story_proxy(ground) as proxy, ground.worker(port=proxy.port) as one:
            held = hold(ground, one, proxy, "up")
            one.send_file(ground.large, "unfinished")
            held()
            assert_prompt(one)
        for part in flows.parts_in(ground.home):
            os.unlink(part)

    with story.case("the end of the control socket ends a worker in the middle of a handshake"):
        with socket.create_server(("127.0.0.1", 0)) as silent, ground.worker(port=silent.getsockname()[1]) as one:
            one.send_file(ground.source(1), "silence")
            next_request(one)
            assert_prompt(one)

    with story.case("a worker takes no file before the older one of its connector is gone"):
        with ground.worker() as older:
            older.send_and_publish(ground.source(1), "older")
            with ground.worker() as younger:
                younger.send_file(ground.source(1), "younger")
                younger.control.settimeout(0.5)
                try:
                    raise AssertionError(younger.receive())
                except TimeoutError:
                    pass
                younger.control.settimeout(harness.PATIENCE_SECONDS)
                older.end()
                younger.expect("READY")
            with ground.worker() as second:
                second.send_and_publish(ground.source(1), "second")
                with ground.worker() as third:
                    assert_prompt(third)  # while it waits for the lock

    with story.case("kill -9 of a worker frees the lock"):
        with ground.worker() as one:
            one.send_and_publish(ground.source(1), "older")
            one.process.kill()
            one.process.wait()
            with ground.worker() as other:
                other.send_and_publish(ground.source(1), "younger")

    with story.case("after many files no descriptor and no part is left"):
        with ground.worker(connections=2) as one:
            one.send_and_publish(ground.source(1), "first")
            before = harness.count_descriptors(one.process.pid)
            for number in range(100):
                one.send_and_publish(ground.source(1), f"many-{number % 7}")
                one.expect("READY", one.retrieve("first", story.folder / "staging"))
            assert harness.count_descriptors(one.process.pid) == before

    with story.case("progress is told while a file is under way"):
        with story_proxy(ground, rate=16 * MIB) as proxy, ground.worker(port=proxy.port) as one:
            file = one.send_file(ground.large, "slow")
            one.expect("READY", file)
            told = [message.size for message in one.seen if message.kind == "PROGRESS"]
            assert told and told == sorted(set(told)) and told[-1] <= 48 * MIB, told


def main():
    with harness.Story() as story:
        ground = Ground(story)
        for part in (start, send, retrieve, recover, cancel, connections, crowd, leave):
            part(ground)


if __name__ == "__main__":
    main()
