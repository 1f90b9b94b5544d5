"""The rosette as it is to be made: frozen, versioned, in integer micrometres; millimetres only at the edge.

    spec = decode_spec({"soundhole_diameter_mm": 86, "rings": [{"kind": "rope", "width_mm": 6, "materials": ["koa"]}]})
    spec.rings[0].width            # 6000
    encode_spec(spec)              # the same in millimetres again

Rings are listed from the soundhole outwards. `given` names what the luthier said: a seed never varies it. Limits here
are what can be drawn in bounded time; whether it can be cut is another question (`manufacture`).
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, get_args

import msgspec
from msgspec import Meta

from rmos import digest
from rmos.errors.request import ValidationFailed
from rmos.rosette.materials import MATERIALS
from rmos.rosette.seeded import FIRST_VERSION, GENERATOR_ID, GENERATOR_VERSION

SPEC_SCHEMA: Final = "rmos.rosette/1"

Kind = Literal[
    "gap", "lines", "band", "solid", "mosaic", "herringbone", "half_herringbone", "wheat", "rope", "braid",
    "checkerboard", "diamond", "greek_key", "celtic", "wheel", "wedges", "dots", "wave", "shell",
]  # fmt: skip
KINDS: Final[tuple[str, ...]] = get_args(Kind)
Symmetry = Literal["slip", "book", "inversion", "book_inversion"]
Instrument = Literal["classical", "om", "dreadnought", "parlor", "custom"]

Length = Annotated[int, Meta(ge=50, le=100_000)]
MaterialName = Annotated[str, Meta(max_length=40)]
Count = Annotated[int, Meta(ge=1, le=2000)]
MAX_OUTER: Final = 250_000
"""Largest outer radius that is drawn, micrometres: no instrument has a top that takes more."""
MOST_STRAND: Final = 80
"""Per cent of a ring's width that a strand or a dot may take."""
MAX_PIECES: Final = 12_000
"""Most tiles of all rings together: bounds the work of drawing."""

_LENGTHS: Final = frozenset(
    {"soundhole_diameter", "edge_gap", "channel_depth", "top_thickness", "width", "tile_length", "strand", "strip"}
    | {"tool_diameter", "min_strip"}
)


