"""What every system story stands on: cases that are sentences, programs that are ended by their id, and a daemon.

    with harness.Story() as story:
        daemon = story.enter(harness.Daemon(story.folder / "state"))
        with story.case("a file goes out"):
            assert …

A failed case is told and the story goes on. Waiting is always for a condition and has a deadline.
"""

import contextlib
import json
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import aws

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("SALLYPORT_BUILD", ROOT / "build"))
LARGE = os.environ.get("SALLYPORT_TEST_LARGE") == "1"
LOG_LINES_SHOWN = 20  # of each log that grew, after a failed case
PATIENCE_SECONDS = 30  # for what takes a moment; a sanitizer build on a busy machine is slow
TIMES = os.environ.get("SALLYPORT_TEST_TIMES") == "1"  # tell how long cases and their long waits took
LONG_WAIT_SECONDS = 0.5
SANITIZER_WORDS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:")


class Skip(Exception):
    """This machine cannot show the case; the message says why."""


class NotInTime(Exception):
    pass


def wait_until(condition, what, seconds=PATIENCE_SECONDS, every=0.02):
    """The first true value of @condition()."""
    started = time.monotonic()
    deadline = started + seconds
    while True:
        value = condition()
        if value:
            if TIMES and time.monotonic() - started >= LONG_WAIT_SECONDS:
                sys.stdout.write(f"# waited {time.monotonic() - started:.1f} s for {what}\n")  # at once: threads wait, too
            return value
        if time.monotonic() > deadline:
            raise NotInTime(f"waited {seconds} s in vain for {what}")
        time.sleep(every)


def need_root(why):
    if os.geteuid() != 0:
        raise Skip(f"needs root {why}")


def sanitized(build=BUILD):
    with open(build / "meson-info" / "intro-buildoptions.json", encoding="utf-8") as file:
        return any(option["name"] == "b_sanitize" and option["value"] != "none" for option in json.load(file))


class Logs:
    """Of all programs that a story has started: what they wrote since the case began is told when it fails."""

    def __init__(self):
        self.sizes = {}  # by path, when the case began

    def add(self, path):
        self.sizes.setdefault(path, 0)

    def begin(self):
        self.sizes = {path: path.stat().st_size if path.exists() else 0 for path in self.sizes}

    def tell(self):
        for path, size in self.sizes.items():
            with contextlib.suppress(FileNotFoundError), open(path, "rb") as file:
                file.seek(size)
                for line in file.read().decode("utf-8", "replace").splitlines()[-LOG_LINES_SHOWN:]:
                    print(f"# {path.parent.name}/{path.name}: {line}", flush=True)


logs = Logs()


class Story:
    """Runs cases, prints TAP, and takes down in the end whatever was entered."""

    def __init__(self):
        self.name = pathlib.Path(sys.argv[0]).stem
        self.count = self.failed = 0
        self.stack = contextlib.ExitStack()
        self.folder = None

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        folder = tempfile.mkdtemp(prefix=f"sallyport-{self.name}-")
        os.chmod(folder, 0o755)  # a throw-away user has to reach its files
        self.stack.callback(self.clear_away)
        self.folder = pathlib.Path(folder)
        return self

    def clear_away(self):
        if self.failed and os.environ.get("SALLYPORT_TEST_KEEP"):
            print(f"# kept for you to look at: {self.folder}", flush=True)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def enter(self, thing):
        return self.stack.enter_context(thing)

    def tell(self, good, sentence, note=""):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {sentence}{note}", flush=True)

    @contextlib.contextmanager
    def case(self, sentence):
        started = time.monotonic()
        logs.begin()
        try:
            yield
        except Skip as why:
            self.tell(True, sentence, f" # SKIP {why}")
        except Exception as error:  # pylint: disable=broad-except
            self.tell(False, sentence)
            self.explain(error.with_traceback(error.__traceback__.tb_next))  # without this function
            logs.tell()
        else:
            self.tell(True, sentence)
        if TIMES:
            print(f"# {time.monotonic() - started:.2f} s: {sentence}", flush=True)

    @staticmethod
    def explain(error):
        for line in "".join(traceback.format_exception(error)).splitlines():
            print(f"# {line}", flush=True)

    def __exit__(self, kind, error, trace):
        if isinstance(error, Skip):
            self.tell(True, self.name.replace("_", " "), f" # SKIP {error}")
        elif isinstance(error, Exception):
            self.tell(False, f"the story {self.name} comes to its end")
            self.explain(error)
            logs.tell()
        try:
            self.stack.close()
        except Exception as late:  # pylint: disable=broad-except
            self.tell(False, "what was started ends well")
            self.explain(late)
        print(f"1..{self.count}")
        if error is None or isinstance(error, Exception):
            sys.exit(1 if self.failed else 0)


