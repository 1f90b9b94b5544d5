"""`POST /api/rmos/feasibility`: judged like a run, and nothing is recorded."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from rmos.config import Settings
from rmos.schemas.workflow import DryRunSchema, load_dry_run
from rmos.services.feasibility import DryRun
from tests.api.conftest import RUNS, Post, make_body

URL = "/api/rmos/feasibility"
ODD = st.one_of(
    st.sampled_from(["router", "", " ", "x" * 200, "x" * 201, "\n", "\ufeff", " a "]),
    st.sampled_from([None, True, 1, 1.5, [], [1], {}, {"a": 1}]),
)
CUT = {name: value for name, value in make_body().items() if name != "meta"}


def test_a_dry_run_says_what_a_run_would_and_records_nothing(
    client: FlaskClient, post: Post, settings: Settings
) -> None:
    cuts = [
        CUT,
        {**CUT, "design": {**CUT["design"], "floor_thickness_mm": 0.7}},
        {"mode": "cam", "tool_id": "unknown"},
        {**CUT, "design": {"operation": "channel", "feed_mm_min": [1]}},
        {**CUT, "context": {"stock": {"thickness_mm": 3}}, "material_id": "ebony", "machine_id": "light_desktop"},
    ]
    response = client.post(URL, json={"items": cuts})
    assert response.status_code == 200
    assert list(settings.runs_dir.glob("2*/run_*")) == []
    results = response.json["results"]
    assert [found["risk_level"] for found in results][:4] == ["GREEN", "RED", "UNKNOWN", "RED"]
    for cut, found in zip(cuts, results, strict=True):
        run = client.get(f"{RUNS}/{client.post(RUNS, json=cut).json['run_id']}").json
        assert found == {
            "risk_level": run["decision"]["risk_level"],
            "score": run["decision"]["score"],
            "block_reason": run["decision"]["block_reason"],
            "warnings": run["decision"]["warnings"],
            "feasibility": run["feasibility"],
        }


def test_five_hundred_cuts_are_judged_at_once_and_no_more(client: FlaskClient) -> None:
    assert len(client.post(URL, json={"items": [CUT] * 500}).json["results"]) == 500
    for items in ([], [CUT] * 501):
        response = client.post(URL, json={"items": items})
        assert (response.status_code, list(response.json["errors"])) == (422, ["items"])


WORSE = [
    ({"feed_mm_min": 250}, "CHIP_RUBBING", "0.00781 mm; GREEN from 0.0127"),
    ({"spindle_rpm": 60000}, "OVERSPEED", "2.5 of the largest speed; GREEN to 1"),
    ({"floor_thickness_mm": 0.7}, "GEOMETRY", "0.233 of the top; GREEN from 0.5"),
    ({"feed_mm_min": ["1"]}, "INVALID_INPUT", "design.feed_mm_min is a list: it must be a numb…"),
]


@pytest.mark.parametrize(("design", "rule", "why"), WORSE)
def test_in_brief_a_cut_has_its_colour_its_score_and_the_first_rule_with_its_number(
    client: FlaskClient, design: dict[str, Any], rule: str, why: str
) -> None:
    cut = {**CUT, "design": {**CUT["design"], **design}}
    [whole] = client.post(URL, json={"items": [cut], "engine_id": "baseline_v2"}).json["results"]
    [brief] = client.post(URL, json={"items": [cut], "engine_id": "baseline_v2", "view": "brief"}).json["results"]
    assert (brief["risk_level"], brief["score"]) == (whole["risk_level"], whole["score"])
    assert (brief["rule"], brief["why"]) == (rule, why)


@pytest.mark.parametrize(
    "worse",
    [
        {},
        {"design": {}},
        {"design": {"operation": "saw_slice", "feed_mm_min": "fast"}, "context": {"tool": {"kind": "file"}}},
        {"design": {**CUT["design"], "spindle_rpm": 60000}},
    ],
)
@pytest.mark.parametrize("engine_id", ["baseline_v1", "baseline_v2"])
def test_trap_48_five_hundred_cuts_in_brief_are_60_kb_at_most_whatever_they_are(
    client: FlaskClient, engine_id: str, worse: dict[str, Any]
) -> None:
    items = [{**CUT, **worse}] * 500
    response = client.post(URL, json={"items": items, "engine_id": engine_id, "view": "brief"})
    assert len(response.json["results"]) == 500
    assert len(response.data) <= 60_000


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"items": [CUT], "view": "short"}, "view"),
        ({}, "items"),
        ({"items": [{**CUT, "feasibility": {}}]}, "items.0.feasibility"),
        ({"items": [CUT, {"mode": "router"}]}, "items.1.tool_id"),
        ({"items": [{**CUT, "design": []}]}, "items.0.design"),
        ({"items": [{**CUT, "mode": " "}]}, "items.0.mode"),
        ({"items": [CUT], "record": True}, "record"),
    ],
)
def test_what_a_dry_run_does_not_take_is_refused_by_name_and_place(
    client: FlaskClient, body: dict[str, Any], field: str
) -> None:
    response = client.post(URL, json=body)
    assert response.status_code == 422
    assert list(response.json["errors"]) == [field]


def test_an_unknown_engine_is_not_replaced_by_another_one(client: FlaskClient) -> None:
    response = client.post(URL, json={"items": [CUT], "engine_id": "nobody"})
    assert (response.status_code, response.json["error"]) == (404, "ENGINE_NOT_FOUND")


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "mode": ODD,
            "tool_id": ODD,
            "design": st.one_of(st.just({}), ODD),
            "context": st.one_of(st.just({"a": 1}), ODD),
            "material_id": ODD,
            "colour": ODD,
        },
    )
)
@settings(max_examples=400)
def test_usual_cuts_are_taken_as_the_schema_takes_them_and_odd_ones_refused_as_it_refuses_them(
    change: dict[str, Any],
) -> None:
    def outcome(load: Callable[[dict[str, Any]], DryRun]) -> object:
        try:
            return load({"items": [CUT, {**CUT, **change}], "engine_id": "baseline_v1"})
        except ValidationError as refused:
            return refused.normalized_messages()

    assert outcome(load_dry_run) == outcome(lambda body: DryRun(**DryRunSchema().load(body)))
