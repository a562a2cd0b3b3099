#!/usr/bin/env python3
"""An ordinary user has private networks too: they are inside a user namespace, and nobody else sees them."""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import flows  # noqa: E402
import harness  # noqa: E402
import lan  # noqa: E402
import sshd  # noqa: E402
import vpcs  # noqa: E402

CIDR, CHOSEN, SERVERS, SERVER = "10.49.0.0/16", "10.49.1.0/24", "10.49.9.0/24", "10.49.9.22"


def run_story(story):
    harness.need_root("to become another user")
    user = story.enter(sshd.ThrowAwayUser())
    place = story.folder / "user"
    place.mkdir()
    harness.give(place, user)
    daemon = harness.Daemon(place / "state", vpcs.SETTINGS, user=user)
    for words in (["test", "-x", daemon.program], ["unshare", "--user", "--net", "true"]):
        if subprocess.run([*harness.as_user(user), *words], stderr=subprocess.DEVNULL, check=False).returncode != 0:
            raise harness.Skip(f"an ordinary user cannot do this here: {' '.join(map(str, words))}")
    story.enter(daemon)
    before = lan.names()

    with story.case("an ordinary user makes a VPC, and on the machine itself nothing is to be seen of it"):
        vpc = vpcs.Vpc(daemon, CIDR)
        chosen, _ = vpc.subnet(CHOSEN), vpc.subnet(SERVERS)
        gateway = vpc.gateway([chosen])
        assert not [name for name in set(lan.names()) - set(before) if vpc.id in name]
        vpc.world = lan.world_of_netd(daemon)
        assert vpc.router().interface_with("10.49.1.1")

    network = story.enter(lan.Lan(vpc.world))
    machine = lan.Inside(vpc.machine(network, "server", f"{SERVER}/24"), lan.as_themselves(user.uid, user.gid))
    server = story.enter(sshd.Sshd(place / "server", namespace=machine, address=SERVER, port=2222, user=user))
    partner = vpcs.partner_through(daemon, vpc, gateway, server)
    partner.settled()

    with story.case("test-connection is OK, and sshd saw the address of the gateway's interface"):
        assert partner.test()["Status"] == "OK", partner.test()
        assert server.logins()[-1] in vpc.interfaces([chosen]), server.logins()

    with story.case("a file arrives"):
        digest = flows.write_random(daemon.bucket("files") / "file.bin", 3_000_000)
        partner.wait_completed(partner.send("/files/file.bin", to=server.home))
        assert flows.sha256_of(server.home / "file.bin") == digest

    with story.case("a subnet with an uplink is not for an ordinary user: the gateway fails and says why"):
        street = vpc.subnet("10.49.7.0/24", {"sallyport:uplink": "eth0"})
        made = vpc.lattice("POST", "/resourcegateways", {"name": "by-uplink", "vpcIdentifier": vpc.id,
                                                         "subnetIds": [street]})
        vpc.wait_gateway(made["id"], "CREATE_FAILED")


with harness.Story() as story:
    run_story(story)
