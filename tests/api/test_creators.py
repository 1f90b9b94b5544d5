"""Who made a run: said by the service in the record and in every list, and never taken from a request."""

import csv
import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos.config import Settings
from rmos.models import Role
from rmos.store import Store
from tests.api.conftest import RUNS, TokenClient, make_body
from tests.makers import make_members, write_token

SESSIONS = "/api/workflow-sessions"


def enter_as(app: Flask, settings: Settings, name: str, role: Role) -> FlaskClient:
    """Return the client of somebody who has a token."""
    write_token(settings.runs_dir, name=name, role=role)
    app.test_client_class = TokenClient
    return app.test_client()


def list_creators(client: FlaskClient, **query: Any) -> list[Any]:
    return [item["created_by"] for item in client.get(RUNS, query_string=query).json["items"]]


def make_by_action(client: FlaskClient) -> str:
    body = make_body()
    session = {"design": body["design"], "context": body["context"], "tool_id": body["tool_id"]}
    session_id = client.post(SESSIONS, json=session).json["session_id"]
    action = {"mode": "router", "tool_id": body["tool_id"]}
    run_id: str = client.post(f"{SESSIONS}/{session_id}/actions/request_feasibility", json=action).json["run_id"]
    return run_id


WAYS = {
    "a cut": lambda client: client.post(RUNS, json=make_body()).json["run_id"],
    "a cut by an engine that is not there": lambda client: client.post(RUNS, json=make_body(engine_id="none")).json[
        "run_id"
    ],
    "a rosette": lambda client: client.post("/api/rmos/rosettes", json={"prompt": "a rope in ebony"}).json["run_id"],
    "an action of a session": make_by_action,
}


@pytest.mark.parametrize("way", WAYS)
def test_trap_42_every_run_says_who_made_it_however_it_is_made(
    app: Flask, settings: Settings, service_store: Store, way: str
) -> None:
    anna = {"name": "anna", "role": "recorder"}
    client = enter_as(app, settings, "anna", "recorder")
    run_id = WAYS[way](client)
    assert client.get(f"{RUNS}/{run_id}").json["created_by"] == anna
    assert client.get(f"{RUNS}/{run_id}/download").json["created_by"] == anna
    assert list_creators(client) == [anna]


def test_trap_42_in_local_mode_the_operator_of_this_machine_made_it(client: FlaskClient, service_store: Store) -> None:
    client.post(RUNS, json=make_body())
    assert list_creators(client) == [{"name": "local", "role": "operator"}]


def test_trap_42_a_run_is_found_by_who_made_it_and_stands_so_in_a_table(
    app: Flask, settings: Settings, service_store: Store
) -> None:
    client = enter_as(app, settings, "rene\u0301", "recorder")
    client.post(RUNS, json=make_body())
    assert list_creators(client, created_by="ren\xe9") == [{"name": "rene\u0301", "role": "recorder"}]
    assert list_creators(client, created_by="anna") == []
    table = client.get(RUNS, query_string={"format": "csv"}).text
    [row] = csv.DictReader(io.StringIO(table))
    assert (row["created_by.name"], row["created_by.role"]) == ("rene\u0301", "recorder")


def test_trap_42_a_client_cannot_say_who_made_a_run(client: FlaskClient, service_store: Store) -> None:
    mallory = {"name": "mallory", "role": "admin"}
    for path, body in ((RUNS, make_body()), ("/api/rmos/rosettes", {"prompt": "a rope"})):
        response = client.post(path, json={**body, "created_by": mallory})
        assert response.status_code == 422
        assert list(response.json["errors"]) == ["created_by"]
    client.post(RUNS, json=make_body(meta={"created_by": mallory}))
    [item] = client.get(RUNS).json["items"]
    assert (item["created_by"]["name"], item["meta"]["created_by"]) == ("local", mallory)  # `meta` is a client's own


def test_trap_42_a_run_that_was_recorded_before_stays_as_it_is(client: FlaskClient, service_store: Store) -> None:
    run_id = service_store.runs.put(make_members()).view.artifact.run_id
    assert "created_by" not in client.get(f"{RUNS}/{run_id}").json
    assert list_creators(client) == [None]
    table = client.get(RUNS, query_string={"format": "csv"}).text
    [row] = csv.DictReader(io.StringIO(table))
    assert (row["created_by.name"], row["created_by.role"]) == ("", "")


def test_trap_42_two_people_are_a_difference_that_matters_little(client: FlaskClient, service_store: Store) -> None:
    one, other = (
        service_store.runs.put(make_members(created_by={"name": name, "role": "recorder"})).view.artifact.run_id
        for name in ("anna", "jonas")
    )
    found = client.get(f"{RUNS}/diff", query_string={"a": one, "b": other}).json
    assert (found["diff_severity"], found["changed_paths"]) == ("INFO", ["created_by.name"])


def test_a_list_says_of_a_run_what_it_is_asked_by(client: FlaskClient, service_store: Store) -> None:
    parent = client.post(RUNS, json=make_body()).json["run_id"]
    session_id = client.post(SESSIONS, json={}).json["session_id"]
    design = {**make_body()["design"], "spindle_rpm": 60000}
    asked = {"material_id": "sitka_spruce", "machine_id": "rigid_router", "parent_run_id": parent}
    run_id = client.post(RUNS, json=make_body(design=design, workflow_session_id=session_id, **asked)).json["run_id"]
    expected = {**asked, "mode": "router", "tool_id": "em-3175-2f", "workflow_session_id": session_id}
    for name, value in {**expected, "rule": "OVERSPEED"}.items():
        found = {item["run_id"]: item for item in client.get(RUNS, query_string={name: value}).json["items"]}
        assert found[run_id][name] == value
        assert all(item[name] == value for item in found.values())
