"""gunicorn's threaded worker, such that clients who send half a request, or none, do not keep others from being served.

    worker_class = "rmos.worker.PatientWorker"                     # in gunicorn.conf.py, which alone uses this module

What gunicorn's own class does, and what this one does instead:

- A connection that says nothing holds a thread for 5 s: here it waits in the poller, and only data takes a thread.
- A request that stops half-way holds its thread until the client goes: here it is given up after `PATIENCE_S`, and
  while others wait for a thread as soon as it comes slower than `SLOWEST_BYTES_S`, so 60 of them cost seconds.
- Whichever worker is quicker takes a whole burst of connections: here they are shared out.
- Closing a connection waits up to 2 s for the client to hang up, on the thread that serves all others: here the poller
  waits.
- Errors found before a route is looked for are HTML: here they are problem+json, with a request id.

The time limit is the kernel's (`SO_RCVTIMEO`), one call for each connection, so a request that comes whole pays
nothing. A body that comes steadily and not too slowly holds a thread for as long as it takes: buffering is nginx's
business.
"""

import contextlib
import logging
import selectors
import socket
import struct
import sys
import time
from collections import deque
from functools import partial
from typing import Any, Final

import msgspec
from gunicorn import glogging, util
from gunicorn.http import errors as http_errors
from gunicorn.http.body import Body
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import TConn, ThreadWorker

from rmos import ids
from rmos.config import load_settings
from rmos.errors.base import RmosError
from rmos.errors.http import (
    BadRequest,
    CodingNotImplemented,
    ExpectationFailed,
    HeadersTooLarge,
    RequestTimeout,
    UriTooLong,
)
from rmos.errors.installation import ConfigError
from rmos.logs import StderrHandler

log = logging.getLogger(__name__)

PATIENCE_S: Final = 10.0
"""How long the next byte of a request may take while threads are free (RMOS policy)."""
SLICE_S: Final = 0.5
"""How often that is looked at, and so the shortest time after which a request can be given up."""
SLOWEST_BYTES_S: Final = 8192
"""Bytes a second that a request has to come with while others wait for its thread (RMOS policy)."""
SILENCE_S: Final = 5.0
"""How long a new connection may say nothing."""
SEND_S: Final = 30.0
"""How long a client may take none of an answer."""
PLAIN_BYTES: Final = 64 * 1024
"""Bodies above this size are worth a reader of their own."""
_COURTESY_S: Final = 0.0001
"""How long a worker leaves a new connection to the others for each connection that it has itself."""
_LINGER_S: Final = 2.0
"""How long a connection is kept that we have closed and the client has not, so that the answer is not cut off."""
_LINGER_BYTES: Final = 8 * 1024 * 1024
"""How much of a body that was refused is thrown away, so that its client comes to read why."""
_SHOWN: Final = 200
"""Characters of what gunicorn found wrong that are told."""
_TIMEVAL: Final = struct.Struct("@ll")
_UNFORESEEN: Final = "Something failed that nobody foresaw; the log tells more by request id."


