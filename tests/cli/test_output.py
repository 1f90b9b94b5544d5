import io
import json
import os
import pty
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmos.cli.output import emit, printable, progress
from tests.cli.conftest import RUNS, start


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@given(st.text() | st.text(alphabet=st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF)))
def test_what_is_shown_is_one_printable_line(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown.splitlines()) <= 1
    assert printable(shown) == shown


def test_plain_words_are_shown_as_they_are() -> None:
    assert printable('Größe ½ – 1/4" 鼓') == 'Größe ½ – 1/4" 鼓'


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
