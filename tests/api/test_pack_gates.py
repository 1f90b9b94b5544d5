"""A pack is refused once what it rests on has changed: each time, with what has, as the program is."""

import datetime
import hashlib
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from rmos import ids
from rmos.engines.shop import Shop
from tests.api.conftest import RUNS, Post, make_body
from tests.helpers.packs import SLOT_CONTEXT, approve_slot, open_pack, pack_url, quicken, store_slot
from tests.helpers.rings import SLOT

PROGRAMS = "/api/rmos/programs"
YELLOW_CUT = {"feed_mm_min": 7500}
"""Of the slot, in the place of its feed."""


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    quicken(monkeypatch)


@pytest.fixture
def ready(client: FlaskClient) -> str:
    """A run that may be taken to a machine."""
    return store_slot(client, machine_id="rigid_router")


def change_shop(app: Flask, table: str, name: str, **members: Any) -> None:
    """Let the shop's tables say something else, as after a start with another file."""
    rmos = app.extensions["rmos"]
    shop: Shop = rmos.engines.shop
    entries = dict(getattr(shop, table))
    entries[name] = {**entries[name], **members}
    rmos.engines.shop = msgspec.structs.replace(shop, **{table: entries})


def refuse(client: FlaskClient, run_id: str) -> TestResponse:
    """Return the refusal of a pack: GET and HEAD alike, and no trace on the run."""
    answer = client.get(pack_url(run_id))
    assert answer.status_code == 409, answer.data[:200]
    assert client.head(pack_url(run_id)).status_code == 409
    assert client.get(f"{RUNS}/{run_id}/events").json["events"] == []
    return answer


def require_stale(client: FlaskClient, run_id: str, changed: list[str]) -> None:
    """Hold pack and program to one refusal, and the zip of all files to none of its bytes."""
    for answer in (refuse(client, run_id), client.get(f"{RUNS}/{run_id}/programs/1")):
        assert (answer.status_code, answer.json["error"]) == (409, "STALE_APPROVAL")
        assert answer.json["changed"] == changed
    zipped = client.get(f"{RUNS}/{run_id}/advisory/blobs/download-all.zip")
    assert b"G1 Z-0.75" not in zipped.data


def test_an_approval_that_was_taken_back(client: FlaskClient) -> None:
    desk = approve_slot(client)
    run_id = desk.done("store_toolpaths", {"outputs": {"gcode_text": SLOT}})["run_id"]
    desk.done("require_revision", {"reason": "Deeper."})
    require_stale(client, run_id, ["session"])


def test_a_design_that_was_changed(client: FlaskClient) -> None:
    desk = approve_slot(client)
    run_id = desk.done("store_toolpaths", {"outputs": {"gcode_text": SLOT}})["run_id"]
    desk.done("require_revision", {"reason": "Deeper."})
    desk.done("set_design", {"design": {"operation": "channel"}})
    require_stale(client, run_id, ["session"])


def test_a_session_that_was_deleted(client: FlaskClient) -> None:
    desk = approve_slot(client)
    run_id = desk.done("store_toolpaths", {"outputs": {"gcode_text": SLOT}})["run_id"]
    client.delete(f"/api/workflow-sessions/{desk.session_id}?force=true")
    require_stale(client, run_id, ["session"])


def test_an_approved_run_that_was_deleted(client: FlaskClient, ready: str) -> None:
    session = client.get(f"{RUNS}/{ready}").json["workflow_session_id"]
    events = client.get(f"/api/workflow-sessions/{session}/events").json["events"]
    judged = next(event["data"]["run_id"] for event in events if event["kind"] == "request_feasibility")
    assert client.delete(f"{RUNS}/{judged}?reason=Taken+back.").status_code == 200
    require_stale(client, ready, ["approval"])


@pytest.mark.parametrize(
    ("table", "name", "members", "changed"),
    [
        ("tools", "em-3175-2f", {"stickout_mm": 30.0}, ["context"]),
        ("machines", "rigid_router", {"max_force_n": 10.0}, ["context"]),
        ("axes", "rigid_router", {"travel_mm": [9.0, 9.0, 9.0]}, ["machine"]),
    ],
)
def test_tables_of_the_shop_that_say_something_else(
    client: FlaskClient, app: Flask, ready: str, table: str, name: str, members: dict[str, Any], changed: list[str]
) -> None:
    change_shop(app, table, name, **members)
    require_stale(client, ready, changed)