class PatientUnreader(SocketUnreader):  # type: ignore[misc]  # gunicorn has no types
    """Reads a request from a socket whose `recv` comes back empty-handed every `SLICE_S`."""

    max_body_chunk = 256 * 1024
    """Bytes that are asked for at once: what a form is read by."""

    def __init__(self, sock: socket.socket, worker: "PatientWorker") -> None:
        super().__init__(sock)
        self._worker = worker
        self.begin()

    def begin(self) -> None:
        """Begin the next request of the connection."""
        self._received = 0
        self._waited_s = self._silent_s = 0.0

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return the next bytes, or none at the end.

        Raises:
            RequestTimeout: they did not come, or come too slowly while others wait.
            TimeoutError: a body that nobody reads, and that is thrown away, did not come.
        """
        limit_s = self.sock.gettimeout()
        if limit_s is not None:
            self.sock.settimeout(min(limit_s, SLICE_S))
            return bytes(super().chunk(size_hint))
        while True:
            started = time.monotonic()
            try:
                data: bytes | None = super().chunk(size_hint)
            except BlockingIOError:
                data = None
            self._account(data, time.monotonic() - started)
            if data is not None:
                return data

    def some(self, size: int) -> bytes:
        """Return between one and `size` of the next bytes, or none at the end."""
        data: bytes = self.take_buffered() or self.chunk(size)
        if len(data) > size:
            self.unread(data[size:])
            data = data[:size]
        return data

    def _account(self, data: bytes | None, seconds: float) -> None:
        self._waited_s += seconds
        if data is None:
            self._silent_s += seconds
        else:
            self._silent_s = 0.0
            self._received += len(data)
        if self._waited_s < SLICE_S:
            return
        too_slow = self._received < SLOWEST_BYTES_S * self._waited_s and self._worker.is_wanted()
        if data != b"" and (too_slow or self._silent_s >= PATIENCE_S):
            raise RequestTimeout("The rest of the request did not come in time; send it again.")


class PlainBody(Body):  # type: ignore[misc]  # gunicorn has no types
    """A large body of known length, whose bytes can be had as they come: `read` copies each of them three times."""

    def read1(self, size: int) -> bytes:
        """Return between one and `size` of the next bytes; none at the end, or where the client broke off."""
        size = min(size, self.reader.length)
        if self.buf.tell() or not size:
            return bytes(self.read(size))
        try:
            data: bytes = self.reader.unreader.some(size)
        except Exception:  # whatever it is, gunicorn is to know that the body was not read to its end
            self.failed = True
            raise
        self.reader.length -= len(data)
        return data


class Connection(TConn):  # type: ignore[misc]  # gunicorn has no types
    """A client's connection: reads with patience, closes without waiting."""

    def __init__(self, worker: "PatientWorker", sock: socket.socket, client: Any, server: Any) -> None:
        super().__init__(worker.cfg, sock, client, server)
        self._worker = worker
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(SLICE_S))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(SEND_S))

    def init(self) -> None:
        """Make the parser, with our reader under it."""
        if not self.initialized:
            super().init()
            self.parser.unreader = PatientUnreader(self.sock, self._worker)

    def close(self, graceful: bool = False) -> None:
        """Close; `graceful` lets the client read what was sent, while the caller goes on."""
        if graceful:
            self._worker.linger(self.sock)
        else:
            util.close(self.sock)


def _timeval(seconds: float) -> bytes:
    return _TIMEVAL.pack(int(seconds), int(seconds % 1 * 1_000_000))


class PatientWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """The threaded worker of RMOS."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.max_requests: int
        self._queued: deque[TConn] = deque()
        """Connections with data that no thread has taken yet; appending and popping are atomic."""
        self._lingering: dict[socket.socket, tuple[float, int]] = {}
        """Connections we have closed: when to give up, and the bytes that came since."""

    def is_wanted(self) -> bool:
        """Tell whether somebody waits for a thread, or for this worker to end."""
        return bool(self._queued) or not self.alive

    # Connections, on the main thread

    def accept(self, listener: socket.socket) -> None:
        """Accept a connection and wait in the poller for what it says.

        All workers wake for it. Whoever has fewer connections takes it first, or one could take every connection of a
        burst and keep them, and serve them all at a third of the speed while another has nothing to do (measured).
        """
        if self.nr_conns:
            time.sleep(_COURTESY_S * min(self.nr_conns, self.cfg.threads))
        try:
            sock, client = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        conn = Connection(self, sock, client, listener.getsockname())
        self.nr_conns += 1
        conn.timeout = time.monotonic() + SILENCE_S
        self.pending_conns.append(conn)
        self.poller.register(sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def enqueue_req(self, conn: TConn) -> None:
        """Hand a connection that has data to a thread."""
        self._queued.append(conn)
        super().enqueue_req(conn)

    def linger(self, sock: socket.socket) -> None:
        """Say that no more comes, and close once the client has hung up or `_LINGER_S` later."""
        try:
            sock.shutdown(socket.SHUT_WR)
            sock.setblocking(False)
        except OSError:
            sock.close()
            return
        self._lingering[sock] = (time.monotonic() + _LINGER_S, 0)
        self.poller.register(sock, selectors.EVENT_READ, self._drain)
        self._drain(sock)

    def _drain(self, sock: socket.socket) -> None:
        """Throw away what a client still sends; unread, it would cost the client our answer."""
        until, drained = self._lingering[sock]
        try:
            data = sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data and drained < _LINGER_BYTES:
            self._lingering[sock] = (until, drained + len(data))
        else:
            self._let_go(sock)

    def _let_go(self, sock: socket.socket) -> None:
        del self._lingering[sock]
        with contextlib.suppress(OSError, KeyError, ValueError):
            self.poller.unregister(sock)
        sock.close()

    def murder_pending(self) -> None:
        """Close what has said nothing, and what was closed by us alone, for too long."""
        super().murder_pending()
        now = time.monotonic()
        while self._lingering:
            sock, (until, _) = next(iter(self._lingering.items()))
            if until > now:
                break
            self._let_go(sock)

    # Requests, on the threads

    def handle(self, conn: TConn) -> Any:
        """Serve one request of a connection."""
        self._queued.popleft()
        if conn.initialized:
            conn.parser.unreader.begin()
        return super().handle(conn)

    def handle_request(self, req: Any, conn: TConn) -> Any:
        """Have a request answered; read a large body plainly; put the worker's end off while only a person may end it.

        A worker that refuses writes after a failed fsync does so until it is restarted by whoever has looked at the
        disk; ending after its `max_requests` would restart it in secret.
        """
        if getattr(req.body.reader, "length", 0) > PLAIN_BYTES:
            req.body = PlainBody(req.body.reader)
        if self.nr + 1 >= self.max_requests and self.wsgi.extensions["rmos"].refuses_writes():
            self.max_requests = sys.maxsize
        return super().handle_request(req, conn)

    def _keepalive_after(self, conn: TConn, keepalive: Any) -> bool:
        """Tell whether the connection may go on; what is wrong with a body that nobody read is not answered again."""
        try:
            return bool(super()._keepalive_after(conn, keepalive))
        except Exception:  # noqa: BLE001 - the answer is out, and where the next request begins is not known
            return False

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Answer a request that reached no route, or whose answer failed, in the one form of an error."""
        request_id = _request_id(req)
        error = as_ours(exc, self.cfg)
        if error is None:
            log.error("error handling a request", exc_info=exc, extra={"request_id": request_id})
            error = RmosError(_UNFORESEEN)
        else:
            log.warning("%s: %s", error.code, error.detail, extra={"request_id": request_id})
        self.wsgi.extensions["rmos"].metrics.count_refused(error.code)
        with contextlib.suppress(OSError):
            util.write_nonblock(client, answer_to(error, request_id))


