#!/usr/bin/env python3
"""How files come by their names: what stands in the way, what the tags of a connector say about it, what is known of a
file then, and what is left when it went wrong. Against OpenSSH as it is, without posix-rename, without any rename, and
with habits of other people's servers."""

import contextlib
import os
import pathlib
import signal
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import buckets  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import peers  # noqa: E402
import sshd  # noqa: E402

PATIENCE = 60
SETTINGS = {"transfer.idle_timeout": "2s", "transfer.handshake_timeout": "10s", "transfer.attempts": "3",
            "transfer.leftover_age": "1h"}
STRANGER = ".sp-00112233445566778899aabbccddeeff-1.part"


def tag(partner, **tags):
    """Sets tags of ours: on_conflict="fail" is sallyport:on-conflict=fail."""
    arn = partner.describe()["Arn"]
    partner.call("TagResource", Arn=arn, Tags=[{"Key": "sallyport:" + name.replace("_", "-"), "Value": value}
                                               for name, value in tags.items()])


def untag(partner, *names):
    partner.call("UntagResource", Arn=partner.describe()["Arn"], TagKeys=["sallyport:" + name for name in names])


def ask(path):
    return daemon.client.rest("sallyport", "GET", path)


def receipt(partner, transfer):
    """Of a transfer's only file."""
    found = ask(f"/v1/connectors/{partner.id}/transfers/{transfer}")
    assert found["TransferId"] == transfer and len(found["Files"]) == 1, found
    return ask(f"/v1/files/{found['Files'][0]['FileId']}/receipt")


def write(name, size=1000):
    """A new object; its bytes."""
    data = os.urandom(size)
    (bucket / name).write_bytes(data)
    return data


def send(partner, name, home):
    """One object to @home/in: its receipt."""
    transfer = partner.send(f"/files/{name}", to=home / "in")
    partner.wait_completed(transfer)
    return receipt(partner, transfer)


def store(sql, *values):
    """The first column of the first row."""
    with contextlib.closing(sqlite3.connect(daemon.state / "store.db", timeout=30)) as found, found:
        return (found.execute(sql, values).fetchone() or (None,))[0]


def kept_connections(partner):
    """How many of its server's connections are in the store."""
    return store("SELECT count(*) FROM server_connections WHERE connector_id = ?", partner.id)


def nothing_left(*folders):
    left = [name for name in flows.parts_in(*folders) if os.fsencode(STRANGER) not in name]
    assert not left, left


class Habit(sshd.Sshd):
    """A server with a habit that it has only while @switch is there, and only about renames that @about is found in."""

    def __init__(self, name, *habits, switch=None, about=""):
        self.about = about
        self.switch = story.folder / f"{name}.switch" if switch else None
        more = (f"--{switch}", str(self.switch)) if switch else ()
        super().__init__(story.folder / name, sftp_server=sshd.ODD_SERVER, sftp=(*habits, *more))

    def __enter__(self):
        super().__enter__()
        (self.home / "in").mkdir()
        return self

    def on(self):
        """As a whole: the server looks at any time."""
        new = self.switch.with_name(self.switch.name + ".new")
        new.write_text(self.about, encoding="ascii")
        new.rename(self.switch)

    def off(self):
        self.switch.unlink()
        self.silent().unlink(missing_ok=True)

    def silent(self):
        return self.switch.with_name(self.switch.name + ".silent")

    def wait_silent(self):
        harness.wait_until(lambda: self.silent().exists(), "the server to fall silent", PATIENCE)


def kill_daemon():
    daemon.kill()
    daemon.start()


def tags():
    with sshd.Sshd(story.folder / "tags") as server:
        partner = flows.partner_of(daemon, server)
        with story.case("a tag that makes no sense is refused, in words"):
            for given, word in (({"on_conflict": "ask"}, "keep-both"), ({"upload": "fast"}, "direct"),
                                ({"upload_temp": "x"}, "{id}"), ({"verify": "md5"}, "re-read"),
                                ({"onconflict": "fail"}, "sallyport:on-conflict"),
                                ({"upload": "direct", "on_conflict": "fail"}, "cannot go together")):
                try:
                    tag(partner, **given)
                except aws.AwsError as error:
                    assert error.code == "InvalidRequestException" and word in error.message, error
                else:
                    raise AssertionError(f"{given} was taken")
            assert partner.call("ListTagsForResource", Arn=partner.describe()["Arn"])["Tags"] == []

        with story.case("nor is a connector made with one"):
            try:
                partner.call("CreateConnector", AccessRole=daemon.env["SALLYPORT_ROLE"], Url="sftp://127.0.0.1",
                             SftpConfig={"UserSecretId": partner.secret},
                             Tags=[{"Key": "sallyport:verify", "Value": "hope"}])
            except aws.AwsError as error:
                assert "sallyport:verify" in error.message, error
            else:
                raise AssertionError("it was made")


