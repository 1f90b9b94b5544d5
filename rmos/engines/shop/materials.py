"""Materials: which column of the charts each one takes, what it costs to cut it, how much it heats the cutter."""

from typing import Annotated, Any, Final, Literal

import msgspec

from rmos.engines.shop.numbers import Positive, Text

HARDWOOD_FROM_LBF: Final = 1000
"""Janka hardness from which a wood takes the hardwood columns (RMOS policy on published hardness tables)."""

Column = Literal["hardwood", "softwood", "plywood", "mdf", "hard_plastic", "acrylic", "aluminium"]
SawColumn = Literal["hardwood", "softwood", "plywood", "mdf", "aluminium"]
_SAWN_LIKE: Final[dict[str, SawColumn]] = {"hard_plastic": "mdf", "acrylic": "mdf"}
"""Columns of the chipload chart that the saw's chart does not have (RMOS policy)."""
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class MaterialEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A material of the table; see `materials.toml` for what each member means."""

    source: Text
    energy_j_mm3: Positive
    energy_source: Text
    janka_lbf: Positive | None = None
    chart: Column | None = None
    saw: SawColumn | None = None
    window: Literal["whole", "lower"] = "whole"
    abraded: bool = False
    thin_chip_exponent: Share = 0.3
    heat: Positive = 1.0

    def __post_init__(self) -> None:
        """Refuse an entry that names no column and has no hardness to find one by."""
        if self.janka_lbf is None and self.chart is None:
            raise ValueError("it needs `janka_lbf` (a wood) or `chart` (the column that it takes)")


class Material(msgspec.Struct, frozen=True, kw_only=True):
    """What the checks ask of a material: J/mm³ at a chip of 0.1 mm, and how it grows for thinner ones."""

    id: str
    chart: str
    saw: str
    lower_half: bool
    abraded: bool
    energy_j_mm3: float
    thin_chip_exponent: float
    heat: float
    source: str
    energy_source: str

    @property
    def stand_ins(self) -> list[str]:
        """Return the sources that say that a value is RMOS's own choice."""
        return [said for said in (self.source, self.energy_source) if "RMOS policy" in said]

    def members(self) -> dict[str, Any]:
        """Return everything that a judgement may read of it."""
        return msgspec.structs.asdict(self)


def material_of(name: str, entry: MaterialEntry) -> Material:
    """Return the material that an entry describes."""
    by_hardness: Column = "hardwood" if (entry.janka_lbf or 0) >= HARDWOOD_FROM_LBF else "softwood"
    chart = entry.chart or by_hardness
    return Material(
        id=name,
        chart=chart,
        saw=entry.saw or _SAWN_LIKE.get(chart) or chart,
        lower_half=entry.window == "lower",
        abraded=entry.abraded,
        energy_j_mm3=entry.energy_j_mm3,
        thin_chip_exponent=entry.thin_chip_exponent,
        heat=entry.heat,
        source=entry.source,
        energy_source=entry.energy_source,
    )
