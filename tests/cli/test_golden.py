"""What people see: every command with a table, on terminals of 60, 80 and 120 columns, against files in `golden/`.

A change that is meant: `RENEW_GOLDEN=1 .venv/bin/python -m pytest -n0 tests/cli/test_golden.py`, and look at the diff.
"""

import getpass
import json
import os
import random
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.cli import ScriptInfo

from rmos import create_app, ids
from rmos.checks.last_verify import NOTE
from rmos.cli import rmos_group
from rmos.config import Settings
from rmos.objects.local import LocalObjects
from tests.api.conftest import make_body
from tests.cli.conftest import artifacts_of, command_on, document, flip
from tests.helpers.terminals import show_on_terminal
from tests.single_file import make_single_file

GOLDEN = Path(__file__).with_name("golden")
PROGRAMS = Path(__file__).parents[1] / "data" / "gcode"
WIDTHS = (60, 80, 120)
NOW_US = ids.parse_utc("2025-12-23T09:46:13.123456Z")
WHOLE = re.compile(r" *\S{30,}")
"""What is never broken, because it is copied: a cursor, a digest, a path; it stands on a line of its own."""

SOUND = {
    "runs": ("runs", "--limit", "6"),
    "runs_deleted": ("runs", "--deleted", "--risk", "GREEN", "--limit", "3"),
    "sessions": ("sessions",),
    "batch": ("batch", "om-spruce-rosettes-01"),
    "batch_progress": ("batch", "om-spruce-rosettes-01", "--view", "progress"),
    "batch_timeline": ("batch", "om-spruce-rosettes-01", "--view", "timeline"),
    "batch_labels": ("batch",),
    "outcomes": ("outcomes",),
    "outcomes_totals": ("outcomes", "--totals", "tool"),
    "calibrate": ("calibrate",),
    "tool_life": ("tool-life",),
    "tool_life_of_one": ("tool-life", "em-3175-2f"),
    "show": ("show", "RED"),
    "show_events": ("show", "RESTORED", "--events"),
    "diff": ("diff", "RED", "@latest"),
    "status": ("status",),
    "token_list": ("token", "list"),
    "audit_tail": ("audit", "tail"),
    "rules": ("rules",),
    "rule": ("rules", "CHIP_OVERLOAD"),
    "judge": ("judge", "CUT"),
    "judge_many": ("judge", "CUTS"),
    "suggest": (
        *("suggest", "--tool", "em-3175-2f", "--material", "ebony", "--machine", "light_desktop"),
        *("--operation", "channel", "--depth", "2", "--width", "6", "--stock", "5"),
    ),
    "program": (
        *("program", "RING", "--tool", "1=em-3175-2f", "--material", "sitka_spruce", "--stock", "3"),
        *("--machine", "light_desktop"),
    ),
    "program_red": (
        *("program", "MANY_FINDINGS", "--tool", "1=em-3175-2f", "--material", "ebony", "--stock", "3"),
        *("--machine", "light_desktop"),
    ),
    "replay": ("replay", "@latest"),
    "backtest": ("backtest", "--engine", "baseline_v2"),
    "rebuild": ("rebuild", "--dry-run"),
    "rosette": ("rosette", "rope pattern, ebony and padauk, 6 mm band"),
    "migrate": ("migrate", "migrate", "--dry-run", "--from", "OLD"),
    "attachments_gc": ("attachments", "gc", "--dry-run"),
}
DAMAGED = {
    "verify": ("verify",),
    "status_damaged": ("status",),
    "orphans": ("orphans",),
    "repair": ("repair", "--dry-run"),
    "attachments_verify": ("attachments", "verify"),
}


