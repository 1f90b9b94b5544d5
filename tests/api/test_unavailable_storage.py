"""A disk that does not give what stands there: that is no damage, and asked again it is there."""

import errno
import os
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos.auth.callers import FRESH_S
from rmos.auth.guard import WRONG_TOKENS
from rmos.config import Settings
from tests.api.conftest import RUNS, make_body
from tests.helpers.attachments import DRAWING, SHA256, make_upload
from tests.helpers.failing import failing_to_open
from tests.makers import BEARER, write_token

OTHER = DRAWING + b"\n"
KEY = {"Idempotency-Key": "key-1"}
ASKED: dict[str, tuple[str, Callable[[FlaskClient, str], Any]]] = {
    "artifact": ("run_", lambda client, run: client.get(run)),
    "event": (".000001.json", lambda client, run: client.get(f"{run}/events")),
    "bytes": ("run_", lambda client, run: client.get(f"{run}/download")),
    "attachment": (SHA256, lambda client, run: client.get(f"{run}/attachments/{SHA256}")),
    "blob": (SHA256, lambda client, run: client.get(f"/api/rmos/attachments/{SHA256}")),
    "claim": ("_claims", lambda client, run: client.post(RUNS, json=make_body(), headers=KEY)),
    "delete": ("run_", lambda client, run: client.delete(run, query_string={"reason": "a trial cut"})),
    "append": (
        ".000001.json",
        lambda client, run: client.post(f"{run}/attachments", json=make_upload(OTHER)),
    ),
}


@pytest.mark.parametrize("number", [errno.EIO, errno.EMFILE])
@pytest.mark.parametrize("what", ASKED)
def test_trap_49_what_could_not_be_read_is_unavailable_and_no_damage(
    client: FlaskClient, settings: Settings, monkeypatch: pytest.MonkeyPatch, what: str, number: int
) -> None:
    run_id = client.post(RUNS, json=make_body(), headers=KEY).json["run_id"]
    run = f"{RUNS}/{run_id}"
    assert client.post(f"{run}/attachments", json=make_upload()).status_code == 201
    where, ask = ASKED[what]
    with failing_to_open(monkeypatch, where, number):
        response = ask(client, run)
    assert (response.status_code, response.json["error"]) == (503, "STORAGE_UNAVAILABLE"), response.text
    assert response.headers["Retry-After"] == "2"
    assert str(settings.runs_dir) not in response.text
    assert ask(client, run).status_code in (200, 201)


def test_trap_49_a_folder_that_could_not_be_listed_is_unavailable(
    client: FlaskClient, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(path: str) -> Any:
        raise OSError(errno.EIO, "Input/output error", path)

    unknown = f"{RUNS}/{0:032x}"
    with monkeypatch.context() as patched:
        for name in ("listdir", "scandir"):
            patched.setattr(os, name, failing)
        response = client.get(unknown)
    assert (response.status_code, response.json["error"]) == (503, "STORAGE_UNAVAILABLE")
    assert client.get(unknown).status_code == 404


def test_trap_49_a_token_that_could_not_be_read_is_unavailable_and_not_wrong(
    app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_token(settings.runs_dir, role="recorder")
    client, bearer = app.test_client(), {"Authorization": f"Bearer {BEARER}"}
    stranger = {"Authorization": f"Bearer rmos_nobody_{'A' * 43}"}
    with failing_to_open(monkeypatch, "tok_"):
        responses = [client.get(RUNS, headers=bearer) for _ in range(WRONG_TOKENS + 1)]
        responses.append(client.post(RUNS, json=make_body(), headers=bearer))
        responses.append(client.post("/sign-in", data={"token": BEARER}, headers={"Origin": "http://localhost"}))
        assert client.get(RUNS, headers=stranger).status_code == 401
        assert client.get("/healthz").status_code == 200
    assert {(response.status_code, response.json["error"]) for response in responses} == {(503, "STORAGE_UNAVAILABLE")}
    assert {response.headers["Retry-After"] for response in responses} == {"2"}
    now_s = time.monotonic()
    monkeypatch.setattr(app.extensions["rmos.guard"].callers, "_clock", lambda: now_s + FRESH_S)
    assert client.get(RUNS, headers=bearer).status_code == 200


def test_trap_49_a_sign_in_whose_token_could_not_be_read_is_unavailable_and_not_over(
    app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_token(settings.runs_dir)
    client = app.test_client()
    assert client.post("/sign-in", data={"token": BEARER}, headers={"Origin": "http://localhost"}).status_code == 303
    now_s = time.monotonic()
    monkeypatch.setattr(app.extensions["rmos.guard"].callers, "_clock", lambda: now_s + FRESH_S)
    with failing_to_open(monkeypatch, "tok_"):
        response = client.get(RUNS)
    assert (response.status_code, response.json["error"]) == (503, "STORAGE_UNAVAILABLE")
