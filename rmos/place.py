"""Where a store lies: its record in a folder or in a bucket of object storage, its index in a file or in PostgreSQL.

    parse_place("/srv/rmos/runs")                        # Path
    parse_place("s3://rmos-record/shop")                 # Bucket("rmos-record", "shop")
    DatabaseUrl("postgresql://rmos:word@db/rmos")        # shown as postgresql://rmos:***@db/rmos

Only text is looked at here; nothing is opened. A name or password never belongs to a place, so one in it is refused.
"""

import ipaddress
import re
from pathlib import Path
from typing import Final, Literal, NamedTuple
from urllib.parse import parse_qs, unquote

S3_SCHEME: Final = "s3://"
POSTGRESQL_SCHEME: Final = "postgresql://"
_BUCKET_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_SEGMENT: Final = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9!_.*'()-]{1,255}")
"""The characters that every server takes in a key, and that no signature has to escape."""
_USER: Final = re.compile(r"(?<=://)(.*)@", re.DOTALL)
_QUERY_PASSWORD: Final = re.compile(r"(password=)[^&]*", re.IGNORECASE)


class BucketNameWrong(ValueError):
    """A bucket is named as no server names one."""

    def __init__(self) -> None:
        super().__init__(
            "the name of a bucket has 3 to 63 lower-case letters, digits, dots and hyphens, with a letter or digit at "
            "each end"
        )


class Bucket(NamedTuple):
    """A bucket of object storage, and below which prefix a record lies in it."""

    name: str
    prefix: str = ""
    """Segments with `/` between them; empty is the whole bucket."""

    def __str__(self) -> str:
        return f"{S3_SCHEME}{self.name}/{self.prefix}".rstrip("/")


Place = Path | Bucket
"""Where a record lies."""


class S3Options(NamedTuple):
    """How object storage is reached, and where this host keeps what is on its way; credentials are no setting."""

    spool_dir: Path
    spool_max_bytes: int = 4 * 1024**3
    endpoint: str | None = None
    """None is AWS."""
    region: str | None = None
    addressing: Literal["path", "virtual"] = "virtual"
    """Whether a bucket's name stands in the path or in the name of the host."""
    ca_file: Path | None = None


def parse_place(text: str) -> Place:
    """Return the place that a text names.

    Raises:
        BucketNameWrong: it names no bucket that there can be.
        ValueError: it is neither the path of a folder nor s3://bucket/prefix.
    """
    if "\x00" in text or not text.strip():
        raise ValueError("a place has a name")
    if text.startswith(S3_SCHEME):
        name, _, prefix = text[len(S3_SCHEME) :].partition("/")
        prefix = prefix.removesuffix("/")
        if not _BUCKET_NAME.fullmatch(name):
            raise BucketNameWrong
        if not all(map(_SEGMENT.fullmatch, prefix.split("/") if prefix else [])):
            raise ValueError("not s3://bucket/prefix")
        return Bucket(name, prefix)
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text):
        raise ValueError("a scheme that there is not")
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:  # ~someone, who has no home here
        raise ValueError("nobody of this name") from None


def overlap(one: Place, other: Place) -> bool:
    """Tell whether two places are the same, or one lies in the other."""
    spelled = [f"{place}/" if isinstance(place, Bucket) else f"{place.resolve()}/" for place in (one, other)]
    return spelled[0].startswith(spelled[1]) or spelled[1].startswith(spelled[0])


def is_inside(path: Path, place: Place) -> bool:
    """Tell whether a path is a place, or within it; none is within a bucket."""
    return isinstance(place, Path) and path.resolve().is_relative_to(place.resolve())


def hide_passwords(text: str) -> str:
    """Return an address without the passwords in it, fit for a message or a log."""

    def hide(found: re.Match[str]) -> str:
        user, colon, _ = found[1].partition(":")
        return f"{user}:***@" if colon else f"{user}@"

    return _QUERY_PASSWORD.sub(r"\1***", _USER.sub(hide, text))


class DatabaseUrl(str):
    """The address of an index, whose password neither a message nor a log shows."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(hide_passwords(str(self)))

    @property
    def is_postgresql(self) -> bool:
        """Whether it names PostgreSQL."""
        return self.startswith(POSTGRESQL_SCHEME)

    def secured(self) -> "DatabaseUrl":
        """Return the URL, with `sslmode=verify-full` if PostgreSQL is on another machine and it names no `sslmode`."""
        if not self.is_postgresql:
            return self
        authority, _, query = self[len(POSTGRESQL_SCHEME) :].partition("?")
        given = parse_qs(query, keep_blank_values=True)
        named = authority.rpartition("@")[2].partition("/")[0]
        hosts = [*named.split(","), *(host for name in ("host", "hostaddr") for host in given.get(name, []))]
        if "sslmode" in given or all(is_on_this_machine(_strip_port(host)) for host in hosts):
            return self
        return DatabaseUrl(f"{self}{'&' if query else '?'}sslmode=verify-full")


def _strip_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return unquote(host if host.count(":") > 1 else host.partition(":")[0])


def is_on_this_machine(host: str) -> bool:
    """Tell whether a host's name or address is this machine's own; none, or the path of a socket, is."""
    if host in ("", "localhost") or host.startswith("/"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
