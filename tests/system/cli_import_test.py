#!/usr/bin/env python3
"""What people bring along and what their shells do: a real rclone.conf becomes connectors that work, and bash and zsh complete
names."""

import json
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))
import harness  # noqa: E402
import sallyport_cli as cli  # noqa: E402
import sshd  # noqa: E402

LEFT_OUT, TEST_FAILED, NOT_THERE, WRONG = 8, 7, 3, 2


class Rclone:
    """Debian's rclone with a configuration of its own."""

    def __init__(self, config):
        self.config = config

    def create(self, name, kind, **options):
        subprocess.run(["rclone", "--config", self.config, "config", "create", name, kind, "--obscure", "--non-interactive",
                        *(f"{option}={value}" for option, value in options.items())], check=True, capture_output=True)

    def reads(self, remote):
        """The names in the remote's folder, as rclone itself sees them."""
        return subprocess.run(["rclone", "--config", self.config, "lsf", f"{remote}:"], check=True, capture_output=True,
                              text=True).stdout.split()


def needs(program):
    if shutil.which(program) is None:
        raise harness.Skip(f"needs {program}: ./dev deps")


def lines_of(script, shell):
    """What a shell writes that is asked to complete."""
    done = subprocess.run(shell, input=script, env=cli.environment(daemon), capture_output=True, text=True, check=False,
                          timeout=cli.COMMAND_SECONDS)
    assert done.returncode == 0, done
    return done.stdout.split("\n")[:-1]


def in_bash(*words):
    """The completions of the last word."""
    array = " ".join(f"'{word}'" for word in ("sallyport", *words))
    return lines_of(f'eval "$(sallyport completion bash)"\nCOMP_WORDS=({array})\nCOMP_CWORD={len(words)}\n'
                    'complete -p sallyport >/dev/null || exit 1\n_sallyport\nprintf "%s\\n" "${COMPREPLY[@]}"\n',
                    ["bash", "--norc", "--noprofile"])


def in_zsh(*words):
    """The same in zsh, whose compadd is only there while a key is pressed: here it writes what it is given."""
    array = " ".join(f"'{word}'" for word in ("sallyport", *words))
    return lines_of('compadd() { while [[ $1 = -* ]]; do [[ $1 = -- ]] && { shift; break }; [[ $1 = -S ]] && shift; shift; '
                    'done; (( $# )) && print -l -- "$@"; }\n_files() { print files; }\ncompdef() { print -- "compdef $*" >&2; }\n'
                    f'eval "$(sallyport completion zsh)"\nwords=({array})\nCURRENT={len(words) + 1}\n_sallyport\n',
                    ["zsh", "-f"])