class Scene:
    """Two stores with the same contents everywhere, and files beside them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sound, self.damaged = folder / "sound" / "runs", folder / "damaged" / "runs"
        self._make()
        self.apps = {root: self._open(root) for root in (self.sound, self.damaged)}

    def _open(self, root: Path) -> Flask:
        return create_app(Settings(instance_path=root.parent, runs_dir=root))

    def _make(self) -> None:
        run = command_on(self.sound)
        run("demo", "--runs", "30", "--seed", "5")
        usual = {name: value for name, value in make_body().items() if name != "meta"}
        deep = {**usual["design"], "axial_depth_mm": 1.4, "total_depth_mm": 1.5}
        run("record", "-", input=json.dumps({**usual, "design": deep, "engine_id": "baseline_v1"}))
        deleted = document(run("record", "-", "--json", input=json.dumps(usual)))["run_id"]
        run("delete", deleted, "--reason", "the wrong top was on the table")
        run("delete", deleted, "--reason", "no")
        run("token", "create", "anna", "--role", "admin")
        run("token", "create", "press-2-in-the-back-room", "--role", "recorder", "--expires", "90d")
        run("rebuild")
        red = document(run("runs", "--json", "--risk", "RED"))["items"][0]["run_id"]
        restored = document(run("record", "-", "--json", input=json.dumps(usual)))["run_id"]
        run("delete", restored, "--reason", "the drawing was thought to be another customer's")
        run("restore", restored, "--reason", "it was the right drawing after all")
        self.names = {"RED": red, "RESTORED": restored}
        fast = {**usual["design"], "feed_mm_min": 9600, "axial_depth_mm": 2.0, "total_depth_mm": 1.4}
        run("rosette", "rope pattern, ebony and padauk, 6 mm band", "--record")
        self._write("CUT", {**usual, "design": fast})
        self._write("CUTS", {"items": [usual, {**usual, "design": fast}, {**usual, "design": deep}]})
        for name in ("RING", "MANY_FINDINGS"):
            self.names[name] = str(PROGRAMS / f"{name.lower()}.nc")
        self.names["OLD"] = str(make_single_file(self.folder / "old", runs=3, oddities={"bad_times"}))
        shutil.copytree(self.sound.parent, self.damaged.parent)
        index = {path: path.read_bytes() for path in self.damaged.glob("_index.sqlite*")}
        document(command_on(self.damaged)("record", "-", "--json", input=json.dumps(usual)))
        for path, data in index.items():  # which now knows nothing of that run
            path.write_bytes(data)
        blob = min(path for path in self.damaged.glob("_attachments/*/*/*"))
        flip(blob, at=60)
        artifacts = artifacts_of(self.damaged)
        flip(artifacts[3])
        artifacts[7].unlink()
        (self.damaged / "notes.txt").write_text("mine")
        (artifacts[9].parent / "copy of a run.json").write_text("{}")
        self._report(run, red, restored)

    def _report(self, run: Callable[..., object], red: str, restored: str) -> None:
        """Say what became of two cuts."""
        stopped = ("--started", "2025-12-23T08:00:00Z", "--stopped", "2025-12-23T08:09:30Z", "--line", "812")
        why = ("--reason", "TOOL_BROKE", "--note", "It sang, and then it was gone.")
        tools = ("--tool", "em-3175-2f=4.5", "--tool", "em-1000-2f", "--broke", "em-1000-2f")
        run("outcome", red, "--ended", "failed", "--part", "scrap", *stopped, *why, *tools)
        run("outcome", restored, "--ended", "completed", "--part", "rework", "--seconds", "300")
        run("outcome", restored, "--ended", "completed", "--part", "good", "--seconds", "300", "--corrects", "3")
        run("tool-life", "em-3175-2f", "--record", "new", "--serial", "B", "--note", "Of the second box.")
        run("tool-life", "em-3175-2f", "--record", "sharpened")

    def _write(self, name: str, body: dict[str, Any]) -> None:
        path = self.folder / f"{name.lower()}.json"
        path.write_text(json.dumps(body))
        self.names[name] = str(path)

    def show(self, root: Path, command: tuple[str, ...], columns: int) -> str:
        """Return what a command shows on a terminal of so many columns."""
        (root.parent / NOTE).unlink(missing_ok=True)  # of a verify that another test has shown
        words = [self.names.get(word, word) for word in command]
        info = ScriptInfo(create_app=lambda: self.apps[root])
        shown = show_on_terminal(
            columns, lambda: rmos_group.main(words, prog_name="rmos", obj=info, standalone_mode=False)
        )
        for artifact in artifacts_of(root):  # which says how long the engine took
            shown = shown.replace(artifact.read_bytes()[12:76].decode(), "0" * 64)
        return shown.replace(str(root), "/srv/rmos/runs")


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    """Make the stores with a clock that stands and with chance that is none."""
    with pytest.MonkeyPatch.context() as patched:
        sleep = time.sleep
        moments = iter(range(NOW_US, NOW_US + 10**9, 1_000_003))
        patched.setattr(time, "sleep", lambda seconds: sleep(min(seconds, 0.01)))
        patched.setattr(ids, "now_us", lambda: next(moments))
        patched.setattr(os, "urandom", random.Random(5).randbytes)
        names = random.Random(7)  # of files: how many are made is nothing that a table shows
        patched.setattr("secrets.token_hex", lambda size: names.randbytes(size).hex())
        patched.setattr(getpass, "getuser", lambda: "anna")
        patched.setattr(LocalObjects, "free_bytes", lambda self: 212_000_000_000)
        patched.setattr(ids, "new_request_id", lambda: "req_0123456789abcdef")
        # Of the same length everywhere, since where a line is folded depends on it.
        folder = Path(tempfile.mkdtemp(prefix="rmos", dir="/tmp"))
        try:
            yield Scene(folder)
        finally:
            shutil.rmtree(folder)


@pytest.mark.parametrize("name", [*SOUND, *DAMAGED])
def test_trap_47_every_table_keeps_what_matters_on_every_terminal(scene: Scene, name: str) -> None:
    root, command = (scene.sound, SOUND[name]) if name in SOUND else (scene.damaged, DAMAGED[name])
    parts = []
    for columns in WIDTHS:
        shown = scene.show(root, command, columns)
        too_long = [line for line in shown.splitlines() if len(line) > columns and not WHOLE.fullmatch(line)]
        assert too_long == []
        parts.append(f"===== {columns} columns =====\n{shown}")
        assert shown.strip()
    path, told = GOLDEN / f"{name}.txt", "\n".join(parts)
    if os.environ.get("RENEW_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(told, encoding="utf-8")
    assert path.exists(), "there is no such file yet; the docstring says how it is written"
    assert told == path.read_text(encoding="utf-8")


def test_there_is_no_file_of_a_command_that_nobody_shows() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == {*SOUND, *DAMAGED}
