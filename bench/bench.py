#!/usr/bin/env python3
"""./dev bench: files up and down, large and small, near and far, by the clients that people use and by us, in turn.

Ours is the whole way: StartFileTransfer, the store on a real disk, the worker, SSH, SHA-256, until all is COMPLETED.
Nobody starts with a connection. The files lie in memory; the same sshd and cipher serve all. Memory is touched before
each run, because a virtual machine that has given memory back pays for getting it again.
"""

import argparse
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
os.environ.setdefault("SALLYPORT_BUILD", str(ROOT / "build-release"))
sys.path.insert(0, str(ROOT / "tests" / "system" / "lib"))

import calls  # noqa: E402  pylint: disable=wrong-import-position
import clients  # noqa: E402  pylint: disable=wrong-import-position
import ground  # noqa: E402  pylint: disable=wrong-import-position
import listing  # noqa: E402  pylint: disable=wrong-import-position
import machine  # noqa: E402  pylint: disable=wrong-import-position
import measure  # noqa: E402  pylint: disable=wrong-import-position
import ours  # noqa: E402  pylint: disable=wrong-import-position
import report  # noqa: E402  pylint: disable=wrong-import-position
import rows  # noqa: E402  pylint: disable=wrong-import-position

QUICK_CLIENTS = ("sftp", ours.EndToEnd.name)
QUICK_ROWS = ("large", "far", "small", "small-far", "calls")

CALLS, LISTING = "calls", "listing"  # rows of their own kinds
NAMES = (*(row.name for row in rows.ROWS), CALLS, LISTING)


def chosen_rows(options):
    unknown = [name for name in options.rows if name not in NAMES]
    if unknown:
        raise SystemExit(f"./dev bench: there is no row {', '.join(unknown)}; there are {', '.join(NAMES)}")
    found = [row for row in rows.ROWS if row.name in options.rows]
    return [rows.quick(row) for row in found] if options.quick else found


def chosen_clients(place, options):
    """Who takes part, in the order of their turns."""
    everybody = [kind(place) for kind in (*clients.OTHERS, ours.EndToEnd, ours.Engine)]
    names = options.clients or (QUICK_CLIENTS if options.quick else [client.name for client in everybody])
    return [client for client in everybody if client.name in names and client.here()]


def tell(line):
    print(line, file=sys.stderr, flush=True)


def run(options):
    results = {"machine": machine.describe(), "cipher": ground.CIPHER, "rows": {}, "peak_pss_kib": {"daemon": 0, "worker": 0}}
    with ground.Ground() as place:
        for row in chosen_rows(options):
            place.prepare(row)
            present = chosen_clients(place, options)
            us = next((client for client in present if client.name == ours.EndToEnd.name), ours.EndToEnd(place))
            with us.watched():
                found = measure.measure(place, row, present, tell)
            sums = {way: place.sum_seconds(way) for way in found}
            results["rows"][row.name] = report.figures_of(row, found, sums)
            results["peak_pss_kib"] = {what: max(kib, us.peak[what]) for what, kib in results["peak_pss_kib"].items()}
        if LISTING in options.rows:
            results[LISTING] = listing.measure(place, tell)
    if CALLS in options.rows:
        results[CALLS] = calls.measure(tell)
    return results


def main():
    parser = argparse.ArgumentParser(prog="./dev bench")
    parser.add_argument("--quick", action="store_true", help="two minutes: fewer rows, sftp and us alone, less to do")
    parser.add_argument("--rows", nargs="+", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--clients", nargs="+", metavar="NAME", help="sftp is what the others are compared with")
    parser.add_argument("--json", type=pathlib.Path, default=ROOT / "build-release" / "bench.json",
                        help="where the figures go; rows that are in it and are not measured stay")
    parser.add_argument("--keep", action="store_true", help="the same figures into doc/performance.md and its pictures")
    options = parser.parse_args()

    options.rows = options.rows or (QUICK_ROWS if options.quick else NAMES)
    if options.keep:
        options.json = ROOT / "doc" / "performance" / "bench.json"
    results = report.merge(options.json, run(options))
    print(report.text(results))
    if options.keep:
        report.keep(results, ROOT / "doc")
    tell(f"all runs: {options.json}")


if __name__ == "__main__":
    main()
