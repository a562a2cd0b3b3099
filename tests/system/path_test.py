#!/usr/bin/env python3
"""
The private path through a VPC of this host's own addresses, without privileges: the server sees an address of the
gateway's subnets, and whatever stands in the way has a sentence of its own, the same for a test and for a transfer.
"""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import cli  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402

CIDR, SUBNETS = "127.77.0.0/16", ("127.77.1.0/24", "127.77.2.0/24")
DNSMASQ = shutil.which("dnsmasq", path="/usr/sbin:/sbin:" + os.environ["PATH"])
WAY = ["role", "secret", "resource-configuration", "port", "gateway", "interface", "security-groups", "connect"]
HANDSHAKE = ["banner", "key-exchange", "host-key", "authenticate", "sftp"]


def allow(port):
    return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "127.0.0.0/8"}]}]


class Vpc:
    """Two subnets, a group that lets one port out, and a gateway in both."""

    def __init__(self, daemon, port, name_server):
        self.client = daemon.client
        tags = [{"Key": "sallyport:network", "Value": "host"}, {"Key": "sallyport:dns", "Value": name_server}]
        self.id = self.ec2("CreateVpc", CidrBlock=CIDR,
                           TagSpecification=[{"ResourceType": "vpc", "Tag": tags}])["vpc"]["vpcId"]
        self.subnets = [self.ec2("CreateSubnet", VpcId=self.id, CidrBlock=cidr)["subnet"]["subnetId"]
                        for cidr in SUBNETS]
        self.group = self.ec2("CreateSecurityGroup", VpcId=self.id, GroupName="way-out",
                              GroupDescription="what may leave")["groupId"]
        self.ec2("RevokeSecurityGroupEgress", GroupId=self.group,
                 IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
        self.ec2("AuthorizeSecurityGroupEgress", GroupId=self.group, IpPermissions=allow(port))
        self.gateway = self.lattice("POST", "/resourcegateways", {
            "name": "gate", "vpcIdentifier": self.id, "subnetIds": self.subnets, "securityGroupIds": [self.group],
            "resourceConfigDnsResolution": "IN_VPC"})["id"]
        harness.wait_until(lambda: self.lattice("GET", f"/resourcegateways/{self.gateway}")["status"] == "ACTIVE",
                           "the gateway to be made")
        self.configurations = 0

    def ec2(self, action, **arguments):
        return self.client.call("ec2", action, arguments)

    def lattice(self, method, path, body=None):
        return self.client.rest("vpc-lattice", method, path, body)

    def addresses(self):
        found = self.ec2("DescribeNetworkInterfaces", Filter=[{"Name": "vpc-id", "Value": [self.id]}])
        return {entry["privateIpAddress"]: entry["networkInterfaceId"] for entry in found["networkInterfaceSet"]}

    def configuration(self, target, *ports):
        self.configurations += 1
        kind = {"ipResource": {"ipAddress": target}}
        if not target[0].isdigit():
            kind = {"dnsResource": {"domainName": target, "ipAddressType": "IPV4"}}
        return self.lattice("POST", "/resourceconfigurations", {
            "name": f"target-{self.configurations}", "type": "SINGLE", "portRanges": [str(port) for port in ports],
            "resourceGatewayIdentifier": self.gateway, "resourceConfigurationDefinition": kind})["arn"]

    def permit(self, arn, *ports):
        self.lattice("PATCH", f"/resourceconfigurations/{arn.rpartition('/')[2]}",
                     {"portRanges": [str(port) for port in ports]})


class Private(flows.Partner):
    """A connector with a private path; settled."""

    def __init__(self, daemon, server, arn, port):
        super().__init__(daemon, None, {"Username": server.user, "PrivateKey": server.private_key},
                         trusted=server.trusted_keys(), egress=(arn, port))
        self.arn = arn
        self.settled()

    def again(self):
        """Makes an ERRORED connector try its path anew."""
        self.call("UpdateConnector", ConnectorId=self.id)
        return self.settled()


class Failures:
    """Each sentence has to differ from all before."""

    def __init__(self, bucket):
        self.seen = set()
        (bucket / "a").write_bytes(b"x")

    def expect(self, partner, step, *words):
        """The trace ends at @step; the answer and a transfer say the same sentence, which has every one of @words."""
        answer = partner.trace()
        assert answer["Status"] == "ERROR" and answer["Steps"], answer
        assert [entry["Status"] for entry in answer["Steps"][:-1]] == ["OK"] * (len(answer["Steps"]) - 1), answer
        last = answer["Steps"][-1]
        assert (last["Step"], last["Status"]) == (step, "FAILED"), answer
        sentence = last["Message"]
        for word in words:
            assert word in sentence, f"the sentence does not say {word!r}: {sentence!r}"
        assert answer["StatusMessage"].endswith(sentence), answer
        shared = sentence.partition(" from 127.77")[0]  # the next connection takes the next interface
        assert shared in partner.test()["StatusMessage"], sentence
        assert sentence not in self.seen, f"{sentence!r} was said before"
        self.seen.add(sentence)
        found = partner.describe()
        if found["Status"] == "ERRORED":
            assert found["ErrorMessage"] == sentence, (found, sentence)
            with contextlib.suppress(aws.AwsError):
                raise AssertionError(f"was not refused: {partner.send('/files/a', to='in')}")
            return
        message = partner.wait_failed(partner.send("/files/a", to="in"), ("CONNECTION_ERROR", "TIMEOUT_ERROR"))
        assert shared in message, (message, sentence)


@contextlib.contextmanager
def names(folder, port, **records):
    """dnsmasq with @records: name="address"."""
    log = folder / "dns.log"
    words = [DNSMASQ, "--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--pid-file=",
             "--bind-interfaces", "--listen-address=127.0.0.1", f"--port={port}", "--local=/corp.example/",
             "--log-queries", f"--log-facility={log}"]
    words += [f"--host-record={name}.corp.example,{address}" for name, address in records.items()]
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL)
    try:
        harness.wait_until(lambda: log.exists() and "started" in log.read_text(encoding="utf-8"), "dnsmasq")
        yield log
    finally:
        harness.end(process)


