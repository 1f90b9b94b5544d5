"""The operator pack over HTTP: what is in it, that its bytes never change, and what taking it leaves behind."""

import hashlib
import io
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient

from rmos import ids
from rmos.checks.references import References
from rmos.config import Settings
from rmos.errors.store import IndexRebuilding
from rmos.models import Actor
from rmos.services.evidence import open_key_file, start_log
from rmos.services.packs.releasing import OperatorPacks
from rmos.store import Store
from tests.api.conftest import ROOT, RUNS, Post
from tests.helpers.packs import approve_slot, open_pack, pack_url, quicken, store_slot
from tests.helpers.rings import NONSENSE, SLOT


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    quicken(monkeypatch)


@pytest.fixture
def ready(client: FlaskClient) -> str:
    """A run that may be taken to a machine."""
    return store_slot(client)


def list_releases(client: FlaskClient, run_id: str) -> list[dict[str, Any]]:
    events = client.get(f"{RUNS}/{run_id}/events").json["events"]
    return [event for event in events if event["kind"] == "released"]


def test_a_pack_holds_the_program_the_record_and_what_was_decided_byte_by_byte(
    client: FlaskClient, ready: str, service_store: Store
) -> None:
    answer = client.get(pack_url(ready))
    members = open_pack(answer.data)
    assert answer.mimetype == "application/zip"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{ready}.pack.zip"'
    assert answer.headers["ETag"] == f'"{hashlib.sha256(answer.data).hexdigest()}"'
    assert sorted(members) == [
        "README.txt",
        "SHA256SUMS",
        "approval.json",
        "decision.json",
        "drawing.svg",
        "measured.json",
        "programs/01_channel_T1.nc",
        "record.json",
        "sheet.html",
        "tools.csv",
    ]
    assert members["programs/01_channel_T1.nc"] == SLOT.encode()
    assert members["record.json"] == client.get(f"{RUNS}/{ready}/download").data
    assert msgspec.json.decode(members["decision.json"]) == msgspec.json.decode(members["record.json"])["decision"]
    approval = msgspec.json.decode(members["approval.json"])
    assert (approval["kind"], approval["data"]["reason"]) == ("approve", "Looked at twice.")
    measured = client.get(f"{RUNS}/{ready}").json["attachments"][1]["sha256"]
    assert members["measured.json"] == service_store.blobs.read(measured)
    assert members["tools.csv"].splitlines()[1].startswith(b"1,em-3175-2f,end_mill,3.175,2,20,12,16000,2600,")


def test_the_zip_is_stored_sorted_and_knows_no_clock(client: FlaskClient, ready: str) -> None:
    with zipfile.ZipFile(io.BytesIO(client.get(pack_url(ready)).data)) as archive:
        entries = archive.infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.compress_type for entry in entries} == {zipfile.ZIP_STORED}


def test_sha256sum_accepts_what_was_unpacked(client: FlaskClient, ready: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(client.get(pack_url(ready)).data)) as archive:
        archive.extractall(tmp_path)
    checked = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path, capture_output=True, text=True)
    assert (checked.returncode, checked.stdout.count(": OK")) == (0, 9)
    (tmp_path / "programs" / "01_channel_T1.nc").write_bytes(b"M30\n")
    assert subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path, capture_output=True).returncode == 1


def test_taking_a_pack_leaves_one_event_for_each_person_and_pack(client: FlaskClient, ready: str) -> None:
    assert client.head(pack_url(ready)).status_code == 200
    assert list_releases(client, ready) == []
    first = client.get(pack_url(ready))
    again = client.get(pack_url(ready))
    part = client.get(pack_url(ready), headers={"Range": "bytes=0-99"})
    assert (again.data, part.status_code, part.data) == (first.data, 206, first.data[:100])
    known = client.get(pack_url(ready), headers={"If-None-Match": first.headers["ETag"]})
    assert (known.status_code, known.data) == (304, b"")
    [event] = list_releases(client, ready)
    assert event["actor"]
    assert event["data"]["pack_sha256"] == hashlib.sha256(first.data).hexdigest()
    assert event["data"]["size_bytes"] == len(first.data)


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"If-None-Match": "*"}, 304), ({"If-Match": '"another"'}, 412), ({"Range": "bytes=99999999-"}, 416)],
)
def test_who_gets_no_bytes_takes_no_pack(client: FlaskClient, ready: str, headers: dict[str, str], status: int) -> None:
    assert client.get(pack_url(ready), headers=headers).status_code == status
    assert list_releases(client, ready) == []


