#!/usr/bin/env python3
"""Terraform with AWS's own provider: a private network, a gateway and a connector are applied, do not drift, and go; so
do route tables, gateways to the internet, public addresses and an appliance's network interface, where networks are made."""

import collections
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import ec2  # noqa: E402
import harness  # noqa: E402
import lan  # noqa: E402
import policies  # noqa: E402

PROVIDER = "registry.terraform.io/hashicorp/aws"
PROVIDER_VERSION = "5.100.0"
PLACES = ("/opt", "/usr/share", "/usr/local/share", "~/.terraform.d")  # where people keep a mirror of providers
MIRROR_VARIABLE = "SALLYPORT_TERRAFORM_PLUGINS"
SERVICES = ("ec2", "vpclattice", "transfer", "secretsmanager", "sts", "iam", "s3")
COMMAND_SECONDS = 300

CONFIGURATION = """
terraform {{
  required_providers {{
    aws = {{ source = "hashicorp/aws", version = "{version}" }}
  }}
}}

provider "aws" {{
  region            = "{region}"
  s3_use_path_style = true
  assume_role {{
    role_arn     = "{role}"
    session_name = "terraform"
  }}
  endpoints {{
{endpoints}
  }}
}}

resource "aws_s3_bucket" "files" {{
  bucket        = "terraformed"
  force_destroy = true
}}

resource "aws_s3_object" "greeting" {{
  bucket       = aws_s3_bucket.files.id
  key          = "out/greeting.txt"
  content      = "ports {ports}"
  content_type = "text/plain"
  metadata     = {{ by = "terraform" }}
}}

data "aws_s3_object" "greeting" {{
  bucket = aws_s3_bucket.files.id
  key    = aws_s3_object.greeting.key
}}

resource "aws_vpc" "private" {{
  cidr_block           = "10.47.0.0/16"
  enable_dns_hostnames = true
  tags                 = {{ Name = "private", "sallyport:network" = "{provider}" }}
}}

resource "aws_subnet" "chosen" {{
  count             = 2
  vpc_id            = aws_vpc.private.id
  cidr_block        = cidrsubnet(aws_vpc.private.cidr_block, 8, count.index + 1)
  availability_zone = "{region}${{["a", "b"][count.index]}}"
  tags              = {{ Name = "chosen-${{count.index}}" }}
}}

resource "aws_security_group" "out" {{
  name        = "sftp-out"
  description = "to the partner"
  vpc_id      = aws_vpc.private.id

  egress {{
    description = "SSH"
    protocol    = "tcp"
    from_port   = 22
    to_port     = 22
    cidr_blocks = ["10.47.9.0/24", "172.20.0.0/16"]
  }}
  ingress {{
    protocol  = "-1"
    from_port = 0
    to_port   = 0
    self      = true
  }}
}}

resource "aws_vpc_security_group_egress_rule" "https" {{
  security_group_id = aws_security_group.more.id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "10.47.0.0/16"
  tags              = {{ Name = "https" }}
}}

resource "aws_security_group" "more" {{
  name_prefix = "more-"
  vpc_id      = aws_vpc.private.id
  lifecycle {{ ignore_changes = [egress] }}
}}

resource "aws_secretsmanager_secret" "login" {{
  name                    = "aws/transfer/terraform"
  recovery_window_in_days = 0
  tags                    = {{ partner = "acme" }}
}}

resource "aws_secretsmanager_secret_version" "login" {{
  secret_id     = aws_secretsmanager_secret.login.id
  secret_string = jsonencode({{ Username = "acme", Password = "first" }})
}}

resource "aws_vpclattice_resource_gateway" "out" {{
  name               = "to-partner"
  vpc_id             = aws_vpc.private.id
  subnet_ids         = aws_subnet.chosen[*].id
  security_group_ids = [aws_security_group.out.id]
  tags               = {{ partner = "acme" }}
}}

resource "aws_vpclattice_resource_configuration" "partner" {{
  name                        = "partner"
  resource_gateway_identifier = aws_vpclattice_resource_gateway.out.id
  port_ranges                 = ["{ports}"]
  protocol                    = "TCP"
  resource_configuration_definition {{
    ip_resource {{
      ip_address = "10.47.9.22"
    }}
  }}
}}

resource "aws_vpclattice_resource_configuration" "sites" {{
  name                        = "sites"
  type                        = "GROUP"
  resource_gateway_identifier = aws_vpclattice_resource_gateway.out.id
  protocol                    = "TCP"
}}

resource "aws_vpclattice_resource_configuration" "site" {{
  for_each                        = {{ north = "10.47.9.23", south = "10.47.9.24" }}
  name                            = each.key
  type                            = "CHILD"
  resource_configuration_group_id = aws_vpclattice_resource_configuration.sites.id
  port_ranges                     = ["{ports}"]
  resource_configuration_definition {{
    ip_resource {{
      ip_address = each.value
    }}
  }}
}}

resource "aws_iam_role" "mover" {{
  name = "mover"
  assume_role_policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = {{ Service = "transfer.amazonaws.com" }}
    }}]
  }})
  tags = {{ partner = "acme" }}
}}

resource "aws_iam_role_policy" "files" {{
  name = "files"
  role = aws_iam_role.mover.id
  policy = jsonencode({{
    Version   = "2012-10-17"
    Statement = [{{ Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject"], Resource = "arn:aws:s3:::acme/{ports}/*" }}]
  }})
}}

resource "aws_iam_policy" "secret" {{
  name        = "read-secret"
  path        = "/partners/"
  description = "of one partner"
  policy = jsonencode({{
    Version   = "2012-10-17"
    Statement = [{{ Sid = "p{sid}", Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = aws_secretsmanager_secret.login.arn }}]
  }})
}}

resource "aws_iam_role_policy_attachment" "secret" {{
  role       = aws_iam_role.mover.name
  policy_arn = aws_iam_policy.secret.arn
}}

resource "aws_iam_role_policy_attachment" "logging" {{
  role       = aws_iam_role.mover.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSTransferLoggingAccess"
}}

resource "aws_iam_user" "billing" {{
  name = "billing"
  path = "/people/"
  tags = {{ of = "finance" }}
}}

resource "aws_iam_access_key" "billing" {{
  user = aws_iam_user.billing.name
}}

resource "aws_iam_user_policy" "send" {{
  name = "send"
  user = aws_iam_user.billing.name
  policy = jsonencode({{
    Version   = "2012-10-17"
    Statement = [{{ Effect = "Allow", Action = "transfer:StartFileTransfer", Resource = aws_transfer_connector.partner.arn }}]
  }})
}}

resource "aws_transfer_connector" "partner" {{
  access_role = aws_iam_role.mover.arn
  url         = "sftp://sftp.acme.example"
  sftp_config {{
    user_secret_id    = aws_secretsmanager_secret.login.id
    trusted_host_keys = ["{key}"]
  }}
  tags = {{ partner = "acme" }}
}}

output "vpc" {{
  value = aws_vpc.private.id
}}

output "greeting" {{
  value = data.aws_s3_object.greeting.body
}}

output "gateway" {{
  value = aws_vpclattice_resource_gateway.out.id
}}
"""


