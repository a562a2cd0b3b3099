#!/usr/bin/env python3
"""Where secrets lie in memory: once, locked and in no core file, in the worker that needs them; nowhere else in the end."""

import base64
import json
import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
# The sanitizers keep what was freed, so it is always the plain build that is looked at.
os.environ["SALLYPORT_BUILD"] = str(pathlib.Path(__file__).resolve().parents[2] / "build")
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402
from worker import Worker  # noqa: E402

PASSWORD = "correct-horse-battery-staple-0123456789-and-a-little-more"  # registers and cache lines hold less
# Kind, form, and where in its bytes are some that nobody else may know, whatever the padding.
KEYS = [
    ("ed25519", (), slice(-70, -45)),
    ("ecdsa", (), slice(-34, -12)),
    ("ecdsa", ("-m", "PEM"), slice(9, 37)),
    ("rsa", (), slice(-100, -40)),
    ("rsa", ("-m", "PEM"), slice(-100, -40)),
    ("rsa", ("-m", "PKCS8"), slice(-100, -40)),
]
MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)")


def mappings(pid):
    """(first byte, end, flags of the kernel) of all that can be written to."""
    found, at = [], None
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text(encoding="ascii").splitlines():
        match = MAPPING.fullmatch(line)
        if match:
            at = (int(match[1], 16), int(match[2], 16)) if "w" in match[3] else None
        elif at and line.startswith("VmFlags:"):
            found.append((*at, line.split()[1:]))
    return found


def places(pid, needle):
    """The flags of the memory for every place where it is."""
    found = []
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for first, end, flags in mappings(pid):
            try:
                memory.seek(first)
                data = memory.read(end - first)
            except OSError:
                continue  # it went meanwhile
            found += [flags] * data.count(needle)
    return found


def assert_once_and_locked(pid, needle):
    found = places(pid, needle)
    assert len(found) == 1, f"it is there {len(found)} times: {found}"
    assert {"lo", "dd"} <= set(found[0]), f"it can be swapped out or dumped: {found}"


def private_parts(key, where):
    """The end of the last whole line of the text, and the bytes that are @where."""
    lines = [line for line in key.splitlines() if "-----" not in line]
    return lines[-2][-30:].encode(), base64.b64decode("".join(lines))[where]


def assert_nowhere(pid, *needles):
    """What answered may still be about to clear up."""
    def is_clean():
        return not any(places(pid, needle) for needle in needles)
    harness.wait_until(is_clean, "the last copy to go")


def run_story(story):
    harness.need_root("to look into the memory of others")
    server = story.enter(sshd.Sshd(story.folder / "server"))
    daemon = story.enter(harness.Daemon(story.folder / "state"))
    text, blob = private_parts(server.private_key, KEYS[0][2])
    secret = {"Username": server.user, "PrivateKey": server.private_key, "Password": PASSWORD}

    with story.case("the master key is in memory once, locked and in no core file"):
        key = (daemon.state / "master.key").read_text(encoding="ascii").strip()
        assert_once_and_locked(daemon.process.pid, bytes.fromhex(key))
        assert_nowhere(daemon.process.pid, key.encode())

    with story.case("a secret that was stored and shown is nowhere in the daemon, while its client stays connected"):
        made = daemon.client.call("secretsmanager", "CreateSecret", {"Name": "kept", "SecretString": json.dumps(secret)})
        assert_nowhere(daemon.process.pid, PASSWORD.encode(), text)
        shown = daemon.client.call("secretsmanager", "GetSecretValue", {"SecretId": made["ARN"]})
        assert PASSWORD in shown["SecretString"]
        assert_nowhere(daemon.process.pid, PASSWORD.encode(), text)

    partner = flows.Partner(daemon, server.url, secret, trusted=server.trusted_keys())
    source = daemon.bucket("files") / "file.bin"
    flows.write_random(source, 100_000)
    partner.wait_completed(partner.send("/files/file.bin", to=server.home))
    (worker,) = daemon.workers()

    with story.case("a worker that has logged in has password and key once, locked and in no core file"):
        for needle in (PASSWORD.encode(), text):
            assert_once_and_locked(worker, needle)

    with story.case("of the key's numbers nothing is left in a worker that has logged in"):
        assert places(worker, blob) == []

    with story.case("so it is with all kinds and forms of keys"):
        for kind, form, where in KEYS:
            path = story.folder / "-".join((kind, *form))
            key = sshd.make_key(path, kind, *form)
            server.authorize(sshd.public_line(path))
            with Worker(server, lock=story.folder / "lock", private_key=key, password=PASSWORD) as one:
                one.send_and_publish(source, f"by-{kind}")
                text_here, blob_here = private_parts(key, where)
                assert_once_and_locked(one.process.pid, text_here)
                assert places(one.process.pid, blob_here) == [], (kind, form)

    with story.case("the daemon that gave them to a worker has them no more"):
        assert_nowhere(daemon.process.pid, PASSWORD.encode(), text, blob)


def main():
    with harness.Story() as story:
        run_story(story)


if __name__ == "__main__":
    main()
