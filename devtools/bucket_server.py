"""A small S3 server on this machine, to try several hosts with (docs/cluster.md): localbucket, as strict as real ones.

    python3 -m devtools.bucket_server --port 9000 FOLDER

Each folder in FOLDER is a bucket. A body that was cut off, or has another digest than was signed, is refused, as S3
does and localbucket does not. Credentials are not looked at, nothing is fsynced: it is no place for a record.
"""

import argparse
import hashlib
import logging
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Final

import localbucket

_NO_DIGEST: Final = ("", "UNSIGNED-PAYLOAD")


class BucketHandler(localbucket.S3Handler):  # type: ignore[misc]
    """A request of which body and signed digest agree."""

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
        """Answer the requests of a connection."""
        try:
            super().handle()
        except OSError:
            self.close_connection = True  # a client that went away


class BucketHTTPServer(ThreadingHTTPServer):
    """A server that keeps many connections waiting: five, the default, make clients wait for a second try of TCP."""

    daemon_threads = True
    request_queue_size = 256


def make_server(folder: Path, port: int = 0) -> ThreadingHTTPServer:
    """Return a server over the buckets in a folder, on this machine alone; port 0 takes a free one."""
    logging.getLogger(localbucket.__name__).setLevel(logging.ERROR)
    return BucketHTTPServer(("127.0.0.1", port), type("Handler", (BucketHandler,), {"data_root": folder}))


def main() -> None:
    """Serve until it is ended."""
    parser = argparse.ArgumentParser(prog="python3 -m devtools.bucket_server", description="An S3 server to try.")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="its folders are the buckets")
    chosen = parser.parse_args()
    make_server(chosen.folder, chosen.port).serve_forever()


if __name__ == "__main__":
    main()