# When one dies: what the server does about which rename.
PART, ASIDE, BACK = r"\.part -> ", r" -> .*\.old$", r"\.old -> "
MOMENTS = [("before the old file is put aside", "hold", ASIDE), ("when the old file was put aside", "swallow", ASIDE),
           ("before the rename", "hold", PART), ("when the rename was done", "swallow", PART)]


def overwriting():
    with sshd.Sshd(story.folder / "plain", sftp=("-P", "posix-rename")) as server:
        (server.home / "in").mkdir()
        partner = flows.partner_of(daemon, server)
        with story.case("without posix-rename a file of that name makes way for the new one"):
            for size in (1000, 2000, 1500):
                data = write("same.bin", size)
                got = send(partner, "same.bin", server.home)
                assert (server.home / "in/same.bin").read_bytes() == data
                assert (got["Outcome"], got["Verification"]) == ("RENAMED", "SIZE_CHECKED"), got
            nothing_left(server.home)

        with story.case("what the server does is kept, and shown"):
            known = ask(f"/v1/connectors/{partner.id}/server")
            assert "rename-existing=refuses" in known["Features"] and "fsync" in known["Features"], known
            assert "posix-rename" not in known["Features"] and known["Banner"].startswith("SSH-2.0-OpenSSH"), known
            assert known["AmbiguousPublishes"] == {"Confirmed": 0, "Inferred": 0}, known

        with story.case("the next worker knows it from the start"):
            kill_daemon()
            data = write("same.bin", 700)
            send(partner, "same.bin", server.home)
            assert (server.home / "in/same.bin").read_bytes() == data
            assert "rename-existing=refuses" in ask(f"/v1/connectors/{partner.id}/server")["Features"]

    with Habit("replaces", "--no-posix", "--replace") as server:
        partner = flows.partner_of(daemon, server)
        with story.case("a server whose plain rename replaces is left to do so"):
            for size in (1000, 2000):
                data = write("same.bin", size)
                send(partner, "same.bin", server.home)
                assert (server.home / "in/same.bin").read_bytes() == data
            known = ask(f"/v1/connectors/{partner.id}/server")
            assert "rename-existing=replaces" in known["Features"], known

    for moment, switch, about in MOMENTS:
        for sentence, strike in (("worker", daemon.kill_workers), ("daemon", kill_daemon)):
            with Habit(f"killed-{sentence}-{moment.replace(' ', '-')}", "--no-posix", switch=switch, about=about) as server:
                partner = flows.partner_of(daemon, server)
                final = server.home / "in/held.bin"
                with story.case(f"a {sentence} that dies {moment} loses no file"):
                    for size in (500, 600):  # the second one learns that a rename does not replace
                        old = write("held.bin", size)
                        send(partner, "held.bin", server.home)
                    data = write("held.bin", 3000)
                    server.on()
                    transfer = partner.send("/files/held.bin", to=server.home / "in")
                    server.wait_silent()
                    there = [path.read_bytes() for path in (server.home / "in").iterdir()]
                    assert old in there and data in there, "one of them is nowhere"
                    server.off()
                    strike()
                    partner.wait_completed(transfer, PATIENCE)
                    assert final.read_bytes() == data
                    nothing_left(server.home)

    with Habit("lies", "--lie") as server:
        partner = flows.partner_of(daemon, server)
        with story.case("a rename that was not done is known even where a file of that size is"):
            data = write("lied.bin", 100)
            (server.home / "in/lied.bin").write_bytes(bytes(100))
            transfer = partner.send("/files/lied.bin", to=server.home / "in")
            partner.wait_failed(transfer, "RENAME_ERROR", "did not")
            assert (server.home / "in/lied.bin").read_bytes() == bytes(100)
            harness.wait_until(lambda: not flows.parts_in(server.home), "the part to be removed")


