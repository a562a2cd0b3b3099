#!/usr/bin/env python3
"""Nothing can be asked without a signature and a permission, whatever operations there are; and a connector touches only
what its access role may."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402
from policies import ACCOUNT, DENIED, REGION, ROLE, allow, deny, policy, refused, sentence, trusting  # noqa: E402

# A service of each protocol, how its operations are asked for, and what it says to who has not signed.
SERVICES = {
    "transfer": ("json", "MissingAuthenticationTokenException"),
    "secretsmanager": ("json", "MissingAuthenticationTokenException"),
    "logs": ("json", "MissingAuthenticationTokenException"),
    "ec2": ("query", "AuthFailure"),
    "iam": ("query", "MissingAuthenticationToken"),
    "sts": ("query", "MissingAuthenticationToken"),
    "vpc-lattice": ("rest", "MissingAuthenticationTokenException"),
    "sallyport": ("rest", "MissingAuthenticationTokenException"),
    "s3": ("s3", "AccessDenied"),
}

# What anybody may ask who reaches the port: it says nothing but that we run.
OPEN = ("sallyport", "GetHealth")


def iam(daemon, operation, **arguments):
    return daemon.client.call("iam", operation, arguments)


def user(daemon, name, *statements):
    """A client with a key of a new user, who may do what the statements say."""
    iam(daemon, "CreateUser", UserName=name)
    if statements:
        iam(daemon, "PutUserPolicy", UserName=name, PolicyName="p", PolicyDocument=policy(*statements))
    key = iam(daemon, "CreateAccessKey", UserName=name)["AccessKey"]
    return aws.Client(daemon.env["AWS_ENDPOINT_URL"], REGION, key["AccessKeyId"], key["SecretAccessKey"])


def not_let(client, path):
    try:
        client.rest("sallyport", "GET", path)
    except aws.AwsError as error:
        assert (error.code, error.status) == ("AccessDeniedException", 403), error
    else:
        raise AssertionError(f"{path} was answered")


S3_ROW = re.compile(r'\{ "(\w+)", INPUT.*?"(GET|HEAD|PUT|POST|DELETE)",\s*(?:\.path = )?"(/[^"]*)"', re.DOTALL)


def operations_of(client, service):
    """What the service says that it has when it is asked for what it has not; S3's errors have no such list."""
    if service == "s3":
        return S3_ROW.findall((harness.ROOT / "src/service/s3/service.c").read_text(encoding="utf-8"))
    if SERVICES[service][0] == "rest":
        try:
            client.rest(service, "GET", "/none/such")
        except aws.AwsError as error:
            return re.findall(r"(\w+) \((\w+) (/[^)]*)\)", error.message.partition("it has ")[2])
    error = refused(client, service, "NoneSuch")
    return [(name, "POST", "/") for name in error.message.partition("it has ")[2].split(", ")]


def unsigned_s3(client, method, path):
    """A name behind the "?" is a parameter's or a header's."""
    where, _, marks = path.partition("?")
    request = aws.Request(method, where.replace("{Bucket}", "files").replace("{Key+}", "x"),
                          [("Host", client.host), ("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")])
    names = marks.split("&") if marks else []
    for name in names:
        if name.startswith("x-amz-"):
            request.set(name, "/files/x")
    query = "&".join(f"{name}=1" for name in names if not name.startswith("x-amz-"))
    return request if query == "" else aws.Request(method, f"{request.target}?{query}", request.headers)


def unsigned(client, service, name, method, path):
    """The request of an operation as far as its route goes."""
    if service == "s3":
        return unsigned_s3(client, method, path)
    if SERVICES[service][0] == "rest":
        return aws.Request(method, re.sub(r"\{\w+\}", "x", path), [("Host", client.host), ("Content-Type", "application/json")],
                           b"{}" if method in ("POST", "PUT", "PATCH") else b"")
    request = client.request(service, name, {})
    request.set("Host", client.host)
    return request