@contextlib.contextmanager
def silent(kind, port=0):
    """A socket that answers nobody: a name server, or a listener whose queue is full."""
    with contextlib.ExitStack() as stack:
        mute = stack.enter_context(socket.socket(socket.AF_INET, kind))
        mute.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        mute.bind(("127.0.0.1", port))
        if kind == socket.SOCK_STREAM:
            mute.listen(0)
            for _ in range(4):
                waiting = stack.enter_context(socket.socket(socket.AF_INET, kind))
                waiting.setblocking(False)
                waiting.connect_ex(mute.getsockname())
        yield mute.getsockname()[1]


def free_udp_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def source_of(server, trace):
    """The address that the trace says it left from, which the server's log has to have."""
    steps = {entry["Step"]: entry for entry in trace["Steps"]}
    details = steps["interface"]["Details"]
    assert f"from {details['PrivateIpAddress']} port" in server.log_text(), server.log_text()
    return details["PrivateIpAddress"], details["NetworkInterfaceId"]


def tell_good(story, daemon, server, vpc, partner):
    with story.case("every step is shown, and the server's log has the address of the interface that the trace names"):
        trace = partner.trace()
        assert trace["Status"] == "OK" and [entry["Step"] for entry in trace["Steps"]] == WAY + HANDSHAKE, trace
        assert vpc.addresses()[source_of(server, trace)[0]] == source_of(server, trace)[1], trace
        groups = next(entry for entry in trace["Steps"] if entry["Step"] == "security-groups")
        assert groups["Details"]["SecurityGroupId"] == vpc.group, groups

    with story.case("each connection leaves by the gateway's next interface"):
        sources = [source_of(server, partner.trace())[0] for _ in range(4)]
        assert set(sources) == set(vpc.addresses()) and sources[:2] == sources[2:], sources

    with story.case("files go through the private path, both ways"):
        (daemon.bucket("files") / "out").write_bytes(b"private")
        partner.wait_completed(partner.send("/files/out", to=server.home / "in"))
        partner.wait_completed(partner.retrieve(server.home / "in" / "out", to="/files/back"))
        assert (daemon.bucket("files") / "back" / "out").read_bytes() == b"private"

    with story.case("the same server is refused to a service-managed connector: its address is private"):
        answer = flows.partner_of(daemon, server).test()
        assert answer["Status"] == "ERROR" and "egress.allow_private_targets" in answer["StatusMessage"], answer

    with story.case("the aws client makes such a connector and tests it"):
        made = cli.aws(daemon, "transfer", "create-connector", "--access-role", daemon.env["SALLYPORT_ROLE"], "--sftp-config",
                   json.dumps({"UserSecretId": partner.secret, "TrustedHostKeys": server.trusted_keys()}),
                   "--egress-config",
                   f"VpcLattice={{ResourceConfigurationArn={partner.arn},PortNumber={server.port}}}")["ConnectorId"]
        harness.wait_until(lambda: partner.call("DescribeConnector", ConnectorId=made)["Connector"]["Status"] ==
                           "ACTIVE", "the connector to be ACTIVE")
        answer = cli.aws(daemon, "transfer", "test-connection", "--connector-id", made)
        assert answer["Status"] == "OK", answer
        partner.call("DeleteConnector", ConnectorId=made)


