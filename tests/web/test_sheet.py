"""A run on paper: what the machine is set to, the proof, and a code that leads back whoever printed it."""

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos.config import Settings
from rmos.models import ROLES
from tests.helpers.problems import check_problem
from tests.web.conftest import CUT, DRAWING, OURS, PAGES, PUBLIC, RUNS, SLOW, attach, check_page

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A service that was told its address."""
    return Settings(instance_path=tmp_path / "instance", runs_dir=tmp_path / "runs", public_url=PUBLIC)


def test_the_sheet_has_the_settings_the_decision_and_the_proof(browse: Any, record: Any, client: FlaskClient) -> None:
    run_id = record(
        SLOW,
        context={**CUT["context"], "hold_down": {"pressure_kpa": 60, "area_mm2": 9000, "friction": 0.35}},
        notes="Book-matched.",
    )
    page = browse(f"/runs/{run_id}/sheet")
    text = check_page(page)
    run = client.get(f"{RUNS}/{run_id}").json
    sha256 = client.get(f"{RUNS}/{run_id}").headers["ETag"].strip('"').split(".")[0]
    assert len(sha256) == 64
    for said in (
        *("Channel in sitka spruce", "✕ RED", run["decision"]["block_reason"].partition(": ")[2]),
        *("Tool em-3175-2f", "feed 60 mm/min", "spindle 24 000 rpm", "axial depth 0.75 mm", "total depth 1.4 mm"),
        *("stickout 20 mm", "thickness 2.9 mm", "pressure 60 kPa", "Stick-out is measured", "Book-matched."),
        *(run_id[4:20], sha256[:16]),
    ):
        assert said in text, said
    assert page.text.count("<li>") >= 6
    assert f"{RUNS}/{run_id}/download" not in page.text


def test_the_code_begins_with_the_setting_and_with_nothing_that_a_request_says(
    app: Flask, browse: Any, record: Any
) -> None:
    run_id = record()
    link = f"{PUBLIC}/r/{run_id.removeprefix('run_')}"
    for kind in ("sheet", "label"):
        page = browse(f"/runs/{run_id}/{kind}")
        assert f'aria-label="QR code of {link}"' in page.text
        forged = {**PAGES, "Host": "localhost:666", "X-Original-Host": "evil.example"}
        other = app.test_client().get(f"/runs/{run_id}/{kind}", headers=forged, base_url="http://localhost:666")
        assert other.text == page.text
    short = f"/r/{run_id.removeprefix('run_')}"
    assert browse(short).headers["Location"] == f"/runs/{run_id}"


def test_labels_of_several_runs_are_one_page_in_the_order_in_which_they_were_chosen(browse: Any, record: Any) -> None:
    made = [record() for _ in range(3)]
    page = browse(f"/labels?run={made[2]}&run={made[0]}&run={made[2]}")
    check_page(page)
    links = re.findall(r'aria-label="QR code of [^"]+/r/(\w+)"', page.text)
    assert links == [made[2][4:], made[0][4:]]
    assert page.text.count('<article class="paper label">') == 2
    assert "2 labels" in page.text


def test_labels_are_of_runs_that_there_are_and_of_no_more_than_a_page_holds(
    browse: Any, record: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id, other = record(), record()
    assert browse("/labels").headers["Location"] == "/runs"
    check_page(browse(f"/labels?run={run_id}&run=run_{'0' * 32}"), 404)
    check_page(browse(f"/labels?run={run_id}&risk_level=RED"), 422)
    monkeypatch.setattr("rmos.web.sheet.MOST_LABELS", 1)
    assert "Choose at most 1 runs; 2 came." in check_page(browse(f"/labels?run={run_id}&run={other}"), 422)
    check_page(browse(f"/labels?run={run_id}"))


def test_a_service_that_was_not_told_its_address_prints_no_code(
    browse: Any, record: Any, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id, rmos = record(), app.extensions["rmos"]
    monkeypatch.setattr(
        rmos, "settings", Settings(instance_path=rmos.settings.instance_path, runs_dir=rmos.settings.runs_dir)
    )
    for kind in ("sheet", "label"):
        page = browse(f"/runs/{run_id}/{kind}")
        text = check_page(page)
        assert "No QR code: the service was not told its address ( RMOS_PUBLIC_URL )" in text
        assert run_id[4:20] in text
        assert "localhost" not in page.text


@pytest.mark.parametrize(
    ("size", "is_true", "is_apart"),
    [
        ('width="60mm" height="40mm"', True, False),
        ('width="60mm" height="90.5mm"', True, True),
        ('width="300mm" height="40mm"', False, False),
        ('width="60" height="40"', False, True),
        ("", False, True),
        ('width="60mm"', False, True),
    ],
)
def test_a_drawing_is_printed_as_large_as_it_is_when_it_says_so_and_fits(
    browse: Any, record: Any, client: FlaskClient, size: str, is_true: bool, is_apart: bool
) -> None:
    run_id = record()
    attach(client, run_id, DRAWING.format(size))
    page = browse(f"/runs/{run_id}/sheet")
    text = check_page(page)
    assert ('class="true-size"' in page.text, 'class="next-sheet"' in page.text) == (is_true, is_apart)
    assert ("10 mm: printed 1:1" in text, "Not to scale" in text) == (is_true, not is_true)
    source = re.search(r'<img class="[\w-]+" src="([^"]+)"', page.text)
    assert source is not None
    assert client.get(source[1]).headers["Content-Type"].startswith("image/svg+xml")


def test_a_drawing_that_may_not_be_shown_is_not_printed(browse: Any, record: Any, client: FlaskClient) -> None:
    run_id = record()
    attach(client, run_id, DRAWING.format('width="60mm" height="40mm" onload="alert(1)"'))
    page = browse(f"/runs/{run_id}/sheet")
    check_page(page)
    assert "<figure" not in page.text


@pytest.mark.parametrize("kind", ["sheet", "label"])
def test_hostile_names_stay_text_on_paper(browse: Any, record: Any, kind: str) -> None:
    run_id = record(
        SLOW,
        tool_id=HOSTILE,
        machine_id=HOSTILE,
        notes=HOSTILE,
        meta={"batch_label": HOSTILE},
        design={**SLOW["design"], "operation": HOSTILE, HOSTILE: HOSTILE},
    )
    page = browse(f"/runs/{run_id}/{kind}")
    check_page(page)
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text


def test_the_whole_id_leads_to_its_run_for_good_and_a_beginning_for_now(browse: Any, record: Any) -> None:
    run_id = record()
    digits = run_id.removeprefix("run_")
    for whole in (digits, digits.upper(), run_id):
        response = browse(f"/r/{whole}")
        assert (response.status_code, response.headers["Location"]) == (308, f"/runs/{run_id}")
    assert browse(f"/r/{digits[:16]}").status_code == 303


def test_a_beginning_of_several_ids_leads_to_a_list_of_them(browse: Any, app: Flask, record: Any) -> None:
    first, second = record(), record()
    common = next(length for length in range(32, 0, -1) if first[4 : 4 + length] == second[4 : 4 + length])
    response = browse(f"/r/{first[4 : 4 + common]}")
    assert response.status_code == 303
    listed = browse(response.headers["Location"])
    check_page(listed)
    assert first in listed.text
    assert second in listed.text


def test_paper_is_for_viewers_and_others_sign_in(app: Flask, signed_in: dict[str, FlaskClient]) -> None:
    run_id = signed_in["recorder"].post(RUNS, json=CUT, headers=OURS).json["run_id"]
    for path in (f"/runs/{run_id}/sheet", f"/runs/{run_id}/label", f"/r/{run_id[4:]}"):
        for role in ROLES:
            assert signed_in[role].get(path, headers=PAGES).status_code in (200, 308)
        assert app.test_client().get(path, headers=PAGES).headers["Location"].startswith("/sign-in?next=")
        check_problem(app.test_client().get(path), 401, "UNAUTHENTICATED")


def test_what_is_no_run_has_no_sheet(browse: Any) -> None:
    for kind in ("sheet", "label"):
        assert "There is no run with this id." in check_page(browse(f"/runs/run_0123456789ab/{kind}"), 404)
