"""Objects as lines that people write, `name = value`, and back.

write_members({"feed_mm_min": 1800})                # "feed_mm_min = 1800"
read_members("context", "stock.thickness_mm = 3")   # {"stock": {"thickness_mm": 3}}
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from marshmallow import ValidationError

from rmos.errors.base import RmosError
from rmos.http.json_body import parse_object

_DEEPEST: Final = 8
"""Objects within objects that a line can name."""


def write_members(members: Mapping[str, Any]) -> str:
    """Return an object as lines `name = value`, or as JSON where lines would not say the same."""
    lines = "\n".join(_write_lines("", members))
    try:
        same = read_members("", lines) == members
    except ValidationError:
        same = False
    return lines if same else json.dumps(members, ensure_ascii=False, indent=2)


def _write_lines(prefix: str, members: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    for name, value in members.items():
        if isinstance(value, dict) and value:
            lines += _write_lines(f"{prefix}{name}.", value)
        else:
            shown = value if isinstance(value, str) and _read_value(value) == value else json.dumps(value)
            lines.append(f"{prefix}{name} = {shown}")
    return lines


def read_members(field: str, text: str) -> dict[str, Any]:
    """Return the object that a field holds: JSON, or a line `name = value` for each member.

    A dot in a name leads into an object. A value is a number, true, false, a list, or text.

    Args:
        field: what the field is called when something is wrong with it.

    Raises:
        ValidationError: naming the line.
    """
    try:
        if text.lstrip().startswith("{"):
            return parse_object(text.encode())
        return _read_lines(text)
    except RmosError as error:
        raise ValidationError({field: [error.detail.replace("The body", "It")]}) from None
    except ValueError as error:
        raise ValidationError({field: [str(error)]}) from None


def _read_lines(text: str) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        name, equals, value = (part.strip() for part in line.partition("="))
        *outer, last = name.split(".")
        if not equals or not all((*outer, last)) or len(outer) > _DEEPEST:
            raise ValueError(f"Line {number} is not of the form: name = value.")
        place: Any = members
        for part in outer:
            place = place.setdefault(part, {}) if isinstance(place, dict) else None
        if not isinstance(place, dict) or last in place:
            raise ValueError(f"Line {number} names {name[:50]} a second time.")
        place[last] = _read_value(value)
    return members


def _read_value(text: str) -> Any:
    """Return what a text says as JSON, or the text."""
    try:
        members = parse_object(f'{{"value":{text}}}'.encode())
    except RmosError:
        return text
    return members["value"] if len(members) == 1 else text
