#!/usr/bin/env python3
"""What stands in the way of a private connection: each cause has an answer of its own, which names what to look at, and
a transfer fails with the same sentence."""

import contextlib
import pathlib
import sqlite3
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import lan  # noqa: E402
import vpcs  # noqa: E402

CIDR, SERVER, NAMES = "10.41.0.0/16", "10.41.9.22", "10.41.9.53"
PORT = 22
ZONE = "corp.example"
AWS_WORDS = ("", "Unknown Host: ", "Connection failed: ")  # what AWS's own messages begin with


class NameServer:
    """dnsmasq on a machine of the VPC; knows sftp.corp.example, and denies the rest of that zone."""

    def __init__(self, machine, folder):
        self.machine, self.log, self.process = machine, folder / "dns.log", None

    def __enter__(self):
        self.process = subprocess.Popen([
            *self.machine.prefix, "dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null",
            "--pid-file=", "--user=root", f"--listen-address={NAMES}", "--bind-interfaces", f"--local=/{ZONE}/",
            f"--host-record=sftp.{ZONE},{SERVER}", "--log-queries", f"--log-facility={self.log}"],
            stdin=subprocess.DEVNULL)
        harness.wait_until(lambda: self.log.exists() and "started" in self.log.read_text(encoding="utf-8"), "dnsmasq")
        return self

    def __exit__(self, *_):
        harness.end(self.process)

    def asked(self):
        return self.log.read_text(encoding="utf-8")


class Answers:
    """The sentences so far; each has to differ from all before."""

    def __init__(self, daemon, bucket):
        self.daemon, self.bucket, self.seen = daemon, bucket, {}
        (bucket / "a").write_bytes(b"x")

    def check(self, cause, partner, *words, step):
        """Tests, sends, and compares: the API's sentence, the trace's, and the transfer's."""
        test = partner.test()
        assert test["Status"] == "ERROR", test
        sentence = test["StatusMessage"]
        for word in words:
            assert word in sentence, f"the sentence does not say {word!r}: {sentence!r}"
        assert sentence not in self.seen.values(), f"{cause}: {sentence!r} was said before"
        self.seen[cause] = sentence
        trace = partner.trace()
        last = trace["Steps"][-1]
        assert last["Status"] == "FAILED" and last["Step"] == step, trace
        assert all(entry["Status"] == "OK" for entry in trace["Steps"][:-1]), trace
        told = last["Message"]  # for a few steps AWS's own words come before
        assert trace["StatusMessage"] == sentence and sentence in [words + told for words in AWS_WORDS], (trace, sentence)
        found = partner.describe()
        if found["Status"] == "ERRORED":
            assert found["ErrorMessage"] == told, (found, told)
            self.refuses(partner, told)
            return
        message = partner.wait_failed(partner.send("/files/a", to="."), ("CONNECTION_ERROR", "TIMEOUT_ERROR"))
        assert message == f'could not send "/files/a": {told}', (message, told)

    @staticmethod
    def refuses(partner, told):
        """A connector that is ERRORED moves no file, and says why."""
        try:
            transfer = partner.send("/files/a", to=".")
        except aws.AwsError as error:
            assert error.code == "InvalidRequestException" and told in error.message, error
        else:
            raise AssertionError(f"was not refused: {transfer}")


def network_of(story, daemon, network, owned):
    vpc = vpcs.Vpc(daemon, CIDR, owned, {"sallyport:dns": NAMES})
    chosen = vpc.subnet("10.41.1.0/24")
    vpc.subnet("10.41.9.0/24")
    group = vpc.group(vpcs.allow("10.41.0.0/16", PORT))
    gateway = vpc.gateway([chosen], [group], resourceConfigDnsResolution="IN_VPC")
    server = vpcs.private_server(story, vpc, network, "server", f"{SERVER}/24", PORT)
    names = story.enter(NameServer(vpc.machine(network, "names", f"{NAMES}/24"), story.folder))
    return vpc, group, gateway, server, names


def change_ports(vpc, partner, *ranges):
    vpc.lattice("PATCH", f"/resourceconfigurations/{partner.arn.rpartition('/')[2]}", {"portRanges": list(ranges)})


