#!/usr/bin/env python3
"""The official AWS SDK for JavaScript calls every operation: tests/conformance/ has the checks, and a Node runs them."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import ec2  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402

SUITE = harness.ROOT / "tests" / "conformance"
TAP = re.compile(r"(ok|not ok) \d+ - (.*?)( # SKIP .*)?")
ANSWERED = "# answered "
TABLE = re.compile(r"static const struct api_operation operations\[\] = \{\n(.*?)^\};", re.MULTILINE | re.DOTALL)
OPERATION = re.compile(r'^\t\{ (?:\.name = )?"(\w+)"', re.MULTILINE)
OURS = "native"  # the folder of src/service/ that no SDK has a client for
PARTS = ["witness", "sts", "connectors", "transfers", "directories", "lattice", "secrets", "ec2_networks", "ec2_groups", "protocol",
         "required", "retries", "logs", "iam", "buckets"]
ROUTING = ["routing"]
SMALL = {"quota.connectors": "2", "quota.secrets": "2", "quota.queued_files": "2", "quota.gateways_per_vpc": "2",
         "quota.configurations": "2", "quota.group_children": "1"}


def needs():
    if shutil.which("node") is None:
        raise harness.Skip("there is no `node` on this machine: install Node.js 20 with npm to run this")
    if not (SUITE / "node_modules" / "@aws-sdk").exists():
        raise harness.Skip("the AWS SDK for JavaScript is not there: ./dev deps installs it with npm")


def served():
    """"service.Operation" of the tables in the sources."""
    found = set()
    for path in (harness.ROOT / "src" / "service").glob("*/*.c"):
        name = path.parent.name
        for table in TABLE.findall(path.read_text(encoding="utf-8")) if name != OURS else ():
            found |= {f"{name}.{operation}" for operation in OPERATION.findall(table)}
    return found


def partner(daemon, server):
    """What the checks know of a partner's server and of a bucket."""
    return {"PARTNER_URL": server.url, "PARTNER_HOME": str(server.home),
            "PARTNER_HOST_KEYS": json.dumps(server.trusted_keys()),
            "PARTNER_SECRET": json.dumps({"Username": server.user, "PrivateKey": server.private_key}),
            "BUCKET_FOLDER": str(daemon.bucket("files")), "OPERATIONS": json.dumps(sorted(served()))}


def run(story, daemon, parts, more):
    """Tells each check as a case of ours; the operations that were answered. @more: variables of the environment."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    words = [*(daemon.namespace.prefix if daemon.namespace else []), "node", str(SUITE / "run.mjs"), *parts]
    answered, seen = set(), 0
    harness.logs.begin()
    with subprocess.Popen(words, env={**env, **daemon.env, **more}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True) as process:
        story.stack.callback(harness.end, process)
        for line in process.stdout:
            line = line.rstrip("\n")
            check = TAP.fullmatch(line)
            if check:
                seen += 1
                story.tell(check[1] == "ok", check[2], check[3] or "")
            elif line.startswith(ANSWERED):
                answered.add(line.removeprefix(ANSWERED))
            elif line != f"1..{seen}":
                print(line if line.startswith("#") else f"# {line}", flush=True)
    if process.returncode not in (0, 1):
        story.tell(False, f"the checks of {', '.join(parts)} come to their end")
    if process.returncode != 0:
        harness.logs.tell()
    return answered


def on_this_machine(story, server):
    daemon = story.enter(harness.Daemon(story.folder / "state"))
    return run(story, daemon, PARTS, partner(daemon, server))


def at_the_limits(story, server):
    daemon = story.enter(harness.Daemon(story.folder / "small", SMALL))
    run(story, daemon, ["quotas"], partner(daemon, server))
    daemon = story.enter(harness.Daemon(story.folder / "slow", {"http.requests_per_key": "1"}))
    run(story, daemon, ["throttled"], {})


def where_networks_are_made(story):
    try:
        home = ec2.Home(story)
    except harness.Skip as why:
        story.tell(True, "the calls that route", f" # SKIP {why}")
        return None
    daemon = home.daemon("routing", egress_address_pools=ec2.pools())
    vpc = home.vpc(daemon, "10.61.0.0/16", {"sallyport:uplink": ec2.UPLINK, "sallyport:router": "192.0.2.1"})
    return run(story, daemon, ROUTING, {"ROUTED_VPC": vpc.id})


with harness.Story() as story:
    needs()
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    here, there = on_this_machine(story, server), where_networks_are_made(story)
    at_the_limits(story, server)
    with story.case("every operation that Sallyport has was called, and answered"):
        if there is None:
            raise harness.Skip("the calls that route were not run")
        print(f"# {len(served())} operations", flush=True)
        assert served() - (here | there) == set()
