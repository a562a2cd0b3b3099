#!/usr/bin/env python3
"""Builds the web console and writes what the program embeds of it. Called by meson at every build.

usage: build.py --console auto|enabled|disabled OUT

The console is built into build-console/, once for all build folders, and again when a file of console/ has changed. With
"auto" it is left out, in words, where node or npm is missing or npm cannot get the packages of the lock file.
"""

import argparse
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import embed

CONSOLE = pathlib.Path(__file__).resolve().parents[1]
BUILT = CONSOLE.parent / "build-console"
NODE_NEEDED = (20, 19)
TRY_AGAIN_SECONDS = 3600  # without a network npm needs minutes to say so
NOT_OF_IT = ("node_modules", "tests", "__pycache__")


class Obstacle(Exception):
    """Why the console cannot be built here."""


def sources():
    for folder, folders, names in os.walk(CONSOLE):
        folders[:] = sorted(name for name in folders if name not in NOT_OF_IT)
        for name in sorted(names):
            yield pathlib.Path(folder) / name


def digest():
    total = hashlib.sha256()
    for path in sources():
        total.update(f"{path.relative_to(CONSOLE)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def check_tools():
    if not shutil.which("node") or not shutil.which("npm"):
        raise Obstacle("node and npm are needed to build it")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if numbers < NODE_NEEDED:
        raise Obstacle(f"it needs node {'.'.join(map(str, NODE_NEEDED))} or later, and here is {version}")


def run(what, *command):
    done = subprocess.run(command, cwd=CONSOLE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, env=os.environ | {"NODE_ENV": "production"})
    return None if done.returncode == 0 else f"could not {what}:\n{done.stdout}"


def install():
    """The packages of the lock file, unless they are there."""
    lock, installed = CONSOLE / "package-lock.json", CONSOLE / "node_modules" / ".installed"
    if installed.exists() and installed.read_bytes() == lock.read_bytes():
        return
    failed = BUILT / "no-packages"
    if failed.exists() and time.time() - failed.stat().st_mtime < TRY_AGAIN_SECONDS:
        raise Obstacle("npm could not get the packages that it is built with; ./dev deps tries again")
    trouble = run("get the console's packages", "npm", "ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund")
    if trouble:
        sys.stderr.write(trouble)
        failed.touch()
        raise Obstacle("npm could not get the packages that it is built with")
    installed.write_bytes(lock.read_bytes())


def build(wanted):
    """The folder of the built console."""
    dist, stamp = BUILT / "dist", BUILT / "digest"
    if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return dist
    check_tools()
    install()
    print("building the web console", file=sys.stderr)
    stamp.unlink(missing_ok=True)
    trouble = run("build the console", "node", "node_modules/vite/bin/vite.js", "build", "--logLevel", "warn", "--emptyOutDir",
                  "--outDir", str(dist))
    if trouble:
        sys.exit(trouble)
    stamp.write_text(wanted, encoding="ascii")
    return dist


def pages(console):
    if console == "disabled":
        return embed.left_out("the build's option \"console\" is off")
    BUILT.mkdir(exist_ok=True)
    with open(BUILT / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            return embed.pages_of(build(digest()))
        except Obstacle as why:
            if console == "enabled":
                sys.exit(f"cannot build the web console: {why}")
            print(f"the web console is left out: {why}", file=sys.stderr)
            return embed.left_out(why)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--console", choices=("auto", "enabled", "disabled"), required=True)
    parser.add_argument("out")
    options = parser.parse_args()
    embed.embed(pages(options.console), options.out)


main()
