"""From wishes to rings: a whole rosette to start from, the wished rings in its places, and the widths that add up.

    compose(read(tokens("rope pattern, ebony and padauk, 6 mm band")))

What was given is never changed to make it fit: when numbers cannot all be true, that is a problem to be said.
"""

import tomllib
from importlib.resources import files
from typing import Any, Final

import msgspec

from rmos.rosette.fixed import circumference
from rmos.rosette.materials import MATERIALS
from rmos.rosette.spec import MOST_STRAND, Constraints, Ring, RosetteSpec, mm_text
from rmos.rosette.tones import retoned
from rmos.rosette.wishes import Mention, Wishes
from rmos.rosette.wording import KIND_WORDS


class Place(msgspec.Struct, kw_only=True):
    """A ring of a preset, and what a prompt may do with it."""

    role: str
    kind: str
    width: int
    materials: list[str]
    motif: str | None = None
    tile_count: int | None = None
    mention: Mention | None = None


_DATA: Final[dict[str, Any]] = tomllib.loads(files(__package__).joinpath("presets.toml").read_text(encoding="utf-8"))
INSTRUMENTS: Final[dict[str, dict[str, Any]]] = _DATA["instruments"]
KIND_DEFAULTS: Final[dict[str, dict[str, Any]]] = _DATA["kinds"]
PRESETS: Final = tuple(name for name in _DATA if name not in ("instruments", "kinds"))

_LEAST: Final = 1200
"""The narrowest centre that the whole is squeezed to before bands and edges give way, micrometres."""
_LINE: Final = 500
_EDGE_GAP: Final = 3000


def compose(wishes: Wishes) -> RosetteSpec | None:
    """Return the rosette, or None with the reasons in `wishes.problems`."""
    preset = _preset(wishes)
    instrument = _instrument(wishes, preset)
    places = [msgspec.convert(entry, Place) for entry in _DATA[preset]["rings"]]
    _fill(wishes, places)
    target = wishes.said.get("width") or _usual_width(wishes, preset, places)
    places = _fit(wishes, places, target, instrument)
    for place in places:
        strand = place.mention.said.get("strand", 0) if place.mention else 0
        if strand * 100 > place.width * MOST_STRAND:
            wishes.problems.append(
                f"strands or dots of {mm_text(strand)} mm do not fit in a ring of {mm_text(place.width)} mm; change one"
            )
    if wishes.problems or not places:
        return None
    rings = tuple(_ring(wishes, place) for place in places)
    return _spec(wishes, instrument, rings)


def _preset(wishes: Wishes) -> str:
    if wishes.preset:
        return wishes.preset
    kinds = {mention.kind for mention in wishes.mentions}
    if kinds == {"lines"} and "ring" in wishes.words:
        return "parlor_simple"
    if wishes.said.get("rings") == 3:
        return "martin_45" if kinds - {"lines", None} else "martin_28"
    if wishes.instrument and wishes.instrument != "classical":
        return "steel"
    patterned = [mention for mention in wishes.mentions if mention.kind != "lines"]
    if wishes.instrument == "classical" or not patterned or wishes.said.get("width", 0) >= 15_000:
        if not wishes.mentions:
            wishes.assumptions.append("no pattern was named: a classical rosette of mosaic tiles")
        return "classical"
    return "steel"


def _instrument(wishes: Wishes, preset: str) -> str:
    if wishes.instrument:
        return wishes.instrument
    hole = wishes.said.get("hole")
    if wishes.preset or preset.startswith("martin") or preset == "classical":
        found: str = _DATA[preset]["instrument"]
    elif hole is not None and hole > 90_000:
        found = "custom"
    else:
        found = "classical"
    wishes.assumptions.append(f"instrument: {found} (none was named)")
    return found


# The wished rings in their places


def _fill(wishes: Wishes, places: list[Place]) -> None:
    for mention in wishes.mentions:
        if mention.kind is None:
            mention.kind = _kind_of(wishes, places, mention)
            wishes.assumptions.append(f"{_names(mention)}: taken for a {KIND_WORDS[mention.kind]}")
        if mention.kind in ("band", "solid") and len(mention.materials) > 1:
            for name in mention.materials[1:]:
                wishes.miss(f"{MATERIALS[name].name} (a {KIND_WORDS[mention.kind]} is of one material)")
            mention.materials = mention.materials[:1]
    lines = [mention for mention in wishes.mentions if mention.kind == "lines"]
    rings = [mention for mention in wishes.mentions if mention.kind != "lines"]
    centre = next((m for m in rings if m.role == "centre"), None) or next((m for m in rings if m.role is None), None)
    edge = next((m for m in rings if m.role == "edge"), None) or next((m for m in rings if m is not centre), None)
    if centre is not None:
        for place in places:
            if place.role == "centre":
                _take(place, centre, "centre")
    if edge is not None:
        _put_edges(places, edge)
    for mention in lines:
        _put_lines(places, mention)
    for mention in rings:
        if mention is not centre and mention is not edge:
            wishes.miss(f"{KIND_WORDS[mention.kind or 'band']} (the rosette has a centre and edges only)")
    _leave_out(wishes, places)


