"""A small S3 server in this process, for plain tests: localbucket, which here looks at payload digests as real ones do.

    with BucketServer(tmp_path / "server") as server:
        store = S3Store(BUCKET, endpoint=server.url, **server.credentials, …)

It shows that a client does what it should; how servers behave is shown by a real one (marker `ceph`).
"""

import hashlib
import logging
import threading
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Final

import localbucket

BUCKET: Final = "rmos-tests"
_NO_DIGEST: Final = ("", "UNSIGNED-PAYLOAD")


class _Handler(localbucket.S3Handler):  # type: ignore[misc]
    """A request; a body that was cut off or altered on its way is refused, as S3 does and localbucket does not."""

    disable_nagle_algorithm = True

    def _read_body(self) -> bytes:
        body: bytes = super()._read_body()
        length, expected = self.headers.get("Content-Length"), self.headers.get("x-amz-content-sha256", "")
        if length is not None and len(body) < int(length):
            self.close_connection = True
            raise localbucket.S3Error(HTTPStatus.BAD_REQUEST, "IncompleteBody", "The body was cut off.")
        signed = expected not in _NO_DIGEST and not expected.startswith("STREAMING-")
        if signed and hashlib.sha256(body).hexdigest() != expected:
            text = "The body has another digest than was signed."
            raise localbucket.S3Error(HTTPStatus.BAD_REQUEST, "XAmzContentSHA256Mismatch", text)
        return body

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            self.close_connection = True  # a client that went away


class BucketServer:
    """The server, with one empty bucket below a folder; it listens on a free port of 127.0.0.1 until it is closed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / BUCKET
        """Where the objects lie as files."""
        self.folder.mkdir(parents=True, exist_ok=True)
        logging.getLogger(localbucket.__name__).setLevel(logging.ERROR)
        handler = type("Handler", (_Handler,), {"data_root": folder})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.address: tuple[str, int] = ("127.0.0.1", self._server.server_port)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.credentials = {"access_key_id": "test", "secret_access_key": "test"}

    def __enter__(self) -> "BucketServer":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
