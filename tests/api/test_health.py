"""`/healthz` and `/readyz`: 503 only when records are not taken or lists are not complete."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos.api.health import SPACE_NEEDED, SPACE_WANTED
from rmos.store import Store
from tests.api.conftest import RUNS, Post


def test_a_living_process_says_so_without_looking_at_the_store(app: Flask, client: FlaskClient) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.json) == (200, {"status": "ok"})
    assert not list(app.extensions["rmos"].settings.runs_dir.glob("_[!t]*"))


def test_a_healthy_store_is_ready(client: FlaskClient) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json == {"status": "ok", "checks": {"store": "ok", "index": "ok", "space": "ok"}}
    assert response.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("free", "status", "word"),
    [
        (SPACE_WANTED, 200, "ok"),
        (SPACE_WANTED - 1, 200, "degraded"),
        (SPACE_NEEDED, 200, "degraded"),
        (SPACE_NEEDED - 1, 503, "degraded"),
        (0, 503, "degraded"),
        (None, 200, "ok"),  # a storage without a limit
    ],
)
def test_space_is_told_before_it_runs_out(
    client: FlaskClient, service_store: Store, monkeypatch: pytest.MonkeyPatch, free: int | None, status: int, word: str
) -> None:
    monkeypatch.setattr(service_store.objects, "free_bytes", lambda: free)
    response = client.get("/readyz")
    assert (response.status_code, response.json["status"]) == (status, word)


def test_a_store_that_takes_no_writes_is_not_ready_while_reads_go_on(
    client: FlaskClient, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = post()

    def fail(fd: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", fail)
        assert post().status_code == 503
    response = client.get("/readyz")
    assert response.status_code == 503
    assert "restart" in response.json["checks"]["store"]
    assert client.get(made.headers["Location"]).status_code == 200
    assert client.get(RUNS).status_code == 200
    assert post().status_code == 503


def test_an_index_that_is_not_complete_is_not_ready_and_is_seen_to(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get("/readyz")
    woken: list[bool] = []
    monkeypatch.setattr(app.extensions["rmos"].store.gaps, "on_gap", lambda: woken.append(True))
    (app.extensions["rmos"].settings.runs_dir / "_index.sqlite").unlink()
    response = client.get("/readyz")
    assert (response.status_code, response.json["checks"]["store"]) == (503, "ok")
    assert response.json["checks"]["index"] != "ok"
    assert woken == [True]


def test_a_store_that_cannot_be_opened_is_not_ready(app: Flask, client: FlaskClient) -> None:
    runs_dir: Any = app.extensions["rmos"].settings.runs_dir
    runs_dir.mkdir(exist_ok=True)
    (runs_dir / "_format.json").write_text('{"format": 99}')
    response = client.get("/readyz")
    assert (response.status_code, response.json["status"]) == (503, "degraded")
    assert "format 99" in response.json["checks"]["store"]
