"""`dev.py serve`, up to where it becomes `rmos serve`."""

import sys
from pathlib import Path

import pytest

from devtools import serving
from devtools.command_line import main


def test_a_store_that_a_setting_names_is_somebodys_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "instance").mkdir()
    config = tmp_path / "instance" / "config.toml"
    assert not serving.has_own_store(tmp_path)
    for text, own in (("log_level = 'INFO'", False), ("runs_dir = /x", False), ("runs_dir = '/x'", True)):
        config.write_text(text)
        assert serving.has_own_store(tmp_path) is own
    config.unlink()
    for variable in ("RMOS_RUNS_DIR", "RMOS_INSTANCE_DIR"):
        with monkeypatch.context() as patched:
            patched.setenv(variable, "/x")
            assert serving.has_own_store(tmp_path)


@pytest.mark.parametrize(
    ("options", "own", "added"),
    [([], False, ["--demo"]), (["--no-demo"], False, []), (["--demo"], True, []), (["--port", "0"], True, [])],
)
def test_serving_needs_no_tools_and_invented_runs_come_only_into_a_store_that_nobody_named(
    commands: list[list[str]], monkeypatch: pytest.MonkeyPatch, options: list[str], own: bool, added: list[str]
) -> None:
    became: list[str] = []

    def become(program: str, command: list[str], environment: object) -> None:
        became.extend(command)
        sys.exit(0)

    monkeypatch.setattr(serving, "has_own_store", lambda root: own)
    monkeypatch.setattr("os.execve", become)
    with pytest.raises(SystemExit):
        main(["serve", *options])
    assert commands == [["set up", "rmos-base"]]
    assert became[0].endswith("/rmos")
    assert became[1:] == ["serve", *added, *options]
