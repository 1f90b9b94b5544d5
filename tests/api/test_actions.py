"""`POST …/{id}/actions/{action}`: from a design to an approved cut, and everything that stands before it."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from rmos import digest
from rmos.api.actions import PREFIXES
from rmos.checks.verify import verify_store
from rmos.config import Settings
from rmos.store import Store
from rmos.workflow import ACTIONS
from tests.api.conftest import RUNS, make_body
from tests.helpers.rings import SLOT
from tests.makers import BEARER, write_token

URL = PREFIXES["actions"]
DESIGN, CONTEXT = make_body()["design"], make_body()["context"]
ASK = {"mode": "router", "tool_id": "em-3175-2f"}
LOW = {**DESIGN, "plunge_feed_mm_min": 2200}
"""YELLOW with a score below 70."""
GOOD_ENOUGH = {**DESIGN, "plunge_feed_mm_min": 1500}
"""YELLOW with a score above 70."""
THIN = {**DESIGN, "floor_thickness_mm": 0.7}
"""RED: the floor of the channel would be too thin."""


class Desk:
    """A session, and a way to act on it."""

    def __init__(self, client: FlaskClient, prefix: str = URL, **fields: Any) -> None:
        self._client = client
        self._prefix = prefix
        made = client.post(prefix, json=fields)
        assert made.status_code == 201, made.text
        self.session_id = str(made.json["session_id"])

    def act(self, action: str, said: dict[str, Any] | None = None, **headers: str) -> TestResponse:
        return self._client.post(
            f"{self._prefix}/{self.session_id}/actions/{action}", json=said or {}, headers=dict(headers)
        )

    def done(self, action: str, said: dict[str, Any] | None = None) -> dict[str, Any]:
        response = self.act(action, said)
        assert response.status_code == 200, response.text
        return dict(response.json)

    def session(self) -> dict[str, Any]:
        return dict(self._client.get(f"{URL}/{self.session_id}").json)

    def runs(self) -> list[str]:
        listed = self._client.get(f"{URL}/{self.session_id}/runs").json["runs"]
        return [run["run_id"] for run in listed]

    def judged(self) -> str:
        return str(self.done("request_feasibility", ASK)["run_id"])


@pytest.mark.parametrize("prefix", PREFIXES.values())
def test_a_session_goes_from_design_to_toolpaths_and_each_attempt_is_a_run_that_its_event_names(
    client: FlaskClient, service_store: Store, prefix: str
) -> None:
    desk = Desk(client, prefix, user_id="anna")
    assert desk.done("set_design", {"design": DESIGN})["next_step"] == "Set the context."
    assert desk.done("set_context", {"context": CONTEXT})["state"] == "context_ready"
    asked = desk.act("request_feasibility", ASK)
    assert asked.headers["ETag"] == f'"{asked.json["version"]}"'
    assert (asked.json["state"], asked.json["tool_id"]) == ("feasibility_ready", "em-3175-2f")
    approved = desk.done("approve", {"reason": "Looks right."})
    assert approved["state"] == "approved"
    assert "run_id" not in desk.done("request_toolpaths")
    stored = desk.done("store_toolpaths", {"outputs": {"gcode_text": SLOT}})
    assert stored["state"] == "toolpaths_ready"
    archived = desk.done("archive", {"note": "Cut and glued."})
    assert (archived["state"], archived["next_step"]) == ("archived", None)

    names = [asked.json["run_id"], approved["run_id"], stored["run_id"]]
    runs = [client.get(f"{RUNS}/{run_id}").json for run_id in names]
    assert [run["event_type"] for run in runs] == ["feasibility_check", "approval", "toolpaths"]
    assert [run["parent_run_id"] for run in runs] == [None, names[0], names[1]]
    assert {run["workflow_session_id"] for run in runs} == {desk.session_id}
    assert {run["hashes"]["feasibility_sha256"] for run in runs} == {runs[0]["hashes"]["feasibility_sha256"]}
    assert runs[1]["meta"]["workflow"] == {"action": "approve", "session_version": 4, "reason": "Looks right."}
    sha256 = digest.sha256_hex(SLOT.encode())
    assert runs[2]["outputs"] == {"programs": [{"name": "program.nc", "sha256": sha256, "size_bytes": len(SLOT)}]}
    events = client.get(f"{URL}/{desk.session_id}/events").json["events"]
    assert [event["kind"] for event in events] == [
        "create",
        *("set_design", "set_context", "request_feasibility", "approve"),
        *("request_toolpaths", "store_toolpaths", "archive"),
    ]
    named = [(event["data"]["run_id"], event["data"]["run_sha256"]) for event in events if "run_id" in event["data"]]
    assert named == [(run["run_id"], run["_sha256"]) for run in runs]
    assert [(event["data"]["from_state"], event["data"]["to_state"]) for event in events][3:5] == [
        ("context_ready", "feasibility_ready"),
        ("feasibility_ready", "approved"),
    ]
    assert verify_store(service_store, recheck_s=0).ok


@pytest.mark.parametrize("order", [("design", "context"), ("context", "design")])
def test_trap_22_a_context_that_comes_before_the_design_leaves_no_session_stuck(
    client: FlaskClient, order: tuple[str, str]
) -> None:
    desk = Desk(client)
    for name in order:
        desk.done(f"set_{name}", {name: {"design": DESIGN, "context": CONTEXT}[name]})
    assert desk.session()["state"] == "context_ready"
    desk.judged()
    assert desk.session()["state"] == "feasibility_ready"


def test_setting_what_is_set_writes_nothing(client: FlaskClient) -> None:
    desk = Desk(client, design=DESIGN)
    assert desk.done("set_design", {"design": DESIGN})["version"] == 1
    assert desk.done("set_design", {"design": LOW})["version"] == 2


@pytest.mark.parametrize(
    ("design", "state"), [(DESIGN, "feasibility_ready"), (LOW, "feasibility_ready"), (THIN, "rejected")]
)
def test_the_server_alone_says_where_a_feasibility_lands(
    client: FlaskClient, design: dict[str, Any], state: str
) -> None:
    assert Desk(client, design=design, context=CONTEXT).done("request_feasibility", ASK)["state"] == state


def test_unknown_counts_as_red(client: FlaskClient) -> None:
    desk = Desk(client, design={"operation": "channel"}, context={"units": "mm"})
    done = desk.done("request_feasibility", {**ASK, "tool_id": "unheard-of"})
    assert client.get(f"{RUNS}/{done['run_id']}").json["decision"]["risk_level"] == "UNKNOWN"
    assert done["state"] == "rejected"


def test_an_illegal_action_is_answered_with_those_that_are_allowed_and_leaves_no_run(client: FlaskClient) -> None:
    desk = Desk(client, design=DESIGN)
    for action, said in {"approve": {}, "request_feasibility": ASK, "request_toolpaths": {}}.items():
        response = desk.act(action, said)
        assert (response.status_code, response.json["error"]) == (409, "TRANSITION_BLOCKED")
        assert response.json["allowed"] == ["set_design", "set_context", "archive"]
        assert (response.json["state"], response.json["session_id"]) == ("draft", desk.session_id)
    assert desk.runs() == []
    assert desk.session()["version"] == 1


def test_yellow_is_approved_from_the_score_of_the_policy_on(client: FlaskClient) -> None:
    low = Desk(client, design=LOW, context=CONTEXT)
    judged = low.judged()
    response = low.act("approve")
    assert (response.status_code, response.json["error"]) == (409, "APPROVAL_BLOCKED")
    assert "53.3" in response.json["detail"]
    attempt = client.get(f"{RUNS}/{response.json['run_id']}").json
    assert (attempt["event_type"], attempt["parent_run_id"]) == ("approval", judged)
    assert low.session()["state"] == "feasibility_ready"
    lenient = Desk(client, design=LOW, context=CONTEXT, policy={"min_score_to_approve": 50})
    strict = Desk(client, design=GOOD_ENOUGH, context=CONTEXT, policy={"min_score_to_approve": 90})
    usual = Desk(client, design=GOOD_ENOUGH, context=CONTEXT)
    for desk in (lenient, strict, usual):
        desk.judged()
    assert [desk.act("approve").status_code for desk in (lenient, strict, usual)] == [200, 409, 200]


def test_a_model_never_approves_and_a_role_can_only_be_lowered(client: FlaskClient) -> None:
    desk = Desk(client, design=DESIGN, context=CONTEXT)
    desk.judged()
    for action, role, needed in [
        ("approve", "ai", "operator"),
        ("approve", "recorder", "operator"),
        ("reject", "ai", "operator"),
        ("approve", "admin", "admin"),
    ]:
        response = desk.act(action, {"reason": "Because.", "actor_role": role})
        assert (response.status_code, response.json["error"]) == (403, "FORBIDDEN")
        assert response.json["role_needed"] == needed
    assert desk.session()["state"] == "feasibility_ready"
    assert desk.done("approve", {"actor_role": "operator"})["state"] == "approved"


def test_a_recorder_may_all_but_decide(app: Flask, settings: Settings) -> None:
    write_token(settings.runs_dir, role="recorder", name="cam")
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {BEARER}"
    desk = Desk(client, design=DESIGN, context=CONTEXT)
    desk.judged()
    for action in ("approve", "reject"):
        response = desk.act(action, {"reason": "Because."})
        assert (response.status_code, response.json["role_needed"], response.json["role"]) == (
            403,
            "operator",
            "recorder",
        )
    assert desk.done("require_revision", {"reason": "Deeper."})["state"] == "design_revision_required"


def test_what_was_rejected_by_a_person_takes_a_revision(client: FlaskClient) -> None:
    desk = Desk(client, design=DESIGN, context=CONTEXT)
    judged = desk.judged()
    rejected = desk.done("reject", {"reason": "The customer wants walnut."})
    run = client.get(f"{RUNS}/{rejected['run_id']}").json
    assert (rejected["state"], run["event_type"], run["parent_run_id"]) == ("rejected", "rejection", judged)
    assert desk.act("request_feasibility", ASK).json["allowed"] == ["require_revision", "archive"]
    desk.done("require_revision", {"reason": "Now walnut."})
    assert desk.act("approve").json["error"] == "TRANSITION_BLOCKED"
    desk.done("set_context", {"context": {**CONTEXT, "material": {"id": "black_walnut"}}})
    assert desk.session()["state"] == "context_ready"


def test_an_approval_is_of_the_machine_and_material_too_that_were_judged(client: FlaskClient) -> None:
    context = {name: value for name, value in CONTEXT.items() if name != "machine"}
    desk = Desk(client, design=DESIGN, context=context, machine_id="light_desktop")
    desk.judged()
    client.patch(f"{URL}/{desk.session_id}", json={"machine_id": None})
    response = desk.act("approve")
    assert (response.status_code, response.json["error"]) == (409, "APPROVAL_BLOCKED")
    client.patch(f"{URL}/{desk.session_id}", json={"machine_id": "light_desktop"})
    desk.done("approve")
    client.patch(f"{URL}/{desk.session_id}", json={"machine_id": None})
    assert desk.act("request_toolpaths").json["error"] == "APPROVAL_BLOCKED"
    client.patch(f"{URL}/{desk.session_id}", json={"machine_id": "light_desktop"})
    assert desk.done("request_toolpaths")["state"] == "toolpaths_requested"


def test_a_session_cannot_be_talked_into_an_approval_by_its_free_fields(client: FlaskClient) -> None:
    forged = {"judged": {"run_id": "run_1"}, "approved_run_id": "run_1", "state": "approved"}
    desk = Desk(client, design=DESIGN, context=CONTEXT, state_data=forged)
    assert client.patch(f"{URL}/{desk.session_id}", json={"state": "approved"}).status_code == 422
    assert desk.act("request_toolpaths").json["error"] == "TRANSITION_BLOCKED"
    response = client.post(RUNS, json=make_body(event_type="approval", workflow_session_id=desk.session_id))
    assert response.status_code == 422
    posted = client.post(RUNS, json=make_body(workflow_session_id=desk.session_id, meta={"workflow": {"action": "x"}}))
    assert "workflow" not in client.get(f"{RUNS}/{posted.json['run_id']}").json["meta"]


def test_a_run_that_judged_and_is_gone_opens_no_gate(client: FlaskClient) -> None:
    desk = Desk(client, design=DESIGN, context=CONTEXT)
    judged = desk.judged()
    assert client.delete(f"{RUNS}/{judged}?reason=posted+twice").status_code == 200
    assert desk.act("approve").json["error"] == "APPROVAL_BLOCKED"
    client.post(f"{RUNS}/{judged}/restore")
    desk.done("approve")


def test_if_match_guards_an_action_before_a_run_is_made(client: FlaskClient) -> None:
    desk = Desk(client, design=DESIGN, context=CONTEXT)
    stale = desk.act("request_feasibility", ASK, **{"If-Match": '"7"'})
    assert (stale.status_code, stale.json["session_id"]) == (412, desk.session_id)
    assert desk.runs() == []
    assert desk.act("request_feasibility", ASK, **{"If-Match": '"1"'}).status_code == 200


def test_an_engine_that_is_not_there_leaves_a_run_and_the_session_as_it_was(client: FlaskClient) -> None:
    desk = Desk(client, design=DESIGN, context=CONTEXT)
    response = desk.act("request_feasibility", {**ASK, "engine_id": "nobody"})
    assert (response.status_code, response.json["error"]) == (404, "ENGINE_NOT_FOUND")
    assert desk.runs() == [response.json["run_id"]]
    assert desk.session()["version"] == 1


def test_a_deleted_session_takes_no_action(client: FlaskClient) -> None:
    desk = Desk(client, design=DESIGN, context=CONTEXT)
    client.delete(f"{URL}/{desk.session_id}")
    assert desk.act("request_feasibility", ASK).json["error"] == "SESSION_DELETED"
    assert desk.runs() == []


@pytest.mark.parametrize(
    ("action", "said", "field"),
    [
        ("dance", {}, "action"),
        ("set_design", {}, "design"),
        ("set_design", {"design": [1]}, "design"),
        ("set_design", {"design": {}, "context": {}}, "context"),
        ("request_feasibility", {"mode": "router"}, "tool_id"),
        ("request_feasibility", {**ASK, "feasibility": {"status": "GREEN"}}, "feasibility"),
        ("require_revision", {}, "reason"),
        ("require_revision", {"reason": "x"}, "reason"),
        ("reject", {"reason": None}, "reason"),
        ("approve", {"actor_role": "king"}, "actor_role"),
        ("store_toolpaths", {"outputs": {}}, "outputs"),
        ("store_toolpaths", {"outputs": {"opplan_json": {"passes": 2}}}, "outputs"),
        ("store_toolpaths", {"outputs": {"gcode_text": None, "opplan_json": [1]}}, "outputs"),
        ("archive", {"reason": "Done."}, "reason"),
    ],
)
def test_what_an_action_does_not_take_is_refused_by_name(
    client: FlaskClient, action: str, said: dict[str, Any], field: str
) -> None:
    response = Desk(client, design=DESIGN, context=CONTEXT).act(action, said)
    assert response.status_code == 422
    assert list(response.json["errors"]) == [field]


def test_every_action_says_what_it_takes(client: FlaskClient) -> None:
    said: dict[str, dict[str, Any]] = {
        "set_design": {"design": DESIGN},
        "set_context": {"context": CONTEXT},
        "request_feasibility": ASK,
        "store_toolpaths": {"outputs": {"gcode_text": SLOT}},
        **{action: {"reason": "Because."} for action in ("require_revision", "reject")},
    }
    desk = Desk(client)
    assert {desk.act(action, said.get(action)).status_code for action in ACTIONS if action != "archive"} <= {200, 409}


def test_a_session_that_is_not_there_is_not_found(client: FlaskClient) -> None:
    response = client.post(f"{URL}/ws_{'0' * 32}/actions/archive", json={})
    assert (response.status_code, response.json["error"]) == (404, "SESSION_NOT_FOUND")


def test_the_sessions_of_a_damaged_run_get_no_approval(client: FlaskClient, settings: Settings) -> None:
    desk = Desk(client, design=DESIGN, context=CONTEXT)
    judged = desk.judged()
    path = next(Path(settings.runs_dir).glob(f"*/{judged}.json"))
    members = msgspec.json.decode(path.read_bytes())
    path.chmod(0o644)
    path.write_bytes(msgspec.json.encode(members | {"notes": "better"}))
    assert desk.act("approve").json["error"] == "RECORD_DAMAGED"
    assert desk.session()["state"] == "feasibility_ready"


def test_toolpaths_have_one_digest_of_all_that_was_stored_as_such(client: FlaskClient) -> None:
    outputs = {"gcode_text": SLOT, "opplan_json": {"b": 1, "a": [1e-7]}}
    found = []
    for sent in (outputs, {**outputs, "opplan_json": None}):
        desk = Desk(client, design=DESIGN, context=CONTEXT)
        desk.judged()
        desk.done("approve")
        desk.done("request_toolpaths")
        run_id = desk.done("store_toolpaths", {"outputs": sent})["run_id"]
        found.append(client.get(f"{RUNS}/{run_id}").json)
    for run in found:
        assert run["hashes"]["toolpaths_sha256"] == digest.canonical_sha256(run["outputs"])
    assert found[0]["hashes"]["toolpaths_sha256"] != found[1]["hashes"]["toolpaths_sha256"]
    made = client.post(RUNS, json=make_body(outputs=outputs)).json["run_id"]
    assert "toolpaths_sha256" not in client.get(f"{RUNS}/{made}").json["hashes"]
