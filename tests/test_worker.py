"""The worker class, through a real gunicorn: clients that stop half-way, and what reaches no route."""

import contextlib
import json
import re
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from gunicorn.config import Config
from gunicorn.sock import create_sockets
from gunicorn.workers.gthread import TConn

from rmos.worker import BoundedWorker, _Turn
from tests.faults.service import RUNS, make_body
from tests.serving import Raw, Served, read_answer

HEAD = b"POST /api/rmos/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
HALVES = {
    "no byte": b"",
    "half a request line": b"POST /api/r",
    "half a head": HEAD + b"X-Half: y",
    "half a body": HEAD + b'Content-Length: 400\r\n\r\n{"mode":',
    "half a chunk": HEAD + b'Transfer-Encoding: chunked\r\n\r\n40\r\n{"mode":',
    "half a body that no route reads": b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 400\r\n\r\nhalf",
}
CLIENTS = 60
"""Clients that stop half-way; the one worker here has 8 threads."""


class One(Served):
    """The service with one worker, which takes connections in the order in which they come."""

    application = "tests.slow_app:app"
    workers = 1


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One service for all tests here: each leaves it as it was."""
    with One(tmp_path_factory.mktemp("worker"), RMOS_LOG_FORMAT="json") as served:
        served.wait_for("/readyz")
        yield served


def post_of(label: str) -> bytes:
    """Return a whole request that records a run."""
    body = json.dumps(make_body(label)).encode()
    return HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body


def demand_problem(answer: Raw, status: int, code: str) -> None:
    """Demand the one form of an error, with the request id in body and header."""
    told = answer.json()
    assert (answer.status, told["error"]) == (status, code), answer
    assert answer.headers["content-type"] == "application/problem+json"
    assert told["request_id"] == answer.headers["x-request-id"]
    assert set(told) >= {"type", "title", "status", "detail", "error", "request_id"}
    assert (told["type"], told["status"]) == (f"/problems/{code}", status)
    assert not re.search(r"Traceback|\.py\b", answer.body.decode())


# Clients that stop half-way. By itself gunicorn would answer nobody else before they hang up; so would we, were it not
# for the override that a test is about, and a test would end by the time limit of its connection.


@pytest.mark.long
@pytest.mark.linux
@pytest.mark.parametrize(
    "half",
    [
        pytest.param(data, id=name, marks=[] if name in ("half a head", "half a body") else [pytest.mark.long])
        for name, data in HALVES.items()
    ],
)
def test_sixty_clients_that_stop_half_way_do_not_keep_a_good_request_waiting(served: Served, half: bytes) -> None:
    with contextlib.ExitStack() as clients:
        for _ in range(CLIENTS):
            clients.enter_context(served.open()).sendall(half)
        assert served.send(post_of("good")).status == 201


class Clock:
    """The clock of the worker."""

    now_s = 1000.0

    def monotonic(self) -> float:
        """Return what the test has set."""
        return self.now_s


class Watched:
    """A worker that is not running, with one connection on a thread for which others wait."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._clock = Clock()
        monkeypatch.setattr("rmos.worker.time", self._clock)

    def __enter__(self) -> "Watched":
        config = Config()
        self.worker = BoundedWorker(1, 1, [], None, 30, config, None)
        self.worker.nr_conns = config.threads + 1
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.client = socket.create_connection(listener.getsockname())
            self.sock, address = listener.accept()
            self.connection = TConn(config, self.sock, address, listener.getsockname())
        self.turn = self.worker._turns[self.connection] = _Turn()
        self.sock.setblocking(True)
        return self

    def __exit__(self, *_: object) -> None:
        for opened in (self.sock, self.client, self.worker.tmp):
            opened.close()

    def look(self) -> None:
        """Have the worker look at its threads, and let a second pass."""
        self.worker.murder_pending()
        self._clock.now_s += 1

    def is_given_up(self) -> bool:
        """Tell whether a reader would see the end."""
        self.sock.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            return self.sock.recv(1) == b""
        return False


