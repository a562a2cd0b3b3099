#!/usr/bin/env python3
"""Buckets at storage that speaks S3 (Ceph's radosgw): files go from there to a partner and come back, small ones and ones of
many parts, and nothing is under its key before it is whole."""

import hashlib
import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402
import storage  # noqa: E402

MIB = 1 << 20
PART = 8 * MIB  # DEPOT_PART_MIN of src/streams/depot.h

with harness.Story() as story:
    gateway = story.enter(storage.Radosgw(story.folder / "ceph"))
    bucket = gateway.create("files")
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    daemon = story.enter(harness.Daemon(story.folder / "state", {**bucket.settings("files"), "transfer.attempts": "3",
                                                                "transfer.retry_delay": "100ms"}))
    partner = flows.partner_of(daemon, server)
    inbox, outbox = server.home / "in", server.home / "out"
    inbox.mkdir()
    outbox.mkdir()

    def send(key, data, name=None):
        """To the partner; it is there, and is what it was."""
        bucket.put(key, data)
        partner.wait_completed(partner.send(f"/files/{key}", to=inbox))
        assert (inbox / (name or key.rsplit("/", 1)[-1])).read_bytes() == data, f"the bytes of {key} differ"

    def retrieve(name, data, key=None, to="/files"):
        (outbox / name).write_bytes(data)
        partner.wait_completed(partner.retrieve(outbox / name, to=to))
        found = bucket.get(key or name)
        assert found == data, f"the bytes of {name} differ: {None if found is None else len(found)} of {len(data)}"

    SIZES = (0, 1, 5 * MIB - 1, 5 * MIB, 5 * MIB + 1, PART - 1, PART, PART + 1, 3 * PART + 12345)

    with story.case("objects of all sizes reach the partner"):
        for size in SIZES:
            send(f"send-{size}", os.urandom(size))

    with story.case("files of all sizes become objects, and no upload is left"):
        for size in SIZES:
            retrieve(f"retrieve-{size}", os.urandom(size))
        assert bucket.uploads() == []
