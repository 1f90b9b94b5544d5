"""`rmos toolpaths`: programs come as files when the gate is open, and nothing is written when it is not."""

import json
from pathlib import Path

import pytest

from rmos import create_app, digest
from rmos.config import Settings
from tests.cli.conftest import Command, command_on
from tests.helpers.rings import SESSIONS, Desk
from tests.helpers.small_rosette import approve_small


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def desk(root: Path) -> Desk:
    app = create_app(Settings(instance_path=root.parent, runs_dir=root))
    app.testing = True
    desk = approve_small(app.test_client())
    app.extensions["rmos"].close()
    return desk


def test_a_session_that_waits_gets_its_programs_and_the_run_gives_them_again(
    root: Path, desk: Desk, tmp_path: Path
) -> None:
    run = command_on(root)
    bench = tmp_path / "bench"
    made = run(
        "toolpaths", desk.session_id, "--post", "mach", "--out", str(bench), "--operation", "soundhole", "--json"
    )
    assert made.exit_code == 0, made.output
    told = json.loads(made.stdout)
    assert [path.name for path in bench.iterdir()] == ["01_soundhole_T1.tap"]
    data = (bench / "01_soundhole_T1.tap").read_bytes()
    assert digest.sha256_hex(data) == told["programs"][0]["sha256"]
    assert b"\nT1 M6\nG43 H1\n" in data
    for named in (told["run_id"], desk.session_id):
        again = run("toolpaths", named, "--out", str(tmp_path / "again"))
        assert again.exit_code == 0
        assert (tmp_path / "again" / "01_soundhole_T1.tap").read_bytes() == data
    chosen = run("toolpaths", told["run_id"], "--post", "grbl", "--out", str(bench))
    assert chosen.exit_code == 2
    app = create_app(Settings(instance_path=root.parent, runs_dir=root))
    app.test_client().post(f"{SESSIONS}/{desk.session_id}/actions/require_revision", json={"reason": "Once more."})
    app.extensions["rmos"].close()
    closed = run("toolpaths", told["run_id"], "--out", str(tmp_path / "closed"))
    assert (closed.exit_code, (tmp_path / "closed").exists()) == (1, False)
    assert "session" in closed.output


def test_what_cannot_be_made_or_is_not_there_writes_nothing(root: Path, desk: Desk, tmp_path: Path) -> None:
    run = command_on(root)
    out = tmp_path / "bench"
    wrong = run("toolpaths", desk.session_id, "--out", str(out), "--options", '{"tabs": {"count": 60}}')
    assert (wrong.exit_code, out.exists()) == (2, False)
    assert "more than half" in wrong.output
    assert run("toolpaths", desk.session_id, "--out", str(out), "--options", "tabs").exit_code == 2
    assert run("toolpaths", "run_" + "0" * 32, "--out", str(out)).exit_code == 1
    assert not out.exists()


def test_drafts_of_a_rosette_stop_at_once_and_never_come_near_the_stock(run: Command, tmp_path: Path) -> None:
    drafts = tmp_path / "drafts"
    result = run("rosette", "rope pattern, 6 mm band", "--soundhole", "--gcode", str(drafts))
    assert result.exit_code == 0, result.output
    names = sorted(path.name for path in drafts.iterdir())
    assert names == ["DRAFT_01_channel_T1.nc", "DRAFT_02_soundhole_T1.nc"]
    for name in names:
        lines = (drafts / name).read_text().splitlines()
        assert lines[0] == "M0 (NOT RELEASED)"
        assert not any("M3" in line.split() for line in lines)
        heights = {word for line in lines for word in line.split() if word.startswith("Z") and not line.startswith("(")}
        assert heights == {"Z6.000"}