def refused():
    """Servers that do not replace, and then do not give the new file its name either."""
    for name, about, gone in (("part", PART, False), ("aside", f"{PART}|{ASIDE}", True)):
        with Habit(f"refuses-{name}", "--no-posix", "--refuse", str(story.folder / f"{name}.refuse"), about=about) as server:
            server.switch = story.folder / f"{name}.refuse"
            partner = flows.partner_of(daemon, server)
            final = server.home / "in/old.bin"
            old = write("old.bin", 500)
            send(partner, "old.bin", server.home)
            with story.case("where nothing can be put aside the failure says that the old file is gone" if gone else
                            "a file that was put aside gets its name back when the new one is refused"):
                write("old.bin", 600)
                server.on()
                transfer = partner.send("/files/old.bin", to=server.home / "in")
                partner.wait_failed(transfer, "RENAME_ERROR", *(["replace is gone"] if gone else []))
                assert final.exists() != gone and (gone or final.read_bytes() == old)
                harness.wait_until(lambda: not flows.parts_in(server.home), "the part to be removed")
                server.off()

    with Habit("keeps-aside", "--no-posix", "--refuse", str(story.folder / "back.refuse"), about=f"{PART}|{BACK}") as server:
        server.switch = story.folder / "back.refuse"
        partner = flows.partner_of(daemon, server)
        final = server.home / "in/old.bin"
        with story.case("one that does not even get its name back is named, and gets it with a later connection"):
            old = write("old.bin", 500)
            send(partner, "old.bin", server.home)
            write("old.bin", 600)
            server.on()
            transfer = partner.send("/files/old.bin", to=server.home / "in")
            partner.wait_failed(transfer, "RENAME_ERROR", "is now called", ".old")
            aside, = (server.home / "in").glob(".sp-*.old")
            assert aside.read_bytes() == old and not final.exists()
            harness.wait_until(lambda: flows.parts_in(server.home) == [os.fsencode(aside)], "the part to be removed")
            server.off()
            as_if_a_minute_had_passed()
            write("next.bin")
            send(partner, "next.bin", server.home)
            harness.wait_until(final.exists, "the old file to have its name again")
            assert final.read_bytes() == old
            nothing_left(server.home)


def as_if_a_minute_had_passed():
    """After which the daemon tries again to remove what is left."""
    harness.wait_until(lambda: store("SELECT min(tries) FROM parts_left") not in (None, 0), "the first try to be noted")
    daemon.stop()
    store("UPDATE parts_left SET not_before_ms = 0")
    daemon.start()


def conflicts():
    with sshd.Sshd(story.folder / "conflicts") as server:
        (server.home / "in").mkdir()
        partner = flows.partner_of(daemon, server)
        home, inbox = server.home, server.home / "in"
        with story.case("on-conflict=fail leaves the file that is there alone"):
            tag(partner, on_conflict="fail")
            (inbox / "a.csv").write_text("theirs", encoding="ascii")
            write("a.csv")
            transfer = partner.send("/files/a.csv", to=inbox)
            partner.wait_failed(transfer, "RENAME_ERROR", "a.csv", "sallyport:on-conflict")
            assert (inbox / "a.csv").read_text(encoding="ascii") == "theirs"
            data = write("free.csv")
            send(partner, "free.csv", home)
            assert (inbox / "free.csv").read_bytes() == data
            nothing_left(home)

        with story.case("on-conflict=keep-both gives the new one a number, and the receipt says which"):
            tag(partner, on_conflict="keep-both")
            second, third = write("a.csv"), None
            got = send(partner, "a.csv", home)
            assert got["PublishedName"] == "a (2).csv" and got["RemoteName"] == "a.csv", got
            third = write("a.csv", 2000)
            assert send(partner, "a.csv", home)["PublishedName"] == "a (3).csv"
            assert (inbox / "a.csv").read_text(encoding="ascii") == "theirs"
            assert (inbox / "a (2).csv").read_bytes() == second and (inbox / "a (3).csv").read_bytes() == third
            assert "PublishedName" not in send(partner, write_named("new.csv"), home)
            nothing_left(home)

        with story.case("objects that are fetched are kept in the same way"):
            (home / "out.csv").write_text("fetched", encoding="ascii")
            (arrivals / "out.csv").write_text("ours", encoding="ascii")
            for number in (2, 3):
                transfer = partner.retrieve(home / "out.csv", to="/files/arrived")
                partner.wait_completed(transfer)
                assert receipt(partner, transfer)["PublishedName"] == f"arrived/out ({number}).csv"
                assert (arrivals / f"out ({number}).csv").read_text(encoding="ascii") == "fetched"
            tag(partner, on_conflict="fail")
            transfer = partner.retrieve(home / "out.csv", to="/files/arrived")
            partner.wait_failed(transfer, "WRITE_FILE_ERROR", "sallyport:on-conflict")
            untag(partner, "on-conflict")
            partner.wait_completed(partner.retrieve(home / "out.csv", to="/files/arrived"))
            assert (arrivals / "out.csv").read_text(encoding="ascii") == "fetched"
            nothing_left(bucket)

    for sentence, strike in (("worker", daemon.kill_workers), ("daemon", kill_daemon)):
        with Habit(f"numbered-{sentence}", switch="swallow") as server:
            partner = flows.partner_of(daemon, server)
            tag(partner, on_conflict="keep-both")
            with story.case(f"a {sentence} that dies when the number was given gives no other"):
                write("once.csv")
                send(partner, "once.csv", server.home)
                data = write("once.csv", 2000)
                server.on()
                transfer = partner.send("/files/once.csv", to=server.home / "in")
                server.wait_silent()
                server.off()
                strike()
                partner.wait_completed(transfer, PATIENCE)
                assert receipt(partner, transfer)["PublishedName"] == "once (2).csv"
                assert sorted(os.listdir(server.home / "in")) == ["once (2).csv", "once.csv"]
                assert (server.home / "in/once (2).csv").read_bytes() == data


