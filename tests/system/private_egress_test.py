#!/usr/bin/env python3
"""A server in a private subnet, reached through a resource gateway: every command with the unmodified `aws`; then the
addresses of many gateways, and two networks that look the same."""

import concurrent.futures
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
from cli import aws, needs, refusal  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import lan  # noqa: E402
import sshd  # noqa: E402
import vpcs  # noqa: E402

CIDR, SERVERS = "10.40.0.0/16", "10.40.9.0/24"
CHOSEN = ("10.40.1.0/24", "10.40.2.0/24")
SERVER, PORT = "10.40.9.22", 22
GATEWAYS = 20


def wait_completed(daemon, connector, transfer):
    def ended():
        results = aws(daemon, "transfer", "list-file-transfer-results", "--connector-id", connector,
                      "--transfer-id", transfer)["FileTransferResults"]
        return results if all(result["StatusCode"] in flows.ENDED for result in results) else None
    results = harness.wait_until(ended, "the transfer to end", 60, every=0.1)
    assert all(result["StatusCode"] == "COMPLETED" for result in results), results


def wait_for(daemon, what, wanted, *words):
    """The part @what of an answer, once its status is @wanted."""
    def found():
        answer = aws(daemon, *words)
        answer = answer[what] if what else answer
        status = answer.get("status", answer.get("Status"))
        assert status in (wanted, "PENDING", "CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS"), answer
        return answer if status == wanted else None
    return harness.wait_until(found, f"{' '.join(words[:3])} to say {wanted}", 30, every=0.05)


def enis(daemon, *subnets):
    found = aws(daemon, "ec2", "describe-network-interfaces", "--filters",
                f"Name=subnet-id,Values={','.join(subnets)}")["NetworkInterfaces"]
    return {entry["PrivateIpAddress"]: entry for entry in found}


