"""From an approved rosette to its programs, over HTTP: what is made is measured and covered as a stranger's file is."""

from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient

from rmos import digest
from rmos.cam.child import measure_bytes
from rmos.cam.paths import route
from rmos.cam.posts import writer
from rmos.config import Settings
from rmos.services import run_programs
from rmos.services.programs.reading import MeasureReply, MeasureRequest
from rmos.store import Store
from tests.api.conftest import RUNS, Post
from tests.helpers.rings import ASK, RING_CONTEXT, RING_DESIGN, SESSIONS, Desk, approve_ring
from tests.helpers.small_rosette import HELD, SMALL, approve_small, record_small


def measure_here(data: bytes, request: MeasureRequest) -> MeasureReply:
    return MeasureReply(measure_bytes(data, request), None)


@pytest.fixture(autouse=True)
def _measured_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read and measure in this process; that one of its own says the same, another test says."""
    monkeypatch.setattr(run_programs.check_programs_of, "__kwdefaults__", {"measure": measure_here})


def read_run(client: FlaskClient, run_id: str) -> dict[str, Any]:
    return dict(client.get(f"{RUNS}/{run_id}").json)


def test_each_cut_of_a_rosette_becomes_a_program_that_leaves_at_its_own_address(
    client: FlaskClient, service_store: Store
) -> None:
    desk = approve_small(client)
    done = desk.done("make_toolpaths", {"post_processor_id": "linuxcnc"})
    run = read_run(client, done["run_id"])
    assert (done["state"], run["status"], run["decision"]["risk_level"]) == ("toolpaths_ready", "OK", "GREEN")
    told = [(made["number"], made["name"], made["operation"], made["tool_id"]) for made in done["programs"]]
    assert told == [
        (1, "01_channel_T1.ngc", "channel", "em-3175-2f"),
        (2, "02_soundhole_T1.ngc", "soundhole", "em-3175-2f"),
    ]
    for made in done["programs"]:
        served = client.get(made["address"])
        assert served.status_code == 200, served.json
        assert digest.sha256_hex(served.data) == made["sha256"]
        assert float(made["estimate_s"]["planned"]) > float(made["estimate_s"]["feed_only"]) > 0
    kinds = [item["kind"] for item in run["attachments"]]
    assert kinds == ["gcode", "measured", "gcode", "measured", "toolpaths"]
    assert client.get(f"{RUNS}/{done['run_id']}/programs/3").status_code == 404
    listed = client.get(f"{RUNS}/{done['run_id']}/programs").json
    assert [item["released"] for item in listed["items"]] == [True, True]
    paths = service_store.blobs.read(run["attachments"][-1]["sha256"])
    assert msgspec.json.decode(paths)["schema"] == "rmos.toolpaths/1"
    sha256 = digest.sha256_hex(paths)
    assert {item["toolpaths_sha256"] for item in run["outputs"]["programs"]} == {sha256}
    assert f"(toolpaths {sha256[:32]})".encode() in served.data
    assert [item["covered"] for item in (entry["cover"] for entry in run["decision"]["details"]["programs"])] == [
        True
    ] * 2


def test_each_program_has_a_picture_of_its_own_and_the_page_shows_them(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rmos.services.program_pictures.measure_in_child", measure_here)
    done = approve_small(client).done("make_toolpaths")
    address = f"{RUNS}/{done['run_id']}/program.svg"
    first, second = (client.get(f"{address}?number={number}") for number in (1, 2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert client.get(address).data == first.data != second.data
    assert first.headers["ETag"] != second.headers["ETag"]
    assert client.get(f"{address}?number=3").status_code == 404
    page = client.get(f"/runs/{done['run_id']}").get_data(as_text=True)
    assert "program.svg?number=2" in page
    assert "2, soundhole: from above" in page
    assert f"/api/rmos/runs/{done['run_id']}/programs/2" in page


def test_the_same_approval_gives_the_same_bytes(client: FlaskClient) -> None:
    desk = approve_small(client)
    first = desk.done("make_toolpaths")
    desk.done("require_revision", {"reason": "Once more."})
    desk.done("set_design", {"design": first["design"]})
    feasibility = desk.done("request_feasibility", {"mode": "art_studio"})
    desk.done("approve")
    desk.done("request_toolpaths")
    again = desk.done("make_toolpaths")
    texts = [client.get(made["address"]).data.decode().splitlines() for made in again["programs"]]
    assert all(
        f"(approved in {feasibility['run_id']})" in lines and "(stock 2.300 mm thick)" in lines for lines in texts
    )
    stale = client.get(first["programs"][0]["address"])
    assert (stale.status_code, stale.json["error"], stale.json["changed"]) == (409, "STALE_APPROVAL", ["session"])
    paths = [read_run(client, done["run_id"])["attachments"][-1]["sha256"] for done in (first, again)]
    assert paths[0] == paths[1]


def test_a_cut_of_a_rosette_is_judged_with_its_own_tool_and_the_worst_decides(client: FlaskClient) -> None:
    run_id = record_small(client)
    desk = Desk(client)
    taken = desk.done("set_design", {"from_run_id": run_id})
    assert [cut["operation"] for cut in taken["design"]["cuts"]] == ["channel", "soundhole"]
    assert (taken["state"], taken["machine_id"], taken["tool_id"]) == ("context_ready", "light_desktop", "em-3175-2f")
    weak = {**taken["context"], "hold_down": {**HELD, "area_mm2": 20}}
    desk.done("set_context", {"context": weak})
    found = read_run(client, desk.done("request_feasibility", {"mode": "art_studio"})["run_id"])
    assert found["decision"]["block_reason"].startswith("HOLD_DOWN: ")
    assert {cut["operation"]: cut["risk_level"] for cut in found["decision"]["details"]["operations"]} == {
        "channel": "GREEN",
        "soundhole": "RED",
    }
    wrong = desk.act("request_feasibility", {"mode": "art_studio", "tool_id": "em-1000-2f"})
    assert (wrong.status_code, list(wrong.json["errors"])) == (422, ["tool_id"])


def test_what_the_trade_calls_impossible_blocks_the_session_too(client: FlaskClient) -> None:
    thin = {**SMALL, "rings": [*SMALL["rings"], {"kind": "lines", "width_mm": 0.4, "materials": ["maple", "ebony"]}]}
    desk = Desk(client)
    taken = desk.done("set_design", {"from_run_id": record_small(client, spec=thin)})
    desk.done("set_context", {"context": {**taken["context"], "hold_down": HELD}})
    assert desk.done("request_feasibility", {"mode": "art_studio"})["state"] == "rejected"


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("feed", 1, "feed_mm_min"),
        ("z", -1, "total_depth_mm"),
    ],
)
def test_the_generator_is_not_believed(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, name: str, value: int, what: str
) -> None:
    desk = approve_small(client)
    honest = route.Route._go

    def beyond(self: route.Route, move: Any) -> None:
        honest(self, move._replace(**{name: getattr(move, name) + value}) if move.code != "G0" else move)

    monkeypatch.setattr(route.Route, "_go", beyond)
    refused = desk.act("make_toolpaths")
    assert (refused.status_code, refused.json["error"]) == (409, "NOT_COVERED")
    assert (what, 1) in {(item["what"], item["program"]) for item in refused.json["exceeded"]}
    run = read_run(client, refused.json["run_id"])
    assert (run["status"], {item["kind"] for item in run["attachments"]} & {"gcode"}) == ("BLOCKED", set())
    assert desk.state() == "toolpaths_requested"
    assert client.get(f"{RUNS}/{refused.json['run_id']}/programs/1").json["error"] == "NOT_COVERED"
    monkeypatch.undo()


def test_one_program_that_goes_beyond_keeps_all_of_them_in(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = approve_small(client)
    honest = writer.write_program

    def faster(paths: Any, *others: Any) -> str:
        text = honest(paths, *others)
        return text.replace("S18000", "S18001") if paths.operation == "soundhole" else text

    monkeypatch.setattr("rmos.services.toolpaths.write_program", faster)
    refused = desk.act("make_toolpaths")
    assert {(item["program"], item["what"]) for item in refused.json["exceeded"]} == {(2, "spindle_rpm")}
    run_id = refused.json["run_id"]
    assert [client.get(f"{RUNS}/{run_id}/programs/{number}").status_code for number in (1, 2)] == [409, 409]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"post_processor_id": "heidenhain"}, "post_processor_id"),
        ({"operations": ["inlay_part"]}, "operations"),
        ({"options": {"clearance_mm": 0.2}}, "options.clearance_mm"),
        ({"options": {"feed_mm_min": 900}}, "options.feed_mm_min"),
        ({"options": {"tabs": {"count": 30}}}, "TABS_TOO_LONG"),
        ({"options": {"origin": "stock_corner"}}, "OUTSIDE_STOCK"),
        ({"options": {"finish_mm": 0.6}}, "TOOL_DOES_NOT_FIT"),
    ],
    ids=str,
)
def test_what_cannot_be_made_is_refused_and_leaves_no_run(
    client: FlaskClient, body: dict[str, Any], error: str
) -> None:
    desk = approve_small(client, context={"stock": {"thickness_mm": 2.3, "width_mm": 160, "height_mm": 140}})
    before = len(client.get(f"{SESSIONS}/{desk.session_id}/runs").json["runs"])
    refused = desk.act("make_toolpaths", body)
    assert refused.status_code == 422, refused.json
    assert error in (refused.json["error"], *refused.json.get("errors", {}))
    assert len(client.get(f"{SESSIONS}/{desk.session_id}/runs").json["runs"]) == before
    assert desk.state() == "toolpaths_requested"


def test_a_job_in_inches_has_its_rosette_cut_in_millimetres(client: FlaskClient) -> None:
    held = {"pressure_kpa": 60, "area": 31, "friction": 0.4}
    stock = {"thickness": 0.09, "width": 1.0, "height": 9}
    desk = approve_small(client, context={"units": "inch", "stock": stock, "hold_down": held})
    refused = desk.act("make_toolpaths")
    assert (refused.status_code, refused.json["error"], refused.json["limit_um"]) == (422, "OUTSIDE_STOCK", 25_400)
    done = desk.done("make_toolpaths", {"operations": ["soundhole"]})
    context = read_run(client, done["run_id"])["inputs"]["context"]["cuts"][1]
    assert context["stock"] == {"thickness_mm": 2.3, "width_mm": 25.4, "height_mm": 228.6}
    assert context["hold_down"] == {"pressure_kpa": 60, "area_mm2": 31 * 645.16, "friction": 0.4}


def test_one_cut_alone_can_be_asked_for(client: FlaskClient) -> None:
    done = approve_small(client).done(
        "make_toolpaths", {"operations": ["soundhole"], "options": {"tabs": {"count": 3}}}
    )
    assert [made["operation"] for made in done["programs"]] == ["soundhole"]


def test_pockets_and_parts_of_an_inlay_are_made_and_covered_too(client: FlaskClient) -> None:
    dots = {"kind": "dots", "width_mm": 4.2, "materials": ["bone", "koa"], "tile_count": 12}
    desk = approve_small(client, spec={**SMALL, "rings": [dots]}, machine="rigid_router", cut_soundhole=None)
    done = desk.done(
        "make_toolpaths", {"post_processor_id": "grbl", "options": {"tabs": {"count": 2, "length_mm": 0.5}}}
    )
    assert [(made["name"], made["operation"], made["ring"]) for made in done["programs"]] == [
        ("01_channel_T1.nc", "channel", None),
        ("02_inlay_pocket_R1_T2.nc", "inlay_pocket", 1),
        ("03_inlay_part_R1_T3.nc", "inlay_part", 1),
    ]
    assert all(client.get(made["address"]).status_code == 200 for made in done["programs"])


def test_a_design_without_a_shape_has_no_toolpaths_but_takes_a_program(client: FlaskClient) -> None:
    refused = approve_ring(client).act("make_toolpaths", {"post_processor_id": "grbl"})
    assert (refused.status_code, refused.json["error"]) == (422, "SHAPE_UNKNOWN")


@pytest.mark.parametrize("body", [{}, {"design": RING_DESIGN, "from_run_id": "run_" + "0" * 32}])
def test_a_design_comes_either_as_it_is_or_of_a_rosette(client: FlaskClient, body: dict[str, Any]) -> None:
    assert Desk(client).act("set_design", body).status_code in (400, 422)


def test_a_run_that_is_no_rosette_becomes_no_design(client: FlaskClient) -> None:
    desk = Desk(client, design=RING_DESIGN, context=RING_CONTEXT)
    run_id = desk.done("request_feasibility", ASK)["run_id"]
    refused = Desk(client).act("set_design", {"from_run_id": run_id})
    assert (refused.status_code, refused.json["error"]) == (404, "ROSETTE_NOT_FOUND")


def test_a_tool_that_the_shop_changes_closes_the_gate_also_when_it_is_not_that_of_the_worst_cut(
    client: FlaskClient, settings: Settings
) -> None:
    spec = {**SMALL, "rings": [{"kind": "band", "width_mm": 2.0, "materials": ["koa"]}]}
    desk = approve_small(client, spec=spec)
    done = desk.done("make_toolpaths")
    tools = {made["operation"]: made["tool_id"] for made in done["programs"]}
    design = client.get(f"{SESSIONS}/{desk.session_id}").json["design"]
    worst = design["cuts"][design["worst_cut"]]["tool_id"]
    other = next(tool for tool in tools.values() if tool != worst)
    shop = client.application.extensions["rmos"].engines.shop
    changed = {**shop.tools[other], "stickout_mm": 99.0}
    client.application.extensions["rmos"].engines.shop = msgspec.structs.replace(
        shop, tools={**shop.tools, other: changed}
    )
    for made in done["programs"]:
        stale = client.get(made["address"])
        assert (stale.status_code, stale.json["error"]) == (409, "STALE_APPROVAL"), stale.json
        assert "context" in stale.json["changed"]


@pytest.mark.parametrize("dialect", ["linuxcnc", pytest.param("fanuc", marks=pytest.mark.long)])
def test_no_program_of_several_is_had_by_its_digest_alone_however_its_head_is_written(
    client: FlaskClient, post: Post, dialect: str
) -> None:
    desk = approve_small(client)
    done = desk.done("make_toolpaths", {"post_processor_id": dialect})
    advised = post().json["run_id"]
    assert len(done["programs"]) > 1

    def find_address(path: str) -> str:
        refused = client.get(path)
        assert (refused.status_code, refused.json["error"]) == (409, "PROGRAM_GATED"), path
        return str(refused.json["address"])

    for made in done["programs"]:
        sha256 = made["sha256"]
        assert find_address(f"/api/rmos/attachments/{sha256}") == made["address"]
        client.post(f"{RUNS}/{advised}/attach-advisory", json={"advisory_id": sha256, "kind": "note"})
        assert find_address(f"{RUNS}/{advised}/attachments/{sha256}") == made["address"]
        asked = {"items": [{"run_id": advised, "sha256": sha256}]}
        assert client.post("/api/rmos/links", json=asked).json["skipped"] == {"program_gated": 1}
    client.delete(f"{RUNS}/{done['run_id']}?reason=Taken+back.")
    for made in done["programs"]:
        assert find_address(f"/api/rmos/attachments/{made['sha256']}") == made["address"]
