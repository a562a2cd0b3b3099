"""Runs the clients in turn, A B C A B C, so that what the machine does meanwhile hits all of them."""

import os
import time

import machine


def _client_cpu():
    """Of ended children: all other clients are those."""
    times = os.times()
    return times.children_user + times.children_system


class Turn:
    """One client's run of one row, one way."""

    def __init__(self, ground, client, row, way):
        self.ground, self.client, self.row, self.way = ground, client, row, way
        self.ours = hasattr(client, "confirm")
        self.count = row.files if self.ours else row.count(client.name)

    def _cpu(self):
        return machine.cpu_of(self.ground.daemon.process.pid) if self.ours else _client_cpu()

    def _login_seconds(self):
        """What is spent before the first file, where that is not small beside few files."""
        if self.count == self.row.files or not hasattr(self.client, "login"):
            return 0.0
        started = time.monotonic()
        self.client.login(self.row)
        self.ground.wait_idle()
        return time.monotonic() - started

    def take(self):
        """{seconds: for all files of the row, client_cpu, server_cpu: of what was really done}"""
        login = self._login_seconds()
        self.ground.some(self.way, self.count)
        self.ground.clear(self.way, self.count * self.row.size)
        if self.ours:
            self.client.prepare(self.way, self.row)
        server, cpu, started = machine.cpu_of(self.ground.server.process.pid), self._cpu(), time.monotonic()
        self.client.run(self.way, self.row)
        seconds = time.monotonic() - started
        if self.ours:
            self.client.confirm(self.row)
        self.ground.wait_idle()
        # What few files took without the login, for all of them.
        seconds = login + max(seconds - login, 0.001) * self.row.files / self.count
        return {"seconds": seconds, "client_cpu": self._cpu() - cpu,
                "server_cpu": machine.cpu_of(self.ground.server.process.pid) - server}


def measure(ground, row, clients, tell):
    """{way: {client: {"files": really done, "runs": [run]}}}; the first round warms caches and is not counted."""
    found = {way: {client.name: {"files": Turn(ground, client, row, way).count, "runs": []} for client in clients}
             for way in ("up", "down")}
    for number in range(row.times + 1):
        for way, kept in found.items():
            for client in clients:
                turn = Turn(ground, client, row, way)
                run = turn.take()
                tell(f"{row.name} {way} {number}/{row.times}: {client.name} {run['seconds']:.2f} s")
                if number > 0:
                    kept[client.name]["runs"].append(run)
                if number == row.times:
                    ground.check(way, turn.count)
    return found
