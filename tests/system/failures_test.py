#!/usr/bin/env python3
"""Everything that can be wrong ends FAILED, with the contract's code and a sentence that names what was wrong;
nothing stands under the final name, no part is left, nothing keeps running."""

import contextlib
import pathlib
import socket
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402

MIB = 1 << 20
SETTINGS = {
    "transfer.attempts": "2",
    "transfer.handshake_timeout": "3s",
    "transfer.idle_timeout": "3s",
    "transfer.worker_idle": "300ms",
    "egress.connect_timeout": "3s",
}


class SmallDisk:
    """A tmpfs of a few MiB."""

    def __init__(self, folder, mib):
        self.folder, self.mib = folder, mib

    def __enter__(self):
        harness.need_root("to mount a small tmpfs")
        self.folder.mkdir(exist_ok=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.mib}m,mode=755", "tmpfs", str(self.folder)],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise harness.Skip(f"cannot mount a small tmpfs: {done.stderr.strip()}")
        return self.folder

    def __exit__(self, *_):
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)


@contextlib.contextmanager
def listener(serve):
    """A TCP server whose every connection is given to @serve; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept = []

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    kept.append(server.accept()[0])
                    serve(kept[-1])
        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        for connection in kept:
            connection.close()


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def send_fails(partner, code, *words, path="/files/source.bin", to="in", seconds=60):
    """A SEND that fails and leaves the partner's folder as it was."""
    before = names_in(inbox)
    message = partner.wait_failed(partner.send(path, to=to), code, *words, seconds=seconds)
    harness.wait_until(lambda: names_in(inbox) == before, f"{names_in(inbox)} to be {before} again", 10)
    return message


def retrieve_fails(partner, code, *words, path, to="/files/got"):
    """A RETRIEVE that fails and leaves nothing in the bucket."""
    message = partner.wait_failed(partner.retrieve(path, to=to), code, *words)
    assert not (bucket / "got").exists() or names_in(bucket / "got") == [], names_in(bucket / "got")
    harness.wait_until(lambda: not flows.parts_in(bucket), "the staging to be empty", 10)
    return message


def connect_fails(code, *words, url=None, server=None, **options):
    """Both TestConnection and a transfer say it."""
    partner = flows.partner_of(daemon, server or partner_server, **({"url": url} if url else {}), **options)
    test = partner.test()
    assert test["Status"] == "ERROR", test
    for word in words:
        assert word in test["StatusMessage"], f"TestConnection does not say {word!r}: {test}"
    send_fails(partner, code, *words)


