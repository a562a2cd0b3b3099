#!/usr/bin/env python3
"""Networks are what the store says, whatever dies in the meantime, and nothing is left of what was deleted."""

import contextlib
import json
import os
import pathlib
import random
import signal
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import lan  # noqa: E402
from lan import netds  # noqa: E402
import vpcs  # noqa: E402

CIDR, CHOSEN, SERVERS, SERVER = "10.46.0.0/16", "10.46.1.0/24", "10.46.9.0/24", "10.46.9.22"
ROUNDS = 6
SEED = int(os.environ.get("SALLYPORT_TEST_SEED", time.time_ns() % 1_000_000))


def host_things():
    """Links and tables of this machine, where netd could leave something."""
    links = {link["ifname"] for link in json.loads(lan.run("ip", "-j", "link"))}
    return links | set(lan.run("nft", "list", "tables").splitlines())


class Private:
    """A VPC with one gateway and a server that is not our own."""

    def __init__(self, story, daemon, network, owned, name):
        self.vpc = vpcs.Vpc(daemon, CIDR, owned)
        self.chosen, self.servers = self.vpc.subnet(CHOSEN), self.vpc.subnet(SERVERS)
        self.gateway = self.vpc.gateway([self.chosen])
        self.network, self.name = network, name
        self.server = vpcs.private_server(story, self.vpc, network, name, f"{SERVER}/24")
        self.partner = vpcs.partner_through(daemon, self.vpc, self.gateway, self.server)
        self.partner.settled()

    def plug_again(self):
        """After the router's namespace was made anew: the cable went with the old one."""
        router = self.vpc.router()
        bridge = router.interface_with("10.46.9.1")
        self.network.plug(router, bridge, self.server.namespace, "eth0", f"{SERVER}/24", router="10.46.9.1")

    def works(self):
        test = self.partner.test()
        assert test["Status"] == "OK", test
        assert self.server.logins()[-1] in self.vpc.interfaces(), self.server.logins()

    def delete(self):
        """All of it, by the API, in its order."""
        vpc = self.vpc
        self.partner.call("DeleteConnector", ConnectorId=self.partner.id)
        for item in vpc.lattice("GET", "/resourceconfigurations").get("items", []):
            vpc.lattice("DELETE", f"/resourceconfigurations/{item['id']}")
        for item in vpc.lattice("GET", "/resourcegateways").get("items", []):
            if item["vpcIdentifier"] == vpc.id and item["status"] != "DELETE_IN_PROGRESS":
                vpc.lattice("DELETE", f"/resourcegateways/{item['id']}")
        for subnet in (self.chosen, self.servers):
            vpc.ec2("DeleteSubnet", SubnetId=subnet)
        vpc.ec2("DeleteVpc", VpcId=vpc.id)


def survive(story, daemon, place):
    """What runs while netd or the daemon die."""
    with story.case("kill -9 of netd: another takes over, and a transfer that runs goes on with the connection it has"):
        source = daemon.bucket("files") / "large.bin"
        digest = flows.write_random(source, 60_000_000)
        logins = len(place.server.logins())
        transfer = place.partner.send("/files/large.bin", to=place.server.home)
        harness.wait_until(place.server.sftp_servers, "the session to begin")
        place.server.signal_sessions(signal.SIGSTOP, place.server.sftp_servers())
        supervisor, worker = netds(daemon)[0], netds(daemon)[-1]
        os.kill(worker, signal.SIGKILL)
        harness.wait_until(lambda: netds(daemon) and netds(daemon)[-1] != worker, "another netd")
        if worker != supervisor:
            assert netds(daemon)[0] == supervisor, "the supervisor went as well"
        other = place.vpc.gateway([place.chosen])  # the new one works
        place.server.signal_sessions(signal.SIGCONT)
        place.partner.wait_completed(transfer)
        assert flows.sha256_of(place.server.home / "large.bin") == digest
        assert len(place.server.logins()) == logins + 1, "the file needed more than one connection"
        place.vpc.lattice("DELETE", f"/resourcegateways/{other}")
        place.vpc.wait_no_gateway(other)

    with story.case("kill -9 of all of netd: the daemon starts it again"):
        for pid in netds(daemon):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        place.works()
        place.vpc.lattice("DELETE", f"/resourcegateways/{place.vpc.gateway([place.chosen])}")

    with story.case("a stop and a start of the daemon change nothing: what an administrator added by hand is there"):
        router = place.vpc.router()
        router.route("203.0.113.0/24", "via", SERVER)
        before = {name: os.stat(lan.FOLDER / name).st_ino for name in lan.names() if place.vpc.id in name}
        lasting = lan.interface_of(next(iter(place.vpc.interfaces().values()))).connect(SERVER, 22)
        daemon.stop()
        assert lasting.recv(8) == b"SSH-2.0-"
        daemon.start()
        place.works()
        assert {name: os.stat(lan.FOLDER / name).st_ino for name in before} == before
        assert "203.0.113.0/24" in router.ip("route"), router.ip("route")
        lasting.sendall(b"SSH-2.0-lives\r\n")
        assert lasting.recv(2000)
        lasting.close()

    with story.case("kill -9 of the daemon: netd leaves with it, what it made stays, and the next start finds it"):
        left = netds(daemon)
        daemon.kill()
        harness.wait_until(lambda: not any(harness.is_alive(pid) for pid in left), "netd to leave")
        assert place.vpc.router().name in lan.names()
        daemon.start()
        place.works()