def write_named(name):
    write(name)
    return name


def places():
    with sshd.Sshd(story.folder / "no-rename", sftp=("-P", "rename,posix-rename")) as server:
        (server.home / "in").mkdir()
        partner = flows.partner_of(daemon, server)
        with story.case("where nothing can be renamed the failure names the tag that helps"):
            write("direct.bin")
            transfer = partner.send("/files/direct.bin", to=server.home / "in")
            partner.wait_failed(transfer, "RENAME_ERROR", "sallyport:upload=direct")
            harness.wait_until(lambda: not flows.parts_in(server.home), "the part to be removed")

        with story.case("upload=direct writes under the final name, over what is there, and says so"):
            tag(partner, upload="direct")
            for size in (3000, 1000):
                data = write("direct.bin", size)
                got = send(partner, "direct.bin", server.home)
                assert (got["Upload"], got["Verification"], got["Outcome"]) == ("direct", "DIRECT", "WRITTEN"), got
                assert (server.home / "in/direct.bin").read_bytes() == data
            assert os.listdir(server.home / "in") == ["direct.bin"]

        with story.case("what could not be opened to be written over stays"):
            (server.home / "in/folder").mkdir()
            write("folder")
            partner.wait_failed(partner.send("/files/folder", to=server.home / "in"), "RENAME_ERROR", "directory")
            assert (server.home / "in/folder").is_dir()

    with Habit("places", switch="hold") as server:
        partner = flows.partner_of(daemon, server)
        with story.case("parts lie where the tags say, and are found there after a crash, whatever the tags say by then"):
            (server.home / "staging").mkdir()
            tag(partner, upload_staging="staging", upload_temp="{name}.{id}.tmp")
            data = write("placed.bin")
            server.on()
            transfer = partner.send("/files/placed.bin", to=server.home / "in")
            server.wait_silent()
            names = os.listdir(server.home / "staging")
            assert len(names) == 1 and names[0].startswith("placed.bin.") and names[0].endswith("-1.tmp"), names
            assert os.listdir(server.home / "in") == []
            server.off()
            untag(partner, "upload-staging", "upload-temp")
            kill_daemon()
            partner.wait_completed(transfer, PATIENCE)
            assert (server.home / "in/placed.bin").read_bytes() == data and os.listdir(server.home / "staging") == []
            got = receipt(partner, transfer)
            assert got["Attempts"] == 1, got


