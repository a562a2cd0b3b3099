#!/usr/bin/env python3
"""The web console: what is served without a signature, and nothing beside it; and the console in a browser, by the checks of
console/tests/e2e/, from the first sign-in to a file at a partner in a private network.

SALLYPORT_TEST_LARGE=1: 100,000 transfers in the list.
"""

import contextlib
import gzip
import os
import pathlib
import re
import secrets
import shutil
import sqlite3
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import aws  # noqa: E402
import flows  # noqa: E402
import harness  # noqa: E402
import lan  # noqa: E402
import vpcs  # noqa: E402

TABLE = harness.BUILD / "src" / "console" / "console_pages.c"
ROW = re.compile(r'^\t\{ "([^"]+)", "([^"]+)", "\\"(\w+)\\""', re.MULTILINE)
HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
           "Cross-Origin-Opener-Policy": "same-origin", "Vary": "Accept-Encoding"}
INDEXES = ("/console", "/console/")


def table():
    """{path: (content type, etag)} of what the program was built with."""
    return {path: (kind, etag) for path, kind, etag in ROW.findall(TABLE.read_text(encoding="ascii"))}


def ask(daemon, path, method="GET", **headers):
    words = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return daemon.client.send("sallyport", aws.Request(method, path, words), sign=False)


def header(response, name):
    return (response.header(name) or [None])[0]


def policy_of(response):
    """{directive: sources}"""
    parts = [part.split() for part in header(response, "Content-Security-Policy").split(";")]
    return {name: sources for name, *sources in parts}


def serving(story, daemon):
    pages = table()
    built = len(pages) > len(INDEXES)

    with story.case("each of the console's files is there without a signature, and a browser may keep what has its digest in its name"):
        for path, (kind, etag) in pages.items():
            answer = ask(daemon, path)
            assert answer.status == 200, (path, answer.status)
            assert header(answer, "Content-Type") == kind and header(answer, "ETag") == f'"{etag}"', (path, answer.headers)
            assert {name: header(answer, name) for name in HEADERS} == HEADERS, (path, answer.headers)
            lasting = path.startswith("/console/assets/")
            wanted = "public, max-age=31536000, immutable" if lasting else "no-cache"
            assert header(answer, "Cache-Control") == wanted, (path, answer.headers)
            content = gzip.decompress(answer.body) if header(answer, "Content-Encoding") == "gzip" else answer.body
            assert content, path

    with story.case("the policy lets nothing in from elsewhere, no script or style inside a page, and no eval"):
        policy = policy_of(ask(daemon, "/console/"))
        assert policy["default-src"] == ["'none'"] and policy["script-src"] == ["'self'"], policy
        assert policy["style-src"] == ["'self'"] and policy["connect-src"] == ["'self'"], policy
        assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == ["'none'"], policy
        assert {source for sources in policy.values() for source in sources} == {"'self'", "'none'", "data:"}, policy

    with story.case("what a browser has already is not sent again"):
        for path, (_kind, etag) in list(pages.items())[:3]:
            again = ask(daemon, path, If_None_Match=f'W/"{etag}"')
            assert (again.status, again.body) == (304, b"") and header(again, "ETag") == f'"{etag}"', (path, again.headers)
            assert header(again, "Cache-Control"), again.headers
            assert ask(daemon, path, If_None_Match='"0"').status == 200
            head = ask(daemon, path, "HEAD")
            assert (head.status, head.body) == (200, b"") and int(header(head, "Content-Length")) > 0, head.headers

    with story.case("a client that takes no gzip is told so"):
        if not built:
            raise harness.Skip("this program was built without its console")
        answer = ask(daemon, "/console/", Accept_Encoding="identity")
        assert answer.status == 406 and b"gzip" in answer.body, (answer.status, answer.body)
        assert header(ask(daemon, "/console/", Accept_Encoding="br, gzip;q=0.5"), "Content-Encoding") == "gzip"

    with story.case("nothing else under those paths is answered without a signature"):
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            assert ask(daemon, "/console/", method).status == 403, method
        some = next(path for path in pages)
        for path in ("/", "/console/../v1/transfers", "/console/%2e%2e/v1/transfers", "/console//", "/console/assets/",
                     "/console/index.html", "/CONSOLE/", "/console;/v1/transfers", f"/{some}", f"{some}/x", f"{some}%00",
                     "/v1/transfers?/console/", "/metrics", "/v1/events"):
            answer = ask(daemon, path)
            assert answer.status in (400, 403), (path, answer.status, answer.body[:200])
            assert b"html" not in answer.body[:200], (path, answer.body[:200])

    with story.case("a program that was built without its console says so"):
        if built:
            raise harness.Skip("this program was built with its console")
        assert b"was built without its web console" in ask(daemon, "/console/").body


# ---- in a browser -------------------------------------------------------------------------------------------------

CHECKS = harness.ROOT / "console" / "tests" / "e2e"
CHROMIUM = shutil.which("chromium")
TAP = re.compile(r"(ok|not ok) \d+ - (.*)")
VPC_BLOCK, CHOSEN, SERVERS, SERVER = "10.58.0.0/16", "10.58.1.0/24", "10.58.9.0/24", "10.58.9.22"
TRANSFERS = 100_000 if harness.LARGE else 10_000


