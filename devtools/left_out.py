"""A plug-in of pytest that counts what a choice of markers left out, also on several processes, and says so at the end.

pytest -p devtools.left_out -m "not long" --left-out="long=`python3 dev.py check` runs them"
"""

from collections.abc import Sequence
from typing import Final

import pytest

_COUNTS: Final = pytest.StashKey[dict[str, int]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take each marker that is left out, with what it would take to run its tests."""
    parser.addoption("--left-out", action="append", default=[], metavar="MARKER=REMEDY", help="count these tests")


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Count in the process that collected them; one of several hands its counts on."""
    config = items[0].config
    counts = config.stash.setdefault(_COUNTS, {})
    for marker in (one.partition("=")[0] for one in config.getoption("left_out")):
        counts[marker] = counts.get(marker, 0) + sum(item.get_closest_marker(marker) is not None for item in items)
    if hasattr(config, "workeroutput"):
        config.workeroutput["left_out"] = counts


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Take the counts of a process that has ended; each has collected everything."""
    node.config.stash[_COUNTS] = node.workeroutput.get("left_out", {})  # type: ignore[attr-defined]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say of each marker how many tests it left out."""
    counts = config.stash.get(_COUNTS, {})
    for marker, _, remedy in (one.partition("=") for one in config.getoption("left_out")):
        terminalreporter.write_line(f"Not run: {counts.get(marker, 0)} tests marked {marker!r} ({remedy}).")
