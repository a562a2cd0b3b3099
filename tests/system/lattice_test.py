#!/usr/bin/env python3
"""Resource gateways and resource configurations: with the unmodified `aws`, and with requests that no tool would send.
The networks are addresses of this machine's loopback interface, so no privileges are needed."""

import collections
import concurrent.futures
import ipaddress
import json
import pathlib
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import cli  # noqa: E402
import harness  # noqa: E402

GATEWAYS, CONFIGURATIONS = "/resourcegateways", "/resourceconfigurations"
NOWHERE = "0123456789abcdef0"  # the digits of an id that nobody has
SMALL = 16                     # addresses of the smallest subnet


class Ground:
    """The API of one daemon, in the words of its wire."""

    def __init__(self, daemon):
        self.daemon = daemon

    def ec2(self, action, **arguments):
        return self.daemon.client.call("ec2", action, arguments)

    def __call__(self, method, path, body=None):
        return self.daemon.client.rest("vpc-lattice", method, path, body)

    def refused(self, code, words, method, path, body=None):
        """The members of the exception, which must be this one."""
        try:
            answer = self(method, path, body)
        except aws.AwsError as error:
            assert error.code == code and error.status == STATUS[code], error
            assert words in error.message, f"\"{words}\" is not in: {error.message}"
            return error.response.json()
        raise AssertionError(f"{method} {path} was not refused: {answer}")

    def vpc(self, cidr="127.77.0.0/16"):
        tags = [{"ResourceType": "vpc", "Tag": [{"Key": "sallyport:network", "Value": "host"}]}]
        return self.ec2("CreateVpc", CidrBlock=cidr, TagSpecification=tags)["vpc"]["vpcId"]

    def subnet(self, vpc, cidr):
        return self.ec2("CreateSubnet", VpcId=vpc, CidrBlock=cidr)["subnet"]["subnetId"]

    def group(self, vpc, name):
        return self.ec2("CreateSecurityGroup", VpcId=vpc, GroupName=name, GroupDescription="of a story")["groupId"]

    def default_group(self, vpc):
        filters = [{"Name": "vpc-id", "Value": [vpc]}, {"Name": "group-name", "Value": ["default"]}]
        (group,) = self.ec2("DescribeSecurityGroups", Filter=filters)["securityGroupInfo"]
        return group["groupId"]

    def interfaces(self, subnet):
        found = self.ec2("DescribeNetworkInterfaces", Filter=[{"Name": "subnet-id", "Value": [subnet]}])
        return found["networkInterfaceSet"] or []

    def gateway(self, name, vpc, *subnets, **more):
        return self("POST", GATEWAYS, {"name": name, "vpcIdentifier": vpc, "subnetIds": list(subnets), **more})

    def wait_active(self, gateway):
        def active():
            shown = self("GET", f"{GATEWAYS}/{gateway}")
            assert shown["status"] in ("CREATE_IN_PROGRESS", "ACTIVE"), shown
            return shown if shown["status"] == "ACTIVE" else None
        return harness.wait_until(active, "the gateway to be ACTIVE")

    def configuration(self, name, gateway, definition=None, **more):
        return self("POST", CONFIGURATIONS, asked_configuration(name, gateway, definition, **more))


STATUS = {"ValidationException": 400, "ResourceNotFoundException": 404, "ConflictException": 409,
          "ServiceQuotaExceededException": 402}


def address(text):
    return {"ipResource": {"ipAddress": text}}


def domain(name, kind="IPV4"):
    return {"dnsResource": {"domainName": name, "ipAddressType": kind}}


def asked_configuration(name, gateway, definition=None, **more):
    return {"name": name, "type": "SINGLE", "resourceGatewayIdentifier": gateway,
            "resourceConfigurationDefinition": definition or address("10.0.0.7"), **more}


def fields(members):
    assert members["reason"] == "fieldValidationFailed", members
    return [field["name"] for field in members["fieldList"]]


def label(text):
    return urllib.parse.quote(text, safe="")


# ---- the way of the user ----------------------------------------------------------------------------------------------