def browser_obstacle():
    if len(table()) <= len(INDEXES):
        return "this program was built without its console"
    if shutil.which("node") is None or not (harness.ROOT / "console" / "node_modules" / "playwright-core").exists():
        return "node or playwright-core is not there: ./dev deps installs the console's packages with npm"
    if CHROMIUM is None:
        return "there is no chromium: ./dev deps installs Debian's"
    return None


def browse(story, daemon, parts, more=None):
    """Tells each check of @parts as a case of ours. The lines that it said beside."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    said, seen = [], 0
    harness.logs.begin()
    with subprocess.Popen(["node", str(CHECKS / "run.mjs"), *parts], env={**env, **daemon.env, "CHROMIUM": CHROMIUM, **(more or {})},
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        story.stack.callback(harness.end, process)
        for line in process.stdout:
            line = line.rstrip("\n")
            told = TAP.fullmatch(line)
            if told:
                seen += 1
                story.tell(told[1] == "ok", told[2])
            elif line != f"1..{seen}":
                said.append(line.removeprefix("# "))
                print(f"# {said[-1]}", flush=True)
    if process.returncode not in (0, 1):
        story.tell(False, f"the browser's checks of {', '.join(parts)} come to their end")
    if process.returncode != 0:
        harness.logs.tell()
    return said


def walk(story, daemon, network, owned):
    """The whole walkthrough by hand; between its halves somebody puts the partner's machine into the new subnet."""
    said = browse(story, daemon, ["network"], {"VPC_BLOCK": VPC_BLOCK, "CHOSEN_BLOCK": CHOSEN, "SERVERS_BLOCK": SERVERS})
    made = next(line.split()[1] for line in said if line.startswith("made vpc-"))
    vpc = vpcs.Vpc.known(daemon, made, owned)
    harness.wait_until(lambda: lan.names(f"-{made}"), "the namespace of the VPC")
    owned.learn(made)
    server = vpcs.private_server(story, vpc, network, "partner", f"{SERVER}/24")
    (server.home / "in").mkdir()
    bucket = daemon.bucket("files")
    digest = flows.write_random(bucket / "a.bin", 5_000_000)
    (bucket / "b.bin").write_bytes(b"b")
    browse(story, daemon, ["connector"], {
        "PARTNER_ADDRESS": SERVER, "PARTNER_USER": server.user, "PARTNER_KEY": server.private_key,
        "PARTNER_FINGERPRINT": fingerprint_shown(server), "DIGEST_A": digest})

    with story.case("what the console showed is true: the file is at the partner, and came from the chosen subnet"):
        assert flows.sha256_of(server.home / "in" / "a.bin") == digest
        assert server.logins()[-1] in vpc.interfaces(), server.logins()
        assert (bucket / "back" / "b.bin").read_bytes() == b"b"


def fingerprint_shown(server):
    """Of the key that Sallyport asks this server for: of several the ed25519 one."""
    line = next(line for line in server.trusted_keys() if line.startswith("ssh-ed25519 "))
    done = subprocess.run(["ssh-keygen", "-lf", "-"], input=line, capture_output=True, text=True, check=True)
    return done.stdout.split()[1]


def multiply(daemon, wanted):
    """Copies a transfer that is COMPLETED, with its files, in the store of a daemon that is stopped."""
    with contextlib.closing(sqlite3.connect(daemon.state / "store.db")) as store:
        store.row_factory = sqlite3.Row
        first = dict(store.execute("SELECT transfers.* FROM transfers JOIN files ON files.transfer_id = transfers.id "
                                   "WHERE files.state = (SELECT MAX(state) FROM files WHERE ended_ms > 0 AND failure_code IS NULL) "
                                   "AND files.failure_code IS NULL LIMIT 1").fetchone())
        files = [dict(row) for row in store.execute("SELECT * FROM files WHERE transfer_id = ?", (first["id"],))]
        position, = store.execute("SELECT MAX(position) FROM files").fetchone()
        for number in range(1, wanted + 1):
            transfer = f"{secrets.token_hex(4)}-0000-4000-8000-{number:012x}"
            insert(store, "transfers", {**first, "id": transfer, "created_ms": first["created_ms"] - number})
            for file in files:
                position += 1
                insert(store, "files", {**file, "position": position, "transfer_id": transfer,
                                        "id": f"{secrets.token_hex(4)}-0000-4000-9000-{position:012x}"})
        store.commit()


def insert(store, name, row):
    store.execute(f"INSERT INTO {name} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values()))


with harness.Story() as story:
    settings = vpcs.SETTINGS if os.geteuid() == 0 else {}
    network, owned = (story.enter(lan.Lan()), story.enter(lan.Owned())) if os.geteuid() == 0 else (None, None)
    daemon = story.enter(harness.Daemon(story.folder / "state", settings))
    serving(story, daemon)
    why = browser_obstacle()
    if why:
        story.tell(True, "the console in a browser", f" # SKIP {why}")
    else:
        browse(story, daemon, ["front", "access"])
        if network is None:
            story.tell(True, "the walkthrough by hand", " # SKIP needs root, to make networks")
        else:
            walk(story, daemon, network, owned)
        browse(story, daemon, ["pages"])
        if network is not None:
            daemon.stop()
            multiply(daemon, TRANSFERS)
            daemon.start()
            browse(story, daemon, ["many"], {"TRANSFERS": str(TRANSFERS)})
