"""A line to a server that can be cut: TCP on this machine, handed on to a socket of the file system.

with Line(server.folder / ".s.PGSQL.5432") as line:
    psycopg.connect(host="127.0.0.1", port=line.port)
    line.cut()                           # what is connected is reset, and so is whoever comes
    line.mend()
"""

import contextlib
import socket
import struct
import threading
from pathlib import Path
from typing import Final

_RESET: Final = struct.pack("ii", 1, 0)


class Line:
    """The line: it listens on a free port of 127.0.0.1 until it is closed."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._turn = threading.Lock()
        self._is_cut = False
        self._ends: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> "Line":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # wakes the thread that accepts
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Reset all connections, and whichever come, until it is mended."""
        with self._turn:
            self._is_cut = True
            for end in self._ends:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Hand on again what comes from now on."""
        with self._turn:
            self._is_cut = False

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        ends = {client, server}
        with client, server, contextlib.suppress(OSError):
            with self._turn:
                if self._is_cut:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                    return
                self._ends |= ends
            try:
                server.connect(str(self._target))
                back = threading.Thread(target=_pump, args=(server, client), daemon=True)
                back.start()
                _pump(client, server)
                back.join()
            finally:
                with self._turn:
                    self._ends -= ends


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
