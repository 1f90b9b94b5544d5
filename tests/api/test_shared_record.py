"""The service as one of several hosts: what it says of itself and the others, and what its clock forbids."""

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from rmos.config import Settings
from rmos.errors.store import IndexBroken, StorageUnavailable
from rmos.index.hosts import HostBeat
from rmos.store import Store
from rmos.upkeep import Upkeep
from tests.api.conftest import RUNS, make_body
from tests.helpers.memory_objects import MemoryObjects
from tests.helpers.memory_service import ReachedIndex, away, share_in_memory

pytestmark = pytest.mark.parametrize("app", ["local"], indirect=True)


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> tuple[MemoryObjects, ReachedIndex]:
    settings.runs_dir.mkdir()
    return share_in_memory(monkeypatch)


@pytest.fixture
def memory(shared: tuple[MemoryObjects, ReachedIndex]) -> MemoryObjects:
    return shared[0]


@pytest.fixture
def index(shared: tuple[MemoryObjects, ReachedIndex]) -> ReachedIndex:
    return shared[1]


@pytest.fixture
def store(index: ReachedIndex, app: Flask) -> Store:
    opened: Store = app.extensions["rmos"].store
    return opened


def ask_ready(client: FlaskClient) -> tuple[int, Any]:
    response = client.get("/readyz")
    return response.status_code, response.json


def test_a_host_is_ready_and_known_to_the_others(client: FlaskClient, store: Store) -> None:
    status, said = ask_ready(client)
    checks = {"store": "ok", "index": "ok", "clock": "ok", "hosts": "ok"}
    assert (status, said) == (200, {"status": "ok", "checks": checks, "index": {"lists": True}})
    (host,) = store.heartbeat.list_hosts()
    assert store.heartbeat.identity is not None
    assert tuple(host)[:4] == store.heartbeat.identity


def test_the_page_of_the_record_shows_what_a_host_of_several_is_asked(client: FlaskClient, store: Store) -> None:
    page = client.get("/record").text
    assert all(title in page for title in ("Takes runs", "Lists in full", "Clock is right", "Hosts are alike"))
    assert "Has space" not in page
    assert "Look at it" not in page


def test_an_index_that_is_away_leaves_the_host_in_its_balancer(
    client: FlaskClient, store: Store, index: ReachedIndex
) -> None:
    index.cut_off = True
    status, said = ask_ready(client)
    assert (status, said["status"], said["index"]) == (200, "degraded", {"lists": False})
    response = client.post(RUNS, json=make_body())
    assert (response.status_code, response.json["indexed"]) == (201, False)
    assert client.get(RUNS).status_code == 503
    assert client.get(f"{RUNS}/{response.json['run_id']}").status_code == 200


def test_a_storage_that_is_away_takes_it_out_until_it_is_back(
    client: FlaskClient, store: Store, memory: MemoryObjects
) -> None:
    upkeep = Upkeep(store)
    for fail, status in ((away("entries"), 503), (lambda verb, key: None, 200)):
        memory.fail = fail
        upkeep._pass(thorough=True)
        assert ask_ready(client)[0] == status
    store.objects.writable = lambda: False  # type: ignore[method-assign]
    assert ask_ready(client)[0] == 503


@pytest.mark.parametrize(
    ("skew_s", "status", "says", "made"),
    [(1.9, 200, "ok", 201), (-3.0, 200, "3 s behind", 201), (61.0, 503, "61 s ahead", 503)],
)
def test_a_clock_that_is_off_is_told_and_makes_no_ids_when_it_is_far_off(
    client: FlaskClient, store: Store, index: ReachedIndex, skew_s: float, status: int, says: str, made: int
) -> None:
    client.post(RUNS, json=make_body())
    index.hosts.skew_s = skew_s  # type: ignore[union-attr]
    store.heartbeat.beat()
    ready, said = ask_ready(client)
    assert (ready, says in said["checks"]["clock"]) == (status, True)
    writes = [(RUNS, make_body()), ("/api/workflow/sessions", {"workflow_type": "rosette"})]
    writes += [("/api/rmos/rosettes", {"prompt": "rope in koa, 6 mm band"})]
    for path, body in writes:
        response = client.post(path, json=body)
        assert response.status_code == made
        if made == 503:
            assert (response.json["error"], response.headers["Retry-After"]) == ("CLOCK", "30")
    assert client.get(RUNS).status_code == 200


def test_hosts_that_run_another_release_or_decide_by_other_tables_are_named(
    client: FlaskClient, store: Store, index: ReachedIndex, runner: FlaskCliRunner
) -> None:
    own = store.heartbeat.identity
    assert own is not None
    assert index.hosts is not None
    index.hosts.beat(HostBeat("shop-2", 1, "0.0.1", own.tables_sha256, 0.0))
    index.hosts.beat(HostBeat("shop-3", 1, own.release, 64 * "0", 0.0))
    told = ["host shop-2 runs release 0.0.1", "host shop-3 decides by other tables"]
    status, said = ask_ready(client)
    assert (status, said["status"], said["checks"]["hosts"]) == (200, "degraded", "; ".join(told))
    shown = runner.invoke(args=["rmos", "status"]).output
    assert "Serving: shop-2, pid 1, release 0.0.1, clock +0.0 s" in shown
    listed = json.loads(runner.invoke(args=["rmos", "status", "--json"]).stdout)
    assert {host["host"] for host in listed["hosts"]} == {"shop-2", "shop-3", own.host}
    assert len(listed["host_differences"]) == 2


def test_what_backends_do_is_counted(client: FlaskClient, app: Flask, store: Store) -> None:
    metrics = app.extensions["rmos"].metrics
    metrics.storage_request("PUT", "ok", 0.01)
    metrics.pool_wait(0.02)
    metrics.spool_bytes(7)
    metrics.breaker(True)
    store.heartbeat.note_storage(StorageUnavailable("Away."))
    shown = client.get("/metrics").text
    for line in (
        'rmos_storage_request_duration_seconds_count{method="PUT",outcome="ok"} 1.0',
        "rmos_database_pool_wait_seconds_count 1.0",
        "rmos_spool_bytes 7.0",
        "rmos_storage_breaker_open 1.0",
        "rmos_announcements_open 0.0",
    ):
        assert line in shown


def test_an_index_that_is_about_to_be_made_is_no_trouble_of_the_hosts(
    client: FlaskClient, store: Store, index: ReachedIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(seconds: float) -> None:
        raise IndexBroken("It is being made.")

    monkeypatch.setattr(index.hosts, "seen_within", break_off)
    monkeypatch.setattr(store, "_reconciled", None)
    checks = ask_ready(client)[1]["checks"]
    assert (checks["hosts"], checks["index"]) == ("ok", "being filled from the record")


def test_the_page_of_the_record_says_what_is_wrong(client: FlaskClient, store: Store, index: ReachedIndex) -> None:
    index.hosts.skew_s = 5.0  # type: ignore[union-attr]
    store.heartbeat.beat()
    assert "the clock of this host is 5 s ahead" in client.get("/record").text
