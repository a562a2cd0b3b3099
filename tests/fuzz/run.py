#!/usr/bin/env python3
"""Lets libFuzzer look for inputs that break a parser. Called by ./dev fuzz, after it has built the targets.

What is new goes to BUILD/finds/TARGET, which git does not see; --keep takes from there into tests/fuzz/corpus/TARGET what
goes where the corpus does not, as small as it gets.

Seconds are the processor's, so that a busy machine and a low priority only make it take longer.
"""

import argparse
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CORPUS = HERE / "corpus"
SECONDS_MAX_PER_INPUT = 10
WAIT_MAX = 600  # by the clock, for an input that may only have been slow because the machine was
MEMORY_MAX_MIB = 2048
INPUT_MAX_KEPT = 4096  # bytes: what is larger shows nothing that something small does not
STATISTICS = re.compile(r"^stat::(\w+):\s+(\d+)$", re.MULTILINE)
COVERAGE = re.compile(r"\bcov: (\d+)")


def command_of(build, target, seconds_per_input=SECONDS_MAX_PER_INPUT):
    command = [str(build / "tests" / "fuzz" / f"fuzz_{target}"), f"-timeout={seconds_per_input}",
               f"-rss_limit_mb={MEMORY_MAX_MIB}"]
    dictionary = HERE / f"{target}.dict"
    return command + ([f"-dict={dictionary}"] if dictionary.exists() else [])


def environment():
    options = "abort_on_error=1:allocator_may_return_null=1:detect_leaks=1"
    places = {"TMPDIR": "/dev/shm"} if os.access("/dev/shm", os.W_OK) else {}  # stores that nobody has to sync
    return dict(os.environ, ASAN_OPTIONS=options, UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1", **places)


def shown(path):
    try:
        return path.relative_to(pathlib.Path.cwd())
    except ValueError:
        return path


def cpu_seconds():
    """What the programs that we waited for have used."""
    times = os.times()
    return times.children_user + times.children_system


def is_slow_alone(build, target, crasher):
    """libFuzzer counts an input's seconds by the clock, also those in which others had the processor: ours count."""
    before = cpu_seconds()
    subprocess.run(command_of(build, target, seconds_per_input=WAIT_MAX) + [str(crasher)], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, env=environment(), check=False)
    return cpu_seconds() - before >= SECONDS_MAX_PER_INPUT


def broken_in(build, target, crashers, before):
    """The inputs in @crashers that were not there @before; those that only the machine was slow at are forgotten."""
    broken = []
    for crasher in sorted(set(crashers.iterdir()) - before):
        if crasher.name.startswith(("timeout-", "slow-unit-")) and not is_slow_alone(build, target, crasher):
            crasher.unlink()
        else:
            broken.append(crasher)
    return broken


def fuzz(build, target, seconds):
    """Runs one target until it has used its seconds, as often as that takes; returns the inputs that broke it."""
    finds = build / "finds" / target
    crashers = build / "crashers" / target
    finds.mkdir(parents=True, exist_ok=True)
    crashers.mkdir(parents=True, exist_ok=True)
    before = set(crashers.iterdir())
    log = build / "finds" / f"{target}.log"
    started, spent, executed, broken, ran = cpu_seconds(), 0, 0, [], True
    while spent < seconds and ran and not broken:
        with log.open("wb") as output:
            subprocess.run(command_of(build, target) + [
                f"-max_total_time={math.ceil(seconds - spent)}", "-print_final_stats=1",
                f"-artifact_prefix={crashers}/", str(finds), str(CORPUS / target)],
                stdout=output, stderr=subprocess.STDOUT, env=environment(), check=False)
        spent = cpu_seconds() - started
        text = log.read_text(encoding="utf-8", errors="replace")
        executed += int(dict(STATISTICS.findall(text)).get("number_of_executed_units", 0))
        ran = "stat::" in text
        broken = broken_in(build, target, crashers, before)
    covered = COVERAGE.findall(text)
    print(f"{target}: {executed} executions, {spent:.0f} s of CPU, {covered[-1] if covered else '?'} edges, "
          f"{len(list(finds.iterdir()))} finds, {len(broken)} crashers", flush=True)
    for crasher in broken:
        print(f"  {shown(crasher)}: repeat it with {shown(build)}/tests/fuzz/fuzz_{target} {shown(crasher)}; "
              f"the whole story is in {shown(log)}", flush=True)
    if not broken and not ran:
        print(f"  it did not run: see {shown(log)}", flush=True)
        return [log]
    return broken


def keep(build, target):
    """The corpus and what was found, minimised together: what is in the corpus by name stays there."""
    corpus, finds = CORPUS / target, build / "finds" / target
    if not finds.is_dir():
        return
    with tempfile.TemporaryDirectory() as folder:
        merged = pathlib.Path(folder)
        for seed in corpus.iterdir():
            shutil.copy(seed, merged)
        subprocess.run(command_of(build, target) + ["-merge=1", "-use_counters=0", f"-max_len={INPUT_MAX_KEPT}",
                                                    str(merged), str(finds)],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(), check=True)
        new = [path for path in merged.iterdir() if not (corpus / path.name).exists()]
        for path in new:
            shutil.copy(path, corpus)
    print(f"{target}: kept {len(new)}, {sum(path.stat().st_size for path in corpus.iterdir())} bytes in all",
          flush=True)


def main():
    known = sorted(path.name for path in CORPUS.iterdir())
    parser = argparse.ArgumentParser(prog="./dev fuzz", epilog=f"The targets are {', '.join(known)}.")
    parser.add_argument("--build", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--keep", action="store_true", help="take what was found into the corpus instead")
    parser.add_argument("words", nargs="*", metavar="SECONDS | TARGET", help="CPU seconds for each target (60); which (all)")
    options = parser.parse_args()
    seconds = next((int(word) for word in options.words if word.isdigit()), 60)
    targets = [word for word in options.words if not word.isdigit()] or known
    for target in targets:
        if target not in known:
            parser.error(f"there is no target \"{target}\": there are {', '.join(known)}")

    broken = []
    for target in targets:
        if options.keep:
            keep(options.build, target)
        else:
            broken += fuzz(options.build, target, seconds)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
