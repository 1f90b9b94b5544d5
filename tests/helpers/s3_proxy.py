"""A proxy before an S3 server that loses, delays, refuses and spoils what tests tell it to.

    with S3Proxy(("127.0.0.1", 7480)) as proxy:
        proxy.on(puts, lose_answer)                  # the first PUT arrives, and its answer is lost
        late = Hold()
        proxy.on(puts, late)                         # the second one stays in the proxy …
        ...                                          # (whoever sent it has given up by now)
        late.release()                               # … and arrives when the test says so

Each request is read whole, so a fault is a function of an `Exchange`: it may pass the request on, alter it, answer by
itself, or end the connection. Which request it hits is decided by a predicate and by its turn, never by time.
"""

import contextlib
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, BinaryIO, Final, NamedTuple

from tests.helpers.waiting import PATIENCE_S

_NO_BODY: Final = (204, 304)
_STEP_S: Final = 0.02
"""How long a held request sleeps before it looks again whether the proxy is being closed."""

Headers = tuple[tuple[str, str], ...]


class Request(NamedTuple):
    """A request as the client sent it."""

    method: str
    target: str
    headers: Headers
    body: bytes


class Reply(NamedTuple):
    """An answer as the server sent it, its body whole."""

    status: int
    headers: Headers
    body: bytes

    def with_headers(self, **headers: str) -> "Reply":
        """Return the answer with some headers set; underscores in their names stand for hyphens."""
        new = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        kept = tuple((name, value) for name, value in self.headers if name.lower() not in new)
        return self._replace(headers=kept + tuple(new.items()))


class Gone(Exception):
    """The connection to the client was ended, on purpose or by the client."""