def _kind_of(wishes: Wishes, places: list[Place], mention: Mention) -> str:
    """Return what a ring of bare materials is: as plain as the preset, else shell, solid, or wedges of several."""
    materials = mention.materials
    plain = next((place.kind for place in places if place.role == "centre" and place.kind in ("band", "solid")), None)
    if wishes.preset and plain and len(materials) == 1:
        return plain
    if materials and MATERIALS[materials[0]].shell:
        return "shell"
    return "solid" if len(materials) <= 1 else "wedges"


def _names(mention: Mention) -> str:
    return " and ".join(MATERIALS[name].name for name in mention.materials) or "the centre"


def _take(place: Place, mention: Mention, size: str) -> None:
    usual = KIND_DEFAULTS[mention.kind or "band"]
    same = place.kind == mention.kind
    place.kind, place.mention = mention.kind or "band", mention
    if not same:
        place.materials, place.motif, place.tile_count = list(usual["materials"]), None, None
        place.width = usual[size]
    # A strand or dot that was given has room beside it, unless the width was given too.
    place.width = mention.said.get("width", max(place.width, mention.said.get("strand", 0) * 17 // 10))
    if mention.materials:
        place.materials = _complete(place, mention)


def _complete(place: Place, mention: Mention) -> list[str]:
    """Return the materials with a ground when a pattern needs two and one was named."""
    if place.kind == "mosaic" and not mention.layered:
        # The ground of a tile is its lightest wood, whatever was named first.
        return sorted(mention.materials, key=lambda name: MATERIALS[name].tone != "light")
    needs_two = place.kind not in ("lines", "band", "solid", "wedges", "shell")
    if not needs_two or len(mention.materials) > 1:
        return list(mention.materials)
    figure = mention.materials[0]
    ground = next(
        (name for name in ("ebony", "maple", "walnut") if MATERIALS[name].tone != MATERIALS[figure].tone), "ebony"
    )
    return [figure, ground]


def _put_edges(places: list[Place], edge: Mention) -> None:
    hosts = [place for place in places if place.role == "edge"] or [place for place in places if place.role == "band"]
    if hosts:
        for place in hosts:
            place.role = "edge"
            _take(place, edge, "edge")
        return
    for at in (len(places), 0):
        ring = Place(role="edge", kind="gap", width=0, materials=[])
        _take(ring, edge, "edge")
        line = Place(role="lines", kind="lines", width=1500, materials=list(KIND_DEFAULTS["lines"]["materials"]))
        places[at:at] = [ring, line] if at else [line, ring]


def _put_lines(places: list[Place], mention: Mention) -> None:
    hosts = [place for place in places if place.role == "lines"] or [place for place in places if place.kind == "lines"]
    if not hosts:
        stack = list(KIND_DEFAULTS["lines"]["materials"])
        for at in (len(places), 0):
            hosts.append(Place(role="lines", kind="lines", width=1500, materials=list(stack)))
            places.insert(at, hosts[-1])
    for place in hosts:
        count = mention.said.get("lines")
        materials = list(mention.materials) or place.materials
        if count:
            colours = list(dict.fromkeys(materials))
            materials = [colours[k % len(colours)] for k in range(count)]
        elif len(materials) == 2 and not mention.layered:
            materials = [*materials, materials[0]]
        thick = mention.said.get("line") or (_LINE if mention.materials or count else place.width // len(materials))
        if place.role == "centre" and not mention.said:
            thick = max(thick, place.width // max(len(materials), 1))
        place.materials, place.width, place.mention = materials, thick * len(materials), mention
        if "width" in mention.said:
            place.width = mention.said["width"]


def _leave_out(wishes: Wishes, places: list[Place]) -> None:
    """Drop or replace what the prompt does without."""
    shell = "shell" in wishes.without or wishes.all_wood
    gone = {name for name in wishes.without if name in MATERIALS}
    gone |= {name for name, material in MATERIALS.items() if shell and material.shell}
    for place in list(places):
        if place.kind in wishes.without and place.kind != "shell":
            if place.role == "centre":
                place.kind, place.materials, place.mention = "solid", list(KIND_DEFAULTS["solid"]["materials"]), None
            else:
                places.remove(place)
                continue
        if place.kind == "shell" and gone & set(place.materials):
            place.kind = "band"
        place.materials = [
            retoned(name, gone, tone=wishes.tone, all_wood=wishes.all_wood, keep=_kept(place, name))
            for name in place.materials
        ]


def _kept(place: Place, name: str) -> bool:
    return place.mention is not None and name in place.mention.materials


# Widths


def _usual_width(wishes: Wishes, preset: str, places: list[Place]) -> int | None:
    """Return the width of the preset when the centre may take the rest of it."""
    width: int | None = _DATA[preset].get("width")
    fixed = any(place.mention is not None and "width" in place.mention.said for place in places)
    return None if fixed else width


def _fit(wishes: Wishes, places: list[Place], target: int | None, instrument: str) -> list[Place]:
    _square_checkers(wishes, places, target, instrument)
    if target is None:
        return places
    flexible = [place for place in places if place.role == "centre" and not _has(place, "width")]
    flexible = flexible or [place for place in places if place.role in ("band", "gap")]
    flexible = flexible or [place for place in places if place.kind != "lines" and not _has(place, "width")]
    if not flexible:
        flexible = [place for place in places if not _has(place, "width") and not _has(place, "line")][:1]
    while True:
        rest = target - sum(place.width for place in places if place not in flexible)
        if flexible and rest >= _LEAST * len(flexible):
            break
        loose = [place for place in places if place not in flexible and place.mention is None]
        if not loose:
            return _last_resort(wishes, places, flexible, target)
        loose.sort(key=lambda place: ("gap", "band", "edge", "outer_lines", "lines").index(place.role))
        role = loose[0].role
        places = [
            place for place in places if place not in flexible and place.role == role and place.mention is None
        ] and [place for place in places if place in flexible or place.role != role or place.mention is not None]
        wishes.assumptions.append(
            f"{role.replace('_', ' ')} rings left out: there is no room for them in {mm_text(target)} mm"
        )
    _share(flexible, rest)
    return places


def _share(flexible: list[Place], rest: int) -> None:
    for at, place in enumerate(flexible):
        place.width = rest * (at + 1) // len(flexible) - rest * at // len(flexible)


def _last_resort(wishes: Wishes, places: list[Place], flexible: list[Place], target: int) -> list[Place]:
    total = sum(place.width for place in places)
    rest = target - sum(place.width for place in places if place not in flexible)
    if flexible and rest >= 100 * len(flexible):
        _share(flexible, rest)
    elif total != target:
        wishes.problems.append(
            f"the rings that were given need {mm_text(total)} mm, the rosette is to be {mm_text(target)} mm wide;"
            " change one of them"
        )
    return places


def _square_checkers(wishes: Wishes, places: list[Place], target: int | None, instrument: str) -> None:
    """Make a checkerboard of a given number of tiles two rows of squares wide, when nothing else says how wide."""
    for place in places:
        count = place.mention.said.get("tile_count") if place.mention else None
        if place.kind == "checkerboard" and count and target is None and not _has(place, "width"):
            hole = wishes.said.get("hole", INSTRUMENTS[instrument]["soundhole"])
            side = circumference(hole // 2 + _EDGE_GAP + 6000) // count
            place.width = min(max(2 * side, 3000), 12_000)


def _has(place: Place, name: str) -> bool:
    return place.mention is not None and name in place.mention.said


# The spec


def _ring(wishes: Wishes, place: Place) -> Ring:
    mention = place.mention or Mention()
    said = mention.said
    given: list[str] = [name for name in ("width", "tile_count", "tile_length", "rows", "strand") if name in said]
    given += [name for name, value in (("materials", mention.materials), ("motif", mention.motif)) if value]
    given += [name for name, value in (("kind", mention.kind), ("order", mention.layered)) if value]
    given += [name for name, value in (("symmetry", mention.symmetry), ("lines", said.get("lines"))) if value]
    if "line" in said and "width" not in given:
        given.append("width")
    return Ring(
        kind=place.kind,  # type: ignore[arg-type]
        width=place.width,
        materials=tuple(place.materials),
        tile_count=said.get("tile_count", place.tile_count),
        tile_length=said.get("tile_length"),
        rows=said.get("rows"),
        strand=said.get("strand"),
        motif=mention.motif or place.motif,
        symmetry=mention.symmetry,  # type: ignore[arg-type]
        given=tuple(given),
    )


def _spec(wishes: Wishes, instrument: str, rings: tuple[Ring, ...]) -> RosetteSpec:
    sizes, said = INSTRUMENTS[instrument], wishes.said
    # Half the top stays below the channel, whatever top was given.
    depth = min(sizes["channel_depth"], said.get("top_thickness", sizes["top_thickness"]) // 2)
    for name, value, what in (
        ("hole", sizes["soundhole"], f"soundhole {mm_text(sizes['soundhole'])} mm, usual for this instrument"),
        ("gap", _EDGE_GAP, f"{mm_text(_EDGE_GAP)} mm between the hole and the first ring"),
        ("depth", depth, f"channel {mm_text(depth)} mm deep"),
        ("top_thickness", sizes["top_thickness"], f"top {mm_text(sizes['top_thickness'])} mm thick"),
    ):
        if name not in said:
            said = {**said, name: value}
            wishes.assumptions.append(what)
    return RosetteSpec(
        instrument=instrument,  # type: ignore[arg-type]
        soundhole_diameter=said["hole"],
        edge_gap=said["gap"],
        channel_depth=said["depth"],
        top_thickness=said["top_thickness"],
        top=wishes.top or "spruce",
        rings=rings,
        constraints=Constraints(tool_diameter=said.get("cutter")),
        given=tuple(sorted({*wishes.said, *(["instrument"] if wishes.instrument else [])})),
    )
