"""What SQLite's errors mean: the index is busy or cannot be written, or it cannot be read and is to be replaced."""

import logging
import os
import sqlite3
from typing import Final

from rmos.errors.store import IndexUnavailable

log = logging.getLogger(__name__)

_UNAVAILABLE: Final = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_PROTOCOL,
)


def translate_unavailable(error: OSError | sqlite3.Error) -> IndexUnavailable | None:
    """Return the error for a file that did not answer, and log it; None when the file itself cannot be read."""
    log.warning("index: %s", error)
    code = _code_of(error)
    if isinstance(error, OSError) or code == sqlite3.SQLITE_CANTOPEN:
        return IndexUnavailable("The index cannot be opened.")
    if code in _UNAVAILABLE:
        return IndexUnavailable(f"The index did not answer: {describe_trouble(error)}.")
    return None


def describe_trouble(error: OSError | sqlite3.Error) -> str:
    """Return what kept the index from its work, without a path."""
    if _code_of(error) == sqlite3.SQLITE_FULL:
        return "the disk is full; free some space"
    if isinstance(error, OSError):
        return os.strerror(error.errno or 0).lower()
    return "it is busy, or its folder cannot be written just now"


def _code_of(error: OSError | sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
