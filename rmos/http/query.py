"""Query parameters, strictly: what is not declared, not UTF-8 or given twice is refused and never ignored.

list_request = load_list_query(load_list)        # of a list, by what loads its parameters
fields = load_query(_delete_query)               # of any other schema
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from flask import request
from marshmallow import Schema, ValidationError

from rmos.errors.http import BadRequest
from rmos.schemas.lists import require_single

T = TypeVar("T")
Parameters = Mapping[str, Sequence[str]]


def parse_query(query_string: bytes) -> dict[str, list[str]]:
    """Return query parameters, each with all its values.

    Raises:
        BadRequest: they are not UTF-8, or hold U+0000.
    """
    parameters: dict[str, list[str]] = {}
    try:
        # The framework would show a broken byte as it was escaped, and a filter for that text would find nothing.
        for name, value in parse_qsl(query_string.decode(), keep_blank_values=True, errors="strict"):
            parameters.setdefault(name, []).append(value)
            if "\x00" in name or "\x00" in value:
                raise BadRequest("The query parameters hold U+0000.")
    except UnicodeDecodeError:
        raise BadRequest("The query parameters are not UTF-8.") from None
    return parameters


def read_query() -> dict[str, list[str]]:
    """Return the query parameters of the running request, each with all its values.

    Raises:
        BadRequest: they are not UTF-8, or hold U+0000.
    """
    return parse_query(request.query_string)


def load_list_query(load: Callable[[Parameters], T]) -> T:
    """Return the list that the running request asks for.

    Clients ask for the same few lists again and again, so what a query string loads as is kept (ADR 15).

    Args:
        load: takes the parameters, and reads nothing else.

    Raises:
        BadRequest: as `read_query`.
        ValidationError: unknown, repeated, malformed or contradicting parameters, by name.
    """
    return _load_query_string(load, request.query_string)  # type: ignore[return-value]  # of this `load`


@functools.lru_cache(maxsize=512)
def _load_query_string(load: Callable[[Parameters], object], query_string: bytes) -> object:
    return load(parse_query(query_string))


def load_query(schema: Schema) -> Any:
    """Return the query parameters of the running request as the schema loads them.

    Raises:
        BadRequest: as `read_query`.
        ValidationError: unknown, repeated or malformed parameters, by name.
    """
    return schema.load(require_single(read_query()))


def refuse_query() -> None:
    """Refuse every query parameter, for a route that takes none.

    Raises:
        BadRequest: as `read_query`.
        ValidationError: naming each.
    """
    if parameters := read_query():
        raise ValidationError({name: ["Unknown field."] for name in parameters})
