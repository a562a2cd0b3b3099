#!/usr/bin/env python3
"""Ansible with its own modules for AWS: a VPC, a subnet, a security group and a secret are made, stay as they are when the
same play runs again, change, and go."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import harness  # noqa: E402

COMMAND_SECONDS = 120
MODULES = "amazon.aws.ec2_vpc_net", "community.aws.secretsmanager_secret"
PYTHON = "/usr/bin/python3"  # that Debian's boto3 is for

PLAY = """
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: a private network
      amazon.aws.ec2_vpc_net:
        <<: &aws
          endpoint_url: "{{ endpoint }}"
          region: "{{ region }}"
        name: private
        cidr_block: 127.47.0.0/16
        dns_support: true
        dns_hostnames: "{{ hostnames }}"
        tags: { "sallyport:network": host, team: files }
        state: present
      register: vpc

    - name: a subnet
      amazon.aws.ec2_vpc_subnet:
        <<: *aws
        vpc_id: "{{ vpc.vpc.id }}"
        cidr: 127.47.1.0/24
        az: "{{ region }}a"
        tags: { Name: chosen }
        state: present
      register: subnet

    - name: a security group
      amazon.aws.ec2_security_group:
        <<: *aws
        name: way-out
        description: to the partner
        vpc_id: "{{ vpc.vpc.id }}"
        rules: []
        rules_egress: "{{ egress }}"
        tags: { team: files }
        state: present
      register: group

    - name: a secret
      community.aws.secretsmanager_secret:
        <<: *aws
        name: aws/transfer/ansible
        description: the login at the partner
        secret: "{{ login | to_json }}"
        tags: { team: files }
        state: present
      register: secret

    - name: what was made
      amazon.aws.ec2_vpc_subnet_info:
        <<: *aws
        filters: { "vpc-id": "{{ vpc.vpc.id }}" }
      register: found
"""

REMOVAL = """
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: the secret
      community.aws.secretsmanager_secret:
        <<: &aws
          endpoint_url: "{{ endpoint }}"
          region: "{{ region }}"
        name: aws/transfer/ansible
        recovery_window: 0
        state: absent

    - name: the security group
      amazon.aws.ec2_security_group:
        <<: *aws
        group_id: "{{ group }}"
        state: absent

    - name: the subnet
      amazon.aws.ec2_vpc_subnet:
        <<: *aws
        vpc_id: "{{ vpc }}"
        cidr: 127.47.1.0/24
        state: absent

    - name: the network
      amazon.aws.ec2_vpc_net:
        <<: *aws
        vpc_id: "{{ vpc }}"
        state: absent
"""

SSH = [{"proto": "tcp", "ports": [22], "cidr_ip": "10.47.9.0/24", "rule_desc": "SSH"}]


def needs():
    """Skips, loudly, where the modules are not: Debian's package has them, and is too large to be had for one story."""
    if shutil.which("ansible-playbook") is None:
        raise harness.Skip("there is no `ansible-playbook` on this machine: install ansible and python3-boto3 to run this")
    for needed, words in (("the collections amazon.aws and community.aws", ["ansible-doc", "--json", *MODULES]),
                          ("boto3", [PYTHON, "-c", "import boto3"])):
        if subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode != 0:
            raise harness.Skip(f"Ansible has not all that it needs: install {needed}")


class Ansible:
    def __init__(self, daemon, folder):
        self.daemon, self.folder = daemon, folder
        folder.mkdir()

    def play(self, text, **variables):
        """How many tasks changed something, and {task: its result}."""
        play, told = self.folder / "play.yml", self.folder / "variables.json"
        play.write_text(text, encoding="utf-8")
        variables.update(endpoint=self.daemon.env["AWS_ENDPOINT_URL"], region=self.daemon.env["AWS_REGION"])
        told.write_text(json.dumps(variables), encoding="utf-8")
        env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_"))}
        env.update(self.daemon.env, ANSIBLE_STDOUT_CALLBACK="json", ANSIBLE_LOCALHOST_WARNING="false", ANSIBLE_HOME=str(self.folder),
                   ANSIBLE_LOCAL_TEMP=str(self.folder), ANSIBLE_REMOTE_TEMP=str(self.folder))
        done = subprocess.run(["ansible-playbook", "-i", "localhost,", "-e", f"ansible_python_interpreter={PYTHON}", "-e",
                               f"@{told}", str(play)], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False, timeout=COMMAND_SECONDS)
        try:
            answer = json.loads(done.stdout[done.stdout.index("{"):])
        except ValueError:
            raise RuntimeError(f"ansible-playbook: {done.stdout[-2000:]}{done.stderr[-2000:]}") from None
        tasks = {task["task"]["name"]: task["hosts"]["localhost"] for task in answer["plays"][0]["tasks"]}
        failed = {name: result.get("msg") or result for name, result in tasks.items() if result.get("failed")}
        assert done.returncode == 0 and not failed, failed
        return answer["stats"]["localhost"]["changed"], tasks


with harness.Story() as story:
    needs()
    daemon = story.enter(harness.Daemon(story.folder / "state"))
    ansible = Ansible(daemon, story.folder / "ansible")
    call = daemon.client.call
    wanted = {"hostnames": True, "egress": SSH, "login": {"Username": "acme", "Password": "first"}}
    made = {}

    with story.case("Ansible makes a VPC, a subnet, a security group and a secret"):
        changed, made = ansible.play(PLAY, **wanted)
        assert changed == 4, made
        assert [subnet["cidr_block"] for subnet in made["what was made"]["subnets"]] == ["127.47.1.0/24"], made
        vpc, group = made["a private network"]["vpc"]["id"], made["a security group"]["group_id"]
        answer = call("ec2", "DescribeVpcAttribute", {"VpcId": vpc, "Attribute": "enableDnsHostnames"})
        assert answer["enableDnsHostnames"]["value"] == "true", answer
        (found,) = call("ec2", "DescribeSecurityGroups", {"GroupId": [group]})["securityGroupInfo"]
        assert [rule["ipRanges"] for rule in found["ipPermissionsEgress"]] == [
            [{"cidrIp": "10.47.9.0/24", "description": "SSH"}]], found
        kept = call("secretsmanager", "GetSecretValue", {"SecretId": "aws/transfer/ansible"})
        assert json.loads(kept["SecretString"]) == wanted["login"], kept

    with story.case("the same play again changes nothing"):
        changed, again = ansible.play(PLAY, **wanted)
        assert changed == 0, {name: result for name, result in again.items() if result.get("changed")}
        assert again["a private network"]["vpc"]["id"] == vpc, again

    with story.case("a rule, an attribute and a password that are others change three things and no more"):
        other = {"hostnames": False, "egress": [{**SSH[0], "ports": [2222]}], "login": {"Username": "acme", "Password": "2nd"}}
        assert ansible.play(PLAY, **other)[0] == 3
        kept = call("secretsmanager", "GetSecretValue", {"SecretId": "aws/transfer/ansible"})
        assert json.loads(kept["SecretString"]) == other["login"], kept

    with story.case("Ansible removes all of it"):
        assert ansible.play(REMOVAL, vpc=vpc, group=group)[0] == 4
        assert not call("ec2", "DescribeVpcs", {"Filter": [{"Name": "cidr", "Value": ["127.47.0.0/16"]}]})["vpcSet"]
        assert call("secretsmanager", "ListSecrets", {})["SecretList"] == []