def tell_closed_doors(story, server, vpc, partner, failures):
    port = server.port
    with story.case("a port outside the ranges makes the connector ERRORED, and the trace ends there"):
        other = Private(partner.daemon, server, vpc.configuration("127.0.0.1", 22, "2200-2299"), 23)
        assert other.describe()["Status"] == "ERRORED", other.describe()
        failures.expect(other, "port", "port 23", "22, 2200-2299")

    with story.case("a range that is taken away is refused at the next connection"):
        vpc.permit(partner.arn, "8000-8100")
        partner.settled()
        failures.expect(partner, "port", f"port {port}", "8000-8100")
        vpc.permit(partner.arn, port)
        partner.again()
        assert partner.trace()["Status"] == "OK", partner.trace()

    with story.case("a rule that is taken away is refused at the next connection, and its return lets it out"):
        vpc.ec2("RevokeSecurityGroupEgress", GroupId=vpc.group, IpPermissions=allow(port))
        failures.expect(partner, "security-groups", vpc.group, f"127.0.0.1 port {port}")
        vpc.ec2("AuthorizeSecurityGroupEgress", GroupId=vpc.group, IpPermissions=allow(port))
        assert partner.trace()["Status"] == "OK", partner.trace()

    with story.case("what is in use cannot be deleted"):
        for path in (f"/resourcegateways/{vpc.gateway}", f"/resourceconfigurations/{partner.arn.rpartition('/')[2]}"):
            try:
                vpc.lattice("DELETE", path)
                raise AssertionError(f"{path} was deleted")
            except aws.AwsError as refusal:
                assert refusal.code == "ConflictException", refusal


def tell_network(story, server, vpc, partner, failures):
    with story.case("nothing listens on the server's port"):
        server.stop()
        failures.expect(partner, "connect", f"port {server.port}", "Connection refused", "nothing listens")

    with story.case("nobody answers"):
        # One of its own: a connector whose partner was away when a file FAILED has its next files wait.
        other = Private(partner.daemon, server, vpc.configuration("127.0.0.1", server.port), server.port)
        with silent(socket.SOCK_STREAM, server.port):
            failures.expect(other, "connect", "no answer within", "firewall")
        server.start()
        assert partner.trace()["Status"] == "OK", partner.trace()


def tell_names(story, server, vpc, daemon, dns_port, failures):
    def leading_to(name):
        return Private(daemon, server, vpc.configuration(f"{name}.corp.example", server.port), server.port)

    if DNSMASQ is None:
        with story.case("names inside the VPC"):
            raise harness.Skip("there is no dnsmasq here")
        return
    with names(story.folder, dns_port, sftp="127.0.0.1", forbidden="192.0.2.9") as log:
        with story.case("a name is asked for inside the VPC, from the interface's address"):
            trace = leading_to("sftp").trace()
            steps = WAY[:5] + ["resolve"] + WAY[5:] + HANDSHAKE
            assert trace["Status"] == "OK" and [entry["Step"] for entry in trace["Steps"]] == steps, trace
            address, _ = source_of(server, trace)
            assert f"query[A] sftp.corp.example from {address}" in log.read_text(encoding="utf-8"), trace

        with story.case("a name that nobody knows inside the VPC"):
            failures.expect(leading_to("nobody"), "resolve", '"nobody.corp.example"', vpc.id, "no such name")

        with story.case("a name that leads where no rule lets out"):
            failures.expect(leading_to("forbidden"), "security-groups", "192.0.2.9", vpc.group)
    with story.case("a name server that is not there"):
        failures.expect(leading_to("sftp"), "resolve", vpc.id, "no name server could be reached")
    with story.case("a name server that is silent"):
        with silent(socket.SOCK_DGRAM, dns_port):
            failures.expect(leading_to("sftp"), "resolve", vpc.id, "no name server answered in time")


with harness.Story() as story:
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    (server.home / "in").mkdir()
    daemon = story.enter(harness.Daemon(story.folder / "state", {
        "egress.allow_private_targets": "false", "egress.connect_timeout": "2s", "transfer.attempts": "2"}))
    dns_port = free_udp_port()
    vpc = Vpc(daemon, server.port, f"127.0.0.1:{dns_port}")
    partner = Private(daemon, server, vpc.configuration("127.0.0.1", server.port), server.port)
    failures = Failures(daemon.bucket("files"))

    with story.case("the connector becomes ACTIVE"):
        assert partner.describe()["Status"] == "ACTIVE", partner.describe()
    tell_good(story, daemon, server, vpc, partner)
    tell_closed_doors(story, server, vpc, partner, failures)
    tell_network(story, server, vpc, partner, failures)
    tell_names(story, server, vpc, daemon, dns_port, failures)
