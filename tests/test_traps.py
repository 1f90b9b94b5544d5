"""The page of traps: each is closed by tests that bear its number, and says where."""

import re
from pathlib import Path
from typing import Final

import pytest

TESTS: Final = Path(__file__).resolve().parent
PAGE: Final = TESTS.parent / "docs" / "traps.md"
_ROW: Final = re.compile(r"\| (\d\d) \| .+ \| (`[\w/.]+`(?:, `[\w/.]+`)*) \|")
_TEST: Final = re.compile(r"^def test_trap_(\d\d)_", re.MULTILINE)
FILES: Final = {
    row[1]: re.findall(r"`([^`]+)`", row[2]) for row in map(_ROW.fullmatch, PAGE.read_text().splitlines()) if row
}
"""The files that each row names."""


def numbers_in(path: Path) -> set[str]:
    """Return the traps that tests of a file bear the number of."""
    return set(_TEST.findall(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("number", FILES)
def test_each_file_that_a_trap_names_has_a_test_of_its_number(number: str) -> None:
    assert [name for name in FILES[number] if number not in numbers_in(TESTS / name)] == []


def test_each_trap_that_a_test_bears_the_number_of_has_a_row_that_names_files() -> None:
    rows = re.findall(r"^\| (\d\d) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    borne: set[str] = set().union(*map(numbers_in, TESTS.rglob("test_*.py")))
    assert rows == sorted(borne) == list(FILES)
