"""A proxy between client and service that does to answers what networks do: lose them, cut them, change them.

with Proxy(service.port) as proxy:
    proxy.plans = ["lose", "pass"]         # of the next requests; afterwards all pass
    proxy.address
    proxy.seen                             # what was asked for, in order
"""

import contextlib
import http.client
import socket
import struct
import threading
from typing import Final, NamedTuple

from tests.helpers.waiting import PATIENCE_S

_RESET: Final = struct.pack("ii", 1, 0)


class Seen(NamedTuple):
    """A request that came through."""

    method: str
    target: str
    key: str | None


class Proxy:
    """Takes one request per connection, asks the service in full, and answers as planned."""

    def __init__(self, port: int) -> None:
        self._upstream = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.plans: list[str] = []
        self.seen: list[Seen] = []

    def __enter__(self) -> "Proxy":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection, contextlib.suppress(OSError):
                    self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as reader:
            method, target, _ = reader.readline().decode().split(" ", 2)
            headers = http.client.parse_headers(reader)
            body = reader.read(int(headers.get("Content-Length", "0")))
        self.seen.append(Seen(method, target, headers.get("Idempotency-Key")))
        plan = self.plans.pop(0) if self.plans else "pass"
        if plan != "refuse":
            answer = self._ask(method, target, dict(headers.items()), body)
            if plan == "alter":
                answer = answer[:-40] + bytes([answer[-40] ^ 1]) + answer[-39:]
            if plan == "half":
                connection.sendall(answer[: len(answer) // 2 + 100])
            elif plan != "lose":
                connection.sendall(answer)
                return
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)

    def _ask(self, method: str, target: str, headers: dict[str, str], body: bytes) -> bytes:
        with contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", self._upstream, timeout=PATIENCE_S)
        ) as upstream:
            upstream.request(method, target, body, headers)
            response = upstream.getresponse()
            data = response.read()
        kept = [(name, value) for name, value in response.getheaders() if name.lower() not in ("connection",)]
        head = "".join(f"{name}: {value}\r\n" for name, value in kept)
        return f"HTTP/1.1 {response.status} {response.reason}\r\n{head}Connection: close\r\n\r\n".encode() + data