# Where networks are made of namespaces.
ROUTING = """
resource "aws_vpc" "routed" {{
  cidr_block                       = "10.48.0.0/16"
  assign_generated_ipv6_cidr_block = true
  tags = {{
    Name                = "routed"
    "sallyport:network" = "netns"
    "sallyport:uplink"  = "{uplink}"
    "sallyport:router"  = "192.0.2.1"
  }}
}}

resource "aws_subnet" "routed" {{
  for_each        = {{ public = 1, private = 2, inspected = 3 }}
  vpc_id          = aws_vpc.routed.id
  cidr_block      = cidrsubnet(aws_vpc.routed.cidr_block, 8, each.value)
  ipv6_cidr_block = cidrsubnet(aws_vpc.routed.ipv6_cidr_block, 8, each.value)
  tags            = {{ Name = each.key }}

  assign_ipv6_address_on_creation = each.key == "private"
}}

resource "aws_internet_gateway" "out" {{
  vpc_id = aws_vpc.routed.id
  tags   = {{ Name = "out" }}
}}

resource "aws_eip" "known" {{
  domain           = "vpc"
  public_ipv4_pool = "{pool}"
  tags             = {{ Name = "known" }}
}}

resource "aws_eip" "chosen" {{
  domain  = "vpc"
  address = "203.0.113.13"
}}

resource "aws_nat_gateway" "public" {{
  allocation_id = aws_eip.known.id
  subnet_id     = aws_subnet.routed["public"].id
  tags          = {{ Name = "{name}" }}
  depends_on    = [aws_internet_gateway.out]
}}

resource "aws_nat_gateway" "private" {{
  connectivity_type = "private"
  subnet_id         = aws_subnet.routed["private"].id
  private_ip        = "10.48.2.77"
}}

resource "aws_security_group" "appliance" {{
  name   = "appliance"
  vpc_id = aws_vpc.routed.id
  egress {{
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["0.0.0.0/0"]

    ipv6_cidr_blocks = ["::/0"]
  }}
}}

resource "aws_vpc_security_group_egress_rule" "six" {{
  security_group_id = aws_security_group.six.id
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_ipv6         = aws_vpc.routed.ipv6_cidr_block
}}

resource "aws_security_group" "six" {{
  name   = "six"
  vpc_id = aws_vpc.routed.id
  lifecycle {{ ignore_changes = [egress] }}
}}

resource "aws_vpclattice_resource_gateway" "six" {{
  name               = "by-both"
  vpc_id             = aws_vpc.routed.id
  subnet_ids         = [aws_subnet.routed["private"].id]
  security_group_ids = [aws_security_group.six.id]
  ip_address_type    = "DUALSTACK"
}}

resource "aws_vpclattice_resource_configuration" "six" {{
  name                        = "by-six"
  resource_gateway_identifier = aws_vpclattice_resource_gateway.six.id
  port_ranges                 = ["22"]
  protocol                    = "TCP"
  resource_configuration_definition {{
    ip_resource {{
      ip_address = cidrhost(aws_subnet.routed["inspected"].ipv6_cidr_block, 34)
    }}
  }}
}}

resource "aws_vpclattice_resource_configuration" "name" {{
  name                        = "by-name"
  resource_gateway_identifier = aws_vpclattice_resource_gateway.six.id
  port_ranges                 = ["22"]
  protocol                    = "TCP"
  resource_configuration_definition {{
    dns_resource {{
      domain_name     = "six.example.com"
      ip_address_type = "IPV6"
    }}
  }}
}}

resource "aws_route" "six" {{
  route_table_id              = aws_route_table.private.id
  destination_ipv6_cidr_block = "fd99:8::/48"
  network_interface_id        = aws_network_interface.appliance.id
}}

resource "aws_network_interface" "appliance" {{
  subnet_id         = aws_subnet.routed["inspected"].id
  private_ips       = ["10.48.3.40"]
  ipv6_addresses    = [cidrhost(aws_subnet.routed["inspected"].ipv6_cidr_block, 64)]
  security_groups   = [aws_security_group.appliance.id]
  source_dest_check = false
  description       = "{name}"
  tags              = {{ Name = "appliance" }}
}}

resource "aws_eip_association" "appliance" {{
  allocation_id        = aws_eip.chosen.id
  network_interface_id = aws_network_interface.appliance.id
  depends_on           = [aws_internet_gateway.out]
}}

resource "aws_route_table" "public" {{
  vpc_id = aws_vpc.routed.id
  route {{
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.out.id
  }}
  tags = {{ Name = "public" }}
}}

resource "aws_route_table" "private" {{
  vpc_id = aws_vpc.routed.id
}}

resource "aws_route" "internet" {{
  route_table_id         = aws_route_table.private.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.public.id
}}

resource "aws_route" "partners" {{
  route_table_id         = aws_route_table.private.id
  destination_cidr_block = "{partners}"
  network_interface_id   = aws_network_interface.appliance.id
}}

resource "aws_route" "office" {{
  route_table_id         = aws_route_table.private.id
  destination_cidr_block = "172.20.0.0/16"
  nat_gateway_id         = aws_nat_gateway.private.id
}}

resource "aws_route_table_association" "public" {{
  for_each       = toset(["public", "inspected"])
  subnet_id      = aws_subnet.routed[each.key].id
  route_table_id = aws_route_table.public.id
}}

resource "aws_main_route_table_association" "private" {{
  vpc_id         = aws_vpc.routed.id
  route_table_id = aws_route_table.private.id
}}

output "routed" {{
  value = aws_vpc.routed.id
}}

output "private_table" {{
  value = aws_route_table.private.id
}}

output "addresses" {{
  value = [aws_nat_gateway.public.public_ip, aws_eip.known.public_ip]
}}
"""