def walk(story, daemon, call):
    cli.needs()
    vpc = call.vpc()
    subnets = [call.subnet(vpc, cidr) for cidr in ("127.77.1.0/24", "127.77.2.0/24")]
    group = call.group(vpc, "way-out")
    gateway = configuration = {}

    def lattice(*words):
        return cli.aws(daemon, "vpc-lattice", *words)

    with story.case("create-resource-gateway answers with what was asked for, and it becomes ACTIVE"):
        gateway = lattice("create-resource-gateway", "--name", "gate", "--vpc-identifier", vpc, "--subnet-ids", *subnets,
                          "--security-group-ids", group, "--tags", "team=files,env=test")
        assert gateway["status"] in ("CREATE_IN_PROGRESS", "ACTIVE"), gateway
        assert gateway["arn"].endswith(f":resourcegateway/{gateway['id']}") and len(gateway["id"]) == 21, gateway
        assert (gateway["vpcIdentifier"], gateway["subnetIds"], gateway["securityGroupIds"]) == (vpc, subnets, [group])
        call.wait_active(gateway["id"])
        shown = lattice("get-resource-gateway", "--resource-gateway-identifier", gateway["id"])
        assert (shown["vpcId"], shown["ipAddressType"], shown["ipv4AddressesPerEni"]) == (vpc, "IPV4", 16), shown
        assert shown["createdAt"] and shown["lastUpdatedAt"], shown
        # The CLI passes over members that it does not know yet.
        assert call("GET", f"{GATEWAYS}/{gateway['id']}")["resourceConfigDnsResolution"] == "PUBLIC"

    with story.case("it has a network interface with a free address in each of its subnets"):
        for subnet, cidr in zip(subnets, ("127.77.1.0/24", "127.77.2.0/24")):
            (interface,) = call.interfaces(subnet)
            assert ipaddress.ip_address(interface["privateIpAddress"]) in ipaddress.ip_network(cidr), interface
            assert interface["requesterManaged"] == "true" and gateway["id"] in interface["description"], interface
            assert [entry["groupId"] for entry in interface["groupSet"]] == [group], interface

    with story.case("create-resource-configuration is ACTIVE at once, and says its ports as they were given"):
        configuration = lattice(
            "create-resource-configuration", "--name", "partner", "--type", "SINGLE", "--port-ranges", "22", "2200-2299",
            "--protocol", "TCP", "--resource-gateway-identifier", gateway["arn"],
            "--resource-configuration-definition", "dnsResource={domainName=sftp.example.com,ipAddressType=IPV4}")
        assert configuration["status"] == "ACTIVE" and configuration["type"] == "SINGLE", configuration
        assert configuration["portRanges"] == ["22", "2200-2299"], configuration
        assert configuration["resourceGatewayId"] == gateway["id"], configuration
        assert configuration["arn"].endswith(f":resourceconfiguration/{configuration['id']}"), configuration
        shown = lattice("get-resource-configuration", "--resource-configuration-identifier", configuration["arn"])
        assert shown["resourceConfigurationDefinition"] == domain("sftp.example.com"), shown
        assert (shown["protocol"], shown["amazonManaged"]) == ("TCP", False), shown
        assert shown["allowAssociationToShareableServiceNetwork"] is False, shown

    with story.case("the lists show both, and nothing is associated with a configuration"):
        (item,) = lattice("list-resource-gateways")["items"]
        assert item["id"] == gateway["id"] and item["vpcIdentifier"] == vpc and item["status"] == "ACTIVE", item
        (item,) = lattice("list-resource-configurations", "--resource-gateway-identifier", gateway["id"])["items"]
        assert item["id"] == configuration["id"] and item["amazonManaged"] is False, item
        assert lattice("list-resource-endpoint-associations", "--resource-configuration-identifier",
                       configuration["id"]) == {"items": []}

    with story.case("update-resource-configuration changes target and ports"):
        changed = lattice("update-resource-configuration", "--resource-configuration-identifier", configuration["id"],
                          "--port-ranges", "2022", "--allow-association-to-shareable-service-network",
                          "--resource-configuration-definition", json.dumps(address("127.0.0.1")))
        assert changed["portRanges"] == ["2022"] and changed["resourceConfigurationDefinition"] == address("127.0.0.1")
        shown = lattice("get-resource-configuration", "--resource-configuration-identifier", configuration["id"])
        assert shown["portRanges"] == ["2022"] and shown["allowAssociationToShareableServiceNetwork"] is True, shown
        assert shown["resourceConfigurationDefinition"] == address("127.0.0.1"), shown
        assert shown["name"] == "partner" and shown["lastUpdatedAt"] >= shown["createdAt"], shown

    with story.case("tags are put, shown and removed"):
        words = "list-tags-for-resource", "--resource-arn", gateway["arn"]
        assert lattice(*words)["tags"] == {"team": "files", "env": "test"}
        lattice("tag-resource", "--resource-arn", gateway["arn"], "--tags", "env=live,note=a b")
        lattice("untag-resource", "--resource-arn", gateway["arn"], "--tag-keys", "team", "none")
        assert lattice(*words)["tags"] == {"env": "live", "note": "a b"}
        assert lattice("list-tags-for-resource", "--resource-arn", configuration["arn"])["tags"] == {}

    with story.case("what is in use is not deleted: the refusal names who uses it"):
        words = cli.refusal(daemon, "vpc-lattice", "delete-resource-gateway", "--resource-gateway-identifier", gateway["id"])
        assert "(ConflictException)" in words and configuration["id"] in words, words
        words = cli.refusal(daemon, "ec2", "delete-subnet", "--subnet-id", subnets[0])
        assert "(DependencyViolation)" in words, words
        words = cli.refusal(daemon, "ec2", "delete-security-group", "--group-id", group)
        assert "(DependencyViolation)" in words, words

    with story.case("deleted in order, all of it goes: also the addresses, the tags and the names"):
        lattice("delete-resource-configuration", "--resource-configuration-identifier", configuration["id"])
        words = cli.refusal(daemon, "vpc-lattice", "get-resource-configuration", "--resource-configuration-identifier",
                            configuration["id"])
        assert "(ResourceNotFoundException)" in words, words
        interfaces = [entry["networkInterfaceId"] for subnet in subnets for entry in call.interfaces(subnet)]
        cli.aws(daemon, "ec2", "create-tags", "--resources", *interfaces, "--tags", "Key=team,Value=files")
        gone = lattice("delete-resource-gateway", "--resource-gateway-identifier", gateway["arn"])
        assert gone == {"id": gateway["id"], "arn": gateway["arn"], "name": "gate", "status": "DELETE_IN_PROGRESS"}, gone
        call.refused("ResourceNotFoundException", gateway["id"], "GET", f"{GATEWAYS}/{gateway['id']}")
        assert not any(call.interfaces(subnet) for subnet in subnets)
        tags = cli.aws(daemon, "ec2", "describe-tags", "--filters", "Name=resource-type,Values=network-interface")
        assert tags["Tags"] == [], tags
        for subnet in subnets:
            cli.aws(daemon, "ec2", "delete-subnet", "--subnet-id", subnet)
        cli.aws(daemon, "ec2", "delete-security-group", "--group-id", group)
        cli.aws(daemon, "ec2", "delete-vpc", "--vpc-id", vpc)


