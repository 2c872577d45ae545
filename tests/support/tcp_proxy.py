"""A TCP proxy on loopback that cuts connections to PostgreSQL at COMMIT.

    with CommitCutter(server_port, Cut.REPLY, at=3) as proxy:
        subprocess.run([..., f"host=127.0.0.1 port={proxy.port} …"])
    assert proxy.cuts == 1
"""

import enum
import socket
import threading

COMMIT = b"COMMIT\0"  # how libpq's messages, simple and extended, hold the statement


class Cut(enum.Enum):
    """What becomes of the COMMIT at which a connection is cut."""

    REQUEST = "before the server hears of it"
    REPLY = "after the server has answered"


class CommitCutter:
    """A proxy that lives as long as a `with` block.

    Attributes: `port` (on 127.0.0.1), `commits` (seen so far, from 1), `cuts` (made so far).
    """

    def __init__(self, server_port, cut, at):
        """Takes the server's port, a Cut, and at which COMMITs to cut: a number from 1, or
        a predicate of it."""
        self.server_port = server_port
        self.cut = cut
        self.is_cut = at if callable(at) else lambda number: number == at
        self.commits = 0
        self.cuts = 0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self):
        self._threads[0].start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(timeout=10)

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.server_port))
            cut_reply = threading.Event()
            for pump in (self._send, self._reply):
                thread = threading.Thread(target=pump, args=(client, server, cut_reply),
                                          daemon=True)
                self._threads.append(thread)
                thread.start()

    def _send(self, client, server, cut_reply):
        """Client to server."""
        while data := _receive(client):
            if COMMIT in data and self._takes_its_turn():
                if self.cut is Cut.REQUEST:
                    break
                cut_reply.set()
            server.sendall(data)
        _close(client, server)

    def _reply(self, client, server, cut_reply):
        """Server to client; what answers a COMMIT that is to be cut stays here."""
        while data := _receive(server):
            if cut_reply.is_set():
                break
            try:
                client.sendall(data)
            except OSError:
                break
        _close(client, server)

    def _takes_its_turn(self):
        with self._lock:
            self.commits += 1
            cuts = self.is_cut(self.commits)
            self.cuts += cuts
            return cuts


def _receive(connection):
    try:
        return connection.recv(1 << 16)
    except OSError:
        return b""


def _close(*connections):
    for connection in connections:
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        connection.close()
