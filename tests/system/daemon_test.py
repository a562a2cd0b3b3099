#!/usr/bin/env python3
"""The daemon as a program: starting, refusing to start, telling that it is ready, reloading, ending."""

import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import flows  # noqa: E402
import harness  # noqa: E402
import sshd  # noqa: E402

END_SECONDS_MAX = 5  # for a daemon without work
LATE_STARTS = 5  # whether a request comes just in time is chance
STRANGER = "nobody"


def run_to_end(command, seconds=harness.PATIENCE_SECONDS, env=None):
    """(how it ended, what it said)"""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=seconds, env=env, check=False)
    return done.returncode, done.stdout.decode()


def refusal(daemon, status=1, **settings):
    """What the daemon says when it will not start."""
    other = harness.Daemon(daemon.state, {**daemon.settings, **settings}, daemon.build)
    code, said = run_to_end(other.command())
    assert code == status, (code, said)
    return said


def assert_says(said, *words):
    for word in words:
        assert word in said, f"{word!r} is not in {said!r}"


def assert_never(said, secret):
    assert len(secret) > 8 and secret not in said, "a secret is told"


def aws(daemon, *words):
    """The real client, in a shell that sourced admin.env as it is."""
    if not shutil.which("aws"):
        raise harness.Skip("needs the aws client")
    base = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    command = ["bash", "-c", '. "$0"/admin.env && exec aws "$@"', str(daemon.state), *words]
    return run_to_end(command, 60, {**base, "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull})


def identity(daemon):
    return daemon.client.call("sts", "GetCallerIdentity")


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def make_certificate(folder, name, subject):
    """(certificate, key): self-signed, for @subject ("DNS:localhost", "IP:127.0.0.1")."""
    if not shutil.which("openssl"):
        raise harness.Skip("needs the program openssl")
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    code, said = run_to_end(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                             "-subj", "/CN=sallyport", "-addext", f"subjectAltName={subject}", "-days", "2",
                             "-keyout", str(key), "-out", str(certificate)])
    assert code == 0, said
    return certificate, key


def served_certificate(daemon):
    host, _, port = daemon.env["AWS_ENDPOINT_URL"].removeprefix("https://").rpartition(":")
    code, said = run_to_end(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", host])
    assert "BEGIN CERTIFICATE" in said, (code, said)
    return said[said.index("-----BEGIN"):said.index("-----END")]


def certificate_text(path):
    text = path.read_text()
    return text[text.index("-----BEGIN"):text.index("-----END")]


def tells_that_it_is_ready(story):
    daemon = story.enter(harness.Daemon(story.folder / "state"))
    with story.case("once it is ready, admin.env and aws-config are there, for us alone"):
        assert mode(daemon.state / "admin.env") == 0o600 and mode(daemon.state / "aws-config") == 0o600
        assert daemon.env["AWS_REGION"] == daemon.env["AWS_DEFAULT_REGION"] == "us-east-1"
        assert daemon.env["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
        assert daemon.env["AWS_ACCESS_KEY_ID"].startswith("AKIA") and len(daemon.env["AWS_ACCESS_KEY_ID"]) == 20
        assert len(daemon.env["AWS_SECRET_ACCESS_KEY"]) == 40
        assert daemon.env["SALLYPORT_ROLE"] == "arn:aws:iam::000000000000:role/sallyport"
        assert "AWS_CA_BUNDLE" not in daemon.env
        harness.wait_until(lambda: f"ready on {daemon.env['AWS_ENDPOINT_URL']}" in daemon.log_text(), "the log to say so")
        assert {"buckets", "run", "lock", "store.db", "master.key"} <= set(os.listdir(daemon.state))

    with story.case("the aws client is answered with admin.env sourced as it is"):
        code, said = aws(daemon, "sts", "get-caller-identity", "--query", "Account", "--output", "text")
        assert (code, said.strip()) == (0, "000000000000"), said

    with story.case("the aws client is answered with the profile in aws-config"):
        if not shutil.which("aws"):
            raise harness.Skip("needs the aws client")
        env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        env.update(AWS_CONFIG_FILE=str(daemon.state / "aws-config"), AWS_PROFILE="sallyport")
        code, said = run_to_end(["aws", "sts", "get-caller-identity", "--query", "Account", "--output", "text"], 60, env)
        assert (code, said.strip()) == (0, "000000000000"), said

    with story.case("no core file can show its secrets, and it may open as many files as the system lets it"):
        limits = pathlib.Path(f"/proc/{daemon.process.pid}/limits").read_text(encoding="ascii").splitlines()
        rows = {line[:26].strip(): line[26:].split() for line in limits}
        assert rows["Max core file size"][:2] == ["0", "0"], rows
        assert rows["Max open files"][0] == rows["Max open files"][1], rows
    return daemon


def one_daemon_a_state(story, daemon):
    with story.case("a second daemon on the same state is refused with the first one's process id"):
        assert_says(refusal(daemon), str(daemon.state), f"process id {daemon.process.pid} ")
        identity(daemon)
        assert (daemon.state / "admin.env").exists(), "the second one took away what the first one wrote"

    with story.case("SIGTERM ends it soon and with status 0, and it says so"):
        daemon.client.close()
        assert harness.end(daemon.process, signal.SIGTERM, END_SECONDS_MAX) == 0, daemon.log_text()
        assert_says(daemon.log_text(), "ending: Terminated")

    with story.case("the next start has the same access key"):
        before = daemon.env
        daemon.start()
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "SALLYPORT_ROLE"):
            assert daemon.env[name] == before[name]
        identity(daemon)

    with story.case("SIGINT ends it just so"):
        daemon.client.close()
        assert harness.end(daemon.process, signal.SIGINT, END_SECONDS_MAX) == 0, daemon.log_text()
        daemon.start()

    with story.case("after kill -9 it starts again as if nothing had happened"):
        before = daemon.env["AWS_SECRET_ACCESS_KEY"]
        daemon.kill()
        daemon.start()
        assert daemon.env["AWS_SECRET_ACCESS_KEY"] == before
        identity(daemon)


def refuses_to_start(story):
    idle = harness.Daemon(story.folder / "unused")
    program = str(idle.program)
    for sentence, words, said in (
            ("an unknown option", ["--stat", "/x", "--nonsense"], ("nonsense", "--help")),
            ("no state folder", [], ("--state DIR",)),
            ("a word too many", ["--state", "/x", "more"], ("behind the options",)),
            ("a wrong setting", ["--state", "/x", "--set", "http.io_threads=many"],
             ('cannot set http.io_threads to "many"', "a number from 1 to 64")),
            ("an unknown setting", ["--state", "/x", "--set", "htp.io_threads=1"], ('the nearest is "http.io_threads"',)),
            ("a missing file of settings", ["--state", "/x", "--config", "/no/such.conf"],
             ('could not open "/no/such.conf"',)),
            ("pools of addresses that cannot be read", ["--state", "/x", "--set", "egress.address_pools=office=203.0.113.0/33"],
             ("cannot use egress.address_pools", '"203.0.113.0/33"')),
            ("plain HTTP for everybody", ["--state", "/x", "--set", "listen=0.0.0.0:0"],
             ("plain HTTP on 0.0.0.0:0", "loopback only", "tls.certificate"))):
        with story.case(f"it is refused with a sentence and status 2: {sentence}"):
            code, output = run_to_end([program, *words])
            assert code == 2, (code, output)
            assert_says(output, *said)
            assert not os.path.exists("/x")

    with story.case("--check looks at settings and does nothing"):
        good, bad = story.folder / "good.conf", story.folder / "bad.conf"
        good.write_text("listen = 127.0.0.1:0\n[log]\nlevel = debug\n")
        bad.write_text("\nlisten = everywhere\n")
        assert run_to_end([program, "--check", "--config", str(good)]) == (0, "")
        code, said = run_to_end([program, "--check", "--config", str(bad)])
        assert code == 2
        assert_says(said, f'"{bad}" line 2: cannot set listen to "everywhere"')

    with story.case("--help and --version answer and end"):
        code, said = run_to_end([program, "--help"])
        assert code == 0 and "--state DIR" in said
        code, said = run_to_end([program, "--version"])
        assert code == 0 and said.startswith("sallyportd ")

    with story.case("a worker that is not there is told before anything is served"):
        assert_says(refusal(idle, **{"worker.path": "/no/such/worker"}), 'cannot use "/no/such/worker" as sallyport-worker')
        assert not (idle.state / "admin.env").exists()

    with story.case("a port that is taken is told"):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            said = refusal(idle, listen=f"127.0.0.1:{taken.getsockname()[1]}")
        assert_says(said, "Address already in use")

    with story.case("another master key is told, and the store stays as it was"):
        daemon = harness.Daemon(story.folder / "key")
        with daemon:
            secret = daemon.env["AWS_SECRET_ACCESS_KEY"]
        key = daemon.state / "master.key"
        right = key.read_text()
        key.write_text("0" * 64 + "\n")
        assert_says(refusal(daemon), "the master key is another one")
        key.write_text(right)
        with daemon:
            assert daemon.env["AWS_SECRET_ACCESS_KEY"] == secret

    with story.case("a master key that is gone is named, and no other one is made in its place"):
        key.unlink()
        assert_says(refusal(daemon), f'cannot open the secrets in "{daemon.state}/store.db"', f'"{key}" is not there')
        assert not key.exists()
        elsewhere = story.folder / "elsewhere.key"
        assert_says(refusal(daemon, master_key=str(elsewhere)), f'"{elsewhere}" is not there')
        key.write_text(right)
        key.chmod(0o600)
        with daemon:
            assert daemon.env["AWS_SECRET_ACCESS_KEY"] == secret

    with story.case("requests that come before a start fails late end in order"):
        daemon = harness.Daemon(story.folder / "late", {"listen": f"127.0.0.1:{sshd.free_port()}"})
        with daemon:
            partner = flows.Partner(daemon, "sftp://127.0.0.1:9", {"Username": "user", "Password": "word"})
            end = threading.Event()

            def ask():
                client = daemon.new_client()
                while not end.is_set():
                    with contextlib.suppress(Exception):
                        client.call("transfer", "UpdateConnector", {"ConnectorId": partner.id, "Url": "sftp://127.0.0.1:9"})

            daemon.stop()
            (daemon.state / ".admin.env.part" / "in-the-way").mkdir(parents=True)
            askers = [threading.Thread(target=ask) for _ in range(2)]
            for asker in askers:
                asker.start()
            try:
                for _ in range(LATE_STARTS):
                    said = refusal(daemon)
                    assert_says(said, 'could not write "', "admin.env")
                    assert not any(word in said for word in harness.SANITIZER_WORDS), said
            finally:
                end.set()
                for asker in askers:
                    asker.join()
            shutil.rmtree(daemon.state / ".admin.env.part")
            daemon.start()


def guards_the_state(story):
    with story.case("a state folder that others may write to is refused"):
        daemon = harness.Daemon(story.folder / "open")
        daemon.state.mkdir()
        daemon.state.chmod(0o777)
        assert_says(refusal(daemon), "others may write to it")

    with story.case("a state folder of somebody else is refused"):
        harness.need_root("to have folders of two users")
        daemon = harness.Daemon(story.folder / "theirs")
        daemon.state.mkdir(mode=0o700)
        os.chown(daemon.state, pwd.getpwnam(STRANGER).pw_uid, -1)
        assert_says(refusal(daemon), f"belongs to {STRANGER}", "runs as root", "the setting user")

    with story.case("started as root, it becomes the user of the settings for good"):
        harness.need_root("to become somebody else")
        user = pwd.getpwnam(STRANGER)
        daemon = harness.Daemon(story.folder / "dropped", {"user": STRANGER})
        daemon.state.mkdir(mode=0o700)
        os.chown(daemon.state, user.pw_uid, user.pw_gid)
        with daemon:
            identity(daemon)
            status = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text(encoding="ascii")
            fields = {line.split(":")[0]: line.split(":")[1].split() for line in status.splitlines()}
            assert fields["Uid"] == [str(user.pw_uid)] * 4 and fields["Gid"] == [str(user.pw_gid)] * 4, fields
            assert int(fields["CapEff"][0], 16) == int(fields["CapPrm"][0], 16) == 0, fields
            assert os.stat(daemon.state / "admin.env").st_uid == user.pw_uid
        assert_says(refusal(daemon, user="no-such-user"), 'cannot become "no-such-user": there is no such user')

    with story.case("the master key may come from the service manager"):
        credentials = story.folder / "credentials"
        credentials.mkdir(mode=0o700)
        key = credentials / "master.key"
        key.write_text("5a" * 32)
        key.chmod(0o600)
        with set_environment(CREDENTIALS_DIRECTORY=str(credentials)):
            with harness.Daemon(story.folder / "given-key") as daemon:
                identity(daemon)
                assert not (daemon.state / "master.key").exists()


@contextlib.contextmanager
def set_environment(**values):
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def speaks_with_the_service_manager(story):
    with story.case("it tells the service manager when it is ready, reloading and stopping"):
        path = str(story.folder / "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            manager.settimeout(harness.PATIENCE_SECONDS)
            with set_environment(NOTIFY_SOCKET=path):
                with harness.Daemon(story.folder / "managed") as daemon:
                    assert manager.recv(4096) == b"READY=1"
                    daemon.process.send_signal(signal.SIGHUP)
                    assert manager.recv(4096).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
                    assert manager.recv(4096) == b"READY=1"
                assert manager.recv(4096) == b"STOPPING=1"


def reloads(story):
    with story.case("SIGHUP takes what can be taken, names what cannot, and keeps all when the file is wrong"):
        config = story.folder / "reload.conf"
        config.write_text("[log]\nlevel = warning\n")
        daemon = harness.Daemon(story.folder / "reload")
        del daemon.settings["log.level"]
        command = daemon.command
        daemon.command = lambda: [*command(), "--config", str(config)]
        with daemon:
            assert "ready on" not in daemon.log_text()
            config.write_text("log.level = info\nregion = eu-central-1\nbucket.more = /srv\n")
            daemon.process.send_signal(signal.SIGHUP)
            harness.wait_until(lambda: "reloaded" in daemon.log_text(), "the daemon to reload")
            assert_says(daemon.log_text(), "these settings need a new start: region, bucket.NAME")
            config.write_text("log.level = loud\n")
            daemon.process.send_signal(signal.SIGHUP)
            harness.wait_until(lambda: "keeping the settings" in daemon.log_text(), "the daemon to complain")
            assert_says(daemon.log_text(), f'"{config}" line 1: cannot set log.level to "loud"')
            assert identity(daemon)


def follows_a_file(story):
    with story.case("with log.level=debug a file can be followed through the log by its ids"):
        server = story.enter(sshd.Sshd(story.folder / "partner"))
        (server.home / "in").mkdir()
        with harness.Daemon(story.folder / "followed", {"log.level": "debug"}) as daemon:
            flows.write_random(daemon.bucket("files") / "a.bin", 1000)
            partner = flows.partner_of(daemon, server)
            transfer = partner.send("/files/a.bin", to="in")
            partner.wait_completed(transfer)
            steps = [line for line in daemon.log_text().splitlines() if f"of transfer {transfer} is " in line]
            file = steps[0].split(" file ")[1].split()[0]
            told = [line.split(partner.id, 1)[1] for line in daemon.log_text().splitlines() if line.endswith(f"file {file}")]
            assert [line.split(" is ")[1] for line in steps] == [
                "RUNNING, was QUEUED, attempt 1", "PUBLISHING, was RUNNING, attempt 1",
                "COMPLETED, was PUBLISHING, attempt 1"], steps
            said = [line.split(",")[0].strip() for line in told if "PROGRESS" not in line]
            assert said == ["is told SEND", "says NEED_SOCKET", "says READY", "is told PERMIT", "says PUBLISHED"], told
            assert_never(daemon.log_text(), server.private_key.splitlines()[2])


def serves_tls(story):
    folder = story.folder / "it's a place"  # which a shell must not trip over
    folder.mkdir()
    with story.case("with a certificate it speaks HTTPS, and admin.env says what to trust"):
        certificate, key = make_certificate(folder, "first", "DNS:localhost,IP:127.0.0.1")
        settings = {"tls.certificate": str(certificate), "tls.key": str(key), "listen": "0.0.0.0:0"}
        with harness.Daemon(story.folder / "tls", settings) as daemon:
            assert daemon.env["AWS_ENDPOINT_URL"].startswith("https://localhost:"), daemon.env
            assert daemon.env["AWS_CA_BUNDLE"] == str(certificate)
            identity(daemon)
            code, said = aws(daemon, "sts", "get-caller-identity", "--query", "Account", "--output", "text")
            assert (code, said.strip()) == (0, "000000000000"), said

    with story.case("SIGHUP takes a new certificate, and keeps the old one when the new one does not fit"):
        with harness.Daemon(story.folder / "tls", {**settings, "listen": "127.0.0.1:0"}) as daemon:
            assert daemon.env["AWS_ENDPOINT_URL"].startswith("https://127.0.0.1:"), daemon.env
            assert served_certificate(daemon) == certificate_text(certificate)
            make_certificate(folder, "first", "DNS:localhost,IP:127.0.0.1")
            daemon.process.send_signal(signal.SIGHUP)
            harness.wait_until(lambda: served_certificate(daemon) == certificate_text(certificate), "the new certificate")
            good = certificate_text(certificate)
            key.write_text("no key at all\n")
            daemon.process.send_signal(signal.SIGHUP)
            harness.wait_until(lambda: "keeping the certificate" in daemon.log_text(), "the daemon to complain")
            assert served_certificate(daemon) == good

    with story.case("the URL has the name that the certificate is for"):
        certificate, key = make_certificate(folder, "named", "DNS:*.example.net,DNS:api.example.net")
        settings = {"tls.certificate": str(certificate), "tls.key": str(key), "listen": "127.0.0.1:0"}
        with harness.Daemon(story.folder / "named", settings) as daemon:
            assert daemon.env["AWS_ENDPOINT_URL"].startswith("https://api.example.net:"), daemon.env

    with story.case("a certificate that is not there, or a key that is not its own, is refused"):
        idle = harness.Daemon(story.folder / "unused-tls", settings)
        assert_says(refusal(idle, **{"tls.certificate": "/no/such.pem"}), "/no/such.pem")
        _, other = make_certificate(folder, "other", "DNS:localhost")
        refusal(idle, **{"tls.key": str(other)})
        assert not (idle.state / "admin.env").exists()


with harness.Story() as the_story:
    the_daemon = tells_that_it_is_ready(the_story)
    one_daemon_a_state(the_story, the_daemon)
    refuses_to_start(the_story)
    guards_the_state(the_story)
    speaks_with_the_service_manager(the_story)
    reloads(the_story)
    follows_a_file(the_story)
    serves_tls(the_story)
