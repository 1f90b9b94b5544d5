"""What the tests of the HTTP edge share: a cut that is GREEN, and ways to send it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from rmos.config import Settings
from rmos.store import Store
from tests.helpers.rings import SLOT_CUT
from tests.makers import BEARER, write_token

ROOT = Path(__file__).resolve().parents[2]
RUNS = "/api/rmos/runs"
Post = Callable[..., TestResponse]


class TokenClient(FlaskClient):
    """A client that sends the token that `write_token` makes."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {BEARER}"


def make_body(**over: Any) -> dict[str, Any]:
    """Make the body of a cut that can be judged; None takes a member out."""
    body: dict[str, Any] = {
        "mode": "router",
        "tool_id": "em-3175-2f",
        "design": dict(SLOT_CUT),
        "context": {
            "material": {"id": "sitka_spruce"},
            "machine": {"class": "rigid"},
            "stock": {"thickness_mm": 3.0},
        },
        "meta": {"batch_label": "batch_1"},
    }
    return {name: value for name, value in (body | over).items() if value is not None}


def make_named(**over: Any) -> dict[str, Any]:
    """Make the body of a cut of which tool, material and machine are named and nothing is described."""
    named = {"material_id": "sitka_spruce", "machine_id": "rigid_router", "context": {"stock": {"thickness_mm": 3.0}}}
    return make_body(**{**named, **over})


@pytest.fixture(autouse=True)
def _hasty_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for no disk: nothing here is about power cuts."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture(params=["local", pytest.param("tokens", marks=pytest.mark.long)])
def app(app: Flask, settings: Settings, request: pytest.FixtureRequest) -> Flask:
    """The service in local mode, where nobody needs a token, and with a token of an operator: the contract is one.

    Tests of all routes ask for the token of an `admin`, whom each of them serves.
    """
    if request.param in ("tokens", "admin"):
        write_token(settings.runs_dir, role="admin" if request.param == "admin" else "operator")
        app.test_client_class = TokenClient
    return app


@pytest.fixture
def post(client: FlaskClient) -> Post:
    """Post a run: `post(tool_id="x")` replaces members, `key=` sends an Idempotency-Key."""

    def send(*, key: str | None = None, **over: Any) -> TestResponse:
        headers = {} if key is None else {"Idempotency-Key": key}
        return client.post(RUNS, json=make_body(**over), headers=headers)

    return send


@pytest.fixture
def service_store(app: Flask) -> Store:
    """The store as the service holds it."""
    store: Store = app.extensions["rmos"].store
    return store


@pytest.fixture
def run(post: Post) -> str:
    """The URL of a run."""
    return f"{RUNS}/{post().json['run_id']}"
