#!/usr/bin/env python3
"""Connectors with a private path: their states, and what the API says about them. With the real aws, on the loopback
addresses of the provider "host"."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import cli  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402

ALLOWED = ("1024-65535", "22-22")
FORBIDDEN = 80
UNKNOWN = "rcfg-0123456789abcdef0"


class Connectors:
    """What is done with connectors, and what must be refused."""

    def __init__(self, run, daemon, secret, keys):
        self.run, self.daemon, self.secret, self.keys = run, daemon, secret, keys

    def create(self, *words, keys=None):
        config = {"UserSecretId": self.secret, "TrustedHostKeys": self.keys if keys is None else keys}
        return self.run("transfer", "create-connector", "--access-role", self.daemon.env["SALLYPORT_ROLE"],
                        "--sftp-config", json.dumps(config), *words)["ConnectorId"]

    def create_private(self, arn, port=None):
        return self.create("--egress-config", egress(arn, port))

    def update(self, connector, *words):
        self.run("transfer", "update-connector", "--connector-id", connector, *words)

    def describe(self, connector):
        return self.run("transfer", "describe-connector", "--connector-id", connector)["Connector"]

    def settled(self, connector):
        """Its description, once it is not PENDING any more."""
        def look():
            found = self.daemon.client.call("transfer", "DescribeConnector", {"ConnectorId": connector})["Connector"]
            return None if found["Status"] == "PENDING" else found
        return harness.wait_until(look, "the private path to be made or given up")

    def errored(self, connector, *words):
        found = self.settled(connector)
        assert found["Status"] == "ERRORED", found
        for word in words:
            assert word in found["ErrorMessage"], found
        return found["ErrorMessage"]

    def test(self, connector):
        return self.run("transfer", "test-connection", "--connector-id", connector)

    def refused(self, *words, operation, **arguments):
        """A raw request, without what the client would check before."""
        try:
            answer = self.daemon.client.call("transfer", operation, arguments)
        except aws.AwsError as error:
            assert error.code == "InvalidRequestException", error
            for word in words:
                assert word in error.message, f"the sentence does not say {word!r}: {error}"
            return
        raise AssertionError(f"{operation} was not refused: {answer}")


def egress(arn=None, port=None):
    lattice = {"ResourceConfigurationArn": arn} if arn else {}
    return json.dumps({"VpcLattice": {**lattice, "PortNumber": port} if port else lattice})


def make_configuration(run):
    """VPC, subnet, security group, gateway and configuration on this machine's loopback; the configuration's ARN."""
    vpc = run("ec2", "create-vpc", "--cidr-block", "127.77.0.0/16", "--tag-specifications",
              "ResourceType=vpc,Tags=[{Key=sallyport:network,Value=host}]")["Vpc"]["VpcId"]
    subnet = run("ec2", "create-subnet", "--vpc-id", vpc, "--cidr-block", "127.77.1.0/24")["Subnet"]["SubnetId"]
    group = run("ec2", "create-security-group", "--vpc-id", vpc, "--group-name", "partners", "--description",
                "to partners")["GroupId"]
    gateway = run("vpc-lattice", "create-resource-gateway", "--name", "way-out", "--vpc-identifier", vpc,
                  "--subnet-ids", subnet, "--security-group-ids", group)["id"]
    harness.wait_until(lambda: run("vpc-lattice", "get-resource-gateway", "--resource-gateway-identifier",
                                   gateway)["status"] == "ACTIVE", "the gateway to be there", every=0.2)
    return run("vpc-lattice", "create-resource-configuration", "--name", "partner", "--type", "SINGLE",
               "--resource-gateway-identifier", gateway, "--port-ranges", *ALLOWED,
               "--resource-configuration-definition", '{"ipResource": {"ipAddress": "127.0.0.1"}}')["arn"]


with harness.Story() as story:
    daemon = story.enter(harness.Daemon(story.folder / "state", {"egress.allow_private_targets": "false"}))
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    cli.needs()

    def run(*words):
        return cli.aws(daemon, *words)

    secret = run("secretsmanager", "create-secret", "--name", "partner", "--secret-string",
                 json.dumps({"Username": server.user, "PrivateKey": server.private_key}))["ARN"]
    call = Connectors(run, daemon, secret, server.trusted_keys())
    arn = make_configuration(run)
    unknown = arn.rpartition("/")[0] + "/" + UNKNOWN
    account = arn.split(":")[4]

    with story.case("a private connector becomes ACTIVE, and is described with what was given and no more"):
        connector = call.create_private(arn, server.port)
        assert call.settled(connector)["Status"] == "ACTIVE"
        found = call.describe(connector)
        assert found["EgressType"] == "VPC_LATTICE", found
        assert found["EgressConfig"] == {"VpcLattice": {"ResourceConfigurationArn": arn, "PortNumber": server.port}}
        assert not {"Url", "ErrorMessage", "ServiceManagedEgressIpAddresses"} & set(found), found
        plain = call.create_private(arn)
        assert call.settled(plain)["EgressConfig"] == {"VpcLattice": {"ResourceConfigurationArn": arn}}
        listed = run("transfer", "list-connectors")["Connectors"]
        assert {item["ConnectorId"] for item in listed} == {connector, plain} and not any("Url" in item for item in listed)

    with story.case("its partner answers, although no service-managed connection would be allowed to go there"):
        found = call.test(connector)
        assert (found["Status"], found["StatusMessage"]) == ("OK", "Connection succeeded"), found
        interface, = run("ec2", "describe-network-interfaces")["NetworkInterfaces"]
        assert f"from {interface['PrivateIpAddress']} " in server.log_text(), server.log_text()

    with story.case("a port that the configuration does not allow makes it ERRORED, and the sentence names both"):
        call.update(connector, "--egress-config", egress(port=FORBIDDEN))
        why = call.errored(connector, str(FORBIDDEN), "1024-65535")
        found = call.describe(connector)
        assert found["EgressConfig"]["VpcLattice"] == {"ResourceConfigurationArn": arn, "PortNumber": FORBIDDEN}

    with story.case("what is not ACTIVE starts nothing and says its state and why; a test shows where its path ends"):
        call.refused(connector, "ERRORED", why, operation="StartFileTransfer", ConnectorId=connector,
                     SendFilePaths=["/files/a"])
        found = call.test(connector)
        assert (found["Status"], found["StatusMessage"]) == ("ERROR", why), found

    with story.case("any update makes the path anew: with the same members it fails again, with good ones it is ACTIVE"):
        call.update(connector, "--egress-config", egress(arn, FORBIDDEN))
        assert call.errored(connector) == why
        call.update(connector, "--sftp-config", "MaxConcurrentConnections=2")
        assert call.errored(connector) == why
        call.update(connector, "--egress-config", egress(port=server.port))
        found = call.settled(connector)
        assert found["Status"] == "ACTIVE" and "ErrorMessage" not in found, found
        assert call.test(connector)["Status"] == "OK"

    with story.case("an unknown configuration is accepted, makes the connector ERRORED, and is named"):
        lost = call.create_private(unknown)
        call.errored(lost, UNKNOWN)
        call.update(lost, "--egress-config", egress(arn))
        assert call.settled(lost)["Status"] == "ACTIVE"
        call.update(lost, "--egress-config", egress(unknown))
        call.errored(lost, UNKNOWN)
        run("transfer", "delete-connector", "--connector-id", lost)

    with story.case("a Url makes it service-managed, and EgressConfig makes it private again"):
        call.update(plain, "--url", "sftp://partner.example:2222")
        found = call.describe(plain)
        assert (found["EgressType"], found["Status"]) == ("SERVICE_MANAGED", "ACTIVE"), found
        assert found["Url"] == "sftp://partner.example:2222" and "EgressConfig" not in found, found
        call.refused("ResourceConfigurationArn", operation="UpdateConnector", ConnectorId=plain,
                     EgressConfig={"VpcLattice": {"PortNumber": 22}})
        call.update(plain, "--egress-config", egress(arn))
        found = call.settled(plain)
        assert (found["EgressType"], found["Status"]) == ("VPC_LATTICE", "ACTIVE") and "Url" not in found, found

    with story.case("what a private path cannot be is refused by name, and nothing is changed"):
        before = call.describe(connector)
        lattice = {"ResourceConfigurationArn": arn}
        for words, more in [
                (("Url and EgressConfig",), {"Url": "sftp://partner.example", "EgressConfig": {"VpcLattice": lattice}}),
                (("Region", "us-gov-west-1"), {"EgressConfig": {"VpcLattice": {
                    "ResourceConfigurationArn": arn.replace(daemon.env["AWS_REGION"], "us-gov-west-1")}}}),
                (("account", "210987654321"), {"EgressConfig": {"VpcLattice": {
                    "ResourceConfigurationArn": arn.replace(account, "210987654321")}}}),
                (("aws-cn",), {"EgressConfig": {"VpcLattice": {
                    "ResourceConfigurationArn": arn.replace("arn:aws:", "arn:aws-cn:")}}}),
                (("ResourceConfigurationArn",), {"EgressConfig": {"VpcLattice": {"ResourceConfigurationArn": "rcfg-1"}}}),
                (("PortNumber",), {"EgressConfig": {"VpcLattice": {**lattice, "PortNumber": 0}}}),
                (("PortNumber",), {"EgressConfig": {"VpcLattice": {**lattice, "PortNumber": 65536}}}),
                (("EgressConfig",), {"EgressConfig": {}}),
                (("TrustedHostKeys[1]", "host name"), {"SftpConfig": {"TrustedHostKeys": [
                    call.keys[0], "partner.example " + call.keys[0]]}})]:
            call.refused(*words, operation="UpdateConnector", ConnectorId=connector, **more)
        assert call.describe(connector) == before
        call.refused("ResourceConfigurationArn", "required", operation="CreateConnector",
                     AccessRole=daemon.env["SALLYPORT_ROLE"], SftpConfig={"UserSecretId": secret},
                     EgressConfig={"VpcLattice": {"PortNumber": 22}})

    with story.case("a connector whose keys have a host name in front does not become private with them"):
        named = call.create("--url", "sftp://partner.example", keys=["partner.example " + call.keys[0]])
        call.refused("TrustedHostKeys[0]", operation="UpdateConnector", ConnectorId=named,
                     EgressConfig={"VpcLattice": lattice})
        call.update(named, "--egress-config", egress(arn), "--sftp-config", json.dumps({"TrustedHostKeys": call.keys}))
        assert call.settled(named)["Status"] == "ACTIVE"

    with story.case("states outlive the daemon, and what was PENDING is not forgotten"):
        late = call.create_private(unknown)
        call.errored(late, UNKNOWN)
        daemon.client.call("transfer", "UpdateConnector", {"ConnectorId": plain, "EgressConfig": {"VpcLattice": {
            "PortNumber": FORBIDDEN}}})
        daemon.kill()
        daemon.start()
        call.daemon = daemon
        call.errored(late, UNKNOWN)
        call.errored(plain, str(FORBIDDEN))
        assert call.settled(connector)["Status"] == "ACTIVE"

    with story.case("a configuration that a connector uses, ACTIVE or not, cannot be deleted; the answer names the connector"):
        for keep in (connector, plain):
            others = [one for one in (connector, plain, named) if one != keep]
            for one in others:
                call.update(one, "--egress-config", egress(unknown))
            try:
                daemon.client.rest("vpc-lattice", "DELETE", "/resourceconfigurations/" + arn.rpartition("/")[2])
            except aws.AwsError as error:
                assert error.code == "ConflictException" and keep in error.message, error
            else:
                raise AssertionError("a configuration that is used was deleted")
            for one in others:
                call.update(one, "--egress-config", egress(arn))

    with story.case("a configuration is in the way of nothing once its connectors are gone"):
        for one in (connector, plain, named, late):
            run("transfer", "delete-connector", "--connector-id", one)
        run("vpc-lattice", "delete-resource-configuration", "--resource-configuration-identifier", arn)
