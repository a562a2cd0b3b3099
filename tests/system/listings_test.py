#!/usr/bin/env python3
"""StartDirectoryListing, with the unmodified `aws` and without it: what is in a partner's directory becomes an object."""

import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import buckets  # noqa: E402
from cli import aws  # noqa: E402
from errands import errands_of, names, touch  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402

MANY = 2500  # more than one reply of OpenSSH has
LONG, LONG_NAME = (200_000 if harness.LARGE else 25_000), 240  # whose listing has more than 8 MiB: at storage that goes in parts


with harness.Story() as story:
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    kind = buckets.kind_of(story)
    daemon = story.enter(harness.Daemon(story.folder / "state", {"transfer.attempts": "3", **kind.settings("files")}))
    bucket = kind.open(daemon, "files")
    errands = errands_of(daemon, server, folder=bucket)
    home = server.home
    connector = errands.partner.id

    out = home / "out"
    out.mkdir()
    for number in range(3):
        touch(out / f"file-{number}", size=number * 1000)
        (out / f"folder-{number}").mkdir()

    with story.case("aws transfer start-directory-listing: the object has files, directories and whether there is more"):
        answer = aws(daemon, "transfer", "start-directory-listing", "--connector-id", connector,
                     "--remote-directory-path", out, "--output-directory-path", "/files/lists")
        assert sorted(answer) == ["ListingId", "OutputFileName"], answer
        row = errands.wait_completed(answer["ListingId"])
        assert row.key == f"lists/{answer['OutputFileName']}", row.key
        found = json.loads((errands.folder / row.key).read_text(encoding="utf-8"))
        assert sorted(found["files"], key=lambda entry: entry["filePath"]) == [
            {"filePath": f"{out}/file-{number}", "modifiedTimestamp": "2023-11-14T22:13:20Z", "size": number * 1000}
            for number in range(3)], found
        assert sorted(entry["path"] for entry in found["paths"]) == [f"{out}/folder-{number}" for number in range(3)]
        assert all(list(entry) == ["path"] for entry in found["paths"]) and found["truncated"] is False, found

    with story.case("OutputDirectoryPath may be a bucket alone; RemoteDirectoryPath may begin at home, and end with a slash"):
        answer = errands.start_listing("out/", OutputDirectoryPath="/files")
        row = errands.wait_completed(answer["ListingId"])
        found = json.loads((errands.folder / answer["OutputFileName"]).read_text(encoding="utf-8"))
        assert names(found, "out")[0] == ["file-0", "file-1", "file-2"], found
        assert "./out" in [entry["path"] for entry in errands.list(".")["paths"]]

    with story.case("MaxItems: exactly as many, more and fewer than there are"):
        for most, items, truncated in ((6, 6, False), (7, 6, False), (5, 5, True), (1, 1, True), (200_000, 6, False)):
            found = errands.list(out, MaxItems=most)
            assert len(found["files"]) + len(found["paths"]) == items and found["truncated"] is truncated, (most, found)

    with story.case(f"a directory of {MANY} entries: 1000 of them without MaxItems, each of them once with it"):
        many = home / "many"
        many.mkdir()
        for number in range(MANY):
            touch(many / f"{number:05}")
        found = errands.list(many)
        assert len(found["files"]) == 1000 and found["truncated"] is True
        files, folders = names(errands.list(many, MaxItems=MANY), many)
        assert files == [f"{number:05}" for number in range(MANY)] and folders == []

    with story.case("an empty directory is two empty lists"):
        (home / "empty").mkdir()
        assert errands.list(home / "empty") == {"files": [], "paths": [], "truncated": False}

    with story.case("names come through by the one rule: UTF-8 as it is, other bytes and control characters as \\xHH"):
        odd = home / "odd \"quoted\" \\ folder"
        odd.mkdir()
        for name in ("grün-日本.csv", "with \"quotes\"", "back\\slash", "\\x41", " ", "tab\there", "...", "-rf"):
            touch(odd / name)
        touch(os.fsencode(odd) + b"/latin-\xe9.txt")
        found = errands.list(odd)
        assert sorted(names(found, odd)[0]) == sorted(["grün-日本.csv", "with \"quotes\"", "back\\slash", "\\x5cx41", " ",
                                                       "tab\\x09here", "...", "-rf", "latin-\\xe9.txt"]), found
        latin = next(entry["filePath"] for entry in found["files"] if "latin" in entry["filePath"])
        transfer = errands.partner.retrieve(latin, to="/files/back")
        if buckets.at_storage():
            errands.partner.wait_failed(transfer, "WRITE_FILE_ERROR", "UTF-8")  # as keys are there
        else:
            errands.partner.wait_completed(transfer)

    with story.case("a name with a line break is refused, and told"):
        (home / "broken").mkdir()
        touch(home / "broken" / "two\nlines")
        errands.list_failed(home / "broken", "LIST_DIRECTORY_ERROR", "two\\x0alines", "line break")

    with story.case("symbolic links are shown as links, wherever they lead: with the files, without a size"):
        links = home / "links"
        links.mkdir()
        for name, target in (("to-file", out / "file-1"), ("to-folder", out), ("to-nothing", "/nowhere")):
            (links / name).symlink_to(target)
        found = errands.list(links)
        assert names(found, links) == (["to-file", "to-folder", "to-nothing"], []), found
        assert all(sorted(entry) == ["filePath", "modifiedTimestamp"] for entry in found["files"]), found
        (home / "way").symlink_to(out)
        assert len(errands.list(home / "way")["files"]) == 3  # what is asked for is followed

    with story.case("a directory that is not there is DIRECTORY_NOT_FOUND"):
        errands.list_failed(home / "nowhere", "DIRECTORY_NOT_FOUND", "nowhere", "there is no such directory")

    with story.case("a file instead of a directory is told as that"):
        errands.list_failed(out / "file-1", "LIST_DIRECTORY_ERROR", "it is no directory")

    with story.case("a bucket that is not there: the listing fails as a retrieved file does"):
        answer = errands.start_listing(out, OutputDirectoryPath="/nobucket")
        errands.wait_failed(answer["ListingId"], "WRITE_FILE_ERROR", "nobucket")

    with story.case(f"a directory of {LONG} entries with long names: all of them, each once"):
        long = home / "long"
        long.mkdir()
        for number in range(LONG):
            touch(long / f"{number:0{LONG_NAME}}")
        began = time.monotonic()
        answer = errands.start_listing(long, MaxItems=LONG)
        row = errands.wait_completed(answer["ListingId"], seconds=300)
        print(f"# {LONG} entries, {row.size / 2 ** 20:.1f} MiB in {time.monotonic() - began:.1f} s", flush=True)
        assert row.size > 8 << 20 and (row.items, row.truncated) == (LONG, 0), vars(row)
        found = json.loads((errands.folder / row.key).read_text(encoding="utf-8"))
        assert names(found, long) == ([f"{number:0{LONG_NAME}}" for number in range(LONG)], [])
        assert flows.parts_in(bucket) == []

    with story.case("it has its event, with its own members"):
        def event_of(ident):
            lines = (daemon.state / "events.jsonl").read_text(encoding="utf-8").splitlines()
            return next((event for event in map(json.loads, lines) if ident in event["detail"].values()), None)
        listing = errands.start_listing(out)["ListingId"]
        event = harness.wait_until(lambda: event_of(listing), "the event")
        found = event["detail"]
        assert event["detail-type"] == "SFTP Connector Directory Listing Completed" and found["listing-id"] == listing, event
        assert found["status-code"] == "COMPLETED" and found["connector-id"] == connector, event
        assert (found["item-count"], found["max-items"], found["truncated"]) == (6, 1000, False), found
        assert found["remote-directory-path"] == str(out) and found["output-directory-path"] == "/files/lists", found
        assert found["output-file-location"]["key"] == f"lists/{connector}-{listing}.json", found

    with story.case("what the server forbids is told with its words"):
        account = story.enter(sshd.ThrowAwayUser())
        strict = story.enter(sshd.Sshd(story.folder / "strict", user=account))
        shut = strict.home / "shut"
        shut.mkdir(mode=0o700)
        errands_of(daemon, strict, folder=bucket).list_failed(shut, "LIST_DIRECTORY_ERROR", "permission denied")

    with story.case("kill -9 of worker and daemon in the middle of a listing: one whole object in the end"):
        for kill in (daemon.kill_workers, daemon.kill):
            with harness.Proxy(server.port) as line:
                slow = errands_of(daemon, server, folder=bucket, url=f"sftp://127.0.0.1:{line.port}")
                held = line.hold("down", 60_000)
                answer = slow.start_listing(many, MaxItems=MANY)
                held()
                kill()
                line.tell("heal")
                if not harness.is_alive(daemon.process.pid):
                    daemon.start()
                row = slow.wait_completed(answer["ListingId"])
                found = json.loads((slow.folder / row.key).read_text(encoding="utf-8"))
                assert len(found["files"]) == MANY and row.attempt == 2, row.attempt
        assert flows.parts_in(bucket) == []
