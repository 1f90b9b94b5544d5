"""What is named and in no table of the shop: never GREEN, said in a sentence, and wherever a cut is evaluated."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from rmos.engines.shop import SHIPPED
from rmos.store import Store
from tests.api.conftest import RUNS, make_body, make_named

SESSIONS = "/api/workflow-sessions"
DRY_RUN = "/api/rmos/feasibility"
SLIPS = {
    "machine_id": ("rigid_ruter", "rigid_router", "context.machine"),
    "tool_id": ("em-3157-2f", "em-3175-2f", "context.tool"),
    "material_id": ("sitka_sprce", "sitka_spruce", "context.material"),
}


def slip(member: str) -> dict[str, Any]:
    return make_named(**{member: SLIPS[member][0]})


def record(client: FlaskClient, body: dict[str, Any]) -> dict[str, Any]:
    run: dict[str, Any] = client.get(f"{RUNS}/{client.post(RUNS, json=body).json['run_id']}").json
    return run


def test_the_cut_is_green_when_everything_is_named_as_it_is(client: FlaskClient, service_store: Store) -> None:
    decision = record(client, make_named())["decision"]
    assert (decision["risk_level"], decision["warnings"]) == ("GREEN", [])
    assert "unknown_names" not in decision["details"]


@pytest.mark.parametrize("member", SLIPS)
def test_trap_43_an_unknown_id_is_unknown_and_says_what_is_known_and_what_was_meant(
    client: FlaskClient, service_store: Store, member: str
) -> None:
    name, meant, section = SLIPS[member]
    run = record(client, slip(member))
    decision = run["decision"]
    assert (run["status"], decision["risk_level"], decision["score"]) == ("BLOCKED", "UNKNOWN", None)
    reason = decision["block_reason"]
    assert reason.startswith(f'UNKNOWN_NAME: {member} "{name}" names no ')
    assert f"Did you mean {meant}" in reason
    assert "Known are " in reason
    assert section in reason
    assert not [path for path in decision["details"]["missing_inputs"] if path.startswith(section)]
    assert not [warning for warning in decision["warnings"] if "not evaluated" in warning]
    [listed] = client.get(RUNS, query_string={"rule": "UNKNOWN_NAME"}).json["items"]
    assert (listed["run_id"], listed[member]) == (run["run_id"], name)


@pytest.mark.parametrize("member", SLIPS)
def test_trap_43_a_dry_run_says_what_a_run_would(client: FlaskClient, service_store: Store, member: str) -> None:
    body = slip(member)
    cut = {name: body[name] for name in ("mode", "tool_id", "design", "context", "material_id", "machine_id")}
    [told] = client.post(DRY_RUN, json={"items": [cut]}).json["results"]
    [brief] = client.post(DRY_RUN, json={"items": [cut], "view": "brief"}).json["results"]
    decision = record(client, body)["decision"]
    assert {name: told[name] for name in ("risk_level", "score", "block_reason", "warnings")} == {
        name: decision[name] for name in ("risk_level", "score", "block_reason", "warnings")
    }
    assert (brief["risk_level"], brief["rule"]) == ("UNKNOWN", "UNKNOWN_NAME")


@pytest.mark.parametrize("member", SLIPS)
def test_trap_43_no_setting_is_suggested_for_what_nobody_knows(
    client: FlaskClient, service_store: Store, member: str
) -> None:
    body = slip(member)
    asked = {name: body[name] for name in ("tool_id", "context", "material_id", "machine_id")}
    design = {"operation": "channel", "total_depth_mm": 1.5, "feature_width_mm": 6.0}
    response = client.post(f"{DRY_RUN}/suggest", json={**asked, "design": design})
    assert response.status_code == 422
    assert list(response.json["errors"]) == [member]
    assert SLIPS[member][1] in response.json["detail"]


@pytest.mark.parametrize("member", SLIPS)
def test_trap_43_a_session_does_not_pass_with_an_unknown_id(
    client: FlaskClient, service_store: Store, member: str
) -> None:
    body = slip(member)
    kept = {name: body[name] for name in ("design", "context", "material_id", "machine_id")}
    session_id = client.post(SESSIONS, json=kept).json["session_id"]
    action = {"mode": "router", "tool_id": body["tool_id"]}
    acted = client.post(f"{SESSIONS}/{session_id}/actions/request_feasibility", json=action).json
    assert acted["state"] == "rejected"
    assert client.get(f"{RUNS}/{acted['run_id']}").json["decision"]["block_reason"].startswith("UNKNOWN_NAME")


@pytest.mark.parametrize("member", ["machine", "tool"])
def test_trap_43_a_rosette_for_what_nobody_knows_is_unknown_and_says_it_once(
    client: FlaskClient, service_store: Store, member: str
) -> None:
    rosette = {"prompt": "a rope of ebony and maple in a 6 mm band", member: "nobody-has-it"}
    run = client.get(f"{RUNS}/{client.post('/api/rmos/rosettes', json=rosette).json['run_id']}").json
    decision = run["decision"]
    assert decision["risk_level"] in ("UNKNOWN", "RED")
    said = [line for line in (decision["block_reason"], *decision["warnings"]) if "UNKNOWN_NAME" in line]
    assert len(said) == 1
    assert f'{member}_id "nobody-has-it" names no {member}' in said[0]


def test_trap_43_what_the_context_describes_may_be_called_anything(client: FlaskClient, service_store: Store) -> None:
    tool = dict(SHIPPED.tools["em-3175-2f"])
    context = {"tool": tool, "machine": {"class": "rigid"}, "material": {"id": "sitka_spruce"}}
    context["stock"] = {"thickness_mm": 3.0}
    names = {"tool_id": "T3 1/8in upcut", "machine_id": "the red one", "material_id": "top no. 7"}
    run = record(client, make_named(context=context, **names))
    assert run["decision"]["risk_level"] == "GREEN"
    assert {name: run[name] for name in names} == names


def test_trap_43_ids_are_looked_up_in_any_case_and_recorded_as_they_were_sent(
    client: FlaskClient, service_store: Store
) -> None:
    names = {"tool_id": "EM-3175-2F", "machine_id": "Rigid_Router", "material_id": "SITKA_SPRUCE"}
    shouted, usual = record(client, make_named(**names)), record(client, make_named())
    assert shouted["hashes"] == usual["hashes"]
    assert {name: shouted[name] for name in names} == names


def test_a_red_cut_stays_red_and_names_what_nobody_knows_besides(client: FlaskClient, service_store: Store) -> None:
    design = {**make_body()["design"], "spindle_rpm": 60000}
    decision = record(client, make_named(machine_id="nobody-has-it", design=design))["decision"]
    assert decision["risk_level"] == "RED"
    assert decision["block_reason"].startswith("OVERSPEED")
    assert decision["warnings"][0].startswith("UNKNOWN_NAME: machine_id")
    found = record(client, make_named(tool_id="nobody-has-it", design={**design, "floor_thickness_mm": 0.1}))[
        "decision"
    ]
    assert [line.partition(":")[0] for line in (found["block_reason"], *found["warnings"])] == [
        "GEOMETRY",
        "UNKNOWN_NAME",
    ]


def test_what_the_cut_lacks_besides_is_said(client: FlaskClient, service_store: Store) -> None:
    design = {name: value for name, value in make_body()["design"].items() if name != "feed_mm_min"}
    decision = record(client, make_named(tool_id="nobody-has-it", design=design))["decision"]
    assert decision["details"]["missing_inputs"] == ["design.feed_mm_min"]
    assert decision["warnings"][-1] == "The cut also lacks design.feed_mm_min."


def test_a_drawing_needs_no_tool_that_anybody_knows(client: FlaskClient, service_store: Store) -> None:
    run = record(client, make_named(tool_id="none", design={"operation": "drawing_only"}))
    assert "unknown_names" not in run["decision"]["details"]


@pytest.mark.parametrize("member", SLIPS)
@pytest.mark.parametrize("engine_id", ["baseline_v1", "baseline_v2"])
def test_trap_43_a_run_that_names_what_nobody_knows_is_reproduced(
    client: FlaskClient, service_store: Store, member: str, engine_id: str
) -> None:
    run = record(client, {**slip(member), "engine_id": engine_id})
    assert run["decision"]["risk_level"] == "UNKNOWN"
    assert client.get(f"{RUNS}/{run['run_id']}/replay").json["reproduced"] is True


# Modes


def test_trap_43_a_mode_that_nobody_has_used_is_minded_once_and_found_again(
    client: FlaskClient, service_store: Store
) -> None:
    first, second = record(client, make_named(mode="rooter")), record(client, make_named(mode="Rooter"))
    assert first["decision"]["risk_level"] == "GREEN"
    [warning] = first["decision"]["warnings"]
    assert warning == 'NEW_MODE: mode "rooter" is new in this store. Did you mean router?'
    assert second["decision"]["warnings"] == []
    found = client.get(RUNS, query_string={"mode": "ROOTER"}).json["items"]
    assert [(run["run_id"], run["rule"]) for run in found] == [(second["run_id"], None), (first["run_id"], "NEW_MODE")]


def test_trap_43_a_dry_run_minds_a_new_mode_too(client: FlaskClient, service_store: Store) -> None:
    body = make_named(mode="rooter")
    cut = {name: body[name] for name in ("mode", "tool_id", "design", "context", "material_id", "machine_id")}
    for recorded in (False, True):
        [told] = client.post(DRY_RUN, json={"items": [cut]}).json["results"]
        assert [warning.partition(":")[0] for warning in told["warnings"]] == ([] if recorded else ["NEW_MODE"])
        client.post(RUNS, json=body)


@pytest.mark.parametrize("mode", ["router", "SAW", "cam", "art_studio"])
def test_the_modes_of_a_shop_are_known(client: FlaskClient, service_store: Store, mode: str) -> None:
    assert record(client, make_named(mode=mode))["decision"]["warnings"] == []
