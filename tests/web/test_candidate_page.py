"""Candidates on the page of their run: shown to everybody, decided on by operators, refused in words."""

from typing import Any

from flask.testing import FlaskClient

from tests.helpers.attachments import SHA256, make_upload
from tests.web.conftest import OURS, RUNS, check_page


def promote(client: FlaskClient, run_id: str) -> str:
    client.post(f"{RUNS}/{run_id}/attachments", json=make_upload(kind="svg_variant"))
    client.post(f"{RUNS}/{run_id}/advisory/variants/{SHA256}/promote")
    return str(client.get(f"{RUNS}/{run_id}/manufacturing/candidates").json["items"][0]["candidate_id"])


def test_a_candidate_is_decided_on_where_the_run_is_shown(client: FlaskClient, browse: Any, record: Any) -> None:
    run_id = record()
    assert "For manufacturing" not in browse(f"/runs/{run_id}").text
    assert "has no candidate" in check_page(browse(f"/runs/{run_id}/candidates"))
    candidate_id = promote(client, run_id)
    address = f"/runs/{run_id}/candidates/{candidate_id}"
    assert f'action="{address}"' in browse(f"/runs/{run_id}").text
    sent = client.post(address, data={"decision": "GREEN", "note": "<b>go</b>"}, headers=OURS)
    assert (sent.status_code, sent.headers["Location"]) == (303, f"/runs/{run_id}#candidates")
    page = browse(f"/runs/{run_id}")
    assert "decided on a candidate: GREEN: <b>go</b>" in check_page(page)
    assert f"/manufacturing/candidates/{candidate_id}/download-zip" in page.text
    assert "<b>go" not in page.text
    client.post(address, data={"decision": "none"}, headers=OURS)
    assert "Withdrawn by" in check_page(browse(f"/runs/{run_id}/candidates"))


def test_what_is_refused_says_why_on_a_page(client: FlaskClient, browse: Any, record: Any) -> None:
    run_id = record()
    candidate_id = promote(client, run_id)
    for form in ({"decision": "BLUE"}, {}, {"decision": "GREEN", "colour": "x"}):
        refused = client.post(f"/runs/{run_id}/candidates/{candidate_id}", data=form, headers=OURS)
        assert (refused.status_code, "Not done." in refused.text) == (422, True)
    absent = client.post(f"/runs/{run_id}/candidates/mc_000000000000", data={"decision": "RED"}, headers=OURS)
    assert (absent.status_code, "no candidate with this id" in absent.text) == (404, True)
