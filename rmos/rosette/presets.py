"""Whole rosettes to start from, the sizes of instruments, and what a kind of ring usually is: `presets.toml`.

preset_places("torres")[1].kind      # "wheat"
"""

import tomllib
from importlib.resources import files
from typing import Any, Final

import msgspec

from rmos.rosette.parsed_prompt import Mention


class PresetPlace(msgspec.Struct, kw_only=True, eq=False):
    """A ring of a preset, and what a prompt may do with it; two of them are never the same one."""

    role: str
    kind: str
    width: int
    materials: list[str]
    motif: str | None = None
    tile_count: int | None = None
    mention: Mention | None = None

    def gives(self, name: str) -> bool:
        """Tell whether the prompt gave this number of the ring."""
        return self.mention is not None and name in self.mention.numbers


_DATA: Final[dict[str, Any]] = tomllib.loads(files(__package__).joinpath("presets.toml").read_text(encoding="utf-8"))
INSTRUMENTS: Final[dict[str, dict[str, Any]]] = _DATA["instruments"]
KIND_DEFAULTS: Final[dict[str, dict[str, Any]]] = _DATA["kinds"]
PRESETS: Final = tuple(name for name in _DATA if name not in ("instruments", "kinds"))


def preset_places(preset: str) -> list[PresetPlace]:
    """Return the rings of a preset, from the soundhole outwards."""
    return [msgspec.convert(entry, PresetPlace) for entry in _DATA[preset]["rings"]]


def preset_width(preset: str) -> int | None:
    """Return the width that the centre is stretched to, when the preset has one."""
    width: int | None = _DATA[preset].get("width")
    return width


def preset_instrument(preset: str) -> str:
    """Return the instrument that the preset is for."""
    found: str = _DATA[preset]["instrument"]
    return found
