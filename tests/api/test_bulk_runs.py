"""`POST /api/rmos/runs/batch`: many runs in one request, each with the result that it would have alone."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rmos import create_app, digest, ids
from rmos.checks.verify import verify_store
from rmos.config import Settings
from rmos.errors.store import IndexUnavailable, OutOfSpace, StorageUnavailable
from rmos.objects.base import CreateResult, NewObject
from rmos.schemas.bulk_runs import MAX_RUNS
from rmos.services import bulk_runs
from rmos.store import Store
from tests.api.conftest import RUNS, Post, make_body
from tests.trying import tries

BULK = f"{RUNS}/batch"


def send(client: FlaskClient, *items: Any) -> list[dict[str, Any]]:
    """Send items and return their results."""
    response = client.post(BULK, json={"runs": list(items)})
    assert response.status_code == 200, response.text
    body = response.json
    results: list[dict[str, Any]] = body["results"]
    succeeded = sum(result["ok"] for result in results)
    assert body == {
        "total": len(items),
        "succeeded": succeeded,
        "failed": len(items) - succeeded,
        "results": results,
    }
    return results


def list_ids(client: FlaskClient) -> list[str]:
    return [run["run_id"] for run in client.get(RUNS, query_string={"limit": 500}).json["items"]]


def test_each_run_is_recorded_and_told_in_the_order_of_the_request(client: FlaskClient, post: Post) -> None:
    results = send(client, *(make_body(notes=f"no. {place}") for place in range(20)))
    recorded = [result["run"] for result in results]
    alone = post().json
    for place, run in enumerate(recorded):
        assert run == {**alone, "run_id": run["run_id"]}
        assert client.get(f"{RUNS}/{run['run_id']}").json["notes"] == f"no. {place}"
    made = [run["run_id"] for run in recorded]
    assert made == sorted(set(made)), "ids are in the order of the request, and so is every list"
    assert list_ids(client) == [alone["run_id"], *made[::-1]]


def test_what_cannot_be_taken_is_a_problem_and_keeps_nothing_else_out(client: FlaskClient, post: Post) -> None:
    session_id = "ws_" + "0" * 32
    results = send(
        client,
        make_body(),
        make_body(mode=None),
        7,
        make_body(design={"operation": "channel", "feed_mm_min": 9e5}),
        make_body(workflow_session_id=session_id),
        make_body(engine_id="no_such"),
        make_body(outputs={"gcode_text": "x" * 300_000}),
        make_body(idempotency_key="two words"),
        make_body(idempotency_kye="a"),
        make_body(),
    )
    assert [result["ok"] for result in results] == [True, False, False, True, *[False] * 5, True]
    problems = [result["problem"] for result in results if not result["ok"]]
    assert [(problem["status"], problem["error"]) for problem in problems] == [
        (422, "VALIDATION_FAILED"),
        (422, "VALIDATION_FAILED"),
        (404, "SESSION_NOT_FOUND"),
        (404, "ENGINE_NOT_FOUND"),
        (413, "PAYLOAD_TOO_LARGE"),
        (422, "VALIDATION_FAILED"),
        (422, "VALIDATION_FAILED"),
    ]
    alone = post(workflow_session_id=session_id).json
    assert {**problems[2], "request_id": ""} == {**alone, "request_id": ""}
    assert list(problems[1]["errors"]) == ["body"]
    assert "idempotency_key" in problems[-1]["detail"], "the nearest name is offered"
    recorded = [result["run"]["run_id"] for result in results if result["ok"]]
    assert sorted(list_ids(client)) == sorted([*recorded, problems[3]["run_id"]])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"runs":[{}', 400),
        ("[]", 400),
        ('{"runs":[{"mode":"router","mode":"router"}]}', 400),
        ("{}", 422),
        ('{"runs":{}}', 422),
        ('{"runs":[]}', 422),
        ('{"runs":[{}],"view":"brief"}', 422),
        (json.dumps({"runs": [make_body()] * (MAX_RUNS + 1)}), 422),
        (json.dumps({"runs": [make_body(notes="x" * 10_000)] * 450}), 413),
    ],
)
def test_what_concerns_all_of_them_refuses_the_request_as_a_whole(client: FlaskClient, body: str, status: int) -> None:
    response = client.post(BULK, data=body, content_type="application/json")
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    assert list_ids(client) == []


def test_the_header_for_one_request_is_refused_and_nothing_stands_under_the_address(client: FlaskClient) -> None:
    response = client.post(BULK, json={"runs": [make_body()]}, headers={"Idempotency-Key": "k"})
    assert (response.status_code, response.json["error"]) == (400, "BAD_HEADER")
    for method in ("GET", "DELETE"):
        answer = client.open(BULK, method=method)
        assert (answer.status_code, set(answer.headers["Allow"].split(", "))) == (405, {"POST", "OPTIONS"})
    assert list_ids(client) == []


# Keys


def test_a_key_makes_one_run_however_and_with_whatever_it_is_sent(client: FlaskClient, post: Post) -> None:
    first, alone = send(client, make_body(idempotency_key="a"), make_body())
    by_header = post(key="b").json
    results = send(
        client,
        make_body(idempotency_key="b"),
        make_body(idempotency_key="a"),
        make_body(idempotency_key="c"),
        make_body(idempotency_key="c"),
        make_body(idempotency_key="c", notes="another"),
        make_body(idempotency_key="a", notes="another"),
    )
    assert [result.get("replayed") for result in results] == [True, True, False, True, None, None]
    assert [result["run"]["run_id"] for result in results[:2]] == [by_header["run_id"], first["run"]["run_id"]]
    assert results[3]["run"] == results[2]["run"]
    assert [result["problem"]["error"] for result in results[4:]] == ["IDEMPOTENCY_KEY_REUSED"] * 2
    assert results[5]["problem"]["run_id"] == first["run"]["run_id"]
    assert post(key="c").json == results[2]["run"]
    assert sorted(list_ids(client)) == sorted(
        {first["run"]["run_id"], alone["run"]["run_id"], by_header["run_id"], results[2]["run"]["run_id"]}
    )


def test_the_same_request_again_makes_nothing(client: FlaskClient) -> None:
    items = [make_body(idempotency_key=f"k{place}", notes=str(place)) for place in range(30)]
    first, second = send(client, *items), send(client, *items)
    assert [result["replayed"] for result in second] == [True] * 30
    assert [result["run"] for result in first] == [result["run"] for result in second]
    assert len(list_ids(client)) == 30


def test_a_claim_whose_maker_died_is_taken_over_under_its_id(client: FlaskClient, service_store: Store) -> None:
    us = ids.parse_utc("2025-12-23T09:46:13.123456Z")
    run_id = service_store.claims.take_run_id("local", "k1", digest.canonical_sha256(make_body()), us)
    (result,) = send(client, make_body(idempotency_key="k1"))
    assert (result["replayed"], result["run"]["run_id"]) == (False, run_id)
    assert client.get(f"{RUNS}/{run_id}").json["created_at_utc"] == "2025-12-23T09:46:13.123456Z"


# What goes wrong on the way


def test_a_storage_that_goes_away_midway_refuses_the_rest_and_the_same_request_completes_it(
    app: Flask, client: FlaskClient, service_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [make_body(idempotency_key=f"k{place}", notes=str(place)) for place in range(10)]
    send(client, make_body())
    objects = app.extensions["rmos"].store.objects
    genuine = objects.create_many

    def create_many(new: list[NewObject]) -> list[CreateResult]:
        if new[0].key.startswith("_claims"):
            return genuine(new)
        return [
            *genuine(new[:6]),
            OutOfSpace("The disk is full."),
            *[StorageUnavailable("No answer.")] * (len(new) - 7),
        ]

    with monkeypatch.context() as patched:
        patched.setattr(objects, "create_many", create_many)
        results = send(client, *items)
    assert [result["ok"] for result in results] == [True] * 6 + [False] * 4
    assert [result["problem"]["status"] for result in results[6:]] == [507, 503, 503, 503]
    assert len(list_ids(client)) == 7
    again = send(client, *items)
    assert [result["replayed"] for result in again] == [True] * 6 + [False] * 4
    assert len(list_ids(client)) == 11
    assert verify_store(service_store).findings == []


def test_a_fault_of_ours_in_one_loses_none_of_the_others(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    genuine = bulk_runs.make_run

    def make_run(store: Store, engines: Any, request: Any, *rest: Any, **more: Any) -> Any:
        if request.notes == "the fault":
            raise ZeroDivisionError
        return genuine(store, engines, request, *rest, **more)

    monkeypatch.setattr(bulk_runs, "make_run", make_run)
    results = send(client, make_body(), make_body(notes="the fault"), make_body())
    assert [result["ok"] for result in results] == [True, False, True]
    problem = results[1]["problem"]
    assert (problem["status"], problem["error"]) == (500, "INTERNAL_ERROR")
    assert problem["request_id"] in problem["detail"]
    assert "ZeroDivisionError" in caplog.text


def test_an_index_that_is_away_is_told_by_each(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(client, make_body())

    def refuse(rows: object) -> None:
        raise IndexUnavailable("The index is away.")

    monkeypatch.setattr(app.extensions["rmos"].store.index.runs, "upsert", refuse)
    results = send(client, make_body(), make_body())
    assert [result["run"]["indexed"] for result in results] == [False, False]


def test_each_item_counts_as_a_write(settings: Settings) -> None:
    limited = create_app(msgspec.structs.replace(settings, write_limit_per_minute=5))
    with closing_store(limited):
        client = limited.test_client()
        assert client.post(RUNS, json=make_body()).status_code == 201
        results = send(client, *[make_body()] * 6)
        assert [result["ok"] for result in results] == [True] * 4 + [False] * 2
        assert {result["problem"]["status"] for result in results[4:]} == {429}
        assert results[4]["problem"]["retry_after_s"] > 0
        assert client.post(RUNS, json=make_body()).status_code == 429
        assert len(list_ids(client)) == 5


@contextmanager
def closing_store(app: Flask) -> Iterator[None]:
    try:
        yield
    finally:
        app.extensions["rmos"].close()


# One after the other

ITEMS = st.fixed_dictionaries(
    {},
    optional={
        "idempotency_key": st.sampled_from(["a", "b"]),
        "mode": st.sampled_from(["router", "Novel", "novel", "other", ""]),
        "engine_id": st.sampled_from(["baseline_v1", "no_such"]),
        "workflow_session_id": st.just("ws_" + "0" * 32),
        "design": st.sampled_from([{}, {"operation": "channel", "feed_mm_min": 1}]),
        "status": st.just("OK"),
    },
)


@settings(max_examples=tries(15), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(bodies=st.lists(ITEMS, min_size=1, max_size=8), again=st.booleans())
def test_many_are_what_they_would_be_one_after_the_other(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory, bodies: list[dict[str, Any]], again: bool
) -> None:
    items = [make_body(**body) for body in bodies] * (2 if again else 1)
    told = []
    for together in (True, False):
        folder = tmp_path_factory.mktemp("store")
        # Which engine is the store's own is asked once by each process (ADR 22): here it is said.
        own = {"runs_dir": folder / "runs", "instance_path": folder, "default_engine": "baseline_v2"}
        app = create_app(msgspec.structs.replace(settings, **own))
        with closing_store(app):
            client = app.test_client()
            results = send(client, *items) if together else [send_alone(client, item) for item in items]
            told.append(Plain().take((results, list_records(folder / "runs"), client.get(RUNS).json)))
    assert told[0] == told[1]


def send_alone(client: FlaskClient, item: dict[str, Any]) -> dict[str, Any]:
    """Send an item by itself and return what would be its result among many."""
    body = {name: value for name, value in item.items() if name != "idempotency_key"}
    headers = {"Idempotency-Key": item["idempotency_key"]} if "idempotency_key" in item else {}
    response = client.post(RUNS, json=body, headers=headers)
    if response.status_code < 300:
        return {"ok": True, "replayed": response.status_code == 200, "run": response.json}
    return {"ok": False, "problem": response.json}


def list_records(root: Path) -> list[Any]:
    """Return what the record holds, in the order of its names, but for the names of claims, which are digests."""
    return [
        (path.parent.parent.name, json.loads(path.read_bytes()))
        for path in sorted(root.rglob("*.json"))
        if path.name.startswith("run_") or "_claims" in path.parts
    ]


class Plain:
    """Takes from what was told what differs each time: ids by the order in which they come, moments, digests."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def take(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: self.take(inner)
                for name, inner in value.items()
                if name not in ("request_id", "created_at_utc", "_sha256", "compute_ms")
            }
        if isinstance(value, (list, tuple)):
            return [self.take(inner) for inner in value]
        if isinstance(value, str) and value.startswith("run_"):
            return self._known.setdefault(value, f"run no. {len(self._known)}")
        return value
