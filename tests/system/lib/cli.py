"""The unmodified `aws`, as somebody would type it who has sourced admin.env and nothing else."""

import functools
import json
import os
import shutil
import subprocess

import harness

COMMAND_SECONDS = 60
COPY_SECONDS = 1200  # gigabytes, in the long form of a story


class Refused(Exception):
    """What the CLI wrote on standard error."""


@functools.cache
def obstacle():
    """Why the `aws` of this machine cannot be used: a sentence; None: it can."""
    if shutil.which("aws") is None:
        return "there is no `aws` on this machine: pip install awscli, or AWS's own package"
    # Asks nobody, and those that know the operation know AWS_ENDPOINT_URL as well.
    known = subprocess.run(["aws", "vpc-lattice", "create-resource-gateway", "--generate-cli-skeleton"], check=False,
                           stdin=subprocess.DEVNULL, capture_output=True)
    if known.returncode != 0:
        return ("the `aws` of this machine does not know create-resource-gateway, it is older than that (Debian 12's is): "
                "pip install awscli, or AWS's own package")
    return None


def needs():
    if obstacle():
        raise harness.Skip(obstacle())


def run(daemon, words, seconds, more=None):
    """What the CLI writes on standard output. Nothing but admin.env says where to go and who we are; @more: variables."""
    needs()
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    env.update(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull, AWS_PAGER="")
    env.update(more or {})
    prefix = daemon.namespace.prefix if daemon.namespace else []
    done = subprocess.run([*prefix, "bash", "-c", '. "$0" && exec aws "$@"', str(daemon.state / "admin.env"), *map(str, words)],
                          env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=seconds)
    if done.returncode != 0:
        raise Refused(done.stderr.strip())
    return done.stdout


def aws(daemon, *words):
    """One call of the CLI; its answer."""
    answer = run(daemon, [*words, "--output", "json"], COMMAND_SECONDS)
    return json.loads(answer) if answer.strip() else {}


def aws_s3(daemon, *words, more=None):
    """`aws s3 …`, which prints text."""
    return run(daemon, ["s3", *words], COPY_SECONDS, more)


def refusal(daemon, *words):
    """What it says when it is refused, as it has to be."""
    try:
        answer = aws(daemon, *words)
    except Refused as refused:
        return str(refused)
    raise AssertionError(f"was not refused: {answer}")
