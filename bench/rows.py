"""What ./dev bench measures: a row is a piece of work, by whom it is done, and how often."""

import dataclasses

KIB, MIB = 1 << 10, 1 << 20


@dataclasses.dataclass(frozen=True)
class Row:
    """
    @name         as --rows takes it
    @title        as the table has it
    @files, @size how many files of how many bytes
    @connections  SSH connections, where a client can have several
    @delay_ms     a round trip
    @times        rounds that count
    @targets      ratios to sftp that we want to reach: {way: (end to end, engine alone)}
    @few          clients that would take minutes for all the files do only so many
    """

    name: str
    title: str
    files: int
    size: int
    connections: int
    delay_ms: int
    times: int
    targets: dict
    few: dict = dataclasses.field(default_factory=dict)

    @property
    def small(self):
        return self.files > 1

    def count(self, client):
        return min(self.files, self.few.get(client, self.files))


def _targets(up, down):
    return {"up": up, "down": down}


ROWS = (
    Row("large", "1 GiB, 0 ms, one connection", 1, 1024 * MIB, 1, 0, 5, _targets((1.0, 1.1), (1.15, 1.4))),
    Row("large-two", "1 GiB, 0 ms, two connections", 1, 1024 * MIB, 2, 0, 5, _targets((1.25, 1.5), (1.25, 1.5))),
    Row("far", "256 MiB, 50 ms, one connection", 1, 256 * MIB, 1, 50, 5, _targets((3.5, 3.5), (5.5, 5.5))),
    Row("farther", "256 MiB, 100 ms, one connection", 1, 256 * MIB, 1, 100, 5, _targets((3.5, 3.5), (5.5, 5.5))),
    Row("far-five", "256 MiB, 50 ms, five connections", 1, 256 * MIB, 5, 50, 5, _targets((6, 6), (8, 8))),
    Row("small", "2,000 × 4 KiB, 0 ms, one connection", 2000, 4 * KIB, 1, 0, 5, _targets((3, 6), (3, 7))),
    Row("small-far", "2,000 × 4 KiB, 50 ms, one connection", 2000, 4 * KIB, 1, 50, 5,
        _targets((150, 250), (150, 250)), {"sftp": 30, "scp": 30, "lftp": 200, "rclone": 200}),
    Row("small-farther", "2,000 × 4 KiB, 100 ms, one connection", 2000, 4 * KIB, 1, 100, 5,
        _targets((150, 250), (150, 250)), {"sftp": 20, "scp": 20, "lftp": 150, "rclone": 150}),
)


def quick(row):
    """The same with less to do: it shows whether something is much slower than it was."""
    return dataclasses.replace(row, size=min(row.size, 128 * MIB if row.delay_ms == 0 else 64 * MIB), times=2,
                               few={client: count // 4 for client, count in row.few.items()})
