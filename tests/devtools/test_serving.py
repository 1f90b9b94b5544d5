"""`dev.py serve`, up to where it becomes gunicorn, and what it says once that answers."""

import socket
import sys
import threading
from pathlib import Path

import pytest

from devtools import serving
from devtools.command_line import main


def test_serve_on_a_port_in_use_is_one_clear_line(
    commands: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["serve", "--bind", f"127.0.0.1:{taken.getsockname()[1]}"]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "Address already in use" in told
    assert commands == []


def test_port_0_picks_a_free_port() -> None:
    host, port = serving.free_address("127.0.0.1:0")
    assert host == "127.0.0.1"
    assert port > 0


def test_a_store_that_a_setting_names_is_somebodys_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RMOS_RUNS_DIR", raising=False)
    (tmp_path / "instance").mkdir()
    config = tmp_path / "instance" / "config.toml"
    assert not serving.has_own_store(tmp_path)
    for text, own in (("log_level = 'INFO'", False), ("runs_dir = /x", False), ("runs_dir = '/x'", True)):
        config.write_text(text)
        assert serving.has_own_store(tmp_path) is own
    config.unlink()
    monkeypatch.setenv("RMOS_RUNS_DIR", "/x")
    assert serving.has_own_store(tmp_path)


@pytest.mark.parametrize(
    ("options", "own", "seeded"), [([], False, True), (["--no-demo"], False, False), ([], True, False)]
)
def test_serving_needs_no_tools_and_invented_runs_come_only_into_a_store_that_nobody_named(
    commands: list[list[str]], monkeypatch: pytest.MonkeyPatch, options: list[str], own: bool, seeded: bool
) -> None:
    became: list[str] = []

    def become(program: str, command: list[str], environment: object) -> None:
        became.extend(command)
        sys.exit(0)

    monkeypatch.setattr(serving, "has_own_store", lambda root: own)
    monkeypatch.setattr("os.chdir", lambda folder: None)
    monkeypatch.setattr("os.fork", lambda: 1)
    monkeypatch.setattr("os.execve", become)
    with pytest.raises(SystemExit):
        main(["serve", "--bind", "127.0.0.1:0", "--workers", "3", *options])
    assert commands[0] == ["set up", "rmos-base"]
    assert [command[1:] for command in commands[1:]] == ([["demo", "--if-empty"]] if seeded else [])
    assert became[1:3] == ["-m", "gunicorn"]
    assert became[-3:] == ["--workers", "3", "wsgi:app"]


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (200, b'{"checks":{"store":"ok","space":"ok"}}', []),
        (200, b'{"checks":{"store":"ok","space":"512 MiB free"}}', ["not quite well: space: 512 MiB free"]),
        (503, b'{"checks":{"store":"no writes","index":"ok"}}', ["NOT READY: store: no writes"]),
        (500, b"nonsense", ["NOT READY: /readyz does not answer"]),
    ],
)
def test_what_readyz_finds_is_told(status: int, body: bytes, told: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body)

        answering = threading.Thread(target=answer)
        answering.start()
        assert serving.find_troubles("127.0.0.1", server.getsockname()[1]) == told
        answering.join()
