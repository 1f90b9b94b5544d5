"""One name has one meaning: no class or type of rmos/ is called like another one.

A newcomer who reads `Problem` must not have to ask which. A second one gets a name of its own, or is the same and moves
to where both can import it.
"""

import ast
import re
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "rmos"
CLIENT = "client"
"""A program of its own: it has of the service only what comes over the wire, and calls that as the service does."""
TWINS = frozenset({"Check", "Chip", "Cut", "Load", "Part"})
"""The first baseline engine stands as it is, so that what it decided can be decided again; the second has formulas of
its own for the same cut, its chip and its load, and for what is checked of them."""


def read_types(path: Path) -> list[tuple[str, str]]:
    """Return the names of the classes and of the types that a module defines, and of a type what it stands for."""
    types = []
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.ClassDef):
            types.append((node.name, f"class in {path}"))
        elif isinstance(node, ast.Assign) and isinstance(target := node.targets[0], ast.Name):
            value = ast.unparse(node.value)
            if re.fullmatch("_?[A-Z][a-z].*", target.id) and not value.startswith("TypeVar("):
                types.append((target.id, value))
    return types


def test_no_two_types_have_one_name() -> None:
    found: dict[tuple[bool, str], dict[str, str]] = defaultdict(dict)
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE)
        for name, value in read_types(path):
            if not (name in TWINS and place.parts[:2] == ("engines", "baseline")):
                found[place.parts[0] == CLIENT, name][value] = place.as_posix()
    assert {name: list(places.values()) for (_, name), places in found.items() if len(places) > 1} == {}