# ---- gateways ---------------------------------------------------------------------------------------------------------


def gateways(story, call):
    vpc, other = call.vpc(), call.vpc("127.78.0.0/16")
    subnet, foreign = call.subnet(vpc, "127.77.1.0/24"), call.subnet(other, "127.78.1.0/24")
    default = call.default_group(vpc)

    with story.case("what is missing is named: VPC, subnet, security group"):
        for kind, missing, more in (
                ("VPC", f"vpc-{NOWHERE}", {"vpcIdentifier": f"vpc-{NOWHERE}"}),
                ("SUBNET", f"subnet-{NOWHERE}", {"subnetIds": [subnet, f"subnet-{NOWHERE}"]}),
                ("SECURITY_GROUP", f"sg-{NOWHERE}", {"securityGroupIds": [default, f"sg-{NOWHERE}"]})):
            body = {"name": "gate", "vpcIdentifier": vpc, "subnetIds": [subnet], **more}
            members = call.refused("ResourceNotFoundException", f'"{missing}"', "POST", GATEWAYS, body)
            assert (members["resourceType"], members["resourceId"]) == (kind, missing), members

    with story.case("a gateway that makes no sense is refused, naming the field"):
        for field, more in (
                ("name", {"name": "rgw-one"}), ("name", {"name": "ab"}), ("name", {"name": "a--b"}), ("name", {"name": None}),
                ("vpcIdentifier", {"vpcIdentifier": None}), ("vpcIdentifier", {"vpcIdentifier": "vpc-1"}),
                ("subnetIds", {"subnetIds": []}), ("subnetIds", {"subnetIds": None}),
                ("subnetIds[1]", {"subnetIds": [subnet, subnet]}), ("subnetIds[1]", {"subnetIds": [subnet, foreign]}),
                ("subnetIds", {"subnetIds": [f"subnet-{number:017x}" for number in range(17)]}),
                ("securityGroupIds[0]", {"securityGroupIds": [call.default_group(other)]}),
                ("securityGroupIds[1]", {"securityGroupIds": [default, default]}),
                ("securityGroupIds", {"securityGroupIds": [f"sg-{number:017x}" for number in range(6)]}),
                ("subnetIds[0]", {"ipAddressType": "IPV6"}), ("subnetIds[0]", {"ipAddressType": "DUALSTACK"}),
                ("ipAddressType", {"ipAddressType": "IPX"}), ("resourceConfigDnsResolution", {"resourceConfigDnsResolution": "X"}),
                ("ipv4AddressesPerEni", {"ipv4AddressesPerEni": 63}), ("ipv4AddressesPerEni", {"ipv4AddressesPerEni": 0}),
                ("clientToken", {"clientToken": ""}), ("clientToken", {"clientToken": "a b"}),
                ("clientToken", {"clientToken": "x" * 65}), ("tags", {"tags": {"aws:x": "y"}}), ("tags", {"tags": {"": "y"}}),
                ("tags", {"tags": {"x" * 129: "y"}}), ("tags.x", {"tags": {"x": "y" * 257}}),
                ("tags", {"tags": {str(number): "" for number in range(51)}})):
            body = {"name": "gate", "vpcIdentifier": vpc, "subnetIds": [subnet], **more}
            assert fields(call.refused("ValidationException", field, "POST", GATEWAYS, body)) == [field], (field, more)
        assert call("GET", GATEWAYS) == {"items": []} and not call.interfaces(subnet)

    with story.case("without security groups it has the VPC's default group; what it was asked to keep it keeps"):
        made = call.gateway("kept", vpc, subnet, ipv4AddressesPerEni=3, resourceConfigDnsResolution="IN_VPC",
                            securityGroupIds=[], unknown="passed over")
        shown = call("GET", f"{GATEWAYS}/{label(made['arn'])}")
        assert (shown["securityGroupIds"], shown["ipv4AddressesPerEni"], shown["resourceConfigDnsResolution"],
                shown["serviceManaged"]) == ([default], 3, "IN_VPC", False), shown

    with story.case("UpdateResourceGateway changes security groups only"):
        group = call.group(vpc, "other")
        changed = call("PATCH", f"{GATEWAYS}/{made['id']}", {"securityGroupIds": [group], "name": "other"})
        assert (changed["securityGroupIds"], changed["name"], changed["vpcId"]) == ([group], "kept", vpc), changed
        assert [entry["groupId"] for entry in call.interfaces(subnet)[0]["groupSet"]] == [group]
        assert call("PATCH", f"{GATEWAYS}/{made['id']}", {})["securityGroupIds"] == [group]
        call.refused("ResourceNotFoundException", f"sg-{NOWHERE}", "PATCH", f"{GATEWAYS}/{made['id']}",
                     {"securityGroupIds": [f"sg-{NOWHERE}"]})
        call.refused("ValidationException", other, "PATCH", f"{GATEWAYS}/{made['id']}",
                     {"securityGroupIds": [call.default_group(other)]})
        assert call("GET", f"{GATEWAYS}/{made['id']}")["securityGroupIds"] == [group]
        assert call("PATCH", f"{GATEWAYS}/{made['id']}", {"securityGroupIds": []})["securityGroupIds"] == [default]

    with story.case("a name is given once"):
        members = call.refused("ConflictException", '"kept"', "POST", GATEWAYS,
                               {"name": "kept", "vpcIdentifier": vpc, "subnetIds": [subnet]})
        assert members["resourceType"] == "RESOURCE_GATEWAY", members

    with story.case("what is no id and no ARN of a gateway is refused, and so is one of elsewhere"):
        for text in ("kept", "rgw-1", "gateway-with-a-long-name", f"rcfg-{NOWHERE}", "arn%3Aaws%3As3%3A%3A%3Abucket-one"):
            assert fields(call.refused("ValidationException", "", "GET", f"{GATEWAYS}/{text}")) == \
                ["resourceGatewayIdentifier"], text
        for text in (f"rgw-{NOWHERE}", made["arn"].replace(call.daemon.env["AWS_REGION"], "moon-1")):
            members = call.refused("ResourceNotFoundException", text, "GET", f"{GATEWAYS}/{label(text)}")
            assert (members["resourceType"], members["resourceId"]) == ("RESOURCE_GATEWAY", text), members
        call.refused("ResourceNotFoundException", "", "DELETE", f"{GATEWAYS}/rgw-{NOWHERE}")
        call.refused("ResourceNotFoundException", "", "PATCH", f"{GATEWAYS}/rgw-{NOWHERE}", {"securityGroupIds": []})

    with story.case("a subnet of 16 addresses gives 16 gateways one each, and refuses more until one goes"):
        small = call.subnet(vpc, "127.77.9.0/28")
        clients = [call.daemon.new_client() for _ in range(SMALL + 4)]

        def make(number):
            try:
                return clients[number].rest("vpc-lattice", "POST", GATEWAYS, {
                    "name": f"small-{number}", "vpcIdentifier": vpc, "subnetIds": [subnet, small]})
            except aws.AwsError as error:
                return error

        with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
            answers = list(pool.map(make, range(len(clients))))
        errors = [answer for answer in answers if isinstance(answer, aws.AwsError)]
        small_gateways = [answer["id"] for answer in answers if not isinstance(answer, aws.AwsError)]
        assert (len(errors), len(small_gateways)) == (4, SMALL), errors
        for error in errors:
            assert (error.code, error.status) == ("ServiceQuotaExceededException", 402), error
            assert "no free IPs in the gateway subnets" in error.message and small in error.message, error
            assert {"resourceType", "resourceId", "serviceCode", "quotaCode"} <= set(error.response.json()), error
        used = [entry["privateIpAddress"] for entry in call.interfaces(small)]
        assert len(set(used)) == SMALL and all(item.startswith("127.77.9.") for item in used), used
        assert len(call.interfaces(subnet)) == SMALL + 1, "a refused gateway left an interface in its other subnet"
        call("DELETE", f"{GATEWAYS}/{small_gateways.pop()}")
        small_gateways.append(call.gateway("late", vpc, small)["id"])
        for client in clients:
            client.close()

    with story.case("lists come in pages, in the order of their ids, and a token is good for its list only"):
        seen, token = [], ""
        while token is not None:
            page = call("GET", f"{GATEWAYS}?maxResults=5" + (f"&nextToken={label(token)}" if token else ""))
            assert len(page["items"]) <= 5
            seen += [item["id"] for item in page["items"]]
            token, last = page.get("nextToken"), token
        assert seen == sorted(small_gateways + [made["id"]]), seen
        for path in (f"{CONFIGURATIONS}?nextToken={label(last)}", f"{GATEWAYS}?nextToken=x{label(last)}",
                     f"{GATEWAYS}?maxResults=0", f"{GATEWAYS}?maxResults=101", f"{GATEWAYS}?maxResults=x"):
            assert fields(call.refused("ValidationException", "", "GET", path))[0] in ("nextToken", "maxResults"), path

    for gateway in small_gateways:
        call("DELETE", f"{GATEWAYS}/{gateway}")
    return vpc, subnet, made["id"]


