#!/usr/bin/env python3
"""Makes the pictures of the README, doc/images/*.png, of a Sallyport that is started for them. Needs root, to make networks.

usage: console/tools/screenshots.py [FOLDER]
"""

import contextlib
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "system" / "lib"))
import flows  # noqa: E402
import harness  # noqa: E402
import lan  # noqa: E402
import sshd  # noqa: E402
import vpcs  # noqa: E402

SIZE_MAX = 200_000
HOURS = 24
MIB = 1 << 20
SERVER = "10.7.9.22"
RATE = 3 * MIB
SIZES = (48, 96, 20, 64, 9)  # MiB, of the files that are on their way in the picture


class Scene:
    """Partners, and what has been moved to and from them."""

    def __init__(self, folder):
        self.stack, self.folder = contextlib.ExitStack(), folder

    def __enter__(self):
        self.network = self.stack.enter_context(lan.Lan())
        self.owned = self.stack.enter_context(lan.Owned())
        self.daemon = self.stack.enter_context(harness.Daemon(self.folder / "state", {
            "network.provider": "auto", "egress.allow_private_targets": "true"}))
        return self

    def __exit__(self, *whatever):
        self.stack.close()

    def enter(self, thing):
        return self.stack.enter_context(thing)

    def name(self, connector, text):
        arn = self.daemon.client.call("transfer", "DescribeConnector", {"ConnectorId": connector})["Connector"]["Arn"]
        self.daemon.client.call("transfer", "TagResource", {"Arn": arn, "Tags": [{"Key": "Name", "Value": text}]})

    def private_partner(self):
        """A connector through a gateway whose security group forgot the port: its id."""
        vpc = vpcs.Vpc(self.daemon, "10.7.0.0/16", self.owned)
        chosen = vpc.subnet("10.7.1.0/24")
        vpc.subnet("10.7.9.0/24")
        gateway = vpc.gateway([chosen], [vpc.group(vpcs.allow(f"{SERVER}/32", 2222))], name="to-acme")
        server = vpcs.private_server(self, vpc, self.network, "acme", f"{SERVER}/24")
        partner = vpcs.partner_through(self.daemon, vpc, gateway, server)
        partner.settled()
        self.name(partner.id, "acme invoices")
        return partner.id

    def busy_partner(self):
        """A transfer that is under way over a line that is not the fastest: its id."""
        server = self.enter(sshd.Sshd(self.folder / "warehouse"))
        line = self.enter(harness.Proxy(server.port, delay_ms=5, rate=RATE))
        partner = flows.partner_of(self.daemon, server, url=f"sftp://127.0.0.1:{line.port}")
        self.name(partner.id, "warehouse")
        bucket = self.daemon.bucket("orders")
        paths = []
        for number, size in enumerate(SIZES, 1):
            flows.write_random(bucket / f"2026-11-{number:02}.parquet", size * MIB)
            paths.append(f"/orders/2026-11-{number:02}.parquet")
        (server.home / "in").mkdir()
        return partner.send(*paths, to="in")

    def past(self, connector):
        """Hours that this Sallyport has not lived through."""
        self.daemon.stop()
        this_hour = int(time.time()) // 3600 * 3_600_000
        with contextlib.closing(sqlite3.connect(self.daemon.state / "store.db")) as store:
            for back in range(1, HOURS):
                for direction, most in ((0, 900), (1, 520)):
                    moved = int(most * MIB * ((back * 7 + direction * 5) % 13 / 13 + 0.2))
                    store.execute("INSERT INTO usage VALUES (?, ?, '', ?, 40, 0, ?, ?)",
                                  (this_hour - back * 3_600_000, connector, direction, moved, moved))
            store.commit()
        self.daemon.start()


def shoot(daemon, folder, what):
    env = {**os.environ, **daemon.env, "CHROMIUM": shutil.which("chromium"), "WHAT": json.dumps(what), "FOLDER": str(folder)}
    subprocess.run(["node", str(ROOT / "console" / "tools" / "shoot.mjs")], env=env, check=True)


def main():
    images = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "doc" / "images").resolve()
    images.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sallyport-images-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        with Scene(folder) as scene:
            connector = scene.private_partner()
            transfer = scene.busy_partner()
            time.sleep(3)  # until there is a rate to see
            shoot(scene.daemon, images, [
                {"name": "path", "address": f"#/connectors/{connector}?test=now", "wait": "[data-test=path-list]", "height": 700},
                {"name": "transfer", "address": f"#/transfers/{transfer}", "wait": "tbody [role=progressbar], tbody progress",
                 "height": 760}])
            scene.past(connector)
            shoot(scene.daemon, images, [{"name": "overview", "address": "#/overview", "wait": "svg rect", "height": 760,
                                          "colorScheme": "dark"}])
    for image in sorted(images.glob("*.png")):
        size = image.stat().st_size
        print(f"{image}: {size} bytes")
        if size > SIZE_MAX:
            sys.exit(f"{image} is larger than {SIZE_MAX} bytes")


main()
