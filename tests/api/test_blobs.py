"""The files of a run in a browser: listed, shown when harmless, saved one by one or all at once."""

import io
import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask.testing import FlaskClient

from rmos import digest
from rmos.checks.verify import verify_store
from rmos.config import Settings
from rmos.store import Store
from tests.api.conftest import RUNS, Post
from tests.helpers.attachments import DRAWING, HOSTILE, PNG, SHA256, attach, damage_blob, find_blob, upload
from tests.makers import ANNA, add_event, make_members, write_raw


def unzipped(client: FlaskClient, run: str) -> tuple[bytes, dict[str, bytes], dict[str, Any]]:
    response = client.get(f"{run}/advisory/blobs/download-all.zip")
    assert response.status_code == 200
    with zipfile.ZipFile(io.BytesIO(response.data)) as zipped:
        assert zipped.testzip() is None
        entries = {name: zipped.read(name) for name in zipped.namelist()}
    return response.data, entries, json.loads(entries.pop("manifest.json"))


def test_an_uploaded_drawing_is_listed_and_shown(client: FlaskClient, run: str) -> None:
    attach(client, run, DRAWING)
    listed = client.get(f"{run}/advisory/blobs").json
    assert listed["count"] == 1
    (item,) = listed["items"]
    assert (item["sha256"], item["advisory_id"], item["source"]) == (SHA256, SHA256, "attachment")
    shown = client.get(f"{run}/advisory/blobs/{SHA256}/preview/svg")
    assert (shown.status_code, shown.data) == (200, DRAWING)
    assert shown.headers["Content-Type"] == "image/svg+xml"
    assert shown.headers["Content-Security-Policy"] == "sandbox; default-src 'none'; style-src 'unsafe-inline'"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Content-Disposition"] == 'inline; filename="rosette.svg"'
    saved = client.get(f"{run}/advisory/blobs/{SHA256}/download")
    assert saved.data == DRAWING
    assert saved.headers["Content-Disposition"] == 'attachment; filename="rosette.svg"'


def test_a_drawing_stands_in_the_run_its_preview_the_zip_and_what_explains_it_in_its_session(
    client: FlaskClient, post: Post, service_store: Store
) -> None:
    session_id = client.post("/api/workflow-sessions", json={"workflow_type": "rosette"}).json["session_id"]
    run = f"{RUNS}/{post(workflow_session_id=session_id).json['run_id']}"
    uploaded = upload(client, run, DRAWING, "rope.svg", kind="drawing", mime="image/svg+xml")  # as curl -F does
    assert (uploaded.status_code, uploaded.json["sha256"]) == (201, SHA256)
    assert [entry["sha256"] for entry in client.get(run).json["attachments"]] == [SHA256]
    assert client.get(f"{run}/advisory/blobs/{SHA256}/preview/svg").data == DRAWING
    _, entries, manifest = unzipped(client, run)
    assert DRAWING in entries.values()
    assert manifest["left_out"] == []
    text = "The rope as it is to be cut: rope.svg."
    assert client.post(f"{run}/suggest-and-attach", json={"advisory_markdown": text}).status_code == 201
    (listed,) = client.get(f"/api/workflow-sessions/{session_id}/runs?view=summary").json["items"]
    assert (listed["explanation_status"], listed["explanation_summary"]) == ("complete", text)
    report = verify_store(service_store)
    assert report.ok, report.findings


def test_what_could_run_or_load_anything_is_not_shown_but_can_be_saved(client: FlaskClient, run: str) -> None:
    sha256 = attach(client, run, HOSTILE)
    for _ in range(2):
        refused = client.get(f"{run}/advisory/blobs/{sha256}/preview/svg")
        assert (refused.status_code, refused.json["error"]) == (415, "SVG_BLOCKED")
        assert (refused.json["blocked_by"], refused.json["line"]) == ("event_handler", 2)
    status = client.get(f"{run}/advisory/blobs/{sha256}/preview/status").json
    assert status["advisory_id"] == sha256
    assert (status["ok"], status["action"], status["blocked_by"]) == (False, "download", "event_handler")
    assert client.get(f"{run}/advisory/blobs/{sha256}/download").data == HOSTILE


def test_the_status_says_what_can_be_done(client: FlaskClient, run: str, settings: Settings) -> None:
    attach(client, run, DRAWING)
    photo = upload(client, run, PNG, "a.png", mime="image/png").json["sha256"]

    def status(sha256: str) -> tuple[Any, ...]:
        told = client.get(f"{run}/advisory/blobs/{sha256}/preview/status").json
        assert told["run_id"] == run.rpartition("/")[2]
        return told["ok"], told["mime"], told["blocked_by"], told["action"]

    assert status(SHA256) == (True, "image/svg+xml", None, "preview")
    assert status(photo) == (False, "image/png", "not_svg", "download")
    damage_blob(settings, SHA256)
    assert status(SHA256) == (False, "image/svg+xml", "damaged", "none")
    assert client.get(f"{run}/advisory/blobs/{SHA256}/preview/svg").status_code == 500
    find_blob(settings, photo).unlink()
    assert status(photo) == (False, "image/png", "missing", "none")


