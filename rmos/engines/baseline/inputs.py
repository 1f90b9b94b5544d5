"""Read what was sent: every known member checked for its type and value, nothing passed over in silence.

A member that cannot be used lands in `problems` and is then absent for the checks; a `null` is such a value too.
Members that the engine does not know are tolerated and named in `unread`.
"""

import json
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any, Final

import msgspec

from rmos.engines.baseline.fields import UNIT_NAMES, UNITS, VOCABULARY, Field, Vocabulary

SMALLEST: Final = 1e-6
LARGEST: Final = 1e9
"""What any number of a real cut lies between, in its own unit (RMOS policy); it keeps every formula finite."""
MAX_COUNT: Final = 1000
"""Flutes or teeth of one tool (RMOS policy)."""
_LISTED: Final = 10
"""Of more known words than these, only those that resemble what was sent are told."""
_SHOWN: Final = 40
"""Characters of a foreign string that are repeated in a message."""


class CutInputs(msgspec.Struct):
    """What could be used, by metric path, and what could not. Numbers are in mm, mm/min, mm², rpm, W, N, kPa."""

    units: str
    shown_names: Mapping[str, str] = {}
    numbers: dict[str, float] = {}
    words: dict[str, str] = {}
    flags: dict[str, bool] = {}
    problems: dict[str, str] = {}
    unread: list[str] = []

    def shown(self, path: str) -> str:
        """Return the name under which the caller sends this member."""
        return self.shown_names.get(path, path)

    def refuse(self, path: str, why: str, sent: str = "") -> None:
        """Note why the member with this path cannot be used, under the name it was sent by if that is another one."""
        self.problems.setdefault(path, f"{sent or self.shown(path)} {why}")


def read(design: object, context: object, materials: Collection[str], vocabulary: Vocabulary = VOCABULARY) -> CutInputs:
    """Return what `design` and `context`, which may be anything, hold of a cut. Never raises on JSON.

    Args:
        materials: the ids of the materials that there are.
        vocabulary: the members that the engine reads.
    """
    units = context.get("units", "mm") if isinstance(context, dict) else "mm"
    if not isinstance(units, str) or units not in UNIT_NAMES:
        # No other number can be understood without the units, so nothing else is read.
        problems = {UNITS: f"{UNITS} is {show(units)}: say mm or inch"}
        return CutInputs(units="mm", shown_names=vocabulary.shown_names["mm"], problems=problems)
    inputs = CutInputs(units=units, shown_names=vocabulary.shown_names[units])
    tables = vocabulary.tables[units]
    for section, members in (("design", design), ("context", context)):
        _read_object(inputs, section, members, tables, materials)
    return inputs


def _read_object(
    inputs: CutInputs,
    section: str,
    members: object,
    tables: Mapping[str, Mapping[str, Field]],
    materials: Collection[str],
) -> None:
    if not isinstance(members, dict):
        inputs.refuse(section, f"is {show(members)}: it must be an object")
        return
    table = tables[section]
    for name, value in members.items():
        field = table.get(name)
        if field is None:
            inputs.unread.append(f"{section}.{_show_name(name)}")
        elif field.kind == "number":
            if type(value) is float and field.factor == 1.0 and SMALLEST <= value <= LARGEST:
                inputs.numbers[field.path] = value
            else:
                _read_number(inputs, field, value)
        elif field.kind == "choice":
            _read_choice(inputs, field.path, value, field.allowed, field.unlisted)
        elif field.kind == "material":
            _read_choice(inputs, field.path, value, materials)
        elif field.kind == "object":
            _read_object(inputs, field.path, value, tables, materials)
        else:
            _read_other(inputs, field, value)


def _read_number(inputs: CutInputs, field: Field, value: Any) -> None:
    if type(value) is not float and type(value) is not int:
        inputs.refuse(field.path, f"is {show(value)}: it must be a number")
    elif SMALLEST <= value <= LARGEST:
        # Twelve digits, so that an inch value and its metric twin are the same number.
        inputs.numbers[field.path] = float(value) if field.factor == 1.0 else float(f"{value * field.factor:.12g}")
    elif value > 0:
        inputs.refuse(field.path, f"is {show(value)}: no real cut has such a number")
    else:
        inputs.refuse(field.path, f"is {show(value)}: it must be a number above 0")


def _read_choice(
    inputs: CutInputs, path: str, value: Any, allowed: Collection[str], unlisted: Collection[str] = ()
) -> None:
    if type(value) is str and (value in allowed or value in unlisted):
        inputs.words[path] = value
        return
    known = f"known are {', '.join(allowed)}"
    if len(allowed) > _LISTED:
        close = get_close_matches(value[:_SHOWN], allowed, n=3) if type(value) is str else []
        known = f"did you mean {' or '.join(close)}?" if close else f"it must be one of {len(allowed)} known ids"
    inputs.refuse(path, f"is {show(value)}: {known}")


def _read_other(inputs: CutInputs, field: Field, value: Any) -> None:
    if field.kind == "refused":
        inputs.refuse(field.path, f"is not read: {field.advice}", field.sent)
    elif field.kind == "from_zero":
        if type(value) in (int, float) and value == 0:
            inputs.numbers[field.path] = 0.0
        else:
            _read_number(inputs, field, value)
    elif field.kind == "flag":
        if type(value) is not bool:
            inputs.refuse(field.path, f"is {show(value)}: it must be true or false")
        else:
            inputs.flags[field.path] = value
    elif type(value) not in (int, float) or not 1 <= value <= MAX_COUNT or value != int(value):
        inputs.refuse(field.path, f"is {show(value)}: it must be a whole number from 1 to {MAX_COUNT}")
    else:
        inputs.numbers[field.path] = float(value)


def show(value: object) -> str:
    """Return a foreign value as a few printable ASCII characters: it ends up in records and on screens."""
    if isinstance(value, str):
        return json.dumps(value if len(value) <= _SHOWN else value[:_SHOWN] + "...")
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int):
        return str(value) if abs(value) <= 2**53 else "a whole number beyond 2^53"
    if isinstance(value, float):
        return "not a number" if value != value else f"{value:g}"
    if isinstance(value, list | tuple):
        return "a list"
    return "an object" if isinstance(value, dict) else "no JSON value"


def _show_name(name: object) -> str:
    if isinstance(name, str) and len(name) <= _SHOWN and name.isascii() and name.isprintable():
        return name
    return show(name)
