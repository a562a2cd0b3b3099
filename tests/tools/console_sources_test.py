#!/usr/bin/env python3
"""The console's sources: their types, their form, and the tests of what has no browser in it."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

CONSOLE = pathlib.Path(__file__).resolve().parents[2] / "console"
TOOLS = CONSOLE / "node_modules"


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def tell(self, good, sentence, note="", output=""):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {sentence}{note}")
        for line in output.splitlines() if not good else ():
            print(f"# {line}")


def run(*words):
    return subprocess.run(["node", *map(str, words)], cwd=CONSOLE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)


def tell_tests(tap):
    """Each test of vitest as a case of ours."""
    with tempfile.TemporaryDirectory() as folder:
        results = pathlib.Path(folder) / "results.json"
        done = run(TOOLS / "vitest" / "vitest.mjs", "run", "--reporter=json", f"--outputFile={results}")
        if not results.exists():
            tap.tell(False, "the console's tests run", output=done.stdout)
            return
        for file in json.loads(results.read_text(encoding="utf-8"))["testResults"]:
            if not file["assertionResults"]:
                tap.tell(False, f"{pathlib.Path(file['name']).name} can be read", output=file.get("message", ""))
            for case in file["assertionResults"]:
                tap.tell(case["status"] == "passed", case["fullName"].replace("#", "number "),
                         output="\n".join(case.get("failureMessages") or []))


def main():
    tap = Tap()
    if not shutil.which("node") or not (TOOLS / "vitest").exists():
        tap.tell(True, "the console's sources", " # SKIP node or the console's packages are not there: ./dev deps installs them with npm")
    else:
        done = run(TOOLS / "typescript" / "bin" / "tsc", "--noEmit")
        tap.tell(done.returncode == 0, "the console's sources have their types right", output=done.stdout)
        done = run(TOOLS / "eslint" / "bin" / "eslint.js", ".", "--max-warnings", "0")
        tap.tell(done.returncode == 0, "eslint finds nothing in the console's sources", output=done.stdout)
        tell_tests(tap)
    print(f"1..{tap.count}")
    sys.exit(1 if tap.failed else 0)


main()