def struck(story, daemon, place, owned):
    """Gateways are made and deleted while netd or the daemon are killed at any moment."""
    rng = random.Random(SEED)
    with story.case(f"{ROUNDS} times kill -9 of netd or the daemon while gateways come and go (seed {SEED})"):
        wanted = set()
        for number in range(ROUNDS):
            maker = threading.Thread(target=churn, args=(daemon, place, rng.randrange(3, 8), rng.random()))
            maker.start()
            time.sleep(rng.uniform(0.0, 0.5))  # not a wait: the moment of the blow
            if number % 2 == 0:
                with contextlib.suppress(IndexError, ProcessLookupError):
                    os.kill(netds(daemon)[-1], signal.SIGKILL)
                maker.join()
            else:
                daemon.kill()
                maker.join()
                daemon.start()
            for item in place.vpc.lattice("GET", "/resourcegateways")["items"]:
                if item["status"] != "DELETE_IN_PROGRESS":
                    place.vpc.wait_gateway(item["id"])
            wanted = set(place.vpc.interfaces().values())
            harness.wait_until(lambda: interfaces_made(owned) == wanted, "as many namespaces as network interfaces")
            place.works()
        assert wanted

    with story.case("a namespace that is not wanted any more is gone after a start, also when it went while nobody looked"):
        gateway = place.vpc.gateway([place.chosen])
        for pid in netds(daemon):
            os.kill(pid, signal.SIGSTOP)
        with contextlib.suppress(aws.AwsError):
            place.vpc.lattice("DELETE", f"/resourcegateways/{gateway}")
        stopped = netds(daemon)
        daemon.kill()
        for pid in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        daemon.start()
        harness.wait_until(lambda: interfaces_made(owned) == set(place.vpc.interfaces().values()), "the difference to go")
        assert all(item["id"] != gateway for item in place.vpc.lattice("GET", "/resourcegateways")["items"])


def churn(daemon, place, count, share):
    """Makes gateways and deletes a part of them; a daemon that dies on the way is what we are here for."""
    client = daemon.new_client()
    with contextlib.suppress(OSError, aws.AwsError):
        for number in range(count):
            made = client.rest("vpc-lattice", "POST", "/resourcegateways", {
                "name": f"churn-{time.time_ns()}", "vpcIdentifier": place.vpc.id, "subnetIds": [place.chosen]})
            if number >= count * share:
                client.rest("vpc-lattice", "DELETE", f"/resourcegateways/{made['id']}")
    client.close()


def interfaces_made(owned):
    return {name[name.index("eni-"):] for name in owned.names() if "eni-" in name}


def reboot(story, daemon, place, owned):
    with story.case("after a reboot, when every namespace is gone, a start makes all of it again"):
        daemon.stop()
        for name in owned.names():
            lan.remove(name)
        daemon.start()
        place.vpc.wait_gateway(place.gateway)
        harness.wait_until(lambda: interfaces_made(owned) == set(place.vpc.interfaces().values()), "the networks")
        place.plug_again()
        place.works()

    with story.case("a namespace that somebody removed by hand comes back with the next start, the others are not touched"):
        router = place.vpc.router()
        inode = os.stat(router.path).st_ino
        lan.remove(lan.interface_of(next(iter(place.vpc.interfaces().values()))).name)
        daemon.stop()
        daemon.start()
        harness.wait_until(lambda: interfaces_made(owned) == set(place.vpc.interfaces().values()), "the networks")
        assert os.stat(router.path).st_ino == inode
        place.works()


with harness.Story() as story:
    network = story.enter(lan.Lan())
    owned = story.enter(lan.Owned())
    things = host_things()
    daemon = story.enter(harness.Daemon(story.folder / "state", {**vpcs.SETTINGS, "egress.connect_timeout": "5s"}))
    place = Private(story, daemon, network, owned, "server")
    with story.case("what netd made is there to be looked at, and nothing of it on the host itself"):
        place.works()
        assert len(owned.names()) == 2, owned.names()
        assert "10.46.1.1/24" in sum(place.vpc.router().addresses().values(), []), place.vpc.router().addresses()
        eni = lan.interface_of(next(iter(place.vpc.interfaces().values())))
        assert "policy drop" in eni.run("nft", "list", "ruleset"), eni.run("nft", "list", "ruleset")
        harness.wait_until(lambda: host_things() <= things, "no link and no table to be left on the host")
    survive(story, daemon, place)
    struck(story, daemon, place, owned)
    reboot(story, daemon, place, owned)
    with story.case("when all is deleted, nothing is left: no namespace, no link, no table"):
        place.delete()
        harness.wait_until(lambda: not owned.names(), "the namespaces to go")
        harness.wait_until(lambda: host_things() <= things, "no link and no table to be left on the host")
    with story.case("netd ends with the daemon"):
        left = netds(daemon)
        daemon.stop()
        harness.wait_until(lambda: not any(harness.is_alive(pid) for pid in left), "netd to leave")
        daemon.start()