def mirror():
    """The folder that has the provider as a filesystem mirror; asks a variable first, then looks in usual places."""
    told = os.environ.get(MIRROR_VARIABLE)
    for place in [told] if told else PLACES:
        for found in sorted(pathlib.Path(place).expanduser().glob(f"**/{PROVIDER}/{PROVIDER_VERSION}")):
            return found.parents[3]
    raise harness.Skip(f"there is no mirror with AWS provider {PROVIDER_VERSION} under {told or ', '.join(PLACES)}; "
                       f"{MIRROR_VARIABLE} may name its folder")


class Provider(harness.Tool):
    """The provider, started once for all commands, as its developers do it: each command would start it several times, and
    most of the story's time went there."""

    ATTACH = "TF_REATTACH_PROVIDERS"

    def __init__(self, terraform):
        program, = (terraform.plugins / PROVIDER / PROVIDER_VERSION).glob("*/terraform-provider-aws*")
        quiet = {name: "OFF" for name in ("TF_LOG", "TF_LOG_PROVIDER", "TF_LOG_SDK", "TF_LOG_SDK_PROTO")}
        super().__init__(*terraform.prefix, program, "-debug", env=terraform.env | quiet, stderr=subprocess.DEVNULL)
        self.env = terraform.env

    def __enter__(self):
        super().__enter__()
        _, line = self.wait_line(lambda line: f"{self.ATTACH}=" in line)
        self.env[self.ATTACH] = line.partition("=")[2].strip().strip("'")
        return self

    def __exit__(self, *_):
        del self.env[self.ATTACH]
        harness.end(self.process)


