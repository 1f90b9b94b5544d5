"""`GET /api/rmos/runs/diff`."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from rmos import ids
from rmos.models import Actor
from rmos.schemas.diffs import RunDiffSchema
from rmos.store import Store
from tests.api.conftest import RUNS, Post, make_body
from tests.makers import EARLIER_ID, add_event, make_earlier_artifact, make_members, write_raw

ANNA = Actor(name="anna", role="operator")


def compare(client: FlaskClient, a: Any, b: Any) -> TestResponse:
    return client.get(f"{RUNS}/diff", query_string={"a": a, "b": b})


def test_trap_19_the_same_cut_judged_twice_does_not_differ(post: Post, client: FlaskClient) -> None:
    one, other = (post(key=key).json["run_id"] for key in ("first", "second"))
    response = compare(client, one, other)
    assert response.status_code == 200
    assert response.json == {
        "a": one,
        "b": other,
        "diff_severity": "NONE",
        "changed_count": 0,
        "changed_paths": [],
        "diff": {},
        "note": None,
    }
    assert response.json.keys() == RunDiffSchema().fields.keys()
    assert compare(client, one, one).json["diff_severity"] == "NONE"


def test_trap_19_a_cut_that_turned_red_is_critical_either_way_round(post: Post, client: FlaskClient) -> None:
    good = post().json
    design = make_body()["design"] | {"feed_mm_min": 100}
    bad = post(design=design, context={"material": {"id": "ebony"}, "machine": {"class": "rigid"}}).json
    assert bad["risk_level"] == "RED"
    found = compare(client, good["run_id"], bad["run_id"]).json
    assert found["diff_severity"] == "CRITICAL"
    assert set(found["changed_paths"][:3]) == {"status", "decision.risk_level", "decision.block_reason"}
    assert found["diff"]["decision.risk_level"] == {"severity": "CRITICAL", "a": "GREEN", "b": "RED"}
    assert found["diff"]["decision.block_reason"]["b"] == bad["block_reason"]
    assert found["diff"]["hashes.feasibility_sha256"]["severity"] == "WARNING"
    assert found["diff"]["material_id"]["severity"] == "WARNING"
    assert found["diff"]["inputs.design.feed_mm_min"] == {"severity": "INFO", "a": 2600, "b": 100}
    back = compare(client, bad["run_id"], good["run_id"]).json
    assert (back["diff_severity"], set(back["changed_paths"])) == ("CRITICAL", set(found["changed_paths"]))


def test_what_happened_to_a_run_since_counts_too(post: Post, client: FlaskClient, service_store: Store) -> None:
    one, other = post().json["run_id"], post().json["run_id"]
    add_event(service_store, other, "advisory", {"advisory_id": "adv_1"}, actor=ANNA, us=ids.now_us())
    found = compare(client, one, other).json
    assert (found["diff_severity"], found["changed_paths"]) == ("INFO", ["advisory_inputs.adv_1"])


def test_trap_18_no_run_id_shadows_the_diff_and_the_diff_shadows_no_run(client: FlaskClient) -> None:
    response = client.get(f"{RUNS}/diff")
    assert response.status_code == 422
    assert set(response.json["errors"]) == {"a", "b"}
    assert not ids.is_run_id("diff")
    assert client.get(f"{RUNS}/diff/events").json["error"] == "RUN_NOT_FOUND"


def test_a_run_of_the_earlier_system_is_compared_with_one_of_ours(
    post: Post, client: FlaskClient, service_store: Store, settings: Any
) -> None:
    write_raw(settings.runs_dir / "2025-12-23" / f"{EARLIER_ID}.json", make_earlier_artifact())
    found = compare(client, EARLIER_ID, post().json["run_id"]).json
    assert found["diff_severity"] == "WARNING"
    assert found["diff"]["schema"] == {"severity": "INFO", "b": "rmos.run/1"}
    assert "hashes.gcode_sha256" not in found["diff"]


def test_runs_that_cannot_be_compared_are_named(post: Post, client: FlaskClient, service_store: Store) -> None:
    run_id, gone = post().json["run_id"], post().json["run_id"]
    add_event(service_store, gone, "delete", {"mode": "soft", "reason": "a mistake"}, actor=ANNA, us=ids.now_us())
    absent = "run_" + "0" * 32
    for a, b, status, code, concerned in (
        (run_id, absent, 404, "RUN_NOT_FOUND", absent),
        (absent, run_id, 404, "RUN_NOT_FOUND", absent),
        ("../../etc/passwd", run_id, 404, "RUN_NOT_FOUND", "../../etc/passwd"),
        (run_id, gone, 410, "RUN_DELETED", gone),
    ):
        response = compare(client, a, b)
        assert (response.status_code, response.json["error"], response.json["run_id"]) == (status, code, concerned)


@pytest.mark.parametrize("query", ["a=x", "b=x", "a=x&b=y&c=z", "a=x&a=y&b=z", "a=&b=x", "a=" + "x" * 201 + "&b=x"])
def test_parameters_that_cannot_be_taken_are_refused(client: FlaskClient, query: str) -> None:
    response = client.get(f"{RUNS}/diff?{query}")
    assert response.status_code == 422
    assert response.json["errors"]


def test_a_damaged_run_is_never_compared(client: FlaskClient, service_store: Store, settings: Any) -> None:
    members = make_members()
    stored = service_store.runs.put(members)
    run_id = stored.view.artifact.run_id
    (path,) = settings.runs_dir.glob(f"*/{run_id}.json")
    write_raw(path, stored.data.replace(b"router", b"rooter", 1))
    response = compare(client, run_id, run_id)
    assert (response.status_code, response.json["error"]) == (500, "RECORD_DAMAGED")


def test_the_largest_runs_give_a_small_page(post: Post, client: FlaskClient) -> None:
    runs = [post(design={f"x{n}": letter * 20_000 for n in range(40)}).json["run_id"] for letter in "ab"]
    response = compare(client, *runs)
    assert response.status_code == 200
    assert len(response.data) < 60_000
    assert "only the beginning is shown" in json.loads(response.data)["note"]
