#!/usr/bin/env python3
"""Runs the checks, builds, unit tests and system stories and counts every case. Called by ./dev test.

Unit tests and stories speak TAP. What dies without a word of TAP counts as one failure, so nothing can be lost.
The last line is "N passed, N failed", with ", N skipped" when something was.
"""

import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import stories

ROOT = pathlib.Path(__file__).resolve().parents[1]
STORY_SECONDS_MAX = 900
STORIES_AT_ONCE = 3  # of two cores: most of a story's time is waiting
SLOWEST_SHOWN = 10
SLOW_STORIES = ("crash", "resources")  # left out by --quick

# what, command, whether --quick leaves it out
CHECKS = [
    ("includes follow the table in ARCHITECTURE.md", ["python3", "tests/tools/check_includes.py"], False),
    ("no circles between the files of a room", ["python3", "tests/tools/check_calls.py"], False),
    ("C files are formatted", ["./dev", "fmt", "--check"], False),
    ("doc/errors.md has what the sources say", ["./dev", "errors", "--check"], False),
    ("documents name files, calls and steps that there are", ["python3", "tests/tools/check_docs.py"], False),
    ("everything builds with GCC, warnings being errors", ["./dev", "build"], False),
    ("everything builds with clang 14, warnings being errors", ["./dev", "build", "--clang"], True),
    ("everything builds with the sanitizers", ["./dev", "build", "--sanitize"], False),
]
TAP_SCRIPTS = ["tests/tools/check_includes_test.py", "tests/tools/check_calls_test.py", "tests/tools/check_docs_test.py",
               "tests/tools/list_errors_test.py", "tests/tools/run_test.py", "tests/tools/telling_test.py",
               "tests/tools/bench_test.py", "tests/tools/console_sources_test.py"]
TELLING = "tests/system/lib/telling.py"  # runs a story so that it tells more of what fails
TAP_PLAN = re.compile(r"^1\.\.(\d+)", re.MULTILINE)
TAP_LINE = re.compile(r"^(ok|not ok)\b\s*\d*\s*-?\s*(.*?)(?:\s+#\s*(SKIP)\b\s*(.*))?$", re.IGNORECASE)


@dataclasses.dataclass
class Tally:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list = dataclasses.field(default_factory=list)

    def fail(self, sentence):
        self.failed += 1
        self.failures.append(sentence)

    def add_tap(self, name, output, returncode):
        """Counts the TAP lines of @output; a bad end that no line speaks of is a failure of its own."""
        failed_before, seen = self.failed, 0
        for line in output.splitlines():
            match = TAP_LINE.match(line)
            if not match:
                continue
            seen += 1
            if match.group(3):
                self.skipped += 1
            elif match.group(1) == "ok":
                self.passed += 1
            else:
                self.fail(f"{name}: {match.group(2)}")
        plan = TAP_PLAN.search(output)
        if returncode != 0 and self.failed == failed_before:
            self.fail(f"{name}: ended with {describe_end(returncode)}")
        elif seen == 0:
            self.fail(f"{name}: proved nothing")
        elif plan and int(plan.group(1)) != seen:
            self.fail(f"{name}: promised {plan.group(1)} cases and showed {seen}")

    def __str__(self):
        text = f"{self.passed} passed, {self.failed} failed"
        return text + (f", {self.skipped} skipped" if self.skipped else "")


def describe_end(returncode):
    return f"signal {signal.Signals(-returncode).name}" if returncode < 0 else f"code {returncode}"


def run(command, seconds, env=None):
    """(output, return code); the command leads a process group of its own, so that all of it can be ended."""
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    try:
        output, _ = process.communicate(timeout=seconds)
        note = ""
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGTERM)  # a story takes down what it started when it is asked to end
        try:
            output, _ = process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
        note = f"\n# ended after {seconds} s\n"
    return output.decode("utf-8", "replace") + note, process.returncode


