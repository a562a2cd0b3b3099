#!/usr/bin/env python3
"""Who may do what: users with keys and policies, and roles, made and used by the unmodified `aws`."""

import json
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import cli  # noqa: E402
import harness  # noqa: E402
from policies import ACCOUNT, DENIED, REGION, ROLE, allow, deny, policy, refused, sentence, trusting  # noqa: E402

class User:
    """Somebody with a key; calls are those of the `aws` that the administrator has, too."""

    def __init__(self, daemon, name):
        self.daemon, self.name = daemon, name
        self.key = cli.aws(daemon, "iam", "create-access-key", "--user-name", name)["AccessKey"]

    def run(self, *words):
        env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        env.update(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull, AWS_PAGER="",
                   AWS_ACCESS_KEY_ID=self.key["AccessKeyId"], AWS_SECRET_ACCESS_KEY=self.key["SecretAccessKey"],
                   AWS_ENDPOINT_URL=self.daemon.env["AWS_ENDPOINT_URL"], AWS_REGION=REGION, AWS_DEFAULT_REGION=REGION)
        return subprocess.run(["aws", *map(str, words), "--output", "json"], env=env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False, timeout=cli.COMMAND_SECONDS)

    def aws(self, *words):
        done = self.run(*words)
        if done.returncode != 0:
            raise cli.Refused(done.stderr.strip())
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def refusal(self, *words):
        done = self.run(*words)
        assert done.returncode != 0, f"was not refused: {done.stdout}"
        return done.stderr.strip()

    def client(self):
        return aws.Client(self.daemon.env["AWS_ENDPOINT_URL"], REGION, self.key["AccessKeyId"],
                          self.key["SecretAccessKey"])


