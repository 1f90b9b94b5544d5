"""What `baseline_v1` reads, told to people and programs from the same tables by which it reads."""

from collections.abc import Collection

from rmos.engines.base import EngineInput
from rmos.engines.baseline.fields import SHOWN_NAMES, TABLES

_UNREAD_KINDS = ("refused", "object")


def described_inputs(materials: Collection[str]) -> list[EngineInput]:
    """Return each member that is read, by its metric path, in the order of the tables; a material is one of these."""
    return [
        EngineInput(
            path=field.path,
            kind="choice" if field.kind == "material" else field.kind,
            inch_path=None if SHOWN_NAMES["inch"][field.path] == field.path else SHOWN_NAMES["inch"][field.path],
            allowed=list(materials if field.kind == "material" else field.allowed),
        )
        for table in TABLES["mm"].values()
        for field in table.values()
        if field.kind not in _UNREAD_KINDS
    ]
