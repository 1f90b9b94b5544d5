"""`rmos pack`: the zip that the service gives, from a terminal, and who took it."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from rmos import create_app
from rmos.config import Settings
from tests.cli.conftest import Command, command_on, document
from tests.helpers.packs import SLOT_CONTEXT, approve_slot, open_pack, pack_url, quicken, store_slot
from tests.helpers.rings import SLOT, SLOT_CUT, Desk


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    quicken(monkeypatch)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "runs"


@pytest.fixture
def client(root: Path) -> Iterator[FlaskClient]:
    app = create_app(Settings(instance_path=root.parent, runs_dir=root))
    yield app.test_client()
    app.extensions["rmos"].close()


@pytest.fixture
def run(root: Path) -> Command:
    return command_on(root)


@pytest.fixture
def desk(client: FlaskClient) -> Desk:
    return approve_slot(client)


@pytest.fixture
def run_id(desk: Desk) -> str:
    return str(desk.done("store_toolpaths", {"outputs": {"gcode_text": SLOT}})["run_id"])


def test_a_pack_is_the_one_of_the_service_by_the_id_of_its_run_or_session(
    run: Command, client: FlaskClient, desk: Desk, run_id: str, tmp_path: Path
) -> None:
    result = run("pack", run_id[:20])
    data = (tmp_path / f"{run_id}.pack.zip").read_bytes()
    assert result.exit_code == 0, result.output
    assert f"Wrote {run_id}.pack.zip, SHA-256 {hashlib.sha256(data).hexdigest()}." in result.stdout
    assert "programs/01_channel_T1.nc" in result.stdout
    told = document(run("pack", desk.session_id, "--out", "b.zip", "--json"))
    assert (told["run_id"], told["sha256"]) == (run_id, hashlib.sha256(data).hexdigest())
    assert "sheet.html" in told["members"]
    assert (tmp_path / "b.zip").read_bytes() == client.get(pack_url(run_id)).data == data
    events = client.get(f"/api/rmos/runs/{run_id}/events").json["events"]
    assert [event["actor"].split(":")[0] for event in events] == ["cli", "local"]


def test_the_sheet_of_the_command_knows_the_last_pack_of_the_machine_as_the_service_does(
    run: Command, client: FlaskClient, tmp_path: Path
) -> None:
    first, second = (store_slot(client, machine_id="rigid_router") for _ in range(2))
    client.get(pack_url(first))
    expected = client.head(pack_url(second)).headers["ETag"].strip('"')
    assert document(run("pack", second, "--json"))["sha256"] == expected
    sheet = open_pack((tmp_path / f"{second}.pack.zip").read_bytes())["sheet.html"].decode()
    assert f'As in the last pack of this machine</strong> <small>(<span class="mono">{first}' in sheet


def test_the_standard_output_takes_the_bytes_alone(run: Command, run_id: str) -> None:
    result = run("pack", run_id, "--out", "-")
    assert open_pack(result.stdout_bytes)["programs/01_channel_T1.nc"] == SLOT.encode()


def test_what_is_missing_or_has_changed_is_said_and_nothing_is_written(
    run: Command, desk: Desk, tmp_path: Path
) -> None:
    early = run("pack", desk.session_id)
    assert early.exit_code == 1
    assert "Pack is not ready: The session stands by no program" in early.stderr
    run_id = desk.done("store_toolpaths", {"outputs": {"gcode_text": SLOT}})["run_id"]
    desk.done("require_revision", {"reason": "Deeper."})
    late = run("pack", run_id, "--json")
    assert (late.exit_code, document(late)["error"], document(late)["changed"]) == (1, "STALE_APPROVAL", ["session"])
    assert list(tmp_path.glob("*.zip")) == []


def test_a_file_that_cannot_be_written_is_told_without_its_folder(run: Command, run_id: str, tmp_path: Path) -> None:
    result = run("pack", run_id, "--out", str(tmp_path / "none" / "p.zip"), "--json")
    assert (result.exit_code, document(result)["error"]) == (1, "STORAGE_FAILED")
    assert "p.zip could not be written: no such file or directory." in result.stderr
    assert str(tmp_path) not in result.output


def test_nobody_is_said_to_have_taken_what_was_refused(run: Command, run_id: str) -> None:
    assert run("pack", run_id, "--out", "-", "--json").exit_code == 2
    assert "released" not in run("show", run_id, "--events").stdout


def test_nobody_and_nowhere(run: Command, run_id: str, tmp_path: Path) -> None:
    assert run("pack").exit_code == 2
    assert run("pack", "run_" + "0" * 32).exit_code == 1
    assert command_on(tmp_path / "elsewhere")("pack", run_id).exit_code == 10
    refused = run("pack", run_id, "--out", "no/such/folder.zip")
    assert (refused.exit_code, "could not be written" in refused.stderr) == (1, True)


def test_a_pack_that_was_taken_goes_along_with_its_run_to_another_store(
    run: Command, client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"mode": "router", "tool_id": "em-3175-2f", "design": SLOT_CUT, "outputs": {"gcode_text": SLOT}}
    made = client.post("/api/rmos/runs", json={**body, "context": {**SLOT_CONTEXT, "machine": {"class": "rigid"}}})
    run_id = made.json["run_id"]
    taken = client.get(pack_url(run_id)).data
    assert run("export", "--format", "store", "--to", str(tmp_path / "out")).exit_code == 0
    elsewhere = tmp_path / "elsewhere" / "runs"
    elsewhere.parent.mkdir()
    moved = command_on(elsewhere)
    assert moved("import", str(tmp_path / "out")).exit_code == 0
    monkeypatch.setattr("rmos.services.packs.releasing.render_sheet", lambda *_, **__: b"<p>another release</p>")
    for store in (command_on(tmp_path / "out"), moved):
        assert document(store("pack", run_id, "--json"))["sha256"] == hashlib.sha256(taken).hexdigest()
