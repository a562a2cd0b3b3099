#!/usr/bin/env python3
"""What each process may still do while a file is under way: the worker in its sandbox, the daemon, sallyport-netd."""

import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402

MIB = 1 << 20
SIZE = 24 * MIB
ORDINARY = "nobody"
CAP_NET_ADMIN, CAP_SYS_ADMIN = 12, 21
NETD_RIGHTS = 1 << CAP_NET_ADMIN | 1 << CAP_SYS_ADMIN
NEEDED_BY_ROOT = NETD_RIGHTS | sum(1 << number for number in (0, 1, 2, 3, 10))  # chown, files, port 443
O_ACCMODE = 3


def fields_of(path):
    return {line.split(":")[0]: line.split(":")[1].strip() for line in path.read_text(encoding="ascii").splitlines()}


def threads_of(pid):
    """What /proc tells of every thread."""
    found = [fields_of(task / "status") for task in pathlib.Path(f"/proc/{pid}/task").iterdir()]
    assert found
    return found


def limits_of(pid):
    """Name of the limit: soft and hard."""
    lines = pathlib.Path(f"/proc/{pid}/limits").read_text(encoding="ascii").splitlines()
    return {line[:26].strip(): line[26:].split()[:2] for line in lines}


def rights(fields, *sets):
    return {int(fields[name], 16) for name in sets or ("CapInh", "CapPrm", "CapEff", "CapAmb")}


def all_of(daemon, program):
    return [pid for pid in harness.descendants(daemon.process.pid) if harness.runs(pid, program)]


