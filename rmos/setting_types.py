"""The types of settings: what a text of the environment, or a value of the file, must be to become one.

    convert_setting("RMOS_SCAN_HOURS", "24", int)        # 24
    convert_setting("RMOS_SECRET_KEY", "abc", HexKey)    # ConfigError, without the value in it

A type that msgspec does not know is a class of its own here, or comes from `place`.
"""

import ipaddress
import re
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Final, Literal, get_args, get_origin

import msgspec
from msgspec import Meta

from rmos.errors.installation import ConfigError
from rmos.place import BucketNameWrong, DatabaseUrl, Place, hide_passwords, parse_place

_FLAGS: Final = {"true": True, "1": True, "false": False, "0": False}
_KEY: Final = re.compile(r"[!-~]{1,4096}")
_HEX_KEY: Final = re.compile("[0-9A-Fa-f]{64}")


class Secret(str):
    """A text that no message and no log shows by accident."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class SecretKey(Secret):
    """64 hex digits from which other keys are made."""

    __slots__ = ()


class Proxy(str):
    """An address or network of reverse proxies, or the word `unix`."""

    __slots__ = ()


Folder = Annotated[Path, Meta(description="the path of a folder")]
File = Annotated[Path, Meta(description="the path of a file")]
RecordPlace = Annotated[
    Place, Meta(description="the path of a folder, or s3://bucket/prefix without a name or key in it")
]
Database = Annotated[
    DatabaseUrl,
    Meta(description="a database URL such as sqlite:////srv/rmos/index.sqlite or postgresql://rmos@db.example/rmos"),
]
HttpUrl = Annotated[
    str,
    Meta(
        pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?\Z",
        description="an address such as https://models.example/v1, without a name or password in it",
    ),
]
Word = Annotated[str, Meta(pattern=r"^[!-~]{1,200}\Z", description="a name of 1 to 200 visible ASCII characters")]
Key = Annotated[Secret, Meta(description="a key of visible ASCII characters (its value is not shown)")]
HexKey = Annotated[
    SecretKey, Meta(description="64 hex digits, as `openssl rand -hex 32` prints them (they are not shown)")
]
ProxyList = Annotated[
    tuple[Proxy, ...],
    Meta(description="a list of addresses or networks such as 127.0.0.1, or the word unix, with commas between them"),
]
OriginList = Annotated[
    tuple[Annotated[str, Meta(pattern=r"^https?://(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:[0-9]{1,5})?\Z")], ...],
    Meta(description="a list of origins such as https://shop.example, with commas between them"),
]
EngineId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_]{1,64}\Z", description="the id of an engine such as baseline_v2")]


def convert_setting(source: str, value: Any, declared: Any) -> Any:
    """Return a value as the type that its setting declares.

    Raises:
        ConfigError: naming where the value stands, the value and what it must be.
    """
    if NoneType in get_args(declared):
        declared = next(kind for kind in get_args(declared) if kind is not NoneType)
    kind, meta = get_args(declared) if get_origin(declared) is Annotated else (declared, None)
    try:
        if kind is Place:  # a union, which msgspec does not convert
            return parse_place(value if isinstance(value, str) else "")
        parsed = _parse_text(value, kind) if isinstance(value, str) else value
        return msgspec.convert(parsed, declared, dec_hook=_decode)
    except (msgspec.ValidationError, ValueError) as error:
        rule = f"; {error}" if isinstance(error, BucketNameWrong) else ""
        shown = hide_passwords(value) if isinstance(value, str) else value
        if isinstance(kind, type) and issubclass(kind, Secret):
            shown = Secret()
        raise ConfigError(f"{source} is {shown!r}; it must be {_describe_type(kind, meta)}{rule}.") from None


def _parse_text(text: str, kind: Any) -> Any:
    """Return the value that a text stands for, in a type that variables of the environment cannot have."""
    if kind is int:
        return int(text)
    if kind is bool:
        return _FLAGS.get(text.lower(), text)
    if get_origin(kind) is tuple:
        return [word.strip() for word in text.split(",") if word.strip()]
    if get_origin(kind) is Literal:  # in any case
        return next((word for word in get_args(kind) if word.lower() == text.lower()), text)
    return text


def _decode(kind: type, value: object) -> object:
    """Return a value of a type that msgspec does not know.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, str) or "\x00" in value or not value.strip():
        raise ValueError
    if kind is Path:
        try:
            return Path(value).expanduser().absolute()
        except RuntimeError:  # ~someone, who has no home here
            raise ValueError from None
    if kind is Secret and not _KEY.fullmatch(value):
        raise ValueError
    if kind is SecretKey and not _HEX_KEY.fullmatch(value):
        raise ValueError
    if kind is DatabaseUrl:
        if "://" not in value:
            raise ValueError
        return DatabaseUrl(value).secured()
    if kind is Proxy and value != "unix":
        ipaddress.ip_network(value)
    return kind(value)


def _describe_type(kind: Any, meta: Meta | None) -> str:
    """Return what a value must be."""
    if meta is not None and meta.description:
        return meta.description
    if kind is bool:
        return "true or false"
    if get_origin(kind) is Literal:
        return f"one of {', '.join(get_args(kind))}"
    assert meta is not None  # an int has limits
    return f"a whole number from {meta.ge} to {meta.le}"