# ---- configurations ---------------------------------------------------------------------------------------------------


def configurations(story, call, gateway):
    with story.case("without port ranges all ports are allowed"):
        made = call.configuration("all-ports", gateway)
        assert made["portRanges"] == ["1-65535"] and made["protocol"] == "TCP" and made["createdAt"], made

    with story.case("a configuration that makes no sense or is not offered is refused, naming the field"):
        definition, where = "resourceConfigurationDefinition", ".ipResource.ipAddress"
        for field, more in (
                ("name", {"name": "rcfg-one"}), ("name", {"name": "A-b"}), ("type", {"type": None}),
                (definition, {"type": "GROUP"}), ("resourceGatewayIdentifier", {"type": "CHILD"}),
                ("resourceConfigurationGroupIdentifier", {"type": "CHILD", "resourceGatewayIdentifier": None}),
                ("type", {"type": "ARN"}), ("type", {"type": "CIDR"}), ("type", {"type": "ALL"}), ("protocol", {"protocol": "UDP"}),
                ("resourceGatewayIdentifier", {"resourceGatewayIdentifier": None}), ("portRanges", {"portRanges": []}),
                ("portRanges[0]", {"portRanges": ["0"]}), ("portRanges[1]", {"portRanges": ["22", "65536"]}),
                ("portRanges[0]", {"portRanges": ["30-20"]}), ("portRanges", {"portRanges": ["20-30", "30"]}),
                ("portRanges[0]", {"portRanges": [22]}), ("portRanges[0]", {"portRanges": ["ssh"]}), (definition, {definition: None}),
                (definition, {definition: {**address("10.0.0.1"), **domain("a.example")}}), (definition, {definition: {}}),
                (definition, {definition: {"arnResource": {"arn": "arn:aws:rds:x:1:db:y"}}}),
                (definition + where, {definition: address("8.8.8.8")}), (definition + where, {definition: address("fd00::1")}),
                (definition + where, {definition: address("10.0.0.256")}),
                (definition + ".dnsResource.domainName", {definition: domain("10.0.0.1")}),
                (definition + ".dnsResource.domainName", {definition: domain("no name")}),
                (definition + ".dnsResource.ipAddressType", {definition: domain("a.example", "IPV6")}),
                (definition + ".dnsResource.ipAddressType", {definition: domain("a.example", "DUALSTACK")}),
                ("groupDomain", {"groupDomain": "example.com"}), ("customDomainName", {"customDomainName": "a b c"}),
                ("resourceConfigurationGroupIdentifier", {"resourceConfigurationGroupIdentifier": f"rcfg-{NOWHERE}"})):
            body = {**asked_configuration("wrong", gateway), **more}
            assert fields(call.refused("ValidationException", field, "POST", CONFIGURATIONS, body)) == [field], (field, more)
        call.refused("ValidationException", "IP address 8.8.8.8 is not in allowed ranges.", "POST", CONFIGURATIONS,
                     asked_configuration("wrong", gateway, address("8.8.8.8")))
        call.refused("ResourceNotFoundException", f"rgw-{NOWHERE}", "POST", CONFIGURATIONS,
                     asked_configuration("wrong", f"rgw-{NOWHERE}"))
        assert [item["name"] for item in call("GET", CONFIGURATIONS)["items"]] == ["all-ports"]

    with story.case("an update is as strict, and a refused one changes nothing"):
        for more in ({"portRanges": ["1", "1"]}, {"portRanges": ["70000"]},
                     {"portRanges": ["22"], "resourceConfigurationDefinition": address("1.2.3.4")}):
            call.refused("ValidationException", "", "PATCH", f"{CONFIGURATIONS}/{made['id']}", more)
        shown = call("GET", f"{CONFIGURATIONS}/{made['id']}")
        assert shown["portRanges"] == ["1-65535"] and shown["resourceConfigurationDefinition"] == address("10.0.0.7"), shown
        changed = call("PATCH", f"{CONFIGURATIONS}/{made['id']}", {"resourceConfigurationDefinition": domain("files.lan")})
        assert changed["resourceConfigurationDefinition"] == domain("files.lan") and changed["portRanges"] == ["1-65535"]

    with story.case("a name is given once, and a configuration that is not there is named"):
        members = call.refused("ConflictException", '"all-ports"', "POST", CONFIGURATIONS,
                               asked_configuration("all-ports", gateway))
        assert members["resourceType"] == "RESOURCE_CONFIGURATION", members
        for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
            members = call.refused("ResourceNotFoundException", f"rcfg-{NOWHERE}", method,
                                   f"{CONFIGURATIONS}/rcfg-{NOWHERE}", body)
            assert members["resourceType"] == "RESOURCE_CONFIGURATION", members

    with story.case("a list is of one gateway when it is asked so"):
        assert call("GET", f"{CONFIGURATIONS}?resourceGatewayIdentifier=rgw-{NOWHERE}") == {"items": []}
        assert call("GET", f"{CONFIGURATIONS}?resourceConfigurationGroupIdentifier=rcfg-{NOWHERE}") == {"items": []}
        found = call("GET", f"{CONFIGURATIONS}?resourceGatewayIdentifier={gateway}&maxResults=1")
        assert [item["id"] for item in found["items"]] == [made["id"]] and "nextToken" not in found, found

    with story.case("a configuration that a connector uses is not deleted"):
        secret = call.daemon.client.call("secretsmanager", "CreateSecret", {
            "Name": "partner", "SecretString": json.dumps({"Username": "u", "Password": "p"})})["ARN"]
        connector = call.daemon.client.call("transfer", "CreateConnector", {
            "AccessRole": call.daemon.env["SALLYPORT_ROLE"], "SftpConfig": {"UserSecretId": secret},
            "EgressConfig": {"VpcLattice": {"ResourceConfigurationArn": made["arn"], "PortNumber": 22}}})["ConnectorId"]
        members = call.refused("ConflictException", connector, "DELETE", f"{CONFIGURATIONS}/{made['id']}")
        assert members["resourceId"] == made["id"], members
        call.daemon.client.call("transfer", "DeleteConnector", {"ConnectorId": connector})
        response = call.daemon.client.send("vpc-lattice", aws.Request("DELETE", f"{CONFIGURATIONS}/{made['id']}"))
        assert (response.status, response.body) == (204, b"")
        call.refused("ResourceNotFoundException", made["id"], "GET", f"{CONFIGURATIONS}/{made['id']}")


