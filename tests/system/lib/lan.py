"""Networks of our own: namespaces, cables, bridges and tunnels, and what is counted on them. Needs root.

    lan = story.enter(lan.Lan())
    host, partner = lan.namespace("host"), lan.namespace("partner")
    lan.cable(host, "up0", "192.0.2.1/24", partner, "in0", "192.0.2.2/24")

Names of namespaces carry a random part, so that two runs side by side never meet; leaving a Lan removes all of it.
"""

import contextlib
import ctypes
import errno
import fcntl
import json
import os
import pathlib
import secrets
import select
import socket
import struct
import subprocess
import threading

import harness

FOLDER = pathlib.Path("/run/netns")
CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000
PACKET_MAX = 65536
_libc = ctypes.CDLL(None, use_errno=True)


def run(*words, text=None):
    """What a command printed; its complaint becomes the error."""
    done = subprocess.run([str(word) for word in words], input=text, stdin=None if text else subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, words))}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def needs():
    """Skips, loudly, where no networks can be made."""
    harness.need_root("to make network namespaces")
    name = f"spt-{secrets.token_hex(3)}-probe"
    try:
        run("ip", "netns", "add", name)
        run("ip", "netns", "del", name)
    except (OSError, RuntimeError) as error:
        raise harness.Skip(f"needs network namespaces ({error})") from None


def names(ending="", world=()):
    """The namespaces that are pinned on this machine."""
    if world:
        found = run(*world, "ls", FOLDER).split()
    else:
        found = os.listdir(FOLDER) if FOLDER.exists() else []
    return sorted(name for name in found if name.endswith(ending))


class Namespace:
    """
    One that is pinned, by us or by others.

    @world  words before every command: how to get to where it is pinned, when that is not this machine itself
    """

    def __init__(self, name, world=()):
        self.name, self.world = name, list(world)
        self.path = FOLDER / name

    @property
    def prefix(self):
        """Words before a command that shall run in it. The process stays the same."""
        return [*self.world, "nsenter", f"--net={self.path}", "--"]

    def ip(self, *words):
        return run(*self.world, "ip", "-n", self.name, *words)

    def ip_json(self, *words):
        return json.loads(run(*self.world, "ip", "-n", self.name, "-j", "-d", *words) or "[]")

    def links(self):
        """Their numbers, none of which is given twice."""
        return {link["ifindex"] for link in self.ip_json("link", "show")}

    def forwards_at(self, port):
        """Whether this port of a bridge does."""
        link, = self.ip_json("link", "show", "dev", port)
        return link["linkinfo"].get("info_slave_data", {}).get("state") == "forwarding"

    def run(self, *words, text=None):
        return run(*self.prefix, *words, text=text)

    def inside(self, function):
        """function(), performed by a thread that has moved into the namespace; sockets stay in it for life."""
        found = {}

        def body():
            try:
                with open(self.path, "rb") as door:
                    if _libc.setns(door.fileno(), CLONE_NEWNET) != 0:
                        raise OSError(ctypes.get_errno(), f"cannot enter the namespace {self.name}")
                found["value"] = function()
            except Exception as error:  # pylint: disable=broad-except
                found["error"] = error
        thread = threading.Thread(target=body)
        thread.start()
        thread.join()
        if "error" in found:
            raise found["error"]
        return found["value"]

    def socket(self, family=socket.AF_INET, kind=socket.SOCK_STREAM):
        return self.inside(lambda: socket.socket(family, kind))

    def connect(self, address, port, seconds=2, source=None):
        """A connected TCP socket, or the OSError: nothing of ours but the kernel stands in between."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        made = self.socket(family)
        try:
            made.settimeout(seconds)
            if source:
                made.bind((source, 0))
            made.connect((address, port))
        except OSError:
            made.close()
            raise
        return made

    @contextlib.contextmanager
    def knows_who_is_gone(self):
        """While it lasts: who was there before is not believed to be, and who does not answer is given up at once, and not in
        the seconds after which a connection may be."""
        self._ask_neighbours_every(20)
        self.ip("neigh", "flush", "all")
        try:
            yield
        finally:
            self._ask_neighbours_every(1000)  # as the kernel does
            self.ip("neigh", "flush", "all")

    def _ask_neighbours_every(self, milliseconds):
        self.run("sh", "-c", "for times in /proc/sys/net/ipv4/neigh/*/retrans_time_ms; do"
                 f" echo {milliseconds} >$times; done")

    def interface_with(self, address):
        """The name of the interface that has this address."""
        for link in self.ip_json("addr"):
            if any(entry.get("local") == address for entry in link.get("addr_info", ())):
                return link["ifname"]
        raise RuntimeError(f"{self.name} has no interface with {address}: {self.ip('-br', 'addr')}")

    def addresses(self):
        """{interface: ["10.0.0.1/24", …]}, IPv4, without loopback."""
        return {link["ifname"]: [f"{entry['local']}/{entry['prefixlen']}" for entry in link["addr_info"]
                                 if entry["family"] == "inet"]
                for link in self.ip_json("addr") if link.get("ifname") not in ("lo", None)}

    def route(self, *words):
        self.ip("route", "replace", *words)

    def forward(self):
        """Makes a router of it."""
        self.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")

    def allow_only(self, source, port):
        """A partner's firewall: @port may be reached from @source and from nowhere else; the rest is dropped unanswered."""
        self.run("nft", "-f", "-", text=f"table inet door {{\n chain in {{\n"
                 " type filter hook input priority 0; policy accept;\n iifname lo accept\n"
                 f" tcp dport {port} ip saddr {source} accept\n tcp dport {port} drop\n }}\n}}\n")

    def count(self, name, match):
        """Counts what arrives and matches, before any other rule sees it. @match as nft has it: "tcp dport 22"."""
        self.run("nft", "-f", "-", text="table inet watch {\n"
                 f" counter {name} {{ }}\n chain early {{\n type filter hook prerouting priority -400; policy accept;\n"
                 f" {match} counter name {name}\n }}\n}}\n")

    def counted(self, name):
        """Packets."""
        found = json.loads(self.run("nft", "-j", "list", "counter", "inet", "watch", name))["nftables"]
        return next(entry["counter"]["packets"] for entry in found if "counter" in entry)