@pytest.mark.linux
@pytest.mark.parametrize(
    ("sent_each_second", "wanted", "given_up"),
    [
        pytest.param(0, True, True, id="silent"),
        pytest.param(100, True, True, id="a byte now and then"),
        pytest.param(10_000, True, False, id="fast enough"),
        pytest.param(0, False, False, id="silent while nobody else wants the thread"),
    ],
)
def test_who_is_given_up(monkeypatch: pytest.MonkeyPatch, sent_each_second: int, wanted: bool, given_up: bool) -> None:
    with Watched(monkeypatch) as watched:
        watched.worker.nr_conns -= not wanted
        for sent in (100_000, *[sent_each_second] * 5):  # a good start counts for nothing
            watched.client.sendall(b"x" * sent)
            assert len(watched.sock.recv(sent, socket.MSG_WAITALL)) == sent  # also after the end of what is read
            watched.look()
        assert watched.is_given_up() is given_up


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(GET, id="without a body"),
        pytest.param(HEAD + b"Content-Length: 2\r\n\r\n{}", id="with a body"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", id="in chunks"),
    ],
)
def test_a_request_that_was_read_is_not_given_up_however_long_its_answer_takes(
    monkeypatch: pytest.MonkeyPatch, request_bytes: bytes
) -> None:
    with Watched(monkeypatch) as watched:
        watched.client.sendall(request_bytes)
        watched.connection.init()
        watched.turn.request = next(watched.connection.parser)
        watched.turn.request.body.read()
        for _ in range(5):
            watched.look()
        assert not watched.is_given_up()


@pytest.mark.linux
@pytest.mark.long
def test_a_request_whose_answer_takes_long_keeps_its_connection_while_others_wait(served: Served) -> None:
    with contextlib.ExitStack() as clients:
        sock = clients.enter_context(served.open())
        sock.sendall(GET.replace(b"healthz", b"slow"))
        for _ in range(CLIENTS):
            clients.enter_context(served.open()).sendall(HALVES["half a head"])
        assert served.send(GET).status == 200  # by now the first would be closed, were it to be
        (served.store.parent / "go").touch()
        assert read_answer(sock).status == 200
        sock.sendall(GET)
        assert read_answer(sock).status == 200


def test_a_client_is_not_given_up_because_nobody_reads_what_it_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    with Watched(monkeypatch) as watched:
        watched.client.sendall(b"x")
        for _ in range(5):
            watched.look()
        assert watched.sock.recv(1) == b"x"
        assert not watched.is_given_up()


@pytest.mark.linux
@pytest.mark.long
def test_what_is_given_up_is_told_so(served: Served) -> None:
    with contextlib.ExitStack() as clients:
        given_up = [clients.enter_context(served.open()) for _ in range(CLIENTS)]
        for sock in given_up:
            sock.sendall(HALVES["half a body"])
        assert served.send(GET).status == 200
        demand_problem(read_answer(given_up[0]), 408, "REQUEST_TIMEOUT")


class Poller:
    """A poller that only notes how long it was to wait."""

    def select(self, timeout: float) -> list[object]:
        """Note the time."""
        self.timeout_s = timeout
        return []


def test_threads_are_looked_at_often_only_while_others_wait_for_them() -> None:
    config = Config()
    worker = BoundedWorker(1, 1, [], None, 30, config, None)
    worker.poller = poller = Poller()
    with contextlib.closing(worker.tmp):
        waited_s = []
        for at_work in (config.threads, config.threads + 1):
            worker.nr_conns = at_work
            worker.wait_for_and_dispatch_events(1.0)
            waited_s.append(poller.timeout_s)
    assert waited_s == [1.0, 0.1]


@pytest.mark.long
def test_a_slow_client_is_served_while_nobody_else_wants_its_thread(served: Served) -> None:
    request = post_of("slow")
    with served.open() as sock:
        for place in range(0, len(request), 100):
            sock.sendall(request[place : place + 100])
            time.sleep(0.5 if place < 500 else 0)
        assert read_answer(sock).status == 201


