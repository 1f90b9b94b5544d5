"""What PostgreSQL's errors mean: the index does not answer just now, or it is not there as it should be."""

import logging
from typing import Final

import psycopg

from rmos.errors.base import RmosError
from rmos.errors.store import IndexBroken, IndexUnavailable

log = logging.getLogger(__name__)

_BROKEN: Final = frozenset({"42P01", "42703", "42883", "3F000"})
"""No such table, column, function or schema: made anew under the lock."""
CORRUPT: Final = frozenset({"XX001", "XX002"})
"""A table or an index that cannot be read: made anew although it is there."""
_AGAIN: Final = frozenset({"40001", "40P01"})
"""Two transactions that stood in each other's way."""
_ELSEWHERE: Final = frozenset({"0A000", "25006"})
"""A statement that was prepared for tables of before, or a server that takes no writes since another one does."""
_REASONS: Final = {
    "25006": "it takes no writes just now",
    "28000": "it does not let this role in",
    "28P01": "it does not let this role in",
    "3D000": "there is no such database",
    "42501": "this role may not do that",
    "53100": "its disk is full; free some space",
    "53300": "it has too many connections",
    "55P03": "it is busy",
    "57014": "it is busy",
}


def is_lost(error: psycopg.Error) -> bool:
    """Tell whether another connection may answer what this one did not, for good."""
    state = error.sqlstate
    return state is None or state.startswith(("08", "57P")) or state in _ELSEWHERE


def is_again(error: psycopg.Error) -> bool:
    """Tell whether the same may succeed when it is asked once more."""
    return is_lost(error) or error.sqlstate in _AGAIN


def translate(error: psycopg.Error) -> RmosError:
    """Return what an error is to the index, and log it."""
    state = error.sqlstate
    # That there is none is how the first start finds it.
    log.log(logging.DEBUG if state in _BROKEN else logging.WARNING, "index: %s", " ".join(str(error).split()))
    if state in _BROKEN or state in CORRUPT:
        return IndexBroken("The index is being made again from the record.")
    return IndexUnavailable(f"The index did not answer: {_reason(state)}.")


def _reason(state: str | None) -> str:
    if state in _REASONS:
        return _REASONS[state]
    if state is not None and state.startswith("22"):
        return "it cannot hold a value"
    return "the database cannot be reached, or failed"
