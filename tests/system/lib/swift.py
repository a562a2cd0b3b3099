"""OpenStack Swift with its door for S3 (s3api): proxy, account, container and object server, one process each, one copy of
everything in a folder. Needs the packages swift-proxy, swift-account, swift-container and swift-object, which ./dev deps does not
install: Debian starts services with them."""

import contextlib
import os
import pathlib
import shutil
import subprocess

import harness
import storage

ACCESS_KEY, SECRET_KEY = "stories:stories", "storiessecret"
SERVERS = ("account", "container", "object")
PROGRAMS = ("swift-ring-builder", "swift-proxy-server", *(f"swift-{name}-server" for name in SERVERS))

COMMON = """\
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
fallocate_reserve = 0
log_level = WARNING
"""
SERVER = COMMON + """
[pipeline:main]
pipeline = {name}-server
[app:{name}-server]
use = egg:swift#{name}
"""
PROXY = COMMON + """
[pipeline:main]
pipeline = catch_errors gatekeeper cache listing_formats s3api tempauth copy slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
[filter:tempauth]
use = egg:swift#tempauth
user_stories_stories = {secret} .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
"""


class Swift(storage.Gateway):
    """Entering starts it, in @folder."""

    access_key, secret_key = ACCESS_KEY, SECRET_KEY

    def __init__(self, folder):
        self.folder, self.processes = pathlib.Path(folder), []

    def __enter__(self):
        missing = [program for program in PROGRAMS if shutil.which(program) is None]
        if missing:
            raise harness.Skip(f"needs {', '.join(missing)} (packages swift-proxy, swift-account, swift-container, swift-object)")
        (self.folder / "devices" / "disk").mkdir(parents=True)
        self.credentials = self.folder / "credentials"
        storage.write_credentials(self.credentials, self.access_key, self.secret_key)
        with contextlib.ExitStack() as stack:
            stack.callback(self.__exit__)
            for name in SERVERS:
                port = storage.free_port()
                self.make_ring(name, port)
                self.start(name, SERVER, port)
            self.port = storage.free_port()
            self.start("proxy", PROXY, self.port)
            stack.pop_all()
        return self

    def make_ring(self, name, port):
        for words in (("create", "4", "1", "1"), ("add", f"r1z1-127.0.0.1:{port}/disk", "1"), ("rebalance",)):
            subprocess.run(["swift-ring-builder", str(self.folder / f"{name}.builder"), *words], check=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def start(self, name, text, port):
        conf, log = self.folder / f"{name}-server.conf", self.folder / f"{name}.log"
        user = subprocess.run(["id", "-un"], check=True, capture_output=True, text=True).stdout.strip()
        conf.write_text(text.format(name=name, port=port, folder=self.folder, user=user, secret=SECRET_KEY), encoding="ascii")
        harness.logs.add(log)
        with open(log, "wb") as out:
            self.processes.append(subprocess.Popen([f"swift-{name}-server", str(conf)], stdin=subprocess.DEVNULL, stdout=out,
                                                   stderr=out, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}))
        harness.wait_until(lambda: storage.listens(port) or self.processes[-1].poll() is not None, f"swift-{name}-server")
        assert self.processes[-1].poll() is None, log.read_text(errors="replace")[-2000:]

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.kill()  # nothing in it is to be kept
            process.wait()
        self.processes = []
