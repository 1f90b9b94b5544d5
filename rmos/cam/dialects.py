"""Know what controllers take: dialects of RS-274 as data.

    grbl = find_dialect("grbl")
    grbl.find_unsupported({"G81": 4, "G1": 2})       # [UnsupportedWord(word="G81", line=4, error=20)]

The table is `dialects.toml`. Nothing about a controller stands in code besides what the members mean.
"""

import functools
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Literal, NamedTuple

import msgspec

from rmos.errors.request import ValidationFailed
from rmos.names import find_name, offer_names


class UnsupportedWord(NamedTuple):
    """A word that a controller does not take, where it stands first, and the number of the error it answers with."""

    word: str
    line: int
    error: int | None


class Dialect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one kind of controller takes, and how a program for it looks."""

    id: str
    name: str
    machines: str
    """Which controllers speak it."""
    source: str
    checked: bool
    """Whether the words were compared with the source."""
    words: frozenset[str]
    errors: dict[str, int] = {}
    arcs: str
    tool_change: str
    tool_length: str
    tool_lines: tuple[str, ...] = ()
    """What brings a tool into the spindle, with `{tool}` for its number; none where each tool has a file of its own."""
    dwell: bool = True
    """Whether G4 P waits as many seconds as it says."""
    line_numbers: bool = False
    capitals: bool = False
    """Whether comments are in capitals."""
    head: tuple[str, ...]
    tail: tuple[str, ...]
    comment: str
    extension: str
    max_line: int | None = None
    """Characters that a line may have; None when it is not known."""
    counts_bare_lines: bool = False
    """Whether blanks and comments are no part of a line's length."""
    tool_before_change: bool = False
    """Whether M6 before the T of its line changes to another tool, or to none."""
    units_alone: bool = False
    """Whether G20 and G21 want a line of their own, before any F."""
    arc_limit: Literal["grbl", "linuxcnc", "loose"]
    """Whose rule refuses an arc whose two radii differ."""
    takes_realtime_bytes: bool = False
    """Whether some bytes are commands wherever they stand, in comments too."""
    needs_decimal_point: bool = False
    """Whether X1000 may be 1 mm."""
    arc_mode_is_a_setting: bool = False
    """Whether a setting of the machine says how I and J are meant when the program does not."""

    def find_unsupported(self, words: Mapping[str, int]) -> list[UnsupportedWord]:
        """Return the words that it does not take, by line; `words` says where each stands first."""
        lacking = [
            UnsupportedWord(word, line, self.errors.get(word, self.errors.get("other")))
            for word, line in words.items()
            if word not in self.words
        ]
        return sorted(lacking, key=lambda found: (found.line, found.word))


@functools.cache
def load_dialects() -> Mapping[str, Dialect]:
    """Return the dialects by id, in the order of the table."""
    table = tomllib.loads(files(__package__).joinpath("dialects.toml").read_text(encoding="utf-8"))
    return {
        name: msgspec.convert({**members, "id": name, "words": members["words"].split()}, Dialect)
        for name, members in table.items()
    }


def find_dialect(name: str) -> Dialect:
    """Return a dialect by its id, in any case.

    Raises:
        ValidationFailed: there is none of that name; it names those that there are.
    """
    dialects = load_dialects()
    found = find_name(name, dialects)
    if found is None:
        advice = " ".join(filter(None, (offer_names(name, dialects), f"Known are {', '.join(dialects)}.")))
        raise ValidationFailed(f"No dialect is called so. {advice}", errors={"dialect": [advice]})
    return dialects[found]