def knowing():
    with sshd.Sshd(story.folder / "verify") as server:
        (server.home / "in").mkdir()
        partner = flows.partner_of(daemon, server, connections=2)
        with story.case("a receipt says all that is known"):
            data = write("known.bin", 100000)
            got = send(partner, "known.bin", server.home)
            assert got["Size"] == 100000 and got["BytesMoved"] == 100000 and got["Attempts"] == 1, got
            assert got["Sha256"] == flows.hashlib.sha256(data).hexdigest() and got["Bucket"] == "files", got
            assert got["Direction"] == "SEND" and got["StatusCode"] == "COMPLETED" and got["OnConflict"] == "overwrite", got
            assert got["Queued"] <= got["Started"] <= got["Ended"], got
            line = got["Connection"]
            assert line["HostKeyFingerprint"].startswith("SHA256:") and line["AuthenticatedBy"] == "publickey", line
            assert line["TargetAddress"] == f"127.0.0.1:{server.port}" and line["SourceAddress"].startswith("127.0.0.1:"), line
            assert line["KeyExchange"] and line["Cipher"] and line["Mac"] and line["HostKeyAlgorithm"], line

        with story.case("verify=re-read reads back what was sent, and what was fetched once more"):
            tag(partner, verify="re-read")
            write("large.bin", 9 << 20)
            assert send(partner, "large.bin", server.home)["Verification"] == "RE_READ"
            write("empty.bin", 0)
            assert send(partner, "empty.bin", server.home)["Verification"] == "RE_READ"
            transfer = partner.retrieve(server.home / "in/large.bin", to="/files/arrived")
            partner.wait_completed(transfer)
            assert receipt(partner, transfer)["Verification"] == "RE_READ"

        with story.case("verify=server-hash reads back where the server has no hash"):
            tag(partner, verify="server-hash")
            write("hashed.bin")
            assert send(partner, "hashed.bin", server.home)["Verification"] == "RE_READ"

        with story.case("a failure's receipt has the failure"):
            transfer = partner.send("/files/known.bin", to=server.home / "nowhere")
            partner.wait_failed(transfer, "DIRECTORY_NOT_FOUND", "nowhere")
            got = receipt(partner, transfer)
            assert got["FailureCode"] == "DIRECTORY_NOT_FOUND" and "nowhere" in got["FailureMessage"], got
            assert "Verification" not in got and got["MayHaveLeftPart"] is False, got

        with story.case("a connection is kept when a file names it, and not before"):
            other = flows.partner_of(daemon, server)
            for name, kept in (("none", 0), ("one", 1), ("two", 1)):
                write(f"{name}.bin")
                transfer = other.send(f"/files/{name}.bin", to=server.home / ("in" if kept else "nowhere"))
                if not kept:
                    other.wait_failed(transfer, "DIRECTORY_NOT_FOUND")
                    assert ask(f"/v1/connectors/{other.id}/server")["Banner"], "what the server can do is kept anyhow"
                else:
                    other.wait_completed(transfer)
                    assert receipt(other, transfer)["Connection"]["TargetAddress"] == f"127.0.0.1:{server.port}"
                assert kept_connections(other) == kept, name

        with story.case("what is not there is not found"):
            for path in (f"/v1/files/{'0' * 32}/receipt", f"/v1/connectors/{partner.id}/transfers/{'0' * 36}",
                         "/v1/connectors/c-00000000000000000/server"):
                try:
                    ask(path)
                except aws.AwsError as error:
                    assert error.status == 404, error
                else:
                    raise AssertionError(path)

    with story.case("verify=server-hash lets ProFTPD hash it"):
        harness.need_root("to run ProFTPD")
        peers.need_program("proftpd", "proftpd-mod-crypto")
        with peers.ProFtpd(story.folder / "proftpd") as server:
            (server.home / "in").mkdir()
            partner = server.partner(daemon)
            tag(partner, verify="server-hash")
            write("hashed.bin", 300000)
            transfer = partner.send("/files/hashed.bin", to="in")
            partner.wait_completed(transfer)
            assert receipt(partner, transfer)["Verification"] == "SERVER_HASH", ask(f"/v1/connectors/{partner.id}/server")

    with Habit("ambiguous", switch="swallow") as server:
        partner = flows.partner_of(daemon, server)
        for outcome in ("CONFIRMED", "INFERRED"):
            with story.case(f"a publish whose answer was lost is {outcome}, said and counted"):
                write("lost.bin", 1234)
                server.on()
                transfer = partner.send("/files/lost.bin", to=server.home / "in")
                server.wait_silent()
                harness.wait_until(lambda: (server.home / "in/lost.bin").exists(), "the rename to be done")
                if outcome == "INFERRED":
                    (server.home / "in/lost.bin").unlink()
                server.off()
                partner.wait_completed(transfer, PATIENCE)
                got = receipt(partner, transfer)
                level = "INFERRED" if outcome == "INFERRED" else "SIZE_CHECKED"
                assert (got["Outcome"], got["Verification"]) == (outcome, level), got
                (server.home / "in/lost.bin").unlink(missing_ok=True)
        with story.case("and is counted by connector"):
            assert ask(f"/v1/connectors/{partner.id}/server")["AmbiguousPublishes"] == {"Confirmed": 1, "Inferred": 1}


