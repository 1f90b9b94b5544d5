"""`pytest --as-on-macos`: the tests without what Python on macOS does not have, in every process that they start.

A test that needs just that is marked `linux`: it is skipped then, and `-rs` names it at the end. `conftest.py` imports
this module before anything of RMOS, and hands its hook on.
"""

import functools
import os
import runpy
import sys
from pathlib import Path
from typing import Final

import pytest

OPTION: Final = "--as-on-macos"
FOLDER: Final = str(Path(__file__).resolve().parent / "macos")
REASON: Final = "it tests what Linux alone has"
ELSEWHERE: Final = ("/proc/", "/dev/full", ".pids(", "tests.objects.calls", "tests/faults")
"""What shows in a test, or in its path, that it looks at processes and files in ways that Linux alone has."""


def is_asked_for() -> bool:
    """Tell whether this process is to be as on macOS, by its command line or because its parent is."""
    return OPTION in sys.argv or FOLDER in os.environ.get("PYTHONPATH", "").split(os.pathsep)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let pytest know the option."""
    parser.addoption(OPTION, action="store_true", help="take away what Python on macOS does not have")


def skip_elsewhere(items: list[pytest.Item]) -> None:
    """Skip what needs Linux, with the reason; on another system also what looks at it in the way of Linux."""
    is_elsewhere = sys.platform != "linux"
    for item in items if is_asked_for() or is_elsewhere else ():
        if item.get_closest_marker("linux") or (is_elsewhere and _looks_by_linux(item.path)):
            item.add_marker(pytest.mark.skip(reason=REASON))


@functools.cache
def _looks_by_linux(path: Path) -> bool:
    text = f"{path.as_posix()}\n{path.read_text(encoding='utf-8')}"
    return any(sign in text for sign in ELSEWHERE)


if is_asked_for():
    others = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path not in ("", FOLDER)]
    os.environ["PYTHONPATH"] = os.pathsep.join([FOLDER, *others])  # for every process that is started
    runpy.run_path(f"{FOLDER}/sitecustomize.py")
