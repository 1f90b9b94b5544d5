import io
import json
import os
import pty
import re
import shutil
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from flask.cli import ScriptInfo
from hypothesis import given
from hypothesis import strategies as st

import rmos.cli
from rmos import create_app
from rmos.cli import rmos_group
from rmos.cli.exits import RmosGroup
from rmos.cli.output import emit, escape_controls, progress, say_table
from rmos.cli.tables import Column
from rmos.config import Settings
from tests.cli.conftest import ROOT, RUNS, command_on, open_store, start

FILES = ROOT / "tests" / "data" / "files"
RING = ("--tool", "1=em-3175-2f", "--material", "sitka_spruce", "--stock", "3")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@given(st.text() | st.text(alphabet=st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF)))
def test_what_is_shown_is_one_printable_line(text: str) -> None:
    shown = escape_controls(text)
    assert shown.isprintable()
    assert len(shown.splitlines()) <= 1
    assert escape_controls(shown) == shown


def test_plain_words_are_shown_as_they_are() -> None:
    assert escape_controls('Größe ½ – 1/4" 鼓') == 'Größe ½ – 1/4" 鼓'


def test_a_document_survives_any_name(capsys: pytest.CaptureFixture[str]) -> None:
    emit({"path": os.fsdecode(b"broken\xff"), "word": "鼓"})
    out = capsys.readouterr().out
    assert out.isascii()
    assert json.loads(out)["path"] == os.fsdecode(b"broken\xff")


def test_progress_is_shown_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe, terminal = io.StringIO(), Terminal()
    monkeypatch.setattr(sys, "stderr", pipe)
    with progress("Verifying", 10) as told:
        assert told is None
    assert pipe.getvalue() == ""
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress("Verifying", 10) as told:
        assert told is not None
        told(4)
        told(6)
        told(3)
    assert "Verifying" in terminal.getvalue()
    with progress("Verifying", 0) as told:
        assert told is None


def test_progress_never_gets_into_the_document(root: Path) -> None:
    leader, follower = pty.openpty()
    process = start(root, "verify", "--json", stderr=follower)
    out, _ = process.communicate(timeout=60)
    os.close(follower)
    shown = os.read(leader, 65536).decode()
    os.close(leader)
    assert process.returncode == 0
    assert json.loads(out)["counts"]["runs"] == RUNS
    assert "Verifying" in shown