def leftovers():
    with sshd.Sshd(story.folder / "left") as server:
        (server.home / "in").mkdir()
        (server.home / "in" / STRANGER).write_text("not ours", encoding="ascii")
        (server.home / "in/their.part").write_text("not ours", encoding="ascii")
        with harness.Proxy(server.port) as proxy:
            partner = flows.partner_of(daemon, server, url=f"sftp://127.0.0.1:{proxy.port}")
            with story.case("a part that could not be removed when its file failed goes with the next connection"):
                write("left.bin", 48 << 20)
                held = proxy.hold("up", 20 << 20)
                transfer = partner.send("/files/left.bin", to=server.home / "in")
                held()
                (bucket / "left.bin").unlink()  # so that its next attempt is the last one
                server.signal_sessions(signal.SIGKILL)
                proxy.tell("free")
                partner.wait_failed(transfer, "SEND_FILE_NOT_FOUND", seconds=PATIENCE)
                assert receipt(partner, transfer)["MayHaveLeftPart"] is True
                data = write("next.bin")
                send(partner, "next.bin", server.home)
                harness.wait_until(lambda: len(flows.parts_in(server.home)) == 1, "the part to be removed", PATIENCE)
                assert (server.home / "in/next.bin").read_bytes() == data
            with story.case("and nobody else's"):
                assert sorted(os.listdir(server.home / "in")) == [STRANGER, "next.bin", "their.part"]


def leftovers_in_a_folder():
    with story.case("what was left in a bucket goes at a start, when it is old and nobody's"):
        staging = bucket / ".sallyport"
        staging.mkdir(exist_ok=True)
        old = time.time() - 7200
        for name, age in (("0123456789abcdef0123456789abcdef-1", old), ("0123456789abcdef0123456789abcdee-1", time.time()),
                          ("notes.txt", old), ("0123456789abcdef0123456789abcdef-1.bak", old)):
            (staging / name).write_text("left", encoding="ascii")
            os.utime(staging / name, (age, age))
        kill_daemon()
        harness.wait_until(lambda: not (staging / "0123456789abcdef0123456789abcdef-1").exists(), "the sweep", PATIENCE)
        assert sorted(os.listdir(staging)) == ["0123456789abcdef0123456789abcdee-1", "0123456789abcdef0123456789abcdef-1.bak",
                                               "notes.txt"]


def doubted():
    with Habit("late", "--no-posix", switch="late", about=PART) as server:
        partner = flows.partner_of(daemon, server)
        final = server.home / "in/held.bin"
        with story.case("a rename of a lost connection that is carried out while it is asked after loses nothing"):
            for size in (500, 600):
                write("held.bin", size)
                send(partner, "held.bin", server.home)
            data = write("held.bin", 3000)
            server.on()
            transfer = partner.send("/files/held.bin", to=server.home / "in")
            server.wait_silent()
            server.switch.unlink()
            daemon.kill_workers()
            partner.wait_completed(transfer, PATIENCE)
            assert final.exists() and final.read_bytes() == data
            nothing_left(server.home)

    with Habit("garble", "--no-posix", switch="garble", about=PART) as server:
        partner = flows.partner_of(daemon, server)
        with story.case("a server that talks nonsense behind its OK leaves doubt, and no FAILED file that is there"):
            data = write("held.bin", 3000)
            server.on()
            transfer = partner.send("/files/held.bin", to=server.home / "in")
            harness.wait_until((server.home / "in/held.bin").exists, "the rename")
            server.switch.unlink()
            partner.wait_completed(transfer, PATIENCE)
            assert (server.home / "in/held.bin").read_bytes() == data


with harness.Story() as story:
    kind = buckets.kind_of(story)
    daemon = story.enter(harness.Daemon(story.folder / "state", {**SETTINGS, **kind.settings("files")}))
    bucket = kind.open(daemon, "files")
    arrivals = bucket / "arrived"
    arrivals.mkdir()
    if not buckets.at_storage():  # what is about names at the partner is the same wherever the bucket is
        tags()
        overwriting()
        refused()
        doubted()
        places()
    conflicts()
    knowing()
    leftovers()
    if not buckets.at_storage():
        leftovers_in_a_folder()
