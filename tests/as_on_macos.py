"""`pytest --as-on-macos`: the tests without what Python on macOS does not have, in every process that they start.

A test that needs just that is marked `linux`: it is skipped then, and `-rs` names it at the end. `conftest.py` imports
this module before anything of RMOS, and hands its hooks on.
"""

import os
import runpy
import sys
from pathlib import Path
from typing import Final

import pytest

OPTION: Final = "--as-on-macos"
FOLDER: Final = str(Path(__file__).resolve().parent / "macos")
REASON: Final = "it tests what Linux alone has"


def is_asked_for() -> bool:
    """Tell whether this process is to be as on macOS, by its command line or because its parent is."""
    return OPTION in sys.argv or FOLDER in os.environ.get("PYTHONPATH", "").split(os.pathsep)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let pytest know the option."""
    parser.addoption(OPTION, action="store_true", help="take away what Python on macOS does not have")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs Linux, with the reason."""
    if is_asked_for() or sys.platform != "linux":
        for item in items:
            if item.get_closest_marker("linux"):
                item.add_marker(pytest.mark.skip(reason=REASON))


if is_asked_for():
    others = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path not in ("", FOLDER)]
    os.environ["PYTHONPATH"] = os.pathsep.join([FOLDER, *others])  # for every process that is started
    runpy.run_path(f"{FOLDER}/sitecustomize.py")
