"""Requests with retries: one answer of the service, or one exception that says why there is none."""

import json
import logging
import time
from collections.abc import Mapping
from typing import Any

import httpx

from rmos.client.errors import BadAnswer, ProblemError, Unreachable, problem_error
from rmos.client.retries import REPEATED_STATUSES, Retries, retry_after_s

log = logging.getLogger(__name__)

_PROBLEM = "application/problem+json"
_NOT_SENT = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)
"""Mistakes of the caller: a second try makes the same one."""


class Transport:
    """An httpx client that repeats what may go well the next time; each request must be safe to repeat."""

    def __init__(self, http: httpx.Client, retries: Retries) -> None:
        self._http = http
        self._retries = retries

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        retried: bool = True,
    ) -> httpx.Response:
        """Return the whole answer, whatever its status; those that are worth a retry only when all were used up.

        Raises:
            Unreachable: there was no answer.
            ValueError: the request cannot be sent at all.
        """
        attempt = 0
        while True:
            attempt += 1
            answer: httpx.Response | None = None
            try:
                answer = self._http.request(method, path, params=params, headers=headers, content=content)
                if answer.status_code not in REPEATED_STATUSES:
                    return answer
                told, wait_s = f"status {answer.status_code}", retry_after_s(answer.headers.get("Retry-After"))
            except (*_NOT_SENT, httpx.InvalidURL) as error:
                raise ValueError(f"The request cannot be sent: {error}.") from None
            except httpx.RequestError as error:
                told, wait_s = f"{type(error).__name__}: {error}", None
            pause_s = self._retries.pause_s(attempt, wait_s) if retried else None
            if pause_s is None:
                if answer is not None:
                    return answer
                raise Unreachable(f"The service does not answer after {attempt} attempts; the last one: {told}.")
            log.info("%s %s: %s, again in %.2f s", method, path, told, pause_s)
            time.sleep(pause_s)


def member_of(answer: httpx.Response) -> dict[str, Any]:
    """Return the JSON object that an answer carries.

    Raises:
        ProblemError: it is a refusal.
        BadAnswer: it is no JSON object.
    """
    require_success(answer)
    value = object_in(answer)
    if value is None:
        raise BadAnswer(f"The answer to {answer.request.url} is no JSON object; is this the address of RMOS?")
    return value


def object_in(answer: httpx.Response) -> dict[str, Any] | None:
    """Return the JSON object that an answer carries, whatever its status; None when it carries none."""
    try:
        value = answer.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        return None
    return value if isinstance(value, dict) else None


def require_success(answer: httpx.Response) -> None:
    """Raise what an answer is that is no success.

    Raises:
        ProblemError: the subclass for its code.
    """
    if not answer.is_success:
        raise _problem(answer)


def _problem(answer: httpx.Response) -> ProblemError:
    is_problem = answer.headers.get("Content-Type", "").partition(";")[0].strip() == _PROBLEM
    problem = object_in(answer) if is_problem else None
    if problem is None:
        # Not ours: a proxy between, or another service.
        problem = {"title": answer.reason_phrase, "detail": f"{answer.request.url} answered without a problem of RMOS"}
    return problem_error(answer.status_code, problem, retry_after_s(answer.headers.get("Retry-After")))
