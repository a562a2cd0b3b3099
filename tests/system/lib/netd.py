"""sallyport-netd driven as the daemon drives it: over a socket, in the wire form of ipc/netd_message.c.

Written from the form alone, so that a mistake in the codec is not made twice. Messages go out one by one, or many
before the first answer is read.
"""

import dataclasses
import fcntl
import ipaddress
import os
import pathlib
import re
import secrets
import socket
import struct
import subprocess

import harness
import lan

PROGRAM = harness.BUILD / "src" / "netd" / "sallyport-netd"
MESSAGE_MAX = 65536
FDS_MAX = 16
CODES = ("OK INVALID NOT_FOUND EXISTS DENIED AUTH UNTRUSTED CONFLICT LIMIT NO_SPACE UNSUPPORTED PROTOCOL UNREACHABLE "
         "CLOSED TIMEOUT CHANGED CANCELLED NO_MEMORY SYSTEM INTERNAL").split()
ANY = 0x10000

# kind: number, fields in the order of the wire
KINDS = {
    "OWNER": (1, "request:number owner:text"),
    "BEGIN": (2, "request:number"),
    "VPC": (3, "request:number id:text cidr:block cidr6:block"),
    "SUBNET": (4, "request:number id:text parent:text cidr:block cidr6:block uplink:text router:address router6:address "
                  "table:text"),
    "ENI": (5, "request:number id:text parent:text address:address address6:address mac:text role:number servers:servers "
               "rules:rules"),
    "END": (6, "request:number"),
    "REMOVE": (7, "request:number id:text"),
    "OPEN": (8, "request:number id:text streams:number datagrams:number streams6:number datagrams6:number"),
    "INTERNET": (9, "request:number id:text parent:text uplink:text router:address address:address bits:number "
                    "mappings:mappings"),
    "TABLE": (10, "request:number id:text parent:text routes:routes"),
    "HELLO": (64, "version:number has_uplinks:flag text:text"),
    "DONE": (65, "request:number"),
    "FAILED": (66, "request:number code:number text:text"),
    "SOCKETS": (67, "request:number streams:number datagrams:number streams6:number datagrams6:number"),
}
KIND_NAMES = {number: name for name, (number, _) in KINDS.items()}


@dataclasses.dataclass
class Rule:
    """Like a line of a security group, spelled out. None: any."""

    to: str = "0.0.0.0/0"
    protocol: int = None
    from_port: int = None
    to_port: int = None


def put_number(value):
    return struct.pack(">I", value)


def put_block(text):
    """The length says the family too: those of IPv6 are counted from 64 on. None: "::/0"."""
    network = ipaddress.ip_network(text or "::/0")
    return bytes([network.prefixlen + (64 if network.version == 6 else 0)]) + network.network_address.packed


def put_address(text):
    packed = ipaddress.ip_address(text).packed if text else b""
    return bytes([len(packed)]) + packed


def put_rule(rule):
    return struct.pack(">HII", 0x100 if rule.protocol is None else rule.protocol,
                       ANY if rule.from_port is None else rule.from_port,
                       ANY if rule.to_port is None else rule.to_port) + put_block(rule.to)


def put_servers(servers):
    return put_number(len(servers)) + b"".join(
        put_address(address) + put_number(port) for address, port in servers)


HOPS = {"via": 0, "internet": 1, "blackhole": 2}


def put_route(to, hop):
    """@hop  "internet", "blackhole", or an address."""
    kind = HOPS.get(hop, HOPS["via"])
    return put_block(to) + bytes([kind]) + put_address(None if hop in HOPS else hop)


def put_mapping(private, public):
    return struct.pack(">II", int(ipaddress.ip_address(private)), int(ipaddress.ip_address(public)))


