"""`/healthz` and `/readyz`: 503 only when records are not taken or lists are not complete."""

import threading
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos import ids
from rmos.config import Settings
from rmos.http.health_checks import SPACE_NEEDED, SPACE_WANTED
from rmos.ids import DAY_US
from rmos.objects.local_reading import LocalReading
from rmos.store import Store
from rmos.store.reconcile import Reach
from tests.api.conftest import RUNS, Post
from tests.helpers.waiting import wait_until
from tests.makers import US, make_members


def test_a_living_process_says_so_without_looking_at_the_store(app: Flask, client: FlaskClient) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.json) == (200, {"status": "ok"})
    assert not list(app.extensions["rmos"].settings.runs_dir.glob("_[!t]*"))


def test_a_healthy_store_is_ready(client: FlaskClient) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    checks = {"store": "ok", "index": "ok", "space": "ok"}
    assert response.json == {"status": "ok", "checks": checks, "index": {"lists": True}}
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
    assert response.json["index"] == {"lists": False, "folders_done": 0, "folders": 0, "runs": 0}
    assert woken == [True]


def test_trap_49_while_the_index_is_filled_after_a_start_all_but_lists_is_served_and_says_how_far_it_is(
    app: Flask, client: FlaskClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Store.open(settings)  # it knows no summaries, so its runs have no rows
    first, second = (writer.runs.put(make_members(US + day * DAY_US)).view.artifact.run_id for day in (0, 1))
    changed_since, may_go_on = LocalReading.changed_since, threading.Event()

    def hold(objects: LocalReading, key: str, token: str | None) -> str | None:
        if key == ids.partition_of(US + DAY_US):
            may_go_on.wait()
        return changed_since(objects, key, token)

    monkeypatch.setattr(LocalReading, "changed_since", hold)
    rmos = app.extensions["rmos"]
    rmos.start_upkeep(wait_s=0)
    wait_until(lambda: rmos.store.measure_index().folders_done, "the first folder")
    try:
        assert client.get("/healthz").status_code == 200
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json["checks"]["store"]) == (503, "ok")
        assert ready.json["checks"]["index"] == "being filled from the record: 1 of 2 folders are done"
        assert ready.json["index"] == {"lists": False, "folders_done": 1, "folders": 2, "runs": 1}
        other = Store.open(settings)  # another worker, which waits for its turn
        assert other.measure_index() == Reach(folders_done=1, folders=2)
        other.index.close()
        assert [client.get(f"{RUNS}/{run_id}").status_code for run_id in (first, second)] == [200, 200]
        assert client.post(RUNS, json={"mode": "router", "tool_id": "x"}).status_code == 201
        refused = client.get(RUNS)
        assert (refused.status_code, refused.json["error"]) == (503, "INDEX_REBUILDING")
        assert int(refused.headers["Retry-After"]) > 0
    finally:
        may_go_on.set()
    wait_until(lambda: client.get("/readyz").status_code == 200, "the index")
    assert len(client.get(RUNS).json["items"]) == 3


def test_a_store_that_cannot_be_opened_is_not_ready(app: Flask, client: FlaskClient) -> None:
    runs_dir: Any = app.extensions["rmos"].settings.runs_dir
    runs_dir.mkdir(exist_ok=True)
    (runs_dir / "_format.json").write_text('{"format": 99}')
    response = client.get("/readyz")
    assert (response.status_code, response.json["status"]) == (503, "degraded")
    assert "format 99" in response.json["checks"]["store"]
