"""`/api/rmos/run-logs`: a line for each run, from the index alone."""

import csv
import io
import json
from typing import Any, Final

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos.objects.local import LocalObjects
from rmos.schemas.run_log import RUN_LOG_COLUMNS
from rmos.store import Store
from tests.api.conftest import RUNS, Post, make_body, make_named
from tests.helpers.packs import pack_url, quicken, store_slot
from tests.helpers.rings import SLOT
from tests.helpers.runs import damage_artifact, find_artifact, put_runs
from tests.makers import make_decision

LOG: Final = "/api/rmos/run-logs"
OF_THE_SEED: Final = (
    *("run_id", "created_at_utc", "mode", "tool_id", "status", "risk_level"),
    *("warning_count", "override_applied", "block_reason", "rules_triggered", "input_filename", "loop_count"),
    *("bbox_width_mm", "bbox_height_mm", "tool_d_mm", "stepover", "stepdown_mm", "z_rough_mm"),
    *("strategy", "gcode_lines", "gcode_inline", "feasibility_sha256", "gcode_sha256", "parent_run_id"),
)
OURS: Final = ["material_id", "machine_id", "session", "estimate_s", "ended", "part", "measured_s", "operator"]


def read_log(client: FlaskClient, query: str = "") -> list[dict[str, Any]]:
    response = client.get(f"{LOG}/export.ndjson?{query}")
    assert (response.status_code, response.mimetype) == (200, "application/x-ndjson"), response.text
    return [json.loads(line) for line in response.text.splitlines()]


def read_rows(client: FlaskClient, query: str = "") -> list[dict[str, str]]:
    response = client.get(f"{LOG}/export.csv?{query}")
    assert response.status_code == 200, response.text
    return list(csv.DictReader(io.StringIO(response.data.decode("utf-8-sig"), newline="")))