CHILDREN_MAX = 60


def groups(story, call, gateway):
    group = first = {}

    def child(name, **more):
        return call("POST", CONFIGURATIONS, {"name": name, "type": "CHILD", "portRanges": ["22"],
                                             "resourceConfigurationGroupIdentifier": group["id"],
                                             "resourceConfigurationDefinition": address("10.0.0.8"), **more})

    with story.case("a GROUP has a gateway and no target, and its CHILD inherits the gateway; by the CLI"):
        cli.needs()
        group = cli.aws(call.daemon, "vpc-lattice", "create-resource-configuration", "--name", "partners", "--type", "GROUP",
                        "--resource-gateway-identifier", gateway)
        assert (group["type"], group["resourceGatewayId"]) == ("GROUP", gateway), group
        assert "resourceConfigurationDefinition" not in group and "resourceConfigurationGroupId" not in group, group
        first = cli.aws(call.daemon, "vpc-lattice", "create-resource-configuration", "--name", "partner-1", "--type", "CHILD",
                        "--resource-configuration-group-identifier", group["arn"], "--port-ranges", "22",
                        "--resource-configuration-definition", "ipResource={ipAddress=10.0.0.8}")
        assert (first["type"], first["resourceConfigurationGroupId"]) == ("CHILD", group["id"]), first
        assert first["resourceGatewayId"] == gateway and first["portRanges"] == ["22"], first
        shown = call("GET", f"{CONFIGURATIONS}/{first['id']}")
        assert shown["resourceConfigurationDefinition"] == address("10.0.0.8") and shown["status"] == "ACTIVE", shown

    with story.case("a list is of one group when it is asked so, and a token of one group is none of another"):
        second = child("partner-2")
        listed = f"{CONFIGURATIONS}?resourceConfigurationGroupIdentifier={group['id']}&maxResults=1"
        page = call("GET", listed)
        rest = call("GET", f"{listed}&nextToken={label(page['nextToken'])}")
        assert {item["id"] for item in page["items"] + rest["items"]} == {first["id"], second["id"]}, (page, rest)
        assert fields(call.refused("ValidationException", "nextToken", "GET",
                                   f"{CONFIGURATIONS}?maxResults=1&nextToken={label(page['nextToken'])}")) == ["nextToken"]

    with story.case("names of children lie in the domain of their group"):
        named = call("POST", CONFIGURATIONS, {"name": "named", "type": "GROUP", "resourceGatewayIdentifier": gateway,
                                              "groupDomain": "partners.example"})
        inside = {"resourceConfigurationGroupIdentifier": named["id"]}
        made = child("in-domain", customDomainName="a.partners.example", **inside)
        assert (named["groupDomain"], made["customDomainName"]) == ("partners.example", "a.partners.example")
        for body in ({**inside, "customDomainName": "a.example"}, {"customDomainName": "a.partners.example"}):
            call.refused("ValidationException", "groupDomain", "POST", CONFIGURATIONS, {
                "name": "outside", "type": "CHILD", "resourceConfigurationGroupIdentifier": group["id"],
                "resourceConfigurationDefinition": address("10.0.0.8"), **body})
        call("DELETE", f"{CONFIGURATIONS}/{made['id']}")
        call("DELETE", f"{CONFIGURATIONS}/{named['id']}")

    with story.case("what is no group has no children, and a group has no target, also not later"):
        call.refused("ValidationException", "is a CHILD", "POST", CONFIGURATIONS, {
            "name": "grandchild", "type": "CHILD", "resourceConfigurationGroupIdentifier": first["id"],
            "resourceConfigurationDefinition": address("10.0.0.8")})
        call.refused("ResourceNotFoundException", f"rcfg-{NOWHERE}", "POST", CONFIGURATIONS, {
            "name": "orphan", "type": "CHILD", "resourceConfigurationGroupIdentifier": f"rcfg-{NOWHERE}",
            "resourceConfigurationDefinition": address("10.0.0.8")})
        call.refused("ValidationException", "leads nowhere", "PATCH", f"{CONFIGURATIONS}/{group['id']}",
                     {"resourceConfigurationDefinition": address("10.0.0.8")})

    with story.case("a connector leads to a CHILD, and one to a GROUP says what to do instead"):
        secret = call.daemon.client.call("secretsmanager", "CreateSecret", {
            "Name": "of-group", "SecretString": json.dumps({"Username": "u", "Password": "p"})})["ARN"]
        found = {}
        for kind, arn in (("CHILD", first["arn"]), ("GROUP", group["arn"])):
            connector = call.daemon.client.call("transfer", "CreateConnector", {
                "AccessRole": call.daemon.env["SALLYPORT_ROLE"], "SftpConfig": {"UserSecretId": secret},
                "EgressConfig": {"VpcLattice": {"ResourceConfigurationArn": arn}}})["ConnectorId"]

            def settled(connector=connector):
                shown = call.daemon.client.call("transfer", "DescribeConnector", {"ConnectorId": connector})["Connector"]
                return shown if shown["Status"] != "PENDING" else None
            found[kind] = harness.wait_until(settled, "the connector to be no longer PENDING")
            call.refused("ConflictException", "", "DELETE", f"{CONFIGURATIONS}/{arn.rpartition('/')[2]}")
            call.daemon.client.call("transfer", "DeleteConnector", {"ConnectorId": connector})
        assert found["CHILD"]["Status"] == "ACTIVE", found
        assert found["GROUP"]["Status"] == "ERRORED" and "use one of its children" in found["GROUP"]["ErrorMessage"], found

    with story.case("a group has sixty children, and goes when they have gone"):
        more = [child(f"child-{number}") for number in range(CHILDREN_MAX - 2)]
        members = call.refused("ServiceQuotaExceededException", group["id"], "POST", CONFIGURATIONS, {
            "name": "one-more", "type": "CHILD", "resourceConfigurationGroupIdentifier": group["id"],
            "resourceConfigurationDefinition": address("10.0.0.8")})
        assert members["quotaCode"] == "L-9BC96FEF", members
        members = call.refused("ConflictException", "has children", "DELETE", f"{CONFIGURATIONS}/{group['id']}")
        assert members["resourceId"] == group["id"], members
        for configuration in (first, second, *more, group):
            call("DELETE", f"{CONFIGURATIONS}/{configuration['id']}")
        assert [item for item in call("GET", CONFIGURATIONS)["items"] if item["type"] != "SINGLE"] == []


