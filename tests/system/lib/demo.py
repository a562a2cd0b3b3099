#!/usr/bin/env python3
"""./dev demo: a file goes to a server in a private subnet and comes back, in front of the reader's eyes.

The network is a real one, made in the kernel: as root beside the machine's own, as an ordinary user inside a user
namespace. Where neither works, loopback addresses stand in for it.
"""

import argparse
import contextlib
import getpass
import json
import os
import pathlib
import shlex
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
os.environ.setdefault("SALLYPORT_BUILD", str(ROOT / "build-release"))

import aws as client  # noqa: E402  pylint: disable=wrong-import-position
import cli  # noqa: E402  pylint: disable=wrong-import-position
import flows  # noqa: E402  pylint: disable=wrong-import-position
import harness  # noqa: E402  pylint: disable=wrong-import-position
import lan  # noqa: E402  pylint: disable=wrong-import-position
import sshd  # noqa: E402  pylint: disable=wrong-import-position

BOLD, DIM, PLAIN = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")


class Kernel:
    """The private network is made by the kernel: namespaces, bridges, cables."""

    tag, chosen, servers, server = "netns", ("10.7.1.0/24", "10.7.2.0/24"), "10.7.9.0/24", "10.7.9.22"
    cidr = "10.7.0.0/16"

    def __init__(self, stack, daemon, folder):
        self.stack, self.daemon, self.folder = stack, daemon, folder
        self.is_root = os.geteuid() == 0
        self.world = [] if self.is_root else lan.world_of_netd(daemon)
        self.owned = stack.enter_context(lan.Owned(self.world))

    @property
    def about(self):
        return ("a network of this machine's kernel, beside the one you use" if self.is_root else
                "a network of this machine's kernel, inside a user namespace of yours")

    def start_server(self, vpc, bridge_address):
        """The partner: a machine in the servers' subnet, with an sshd."""
        network = self.stack.enter_context(lan.Lan(self.world))
        router = harness.wait_until(lambda: found(lambda: lan.router_of(vpc, self.world)), "the VPC's router")
        self.owned.learn(vpc)
        bridge = harness.wait_until(lambda: found(lambda: router.interface_with(bridge_address)), "the bridge")
        machine = network.namespace("partner")
        network.plug(router, bridge, machine, "eth0", f"{self.server}/24", router=bridge_address)
        machine.run("sh", "-c", "echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start")
        print(f"  The partner's machine hangs on the bridge {bridge} in the namespace {router.name}.")
        if not self.is_root:  # sshd shall see the user who started it, and not the root of the user namespace
            machine = lan.Inside(machine, lan.as_themselves(os.geteuid(), os.getegid()))
        return self.stack.enter_context(sshd.Sshd(self.folder / "partner", namespace=machine, address=self.server,
                                                  port=22))

    def look(self):
        return ("    ip netns                                  # what there is now\n"
                "    ip -n sp-…-vpc-… -br addr                 # the VPC's router and its subnets\n"
                "    ip netns exec sp-…-eni-… nft list ruleset # the security group of one interface\n"
                if self.is_root else "")


class Loopback:
    """Loopback has many addresses: they stand in for subnets where no network can be made."""

    tag, chosen, servers, server = "host", ("127.77.1.0/24", "127.77.2.0/24"), "127.77.9.0/24", "127.77.9.22"
    cidr, world, about = "127.77.0.0/16", (), "loopback addresses"

    def __init__(self, stack, daemon, folder):
        self.stack, self.daemon, self.folder = stack, daemon, folder

    def start_server(self, _vpc, _bridge_address):
        return self.stack.enter_context(sshd.Sshd(self.folder / "partner", address=self.server))

    def look(self):
        return ""


def found(function):
    with contextlib.suppress(RuntimeError):
        return function()
    return None


def title(text):
    print(f"\n{BOLD}{text}{PLAIN}", flush=True)


def shown(text, lines=12):
    text = text.splitlines()
    for line in text[:lines]:
        print(f"  {DIM}{line}{PLAIN}")
    if len(text) > lines:
        print(f"  {DIM}…{PLAIN}")
    sys.stdout.flush()


