"""Other people's SFTP servers on loopback. Each has home (the folder it serves), port, url, secret (what a connector's
secret holds), trusted_keys() and policy (a security policy, or None)."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess

import flows
import harness
import sshd

OLD_POLICY = "TransferSFTPConnectorSecurityPolicy-2023-07"
PASSWORD = "correct horse battery staple"
SSH2 = harness.ROOT / "tests" / "tools" / "ssh2"


def need_program(name, package):
    """The path of a program; the story skips loudly without it."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        raise harness.Skip(f"{name} is not installed (Debian: {package})")
    return found


class Peer:
    """What they have in common: a process that listens, and ends when it is asked to."""

    HOST_KEYS = sshd.HOST_KEY_TYPES
    KEY_OPTIONS = ()  # for ssh-keygen
    policy = None

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.home = self.folder / "home"
        self.process, self.port = None, None
        self.secret = {"Username": "partner", "Password": PASSWORD}

    def __enter__(self):
        self.home.mkdir(parents=True)
        self.folder.chmod(0o755)
        for kind in self.HOST_KEYS:
            sshd.make_key(self.host_key(kind), kind, *self.KEY_OPTIONS)
        self.port = sshd.free_port()
        self.start()
        return self

    def start(self):
        raise NotImplementedError

    def run(self, *command):
        harness.logs.add(self.folder / "log")
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)
        harness.wait_until(lambda: self.answers() or self.process.poll() is not None, f"{command[0]} to listen")
        if self.process.poll() is not None:
            raise RuntimeError(f"{command[0]} ended at once:\n{self.log_text()}")

    def log_text(self):
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def answers(self):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        return False

    def __exit__(self, *_):
        if self.process is None:
            return
        left = harness.descendants(self.process.pid)
        harness.end(self.process)
        for pid in left:  # sessions may live on without the one who listened
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        harness.wait_until(lambda: not any(harness.is_alive(pid) for pid in left), "the sessions to end")

    def host_key(self, kind):
        return self.folder / f"host_{kind}"

    def trusted_keys(self):
        return [sshd.public_line(self.host_key(kind)) for kind in self.HOST_KEYS]

    @property
    def url(self):
        return f"sftp://127.0.0.1:{self.port}"

    def partner(self, daemon, **options):
        options.setdefault("url", self.url)
        options.setdefault("policy", self.policy)
        return flows.Partner(daemon, options.pop("url"), self.secret, trusted=self.trusted_keys(), **options)


class ProFtpd(Peer):
    """ProFTPD with mod_sftp, as root and with a user of its own file."""

    KEY_OPTIONS = ("-m", "PEM")
    CONFIGURATION = """
        LoadModule mod_sftp.c
        ServerType standalone
        ServerName peer
        DefaultAddress 127.0.0.1
        SocketBindTight on
        Port {port}
        UseIPv6 off
        UseReverseDNS off
        User root
        Group root
        AuthUserFile {folder}/users
        AuthOrder mod_auth_file.c
        RequireValidShell off
        RootLogin on
        WtmpLog off
        PidFile {folder}/pid
        ScoreboardFile {folder}/scoreboard
        SystemLog {folder}/log
        TransferLog none
        AllowOverwrite on
        AllowStoreRestart on
        SFTPEngine on
        SFTPLog {folder}/log
        SFTPAuthMethods password
        """

    def start(self):
        program = need_program("proftpd", "proftpd-core")
        if not list(pathlib.Path("/usr/lib").glob("**/proftpd/mod_sftp.so")):
            raise harness.Skip("ProFTPD's mod_sftp is not installed (Debian: proftpd-mod-crypto)")
        harness.need_root("to run ProFTPD, which logs in as the owner of its files")
        hashed = subprocess.run(["openssl", "passwd", "-6", "-stdin"], input=PASSWORD, capture_output=True, text=True,
                                check=True).stdout.strip()
        users = self.folder / "users"
        users.write_text(f"partner:{hashed}:{os.getuid()}:{os.getgid()}::{self.home}:/bin/sh\n", encoding="ascii")
        users.chmod(0o600)
        lines = [line.strip() for line in self.CONFIGURATION.format(port=self.port, folder=self.folder).splitlines()]
        lines += [f"SFTPHostKey {self.host_key(kind)}" for kind in self.HOST_KEYS]
        configuration = self.folder / "proftpd.conf"
        configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.run(program, "-n", "-q", "-c", configuration)


class Dropbear(Peer):
    """Dropbear, which hands SFTP to OpenSSH's sftp-server. It knows only the system's users."""

    HOST_KEYS = ("ed25519", "rsa")
    KEY_OPTIONS = ("-m", "PEM")

    def __enter__(self):
        need_program("dropbear", "dropbear-bin")
        self.account = sshd.ThrowAwayUser().__enter__()
        self.secret = {"Username": self.account.name, "Password": self.account.password}
        return super().__enter__()

    def start(self):
        words = []
        for kind in self.HOST_KEYS:
            converted = self.folder / f"dropbear_{kind}"
            subprocess.run([need_program("dropbearconvert", "dropbear-bin"), "openssh", "dropbear",
                            str(self.host_key(kind)), str(converted)], check=True, stderr=subprocess.DEVNULL)
            words += ["-r", converted]
        harness.give(self.home, self.account)
        self.run(need_program("dropbear", "dropbear-bin"), "-F", "-E", "-p", f"127.0.0.1:{self.port}",
                 "-P", self.folder / "pid", *words)

    def __exit__(self, *arguments):
        super().__exit__(*arguments)
        self.account.__exit__(*arguments)


class Ssh2(Peer):
    """A server of npm's ssh2 (tests/tools/ssh2), as people write them: no extension at all."""

    HOST_KEYS = ("ed25519",)

    def start(self):
        node = need_program("node", "nodejs")
        if not (SSH2 / "node_modules" / "ssh2").is_dir():
            raise harness.Skip("npm's ssh2 is not installed: ./dev deps does it where there is npm")
        self.tool = harness.Tool(node, SSH2 / "server.js", self.home, self.host_key("ed25519"), "partner", PASSWORD)
        self.tool.__enter__()
        self.port = int(self.tool.wait_line(lambda line: line.startswith("port "))[1].split()[1])

    def __exit__(self, *_):
        self.tool.finish()


class OpenSsh(Peer):
    """OpenSSH itself: @options for sshd, @sftp for sftp-server."""

    def __init__(self, folder, options=(), sftp=(), policy=None, host_keys=sshd.HOST_KEY_TYPES):
        super().__init__(folder)
        self.policy = policy
        self.server = sshd.Sshd(folder, options=options, sftp=sftp, host_keys=host_keys)

    def __enter__(self):
        self.server.__enter__()
        self.port = self.server.port
        self.secret = {"Username": self.server.user, "PrivateKey": self.server.private_key}
        return self

    def __exit__(self, *_):
        self.server.stop()

    def trusted_keys(self):
        return self.server.trusted_keys()
