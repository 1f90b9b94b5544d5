"""A pooler that gives each transaction whichever connection to the server is free, as PgBouncer does by its setting.

    with TransactionPooler(server.folder) as pooler:
        psycopg.connect(host=pooler.folder, ...)

It knows of the protocol what it needs for that: where a transaction ends, the server says so.
"""

import contextlib
import socket
import struct
import tempfile
import threading
from pathlib import Path
from typing import Final

_READY: Final = b"Z"
_SOCKET: Final = ".s.PGSQL.5432"


class TransactionPooler:
    """Two connections to a server for as many clients as there are."""

    def __init__(self, server: Path) -> None:
        self._server = server
        self.folder = Path(tempfile.mkdtemp(prefix="rmos-pooler-"))
        self._free: list[socket.socket] = []
        self._turn = threading.Condition()
        self._listener = socket.socket(socket.AF_UNIX)
        self._startup = b""

    def __enter__(self) -> "TransactionPooler":
        self._listener.bind(str(self.folder / _SOCKET))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._free:
            connection.close()
        (self.folder / _SOCKET).unlink()
        self.folder.rmdir()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError, EOFError):
            startup = self._read_startup(client)
            with self._turn:
                if not self._startup:
                    self._startup = startup
                    for _ in range(2):
                        self._free.append(self._connect(startup))
            client.sendall(b"R" + struct.pack("!ii", 8, 0) + _READY + struct.pack("!ic", 5, b"I"))
            while True:
                self._carry_transaction(client)

    def _read_startup(self, client: socket.socket) -> bytes:
        while True:
            (length,) = struct.unpack("!i", read(client, 4))
            body = read(client, length - 4)
            if struct.unpack("!i", body[:4])[0] >> 16 == 3:
                return struct.pack("!i", length) + body
            client.sendall(b"N")  # neither TLS nor GSSAPI

    def _connect(self, startup: bytes) -> socket.socket:
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(self._server / _SOCKET))
        server.sendall(startup)
        while read_message(server)[0:1] != _READY:
            pass
        return server

    def _carry_transaction(self, client: socket.socket) -> None:
        message = read_message(client)
        with self._turn:
            while not self._free:
                self._turn.wait()
            server = self._free.pop()
        try:
            while True:
                server.sendall(message)
                # Of what libpq sends, a query and a sync are answered; all else waits for the sync.
                if message[0:1] in (b"Q", b"S"):
                    answer = read_message(server)
                    while answer[0:1] != _READY:
                        client.sendall(answer)
                        answer = read_message(server)
                    client.sendall(answer)
                    if answer.endswith(b"I"):
                        return
                message = read_message(client)
        finally:
            with self._turn:
                self._free.append(server)
                self._turn.notify()


def read(sock: socket.socket, count: int) -> bytes:
    """Return so many bytes."""
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def read_message(sock: socket.socket) -> bytes:
    """Return one message of the protocol."""
    head = read(sock, 5)
    return head + read(sock, struct.unpack("!i", head[1:])[0] - 4)
