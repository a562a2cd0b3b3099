"""Small SVG pictures: a rate over the round trip, a line for each client. Readable on light and on dark pages."""

import html
import math

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 360, 70, 150, 40, 50
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600 } .grid { stroke: #d0d7de } .line { fill: none; stroke-width: 2 }
  @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .grid { stroke: #3d444d } .page { fill: #0d1117 } }
  .page { fill: #ffffff }
"""
# One colour for a client on all pictures; they stand out on white and on black.
COLOURS = {"sftp": "#8b949e", "scp": "#a371f7", "lftp": "#d29922", "rclone": "#db6d28", "end to end": "#2f81f7", "engine": "#3fb950"}


def _scale(values):
    """Powers of ten around all @values."""
    low = math.floor(math.log10(min(values)))
    high = max(math.ceil(math.log10(max(values))), low + 1)
    return low, high


def draw(title, unit, lines):
    """@lines: {client: [(round trip in ms, rate)]}; the rates' axis is logarithmic."""
    delays = sorted({delay for points in lines.values() for delay, _ in points})
    low, high = _scale([rate for points in lines.values() for _, rate in points])
    span = max(delays[-1] - delays[0], 1)

    def place(delay, rate):
        x = LEFT + (WIDTH - LEFT - RIGHT) * (delay - delays[0]) / span
        y = HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (math.log10(rate) - low) / (high - low)
        return round(x, 1), round(y, 1)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
             f"<title>{html.escape(title)}</title><style>{STYLE}</style>",
             f'<rect class="page" width="{WIDTH}" height="{HEIGHT}"/>',
             f'<text class="title" x="{LEFT}" y="22">{html.escape(title)}</text>']
    for power in range(low, high + 1):
        y = place(delays[0], 10 ** power)[1]
        parts.append(f'<line class="grid" x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}"/>'
                     f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{10 ** power:,g}</text>')
    for delay in delays:
        x = place(delay, 10 ** low)[0]
        parts.append(f'<text x="{x}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{delay}</text>')
    parts.append(f'<text x="{LEFT + (WIDTH - LEFT - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">'
                 f"round trip in ms, {html.escape(unit)}</text>")
    parts += _labelled(lines, place)
    return "\n".join(parts) + "\n</svg>\n"


def _labelled(lines, place):
    """The lines, each with its name at its end; names that would touch are moved apart."""
    ends, parts = [], []
    for client, points in lines.items():
        spots = [place(*point) for point in sorted(points)]
        colour = COLOURS.get(client, "#8b949e")
        parts.append(f'<polyline class="line" stroke="{colour}" points="{" ".join(f"{x},{y}" for x, y in spots)}"/>')
        parts += [f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in spots]
        ends.append([spots[-1][1], client, colour])
    below = -math.inf
    for end in sorted(ends):
        below = end[0] = max(end[0], below + 16)
        parts.append(f'<text x="{WIDTH - RIGHT + 10}" y="{end[0] + 4}" style="fill: {end[2]}">{html.escape(end[1])}</text>')
    return parts


def _lines(results, rate, small, way):
    lines = {}
    for row in results["rows"].values():
        if row["connections"] != 1 or (row["files"] > 1) != small:
            continue
        for client, median in row["ways"].get(way, {}).items():
            lines.setdefault(client, []).append((row["delay_ms"], rate(row, median)))
    return lines


def all_of(results, rate):
    """[(name of the file, picture)]"""
    pictures = []
    for small, name, title, unit in ((False, "throughput", "One large file", "MiB a second"),
                                     (True, "files", "2,000 files of 4 KiB", "files a second")):
        for way, word in (("up", "sent"), ("down", "fetched")):
            lines = _lines(results, rate, small, way)
            if lines:
                pictures.append((f"{name}-{way}.svg", draw(f"{title}, {word}: {unit}, one connection", unit, lines)))
    return pictures