def users(story, daemon):
    with story.case("a user is made, shown, listed, and has a key"):
        user = cli.aws(daemon, "iam", "create-user", "--user-name", "Ann", "--path", "/team/", "--tags",
                       "Key=of,Value=ops")["User"]
        assert user["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/team/Ann" and re.fullmatch("AIDA[A-Z2-7]{17}", user["UserId"])
        assert cli.aws(daemon, "iam", "get-user", "--user-name", "Ann")["User"]["Tags"] == [{"Key": "of", "Value": "ops"}]
        assert [one["UserName"] for one in cli.aws(daemon, "iam", "list-users")["Users"]] == ["Ann"]
        assert "EntityAlreadyExists" in cli.refusal(daemon, "iam", "create-user", "--user-name", "ANN")
        refusal = cli.refusal(daemon, "iam", "get-user", "--user-name", "Bob")
        assert "NoSuchEntity" in refusal and "The user with name Bob cannot be found." in refusal
    ann = User(daemon, "Ann")

    with story.case("the administrator is the account, and a user is who she is"):
        assert cli.aws(daemon, "sts", "get-caller-identity")["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
        who = ann.aws("sts", "get-caller-identity")
        assert who["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/team/Ann" and who["UserId"].startswith("AIDA")

    with story.case("without a policy nothing is allowed, in the words of each protocol"):
        client = ann.client()
        cases = (("transfer", "ListConnectors", "AccessDeniedException", 400, ""),
                 ("secretsmanager", "ListSecrets", "AccessDeniedException", 400, ""),
                 ("iam", "ListUsers", "AccessDenied", 403, ""),
                 ("ec2", "DescribeVpcs", "UnauthorizedOperation", 403, "You are not authorized to perform this operation. "))
        for service, operation, code, status, words in cases:
            error = refused(client, service, operation)
            resource = None if service == "ec2" else "*"
            assert (error.code, error.status) == (code, status), error
            assert error.message == words + sentence("team/Ann", f"{service}:{operation}", resource), error
        connectors = f"arn:aws:transfer:eu-central-1:{ACCOUNT}:connector/*"
        for service, path, action, resource in (
                ("vpc-lattice", "/resourcegateways", "vpc-lattice:ListResourceGateways", "*"),
                ("sallyport", "/v1/flows", "sallyport:ListFlows", connectors)):
            try:
                client.rest(service, "GET", path)
                raise AssertionError("was not refused")
            except aws.AwsError as error:
                assert (error.code, error.status) == ("AccessDeniedException", 403), error
                assert error.message == sentence("team/Ann", action, resource), error
        assert "AccessDeniedException" in ann.refusal("transfer", "list-connectors")

    with story.case("a policy holds at once, for what it names and nothing else"):
        cli.aws(daemon, "secretsmanager", "create-secret", "--name", "partner/a", "--secret-string", "x")
        cli.aws(daemon, "secretsmanager", "create-secret", "--name", "other/b", "--secret-string", "x")
        cli.aws(daemon, "iam", "put-user-policy", "--user-name", "Ann", "--policy-name", "p", "--policy-document",
                policy(allow("secretsmanager:GetSecretValue",
                             f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:partner/*")))
        assert ann.aws("secretsmanager", "get-secret-value", "--secret-id", "partner/a")["SecretString"] == "x"
        theirs = cli.aws(daemon, "secretsmanager", "describe-secret", "--secret-id", "other/b")["ARN"]
        for name in ("other/b", theirs, theirs[:-7]):
            assert sentence("team/Ann", "secretsmanager:GetSecretValue", theirs) in \
                ann.refusal("secretsmanager", "get-secret-value", "--secret-id", name)
        assert ann.refusal("secretsmanager", "put-secret-value", "--secret-id", "partner/a", "--secret-string", "y")

    with story.case("a denial wins over everything, and is gone with its policy"):
        cli.aws(daemon, "iam", "attach-user-policy", "--user-name", "Ann", "--policy-arn",
                "arn:aws:iam::aws:policy/AdministratorAccess")
        assert ann.aws("transfer", "list-connectors") == {"Connectors": []}
        cli.aws(daemon, "iam", "put-user-policy", "--user-name", "Ann", "--policy-name", "no", "--policy-document",
                policy(deny("transfer:List*")))
        assert sentence("team/Ann", "transfer:ListConnectors", why=DENIED) in ann.refusal("transfer", "list-connectors")
        cli.aws(daemon, "iam", "delete-user-policy", "--user-name", "Ann", "--policy-name", "no")
        ann.aws("transfer", "list-connectors")

    with story.case("a security group that is called as an id of something else begins is still that group"):
        vpc = cli.aws(daemon, "ec2", "create-vpc", "--cidr-block", "10.77.0.0/16")["Vpc"]["VpcId"]
        group = cli.aws(daemon, "ec2", "create-security-group", "--group-name", "vpc-inside", "--description", "d",
                        "--vpc-id", vpc)["GroupId"]
        cli.aws(daemon, "iam", "put-user-policy", "--user-name", "Ann", "--policy-name", "no", "--policy-document",
                policy(deny("ec2:*", f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/{group}")))
        for words in (("--group-id", group), ("--group-name", "vpc-inside")):
            assert "explicit deny" in ann.refusal("ec2", "delete-security-group", *words)
        cli.aws(daemon, "iam", "delete-user-policy", "--user-name", "Ann", "--policy-name", "no")
        ann.aws("ec2", "delete-security-group", "--group-name", "vpc-inside")
        ann.aws("ec2", "delete-vpc", "--vpc-id", vpc)

    with story.case("whoever names nobody asks for herself, and a policy may say so"):
        cli.aws(daemon, "iam", "create-user", "--user-name", "own", "--path", "/team/")
        own = User(daemon, "own")
        mine = f"arn:aws:iam::{ACCOUNT}:user/team/${{aws:username}}"
        cli.aws(daemon, "iam", "put-user-policy", "--user-name", "own", "--policy-name", "p", "--policy-document",
                policy(allow(["iam:GetUser", "iam:ListAccessKeys", "iam:UpdateUser"], mine)))
        assert own.aws("iam", "get-user")["User"]["UserName"] == "own"
        assert len(own.aws("iam", "list-access-keys")["AccessKeyMetadata"]) == 1
        assert sentence("team/own", "iam:GetUser", f"arn:aws:iam::{ACCOUNT}:user/team/Ann") in \
            own.refusal("iam", "get-user", "--user-name", "Ann")
        cli.aws(daemon, "iam", "put-user-policy", "--user-name", "own", "--policy-name", "q", "--policy-document",
                policy(allow("iam:*AccessKey*"), deny("iam:*AccessKey*", mine)))
        assert "explicit deny" in own.refusal("iam", "create-access-key")

    with story.case("who renames a user must be allowed what it is called afterwards"):
        for words, name in ((("--new-path", "/admins/"), "admins/own"), (("--new-user-name", "Boss"), "team/Boss")):
            assert sentence("team/own", "iam:UpdateUser", f"arn:aws:iam::{ACCOUNT}:user/{name}") in \
                own.refusal("iam", "update-user", "--user-name", "own", *words)
        for name in ("p", "q"):
            cli.aws(daemon, "iam", "delete-user-policy", "--user-name", "own", "--policy-name", name)
        cli.aws(daemon, "iam", "delete-access-key", "--user-name", "own", "--access-key-id", own.key["AccessKeyId"])
        cli.aws(daemon, "iam", "delete-user", "--user-name", "own")

    with story.case("conditions look at where a request comes from and by what way"):
        for condition, good in (({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, False),
                                ({"NotIpAddress": {"aws:SourceIp": ["127.0.0.0/8", "::1"]}}, True),
                                ({"StringEquals": {"aws:RequestedRegion": REGION}}, False),
                                ({"Bool": {"aws:SecureTransport": "true"}}, True),
                                ({"StringLike": {"aws:PrincipalArn": "*/Ann"}}, False)):
            cli.aws(daemon, "iam", "put-user-policy", "--user-name", "Ann", "--policy-name", "no", "--policy-document",
                    policy(deny("*", Condition=condition)))
            try:
                ann.client().call("transfer", "ListConnectors")
                assert good, condition
            except aws.AwsError:
                assert not good, condition
        cli.aws(daemon, "iam", "delete-user-policy", "--user-name", "Ann", "--policy-name", "no")

    with story.case("a key that is replaced, switched off and deleted is refused from that moment on"):
        first = ann.key["AccessKeyId"]
        old = ann.client()
        second = User(daemon, "Ann")
        assert "AccessKeysPerUser: 2" in cli.refusal(daemon, "iam", "create-access-key", "--user-name", "Ann")
        assert second.aws("transfer", "list-connectors") == {"Connectors": []}
        old.call("transfer", "ListConnectors")
        cli.aws(daemon, "iam", "update-access-key", "--user-name", "Ann", "--access-key-id", first, "--status", "Inactive")
        assert refused(old, "transfer", "ListConnectors").code == "UnrecognizedClientException"
        keys = cli.aws(daemon, "iam", "list-access-keys", "--user-name", "Ann")["AccessKeyMetadata"]
        assert {key["AccessKeyId"]: key["Status"] for key in keys} == {first: "Inactive",
                                                                      second.key["AccessKeyId"]: "Active"}
        cli.aws(daemon, "iam", "update-access-key", "--user-name", "Ann", "--access-key-id", first, "--status", "Active")
        old.call("transfer", "ListConnectors")
        cli.aws(daemon, "iam", "delete-access-key", "--user-name", "Ann", "--access-key-id", first)
        assert refused(old, "transfer", "ListConnectors").code == "UnrecognizedClientException"
        ann.key = second.key

    with story.case("when a key was used last is told"):
        used = harness.wait_until(lambda: (lambda use: use if use["ServiceName"] != "N/A" else None)(
            cli.aws(daemon, "iam", "get-access-key-last-used", "--access-key-id",
                    ann.key["AccessKeyId"])["AccessKeyLastUsed"]), "the use to be noted")
        assert used["ServiceName"] == "transfer" and used["Region"] == REGION and used["LastUsedDate"]

    with story.case("a user with keys and policies does not go"):
        assert "must detach all policies first" in cli.refusal(daemon, "iam", "delete-user", "--user-name", "Ann")
        cli.aws(daemon, "iam", "detach-user-policy", "--user-name", "Ann", "--policy-arn",
                "arn:aws:iam::aws:policy/AdministratorAccess")
        assert "must delete policies first" in cli.refusal(daemon, "iam", "delete-user", "--user-name", "Ann")
        cli.aws(daemon, "iam", "delete-user-policy", "--user-name", "Ann", "--policy-name", "p")
        assert "must delete access keys first" in cli.refusal(daemon, "iam", "delete-user", "--user-name", "Ann")
        cli.aws(daemon, "iam", "delete-access-key", "--user-name", "Ann", "--access-key-id", ann.key["AccessKeyId"])
        cli.aws(daemon, "iam", "delete-user", "--user-name", "Ann")
        assert cli.aws(daemon, "iam", "list-users")["Users"] == []


def documents(story, daemon):
    cli.aws(daemon, "iam", "create-user", "--user-name", "doc")

    def put(document):
        return cli.refusal(daemon, "iam", "put-user-policy", "--user-name", "doc", "--policy-name", "p",
                           "--policy-document", document)

    with story.case("what is not known is refused by name"):
        for statement, words in ((allow("transfer:*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
                                  "no condition key \"aws:MultiFactorAuthPresent\" here"),
                                 (allow("transfer:*", Condition={"NumericEquals": {"aws:username": "1"}}),
                                  "no condition operator \"NumericEquals\" here"),
                                 (allow("ListConnectors"), "prefaced by a vendor"),
                                 (allow("transfer:*", "c-1"), "must be in ARN format"),
                                 (allow("transfer:*", Principal="*"), "should not specify a principal")):
            refusal = put(policy(statement))
            assert "MalformedPolicyDocument" in refusal and words in refusal, refusal

    with story.case("a document is no longer than AWS has it, white space apart"):
        long = [allow("transfer:*", f"arn:aws:transfer:::{'x' * 100}{number}") for number in range(14)]
        assert "Maximum policy size of 2048 bytes exceeded for user doc" in put(policy(*long))
        cli.aws(daemon, "iam", "put-user-policy", "--user-name", "doc", "--policy-name", "p", "--policy-document",
                json.dumps(json.loads(policy(allow("*"))), indent=400))
    cli.aws(daemon, "iam", "delete-user-policy", "--user-name", "doc", "--policy-name", "p")

    with story.case("a managed policy has versions, of which one holds"):
        made = cli.aws(daemon, "iam", "create-policy", "--policy-name", "lists", "--path", "/x/", "--policy-document",
                       policy(allow("transfer:List*")), "--description", "d")["Policy"]
        arn = made["Arn"]
        assert arn == f"arn:aws:iam::{ACCOUNT}:policy/x/lists" and made["DefaultVersionId"] == "v1"
        user = User(daemon, "doc")
        cli.aws(daemon, "iam", "attach-user-policy", "--user-name", "doc", "--policy-arn", arn)
        user.aws("transfer", "list-connectors")
        cli.aws(daemon, "iam", "create-policy-version", "--policy-arn", arn, "--set-as-default", "--policy-document",
                policy(allow("transfer:Describe*")))
        assert user.refusal("transfer", "list-connectors")
        version = cli.aws(daemon, "iam", "get-policy-version", "--policy-arn", arn, "--version-id", "v1")["PolicyVersion"]
        assert version["Document"]["Statement"][0]["Action"] == "transfer:List*" and not version["IsDefaultVersion"]
        cli.aws(daemon, "iam", "set-default-policy-version", "--policy-arn", arn, "--version-id", "v1")
        user.aws("transfer", "list-connectors")
        versions = cli.aws(daemon, "iam", "list-policy-versions", "--policy-arn", arn)["Versions"]
        assert [one["VersionId"] for one in versions] == ["v2", "v1"]
        assert "attached to entities" in cli.refusal(daemon, "iam", "delete-policy", "--policy-arn", arn)
        attached = cli.aws(daemon, "iam", "list-attached-user-policies", "--user-name", "doc")["AttachedPolicies"]
        assert attached == [{"PolicyName": "lists", "PolicyArn": arn}]
        assert cli.aws(daemon, "iam", "get-policy", "--policy-arn", arn)["Policy"]["AttachmentCount"] == 1
        cli.aws(daemon, "iam", "detach-user-policy", "--user-name", "doc", "--policy-arn", arn)
        assert user.refusal("transfer", "list-connectors")
        assert "more than one version" in cli.refusal(daemon, "iam", "delete-policy", "--policy-arn", arn)
        assert "default version" in cli.refusal(daemon, "iam", "delete-policy-version", "--policy-arn", arn,
                                                "--version-id", "v1")
        cli.aws(daemon, "iam", "delete-policy-version", "--policy-arn", arn, "--version-id", "v2")
        cli.aws(daemon, "iam", "delete-policy", "--policy-arn", arn)
        assert "NoSuchEntity" in cli.refusal(daemon, "iam", "get-policy", "--policy-arn", arn)

    with story.case("lists come in pages"):
        for number in range(5):
            cli.aws(daemon, "iam", "create-policy", "--policy-name", f"p{number}", "--policy-document",
                    policy(allow("transfer:List*")))
        names = [one["PolicyName"] for one in
                 cli.aws(daemon, "iam", "list-policies", "--scope", "Local", "--page-size", 2)["Policies"]]
        assert names == ["p0", "p1", "p2", "p3", "p4"]
        everything = cli.aws(daemon, "iam", "list-policies", "--page-size", 3)["Policies"]
        assert {"p0", "AdministratorAccess", "AWSTransferLoggingAccess"} <= {one["PolicyName"] for one in everything}


def roles(story, daemon):
    with story.case("a role is made, changed, tagged and goes"):
        role = cli.aws(daemon, "iam", "create-role", "--role-name", "mover", "--assume-role-policy-document", trusting(),
                       "--description", "moves")["Role"]
        assert role["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/mover" and role["RoleId"].startswith("AROA")
        cli.aws(daemon, "iam", "put-role-policy", "--role-name", "mover", "--policy-name", "p", "--policy-document",
                policy(allow("s3:GetObject")))
        got = cli.aws(daemon, "iam", "get-role-policy", "--role-name", "mover", "--policy-name", "p")
        assert got["PolicyDocument"]["Statement"][0]["Action"] == "s3:GetObject"
        cli.aws(daemon, "iam", "update-role", "--role-name", "mover", "--description", "else", "--max-session-duration", 7200)
        cli.aws(daemon, "iam", "update-assume-role-policy", "--role-name", "mover", "--policy-document",
                trusting("logs.amazonaws.com"))
        cli.aws(daemon, "iam", "tag-role", "--role-name", "mover", "--tags", "Key=a,Value=b", "Key=c,Value=d")
        cli.aws(daemon, "iam", "untag-role", "--role-name", "mover", "--tag-keys", "a")
        assert cli.aws(daemon, "iam", "list-role-tags", "--role-name", "mover")["Tags"] == [{"Key": "c", "Value": "d"}]
        role = cli.aws(daemon, "iam", "get-role", "--role-name", "mover")["Role"]
        assert role["Description"] == "else" and role["MaxSessionDuration"] == 7200
        assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "logs.amazonaws.com"}
        assert cli.aws(daemon, "iam", "list-instance-profiles-for-role", "--role-name", "mover") == {"InstanceProfiles": []}
        assert "must delete policies first" in cli.refusal(daemon, "iam", "delete-role", "--role-name", "mover")
        cli.aws(daemon, "iam", "delete-role-policy", "--role-name", "mover", "--policy-name", "p")
        cli.aws(daemon, "iam", "delete-role", "--role-name", "mover")
        assert "NoSuchEntity" in cli.refusal(daemon, "iam", "get-role", "--role-name", "mover")

    with story.case("the built-in role is taken, and a role must be trusted by somebody that there is"):
        assert "it is the built-in one" in cli.refusal(daemon, "iam", "create-role", "--role-name", "Sallyport",
                                                      "--assume-role-policy-document", trusting())
        refusal = cli.refusal(daemon, "iam", "create-role", "--role-name", "r", "--assume-role-policy-document",
                              policy(allow("*")))
        assert "MalformedPolicyDocument" in refusal and "prohibited field Resource" in refusal

    with story.case("who makes a connector must be allowed to pass its role"):
        cli.aws(daemon, "iam", "create-user", "--user-name", "maker")
        cli.aws(daemon, "iam", "put-user-policy", "--user-name", "maker", "--policy-name", "p", "--policy-document",
                policy(allow("transfer:*")))
        maker = User(daemon, "maker")
        words = ("transfer", "create-connector", "--url", "sftp://sftp.example.com", "--access-role", ROLE, "--sftp-config",
                 "UserSecretId=s")
        assert sentence("maker", "iam:PassRole", ROLE) in maker.refusal(*words)
        cli.aws(daemon, "iam", "put-user-policy", "--user-name", "maker", "--policy-name", "p", "--policy-document",
                policy(allow("transfer:*"), allow("iam:PassRole", ROLE, Condition={
                    "StringEquals": {"iam:PassedToService": "transfer.amazonaws.com"}})))
        connector = maker.aws(*words)["ConnectorId"]
        assert maker.refusal("transfer", "update-connector", "--connector-id", connector, "--logging-role", ROLE + "2")
        maker.aws("transfer", "update-connector", "--connector-id", connector, "--url", "sftp://b.example.com")
        maker.aws("transfer", "delete-connector", "--connector-id", connector)


def main():
    cli.needs()
    with harness.Story() as story:
        daemon = story.enter(harness.Daemon(story.folder / "state", {"region": REGION, "account": ACCOUNT}))
        users(story, daemon)
        documents(story, daemon)
        roles(story, daemon)


if __name__ == "__main__":
    main()
