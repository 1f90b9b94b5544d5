"""What a built-in engine reads, told to people and programs from the same tables by which it reads."""

from collections.abc import Collection

from rmos.engines.base import EngineInput
from rmos.engines.baseline.fields import VOCABULARY, Vocabulary

_UNREAD_KINDS = ("refused", "object")


_KINDS = {"material": "choice", "from_zero": "number"}


def describe_inputs(materials: Collection[str], vocabulary: Vocabulary = VOCABULARY) -> list[EngineInput]:
    """Return each member that is read, by its metric path, in the order of the tables; a material is one of these."""
    inch_names = vocabulary.shown_names["inch"]
    return [
        EngineInput(
            path=field.path,
            kind=_KINDS.get(field.kind, field.kind),
            inch_path=None if inch_names[field.path] == field.path else inch_names[field.path],
            allowed=list(materials if field.kind == "material" else field.allowed),
        )
        for table in vocabulary.tables["mm"].values()
        for field in table.values()
        if field.kind not in _UNREAD_KINDS
    ]
