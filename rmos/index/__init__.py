"""Rows that can always be computed again from the record. All SQL of RMOS lives in this package."""

from pathlib import Path

from rmos.errors.installation import ConfigError
from rmos.index.base import Index
from rmos.index.schema import Schema, schema_of
from rmos.index.sqlite import SqliteIndex
from rmos.place import POSTGRESQL_SCHEME, Bucket, Place

_SQLITE = "sqlite:///"


def open_index(
    root: Place, database_url: str | None = None, *, row_schema: str | None = None, read_only: bool = False
) -> Index:
    """Return the index of the store at `root`; nothing is opened before the first question.

    Args:
        row_schema: a digest of what rows hold; an index whose rows hold something else is made again. Without one an
            index is read whatever its rows hold.

    Raises:
        ConfigError: the URL names a database that this release cannot use.
    """
    wanted = schema_of(row_schema)
    if database_url is not None and database_url.startswith(POSTGRESQL_SCHEME):
        return _open_postgres(database_url, wanted, read_only=read_only)
    if isinstance(root, Bucket):
        raise ConfigError(f"The index of {root} is in PostgreSQL: RMOS_DATABASE_URL must be postgresql://….")
    lock = root / "_index.lock"
    if database_url is None:
        return SqliteIndex(root / "_index.sqlite", lock=lock, wanted=wanted, read_only=read_only)
    if "?" in database_url:
        raise ConfigError("RMOS_DATABASE_URL takes no query: write sqlite:////path/of/a/file without what follows `?`.")
    if not database_url.startswith(_SQLITE) or len(database_url) == len(_SQLITE):
        raise ConfigError("RMOS_DATABASE_URL must be sqlite:////path/of/a/file or postgresql://….")
    return SqliteIndex(Path(database_url[len(_SQLITE) :]), lock=lock, wanted=wanted, read_only=read_only)


def _open_postgres(url: str, wanted: Schema, *, read_only: bool) -> Index:
    try:
        from rmos.index.postgres import PostgresIndex  # noqa: PLC0415 - an optional extra
    except ModuleNotFoundError:
        raise ConfigError('An index in PostgreSQL needs the extra `cluster`: pip install "rmos[cluster]".') from None
    return PostgresIndex(url, wanted=wanted, read_only=read_only)