def tell(story, daemon, network, owned):
    vpc, group, gateway, server, names = network_of(story, daemon, network, owned)
    answers = Answers(daemon, daemon.bucket("files"))

    def through(target=SERVER, port=PORT, ports=None):
        arn = vpc.configuration(gateway, target, ports or port)
        partner = flows.partner_of(daemon, server, egress=(arn, port))
        partner.arn = arn
        partner.settled()
        return partner

    good = through()
    with story.case("nothing stands in the way: all steps of the trace are OK, in their order"):
        assert good.test()["Status"] == "OK", good.test()
        steps = [entry["Step"] for entry in good.trace()["Steps"]]
        wanted = ["role", "secret", "resource-configuration", "port", "gateway", "interface", "security-groups", "route",
                  "connect", "banner", "key-exchange", "host-key", "authenticate", "sftp"]
        assert steps == wanted, steps
        assert server.logins()[-1] in vpc.interfaces(), server.logins()

    named = through(f"sftp.{ZONE}")
    with story.case("a name that only the VPC's server knows leads there, and the VPC's server was asked by the gateway"):
        assert named.test()["Status"] == "OK", named.test()
        assert any(f"query[A] sftp.{ZONE} from {address}" in names.asked() for address in vpc.interfaces()), names.asked()

    with story.case("the port is outside the ranges: said when the connector is made, with the ranges"):
        other = through(port=2222, ports="20-22")
        assert other.describe()["Status"] == "ERRORED", other.describe()
        answers.check("port", other, "2222", "20-22", step="port")

    with story.case("the port leaves the ranges later: the next connection is refused"):
        change_ports(vpc, good, "8000-8100")
        harness.wait_until(lambda: good.describe()["Status"] != "PENDING", "the connector to settle")
        answers.check("port later", good, str(PORT), "8000-8100", step="port")
        change_ports(vpc, good, str(PORT))
        good.call("UpdateConnector", ConnectorId=good.id)
        good.settled()
        assert good.test()["Status"] == "OK", good.test()

    with story.case("the egress rule is removed: new connections are refused at once, the rule's return lets them out"):
        rule = [vpcs.allow("10.41.0.0/16", PORT)]
        vpc.ec2("RevokeSecurityGroupEgress", GroupId=group, IpPermissions=rule)
        answers.check("groups", good, group, f"{SERVER}", step="security-groups")
        vpc.ec2("AuthorizeSecurityGroupEgress", GroupId=group, IpPermissions=rule)
        assert good.test()["Status"] == "OK", good.test()

    with story.case("a name that nobody knows inside the VPC"):
        answers.check("name", through(f"unknown.{ZONE}"), f"unknown.{ZONE}", step="resolve")

    with story.case("the VPC's name server is silent"):
        names.machine.run("nft", "add table inet mute; add chain inet mute in { type filter hook input priority 0; };"
                          "add rule inet mute in meta l4proto { tcp, udp } th dport 53 drop")
        answers.check("resolver", named, f"sftp.{ZONE}", NAMES, step="resolve")
        names.machine.run("nft", "delete table inet mute")
        assert named.test()["Status"] == "OK", named.test()

    with story.case("nothing listens at the server's port: refused"):
        server.stop()
        answers.check("closed", good, f"{SERVER}", "refused", step="connect")

    with story.case("the server's firewall drops: no answer in time"):
        server.namespace.allow_only("10.41.200.200", PORT)
        answers.check("dropped", through(), f"{SERVER}", step="connect")  # the files of the one before wait
        server.namespace.run("nft", "delete table inet door")

    with story.case("the server's machine is gone: no route to the host"):
        server.namespace.ip("link", "set", "eth0", "down")
        with vpc.router().knows_who_is_gone():
            answers.check("gone", through(), f"{SERVER}", "No route to host", step="connect")
        server.namespace.ip("link", "set", "eth0", "up")
        server.namespace.route("default", "via", "10.41.9.1")
        server.start()
        assert good.test()["Status"] == "OK", good.test()

    with story.case("the sentences of all causes differ, and a failing connector works again without a word"):
        assert len(set(answers.seen.values())) == len(answers.seen) >= 8, answers.seen
        (server.home / "in").mkdir(exist_ok=True)
        good.wait_completed(good.send("/files/a", to="in"))
    return vpc, gateway, good, answers


def lost_gateway(story, daemon, vpc, gateway, partner, answers):
    """The API does not delete a gateway that is in use; a store that was restored from a backup may lack it."""
    with story.case("the gateway is gone: the answer names it"):
        daemon.stop()
        with contextlib.closing(sqlite3.connect(daemon.state / "store.db")) as db:
            tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            table = next(name for name in tables if name in ("gateways", "resource_gateways"))
            assert db.execute(f"DELETE FROM {table} WHERE id = ?", (gateway,)).rowcount == 1
            db.commit()
        daemon.start()
        answers.check("gateway", partner, gateway, step="gateway")


with harness.Story() as story:
    network = story.enter(lan.Lan())
    owned = story.enter(lan.Owned())
    daemon = story.enter(harness.Daemon(story.folder / "state", {
        **vpcs.SETTINGS, "egress.connect_timeout": "2s", "transfer.attempts": "2"}))
    vpc, gateway, good, answers = tell(story, daemon, network, owned)
    lost_gateway(story, daemon, vpc, gateway, good, answers)