PUT = {
    "number": lambda value: put_number(value or 0),
    "text": lambda value: put_number(len(os.fsencode(value or b""))) + os.fsencode(value or b""),
    "block": put_block,
    "address": put_address,
    "servers": lambda value: put_servers(value or []),
    "rules": lambda value: put_number(len(value or [])) + b"".join(put_rule(rule) for rule in value or []),
    "routes": lambda value: put_number(len(value or {})) + b"".join(put_route(*item) for item in (value or {}).items()),
    "mappings": lambda value: put_number(len(value or {})) + b"".join(
        put_mapping(*item) for item in (value or {}).items()),
}


def fields_of(kind):
    return [field.split(":") for field in KINDS[kind][1].split()]


def encode(kind, **values):
    wire = bytes([KINDS[kind][0]]) + b"".join(PUT[form](values.pop(name, None)) for name, form in fields_of(kind))
    assert not values, f"{kind} has no {values}"
    return wire


@dataclasses.dataclass
class Message:
    kind: str
    fields: dict
    fds: list = dataclasses.field(default_factory=list)

    def __getattr__(self, name):
        return self.fields[name]


def decode(wire, fds):
    """Only answers come this way."""
    kind, at, found = KIND_NAMES[wire[0]], 1, {}
    for name, form in fields_of(kind):
        if form == "flag":
            found[name], at = wire[at] == 1, at + 1
            assert wire[at - 1] in (0, 1)
            continue
        found[name], at = struct.unpack_from(">I", wire, at)[0], at + 4
        if form == "text":
            length = found[name]
            found[name], at = wire[at:at + length].decode(), at + length
    assert at == len(wire), wire
    if "code" in found:
        found["code"] = CODES[found["code"]]
    return Message(kind, found, fds)


def new_id(prefix):
    return f"{prefix}-{secrets.token_hex(9)[:17]}"


def new_mac():
    return "02:" + ":".join(f"{byte:02x}" for byte in secrets.token_bytes(5))


class Refused(Exception):
    def __init__(self, answer):
        super().__init__(answer.text)
        self.code = answer.code


def refused(code, words, function, *args, **named):
    """Performs it; it has to be refused with this code and a sentence that holds these words. The sentence."""
    try:
        function(*args, **named)
    except Refused as error:
        assert error.code == code and words in str(error), f"{error.code}: {error}"
        return str(error)
    raise AssertionError(f"was not refused for {words}")


class Peer:
    """The daemon's end of the talk."""

    def __init__(self, control, owner=None):
        self.control = control
        self.control.settimeout(harness.PATIENCE_SECONDS)
        self.owner = owner or secrets.token_hex(4)
        self.last_request = 0

    def send(self, kind, **values):
        self.last_request += 1
        self.control.send(encode(kind, request=self.last_request, **values))
        return self.last_request

    def receive(self):
        """The next message, or None at the end."""
        wire, fds, flags, _ = socket.recv_fds(self.control, MESSAGE_MAX, FDS_MAX)
        assert flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC) == 0
        return decode(wire, fds) if wire else None

    def answer_to(self, request):
        answer = self.receive()
        assert answer is not None, "netd ended"
        assert answer.kind in ("DONE", "FAILED", "SOCKETS") and answer.request == request, f"{answer} to {request}"
        if answer.kind == "FAILED":
            raise Refused(answer)
        return answer

    def ask(self, kind, **values):
        return self.answer_to(self.send(kind, **values))

    def hello(self):
        answer = self.receive()
        assert answer is not None and answer.kind == "HELLO" and answer.version == 3, answer
        return answer

    def own(self):
        self.ask("OWNER", owner=self.owner)

    def open(self, eni, streams=1, datagrams=0, streams6=0, datagrams6=0):
        """Sockets of an ENI, blocking with a deadline, as Python likes them."""
        wanted = {"streams": streams, "datagrams": datagrams, "streams6": streams6, "datagrams6": datagrams6}
        answer = self.ask("OPEN", id=eni.id, **wanted)
        assert {name: answer.fields[name] for name in wanted} == wanted and len(answer.fds) == sum(wanted.values())
        for fd in answer.fds:
            assert not os.get_blocking(fd), "a socket of netd's blocks"
        sockets = [socket.socket(fileno=fd) for fd in answer.fds]
        for made in sockets:
            made.settimeout(3)
        return sockets

    def open_one(self, eni):
        return self.open(eni)[0]

    def namespace(self, thing):
        return lan.Namespace(f"sp-{self.owner}-{thing.id}")

    def namespaces(self):
        return [name for name in lan.names() if name.startswith(f"sp-{self.owner}-")]

    def clean(self):
        """Removes by hand what is left."""
        for name in self.namespaces():
            lan.remove(name)
        lock = pathlib.Path(f"/run/sallyport-netd-{self.owner}.lock")
        lock.unlink(missing_ok=True)  # of a netd that was killed


