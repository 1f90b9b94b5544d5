"""`rmos serve`, as a shell starts it: what it says, and what it refuses before anything is started.

`tests/test_wheel.py` and `tests/test_readme.py` serve, open a browser and end the service by Ctrl-C.
"""

import signal
import socket
from pathlib import Path

import pytest

from tests.cli.conftest import CONSOLE_SCRIPT, finished, start


def test_what_it_says_can_be_opened_and_typed(tmp_path: Path) -> None:
    with start(tmp_path / "runs", "serve", "--port", "0", "--workers", "1", program=CONSOLE_SCRIPT) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(5)]
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert said[0].startswith("RMOS is running at http://127.0.0.1:")
    assert f"{tmp_path / 'runs'}  (empty; --demo fills an empty one" in said[1]
    assert "rmos verify" in said[3]
    assert (process.returncode, "Traceback" in err) == (0, False)


@pytest.mark.long
@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--bind", "0.0.0.0:0"], 1, "RMOS does not listen on 0.0.0.0: there is no token yet"),
        (["--bind", "192.0.2.1:80"], 1, "Cannot listen on 192.0.2.1:80: "),
        (["--bind", "nonsense"], 2, "'nonsense' is no address; write it like 127.0.0.1:8000"),
        (["--bind", "127.0.0.1:80", "--port", "80"], 2, "--port is part of --bind"),
        (["--workers", "0"], 2, "0 is not in the range"),
    ],
)
def test_a_wrong_address_is_said_in_a_line(tmp_path: Path, options: list[str], code: int, said: str) -> None:
    ended, out, err = finished(start(tmp_path / "runs", "serve", *options, program=CONSOLE_SCRIPT))
    assert (ended, out) == (code, "")
    assert said in err
    assert "Traceback" not in err


@pytest.mark.long
def test_a_port_that_was_named_is_not_exchanged(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, err = finished(start(tmp_path, "serve", "--port", str(port), program=CONSOLE_SCRIPT))
    assert (code, err) == (1, f"Cannot listen on 127.0.0.1:{port}: Address already in use.\n")


@pytest.mark.long
def test_a_wrong_setting_ends_the_start_before_anything_is_made(tmp_path: Path) -> None:
    code, _, err = finished(start(tmp_path / "runs", "serve", program=CONSOLE_SCRIPT, RMOS_LOG_FORMAT="xml"))
    assert (code, err) == (2, "rmos: RMOS_LOG_FORMAT is 'xml'; it must be one of text, json.\n")
    assert not (tmp_path / "runs").exists()
