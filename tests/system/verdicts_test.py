#!/usr/bin/env python3
"""User space and the kernel say the same of security groups: 10,000 sets of rules are drawn, loaded as sallyport-netd
would load them, and probed on their edges with packets (tests/tools/verdicts.c)."""

import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import harness  # noqa: E402

SEED, SETS = 20261123, 10_000
PROBES_PER_SET_MIN = 30  # on average: else the sets would hardly have been asked about
SECONDS_MAX = 300

# A network of its own that ends with its last process. Whatever leaves goes to an interface where nobody listens.
NETWORK = """ip link add sink type veth peer name far && ip address add 10.255.255.1/24 dev sink &&
ip link set sink arp off up && ip link set far up && ip route add default dev sink &&
ip address add fd0a::1/64 dev sink nodad && ip -6 route add default dev sink && exec "$@" """


def in_own_network(*words):
    own = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--net"]
    return subprocess.run([*own, "sh", "-c", NETWORK, "sh", *words], capture_output=True, text=True,
                          timeout=SECONDS_MAX, check=False)


def verdicts(*words):
    """(exit code, lines)"""
    done = in_own_network(harness.BUILD / "tests" / "tools" / "verdicts", *map(str, words))
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.returncode, done.stdout.splitlines()


def needs_a_network():
    if shutil.which("ip") is None or shutil.which("unshare") is None:
        raise harness.Skip("needs the commands ip and unshare")
    tried = in_own_network("true")
    if tried.returncode != 0:
        raise harness.Skip(f"this machine lets nobody make a network: {tried.stderr.strip()}")


def counts(lines):
    words = lines[-1].split()
    return dict(zip(words[::2], map(int, words[1::2])))


with harness.Story() as story:
    needs_a_network()

    with story.case(f"the kernel agrees with the daemon about {SETS} sets of rules"):
        code, said = verdicts(SEED, SETS)
        found = counts(said)
        print(f"# seed {SEED}: {said[-1]}")
        assert code == 0 and found["disagreements"] == 0, "\n".join(said)
        assert found["sets"] == SETS and found["probes"] >= PROBES_PER_SET_MIN * SETS, found
        assert found["probes"] // 5 < found["accepted"] < found["probes"] * 4 // 5, "one answer was hardly ever given"

    with story.case("a kernel that lets one port more through is found out"):
        code, said = verdicts(SEED, 250, "skewed")
        assert code == 1 and counts(said)["disagreements"] > 50, "\n".join(said)
