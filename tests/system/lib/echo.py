"""A TCP server that sends back what it gets, and connections to it."""

import contextlib
import socket
import threading

PORT = 2022


class Echo:
    """On one address of a namespace; knows who came."""

    def __init__(self, namespace, address, port=PORT):
        self.listener = namespace.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((address, port))
        self.listener.listen()
        self.seen = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                made, peer = self.listener.accept()
                self.seen.append(peer[0])
                threading.Thread(target=self.echo, args=(made,), daemon=True).start()

    @staticmethod
    def echo(made):
        with contextlib.suppress(OSError), made:
            while data := made.recv(65536):
                made.sendall(data)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def says(made, word=b"hello"):
    """Whether a connection still carries bytes there and back."""
    made.sendall(word)
    found = b""
    while len(found) < len(word):
        data = made.recv(len(word) - len(found))
        assert data, "the connection ended"
        found += data
    return found == word


@contextlib.contextmanager
def connected(peer, eni, address, port=PORT):
    """A connection from one of netd's interfaces."""
    with peer.open_one(eni) as made:
        made.connect((address, port))
        yield made
