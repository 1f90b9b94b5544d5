"""A language model's service on 127.0.0.1: it answers each request with the same bytes, and keeps what it was asked."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def completion(content: Any) -> bytes:
    """Return a chat completion with this content; what is no text becomes JSON."""
    text = content if isinstance(content, str) else json.dumps(content)
    return json.dumps({"id": "x", "choices": [{"message": {"role": "assistant", "content": text}}]}).encode()


class Model(http.server.ThreadingHTTPServer):
    """The service; what it answers can be set while it runs."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.answer = completion("Nothing.")
        self.status = 200
        self.may_answer = threading.Event()
        """Cleared, it keeps whoever asks waiting until it is set."""
        self.may_answer.set()
        self.asked: list[tuple[str, str | None, bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that did not wait for its answer."""


class Answering(http.server.BaseHTTPRequestHandler):
    """One request to the model."""

    server: Model

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, self.headers["Authorization"], body))
        self.server.may_answer.wait()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.answer)))
        if self.server.status == 307:
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's own word
        """Say nothing."""


@contextmanager
def language_model() -> Iterator[Model]:
    """Run the service while the block lasts."""
    with Model() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.may_answer.set()
            server.shutdown()
            thread.join()
