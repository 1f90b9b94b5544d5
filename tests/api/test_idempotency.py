"""`Idempotency-Key`: a request that is sent again, because its answer was lost, leaves one run."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from rmos import digest, ids
from rmos.errors.store import OutOfSpace
from rmos.models import Actor
from rmos.store import Store
from tests.api.conftest import RUNS, Post, make_body
from tests.makers import add_event


def ids_in(client: FlaskClient) -> list[str]:
    """List what is there."""
    return [run["run_id"] for run in client.get(RUNS).json["items"]]


def test_the_same_key_and_body_give_the_stored_run_again(post: Post, client: FlaskClient) -> None:
    first, second = post(key="k1"), post(key="k1")
    assert (first.status_code, second.status_code) == (201, 200)
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.headers["Location"] == first.headers["Location"]
    assert second.data == first.data
    assert ids_in(client) == [first.json["run_id"]]


def test_a_body_that_means_the_same_is_the_same_body(client: FlaskClient) -> None:
    body = make_body()
    turned = dict(reversed(body.items())) | {"design": {**body["design"], "feed_mm_min": 2600.0}}
    headers = {"Idempotency-Key": "k1"}
    first = client.post(RUNS, json=body, headers=headers)
    second = client.post(RUNS, data=json.dumps(turned, indent=2), headers=headers, content_type="application/json")
    assert (second.status_code, second.json["run_id"]) == (200, first.json["run_id"])


def test_the_same_key_with_another_body_is_refused(post: Post, client: FlaskClient) -> None:
    first = post(key="k1")
    response = post(key="k1", notes="another")
    assert response.status_code == 422
    assert response.json["error"] == "IDEMPOTENCY_KEY_REUSED"
    assert ids_in(client) == [first.json["run_id"]]


def test_what_was_stripped_from_a_body_is_still_part_of_it(post: Post) -> None:
    post(key="k1")
    assert post(key="k1", status="OK").status_code == 422


def test_the_key_and_the_digest_of_the_body_are_kept_with_the_run(post: Post, service_store: Store) -> None:
    run = json.loads(service_store.runs.record(post(key="k1").json["run_id"]).data)
    assert run["meta"]["idempotency"] == {"key": "k1", "request_sha256": digest.canonical_sha256(make_body())}


def test_a_key_belongs_to_its_caller(post: Post, service_store: Store) -> None:
    us = ids.now_us()
    service_store.claims.take("somebody else", "k1", "a" * 64, us)
    assert post(key="k1").status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "é", "tab\t"])
def test_a_key_that_cannot_be_one_is_refused(post: Post, client: FlaskClient, key: str) -> None:
    response = post(key=key)
    assert response.status_code == 400
    assert response.json["error"] == "BAD_HEADER"
    assert ids_in(client) == []


def test_the_longest_key_is_taken_and_never_becomes_a_name(post: Post) -> None:
    key = "../" + "~" * 252
    assert post(key=key).status_code == 201
    assert post(key=key).status_code == 200


def test_a_claim_whose_maker_died_is_taken_over_under_its_id(
    post: Post, client: FlaskClient, service_store: Store
) -> None:
    us = ids.parse_utc("2025-12-23T09:46:13.123456Z")
    claim = service_store.claims.take("local", "k1", digest.canonical_sha256(make_body()), us)
    response = post(key="k1")
    assert (response.status_code, response.json["run_id"]) == (201, claim.run_id)
    run = client.get(response.headers["Location"]).json
    assert run["created_at_utc"] == "2025-12-23T09:46:13.123456Z"
    assert post(key="k1").status_code == 200


def test_a_run_that_could_not_be_written_is_made_by_the_next_try(
    app: Flask, post: Post, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = app.extensions["rmos"].store

    def fail(members: object) -> None:
        raise OutOfSpace("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(store.runs, "put", fail)
        assert post(key="k1").status_code == 507
    assert post(key="k1").status_code == 201
    assert len(ids_in(client)) == 1


def test_two_requests_at_once_with_one_key_make_one_run(app: Flask, client: FlaskClient) -> None:
    client.post(RUNS, json=make_body())
    for round_ in range(10):
        barrier = threading.Barrier(4)

        def send(_: int, key: str = f"round-{round_}", barrier: threading.Barrier = barrier) -> TestResponse:
            barrier.wait()
            try:
                return app.test_client().post(RUNS, json=make_body(), headers={"Idempotency-Key": key})
            finally:
                app.extensions["rmos"].store.index.close()

        with ThreadPoolExecutor(4) as pool:
            responses = list(pool.map(send, range(4)))
        assert sorted(response.status_code for response in responses) == [200, 200, 200, 201]
        assert len({response.json["run_id"] for response in responses}) == 1
    assert len(ids_in(client)) == 11


def test_an_unknown_engine_is_answered_the_same_again(post: Post, client: FlaskClient) -> None:
    responses = [post(key="k1", engine_id="nobody") for _ in range(2)]
    assert [response.status_code for response in responses] == [404, 404]
    told: list[dict[str, Any]] = [{**response.json, "request_id": None} for response in responses]
    assert told[0] == told[1]
    assert len(ids_in(client)) == 1


def test_a_replay_answers_also_when_the_run_was_deleted_since(post: Post, service_store: Store) -> None:
    first = post(key="k1")
    actor = Actor(name="anna", role="operator")
    add_event(
        service_store,
        first.json["run_id"],
        "delete",
        {"mode": "soft", "reason": "a mistake"},
        actor=actor,
        us=ids.now_us(),
    )
    assert post(key="k1").json == first.json


def test_a_replay_of_a_damaged_run_says_so(post: Post, app: Flask, service_store: Store) -> None:
    first = post(key="k1").json["run_id"]
    path = next(app.extensions["rmos"].settings.runs_dir.glob(f"*/{first}.json"))
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"router", b"rooter"))
    response = post(key="k1")
    assert response.status_code == 500
    assert (response.json["error"], response.json["run_id"]) == ("RECORD_DAMAGED", first)
