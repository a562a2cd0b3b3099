#!/usr/bin/env python3
"""Terraform with AWS's own provider: a private network, a gateway and a connector are applied, do not drift, and go."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import harness  # noqa: E402
import lan  # noqa: E402

PROVIDER = "registry.terraform.io/hashicorp/aws"
PROVIDER_VERSION = "5.100.0"
PLACES = ("/opt", "/usr/share", "/usr/local/share", "~/.terraform.d")  # where people keep a mirror of providers
MIRROR_VARIABLE = "SALLYPORT_TERRAFORM_PLUGINS"
SERVICES = ("ec2", "vpclattice", "transfer", "secretsmanager", "sts")
COMMAND_SECONDS = 300

CONFIGURATION = """
terraform {{
  required_providers {{
    aws = {{ source = "hashicorp/aws", version = "{version}" }}
  }}
}}

provider "aws" {{
  region = "{region}"
  endpoints {{
{endpoints}
  }}
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

resource "aws_transfer_connector" "partner" {{
  access_role = "{role}"
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

output "gateway" {{
  value = aws_vpclattice_resource_gateway.out.id
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


class Terraform:
    def __init__(self, daemon, folder, plugins):
        if shutil.which("terraform") is None:
            raise harness.Skip("there is no `terraform` on this machine")
        self.daemon, self.folder = daemon, folder
        folder.mkdir()
        rc = folder / "terraform.rc"
        rc.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{plugins}"\n  }}\n}}\n'
                      "disable_checkpoint = true\n", encoding="ascii")
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))}
        self.env.update(daemon.env, TF_CLI_CONFIG_FILE=str(rc), TF_IN_AUTOMATION="1", TF_INPUT="0",
                        CHECKPOINT_DISABLE="1", AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull,
                        AWS_EC2_METADATA_DISABLED="true")

    def write(self, provider, ports):
        endpoint = self.daemon.env["AWS_ENDPOINT_URL"]
        endpoints = "\n".join(f'    {service} = "{endpoint}"' for service in SERVICES)
        (self.folder / "main.tf").write_text(CONFIGURATION.format(
            version=PROVIDER_VERSION, region=self.daemon.env["AWS_REGION"], endpoints=endpoints, provider=provider,
            role=self.daemon.env["SALLYPORT_ROLE"], ports=ports, key=self.key()), encoding="ascii")

    def key(self):
        """A host key; made once."""
        path = self.folder / "host_key"
        if not path.exists():
            subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-C", "", "-f", str(path)], check=True,
                           stdin=subprocess.DEVNULL)
        return " ".join(path.with_suffix(".pub").read_text(encoding="ascii").split()[:2])

    def run(self, *words, codes=(0,)):
        done = subprocess.run(["terraform", *words, "-no-color"], cwd=self.folder, env=self.env,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                              timeout=COMMAND_SECONDS)
        assert done.returncode in codes, f"terraform {words[0]}: {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    def outputs(self):
        return {name: entry["value"] for name, entry in json.loads(self.run("output", "-json")).items()}


def apply_and_go(story, daemon, owned):
    terraform = Terraform(daemon, story.folder / "terraform", mirror())
    provider = "netns" if os.geteuid() == 0 else "host"
    terraform.write(provider, "22")

    with story.case("terraform init finds the provider without a network"):
        terraform.run("init")

    with story.case("terraform apply makes a network, a gateway, a configuration, a secret and a connector"):
        terraform.run("apply", "-auto-approve")
        outputs = terraform.outputs()
        shown = daemon.client.rest("vpc-lattice", "GET", f"/resourcegateways/{outputs['gateway']}")
        assert shown["status"] == "ACTIVE" and len(shown["subnetIds"]) == 2, shown
        owned.learn(outputs["vpc"])

    with story.case("terraform plan has nothing to do"):
        terraform.run("plan", "-detailed-exitcode")

    with story.case("a change in place is applied, and then there is nothing to do"):
        terraform.write(provider, "2022-2030")
        out = terraform.run("apply", "-auto-approve")
        assert "0 added, 1 changed, 0 destroyed" in out, out[-500:]
        terraform.run("plan", "-detailed-exitcode")

    with story.case("terraform destroy leaves nothing: no resource, no namespace"):
        out = terraform.run("destroy", "-auto-approve")
        assert "Destroy complete" in out, out[-500:]
        client = daemon.client
        vpcs = client.call("ec2", "DescribeVpcs", {"Filter": [{"Name": "vpc-id", "Value": [outputs["vpc"]]}]})["vpcSet"]
        assert not vpcs, vpcs
        for path in ("/resourcegateways", "/resourceconfigurations"):
            assert client.rest("vpc-lattice", "GET", path)["items"] == []
        assert client.call("transfer", "ListConnectors")["Connectors"] == []
        assert client.call("secretsmanager", "ListSecrets")["SecretList"] == []
        harness.wait_until(lambda: not owned.names(), "the namespaces to go")


with harness.Story() as story:
    mirror()
    if os.geteuid() == 0:
        lan.needs()
    owned = story.enter(lan.Owned())
    daemon = story.enter(harness.Daemon(story.folder / "state", {"network.provider": "auto"}))
    apply_and_go(story, daemon, owned)
