"""Where the service listens, by which URLs it is opened, and what is found out once it answers."""

import socket
import threading

import pytest

from rmos.errors.installation import CannotListen
from rmos.serving.addresses import Address, choose_free, claim, parse_address, reachable, urls_of
from rmos.serving.announcing import find_troubles, wait_until_answering
from tests.helpers.waiting import PATIENCE_S


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("127.0.0.1:8000", "127.0.0.1", 8000), ("[::1]:0", "::1", 0), ("shop.example:65535", "shop.example", 65535)],
)
def test_an_address_is_read_and_written_alike(text: str, host: str, port: int) -> None:
    assert parse_address(text) == Address(host, port)
    assert str(parse_address(text)) == text


@pytest.mark.parametrize(
    "text", ["nonsense", "8000", ":8000", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:8000", "[::1:8000", ""]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^$"):
        parse_address(text)


def test_a_port_in_use_is_passed_over_and_refused_where_just_that_one_was_wanted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        wanted = Address(*taken.getsockname())
        found = choose_free(wanted)
        assert found.host == wanted.host
        assert found.port not in (0, wanted.port)
        with pytest.raises(CannotListen, match=f"Cannot listen on {wanted}: Address already in use"):
            claim(wanted)


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_an_address_of_another_machine_is_refused_by_name(host: str) -> None:
    for choose in (claim, choose_free):
        with pytest.raises(CannotListen, match=f"Cannot listen on {host}:80"):
            choose(Address(host, 8000))


def test_the_urls_of_every_address_are_some_that_can_be_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    for host, here in (("0.0.0.0", "127.0.0.1"), ("::", "[::1]")):
        address = Address(host, 8203)
        assert str(reachable(address)) == f"{here}:8203"
        first, *others = urls_of(address)
        assert first == f"http://{here}:8203"
        assert all("0.0.0.0" not in other and "[::]" not in other for other in others)
    assert urls_of(Address("192.0.2.7", 80)) == ["http://192.0.2.7:80"]
    monkeypatch.setenv("SCRIPT_NAME", "/rmos")
    assert urls_of(Address("127.0.0.1", 80)) == ["http://127.0.0.1:80/rmos"]


class Answering:
    """A server that answers one request after the other with some bodies, and from then on with the last."""

    def __init__(self, status: int, *bodies: bytes) -> None:
        head = b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n"
        self._answers = [head % (status, len(body)) + body for body in bodies]
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = Address(*self._server.getsockname())
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> "Answering":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._server.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(self._answers.pop(0) if len(self._answers) > 1 else self._answers[0])


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (200, b'{"checks":{"store":"ok","space":"ok"}}', []),
        (200, b'{"checks":{"store":"ok","space":"512 MiB free"}}', ["not quite well: space: 512 MiB free"]),
        (503, b'{"checks":{"store":"no writes","index":"ok"}}', ["NOT READY: store: no writes"]),
        (401, b"who are you?", []),
        (500, b"nonsense", ["NOT READY: /readyz does not answer"]),
    ],
)
def test_what_readyz_finds_is_told(status: int, body: bytes, told: list[str]) -> None:
    with Answering(status, body) as server:
        assert find_troubles(server.address, patience_s=0) == told


def test_a_host_of_several_that_does_not_list_yet_is_looked_at_again() -> None:
    filling = b'{"checks":{"store":"ok","index":"being filled"},"index":{"lists":false}}'
    with Answering(200, filling, filling, b'{"checks":{"store":"ok","index":"ok"},"index":{"lists":true}}') as server:
        assert find_troubles(server.address, patience_s=PATIENCE_S) == []


@pytest.mark.parametrize(("status", "answers"), [(200, True), (401, True), (500, False)])
def test_a_service_that_wants_a_token_answers_too(status: int, answers: bool) -> None:
    looks = iter([True, False])
    with Answering(status, b"{}") as server:
        assert wait_until_answering(server.address, still_wanted=lambda: next(looks)) is answers
