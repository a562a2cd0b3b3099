"""The program `sallyport`, as somebody would type it who has sourced admin.env and nothing else: in a pipe, or at a terminal."""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time

import harness

COMMAND_SECONDS = 60
COLUMNS = 120

SCHEMA = json.loads((harness.ROOT / "doc" / "cli.schema.json").read_text(encoding="utf-8"))


def environment(daemon, **variables):
    """What a shell has after admin.env; a variable that is None is not there."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SALLYPORT_"))}
    env.update(daemon.env, AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)
    env["PATH"] = f"{daemon.build / 'src' / 'cli'}:{daemon.build / 'src' / 'daemon'}:{env['PATH']}"
    env.update({name: value for name, value in variables.items() if value is not None})
    return {name: value for name, value in env.items() if variables.get(name, value) is not None}


class Done:
    """A command that has ended."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def __repr__(self):
        return f"status {self.status}, out {self.out!r}, err {self.err!r}"


def run(daemon, *words, cwd=None, stdin=None, **variables):
    """In a pipe: no terminal anywhere."""
    done = subprocess.run(["sallyport", *map(str, words)], env=environment(daemon, **variables), text=True, check=False,
                          stdin=subprocess.DEVNULL if stdin is None else None, input=stdin, capture_output=True,
                          timeout=COMMAND_SECONDS, cwd=cwd)
    return Done(done.returncode, done.stdout, done.stderr)


def good(daemon, *words, **options):
    """The output of a command that goes well, and says nothing else."""
    done = run(daemon, *words, **options)
    assert done.status == 0, done
    assert done.err == "", done
    return done.out


def check_schema(value, command):
    try:
        import jsonschema  # pylint: disable=import-outside-toplevel
    except ImportError:
        raise harness.Skip("needs python3-jsonschema: ./dev deps") from None
    assert command in SCHEMA["$defs"], command
    jsonschema.Draft202012Validator({**SCHEMA, "$ref": f"#/$defs/{command}"}).validate(value)


def answer(daemon, *words, command=None, status=0, **options):
    """What --json writes, held against the schema."""
    done = run(daemon, *words, "--json", **options)
    assert done.status == status, done
    value = json.loads(done.out)
    check_schema(value, command or " ".join(words[:2] if words[0] in ("connector", "bucket", "key") else words[:1]))
    return value


def refusal(daemon, status, *words, **options):
    """The one sentence of a command that is refused."""
    done = run(daemon, *words, **options)
    assert done.status == status, done
    lines = done.err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("sallyport: "), done
    assert done.out == "", done
    return lines[0].removeprefix("sallyport: ")


class Terminal:
    """A command at a terminal of its own, which is its only standard input, output and error."""

    def __init__(self, daemon, *words, columns=COLUMNS, **variables):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.text, self.master = "", master
        self.process = subprocess.Popen(["sallyport", *map(str, words)], env=environment(daemon, **variables), stdin=slave,
                                        stdout=slave, stderr=slave, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        harness.end(self.process)
        os.close(self.master)

    def read(self, seconds=0.05):
        """Whatever came until now is in @text. False at the end."""
        if not select.select([self.master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:  # what a terminal says when nobody has its other end
            return False
        self.text += data.decode("utf-8", "replace")
        return bool(data)

    def wait_for(self, condition, what, seconds=harness.PATIENCE_SECONDS):
        def there():
            self.read()
            return condition(self.text)
        return harness.wait_until(there, what, seconds)

    def type(self, keys):
        os.write(self.master, keys)

    def wait(self, seconds=COMMAND_SECONDS):
        """How it ended; everything that it wrote is in @text."""
        deadline = time.monotonic() + seconds
        while self.read():
            if time.monotonic() > deadline:
                self.process.send_signal(signal.SIGKILL)
                raise harness.NotInTime(f"sallyport did not end within {seconds} s, and had written {self.text!r}")
        return self.process.wait(10)
