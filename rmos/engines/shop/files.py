"""Read tables of named entries: the one shipped beside this module, then the one of the instance folder.

    table = read_table("tools.toml", ToolEntry, Path("instance"))
    table.entries["em-3175-2f"], "em-3175-2f" in table.own        # ToolEntry(…), False: it is the shipped one

Every entry is checked when the service starts: by a table that is half right another cut would be evaluated than the
shop makes.
"""

import functools
import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import msgspec

from rmos.errors.installation import ConfigError

Entry = TypeVar("Entry", bound=msgspec.Struct)

ENTRY_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What an entry may be called: the name is typed in requests and stands in records."""


class EntryTable(msgspec.Struct, Generic[Entry], frozen=True):
    """The entries of a table by name, and the names of those that the shop wrote itself."""

    entries: dict[str, Entry]
    own: frozenset[str]

    def list_entries(self) -> list["ShopEntry"]:
        """Return the entries as they were written, by name."""
        return [
            ShopEntry(id=name, is_own=name in self.own, members=_list_members(entry))
            for name, entry in sorted(self.entries.items())
        ]


class ShopEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a table: its name, what it states, and whether the shop wrote it itself."""

    id: str
    is_own: bool
    members: dict[str, Any]


def _list_members(entry: msgspec.Struct) -> dict[str, Any]:
    stated: dict[str, Any] = msgspec.to_builtins(entry)
    return {name: value for name, value in stated.items() if value is not None}


def read_table(file_name: str, kind: type[Entry], instance_path: Path | None = None) -> EntryTable[Entry]:
    """Return the checked entries of a table; one of the instance folder replaces the shipped one, whole.

    Raises:
        ConfigError: a file cannot be read or an entry cannot be used; it names the file and the entry.
    """
    return lay_over(file_name, kind, read_own(file_name, instance_path))


def lay_over(file_name: str, kind: type[Entry], own: Mapping[str, Any]) -> EntryTable[Entry]:
    """Return the checked entries of a shipped table with those of the shop's own file, as it was read, over them.

    Raises:
        ConfigError: an entry cannot be used; it names the file and the entry.
    """
    checked = _check_entries(own, kind, name_own(file_name))
    return EntryTable({**_read_shipped(file_name, kind), **checked}, frozenset(checked))


def read_own(file_name: str, instance_path: Path | None) -> dict[str, Any]:
    """Return the shop's own file of a table, unchecked; nothing where there is none.

    Raises:
        ConfigError: it cannot be read.
    """
    return {} if instance_path is None else _read(instance_path / file_name, name_own(file_name))


def name_own(file_name: str) -> str:
    """Return how messages name the shop's own file of a table."""
    return f"instance/{file_name}"


@functools.cache  # what is installed does not change, and each start read it twice
def _read_shipped(file_name: str, kind: type[Entry]) -> Mapping[str, Entry]:
    text = files(__package__).joinpath(file_name).read_text(encoding="utf-8")
    return _check_entries(tomllib.loads(text), kind, file_name)


def _read(path: Path, called: str) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{called} cannot be read: {error}.") from None
    except OSError as error:
        raise ConfigError(f"{called} cannot be read: {error.strerror or type(error).__name__}.") from None


def _check_entries(table: Mapping[str, Any], kind: type[Entry], called: str) -> dict[str, Entry]:
    entries = {}
    for name, members in table.items():
        where = f"{called}, entry [{name}]" if name.isprintable() else f"{called}, entry {name!a}"
        if not isinstance(members, dict):
            raise ConfigError(f"{where}: it must be a table of members, [{name}] on a line of its own.")
        if not ENTRY_NAME.fullmatch(name):
            raise ConfigError(f"{where}: a name is 1 to 64 of the characters A-Z a-z 0-9 . _ - .")
        try:
            entries[name] = msgspec.convert(members, kind)
        except msgspec.ValidationError as error:
            message = str(error).replace("Object contains", "it has").replace("Object missing", "it lacks the")
            raise ConfigError(f"{where}: {message.replace(' - at `$.', ' for `')}.") from None
    return entries