with harness.Story() as story:
    partner_server = story.enter(sshd.Sshd(story.folder / "partner"))
    daemon = story.enter(harness.Daemon(story.folder / "state", SETTINGS))
    bucket, inbox = daemon.bucket("files"), partner_server.home / "in"
    inbox.mkdir()
    flows.write_random(bucket / "source.bin", 3 * MIB)
    flows.write_random(partner_server.home / "theirs.bin", MIB)
    good = flows.partner_of(daemon, partner_server)

    # ---- the way to the server

    with story.case("a wrong password is a CONNECTION_ERROR that names user and server"):
        connect_fails("CONNECTION_ERROR", partner_server.user, "password",
                      secret={"Username": partner_server.user, "Password": "wrong"})

    with story.case("a wrong key is a CONNECTION_ERROR that names user and server"):
        stranger = sshd.make_key(story.folder / "stranger")
        connect_fails("CONNECTION_ERROR", partner_server.user, "key",
                      secret={"Username": partner_server.user, "PrivateKey": stranger})

    with story.case("a wrong host key is a CONNECTION_ERROR that shows the key's fingerprint"):
        sshd.make_key(story.folder / "other_host")
        connect_fails("CONNECTION_ERROR", "host key", "SHA256:",
                      trusted=[sshd.public_line(story.folder / "other_host")])

    for what, option, name in [("key exchange", "KexAlgorithms diffie-hellman-group14-sha1", "diffie-hellman-group14-sha1"),
                               ("cipher", "Ciphers aes128-ctr", "aes128-ctr")]:
        with story.case(f"no common {what} is a CONNECTION_ERROR that names what the server has"):
            with sshd.Sshd(story.folder / f"server-{what.replace(' ', '-')}", options=[option]) as server:
                connect_fails("CONNECTION_ERROR", name, server=server)

    with story.case("a refused connection is a CONNECTION_ERROR that names address and port"):
        port = sshd.free_port()
        connect_fails("CONNECTION_ERROR", "127.0.0.1", str(port), "refused", url=f"sftp://127.0.0.1:{port}")

    with story.case("an unknown host is named"):
        connect_fails(("CONNECTION_ERROR", "TIMEOUT_ERROR"), "no-such-host.invalid", url="sftp://no-such-host.invalid")

    with story.case("a server that accepts and stays silent is a TIMEOUT_ERROR that says for how long"):
        with listener(lambda connection: None) as port:
            connect_fails("TIMEOUT_ERROR", "127.0.0.1", "3 s", url=f"sftp://127.0.0.1:{port}")

    with story.case("a server that hangs up at once is a CONNECTION_ERROR"):
        with listener(lambda connection: connection.shutdown(socket.SHUT_RDWR)) as port:
            connect_fails("CONNECTION_ERROR", "127.0.0.1", url=f"sftp://127.0.0.1:{port}")

    with story.case("a server that is no SSH server sends no SSH version line"):
        with listener(lambda connection: connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n" * 100)) as port:
            connect_fails(("CONNECTION_ERROR", "TIMEOUT_ERROR"), "127.0.0.1", "SSH version line",
                          url=f"sftp://127.0.0.1:{port}")

    with story.case("a server that speaks something else than SFTP is a CONNECTION_ERROR"):
        with sshd.Sshd(story.folder / "shell", options=["ForceCommand echo 'Welcome to the machine room'"]) as server:
            connect_fails("CONNECTION_ERROR", "SFTP", server=server)

    # ---- what is sent

    with story.case("a missing object is SEND_FILE_NOT_FOUND"):
        send_fails(good, "SEND_FILE_NOT_FOUND", "nowhere.bin", path="/files/nowhere.bin")

    with story.case("a folder where an object was named is a READ_FILE_ERROR"):
        (bucket / "folder").mkdir()
        send_fails(good, "READ_FILE_ERROR", "folder", path="/files/folder")

    with story.case("a wildcard is taken literally, and nothing is found"):
        send_fails(good, "SEND_FILE_NOT_FOUND", "*.bin", path="/files/*.bin")
        retrieve_fails(good, "RETRIEVE_FILE_NOT_FOUND", "*.bin", path="*.bin")

    with story.case("a link that leads out of the bucket is not followed"):
        (bucket / "link").symlink_to("/etc/passwd")
        send_fails(good, ("READ_FILE_ERROR", "SEND_FILE_NOT_FOUND"), "link", path="/files/link")

    with story.case("a source that changes while it is sent is a READ_FILE_ERROR that says so"):
        with harness.Proxy(partner_server.port, rate=2 * MIB) as proxy:
            slow = flows.partner_of(daemon, partner_server, url=f"sftp://127.0.0.1:{proxy.port}")
            stop = threading.Event()

            def keep_changing():
                while not stop.wait(0.02):
                    with open(bucket / "changing.bin", "r+b") as changing:
                        changing.write(b"!")
            flows.write_random(bucket / "changing.bin", MIB)
            thread = threading.Thread(target=keep_changing)
            thread.start()
            try:
                send_fails(slow, "READ_FILE_ERROR", "changing.bin", "changed", path="/files/changing.bin")
            finally:
                stop.set()
                thread.join()

    # ---- where it goes

    with story.case("a missing remote directory is DIRECTORY_NOT_FOUND and is not made"):
        send_fails(good, "DIRECTORY_NOT_FOUND", "no/such/folder", to="no/such/folder")
        assert not (partner_server.home / "no").exists()

    with story.case("a file where the remote directory should be fails with its name"):
        send_fails(good, ("DIRECTORY_NOT_FOUND", "WRITE_FILE_ERROR"), "theirs.bin", to="theirs.bin")

    with story.case("a folder under the final name is a RENAME_ERROR"):
        (inbox / "source.bin").mkdir()
        send_fails(good, "RENAME_ERROR", "source.bin")
        (inbox / "source.bin").rmdir()

    with story.case("a read-only server is a WRITE_FILE_ERROR"):
        with sshd.Sshd(story.folder / "read-only", home=partner_server.home, sftp=["-R"]) as server:
            send_fails(flows.partner_of(daemon, server), "WRITE_FILE_ERROR", "in")

    with story.case("a server that forbids renaming is a RENAME_ERROR"):
        with sshd.Sshd(story.folder / "no-rename", home=partner_server.home, sftp=["-P", "rename,posix-rename"]) as server:
            send_fails(flows.partner_of(daemon, server), "RENAME_ERROR", "source.bin")

    with story.case("a server that says it renamed, and did not, is a RENAME_ERROR"):
        with sshd.Sshd(story.folder / "liar", home=partner_server.home, sftp_server=sshd.ODD_SERVER, sftp=("--lie",)) as server:
            send_fails(flows.partner_of(daemon, server), "RENAME_ERROR", "source.bin", "did not")

    with story.case("a full disk at the partner is a WRITE_FILE_ERROR that speaks of space"):
        with SmallDisk(story.folder / "small", 2) as full, sshd.Sshd(story.folder / "full-server", home=full) as server:
            send_fails(flows.partner_of(daemon, server), "WRITE_FILE_ERROR", "source.bin", to=full)
            assert names_in(full) == [], names_in(full)

    with story.case("permission denied is a WRITE_FILE_ERROR or READ_FILE_ERROR that names the path"):
        with sshd.ThrowAwayUser() as account, sshd.Sshd(story.folder / "limited", user=account) as server:
            (server.home / "mine").mkdir(mode=0o755)
            (server.home / "secret.bin").write_bytes(b"secret")
            (server.home / "secret.bin").chmod(0o600)
            limited = flows.partner_of(daemon, server, secret={"Username": account.name, "Password": account.password})
            assert limited.test()["Status"] == "OK", limited.test()
            limited.wait_failed(limited.send("/files/source.bin", to="mine"), "WRITE_FILE_ERROR", "mine", "ermission")
            assert names_in(server.home / "mine") == []
            retrieve_fails(limited, "READ_FILE_ERROR", "secret.bin", "ermission", path="secret.bin")
            harness.wait_until(lambda: not daemon.workers(), "the workers to leave before their user goes")

    # ---- what is fetched

    with story.case("a missing remote file is RETRIEVE_FILE_NOT_FOUND"):
        retrieve_fails(good, "RETRIEVE_FILE_NOT_FOUND", "in/nothing.bin", path="in/nothing.bin")

    with story.case("a directory where a remote file was named is a READ_FILE_ERROR"):
        retrieve_fails(good, "READ_FILE_ERROR", "in", path=str(inbox))

    with story.case("a full bucket is a WRITE_FILE_ERROR that speaks of space"):
        with SmallDisk(story.folder / "small-bucket", 1) as full:
            flows.write_random(partner_server.home / "big.bin", 3 * MIB)
            with harness.Daemon(story.folder / "second", {**SETTINGS, "bucket.full": str(full)}) as second:
                other = flows.partner_of(second, partner_server)
                other.wait_failed(other.retrieve("big.bin", to="/full"), "WRITE_FILE_ERROR", "space")
                assert flows.parts_in(full) == [] and not (full / "big.bin").exists()

    # ---- what is refused before anything starts, or fails by its name alone

    with story.case("an unknown bucket is answered with the buckets that exist"):
        send_fails(good, ("READ_FILE_ERROR", "SEND_FILE_NOT_FOUND"), "no-such-bucket", "files",
                   path="/no-such-bucket/source.bin")
        retrieve_fails(good, "WRITE_FILE_ERROR", "no-such-bucket", path="theirs.bin", to="/no-such-bucket/got")

    with story.case("`..` in an object's key or a local path is refused, and so is where temporaries lie"):
        for path in ("/files/../state/master.key", "/files/a/../../b", "/../files/source.bin", "/files/.."):
            send_fails(good, "READ_FILE_ERROR", "..", path, path=path)
        send_fails(good, "READ_FILE_ERROR", ".sallyport", path="/files/.sallyport/part")
        for path in ("/files/../..", "/files/got/../got"):
            retrieve_fails(good, "WRITE_FILE_ERROR", "..", path, path="theirs.bin", to=path)

    with story.case("`..` in a remote path is refused"):
        for path in ("in/../theirs.bin", "../../etc/hostname", ".."):
            retrieve_fails(good, "READ_FILE_ERROR", "..", path, path=path)
        for path in ("in/..", f"{partner_server.home}/in/../in"):
            send_fails(good, "WRITE_FILE_ERROR", "..", path, to=path)

    with story.case("a secret that was deleted is a CONNECTION_ERROR"):
        forgetful = flows.partner_of(daemon, partner_server)
        forgetful.call_secrets("DeleteSecret", SecretId=forgetful.secret, ForceDeleteWithoutRecovery=True)
        send_fails(forgetful, "CONNECTION_ERROR", "secret")

    with story.case("an unknown role is an ASSUME_ROLE_ERROR"):
        roleless = flows.partner_of(daemon, partner_server)
        account = daemon.env["SALLYPORT_ROLE"].split(":")[4]
        roleless.call("UpdateConnector", ConnectorId=roleless.id, AccessRole=f"arn:aws:iam::{account}:role/nobody")
        assert roleless.test()["StatusMessage"].startswith("Unable to assume the configured access role")
        send_fails(roleless, "ASSUME_ROLE_ERROR", "nobody")

    # ---- afterwards

    with story.case("the good connector still works"):
        good.wait_completed(good.send("/files/source.bin", to="in"))
        assert flows.sha256_of(inbox / "source.bin") == flows.sha256_of(bucket / "source.bin")

    with story.case("no part is left, no worker and no session keeps running"):
        left = flows.parts_in(partner_server.home, bucket)
        assert left == [], left
        harness.wait_until(lambda: not daemon.workers(), "the workers to leave", 15)
        harness.wait_until(lambda: not partner_server.sessions(), "the sessions to end", 15)
