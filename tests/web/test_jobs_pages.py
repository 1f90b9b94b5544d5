"""Jobs: the board, one job, and each step of it as a form."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from rmos import digest
from rmos.models import ROLES
from rmos.store import Store
from rmos.web.job_steps import TITLES
from rmos.web.jobs import COLUMNS, STATES
from tests.helpers.rings import make_slot
from tests.helpers.small_rosette import HELD, record_small
from tests.web.conftest import CUT, OURS, PAGES, SLOW, check_page

pytestmark = pytest.mark.usefixtures("measured_here")

SESSIONS = "/api/workflow-sessions"
INPUTS = {name: CUT[name] for name in ("design", "context", "material_id", "machine_id")}
KEY = "abcdefghijklmnopqrstuv"
"""A key as forms have."""
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}'
NAMES = {name: CUT[name] for name in ("material_id", "machine_id")}
Fill = Callable[..., TestResponse]


@pytest.fixture
def begin(client: FlaskClient) -> Any:
    """Begin a job over HTTP and return its id: `begin(title="Top 17")`."""

    def begin(title: str = "", **over: Any) -> str:
        body = {**INPUTS, "state_data": {"title": title}, **over}
        made = client.post(SESSIONS, json={name: value for name, value in body.items() if value is not None})
        assert made.status_code == 201, made.text
        return str(made.json["session_id"])

    return begin


@pytest.fixture
def fill(client: FlaskClient) -> Fill:
    """Open a form, fill it in and send it, as a browser does: `fill("/sessions/ws_…/approve", reason="…")`."""

    def fill(path: str, **fields: str) -> TestResponse:
        page = client.get(path, headers=PAGES).text
        found = re.search(r'<form method="post" action="([^"]+)" class="card.*?</form>', page, re.DOTALL)
        assert found is not None, page
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', found[0]))
        return client.post(found[1], data={**hidden, **fields}, headers=OURS)

    return fill


def act(client: FlaskClient, session_id: str, action: str, **fields: Any) -> None:
    response = client.post(f"{SESSIONS}/{session_id}/actions/{action}", json=fields)
    assert response.status_code == 200, response.text


def events_of(app: Flask, session_id: str) -> list[str]:
    return [event.kind for event in app.extensions["rmos"].store.sessions.record(session_id).events]


def has_come(response: TestResponse, session_id: str) -> bool:
    return (response.status_code, response.headers.get("Location")) == (303, f"/sessions/{session_id}")


# The board


def test_every_state_has_one_column_and_a_name() -> None:
    assert sorted(state for column in COLUMNS for state in column.states) == sorted(STATES)


def test_the_board_counts_jobs_by_state_and_shows_the_last_verdict(
    browse: Any, begin: Any, client: FlaskClient
) -> None:
    assert "No jobs yet" in check_page(browse("/sessions"))
    judged, red = begin("Top 17"), begin("Thin top", design=SLOW["design"])
    for session_id in (judged, red):
        act(client, session_id, "request_feasibility", mode="router", tool_id=CUT["tool_id"])
    begin("Later", design=None)
    gone = begin("Gone")
    assert client.delete(f"{SESSIONS}/{gone}").status_code == 200
    text = check_page(browse("/sessions"))
    for counted in ("Needs design 1", "Ready to judge 0", "Judged 2", "Approved 0", "Toolpaths 0", "Done 0"):
        assert counted in text
    assert re.search(r"Top 17 to be decided ✓ GREEN \d+", text)
    assert re.search(r"Thin top rejected ✕ RED", text)
    assert "Later draft not judged yet Set the design." in text
    assert "Gone" not in text
    assert "Gone deleted" in check_page(browse("/sessions?status=DELETED"))


def test_more_jobs_than_a_column_shows_are_a_list_of_pages(browse: Any, begin: Any) -> None:
    for number in range(8):
        begin(f"Top {number}")
    page = browse("/sessions")
    assert "8 ready to judge" in check_page(page)
    listed = check_page(browse("/sessions?state=context_ready&limit=5"))
    assert [f"Top {number} " in listed for number in range(8)] == [False] * 3 + [True] * 5
    older = re.search(r'href="(/sessions\?[^"]+)" rel="next"', browse("/sessions?state=context_ready&limit=5").text)
    assert older is not None
    assert "Top 0 " in check_page(browse(html.unescape(older[1])))
    check_page(browse("/sessions?state=nowhere"), 422)


# One job


def test_a_job_says_where_it_stands_and_what_is_next(browse: Any, begin: Any, client: FlaskClient) -> None:
    session_id = begin("Top 17")
    text = check_page(browse(f"/sessions/{session_id}"))
    assert "Top 17 begun by local" in text
    assert "✓ Design and context , done ● Judged , next ○ Approved , later" in text
    assert "Next: Request the feasibility." in text
    act(client, session_id, "request_feasibility", mode="router", tool_id=CUT["tool_id"])
    run = client.get(f"{SESSIONS}/{session_id}/runs").json["runs"][0]["run_id"]
    page = browse(f"/sessions/{session_id}")
    text = check_page(page)
    assert page.text.count(f'href="/runs/{run}"') == 2
    assert "local had it judged: GREEN; now to be decided" in text
    assert "YELLOW is approved from 70 of 100" in text
    assert "RED and UNKNOWN are overridden nowhere" in text
    assert [part.split('"')[0] for part in page.text.split(f'href="/sessions/{session_id}/')[1:]] == [
        *("approve", "request_feasibility", "require_revision", "reject", "archive", "change", "delete"),
    ]
    assert f'href="/sessions/{session_id}"' in browse(f"/runs/{run}").text


def test_what_is_no_job_is_a_page(browse: Any) -> None:
    for path in ("/sessions/ws_0123456789ab", "/sessions/nothing", "/sessions/ws_0123456789ab/approve"):
        assert "There is no workflow session" in check_page(browse(path), 404)
    check_page(browse("/sessions/ws_0123456789ab/nothing"), 404)


def test_hostile_titles_and_reasons_stay_text(browse: Any, begin: Any, fill: Fill) -> None:
    session_id = begin(HOSTILE, user_id=HOSTILE, design={**CUT["design"], HOSTILE: HOSTILE}, workflow_type=HOSTILE)
    assert has_come(fill(f"/sessions/{session_id}/archive", note=HOSTILE), session_id)
    for path in ("/sessions", f"/sessions/{session_id}", f"/sessions/{session_id}/change"):
        response = browse(path)
        check_page(response)
        assert "<img src=x" not in response.text
        assert "<script>alert" not in response.text
        assert "49" not in response.text.split("{{7*7}}")[-1][:4]


# Steps


def test_a_job_goes_by_forms_from_nothing_to_the_archive(app: Flask, browse: Any, fill: Fill) -> None:
    lines = "operation = channel\n" + "\n".join(f"{n} = {v}" for n, v in CUT["design"].items() if n != "operation")
    program = make_slot(rpm=18000, feed=1800, plunge=600, depths=(0.7, 1.4))
    begun = fill("/sessions/new", title="Top 18", material_id=CUT["material_id"], machine_id=CUT["machine_id"])
    assert begun.status_code == 303
    session_id = begun.headers["Location"].rpartition("/")[2]
    path = f"/sessions/{session_id}"
    for step, fields in {
        "set_design": {"design": lines.replace("\n", "\r\n")},
        "set_context": {"context": "stock.thickness_mm = 2.9"},
        "request_feasibility": {"tool_id": CUT["tool_id"], "mode": "router"},
        "approve": {"reason": ""},
        "request_toolpaths": {},
        "store_toolpaths": {"gcode_text": program.replace("\n", "\r\n")},
        "archive": {"note": "Cut on Friday."},
    }.items():
        assert has_come(fill(f"{path}/{step}", **fields), session_id), step
    assert events_of(app, session_id) == [
        *("create", "set_design", "set_context", "request_feasibility", "approve"),
        *("request_toolpaths", "store_toolpaths", "archive"),
    ]
    store: Store = app.extensions["rmos"].store
    record = store.sessions.record(session_id)
    assert record.session.design == CUT["design"]
    run = store.runs.record(record.events[-2].data["run_id"])
    assert digest.sha256_hex(program.encode()).encode() in run.data
    assert b"S18000" not in run.data
    assert "Nothing is left to do." in check_page(browse(path))


def test_a_form_that_is_sent_twice_does_its_work_once(app: Flask, client: FlaskClient, begin: Any) -> None:
    session_id = begin()
    steps = {
        "change": {**NAMES, "title": "Top 19", "min_score_to_approve": "80"},
        "request_feasibility": {"tool_id": CUT["tool_id"], "mode": "router"},
        "approve": {"reason": "As the last six."},
        "delete": {"force": "yes", "reason": "A trial."},
        "restore": {},
    }
    for version, (step, fields) in enumerate(steps.items(), 1):
        for _ in range(2):
            form = {"version": str(version), **fields}
            assert has_come(client.post(f"/sessions/{session_id}/{step}", data=form, headers=OURS), session_id), step
    assert events_of(app, session_id) == ["create", "update", "request_feasibility", "approve", "delete", "restore"]
    assert len(client.get(f"{SESSIONS}/{session_id}/runs").json["runs"]) == 2


def test_the_form_of_a_new_job_makes_one_job(client: FlaskClient) -> None:
    key = re.search(r'name="key" value="([^"]+)"', client.get("/sessions/new", headers=PAGES).text)
    assert key is not None
    said = {"key": key[1], "title": "Top 20"}
    sent = [client.post("/sessions", data=said, headers=OURS) for _ in range(2)]
    assert sent[0].headers["Location"] == sent[1].headers["Location"]
    assert len(client.get(SESSIONS).json["items"]) == 1
    other = client.post("/sessions", data={**said, "title": "Another"}, headers=OURS)
    assert "Not done." in check_page(other, 422)
    assert key[1] not in other.text
    assert "Not done." in check_page(client.post("/sessions", data={"title": "x"}, headers=OURS), 422)


def test_a_job_begins_with_what_a_run_was_made_of(browse: Any, fill: Fill, client: FlaskClient, record: Any) -> None:
    run_id = record()
    assert f'href="/sessions/new?run={run_id}"' in browse(f"/runs/{run_id}").text
    page = browse(f"/sessions/new?run={run_id}")
    check_page(page)
    shown = {
        name: html.unescape(value) for name, value in re.findall(r'name="(\w+)"[^>]*>\n([^<]*)</textarea>', page.text)
    }
    values = dict(re.findall(r'name="(\w+)"(?: inputmode="decimal")? value="([^"]*)"', page.text))
    begun = fill("/sessions/new", **{**values, **shown, "title": "Again"})
    session = client.get(f"{SESSIONS}/{begun.headers['Location'].rpartition('/')[2]}").json
    run = client.get(f"/api/rmos/runs/{run_id}").json
    assert session["design"] == run["inputs"]["design"]
    assert session["context"] == run["inputs"]["context"]
    assert (session["tool_id"], session["material_id"]) == (run["tool_id"], run["material_id"])
    check_page(browse("/sessions/new?run=run_0123456789ab"), 404)


def test_a_job_of_a_rosette_goes_from_the_page_of_its_run_to_a_pack_by_the_pages_alone(
    browse: Any, fill: Fill, client: FlaskClient
) -> None:
    run_id = record_small(client)
    page = browse(f"/sessions/new?run={run_id}")
    check_page(page)
    assert re.findall(r"<tr><td>([\w ]+)</td><td>em-3175-2f</td>", page.text) == ["channel", "soundhole"]
    assert 'name="design"' not in page.text
    held = "stock.thickness_mm = 2.3\n" + "\n".join(f"hold_down.{name} = {value}" for name, value in HELD.items())
    begun = fill(f"/sessions/new?run={run_id}", context=held, machine_id="light_desktop")
    job = begun.headers["Location"]
    session_id = job.rpartition("/")[2]
    taken = client.post(SESSIONS, json={}).json["session_id"]
    act(client, taken, "set_design", from_run_id=run_id)
    assert client.get(f"{SESSIONS}/{session_id}").json["design"] == client.get(f"{SESSIONS}/{taken}").json["design"]
    page = browse(job)
    assert "soundhole" in page.text
    assert "rosette spec" not in page.text
    for step, fields in (("request_feasibility", {"mode": "cam"}), ("approve", {}), ("request_toolpaths", {})):
        assert fill(f"{job}/{step}", **fields).status_code == 303, step
    assert fill(f"{job}/make_toolpaths").status_code == 303
    pack = re.search(r'href="(/runs/run_\w+/pack)"', browse(job).text)
    assert pack is not None
    check_page(browse(pack[1]))
    assert client.get(f"/api/rmos{pack[1].removesuffix('pack')}operator-pack").status_code == 200


def test_whoever_is_late_is_shown_what_has_changed_and_what_they_wrote(
    app: Flask, client: FlaskClient, begin: Any
) -> None:
    session_id = begin("Top 21")
    act(client, session_id, "request_feasibility", mode="router", tool_id=CUT["tool_id"])
    form = {"version": "2", "reason": "Grain runs out."}
    act(client, session_id, "approve", reason="As the last six.")
    response = client.post(f"/sessions/{session_id}/reject", data=form, headers=OURS)
    text = check_page(response, 412)
    assert "local approved it: As the last six.; now approved" in text
    assert "had it judged" not in text
    assert "What you had written Grain runs out." in text
    assert events_of(app, session_id)[-1] == "approve"


@pytest.mark.parametrize(
    "fields", [{"reason": "x"}, {"version": ""}, {"version": "-1"}, {"version": "x"}, {"version": "9" * 20}]
)
def test_a_form_that_does_not_say_what_it_was_made_for_is_refused(
    app: Flask, client: FlaskClient, begin: Any, fields: dict[str, str]
) -> None:
    session_id = begin()
    check_page(client.post(f"/sessions/{session_id}/archive", data=fields, headers=OURS), 422)
    assert events_of(app, session_id) == ["create"]


def test_what_the_state_does_not_allow_is_said_and_not_offered(browse: Any, client: FlaskClient, begin: Any) -> None:
    session_id = begin()
    response = browse(f"/sessions/{session_id}/approve")
    assert "This job is ready to judge, which does not allow it." in check_page(response)
    assert "<button>Approve" not in response.text
    sent = client.post(f"/sessions/{session_id}/approve", data={"version": "1"}, headers=OURS)
    assert "Not done. The session is context_ready" in check_page(sent, 409)


@pytest.mark.parametrize(
    ("step", "fields", "status", "said"),
    [
        ("reject", {"reason": " "}, 422, "reason Missing data for required field."),
        ("request_feasibility", {"mode": "router"}, 422, "tool_id Missing data"),
        ("change", {"min_score_to_approve": "many"}, 422, "policy.min_score_to_approve Not a valid number"),
        ("change", {"min_score_to_approve": "8_0"}, 422, "policy.min_score_to_approve Not a valid number"),
        ("change", {"nonsense": "x"}, 303, ""),
        ("archive", {"nonsense": "x"}, 422, "nonsense Unknown field."),
    ],
)
def test_what_was_entered_stands_there_again_with_what_is_wrong(
    client: FlaskClient, begin: Any, step: str, fields: dict[str, str], status: int, said: str
) -> None:
    session_id = begin()
    act(client, session_id, "request_feasibility", mode="router", tool_id=CUT["tool_id"])
    response = client.post(f"/sessions/{session_id}/{step}", data={"version": "2", **fields}, headers=OURS)
    if status == 303:
        assert has_come(response, session_id)
    else:
        assert said in check_page(response, status)


def test_an_approval_that_is_blocked_names_the_run_that_was_recorded(client: FlaskClient, begin: Any) -> None:
    session_id = begin(policy={"min_score_to_approve": 99.9}, design={**CUT["design"], "plunge_feed_mm_min": 2200})
    act(client, session_id, "request_feasibility", mode="router", tool_id=CUT["tool_id"])
    response = client.post(f"/sessions/{session_id}/approve", data={"version": "2", "reason": "Dry."}, headers=OURS)
    text = check_page(response, 409)
    assert "Not done. It is YELLOW with a score of" in text
    run = client.get(f"{SESSIONS}/{session_id}/runs").json["runs"][0]["run_id"]
    assert f'href="/runs/{run}"' in response.text
    assert "\nDry.</textarea>" in response.text


# Who may


def test_each_page_and_step_serves_the_roles_that_the_interface_serves(
    app: Flask, signed_in: dict[str, FlaskClient]
) -> None:
    recorder = signed_in["recorder"]
    begun = recorder.post("/sessions", data={"key": KEY, "title": "Top 22"}, headers=OURS)
    path, strangers = begun.headers["Location"], app.test_client()
    needed = {"/sessions": "viewer", path: "viewer", "/sessions/new": "recorder"}
    needed |= {f"{path}/{step}": "recorder" for step in TITLES}
    needed |= {f"{path}/{step}": "operator" for step in ("approve", "reject", "delete", "restore")}
    for page, role in needed.items():
        assert strangers.get(page, headers=PAGES).headers["Location"].startswith("/sign-in?next=")
        for own, browser in signed_in.items():
            reaches = ROLES.index(own) >= ROLES.index(role)
            assert browser.get(page, headers=PAGES).status_code == (200 if reaches else 403), (page, own)
            if page.startswith(f"{path}/"):
                sent = browser.post(page, data={"version": "77", "reason": "Too late."}, headers=OURS)
                assert (sent.status_code == 403) == (not reaches), (page, own)
    assert events_of(app, path.rpartition("/")[2]) == ["create"]


def test_a_job_with_runs_can_be_taken_to_another_shop_by_an_operator(
    signed_in: dict[str, FlaskClient],
) -> None:
    made = signed_in["operator"].post("/api/workflow-sessions", json={}, headers=OURS).json["session_id"]
    body = {**CUT, "workflow_session_id": made}
    link = f'href="/api/rmos/bundles?workflow_session_id={made}"'
    assert link not in signed_in["operator"].get(f"/sessions/{made}", headers=PAGES).text
    assert signed_in["operator"].post("/api/rmos/runs", json=body, headers=OURS).status_code == 201
    assert link in signed_in["operator"].get(f"/sessions/{made}", headers=PAGES).text
    assert link not in signed_in["viewer"].get(f"/sessions/{made}", headers=PAGES).text


def test_buttons_that_one_may_not_press_say_why(signed_in: dict[str, FlaskClient]) -> None:
    recorder = signed_in["recorder"]
    path = recorder.post("/sessions", data={"key": KEY}, headers=OURS).headers["Location"]
    texts = {role: check_page(browser.get(path, headers=PAGES)) for role, browser in signed_in.items()}
    assert "Set the design takes the role recorder; you are viewer" in texts["viewer"]
    assert "Delete takes the role operator; you are recorder" in texts["recorder"]
    assert "takes the role" not in texts["operator"]
    page = signed_in["viewer"].get(path, headers=PAGES).text
    assert f'href="{path}/' not in page


def test_a_milder_policy_is_refused_a_recorder_on_the_page_too(signed_in: dict[str, FlaskClient]) -> None:
    form = {"key": KEY, "title": "Top 23", "min_score_to_approve": "10"}
    refused = signed_in["recorder"].post("/sessions", data=form, headers=OURS)
    assert "milder takes the role operator" in check_page(refused, 403)
    assert 'value="Top 23"' in refused.text
    assert signed_in["operator"].post("/sessions", data=form, headers=OURS).status_code == 303


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {}])
def test_writes_from_elsewhere_are_refused(
    app: Flask, signed_in: dict[str, FlaskClient], headers: dict[str, str]
) -> None:
    operator = signed_in["operator"]
    path = operator.post("/sessions", data={"key": KEY}, headers=OURS).headers["Location"]
    for to in ("/sessions", f"{path}/archive", f"{path}/delete", f"{path}/change"):
        response = operator.post(to, data={"version": "1", "key": KEY[::-1]}, headers={**PAGES, **headers})
        check_page(response, 403)
    assert events_of(app, path.rpartition("/")[2]) == ["create"]
    assert len(operator.get(SESSIONS).json["items"]) == 1
