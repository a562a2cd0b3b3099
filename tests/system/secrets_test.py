#!/usr/bin/env python3
"""Secrets: versions, stages, deletion, lists and tags, over HTTP and with the real aws; and where their text never is."""

import base64
import concurrent.futures
import contextlib
import json
import pathlib
import subprocess
import sys
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import cli  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402

DAY = 24 * 3600
NOT_FOUND = "Secrets Manager can't find the specified secret"
WRITERS, WRITES = 8, 25  # for the kill
MAPPING_MAX = 1 << 30  # bytes: what is larger is the address sanitizer's


class Api:
    """The operations, and what they must refuse."""

    def __init__(self, daemon):
        self.daemon = daemon

    def __call__(self, operation, **arguments):
        return self.daemon.client.call("secretsmanager", operation, arguments)

    def raw(self, operation, **arguments):
        client = self.daemon.client
        return client.send("secretsmanager", client.request("secretsmanager", operation, arguments))

    def refused(self, code, *words, operation, **arguments):
        try:
            answer = self(operation, **arguments)
        except aws.AwsError as error:
            assert error.code == code, error
            assert error.status == 400, error
            for word in words:
                assert word in error.message, f"the sentence does not say {word!r}: {error}"
            return
        raise AssertionError(f"{operation} was not refused: {answer}")

    def create(self, name, text="text", **more):
        return self("CreateSecret", Name=name, SecretString=text, ClientRequestToken=token(), **more)

    def put(self, name, text, **more):
        more.setdefault("ClientRequestToken", token())
        return self("PutSecretValue", SecretId=name, SecretString=text, **more)["VersionId"]

    def text(self, name, **more):
        return self("GetSecretValue", SecretId=name, **more)["SecretString"]

    def describe(self, name):
        return self("DescribeSecret", SecretId=name)

    def stages(self, name):
        """{stage: version}"""
        versions = self.describe(name).get("VersionIdsToStages", {})
        return {stage: version for version, stages in versions.items() for stage in stages}

    def names(self, **arguments):
        """The names of all pages of ListSecrets."""
        found, more = [], {}
        while True:
            page = self("ListSecrets", **arguments, **more)
            found += [secret["Name"] for secret in page["SecretList"]]
            if "NextToken" not in page:
                return found
            more = {"NextToken": page["NextToken"]}


def token():
    return str(uuid.uuid4())


def times_in_memory(pid, text):
    """How often @text stands in the memory that the process can write."""
    found = 0
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            where, permissions = line.split()[:2]
            start, end = (int(address, 16) for address in where.split("-"))
            if not permissions.startswith("rw") or end - start > MAPPING_MAX:
                continue
            with contextlib.suppress(OSError, OverflowError):  # the sanitizer's own, or gone meanwhile
                memory.seek(start)
                found += memory.read(end - start).count(text.encode())
    return found


def is_now(seconds):
    return abs(seconds - time.time()) < 60


def write_until_refused(daemon, name):
    """Versions that were acknowledged; ends when the daemon is gone."""
    client, told = daemon.new_client(), []
    try:
        for number in range(WRITES):
            version = token()
            client.call("secretsmanager", "PutSecretValue",
                        {"SecretId": name, "SecretString": f"value {number}", "ClientRequestToken": version})
            told.append(version)
    except OSError:
        pass
    finally:
        client.close()
    return told