class Ring(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One ring: its kind, its width and what it is made of; a member that is None is decided when it is drawn."""

    kind: Kind
    width: Length
    materials: Annotated[tuple[MaterialName, ...], Meta(max_length=16)] = ()
    tile_count: Count | None = None
    tile_length: Length | None = None
    rows: Annotated[int, Meta(ge=1, le=24)] | None = None
    slant: Annotated[int, Meta(ge=20, le=70)] | None = None
    symmetry: Symmetry | None = None
    mirror_at_seam: bool = False
    bitmap: Annotated[tuple[Annotated[str, Meta(pattern="^[0-9]{1,24}$")], ...], Meta(max_length=24)] | None = None
    motif: Annotated[str, Meta(max_length=24)] | None = None
    strand: Length | None = None
    strip: Length | None = None
    """Of herringbone: the veneer that it is glued from. Without it the strips are as wide as the ring suggests."""
    phase: Annotated[int, Meta(ge=0, le=999)] = 0
    given: tuple[Annotated[str, Meta(max_length=24)], ...] = ()


class Constraints(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the shop has: the cutter's diameter and the thinnest strip it can make."""

    tool_diameter: Length | None = None
    min_strip: Length = 300


class Generator(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which generator draws this spec: the first version that can, so that what it drew before keeps its digest."""

    id: Literal["rmos_rosette"] = GENERATOR_ID
    version: Literal["1.0.0", "1.1.0"] = FIRST_VERSION


class RosetteSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole rosette, from the soundhole outwards."""

    schema: Literal["rmos.rosette/1"] = SPEC_SCHEMA
    instrument: Instrument = "custom"
    soundhole_diameter: Annotated[int, Meta(ge=20_000, le=200_000)]
    edge_gap: Annotated[int, Meta(ge=0, le=50_000)] = 3000
    channel_depth: Annotated[int, Meta(ge=50, le=20_000)] = 1500
    top_thickness: Annotated[int, Meta(ge=500, le=20_000)] = 2500
    top: MaterialName = "spruce"
    rings: Annotated[tuple[Ring, ...], Meta(min_length=1, max_length=40)]
    palette: Annotated[dict[MaterialName, Annotated[str, Meta(pattern="^#[0-9a-f]{6}$")]], Meta(max_length=40)] = {}
    constraints: Constraints = Constraints()
    generator: Generator = Generator()
    seed: Annotated[int, Meta(ge=0, le=2**53 - 1)] = 0
    given: tuple[Annotated[str, Meta(max_length=24)], ...] = ()

    @property
    def inner_radius(self) -> int:
        """Where the first ring begins, micrometres from the centre of the soundhole."""
        return self.soundhole_diameter // 2 + self.edge_gap

    @property
    def width(self) -> int:
        """All rings together, micrometres."""
        return sum(ring.width for ring in self.rings)

    @property
    def outer_radius(self) -> int:
        """Where the last ring ends, micrometres."""
        return self.inner_radius + self.width

    def placed(self) -> list[tuple[Ring, int, int]]:
        """Return the rings with their inner and outer radii, micrometres."""
        radius, placed = self.inner_radius, []
        for ring in self.rings:
            placed.append((ring, radius, radius + ring.width))
            radius += ring.width
        return placed


def needed_version(spec: RosetteSpec) -> Literal["1.0.0", "1.1.0"]:
    """Return the first version of the generator that knows all that the spec asks for."""
    names = {spec.top, *spec.palette, *(name for ring in spec.rings for name in ring.materials)}
    newer = any(name in MATERIALS and MATERIALS[name].since > FIRST_VERSION for name in names)
    return GENERATOR_VERSION if newer or any(ring.strip is not None for ring in spec.rings) else FIRST_VERSION


def stamp_version(spec: RosetteSpec) -> RosetteSpec:
    """Return the spec with the version that it needs, or the later one that it names already."""
    needed = needed_version(spec)
    if needed <= spec.generator.version:
        return spec
    return msgspec.structs.replace(spec, generator=Generator(version=needed))


def validate_spec(spec: RosetteSpec) -> RosetteSpec:
    """Return the spec when it can be drawn.

    Raises:
        ValidationFailed: naming each member that cannot be used, and why.
    """
    errors: dict[str, list[str]] = {}
    if spec.outer_radius > MAX_OUTER:
        errors["rings"] = [f"the rosette reaches {spec.outer_radius / 1000:g} mm from the centre; 250 mm is the most"]
    if sum(ring.tile_count or 1 for ring in spec.rings) > MAX_PIECES:
        errors["rings"] = [f"the rings have more than {MAX_PIECES} tiles together"]
    if needed_version(spec) > spec.generator.version:
        errors["generator"] = [
            f"version {spec.generator.version} cannot draw this; leave it out or say {GENERATOR_VERSION}"
        ]
    for at, ring in enumerate(spec.rings):
        errors.update(_ring_errors(f"rings[{at}]", ring))
    names = [("top", spec.top), *(("palette", name) for name in spec.palette)]
    for field, name in names:
        if name not in MATERIALS:
            errors.setdefault(field, []).append(_describe_unknown(name))
    if errors:
        raise ValidationFailed("The rosette cannot be drawn as it stands.", errors=errors)
    return spec


def _ring_errors(where: str, ring: Ring) -> dict[str, list[str]]:
    errors = {}
    unknown = [name for name in ring.materials if name not in MATERIALS]
    if unknown:
        errors[f"{where}.materials"] = [_describe_unknown(name) for name in unknown]
    if ring.kind != "gap" and not ring.materials:
        errors[f"{where}.materials"] = ["a ring needs at least one material"]
    least = least_tiles(ring.kind)
    if ring.tile_count is not None and ring.tile_count < least:
        errors[f"{where}.tile_count"] = [f"a ring of {ring.kind.replace('_', ' ')} has at least {least} tiles"]
    if ring.strand is not None and ring.strand * 100 > ring.width * MOST_STRAND:
        errors[f"{where}.strand"] = [f"a strand or dot takes at most {MOST_STRAND} % of the ring's width"]
    if ring.strip is not None and ring.kind not in ("herringbone", "half_herringbone"):
        errors[f"{where}.strip"] = ["only herringbone is glued from strips of veneer"]
    if ring.bitmap is not None:
        if not ring.bitmap or len({len(row) for row in ring.bitmap}) != 1:
            errors[f"{where}.bitmap"] = ["all rows of a bitmap have the same number of sticks"]
        elif max(int(sign) for row in ring.bitmap for sign in row) >= len(ring.materials):
            errors[f"{where}.bitmap"] = ["a digit points beyond the list of materials, which begins at 0"]
    return errors


def least_tiles(kind: str) -> int:
    """Return how few tiles a ring can have: slanted and curved ones must be short beside the ring's curve."""
    return 3 if kind in ("wedges", "wheel", "shell", "mosaic", "checkerboard") else 12


def _describe_unknown(name: str) -> str:
    shown = name if name.isascii() and name.isprintable() else "this name"
    return f"{shown} is no known material; known are {', '.join(MATERIALS)}"


def decode_spec(document: object) -> RosetteSpec:
    """Return the spec that a JSON document in millimetres describes.

    Raises:
        ValidationFailed: for unknown members, wrong types, lengths finer than a micrometre, numbers out of range.
    """
    try:
        spec = msgspec.convert(_to_um(document), RosetteSpec, strict=True)
    except msgspec.ValidationError as error:
        raise ValidationFailed("The specification cannot be read.", errors={"spec": [str(error)]}) from None
    named = isinstance(document, Mapping) and "generator" in document
    return validate_spec(spec if named else stamp_version(spec))


def encode_spec(spec: RosetteSpec) -> dict[str, Any]:
    """Return the spec as JSON members with lengths in millimetres, named `…_mm`."""
    members: dict[str, Any] = _to_mm(msgspec.to_builtins(spec))
    return members


def spec_sha256(spec: RosetteSpec) -> str:
    """Return the digest of the spec's canonical bytes, in micrometres."""
    return digest.canonical_sha256(msgspec.to_builtins(spec))


def _to_um(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(_um_member(str(name), member) for name, member in value.items())
    return [_to_um(item) for item in value] if isinstance(value, list | tuple) else value


def _um_member(name: str, value: object) -> tuple[str, object]:
    bare = name.removesuffix("_mm")
    if name in _LENGTHS:
        raise msgspec.ValidationError(f"Lengths are in mm: write `{name}_mm` - at `$.{name}`")
    if bare == name or bare not in _LENGTHS:
        return name, _to_um(value)
    if type(value) is int:
        return bare, value * 1000
    if type(value) is float and -1e6 < value < 1e6:
        um = round(value * 1000)
        if abs(value * 1000 - um) < 1e-6:
            return bare, um
        raise msgspec.ValidationError(f"A length has at most 3 decimals of a mm - at `$.{name}`")
    if value is None:
        return bare, None
    raise msgspec.ValidationError(f"Expected a number of mm below 1e6 - at `$.{name}`")


def _to_mm(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            (f"{name}_mm" if name in _LENGTHS else name): (
                mm_number(member) if name in _LENGTHS and member is not None else _to_mm(member)
            )
            for name, member in value.items()
        }
    return [_to_mm(item) for item in value] if isinstance(value, list | tuple) else value


def mm_number(um: int) -> int | float:
    """Return micrometres as the JSON number of millimetres."""
    return um // 1000 if um % 1000 == 0 else um / 1000


def mm_text(um: int) -> str:
    """Return micrometres as millimetres with at most 3 decimals, no trailing zeros, no `-0`."""
    if um < 0:
        return f"-{-um // 1000}{_DECIMALS[-um % 1000]}"
    return f"{um // 1000}{_DECIMALS[um % 1000]}"


_DECIMALS: Final = ("", *(f".{rest:03d}".rstrip("0") for rest in range(1, 1000)))
