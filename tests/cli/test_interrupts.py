"""Ctrl-C at any moment: 130, no traceback, and what was written is whole.

The signal comes at the n-th call of the program, for many n: in the imports of a command, while its store is opened, in
the midst of its work, while what it opened is closed. In a plain run a few moments of some commands, in a long one many
of all.
"""

import dataclasses
import io
import json
import os
import random
import shutil
import signal
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import pytest

from rmos import create_app
from rmos.cli import main, rmos_group
from rmos.config import Settings
from tests.api.conftest import make_body
from tests.cli.conftest import artifacts_of, command_on
from tests.helpers.small_rosette import approve_small
from tests.single_file import make_single_file
from tests.trying import tries_at_night

_RING = ("--tool", "1=em-3175-2f", "--material", "sitka_spruce", "--stock", "3")
EVERY: dict[str, tuple[str, ...]] = {
    "runs": ("runs", "--limit", "5"),
    "verify": ("verify",),
    "delete": ("delete", "RUN", "--reason", "the wrong top was on the table"),
    "status": ("status",),
    "sessions": ("sessions",),
    "show": ("show", "@latest"),
    "diff": ("diff", "RUN", "@latest"),
    "replay": ("replay", "RUN"),
    "backtest": ("backtest", "--engine", "baseline_v1"),
    "backtest by outcomes": ("backtest", "--engine", "baseline_v1", "--outcomes"),
    "rules": ("rules",),
    "rebuild": ("rebuild",),
    "orphans": ("orphans",),
    "repair": ("repair",),
    "attachments": ("attachments", "verify"),
    "audit": ("audit", "tail"),
    "token create": ("token", "create", "anna", "--role", "viewer"),
    "token list": ("token", "list"),
    "export": ("export", "--format", "csv"),
    "copy": ("copy", "--to", "OUT"),
    "import": ("import", "OTHER"),
    "bundle create": ("bundle", "create", "OUT", "--since", "2020-01-01"),
    "bundle import": ("bundle", "import", "BUNDLE"),
    "rosette": ("rosette", "rope in ebony and padauk, 6 mm band", "--record"),
    "suggest": ("suggest", "--tool", "em-3175-2f", "--material", "ebony", "--operation", "channel"),
    "judge": ("judge", "CUT"),
    "record": ("record", "CUT"),
    "restore": ("restore", "RUN", "--reason", "it was the right drawing after all"),
    "openapi": ("openapi",),
    "migrate": ("migrate", "migrate", "--from", "OLD"),
    "program": ("program", "RING", *_RING),
    "program recorded": ("program", "RING", *_RING, "--record"),
    "evidence start": ("evidence", "start", "--origin", "shop.example/evidence"),
    "evidence append": ("evidence", "append"),
    "evidence rotate-key": ("evidence", "rotate-key"),
    "evidence publish": ("evidence", "publish", "WEB"),
    "toolpaths": ("toolpaths", "SESSION", "--out", "WEB"),
    "pack": ("pack", "RUN", "--out", "OUT"),
    "proof": ("proof", "RUN", "--out", "OUT"),
    "outcome": ("outcome", "RUN", "--ended", "completed", "--part", "good"),
    "outcomes": ("outcomes", "--totals", "machine"),
    "calibrate": ("calibrate",),
    "batch": ("batch",),
    "run-log": ("run-log", "--format", "ndjson"),
    "tool-life": ("tool-life",),
    "help": ("--help",),
    "no such command": ("veryfy",),
}
PROGRAMS = Path(__file__).parents[1] / "data" / "gcode"
WITH_LOG = ("evidence append", "evidence publish", "evidence rotate-key", "proof")
PLAIN = ("runs", "verify", "delete")


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, or what left it; what it said, where it was interrupted, its calls so far."""

    code: object
    said: str
    where: str
    calls: int


def run_interrupted(root: Path, arguments: list[str], at: int) -> Ended:
    """Run a command in a child of this process that is sent SIGINT at its n-th call or return."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            ended = _run_here(root, arguments, at)
            os.write(writing, json.dumps(dataclasses.astuple(ended)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return Ended(*json.loads(told))


def _run_here(root: Path, arguments: list[str], at: int) -> Ended:
    seen, where, ignored = 0, "", list[str]()
    code: object = None

    def count(frame: FrameType, event: str, arg: object) -> None:
        nonlocal seen, where
        seen += 1
        if seen == at:
            sys.setprofile(None)
            where = f"{frame.f_code.co_filename}:{frame.f_lineno}, {event}"
            signal.raise_signal(signal.SIGINT)

    for name in [name for name in os.environ if name.startswith("RMOS_")]:
        del os.environ[name]
    os.environ.update(RMOS_RUNS_DIR=str(root), RMOS_INSTANCE_DIR=str(root.parent))
    sys.argv = ["rmos", *arguments]
    sys.stdout, sys.stderr = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    sys.unraisablehook = lambda found: ignored.append(repr(found.exc_value))
    try:
        sys.setprofile(count)
        main()
    except SystemExit as end:
        code = end.code
    except BaseException as error:  # noqa: BLE001 - what it was is what the test looks at
        code = repr(error)
    finally:
        sys.setprofile(None)
    return Ended(code, sys.stderr.getvalue() + "".join(ignored), where, seen)


def interrupt_at_many_moments(template: Path, folder: Path, name: str, moments: int) -> None:
    run_id = artifacts_of(template)[-1].stem
    other = Path(shutil.copytree(template, folder / "other" / "runs"))
    cut = folder / "cut.json"
    cut.write_text(json.dumps({name: value for name, value in make_body().items() if name != "meta"}))
    words = {
        "RUN": run_id,
        "SESSION": max(path.name for path in template.glob("_sessions/*/*")).partition(".")[0],
        "OTHER": str(other),
        "CUT": str(cut),
        "RING": str(PROGRAMS / "ring.nc"),
        "OLD": str(make_single_file(folder / "old", runs=3)),
        "WEB": str(folder / "web"),
        "BUNDLE": str(folder / "bundle.zip"),
        "OUT": str(folder / "proof.zip"),
    }
    if "BUNDLE" in EVERY[name]:  # of runs that the store does not have
        there = command_on(folder / "elsewhere" / "runs")
        assert there("demo", "--runs", "3").exit_code == 0
        assert there("bundle", "create", words["BUNDLE"], "--since", "2000-01-01").exit_code == 0
    arguments = [words.get(word, word) for word in EVERY[name]]

    def fresh(number: int) -> Path:
        return Path(shutil.copytree(template.parent, folder / f"store-{number}")) / template.name

    never = 10**12
    usual = run_interrupted(fresh(-1), arguments, never)
    assert usual.code in ((2,) if name == "no such command" else (0, 1)), usual
    draw = random.Random(len(name))
    for number in range(moments):
        root = fresh(number)
        ended = run_interrupted(root, arguments, draw.randrange(1, usual.calls + 1))
        if not ended.where:
            continue  # it was done sooner this time
        assert (ended.code, "Traceback" in ended.said, "KeyboardInterrupt" in ended.said) == (130, False, False), ended
        command_on(root)("rebuild")  # as the next start does: a row may be lacking, the record may not
        assert command_on(root)("verify", "--quick").exit_code == 0, ended
        if (root / "_evidence").exists() and command_on(root)("evidence", "append").exit_code == 0:
            assert command_on(root)("verify", "--evidence").exit_code == 0, ended
        shutil.rmtree(root.parent)


def test_ctrl_c_is_tried_at_every_command() -> None:
    """But at the service, which has tests of its own (test_serve), and at the demo, which ends where a store is."""
    assert {arguments[0] for arguments in EVERY.values()} >= {*rmos_group.commands} - {"serve", "demo"}


@pytest.mark.parametrize("name", PLAIN)
def test_trap_47_ctrl_c_at_some_moments_is_130_and_leaves_a_whole_record(
    template: Path, tmp_path: Path, name: str
) -> None:
    interrupt_at_many_moments(template, tmp_path, name, 4)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", EVERY)
def test_trap_47_ctrl_c_at_any_moment_is_130_and_leaves_a_whole_record(
    template: Path, tmp_path: Path, name: str
) -> None:
    if name in WITH_LOG:
        template = Path(shutil.copytree(template, tmp_path / "logged" / "runs"))
        assert command_on(template)("evidence", "start", "--origin", "shop.example/evidence").exit_code == 0
    if name == "toolpaths":
        template = Path(shutil.copytree(template, tmp_path / "approved" / "runs"))
        app = create_app(Settings(instance_path=template.parent, runs_dir=template))
        approve_small(app.test_client())
        app.extensions["rmos"].close()
    if name == "pack":
        template = Path(shutil.copytree(template, tmp_path / "packed" / "runs"))
        assert command_on(template)("program", str(PROGRAMS / "ring.nc"), *_RING, "--record").exit_code == 0
    interrupt_at_many_moments(template, tmp_path, name, tries_at_night(60, 8))


@pytest.mark.parametrize("interrupted", [True, False])
def test_a_lock_that_ctrl_c_has_met_between_its_steps_is_130_and_without_ctrl_c_an_error(
    monkeypatch: pytest.MonkeyPatch, interrupted: bool
) -> None:
    def run() -> int:
        try:
            if interrupted:
                signal.raise_signal(signal.SIGINT)
        finally:
            threading.Lock().release()  # as a condition does when it was interrupted before it had its lock back
        raise AssertionError

    monkeypatch.setattr("rmos.cli._run", run)
    with pytest.raises(SystemExit if interrupted else RuntimeError) as ended:
        main()
    assert getattr(ended.value, "code", None) == (130 if interrupted else None)
