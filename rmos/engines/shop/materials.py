"""Materials: which column of the charts each one takes, what it costs to cut it, how much it heats the cutter."""

import math
from typing import Annotated, Any, Final, Literal

import msgspec

from rmos.engines.shop.bounds import Positive, Text

HARDWOOD_FROM_LBF: Final = 1000
"""Janka hardness from which a wood takes the hardwood columns (RMOS policy on published hardness tables)."""

MaterialColumn = Literal["hardwood", "softwood", "plywood", "mdf", "hard_plastic", "acrylic", "aluminium"]
SawColumn = Literal["hardwood", "softwood", "plywood", "mdf", "aluminium"]
_SAWN_LIKE: Final[dict[str, SawColumn]] = {"hard_plastic": "mdf", "acrylic": "mdf"}
"""Columns of the chipload chart that the saw's chart does not have (RMOS policy)."""
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Family = Literal["wood", "board", "plastic", "metal", "bone", "shell"]
"""What behaves alike under a cutter, beyond its column of the chipload chart."""
MillingColumn = Literal[
    "hardwood", "softwood", "plywood", "mdf", "hard_plastic", "acrylic", "aluminium", "brass", "bone", "shell"
]
_FAMILIES: Final[dict[str, Family]] = {
    "hardwood": "wood",
    "softwood": "wood",
    "plywood": "board",
    "mdf": "board",
    "hard_plastic": "plastic",
    "acrylic": "plastic",
    "aluminium": "metal",
}

N_MM15_PER_DENSITY: Final = 30.0
"""Cutting force of wood per width of cut and root of the chip, N/mm^1.5, for each g/cm³ of density.

Ettelt's ranges (Zerspanung von Holz und Holzwerkstoffen, 2023, p. 120) are, across the grain and along it, 22..44 and
10 for oak, 26..40 and 12 for beech, 14..31 and 7.5 for pine, 15..28 and 9 for spruce: the middle of both directions,
22 at 0.735 g/cm³ and 15 at 0.475, is 30 and 32 per g/cm³; MDF, 20..25 at 0.75, is 30.
"""
PEAK_OF_WOOD: Final = 2.0
"""How much more than the mean a tooth meets across the grain: 42 to 22 and 29.5 to 15 in the same table."""
_WOOD_EXPONENT: Final = 0.5
_JANKA_LBF_PER_DENSITY2: Final = 2920.0
"""Janka hardness over the square of the density in g/cm³: maple 1450 / 0.705², spruce 510 / 0.425², cherry 950 / 0.56²
(The Wood Database); for a wood of which only the hardness is stated (RMOS policy)."""
_THIN_CHIP_MM: Final = 0.025
"""The chip at which the workbook of Shapeoko CNC A to Z measured its energies: that of a desktop router."""
_REFERENCE_CHIP_MM: Final = 0.1


class CuttingEnergy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What it costs to cut a material away: J/mm³ at a chip of 0.1 mm, growing as (0.1 mm / h)^exponent.

    `peak` is how much more a single tooth may meet than the mean, `source` where the numbers come from.
    """

    energy_j_mm3: Positive
    exponent: Share
    source: Text
    peak: Annotated[float, msgspec.Meta(ge=1, le=10)] = 1.0


class MaterialEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A material of the table; see `materials.toml` for what each member means."""

    source: Text
    energy_j_mm3: Positive
    energy_source: Text
    janka_lbf: Positive | None = None
    chart: MaterialColumn | None = None
    saw: SawColumn | None = None
    window: Literal["whole", "lower"] = "whole"
    abraded: bool = False
    thin_chip_exponent: Share = 0.3
    heat: Positive = 1.0
    density_kg_m3: Annotated[float, msgspec.Meta(ge=50, le=25_000)] | None = None
    density_source: Text | None = None
    family: Family | None = None
    milling: MillingColumn | None = None
    burning: Positive | None = None
    cutting: CuttingEnergy | None = None

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
    family: Family
    milling: str
    burning: float
    cutting: CuttingEnergy

    @property
    def stand_ins(self) -> list[str]:
        """Return the sources that say that a value is RMOS's own choice."""
        return [text for text in (self.source, self.energy_source) if "RMOS policy" in text]

    def members(self) -> dict[str, Any]:
        """Return what `baseline_v1` may read of it: these members, whatever else there is, so that its digests stay."""
        return {name: getattr(self, name) for name in _READ_BY_BASELINE_V1}

    def milled_members(self) -> dict[str, Any]:
        """Return what `baseline_v2` may read of it."""
        read = {name: getattr(self, name) for name in ("id", "saw", "source", "family", "milling", "burning")}
        return {**read, "cutting": msgspec.structs.asdict(self.cutting)}


_READ_BY_BASELINE_V1: Final = (
    "id",
    "chart",
    "saw",
    "lower_half",
    "abraded",
    "energy_j_mm3",
    "thin_chip_exponent",
    "heat",
    "source",
    "energy_source",
)


def material_of(name: str, entry: MaterialEntry) -> Material:
    """Return the material that an entry describes."""
    by_hardness: MaterialColumn = "hardwood" if (entry.janka_lbf or 0) >= HARDWOOD_FROM_LBF else "softwood"
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
        family=entry.family or _FAMILIES[chart],
        milling=entry.milling or chart,
        burning=entry.heat if entry.burning is None else entry.burning,
        cutting=entry.cutting or _cutting_of(entry),
    )


def _cutting_of(entry: MaterialEntry) -> CuttingEnergy:
    """Return what cutting costs by the density, by the density that a hardness stands for, or by the stated energy."""
    if entry.density_kg_m3 is not None:
        return _of_density(entry.density_kg_m3, f"density: {entry.density_source or entry.source}")
    if entry.janka_lbf is not None:
        density = 1000 * math.sqrt(entry.janka_lbf / _JANKA_LBF_PER_DENSITY2)
        return _of_density(density, f"density of {density:.0f} kg/m³ reckoned from the hardness (RMOS policy)")
    # The workbook's energies were measured at thin chips; they are brought to a chip of 0.1 mm.
    thicker = (_THIN_CHIP_MM / _REFERENCE_CHIP_MM) ** entry.thin_chip_exponent
    return CuttingEnergy(
        energy_j_mm3=entry.energy_j_mm3 * thicker,
        exponent=entry.thin_chip_exponent,
        peak=PEAK_OF_WOOD,
        source=entry.energy_source,
    )


def _of_density(density_kg_m3: float, source: str) -> CuttingEnergy:
    energy = N_MM15_PER_DENSITY * density_kg_m3 / 1000 / math.sqrt(_REFERENCE_CHIP_MM) / 1000
    return CuttingEnergy(energy_j_mm3=energy, exponent=_WOOD_EXPONENT, peak=PEAK_OF_WOOD, source=source)