# ---- tokens, tags, the protocol -----------------------------------------------------------------------------------------


def tokens(story, call, vpc, subnet, gateway):
    with story.case("the same request with the same token makes one gateway, and one configuration"):
        for path, body in (
                (GATEWAYS, {"name": "twice", "vpcIdentifier": vpc, "subnetIds": [subnet], "tags": {"a": "1", "b": "2"}}),
                (CONFIGURATIONS, asked_configuration("twice", gateway))):
            body["clientToken"] = "token-one"
            before = len(call("GET", path)["items"])
            first = call("POST", path, body)
            again = call("POST", path, dict(reversed(body.items())))
            assert {**first, "status": ""} == {**again, "status": ""} and len(call("GET", path)["items"]) == before + 1
            members = call.refused("ConflictException", "token-one", "POST", path, {**body, "name": "thrice"})
            assert members["resourceType"].startswith("RESOURCE_"), members
            call("DELETE", f"{path}/{first['id']}")
            call.refused("ConflictException", "deleted since", "POST", path, body)

    with story.case("twenty at once with one token make one gateway"):
        clients = [call.daemon.new_client() for _ in range(20)]
        body = {"name": "at-once", "vpcIdentifier": vpc, "subnetIds": [subnet], "clientToken": "token-two"}
        with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
            answers = list(pool.map(lambda client: client.rest("vpc-lattice", "POST", GATEWAYS, body), clients))
        assert len(collections.Counter(answer["id"] for answer in answers)) == 1
        call("DELETE", f"{GATEWAYS}/{answers[0]['id']}")
        for client in clients:
            client.close()

    with story.case("tags have limits, and hang on what is there"):
        arn = call("GET", f"{GATEWAYS}/{gateway}")["arn"]
        path = f"/tags/{label(arn)}"
        call("POST", path, {"tags": {str(number): "" for number in range(50)}})
        assert fields(call.refused("ValidationException", "at most 50 tags", "POST", path, {"tags": {"more": ""}})) == ["tags"]
        assert len(call("GET", path)["tags"]) == 50
        call("DELETE", path + "?" + "&".join(f"tagKeys={number}" for number in range(49)))
        assert call("GET", path) == {"tags": {"49": ""}}
        for missing in (arn.replace(gateway, f"rgw-{NOWHERE}"), arn.replace(":vpc-lattice:", ":vpc-lattice:x")):
            call.refused("ResourceNotFoundException", "there is no resource gateway", "GET", f"/tags/{label(missing)}")
        for wrong in ("arn:aws:s3:::a-bucket-of-files", "no arn at all, however long"):
            assert fields(call.refused("ValidationException", "", "GET", f"/tags/{label(wrong)}")) == ["resourceArn"]
        assert fields(call.refused("ValidationException", "", "DELETE", path)) == ["tagKeys"]

    with story.case("an operation that is not there is refused, naming those that are"):
        for method, path, words in (("GET", "/services", "ListResourceGateways (GET /resourcegateways)"),
                                    ("PUT", GATEWAYS, "this path has POST (CreateResourceGateway)")):
            members = call.refused("ValidationException", words, method, path)
            assert members["reason"] == "unknownOperation", members


