"""A hop on the way to object storage, by which a probe reaches one address of its host, or spoils bytes on their way.

    with Hop("https://s3.example", address, spoil=True, ca_file=None) as hop:
        open_store(bucket, options, limits, 5.0, proxy_url=hop.url)        # with http://s3.example as its endpoint

It listens on this machine only, for as long as a probe takes, and passes requests on with the headers that were signed.
To the client library it is a proxy for plain HTTP; to the server it speaks TLS where the endpoint does.
"""

import http.client
import http.server
import socket
import ssl
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Final
from urllib.parse import urlsplit

HostAddress = tuple[str, int]
_TIMEOUT_S: Final = 5.0
_CONNECT_S: Final = 2.0
_OF_THE_HOP: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "proxy-connection", "content-length"})


def find_addresses(endpoint: str) -> list[HostAddress]:
    """Return the addresses of an endpoint's host that can be reached from here, each once.

    Raises:
        OSError: the name has none.
    """
    parts = urlsplit(endpoint)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    return [address for address in sorted({(str(info[4][0]), port) for info in found}) if _is_reached(address)]


def _is_reached(address: HostAddress) -> bool:
    """Tell whether an address takes connections: a name may have one of a network that this host has no way into."""
    try:
        socket.create_connection(address, _CONNECT_S).close()
    except OSError:
        return False
    return True


class Hop:
    """A proxy to one address of a host, on a port of its own."""

    def __init__(
        self, endpoint: str, address: HostAddress, *, spoil: bool = False, ca_file: Path | None = None
    ) -> None:
        parts = urlsplit(endpoint)
        self._host = parts.hostname or ""
        self._address = address
        self._spoil = spoil
        self._tls = ssl.create_default_context(cafile=ca_file) if parts.scheme == "https" else None

        class Handler(_Handler):
            hop = self

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Hop":
        self._thread.start()
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def pass_on(self, method: str, target: str, headers: Any, body: bytes) -> tuple[int, Any, bytes]:
        """Send a request to the address and return the response's status, headers and body.

        Raises:
            OSError, http.client.HTTPException: there was none.
        """
        if self._spoil and body:
            body = body[:-1] + bytes([body[-1] ^ 1])
        plain = socket.create_connection(self._address, _TIMEOUT_S)
        connection = http.client.HTTPConnection(*self._address, timeout=_TIMEOUT_S)
        connection.sock = plain if self._tls is None else self._tls.wrap_socket(plain, server_hostname=self._host)
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                if name.lower() not in _OF_THE_HOP:
                    connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()


class _Handler(http.server.BaseHTTPRequestHandler):
    """Takes PUTs of the client library, whose target is a whole URL."""

    hop: Hop
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        """Pass a request on."""
        parts = urlsplit(self.path)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            status, headers, answer = self.hop.pass_on(self.command, target, self.headers, body)
        except (OSError, http.client.HTTPException):
            self.close_connection = True  # no response: the client sees a connection that broke
            return
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in _OF_THE_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: object) -> None:
        """Log nothing."""
