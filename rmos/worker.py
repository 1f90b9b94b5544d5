"""gunicorn's threaded worker, bounded where clients without nginx in front of them could stop it.

    worker_class = "rmos.worker.BoundedWorker"                     # in gunicorn.conf.py, which alone uses this module

nginx is the front door (deploy/nginx.conf): it takes requests in until they are whole, and answers away at once. What
is overridden here, and what gunicorn does by itself (measured on one worker of 8 threads and on two):

- `murder_pending`: 60 clients that stop half-way keep a good request waiting until they go, and 60 that say nothing for
  20 to 35 s; here it is 0.5 to 1.8 s.
- `handle`: 10 clients that do not hang up keep it waiting for 6 to 18 s, as the one thread that serves all connections
  waits for each; here it is at most 0.4 s.
- `handle_error`: what is wrong before a route is looked for is HTML without a request id; here it is a problem.
"""

import contextlib
import fcntl
import socket
import struct
import termios
import time
from typing import Any, Final

from gunicorn import util
from gunicorn.workers.gthread import TConn, ThreadWorker

from rmos.http.refusals import refuse

_TICK_S: Final = 0.1  # how often the threads are looked at while others wait for one
_PATIENCE_S: Final = 0.3  # how long a client is watched then before it is given up (RMOS policy)
_SLOWEST_BYTES_S: Final = 8192  # bytes a second that have to come meanwhile (RMOS policy)
_LINGER_S: Final = 2.0  # how long a client that was answered may say nothing before the connection is closed
_LINGER_BYTES: Final = 8 * 1024 * 1024  # how much of what it still sends is thrown away
_RECEIVED: Final = struct.Struct("=128xQ")  # `tcpi_bytes_received` in the `struct tcp_info` of linux/tcp.h


class _Turn:
    """A connection's time on a thread: its request once the head has come, and what is known since others wait."""

    request: Any = None
    watched_s: float | None = None
    received = 0

    def is_slow(self, sock: socket.socket, now_s: float) -> bool:
        """Tell whether the request is too slow in coming; the first look begins to watch it."""
        reader = self.request and self.request.body.reader
        if reader and (getattr(reader, "length", None) == 0 or getattr(reader, "parser", reader) is None):
            return False  # all of it was read
        if not hasattr(socket, "TCP_INFO"):
            return False  # macOS does not say how much has come; there gunicorn's own limits are all there is
        (received,) = _RECEIVED.unpack(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _RECEIVED.size))
        if self.watched_s is None:
            self.watched_s, self.received = now_s, received
        watched_s = now_s - self.watched_s
        (unread,) = struct.unpack("i", fcntl.ioctl(sock, termios.FIONREAD, bytes(4)))
        return watched_s >= _PATIENCE_S and not unread and received - self.received < _SLOWEST_BYTES_S * watched_s


class BoundedWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """The threaded worker of RMOS."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._turns: dict[TConn, _Turn] = {}

    def is_wanted(self) -> bool:
        """Tell whether connections wait for a thread, or for this worker to end."""
        at_work = self.nr_conns - len(self.keepalived_conns) - len(self.pending_conns)
        return at_work > self.cfg.threads or not self.alive

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Wait for events, not for long while others wait for a thread."""
        super().wait_for_and_dispatch_events(min(timeout, _TICK_S) if self.is_wanted() else timeout)

    def murder_pending(self) -> None:
        """Close what says nothing for too long or until the end; read no more from slow clients while others wait."""
        for conn in () if self.alive else self.pending_conns:
            conn.timeout = 0.0
        super().murder_pending()
        now_s = time.monotonic()
        for conn, turn in list(self._turns.items()) if self.is_wanted() else ():
            with contextlib.suppress(OSError, ValueError):  # it was closed meanwhile, or it is no TCP
                if turn.is_slow(conn.sock, now_s):
                    conn.sock.shutdown(socket.SHUT_RD)  # its reader sees the end

    def handle(self, conn: TConn) -> Any:
        """Serve one request of a connection; where the connection is to end, let the client read the answer first."""
        self._turns[conn] = _Turn()
        try:
            kept = super().handle(conn)
            if not kept:
                self._turns[conn] = _Turn()  # its request is answered: it is not slow in coming
                _linger(conn.sock)
            return kept
        finally:
            del self._turns[conn]

    def handle_request(self, req: Any, conn: TConn) -> Any:
        """Have a request answered whose head has come."""
        self._turns[conn].request = req
        return super().handle_request(req, conn)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Answer a request that reached no route, or whose answer failed, in the one form of an error."""
        if req is not None and req.body is not None and req.body.failed:
            return  # the rest of a body that no route wanted is malformed: its answer is out
        refusal = refuse(self.wsgi, exc)
        self.wsgi.extensions["rmos"].metrics.count_refused(refusal.code)
        with contextlib.suppress(OSError):
            util.write_nonblock(client, refusal.response)


def _linger(sock: socket.socket) -> None:
    """Say that no more goes out, and throw away what comes in: unread, it would cost the client the answer."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_WR)
        sock.settimeout(_LINGER_S)
        drained = 0
        while drained < _LINGER_BYTES and (data := sock.recv(65536)):
            drained += len(data)
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RD)  # gunicorn lingers again, on the thread that serves all, while there is a reader
