"""The tables of the shop as clients see them: what an entry states, and where its figures come from."""

from collections.abc import Sequence
from typing import Any

import msgspec
from marshmallow import INCLUDE, Schema, fields

from rmos.engines.shop import ShopEntry


class ShopEntrySchema(Schema):
    """One entry of a table; its other members are those of the table's file, in mm, rpm, W, N, kg/m³ and J/mm³."""

    class Meta:
        """More members than these come: those that the entry states."""

        unknown = INCLUDE

    id = fields.String(required=True, metadata={"description": "What requests name it by"})
    own = fields.Boolean(required=True, metadata={"description": "Whether the shop wrote it into its instance folder"})
    source = fields.String(required=True, metadata={"description": "Where its figures come from"})


class ShopTableSchema(Schema):
    """A table of the shop, by id."""

    count = fields.Integer(required=True)
    items = fields.List(fields.Nested(ShopEntrySchema), required=True)


def dump_table(entries: Sequence[ShopEntry]) -> bytes:
    """Return a table of the shop."""
    return msgspec.json.encode({"count": len(entries), "items": [_dump_entry(entry) for entry in entries]})


def _dump_entry(entry: ShopEntry) -> dict[str, Any]:
    return {"id": entry.id, "own": entry.is_own, **entry.members}
