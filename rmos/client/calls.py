"""What all calls of the client are made of: the connections, and requests with JSON, pages and one-time keys."""

import uuid
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from rmos.client.requests import encode_json, encode_text
from rmos.client.responses import RunSummary
from rmos.client.retries import Retries
from rmos.client.transport import Transport, read_body, read_items

JSON = {"Content-Type": "application/json"}
_PAGE = 200
"""Runs of one page of an iteration: few requests, and the first run comes soon."""


class Calls:
    """The connections to one service; `Client` has a method for each thing to ask."""

    def __init__(
        self,
        base_url: str,
        *,
        token: str | None = None,
        timeout_s: float = 30.0,
        retries: Retries | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Make a client; nothing is sent yet.

        Args:
            base_url: where the service is, such as `http://127.0.0.1:8000`.
            token: who asks, `rmos_<id>_<secret>`; not needed while the service knows no tokens.
            timeout_s: how long connecting, and each silence within a response, may take.
            transport: instead of the network, for tests of programs that use this.
        """
        headers = {"Accept": "application/json", "User-Agent": "rmos-client"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self._http = httpx.Client(base_url=base_url, headers=headers, timeout=timeout_s, transport=transport)
        self._transport = Transport(self._http, retries or Retries())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _object(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        return read_body(self._transport.send("GET", path, params=params))

    def _post(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Send what has no key and must not be done twice: once."""
        sent = {**JSON, **(headers or {})}
        return read_body(self._transport.send("POST", path, headers=sent, content=encode_json(body), retried=False))

    def _make_once(self, path: str, body: Mapping[str, Any], key: str | None) -> httpx.Response:
        """Send what makes a record, again when that may help, under one Idempotency-Key."""
        headers = {**JSON, "Idempotency-Key": str(uuid.uuid4()) if key is None else key}
        return self._transport.send("POST", path, headers=headers, content=encode_json(body))

    def _list(self, path: str, name: str, params: Mapping[str, str] | None = None) -> list[Any]:
        return read_items(self._object(path, params), name)

    def _walk(self, path: str, filters: Mapping[str, object], limit: int | None) -> Iterator[RunSummary]:
        params = {name: encode_text(value) for name, value in filters.items() if value is not None}
        left = limit
        while left is None or left > 0:
            params["limit"] = str(_PAGE if left is None else min(_PAGE, left))
            page = self._object(path, params)
            items = read_items(page, "items")
            yield from items
            left = None if left is None else left - len(items)
            if page.get("next_cursor") is None:
                return
            params["cursor"] = str(page["next_cursor"])
