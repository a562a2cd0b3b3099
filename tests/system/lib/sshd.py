"""Real OpenSSH servers on loopback, each with a folder, a configuration and host keys of its own."""

import contextlib
import getpass
import os
import pathlib
import pwd
import secrets
import signal
import socket
import subprocess

import harness

SSHD = "/usr/sbin/sshd"
SFTP_SERVER = "/usr/lib/openssh/sftp-server"
ODD_SERVER = harness.ROOT / "tests" / "tools" / "odd_sftp_server.py"
PORTS = range(20000, 32768)
HOST_KEY_TYPES = ("ed25519", "ecdsa", "rsa")


def free_port():
    """Not one of those that the kernel gives to whoever connects: a server that comes back finds it free."""
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def make_key(path, kind="ed25519", *options):
    """A key pair without passphrase; the text of its private half."""
    bits = ["-b", "2048"] if kind == "rsa" else []
    subprocess.run(["ssh-keygen", "-q", "-t", kind, *bits, "-N", "", "-C", "", "-f", str(path), *options], check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return path.read_text(encoding="ascii")


def public_line(path):
    """"type base64" of a key pair."""
    return " ".join(path.with_suffix(".pub").read_text(encoding="ascii").split()[:2])


class ThrowAwayUser:
    """A system user with a password, for what root is always allowed to do. Needs root."""

    def __init__(self):
        self.name = f"sallyport-{secrets.token_hex(4)}"
        self.password = secrets.token_hex(12)

    def __enter__(self):
        harness.need_root("to make a throw-away user")
        subprocess.run(["useradd", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/bin/sh", self.name],
                       check=True, stderr=subprocess.PIPE)
        subprocess.run(["chpasswd"], input=f"{self.name}:{self.password}\n", text=True, check=True)
        self.uid, self.gid = pwd.getpwnam(self.name)[2:4]
        return self

    def __exit__(self, *_):
        subprocess.run(["userdel", self.name], check=True, stderr=subprocess.DEVNULL)


class Sshd:
    """
    @folder   where its keys, configuration and log lie; made if need be
    @home     the folder that SFTP sessions start in; FOLDER/home when None
    @user     who logs in: a ThrowAwayUser, or None for the user that runs the story
    @options  further lines of sshd_config
    @sftp     further arguments of sftp-server, for example ("-R",) for a read-only server
    @sftp_server  the program
    @namespace    the lan.Namespace that it listens in, at @address; None: loopback
    """

    def __init__(self, folder, home=None, user=None, host_keys=HOST_KEY_TYPES, options=(), sftp=(),
                 sftp_server=SFTP_SERVER, namespace=None, address="127.0.0.1", port=None):
        self.folder = pathlib.Path(folder)
        self.home = pathlib.Path(home) if home else self.folder / "home"
        self.account, self.user = user, user.name if user else getpass.getuser()
        self.host_keys, self.options, self.sftp, self.sftp_server = host_keys, options, sftp, sftp_server
        self.namespace, self.address, self.port = namespace, address, port
        self.process = self.private_key = None
        self.log = self.folder / "sshd.log"

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.home.mkdir(exist_ok=True)
        self.folder.chmod(0o755)
        for kind in self.host_keys:
            if not self.host_key_path(kind).exists():
                make_key(self.host_key_path(kind), kind)
        client_key = self.folder / "client_key"
        if not client_key.exists():
            make_key(client_key)
        self.private_key = client_key.read_text(encoding="ascii")
        (self.folder / "authorized_keys").write_text(public_line(client_key) + "\n", encoding="ascii")
        self.port = self.port or free_port()
        if self.account and self.namespace and self.namespace.world:
            harness.give(self.folder, self.account)  # there it is the user who runs sshd
        elif self.account:
            harness.give(self.home, self.account)
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def host_key_path(self, kind):
        return self.folder / f"host_{kind}"

    def trusted_keys(self, *kinds):
        return [public_line(self.host_key_path(kind)) for kind in kinds or self.host_keys]

    def fingerprints(self):
        """What ssh-keygen says of its host keys."""
        return [subprocess.run(["ssh-keygen", "-l", "-f", str(self.host_key_path(kind))], check=True, capture_output=True,
                               text=True).stdout for kind in self.host_keys]

    @property
    def url(self):
        return f"sftp://{self.address}:{self.port}"

    def authorize(self, public):
        with open(self.folder / "authorized_keys", "a", encoding="ascii") as keys:
            keys.write(public + "\n")

    def configuration(self):
        sftp = " ".join([str(self.sftp_server), "-d", str(self.home), *self.sftp])
        return [*self.options,  # sshd takes the first value that it meets
                f"Port {self.port}", f"ListenAddress {self.address}", "PidFile none", "UsePAM no", "StrictModes no",
                "LogLevel VERBOSE", "MaxStartups 100", "UseDNS no", "PrintMotd no",
                "PermitRootLogin yes", "PasswordAuthentication yes",
                f"AuthorizedKeysFile {self.folder}/authorized_keys",
                *(f"HostKey {self.host_key_path(kind)}" for kind in self.host_keys),
                "SetEnv SHLVL=9",  # bash does not read this account's .bashrc: what is in there may wait, print and leave locks
                f"Subsystem sftp {sftp}"]

    def start(self):
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)  # where sshd goes to give up its privileges
        config = self.folder / "sshd_config"
        config.write_text("\n".join(self.configuration()) + "\n", encoding="utf-8")
        prefix = self.namespace.prefix if self.namespace else []
        harness.logs.add(self.log)
        self.process = subprocess.Popen([*prefix, SSHD, "-D", "-f", str(config), "-E", str(self.log)],
                                        stdin=subprocess.DEVNULL)
        harness.wait_until(lambda: self.answers() or self.process.poll() is not None, "sshd to listen")
        if self.process.poll() is not None:
            raise RuntimeError("sshd ended at once:\n" + self.log_text())

    def answers(self):
        if self.namespace and self.namespace.world:
            return "Server listening" in self.log_text()  # we cannot get there without a program that does
        with contextlib.suppress(OSError):
            if self.namespace:
                self.namespace.connect(self.address, self.port, seconds=1).close()
            else:
                socket.create_connection((self.address, self.port), 1).close()
            return True
        return False

    def sessions(self):
        """The processes of the sessions, sftp-servers among them."""
        return harness.descendants(self.process.pid)

    def sftp_servers(self):
        return [pid for pid in self.sessions() if harness.runs(pid, "sftp-server")]

    def signal_sessions(self, sign, sessions=None):
        for pid in self.sessions() if sessions is None else sessions:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sign)

    def stop(self):
        sessions = self.sessions()
        self.signal_sessions(signal.SIGCONT, sessions)
        harness.end(self.process)
        self.signal_sessions(signal.SIGTERM, [pid for pid in sessions if harness.is_alive(pid)])
        harness.wait_until(lambda: not any(harness.is_alive(pid) for pid in sessions), "the sessions to end")

    def logins(self):
        """[address] of those who came in, in their order."""
        return [line.split(" from ")[1].split()[0] for line in self.log_text().splitlines()
                if line.startswith(("Accepted publickey ", "Accepted password "))]

    def log_text(self):
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def sftp_command(self, *options):
        """OpenSSH's own client, logged in."""
        prefix = self.namespace.prefix if self.namespace else []
        return [*prefix, "sftp", "-q", "-P", str(self.port), "-i", str(self.folder / "client_key"), "-F", "none",
                "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
                "-o", "IdentitiesOnly=yes", *options, f"{self.user}@{self.address}"]