with harness.Story() as story:
    daemon = story.enter(harness.Daemon(story.folder / "state"))
    call = Api(daemon)

    # ---- the real client

    def aws_secrets(*words):
        return cli.aws(daemon, "secretsmanager", *words)

    with story.case("aws does every operation that is served"):
        arn = aws_secrets("create-secret", "--name", "cli/one", "--secret-string", '{"Username":"u"}',
                       "--description", "a partner", "--kms-key-id", "alias/any", "--tags", "Key=team,Value=ftp")["ARN"]
        assert arn.split(":secret:")[1].startswith("cli/one-"), arn
        first = aws_secrets("get-secret-value", "--secret-id", "cli/one")
        assert first["SecretString"] == '{"Username":"u"}' and first["VersionStages"] == ["AWSCURRENT"], first
        second = aws_secrets("put-secret-value", "--secret-id", arn, "--secret-string", "two")
        assert second["VersionStages"] == ["AWSCURRENT"], second
        third = aws_secrets("update-secret", "--secret-id", "cli/one", "--secret-string", "three",
                         "--description", "the same partner")
        assert third["VersionId"] not in (first["VersionId"], second["VersionId"]), third
        told = aws_secrets("list-secret-version-ids", "--secret-id", "cli/one", "--include-deprecated")
        assert len(told["Versions"]) == 3, told
        assert aws_secrets("update-secret-version-stage", "--secret-id", "cli/one", "--version-stage",
                        "AWSCURRENT", "--remove-from-version-id", third["VersionId"], "--move-to-version-id",
                        first["VersionId"])["ARN"] == arn
        assert aws_secrets("get-secret-value", "--secret-id", "cli/one", "--version-stage",
                        "AWSPREVIOUS")["SecretString"] == "three"
        assert aws_secrets("tag-resource", "--secret-id", arn, "--tags", "Key=more,Value=1") == {}
        assert aws_secrets("untag-resource", "--secret-id", arn, "--tag-keys", "team") == {}
        described = aws_secrets("describe-secret", "--secret-id", arn)
        assert described["Tags"] == [{"Key": "more", "Value": "1"}], described
        assert described["Description"] == "the same partner" and described["KmsKeyId"] == "alias/any", described
        policy = aws_secrets("get-resource-policy", "--secret-id", "cli/one")
        assert policy == {"ARN": arn, "Name": "cli/one"}, policy
        listed = aws_secrets("list-secrets", "--filters", "Key=name,Values=cli/")
        assert [secret["ARN"] for secret in listed["SecretList"]] == [arn], listed
        assert "SecretVersionsToStages" in listed["SecretList"][0], listed
        deleted = aws_secrets("delete-secret", "--secret-id", "cli/one", "--recovery-window-in-days", "7")
        assert deleted["ARN"] == arn, deleted
        said = cli.refusal(daemon, "secretsmanager", "get-secret-value", "--secret-id", "cli/one")
        assert "InvalidRequestException" in said and "marked for deletion" in said, said
        assert aws_secrets("restore-secret", "--secret-id", arn) == {"ARN": arn, "Name": "cli/one"}
        aws_secrets("delete-secret", "--secret-id", "cli/one", "--force-delete-without-recovery")
        said = cli.refusal(daemon, "secretsmanager", "describe-secret", "--secret-id", "cli/one")
        assert "ResourceNotFoundException" in said, said

    with story.case("aws stores a file's bytes and reads them back"):
        blob = story.folder / "blob"
        blob.write_bytes(bytes(range(256)))
        aws_secrets("create-secret", "--name", "cli/bytes", "--secret-binary", f"fileb://{blob}")
        read = aws_secrets("get-secret-value", "--secret-id", "cli/bytes")
        assert base64.b64decode(read["SecretBinary"]) == bytes(range(256)) and "SecretString" not in read, read

    # ---- creating and finding

    with story.case("a secret is found by its name, its ARN, and its ARN without the suffix"):
        created = call.create("find/me", "found", Description="a description")
        arn = created["ARN"]
        for secret_id in ("find/me", arn, arn[:-7]):
            got = call("GetSecretValue", SecretId=secret_id)
            assert got["SecretString"] == "found" and got["ARN"] == arn and got["Name"] == "find/me", got
            assert is_now(got["CreatedDate"]), got
        for secret_id in ("find", arn[:-1], arn.replace("000000000000", "111111111111"), arn[:-6], "arn:aws:s3:::x"):
            call.refused("ResourceNotFoundException", NOT_FOUND, operation="GetSecretValue", SecretId=secret_id)

    with story.case("a secret may have no value yet"):
        made = call("CreateSecret", Name="empty")
        assert "VersionId" not in made, made
        assert "VersionIdsToStages" not in call.describe("empty")
        call.refused("ResourceNotFoundException", "secret value for staging label: AWSCURRENT",
                     operation="GetSecretValue", SecretId="empty")

    with story.case("creating the same secret twice is done once, and another one of that name is refused"):
        fixed = token()
        one = call("CreateSecret", Name="twice", SecretString="x", ClientRequestToken=fixed)
        again = call("CreateSecret", Name="twice", SecretString="x", ClientRequestToken=fixed)
        assert one == again and one["VersionId"] == fixed, (one, again)
        call.refused("ResourceExistsException", fixed, operation="CreateSecret", Name="twice", SecretString="y",
                     ClientRequestToken=fixed)
        call.refused("ResourceExistsException", "twice", operation="CreateSecret", Name="twice", SecretString="x",
                     ClientRequestToken=token())

    with story.case("what makes no sense is refused, with the member's name and without the value"):
        for word, arguments in (
                ("Name", {"Name": "a b"}), ("Name", {"Name": ""}), ("Name", {"Name": "x" * 513}), ("Name", {}),
                ("ClientRequestToken", {"Name": "x", "ClientRequestToken": "short"}),
                ("SecretString", {"Name": "x", "SecretString": ""}),
                ("SecretString", {"Name": "x", "SecretString": "very-secret" * 6000}),
                ("bytes", {"Name": "x", "SecretString": "\u00e9" * 40000}),
                ("SecretBinary", {"Name": "x", "SecretString": "very-secret", "SecretBinary": "eA=="}),
                ("AddReplicaRegions", {"Name": "x", "AddReplicaRegions": [{"Region": "eu-west-1"}]}),
                ("Type", {"Name": "x", "Type": "Other"}),
                ("Tags[0].Key", {"Name": "x", "Tags": [{"Key": "", "Value": "v"}]}),
                ("Tags[0].Value", {"Name": "x", "Tags": [{"Key": "k", "Value": "v" * 257}]}),
                ("\"k\"", {"Name": "x", "Tags": [{"Key": "k"}, {"Key": "k"}]}),
                ("aws:", {"Name": "x", "Tags": [{"Key": "aws:k"}]}),
                ("AWS:", {"Name": "x", "Tags": [{"Key": "AWS:k"}]}),
                ("50", {"Name": "x", "Tags": [{"Key": str(number)} for number in range(51)]})):
            call.refused("InvalidParameterException", word, operation="CreateSecret", **arguments)
        call.refused("ResourceNotFoundException", operation="DescribeSecret", SecretId="x")  # nothing of it was kept

    with story.case("64 KiB of text, quotes, newlines and Unicode come back as they were"):
        for name, text in (("full", "k" * 65536), ("odd", '{"a":"\u00e9\u4e16\U0001f600\\n\\\\\'\\""}\n\t')):
            call.create(name, text)
            assert call.text(name) == text

    # ---- versions

    with story.case("a new value is current, and the one before it previous"):
        one = call.create("move", "1")["VersionId"]
        two = call.put("move", "2")
        assert call.stages("move") == {"AWSCURRENT": two, "AWSPREVIOUS": one}
        three = call.put("move", "3")
        assert call.stages("move") == {"AWSCURRENT": three, "AWSPREVIOUS": two}
        assert call.text("move") == "3" and call.text("move", VersionStage="AWSPREVIOUS") == "2"
        assert call.text("move", VersionId=one) == "1"  # without a stage, but still there
        listed = call("ListSecretVersionIds", SecretId="move")["Versions"]
        assert {version["VersionId"] for version in listed} == {two, three}, listed

    with story.case("both VersionId and VersionStage must fit"):
        assert call.text("move", VersionId=two, VersionStage="AWSPREVIOUS") == "2"
        call.refused("ResourceNotFoundException", operation="GetSecretValue", SecretId="move", VersionId=two,
                     VersionStage="AWSCURRENT")
        call.refused("ResourceNotFoundException", operation="GetSecretValue", SecretId="move", VersionId=token())
        call.refused("ResourceNotFoundException", "secret value for staging label: mine", operation="GetSecretValue",
                     SecretId="move", VersionStage="mine")

    with story.case("a repeated PutSecretValue changes nothing, and one with another value is refused"):
        call.put("move", "2", ClientRequestToken=two)
        assert call.text("move") == "3"
        call.refused("ResourceExistsException", two, operation="PutSecretValue", SecretId="move",
                     ClientRequestToken=two, SecretString="other")
        call.refused("ResourceExistsException", two, operation="UpdateSecret", SecretId="move",
                     ClientRequestToken=two, SecretString="2")
        call.refused("InvalidParameterException", "SecretString", operation="PutSecretValue", SecretId="move")

    with story.case("a rotation goes by AWSPENDING"):
        pending = call.put("move", "4", VersionStages=["AWSPENDING"])
        assert call.text("move") == "3" and call.text("move", VersionStage="AWSPENDING") == "4"
        call.refused("InvalidParameterException", three, operation="UpdateSecretVersionStage", SecretId="move",
                     VersionStage="AWSCURRENT", MoveToVersionId=pending)
        call.refused("InvalidParameterException", "AWSCURRENT", operation="UpdateSecretVersionStage", SecretId="move",
                     VersionStage="AWSCURRENT", RemoveFromVersionId=three)
        call.refused("InvalidParameterException", "MoveToVersionId", operation="UpdateSecretVersionStage",
                     SecretId="move", VersionStage="AWSCURRENT")
        call("UpdateSecretVersionStage", SecretId="move", VersionStage="AWSCURRENT", RemoveFromVersionId=three,
             MoveToVersionId=pending)
        call("UpdateSecretVersionStage", SecretId="move", VersionStage="AWSPENDING", RemoveFromVersionId=pending)
        assert call.stages("move") == {"AWSCURRENT": pending, "AWSPREVIOUS": three}

    with story.case("UpdateSecret changes only what is named"):
        call.create("update", "1", Description="first", KmsKeyId="alias/a")
        answer = call("UpdateSecret", SecretId="update", Description="second")
        assert "VersionId" not in answer, answer
        told = call.describe("update")
        assert (told["Description"], told["KmsKeyId"]) == ("second", "alias/a") and call.text("update") == "1", told
        assert told["LastChangedDate"] >= told["CreatedDate"] and is_now(told["LastChangedDate"]), told

    with story.case("the versions of a secret are listed page by page"):
        versions = {call.create("pages", "0")["VersionId"]} | {call.put("pages", str(number)) for number in range(6)}
        found, more = [], {}
        while True:
            page = call("ListSecretVersionIds", SecretId="pages", IncludeDeprecated=True, MaxResults=3, **more)
            found += [version["VersionId"] for version in page["Versions"]]
            if "NextToken" not in page:
                break
            more = {"NextToken": page["NextToken"]}
        assert len(found) == 7 and set(found) == versions, found
        call.refused("InvalidNextTokenException", operation="ListSecretVersionIds", SecretId="move",
                     IncludeDeprecated=True, NextToken=more["NextToken"])

    with story.case("reading is noted once a day, reading about it is not"):
        call.create("read", "x")
        assert "LastAccessedDate" not in call.describe("read")
        call.text("read")
        accessed = harness.wait_until(lambda: call.describe("read").get("LastAccessedDate"), "the access to be noted")
        assert accessed % DAY == 0 and time.time() - accessed < 2 * DAY, accessed

    # ---- deletion

    with story.case("a secret that is to be deleted can be seen and restored, and nothing else"):
        arn = call.create("gone", "x")["ARN"]
        answer = call("DeleteSecret", SecretId="gone")
        assert is_now(answer["DeletionDate"] - 30 * DAY), answer
        assert is_now(call.describe("gone")["DeletedDate"])
        for operation, arguments in (("GetSecretValue", {}), ("PutSecretValue", {"SecretString": "y"}),
                                     ("UpdateSecret", {"Description": "y"}), ("TagResource", {"Tags": [{"Key": "k"}]}),
                                     ("UntagResource", {"TagKeys": ["k"]}), ("GetResourcePolicy", {}),
                                     ("DeleteSecret", {})):
            call.refused("InvalidRequestException", "marked for deletion", operation=operation, SecretId="gone",
                         **arguments)
        call.refused("InvalidRequestException", "scheduled for deletion", operation="CreateSecret", Name="gone")
        assert "gone" not in call.names() and "gone" in call.names(IncludePlannedDeletion=True)
        call("RestoreSecret", SecretId="gone")
        assert call.text("gone") == "x" and "DeletedDate" not in call.describe("gone")

    with story.case("a forced deletion is at once, asks for nothing to be there, and frees the name for a new ARN"):
        call("DeleteSecret", SecretId="gone", RecoveryWindowInDays=7)
        assert call("DeleteSecret", SecretId="gone", ForceDeleteWithoutRecovery=True)["ARN"] == arn
        call.refused("ResourceNotFoundException", NOT_FOUND, operation="DescribeSecret", SecretId=arn)
        for secret_id in ("gone", arn):
            answer = call("DeleteSecret", SecretId=secret_id, ForceDeleteWithoutRecovery=True)
            assert answer["ARN"].startswith("arn:") and is_now(answer["DeletionDate"]), answer
        call.refused("ResourceNotFoundException", operation="DeleteSecret", SecretId="gone")
        assert call.create("gone", "y")["ARN"] != arn

    with story.case("a recovery window is 7 to 30 days, and none when forced"):
        for arguments in ({"RecoveryWindowInDays": 6}, {"RecoveryWindowInDays": 31}, {"RecoveryWindowInDays": 0},
                          {"RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": True}):
            call.refused("InvalidParameterException", "RecoveryWindowInDays", operation="DeleteSecret",
                         SecretId="gone", **arguments)
        assert call.text("gone") == "y"

    # ---- lists and tags

    with story.case("secrets are listed in the order and the pages that were asked for"):
        for name in ("list/b", "list/d", "list/a", "list/c"):
            call.create(name)
        mine = {"Filters": [{"Key": "name", "Values": ["list/"]}]}
        made = [(call.describe(name)["CreatedDate"], name) for name in ("list/b", "list/d", "list/a", "list/c")]
        assert call.names(**mine) == [name for _, name in sorted(made)]  # two may be of the same millisecond
        assert call.names(MaxResults=1, SortBy="name", **mine) == ["list/a", "list/b", "list/c", "list/d"]
        assert call.names(MaxResults=3, SortBy="name", SortOrder="desc", **mine) == [
            "list/d", "list/c", "list/b", "list/a"]
        call("UpdateSecret", SecretId="list/d", Description="changed")
        assert call.names(MaxResults=2, SortBy="last-changed-date", SortOrder="desc", **mine)[0] == "list/d"
        assert call.names(MaxResults=3, SortBy="last-accessed-date", **mine) == call.names(SortBy="name", **mine)

    with story.case("a page's token is good for that list only, and nobody makes one up"):
        page = call("ListSecrets", MaxResults=1, SortBy="name")
        good = page["NextToken"]
        for arguments in ({"NextToken": good}, {"NextToken": good, "SortBy": "name", "SortOrder": "desc"},
                          {"NextToken": good, "SortBy": "name", **mine},
                          {"NextToken": good, "SortBy": "name", "IncludePlannedDeletion": True},
                          {"NextToken": good[:-2], "SortBy": "name"}, {"NextToken": "AAAA", "SortBy": "name"}):
            call.refused("InvalidNextTokenException", "NextToken", operation="ListSecrets", **arguments)

    with story.case("filters choose by name, description, tags and words, and can be turned round"):
        call.create("filter/one", Description="Sends Invoices", Tags=[{"Key": "Team", "Value": "Billing"}])
        call.create("filter/two", Description="fetches orders", Tags=[{"Key": "stage", "Value": "test"}])
        both = [{"Key": "name", "Values": ["filter/"]}]
        for key, values, expected in (
                ("name", ["filter/o", "filter/t"], ["one", "two"]), ("name", ["FILTER"], []),
                ("name", ["!filter/o"], ["two"]), ("description", ["sends"], ["one"]),
                ("description", ["invoices"], []), ("tag-key", ["Team"], ["one"]), ("tag-key", ["team"], []),
                ("tag-value", ["test", "Bill"], ["one", "two"]), ("tag-value", ["!test"], ["one"]),
                ("all", ["invoices billing"], ["one"]), ("all", ["invoices test"], []), ("all", ["!orders"], ["one"]),
                ("owning-service", ["x"], []), ("primary-region", ["!x"], ["one", "two"])):
            found = call.names(Filters=both + [{"Key": key, "Values": values}])
            assert found == ["filter/" + name for name in expected], (key, values, found)
        call.refused("InvalidParameterException", "Filters[0].Key", operation="ListSecrets",
                     Filters=[{"Key": "colour", "Values": ["x"]}])
        call.refused("InvalidParameterException", "MaxResults", operation="ListSecrets", MaxResults=101)

    with story.case("tags are set, overwritten and removed, up to fifty"):
        call.create("tags")
        assert call.raw("TagResource", SecretId="tags", Tags=[{"Key": "a", "Value": "1"}, {"Key": "b"}]).body == b""
        call("TagResource", SecretId="tags", Tags=[{"Key": "a", "Value": "2"}])
        assert call.describe("tags")["Tags"] == [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}]
        call("UntagResource", SecretId="tags", TagKeys=["a", "was-never-there"])
        assert call.describe("tags")["Tags"] == [{"Key": "b", "Value": ""}]
        call.refused("InvalidParameterException", "50", operation="TagResource", SecretId="tags",
                     Tags=[{"Key": str(number), "Value": ""} for number in range(50)])
        assert len(call.describe("tags")["Tags"]) == 1  # all or none

    # ---- who uses them

    with sshd.Sshd(story.folder / "partner") as server:
        source = daemon.bucket("files") / "a.txt"
        source.write_text("hello")
        partner = flows.partner_of(daemon, server)
        keys = {"old": server.private_key}

        def secret_of(key):
            return json.dumps({"Username": server.user, "PrivateKey": keys[key]})

        def send():
            return partner.send("/files/a.txt", to=server.home)

        with story.case("after PutSecretValue the next file logs in with the new key, though a connection is open"):
            partner.wait_completed(send())
            before = daemon.workers()
            assert before, "the connection should still be there"
            new_key = server.folder / "new_key"
            keys["new"] = sshd.make_key(new_key)
            (server.folder / "authorized_keys").write_text(sshd.public_line(new_key) + "\n", encoding="ascii")
            call("PutSecretValue", SecretId=partner.secret, SecretString=secret_of("new"))
            fingerprint = subprocess.run(["ssh-keygen", "-l", "-f", str(new_key)], check=True, text=True,
                                         stdout=subprocess.PIPE).stdout.split()[1]
            assert fingerprint not in server.log_text()
            partner.wait_completed(send())
            assert "Accepted publickey" in server.log_text() and fingerprint in server.log_text(), server.log_text()
            assert not set(before) & set(daemon.workers()), "a worker still has the old key"

        with story.case("what UpdateSecret, UpdateSecretVersionStage, DeleteSecret and RestoreSecret do counts at once"):
            good = call.stages(partner.secret)["AWSCURRENT"]
            call("UpdateSecret", SecretId=partner.secret, SecretString=secret_of("old"))
            partner.wait_failed(send(), "CONNECTION_ERROR", "key")
            bad = call.stages(partner.secret)["AWSCURRENT"]
            call("UpdateSecretVersionStage", SecretId=partner.secret, VersionStage="AWSCURRENT",
                 RemoveFromVersionId=bad, MoveToVersionId=good)
            partner.wait_completed(send())
            call("DeleteSecret", SecretId=partner.secret)
            partner.wait_failed(send(), "CONNECTION_ERROR", "scheduled for deletion")
            call("RestoreSecret", SecretId=partner.secret)
            partner.wait_completed(send())

        with story.case("an UpdateSecret without a value leaves the open connection alone"):
            before = daemon.workers()
            call("UpdateSecret", SecretId=partner.secret, Description="the same key")
            partner.wait_completed(send())
            assert before and daemon.workers() == before

    # ---- laws

    with story.case("a date is a JSON number, and an empty answer has no body"):
        body = call.raw("DescribeSecret", SecretId="tags").body
        assert isinstance(json.loads(body)["CreatedDate"], float), body

    with story.case("no secret stands in the log or, in clear, in any file of the state"):
        mark = "never-to-be-seen-" + token()
        call.create("sealed", mark)
        call.put("sealed", mark + "-2", VersionStages=["AWSPENDING"])
        assert call.text("sealed") == mark
        call.refused("InvalidParameterException", operation="CreateSecret", Name="x y", SecretString=mark)
        call.refused("ResourceExistsException", operation="CreateSecret", Name="sealed", SecretString=mark + "-3")
        assert mark not in daemon.log_text()
        for path in daemon.state.rglob("*"):
            if path.is_file():
                assert mark.encode() not in path.read_bytes(), path

    with story.case("nor in the memory of the daemon once it was answered, read or refused"):
        harness.need_root("to look into the memory of a process that allows nobody to")
        assert times_in_memory(daemon.process.pid, daemon.env["AWS_REGION"]) > 0, "this look would find nothing"
        call.create("large", mark * 1000)
        assert call.text("large") == mark * 1000
        harness.wait_until(lambda: times_in_memory(daemon.process.pid, mark) == 0, "the text to be wiped", every=0.2)

    with story.case("after kill -9 every value that was acknowledged is there"):
        for number in range(WRITERS):
            call.create(f"kill/{number}", "x")
        with concurrent.futures.ThreadPoolExecutor(WRITERS) as writers:
            jobs = [writers.submit(write_until_refused, daemon, f"kill/{number}") for number in range(WRITERS)]
            harness.wait_until(lambda: len(call("ListSecretVersionIds", SecretId="kill/0", IncludeDeprecated=True)
                                           ["Versions"]) > 5, "some values to be written")
            daemon.kill()
            told = [job.result() for job in jobs]
        daemon.start()
        assert sum(map(len, told)) > 0
        for number, versions in enumerate(told):
            found = call("ListSecretVersionIds", SecretId=f"kill/{number}", IncludeDeprecated=True)["Versions"]
            missing = set(versions) - {version["VersionId"] for version in found}
            assert not missing, missing
        assert call.text("sealed") == mark  # the master key is the same

    with story.case("another master key opens nothing, and says so"):
        daemon.stop()
        key = daemon.state / "master.key"
        assert key.stat().st_mode & 0o777 == 0o600
        kept = key.read_bytes()
        key.write_bytes(b"0" * 64)
        try:
            daemon.start()
            raise AssertionError("the daemon started with a key that opens nothing")
        except RuntimeError as error:
            assert "master key" in str(error), error
        finally:
            key.write_bytes(kept)
        daemon.start()
        assert call.text("sealed") == mark
