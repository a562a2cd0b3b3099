#!/usr/bin/env python3
"""The command line: connectors with their secrets, thousands of files with a bar at a terminal, Ctrl-C, JSON as its schema
has it, and one sentence with its exit status for whatever is wrong."""

import functools
import json
import pathlib
import re
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import flows  # noqa: E402
import harness  # noqa: E402
import sallyport_cli as cli  # noqa: E402
import sshd  # noqa: E402

FILES = 2000
SLOW = 2 << 20  # bytes a second
LARGE = 12 << 20
REFUSED, WRONG, NOT_THERE, DENIED, AWAY, FILES_FAILED, TEST_FAILED, INTERRUPTED = 1, 2, 3, 4, 5, 6, 7, 130

LS = ("--via", "/files/lists")


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def fill(folder, count, pattern="{:04}.csv", size=500):
    folder.mkdir(exist_ok=True, parents=True)
    for number in range(count):
        (folder / pattern.format(number)).write_bytes(b"%d\n" % number * (size // 4))


with harness.Story() as story:
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    daemon = story.enter(harness.Daemon(story.folder / "state"))
    bucket, home = daemon.bucket("files"), server.home
    key_file = server.folder / "client_key"
    fill(bucket / "many", FILES)
    (home / "in").mkdir()
    (home / "done").mkdir()

    # ---- connectors -------------------------------------------------------------------------------------------------

    with story.case("connector add makes secret and connector, learns the host key, and tells its fingerprint"):
        done = cli.run(daemon, "connector", "add", "acme", f"sftp://{server.user}@127.0.0.1:{server.port}",
                       "--key-file", key_file, "--connections", 3, "--learn")
        assert done.status == 0 and re.fullmatch(r"c-[0-9a-f]{17}\n", done.out), done
        fingerprint = re.search(r"SHA256:\S{43}", done.err).group()
        assert any(fingerprint in line for line in server.fingerprints()), (fingerprint, server.fingerprints())

    with story.case("connector list, show and test say what there is, also by id"):
        connector = cli.answer(daemon, "connector", "list")["Connectors"][0]["ConnectorId"]
        assert "acme" in cli.good(daemon, "connector", "list")
        assert server.url in cli.good(daemon, "connector", "show", connector)
        shown = cli.answer(daemon, "connector", "show", "acme")
        assert shown["Connector"]["SftpConfig"]["MaxConcurrentConnections"] == 3, shown
        assert shown["State"]["Paused"] is False, shown
        tested = cli.good(daemon, "connector", "test", "acme")
        assert "authenticate" in tested and "OK: Connection succeeded" in tested, tested
        assert cli.answer(daemon, "connector", "test", "acme")["Status"] == "OK"

    with story.case("bucket test says of a folder whether it can be written to, with a slash in front and without"):
        assert cli.answer(daemon, "bucket", "test", "files")["Status"] == "OK"
        assert "OK: it works" in cli.good(daemon, "bucket", "test", "/files")
        assert cli.good(daemon, "complete", "bucket", "test", "fi") == "files\n"

    with story.case("connector add takes a key that is known, a password from standard input, and names only once"):
        known = story.folder / "known_hosts"
        known.write_text("# ours\n" + "".join(f"[127.0.0.1]:{server.port} {key}\n" for key in server.trusted_keys()),
                         encoding="ascii")
        url = f"sftp://127.0.0.1:{server.port}"
        made = cli.answer(daemon, "connector", "add", "known", url, "--user", server.user, "--key-file", key_file,
                          "--known-hosts", known)
        assert cli.answer(daemon, "connector", "test", "known")["Status"] == "OK"
        assert made["ConnectorId"] in cli.refusal(daemon, REFUSED, "connector", "add", "known", url, "--user", "u",
                                                  "--password-file", "-", stdin="secret\n")
        cli.answer(daemon, "connector", "add", "word", url, "--user", server.user, "--password-file", "-",
                   "--trust", server.trusted_keys()[0], stdin="not the password\n")
        tested = cli.answer(daemon, "connector", "test", "word", status=TEST_FAILED)
        assert tested["Status"] == "ERROR", tested
        secret = daemon.client.call("secretsmanager", "GetSecretValue", {"SecretId": "aws/transfer/word"})
        assert json.loads(secret["SecretString"]) == {"Username": server.user, "Password": "not the password"}

    with story.case("connector edit changes what it is told, and the login of its secret"):
        cli.answer(daemon, "connector", "edit", "word", "--key-file", key_file, "--connections", 2)
        assert cli.answer(daemon, "connector", "test", "word")["Status"] == "OK"
        shown = cli.answer(daemon, "connector", "show", "word")["Connector"]
        assert shown["SftpConfig"]["MaxConcurrentConnections"] == 2, shown
        assert shown["SftpConfig"]["TrustedHostKeys"] == server.trusted_keys()[:1], shown

    with story.case("connector remove takes the secret along, and what is gone is not there"):
        assert cli.good(daemon, "connector", "remove", "word", "--with-secret").startswith("removed c-")
        assert "word" in cli.refusal(daemon, NOT_THERE, "connector", "show", "word")
        assert "aws/transfer/word" not in str(daemon.client.call("secretsmanager", "ListSecrets", {}))

    # ---- sending ----------------------------------------------------------------------------------------------------

    with story.case("ls lists the buckets, and what is in one of them"):
        assert [entry["Path"] for entry in cli.answer(daemon, "ls")["Entries"]] == ["/files"]
        fill(bucket / "tree" / "a" / "b", 3, "t{}.csv")
        (bucket / "tree" / "odd & <name>.csv").write_text("x", encoding="ascii")
        listed = cli.answer(daemon, "ls", "/files/tree")
        assert [(entry["Path"], entry["IsFolder"], entry.get("Size")) for entry in listed["Entries"]] == \
            [("/files/tree/a", True, None), ("/files/tree/odd & <name>.csv", False, 1)], listed
        assert "/files/many/1999.csv\n" in cli.good(daemon, "ls", "/files/many")

    with story.case("send takes what a pattern matches, and with --recursive what is in folders, as they lie there"):
        (home / "tree" / "a" / "b").mkdir(parents=True)
        sent = cli.answer(daemon, "send", "acme", "/files/tree/a/*/t[01].csv", "/files/tree/odd*", "--to", "tree")
        assert sent["Completed"] == 3 and sent["Bytes"] > 0, sent
        assert names_in(home / "tree") == ["a", "odd & <name>.csv", "t0.csv", "t1.csv"]
        assert cli.answer(daemon, "send", "acme", "/files/tree", "--recursive", "--to", "tree")["Completed"] == 4
        assert names_in(home / "tree" / "a" / "b") == ["t0.csv", "t1.csv", "t2.csv"]
        assert cli.refusal(daemon, NOT_THERE, "send", "acme", "/files/tree/none*") == 'nothing matches "/files/tree/none*"'
        assert "nobody" in cli.refusal(daemon, NOT_THERE, "send", "acme", "/nobody/x*")

    many = [f"/files/many/{number:04}.csv" for number in range(FILES)]

    with story.case(f"send of {FILES} files at a terminal draws a bar, ends with a summary, and they are all there"):
        with cli.Terminal(daemon, "send", "acme", "/files/many/*.csv", "--to", "in") as terminal:
            status = terminal.wait()
            assert status == 0, terminal.text
        bars = re.findall(r"\[[=> ]{20}\] +(\d+) %  ([\d,]+)/2,000 files  ([\d.]+ [kM]?B) of 1\.1 MB  .*?/s  (\S+) left", terminal.text)
        assert len(bars) >= 2, terminal.text[-2000:]
        assert [int(bar[0]) for bar in bars] == sorted(int(bar[0]) for bar in bars), bars
        assert "2,000 of 2,000 files COMPLETED, 1." in terminal.text, terminal.text[-300:]
        assert len(names_in(home / "in")) == FILES

    with story.case("a narrow terminal has a bar that fits"):
        with cli.Terminal(daemon, "send", "acme", *many[:300], "--to", "in", columns=40) as terminal:
            assert terminal.wait() == 0, terminal.text
        assert " files" in terminal.text and "[=" not in terminal.text, terminal.text
        assert all(len(line) < 40 for line in re.split(r"\r|\x1b\[K|\n", terminal.text) if "left" in line), terminal.text

    with story.case("send in a script is quiet, and --json tells each file"):
        assert cli.good(daemon, "send", "acme", *many[:25], "--to", "in") == ""
        sent = cli.answer(daemon, "send", "acme", *many[:25], "--to", "in")
        assert (sent["Completed"], sent["Failed"], sent["Interrupted"]) == (25, 0, False), sent
        assert len(sent["TransferIds"]) == 3 and len(sent["Files"]) == 25, sent
        assert sent["Bytes"] == sum(file["Size"] for file in sent["Files"]) > 0, sent

    with story.case("a file that FAILED is named with the service's own sentence, and the status says so"):
        done = cli.run(daemon, "send", "acme", many[0], "/files/nobody.csv", "--to", "in")
        assert done.status == FILES_FAILED and done.out == "", done
        assert done.err == ('sallyport: /files/nobody.csv: could not send "/files/nobody.csv": there is no "nobody.csv" in '
                            'bucket "files"\n'), done
        sent = cli.answer(daemon, "send", "acme", many[0], "/files/nobody.csv", status=FILES_FAILED)
        assert [file["FailureCode"] for file in sent["Files"] if file["StatusCode"] == "FAILED"] == ["SEND_FILE_NOT_FOUND"]

    with story.case("two files that would get one name are refused before anything is asked for"):
        before = len(cli.answer(daemon, "transfers")["Transfers"])
        sentence = cli.refusal(daemon, WRONG, "send", "acme", "/files/a/x.csv", "/files/b/x.csv")
        assert "/files/a/x.csv" in sentence and "/files/b/x.csv" in sentence, sentence
        assert len(cli.answer(daemon, "transfers")["Transfers"]) == before

    with story.case("--detach does not wait; watch does, and tells each file as it ends"):
        cli.good(daemon, "connector", "pause", "acme")
        ids = cli.good(daemon, "send", "acme", *many[:12], "--to", "in", "--detach").split()
        assert len(ids) == 2, ids
        detached = cli.answer(daemon, "send", "acme", many[12], "--to", "in", "--detach")
        with cli.Terminal(daemon, "watch", "acme", "--json") as terminal:
            terminal.wait_for(lambda text: "0/13 files" in text, "the bar of a watch")
            cli.good(daemon, "connector", "resume", "acme")
            assert terminal.wait() == 0, terminal.text
        lines = [json.loads(line) for line in re.findall(r"\{.*?\}", terminal.text)]
        assert len(lines) == 13 and {line["TransferId"] for line in lines} == {*ids, *detached["TransferIds"]}, lines
        for line in lines:
            cli.check_schema(line, "watch")
        assert cli.good(daemon, "watch", *ids) == ""  # they have ended

    # ---- Ctrl-C -----------------------------------------------------------------------------------------------------

    proxy = story.enter(harness.Proxy(server.port, rate=SLOW))
    flows.write_random(bucket / "large.bin", LARGE)

    with story.case("Ctrl-C leaves the work running and says how to watch it, and that is true"):
        cli.answer(daemon, "connector", "add", "slow", f"sftp://{server.user}@127.0.0.1:{proxy.port}", "--key-file", key_file,
                   "--trust", server.trusted_keys()[0])
        with cli.Terminal(daemon, "send", "slow", "/files/large.bin", "--to", "in") as terminal:
            terminal.wait_for(lambda text: re.search(r"[1-9]\d* %  0/1 files  [\d.]+ MB of 12.6 MB  [\d.]+ MB/s", text),
                              "some of the file to be sent")
            terminal.type(b"\x03")
            assert terminal.wait() == INTERRUPTED, terminal.text
        advice = re.search(r"1 files? .* go(es)? on; watch .* with: sallyport (watch \S+)", terminal.text)
        assert advice, terminal.text
        assert not (home / "in" / "large.bin").exists()
        assert cli.run(daemon, *advice.group(2).split()).status == 0
        assert (home / "in" / "large.bin").stat().st_size == LARGE

    with story.case("a SIGTERM in a script is like Ctrl-C, and --json says that it was interrupted"):
        (home / "in" / "large.bin").unlink()
        with cli.Terminal(daemon, "send", "slow", "/files/large.bin", "--to", "in", "--json") as terminal:
            terminal.wait_for(lambda text: "0/1 files" in text, "the bar")
            terminal.process.send_signal(signal.SIGTERM)
            assert terminal.wait() == INTERRUPTED, terminal.text
        value = json.loads(re.search(r"^\{.*^\}", terminal.text.replace("\r\n", "\n"), re.S | re.M).group())
        cli.check_schema(value, "send")
        assert value["Interrupted"] and value["Files"][0]["StatusCode"] == "IN_PROGRESS", value
        cancelled = cli.answer(daemon, "cancel", *value["TransferIds"])
        assert len(cancelled["Transfers"]) == 1, cancelled
        harness.wait_until(lambda: cli.answer(daemon, "transfers", value["TransferIds"][0])["State"] == "FAILED",
                           "the cancelled transfer to end")
        again = cli.answer(daemon, "retry", *value["TransferIds"])["Transfers"][0]["TransferId"]
        assert cli.run(daemon, "watch", again).status == 0
        assert (home / "in" / "large.bin").stat().st_size == LARGE

    # ---- fetching, and what lies at the partner ------------------------------------------------------------------------

    fill(home / "out", 30, "r{:02}.csv")
    fill(home / "out" / "old" / "older", 3, "o{}.csv")

    with story.case("ls lists a partner's folder, and its object is taken away again"):
        listed = cli.answer(daemon, "ls", "acme", "out", *LS)
        assert len(listed["Entries"]) == 31 and not listed["Truncated"], listed
        assert {entry["Path"] for entry in listed["Entries"] if entry["IsFolder"]} == {"out/old"}, listed
        assert "out/r07.csv\n" in cli.good(daemon, "ls", "acme", "out", *LS)
        assert names_in(bucket / "lists") == []

    with story.case("get fetches what a pattern matches, and --recursive what is in folders"):
        got = cli.answer(daemon, "get", "acme", "out/r[01]?.csv", "--into", "/files/got")
        assert got["Completed"] == 20, got
        assert len(names_in(bucket / "got")) == 20
        got = cli.answer(daemon, "get", "acme", "out", "--recursive", "--into", "/files/all")
        assert got["Completed"] == 33, got
        assert (bucket / "all" / "old" / "older" / "o2.csv").exists()
        sentence = cli.refusal(daemon, NOT_THERE, "get", "acme", "out/nothing*", "--into", "/files/got")
        assert sentence == 'nothing matches "out/nothing*"', sentence

    with story.case("get --then delete and --then move:DIR take fetched files away from the partner, and only those"):
        got = cli.answer(daemon, "get", "acme", "out/r0?.csv", "out/missing.csv", "--into", "/files/once", "--then", "delete",
                         status=FILES_FAILED)
        assert (got["Planned"], got["Failed"]) == (11, 1), got
        assert names_in(home / "out") == ["old", *(f"r{number}.csv" for number in range(10, 30))]
        assert cli.run(daemon, "get", "acme", "out/r1?.csv", "--into", "/files/once", "--then", "move:done").status == 0
        assert names_in(home / "done") == [f"r{number}.csv" for number in range(10, 20)]

    with story.case("mv gives a name or moves into a folder, and replaces nothing"):
        cli.good(daemon, "mv", "acme", "done/r10.csv", "done/ten.csv")
        assert cli.answer(daemon, "mv", "acme", "done/r1[1-4].csv", "out", *LS)["Completed"] == 4
        assert names_in(home / "done") == [*(f"r{number}.csv" for number in range(15, 20)), "ten.csv"]
        done = cli.run(daemon, "mv", "acme", "done/ten.csv", "out/r11.csv")
        assert done.status == FILES_FAILED and "out/r11.csv" in done.err, done

    with story.case("rm deletes what a pattern matches, and --recursive folders with all that is in them"):
        cli.good(daemon, "rm", "acme", "done/*.csv", *LS)
        assert names_in(home / "done") == []
        assert cli.answer(daemon, "rm", "acme", "out", "--recursive", *LS)["Failed"] == 0
        assert not (home / "out").exists()

    # ---- what is told -----------------------------------------------------------------------------------------------

    with story.case("transfers lists the newest, filters them, and shows one"):
        listed = cli.answer(daemon, "transfers", "--connector", "acme", "--direction", "SEND", "--max", 5)["Transfers"]
        assert len(listed) == 5 and {one["Direction"] for one in listed} == {"SEND"}, listed
        one = cli.answer(daemon, "transfers", listed[0]["TransferId"])
        assert one["Files"][0]["FilePath"] in cli.good(daemon, "transfers", listed[0]["TransferId"])
        assert cli.answer(daemon, "transfers", "--state", "FAILED", "--path", "nobody")["Transfers"]

    with story.case("status says who we are, and how the connectors are"):
        status = cli.answer(daemon, "status")
        assert {one["Name"] for one in status["Connectors"]} == {"acme", "known", "slow"}, status
        assert status["Endpoint"] in cli.good(daemon, "status")

    with story.case("key makes a key that works until it is disabled"):
        key = cli.answer(daemon, "key", "create")
        mine = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
        cli.good(daemon, "status", **mine)
        assert key["AccessKeyId"] in {one["AccessKeyId"] for one in cli.answer(daemon, "key", "list")["Keys"]}
        cli.answer(daemon, "key", "disable", key["AccessKeyId"])
        assert "security token" in cli.refusal(daemon, DENIED, "status", **mine)
        cli.answer(daemon, "key", "enable", key["AccessKeyId"])
        cli.good(daemon, "status", **mine)
        cli.answer(daemon, "key", "delete", key["AccessKeyId"])
        assert "AWS_SECRET_ACCESS_KEY" in cli.good(daemon, "key", "create")

    with story.case("backup is sallyportd's own: a file that is there stays unless --replace is given"):
        copy = story.folder / "copy.db"
        done = cli.run(daemon, "backup", copy, "--state-folder", daemon.state)
        assert done.status == 0 and copy.stat().st_size > 0, done
        assert cli.run(daemon, "backup", copy, "--state-folder", daemon.state).status == REFUSED
        assert cli.answer(daemon, "backup", copy, "--state-folder", daemon.state, "--replace") == {"File": str(copy)}

    # ---- who we are ---------------------------------------------------------------------------------------------------

    with story.case("a profile of AWS's files will do instead of variables, and --profile comes before them"):
        nothing = {name: None for name in daemon.env}
        config = daemon.state / "aws-config"
        cli.good(daemon, "status", **nothing, AWS_CONFIG_FILE=str(config), AWS_PROFILE="sallyport")
        wrong = {"AWS_ACCESS_KEY_ID": "AKIANOBODY0000000000", "AWS_SECRET_ACCESS_KEY": "wrong"}
        assert cli.run(daemon, "status", **wrong).status == DENIED
        cli.good(daemon, "status", "--profile", "sallyport", **wrong, AWS_CONFIG_FILE=str(config))
        cli.answer(daemon, "connector", "add", "role", "sftp://nowhere.invalid", "--user", "u", "--key-file", key_file,
                   **nothing, AWS_CONFIG_FILE=str(config), AWS_PROFILE="sallyport")

    with story.case("the credentials of a session will do, as long as their token is with them"):
        trusting = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                                                            "Principal": {"AWS": "*"}}]}
        allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        iam = functools.partial(daemon.client.call, "iam")
        role = iam("CreateRole", {"RoleName": "visitor", "AssumeRolePolicyDocument": json.dumps(trusting)})["Role"]["Arn"]
        iam("PutRolePolicy", {"RoleName": "visitor", "PolicyName": "all", "PolicyDocument": json.dumps(allowed)})
        found = daemon.client.call("sts", "AssumeRole", {"RoleArn": role, "RoleSessionName": "cli"})["Credentials"]
        session = {"AWS_ACCESS_KEY_ID": found["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": found["SecretAccessKey"]}
        status = cli.answer(daemon, "status", **session, AWS_SESSION_TOKEN=found["SessionToken"])
        assert "visitor/cli" in status["Arn"], status
        cli.refusal(daemon, DENIED, "status", **session)

    with story.case("what is missing is named, with what helps"):
        rows = (({"AWS_ACCESS_KEY_ID": None}, "admin.env"), ({"AWS_ENDPOINT_URL": None}, "--endpoint-url"),
                ({"AWS_SECRET_ACCESS_KEY": None}, "no secret access key"),
                ({"AWS_REGION": None, "AWS_DEFAULT_REGION": None}, "--region"), ({"AWS_PROFILE": "nobody"}, '"nobody"'),
                ({"AWS_ENDPOINT_URL": "ftp://x"}, "http://"), ({"AWS_ENDPOINT_URL": "http://"}, "http://HOST:PORT"))
        for variables, words in rows:
            sentence = cli.refusal(daemon, WRONG, "status", **variables)
            assert words in sentence, (variables, sentence)
        assert "SALLYPORT_ROLE" in cli.refusal(daemon, WRONG, "connector", "add", "x", "sftp://x", "--user", "u",
                                               "--key-file", key_file, SALLYPORT_ROLE=None)
        bad = story.folder / "bad-config"
        bad.write_text("[default]\nhunter2\n", encoding="ascii")
        sentence = cli.refusal(daemon, WRONG, "status", AWS_CONFIG_FILE=str(bad))
        assert "line 2" in sentence and "hunter2" not in sentence, sentence

    with story.case("a service that is not there is told with its address, and as such"):
        port = sshd.free_port()
        sentence = cli.refusal(daemon, AWAY, "status", AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}")
        assert f"http://127.0.0.1:{port}" in sentence, sentence

    # ---- what is wrong ------------------------------------------------------------------------------------------------

    with story.case("bad input of every command is one sentence, and its exit status is a documented one"):
        absent = "nobody-is-called-so"
        rows = {
            "connector list": [(("extra",), WRONG)],
            "connector show": [((), WRONG), ((absent,), NOT_THERE)],
            "connector test": [((), WRONG), ((absent,), NOT_THERE)],
            "connector add": [((), WRONG), (("x",), WRONG), (("x", "http://x"), WRONG), (("x", "sftp://x"), WRONG),
                              (("x", "sftp://x", "--user", "u"), WRONG), (("x", "sftp://x:99999", "--user", "u"), WRONG),
                              (("x", "sftp://x", "--key-file", "/nonexistent", "--user", "u"), NOT_THERE),
                              (("x", "sftp://x", "--secret", absent, "--connections", 6), WRONG),
                              (("x", "sftp://x", "--secret", absent, "--port", 22), WRONG),
                              (("x", "sftp://x", "--secret", absent, "--known-hosts", known), WRONG),
                              (("x", "--egress", "arn:nonsense", "--secret", absent), REFUSED)],
            "connector edit": [((), WRONG), (("acme",), WRONG), ((absent, "--connections", 2), NOT_THERE),
                               (("acme", "--connections", 0), WRONG), (("acme", "--json"), WRONG),
                               (("acme", "--learn", "--trust", "x"), WRONG), (("acme", "--trust", "nonsense"), REFUSED)],
            "connector remove": [((), WRONG), ((absent,), NOT_THERE)],
            "connector pause": [((), WRONG), ((absent,), NOT_THERE)],
            "connector resume": [((), WRONG), ((absent,), NOT_THERE)],
            "bucket test": [((), WRONG), ((absent,), NOT_THERE)],
            "send": [((), WRONG), (("acme",), WRONG), ((absent, "/files/x"), NOT_THERE), (("acme", "files/x"), WRONG), (("acme", "/fi*/x"), WRONG),
                     (("acme", "/files/x", "--then", "delete"), WRONG)],
            "get": [((), WRONG), (("acme", "x"), WRONG), ((absent, "x", "--into", "/files"), NOT_THERE),
                    (("acme", "x", "--into", "files"), WRONG), (("acme", "x", "--into", "/files", "--then", "burn"), WRONG),
                    (("acme", "x", "--into", "/files", "--then", "move:"), WRONG),
                    (("acme", "x", "--into", "/files", "--then", "delete", "--detach"), WRONG),
                    (("acme", "nowhere/*", "--into", "/files"), NOT_THERE)],
            "ls": [((absent,), NOT_THERE), ((f"/{absent}",), NOT_THERE), (("/files/nothing",), NOT_THERE),
                   (("acme", "nowhere", *LS), NOT_THERE), (("/files", "x"), WRONG)],
            "mv": [((), WRONG), (("acme", "a"), WRONG), ((absent, "a", "b"), NOT_THERE)],
            "rm": [((), WRONG), (("acme",), WRONG), ((absent, "a"), NOT_THERE)],
            "watch": [((absent,), NOT_THERE), (("acme", "known"), WRONG)],
            "transfers": [(("nothing",), NOT_THERE), (("--max", "many"), WRONG), (("--state", "ODD"), REFUSED),
                          (("--since", "yesterday"), REFUSED)],
            "cancel": [((), WRONG), (("nothing",), NOT_THERE)],
            "retry": [((), WRONG), (("nothing",), NOT_THERE)],
            "key create": [((absent,), NOT_THERE), (("a", "b"), WRONG)],
            "key list": [((absent,), NOT_THERE)],
            "key disable": [((), WRONG), (("AKIANOBODY0000000000",), NOT_THERE)],
            "key enable": [((), WRONG), (("AKIANOBODY0000000000",), NOT_THERE)],
            "key delete": [((), WRONG), (("AKIANOBODY0000000000",), NOT_THERE)],
            "status": [(("extra",), WRONG)],
            "backup": [((), WRONG), (("x",), WRONG)],
            "import": [((), WRONG), (("/nonexistent",), NOT_THERE), ((key_file,), WRONG)],
            "completion": [((), WRONG), (("fish",), WRONG)],
            "help": [((absent,), WRONG)],
        }
        listed = re.findall(r"^  ([a-z]+(?: [a-z]+)?)", cli.good(daemon, "help").partition("Every command")[0], re.M)
        assert sorted(listed) == sorted(rows), sorted(set(listed) ^ set(rows))
        documented = {int(number) for number in re.findall(r"^ +(\d+)  ", cli.good(daemon, "help", "send"), re.M)}
        for command, wrongs in rows.items():
            for words, status in [*wrongs, (("--frobnicate",), WRONG), (("--profile",), WRONG)]:
                assert status in documented, status
                cli.refusal(daemon, status, *command.split(), *words)
        for words in ((), ("frobnicate",), ("connector",), ("key", "frobnicate")):
            cli.refusal(daemon, WRONG, *words)

    with story.case("the manual has every command, option and status, in mdoc that mandoc likes"):
        manual = (daemon.build / "man" / "sallyport.1").read_text(encoding="utf-8")
        for name in rows:
            assert f'.It Ic "{name}"' in manual, name
        for number in documented:
            assert f".It {number}\n" in manual, number

    with story.case("an output that nobody can write to is a failure"):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run(["sallyport", "help"], env=cli.environment(daemon), stdout=full, stderr=subprocess.PIPE,
                                  text=True, check=False)
        assert done.returncode == REFUSED and "standard output" in done.stderr, done