def test_a_pack_that_was_taken_before_is_refused_as_well_once_it_is_stale(
    client: FlaskClient, app: Flask, ready: str
) -> None:
    taken = client.get(pack_url(ready))
    assert taken.status_code == 200
    change_shop(app, "tools", "em-3175-2f", stickout_mm=30.0)
    known = client.get(pack_url(ready), headers={"If-None-Match": taken.headers["ETag"]})
    assert (known.status_code, known.json["error"]) == (409, "STALE_APPROVAL")


# Overrides


def override(client: FlaskClient, run_id: str, *, until_us: int | None = None) -> None:
    body: dict[str, Any] = {"scope": "YELLOW", "reason": "Scrap wood, tried <b>before</b>.", "acknowledge_risk": True}
    if until_us is not None:
        body["expires_at_utc"] = ids.utc_text(until_us)
    made = client.post(f"{RUNS}/{run_id}/override", json=body)
    assert made.status_code == 201, made.json


def wait_until(monkeypatch: pytest.MonkeyPatch, us: int) -> None:
    """Let it be a later moment."""
    monkeypatch.setattr(ids, "now_us", lambda: us)


def post_yellow(client: FlaskClient) -> str:
    """Return a run without a session, YELLOW, with a program that does just what its design says."""
    body = make_body(outputs={"gcode_text": SLOT.replace("F2600", "F7500")})
    body["design"] |= YELLOW_CUT
    made = client.post(RUNS, json=body)
    assert (made.status_code, made.json["risk_level"]) == (201, "YELLOW"), made.json
    return str(made.json["run_id"])


