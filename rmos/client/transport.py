"""Requests with retries: one response of the service, or one exception that says why there is none."""

import json
import logging
import time
from collections.abc import Mapping
from typing import Any

import httpx

from rmos.client.errors import BadAnswer, ProblemError, Unreachable, make_problem_error
from rmos.client.retries import REPEATED_STATUSES, Retries, parse_retry_after

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
        """Return the whole response, whatever its status; those that are worth a retry only when all were used up.

        Raises:
            Unreachable: there was no response.
            ValueError: the request cannot be sent at all.
        """
        attempt = 0
        while True:
            attempt += 1
            response: httpx.Response | None = None
            try:
                response = self._http.request(method, path, params=params, headers=headers, content=content)
                if response.status_code not in REPEATED_STATUSES:
                    return response
                reason, wait_s = (
                    f"status {response.status_code}",
                    parse_retry_after(response.headers.get("Retry-After"), response.headers.get("Date")),
                )
            except (*_NOT_SENT, httpx.InvalidURL) as error:
                raise ValueError(f"The request cannot be sent: {error}.") from None
            except httpx.RequestError as error:
                reason, wait_s = f"{type(error).__name__}: {error}", None
            pause_s = self._retries.pause_s(attempt, wait_s) if retried else None
            if pause_s is None:
                if response is not None:
                    return response
                raise Unreachable(f"The service does not answer after {attempt} attempts; the last one: {reason}.")
            log.info("%s %s: %s, again in %.2f s", method, path, reason, pause_s)
            time.sleep(pause_s)


def read_body(response: httpx.Response) -> dict[str, Any]:
    """Return the JSON object that a response carries.

    Raises:
        ProblemError: it is a refusal.
        BadAnswer: it is no JSON object.
    """
    require_success(response)
    value = parse_body(response)
    if value is None:
        raise BadAnswer(f"The response to {response.request.url} is no JSON object; is this the address of RMOS?")
    return value


def read_items(members: Mapping[str, Any], name: str) -> list[Any]:
    """Return a list that a response holds.

    Raises:
        BadAnswer: it holds none.
    """
    items = members.get(name)
    if not isinstance(items, list):
        raise BadAnswer(f"The response has no list `{name}`; is this the address of RMOS?")
    return items


def parse_body(response: httpx.Response) -> dict[str, Any] | None:
    """Return the JSON object that a response carries, whatever its status; None when it carries none."""
    try:
        value = response.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        return None
    return value if isinstance(value, dict) else None


def require_success(response: httpx.Response) -> None:
    """Raise the problem that a response is, unless it is a success.

    Raises:
        ProblemError: the subclass for its code.
    """
    if not response.is_success:
        raise _make_problem(response)


def _make_problem(response: httpx.Response) -> ProblemError:
    is_problem = response.headers.get("Content-Type", "").partition(";")[0].strip() == _PROBLEM
    problem = parse_body(response) if is_problem else None
    if problem is None:
        # Not ours: a proxy between, or another service.
        problem = {
            "title": response.reason_phrase,
            "detail": f"{response.request.url} answered without a problem of RMOS",
        }
    return make_problem_error(
        response.status_code,
        problem,
        parse_retry_after(response.headers.get("Retry-After"), response.headers.get("Date")),
    )
