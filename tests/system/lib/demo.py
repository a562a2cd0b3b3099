#!/usr/bin/env python3
"""./dev demo: the whole way of a file, out to a real SFTP server and back, in front of the reader's eyes."""

import argparse
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
os.environ.setdefault("SALLYPORT_BUILD", str(ROOT / "build-release"))

import flows  # noqa: E402  pylint: disable=wrong-import-position
import harness  # noqa: E402  pylint: disable=wrong-import-position
import sshd  # noqa: E402  pylint: disable=wrong-import-position

SOURCE_ADDRESS = "127.0.0.2"  # loopback has many addresses: this one shows that the door was chosen
BOLD, DIM, PLAIN = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")


def title(text):
    print(f"\n{BOLD}{text}{PLAIN}", flush=True)


def shown(text, lines=12):
    text = text.splitlines()
    for line in text[:lines]:
        print(f"  {DIM}{line}{PLAIN}")
    if len(text) > lines:
        print(f"  {DIM}…{PLAIN}")
    sys.stdout.flush()


def kebab(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def as_words(service, operation, arguments):
    """The call as a person would type it."""
    words = ["aws", service, kebab(operation)]
    for name, value in arguments.items():
        words.append("--" + kebab(name))
        words += value if isinstance(value, list) else [json.dumps(value) if isinstance(value, dict) else value]
    return words


def call(daemon, service, operation, arguments, hidden=()):
    """Prints the command, performs it, prints the answer. Texts of @hidden are not shown."""
    words = as_words(service, operation, arguments)
    line = " ".join(f"'{hint}'" if word in hidden else shlex.quote(word)
                    for word in words for hint in ['{"Username": …, "PrivateKey": …}'])
    print(f"  $ {line}", flush=True)
    if shutil.which("aws"):
        env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        env.update(daemon.env, AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull, AWS_PAGER="")
        done = subprocess.run([*words, "--output", "json"], env=env, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(done.stderr.strip())
        answer = json.loads(done.stdout) if done.stdout.strip() else {}
    else:
        answer = daemon.client.call(service, operation, arguments)
    shown(json.dumps(answer, indent=2))
    return answer


def follow(daemon, connector, transfer):
    """The results, once the file has ended; only the last answer is shown."""
    arguments = {"ConnectorId": connector, "TransferId": transfer}
    harness.wait_until(lambda: all(result["StatusCode"] in flows.ENDED for result in daemon.client.call(
        "transfer", "ListFileTransferResults", arguments)["FileTransferResults"]), "the transfer to end", 60)
    results = call(daemon, "transfer", "ListFileTransferResults", arguments)["FileTransferResults"]
    if any(result["StatusCode"] != "COMPLETED" for result in results):
        raise SystemExit("the file did not arrive")


def show_login(server):
    """The line of sshd's log that says where the login came from."""
    lines = [line for line in server.log_text().splitlines() if line.startswith("Accepted publickey")]
    shown(lines[-1])
    if f"from {SOURCE_ADDRESS} " not in lines[-1]:
        raise SystemExit(f"the login did not come from {SOURCE_ADDRESS}")


def walk(daemon, server):
    bucket, inbox = daemon.bucket("invoices"), server.home / "in"
    inbox.mkdir()
    (bucket / "2026-11.csv").write_text("number,amount\n4711,12.50\n", encoding="ascii")

    title("1. Keep the partner's login as a secret")
    login = json.dumps({"Username": server.user, "PrivateKey": server.private_key})
    secret = call(daemon, "secretsmanager", "CreateSecret", {"Name": "aws/transfer/partner", "SecretString": login},
                  hidden=[login])["ARN"]

    title("2. Make a connector to the partner's SFTP server")
    connector = call(daemon, "transfer", "CreateConnector", {
        "Url": server.url, "AccessRole": daemon.env["SALLYPORT_ROLE"],
        "SftpConfig": {"UserSecretId": secret}})["ConnectorId"]

    title("3. Nothing is trusted yet: the test shows the server's host key")
    key = call(daemon, "transfer", "TestConnection", {"ConnectorId": connector})["SftpConnectionDetails"]["HostKey"]

    title("4. Trust that key (in real life: after the partner confirmed it) and test again")
    call(daemon, "transfer", "UpdateConnector", {"ConnectorId": connector, "SftpConfig": {"TrustedHostKeys": [key]}})
    if call(daemon, "transfer", "TestConnection", {"ConnectorId": connector})["Status"] != "OK":
        raise SystemExit("the connection does not work")
    print(f"  The partner's log says who came, and from the address that we chose ({SOURCE_ADDRESS}):")
    show_login(server)

    title("5. Send a file")
    transfer = call(daemon, "transfer", "StartFileTransfer", {
        "ConnectorId": connector, "SendFilePaths": ["/invoices/2026-11.csv"],
        "RemoteDirectoryPath": "in"})["TransferId"]
    follow(daemon, connector, transfer)
    print(f"  At the partner's, in {inbox}:")
    shown(subprocess.run(["sha256sum", *os.listdir(inbox)], cwd=inbox, capture_output=True, text=True, check=True).stdout)

    title("6. Fetch a file")
    transfer = call(daemon, "transfer", "StartFileTransfer", {
        "ConnectorId": connector, "RetrieveFilePaths": ["in/2026-11.csv"],
        "LocalDirectoryPath": "/invoices/back"})["TransferId"]
    follow(daemon, connector, transfer)
    print(f"  In the bucket, which is the folder {bucket}:")
    shown(subprocess.run(["sha256sum", "2026-11.csv", "back/2026-11.csv"], cwd=bucket, capture_output=True, text=True,
                         check=True).stdout)


def main():
    parser = argparse.ArgumentParser(prog="./dev demo")
    parser.add_argument("--once", action="store_true", help="end after the walkthrough")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

    with tempfile.TemporaryDirectory(prefix="sallyport-demo-") as name:
        folder = pathlib.Path(name)
        settings = {"egress.source_addresses": SOURCE_ADDRESS, "log.level": "info"}
        with sshd.Sshd(folder / "partner") as server, harness.Daemon(folder / "state", settings) as daemon:
            print("Everything here runs on this machine; nothing leaves it.")
            print(f"The partner: OpenSSH's sshd on {server.url}")
            print(f"Sallyport:   {daemon.env['AWS_ENDPOINT_URL']}, its state in {daemon.state}")
            if not shutil.which("aws"):
                print("There is no `aws` here: the calls that it would make are made by a small client of our own.")
            walk(daemon, server)
            title("That was all of it.")
            if options.once:
                return
            print(f"  Go on yourself, in another terminal:\n\n    source {daemon.state}/admin.env\n"
                  "    aws transfer list-connectors\n\n  Ctrl-C ends the demo and removes what it made.", flush=True)
            while daemon.process.poll() is None:
                time.sleep(1)
            raise SystemExit(f"sallyportd ended: {daemon.log_text()[-1000:]}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print()