def test_a_second_person_who_takes_the_pack_is_named_as_well(
    client: FlaskClient, ready: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client.get(pack_url(ready)).data
    monkeypatch.setattr("rmos.api.packs.current_actor", lambda: Actor(name="ben", role="operator"))
    assert client.get(pack_url(ready)).data == first
    assert len({event["actor"] for event in list_releases(client, ready)}) == 2


def test_what_happens_later_changes_no_byte_of_a_pack_that_was_taken(
    client: FlaskClient, ready: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client.get(pack_url(ready)).data
    client.post(f"{RUNS}/{ready}/attach-advisory", json={"advisory_id": "later", "kind": "note"})
    monkeypatch.setattr("rmos.services.packs.releasing.render_sheet", lambda *_, **__: b"<p>another release</p>")
    monkeypatch.setattr("rmos.services.packs.releasing.make_readme", lambda *_, **__: b"another release")
    assert client.get(pack_url(ready)).data == first
    assert client.head(pack_url(ready)).headers["ETag"] == f'"{hashlib.sha256(first).hexdigest()}"'


def test_the_sheet_says_what_differs_from_the_last_pack_of_the_machine_and_says_so_for_ever(
    client: FlaskClient,
) -> None:
    def store(**context: Any) -> str:
        return store_slot(client, machine_id="rigid_router", context=context)

    first, second = store(), store(hold_down={"pressure_kpa": 60, "area_mm2": 40000})
    before = open_pack(client.get(pack_url(first)).data)["sheet.html"].decode()
    assert "No earlier pack of this machine is known" in before
    later = open_pack(client.get(pack_url(second)).data)["sheet.html"].decode()
    assert f'Other than in the last pack of this machine</strong> <small>(<span class="mono">{first}</span>' in later
    assert "Hold-down: <strong><bdi>area 40000 mm², pressure 60 kPa</bdi></strong>, was <bdi>not stated</bdi>" in later
    assert open_pack(client.get(pack_url(first)).data)["sheet.html"].decode() == before


def test_an_index_that_is_filled_just_now_keeps_no_pack_back(
    client: FlaskClient, service_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = store_slot(client, machine_id="rigid_router")

    def refuse(*_: object, **__: object) -> None:
        raise IndexRebuilding("The index is being filled.")

    monkeypatch.setattr(service_store.runs, "page", refuse)
    answer = client.get(pack_url(run_id))
    assert answer.status_code == 200, answer.text
    assert b"No earlier pack of this machine is known" in open_pack(answer.data)["sheet.html"]


def test_what_is_not_there_yet_is_named_with_what_to_do(client: FlaskClient, post: Post) -> None:
    desk = approve_slot(client)
    events = client.get(f"/api/workflow-sessions/{desk.session_id}/events").json["events"]
    judged = next(event["data"]["run_id"] for event in events if event["kind"] == "request_feasibility")
    refused = client.get(pack_url(judged))
    assert (refused.status_code, refused.json["error"], refused.json["missing"]) == (409, "PACK_NOT_READY", ["program"])
    stored = desk.done("store_toolpaths", {"outputs": {"gcode_text": SLOT}})
    assert client.get(pack_url(judged)).json["toolpaths_run_id"] == stored["run_id"]
    desk.done("require_revision", {"reason": "Deeper."})
    assert client.get(pack_url(judged)).json["missing"] == ["approval", "program"]
    alone = client.get(pack_url(post().json["run_id"]))
    assert (alone.status_code, alone.json["missing"]) == (409, ["program"])


def test_a_program_that_does_more_than_was_approved_is_in_no_pack(client: FlaskClient) -> None:
    refused = approve_slot(client).act("store_toolpaths", {"outputs": {"gcode_text": NONSENSE}})
    answer = client.get(pack_url(refused.json["run_id"]))
    assert (answer.status_code, answer.json["error"]) == (409, "NOT_COVERED")
    assert answer.json["exceeded"]


def test_a_run_that_is_not_there_or_deleted_has_no_pack(client: FlaskClient, ready: str) -> None:
    assert client.get(pack_url("run_" + "0" * 32)).status_code == 404
    client.delete(f"{RUNS}/{ready}?reason=Taken+back.")
    assert client.get(pack_url(ready)).status_code == 410


def test_who_was_overtaken_gets_the_pack_that_was_recorded_first(
    app: Flask, client: FlaskClient, ready: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rmos = app.extensions["rmos"]
    packs = OperatorPacks(rmos.store, rmos.engines, rmos.settings)
    mine = packs.make(ready)
    monkeypatch.setattr("rmos.services.packs.releasing.render_sheet", lambda *_, **__: b"<p>theirs</p>")
    theirs = packs.release(packs.make(ready), actor=Actor(name="ben", role="operator"), us=ids.now_us())
    got = packs.release(mine, actor=Actor(name="anna", role="operator"), us=ids.now_us())
    assert mine.sha256 != theirs.sha256 == got.sha256
    assert got.members["sheet.html"] == b"<p>theirs</p>"
    events = list_releases(client, ready)
    assert [(event["actor"], event["data"]["pack_sha256"]) for event in events] == [
        ("ben", theirs.sha256),
        ("anna", theirs.sha256),
    ]


def test_what_was_made_for_a_pack_is_missed_when_it_is_gone(
    client: FlaskClient, ready: str, service_store: Store, settings: Settings
) -> None:
    client.get(pack_url(ready))
    record = service_store.runs.record(ready)
    sha256 = record.events[0].data["made"]["sheet.html"]
    references = References(service_store.objects, service_store.reader)
    assert list(references.of_event("key", record.events[0])) == []
    next(settings.runs_dir.rglob(sha256)).unlink()
    [found] = references.of_event("key", record.events[0])
    assert (found.kind, sha256 in found.detail) == ("blob_missing", True)
    assert client.get(pack_url(ready)).status_code == 404


def test_the_record_in_a_pack_is_the_file_that_a_proof_is_of(
    app: Flask, client: FlaskClient, ready: str, service_store: Store
) -> None:
    rmos = app.extensions["rmos"]
    actor = Actor(name="anna", role="admin")
    start_log(
        service_store,
        open_key_file(rmos.settings),
        origin="shop.example/evidence",
        actor=actor,
        us=ids.now_us(),
        workers=1,
    )
    proof = client.get(f"{RUNS}/{ready}/proof")
    assert proof.status_code == 200, proof.text
    members = open_pack(client.get(pack_url(ready)).data)
    proved = open_pack(proof.data)
    assert members["record.json"] == next(data for name, data in proved.items() if name.endswith(f"/{ready}.json"))
    assert f"rmos proof {ready}" in members["README.txt"].decode()


ELSEWHERE = [
    {"TZ": "Asia/Kathmandu", "LC_ALL": "C", "PYTHONHASHSEED": "1"},
    {"TZ": "America/St_Johns", "LC_ALL": "de_DE.UTF-8", "PYTHONHASHSEED": "4294967295", "PYTHONUTF8": "0"},
]


@pytest.mark.long
@pytest.mark.parametrize("app", ["local"], indirect=True)
def test_processes_of_any_time_zone_and_locale_make_the_same_pack(
    client: FlaskClient, ready: str, settings: Settings, tmp_path: Path
) -> None:
    digests = {client.head(pack_url(ready)).headers["ETag"].strip('"')}
    for number, variables in enumerate(ELSEWHERE):
        root = shutil.copytree(settings.runs_dir, tmp_path / f"copy{number}" / "runs")
        asked = [sys.executable, "-m", "rmos", "pack", ready, "--out", str(tmp_path / f"{number}.zip"), "--json"]
        done = subprocess.run(
            asked, cwd=ROOT, env={**os.environ, **variables, "RMOS_RUNS_DIR": str(root)}, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        told = msgspec.json.decode(done.stdout)
        assert hashlib.sha256((tmp_path / f"{number}.zip").read_bytes()).hexdigest() == told["sha256"]
        digests.add(told["sha256"])
    assert len(digests) == 1
