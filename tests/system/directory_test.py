#!/usr/bin/env python3
"""StartRemoteMove and StartRemoteDelete, with the unmodified `aws` and without it: what is moved or deleted there is that and
nothing else. No bucket has a part in that; listings have a story of their own, for each kind of bucket."""

import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
from cli import aws, refusal  # noqa: E402
from errands import CONFIRMED, DONE, INFERRED, errands_of, touch  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402

with harness.Story() as story:
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    daemon = story.enter(harness.Daemon(story.folder / "state", {"transfer.attempts": "3"}))
    errands = errands_of(daemon, server)
    home = server.home
    connector = errands.partner.id

    out = home / "out"
    out.mkdir()
    touch(out / "file-1")
    (home / "empty").mkdir()
    (home / "way").symlink_to(out)
    (home / "to-nothing").symlink_to("/nowhere")

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
        errands.delete(home / "to-nothing")
        assert not (home / "way").is_symlink() and out.exists()

    with story.case("what is not there is FILE_NOT_FOUND"):
        errands.delete_failed(inbox / "b", "FILE_NOT_FOUND", "there is no file or directory")

    with story.case("each of them has its event, with its own members"):
        def event_of(ident):
            lines = (daemon.state / "events.jsonl").read_text(encoding="utf-8").splitlines()
            return next((event for event in map(json.loads, lines) if ident in event["detail"].values()), None)
        for ident, name, kind in ((move["MoveId"], "move-id", "Remote Move Completed"),
                                  (delete["DeleteId"], "delete-id", "Remote Delete Completed")):
            event = harness.wait_until(lambda: event_of(ident), "the event")  # pylint: disable=cell-var-from-loop
            assert event["detail-type"] == f"SFTP Connector {kind}" and event["detail"][name] == ident, event
            assert event["detail"]["status-code"] == "COMPLETED" and event["detail"]["connector-id"] == connector, event
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

    with story.case("what the server forbids is told with its words: a move, a deletion"):
        account = story.enter(sshd.ThrowAwayUser())
        strict = story.enter(sshd.Sshd(story.folder / "strict", user=account))
        theirs = errands_of(daemon, strict)
        readable = strict.home / "readable"
        readable.mkdir(mode=0o755)
        touch(readable / "file")
        theirs.move_failed(readable / "file", strict.home / "mine", "RENAME_ERROR", "ermission denied")
        theirs.delete_failed(readable / "file", "DELETE_ERROR", "permission denied")
        assert (readable / "file").exists()

    # ---- in the middle ----

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
