#!/usr/bin/env python3
"""StartDirectoryListing, StartRemoteMove and StartRemoteDelete, with the unmodified `aws` and without it: what is in a
partner's directory becomes an object, and what is moved or deleted there is that and nothing else."""

import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
from cli import aws, refusal  # noqa: E402
from errands import CONFIRMED, DONE, INFERRED, errands_of, names  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402

WHEN = 1_700_000_000  # 2023-11-14T22:13:20Z
MANY = 2500  # more than one reply of OpenSSH has


def touch(path, size=0):
    path = os.fsencode(path)
    with open(path, "wb") as out:
        out.write(b"x" * size)
    os.utime(path, (WHEN, WHEN))


with harness.Story() as story:
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    daemon = story.enter(harness.Daemon(story.folder / "state", {"transfer.attempts": "3"}))
    errands = errands_of(daemon, server)
    home = server.home
    connector = errands.partner.id

    # ---- listings ----

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
        errands.partner.wait_completed(errands.partner.retrieve(latin, to="/files/back"))

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

    # ---- moves ----

    inbox = home / "in"
    inbox.mkdir()

    with story.case("aws transfer start-remote-move: a file has its new name, and the bytes it had"):
        touch(inbox / "a", size=77)
        move = aws(daemon, "transfer", "start-remote-move", "--connector-id", connector, "--source-path", inbox / "a",
                   "--target-path", inbox / "b")
        assert list(move) == ["MoveId"], move
        errands.wait_completed(move["MoveId"], DONE)
        assert not (inbox / "a").exists() and (inbox / "b").stat().st_size == 77

    with story.case("a directory is moved with what is in it, and relative paths begin at home"):
        (inbox / "folder").mkdir()
        touch(inbox / "folder" / "within")
        errands.move("in/folder/", "in/renamed")
        assert (inbox / "renamed" / "within").exists() and not (inbox / "folder").exists()

    with story.case("a move replaces nothing: neither a file nor a directory"):
        touch(inbox / "taken", size=5)
        touch(inbox / "mine", size=6)
        errands.move_failed(inbox / "mine", inbox / "taken", "RENAME_ERROR", "there is a file", "replaces nothing")
        errands.move_failed(inbox / "mine", inbox / "renamed", "RENAME_ERROR", "there is a directory", "replaces nothing")
        assert (inbox / "taken").stat().st_size == 5 and (inbox / "mine").stat().st_size == 6

    with story.case("a source that is not there is FILE_NOT_FOUND, a target's directory that is not PATH_NOT_FOUND"):
        errands.move_failed(inbox / "nothing", inbox / "c", "FILE_NOT_FOUND", "there is no file or directory", "nothing")
        errands.move_failed(inbox / "mine", home / "no" / "c", "PATH_NOT_FOUND", "directory that it goes to is not there")
        assert (inbox / "mine").exists()

    with story.case("names that are no UTF-8 are moved by the same rule"):
        touch(os.fsencode(inbox) + b"/\xe9")
        errands.move(f"{inbox}/\\xe9", f"{inbox}/\\xe8 \"neu\"")
        assert os.path.exists(os.fsencode(inbox) + b"/\xe8 \"neu\"")

    with story.case("a symbolic link is moved itself"):
        (inbox / "link").symlink_to(out / "file-1")
        errands.move(inbox / "link", inbox / "link-2")
        assert (inbox / "link-2").is_symlink() and (out / "file-1").exists()

    # ---- deletions ----

    with story.case("aws transfer start-remote-delete: a file is gone"):
        delete = aws(daemon, "transfer", "start-remote-delete", "--connector-id", connector, "--delete-path", inbox / "b")
        assert list(delete) == ["DeleteId"], delete
        errands.wait_completed(delete["DeleteId"], DONE)
        assert not (inbox / "b").exists()

    with story.case("an empty directory is deleted, one with something in it is not"):
        (home / "full").mkdir()
        touch(home / "full" / "something")
        errands.delete(home / "empty")
        errands.delete_failed(home / "full", "DELETE_ERROR", "has to be empty")
        assert not (home / "empty").exists() and (home / "full" / "something").exists()

    with story.case("a symbolic link is deleted itself, also one that leads to a directory"):
        errands.delete(home / "way")
        errands.delete(links / "to-nothing")
        assert not (home / "way").is_symlink() and out.exists()

    with story.case("what is not there is FILE_NOT_FOUND"):
        errands.delete_failed(inbox / "b", "FILE_NOT_FOUND", "there is no file or directory")

    with story.case("each of them has its event, with its own members"):
        def event_of(ident):
            lines = (daemon.state / "events.jsonl").read_text(encoding="utf-8").splitlines()
            return next((event for event in map(json.loads, lines) if ident in event["detail"].values()), None)
        listing = errands.start_listing(out)["ListingId"]
        for ident, name, kind in ((listing, "listing-id", "Directory Listing Completed"),
                                  (move["MoveId"], "move-id", "Remote Move Completed"),
                                  (delete["DeleteId"], "delete-id", "Remote Delete Completed")):
            event = harness.wait_until(lambda: event_of(ident), "the event")  # pylint: disable=cell-var-from-loop
            assert event["detail-type"] == f"SFTP Connector {kind}" and event["detail"][name] == ident, event
            assert event["detail"]["status-code"] == "COMPLETED" and event["detail"]["connector-id"] == connector, event
        found = event_of(listing)["detail"]
        assert (found["item-count"], found["max-items"], found["truncated"]) == (6, 1000, False), found
        assert found["remote-directory-path"] == str(out) and found["output-directory-path"] == "/files/lists", found
        assert found["output-file-location"]["key"] == f"lists/{connector}-{listing}.json", found
        assert event_of(move["MoveId"])["detail"]["target-path"] == str(inbox / "b")

    # ---- what is refused at once ----

    with story.case("paths that cannot be are refused with the call, by the member's name"):
        for operation, arguments, words in (
                ("start-directory-listing", {"remote-directory-path": "../up", "output-directory-path": "/files"},
                 ("RemoteDirectoryPath", "..")),
                ("start-directory-listing", {"remote-directory-path": "/x", "output-directory-path": "/files/../etc"},
                 ("OutputDirectoryPath",)),
                ("start-directory-listing", {"remote-directory-path": "/x", "output-directory-path": "/files",
                                             "max-items": "200001"}, ("200000",)),
                ("start-remote-move", {"source-path": "/a", "target-path": "/a/"}, ("TargetPath", "same as SourcePath")),
                ("start-remote-move", {"source-path": "/", "target-path": "/b"}, ("SourcePath",)),
                ("start-remote-delete", {"delete-path": "/a/../.."}, ("DeletePath", "..")),
                ("start-remote-delete", {"delete-path": "/a\nb"}, ("DeletePath", "line break"))):
            words_of_call = [word for name, value in arguments.items() for word in (f"--{name}", value)]
            message = refusal(daemon, "transfer", operation, "--connector-id", connector, *words_of_call)
            assert "InvalidRequestException" in message and all(word in message for word in words), message

    with story.case("a connector that is not there is ResourceNotFoundException"):
        message = refusal(daemon, "transfer", "start-remote-delete", "--connector-id", "c-0123456789abcdef0",
                          "--delete-path", "/a")
        assert "ResourceNotFoundException" in message, message

    with story.case("ListFileTransferResults shows file transfers only"):
        message = refusal(daemon, "transfer", "list-file-transfer-results", "--connector-id", connector,
                          "--transfer-id", delete["DeleteId"])
        assert "ResourceNotFoundException" in message and "no file transfer" in message, message

    # ---- whom the server does not let ----

    with story.case("what the server forbids is told with its words: a listing, a move, a deletion"):
        account = story.enter(sshd.ThrowAwayUser())
        strict = story.enter(sshd.Sshd(story.folder / "strict", user=account))
        theirs = errands_of(daemon, strict)
        shut = strict.home / "shut"
        shut.mkdir(mode=0o700)
        readable = strict.home / "readable"
        readable.mkdir(mode=0o755)
        touch(readable / "file")
        theirs.list_failed(shut, "LIST_DIRECTORY_ERROR", "permission denied")
        theirs.move_failed(readable / "file", strict.home / "mine", "RENAME_ERROR", "ermission denied")
        theirs.delete_failed(readable / "file", "DELETE_ERROR", "permission denied")
        assert (readable / "file").exists()

    # ---- in the middle ----

    with story.case("kill -9 of worker and daemon in the middle of a listing: one whole object in the end"):
        for kill in (daemon.kill_workers, daemon.kill):
            with harness.Proxy(server.port) as line:
                slow = errands_of(daemon, server, url=f"sftp://127.0.0.1:{line.port}")
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
        assert list((errands.folder / ".sallyport").iterdir()) == []

    class Late:
        """A partner whose server, from the change that @about means, says nothing any more: @habit hold or swallow."""

        def __init__(self, habit, about):
            self.switch = story.folder / f"switch-{habit}-{len(servers)}"
            self.switch.write_text(about, encoding="ascii")
            self.server = sshd.Sshd(story.folder / f"late-{len(servers)}", sftp_server=sshd.ODD_SERVER,
                                    sftp=(f"--{habit}", str(self.switch)))
            servers.append(self.server)

        def __enter__(self):
            self.server.__enter__()
            self.errands = errands_of(daemon, self.server)
            return self

        def __exit__(self, *_):
            self.server.stop()

        def falls_silent(self):
            """The change was asked for, and this server is a good one from the next connection on."""
            harness.wait_until(self.switch.with_name(self.switch.name + ".silent").exists, "the server to fall silent")
            self.switch.unlink()

    servers = []
    KILLS = (("the answer is lost", lambda: None), ("the worker is killed", daemon.kill_workers),
             ("the daemon is killed", lambda: (daemon.kill(), daemon.start())))
    daemon.settings["transfer.idle_timeout"] = "2s"
    daemon.stop()
    daemon.start()

    for habit, moment, outcome in (("hold", "before it was done", DONE), ("swallow", "when it was done", CONFIRMED)):
        for sentence, kill in KILLS:
            with story.case(f"{sentence} {moment}: the move is done once, and is COMPLETED"):
                with Late(habit, "/one -> ") as late:
                    touch(late.server.home / "one", size=11)
                    ident = late.errands.start_move(late.server.home / "one", late.server.home / "other")
                    late.falls_silent()
                    kill()
                    late.errands.wait_completed(ident, outcome)
                    assert [path.name for path in late.server.home.iterdir()] == ["other"]
                    assert (late.server.home / "other").stat().st_size == 11

            with story.case(f"{sentence} {moment}: the deletion is done once, and is COMPLETED"):
                for what in ("file", "folder"):
                    with Late(habit, "remove: .*/one") as late:
                        if what == "file":
                            touch(late.server.home / "one")
                        else:
                            (late.server.home / "one").mkdir()
                        ident = late.errands.start_delete(late.server.home / "one")
                        late.falls_silent()
                        kill()
                        late.errands.wait_completed(ident, outcome)
                        assert list(late.server.home.iterdir()) == []

    with story.case("what has the old name since is neither moved nor deleted: what was asked for is COMPLETED"):
        with Late("swallow", "/one -> ") as late:
            touch(late.server.home / "one", size=11)
            ident = late.errands.start_move(late.server.home / "one", late.server.home / "other")
            late.falls_silent()
            touch(late.server.home / "one", size=12)
            late.errands.wait_completed(ident, CONFIRMED)
            assert (late.server.home / "one").stat().st_size == 12 and (late.server.home / "other").stat().st_size == 11
        with Late("swallow", "remove: .*/one") as late:
            touch(late.server.home / "one", size=11)
            ident = late.errands.start_delete(late.server.home / "one")
            late.falls_silent()
            touch(late.server.home / "one", size=12)
            late.errands.wait_completed(ident, INFERRED)
            assert (late.server.home / "one").stat().st_size == 12

    with story.case("what was moved and taken away at once is COMPLETED"):
        with Late("swallow", "/one -> ") as late:
            touch(late.server.home / "one", size=11)
            ident = late.errands.start_move(late.server.home / "one", late.server.home / "other")
            late.falls_silent()
            harness.wait_until((late.server.home / "other").exists, "the rename")
            (late.server.home / "other").unlink()
            late.errands.wait_completed(ident, INFERRED)

    with story.case("a server that says OK and does nothing is found out"):
        with sshd.Sshd(story.folder / "liar", sftp_server=sshd.ODD_SERVER, sftp=("--lie",)) as liar:
            touch(liar.home / "one")
            errands_of(daemon, liar).move_failed(liar.home / "one", liar.home / "other", "RENAME_ERROR", "did not")