class Tunnel:
    """A tunnel device in each of two namespaces; a program carries the packets, as a VPN does."""

    def __init__(self, left, right):
        self.ends = [self._open(*left), self._open(*right)]
        self.over, self.tell = os.pipe()
        self.carried = 0
        self.thread = threading.Thread(target=self._carry, daemon=True)
        self.thread.start()

    @staticmethod
    def _open(namespace, name, address, peer):
        def make():
            device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
            return device
        try:
            device = namespace.inside(make)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EPERM, errno.ENODEV):
                raise harness.Skip(f"needs /dev/net/tun ({error})") from None
            raise
        namespace.ip("addr", "add", address, "peer", peer, "dev", name)
        namespace.ip("link", "set", name, "up")
        return device

    def _carry(self):
        while True:
            ready, _, _ = select.select([*self.ends, self.over], [], [])
            if self.over in ready:
                return
            for device in ready:
                try:
                    packet = os.read(device, PACKET_MAX)
                    os.write(self.ends[1 - self.ends.index(device)], packet)
                    self.carried += 1
                except BlockingIOError:
                    continue
                except OSError:
                    return  # somebody removed the device

    def close(self):
        os.write(self.tell, b"x")
        self.thread.join()
        for fd in (*self.ends, self.over, self.tell):
            os.close(fd)


