"""The page of an operator pack, and its sheet, which nothing that stands in a record can make act."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.helpers.packs import SLOT_CONTEXT, approve_slot, open_pack, pack_url, quicken, store_slot
from tests.helpers.rings import SLOT, SLOT_CUT
from tests.web.conftest import PAGES, check_page

Browse = Callable[[str], TestResponse]
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>{{ 7*7 }}{% raw %}',
    "\u202egnp.exe\u2066 \u200fשלום\u200e end",
    "👩\u200d🔧 Größe ß\nsecond line\r\nthird\x0bline",
)


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    quicken(monkeypatch)


def test_the_page_lists_what_is_in_the_pack_and_who_took_it(browse: Browse, client: FlaskClient) -> None:
    run_id = store_slot(client)
    page = browse(f"/runs/{run_id}/pack")
    check_page(page)
    assert client.get(f"/api/rmos/runs/{run_id}/events").json["events"] == []
    assert "Nobody yet." in page.text
    digest = client.get(pack_url(run_id)).headers["ETag"].strip('"')
    assert digest in page.text
    assert f'href="/api/rmos/runs/{run_id}/operator-pack"' in page.text
    assert "programs/01_channel_T1.nc" in page.text
    assert "took this pack" in browse(f"/runs/{run_id}/pack").text
    run_page = browse(f"/runs/{run_id}").text
    assert f'href="/runs/{run_id}/pack"' in run_page
    assert "took the operator pack" in run_page


def test_a_pack_that_is_not_ready_says_what_is_missing_and_the_job_leads_to_the_one_that_is(
    browse: Browse, client: FlaskClient
) -> None:
    desk = approve_slot(client)
    events = client.get(f"/api/workflow-sessions/{desk.session_id}/events").json["events"]
    judged = next(event["data"]["run_id"] for event in events if event["kind"] == "request_feasibility")
    early = browse(f"/runs/{judged}/pack")
    check_page(early)
    assert "program (missing)" in early.text
    assert "Operator pack</a>" not in browse(f"/sessions/{desk.session_id}").text
    stored = desk.done("store_toolpaths", {"outputs": {"gcode_text": SLOT}})["run_id"]
    assert f'href="/runs/{stored}/pack"' in browse(f"/sessions/{desk.session_id}").text
    assert f'href="/runs/{stored}/pack"' in browse(f"/runs/{judged}/pack").text
    desk.done("require_revision", {"reason": "Deeper."})
    stale = browse(f"/runs/{stored}/pack")
    check_page(stale)
    assert "session (changed)" in stale.text
    assert browse(f"/runs/{stored}/pack/sheet").status_code == 409


def test_the_sheet_is_the_one_in_the_pack_and_may_do_nothing(browse: Browse, client: FlaskClient) -> None:
    run_id = store_slot(client)
    shown = browse(f"/runs/{run_id}/pack/sheet")
    assert shown.data == open_pack(client.get(pack_url(run_id)).data)["sheet.html"]
    policy = shown.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script" not in policy
    again = client.get(f"/runs/{run_id}/pack/sheet", headers={**PAGES, "If-None-Match": shown.headers["ETag"]})
    assert again.status_code == 304


def test_what_takes_an_override_leads_to_it(browse: Browse, client: FlaskClient) -> None:
    fast = {"design": {**SLOT_CUT, "feed_mm_min": 7500}, "outputs": {"gcode_text": SLOT.replace("F2600", "F7500")}}
    run_id = post_slot(client, risk="YELLOW", **fast)
    page = browse(f"/runs/{run_id}/pack")
    check_page(page)
    assert "override (missing)" in page.text
    assert f'href="/runs/{run_id}/override"' in page.text


def post_slot(client: FlaskClient, hold_down: str = "", risk: str = "GREEN", **over: Any) -> str:
    """Return a run without a session, with a program."""
    context = {**SLOT_CONTEXT, "machine": {"class": "rigid"}, "hold_down": {"pressure_kpa": 60, "how": hold_down}}
    body = {"mode": "router", "tool_id": "em-3175-2f", "design": SLOT_CUT, "context": context}
    made = client.post("/api/rmos/runs", json={**body, "outputs": {"gcode_text": SLOT}, **over})
    assert (made.status_code, made.json["risk_level"]) == (201, risk), made.json
    return str(made.json["run_id"])


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_somebody_wrote_is_text_on_the_sheet_and_turns_nothing_round(client: FlaskClient, text: str) -> None:
    run_id = post_slot(client, hold_down=text, notes=text)
    members = open_pack(client.get(pack_url(run_id)).data)
    sheet = members["sheet.html"].decode()
    assert "<script" not in sheet
    assert "<img src=x" not in sheet
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\x0b\r]", sheet)
    kept = "".join(sign for sign in text.replace("\r\n", "\n") if sign not in "\u202e\u2066\u200f\u200e\x0b")
    assert kept in html.unescape(sheet)
    assert re.fullmatch(r"programs/01_[a-z0-9_-]+_T1\.nc", next(name for name in members if "/" in name))


def test_twenty_thousand_bytes_of_notes_are_cut_and_say_so(client: FlaskClient) -> None:
    sheet = open_pack(client.get(pack_url(post_slot(client, notes="ä" * 10_000))).data)["sheet.html"]
    assert "(10000 characters; record.json has all of them)" in sheet.decode()
    assert len(sheet) < 40_000


def test_who_may_only_look_is_told_whom_it_takes(
    client: FlaskClient, bearers: dict[str, str], signed_in: dict[str, FlaskClient]
) -> None:
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {bearers['operator']}"
    run_id = store_slot(client)
    del client.environ_base["HTTP_AUTHORIZATION"]
    viewer = signed_in["viewer"]
    assert "takes the role operator; you are viewer" in viewer.get(f"/runs/{run_id}/pack", headers=PAGES).text
    assert viewer.get(f"/runs/{run_id}/pack/sheet", headers=PAGES).status_code == 200
    assert viewer.get(pack_url(run_id)).status_code == viewer.head(pack_url(run_id)).status_code == 403
    assert client.get(f"/runs/{run_id}/pack/sheet", headers=PAGES).status_code == 303