def walk(story, daemon, network, owned):
    """The seven steps, and back again in the order in which things depend on each other."""
    made = {}

    with story.case("create-vpc, create-subnet and create-security-group make a private network"):
        vpc = aws(daemon, "ec2", "create-vpc", "--cidr-block", CIDR)["Vpc"]
        subnets = [aws(daemon, "ec2", "create-subnet", "--vpc-id", vpc["VpcId"], "--cidr-block", cidr)["Subnet"]
                   for cidr in (*CHOSEN, SERVERS)]
        group = aws(daemon, "ec2", "create-security-group", "--vpc-id", vpc["VpcId"], "--group-name", "sftp-out",
                    "--description", "to the partner")["GroupId"]
        assert len({subnet["AvailabilityZone"] for subnet in subnets[:2]}) == 2, subnets
        made.update(vpc=vpc["VpcId"], subnets=[subnet["SubnetId"] for subnet in subnets], group=group)
        listed = aws(daemon, "ec2", "describe-vpcs", "--vpc-ids", made["vpc"])["Vpcs"]
        assert [entry["CidrBlock"] for entry in listed] == [CIDR], listed

    with story.case("revoke and authorize-security-group-egress leave one way out: to the server's port"):
        everything = json.dumps([{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
        aws(daemon, "ec2", "revoke-security-group-egress", "--group-id", made["group"],
            "--ip-permissions", everything)
        aws(daemon, "ec2", "authorize-security-group-egress", "--group-id", made["group"], "--protocol", "tcp",
            "--port", PORT, "--cidr", f"{SERVER}/32")
        rules = aws(daemon, "ec2", "describe-security-group-rules", "--filters",
                    f"Name=group-id,Values={made['group']}")["SecurityGroupRules"]
        assert [(rule["IsEgress"], rule["CidrIpv4"], rule["FromPort"]) for rule in rules] == \
            [(True, f"{SERVER}/32", PORT)], rules

    with story.case("create-resource-gateway gets a network interface in each chosen subnet"):
        gateway = aws(daemon, "vpc-lattice", "create-resource-gateway", "--name", "to-partner",
                      "--vpc-identifier", made["vpc"], "--subnet-ids", *made["subnets"][:2],
                      "--security-group-ids", made["group"])["id"]
        made["gateway"] = gateway
        shown = wait_for(daemon, None, "ACTIVE", "vpc-lattice", "get-resource-gateway",
                         "--resource-gateway-identifier", gateway)
        assert sorted(shown["subnetIds"]) == sorted(made["subnets"][:2]), shown
        owned.learn(made["vpc"])
        made["enis"] = enis(daemon, *made["subnets"][:2])
        assert len(made["enis"]) == 2, made["enis"]
        for address, entry in made["enis"].items():
            assert entry["RequesterManaged"] is True and entry["Groups"][0]["GroupId"] == made["group"], entry
            assert vpcs.same_subnet(address, *CHOSEN), address
            assert lan.interface_of(entry["NetworkInterfaceId"]).interface_with(address) == "eth0"

    bridge = lan.router_of(made["vpc"]).interface_with("10.40.9.1")
    machine = network.namespace("partner")
    network.plug(lan.router_of(made["vpc"]), bridge, machine, "eth0", f"{SERVER}/24", router="10.40.9.1")
    server = story.enter(sshd.Sshd(story.folder / "partner", namespace=machine, address=SERVER, port=PORT))
    (server.home / "in").mkdir()

    with story.case("create-resource-configuration names the server and its port"):
        configuration = aws(daemon, "vpc-lattice", "create-resource-configuration", "--name", "partner",
                            "--type", "SINGLE", "--port-ranges", str(PORT), "--resource-gateway-identifier", gateway,
                            "--resource-configuration-definition", f"ipResource={{ipAddress={SERVER}}}")
        assert configuration["resourceGatewayId"] == gateway, configuration
        made["configuration"] = configuration["arn"]

    with story.case("create-secret keeps the partner's login"):
        login = story.folder / "login.json"
        login.write_text(json.dumps({"Username": server.user, "PrivateKey": server.private_key}), encoding="ascii")
        made["secret"] = aws(daemon, "secretsmanager", "create-secret", "--name", "aws/transfer/partner",
                             "--secret-string", f"file://{login}")["ARN"]

    with story.case("create-connector --egress-config is ACTIVE within a moment"):
        egress = f"VpcLattice={{ResourceConfigurationArn={made['configuration']},PortNumber={PORT}}}"
        connector = aws(daemon, "transfer", "create-connector", "--egress-config", egress,
                        "--access-role", daemon.env["SALLYPORT_ROLE"],
                        "--sftp-config", f"UserSecretId={made['secret']}")["ConnectorId"]
        made["connector"] = connector
        shown = wait_for(daemon, "Connector", "ACTIVE", "transfer", "describe-connector", "--connector-id", connector)
        assert shown["EgressType"] == "VPC_LATTICE" and "Url" not in shown, shown
        assert "ServiceManagedEgressIpAddresses" not in shown, shown

    with story.case("test-connection without trusted keys is an ERROR that shows the server's key"):
        test = aws(daemon, "transfer", "test-connection", "--connector-id", connector)
        assert test["Status"] == "ERROR" and "update-connector" in test["StatusMessage"], test
        host_key = test["SftpConnectionDetails"]["HostKey"]
        assert host_key in server.trusted_keys(), test

    with story.case("test-connection with the key is OK, and sshd saw the address of one of the interfaces"):
        aws(daemon, "transfer", "update-connector", "--connector-id", connector,
            "--sftp-config", json.dumps({"TrustedHostKeys": [host_key]}))
        wait_for(daemon, "Connector", "ACTIVE", "transfer", "describe-connector", "--connector-id", connector)
        test = aws(daemon, "transfer", "test-connection", "--connector-id", connector)
        assert test["Status"] == "OK" and test["StatusMessage"] == "Connection succeeded", test
        assert server.logins()[-1] in made["enis"], (server.logins(), list(made["enis"]))

    bucket = daemon.bucket("files")
    digest = flows.write_random(bucket / "invoice.bin", 5_000_000)

    with story.case("start-file-transfer sends a file: COMPLETED, and the bytes are equal"):
        transfer = aws(daemon, "transfer", "start-file-transfer", "--connector-id", connector,
                       "--send-file-paths", "/files/invoice.bin", "--remote-directory-path", "in")["TransferId"]
        wait_completed(daemon, connector, transfer)
        assert flows.sha256_of(server.home / "in" / "invoice.bin") == digest

    with story.case("start-file-transfer fetches a file: COMPLETED, and the bytes are equal"):
        transfer = aws(daemon, "transfer", "start-file-transfer", "--connector-id", connector,
                       "--retrieve-file-paths", "in/invoice.bin", "--local-directory-path", "/files/back")["TransferId"]
        wait_completed(daemon, connector, transfer)
        assert flows.sha256_of(bucket / "back" / "invoice.bin") == digest
        assert set(server.logins()) <= set(made["enis"]), server.logins()

    with story.case("service-managed egress to the same server is refused, and not one packet arrives"):
        machine.count("anything", f"tcp dport {PORT}")
        direct = aws(daemon, "transfer", "create-connector", "--url", server.url,
                     "--access-role", daemon.env["SALLYPORT_ROLE"],
                     "--sftp-config", json.dumps({"UserSecretId": made["secret"], "TrustedHostKeys": [host_key]}))
        test = aws(daemon, "transfer", "test-connection", "--connector-id", direct["ConnectorId"])
        assert test["Status"] == "ERROR" and "private address" in test["StatusMessage"], test
        assert machine.counted("anything") == 0
        assert aws(daemon, "transfer", "test-connection", "--connector-id", connector)["Status"] == "OK"
        assert machine.counted("anything") > 0  # the counter can count
        aws(daemon, "transfer", "delete-connector", "--connector-id", direct["ConnectorId"])

    with story.case("what is in use is not deleted: the answers say by whom"):
        for words, code in ((("vpc-lattice", "delete-resource-configuration", "--resource-configuration-identifier",
                              made["configuration"]), "ConflictException"),
                            (("vpc-lattice", "delete-resource-gateway", "--resource-gateway-identifier", gateway),
                             "ConflictException"),
                            (("ec2", "delete-security-group", "--group-id", group), "DependencyViolation"),
                            (("ec2", "delete-subnet", "--subnet-id", made["subnets"][0]), "DependencyViolation"),
                            (("ec2", "delete-vpc", "--vpc-id", made["vpc"]), "DependencyViolation")):
            assert code in refusal(daemon, *words), words

    with story.case("everything is deleted in its order, and the kernel has nothing left of it"):
        aws(daemon, "transfer", "delete-connector", "--connector-id", connector)
        aws(daemon, "vpc-lattice", "delete-resource-configuration", "--resource-configuration-identifier",
            made["configuration"])
        aws(daemon, "vpc-lattice", "delete-resource-gateway", "--resource-gateway-identifier", gateway)
        harness.wait_until(lambda: not aws(daemon, "vpc-lattice", "list-resource-gateways")["items"],
                           "the gateway to be gone")
        for subnet in made["subnets"]:
            aws(daemon, "ec2", "delete-subnet", "--subnet-id", subnet)
        aws(daemon, "ec2", "delete-security-group", "--group-id", made["group"])
        aws(daemon, "ec2", "delete-vpc", "--vpc-id", made["vpc"])
        harness.wait_until(lambda: not owned.names(), f"no namespace to be left of {owned.names()}")


def many(story, daemon, network, owned):
    with story.case(f"{GATEWAYS} gateways in two subnets: no address twice, each as the server sees it"):
        vpc = vpcs.Vpc(daemon, CIDR, owned)
        chosen = [vpc.subnet(cidr) for cidr in CHOSEN]
        vpc.subnet(SERVERS)
        gateways = [vpc.gateway(chosen) for _ in range(GATEWAYS)]
        addresses = vpc.interfaces(chosen)
        assert len(addresses) == 2 * GATEWAYS, f"{len(addresses)} addresses"
        in_order = sorted(addresses, key=lambda text: tuple(map(int, text.split("."))))
        last_bytes = [int(address.rpartition(".")[2]) for address in in_order if address.startswith("10.40.1.")]
        assert last_bytes != list(range(last_bytes[0], last_bytes[0] + len(last_bytes))), "drawn one after the other"
        assert 4 <= min(last_bytes) and max(last_bytes) <= 254, last_bytes
        server = vpcs.private_server(story, vpc, network, "many", f"{SERVER}/24")
        before = set()
        for gateway in gateways:
            partner = vpcs.partner_through(daemon, vpc, gateway, server)
            assert partner.settled()["Status"] == "ACTIVE"
            assert partner.test()["Status"] == "OK", partner.test()
            assert server.logins()[-1] in addresses, server.logins()
            assert server.logins()[-1] not in before, "two gateways with one address"
            before.add(server.logins()[-1])

    with story.case("every interface is in a namespace of its own, with the address that the API tells"):
        for address, eni in addresses.items():
            assert lan.interface_of(eni).interface_with(address) == "eth0"
        assert len(owned.names()) == 2 * GATEWAYS + 1, owned.names()

    with story.case("a subnet that is full makes the gateway fail, and the reason names the subnet"):
        small = vpc.subnet("10.40.3.0/28")  # eleven addresses
        for _ in range(11):
            vpc.gateway([small])
        try:
            answer = vpc.lattice("POST", "/resourcegateways", {
                "name": "one-too-many", "vpcIdentifier": vpc.id, "subnetIds": [small]})
        except Exception as error:  # pylint: disable=broad-except
            assert small in str(error), error
        else:
            raise AssertionError(f"was not refused: {answer}")


def twins(story, daemon, network, owned):
    """Two VPCs with the same blocks, in each a server with the same address and another key."""
    made = []
    for name in ("left", "right"):
        vpc = vpcs.Vpc(daemon, "10.50.0.0/16", owned)
        chosen = vpc.subnet("10.50.1.0/24")
        vpc.subnet("10.50.9.0/24")
        gateway = vpc.gateway([chosen])
        server = vpcs.private_server(story, vpc, network, name, "10.50.9.22/24")
        made.append((name, vpc, server, vpcs.partner_through(daemon, vpc, gateway, server)))

    with story.case("two VPCs with the same CIDR and the same server address at once never mix"):
        digests = {name: flows.write_random(daemon.bucket(name) / "file.bin", 20_000_000) for name, *_ in made}

        def send(name, server, partner):
            for number in range(5):
                transfer = partner.send(f"/{name}/file.bin", to=server.home)
                partner.wait_completed(transfer)
                assert flows.sha256_of(server.home / "file.bin") == digests[name], (name, number)
        for *_, partner in made:
            assert partner.settled()["Status"] == "ACTIVE"
        for name, vpc, server, partner in made:
            partner.daemon = Through(daemon)  # a connection of its own: both send at the same time
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(send, name, server, partner) for name, _, server, partner in made]:
                done.result()
        for name, vpc, server, _ in made:
            assert set(server.logins()) <= set(vpc.interfaces()), (name, server.logins(), vpc.interfaces())
            assert len(server.logins()) >= 1


class Through:
    """A daemon as one more client sees it."""

    def __init__(self, daemon):
        self.env, self.client = daemon.env, daemon.new_client()


with harness.Story() as story:
    needs()
    network = story.enter(lan.Lan())
    owned = story.enter(lan.Owned())
    daemon = story.enter(harness.Daemon(story.folder / "state", vpcs.SETTINGS))
    walk(story, daemon, network, owned)
    many(story, daemon, network, owned)
    twins(story, daemon, network, owned)
