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
import logging
import socket
import struct
import time
from typing import Any, Final

from gunicorn import util
from gunicorn.http import errors as http_errors
from gunicorn.workers.gthread import TConn, ThreadWorker

from rmos.errors.base import RmosError
from rmos.errors.http import BadRequest, CodingNotImplemented, ExpectationFailed, HeadersTooLarge, UriTooLong

log = logging.getLogger(__name__)

_TICK_S: Final = 0.1  # how often the threads are looked at while others wait for one
_PATIENCE_S: Final = 0.3  # how long a client is watched then before it is given up (RMOS policy)
_SLOWEST_BYTES_S: Final = 8192  # bytes a second that have to come meanwhile (RMOS policy)
_LINGER_S: Final = 2.0  # how long a client that was answered may say nothing before the connection is closed
_LINGER_BYTES: Final = 8 * 1024 * 1024  # how much of what it still sends is thrown away
_RECEIVED: Final = struct.Struct("=128xQ")  # `tcpi_bytes_received` in the `struct tcp_info` of linux/tcp.h
_UNFORESEEN: Final = RmosError("Something failed that nobody foresaw; the log tells more by request id.")
_PROBLEMS: Final[dict[type[BaseException], RmosError]] = {
    http_errors.LimitRequestLine: UriTooLong("The request line is longer than is read."),
    http_errors.LimitRequestHeaders: HeadersTooLarge("A header is longer than is read, or there are too many of them."),
    http_errors.ExpectationFailed: ExpectationFailed("Only the expectation 100-continue is met."),
    http_errors.UnsupportedTransferCoding: CodingNotImplemented("Send the body whole, or in chunks."),
    http_errors.ConfigurationProblem: _UNFORESEEN,  # this and the next two are no client's, though gunicorn says so
    http_errors.InvalidResponseHeader: _UNFORESEEN,
    http_errors.InvalidResponseHeaderName: _UNFORESEEN,
}


class BoundedWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """The threaded worker of RMOS."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._turns: dict[TConn, list[float]] = {}
        """The connections that have a thread: when others were first seen waiting, and the bytes received by then."""

    def is_wanted(self) -> bool:
        """Tell whether connections wait for a thread, or for this worker to end."""
        at_work = self.nr_conns - len(self.keepalived_conns) - len(self.pending_conns)
        return at_work > self.cfg.threads or not self.alive

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Wait for events, not for long while others wait for a thread."""
        super().wait_for_and_dispatch_events(min(timeout, _TICK_S) if self.is_wanted() else timeout)

    def murder_pending(self) -> None:
        """Close what says nothing for too long or until the end; read no more from slow clients while others wait.

        A request that has come whole is answered all the same; of any other its reader sees the end.
        """
        for conn in () if self.alive else self.pending_conns:
            conn.timeout = 0.0
        super().murder_pending()
        now_s = time.monotonic()
        for conn, turn in list(self._turns.items()) if self.is_wanted() else ():
            with contextlib.suppress(OSError):  # it was closed meanwhile, or it is no TCP
                (received,) = _RECEIVED.unpack(conn.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 136))
                turn += () if turn else (now_s, received)
                watched_s = now_s - turn[0]
                if watched_s >= _PATIENCE_S and received - turn[1] < _SLOWEST_BYTES_S * watched_s:
                    conn.sock.shutdown(socket.SHUT_RD)

    def handle(self, conn: TConn) -> Any:
        """Serve one request of a connection; where the connection is to end, let the client read the answer first."""
        self._turns[conn] = []
        try:
            kept = super().handle(conn)
            if not kept:
                _linger(conn.sock)
            return kept
        finally:
            del self._turns[conn]

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Answer a request that reached no route, or whose answer failed, in the one form of an error."""
        if req is not None and req.body is not None and req.body.failed:
            return  # the rest of a body that no route wanted is malformed: its answer is out
        error = _PROBLEMS.get(type(exc), _UNFORESEEN)
        if isinstance(exc, http_errors.ParseException) and type(exc) not in _PROBLEMS:
            error = BadRequest(f"This is not HTTP as it should be. {str(exc)[:200]}")
        with self.wsgi.test_request_context():
            answer = self.wsgi.handle_user_exception(error)
            log.warning("%s: %s", error.code, error.detail, exc_info=exc if error is _UNFORESEEN else None)
        self.wsgi.extensions["rmos"].metrics.count_refused(error.code)
        answer.headers.extend({"Connection": "close", "X-Request-Id": answer.get_json()["request_id"]})
        head = "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
        with contextlib.suppress(OSError):
            util.write_nonblock(client, f"HTTP/1.1 {answer.status}\r\n{head}\r\n".encode("ascii") + answer.get_data())


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
