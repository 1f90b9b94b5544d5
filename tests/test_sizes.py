"""What is easy to read is short: no function of the package is above 60 lines, and no file above 450."""

import ast
from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).parents[1] / "rmos"
LINES_OF_A_FUNCTION: Final = 60
LINES_OF_A_FILE: Final = 450
LONGER: Final = {"cam/gcode/plain_lines.py: read_plain_lines": 70}
"""One loop over all plain lines, with its state in local names: that makes it quick, as its module says."""


def test_no_function_is_longer_than_a_screen() -> None:
    lengths = {
        f"{path.relative_to(PACKAGE).as_posix()}: {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.FunctionDef)
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGER.get(name, LINES_OF_A_FUNCTION)} == {}
    assert LONGER.keys() <= lengths.keys()


def test_no_file_is_longer_than_it_can_be_kept_in_mind() -> None:
    lengths = {path.relative_to(PACKAGE).as_posix(): path.read_bytes().count(b"\n") for path in PACKAGE.rglob("*.py")}
    assert {name: lines for name, lines in lengths.items() if lines > LINES_OF_A_FILE} == {}