def test_a_connection_serves_many_requests(served: Served) -> None:
    with served.open() as sock:
        for _ in range(20):
            sock.sendall(GET)
            assert read_answer(sock).status == 200


def test_accepted_sockets_send_small_answers_at_once() -> None:
    config = Config()
    config.set("bind", "127.0.0.1:0")

    class Log:
        def __getattr__(self, name: str) -> object:
            return lambda *_: None

    (listener,) = create_sockets(config, Log())
    with contextlib.closing(listener), socket.create_connection(listener.getsockname()) as client:
        accepted, _ = listener.accept()
        with accepted:
            assert client
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.linux
@pytest.mark.long
def test_clients_that_do_not_hang_up_keep_nobody_waiting(served: Served) -> None:
    with contextlib.ExitStack() as clients:
        for _ in range(CLIENTS):
            clients.enter_context(served.open()).sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        # gunicorn by itself takes 2 s for each of them, one after the other; here eight at a time take 0.4 s.
        good = clients.enter_context(served.open(timeout_s=10))
        good.sendall(GET)
        assert read_answer(good).status == 200


def test_a_client_whose_body_is_too_large_comes_to_read_why(served: Served) -> None:
    with served.connect() as connection:
        answer = connection.ask("POST", RUNS, "x" * (5 * 1024 * 1024))
    assert (answer.status, answer.json()["error"]) == (413, "PAYLOAD_TOO_LARGE")


def test_a_client_that_resets_its_connection_leaves_no_traceback(served: Served) -> None:
    for half in HALVES.values():
        with served.open() as sock:
            sock.sendall(half)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert served.send(GET).status == 200
    assert "Traceback" not in served.log()


# What reaches no route


