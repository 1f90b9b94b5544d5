"""When a request is repeated, and after how long."""

import time
from collections.abc import Callable
from email.utils import formatdate

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmos.client import Client, ProblemError, Retries, TooManyRequests, Unavailable, Unreachable
from rmos.client.retries import parse_retry_after
from tests.client.conftest import cut

QUICK = Retries(attempts=4, base_s=0.001, cap_s=0.002)
Handler = Callable[[httpx.Request], httpx.Response]


def problem(status: int, code: str, **headers: str) -> httpx.Response:
    body = {"error": code, "status": status, "title": code, "detail": "No.", "request_id": "req_1"}
    content_type = {"Content-Type": "application/problem+json"}
    return httpx.Response(status, json=body, headers={**content_type, **headers})


def asked(responses: list[httpx.Response | Exception], retries: Retries = QUICK) -> tuple[list[httpx.Request], object]:
    """Return the requests that a create makes when it gets these answers one after the other, and what came of it."""
    sent: list[httpx.Request] = []

    def response(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        given = responses[len(sent) - 1]
        if isinstance(given, Exception):
            raise given
        return given

    with Client("http://rmos.example", retries=retries, transport=httpx.MockTransport(response)) as client:
        try:
            return sent, client.create_run(**cut())
        except Exception as error:  # noqa: BLE001 - what it was is what the test looks at
            return sent, error


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that the client makes; none is waited for."""
    made: list[float] = []
    monkeypatch.setattr(time, "sleep", made.append)
    return made


CREATED = httpx.Response(201, json={"run_id": "run_1"})


@pytest.mark.parametrize(
    "failure",
    [
        problem(429, "TOO_MANY_ATTEMPTS"), problem(503, "INDEX_REBUILDING"), httpx.Response(502, html="<p>"),
        httpx.Response(504), httpx.ConnectError("refused"), httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("broke off"),
    ],
)  # fmt: skip
def test_what_may_go_well_the_next_time_is_repeated_with_the_same_key_and_body(
    failure: httpx.Response | Exception,
) -> None:
    sent, outcome = asked([failure, failure, CREATED])
    assert outcome == {"run_id": "run_1", "replayed": False}
    assert len(sent) == 3
    assert len({request.headers["Idempotency-Key"] for request in sent}) == 1
    assert len({request.content for request in sent}) == 1


def test_each_call_makes_its_own_key() -> None:
    keys = {asked([CREATED])[0][0].headers["Idempotency-Key"] for _ in range(3)}
    assert len(keys) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422, 500, 507, 301])
def test_what_would_come_out_the_same_is_not_repeated(status: int) -> None:
    sent, outcome = asked([problem(status, "SOME_CODE")])
    assert isinstance(outcome, ProblemError)
    assert (outcome.status, outcome.code, len(sent)) == (status, "SOME_CODE", 1)


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (problem(503, "STORE_READ_ONLY"), Unavailable),
        (problem(429, "TOO_MANY_REQUESTS"), TooManyRequests),
        (httpx.Response(502, html="<p>"), Unavailable),
        (httpx.ConnectError("refused"), Unreachable),
    ],
)
def test_after_the_last_try_the_last_failure_is_raised(failure: httpx.Response | Exception, kind: type) -> None:
    sent, outcome = asked([failure] * 4)
    assert type(outcome) is kind
    assert len(sent) == 4


def test_a_retry_after_is_waited_for_in_full(pauses: list[float]) -> None:
    sent, _ = asked([problem(503, "INDEX_REBUILDING", **{"Retry-After": "7"}), CREATED])
    assert len(sent) == 2
    assert [int(pause_s) for pause_s in pauses] == [7]


def test_a_retry_after_beyond_patience_is_raised_at_once_and_told(pauses: list[float]) -> None:
    _, outcome = asked([problem(429, "TOO_MANY_ATTEMPTS", **{"Retry-After": "3600"})])
    assert isinstance(outcome, TooManyRequests)
    assert outcome.retry_after_s == 3600
    assert pauses == []


@given(st.integers(1, 200), st.none() | st.floats(0, 60))
def test_pauses_grow_to_their_cap_and_are_never_shorter_than_retry_after(attempt: int, told_s: float | None) -> None:
    retries = Retries(attempts=201, base_s=0.25, cap_s=8)
    pause_s = retries.pause_s(attempt, told_s)
    assert pause_s is not None
    own = pause_s - (told_s or 0)
    most = min(8.0, 0.25 * 2 ** (attempt - 1))
    assert most / 2 - 1e-9 <= own <= most + 1e-9


def test_pauses_differ_between_clients() -> None:
    assert len({Retries().pause_s(3, None) for _ in range(20)}) > 15


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None), ("0", 0), (" 7 ", 7), ("soon", None), ("-1", None), ("1.5", None), ("", None),
        ("9" * 5000, 999999999),
    ],
)  # fmt: skip
def test_retry_after_is_read_or_ignored(header: str | None, seconds: float | None) -> None:
    assert parse_retry_after(header) == seconds


def test_retry_after_may_be_a_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_766_483_173.5)
    assert parse_retry_after(formatdate(1_766_483_203, usegmt=True)) == 29.5
    assert parse_retry_after(formatdate(1_766_483_143, usegmt=True)) == 0


def test_trap_46_a_date_to_wait_for_is_read_by_the_clock_of_who_sent_it() -> None:
    sent, until = (formatdate(us, usegmt=True) for us in (1_000_000_000, 1_000_000_007))
    assert parse_retry_after(until, sent) == 7
    assert parse_retry_after(until, "no date") == 0


@pytest.mark.parametrize("wrong", [{"attempts": 0}, {"base_s": -1.0}, {"cap_s": 0.1}, {"patience_s": -1.0}])
def test_patience_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="attempts"):
        Retries(**wrong)  # type: ignore[arg-type]