def as_ours(exc: BaseException, cfg: Any) -> RmosError | None:
    """Return the error of ours that an exception is which gunicorn has for what a client sent; None for others."""
    if isinstance(exc, RmosError):
        return exc
    if isinstance(exc, http_errors.LimitRequestLine):
        return UriTooLong(f"The request line is above the limit of {cfg.limit_request_line} bytes.")
    if isinstance(exc, http_errors.LimitRequestHeaders):
        return HeadersTooLarge(
            f"At most {cfg.limit_request_fields} headers are taken, of {cfg.limit_request_field_size} bytes each."
        )
    if isinstance(exc, http_errors.ExpectationFailed):
        return ExpectationFailed("Only the expectation 100-continue is met.")
    if isinstance(exc, http_errors.UnsupportedTransferCoding):
        return CodingNotImplemented("Send the body whole, or with Transfer-Encoding: chunked.")
    ours = (
        http_errors.ConfigurationProblem,
        http_errors.InvalidResponseHeader,
        http_errors.InvalidResponseHeaderName,
    )
    if isinstance(exc, http_errors.ParseException) and not isinstance(exc, ours):
        return BadRequest(f"This is not HTTP as it should be. {str(exc)[:_SHOWN]}")
    return None


def answer_to(error: RmosError, request_id: str) -> bytes:
    """Return a whole answer that is the problem; the connection ends with it."""
    body = msgspec.json.encode(
        {
            "type": f"/problems/{error.code}",
            "title": error.title,
            "status": error.status,
            "detail": error.detail,
            "error": error.code,
            "request_id": request_id,
        }
    )
    head = (
        f"HTTP/1.1 {error.status} {error.title}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
        "Cache-Control: no-store\r\n"
        f"X-Request-Id: {request_id}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body


def _request_id(req: Any) -> str:
    """Return the id that the client gave, where its headers could be read, else a new one."""
    for name, value in getattr(req, "headers", ()):
        if name == "X-REQUEST-ID" and ids.REQUEST_ID.fullmatch(value):
            return str(value)
    return ids.new_request_id()


class ServerLog(glogging.Logger):  # type: ignore[misc]  # gunicorn has no types
    """What gunicorn itself logs, in the form of all other lines."""

    def setup(self, cfg: Any) -> None:
        """Set the log up from gunicorn's settings; the format is that of RMOS."""
        super().setup(cfg)
        if cfg.errorlog == "-":
            try:
                as_json = load_settings().log_format == "json"
            except ConfigError:
                as_json = False  # `on_starting` ends the start over it
            self.error_log.handlers[:] = [StderrHandler(as_json=as_json)]
