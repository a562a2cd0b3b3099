#!/usr/bin/env python3
"""Proves that bench/ tells what was measured: its table, what it keeps of earlier runs, and its pictures."""

import pathlib
import sys
import tempfile
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "bench"), str(ROOT / "tests" / "system" / "lib")]
import plots  # noqa: E402
import report  # noqa: E402
import rows  # noqa: E402

SMALL, FAR, LARGE = (next(row for row in rows.ROWS if row.name == name) for name in ("small", "small-far", "large"))


def found_of(row, sftp, ours):
    """What measure.measure() gives for one run each."""
    def run(seconds):
        return {"files": row.files, "runs": [{"seconds": seconds, "client_cpu": 1.0, "server_cpu": 1.0}]}
    return {way: {"sftp": run(sftp), "end to end": run(ours)} for way in ("up", "down")}


def results_of(*measured):
    return {"machine": {"cores": 2, "processor": "one", "memory_gib": 4, "kernel": "6.1", "openssh": "OpenSSH_9.2p1"},
            "cipher": "aes128-gcm@openssh.com", "peak_pss_kib": {"daemon": 1024, "worker": 2048},
            "rows": {row.name: report.figures_of(row, found_of(row, *seconds), {"up": 0.5, "down": 0.5})
                     for row, *seconds in measured}}


def a_reached_goal_is_bold():
    return "**4.00** (≥ 3)" in report.table(results_of((SMALL, 1.0, 0.25)))


def a_missed_goal_is_not():
    table = report.table(results_of((SMALL, 1.0, 0.5)))
    return "2.00 (≥ 3)" in table and "**" not in table


def a_client_that_was_not_there_leaves_a_gap():
    return "| – |" in report.table(results_of((SMALL, 1.0, 0.5)))


def processors_are_compared_by_the_gibibyte():
    return "1.50 s | 1.00 s | 0.67" in report.cpu_table(results_of((LARGE, 1.0, 0.5), (SMALL, 1.0, 0.5)))


def rows_that_were_not_measured_anew_stay():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "bench.json")
        report.merge(path, results_of((SMALL, 1.0, 0.5)))
        merged = report.merge(path, results_of((LARGE, 1.0, 0.5)))
    return list(merged["rows"]) == ["large", "small"]


def clients_that_were_not_measured_anew_keep_their_ratio():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "bench.json")
        report.merge(path, results_of((SMALL, 1.0, 0.5)))
        alone = results_of((SMALL, 10.0, 5.0))
        for clients in alone["rows"]["small"]["ways"].values():
            del clients["end to end"]
        merged = report.merge(path, alone)["rows"]["small"]["ways"]["up"]
    return merged["end to end"]["ratio"] == 2.0 and merged["sftp"]["seconds"] == 10.0


def a_picture_is_well_formed_and_has_a_line_for_each_client():
    pictures = dict(plots.all_of(results_of((SMALL, 1.0, 0.5), (FAR, 400.0, 2.0)), report.rate))
    lines = [node for node in xml.fromstring(pictures["files-up.svg"]).iter() if node.tag.endswith("polyline")]
    return len(lines) == 2


CASES = (a_reached_goal_is_bold, a_missed_goal_is_not, a_client_that_was_not_there_leaves_a_gap,
         processors_are_compared_by_the_gibibyte, rows_that_were_not_measured_anew_stay,
         clients_that_were_not_measured_anew_keep_their_ratio,
         a_picture_is_well_formed_and_has_a_line_for_each_client)


def main():
    failed = 0
    for number, case in enumerate(CASES, 1):
        good = case()
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {case.__name__.replace('_', ' ')}")
    print(f"1..{len(CASES)}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
