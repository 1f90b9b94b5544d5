"""A small S3 server in this process, for plain tests: localbucket, which here looks at payload digests as real ones do.

    with BucketServer(tmp_path / "server") as server:
        store = S3Store(BUCKET, endpoint=server.url, **server.credentials, …)

It shows that a client does what it should; how servers behave is shown by a real one (marker `ceph`).
"""

import threading
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Final

from devtools.bucket_server import make_server

BUCKET: Final = "rmos-tests"


class BucketServer:
    """The server, with one empty bucket below a folder; it listens on a free port of 127.0.0.1 until it is closed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / BUCKET
        """Where the objects lie as files."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._server: ThreadingHTTPServer = make_server(folder)
        self.address: tuple[str, int] = ("127.0.0.1", self._server.server_port)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.credentials = {"access_key_id": "test", "secret_access_key": "test"}

    def __enter__(self) -> "BucketServer":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