# ---- processes ------------------------------------------------------------------------------------------------------


def end(process, sign=signal.SIGTERM, seconds=20):
    """Ends a process that we started, and returns how it ended."""
    if process.poll() is None:
        process.send_signal(sign)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise NotInTime(f"process {process.args[0]} did not end within {seconds} s and was killed") from None
    return process.returncode


def parent_of(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return int(text.rpartition(")")[2].split()[1])


def descendants(pid):
    """All processes below @pid, parents first."""
    parents = {int(entry.name): parent_of(entry.name) for entry in pathlib.Path("/proc").iterdir() if entry.name.isdigit()}
    found, fresh = [], [pid]
    while fresh:
        fresh = [child for child, parent in parents.items() if parent in fresh]
        found += fresh
    return found


def runs(pid, program):
    """Whether the process runs the program of that name. Its exe link would say more, but to root only."""
    try:
        name = pathlib.Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").rstrip("\n")
    except OSError:
        return False
    return name == program[:15]  # the kernel keeps no more


def is_alive(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] not in "ZX"


def freeze(pids):
    """SIGSTOP, and they stand: what they were writing is written, and nothing comes after it."""
    def stand():
        states = [state.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0]
                  for pid in pids for state in pathlib.Path(f"/proc/{pid}/task").glob("*/stat")]
        return all(state == "T" for state in states)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    wait_until(stand, "processes to stand still")


def descriptors(pid):
    """What the open descriptors of a process lead to, ordered; sockets and the like without their numbers."""
    found = []
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(FileNotFoundError):
                found.append(os.readlink(f"/proc/{pid}/fd/{name}").partition(":[")[0])
    except PermissionError:
        raise Skip("needs root to see the descriptors of a process that guards secrets") from None
    return sorted(found)


def count_descriptors(pid):
    return len(descriptors(pid))


def memory_kib(pid, *names):
    """What smaps_rollup says of each of @names, KiB; 0 when the process is gone."""
    found = {}
    with contextlib.suppress(OSError), open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as lines:
        found = {line.split()[0]: int(line.split()[1]) for line in lines if line.endswith(" kB\n")}
    return tuple(found.get(f"{name}:", 0) for name in names)


def pss_kib(pid):
    """Proportional set size: libraries count in part, the more the fewer others use them."""
    return memory_kib(pid, "Pss")[0]


# ---- the daemon -----------------------------------------------------------------------------------------------------

DAEMON_SETTINGS = {
    "listen": "127.0.0.1:0",
    "network.provider": "host",  # stories that make networks say otherwise
    "log.level": "debug",
    "egress.allow_private_targets": "true",
    "transfer.retry_delay": "100ms",
    "transfer.retry_delay_max": "500ms",
    "transfer.probe_delay": "300ms",
    "transfer.probe_delay_max": "1s",
    "quota.test_rate": "0",  # a story asks as often as it likes
}