def every_operation(story, daemon):
    admin = daemon.client
    found = {service: operations_of(admin, service) for service in SERVICES}
    there = refused(admin, "dynamodb", "ListTables").message.partition("it answers ")[2].split(", ")
    assert set(there) == set(SERVICES), there

    with story.case("nothing is answered without a signature, whatever operation it is"):
        assert sum(map(len, found.values())) > 140 and len(found["s3"]) > 20, found
        for service, operations in found.items():
            for name, method, path in operations:
                response = admin.exchange(unsigned(admin, service, name, method, path))
                if (service, name) == OPEN:
                    assert (response.status, response.body) == (200, b"ok\n"), response.body
                    continue
                assert response.status in (400, 401, 403), (service, name, response.status)
                if method == "HEAD":
                    continue  # has no words
                error = aws.error_of(response)
                assert error.code == SERVICES[service][1] or "Missing" in error.code or error.code in (
                    "AuthFailure", "AccessDenied"), (service, name, error)

    with story.case("nothing but who am I is done for a user without a policy"):
        client = user(daemon, "nobody")
        codes = {}
        for service, operations in found.items():
            for name, method, path in operations:
                request = unsigned(client, service, name, method, path)
                response = client.send(service, request)
                codes[f"{service}:{name}"] = response.status
                assert response.status in (400, 403) or name == "GetCallerIdentity" or (service, name) == OPEN, (
                    service, name, response.body)
        assert codes["sts:GetCallerIdentity"] == 200


