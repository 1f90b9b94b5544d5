"""The page of the design can be followed: the files that it names are there, its layers are those that are linted."""

import ast
import configparser
import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGE: Final = ROOT / "rmos"
PAGE: Final = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
_FILE: Final = re.compile(r"`([\w/]+\.py)`(?: \(`(\w+)`\))?")
FILES: Final = sorted(set(_FILE.findall(PAGE)))
"""Files as the page names them, each with the function that it names behind it, or nothing."""


def find_files(name: str) -> list[Path]:
    """Return the files that a name on the page may mean: by their path in the package, or by the end of it."""
    return [path for path in PACKAGE.rglob(Path(name).name) if path.as_posix().endswith(f"/{name}")]


def list_names(path: Path) -> set[str]:
    """Return the functions, methods and classes of a file."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    return {node.name for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, kinds)}


@pytest.mark.parametrize(("name", "function"), FILES, ids=lambda value: value or None)
def test_each_file_and_function_that_the_page_names_is_there(name: str, function: str) -> None:
    found = find_files(name) or [path for path in (ROOT / name, ROOT / "tests" / name) if path.is_file()]
    assert found
    assert not function or any(function in list_names(path) for path in found)


def test_each_module_of_the_package_has_its_layer_on_the_page() -> None:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    linted = set(re.findall(r"\w+", settings["importlinter:contract:layers"]["layers"])) - {"__main__"}
    rows = re.findall(r"^\| \d \| (.+?) \|", PAGE, re.MULTILINE)
    told = [name for row in rows for name in re.findall(r"`(\w+)(?:/|\.py)`", row)]
    assert sorted(told) == sorted(linted)
