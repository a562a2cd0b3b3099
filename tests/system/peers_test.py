#!/usr/bin/env python3
"""Conversations with other people's servers: files large and small go out and come back whole, and are gone on with
after a cut. A server that is not installed is skipped."""

import contextlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
from errands import DONE, Errands, names as listed  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import peers  # noqa: E402

MIB = 1 << 20
LARGE, REACHED = 64 * MIB, 40 * MIB
COST_MAX = 32 * MIB  # what a fault may cost
SMALL_FILES = 60
LISTED = 250
SMALL_SIZES = (0, 1, 4095, 4096, 32768, 32769, 70000, 261121)
PATIENCE = 120
SETTINGS = {"transfer.attempts": "5", "transfer.idle_timeout": "3s", "transfer.worker_idle": "1s",
            "transfer.retry_delay": "100ms"}

OLD = ["KexAlgorithms diffie-hellman-group14-sha1", "HostKeyAlgorithms ssh-rsa", "PubkeyAcceptedAlgorithms +ssh-rsa",
       "Ciphers aes128-ctr", "MACs hmac-sha1"]

PEERS = {
    "ProFTPD's mod_sftp": peers.ProFtpd,
    "Dropbear with sftp-server": peers.Dropbear,
    "npm's ssh2": peers.Ssh2,
    "OpenSSH with algorithms of 2010": lambda folder: peers.OpenSsh(folder, options=OLD, policy=peers.OLD_POLICY,
                                                                    host_keys=("rsa",)),
    "OpenSSH without posix-rename": lambda folder: peers.OpenSsh(folder, sftp=("-P", "posix-rename")),
    "OpenSSH without any extension": lambda folder: peers.OpenSsh(
        folder, sftp=("-P", "posix-rename,statvfs,fstatvfs,hardlink,fsync,lsetstat,limits,expand-path,copy-data,"
                            "home-directory,users-groups-by-id")),
}


def in_tens(names):
    """StartFileTransfer takes no more at once."""
    return (names[start:start + 10] for start in range(0, len(names), 10))


class Talk:
    """One server, and a bucket of its own."""

    def __init__(self, daemon, peer, name):
        self.daemon, self.peer = daemon, peer
        self.name = name
        self.bucket = daemon.bucket(name)
        self.inbox, self.outbox = peer.home / "in", peer.home / "out"
        for folder in (self.inbox, self.outbox):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o777)

    def there_and_back(self, partner, names):
        """Sends @names, moves them to the outbox, fetches them, and compares."""
        digests = {name: flows.sha256_of(self.bucket / name) for name in names}
        for few in in_tens(names):
            partner.wait_completed(partner.send(*(f"/{self.name}/{name}" for name in few), to=self.inbox), PATIENCE)
        self.assert_alike(self.inbox, digests)
        for name in names:
            (self.inbox / name).rename(self.outbox / name)
        for few in in_tens(names):
            partner.wait_completed(partner.retrieve(*(self.outbox / name for name in few), to=f"/{self.name}/back"),
                                   PATIENCE)
        self.assert_alike(self.bucket / "back", digests)
        assert flows.parts_in(self.peer.home, self.bucket) == []

    @staticmethod
    def assert_alike(folder, digests):
        for name, digest in digests.items():
            assert flows.sha256_of(folder / name) == digest, f"{name} is another file"

    def directory(self, partner):
        """More than a reply has is listed; a file and a directory get another name, and go."""
        errands = Errands(partner, self.name, self.bucket)
        folder = self.peer.home / "listed"
        folder.mkdir()
        folder.chmod(0o777)
        for number in range(LISTED):
            (folder / f"file-{number:03}").touch()
        (folder / "folder").mkdir()
        assert listed(errands.list(folder), folder) == ([f"file-{number:03}" for number in range(LISTED)], ["folder"])
        for name in ("file-000", "folder"):
            errands.wait_completed(errands.start_move(folder / name, folder / "moved"), DONE)
            errands.wait_failed(errands.start_move(folder / "file-001", folder / "moved"), "RENAME_ERROR", "already")
            errands.wait_completed(errands.start_delete(folder / "moved"), DONE)
        assert len(list(folder.iterdir())) == LISTED - 1
        errands.wait_failed(errands.start_delete(folder), "DELETE_ERROR")
        errands.wait_failed(errands.start_delete(folder / "folder"), "FILE_NOT_FOUND")
        errands.list_failed(folder / "folder", "DIRECTORY_NOT_FOUND")

    def cut(self, way):
        """The network goes away in the middle of a large file, without a word; returns the bytes that it carried."""
        name = f"cut-{way}"
        source, target = (self.bucket, self.inbox) if way == "up" else (self.outbox, self.bucket / "back")
        digest = flows.write_random(source / name, LARGE)
        (source / name).chmod(0o644)
        with harness.Proxy(self.peer.port) as proxy:
            partner = self.peer.partner(self.daemon, url=f"sftp://127.0.0.1:{proxy.port}")
            held = proxy.hold(way, REACHED)
            if way == "up":
                transfer = partner.send(f"/{self.name}/{name}", to=self.inbox)
            else:
                transfer = partner.retrieve(self.outbox / name, to=f"/{self.name}/back")
            held()
            partner.wait_completed(transfer, PATIENCE)
            carried = proxy.passed()[way == "down"]
        assert flows.sha256_of(target / name) == digest, "it arrived as another file"
        assert flows.parts_in(self.peer.home, self.bucket) == []
        return carried


with harness.Story() as story:
    daemon = story.enter(harness.Daemon(story.folder / "state", SETTINGS))
    for number, (what, make) in enumerate(PEERS.items()):
        with contextlib.ExitStack() as stack:
            talk = None
            with story.case(f"{what}: a connection is tested well"):
                peer = stack.enter_context(make(story.folder / f"peer-{number}"))
                friend = peer.partner(daemon)
                answer = friend.test()
                assert answer["Status"] == "OK", answer
                talk = Talk(daemon, peer, f"bucket-{number}")
            if talk is None:
                continue

            with story.case(f"{what}: {SMALL_FILES} small files go out and come back"):
                small = [f"small-{index}" for index in range(SMALL_FILES)]
                for index, file in enumerate(small):
                    flows.write_random(talk.bucket / file, SMALL_SIZES[index % len(SMALL_SIZES)])
                talk.there_and_back(friend, small)

            with story.case(f"{what}: a large file goes out and comes back"):
                flows.write_random(talk.bucket / "large", LARGE)
                talk.there_and_back(friend, ["large"])

            with story.case(f"{what}: a directory is listed, and what is in it gets other names and goes"):
                talk.directory(friend)

            for direction in ("up", "down"):
                with story.case(f"{what}: a file that is cut on its way {direction} is gone on with"):
                    carried = talk.cut(direction)
                    print(f"# {carried / MIB:.1f} MiB for {LARGE / MIB:.0f} MiB")
                    assert carried <= LARGE + COST_MAX, f"{carried / MIB:.1f} MiB went over the wire"
            harness.wait_until(lambda: not daemon.workers(), "the workers to leave")
