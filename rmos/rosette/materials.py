"""What the materials look like and what they are to a cutter, from `materials.toml`.

    MATERIALS["east_indian_rosewood"].shades     # ("#4a2a22", …): flat colours, from which pieces take turns
    MATERIALS["abalone"].shell                   # True

Colours are flat and few: the drawing must say "rosewood" at arm's length, not replace a photograph.
"""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Final, Literal

import msgspec


class Streak(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Grain: lines of one colour; lengths in micrometres."""

    colour: str
    per_cm2: int
    """How many for each square centimetre."""
    length: tuple[int, int]
    thick: int
    opacity: int = 100
    """Per cent."""


class RosetteMaterial(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One material: its name for people, its colours, its grain, and its id for the feasibility engine."""

    name: str
    shades: tuple[str, ...]
    group: Literal["wood", "shell", "bone", "fibre", "veneer"] = "wood"
    tone: Literal["dark", "middle", "light"] = "middle"
    streaks: tuple[Streak, ...] = ()
    flame: str | None = None
    """Colour of cross-grain figure (flame, curl), if the wood shows it."""
    spalt: bool = False
    eyes: str | None = None
    """Colour of the eyes and swirls of a burl."""
    mottle: str | None = None
    """Colour of the broken bars across snakewood."""
    since: str = "1.0.0"
    """The first version of the generator that draws it."""
    engine_id: str | None = None

    @property
    def shell(self) -> bool:
        """Tell whether it is abalone or pearl."""
        return self.group == "shell"


def _load() -> dict[str, RosetteMaterial]:
    text = files(__package__).joinpath("materials.toml").read_text(encoding="utf-8")
    return {name: msgspec.convert(entry, RosetteMaterial) for name, entry in tomllib.loads(text).items()}


MATERIALS: Final[Mapping[str, RosetteMaterial]] = _load()
"""Material id → material, in the order of the data."""
