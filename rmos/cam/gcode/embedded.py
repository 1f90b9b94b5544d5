"""Find a program that stands as text within other data, as in a plan of operations.

    find_embedded({"passes": [{"text": "G1 X40 F900"}]})      # "passes[0].text"

A record is read by everybody who may read it, so what would move a machine must not stand in it: a program is sent as
one, and measured. Looked for is a line with a code of motion and a place, as a machine would take it; words that a
sender has taken apart or encoded are not found.
"""

import re
from collections.abc import Iterator
from typing import Final

from rmos.cam.gcode.codes import MOTIONS
from rmos.cam.gcode.words import LineProblem, parse_line

_MAYBE: Final = re.compile(r"[Gg][ \t]*+[0-9][^\n\r]*?[XYZxyz]|[XYZxyz][^\n\r]*?[Gg][ \t]*+[0-9]")
_MOVING: Final = MOTIONS - {"G80"}
_PLACES: Final = frozenset("XYZ")


def find_embedded(value: object) -> str | None:
    """Return where in a JSON value the first line of a program stands, as `passes[0].text`; None when there is none.

    The value itself is the empty path. Names of members are texts as well.
    """
    return next((path for path, text in _list_texts(value) if _has_motion(text)), None)


def _list_texts(value: object) -> Iterator[tuple[str, str]]:
    """Yield each text with its path; a stack of its own, for a value may be as deep as it likes."""
    waiting = [("", value)]
    while waiting:
        path, item = waiting.pop()
        if isinstance(item, str):
            yield path, item
        elif isinstance(item, dict):
            for name, member in reversed(item.items()):
                inner = f"{path}.{name}" if path else str(name)
                waiting += [(inner, member), (inner, str(name))]
        elif isinstance(item, list):
            waiting += [(f"{path}[{place}]", item[place]) for place in reversed(range(len(item)))]


def _has_motion(text: str) -> bool:
    if _MAYBE.search(text) is None:
        return False
    return any(map(_is_motion, text.splitlines()))


def _is_motion(line: str) -> bool:
    block = parse_line(line)
    if isinstance(block, LineProblem):
        return False
    return not _MOVING.isdisjoint(block.codes) and not _PLACES.isdisjoint(block.values)
