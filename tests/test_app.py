"""The factory only wires: nothing is opened, made or started by it."""

import os
import subprocess
import sys
import threading
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from flask import Flask

from rmos import create_app, ids
from rmos.config import Settings
from rmos.context import Rmos
from rmos.engines import registry

ROOT = Path(__file__).resolve().parents[1]


def test_making_the_app_touches_no_disk_and_starts_no_thread(settings: Settings, tmp_path: Path) -> None:
    threads = threading.active_count()
    create_app(settings)
    assert list(tmp_path.iterdir()) == []
    assert threading.active_count() == threads


def test_the_app_carries_what_the_service_holds(app: Flask, settings: Settings) -> None:
    rmos = app.extensions["rmos"]
    assert isinstance(rmos, Rmos)
    assert rmos.settings is settings
    assert rmos.engines.get(None).info.engine_id == "baseline_v2"
    assert Path(app.instance_path) == settings.instance_path


def test_the_commands_are_there(app: Flask) -> None:
    assert "rmos" in app.cli.commands


def test_a_wrong_setting_ends_the_start_with_one_line_that_names_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("rmos.config.default_instance_path", lambda: tmp_path)
    monkeypatch.setenv("RMOS_MAX_BODY_BYTES", "lots")
    with pytest.raises(SystemExit) as ended:
        create_app()
    assert ended.value.code == 2
    written = capsys.readouterr().err
    assert written.count("\n") == 1
    assert "RMOS_MAX_BODY_BYTES" in written
    assert "lots" in written


def test_a_broken_engine_plug_in_ends_the_start_with_its_name(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = EntryPoint(name="crooked", value="no.such.module:engine", group="rmos.engines")
    monkeypatch.setattr(registry, "entry_points", lambda group: [broken])
    with pytest.raises(SystemExit) as ended:
        create_app(settings)
    assert ended.value.code == 2
    written = capsys.readouterr().err
    assert written.count("\n") == 1
    assert "crooked" in written


def test_a_table_of_the_shop_that_cannot_be_used_ends_the_start_with_its_file_and_entry(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.instance_path.mkdir()
    (settings.instance_path / "tools.toml").write_text('[mill]\nkind = "end_mill"\n', encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        create_app(settings)
    assert ended.value.code == 2
    written = capsys.readouterr().err
    assert written == "rmos: instance/tools.toml, entry [mill]: it lacks the required field `diameter_mm`.\n"


def test_the_store_works_in_a_plain_script(tmp_path: Path) -> None:
    script = "from rmos.store import Store, count_runs_filtered; print(Store.__name__)"
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "RMOS_RUNS_DIR": str(tmp_path / "runs")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "Store\n"


SERVING = """
import sys
from pathlib import Path
from rmos import create_app
from rmos.config import Settings
app = create_app(Settings(instance_path=Path(sys.argv[1]), runs_dir=Path(sys.argv[1]) / "runs"))
client = app.test_client()
run_id = client.post("/api/rmos/runs", json={"mode": "router", "tool_id": "x"}).json["run_id"]
assert client.get(f"/api/rmos/runs/{run_id}").status_code == client.get("/readyz").status_code == 200
app.extensions["rmos"].close()
"""
HELP = """
import sys
from rmos.cli import rmos_group
rmos_group.main(["--help"], standalone_mode=False)
"""
LOADED = """
of_a_cluster = ("obstore", "psycopg", "psycopg_pool", "rmos.objects.s3", "rmos.objects.spool", "rmos.index.postgres")
print("loaded:", [name for name in sys.modules if name.startswith(of_a_cluster)])
"""


@pytest.mark.parametrize("script", [HELP, SERVING], ids=["help", "serving"])
def test_a_folder_and_its_index_load_nothing_of_what_several_hosts_need(script: str, tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("RMOS_")}
    done = subprocess.run(
        [sys.executable, "-c", script + LOADED, str(tmp_path)],
        cwd=tmp_path,
        env={**environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "loaded: []"


def test_the_id_of_a_run_is_the_moment_of_its_request(app: Flask) -> None:
    before = ids.now_us()
    body = {"mode": "router", "tool_id": "x"}
    run_id = app.test_client().post("/api/rmos/runs", json=body).json["run_id"]
    assert before <= (ids.moment_of(run_id) or 0) <= ids.now_us()
