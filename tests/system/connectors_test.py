#!/usr/bin/env python3
"""Connectors, their tags and policies, and what the calls about transfers answer: over HTTP, and with the real aws."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import cli  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402

POLICY = "TransferSFTPConnectorSecurityPolicy-"
NOBODY = "c-00000000000000000"


class Api:
    """The Transfer operations, and what they must refuse."""

    def __init__(self, daemon):
        self.daemon = daemon

    def __call__(self, operation, **arguments):
        return self.daemon.client.call("transfer", operation, arguments)

    def create(self, url="sftp://partner.example:2222", sftp=None, **more):
        config = {"UserSecretId": "partner", **(sftp or {})}
        return self("CreateConnector", Url=url, AccessRole=self.daemon.env["SALLYPORT_ROLE"], SftpConfig=config,
                    **more)["ConnectorId"]

    def describe(self, connector):
        return self("DescribeConnector", ConnectorId=connector)["Connector"]

    def arn(self, connector):
        return self.describe(connector)["Arn"]

    def refused(self, code, *words, operation, **arguments):
        """The call fails with @code and a sentence that holds every one of @words; the error's body."""
        try:
            answer = self(operation, **arguments)
        except aws.AwsError as error:
            assert error.code == code, error
            for word in words:
                assert word in error.message, f"the sentence does not say {word!r}: {error}"
            return error.response.json()
        raise AssertionError(f"{operation} was not refused: {answer}")

    def pages(self, operation, result, size, **arguments):
        """All results of a list, and how many came with each page."""
        found, sizes, more = [], [], {}
        while True:
            page = self(operation, MaxResults=size, **more, **arguments)
            found += page[result]
            sizes.append(len(page[result]))
            if "NextToken" not in page:
                return found, sizes
            more = {"NextToken": page["NextToken"]}


