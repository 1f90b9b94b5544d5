"""Where the database is and how it is connected to: what RMOS_DATABASE_URL says, and what it leaves out.

target = read_url("postgresql://rmos@db.example/rmos?options=-csearch_path%3Dshop", read_only=False)
psycopg.connect(**target.parameters)
"""

from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict

from rmos.errors.installation import ConfigError
from rmos.place import DatabaseUrl

_MOST_SESSIONS: Final = 100
_AUTHORITY: Final = Path("~/.postgresql/root.crt")
"""Where libpq looks for the authority that vouches for a server, and fails without it."""
_DEFAULTS: Final[dict[str, Any]] = {
    "connect_timeout": 2,
    "tcp_user_timeout": 5000,
    "keepalives": 1,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "client_encoding": "utf8",
    "application_name": "rmos",
}
"""A host that does not answer is given up within seconds, and one that is gone is noticed."""


class PostgresTarget(NamedTuple):
    """A database to connect to."""

    parameters: dict[str, Any]
    """As libpq names them."""
    pool_size: int
    """How many connections one process has at most."""


def read_url(url: str, *, read_only: bool) -> PostgresTarget:
    """Return what a URL says; a certificate that is verified is one of an authority that this machine trusts.

    Raises:
        ConfigError: it cannot be read. The message has no part of it, since it may hold a password.
    """
    try:
        address, _, query = DatabaseUrl(url).secured().partition("?")
        asked = parse_qsl(query, keep_blank_values=True)
        sizes = [value for name, value in asked if name == "pool_size"]
        # A plus stands for itself here, so spaces are written otherwise.
        others = urlencode([(name, value) for name, value in asked if name != "pool_size"], quote_via=quote)
        parameters: dict[str, Any] = conninfo_to_dict(f"{address}?{others}" if others else address)
    except (psycopg.Error, ValueError):
        raise ConfigError(
            "RMOS_DATABASE_URL cannot be read: write postgresql://user:password@host:port/database."
        ) from None
    size = sizes[-1] if sizes else "4"
    if not size.isdecimal() or not 1 <= int(size) <= _MOST_SESSIONS:
        raise ConfigError(f"RMOS_DATABASE_URL: pool_size must be a number from 1 to {_MOST_SESSIONS}.")
    if parameters.get("sslmode") == "verify-full" and not _AUTHORITY.expanduser().exists():
        parameters.setdefault("sslrootcert", "system")
    if not read_only:
        parameters.setdefault("target_session_attrs", "read-write")
    return PostgresTarget({**_DEFAULTS, **parameters}, int(size))