class Exchange:
    """One request and what is done with it."""

    def __init__(self, proxy: "S3Proxy", connection: "_Connection", request: Request) -> None:
        self.request = request
        self.proxy = proxy
        self._connection = connection

    def pass_on(self, request: Request | None = None) -> Reply:
        """Send the request, or another one, to the server and return its answer."""
        return self._connection.ask(request or self.request)

    def answer(self, reply: Reply) -> None:
        """Send an answer to the client."""
        self._connection.send(_head(reply) + (b"" if self.request.method == "HEAD" else reply.body))

    def answer_half(self, reply: Reply) -> None:
        """Send the head of an answer and half of its body, and end the connection."""
        self._connection.send(_head(reply) + reply.body[: len(reply.body) // 2])
        self.drop()

    def answer_slowly(self, reply: Reply, step_s: float, step_bytes: int = 1) -> None:
        """Send an answer a few bytes at a time, until the client has enough of it."""
        data = _head(reply) + reply.body
        for start in range(0, len(data), step_bytes):
            self._connection.send(data[start : start + step_bytes])
            self.proxy.closing.wait(step_s)

    def pass_half(self) -> None:
        """Send half of the request's body to the server and end the connection to it."""
        self._connection.ask_half(self.request)

    def wait_for(self, event: threading.Event) -> None:
        """Return when an event has happened, or the proxy is closed."""
        while not event.wait(_STEP_S):
            if self.proxy.closing.is_set():
                raise Gone

    def wait_for_client(self) -> None:
        """Wait until the client has ended the connection, or the proxy is closed."""
        self._connection.client.recv(1)
        raise Gone

    def drop(self) -> None:
        """End the connection to the client in order, without an answer."""
        raise Gone

    def reset(self) -> None:
        """End the connection to the client by a reset."""
        self._connection.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Gone


Fault = Callable[[Exchange], None]
"""What is done with a request; one that returns without an answer or `Gone` keeps the client waiting for ever."""
Picks = Callable[[Request], bool]

# Which requests


def puts(request: Request) -> bool:
    """Pick PUTs."""
    return request.method == "PUT"


def gets(request: Request) -> bool:
    """Pick GETs of objects."""
    return request.method == "GET" and "list-type" not in request.target


def deletes(request: Request) -> bool:
    """Pick DELETEs."""
    return request.method == "DELETE"


def anything(request: Request) -> bool:
    """Pick every request."""
    return True


# What is done with them


def pass_through(exchange: Exchange) -> None:
    """Pass the request on, and its answer back."""
    exchange.answer(exchange.pass_on())


def lose_answer(exchange: Exchange) -> None:
    """Pass the request on and end the connection."""
    exchange.pass_on()
    exchange.drop()


def withhold_answer(exchange: Exchange) -> None:
    """Pass the request on and answer nothing, so that the client's time runs out."""
    exchange.pass_on()
    fall_silent(exchange)


def fall_silent(exchange: Exchange) -> None:
    """Neither pass the request on nor answer."""
    exchange.wait_for_client()


def lose_request(exchange: Exchange) -> None:
    """End the connection; nothing was passed on."""
    exchange.drop()


def reset_before(exchange: Exchange) -> None:
    """Reset the connection; nothing was passed on."""
    exchange.reset()


def reset_after(exchange: Exchange) -> None:
    """Pass the request on and reset the connection."""
    exchange.pass_on()
    exchange.reset()


def cut_request(exchange: Exchange) -> None:
    """End both connections in the middle of the request's body."""
    exchange.pass_half()
    exchange.drop()


def cut_answer(exchange: Exchange) -> None:
    """End the connection in the middle of the answer's body."""
    exchange.answer_half(exchange.pass_on())


def close_after(exchange: Exchange) -> None:
    """Answer as it should be, then end the connection that the client keeps for its next request."""
    exchange.answer(exchange.pass_on())
    exchange.drop()


def flip_request(exchange: Exchange) -> None:
    """Pass the request on with a bit of its body flipped."""
    request = exchange.request
    exchange.answer(exchange.pass_on(request._replace(body=flip_bit(request.body))))


def flip_answer(exchange: Exchange) -> None:
    """Flip a bit of the answer's body."""
    reply = exchange.pass_on()
    exchange.answer(reply._replace(body=flip_bit(reply.body)))


def refuse(status: int, code: str, **headers: str) -> Fault:
    """Return a fault that answers with an error of S3; nothing is passed on."""
    return lambda exchange: exchange.answer(error_reply(status, code).with_headers(**headers))


def refuse_after(status: int, code: str) -> Fault:
    """Return a fault that passes the request on and answers with an error of S3 all the same."""

    def refuse_passed(exchange: Exchange) -> None:
        exchange.pass_on()
        exchange.answer(error_reply(status, code))

    return refuse_passed


def alter_reply(change: Callable[[Reply], Reply]) -> Fault:
    """Return a fault that passes the request on and alters its answer."""
    return lambda exchange: exchange.answer(change(exchange.pass_on()))


class Hold:
    """Keep a request until the test releases it, then pass it on; the client may long be gone by then."""

    def __init__(self) -> None:
        self.arrived = threading.Event()
        self.passed = threading.Event()
        self._released = threading.Event()

    def __call__(self, exchange: Exchange) -> None:
        self.arrived.set()
        exchange.wait_for(self._released)
        try:
            reply = exchange.pass_on()
        finally:
            self.passed.set()
        exchange.answer(reply)

    def release(self) -> None:
        """Let the request through and return when it has been answered by the server."""
        assert self.arrived.wait(PATIENCE_S), "nothing was held"
        self._released.set()
        assert self.passed.wait(PATIENCE_S), "the held request was not answered"


def flip_bit(data: bytes, number: int = 0) -> bytes:
    """Return bytes with a bit of them flipped, another one for each number."""
    if not data:
        return data
    place = (len(data) // 2 + number) % len(data)
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def error_reply(status: int, code: str) -> Reply:
    """Return an error as S3 answers it."""
    body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>made by a test</Message></Error>'
    return Reply(status, (("content-type", "application/xml"),), body.encode())


class _Rule(NamedTuple):
    picks: Picks
    faults: Iterator[Fault]


class S3Proxy:
    """The proxy: it listens on a free port of 127.0.0.1 until it is closed."""

    def __init__(self, server: tuple[str, int]) -> None:
        self.server = server
        self.closing = threading.Event()
        self.seen: list[Request] = []
        """All requests in the order in which they came, without their bodies."""
        self._rules: list[_Rule] = []
        self._turn = threading.Lock()
        self._clients: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def on(self, picks: Picks, *faults: Fault) -> None:
        """Do to the next requests that are picked what the faults say, one each; rules made first go first."""
        self.always(picks, faults)

    def always(self, picks: Picks, faults: Fault | Iterable[Fault]) -> None:
        """Do a fault to all requests that are picked, or one of many each as long as there are any."""
        endless: Iterator[Fault] = iter(lambda: faults, None) if callable(faults) else iter(faults)
        with self._turn:
            self._rules.append(_Rule(picks, endless))

    def heal(self) -> None:
        """Forget all rules: whatever comes from now on is passed on."""
        with self._turn:
            self._rules.clear()

    def count(self) -> Counter[str]:
        """Return how many requests of each method came."""
        with self._turn:
            return Counter(request.method for request in self.seen)

    def __enter__(self) -> "S3Proxy":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None) -> None:
        self.closing.set()
        with contextlib.suppress(OSError):  # wakes the thread that accepts
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._turn:
            for client in self._clients:
                with contextlib.suppress(OSError):
                    client.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while not self.closing.is_set():
                client, _ = self._listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self._turn:
                    self._clients.add(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        connection = _Connection(self.server, client)
        try:
            while not self.closing.is_set():
                request = connection.receive()
                self._find_fault(request)(Exchange(self, connection, request))
        except (Gone, OSError):
            pass
        finally:
            with self._turn:
                self._clients.discard(client)
            connection.close()

    def _find_fault(self, request: Request) -> Fault:
        with self._turn:
            self.seen.append(request._replace(body=b""))
            for rule in self._rules:
                if rule.picks(request) and (fault := next(rule.faults, None)):
                    return fault
        return pass_through


class _Connection:
    """A connection of a client, and the one to the server that is used for it."""

    def __init__(self, server: tuple[str, int], client: socket.socket) -> None:
        self.client = client
        self._reader = client.makefile("rb")
        self._server = server
        self._upstream: socket.socket | None = None
        self._upstream_reader: BinaryIO | None = None

    def receive(self) -> Request:
        """Return the next request."""
        first, headers = _read_head(self._reader)
        method, target, _ = first.split(" ", 2)
        return Request(method, target, headers, _read_body(self._reader, headers))

    def send(self, data: bytes) -> None:
        """Send bytes to the client."""
        self.client.sendall(data)

    def ask(self, request: Request) -> Reply:
        """Send a request to the server and return the answer; a connection that it has closed is made anew."""
        used = self._upstream is not None
        try:
            return self._ask(request)
        except (Gone, OSError):
            self._forget_upstream()
            if not used:
                raise
            return self._ask(request)

    def ask_half(self, request: Request) -> None:
        """Send the head and half of the body to the server, and end the connection to it."""
        self._forget_upstream()
        upstream, _ = self._reach()
        upstream.sendall(_request_head(request) + request.body[: len(request.body) // 2])
        self._forget_upstream()

    def _ask(self, request: Request) -> Reply:
        upstream, reader = self._reach()
        upstream.sendall(_request_head(request) + request.body)
        first, headers = _read_head(reader)
        status = int(first.split(" ", 2)[1])
        bare = request.method == "HEAD" or status in _NO_BODY
        body = b"" if bare else _read_body(reader, headers, to_end=True)
        if dict(_lower(headers)).get("connection", "").lower() == "close":
            self._forget_upstream()
        return Reply(status, tuple(header for header in headers if header[0].lower() != "connection"), body)

    def _reach(self) -> tuple[socket.socket, BinaryIO]:
        if self._upstream is None or self._upstream_reader is None:
            self._upstream = socket.create_connection(self._server, timeout=PATIENCE_S)
            self._upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._upstream_reader = self._upstream.makefile("rb")
        return self._upstream, self._upstream_reader

    def _forget_upstream(self) -> None:
        if self._upstream is not None and self._upstream_reader is not None:
            self._upstream_reader.close()
            self._upstream.close()
        self._upstream = self._upstream_reader = None

    def close(self) -> None:
        """End both connections."""
        self._forget_upstream()
        self._reader.close()
        self.client.close()


def _lower(headers: Headers) -> Iterator[tuple[str, str]]:
    return ((name.lower(), value) for name, value in headers)


def _read_head(reader: Any) -> tuple[str, Headers]:
    first = reader.readline().decode("latin-1").rstrip("\r\n")
    if not first:
        raise Gone
    headers = []
    while line := reader.readline().decode("latin-1").rstrip("\r\n"):
        name, _, value = line.partition(":")
        headers.append((name, value.strip()))
    return first, tuple(headers)


def _read_body(reader: Any, headers: Headers, *, to_end: bool = False) -> bytes:
    found = dict(_lower(headers))
    if "chunked" in found.get("transfer-encoding", "").lower():
        return b"".join(_read_chunks(reader))
    if "content-length" not in found:
        return bytes(reader.read()) if to_end else b""
    length = int(found["content-length"])
    body = bytes(reader.read(length))
    if len(body) < length:
        raise Gone
    return body


def _read_chunks(reader: Any) -> Iterator[bytes]:
    while size := int(reader.readline().split(b";")[0] or b"0", 16):
        yield reader.read(size)
        reader.readline()
    while reader.readline().rstrip(b"\r\n"):
        pass


def _request_head(request: Request) -> bytes:
    kept = [(name, value) for name, value in request.headers if name.lower() != "transfer-encoding"]
    if len(kept) < len(request.headers):
        kept.append(("Content-Length", str(len(request.body))))
    lines = [f"{request.method} {request.target} HTTP/1.1", *(f"{name}: {value}" for name, value in kept)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _head(reply: Reply) -> bytes:
    """Return the head of an answer; that of a HEAD keeps the length that it was given."""
    kept = [(name, value) for name, value in reply.headers if name.lower() != "transfer-encoding"]
    if reply.body or not any(name.lower() == "content-length" for name, _ in kept):
        kept = [(name, value) for name, value in kept if name.lower() != "content-length"]
        kept.append(("Content-Length", str(len(reply.body))))
    lines = [f"HTTP/1.1 {reply.status} Status", *(f"{name}: {value}" for name, value in kept)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