def test_nothing_is_given_that_the_run_does_not_name(client: FlaskClient, run: str, post: Post) -> None:
    attach(client, run, DRAWING)
    other = f"{RUNS}/{post().json['run_id']}/advisory/blobs"
    for what in ("download", "preview/svg", "preview/status"):
        response = client.get(f"{other}/{SHA256}/{what}")
        assert (response.status_code, response.json["error"]) == (404, "ATTACHMENT_NOT_FOUND")
    assert client.get(other).json["items"] == []


def test_the_zip_has_every_file_and_the_same_run_gives_the_same_bytes(
    client: FlaskClient, run: str, service_store: Store
) -> None:
    attach(client, run, DRAWING, filename="../../Ébène/top.svg")
    large = upload(client, run, bytes(range(256)) * 1500, "large.bin").json["sha256"]
    client.post(f"{run}/attach-advisory", json={"advisory_id": "elsewhere-1"})
    first, entries, manifest = unzipped(client, run)
    assert entries == {
        f"drawing/{SHA256[:12]}_top.svg": DRAWING,
        f"file/{large[:12]}_large.bin": bytes(range(256)) * 1500,
    }
    assert {entry["name"]: entry["sha256"] for entry in manifest["files"]} == {
        name: digest.sha256_hex(data) for name, data in entries.items()
    }
    assert manifest["left_out"] == [{"advisory_id": "elsewhere-1", "reason": "a reference without a file"}]
    assert unzipped(client, run)[0] == first
    assert client.head(f"{run}/advisory/blobs/download-all.zip").data == b""


def test_the_zip_names_what_it_had_to_leave_out(client: FlaskClient, run: str, settings: Settings) -> None:
    attach(client, run, DRAWING)
    gone = upload(client, run, PNG, "a.png").json["sha256"]
    damage_blob(settings, SHA256)
    find_blob(settings, gone).unlink()
    _, entries, manifest = unzipped(client, run)
    assert (entries, manifest["files"]) == ({}, [])
    assert {entry["sha256"]: entry["reason"] for entry in manifest["left_out"]} == {SHA256: "damaged", gone: "missing"}


EVIL = ("/etc/passwd", "../../../../etc/passwd", "..\\..\\boot.ini", "a\x00b", "C:\\x", "\u202egnp.svg", "", "x" * 5000)


def test_trap_23_nothing_outside_the_root_is_opened_whatever_stored_records_name(
    client: FlaskClient, settings: Settings, service_store: Store, tmp_path: Path
) -> None:
    """Records of another hand: hostile ids, digests, names and kinds, and links in the tree of blobs."""
    secret = write_raw(tmp_path / "secret", b"not to be read")
    linked = digest.sha256_hex(b"not to be read")
    find_blob(settings, linked).parent.mkdir(parents=True)
    find_blob(settings, linked).symlink_to(secret)
    turned = "aa" + "0" * 62
    (settings.runs_dir / "_attachments" / "aa").symlink_to(tmp_path)
    write_raw(tmp_path / "00" / turned, b"not to be read either")
    names = [text for text in EVIL if "\x00" not in text] + [str(secret)]
    service_store.blobs.put_bytes(DRAWING)
    attachments = [{"sha256": name, "kind": name, "filename": name} for name in [*names, linked, turned]]
    attachments.append({"sha256": SHA256, "kind": "../../..", "filename": str(secret)})
    stored = service_store.runs.put(make_members(attachments=attachments))
    run_id = stored.view.artifact.run_id
    for name in names:
        add_event(
            service_store,
            run_id,
            "advisory",
            {"advisory_id": name, "kind": name, "filename": name},
            actor=ANNA,
            us=1_766_483_173_123_456,
        )
    url = f"{RUNS}/{run_id}"
    opened: list[str] = []
    watching = [True]

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if watching and event == "open" and isinstance(arguments[0], (str, bytes)):
            opened.append(os.fsdecode(arguments[0]))

    sys.addaudithook(watch)
    try:
        _, entries, manifest = unzipped(client, url)
        for sha256 in (*names, linked, turned, SHA256):
            for what in ("download", "preview/svg", "preview/status"):
                client.get(f"{url}/advisory/blobs/{quote(sha256, safe='')}/{what}")
            client.get(f"{url}/attachments/{quote(sha256, safe='')}")
            client.get(f"/api/rmos/attachments/{quote(sha256, safe='')}")
        for what in ("attachments", "attachments/verify", "advisories", "advisory/blobs", "advisory/variants"):
            client.get(f"{url}/{what}")
    finally:
        watching.clear()
    assert opened
    outside = str(tmp_path.resolve())
    inside = (str(settings.runs_dir.resolve()), str(settings.instance_path.resolve()))
    # The last part of a name is never followed (O_NOFOLLOW), the folders before it are.
    resolved = [str(Path(path).parent.resolve() / Path(path).name) for path in opened]
    assert not [path for path in resolved if path.startswith(outside) and not path.startswith(inside)]
    assert not [path for path in resolved if "passwd" in path or "boot.ini" in path]
    assert entries == {f"unknown/{SHA256[:12]}_secret": DRAWING}
    assert {entry.get("sha256") for entry in manifest["left_out"]} >= {linked}
    for name in entries:
        assert ".." not in name
        assert not name.startswith("/")