def run_checks(tally, quick):
    for what, command, slow in CHECKS:
        if quick and slow:
            continue
        output, returncode = run(command, 1800)
        print(f"{'ok' if returncode == 0 else 'not ok'} - {what}", flush=True)
        if returncode == 0:
            tally.passed += 1
        else:
            print(output)
            tally.fail(what)
    for script in TAP_SCRIPTS:
        output, returncode = run(["python3", script], 180)
        print(output, end="", flush=True)
        tally.add_tap(script, output, returncode)


def run_units(tally, build, names):
    """All unit tests of a build folder, or those whose name holds one of @names."""
    listed = subprocess.run(["meson", "test", "-C", build, "--list"], cwd=ROOT, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True, check=False).stdout
    units = [line.split(" / ", 1)[-1].strip() for line in listed.splitlines() if "/" in line]
    chosen = [unit for unit in units if any(name in unit for name in names)] if names else units
    if not chosen:
        return 0
    log = ROOT / build / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    output, _ = run(["meson", "test", "-C", build, "--no-rebuild"] + (chosen if names else []), 1200)
    if not log.exists():
        print(output)
        tally.fail("the unit tests could not be run")
        return 1
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            result = json.loads(line)
            before = tally.failed
            # meson says ERROR or FAIL also when every TAP line is fine, for example after a leak
            returncode = result["returncode"] or (0 if result["result"] in ("OK", "SKIP") else 1)
            tally.add_tap(result["name"], result.get("stdout", ""), returncode)
            print(f"{'ok' if tally.failed == before else 'not ok'} - unit {result['name']}", flush=True)
            if tally.failed != before:
                print(result.get("stdout", ""), result.get("stderr", ""))
    return len(chosen)


def run_story(script, build):
    env = dict(os.environ, SALLYPORT_BUILD=str(ROOT / build), PYTHONDONTWRITEBYTECODE="1")
    started = time.monotonic()
    output, returncode = run(["python3", TELLING, str(script)], STORY_SECONDS_MAX, env)
    return output, returncode, time.monotonic() - started


def run_stories(tally, build, scripts):
    """Returns {script: seconds}."""
    took = {}
    for together, at_once in zip(stories.in_turn(scripts), (STORIES_AT_ONCE, 1)):
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            runs = {pool.submit(run_story, script, build): script for script in together}
            for done in concurrent.futures.as_completed(runs):
                output, returncode, seconds = done.result()
                script = runs[done]
                took[script] = seconds
                print(f"# story {script.stem}, {seconds:.0f} s\n{output}", end="" if output.endswith("\n") else "\n",
                      flush=True)
                tally.add_tap(script.stem, output, returncode)
    return took


def tell_slowest(took):
    for script, seconds in sorted(took.items(), key=lambda item: -item[1])[:SLOWEST_SHOWN]:
        print(f"# {seconds:4.0f} s: {script.stem} ({stories.expected_seconds(script)} s expected)")


def main():
    parser = argparse.ArgumentParser(prog="./dev test")
    parser.add_argument("--quick", action="store_true", help="without clang and the slow stories")
    parser.add_argument("names", nargs="*", help="parts of the names of unit tests (room/name) and stories")
    options = parser.parse_args()

    tally, started = Tally(), time.monotonic()
    scripts = sorted((ROOT / "tests" / "system").glob("*_test.py"))
    if options.names:
        for option in ([], ["--sanitize"]):  # the story about memory uses the plain build
            subprocess.run(["./dev", "build", *option], cwd=ROOT, check=True)
        scripts = [script for script in scripts if any(name in script.stem for name in options.names)]
    else:
        run_checks(tally, options.quick)
        if options.quick:
            scripts = [script for script in scripts if not script.stem.startswith(SLOW_STORIES)]
    if (ROOT / "build-sanitize" / "build.ninja").exists():
        units = run_units(tally, "build-sanitize", options.names)
        if options.names and not units and not scripts:
            tally.fail(f"no unit test and no story is named like {' or '.join(options.names)}")
        print(f"# stories begin after {time.monotonic() - started:.0f} s", flush=True)
        tell_slowest(run_stories(tally, "build-sanitize", scripts))

    print(f"# {time.monotonic() - started:.0f} s")
    for sentence in tally.failures:
        print(f"failed: {sentence}")
    print(tally)
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
