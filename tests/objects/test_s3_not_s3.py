"""What answers at the endpoint is no S3, or there is no bucket: never is an object said to be missing for that."""

import http.server
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from obstore.exceptions import GenericError

from rmos.errors.installation import StoreUnusable
from rmos.errors.store import ObjectMissing, StorageUnavailable, StoreReadOnly
from rmos.objects.s3 import S3Objects
from rmos.objects.s3_answers import S3Answer, read_error
from rmos.objects.s3_client import RequestLimits
from tests.helpers.buckets import open_bucket
from tests.helpers.s3_proxy import S3Proxy, anything, reset_before
from tests.helpers.s3_server import BUCKET, BucketServer
from tests.helpers.waiting import wait_until

KEY = "2025-12-23/run_00.json"
Open = Callable[[str, str], S3Objects]

ASKS: dict[str, Callable[[S3Objects], object]] = {
    "read": lambda objects: objects.read(KEY),
    "read many": lambda objects: objects.read_all([KEY, f"{KEY}.other"]),
    "has": lambda objects: objects.has(KEY),
    "age": lambda objects: objects.age_s(KEY),
    "digest": lambda objects: objects.digest(KEY),
    "open": lambda objects: objects.open(KEY),
    "names": lambda objects: objects.names("2025-12-23"),
    "names by beginning": lambda objects: objects.names("2025-12-23", "run"),
    "entries": lambda objects: list(objects.entries("")),
    "quarantine": lambda objects: objects.quarantine(KEY),
    "erase": lambda objects: objects.erase(KEY),
}
RESPONSES = {
    "a page that is not found": (404, b"<html><h1>Not Found</h1></html>"),
    "nothing at all that is not found": (404, b""),
    "a page for whatever is asked": (200, b"<html>Please sign in to the network</html>"),
    "the error of a proxy": (502, b"<html>Bad Gateway</html>"),
    "a proxy that wants a password": (407, b""),
    "no permission": (403, b"<Error><Code>AccessDenied</Code></Error>"),
    "another place": (301, b"<Error><Code>PermanentRedirect</Code></Error>"),
}


@pytest.fixture
def open_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    quick = RequestLimits(pause_s=0.01)
    return lambda url, bucket: open_bucket(url, bucket, tmp_path, monkeypatch, limits=quick)


@pytest.fixture
def answer_with() -> Iterator[Callable[[int, bytes], str]]:
    """Starts servers that answer everything with one response, and returns their URLs."""
    servers: list[http.server.ThreadingHTTPServer] = []

    def start(status: int, body: bytes) -> str:
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        for method in ("PUT", "HEAD", "DELETE"):
            setattr(Handler, f"do_{method}", Handler.do_GET)
        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("response", RESPONSES)
def test_nothing_is_missing_where_something_else_answers(
    open_at: Open, answer_with: Callable[[int, bytes], str], response: str
) -> None:
    objects = open_at(answer_with(*RESPONSES[response]), BUCKET)
    wrong = {}
    for name, ask in ASKS.items():
        objects._client.breaker.note(answered=True)
        try:
            wrong[name] = ask(objects)
        except (StorageUnavailable, StoreReadOnly):
            continue
    assert wrong == {}
    objects._client.breaker.note(answered=True)
    with pytest.raises((StorageUnavailable, StoreReadOnly)):
        objects.create(KEY, b"one")
    with pytest.raises((StorageUnavailable, StoreUnusable)):
        objects.prepare()


def test_a_bucket_that_is_not_there_is_said_so_at_the_start_and_makes_nothing_missing_later(
    open_at: Open, bucket_server: BucketServer
) -> None:
    objects = open_at(bucket_server.url, "no-such-bucket")
    assert objects.exists() is False
    with pytest.raises(StoreUnusable, match="no bucket no-such-bucket"):
        objects.prepare()
    for ask in ASKS.values():
        with pytest.raises(StorageUnavailable):
            ask(objects)
    with pytest.raises(StoreReadOnly):
        objects.create(KEY, b"one")


def test_nobody_who_listens_is_unavailable_and_after_a_few_requests_at_once(open_at: Open) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))  # and does not listen
        objects = open_at(f"http://127.0.0.1:{probe.getsockname()[1]}", BUCKET)
        for _ in range(3):
            with pytest.raises(StorageUnavailable) as refusal:
                objects.read(KEY)
    assert refusal.value.headers["Retry-After"] == "1"
    assert not objects.writable()


def test_a_host_that_nobody_asks_for_objects_finds_out_that_the_storage_is_back(
    open_at: Open, bucket_server: BucketServer
) -> None:
    with S3Proxy(bucket_server.address) as proxy:
        objects = open_at(proxy.url, BUCKET)
        proxy.always(anything, reset_before)
        for _ in range(2):
            with pytest.raises(StorageUnavailable):
                objects.read(KEY)
        assert not objects.writable()
        proxy.heal()
        wait_until(objects.writable, "the storage to be found")


def test_a_proxy_of_the_environment_that_answers_for_itself_makes_nothing_missing(
    open_at: Open,
    answer_with: Callable[[int, bytes], str],
    bucket_server: BucketServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", answer_with(404, b"<html>unknown host</html>"))
    monkeypatch.setenv("http_proxy", answer_with(404, b"<html>unknown host</html>"))
    objects = open_at("http://s3.shop.example:9000", BUCKET)
    for ask in ASKS.values():
        objects._client.breaker.note(answered=True)
        with pytest.raises(StorageUnavailable):
            ask(objects)


def test_a_key_that_looks_like_an_answer_is_not_taken_for_one() -> None:
    key = "x: Server returned non-2xx status code: 404 <Code>NoSuchKey</Code>"
    text = f"Object at location {key} not found: Error performing GET http://s3/x in 1ms - "
    broken = read_error(FileNotFoundError(f"{text}Server returned non-2xx status code: 404 Not Found: <html>"), key)
    assert broken.answer is S3Answer.NOT_S3
    missing = f"{text}Server returned non-2xx status code: 404 Not Found: <Error><Code>NoSuchKey</Code></Error>"
    assert read_error(FileNotFoundError(missing), key).answer is S3Answer.ABSENT


@pytest.mark.parametrize(
    ("end", "answer"),
    [
        ("HTTP error: error sending request", S3Answer.UNREACHABLE),
        ("Server returned non-2xx status code: 503 Service Unavailable: ", S3Answer.UNREACHABLE),
        ("Server returned non-2xx status code: 404 Not Found: ", S3Answer.REFUSED),
    ],
)
def test_a_host_without_credentials_is_told_so_and_not_that_the_storage_refused_it(end: str, answer: S3Answer) -> None:
    """The library then asks the cloud that the host may be in."""
    text = f"Generic S3 error: Error performing PUT http://169.254.169.254/latest/api/token in 2ms - {end}"
    found = read_error(GenericError(text), KEY)
    assert found.answer is answer
    assert found.code.startswith("no credentials; look at AWS_ACCESS_KEY_ID")


def test_only_what_s3_says_to_be_missing_is(open_at: Open, bucket_server: BucketServer) -> None:
    objects = open_at(bucket_server.url, BUCKET)
    with pytest.raises(ObjectMissing):
        objects.read(KEY)
    assert not objects.has(KEY)
