"""EC2's calls for the stories: with the names of the wire, and with the unmodified `aws`."""

import aws
import cli
import harness
import lan
import vpcs

NOWHERE = "0123456789abcdef0"  # the digits of ids that nothing has


class Ec2:
    """The API of one daemon: ec2("DescribeVpcs", VpcId=[…])."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.account = daemon.client.call("sts", "GetCallerIdentity")["Account"]
        self.region = daemon.env["AWS_REGION"]

    def __call__(self, action, **arguments):
        return self.daemon.client.call("ec2", action, arguments)

    def cli(self, *words):
        """The same with the unmodified `aws`."""
        return cli.aws(self.daemon, "ec2", *words)

    def cli_refused(self, code, words, *command):
        """The unmodified `aws` ends with this code and a sentence that holds @words."""
        said = cli.refusal(self.daemon, "ec2", *command)
        assert f"({code})" in said and words in said, f"neither ({code}) nor \"{words}\": {said}"

    def refused(self, code, action, words="", status=400, **arguments):
        try:
            answer = self(action, **arguments)
        except aws.AwsError as error:
            assert (error.code, error.status) == (code, status), error
            assert words in error.message, f"\"{words}\" is not in: {error.message}"
            return error.message
        raise AssertionError(f"{action} was not refused: {answer}")

    def where(self, action, members, member, **filters):
        """What @member of @members of the answer is, of those that match: where(…, vpc_id="vpc-…"); "__" is a '.'."""
        asked = [{"Name": name.replace("__", ".").replace("_", "-"),
                  "Value": [str(one) for one in (value if isinstance(value, (list, tuple)) else [value])]}
                 for name, value in filters.items()]
        return sorted(item[member] for item in self(action, Filter=asked)[members] or [])

    def dry(self, action, **arguments):
        """Would be done, and is not."""
        self.refused("DryRunOperation", action, "would have succeeded", status=412, DryRun="true", **arguments)

    def tags(self, resource):
        found = self("DescribeTags", Filter=[{"Name": "resource-id", "Value": [resource]}])["tagSet"]
        return {tag["key"]: tag["value"] for tag in found or []}

    def made(self, action, member, **arguments):
        """What a call that creates shows of what it made."""
        return self(action, **arguments)[member]

    def one(self, action, members, **arguments):
        """The only thing that a describe finds."""
        found = self(action, **arguments)[members]
        assert len(found) == 1, found
        return found[0]


# ---- networks that are made of namespaces ---------------------------------------------------------------------------

POOLS = {"office": "203.0.113.8/29", "spare": "198.51.100.7,192.0.2.1-192.0.2.2"}
UPLINK = "up0"  # an interface that leads nowhere


class Daemon(harness.Daemon):
    """One whose netd has left when it has: nothing is made any more while what was made is removed."""

    def __init__(self, *words, **options):
        super().__init__(*words, **options)
        self.netds = set()

    def kill(self):
        self.netds.update(lan.netds(self))
        super().kill()

    def stop(self):
        self.netds.update(lan.netds(self))
        super().stop()
        harness.wait_until(lambda: not any(harness.is_alive(pid) for pid in self.netds), "netd to leave with its daemon")


class Home:
    """A namespace that plays the machine of the daemons in it: what they make of the internet stays inside."""

    def __init__(self, story):
        self.story, self.network = story, story.enter(lan.Lan())
        self.owned = story.enter(lan.Owned())
        self.namespace = self.network.namespace("home")
        self.network.cable(self.namespace, UPLINK, None, self.network.namespace("street"), "street0", None)

    def daemon(self, name="state", **settings):
        """@settings: network_internet="yes" …; "_" is the first '.'."""
        told = {key.replace("_", ".", 1): value for key, value in settings.items()}
        return self.story.enter(Daemon(self.story.folder / name,
                                       {**vpcs.SETTINGS, "network.provider": "netns", **told},
                                       namespace=self.namespace))

    def vpc(self, daemon, cidr, pairs=None):
        """A VPC whose namespaces are known from the beginning, so that they go however the story ends."""
        made = vpcs.Vpc(daemon, cidr, self.owned, pairs)
        self.learn(made.id)
        return made

    def learn(self, vpc):
        harness.wait_until(lambda: lan.names(f"-{vpc}"), "the namespace of the VPC")
        self.owned.learn(vpc)


def pools():
    """POOLS as the setting has them."""
    return "; ".join(f"{name}={addresses}" for name, addresses in POOLS.items())