class Daemon:
    """
    sallyportd with its state in @state. Entering starts it, leaving ends it and looks at its log.

    @namespace  the lan.Namespace that is its whole network; None: this machine's
    @user       whom it runs as, with a uid and a gid; None: as the story does
    """

    def __init__(self, state, settings=None, build=BUILD, namespace=None, user=None):
        self.state, self.build = pathlib.Path(state), pathlib.Path(build)
        self.namespace, self.user = namespace, user
        self.program = self.build / "src" / "daemon" / "sallyportd"
        self.worker = self.build / "src" / "worker" / "sallyport-worker"
        self.settings = {**DAEMON_SETTINGS, "worker.path": str(self.worker),
                         "netd.path": str(self.build / "src" / "netd" / "sallyport-netd"), **(settings or {})}
        self.log = self.state.with_name(self.state.name + ".log")
        self.process, self.env, self.client = None, {}, None
        self.seen_workers = set()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        self.check_log()

    def command(self):
        words = [*(self.namespace.prefix if self.namespace else []), *as_user(self.user), str(self.program),
                 "--state", str(self.state)]
        for name, value in self.settings.items():
            words += ["--set", f"{name}={value}"]
        return words

    def start(self):
        self.state.mkdir(mode=0o700, exist_ok=True)
        give(self.state, self.user)
        admin = self.state / "admin.env"
        admin.unlink(missing_ok=True)
        env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SALLYPORT_"))}
        logs.add(self.log)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env)
        wait_until(lambda: admin.exists() or self.process.poll() is not None, "sallyportd to be ready")
        if self.process.poll() is not None:
            raise RuntimeError(f"sallyportd ended with {self.process.returncode} at once:\n{self.log_text()[-3000:]}")
        self.env = read_exports(admin)
        self.client = self.new_client()

    def new_client(self):
        connect = (lambda place, *_: self.namespace.connect(*place, seconds=60)) if self.namespace else None
        return aws.Client(self.env["AWS_ENDPOINT_URL"], self.env["AWS_REGION"], self.env["AWS_ACCESS_KEY_ID"],
                          self.env["AWS_SECRET_ACCESS_KEY"], ca_file=self.env.get("AWS_CA_BUNDLE"), connect=connect)

    def stop(self):
        workers = self.workers()
        if self.client:
            self.client.close()
        code = end(self.process)
        if code not in (0, -signal.SIGKILL):
            raise RuntimeError(f"sallyportd ended with {code}:\n{self.log_text()[-3000:]}")
        wait_until(lambda: not any(is_alive(pid) for pid in workers), "the workers to leave with their daemon")

    def kill(self):
        """kill -9 of the daemon; its workers are left to notice by themselves."""
        self.workers()
        self.client.close()
        self.process.kill()
        self.process.wait()

    def workers(self):
        """The ids of the live workers."""
        found = [pid for pid in descendants(self.process.pid) if runs(pid, self.worker.name)]
        self.seen_workers.update(found)
        return found

    def kill_workers(self):
        """kill -9 of all of them; there has to be one."""
        victims = self.workers()
        assert victims, "there is no worker to kill"
        for pid in victims:
            os.kill(pid, signal.SIGKILL)

    def log_text(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def check_log(self):
        """The sanitizers' complaints, if any, are a failure whatever the cases said."""
        lines = self.log_text().splitlines()
        for number, line in enumerate(lines):
            if any(word in line for word in SANITIZER_WORDS):
                raise RuntimeError("a sanitizer complained:\n" + "\n".join(lines[number:number + 40]))

    def bucket(self, name):
        folder = self.state / "buckets" / name
        folder.mkdir(exist_ok=True)
        give(folder, self.user)
        return folder


def as_user(user):
    """Words before a command that @user shall run. The process stays the same."""
    return ["setpriv", f"--reuid={user.uid}", f"--regid={user.gid}", "--clear-groups", "--"] if user else []


def give(path, user):
    """Makes a folder and all that lies in it the user's."""
    if user:
        for place in (path, *pathlib.Path(path).rglob("*")):
            os.chown(place, user.uid, user.gid)


def read_exports(path):
    """The variables of a file of `export NAME=value` lines."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        words = shlex.split(line, comments=True)
        if len(words) == 2 and words[0] == "export":
            name, _, value = words[1].partition("=")
            found[name] = value
    return found


class Looker:
    """A thread that calls look() again and again while it is entered."""

    EVERY_SECONDS = 0.02

    def __init__(self):
        self._ended, self._thread = threading.Event(), threading.Thread(target=self._run)

    def _run(self):
        while not self._ended.wait(self.EVERY_SECONDS):
            self.look()

    def look(self):
        raise NotImplementedError

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()


# ---- helpers that run beside a story -----------------------------------------------------------------------------------


class Tool:
    """A small program that we talk to in lines: tests/tools/delay_proxy and tests/tools/watch. @options: of Popen."""

    def __init__(self, *command, **options):
        self.command, self.options = [str(word) for word in command], options
        self.lines, self.changed, self.process = [], threading.Condition(), None

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **self.options)
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def _read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.decode("utf-8", "replace").rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.lines.append(None)  # the end
            self.changed.notify_all()

    def wait_line(self, wanted, start=0, seconds=PATIENCE_SECONDS):
        """(index, line) of the first line from @start on for which @wanted(line) is true."""
        place = start
        with self.changed:
            deadline = time.monotonic() + seconds
            while True:
                for place in range(start, len(self.lines)):
                    if self.lines[place] is None:
                        raise RuntimeError(f"{self.command[0]} ended")
                    if wanted(self.lines[place]):
                        return place, self.lines[place]
                start = len(self.lines)
                if not self.changed.wait(deadline - time.monotonic()):
                    raise NotInTime(f"waited {seconds} s in vain for a line of {self.command[0]}")

    def finish(self):
        """Closes its input, so that it ends, and waits until all it said was read."""
        if not self.process.stdin.closed:
            self.process.stdin.close()
        with self.changed:
            self.changed.wait_for(lambda: self.lines and self.lines[-1] is None, PATIENCE_SECONDS)
        return end(self.process)

    def __exit__(self, *_):
        self.finish()


class Proxy(Tool):
    """A bad network in front of a port. See tests/tools/delay_proxy.c for what it obeys."""

    def __init__(self, target_port, delay_ms=0, rate=0):
        super().__init__(BUILD / "tests" / "tools" / "delay_proxy", target_port, delay_ms, rate)
        self.port = None

    def __enter__(self):
        super().__enter__()
        self.port = int(self.wait_line(lambda line: line.startswith("port "))[1].split()[1])
        return self

    def tell(self, command):
        """Sends a command and returns its answer."""
        start = len(self.lines)
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()
        return self.wait_line(lambda line: line != "held", start)[1]

    def hold(self, way, count):
        """Freezes all connections when @count more bytes have passed; returns a function that waits for it."""
        start = len(self.lines)
        assert self.tell(f"hold {way} {count}") == "ok"
        return lambda: self.wait_line(lambda line: line == "held", start)

    def passed(self):
        """(bytes up, bytes down, connections)"""
        return tuple(int(word) for word in self.tell("count").split()[1:])


class Watch(Tool):
    """Tells what happened in folders. See tests/tools/watch.c."""

    def __init__(self, *folders):
        super().__init__(BUILD / "tests" / "tools" / "watch", *folders)

    def __enter__(self):
        super().__enter__()
        self.wait_line(lambda line: line == "ready")
        return self

    def look(self):
        """The kernel tells of everything."""

    def events(self):
        """[(kind, size, folder index, name)] so far."""
        with self.changed:
            lines = [line for line in self.lines if line not in (None, "ready")]
        found = []
        for line in lines:
            kind, size, index, name = line.split(" ", 3)
            found.append((kind, int(size), int(index), name))
        return found

    def faults(self, sizes):
        return faults_of(self.events(), sizes)


def faults_of(events, sizes):
    """What must never happen to the final names of @sizes ({name: size}): sentences. @events: as Watch tells them."""
    faults = []
    for kind, size, _, name in events:
        if kind == "OVERFLOW":
            faults.append("the watcher missed events")
        elif name in sizes and kind in ("CREATE", "MODIFY", "CLOSE_WRITE"):
            faults.append(f"{kind} of the final name {name}")
        elif name in sizes and kind == "MOVED_TO" and size not in (sizes[name], -1):
            faults.append(f"{name} appeared with {size} bytes instead of {sizes[name]}")
    return faults
