"""A context in millimetres, whatever its units are.

    make_metric({"units": "inch", "stock": {"thickness": 0.1}})     # {"units": "mm", "stock": {"thickness_mm": 2.54}}

Members are known by the names that the engine reads in inches, and beside them the sides of the stock, which only
programs are measured by. A member that is not known keeps its name and its value: the engine says what it says of it.
"""

from collections.abc import Mapping
from typing import Any, Final

from rmos.engines.baseline.fields import LENGTH
from rmos.engines.baseline_v2.fields import VOCABULARY

_SIDES: Final = ("width", "height")
"""Of the stock."""
_STOCK: Final = "stock"


def make_metric(context: Mapping[str, Any]) -> dict[str, Any]:
    """Return a context in millimetres; one that is in them already, or in no known units, comes back as it is."""
    if context.get("units") != "inch":
        return dict(context)
    sections = {
        name: _convert(name, members) if isinstance(members, Mapping) else members for name, members in context.items()
    }
    return {**sections, "units": "mm"}


def _convert(section: str, members: Mapping[str, Any]) -> dict[str, Any]:
    table = VOCABULARY.tables["inch"].get(f"context.{section}", {})
    found: dict[str, Any] = {}
    for name, value in members.items():
        field = table.get(name)
        if field is not None and field.kind != "refused":
            path, factor = field.path.rpartition(".")[2], field.factor
        elif section == _STOCK and name in _SIDES:
            path, factor = f"{name}{LENGTH[0]}", LENGTH[1]
        else:
            path, factor = name, 1.0
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        found[path] = float(f"{value * factor:.12g}") if is_number and factor != 1 else value
    return found
