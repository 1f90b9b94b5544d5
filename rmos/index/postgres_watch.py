"""An end to questions that a server takes and does not answer, as one does that is stopped or whose disk hangs.

    with watch.over(held.connection, limit_s=10):
        held.cursor.execute("SELECT 1")            # OperationalError after ten seconds

The server's own time limits are its to keep, and TCP's are kept by its kernel as long as that lives. So one thread of
each process looks at the connections that are in use, and shuts the socket of one that is used for too long.
"""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any, Final

import psycopg

_LOOK_S: Final = 0.25
_IDLE_LOOKS: Final = 40
"""After so many looks at nothing the thread ends; the next question starts another one."""


class Watch:
    """Looks at the connections of one process that are in use."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._ends: dict[psycopg.Connection[Any], float] = {}
        """Until when each connection may be used."""
        self._is_looking = False

    @contextlib.contextmanager
    def over(self, connection: psycopg.Connection[Any], limit_s: float) -> Iterator[None]:
        """End what is asked of a connection within, once it takes longer than that; the connection is lost then."""
        with self._turn:
            self._ends[connection] = time.monotonic() + limit_s
            if not self._is_looking:
                self._is_looking = True
                threading.Thread(target=self._look, name="postgres-watch", daemon=True).start()
        try:
            yield
        finally:
            with self._turn:  # from here on its descriptor may be closed, and then be that of something else
                self._ends.pop(connection, None)

    def _look(self) -> None:
        idle, never = 0, threading.Event()
        while True:
            never.wait(_LOOK_S)
            with self._turn:
                idle = 0 if self._ends else idle + 1
                if idle == _IDLE_LOOKS:
                    self._is_looking = False
                    return
                now = time.monotonic()
                for connection in [one for one, end in self._ends.items() if end < now]:
                    del self._ends[connection]
                    _shut(connection)


def _shut(connection: psycopg.Connection[Any]) -> None:
    """Shut a connection's socket, so that whoever waits for it is told; its owner closes it."""
    with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as shared:
        shared.shutdown(socket.SHUT_RDWR)