def survival(story, call, vpc, subnet):
    with story.case("what was answered is there after kill -9, and its addresses are still taken"):
        gateway = call.gateway("survivor", vpc, subnet)
        configuration = call.configuration("survivor", gateway["id"], portRanges=["22"])
        (interface,) = [entry for entry in call.interfaces(subnet) if gateway["id"] in entry["description"]]
        call.daemon.kill()
        call.daemon.start()
        shown = call.wait_active(gateway["id"])
        assert shown["subnetIds"] == [subnet]
        assert call("GET", f"{CONFIGURATIONS}/{configuration['id']}")["portRanges"] == ["22"]
        addresses = {entry["networkInterfaceId"]: entry["privateIpAddress"] for entry in call.interfaces(subnet)}
        assert addresses[interface["networkInterfaceId"]] == interface["privateIpAddress"]


with harness.Story() as main_story:
    main_daemon = main_story.enter(harness.Daemon(main_story.folder / "state"))
    ground = Ground(main_daemon)
    walk(main_story, main_daemon, ground)
    main_vpc, main_subnet, main_gateway = gateways(main_story, ground)
    configurations(main_story, ground, main_gateway)
    groups(main_story, ground, main_gateway)
    tokens(main_story, ground, main_vpc, main_subnet, main_gateway)
    survival(main_story, ground, main_vpc, main_subnet)
