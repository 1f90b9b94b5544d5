"""What is made for a pack, as files to be read: the same bytes on every Python, in every process, zone and locale.

A change that is meant: `RENEW_GOLDEN=1 .venv/bin/python -m pytest -n0 tests/api/test_pack_golden.py`; look at the diff.
Packs that were taken keep what they had.
"""

import itertools
import os
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from rmos import ids
from rmos.config import Settings
from tests.helpers.packs import open_pack, pack_url, quicken, store_slot
from tests.helpers.rings import Desk
from tests.helpers.small_rosette import SMALL, approve_small

GOLDEN = Path(__file__).parents[1] / "data" / "packs"
NAMES = ("sheet.html", "tools.csv", "README.txt")
BEGAN_US = ids.parse_utc("2025-12-23T09:46:13.000000Z")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        instance_path=tmp_path / "instance", runs_dir=tmp_path / "runs", public_url="https://rmos.shop.example"
    )


@pytest.mark.parametrize("app", ["local"], indirect=True)
def test_what_is_made_for_a_pack_is_the_recorded_one(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    quicken(monkeypatch)
    moments, seeds = itertools.count(BEGAN_US, 1_000_000), itertools.count(1)
    monkeypatch.setattr(ids, "now_us", lambda: next(moments))
    monkeypatch.setattr(os, "urandom", lambda size: next(seeds).to_bytes(size, "big"))
    monkeypatch.setattr("rmos.services.packs.releasing.draw_pack", lambda *_, **__: {})
    hold_down = {"pressure_kpa": 60.5, "area_mm2": 40000}
    context = {"hold_down": hold_down, "stock": {"thickness_mm": 3.0, "width_mm": 160.0, "height_mm": 60.0}}
    first = store_slot(client, machine_id="light_desktop")
    client.get(pack_url(first))
    members = open_pack(client.get(pack_url(store_slot(client, machine_id="light_desktop", context=context))).data)
    made = {name: members[name] for name in NAMES}
    if os.environ.get("RENEW_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        for name, data in made.items():
            (GOLDEN / name).write_bytes(data)
    assert made == {name: (GOLDEN / name).read_bytes() for name in NAMES}


@pytest.mark.long
@pytest.mark.parametrize("app", ["local"], indirect=True)
def test_the_programs_of_an_inlaid_rosette_name_the_tool_and_the_stock_of_each(client: FlaskClient) -> None:
    asked = {"prompt": "classical rosette with abalone dots, 90 mm hole", "seed": 7, "cut_soundhole": True}
    rosette = client.post("/api/rmos/rosettes", json=asked).json["run_id"]
    desk = Desk(client, machine_id="rigid_router")
    desk.done("set_design", {"from_run_id": rosette})
    for action, body in (("request_feasibility", {"mode": "cam"}), ("approve", {}), ("request_toolpaths", {})):
        desk.done(action, body)
    run_id = desk.done("make_toolpaths", {"post_processor_id": "grbl"})["run_id"]
    members = open_pack(client.get(pack_url(run_id)).data)
    assert [name for name in members if name.startswith("programs/")] == [
        "programs/01_channel_T1.nc",
        "programs/02_inlay_pocket_R4_T1.nc",
        "programs/03_inlay_part_R4_T2.nc",
        "programs/04_soundhole_T1.nc",
    ]
    assert {"drawing.dxf", "measured.json", "measured_04.json"} <= set(members)
    sheet = members["sheet.html"].decode()
    assert "T2 of 03 is em-1588-2f" in sheet
    assert "T1 of 01, 02, 04 is em-3175-2f" in sheet
    assert [f"Stock and zero of {numbers}</h2>" in sheet for numbers in ("01, 04", "02", "03")] == [True] * 3
    assert "X0 Y0 for 03 is the lower left corner of the stock" in sheet
    assert "<bdi>abalone</bdi>" in sheet


@pytest.mark.long
@pytest.mark.parametrize("app", ["local"], indirect=True)
def test_a_sheet_tells_of_inches_and_of_what_is_left_for_hand_tools_and_checks_every_program(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    quicken(monkeypatch)
    rings = [{"kind": "wave", "width_mm": 6.0, "materials": ["holly", "bone"]}] * 2
    desk = approve_small(client, spec={**SMALL, "rings": rings}, machine="rigid_router", cut_soundhole=None)
    made = desk.done("make_toolpaths", {"post_processor_id": "grbl", "options": {"units": "inch"}})
    assert len(made["programs"]) > 4
    sheet = open_pack(client.get(pack_url(made["run_id"])).data)["sheet.html"].decode()
    for program in made["programs"]:
        assert f"The file at the machine is {program['name']}; its SHA-256 begins with {program['sha256'][:4]}" in sheet
    assert sheet.count("moves in inches (G20)") == len(made["programs"])
    assert "-1.1 mm<br>-0.0433 in" in sheet
    assert "this sheet is in millimetres" in sheet
    assert re.search(r"<li><bdi>0\d: \d+ corners keep [\d.]+ mm² in all", sheet)