def connector_roles(story, daemon, server):
    bucket = daemon.bucket("files")
    (bucket / "in").mkdir()
    (bucket / "a.txt").write_text("twelve bytes")
    (server.home / "in").mkdir()
    (server.home / "theirs.txt").write_text("theirs")
    role = f"arn:aws:iam::{ACCOUNT}:role/mover"
    partner = flows.partner_of(daemon, server)
    iam(daemon, "CreateRole", RoleName="mover", AssumeRolePolicyDocument=trusting())
    partner.call("UpdateConnector", ConnectorId=partner.id, AccessRole=role)
    secret = allow("secretsmanager:GetSecretValue", partner.secret)

    def may(*statements):
        iam(daemon, "PutRolePolicy", RoleName="mover", PolicyName="p", PolicyDocument=policy(*statements))

    with story.case("a role that may not read the secret opens no connection"):
        test = partner.test()
        assert test["StatusMessage"].startswith("Cannot access secret manager: "), test
        assert f"is not allowed to do secretsmanager:GetSecretValue on {partner.secret}" in test["StatusMessage"], test
        partner.wait_failed(partner.send("/files/a.txt", to="in"), "CONNECTION_ERROR", "secretsmanager:GetSecretValue", role)

    with story.case("nor does it learn which versions the secret has; one that may read it reads all that are asked for"):
        def stages(*names):
            partner.call("UpdateConnector", ConnectorId=partner.id, SftpConfig={"OrderedUserSecretVersionStages": list(names)})

        stages("NOT-YET", "AWSCURRENT")
        test = partner.test()
        assert "secretsmanager:GetSecretValue" in test["StatusMessage"] and "NOT-YET" not in test["StatusMessage"], test
        may(secret)
        assert partner.test()["Status"] == "OK"
        may(allow("secretsmanager:GetSecretValue", partner.secret,
                  Condition={"StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}}))
        assert partner.test()["Status"] == "OK"
        stages("NOT-YET")
        assert "secretsmanager:GetSecretValue" in partner.test()["StatusMessage"]
        stages()
        assert partner.test()["Status"] == "OK"
        may(secret)

    with story.case("a role that may not read an object sends nothing"):
        may(secret, allow("s3:GetObject", "arn:aws:s3:::files/else/*"))
        assert partner.test()["Status"] == "OK"
        partner.wait_failed(partner.send("/files/a.txt", to="in"), "READ_FILE_ERROR", "s3:GetObject",
                            "arn:aws:s3:::files/a.txt", "none of its policies allows it")
        assert list((server.home / "in").iterdir()) == []

    with story.case("a policy that is changed holds for the next file, in both directions"):
        may(secret, allow("s3:GetObject", "arn:aws:s3:::files/*"))
        partner.wait_completed(partner.send("/files/a.txt", to="in"))
        partner.wait_failed(partner.retrieve(server.home / "theirs.txt", to="/files/in"), "WRITE_FILE_ERROR", "s3:PutObject",
                            "arn:aws:s3:::files/in/theirs.txt")
        assert list((bucket / "in").iterdir()) == []
        may(secret, allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::files/*"))
        partner.wait_completed(partner.retrieve(server.home / "theirs.txt", to="/files/in"))
        assert (bucket / "in" / "theirs.txt").read_text() == "theirs"
        may(secret, allow("s3:*"), deny("s3:GetObject", "arn:aws:s3:::files/a*"))
        partner.wait_failed(partner.send("/files/a.txt", to="in"), "READ_FILE_ERROR", "one of its policies denies it")

    with story.case("what keeps both asks for the name that it makes, too"):
        partner.call("TagResource", Arn=partner.describe()["Arn"],
                     Tags=[{"Key": "sallyport:on-conflict", "Value": "keep-both"}])
        may(secret, allow("s3:PutObject", "arn:aws:s3:::files/in/theirs.txt"))
        partner.wait_failed(partner.retrieve(server.home / "theirs.txt", to="/files/in"), "WRITE_FILE_ERROR", "s3:PutObject",
                            "arn:aws:s3:::files/in/theirs (2).txt")
        assert [entry.name for entry in (bucket / "in").iterdir()] == ["theirs.txt"]
        may(secret, allow("s3:PutObject", "arn:aws:s3:::files/in/theirs*.txt"))
        partner.wait_completed(partner.retrieve(server.home / "theirs.txt", to="/files/in"))
        assert (bucket / "in" / "theirs (2).txt").read_text() == "theirs"
        partner.call("UntagResource", Arn=partner.describe()["Arn"], TagKeys=["sallyport:on-conflict"])

    with story.case("a role that trusts somebody else is not taken on"):
        for trust in (trusting("logs.amazonaws.com"),
                      trusting(Condition={"StringEquals": {"aws:SourceAccount": "999999999999"}}),
                      trusting(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:transfer:*:*:connector/c-none"}})):
            iam(daemon, "UpdateAssumeRolePolicy", RoleName="mover", PolicyDocument=trust)
            test = partner.test()
            assert test["StatusMessage"].startswith("Unable to assume the configured access role: "), test
            assert "does not trust transfer.amazonaws.com" in test["StatusMessage"], test
            partner.wait_failed(partner.send("/files/a.txt", to="in"), "ASSUME_ROLE_ERROR", role, "sts:AssumeRole")
        iam(daemon, "UpdateAssumeRolePolicy", RoleName="mover", PolicyDocument=trusting(Condition={
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
            "ArnLike": {"aws:SourceArn": f"arn:aws:transfer:{REGION}:{ACCOUNT}:connector/*"}}))
        may(secret, allow("s3:*"))
        partner.wait_completed(partner.send("/files/a.txt", to="in"))

    with story.case("a role that is gone is an ASSUME_ROLE_ERROR, and the built-in one may everything"):
        iam(daemon, "DeleteRolePolicy", RoleName="mover", PolicyName="p")
        iam(daemon, "DeleteRole", RoleName="mover")
        partner.wait_failed(partner.send("/files/a.txt", to="in"), "ASSUME_ROLE_ERROR", f"there is no role \"{role}\"")
        partner.call("UpdateConnector", ConnectorId=partner.id, AccessRole=ROLE)
        partner.wait_completed(partner.send("/files/a.txt", to="in"))


def main():
    with harness.Story() as story:
        server = story.enter(sshd.Sshd(story.folder / "partner"))
        daemon = story.enter(harness.Daemon(story.folder / "state", {"region": REGION, "account": ACCOUNT}))
        every_operation(story, daemon)
        connector_roles(story, daemon, server)

        with story.case("a denial of one connector takes it out of no list, as with AWS, and keeps from everything that is about it"):
            made = [daemon.client.call("transfer", "CreateConnector", {"Url": "sftp://x.example", "AccessRole": ROLE,
                                                                      "SftpConfig": {"UserSecretId": "s"}})["ConnectorId"] for _ in range(2)]
            hidden, shown = made
            arn = f"arn:aws:transfer:{REGION}:{ACCOUNT}:connector/{hidden}"
            most = user(daemon, "most", allow(["transfer:*", "sallyport:*"]), deny("*", arn))
            assert {entry["ConnectorId"] for entry in most.call("transfer", "ListConnectors")["Connectors"]} >= set(made)
            assert "Transfers" in most.rest("sallyport", "GET", "/v1/transfers")
            for service, operation, arguments in (("transfer", "DescribeConnector", {"ConnectorId": hidden}),
                                                  ("transfer", "ListTagsForResource", {"Arn": arn})):
                error = refused(most, service, operation, arguments)
                assert error.message == sentence("most", f"{service}:{operation}", arn, DENIED), error
            for path in (f"/v1/connectors/{hidden}", f"/v1/transfers?ConnectorId={hidden}", f"/v1/flows?ConnectorId={hidden}",
                         f"/v1/events?ConnectorId={hidden}"):
                not_let(most, path)
            most.rest("sallyport", "GET", f"/v1/connectors/{shown}")
            few = user(daemon, "few", allow("sallyport:*", arn))  # who may have one only asks for that one
            few.rest("sallyport", "GET", f"/v1/transfers?ConnectorId={hidden}")
            not_let(few, "/v1/transfers")

        with story.case("secretsmanager:VersionStage says which versions of a secret somebody may have, and make"):
            daemon.client.call("secretsmanager", "CreateSecret", {"Name": "staged", "SecretString": "1"})
            first = daemon.client.call("secretsmanager", "GetSecretValue", {"SecretId": "staged"})["VersionId"]
            daemon.client.call("secretsmanager", "PutSecretValue", {"SecretId": "staged", "SecretString": "2"})
            now = user(daemon, "now", allow("secretsmanager:*", Condition={"ForAnyValue:StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}}))
            later = user(daemon, "later", allow("secretsmanager:*"), deny("*", Condition={"StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}}))
            get, put, move = "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"
            for who, operation, more, may in (
                    (now, get, {}, True), (now, get, {"VersionStage": "AWSCURRENT"}, True), (now, get, {"VersionStage": "AWSPREVIOUS"}, False),
                    (now, get, {"VersionId": first}, False), (now, put, {"SecretString": "3"}, True),
                    (now, put, {"SecretString": "4", "VersionStages": ["AWSCURRENT", "AWSPENDING"]}, False),
                    (now, put, {"SecretString": "4", "VersionStages": ["AWSPENDING"]}, False), (now, "DescribeSecret", {}, False),
                    # What an operation does not have says nothing.
                    (now, get, {"VersionStage": "AWSPREVIOUS", "VersionStages": ["AWSCURRENT"]}, False),
                    (now, "DescribeSecret", {"VersionStage": "AWSCURRENT"}, False),
                    (later, get, {}, False), (later, get, {"VersionStage": "AWSPREVIOUS"}, True), (later, put, {"SecretString": "4"}, False),
                    (later, put, {"SecretString": "4", "VersionId": first}, False),
                    (later, put, {"SecretString": "4", "VersionStages": ["AWSPENDING", "AWSCURRENT"]}, False),
                    (later, put, {"SecretString": "4", "VersionStages": ["AWSPENDING"]}, True),
                    (later, move, {"VersionStage": "AWSCURRENT", "MoveToVersionId": first}, False), (later, "DescribeSecret", {}, True)):
                try:
                    who.call("secretsmanager", operation, {"SecretId": "staged", **more})
                    done_it = True
                except aws.AwsError as error:
                    assert error.code == "AccessDeniedException", error
                    done_it = False
                assert done_it == may, (operation, more)

        with story.case("IAM is signed for us-east-1 or for here, and the others for here only"):
            for service, operation, good in (("iam", "ListUsers", True), ("transfer", "ListConnectors", False)):
                request = daemon.client.request(service, operation, {})
                daemon.client.sign(service, request, region="us-east-1")
                assert (daemon.client.exchange(request).status == 200) == good, service

        with story.case("who asks too often is told so in the words of each protocol, and others are not"):
            busy = story.enter(harness.Daemon(story.folder / "busy", {"region": REGION, "account": ACCOUNT,
                                                                      "http.requests_per_key": "1"}))
            other = user(busy, "other")
            codes, members = {}, {}
            for service, operation in 3 * (("transfer", "ListConnectors"), ("ec2", "DescribeVpcs"), ("sts", "GetCallerIdentity")):
                try:
                    busy.client.call(service, operation)
                except aws.AwsError as error:
                    codes[service] = error.code, error.status, error.message
                    # A second's worth of what was asked for is owed at most.
                    assert error.response.header("Retry-After") == ["1"], error.response.headers
                    members[service] = error.response
            assert codes == {"transfer": ("ThrottlingException", 400, "Rate exceeded"),
                             "ec2": ("RequestLimitExceeded", 503, "Request limit exceeded."),
                             "sts": ("Throttling", 400, "Rate exceeded")}, codes
            assert members["transfer"].json()["RetryAfterSeconds"] == "1", members["transfer"].body
            assert b"Retry" not in members["ec2"].body + members["sts"].body
            assert refused(daemon.client, "transfer", "DescribeConnector", {"ConnectorId": "c-0123456789abcdef0"}
                           ).response.header("Retry-After") == []
            assert other.call("sts", "GetCallerIdentity")["Arn"].endswith(":user/other")

        with story.case("the log tells of wrong signatures, and not of each"):
            wrong = aws.Client(daemon.env["AWS_ENDPOINT_URL"], REGION, daemon.env["AWS_ACCESS_KEY_ID"], "not-the-secret")
            for _ in range(100):
                assert refused(wrong, "transfer", "ListConnectors").code == "InvalidSignatureException"
            lines = [line for line in daemon.log_text().splitlines() if "the signature of a request from 127.0.0.1" in line]
            assert 1 <= len(lines) < 60 and daemon.env["AWS_ACCESS_KEY_ID"] in lines[0], lines
            assert "not-the-secret" not in daemon.log_text()

        with story.case("a restart forgets nobody, and admin.env stays the administrator's"):
            kept = user(daemon, "kept", allow("transfer:List*"))
            key = daemon.env["AWS_ACCESS_KEY_ID"]
            daemon.stop()
            daemon.start()
            assert daemon.env["AWS_ACCESS_KEY_ID"] == key
            client = aws.Client(daemon.env["AWS_ENDPOINT_URL"], REGION, kept.key, kept.secret)
            client.call("transfer", "ListConnectors")
            assert refused(client, "iam", "ListUsers").message == sentence("kept", "iam:ListUsers")

        with story.case("an administrator whose key was switched off finds another one after the next start"):
            first = daemon.env["AWS_ACCESS_KEY_ID"]
            iam(daemon, "UpdateAccessKey", AccessKeyId=first, Status="Inactive")
            assert refused(daemon.client, "iam", "ListUsers").code == "InvalidClientTokenId"
            daemon.stop()
            daemon.start()
            assert daemon.env["AWS_ACCESS_KEY_ID"] != first
            keys = iam(daemon, "ListAccessKeys")["AccessKeyMetadata"]
            assert {one["AccessKeyId"]: one["Status"] for one in keys} == {
                first: "Inactive", daemon.env["AWS_ACCESS_KEY_ID"]: "Active"}


if __name__ == "__main__":
    main()
