"""Members that nobody reads but that look like one that is read: `feed_mm_mn`, `maxRpm`, `machin`, a limit in the wrong
object.

Unknown members are tolerated, so that a shop can keep notes in its records. One that a slip of the pen made of a known
one is refused by name: else a limit that somebody stated would be passed over, and a cut be GREEN that is not.
"""

import functools
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from rmos.engines.baseline.fields import FieldTable
from rmos.engines.baseline.inputs import CutInputs
from rmos.engines.baseline_v2.fields import VOCABULARY

_ALIKE: Final = 0.85
"""Of difflib's ratio: one letter in six or so is another one (RMOS policy)."""
_MAX_NAME: Final = 2 * max(
    len(name) for tables in VOCABULARY.tables.values() for table in tables.values() for name in table
)
"""Characters; the ratio of a longer name to any that is read is below `_ALIKE`."""
_TELLING: Final = ("number", "count", "flag")
"""Kinds of members whose names mean one thing wherever they stand."""


def refuse_misspelt(inputs: CutInputs) -> None:
    """Note in `problems` each unread member that was probably meant to be another one, and name that."""
    if not inputs.unread:
        return
    tables = VOCABULARY.tables[inputs.units]
    kept = []
    for sent in inputs.unread:
        section, name = _split(sent, tables)
        close = _find_alike(inputs.units, section, name)
        places = [place for place, plain in _PLACES.get(name, ()) if plain in tables[place]]
        if close:
            inputs.refuse(tables[section][close].path, f"is not read: did you mean {close}?", sent)
        elif places:
            path = tables[places[0]][name].path
            inputs.refuse(path, f"is not read there: it is a member of {' or '.join(places)}", sent)
        else:
            kept.append(sent)
    inputs.unread[:] = kept


@functools.lru_cache(maxsize=4096)  # a shop keeps its notes under the same names, and each costs 40 µs to compare
def _find_alike(units: str, section: str, name: str) -> str | None:
    """Return the member that is read in an object of the request and whose name is nearly this one."""
    if len(name) > _MAX_NAME:
        return None
    known = [right for right, field in VOCABULARY.tables[units][section].items() if field.kind != "refused"]
    return next(iter(get_close_matches(name, known, n=1, cutoff=_ALIKE)), None)


def _split(sent: str, tables: Mapping[str, FieldTable]) -> tuple[str, str]:
    """Return the object in which an unread member stands, and its name in lower case."""
    section = max((section for section in tables if sent.startswith(f"{section}.")), key=len)
    return section, sent[len(section) + 1 :].strip('"').lower().replace("-", "_").replace(" ", "_")


def _places() -> dict[str, list[tuple[str, str]]]:
    places: dict[str, list[tuple[str, str]]] = {}
    for tables in VOCABULARY.tables.values():
        for section, table in tables.items():
            for name, field in table.items():
                is_length = field.path.endswith(("_mm", "_mm2"))
                if field.kind in _TELLING and not is_length and (section, name) not in places.get(name, []):
                    places.setdefault(name, []).append((section, name))
    return places


_PLACES: Final = _places()
"""Name → the objects in which it is read, for what is no length: a length's name may mean the work's as well."""
