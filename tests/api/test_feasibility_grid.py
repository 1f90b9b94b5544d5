"""`POST /api/rmos/feasibility` with `grid`: what a run of each place would be, in one letter and one number."""

import random
from typing import Any

import pytest
from flask.testing import FlaskClient

from rmos.engines.registry import Registry
from tests.api.conftest import RUNS, make_body

URL = "/api/rmos/feasibility"
CUT = {name: value for name, value in make_body().items() if name != "meta"}
FEED = {"path": "design.feed_mm_min", "from": 200, "to": 9000, "steps": 12}
RPM = {"path": "design.spindle_rpm", "from": 6000, "to": 30_000, "steps": 7}
STICKOUT = {"path": "context.tool.stickout_mm", "from": 8, "to": 40, "steps": 5}
POWER = {"path": "context.machine.spindle_power_w", "from": 50, "to": 900, "steps": 4}
LETTERS = {"G": "GREEN", "Y": "YELLOW", "R": "RED", "U": "UNKNOWN", "E": "ERROR"}


def ask(client: FlaskClient, x: dict[str, Any], y: dict[str, Any], *, base: Any = CUT, **more: Any) -> Any:
    return client.post(URL, json={"grid": {"x": x, "y": y, "base": base}, **more})


def put_at(cut: dict[str, Any], path: str, value: float) -> dict[str, Any]:
    """Return a cut with a number at a path."""
    name, _, rest = path.partition(".")
    return {**cut, name: put_at(cut.get(name, {}), rest, value) if rest else value}


def complete(client: FlaskClient, cut: dict[str, Any]) -> dict[str, Any]:
    """Return a cut with what its tool, machine and material are in the shop's tables, as a run of it records that."""
    run = client.get(f"{RUNS}/{client.post(RUNS, json=cut).json['run_id']}").json
    return {**cut, "context": run["inputs"]["context"]}


@pytest.mark.parametrize(
    ("x", "y", "change", "engine_id"),
    [
        (FEED, RPM, {}, None),
        (FEED, RPM, {}, "baseline_v1"),
        (STICKOUT, RPM, {"material_id": "ebony", "machine_id": "light_desktop"}, None),
        (
            STICKOUT,
            FEED,
            {"context": {"stock": {"thickness_mm": 3}}, "material_id": "ebony", "tool_id": "em-3175-2f"},
            None,
        ),
        (POWER, {**STICKOUT, "to": 3}, {"tool_id": "em-6350-2f"}, None),
        (FEED, RPM, {"tool_id": "no-such-tool", "context": {"stock": {"thickness_mm": 3}}}, None),
        (FEED, RPM, {"design": {"operation": "unheard-of"}}, None),
    ],
)
def test_each_place_is_what_a_run_of_that_very_cut_is(
    client: FlaskClient, x: dict[str, Any], y: dict[str, Any], change: dict[str, Any], engine_id: str | None
) -> None:
    base, engine = {**CUT, **change}, {} if engine_id is None else {"engine_id": engine_id}
    response = ask(client, x, y, base=base, **engine)
    assert response.status_code == 200
    told = response.json
    across, up = told["x"]["values"], told["y"]["values"]
    assert (told["x"]["path"], len(across), across[0], across[-1]) == (x["path"], x["steps"], x["from"], x["to"])
    assert len(told["colours"]) == len(told["rule_indexes"]) == len(across) * len(up)
    chance, completed = random.Random(1), complete(client, base)
    for _ in range(12):
        column, row = chance.randrange(len(across)), chance.randrange(len(up))
        cut = put_at(put_at(completed, x["path"], across[column]), y["path"], up[row])
        client.post(RUNS, json={**cut, **engine})
        (run,) = client.get(f"{RUNS}?limit=1").json["items"]
        place = row * len(across) + column
        index = told["rule_indexes"][place]
        assert LETTERS[told["colours"][place]] == run["risk_level"]
        assert (None if index is None else told["rules"][index]) == run["rule"]


def test_of_a_tool_that_is_named_the_stick_out_alone_varies(client: FlaskClient) -> None:
    base = {**CUT, "context": {"stock": {"thickness_mm": 3}}, "tool_id": "em-3175-2f", "material_id": "sitka_spruce"}
    assert "U" not in ask(client, STICKOUT, FEED, base=base).json["colours"]


