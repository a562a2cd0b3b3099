#!/usr/bin/env python3
"""sftp-server(8), but a rename is answered with OK and not done. Arguments are sftp-server's."""

import os
import struct
import subprocess
import sys
import threading

SFTP_SERVER = "/usr/lib/openssh/sftp-server"
RENAME, STATUS, EXTENDED, OK = 18, 101, 200, 0


def read_packet(stream):
    head = stream.read(4)
    return stream.read(struct.unpack(">I", head)[0]) if len(head) == 4 else None


def is_rename(packet):
    return packet[0] == RENAME or (packet[0] == EXTENDED and b"posix-rename@openssh.com" in packet[5:40])


def main():
    with subprocess.Popen([SFTP_SERVER, *sys.argv[1:]], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        lock = threading.Lock()

        def answer(packet):
            with lock:
                sys.stdout.buffer.write(struct.pack(">I", len(packet)) + packet)
                sys.stdout.buffer.flush()

        def relay():
            while (packet := read_packet(server.stdout)) is not None:
                answer(packet)
            os._exit(0)

        threading.Thread(target=relay, daemon=True).start()
        while (packet := read_packet(sys.stdin.buffer)) is not None:
            if is_rename(packet):
                answer(bytes([STATUS]) + packet[1:5] + struct.pack(">III", OK, 0, 0))
            else:
                server.stdin.write(struct.pack(">I", len(packet)) + packet)
                server.stdin.flush()
        server.stdin.close()


main()
