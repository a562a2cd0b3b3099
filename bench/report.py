"""What was measured, as a table, as JSON, and in doc/performance.md between its two marks."""

import json

import calls
import listing
import machine
import plots
import rows

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
CLIENTS = ("sftp", "scp", "lftp", "rclone", "end to end", "engine")
ORDER = [row.name for row in rows.ROWS]
MIB, GIB = 1 << 20, 1 << 30


def figures_of(row, found, sums):
    """One row as it is kept: {title, …, ways: {way: {client: medians and the ratio to sftp}}}."""
    kept = {"title": row.title, "files": row.files, "size": row.size, "delay_ms": row.delay_ms,
            "connections": row.connections, "rounds": row.times, "ways": {}}
    for way, clients in found.items():
        medians = {name: machine.median_of(client["runs"]) for name, client in clients.items()}
        for name, median in medians.items():
            median["files"] = clients[name]["files"]
            median["runs"] = [round(run["seconds"], 4) for run in clients[name]["runs"]]
            if "sftp" in medians:
                median["ratio"] = medians["sftp"]["seconds"] / median["seconds"]
        kept["ways"][way] = medians
        targets = row.targets[way]
        kept.setdefault("targets", {})[way] = {"end to end": targets[0], "engine": targets[1]}
    kept["sum_cpu"] = sums
    return kept


def rate(row, median):
    """Of all its files: files a second, or MiB a second."""
    if row["files"] > 1:
        return row["files"] / median["seconds"]
    return row["size"] / MIB / median["seconds"]


def _cell(row, way, client):
    median = row["ways"][way].get(client)
    if median is None:
        return "–"
    shown = f"{median.get('ratio', 1):.2f}" if median.get("ratio", 1) < 20 else f"{median['ratio']:.0f}"
    goal = row["targets"][way].get(client)
    if goal is not None:
        shown = f"**{shown}** (≥ {goal:g})" if median.get("ratio", 0) >= goal else f"{shown} (≥ {goal:g})"
    if client == "sftp":
        unit = "files/s" if row["files"] > 1 else "MiB/s"
        number = rate(row, median)
        return f"{number:,.0f} {unit}" if number >= 20 else f"{number:.1f} {unit}"
    return shown


def table(results):
    """Ratios to sftp of the same run, in Markdown. Bold: the goal was reached."""
    lines = ["| work | | sftp | scp | lftp | rclone | Sallyport, end to end | its engine alone |",
             "|---|---|---|---|---|---|---|---|"]
    for row in results["rows"].values():
        for way in row["ways"]:
            lines.append(f"| {row['title'] if way == 'up' else ''} | {way} | "
                         + " | ".join(_cell(row, way, client) for client in CLIENTS) + " |")
    return "\n".join(lines)


def cpu_table(results):
    """CPU seconds a GiB, of those rows that move one: sftp's with those of sha256sum."""
    lines = ["CPU seconds of the client for 1 GiB; *ratio* is to sftp + sha256sum:", "",
             "| work | | sftp | sftp + sha256sum | end to end | ratio | engine | ratio to sftp |",
             "|---|---|---|---|---|---|---|---|"]
    for row in results["rows"].values():
        if row["files"] > 1 or row["delay_ms"] > 0 or row["size"] < GIB:
            continue
        for way, clients in row["ways"].items():
            both = clients["sftp"]["client_cpu"] + row["sum_cpu"][way]
            ours, engine = clients["end to end"]["client_cpu"], clients.get("engine")
            alone = [f"{engine['client_cpu']:.2f} s", f"{engine['client_cpu'] / clients['sftp']['client_cpu']:.2f}"] if engine else ["–", "–"]
            lines.append(f"| {row['title'] if way == 'up' else ''} | {way} | {clients['sftp']['client_cpu']:.2f} s | "
                         f"{both:.2f} s | {ours:.2f} s | {ours / both:.2f} | {alone[0]} | {alone[1]} |")
    return "\n".join(lines) + "\n\n" if len(lines) > 4 else ""


def pictures(results):
    """Those that there are, for the page."""
    return "\n".join(f"![{name[:-4].replace('-', ', ')}](performance/{name})" for name, _ in plots.all_of(results, rate))


def text(results):
    """All of it, as doc/performance.md has it."""
    about, peak = results["machine"], results["peak_pss_kib"]
    return f"""{table(results)}

Measured on {about['cores']} cores ({about['processor']}), {about['memory_gib']} GiB of memory, Linux {about['kernel']}, server and
clients {about['openssh']}, cipher {results['cipher']}. Clients in turn, medians of {', '.join(sorted({str(row['rounds']) for row in results['rows'].values()}))} rounds.

{cpu_table(results)}Peak Pss over all rows: daemon {peak['daemon'] / 1024:.1f} MiB, worker {peak['worker'] / 1024:.1f} MiB.
{calls.text(results["calls"]) if "calls" in results else ""}
{listing.text(results["listing"]) if "listing" in results else ""}
"""


def _merge_rows(before, now):
    """Clients that were not measured anew stay, with the ratio of the run that they were in."""
    merged = {**before, **now}
    for name in before.keys() & now.keys():
        ways = {way: {**before[name]["ways"].get(way, {}), **clients} for way, clients in now[name]["ways"].items()}
        merged[name] = {**now[name], "ways": ways}
    return {name: merged[name] for name in sorted(merged, key=ORDER.index)}


def merge(path, results):
    """What is in the file already stays, where it was not measured anew."""
    if path.exists():
        before = json.loads(path.read_text(encoding="utf-8"))
        results = {**before, **results, "rows": _merge_rows(before["rows"], results["rows"])}
        results["peak_pss_kib"] = {what: max(kib, before["peak_pss_kib"][what])
                                   for what, kib in results["peak_pss_kib"].items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return results


def keep(results, folder):
    """doc/performance.md's part between its marks, and the plots beside."""
    page = folder / "performance.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n{text(results)}\n{pictures(results)}\n{END}{after}", encoding="utf-8")
    for name, picture in plots.all_of(results, rate):
        (folder / "performance" / name).write_text(picture, encoding="utf-8")