def test_a_mode_that_is_new_is_a_warning_of_each_place_that_has_no_other(client: FlaskClient) -> None:
    told = ask(client, FEED, RPM, base={**CUT, "mode": "rooter"}).json
    assert None not in told["rule_indexes"]
    greens = [index for letter, index in zip(told["colours"], told["rule_indexes"], strict=True) if letter == "G"]
    assert {told["rules"][index] for index in greens} == {"NEW_MODE"}
    assert "NEW_MODE" not in ask(client, FEED, RPM).json["rules"]


def test_a_thousand_places_are_eight_kilobytes_and_one_more_is_refused(client: FlaskClient) -> None:
    response = ask(client, {**FEED, "steps": 40}, {**RPM, "steps": 25})
    assert len(response.json["colours"]) == 1000
    assert len(response.data) <= 8000
    assert len(set(response.json["colours"])) > 1
    refused = ask(client, {**FEED, "steps": 11}, {**RPM, "steps": 91})
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["grid.y.steps"])


def test_values_are_as_far_from_each_other_and_end_where_they_were_told_to(client: FlaskClient) -> None:
    told = ask(client, {**FEED, "from": 1, "to": 2, "steps": 4}, {**RPM, "from": 9000, "to": 6000, "steps": 1}).json
    assert told["x"]["values"] == [1, 1.33333333, 1.66666667, 2]
    assert told["y"]["values"] == [9000]


@pytest.mark.parametrize(
    ("x", "field"),
    [
        ({"path": "mode"}, "path"),
        ({"path": "design"}, "path"),
        ({"path": "design.__class__.a.b.c"}, "path"),
        ({"path": "design.feed mm"}, "path"),
        ({"from": "1"}, "from"),
        ({"to": True}, "to"),
        ({"to": 1e13}, "to"),
        ({"steps": 0}, "steps"),
        ({"steps": 1001}, "steps"),
        ({"steps": 2.5}, "steps"),
        ({"step": 2}, "step"),
        ({"path": "context.stock.thickness_mm.a"}, "path"),
        ({"path": "design.operation.a"}, "path"),
    ],
)
def test_an_axis_that_is_none_is_refused_by_name_and_place(client: FlaskClient, x: dict[str, Any], field: str) -> None:
    response = ask(client, {**FEED, "steps": 2, **x}, {**RPM, "steps": 1})
    assert response.status_code == 422
    assert list(response.json["errors"]) == [f"grid.x.{field}"]


@pytest.mark.parametrize("paths", [(RPM["path"], RPM["path"]), ("context.tool", "context.tool.stickout_mm")])
def test_numbers_that_are_in_each_others_way_are_refused(client: FlaskClient, paths: tuple[str, str]) -> None:
    for x, y in (paths, paths[::-1]):
        response = ask(client, {**FEED, "path": x}, {**RPM, "path": y})
        assert (response.status_code, list(response.json["errors"])) == (422, ["grid.y.path"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"grid": {"x": FEED, "y": RPM}}, "grid.base"),
        ({"grid": {"x": FEED, "y": RPM, "base": {**CUT, "score": 1}}}, "grid.base.score"),
        ({"grid": {"x": FEED, "y": RPM, "base": CUT}, "items": [CUT]}, "items"),
        ({"grid": []}, "grid"),
    ],
)
def test_a_grid_has_one_cut_and_nothing_beside_it(client: FlaskClient, body: dict[str, Any], field: str) -> None:
    response = client.post(URL, json=body)
    assert response.status_code == 422
    assert [name.partition("._schema")[0] for name in response.json["errors"]] == [field]


def test_an_engine_that_is_not_there_is_not_replaced(client: FlaskClient) -> None:
    assert ask(client, FEED, RPM, engine_id="nobody").json["error"] == "ENGINE_NOT_FOUND"


def test_of_our_own_engine_just_the_colours_are_asked(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(Registry().baseline_v2), "compute", None)
    assert ask(client, FEED, RPM, engine_id="baseline_v2").status_code == 200
