"""`POST /api/rmos/feasibility/suggest`: a setting that the service itself calls GREEN, and nothing is recorded."""

import json
from importlib.resources import files
from typing import Any

import pytest
from flask.testing import FlaskClient

from rmos.config import Settings
from rmos.services.files.media_types import SVG
from tests.api.conftest import make_body

URL = "/api/rmos/feasibility/suggest"
JUDGE = "/api/rmos/feasibility"
FREE = ("feed_mm_min", "plunge_feed_mm_min", "spindle_rpm", "axial_depth_mm", "radial_engagement_mm")


def asked(**design: Any) -> dict[str, Any]:
    """Return a request for a channel that leaves feed, speed and pass open but for what is given."""
    body = make_body()
    kept = {name: value for name, value in body["design"].items() if name not in FREE}
    return {"tool_id": body["tool_id"], "design": kept | design, "context": body["context"]}


def test_the_suggested_design_is_green_for_the_service_and_nothing_is_recorded(
    client: FlaskClient, settings: Settings
) -> None:
    response = client.post(URL, json=asked())
    assert response.status_code == 200
    found = response.json
    assert (found["risk_level"], found["feasibility"]["engine_id"]) == ("GREEN", "baseline_v2")
    cut = {"mode": "router", **asked(), "design": found["design"]}
    [judged] = client.post(JUDGE, json={"items": [cut], "engine_id": "baseline_v2"}).json["results"]
    assert judged == {name: found[name] for name in judged}
    assert list(settings.runs_dir.glob("2*/run_*")) == []
    assert response.headers["Cache-Control"] == "no-store"


def test_what_the_design_states_stays_and_is_named(client: FlaskClient) -> None:
    found = client.post(URL, json=asked(spindle_rpm=12_000, feed_mm_min=1500.0)).json
    assert (found["settings"]["spindle_rpm"], found["settings"]["feed_mm_min"]) == (12_000, 1500.0)
    assert found["settings"]["fixed"] == ["feed_mm_min", "spindle_rpm"]
    assert found["risk_level"] == "GREEN"


def test_the_shop_names_tool_machine_and_material(client: FlaskClient) -> None:
    by_id = {**asked(), "context": {"stock": {"thickness_mm": 3.0}}}
    by_id |= {"material_id": "sitka_spruce", "machine_id": "rigid_router"}
    found = client.post(URL, json=by_id).json
    assert found["risk_level"] == "GREEN"
    assert client.post(URL, json={**by_id, "machine_id": "light_desktop"}).json["windows"] != found["windows"]


def test_the_map_marks_what_is_suggested_and_has_a_letter_for_each_place(client: FlaskClient) -> None:
    feed_map = client.post(URL, json=asked()).json["map"]
    assert {len(row) for row in feed_map["rows"]} == {len(feed_map["feeds_mm_min"])}
    assert len(feed_map["rows"]) == len(feed_map["speeds_rpm"])
    assert set("".join(feed_map["rows"])) == set("GYR")
    near = {
        name: min(range(len(steps)), key=lambda place: abs(steps[place] - value))
        for name, steps, value in (
            ("feed", feed_map["feeds_mm_min"], feed_map["feed_mm_min"]),
            ("rpm", feed_map["speeds_rpm"], feed_map["spindle_rpm"]),
        )
    }
    assert feed_map["rows"][near["rpm"]][near["feed"]] == "G"


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [("*/*", "application/json"), (SVG, SVG), (f"application/json;q=0.1, {SVG}", SVG), ("image/*", SVG)],
)
def test_the_map_comes_as_svg_to_who_wants_that(client: FlaskClient, accept: str, media_type: str) -> None:
    response = client.post(URL, json=asked(), headers={"Accept": accept})
    assert response.content_type == media_type
    assert response.data.startswith(b"<svg " if media_type == SVG else b"{")
    assert "Accept" in response.headers["Vary"]


def test_another_form_is_refused_by_name(client: FlaskClient) -> None:
    response = client.post(URL, json=asked(), headers={"Accept": "image/png"})
    assert response.status_code == 406
    assert response.json["detail"].startswith("A suggestion comes as application/json or image/svg+xml")


def test_where_nothing_is_green_it_says_which_check_stands_against_it(client: FlaskClient) -> None:
    found = client.post(URL, json=asked(floor_thickness_mm=0.3, total_depth_mm=2.7)).json
    assert found["risk_level"] == "RED"
    assert [said for said in found["why"] if said.startswith("GEOMETRY: ")]
    assert "G" not in "".join(found["map"]["rows"])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"design": {}}, "design.operation must name a cut"),
        ({"tool_id": None}, "context.tool.kind, context.tool.diameter_mm"),
        ({"tool_id": "nobodys"}, 'tool_id "nobodys" names no tool of this shop'),
        ({"context": {}}, "context.material.id"),
        ({"design": {**asked()["design"], "spindle_rpm": -1}}, "design.spindle_rpm"),
    ],
    ids=["no operation", "no tool", "an unknown tool", "no material", "no speed"],
)
def test_too_little_or_what_cannot_be_is_refused_with_what_is_needed(
    client: FlaskClient, change: dict[str, Any], says: str
) -> None:
    response = client.post(URL, json={**asked(), **change})
    assert (response.status_code, response.json["error"]) == (422, "VALIDATION_FAILED")
    assert says in response.json["detail"]


@pytest.mark.parametrize(("name", "value"), [("mode", "router"), ("design", []), ("tool_id", " ")])
def test_what_is_no_request_is_refused_by_name(client: FlaskClient, name: str, value: Any) -> None:
    response = client.post(URL, json={**asked(), name: value})
    assert response.status_code == 422
    assert list(response.json["errors"]) == [name]


def shown(answer: dict[str, Any], kept: set[str]) -> dict[str, Any]:
    """Return an answer with those assessments alone that the example shows."""
    feasibility = answer["feasibility"]
    return answer | {
        "feasibility": feasibility | {"assessments": [one for one in feasibility["assessments"] if one["id"] in kept]}
    }


def test_the_examples_of_the_document_are_what_the_service_answers(client: FlaskClient) -> None:
    examples = json.loads(files("rmos.api.examples").joinpath("engines.json").read_text(encoding="utf-8"))
    told = examples["suggestion"]
    kept = {one["id"] for one in told["feasibility"]["assessments"]}
    assert shown(client.post(URL, json=examples["setting"]).json, kept) == told
    found = client.post(JUDGE, json=examples["dry_run"]).json["results"]
    for example, answer in zip(examples["dry_run_results"]["results"], found, strict=True):
        kept = {one["id"] for one in example["feasibility"]["assessments"]}
        assert shown(answer, kept) == example
