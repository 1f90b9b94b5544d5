"""Query parameters, strictly: what is not declared, not UTF-8 or given twice is refused and never ignored.

asked = load_list(read_lists())              # of the runs list
asked = load_query(_delete_request)          # of any other schema
"""

from typing import Any
from urllib.parse import unquote_to_bytes

from flask import request
from marshmallow import Schema, ValidationError

from rmos.errors.http import BadRequest
from rmos.schemas.lists import each_once


def read_lists() -> dict[str, list[str]]:
    """Return the query parameters of the running request, each with all its values.

    Raises:
        BadRequest: they are not UTF-8, or hold U+0000.
    """
    raw: str = request.environ.get("QUERY_STRING", "")
    # The framework would show a broken byte as it was escaped, and a filter for that text would find nothing.
    if "%" in raw or not raw.isascii():
        try:
            text = unquote_to_bytes(raw.encode("latin-1")).decode()
        except UnicodeDecodeError:
            raise BadRequest("The query parameters are not UTF-8.") from None
        if "\x00" in text:
            raise BadRequest("The query parameters hold U+0000.")
    return dict(request.args.lists())


def load_query(schema: Schema) -> Any:
    """Return the query parameters of the running request as the schema loads them.

    Raises:
        BadRequest: as `read_lists`.
        ValidationError: unknown, repeated or malformed parameters, by name.
    """
    return schema.load(each_once(read_lists()))


def refuse_all() -> None:
    """Refuse every query parameter, for a route that takes none.

    Raises:
        BadRequest: as `read_lists`.
        ValidationError: naming each.
    """
    if names := read_lists():
        raise ValidationError({name: ["Unknown field."] for name in names})