with harness.Story() as story:
    user = None
    server = story.enter(sshd.Sshd(story.folder / "partner"))
    daemon = story.enter(harness.Daemon(story.folder / "state"))
    daemon.bucket("files")
    (server.home / "a.csv").write_text("a", encoding="ascii")
    config = story.folder / "rclone.conf"
    rclone = Rclone(config)
    key_file = server.folder / "client_key"
    known = story.folder / "known_hosts"
    known.write_text(f"[127.0.0.1]:{server.port} {server.trusted_keys('ecdsa')[0]}\n", encoding="ascii")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(known)], check=True, capture_output=True)
    made = {}

    with story.case("rclone makes remotes, and reads by them"):
        needs("rclone")
        here = {"host": "127.0.0.1", "port": server.port, "user": server.user}
        rclone.create("by-key-file", "sftp", **here, key_file=key_file)
        rclone.create("by-key-pem", "sftp", **here, key_pem=server.private_key.rstrip("\n").replace("\n", "\\n"),
                      ciphers="aes256-ctr")
        rclone.create("known host", "sftp", **here, key_file=key_file, known_hosts_file=known)
        rclone.create("by-agent", "sftp", **here, key_use_agent="true")
        rclone.create("old-key", "sftp", **here, key_file=key_file, key_file_pass="of the key")
        rclone.create("elsewhere", "s3", provider="AWS")
        for remote in ("by-key-file", "by-key-pem", "known host"):
            assert "a.csv" in rclone.reads(remote), remote

    with story.case("a remote with a password, at another server's port, is read as well"):
        needs("rclone")
        user = story.enter(sshd.ThrowAwayUser())
        other = story.enter(sshd.Sshd(story.folder / "other", user=user))
        (other.home / "b.csv").write_text("b", encoding="ascii")
        rclone.create("by-password", "sftp", host="127.0.0.1", port=other.port, user=user.name,
                      **{"pass": user.password})
        assert rclone.reads("by-password") == ["b.csv"]

    with story.case("import --dry-run says what would be made, and makes nothing"):
        needs("rclone")
        said = {one["Remote"]: one for one in cli.answer(daemon, "import", config, "--dry-run", status=LEFT_OUT)["Remotes"]}
        assert [name for name, one in said.items() if one["Result"] == "WOULD_BE_MADE"] == \
            ["by-key-file", "by-key-pem", "known host", *(["by-password"] if user else [])], said
        assert cli.answer(daemon, "connector", "list")["Connectors"] == []

    with story.case("import makes connectors that test OK, with known host keys or such that were learnt"):
        needs("rclone")
        made = {one["Remote"]: one for one in cli.answer(daemon, "import", config, status=LEFT_OUT)["Remotes"]}
        for remote in ("by-key-file", "by-key-pem", "known host", *(["by-password"] if user else [])):
            assert made[remote]["Result"] == "MADE", made[remote]
            assert cli.answer(daemon, "connector", "test", remote)["Status"] == "OK"
        assert made["known host"]["TrustedBy"] == "KNOWN_HOSTS" and made["by-key-pem"]["TrustedBy"] == "LEARNT", made
        assert any(made["by-key-pem"]["Fingerprint"] in line for line in server.fingerprints()), made
        shown = cli.answer(daemon, "connector", "show", "known host")["Connector"]
        assert shown["SftpConfig"]["TrustedHostKeys"] == server.trusted_keys("ecdsa"), shown
        assert "a.csv\n" in cli.good(daemon, "ls", "by-key-pem", "--via", "/files")

    with story.case("what cannot be taken is said, for each remote"):
        needs("rclone")
        assert made["by-agent"]["Result"] == "LEFT_OUT" and "SSH agent" in made["by-agent"]["Reason"], made
        assert made["old-key"]["Result"] == "LEFT_OUT" and "passphrase" in made["old-key"]["Reason"], made
        assert made["elsewhere"]["Result"] == "SKIPPED", made
        assert "ciphers" in made["by-key-pem"]["Notes"][0], made

    with story.case("import for people names each remote, --only takes some, and a second one makes nothing twice"):
        needs("rclone")
        done = cli.run(daemon, "import", config, "--only", "by-key-file", "--prefix", "again-")
        assert done.status == 0 and "by-key-file is the connector c-" in done.out and "was learnt" in done.out, done
        done = cli.run(daemon, "import", config)
        assert done.status == LEFT_OUT and "by-key-file was left out: there is a connector" in done.out, done
        assert "elsewhere was passed over" in done.out, done
        cli.refusal(daemon, NOT_THERE, "import", config, "--only", "nobody")

    with story.case("a login that the partner does not accept is imported, and told"):
        needs("rclone")
        rclone.create("wrong", "sftp", **here, **{"pass": "not the password"})
        one, = cli.answer(daemon, "import", config, "--only", "wrong", status=TEST_FAILED)["Remotes"]
        assert one["Result"] == "TEST_FAILED" and one["ConnectorId"] and one["Reason"], one

    with story.case("a file that is none of rclone's is refused by the line"):
        bad = story.folder / "bad.conf"
        bad.write_text("[x]\nhunter2\n", encoding="ascii")
        sentence = cli.refusal(daemon, WRONG, "import", bad)
        assert "line 2" in sentence and "hunter2" not in sentence, sentence
        bad.write_text("# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\nx\n", encoding="ascii")
        assert "rclone config show" in cli.refusal(daemon, WRONG, "import", bad)
        cli.refusal(daemon, NOT_THERE, "import", story.folder / "nothing")

    # ---- completion ---------------------------------------------------------------------------------------------------

    cli.run(daemon, "connector", "add", "acme", server.url, "--user", server.user, "--key-file", key_file,
            "--trust", server.trusted_keys()[0])

    def check_completion(complete):
        assert complete("conn") == ["connector"]
        assert complete("connector", "re") == ["remove", "resume"]
        assert complete("send", "ac") == ["acme"]
        assert complete("send", "--re") == ["--region", "--recursive"]
        assert complete("--quiet", "connector", "show", "ac") == ["acme"]
        assert complete("transfers", "--connector", "ac") == ["acme"]
        assert complete("transfers", "--state", "C") == ["COMPLETED"]
        assert complete("completion", "") == ["bash", "zsh"]
        assert complete("send", "acme", "/fi") == ["/files/"]
        assert complete("send", "acme", "/files/folder/") == ["/files/folder/x.csv"]

    (daemon.state / "buckets" / "files" / "folder").mkdir()
    (daemon.state / "buckets" / "files" / "folder" / "x.csv").write_text("x", encoding="ascii")

    with story.case("bash that has read the completion completes commands, options and names"):
        check_completion(in_bash)
        assert in_bash("import", "") == [""]  # files: bash's own

    with story.case("zsh does, too"):
        needs("zsh")
        check_completion(in_zsh)
        assert in_zsh("import", "") == ["files"]

    with story.case("without a service commands and options are completed, and nothing is said"):
        done = cli.run(daemon, "complete", "--", "send", "", AWS_ENDPOINT_URL="http://127.0.0.1:1")
        assert (done.status, done.out, done.err) == (0, "", ""), done
        assert cli.good(daemon, "complete", "--", "con", AWS_ENDPOINT_URL=None) == "connector\n"
