"""Tokens of every role and of every kind that is over, and clients that send them."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from rmos import ids
from rmos.models import ROLES
from rmos.store import Store
from tests.makers import ANNA

RUNS = "/api/rmos/runs"
Send = Callable[..., TestResponse]


@pytest.fixture
def bearers(app: Flask) -> dict[str, str]:
    """What callers of each role send, by role, and what a revoked and an expired one would."""
    store: Store = app.extensions["rmos"].store
    now = ids.now_us()
    made = {role: store.tokens.create(f"a {role}", role, expires_at_utc=None, actor=ANNA, us=now)[1] for role in ROLES}
    revoked, made["revoked"] = store.tokens.create("gone", "admin", expires_at_utc=None, actor=ANNA, us=now)
    store.tokens.revoke(revoked.token_id, actor=ANNA, us=now)
    made["expired"] = store.tokens.create("late", "admin", expires_at_utc=ids.utc_text(now), actor=ANNA, us=now)[1]
    return made


@pytest.fixture
def send(client: FlaskClient) -> Send:
    """Send a request: `send("GET", RUNS, bearer, HTTP_HOST="…")`."""

    def request(method: str, path: str, bearer: str | None = None, **environ: Any) -> TestResponse:
        headers = {} if bearer is None else {"HTTP_AUTHORIZATION": f"Bearer {bearer}"}
        body = {"json": {"mode": "router", "tool_id": "x"}} if method == "POST" else {}
        return client.open(path, method=method, environ_overrides={**headers, **environ}, **body)

    return request
