"""The unmodified `aws`, as somebody would type it who has sourced admin.env and nothing else."""

import json
import os
import shutil
import subprocess

import harness

COMMAND_SECONDS = 60


class Refused(Exception):
    """What the CLI wrote on standard error."""


def needs():
    if shutil.which("aws") is None:
        raise harness.Skip("there is no `aws` on this machine: install the AWS CLI to run this")


def aws(daemon, *words):
    """One call of the CLI; its answer. Nothing but admin.env says where to go and who we are."""
    needs()
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    env.update(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull, AWS_PAGER="")
    prefix = daemon.namespace.prefix if daemon.namespace else []
    done = subprocess.run([*prefix, "bash", "-c", '. "$0" && exec aws "$@" --output json',
                           str(daemon.state / "admin.env"), *map(str, words)], env=env, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False, timeout=COMMAND_SECONDS)
    if done.returncode != 0:
        raise Refused(done.stderr.strip())
    return json.loads(done.stdout) if done.stdout.strip() else {}


def refusal(daemon, *words):
    """What it says when it is refused, as it has to be."""
    try:
        answer = aws(daemon, *words)
    except Refused as refused:
        return str(refused)
    raise AssertionError(f"was not refused: {answer}")
