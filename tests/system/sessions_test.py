#!/usr/bin/env python3
"""Temporary credentials: who may take on a role acts as it for a while, in every protocol, and as nobody else."""

import datetime
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import cli  # noqa: E402
import harness  # noqa: E402
import listener  # noqa: E402
from policies import ACCOUNT, REGION, allow, deny, policy, refused, trusting, trusting_aws  # noqa: E402

BUILD = harness.ROOT / "build"  # where the shim may be loaded first
SHIM = BUILD / "tests" / "tools" / "libfault_shim.so"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/mover"
ANN = f"arn:aws:iam::{ACCOUNT}:user/ann"
SEES = allow(["transfer:List*", "ec2:Describe*", "vpc-lattice:List*", "iam:ListUsers", "sallyport:List*"])
# What a session of that role may, in each protocol, and what it may not.
MAY = [("transfer", "ListConnectors"), ("ec2", "DescribeVpcs"), ("iam", "ListUsers")]
MAY_NOT = [("transfer", "DescribeConnector", {"ConnectorId": "c-01234567890abcdef"}), ("secretsmanager", "ListSecrets", {}),
           ("iam", "CreateUser", {"UserName": "evil"}), ("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"})]
UNKNOWN = {"transfer": "UnrecognizedClientException", "ec2": "AuthFailure", "iam": "InvalidClientTokenId"}
EXPIRED = {"transfer": ("ExpiredTokenException", 400), "ec2": ("RequestExpired", 400), "iam": ("ExpiredToken", 403),
           "sts": ("ExpiredToken", 403)}