with harness.Story() as story:
    key = story.folder / "host_key"
    sshd.make_key(key)
    line = sshd.public_line(key)
    daemon = story.enter(harness.Daemon(story.folder / "state", {"egress.source_addresses": "127.0.0.1, 127.0.0.2"}))
    role = daemon.env["SALLYPORT_ROLE"]
    call = Api(daemon)

    # ---- connectors

    with story.case("a connector is described as it was created, with the defaults filled in"):
        connector = call.create()
        found = call.describe(connector)
        arn = f"arn:aws:transfer:{daemon.env['AWS_REGION']}:000000000000:connector/{connector}"
        assert found == {
            "Arn": arn, "ConnectorId": connector, "Url": "sftp://partner.example:2222", "AccessRole": role,
            "SftpConfig": {"UserSecretId": "partner", "MaxConcurrentConnections": 1}, "Tags": [],
            "SecurityPolicyName": POLICY + "2024-03", "EgressType": "SERVICE_MANAGED", "Status": "ACTIVE",
            "IpAddressType": "IPV4", "ServiceManagedEgressIpAddresses": ["127.0.0.1", "127.0.0.2"]}, found

    with story.case("an update changes the members it names, also inside SftpConfig, and nothing else"):
        full = call.create(sftp={"TrustedHostKeys": [line, f"[partner.example]:2222 {line}"],
                                 "MaxConcurrentConnections": 5},
                           LoggingRole=role, SecurityPolicyName=POLICY + "FIPS-2024-10", IpAddressType="IPV4",
                           Tags=[{"Key": "owner", "Value": "finance"}])
        before = call.describe(full)
        assert before["SftpConfig"]["TrustedHostKeys"] == [line, f"[partner.example]:2222 {line}"]
        assert before["Tags"] == [{"Key": "owner", "Value": "finance"}]
        assert call("UpdateConnector", ConnectorId=full, SftpConfig={"UserSecretId": "other"}) == {"ConnectorId": full}
        before["SftpConfig"]["UserSecretId"] = "other"
        assert call.describe(full) == before
        call("UpdateConnector", ConnectorId=full, Url="sftp://[2001:db8::1]", SecurityPolicyName=POLICY + "2023-07",
             IpAddressType="DUALSTACK")
        assert call.describe(full) == {**before, "Url": "sftp://[2001:db8::1]", "IpAddressType": "DUALSTACK",
                                       "SecurityPolicyName": POLICY + "2023-07"}

    with story.case("an update that is refused changes nothing"):
        before = call.describe(full)
        call.refused("InvalidRequestException", "TrustedHostKeys[1]", operation="UpdateConnector", ConnectorId=full,
                     Url="sftp://elsewhere.example", SftpConfig={"TrustedHostKeys": [line, "no key"]})
        assert call.describe(full) == before

    with story.case("what a connector cannot be is refused by the member's name"):
        for words, more in [
                (("Url",), {"Url": "partner.example"}),
                (("Url", "without user"), {"Url": "sftp://user@partner.example"}),
                (("As2Config",), {"As2Config": {"LocalProfileId": "p"}}),
                (("Url", "DUALSTACK"), {"Url": "sftp://[2001:db8::1]"}),
                (("OrderedUserSecretVersionStages", "twice"), {"SftpConfig": {
                    "UserSecretId": "s", "OrderedUserSecretVersionStages": ["AWSCURRENT", "AWSCURRENT"]}}),
                (("AccessRole",), {"AccessRole": "arn:aws:iam::000000000000:user/x"}),
                (("MaxConcurrentConnections",), {"SftpConfig": {"UserSecretId": "s", "MaxConcurrentConnections": 6}}),
                (("UserSecretId", "required"), {"SftpConfig": {}}),
                (("TrustedHostKeys[0]",), {"SftpConfig": {"UserSecretId": "s", "TrustedHostKeys": ["x"]}}),
                (("TrustedHostKeys",), {"SftpConfig": {"UserSecretId": "s", "TrustedHostKeys": [line] * 11}}),
                (("aws:",), {"Tags": [{"Key": "AWS:x", "Value": "y"}]}),
                (("twice",), {"Tags": [{"Key": "x", "Value": "1"}, {"Key": "x", "Value": "2"}]})]:
            good = {"Url": "sftp://partner.example", "AccessRole": role, "SftpConfig": {"UserSecretId": "s"}}
            call.refused("InvalidRequestException", *words, operation="CreateConnector", **{**good, **more})
        body = call.refused("ResourceNotFoundException", POLICY + "1999-01", operation="CreateConnector",
                            **good, SecurityPolicyName=POLICY + "1999-01")
        assert (body["Resource"], body["ResourceType"]) == (POLICY + "1999-01", "SecurityPolicy"), body
        call.refused("SerializationException", operation="CreateConnector", **{**good, "Url": 7})

    with story.case("an unknown connector is named in the error's members by every operation"):
        for operation, more in [("DescribeConnector", {}), ("UpdateConnector", {"Url": "sftp://a.example"}),
                                ("DeleteConnector", {}), ("TestConnection", {}),
                                ("StartFileTransfer", {"SendFilePaths": ["/files/a"]}),
                                ("ListFileTransferResults", {"TransferId": "t"})]:
            body = call.refused("ResourceNotFoundException", NOBODY, operation=operation, ConnectorId=NOBODY, **more)
            assert (body["Resource"], body["ResourceType"]) == (NOBODY, "Connector"), body
            call.refused("InvalidRequestException", "ConnectorId", operation=operation, ConnectorId="c-1", **more)

    with story.case("connectors are listed page by page, and each page begins where the last one ended"):
        for _ in range(5):
            call.create()
        found, sizes = call.pages("ListConnectors", "Connectors", 3)
        assert sizes == [3, 3, 1], sizes
        ids = [item["ConnectorId"] for item in found]
        assert len(set(ids)) == 7 and ids == sorted(ids) and {connector, full} <= set(ids)
        assert set(found[0]) == {"Arn", "ConnectorId", "Url"}
        assert call.pages("ListConnectors", "Connectors", 7)[1] == [7]

    with story.case("a forged token, and the token of another list, are refused"):
        token = call("ListConnectors", MaxResults=1)["NextToken"]
        for bad in ("forged", token[:-1] + ("A" if token[-1] != "A" else "B"), token + "A"):
            call.refused("InvalidNextTokenException", operation="ListConnectors", NextToken=bad)
        call.refused("InvalidNextTokenException", operation="ListSecurityPolicies", NextToken=token)
        call.refused("InvalidRequestException", operation="ListFileTransferResults", ConnectorId=connector,
                     TransferId="t", NextToken=token)

    with story.case("a deleted connector is gone with its tags, and deleting it again says so"):
        gone, gone_arn = full, call.arn(full)
        assert call("DeleteConnector", ConnectorId=gone) == {}
        call.refused("ResourceNotFoundException", operation="DescribeConnector", ConnectorId=gone)
        call.refused("ResourceNotFoundException", operation="DeleteConnector", ConnectorId=gone)
        call.refused("InvalidRequestException", operation="ListTagsForResource", Arn=gone_arn)

    # ---- tags and policies

    with story.case("tags are added, overwritten, listed in pages and removed"):
        arn = call.arn(connector)
        call("TagResource", Arn=arn, Tags=[{"Key": f"k{number}", "Value": "v"} for number in range(5)])
        call("TagResource", Arn=arn, Tags=[{"Key": "k1", "Value": ""}])
        found, sizes = call.pages("ListTagsForResource", "Tags", 2, Arn=arn)
        assert sizes == [2, 2, 1] and found[1] == {"Key": "k1", "Value": ""}, found
        call("UntagResource", Arn=arn, TagKeys=["k0", "k2", "never there"])
        assert [tag["Key"] for tag in call.describe(connector)["Tags"]] == ["k1", "k3", "k4"]

    with story.case("tags that are too many, AWS's own or on nothing are refused"):
        many = [{"Key": f"n{number}", "Value": ""} for number in range(50)]
        call.refused("InvalidRequestException", "50", operation="TagResource", Arn=arn, Tags=many)
        assert len(call.describe(connector)["Tags"]) == 3
        call.refused("InvalidRequestException", "aws:", operation="TagResource", Arn=arn,
                     Tags=[{"Key": "aws:x", "Value": ""}])
        for other in (arn.replace(connector, NOBODY), arn.replace("connector/", "server/"),
                      arn.replace("000000000000", "111111111111")):
            call.refused("ResourceNotFoundException", operation="TagResource", Arn=other, Tags=many[:1])

    with story.case("security policies are listed and described"):
        found, sizes = call.pages("ListSecurityPolicies", "SecurityPolicyNames", 2)
        assert found == [POLICY + name for name in ("2023-07", "2024-03", "FIPS-2024-10")] and sizes == [2, 1]
        policy = call("DescribeSecurityPolicy", SecurityPolicyName=POLICY + "FIPS-2024-10")["SecurityPolicy"]
        assert policy["Fips"] is True and policy["Type"] == "CONNECTOR" and policy["Protocols"] == ["SFTP"]
        assert set(policy["SshKexs"]) == {f"ecdh-sha2-nistp{bits}" for bits in (256, 384, 521)}
        assert "ssh-ed25519" not in policy["SshHostKeyAlgorithms"] and policy["SshCiphers"] and policy["SshMacs"]
        call.refused("ResourceNotFoundException", operation="DescribeSecurityPolicy",
                     SecurityPolicyName="TransferSecurityPolicy-2024-01")

    # ---- transfers

    with story.case("a request that makes no sense is refused and keeps nothing"):
        for words, more in [
                (("neither",), {}),
                (("both",), {"SendFilePaths": ["/f/a"], "RetrieveFilePaths": ["a"], "LocalDirectoryPath": "/f"}),
                (("LocalDirectoryPath",), {"RetrieveFilePaths": ["a"]}),
                (("RemoteDirectoryPath",), {"RetrieveFilePaths": ["a"], "LocalDirectoryPath": "/f",
                                            "RemoteDirectoryPath": "/x"}),
                (("LocalDirectoryPath",), {"SendFilePaths": ["/f/a"], "LocalDirectoryPath": "/f"}),
                (("twice",), {"SendFilePaths": ["/f/a", "/f/a"]}),
                (("overwrite",), {"SendFilePaths": ["/f/x/a", "/f/y/a"]}),
                (("AS2",), {"SendFilePaths": ["/f/a"], "CustomHttpHeaders": [{"Key": "a", "Value": "b"}]}),
                (("SendFilePaths", "10"), {"SendFilePaths": [f"/f/{number}" for number in range(11)]}),
                (("SendFilePaths",), {"SendFilePaths": []}),
                (("1024",), {"SendFilePaths": ["/f/" + "x" * 1022]})]:
            call.refused("InvalidRequestException", *words, operation="StartFileTransfer", ConnectorId=connector, **more)

    with story.case("paths that cannot be used end FAILED at once, each with its code and sentence"):
        transfer = call("StartFileTransfer", ConnectorId=connector,
                        SendFilePaths=["/files/../secret", "/files/.sallyport/x", "/files/"])["TransferId"]
        results = call("ListFileTransferResults", ConnectorId=connector, TransferId=transfer)["FileTransferResults"]
        assert [result["FilePath"] for result in results] == ["/files/../secret", "/files/.sallyport/x", "/files/"]
        assert all(result["StatusCode"] == "FAILED" and result["FailureCode"] == "READ_FILE_ERROR"
                   for result in results), results
        assert '".."' in results[0]["FailureMessage"] and "/files/../secret" in results[0]["FailureMessage"], results
        transfer = call("StartFileTransfer", ConnectorId=connector, RetrieveFilePaths=["/out/../x"],
                        LocalDirectoryPath="/files")["TransferId"]
        results = call("ListFileTransferResults", ConnectorId=connector, TransferId=transfer)["FileTransferResults"]
        assert results[0]["StatusCode"] == "FAILED" and '".."' in results[0]["FailureMessage"], results

    with story.case("results come in pages, an unknown transfer and a token of another transfer are refused"):
        def start():
            return call("StartFileTransfer", ConnectorId=connector,
                        SendFilePaths=[f"/files/../{number}" for number in range(5)])["TransferId"]
        one, two = start(), start()
        found, sizes = call.pages("ListFileTransferResults", "FileTransferResults", 2, ConnectorId=connector,
                                  TransferId=one)
        assert sizes == [2, 2, 1] and [item["FilePath"][-1] for item in found] == list("01234"), found
        token = call("ListFileTransferResults", ConnectorId=connector, TransferId=one, MaxResults=2)["NextToken"]
        call.refused("InvalidRequestException", operation="ListFileTransferResults", ConnectorId=connector,
                     TransferId=two, NextToken=token)
        body = call.refused("ResourceNotFoundException", operation="ListFileTransferResults", ConnectorId=connector,
                            TransferId="never-was")
        assert (body["Resource"], body["ResourceType"]) == ("never-was", "Transfer"), body
        other = call.create()
        call.refused("ResourceNotFoundException", operation="ListFileTransferResults", ConnectorId=other,
                     TransferId=one)

    # ---- what is kept, and the real client

    with story.case("connectors, tags and results are there after kill -9"):
        before = call.describe(connector)
        results = call("ListFileTransferResults", ConnectorId=connector, TransferId=one)
        daemon.kill()
        daemon.start()
        assert call.describe(connector) == before
        assert call("ListFileTransferResults", ConnectorId=connector, TransferId=one) == results
        assert call("DeleteConnector", ConnectorId=other) == {}

    with story.case("the aws client creates, describes, lists, tags and deletes a connector"):
        made = cli.aws(daemon, "transfer", "create-connector", "--url", "sftp://partner.example", "--access-role", role,
                        "--sftp-config", json.dumps({"UserSecretId": "partner", "TrustedHostKeys": [line]}),
                        "--tags", "Key=owner,Value=finance")["ConnectorId"]
        found = cli.aws(daemon, "transfer", "describe-connector", "--connector-id", made)["Connector"]
        assert found["SftpConfig"]["TrustedHostKeys"] == [line] and found["Url"] == "sftp://partner.example"
        listed = cli.aws(daemon, "transfer", "list-connectors", "--page-size", "2")["Connectors"]
        assert made in [item["ConnectorId"] for item in listed] and len(listed) == 7, listed
        assert cli.aws(daemon, "transfer", "list-tags-for-resource", "--arn", found["Arn"])["Tags"] == found["Tags"]
        assert cli.aws(daemon, "transfer", "delete-connector", "--connector-id", made) == {}
        said = cli.refusal(daemon, "transfer", "describe-connector", "--connector-id", made)
        assert "ResourceNotFoundException" in said and made in said, said