class Caller:
    """Prints a command as a person would type it, performs it, prints the answer. Texts of @hidden are not shown."""

    def __init__(self, daemon, hidden=()):
        self.daemon, self.hidden = daemon, dict(hidden)
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self.env.update(daemon.env, AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull, AWS_PAGER="")

    def quiet(self, *words):
        done = subprocess.run(["aws", *words, "--output", "json"], env=self.env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(done.stderr.strip())
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def __call__(self, *words, lines=12):
        print("  $ aws " + " ".join(self.hidden.get(word, shlex.quote(word)) for word in words), flush=True)
        answer = self.quiet(*words)
        if answer:
            shown(json.dumps(answer, indent=2), lines)
        return answer

    def until(self, wanted, ended, *words, lines=12):
        """Asks again until @ended; then shows the last question and its answer."""
        answer = harness.wait_until(lambda: ended(self.quiet(*words)), wanted, 60)
        print("  $ aws " + " ".join(map(shlex.quote, words)), flush=True)
        shown(json.dumps(answer, indent=2), lines)
        return answer


def make_network(aws, place, make_server):
    """Steps 1 and 2; everything the others need."""
    title("1. A private network: two subnets to leave from, one with the partner's server, and what may leave")
    vpc = aws("ec2", "create-vpc", "--cidr-block", place.cidr, "--tag-specifications",
              f"ResourceType=vpc,Tags=[{{Key=sallyport:network,Value={place.tag}}}]", "--query", "Vpc.VpcId")
    subnets = [aws("ec2", "create-subnet", "--vpc-id", vpc, "--cidr-block", cidr, "--query", "Subnet.SubnetId")
               for cidr in (*place.chosen, place.servers)]
    group = aws("ec2", "create-security-group", "--vpc-id", vpc, "--group-name", "sftp-out", "--description",
                "to the partner", "--query", "GroupId")
    aws("ec2", "revoke-security-group-egress", "--group-id", group, "--query", "Return", "--ip-permissions",
        '[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]')
    server = make_server(vpc)
    aws("ec2", "authorize-security-group-egress", "--group-id", group, "--protocol", "tcp", "--port",
        str(server.port), "--cidr", f"{server.address}/32", "--query", "Return")

    title("2. A resource gateway: network interfaces in the two subnets, with addresses drawn at random")
    gateway = aws("vpc-lattice", "create-resource-gateway", "--name", "to-partner", "--vpc-identifier", vpc,
                  "--subnet-ids", *subnets[:2], "--security-group-ids", group, "--query", "id")
    aws.until("the gateway to be made", lambda answer: answer if answer["status"] != "CREATE_IN_PROGRESS" else None,
              "vpc-lattice", "get-resource-gateway", "--resource-gateway-identifier", gateway, lines=14)
    interfaces = aws("ec2", "describe-network-interfaces", "--filters", f"Name=subnet-id,Values={','.join(subnets[:2])}",
                     "--query", "NetworkInterfaces[].[NetworkInterfaceId, SubnetId, PrivateIpAddress]")
    return server, gateway, {address: eni for eni, _, address in interfaces}


def make_connector(aws, daemon, server, gateway):
    title("3. A resource configuration: which target, through which gateway, at which port")
    configuration = aws("vpc-lattice", "create-resource-configuration", "--name", "partner", "--type", "SINGLE",
                        "--port-ranges", str(server.port), "--resource-gateway-identifier", gateway,
                        "--resource-configuration-definition", f"ipResource={{ipAddress={server.address}}}",
                        "--query", "arn")

    title("4. The partner's login as a secret")
    login = json.dumps({"Username": server.user, "PrivateKey": server.private_key})
    aws.hidden[login] = """'{"Username": …, "PrivateKey": …}'"""
    secret = aws("secretsmanager", "create-secret", "--name", "aws/transfer/partner", "--secret-string", login,
                 "--query", "ARN")

    title("5. A connector that leaves by the gateway")
    connector = aws("transfer", "create-connector", "--access-role", daemon.env["SALLYPORT_ROLE"],
                    "--egress-config", f"VpcLattice={{ResourceConfigurationArn={configuration},PortNumber={server.port}}}",
                    "--sftp-config", f"UserSecretId={secret}", "--query", "ConnectorId")
    aws.until("the connector to be ready",
              lambda answer: answer if answer["Status"] != "PENDING" else None,
              "transfer", "describe-connector", "--connector-id", connector, "--query",
              "Connector.{Status: Status, EgressType: EgressType, EgressConfig: EgressConfig}")
    return connector


def show_login(server, interfaces):
    """The line of sshd's log that says where the login came from."""
    line = [line for line in server.log_text().splitlines() if line.startswith("Accepted publickey ")][-1]
    address = server.logins()[-1]
    if address not in interfaces:
        raise SystemExit(f"the login came from {address}, which is none of the gateway's addresses")
    print(f"  The partner's own log says who came: {address}, the address of {interfaces[address]}")
    shown(line)


def trust(aws, server, connector, interfaces):
    title("6. Nothing is trusted yet: the test shows the server's host key")
    key = aws("transfer", "test-connection", "--connector-id", connector)["SftpConnectionDetails"]["HostKey"]
    print("  Trust it (in real life: after the partner confirmed it on another way) and test again:")
    aws("transfer", "update-connector", "--connector-id", connector, "--sftp-config",
        json.dumps({"TrustedHostKeys": [key]}), "--query", "ConnectorId")
    harness.wait_until(lambda: aws.quiet("transfer", "describe-connector", "--connector-id", connector)
                       ["Connector"]["Status"] == "ACTIVE", "the connector to be ready")
    if aws("transfer", "test-connection", "--connector-id", connector)["Status"] != "OK":
        raise SystemExit("the connection does not work")
    show_login(server, interfaces)


def move_files(aws, daemon, server, connector, interfaces):
    bucket, inbox = daemon.bucket("invoices"), server.home / "in"
    inbox.mkdir()
    (bucket / "2026-11.csv").write_text("number,amount\n4711,12.50\n", encoding="ascii")
    for heading, words, folder, names in (
            ("7. Send a file", ["--send-file-paths", "/invoices/2026-11.csv", "--remote-directory-path", "in"],
             inbox, ["2026-11.csv"]),
            ("8. Fetch a file", ["--retrieve-file-paths", "in/2026-11.csv", "--local-directory-path", "/invoices/back"],
             bucket, ["2026-11.csv", "back/2026-11.csv"])):
        title(heading)
        transfer = aws("transfer", "start-file-transfer", "--connector-id", connector, *words, "--query", "TransferId")
        answer = aws.until("the transfer to end", lambda answer: answer if all(
            entry["StatusCode"] in flows.ENDED for entry in answer["FileTransferResults"]) else None,
                           "transfer", "list-file-transfer-results", "--connector-id", connector,
                           "--transfer-id", transfer)
        if any(entry["StatusCode"] != "COMPLETED" for entry in answer["FileTransferResults"]):
            raise SystemExit("the file did not arrive")
        print(f"  In {folder}:")
        shown(subprocess.run(["sha256sum", *names], cwd=folder, capture_output=True, text=True, check=True).stdout)
    show_login(server, interfaces)


def choose(stack, daemon, folder, wanted):
    """A kernel network where one can be made, else loopback; says what stood in the way."""
    if wanted != "loopback":
        why = why_no_kernel(daemon)
        if why is None:
            return Kernel(stack, daemon, folder)
        if wanted == "kernel":
            raise SystemExit(f"./dev demo: {why}")
        print(f"No network can be made here, so loopback addresses stand in for one: {why}")
    return Loopback(stack, daemon, folder)


def why_no_kernel(daemon):
    """Asks as a user would: makes a VPC, and deletes it. None when that works."""
    tags = {"TagSpecification": [{"ResourceType": "vpc", "Tag": [{"Key": "sallyport:network", "Value": "netns"}]}]}
    try:
        vpc = daemon.client.call("ec2", "CreateVpc", {"CidrBlock": "10.6.0.0/16", **tags})["vpc"]["vpcId"]
    except client.AwsError as error:
        return error.message
    daemon.client.call("ec2", "DeleteVpc", {"VpcId": vpc})
    return None


def walk(stack, daemon, place):
    aws = Caller(daemon)
    first = place.servers.replace(".0/24", ".1")
    server, gateway, interfaces = make_network(aws, place, lambda vpc: place.start_server(vpc, first))
    connector = make_connector(aws, daemon, server, gateway)
    trust(aws, server, connector, interfaces)
    move_files(aws, daemon, server, connector, interfaces)


def main():
    parser = argparse.ArgumentParser(prog="./dev demo")
    parser.add_argument("--once", action="store_true", help="end after the walkthrough")
    parser.add_argument("--network", choices=("auto", "kernel", "loopback"), default="auto",
                        help="what the private network is made of (auto: of the kernel's, where that works)")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if cli.obstacle():
        raise SystemExit(f"./dev demo: {cli.obstacle()}")

    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sallyport-demo-")))
        folder.chmod(0o755)
        daemon = stack.enter_context(harness.Daemon(folder / "state", {
            "log.level": "info", "network.provider": "auto", "egress.allow_private_targets": "false"}))
        print("Everything here runs on this machine; nothing leaves it.")
        place = choose(stack, daemon, folder, options.network)
        print(f"The private network: {place.about}\n"
              f"The partner:         OpenSSH's sshd at {place.server}, user {getpass.getuser()}\n"
              f"Sallyport:           {daemon.env['AWS_ENDPOINT_URL']}, its state in {daemon.state}")
        walk(stack, daemon, place)
        title("That was all of it.")
        if options.once:
            return
        print(f"  The web console: {daemon.env['AWS_ENDPOINT_URL']}/console\n"
              f"    access key {daemon.env['AWS_ACCESS_KEY_ID']}, secret {daemon.env['AWS_SECRET_ACCESS_KEY']}, "
              f"region {daemon.env['AWS_REGION']}\n\n"
              f"  Or go on yourself, in another terminal:\n\n    source {daemon.state}/admin.env\n"
              f"    aws transfer list-connectors\n"
              f"    alias sallyport={daemon.build / 'src' / 'cli' / 'sallyport'}   # the command line\n"
              f"    sallyport status\n{place.look()}\n"
              "  Ctrl-C ends the demo and removes what it made.", flush=True)
        while daemon.process.poll() is None:
            time.sleep(1)
        raise SystemExit(f"sallyportd ended: {daemon.log_text()[-1000:]}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print()
