"""`/api/rmos/batches`: what belongs together, as a tree, a timeline and progress."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from rmos.store import Store, batches
from tests.api.conftest import RUNS, Post
from tests.helpers.packs import pack_url, quicken, store_slot
from tests.helpers.rings import Desk
from tests.helpers.runs import START, put_runs
from tests.makers import make_members

BATCHES = "/api/rmos/batches"
GOOD = {"ended": "completed", "part": "good"}


def read_batch(client: FlaskClient, view: str = "tree", **asked: str) -> dict[str, Any]:
    response = client.get(BATCHES, query_string={"view": view, **asked})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json
    return found


def put_run(store: Store, minute: int, label: str | None = "B 1", **over: Any) -> str:
    us = START + minute * 60_000_000
    meta = {} if label is None else {"batch_label": label}
    return store.runs.put(make_members(us, meta=meta, **over)).view.artifact.run_id


def list_tree(batch: dict[str, Any]) -> list[tuple[str, int]]:
    return [(node["run_id"], node["depth"]) for node in batch["nodes"]]


def report(client: FlaskClient, run_id: str, **over: Any) -> None:
    assert client.post(f"{RUNS}/{run_id}/outcomes", json={**GOOD, **over}).status_code == 201


def test_what_was_made_of_a_label_belongs_to_it_and_a_label_of_its_own_goes_before(
    client: FlaskClient, service_store: Store
) -> None:
    first = put_run(service_store, 0, event_type="rosette")
    second = put_run(service_store, 1, parent_run_id=first, status="BLOCKED")
    third = put_run(service_store, 2, None, parent_run_id=second)
    other = put_run(service_store, 3, "other", parent_run_id=third)
    late = put_run(service_store, 4, None, parent_run_id=first)
    root = put_run(service_store, 5, parent_run_id=other)
    batch = read_batch(client, label="b 1")
    assert list_tree(batch) == [(first, 0), (second, 1), (third, 2), (late, 1), (root, 0)]
    assert (batch["broken"], batch["state"], batch["rollup"]) == ([], "BLOCKED", "BLOCKED")
    assert [node["rollup"] for node in batch["nodes"]] == ["BLOCKED", "BLOCKED", "OK", "OK", "OK"]
    assert [node["phase"] for node in batch["nodes"]] == ["SPEC", "PLAN", "PLAN", "PLAN", "PLAN"]
    assert (batch["nodes"][0]["tool_id"], batch["nodes"][4]["parent_run_id"]) == ("router_6mm_2f", other)
    assert list_tree(read_batch(client, label="other")) == [(other, 0)]


def test_a_batch_is_completed_when_a_good_part_came_of_every_root(client: FlaskClient, service_store: Store) -> None:
    first, second = put_run(service_store, 0, status="BLOCKED"), put_run(service_store, 1)
    child = put_run(service_store, 2, None, parent_run_id=first)
    report(client, child, part="scrap", reason_code="BURN")
    report(client, second, quantity=3)
    progress = read_batch(client, "progress", label="B 1")
    assert [(root["run_id"], root["completed"], root["phase"], root["runs"]) for root in progress["branches"]] == [
        (first, False, "RESULT", 2),
        (second, True, "RESULT", 1),
    ]
    assert (progress["state"], progress["completed_roots"]) == ("BLOCKED", 1)
    report(client, child)
    summary = read_batch(client, "summary", label="B 1")
    assert (summary["state"], summary["rollup"]) == ("COMPLETED", "BLOCKED")
    assert (summary["good_parts"], summary["scrap_parts"], summary["outcomes"]) == (4, 1, {"done": 2})
    assert summary["statuses"] == {"BLOCKED": 1, "OK": 2}
    client.delete(f"{RUNS}/{second}?reason=a+mistake")
    assert read_batch(client, "summary", label="B 1")["runs"] == 2


def test_parents_that_are_gone_are_named_and_their_children_are_roots(
    client: FlaskClient, service_store: Store
) -> None:
    first = put_run(service_store, 0)
    child = put_run(service_store, 1, parent_run_id=first)
    orphan = put_run(service_store, 2, parent_run_id=f"run_{9:032x}")
    itself = f"run_{7:032x}"
    other = f"run_{8:032x}"
    for number, (run_id, parent) in enumerate(((itself, other), (other, itself))):
        us = START + (3 + number) * 60_000_000
        service_store.runs.put(
            {**make_members(us, meta={"batch_label": "B 1"}), "run_id": run_id, "parent_run_id": parent}
        )
    client.delete(f"{RUNS}/{first}?reason=a+mistake")
    batch = read_batch(client, label="B 1")
    assert list_tree(batch) == [(child, 0), (orphan, 0), (itself, 0), (other, 1)]
    assert [(link["reason"], link["run_id"], link["run_ids"]) for link in batch["broken"]] == [
        ("PARENT_DELETED", child, []),
        ("PARENT_ABSENT", orphan, []),
        ("CYCLE", itself, [itself, other]),
    ]
    assert client.post(f"{RUNS}/{first}/restore").status_code == 200
    assert list_tree(read_batch(client, label="B 1"))[:2] == [(first, 0), (child, 1)]


def test_a_workflow_is_a_batch_from_its_plan_to_its_part(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    quicken(monkeypatch)
    run_id = store_slot(client)
    session_id = client.get(f"{RUNS}/{run_id}").json["workflow_session_id"]
    asked = {"workflow_session_id": session_id}
    phases = [node["phase"] for node in read_batch(client, **asked)["nodes"]]
    assert phases == ["PLAN", "DECISION", "TOOLPATHS"]
    assert client.get(pack_url(run_id)).status_code == 200
    assert read_batch(client, **asked)["nodes"][-1]["phase"] == "EXECUTION"
    report(client, run_id, quantity=2)
    moments = read_batch(client, "timeline", **asked)["moments"]
    told = [(moment["what"], moment["phase"], moment["by"]) for moment in moments]
    made = [("run", phase, "local") for phase in phases]
    assert told == [*made, ("released", "EXECUTION", "local"), ("outcome", "RESULT", "local")]
    assert (moments[-1]["part"], moments[-1]["quantity"], moments[-1]["run_id"]) == ("good", 2, run_id)
    assert [moment["at_utc"] for moment in moments] == sorted(moment["at_utc"] for moment in moments)
    assert read_batch(client, "progress", **asked)["state"] == "COMPLETED"


def test_of_a_batch_that_is_too_large_the_oldest_are_shown_and_the_rest_is_counted(
    client: FlaskClient, service_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches.RunBatches.read, "__kwdefaults__", {"limit": 3})
    run_ids = put_runs(service_store, 5)
    for run_id in run_ids:
        report(client, run_id)
    batch = read_batch(client, label="batch_1")
    assert ([node["run_id"] for node in batch["nodes"]], batch["runs"], batch["more"]) == (run_ids[:3], 3, 2)
    assert batch["state"] == "OK"


@pytest.mark.parametrize(
    ("query", "field"), [("", "label"), ("view=tree", "label"), ("label=x&view=map", "view"), ("labels=x", "labels")]
)
def test_what_is_no_batch_is_refused_by_name(client: FlaskClient, query: str, field: str) -> None:
    response = client.get(f"{BATCHES}?{query}")
    assert response.status_code == 422
    assert list(response.json["errors"]) == [field]


def test_a_label_that_no_run_has_is_an_empty_batch(client: FlaskClient, post: Post) -> None:
    post()
    batch = read_batch(client, "summary", label="none")
    assert (batch["runs"], batch["state"], batch["first_at_utc"]) == (0, None, None)
    assert read_batch(client, label="batch_1", session_id="none")["runs"] == 0


def test_a_rosette_is_the_beginning_of_what_a_job_makes_of_it(client: FlaskClient) -> None:
    rosette = client.post("/api/rmos/rosettes", json={"prompt": "rope pattern, 6 mm band"}).json["run_id"]
    parents = []
    for is_deleted in (False, True):
        desk = Desk(client)
        desk.done("set_design", {"from_run_id": rosette})
        if is_deleted:
            assert client.delete(f"{RUNS}/{rosette}?reason=a+mistake").status_code == 200
        made = desk.done("request_feasibility", {"mode": "router"})["run_id"]
        parents.append(client.get(f"{RUNS}/{made}").json["parent_run_id"])
    assert parents == [rosette, None]  # one that is gone keeps nobody from working