class Held:
    """A file that is half on its way; leaving lets it arrive."""

    def __init__(self, daemon, server, folder):
        self.daemon, self.server = daemon, server
        self.proxy = harness.Proxy(server.port)
        self.source = daemon.bucket("files") / "held.bin"
        self.target = folder

    def __enter__(self):
        self.proxy.__enter__()
        self.digest = flows.write_random(self.source, SIZE)
        self.source.chmod(0o644)
        self.partner = flows.partner_of(self.daemon, self.server, url=f"sftp://127.0.0.1:{self.proxy.port}")
        before = self.daemon.workers()  # of other connectors, which are kept warm
        held = self.proxy.hold("up", SIZE // 2)
        self.transfer = self.partner.send("/files/held.bin", to=self.target)
        held()
        (self.worker,) = set(self.daemon.workers()) - set(before)
        return self

    def __exit__(self, kind, *_):
        self.proxy.tell("heal")
        if kind is None:
            self.partner.wait_completed(self.transfer)
            assert flows.sha256_of(self.target / "held.bin") == self.digest
        self.proxy.finish()


def assert_caged(pid):
    threads = threads_of(pid)
    assert len(threads) >= 3, threads  # the desk, the file thread, a connection
    for fields in threads:
        assert (fields["Seccomp"], fields["NoNewPrivs"]) == ("2", "1"), fields
        assert rights(fields) == {0}, fields
    limits = limits_of(pid)
    assert limits["Max core file size"] == ["0", "0"], limits
    assert 512 < int(limits["Max open files"][1]) < 4096, limits
    if not harness.sanitized():
        assert int(limits["Max data size"][1]) <= 1024 * MIB, limits
    assert int(pathlib.Path(f"/proc/{pid}/oom_score_adj").read_text(encoding="ascii")) > 0


def assert_holds_nothing_else(held):
    """Its descriptors are what it was handed, and those of files are no wider than they must be."""
    lock = f"{held.daemon.state}/run/{held.partner.id}.lock"
    allowed = re.compile(r"/dev/null|socket:.*|anon_inode:\[?(eventfd|eventpoll)\]?|pipe:.*|"
                         + "|".join(re.escape(str(path)) for path in (lock, held.source)))
    for link in pathlib.Path(f"/proc/{held.worker}/fd").iterdir():
        place = os.readlink(link)
        assert allowed.fullmatch(place), f"{link} is {place}"
        info = fields_of(link.parent.parent / "fdinfo" / link.name)
        flags = int(info["flags"], 8)
        if place in (lock, str(held.source), "/dev/null"):
            assert flags & O_ACCMODE == os.O_RDONLY, (place, info)
        if place.startswith("pipe:"):  # to the daemon, which writes its log itself
            assert link.name in ("1", "2") and flags & O_ACCMODE == os.O_WRONLY, (link.name, info)


def as_root(story, server, inbox):
    daemon = story.enter(harness.Daemon(story.folder / "root"))
    with story.case("every thread of a worker is in the sandbox while a file is under way, and the file arrives"), \
            Held(daemon, server, inbox) as held:
        assert_caged(held.worker)

    with story.case("a worker has no descriptor but those of its work, and reads only what it may only read"), \
            Held(daemon, server, inbox) as held:
        assert_holds_nothing_else(held)

    with story.case("no environment and no command line holds a secret"), Held(daemon, server, inbox) as held:
        for pid in (daemon.process.pid, *harness.descendants(daemon.process.pid)):
            told = [pathlib.Path(f"/proc/{pid}/{name}").read_bytes() for name in ("environ", "cmdline")]
            for secret in (b"PRIVATE KEY", daemon.env["AWS_SECRET_ACCESS_KEY"].encode()):
                assert secret not in told[0] + told[1], told
            if pid == held.worker:
                names = {line.partition(b"=")[0] for line in told[0].split(b"\0")[:-1]}
                assert names == {b"LC_ALL", b"PATH", b"GLIBC_TUNABLES", b"LD_BIND_NOW"}, told

    with story.case("a daemon that stays root keeps what it needs for buckets and networks, and no more"):
        for fields in threads_of(daemon.process.pid):
            assert rights(fields, "CapPrm", "CapEff") == {NEEDED_BY_ROOT}, fields
            assert rights(fields, "CapBnd") == {NEEDED_BY_ROOT} and rights(fields, "CapInh", "CapAmb") == {0}, fields

    with story.case("what the sandbox ends is told as such, and the file goes on with another worker"), \
            Held(daemon, server, inbox) as held:
        os.kill(held.worker, signal.SIGSYS)  # as the kernel does
        harness.wait_until(lambda: f"worker {held.worker} of {held.partner.id} was ended by its sandbox"
                           in daemon.log_text(), "the log to tell")


def forger(story, server, inbox):
    """A worker that writes to its log what only the daemon may say; then it works."""
    wrapper = story.folder / "forger"
    daemon = harness.Daemon(story.folder / "forged", {"worker.path": str(wrapper)})
    forged = "2026-01-01T00:00:00.000Z sallyportd error: all is lost"
    wrapper.write_text(f"""#!/bin/sh
printf '%s\\n\\033[2Jred\\n' '{forged}' >&2
exec {daemon.worker} "$@"
""", encoding="ascii")
    wrapper.chmod(0o755)
    story.enter(daemon)
    with story.case("what a worker writes to the log is logged as what that worker says"):
        flows.write_random(daemon.bucket("files") / "one.bin", 1000)
        partner = flows.partner_of(daemon, server)
        partner.wait_completed(partner.send("/files/one.bin", to=inbox))
        harness.wait_until(lambda: forged in daemon.log_text(), "the log to tell")
        pid, = daemon.workers()
        os.kill(pid, signal.SIGKILL)  # after that all it said is there
        harness.wait_until(lambda: f"worker {pid} of {partner.id} was ended" in daemon.log_text(), "it to be gone")
        said = [line.partition(" sallyportd ")[2] for line in daemon.log_text().splitlines()
                if forged in line or "red" in line.split()[-1]]
        start = f"warning: worker {pid} of {partner.id} says: "
        assert said == [start + forged, start + r"\x1b[2Jred"], said


def as_somebody(story, server, inbox):
    user = pwd.getpwnam(ORDINARY)
    daemon = harness.Daemon(story.folder / "somebody", {"user": ORDINARY, "network.provider": "netns"})
    daemon.state.mkdir(mode=0o700)
    os.chown(daemon.state, user.pw_uid, user.pw_gid)
    story.enter(daemon)
    bucket = daemon.bucket("files")
    os.chown(bucket, user.pw_uid, user.pw_gid)

    with story.case("a daemon that became another user has no rights left, nor has its worker"), \
            Held(daemon, server, inbox) as held:
        assert_caged(held.worker)
        for fields in threads_of(daemon.process.pid):
            assert fields["NoNewPrivs"] == "1" and rights(fields) == {0}, fields
        assert limits_of(daemon.process.pid)["Max core file size"] == ["0", "0"]

    with story.case("sallyport-netd of root has the rights to make networks, and no others"):
        assert_only_makes_networks(daemon)


def assert_only_makes_networks(daemon):
    for pid in harness.wait_until(lambda: all_of(daemon, "sallyport-netd"), "sallyport-netd to be there"):
        for fields in threads_of(pid):
            assert rights(fields, "CapPrm", "CapEff", "CapBnd") == {NETD_RIGHTS}, fields
            assert fields["NoNewPrivs"] == "1" and rights(fields, "CapInh", "CapAmb") == {0}, fields
        assert limits_of(pid)["Max core file size"] == ["0", "0"]


def as_ordinary(story, server, inbox):
    user = story.enter(sshd.ThrowAwayUser())
    place = story.folder / "ordinary"
    place.mkdir()
    harness.give(place, user)
    daemon = harness.Daemon(place / "state", {"network.provider": "auto"}, user=user)
    for words in (["test", "-x", daemon.program], ["unshare", "--user", "--net", "true"]):
        if subprocess.run([*harness.as_user(user), *words], stderr=subprocess.DEVNULL, check=False).returncode != 0:
            raise harness.Skip(f"an ordinary user cannot do this here: {' '.join(map(str, words))}")
    story.enter(daemon)

    with story.case("an ordinary user's worker is in the same sandbox"), Held(daemon, server, inbox) as held:
        assert_caged(held.worker)

    with story.case("an ordinary user's sallyport-netd has those rights too, in its own namespace alone"):
        assert_only_makes_networks(daemon)
        ours = os.readlink("/proc/self/ns/user")
        assert all(os.readlink(f"/proc/{pid}/ns/user") != ours for pid in all_of(daemon, "sallyport-netd"))


def units(story):
    """The service manager's own list of calls must leave a worker all that it needs to shut itself in, and to work."""
    with story.case("under systemd a worker may make all the calls that it makes"):
        if not shutil.which("systemd-analyze"):
            raise harness.Skip("needs systemd-analyze")
        unit = (harness.ROOT / "packaging" / "sallyportd.service.in").read_text(encoding="ascii")
        allowed, wanted = set(), re.findall(r"^SystemCallFilter=(.*)$", unit, re.MULTILINE)
        for word in " ".join(wanted).split():
            allowed |= group_of_calls(word) if word.startswith("@") else {word}
        source = (harness.ROOT / "src" / "worker" / "system_calls.c").read_text(encoding="utf-8")
        table = source[source.index("allowed[] = {"):source.index("allowed_to_sanitizers")]
        needed = set(re.findall(r"CALL(?:_IF)?\((\w+)", table)) | {"seccomp", "capset", "flock", "mlock", "close"}
        needed |= {"landlock_create_ruleset", "landlock_restrict_self"}
        assert len(needed) > 50 and needed <= allowed, needed - allowed


def group_of_calls(name):
    told = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True, stdout=subprocess.PIPE, text=True).stdout
    words = {line.strip() for line in told.splitlines()[1:] if line.strip() and not line.strip().startswith("#")}
    return set().union(*(group_of_calls(word) if word.startswith("@") else {word} for word in words))


def main():
    with harness.Story() as story:
        units(story)
        harness.need_root("to look at processes that are shut off")
        server = story.enter(sshd.Sshd(story.folder / "server"))
        inbox = server.home / "in"
        inbox.mkdir()
        as_root(story, server, inbox)
        forger(story, server, inbox)
        as_somebody(story, server, inbox)
        as_ordinary(story, server, inbox)


if __name__ == "__main__":
    main()
