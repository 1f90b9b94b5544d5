"""One name has one meaning: no class of rmos/ is called like another one.

A newcomer who reads `Problem` must not have to ask which. A second class with the name of another gets a name of its
own, or is the same class and moves to where both can import it.
"""

import ast
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "rmos"
CLIENT = "client"
"""A program of its own: it has of the service only what comes over the wire, and calls that as the service does."""
TWO_ENGINES = {name: ["engines/baseline/cut.py", "engines/baseline_v2/cut.py"] for name in ("Chip", "Cut", "Load")}
"""The first baseline engine stands as it is, so that what it decided can be decided again; the second has formulas of
its own for the same cut, its chip and its load."""


def test_no_two_classes_have_one_name() -> None:
    places: dict[tuple[bool, str], list[str]] = defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE)
        for node in ast.parse(path.read_bytes()).body:
            if isinstance(node, ast.ClassDef):
                places[place.parts[0] == CLIENT, node.name].append(place.as_posix())
    assert {name: paths for (_, name), paths in places.items() if len(paths) > 1} == TWO_ENGINES