def test_without_a_session_green_is_free_and_yellow_takes_an_override_while_it_is_in_force(
    client: FlaskClient, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    green = open_pack(client.get(pack_url(post(outputs={"gcode_text": SLOT}).json["run_id"])).data)
    assert green["programs/01_channel_T1.nc"] == SLOT.encode()
    assert "approval.json" not in green
    assert "override.json" not in green
    assert b"Approved by nobody" in green["sheet.html"]
    run_id = post_yellow(client)
    refused = refuse(client, run_id)
    assert (refused.json["error"], refused.json["missing"]) == ("PACK_NOT_READY", ["override"])
    hour_us = int(datetime.timedelta(hours=1).total_seconds() * 1_000_000)
    until_us = ids.now_us() + hour_us
    override(client, run_id, until_us=until_us)
    members = open_pack(client.get(pack_url(run_id)).data)
    [told] = msgspec.json.decode(members["override.json"])
    assert (told["kind"], told["data"]["effective"]) == ("override", True)
    sheet = members["sheet.html"].decode()
    assert "YELLOW until" in sheet
    assert "Scrap wood, tried &lt;b&gt;before&lt;/b&gt;." in sheet
    wait_until(monkeypatch, until_us + 1)
    over = client.get(pack_url(run_id))
    assert (over.status_code, over.json["error"], over.json["changed"]) == (409, "STALE_APPROVAL", ["override"])
    override(client, run_id)
    renewed = open_pack(client.get(pack_url(run_id)).data)
    assert len(msgspec.json.decode(renewed["override.json"])) == 2


def test_an_override_of_a_session_that_is_over(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = {"min_score_to_approve": 95}
    made = client.post(
        "/api/workflow-sessions",
        json={"design": {**make_body()["design"], **YELLOW_CUT}, "context": SLOT_CONTEXT, "policy": policy},
    ).json
    acts = f"/api/workflow-sessions/{made['session_id']}/actions"
    judged = client.post(f"{acts}/request_feasibility", json={"mode": "router", "tool_id": "em-3175-2f"}).json
    until_us = ids.now_us() + 3_600_000_000
    override(client, judged["run_id"], until_us=until_us)
    for action in ("approve", "request_toolpaths"):
        assert client.post(f"{acts}/{action}", json={}).status_code == 200
    text = SLOT.replace("F2600", "F7500")
    stored = client.post(f"{acts}/store_toolpaths", json={"outputs": {"gcode_text": text}})
    assert stored.status_code == 200, stored.json
    run_id = stored.json["run_id"]
    members = open_pack(client.get(pack_url(run_id)).data)
    assert [event["record_id"] for event in msgspec.json.decode(members["override.json"])] == [judged["run_id"]]
    wait_until(monkeypatch, until_us + 1)
    for address in (pack_url(run_id), f"{RUNS}/{run_id}/programs/1"):
        answer = client.get(address)
        assert (answer.status_code, answer.json["changed"]) == (409, ["approval"])


# Runs without a session


def check_program(client: FlaskClient, text: str, **over: Any) -> dict[str, Any]:
    body = {"gcode_text": text, "filename": "../con.nc", "tools": {"1": "EM-3175-2F"}, "material_id": "sitka_spruce"}
    made = client.post(PROGRAMS, json={**body, "stock": {"thickness_mm": 3.0}, **over})
    assert made.status_code == 201, made.json
    return dict(made.json)


def test_a_program_that_was_checked_by_itself_is_packed_when_it_is_green(client: FlaskClient, app: Flask) -> None:
    run_id = check_program(client, SLOT, machine_id="rigid_router")["run_id"]
    assert open_pack(client.get(pack_url(run_id)).data)["programs/01_milled_T1.nc"] == SLOT.encode()
    change_shop(app, "tools", "em-3175-2f", stickout_mm=30.0)
    changed = client.get(pack_url(run_id))
    assert (changed.status_code, changed.json["error"], changed.json["changed"]) == (409, "STALE_APPROVAL", ["tools"])


@pytest.mark.parametrize(
    ("table", "name", "members", "changed"),
    [
        ("tools", "em-3175-2f", {"stickout_mm": 30.0}, ["tools"]),
        ("axes", "rigid_router", {"travel_mm": [9.0, 9.0, 9.0]}, ["machine"]),
        ("machines", "rigid_router", {"max_force_n": 10.0}, ["machine"]),
    ],
)
def test_a_run_without_a_session_that_the_tables_would_describe_otherwise_today(
    client: FlaskClient, app: Flask, table: str, name: str, members: dict[str, Any], changed: list[str]
) -> None:
    body = make_body(outputs={"gcode_text": SLOT}, machine_id="rigid_router", material_id="sitka_spruce")
    body["context"] = {"stock": {"thickness_mm": 3.0}}
    run_id = client.post(RUNS, json=body).json["run_id"]
    change_shop(app, table, name, **members)
    refused = refuse(client, run_id)
    assert (refused.json["error"], refused.json["changed"]) == ("STALE_APPROVAL", changed)


def test_motions_behind_the_end_keep_a_green_program_out_of_a_pack(client: FlaskClient) -> None:
    made = check_program(client, f"{SLOT}G0 Z-20\n")
    assert made["risk_level"] == "GREEN"
    refused = refuse(client, made["run_id"])
    assert (refused.json["error"], refused.json["exceeded"][0]["what"]) == ("NOT_COVERED", "AFTER_END")


def test_a_file_that_is_attached_to_a_green_run_as_its_program_is_in_no_pack(client: FlaskClient, post: Post) -> None:
    plain, own = post().json["run_id"], post(outputs={"gcode_text": SLOT}).json["run_id"]
    for run_id in (plain, own):
        sha256 = hashlib.sha256(b"G0 Z-99\n").hexdigest()
        body = {"kind": "gcode_input", "filename": "z.nc", "content_type": "text/plain", "sha256": sha256}
        body["b64"] = "RzAgWi05OQo="
        made = client.post(f"{RUNS}/{run_id}/attachments", json=body)
        assert made.status_code == 201, made.json
    assert client.get(pack_url(plain)).json["missing"] == ["program"]
    members = open_pack(client.get(pack_url(own)).data)
    assert [name for name in members if name.startswith("programs/")] == ["programs/01_channel_T1.nc"]