class Home:
    def __init__(self, daemon):
        self.daemon = daemon
        self.iam("CreateUser", UserName="ann")
        self.ann = self.user("ann")
        self.iam("CreateRole", RoleName="mover", Path="/team/", AssumeRolePolicyDocument=trusting_aws(ANN), MaxSessionDuration=7200)
        self.iam("PutRolePolicy", RoleName="mover", PolicyName="p", PolicyDocument=policy(SEES))

    def iam(self, operation, **arguments):
        return self.daemon.client.call("iam", operation, arguments)

    def client(self, key, secret, token=None):
        made = aws.Client(self.daemon.env["AWS_ENDPOINT_URL"], REGION, key, secret, token=token)
        made.now = self.daemon.client.now
        return made

    def user(self, name):
        key = self.iam("CreateAccessKey", UserName=name)["AccessKey"]
        return self.client(key["AccessKeyId"], key["SecretAccessKey"])

    def trust(self, document):
        self.iam("UpdateAssumeRolePolicy", RoleName="mover", PolicyDocument=document)

    @staticmethod
    def ask(who, session="ann", **more):
        return who.call("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": session, **more})

    def session(self, who, session="ann", **more):
        """A client with the credentials of a session."""
        found = self.ask(who, session, **more)["Credentials"]
        return self.client(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])

    def denied(self, who, **more):
        error = refused(who, "sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "ann", **more})
        assert (error.code, error.status) == ("AccessDenied", 403), error
        assert "is not authorized to perform: sts:AssumeRole on resource: " in error.message, error
        return error.message


def credentials(story, home):
    with story.case("who is named by a role's trust policy gets credentials of it, for an hour"):
        answer = home.ask(home.ann)
        found, user = answer["Credentials"], answer["AssumedRoleUser"]
        assert found["AccessKeyId"].startswith("ASIA") and len(found["SecretAccessKey"]) == 40, answer
        assert user["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/mover/ann", user
        role_id = home.iam("GetRole", RoleName="mover")["Role"]["RoleId"]
        assert user["AssumedRoleId"] == f"{role_id}:ann", user
        ends = datetime.datetime.fromisoformat(found["Expiration"].replace("Z", "+00:00"))
        left = (ends - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
        assert 3500 < left <= 3600, found
        session = home.client(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
        assert session.call("sts", "GetCallerIdentity") == {
            "Arn": user["Arn"], "UserId": user["AssumedRoleId"], "Account": ACCOUNT}

    with story.case("in every protocol a session may what its role may, and nothing else"):
        for service, operation in MAY:
            session.call(service, operation)
            assert refused(home.ann, service, operation).status in (400, 403), "the user may not"
        session.rest("vpc-lattice", "GET", "/resourcegateways")
        session.rest("sallyport", "GET", "/v1/transfers")
        for service, operation, arguments in MAY_NOT:
            error = refused(session, service, operation, arguments)
            assert f"User: {user['Arn']} is not authorized to perform: {service}:{operation}" in error.message, error

    with story.case("a session is signed for in a URL as well"):
        assert session.exchange(session.presign("sallyport", "/v1/transfers")).status == 200

    with story.case("its key without the token, with another session's, or with one that was bent, is nobody's"):
        other = home.session(home.ann, "other")
        bent = session.token[:40] + ("A" if session.token[40] != "A" else "B") + session.token[41:]
        for token in (None, other.token, bent, "x", "A" * 5000):
            wrong = home.client(session.key, session.secret, token)
            for service, operation in MAY:
                error = refused(wrong, service, operation)
                assert error.code == UNKNOWN[service], (token, error)
        error = refused(home.client(home.ann.key, home.ann.secret, session.token), "transfer", "ListConnectors")
        assert error.code == "UnrecognizedClientException", error

    with story.case("the token is signed: one that was added or changed afterwards is refused"):
        for tamper in (lambda request: request.set("X-Amz-Security-Token", other.token), lambda request: request.drop("X-Amz-Security-Token"),
                       lambda request: request.headers.append(("X-Amz-Security-Token", other.token))):
            request = session.request("transfer", "ListConnectors", {})
            assert session.send("transfer", request, tamper=tamper).status == 400

    with story.case("a session that is called like a user is not that user"):
        home.iam("PutRolePolicy", RoleName="mover", PolicyName="p", PolicyDocument=policy(SEES, allow("iam:*")))
        for operation in ("GetUser", "CreateAccessKey", "ListAccessKeys"):
            error = refused(session, "iam", operation)
            assert error.code == "ValidationError" and "userName" in error.message, (operation, error)
        assert [key["AccessKeyId"] for key in home.iam("ListAccessKeys", UserName="ann")["AccessKeyMetadata"]] == [home.ann.key]
        home.iam("PutRolePolicy", RoleName="mover", PolicyName="p", PolicyDocument=policy(SEES))
    return session


def who_may(story, home):
    with story.case("a role of a service is nobody else's, not the account's own key's either"):
        home.trust(trusting())
        home.denied(home.ann)
        home.denied(home.daemon.client)

    with story.case("who is in a trusted account needs a permission of their own, and a denial of their own counts always"):
        home.trust(trusting_aws(f"arn:aws:iam::{ACCOUNT}:root"))
        home.denied(home.ann)
        home.ask(home.daemon.client)
        for statements, may in ((allow("sts:AssumeRole", ROLE), True), (allow("sts:AssumeRole", ROLE + "x"), False)):
            home.iam("PutUserPolicy", UserName="ann", PolicyName="p", PolicyDocument=policy(statements))
            (home.ask if may else home.denied)(home.ann)
        home.trust(trusting_aws(ANN))
        home.iam("PutUserPolicy", UserName="ann", PolicyName="p", PolicyDocument=policy(deny("sts:*")))
        home.denied(home.ann)
        home.iam("DeleteUserPolicy", UserName="ann", PolicyName="p")
        home.ask(home.ann)

    with story.case("a role that is not there is refused in the same words"):
        missing = home.denied(home.ann, RoleArn=ROLE + "x")
        home.trust(trusting())
        assert missing.replace(ROLE + "x", ROLE) == home.denied(home.ann)
        home.trust(trusting_aws(ANN))
        home.denied(home.ann, RoleArn=f"arn:aws:iam::{ACCOUNT}:role/mover")
        home.denied(home.ann, RoleArn="arn:aws:iam::999999999999:role/team/mover")

    with story.case("a trust policy may ask for an external id, a name of the session, and an address"):
        for condition, good, bad in (
                ({"StringEquals": {"sts:ExternalId": "word"}}, {"ExternalId": "word"}, {"ExternalId": "wort"}),
                ({"StringLike": {"sts:RoleSessionName": "build-*"}}, {"RoleSessionName": "build-7"}, {"RoleSessionName": "other"}),
                ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, {}, None),
                ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, None, {})):
            home.trust(trusting_aws(ANN, Condition=condition))
            if good is not None:
                home.ann.call("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "ann", **good})
            if bad is not None:
                home.denied(home.ann, **bad)
        home.trust(trusting_aws(ANN))

    with story.case("a session lasts as long as its role allows, and what would make it less than its role is refused"):
        for seconds in (900, 7200):
            home.ask(home.ann, DurationSeconds=seconds)
        for more, word in (({"DurationSeconds": 7201}, "MaxSessionDuration"), ({"DurationSeconds": 899}, "900"),
                           ({"DurationSeconds": 43201}, "43200"), ({"RoleSessionName": "a b"}, "RoleSessionName"),
                           ({"RoleSessionName": "a"}, "RoleSessionName"), ({"Policy": policy(SEES)}, "Policy"),
                           ({"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/IAMFullAccess"}]}, "PolicyArns"),
                           ({"Tags": [{"Key": "a", "Value": "b"}]}, "Tags"), ({"SourceIdentity": "ann"}, "SourceIdentity")):
            error = refused(home.ann, "sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "ann", **more})
            assert (error.code, error.status) == ("ValidationError", 400) and word in error.message, error

    with story.case("a session may take on a role that trusts its own, for an hour"):
        session = home.session(home.ann)
        home.iam("CreateRole", RoleName="next", AssumeRolePolicyDocument=trusting_aws(ROLE), MaxSessionDuration=7200)
        chained = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/next", "RoleSessionName": "chain"}
        assert session.call("sts", "AssumeRole", chained)["AssumedRoleUser"]["Arn"].endswith(":assumed-role/next/chain")
        error = refused(session, "sts", "AssumeRole", {**chained, "DurationSeconds": 3601})
        assert error.code == "ValidationError" and "role chaining" in error.message, error
        home.denied(home.ann, **chained)


def ends(story, home, session):
    with story.case("sessions outlive a restart, and what their role may changes at once"):
        home.daemon.stop()
        home.daemon.start()
        session = home.client(session.key, session.secret, session.token)
        session.call("transfer", "ListConnectors")
        home.iam("PutRolePolicy", RoleName="mover", PolicyName="p", PolicyDocument=policy(deny("transfer:*")))
        assert "explicit deny" in refused(session, "transfer", "ListConnectors").message
        home.iam("PutRolePolicy", RoleName="mover", PolicyName="p", PolicyDocument=policy(SEES))

    with story.case("older sessions can be ended by aws:TokenIssueTime, as AWS's console does it"):
        ann = home.client(home.ann.key, home.ann.secret)
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        home.iam("PutRolePolicy", RoleName="mover", PolicyName="AWSRevokeOlderSessions", PolicyDocument=policy(
            deny("*", Condition={"DateLessThan": {"aws:TokenIssueTime": now}})))
        younger = home.session(ann)
        assert "explicit deny" in refused(session, "transfer", "ListConnectors").message
        younger.call("transfer", "ListConnectors")
        ann.call("sts", "GetCallerIdentity")
        home.iam("DeleteRolePolicy", RoleName="mover", PolicyName="AWSRevokeOlderSessions")

    with story.case("a session whose role is gone is nobody's, also when there is another role of that name"):
        home.iam("DeleteRolePolicy", RoleName="mover", PolicyName="p")
        home.iam("DeleteRole", RoleName="mover")
        home.iam("CreateRole", RoleName="mover", Path="/team/", AssumeRolePolicyDocument=trusting_aws(ANN))
        home.iam("PutRolePolicy", RoleName="mover", PolicyName="p", PolicyDocument=policy(SEES))
        for service, operation in MAY:
            assert refused(session, service, operation).code == UNKNOWN[service]
        assert refused(session, "sts", "GetCallerIdentity").code == "InvalidClientTokenId"
        assert refused(session, "sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "ann"}).code == "InvalidClientTokenId"
        home.session(ann).call("transfer", "ListConnectors")


def expire(story):
    with story.case("when its time is over a session is told so, in the words of each protocol"):
        clock = story.folder / "clock"
        clock.write_text("0", encoding="ascii")
        daemon = harness.Daemon(story.folder / "later", {"region": REGION, "account": ACCOUNT}, build=BUILD)
        plain = daemon.command
        daemon.command = lambda: ["env", f"LD_PRELOAD={SHIM}", "SALLYPORT_FAULT_PROGRAM=sallyportd",
                                  f"SALLYPORT_FAULT_CLOCK={clock}", *plain()]
        home = Home(story.enter(daemon))
        session = home.session(home.ann, DurationSeconds=900)
        for seconds, good in ((890, True), (901, False)):
            clock.write_text(str(seconds), encoding="ascii")
            session.now = lambda ahead=seconds: datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=ahead)
            if good:
                session.call("transfer", "ListConnectors")
        for service, operation in [*MAY, ("sts", "GetCallerIdentity")]:
            error = refused(session, service, operation)
            assert (error.code, error.status) == EXPIRED[service], error
        try:
            session.rest("vpc-lattice", "GET", "/resourcegateways")
        except aws.AwsError as error:
            assert (error.code, error.status) == ("ExpiredTokenException", 403), error
        else:
            raise AssertionError("was not refused")


def by_tools(story, home):
    with story.case("`aws sts assume-role` answers what its users put into their environment"):
        cli.needs()
        home.trust(trusting_aws([ANN, f"arn:aws:iam::{ACCOUNT}:root"]))
        found = cli.aws(home.daemon, "sts", "assume-role", "--role-arn", ROLE, "--role-session-name", "typed",
                        "--duration-seconds", "900")["Credentials"]
        session = home.client(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
        assert session.call("sts", "GetCallerIdentity")["Arn"].endswith("/typed")

    with story.case("the CLI takes on the role of a profile with role_arn and source_profile"):
        cli.needs()
        config = story.folder / "aws-config"
        config.write_text(f"[profile ann]\naws_access_key_id = {home.ann.key}\naws_secret_access_key = {home.ann.secret}\n"
                          f"region = {REGION}\n[profile mover]\nrole_arn = {ROLE}\nsource_profile = ann\n"
                          f"role_session_name = by-profile\nregion = {REGION}\n", encoding="ascii")
        env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        env.update(AWS_ENDPOINT_URL=home.daemon.env["AWS_ENDPOINT_URL"], AWS_CONFIG_FILE=str(config),
                   AWS_SHARED_CREDENTIALS_FILE=os.devnull, AWS_PAGER="", HOME=str(story.folder))

        def aws_as(profile, *words):
            return subprocess.run(["aws", "--profile", profile, "--output", "json", *words], env=env, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, check=False, timeout=cli.COMMAND_SECONDS)

        told = aws_as("mover", "sts", "get-caller-identity")
        assert told.returncode == 0, told.stderr
        assert json.loads(told.stdout)["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/mover/by-profile"
        assert aws_as("mover", "transfer", "list-connectors").returncode == 0
        assert "AccessDenied" in aws_as("ann", "transfer", "list-connectors").stderr


with harness.Story() as story:
    home = Home(story.enter(harness.Daemon(story.folder / "state", {"region": REGION, "account": ACCOUNT})))
    session = credentials(story, home)
    who_may(story, home)
    by_tools(story, home)
    ends(story, home, session)
    expire(story)

    with story.case("who listens is asked again after a while: with a key that is gone nothing more comes, with another all does"):
        short = Home(story.enter(harness.Daemon(story.folder / "short", {"region": REGION, "account": ACCOUNT, "events.listen_max": "2s"})))
        short.iam("PutUserPolicy", UserName="ann", PolicyName="p", PolicyDocument=policy(allow("sallyport:*")))

        def listen(client, **query):
            return listener.Listener(short.daemon, client=client, **query)

        def greeting(ear):
            return ear.wait(lambda kind, data: kind == "hello", "the greeting")[2]["Change"]

        with listen(short.ann) as ear:
            last = greeting(ear)
            short.iam("DeleteAccessKey", UserName="ann", AccessKeyId=short.ann.key)
            ear.wait_end(10)
        try:
            with listen(short.ann):
                pass
        except AssertionError as error:
            assert "403" in str(error), error
        else:
            raise AssertionError("a key that is gone listens")
        with listen(short.user("ann"), after=last) as ear:
            assert greeting(ear) == last

    with story.case("all sessions of a role are one for http.requests_per_key"):
        busy = Home(story.enter(harness.Daemon(story.folder / "busy", {"region": REGION, "account": ACCOUNT, "http.requests_per_key": "20"})))
        sessions = [busy.session(busy.ann, f"s{number}") for number in range(4)]
        codes = []
        for _ in range(30):
            for session in sessions:
                response = session.send("sts", session.request("sts", "GetCallerIdentity", {}))
                codes.append(response.status)
        assert 400 in codes, codes
