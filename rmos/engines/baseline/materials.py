"""The materials that `baseline_v1` knows, from `materials.toml`."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

import msgspec

HARDWOOD_FROM_LBF: Final = 1000
"""Janka hardness from which a wood takes the hardwood column (RMOS policy on published hardness tables)."""


class Material(msgspec.Struct, frozen=True, kw_only=True):
    """What the checks ask of a material."""

    id: str
    chart: str
    lower_half: bool
    abraded: bool
    source: str

    @property
    def is_assumed(self) -> bool:
        """Tell whether the chart has no column for it, so that using one is RMOS's own choice."""
        return "RMOS policy" in self.source


def _material(name: str, entry: dict[str, Any]) -> Material:
    by_hardness = "hardwood" if entry.get("janka_lbf", 0) >= HARDWOOD_FROM_LBF else "softwood"
    return Material(
        id=name,
        chart=entry.get("chart", by_hardness),
        lower_half=entry.get("window") == "lower",
        abraded=entry.get("abraded", False),
        source=entry["source"],
    )


def _load() -> dict[str, Material]:
    text = files(__package__).joinpath("materials.toml").read_text(encoding="utf-8")
    return {name: _material(name, entry) for name, entry in tomllib.loads(text).items()}


MATERIALS: Final[Mapping[str, Material]] = _load()
"""Material id → material."""