REFUSED = {
    "request line": (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414, "URI_TOO_LONG"),
    "long header": (GET[:-2] + b"X-Long: " + b"a" * 9000 + b"\r\n\r\n", 431, "REQUEST_HEADER_FIELDS_TOO_LARGE"),
    "many headers": (GET[:-2] + b"X-A: b\r\n" * 80 + b"\r\n", 431, "REQUEST_HEADER_FIELDS_TOO_LARGE"),
    "header without colon": (GET[:-2] + b"nonsense\r\n\r\n", 400, "BAD_REQUEST"),
    "header name": (GET[:-2] + b"a b: c\r\n\r\n", 400, "BAD_REQUEST"),
    "header with NUL": (GET[:-2] + b"X-A: b\x00c\r\n\r\n", 400, "BAD_REQUEST"),
    "folded header": (GET[:-2] + b"X-A: b\r\n c\r\n\r\n", 400, "BAD_REQUEST"),
    "two hosts": (GET[:-2] + b"Host: y\r\n\r\n", 400, "BAD_REQUEST"),
    "version": (b"GET / HTTP/7.3\r\n\r\n", 400, "BAD_REQUEST"),
    "method": (b"get / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "BAD_REQUEST"),
    "no HTTP": (b"\x16\x03\x01\x02\x00\r\n\r\n", 400, "BAD_REQUEST"),
    "target": (b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "BAD_REQUEST"),
    "two lengths": (HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400, "BAD_REQUEST"),
    "length and chunks": (
        HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
        "BAD_REQUEST",
    ),
    "negative length": (HEAD + b"Content-Length: -2\r\n\r\n{}", 400, "BAD_REQUEST"),
    "expectation": (HEAD + b"Expect: a miracle\r\nContent-Length: 2\r\n\r\n{}", 417, "EXPECTATION_FAILED"),
    "coding": (HEAD + b"Transfer-Encoding: rot13\r\n\r\n", 501, "NOT_IMPLEMENTED"),
}
BROKEN_CHUNKS = {
    "no size": b"zz\r\n{}\r\n0\r\n\r\n",
    "negative size": b"-2\r\n{}\r\n0\r\n\r\n",
    "too long for its size": b"1\r\n{}\r\n0\r\n\r\n",
    "bad extension": b"2;=\r\n{}\r\n0\r\n\r\n",
    "endless size": b"0" * 40_000,
    "bad trailer": b"2\r\n{}\r\n0\r\nnonsense\r\n\r\n",
}


@pytest.mark.parametrize(("data", "status", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_reaches_no_route_is_answered_in_the_one_form(served: Served, data: bytes, status: int, code: str) -> None:
    answer = served.send(data)
    demand_problem(answer, status, code)
    assert answer.headers["connection"] == "close"
    assert re.fullmatch("req_[0-9a-f]{16}", answer.headers["x-request-id"])
    assert served.send(GET).status == 200


@pytest.mark.parametrize("chunks", BROKEN_CHUNKS.values(), ids=BROKEN_CHUNKS.keys())
def test_a_broken_chunked_body_is_a_400_and_ends_the_connection(served: Served, chunks: bytes) -> None:
    with served.open() as sock:
        sock.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + GET)
        demand_problem(read_answer(sock), 400, "BAD_JSON")
        assert sock.recv(1) == b""


def test_a_body_that_no_route_reads_and_that_is_broken_gets_one_answer(served: Served) -> None:
    with served.open() as sock:
        sock.sendall(b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
        demand_problem(read_answer(sock), 404, "NOT_FOUND")
        assert sock.recv(1) == b""


def test_what_is_refused_is_logged_and_counted_under_the_id_that_was_told(served: Served) -> None:
    answer = served.send(REFUSED["header without colon"][0])
    request_id = answer.headers["x-request-id"]
    served.wait_for_log(request_id)
    (line,) = [line for line in served.log_lines() if line["request_id"] == request_id]
    assert (line["level"], line["logger"]) == ("WARNING", "rmos.http.refusals")
    with served.connect() as connection:
        counted = connection.ask("GET", "/metrics").body.decode()
    assert re.search(r'^rmos_http_refused_total\{code="BAD_REQUEST"\} [1-9]', counted, re.MULTILINE)


def test_a_request_at_the_limits_is_taken(served: Served) -> None:
    line = b"GET /healthz?" + b"a" * (8190 - len(b"GET /healthz? HTTP/1.1")) + b" HTTP/1.1\r\n"
    headers = b"Host: localhost\r\nX-Long: " + b"a" * 8000 + b"\r\n" + b"X-A: b\r\n" * 62
    assert served.send(line + headers + b"\r\n").status in (200, 422)


def test_the_form_is_that_of_the_service_itself(served: Served) -> None:
    ours, theirs = served.send(b"nonsense\r\n\r\n").json(), served.send(GET.replace(b"healthz", b"nowhere")).json()
    assert list(ours) == list(theirs)


def test_an_error_of_the_application_is_not_taken_for_one_of_the_client(tmp_path: Path) -> None:
    with One(tmp_path, RMOS_LOG_FORMAT="json") as served:
        answer = served.send(GET.replace(b"healthz", b"invalid"))
        demand_problem(answer, 500, "INTERNAL_ERROR")
        served.wait_for_log("Traceback")
        (line,) = [line for line in served.log_lines() if "Traceback" in line.get("exception", "")]
    assert line["request_id"] == answer.headers["x-request-id"]
    assert "InvalidResponseHeader" in line["exception"]


def test_what_a_client_sent_is_told_back_in_part_only(served: Served) -> None:
    answer = served.send(GET[:-2] + b"a" * 5000 + b" b: c\r\n\r\n")
    demand_problem(answer, 400, "BAD_REQUEST")
    assert len(answer.json()["detail"]) < 300


def test_the_port_serves_runs_as_ever(served: Served) -> None:
    with served.connect() as connection:
        created = connection.ask("POST", RUNS, make_body("as ever"))
        assert created.status == 201
        assert connection.ask("GET", f"{RUNS}/{created.json()['run_id']}").status == 200


def test_the_log_of_all_that_holds_no_traceback_and_is_json_throughout(served: Served) -> None:
    demand_problem(served.send(b"nonsense\r\n\r\n"), 400, "BAD_REQUEST")  # of the others, any may run elsewhere
    served.wait_for_log("WARNING")
    assert {line["level"] for line in served.log_lines()} == {"INFO", "WARNING"}
