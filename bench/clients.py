"""The clients that people use, each with the flags that served it best here.

A client is a class with run(way, row), which does the work of @row once; the clock is around it. Those that know how to
log in and do nothing have login(row): what it takes is no part of the time that a file takes.
"""

import shutil
import subprocess

SSH = ("-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
       "-o", "IdentitiesOnly=yes")
PARALLEL_FILES = 16


class Client:
    name = program = None

    def __init__(self, ground):
        self.ground, self.server = ground, ground.server

    def here(self):
        return shutil.which(self.program) is not None

    def key(self):
        return str(self.server.folder / "client_key")

    def call(self, command, text=None):
        done = subprocess.run(command, input=text, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{self.name} ended with {done.returncode}: {done.stderr[-2000:]}")


class Sftp(Client):
    """OpenSSH's sftp: with 261,120 bytes a request, the most that its server takes, and 128 of them under way."""

    name = program = "sftp"

    def batch(self, row, lines):
        self.call(["sftp", "-q", "-B", "261120", "-R", "128", "-P", str(self.ground.port(row.delay_ms)), "-i", self.key(),
                   *SSH, "-b", "-", f"{self.server.user}@127.0.0.1"], "".join(f"{line}\n" for line in lines))

    def login(self, row):
        self.batch(row, ["pwd"])

    def run(self, way, row):
        command = {"up": "put", "down": "get"}[way]
        sources, targets = self.ground.sources(way), self.ground.targets(way)
        self.batch(row, [f"{command} {sources / name} {targets / name}" for name in self.ground.names(row.count(self.name))])


class Scp(Client):
    """OpenSSH's scp, which speaks SFTP by now."""

    name = program = "scp"

    def login(self, row):
        Sftp(self.ground).login(row)

    def run(self, way, row):
        folder, targets = self.ground.some(way, row.count(self.name)), self.ground.targets(way)
        partner = f"{self.server.user}@127.0.0.1:"
        paths = [f"{folder}/.", f"{partner}{targets}"] if way == "up" else [f"{partner}{folder}/.", str(targets)]
        self.call(["scp", "-q", "-r", "-P", str(self.ground.port(row.delay_ms)), "-i", self.key(), *SSH, *paths])


class Lftp(Client):
    """lftp: pget for one file that comes, parallel mirror for many."""

    name = program = "lftp"

    def run(self, way, row):
        sources, targets = self.ground.some(way, row.count(self.name)), self.ground.targets(way)
        connect = " ".join(["ssh", "-a", "-x", *SSH, "-i", self.key()])
        fetch = f"pget -n {row.connections}" if row.connections > 1 else "get"
        work = {
            ("up", False): f"put {sources}/f0000 -o {targets}/f0000",
            ("down", False): f"{fetch} {sources}/f0000 -o {targets}/f0000",
            ("up", True): f"mirror -R --no-perms --parallel={PARALLEL_FILES} {sources} {targets}",
            ("down", True): f"mirror --no-perms --parallel={PARALLEL_FILES} {sources} {targets}",
        }[way, row.small]
        self.call(["lftp", "-c", f'set sftp:connect-program "{connect}"; set sftp:max-packets-in-flight 256; '
                   f"set sftp:size-read 64k; set sftp:size-write 64k; set net:max-retries 1; set cmd:fail-exit yes; "
                   f"open -u {self.server.user},x -p {self.ground.port(row.delay_ms)} sftp://127.0.0.1; {work}"])


class Rclone(Client):
    """rclone, with larger requests than it takes by itself and nothing that it could do besides."""

    name = program = "rclone"

    def run(self, way, row):
        remote = (f":sftp,host=127.0.0.1,port={self.ground.port(row.delay_ms)},user={self.server.user},"
                  f"key_file={self.key()},chunk_size=255Ki,concurrency=64,disable_hashcheck,shell_type=none,"
                  "set_modtime=false:")
        sources, targets = str(self.ground.some(way, row.count(self.name))), str(self.ground.targets(way))
        paths = [sources, remote + targets] if way == "up" else [remote + sources, targets]
        streams = row.connections if row.connections > 1 else 0
        self.call(["rclone", "copy", "--config", "/dev/null", "--no-traverse", "--no-check-dest", "--ignore-checksum",
                   "--multi-thread-cutoff", "64Mi", "--multi-thread-streams", str(streams),
                   "--transfers", str(PARALLEL_FILES), "--checkers", str(PARALLEL_FILES), *paths])


OTHERS = (Sftp, Scp, Lftp, Rclone)