class Terraform:
    def __init__(self, daemon, folder, plugins):
        if shutil.which("terraform") is None:
            raise harness.Skip("there is no `terraform` on this machine")
        self.daemon, self.folder, self.plugins = daemon, folder, plugins
        self.outputs, self.done, self.planned = {}, {}, {}
        folder.mkdir()
        rc = folder / "terraform.rc"
        rc.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{plugins}"\n  }}\n}}\n'
                      "disable_checkpoint = true\n", encoding="ascii")
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))}
        self.env.update(daemon.env, TF_CLI_CONFIG_FILE=str(rc), TF_IN_AUTOMATION="1", TF_INPUT="0",
                        CHECKPOINT_DISABLE="1", AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull,
                        AWS_EC2_METADATA_DISABLED="true")

    @functools.cached_property
    def role(self):
        """What the provider acts as: it may do everything."""
        iam = functools.partial(self.daemon.client.call, "iam")
        document = policies.trusting_aws(self.daemon.client.call("sts", "GetCallerIdentity")["Account"])
        made = iam("CreateRole", {"RoleName": "terraform", "AssumeRolePolicyDocument": document})["Role"]
        iam("AttachRolePolicy", {"RoleName": "terraform", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"})
        return made["Arn"]

    def write(self, provider, ports):
        endpoint = self.daemon.env["AWS_ENDPOINT_URL"]
        endpoints = "\n".join(f'    {service} = "{endpoint}"' for service in SERVICES)
        (self.folder / "main.tf").write_text(CONFIGURATION.format(
            version=PROVIDER_VERSION, region=self.daemon.env["AWS_REGION"], endpoints=endpoints, provider=provider,
            ports=ports, sid=ports.replace("-", ""), key=self.key(), role=self.role), encoding="ascii")

    def write_routing(self, name, partners):
        """@name: of things that change in place; @partners: the block that leads through the appliance."""
        pools = self.daemon.client.call("ec2", "DescribePublicIpv4Pools")["publicIpv4PoolSet"]
        office = next(pool["poolId"] for pool in pools if pool["description"] == "office")
        (self.folder / "routing.tf").write_text(ROUTING.format(uplink=ec2.UPLINK, pool=office, name=name,
                                                               partners=partners), encoding="ascii")

    def key(self):
        """A host key; made once."""
        path = self.folder / "host_key"
        if not path.exists():
            subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-C", "", "-f", str(path)], check=True,
                           stdin=subprocess.DEVNULL)
        return " ".join(path.with_suffix(".pub").read_text(encoding="ascii").split()[:2])

    @property
    def prefix(self):
        return self.daemon.namespace.prefix if self.daemon.namespace else []

    def run(self, *words, codes=(0,)):
        done = subprocess.run([*self.prefix, "terraform", *words], cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False, timeout=COMMAND_SECONDS)
        assert done.returncode in codes, f"terraform {words[0]}: {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    def told(self, *words, codes=(0,)):
        """What it says for programs to read: {type: messages}"""
        found = collections.defaultdict(list)
        for line in self.run(*words, "-json", codes=codes).splitlines():
            message = json.loads(line)
            found[message["type"]].append(message)
        return found

    def apply(self):
        """Does it; {resource: what was done with it}. Kept in @done; @outputs is what it said in the end."""
        told = self.told("apply", "-auto-approve")
        self.outputs = {name: entry["value"] for name, entry in told["outputs"][-1]["outputs"].items()}
        self.done = collections.defaultdict(list)
        for message in told["apply_complete"]:
            self.done[message["hook"]["resource"]["addr"]].append(message["hook"]["action"])
        return self.done

    def plan(self):
        """{resource: what would be done with it}. Kept in @planned."""
        told = self.told("plan", "-detailed-exitcode", codes=(0, 2))
        self.planned = {message["change"]["resource"]["addr"]: message["change"]["action"]
                        for message in told["planned_change"]}
        return self.planned


def of(configuration, actions):
    """Those of @actions that are of the resources of one configuration."""
    names = set(re.findall(r'^resource "(\w+)" "(\w+)"', configuration, re.MULTILINE))
    return {address: action for address, action in actions.items()
            if tuple(address.partition("[")[0].split(".")) in names}


def write(terraform, ports, name, partners):
    """All there is; @name and @partners: as in write_routing()."""
    terraform.write("netns" if is_root else "host", ports)
    if is_root:
        terraform.write_routing(name, partners)


# One apply or plan is for both configurations, for most of its time is the provider's start; each part of the story looks
# at what was done with its own resources.


def begin(story, terraform):
    with story.case("terraform init finds the provider without a network"):
        write(terraform, "22", "known", "198.51.100.0/24")
        terraform.run("init", "-no-color")
        story.enter(Provider(terraform))

    with story.case("terraform apply, which takes on a role for it, makes a network, a gateway, a configuration, a secret, a role, a user and a connector"):
        done = of(CONFIGURATION, terraform.apply())
        assert {"aws_vpc.private", "aws_transfer_connector.partner"} <= set(done)
        assert all(actions == ["create"] for actions in done.values()), done
        shown = terraform.daemon.client.rest("vpc-lattice", "GET", f"/resourcegateways/{terraform.outputs['gateway']}")
        assert shown["status"] == "ACTIVE" and len(shown["subnetIds"]) == 2, shown

    with story.case("a bucket and an object in it are what it says"):
        bucket = terraform.daemon.state / "buckets" / "terraformed"
        assert (bucket / "out" / "greeting.txt").read_text(encoding="ascii") == "ports 22"
        assert terraform.outputs["greeting"] == "ports 22", terraform.outputs

    with story.case("a GROUP is made before its CHILDren, which have its gateway"):
        items = terraform.daemon.client.rest("vpc-lattice", "GET", "/resourceconfigurations")["items"]
        by_name = {item["name"]: item for item in items}
        group = by_name["sites"]
        assert group["type"] == "GROUP" and group["resourceGatewayId"] == terraform.outputs["gateway"], group
        for name in ("north", "south"):
            child = by_name[name]
            assert (child["type"], child["resourceConfigurationGroupId"]) == ("CHILD", group["id"]), child
            assert child["resourceGatewayId"] == group["resourceGatewayId"], child

    with story.case("terraform plan has nothing to do"):
        assert of(CONFIGURATION, terraform.plan()) == {}


def begin_routing(story, terraform):
    with story.case("terraform apply makes route tables, gateways to the internet, addresses and an appliance's interface"):
        done = of(ROUTING, terraform.done)
        assert {"aws_vpc.routed", "aws_route.partners"} <= set(done)
        assert all(actions == ["create"] for actions in done.values()), done
        public, known = terraform.outputs["addresses"]
        assert public == known, (public, known)
        assert routes_of(terraform) == {"10.48.0.0/16": "active", "0.0.0.0/0": "active", "198.51.100.0/24": "active",
                                        "172.20.0.0/16": "active"}

    with story.case("and what is of IPv6: ranges, addresses, a rule, a route, a DUALSTACK gateway with an address and a name"):
        six = routes_of(terraform, "destinationIpv6CidrBlock")
        assert len(six) == 2 and six["fd99:8::/48"] == "active", six
        call = terraform.daemon.client.rest
        gateway = next(item for item in call("vpc-lattice", "GET", "/resourcegateways")["items"] if item["name"] == "by-both")
        assert (gateway["ipAddressType"], gateway["status"]) == ("DUALSTACK", "ACTIVE"), gateway
        names = {item["name"] for item in call("vpc-lattice", "GET", "/resourceconfigurations")["items"]}
        assert {"by-six", "by-name"} <= names, names

    with story.case("terraform plan has nothing to do with them either"):
        assert of(ROUTING, terraform.planned) == {}


def change(story, terraform):
    with story.case("a change in place is applied, and then there is nothing to do"):
        write(terraform, "2022-2030", "renamed", "203.0.113.128/25")
        done = of(CONFIGURATION, terraform.apply())
        assert done == {name: ["update"] for name in (
            "aws_vpclattice_resource_configuration.partner", 'aws_vpclattice_resource_configuration.site["north"]',
            'aws_vpclattice_resource_configuration.site["south"]', "aws_iam_role_policy.files", "aws_iam_policy.secret", "aws_s3_object.greeting")}, done
        assert of(CONFIGURATION, terraform.plan()) == {}


def change_routing(story, terraform):
    with story.case("names change in place, a route to another block is another route; then there is nothing to do"):
        assert of(ROUTING, terraform.done) == {
            "aws_nat_gateway.public": ["update"], "aws_network_interface.appliance": ["update"],
            "aws_route.partners": ["delete", "create"]}
        routes = routes_of(terraform)
        assert routes["203.0.113.128/25"] == "active" and "198.51.100.0/24" not in routes, routes
        assert of(ROUTING, terraform.planned) == {}


def routes_of(terraform, member="destinationCidrBlock"):
    """{destination: state} of the private subnets' table."""
    table = terraform.outputs["private_table"]
    found = terraform.daemon.client.call("ec2", "DescribeRouteTables", {"RouteTableId": [table]})["routeTableSet"][0]
    return {route[member]: route["state"] for route in found["routeSet"] if member in route}


def go(story, daemon, terraform, owned):
    with story.case("terraform destroy leaves nothing: no resource, no namespace"):
        vpcs = [terraform.outputs[name] for name in ("vpc", "routed") if name in terraform.outputs]
        for vpc in vpcs if is_root else ():
            owned.learn(vpc)
        bucket = daemon.state / "buckets" / "terraformed"
        (bucket / "by hand").write_bytes(b"goes with force_destroy")
        out = terraform.run("destroy", "-auto-approve", "-no-color")
        assert not bucket.exists()
        assert "Destroy complete" in out, out[-500:]
        client = daemon.client
        found = client.call("ec2", "DescribeVpcs", {"Filter": [{"Name": "vpc-id", "Value": vpcs}]})["vpcSet"]
        assert not found, found
        for path in ("/resourcegateways", "/resourceconfigurations"):
            assert client.rest("vpc-lattice", "GET", path)["items"] == []
        assert client.call("transfer", "ListConnectors")["Connectors"] == []
        assert client.call("secretsmanager", "ListSecrets")["SecretList"] == []
        for operation, members in (("ListUsers", "Users"), ("ListRoles", "Roles"), ("ListPolicies", "Policies")):
            found = client.call("iam", operation, {} if members != "Policies" else {"Scope": "Local"})[members]
            assert [entry for entry in found if entry.get("Arn") != terraform.role] == [], operation
        for action, members in (("DescribeAddresses", "addressesSet"), ("DescribeInternetGateways", "internetGatewaySet"),
                                ("DescribeNetworkInterfaces", "networkInterfaceSet")):
            assert not client.call("ec2", action)[members], action
        harness.wait_until(lambda: not owned.names(), "the namespaces to go")


is_root = os.geteuid() == 0

with harness.Story() as story:
    plugins = mirror()
    if is_root:
        home = ec2.Home(story)
        owned, daemon = home.owned, home.daemon(network_provider="auto", egress_address_pools=ec2.pools())
    else:
        owned = story.enter(lan.Owned())
        daemon = story.enter(harness.Daemon(story.folder / "state", {"network.provider": "auto"}))
    terraform = Terraform(daemon, story.folder / "terraform", plugins)
    begin(story, terraform)
    if is_root:
        begin_routing(story, terraform)
    change(story, terraform)
    if is_root:
        change_routing(story, terraform)
    go(story, daemon, terraform, owned)