class Program:
    """A running sallyport-netd. Leaving ends it, looks at its log and removes whatever is left of its owners."""

    def __init__(self, folder):
        self.log = folder / f"netd-{secrets.token_hex(4)}.log"
        self.process, self.peers = None, []

    def run(self, command, **options):
        harness.logs.add(self.log)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **options)

    def log_text(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def __enter__(self):
        return self

    def leave(self):
        """However it is made to end."""

    def __exit__(self, *_):
        try:
            self.leave()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise harness.NotInTime("netd outlived its socket") from None
        finally:
            for peer in self.peers:
                peer.clean()
        text = self.log_text()
        assert not any(word in text for word in harness.SANITIZER_WORDS), text


class Netd(Program, Peer):
    """
    sallyport-netd as sallyportd spawns it.

    @owner     whose networks; a new one when there is none
    @prefix    words in front: runs it elsewhere, or as somebody else
    @switches  words behind
    """

    def __init__(self, folder, owner=None, prefix=(), switches=()):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        Program.__init__(self, folder)
        Peer.__init__(self, ours, owner)
        self.peers = [self]
        number = fcntl.fcntl(theirs.fileno(), fcntl.F_DUPFD_CLOEXEC, 100)
        theirs.close()
        self.run([*prefix, str(PROGRAM), "--supervise", str(number), *switches], pass_fds=[number])
        os.close(number)

    def working(self):
        """The id of the process that does the work, once there is one."""
        def find():
            found = [pid for pid in harness.descendants(self.process.pid)
                     if harness.runs(pid, PROGRAM.name) and harness.is_alive(pid)]
            parents = {harness.parent_of(pid) for pid in found}
            return [pid for pid in found if pid not in parents]
        return harness.wait_until(find, "netd's working process")[0]

    def begin(self):
        """HELLO and OWNER."""
        hello = self.hello()
        self.own()
        return hello

    def kill(self):
        """kill -9 of all of it; what it has made stays."""
        self.process.kill()
        self.process.wait()
        self.control.close()

    def leave(self):
        self.control.close()
        self.process.wait(20)


class Activated(Program):
    """sallyport-netd as systemd starts it: with a listening socket as descriptor 3."""

    def __init__(self, folder, user, *switches, prefix=()):
        super().__init__(folder)
        self.path = folder / f"netd-{secrets.token_hex(4)}.socket"
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(str(self.path))
        os.chmod(self.path, 0o666)  # here it is netd's own check that counts
        listener.listen()
        number = fcntl.fcntl(listener.fileno(), fcntl.F_DUPFD_CLOEXEC, 100)
        listener.close()
        words = [*prefix, str(PROGRAM), "--user", user, *switches]
        self.run(["sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"', "sh", *words],
                 pass_fds=[3], preexec_fn=lambda: os.dup2(number, 3))
        os.close(number)

    def connect(self, owner=None):
        control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        control.connect(str(self.path))
        self.peers.append(Peer(control, owner))
        return self.peers[-1]

    def leave(self):
        for peer in self.peers:
            peer.control.close()
        harness.end(self.process)


# ---- what is asked for ----------------------------------------------------------------------------------------------


class Vpc:
    """@main  the route table of its subnets that name no other; said together with it, so that it leads to what the
    administrator hangs there."""

    def __init__(self, cidr="10.20.0.0/16", cidr6=None):
        self.id, self.cidr, self.cidr6 = new_id("vpc"), cidr, cidr6
        self.main = Table(self)

    def orders(self):
        return [("VPC", {"id": self.id, "cidr": self.cidr, "cidr6": self.cidr6}), *self.main.orders()]


class Table:
    """@routes  {block: "internet", "blackhole" or an address}"""

    def __init__(self, vpc, routes=None):
        self.id, self.vpc, self.routes = new_id("rtb"), vpc, dict(routes or {})

    @property
    def number(self):
        return str(0x10000000 | int(self.id[4:11], 16))

    def orders(self):
        return [("TABLE", {"id": self.id, "parent": self.vpc.id, "routes": self.routes})]


class Internet:
    """@mappings  {private: public}. @own: "192.0.2.2/30"."""

    def __init__(self, vpc, mappings=None, uplink="", router=None, own="/0"):
        self.id, self.vpc, self.mappings = new_id("igw"), vpc, dict(mappings or {})
        self.uplink, self.router, self.own = uplink, router, own

    @property
    def way(self):
        return "ig-" + self.id[4:16]

    @property
    def host_end(self):
        return "sh-" + self.id[4:16]

    def orders(self):
        address, _, bits = self.own.partition("/")
        return [("INTERNET", {"id": self.id, "parent": self.vpc.id, "uplink": self.uplink, "router": self.router,
                              "address": address, "bits": int(bits), "mappings": self.mappings})]


class Subnet:
    def __init__(self, vpc, cidr, uplink="", router=None, table=None, cidr6=None):
        self.id, self.vpc, self.cidr, self.uplink, self.cidr6 = new_id("subnet"), vpc, cidr, uplink, cidr6
        self.router6 = str(ipaddress.ip_network(cidr6)[1]) if cidr6 else None
        self.router = router or str(ipaddress.ip_network(cidr)[1])
        self.table = table or vpc.main

    @property
    def bridge(self):
        return "sn-" + self.id.partition("-")[2][:12]

    def orders(self):
        return [("SUBNET", {"id": self.id, "parent": self.vpc.id, "cidr": self.cidr, "cidr6": self.cidr6,
                            "uplink": self.uplink, "router": self.router, "router6": self.router6,
                            "table": "" if self.uplink else self.table.id})]


GATEWAY, NAT, APPLIANCE = range(3)


class Eni:
    def __init__(self, subnet, address, rules=(Rule(),), servers=(), role=GATEWAY, address6=None):
        self.id, self.subnet, self.address, self.mac = new_id("eni"), subnet, address, new_mac()
        self.role, self.address6 = role, address6
        self.rules, self.servers = list(rules), list(servers)

    @property
    def port(self):
        return "ni-" + self.id.partition("-")[2][:12]

    def orders(self):
        return [("ENI", {"id": self.id, "parent": self.subnet.id, "address": self.address,
                         "address6": self.address6, "mac": self.mac, "role": self.role, "servers": self.servers, "rules": self.rules})]


def make(peer, *things):
    for thing in things:
        for kind, values in thing.orders():
            peer.ask(kind, **values)


def say_all(peer, *things):
    """OWNER, BEGIN, all of it, END; sent in one go where they fit, as the daemon does."""
    requests = [peer.send("OWNER", owner=peer.owner), peer.send("BEGIN")]
    for thing in things:
        for kind, values in thing.orders():
            requests.append(peer.send(kind, **values))
    requests.append(peer.send("END"))
    for request in requests:
        peer.answer_to(request)


def refusals_in(nft_text, comment="refused"):
    """Packets that came to the ends of chains."""
    return sum(int(count) for count in re.findall(rf'counter packets (\d+) bytes \d+ (?:drop )?comment "{comment}"', nft_text))