def test_a_terminal_without_unicode_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "größe½").mkdir()
    out, err = start(tmp_path / "größe½", "status", PYTHONIOENCODING="ascii").communicate(timeout=60)
    assert "gr\\xf6\\xdfe\\xbd" in out
    assert err == ""


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of runs whose words no Latin-1 has."""
    root = tmp_path_factory.mktemp("foreign") / "runs"
    for name in ("run-jp.json", "nfd.json"):
        assert command_on(root)("record", str(FILES / name)).exit_code == 0
    assert command_on(root)("evidence", "start", "--origin", "shop.example/evidence").exit_code == 0
    return root


@pytest.mark.parametrize(
    "arguments",
    [
        ("runs",),
        ("show", "@latest"),
        ("diff", "@latest", "@latest"),
        ("replay", "@latest"),
        ("judge", str(FILES / "run-jp.json")),
        ("backtest", "--engine", "baseline_v1", "--csv"),
        ("export", "--format", "csv"),
        ("export", "--format", "ndjson"),
        ("rules",),
        ("openapi",),
        ("program", str(FILES.parent / "gcode" / "ring.nc"), *RING),
        ("evidence", "keys"),
        ("evidence", "checkpoint"),
        ("evidence", "consistency", "--old", "1"),
        ("proof", "@latest", "--out", "-"),
    ],
    ids=lambda arguments: " ".join(arguments[:1]),
)
def test_trap_44_a_locale_without_the_signs_of_a_run_is_no_traceback(foreign: Path, arguments: tuple[str, ...]) -> None:
    done = command_on(foreign, charset="latin-1")(*arguments)
    assert done.exit_code == 0, done.exception or done.stderr
    assert done.stdout_bytes


@pytest.mark.parametrize(
    "arguments",
    [
        ("runs",),
        ("export", "--format", "csv"),
        ("openapi",),
        ("program", str(FILES.parent / "gcode" / "ring.nc"), *RING),
        ("evidence", "keys"),
        ("evidence", "checkpoint"),
        ("proof", "@latest", "--out", "-"),
        ("status", "--json"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_trap_47_an_output_that_was_closed_takes_nothing_and_is_no_traceback(
    foreign: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    app = create_app(Settings(instance_path=foreign.parent, runs_dir=foreign))
    monkeypatch.setattr(sys, "stdout", None)  # what Python makes of `>&-`
    try:
        rmos_group.main([*arguments], prog_name="rmos", obj=ScriptInfo(create_app=lambda: app), standalone_mode=False)
    finally:
        app.extensions["rmos"].close()


def test_trap_47_no_command_writes_past_what_minds_closed_outputs_and_json() -> None:
    """`write_data` and `write_file` do; a bare ClickException would end a command without its document."""
    past = re.compile(r"sys\.stdout\.(buffer|write)|raise click\.ClickException|\.write_(bytes|text)\(")
    writing = {path.name for path in Path(rmos.cli.__path__[0]).glob("*.py") if past.search(path.read_text())}
    assert writing == {"output.py", "verify.py"}, "the report of verify is renamed into place"


def test_the_help_of_a_command_escapes_what_the_terminal_lacks() -> None:
    @click.group(cls=RmosGroup)
    def shop() -> None:
        """ギター."""

    done = CliRunner(charset="latin-1").invoke(shop, ["--help"])
    assert done.exit_code == 0, done.exception
    assert rb"\u30ae\u30bf\u30fc." in done.stdout_bytes


def test_a_table_for_a_terminal_without_the_signs_keeps_its_width(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert isinstance(sys.stdout, io.TextIOWrapper)
    sys.stdout.reconfigure(encoding="latin-1")
    say_table([Column("LABEL"), Column("NEXT")], [["ギター 7", "a"], ["Gitarre 7", "b"]])
    head, *lines = capsysbinary.readouterr().out.decode("latin-1").splitlines()
    assert [line[head.index("NEXT")] for line in lines] == ["a", "b"]
    assert lines[0].startswith(r"\u30ae\u30bf\u30fc 7")


@pytest.mark.long
@pytest.mark.parametrize(
    ("arguments", "label"),
    [
        (("attachments", "verify"), "Hashing"),
        (("attachments", "gc", "--dry-run"), "Reading what is named"),
        (("orphans",), "Looking through days"),
        (("export", "--format", "store", "--to", "{}/there"), "Exporting"),
        (("copy", "--to", "{}/backup"), "Copying"),
        (("import", "{}/runs.zip"), "Importing"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_takes_long_shows_how_far_it_is_and_how_quickly_it_goes(
    root: Path, tmp_path: Path, arguments: tuple[str, ...], label: str
) -> None:
    opened = open_store(root)
    opened.attachments.put_text("A note.", kind="note", mime="text/plain", filename="note.txt")
    opened.index.close()
    shutil.make_archive(str(tmp_path / "runs"), "zip", root)
    store = tmp_path / "empty" if arguments[0] == "import" else root
    leader, follower = pty.openpty()
    process = start(store, *(word.format(tmp_path) for word in arguments), stderr=follower, TERM="xterm")
    process.communicate(timeout=60)
    os.close(follower)
    shown = os.read(leader, 1 << 20).decode()
    os.close(leader)
    assert label in shown
    assert re.search(r"[0-9]+/[0-9]+", shown)
    assert re.search(r"[0-9]+/s", shown)