class Lan:
    """Everything made here goes when it is left, also after a failure. @world: as in Namespace."""

    def __init__(self, world=()):
        self.mark, self.world = secrets.token_hex(3), list(world)
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        if not self.world:
            needs()
        return self

    def __exit__(self, *_):
        self.stack.close()

    def namespace(self, name):
        made = Namespace(f"spt-{self.mark}-{name}", self.world)
        run(*self.world, "ip", "netns", "add", made.name)
        self.stack.callback(remove, made.name, self.world)
        made.ip("link", "set", "lo", "up")
        # what leaves by one interface and comes back by another is dropped by rules here, not by luck
        made.run("sh", "-c", "for f in all default; do echo 0 > /proc/sys/net/ipv4/conf/$f/rp_filter; done")
        return made

    def cable(self, left, left_name, left_address, right, right_name, right_address):
        """A veth pair; None for an address means none."""
        left.ip("link", "add", left_name, "type", "veth", "peer", "name", right_name, "netns", right.name)
        for namespace, name, address in ((left, left_name, left_address), (right, right_name, right_address)):
            if address:
                namespace.ip("addr", "add", address, "dev", name)
            namespace.ip("link", "set", name, "up")

    def plug(self, switch, bridge, namespace, name, address, router=None):
        """Hangs a namespace on a bridge that stands in the namespace @switch, as an administrator does it by hand."""
        port = f"h-{secrets.token_hex(4)}"
        self.cable(switch, port, None, namespace, name, address)
        switch.ip("link", "set", port, "master", bridge)
        harness.wait_until(lambda: switch.forwards_at(port), f"{port} to forward: the kernel looks at new links when it has time")
        if router:
            namespace.route("default", "via", router)

    def tunnel(self, left, left_name, left_address, right, right_name, right_address):
        made = Tunnel((left, left_name, left_address, right_address), (right, right_name, right_address, left_address))
        self.stack.callback(made.close)
        return made


def remove(name, world=()):
    """Removes a namespace and all that is in it; one that is gone already is fine."""
    try:
        run(*world, "ip", "netns", "del", name)
    except RuntimeError:
        if not world and (FOLDER / name).exists():  # what another world had went with it
            raise


class Inside(Namespace):
    """A namespace whose commands run behind some more words."""

    def __init__(self, namespace, words):
        super().__init__(namespace.name, namespace.world)
        self.words = words

    @property
    def prefix(self):
        return [*super().prefix, *self.words]


# ---- what sallyport-netd makes --------------------------------------------------------------------------------------

NETD = "sallyport-netd"


def netds(daemon):
    """The processes of a daemon's netd, supervisor first."""
    return [pid for pid in harness.descendants(daemon.process.pid) if harness.runs(pid, NETD)]


def world_of_netd(daemon):
    """An ordinary user's networks are in namespaces that netd made for itself: the way in."""
    netd = harness.wait_until(lambda: netds(daemon), "netd")[0]
    return [*harness.as_user(daemon.user), "nsenter", f"--target={netd}", "--user", "--mount", "--net",
            "--preserve-credentials", "--"]


def as_themselves(uid, gid):
    """Words for a program in such a world that shall see its user as who it is outside, and not as root."""
    return ["unshare", "--user", f"--map-user={uid}", f"--map-group={gid}", "--"]


def router_of(vpc, world=()):
    """The namespace that is a VPC's router."""
    found = names(f"-{vpc}", world)
    if len(found) != 1:
        raise RuntimeError(f"there should be one namespace for {vpc}, and there are {found or 'none'}")
    return Namespace(found[0], world)


def interface_of(eni):
    """The namespace of one network interface."""
    return router_of(eni)


class Owned:
    """All namespaces that netd made for one state folder: those of the VPCs and interfaces that were told of."""

    def __init__(self, world=()):
        self.owners, self.world = set(), world

    def __enter__(self):
        return self

    def learn(self, vpc):
        """From a VPC's namespace: whose mark the others carry."""
        self.owners.add(router_of(vpc, self.world).name.removesuffix(f"-{vpc}"))

    def names(self):
        found = names(world=self.world) if self.owners else []
        return [name for name in found if any(name.startswith(f"{owner}-") for owner in self.owners)]

    def __exit__(self, *_):
        if self.world:
            return  # what is in another world goes with it
        for name in self.names():
            remove(name)
