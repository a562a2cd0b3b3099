#!/usr/bin/env python3
"""Files of every awkward size and name arrive byte for byte, both ways."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import buckets  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402

MIB = 1 << 20
SIZES = [0, 1, 32767, 32768, 32769, 261119, 261120, 261121, 100 * MIB] + ([2048 * MIB] if harness.LARGE else [])

# what, the name's bytes, its text in the API
NAMES = [
    ("spaces", b" two  spaces .txt", " two  spaces .txt"),
    ("quotes", b"it's \"quoted\".txt", "it's \"quoted\".txt"),
    ("UTF-8", "grüße-日本語-🚪.txt".encode(), "grüße-日本語-🚪.txt"),
    ("Latin-1", b"caf\xe9.txt", "caf\\xe9.txt"),
    ("bytes that are no character", b"\xff\xfe\x80.bin", "\\xff\\xfe\\x80.bin"),
    ("a backslash", b"back\\slash.txt", "back\\slash.txt"),
    ("what looks like an escape", b"look\\x41.txt", "look\\x5cx41.txt"),
    ("signs of URLs and shells", b"-a%41+b&c=d?e#f;$(g)`h`|i.txt", "-a%41+b&c=d?e#f;$(g)`h`|i.txt"),
    ("signs of patterns", b"[a]*{b}?~.txt", "[a]*{b}?~.txt"),
    ("255 bytes", b"n" * 251 + b".txt", "n" * 251 + ".txt"),
    ("255 bytes of UTF-8", "é".encode() * 127 + b"x", "é" * 127 + "x"),
]


def is_utf8(name):
    try:
        return bool(name.decode())
    except UnicodeDecodeError:
        return False


def there_and_back(name, text, size):
    """Sends /files/NAME to in/, fetches it to /files/back, and compares all three."""
    source, sent, fetched = (folder / os.fsdecode(name) for folder in (bucket, inbox, bucket / "back"))
    digest = flows.write_random(source, size)
    partner.wait_completed(partner.send(f"/files/{text}", to="in"), 300)
    assert sent.stat().st_size == size and flows.sha256_of(sent) == digest, "what arrived differs"
    partner.wait_completed(partner.retrieve(f"{inbox}/{text}", to="/files/back"), 300)
    assert fetched.stat().st_size == size and flows.sha256_of(fetched) == digest, "what came back differs"
    for path in (source, sent, fetched):
        path.unlink()


def cannot_be(name, text):
    (inbox / os.fsdecode(name)).write_bytes(b"theirs")
    partner.wait_failed(partner.send(f"/files/{text}", to="in"), "READ_FILE_ERROR", "UTF-8")
    partner.wait_failed(partner.retrieve(f"{inbox}/{text}", to="/files/back"), "WRITE_FILE_ERROR", "UTF-8")
    (inbox / os.fsdecode(name)).unlink()


with harness.Story() as story:
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    kind = buckets.kind_of(story)
    daemon = story.enter(harness.Daemon(story.folder / "state", kind.settings("files")))
    bucket, inbox = kind.open(daemon, "files"), server.home / "in"
    inbox.mkdir()
    partner = flows.partner_of(daemon, server)

    for size in SIZES:
        with story.case(f"a file of {size} bytes goes out and comes back as it was"):
            there_and_back(b"file.bin", "file.bin", size)

    for what, name, text in NAMES:
        if buckets.at_storage() and not is_utf8(name):
            with story.case(f"a name with {what} is refused, for keys are UTF-8 at storage, and told"):
                cannot_be(name, text)
            continue
        with story.case(f"a name with {what} is kept byte for byte"):
            there_and_back(name, text, 1000)

    with story.case("a relative path, and none, start at the login's home folder"):
        (bucket / "home.txt").write_bytes(b"here")
        partner.wait_completed(partner.send("files/home.txt"))
        assert (server.home / "home.txt").read_bytes() == b"here"
        partner.wait_completed(partner.retrieve("home.txt", to="/files/deep/er"))
        assert (bucket / "deep" / "er" / "home.txt").read_bytes() == b"here"

    with story.case("ten files of one request all arrive, over five connections"):
        many = flows.partner_of(daemon, server, connections=5)
        digests = {f"part-{number}": flows.write_random(bucket / f"part-{number}", 3 * MIB) for number in range(10)}
        many.wait_completed(many.send(*(f"/files/{name}" for name in digests), to="in"))
        assert {name: flows.sha256_of(inbox / name) for name in digests} == digests

    with story.case("a file that is there already is replaced as a whole"):
        (inbox / "old").write_bytes(b"old" * 1000)
        (bucket / "old").write_bytes(b"new")
        partner.wait_completed(partner.send("/files/old", to="in"))
        assert (inbox / "old").read_bytes() == b"new"
        (inbox / "old").write_bytes(b"newer")
        partner.wait_completed(partner.retrieve("in/old", to="/files"))
        assert (bucket / "old").read_bytes() == b"newer"

    with story.case("no temporary is left at the partner or in the bucket"):
        left = flows.parts_in(server.home, bucket)
        assert left == [], left
