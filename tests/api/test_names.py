"""Names over HTTP: in any case, and of those that are unknown the nearest is offered."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos.http.routes import get_spec
from rmos.schemas.fields import RequestSchema
from rmos.store import Store
from tests.api.conftest import RUNS, make_body
from tests.helpers.runs import read_csv

SESSIONS = "/api/workflow-sessions"


@pytest.mark.parametrize("path", [RUNS, f"{RUNS}/query/recent"])
@pytest.mark.parametrize(
    "query",
    [
        {"risk_level": "green", "status": "oK"},
        {"mode": "ROUTER", "tool_id": "Em-3175-2F", "tool_id_prefix": "EM-"},
        {"material_id": "Sitka_Spruce", "machine_id": "RIGID_ROUTER", "created_by": "LOCAL"},
        {"batch_label": "\xc9pic\xe9a", "event_type": "Feasibility_Check"},
    ],
)
def test_trap_43_a_filter_takes_any_case_in_every_list(
    client: FlaskClient, service_store: Store, path: str, query: dict[str, str]
) -> None:
    cut = make_body(material_id="sitka_spruce", machine_id="rigid_router", meta={"batch_label": "e\u0301pice\u0301a"})
    run_id = client.post(RUNS, json=cut).json["run_id"]
    client.post(RUNS, json=make_body(mode="saw", tool_id="x", design={}, event_type="other"))
    response = client.get(path, query_string={**query, "include_total": "true"})
    assert [run["run_id"] for run in response.json["items"]] == [run_id]
    assert response.json["total"] == 1
    assert [row["run_id"] for row in read_csv(client, "&".join(f"{n}={v}" for n, v in query.items()), path)] == [run_id]


def test_trap_43_words_of_a_vocabulary_are_taken_in_any_case_and_recorded_as_we_write_them(
    client: FlaskClient, service_store: Store
) -> None:
    session = client.post(SESSIONS, json={"workflow_mode": "Design_First", "user_id": "Anna"}).json
    assert session["workflow_mode"] == "design_first"
    for query in ({"status": "active", "state": "DRAFT"}, {"user_id": "ANNA"}):
        assert len(client.get(SESSIONS, query_string=query).json["items"]) == 1
    cut = client.post(RUNS, json=make_body(workflow_session_id=session["session_id"])).json
    runs = f"{SESSIONS}/{session['session_id']}/runs"
    assert len(client.get(runs, query_string={"view": "Summary", "risk_level": "Green"}).json["items"]) == 1
    deleted = client.delete(f"{RUNS}/{cut['run_id']}", query_string={"mode": "SOFT", "reason": "a trial cut"})
    assert deleted.json["mode"] == "soft"


@pytest.mark.parametrize(
    ("path", "query", "offered"),
    [
        (RUNS, {"risk": "RED"}, {"risk": "risk_level"}),
        (RUNS, {"toolid": "x", "Mode": "saw"}, {"toolid": "tool_id", "Mode": "mode"}),
        (f"{RUNS}/query/recent", {"sources": "ui"}, {"sources": "source"}),
        (SESSIONS, {"user": "anna"}, {"user": "user_id"}),
    ],
)
def test_trap_43_an_unknown_parameter_is_refused_and_the_nearest_offered(
    client: FlaskClient, path: str, query: dict[str, str], offered: dict[str, str]
) -> None:
    response = client.get(path, query_string=query)
    assert response.status_code == 422
    errors = response.json["errors"]
    assert errors.keys() == offered.keys()
    for name, near in offered.items():
        assert errors[name][0].startswith(f"Unknown field. Did you mean {near}")


@pytest.mark.parametrize(
    ("path", "body", "field", "near"),
    [
        (RUNS, make_body(materialid="ebony"), "materialid", "material_id"),
        (RUNS, make_body(outputs={"gcode": "G1"}), "outputs.gcode", "gcode_text"),
        ("/api/rmos/feasibility", {"items": [make_body(meta=None, machine="x")]}, "items.0.machine", "machine_id"),
        ("/api/rmos/feasibility/suggest", {"desing": {}}, "desing", "design"),
        ("/api/rmos/rosettes", {"promt": "a rope"}, "promt", "prompt"),
        (SESSIONS, {"workflow": "rosette"}, "workflow", "workflow_type"),
        (f"{SESSIONS}/ws_{'0' * 32}/actions/approve", {"reasons": "Because."}, "reasons", "reason"),
    ],
)
def test_trap_43_an_unknown_member_of_a_body_is_refused_and_the_nearest_offered(
    client: FlaskClient, path: str, body: dict[str, Any], field: str, near: str
) -> None:
    response = client.post(path, json=body)
    assert response.status_code == 422
    [message] = response.json["errors"][field]
    assert message.startswith(f"Unknown field. Did you mean {near}")


def test_what_is_far_from_every_name_is_no_offer(client: FlaskClient) -> None:
    assert client.get(RUNS, query_string={"surprise": "1"}).json["errors"] == {"surprise": ["Unknown field."]}


def test_every_route_reads_what_is_sent_by_a_schema_that_offers_names(app: Flask) -> None:
    schemas = set()
    for view in app.view_functions.values():
        spec = get_spec(view)
        if spec is not None:
            bodies = spec.body["oneOf"] if isinstance(spec.body, dict) else [spec.body]
            schemas |= {schema for schema in (spec.query, *bodies) if schema is not None}
    assert schemas
    assert [schema.__name__ for schema in schemas if not issubclass(schema, RequestSchema)] == []
