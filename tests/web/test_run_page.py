"""A run as its maker reads it."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.helpers.rings import NONSENSE, RING, approve_ring
from tests.web.conftest import RUNS, SLOW, check_page

pytestmark = pytest.mark.usefixtures("measured_here")

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}\u202e\u2028'


def test_a_run_that_is_red_teaches_what_to_change(browse: Any, record: Any, client: FlaskClient) -> None:
    run_id = record(SLOW)
    run = client.get(f"{RUNS}/{run_id}").json
    worst = next(entry for entry in run["feasibility"]["assessments"] if entry["risk"] == "RED")
    text = check_page(browse(f"/runs/{run_id}"))
    assert "Channel in sitka spruce" in text
    assert "✕ RED" in text
    assert worst["suggestion"] in text
    rules = {
        rule["id"]: rule
        for rule in client.get("/api/rmos/rules").json["items"]
        if rule["engine_id"] == run["feasibility"]["engine_id"]
    }
    for part in ("question", "formula", "hint"):
        assert " ".join(rules[worst["id"]][part].split()) in text
    assert "feed 60 mm/min" in text
    assert client.get(f"{RUNS}/{run_id}").headers["ETag"].strip('"').split(".")[0] in text


def test_a_run_that_is_green_says_that_every_check_passes(browse: Any, record: Any) -> None:
    text = check_page(browse(f"/runs/{record()}"))
    assert "Every check passes." in text
    assert "What to change" not in text
    assert "All checks" in text


def test_what_happened_is_told_in_order_with_who_did_it(browse: Any, record: Any, client: FlaskClient) -> None:
    run_id = record(SLOW)
    for title in ("first", "second"):
        path = f"{RUNS}/{run_id}/attach-advisory"
        assert (
            client.post(path, json={"advisory_id": f"note-{title}", "kind": "note", "title": title}).status_code < 300
        )
    text = check_page(browse(f"/runs/{run_id}"))
    assert text.index("local left a note: first") < text.index("local left a note: second")
    assert "2 events since" in text


@pytest.mark.parametrize("member", ["notes", "tool_id", "material_id", "machine_id", "batch_label", "operation"])
def test_hostile_names_stay_text(browse: Any, record: Any, member: str) -> None:
    if member == "operation":
        run_id = record(SLOW, design={**SLOW["design"], "operation": HOSTILE, HOSTILE: HOSTILE})
    elif member == "batch_label":
        run_id = record(SLOW, meta={"batch_label": HOSTILE})
    else:
        run_id = record(SLOW, **{member: HOSTILE})
    for path in (f"/runs/{run_id}", "/runs", "/"):
        response = browse(path)
        check_page(response)
        assert "<img src=x" not in response.text
        assert "49" not in response.text.split("{{7*7}}")[-1][:4]
    assert "<script>alert(1)</script>" in check_page(browse(f"/runs/{run_id}"))


def test_the_drawing_of_a_rosette_is_shown(browse: Any, client: FlaskClient) -> None:
    made = client.post("/api/rmos/rosettes", json={"prompt": "rope of ebony and maple, 6 mm"}).json
    response = browse(f"/runs/{made['run_id']}")
    text = check_page(response)
    assert "Drawing" in text
    source = response.text.split('<img class="drawing" src="')[1].split('"')[0]
    assert client.get(source).headers["Content-Type"].startswith("image/svg+xml")


def test_a_run_shows_its_program_what_speaks_against_it_and_where_it_can_be_had(
    browse: Any, record: Any, client: FlaskClient
) -> None:
    text = check_page(browse(f"/runs/{record(outputs={'gcode_text': NONSENSE})}"))
    assert "line 3" in text
    assert "It cuts while the spindle stands." in text
    assert "No session covers it; it is not released." in text
    run_id = approve_ring(client).done("store_toolpaths", {"outputs": {"gcode_text": RING}})["run_id"]
    response = browse(f"/runs/{run_id}")
    text = check_page(response)
    assert "Nothing is found against it." in text
    addresses = re.findall(r'href="([^"]+/programs/1)"', response.text)
    assert addresses == [f"{RUNS}/{run_id}/programs/1"] * 2
    assert client.get(addresses[0]).data == RING.encode()
    assert f'src="{RUNS}/{run_id}/program.svg"' in response.text
    assert "Program" not in check_page(browse(f"/runs/{record()}"))
