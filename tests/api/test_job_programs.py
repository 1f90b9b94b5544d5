"""Programs that a CAM posts for a job with several cuts: each tool is compared with the cuts that it may make."""

from typing import Any, Final

import pytest
from flask.testing import FlaskClient

from rmos.cam.measure.measured import ReaderVersion
from rmos.services import program_release
from tests.api.conftest import RUNS
from tests.helpers.packs import open_pack, pack_url, quicken
from tests.helpers.rings import Desk
from tests.helpers.small_rosette import SMALL, approve_small

NARROW: Final = {**SMALL, "rings": [{"kind": "band", "width_mm": 2.0, "materials": ["koa"]}]}
"""Its channel takes another cutter than its soundhole."""


pytestmark = [pytest.mark.long, pytest.mark.parametrize("app", ["local"], indirect=True)]


@pytest.fixture(autouse=True)
def _measured_here(monkeypatch: pytest.MonkeyPatch) -> None:
    quicken(monkeypatch)


@pytest.fixture
def texts(client: FlaskClient) -> dict[str, str]:
    """Return the program of each cut, as a CAM might post it."""
    made = approve_small(client, spec=NARROW).done("make_toolpaths", {"post_processor_id": "linuxcnc"})
    return {item["operation"]: client.get(item["address"]).data.decode() for item in made["programs"]}


def send(desk: Desk, text: str, tools: dict[str, str]) -> Any:
    return desk.act("store_toolpaths", {"outputs": {"gcode_text": text}, "tools": tools, "dialect": "linuxcnc"})


def list_tools(client: FlaskClient, desk: Desk) -> dict[str, str]:
    design = client.get(f"/api/workflow-sessions/{desk.session_id}").json["design"]
    return {cut["operation"]: cut["tool_id"] for cut in design["cuts"]}


def test_a_program_of_any_one_cut_is_covered_by_it(client: FlaskClient, texts: dict[str, str]) -> None:
    for number, operation in enumerate(("channel", "soundhole"), 1):
        desk = approve_small(client, spec=NARROW)
        tools = list_tools(client, desk)
        assert len(set(tools.values())) == 2
        refused = send(desk, texts[operation], {str(number): "em-0800-2f"})
        assert (refused.status_code, refused.json["error"]) == (409, "NOT_COVERED")
        stored = send(desk, texts[operation], {str(number): tools[operation]})
        assert stored.status_code == 200, stored.json
        run_id = stored.json["run_id"]
        assert client.get(f"{RUNS}/{run_id}/programs/1").data.decode() == texts[operation]
        names = [name for name in open_pack(client.get(pack_url(run_id)).data) if name.startswith("programs/")]
        assert names == [f"programs/01_{operation}_T{number}.nc"]


def join(texts: dict[str, str]) -> str:
    """Return one program of both cuts, with a change of tools."""
    first, second = texts["channel"], texts["soundhole"]
    return first.replace("M2\n", "") + second[second.index("T2 M6") :]


def test_two_tools_of_one_program_are_each_covered_by_a_cut_of_theirs(
    client: FlaskClient, texts: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = approve_small(client, spec=NARROW)
    tools = list_tools(client, desk)
    named = {"1": tools["channel"], "2": tools["soundhole"]}
    swapped = send(desk, join(texts), {"1": named["2"], "2": named["1"]})
    assert (swapped.status_code, swapped.json["error"]) == (409, "NOT_COVERED")
    deeper = send(desk, join(texts).replace("Z-1.100", "Z-1.101"), named)
    [excess] = deeper.json["exceeded"]
    assert (excess["what"], excess["tool"], excess["measured"], excess["judged"]) == ("total_depth_mm", 1, 1.101, 1.1)
    stored = send(desk, join(texts), named)
    assert stored.status_code == 200, stored.json
    address = f"{RUNS}/{stored.json['run_id']}/programs/1"
    assert client.get(address).status_code == 200
    monkeypatch.setattr(program_release, "READER", ReaderVersion(id="rmos.cam", version="9.9"))
    assert client.get(address).status_code == 200, "measured again, with all cuts"


def test_the_feed_of_one_cut_and_the_depth_of_another_cover_nothing_together(
    client: FlaskClient, texts: dict[str, str]
) -> None:
    desk = approve_small(client, spec=NARROW)
    tools = list_tools(client, desk)
    deep = texts["channel"].replace("Z-1.100", "Z-2.500")
    refused = send(desk, deep, {"1": tools["channel"]})
    assert (refused.status_code, refused.json["error"]) == (409, "NOT_COVERED")
    assert "total_depth_mm" in {item["what"] for item in refused.json["exceeded"]}
