#!/usr/bin/env python3
"""sftp-server(8) with habits of other people's servers. What is not listed here is for sftp-server.

--lie            renames are answered with OK and not done
--no-posix       posix-rename is not offered
--replace        a plain rename replaces what has the new name
--refuse FILE    while FILE is there renames are refused
--hold FILE      while FILE is there: the first rename is not carried out, and from then on nothing is answered
--late FILE      as --hold; the rename is carried out while a later connection looks at the new name for the second time
--swallow FILE   the same, but that rename is carried out
A FILE that is not empty holds a regular expression: it is only about renames whose "old -> new" it is found in, or, when it
begins with "remove: ", about removals of files and directories, "remove: path". Once the server fell silent there is
FILE.silent as well.
"""

import argparse
import os
import pathlib
import re
import struct
import subprocess
import sys
import threading

SFTP_SERVER = "/usr/lib/openssh/sftp-server"
VERSION, REMOVE, RMDIR, STAT, RENAME, STATUS, EXTENDED, OK, FAILURE = 2, 13, 15, 17, 18, 101, 200, 0, 4
POSIX_RENAME, NO_RENAME = b"posix-rename@openssh.com", b"no-rename-atall@nowhere."


def read_packet(stream):
    head = stream.read(4)
    return stream.read(struct.unpack(">I", head)[0]) if len(head) == 4 else None


def is_rename(packet):
    return packet[0] == RENAME or (packet[0] == EXTENDED and POSIX_RENAME in packet[5:40])


def is_removal(packet):
    return packet[0] in (REMOVE, RMDIR)


def strings_of(packet):
    """All of a request, behind its number."""
    found, at = [], 5
    while at + 4 <= len(packet):
        length = struct.unpack_from(">I", packet, at)[0]
        found.append(packet[at + 4:at + 4 + length])
        at += 4 + length
    return found


def is_meant(path, packet):
    """Whether the habit of the file @path is about this rename or removal."""
    try:
        pattern = pathlib.Path(path or "").read_bytes()
    except OSError:
        return False
    if is_removal(packet):
        return pattern.startswith(b"remove: ") and re.search(pattern, b"remove: " + strings_of(packet)[0]) is not None
    old, new = strings_of(packet)[-2:]
    return re.search(pattern, old + b" -> " + new) is not None


def as_posix_rename(packet):
    return bytes([EXTENDED]) + packet[1:5] + struct.pack(">I", len(POSIX_RENAME)) + POSIX_RENAME + packet[5:]


class Server:
    def __init__(self, habits, process):
        self.habits, self.process = habits, process
        self.lock, self.silent = threading.Lock(), False
        self.looks, self.garbles = 0, False

    def answer(self, packet):
        with self.lock:
            if not self.silent:
                sys.stdout.buffer.write(struct.pack(">I", len(packet)) + packet)
                sys.stdout.buffer.flush()

    def relay_answers(self):
        while (packet := read_packet(self.process.stdout)) is not None:
            if packet[0] == VERSION and self.habits.no_posix:
                packet = packet.replace(POSIX_RENAME, NO_RENAME)
            self.answer(packet)
        os._exit(0)

    def fall_silent(self, why):
        with self.lock:
            self.silent = True
        pathlib.Path(why + ".silent").touch()

    def ask(self, packet):
        self.process.stdin.write(struct.pack(">I", len(packet)) + packet)
        self.process.stdin.flush()

    def rename_late(self, packet):
        """What an earlier connection was asked for happens in the middle of what this one looks at."""
        note = pathlib.Path((self.habits.late or "") + ".late")
        if packet[0] != STAT or not self.habits.late or not note.exists():
            return
        old, new = note.read_bytes().split(b"\0")
        if strings_of(packet)[0] == new:
            self.looks += 1
        if self.looks == 2:
            note.unlink()
            os.rename(old, new)

    def hear(self, packet):
        habits = self.habits
        self.rename_late(packet)
        if self.garbles and packet[0] == STAT:
            self.answer(bytes([STATUS]) + b"\xff\xff\xff\xff" + struct.pack(">III", OK, 0, 0))
            return
        if not is_rename(packet) and not is_removal(packet):
            self.ask(packet)
        elif (habits.lie and is_rename(packet)) or is_meant(habits.refuse, packet):
            code = OK if habits.lie else FAILURE
            self.answer(bytes([STATUS]) + packet[1:5] + struct.pack(">III", code, 0, 0))
        elif is_meant(habits.late, packet):
            pathlib.Path(habits.late + ".late").write_bytes(b"\0".join(strings_of(packet)[-2:]))
            self.fall_silent(habits.late)
        elif is_meant(habits.garble, packet):
            self.ask(packet)
            self.garbles = True
        elif is_meant(habits.hold, packet):
            self.fall_silent(habits.hold)
        elif is_meant(habits.swallow, packet):
            with self.lock:
                self.silent = True
            self.ask(packet)
            self.fall_silent(habits.swallow)
        else:
            self.ask(as_posix_rename(packet) if habits.replace and packet[0] == RENAME else packet)


def main():
    parser = argparse.ArgumentParser()
    for name in ("lie", "no-posix", "replace"):
        parser.add_argument(f"--{name}", action="store_true")
    for name in ("refuse", "hold", "late", "garble", "swallow"):
        parser.add_argument(f"--{name}")
    habits, rest = parser.parse_known_args()
    with subprocess.Popen([SFTP_SERVER, *rest], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        server = Server(habits, process)
        threading.Thread(target=server.relay_answers, daemon=True).start()
        while (packet := read_packet(sys.stdin.buffer)) is not None:
            if not server.silent:
                server.hear(packet)
        process.stdin.close()


if __name__ == "__main__":
    main()