def as_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "|".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.fixture
def shop(client: FlaskClient, post: Post, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Make a run of each kind, and return what happened to which."""
    quicken(monkeypatch)
    ids = {"cut": str(post(**make_named()).json["run_id"])}
    inches = {"operation": "channel", "axial_depth": 0.03, "total_depth": 0.06}
    ids["inches"] = post(design=inches, context={"units": "inch", "tool": {"diameter": 0.125}}).json["run_id"]
    ids["nonsense"] = post(design={"axial_depth_mm": "deep"}, context={"tool": [1]}).json["run_id"]
    ids["child"] = post(parent_run_id=ids["cut"], meta={"session_id": "s1"}).json["run_id"]
    form: dict[str, Any] = {"tools": '{"1": "em-3175-2f"}', "material_id": "sitka_spruce"}
    form |= {"stock": '{"thickness_mm": 3}', "file": (io.BytesIO(SLOT.encode()), "Schallloch ß.nc")}
    ids["program"] = client.post("/api/rmos/programs", data=form).json["run_id"]
    ids["rosette"] = client.post("/api/rmos/rosettes", json={"prompt": "a herringbone rosette"}).json["run_id"]
    ids["stored"] = store_slot(client)
    assert client.get(pack_url(ids["stored"])).status_code == 200
    said = {"ended": "completed", "part": "good", "measured_s": 95.5}
    assert client.post(f"{RUNS}/{ids['stored']}/outcomes", json=said).status_code == 201
    return ids


def test_each_line_says_what_the_record_of_its_run_says(client: FlaskClient, shop: dict[str, str]) -> None:
    lines = {line["run_id"]: line for line in read_log(client)}
    for run_id, line in lines.items():
        run = client.get(f"{RUNS}/{run_id}").json
        program = run["decision"]["details"].get("program") or {}
        context, design = run["inputs"]["context"], run["inputs"]["design"]
        assert tuple(line) == RUN_LOG_COLUMNS
        for name in ("mode", "tool_id", "status", "parent_run_id", "material_id", "machine_id", "created_at_utc"):
            assert line[name] == run[name], name
        assert line["session"] == (run["workflow_session_id"] or run["meta"].get("session_id"))
        assert line["warning_count"] == len(run["decision"]["warnings"])
        assert line["block_reason"] == run["decision"]["block_reason"]
        assert line["feasibility_sha256"] == run["hashes"]["feasibility_sha256"]
        assert line["gcode_sha256"] == run["hashes"].get("gcode_sha256")
        assert line["gcode_lines"] == program.get("lines")
        assert line["override_applied"] is False
        if run_id not in (shop["inches"], shop["nonsense"]):
            assert line["tool_d_mm"] == (context.get("tool") or {}).get("diameter_mm")
            assert line["stepdown_mm"] == design.get("axial_depth_mm")
            assert line["strategy"] == design.get("operation")
    inches, nonsense, child = (lines[shop[name]] for name in ("inches", "nonsense", "child"))
    assert (inches["tool_d_mm"], inches["stepdown_mm"], inches["z_rough_mm"]) == (3.175, 0.762, -1.524)
    assert [nonsense[name] for name in ("tool_d_mm", "stepdown_mm", "z_rough_mm", "stepover", "strategy")] == [None] * 5
    assert (child["parent_run_id"], child["session"], child["stepover"]) == (shop["cut"], "s1", 1.0)
    program, stored = lines[shop["program"]], lines[shop["stored"]]
    assert (program["input_filename"], program["gcode_inline"]) == ("Schallloch ß.nc", False)
    assert program["estimate_s"] > 0
    assert program["bbox_width_mm"] > 0
    assert [stored[name] for name in OURS[4:]] == ["completed", "good", 95.5, "local"]
    assert [line["operator"] for line in lines.values() if line is not stored] == [None] * (len(lines) - 1)


def test_the_table_has_the_columns_of_the_seed_then_ours_and_the_same_values(
    client: FlaskClient, shop: dict[str, str]
) -> None:
    assert [*RUN_LOG_COLUMNS] == [*OF_THE_SEED, *OURS]
    response = client.get(f"{LOG}/export.csv")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert response.headers["Content-Disposition"] == 'attachment; filename="run_log.csv"'
    assert response.text.startswith(",".join(RUN_LOG_COLUMNS) + "\r\n")
    expected = [{name: as_cell(value) for name, value in line.items()} for line in read_log(client)]
    assert read_rows(client) == expected
    assert {row["run_id"] for row in expected} >= set(shop.values())


def test_excel_reads_its_letters_and_finds_no_formula(client: FlaskClient, service_store: Store) -> None:
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "Größe", "plain, with a comma"]
    decision = make_decision(block_reason="=HYPERLINK()")
    for text in texts:
        put_runs(
            service_store, 1, tool_id=text, mode=text, design={"operation": text}, material_id=text, decision=decision
        )
    data = client.get(f"{LOG}/export.csv?bom=true").data
    assert data.startswith(b"\xef\xbb\xbfrun_id,")
    assert "Größe".encode() in data
    rows = read_rows(client, "bom=true")
    guarded = {text if text[0].isalpha() else f"'{text}" for text in texts}
    for name in ("tool_id", "mode", "strategy", "material_id"):
        assert {row[name] for row in rows} == guarded, name
    assert {row["block_reason"] for row in rows} == {"'=HYPERLINK()"}
    assert {line["strategy"] for line in read_log(client)} == set(texts)


def test_a_log_has_the_filters_of_lists_and_is_walked_by_its_cursor(client: FlaskClient, service_store: Store) -> None:
    run_ids = put_runs(service_store, 5)
    put_runs(service_store, 1, step_us=7, tool_id="other", status="BLOCKED")
    assert [line["run_id"] for line in read_log(client, "tool_id=ROUTER_6mm_2f")] == run_ids[::-1]
    assert len(read_log(client, "status=blocked")) == len(read_rows(client, "status=blocked")) == 1
    walked, address = [], f"{LOG}/latest?limit=4"
    while address:
        page = client.get(address).json
        walked += page["items"]
        address = f"{LOG}/latest?limit=4&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert walked == read_log(client)
    assert read_log(client, "limit=2") == walked[:2]
    assert client.delete(f"{RUNS}/{run_ids[0]}?reason=a+mistake").status_code == 200
    assert run_ids[0] not in {line["run_id"] for line in read_log(client)}
    assert run_ids[0] in {line["run_id"] for line in read_log(client, "include_deleted=true")}


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("export.csv?format=csv", "format"),
        ("export.csv?offset=1", "offset"),
        ("export.ndjson?bom=true", "bom"),
        ("latest?limit=501", "limit"),
        ("latest?risk_level=PINK", "risk_level"),
        ("summary?tool_id=x", "tool_id"),
        ("summary?created_from=yesterday", "created_from"),
    ],
)
def test_what_a_log_cannot_be_asked_for_is_refused_by_name(client: FlaskClient, path: str, field: str) -> None:
    response = client.get(f"{LOG}/{path}")
    assert response.status_code == 422
    assert list(response.json["errors"]) == [field]


def test_the_summary_counts_each_kind(client: FlaskClient, shop: dict[str, str]) -> None:
    lines = read_log(client)
    summary = client.get(f"{LOG}/summary").json
    assert (summary["runs"], summary["outcome"]) == (len(lines), {"done": 1})
    assert (summary["first_at_utc"], summary["last_at_utc"]) == (
        lines[-1]["created_at_utc"],
        lines[0]["created_at_utc"],
    )
    for name in ("status", "risk_level", "mode", "material_id", "machine_id"):
        values = [line[name] for line in lines if line[name] is not None]
        assert summary[name] == {value: values.count(value) for value in values}, name
    nothing = client.get(f"{LOG}/summary?created_to=2001-01-01").json
    assert (nothing["runs"], nothing["first_at_utc"], nothing["status"]) == (0, None, {})


def test_no_artifact_is_opened_and_a_damaged_run_has_empty_cells(
    client: FlaskClient, app: Flask, shop: dict[str, str], service_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage_artifact(find_artifact(app, shop["cut"]))
    service_store.reconcile(full=True)

    def refuse(*_: object) -> bytes:
        raise AssertionError("an object was read")

    monkeypatch.setattr(LocalObjects, "read", refuse)
    line = next(line for line in read_log(client) if line["run_id"] == shop["cut"])
    assert (line["status"], line["risk_level"], line["override_applied"], line["feasibility_sha256"]) == (
        "ERROR",
        "ERROR",
        None,
        None,
    )
    assert len(read_rows(client)) == len(read_log(client))
    assert client.get(f"{LOG}/summary").json["status"]["ERROR"] == 1
    assert client.get("/api/rmos/batches?label=batch_1&view=tree").json["runs"] == 2
    assert len(client.get("/api/rmos/outcomes").json["items"]) == 1
    for group_by in ("machine", "tool", "material", "month"):
        assert client.get(f"/api/rmos/outcomes/totals?group_by={group_by}").json["items"][0]["jobs"] == 1


def test_an_override_that_was_granted_is_said_for_good(client: FlaskClient, post: Post) -> None:
    low = {**make_body()["design"], "plunge_feed_mm_min": 2200}
    answer = post(design=low).json
    assert answer["risk_level"] == "YELLOW"
    said = {"scope": "YELLOW", "reason": "Tried on scrap twice.", "acknowledge_risk": True}
    assert client.post(f"{RUNS}/{answer['run_id']}/override", json=said).status_code in (200, 201)
    (line,) = read_log(client)
    assert (line["override_applied"], line["rules_triggered"]) == (True, ["PLUNGE"])
