"""From a parsed prompt to rings: a whole rosette, what is asked for in its places, and the widths that add up.

    compose(read(tokens("rope pattern, ebony and padauk, 6 mm band")))

What was given is never changed to make it fit: when numbers cannot all be true, that is a problem to be said.
"""

from typing import Final

from rmos.fixed import circumference, divide
from rmos.rosette.fitting import fit_rings
from rmos.rosette.listed_rings import is_listed, list_rings
from rmos.rosette.parsed_prompt import MOST, Mention, ParsedPrompt
from rmos.rosette.placing import is_tiled, leave_out, name_kinds, place_rings, say_unasked
from rmos.rosette.presets import INSTRUMENTS, PRESETS, PresetPlace, preset_instrument, preset_places, preset_width
from rmos.rosette.spec import MOST_STRAND, Constraints, Ring, RosetteSpec, mm_text, stamp_version

MOSAIC: Final = "_mosaic"
"""Ending of the presets that are for a centre of mosaic tiles."""
_TILED: Final = ("santos", "fleta", "bouchet")
"""Presets whose centre is a mosaic."""
STRIP: Final = 600
"""Thickness of the veneer that herringbone is glued from when nothing was said, micrometres."""
WIDEST: Final = 28_000
"""Torres 1852: 27 to 28 mm; wider has no example, and is drawn with the centre as wide as it gets."""
_EDGE_GAP: Final = 3000
"""Between the soundhole and the first ring when nothing was said, micrometres."""
STRIPPED: Final = ("herringbone", "half_herringbone")


def compose(parsed: ParsedPrompt) -> RosetteSpec | None:
    """Return the rosette, or None with the reasons in `parsed.problems`."""
    if "ring" in parsed.without:
        parsed.problems.append("a rosette without rings leaves nothing to draw; say which rings it has")
        return None
    preset = _with_mosaic(parsed, _preset(parsed))
    instrument = _instrument(parsed, preset)
    places = preset_places(preset)
    name_kinds(parsed, places)
    listed = is_listed(parsed)
    if listed:
        places = list_rings(parsed)
    else:
        place_rings(parsed, places)
    edges = leave_out(parsed, places)
    target = parsed.numbers.get("width") or (None if listed else _usual_width(preset, places, edges))
    _square_tiles(parsed, places, target, instrument)
    places = fit_rings(parsed, places, target, tiles=preset.endswith(MOSAIC) or preset in _TILED)
    if parsed.mentions:
        say_unasked(parsed, places, is_listed=listed)
    _check_widths(parsed, places)
    if parsed.problems:
        return None
    rings = tuple(_ring(parsed, place) for place in places)
    return stamp_version(_spec(parsed, instrument, rings))


def _preset(parsed: ParsedPrompt) -> str:
    if parsed.preset:
        return parsed.preset
    kinds = {mention.kind for mention in parsed.mentions}
    if kinds == {"lines"} and parsed.words & {"ring", "only"}:
        return "parlor_simple"
    if parsed.numbers.get("rings") == 3:
        return "martin_45" if kinds - {"lines", None} else "martin_28"
    if parsed.instrument and parsed.instrument != "classical":
        return "steel"
    patterned = [mention for mention in parsed.mentions if mention.kind not in ("lines", "gap")]
    width = parsed.numbers.get("width", 0)
    if parsed.instrument == "classical" or not patterned or width >= 15_000:
        if not patterned:
            parsed.assumptions.append("no pattern was named: a classical rosette of mosaic tiles")
        return "classical"
    return "steel"


def _with_mosaic(parsed: ParsedPrompt, preset: str) -> str:
    """Return the preset for a centre of mosaic when it has one and that is what the centre will be."""
    rings = [mention for mention in parsed.mentions if mention.kind not in ("lines", "gap") and mention.role != "edge"]
    centre = next((mention for mention in rings if mention.role == "centre"), rings[0] if rings else None)
    usual = parsed.numbers.get("width", 0) <= WIDEST and preset + MOSAIC in PRESETS
    return (
        preset + MOSAIC if usual and (centre is None or centre.kind == "mosaic" or is_tiled(parsed, centre)) else preset
    )


def _instrument(parsed: ParsedPrompt, preset: str) -> str:
    if parsed.instrument:
        return parsed.instrument
    hole = parsed.numbers.get("hole")
    if parsed.preset or preset.startswith(("martin", "classical")):
        found = preset_instrument(preset)
    elif hole is not None and hole > 90_000:
        found = "custom"
    else:
        found = "classical"
    why = "usual for this style" if parsed.preset else "none was named"
    parsed.assumptions.append(f"instrument: {found} ({why})")
    return found


def _usual_width(preset: str, places: list[PresetPlace], left_out: int) -> int | None:
    """Return the width of the preset, less what was left out, when the centre may take the rest of it."""
    width = preset_width(preset)
    return None if width is None or any(place.gives("width") for place in places) else width - left_out


def _square_tiles(parsed: ParsedPrompt, places: list[PresetPlace], target: int | None, instrument: str) -> None:
    """Make a checkerboard as wide as whole squares are, when nothing else says how wide: two of a given number."""
    for place in places:
        numbers = place.mention.numbers if place.mention else {}
        count, square = numbers.get("tile_count"), numbers.get("square")
        if place.kind != "checkerboard" or target is not None or place.gives("width"):
            continue
        if square:
            place.width = max(divide(place.width, square), 2) * square
        elif count:
            hole = parsed.numbers.get("hole", INSTRUMENTS[instrument]["soundhole"])
            side = circumference(hole // 2 + _EDGE_GAP + 6000) // count
            place.width = min(max(2 * side, 3000), 12_000)


def _check_widths(parsed: ParsedPrompt, places: list[PresetPlace]) -> None:
    """Note what does not fit: strands wider than their ring, no ring at all, a width that is not kept."""
    if not places and not parsed.problems:
        parsed.problems.append("nothing would be left of the rosette; say which rings it has")
    total, target = sum(place.width for place in places), parsed.numbers.get("width")
    if target is not None and total != target and not parsed.problems:
        parsed.problems.append(
            f"the rings need {mm_text(total)} mm, the rosette is to be {mm_text(target)} mm wide; change one of them"
        )
    for place in places:
        strand = place.mention.numbers.get("strand", 0) if place.mention else 0
        if strand * 100 > place.width * MOST_STRAND:
            parsed.problems.append(
                f"strands or dots of {mm_text(strand)} mm do not fit in a ring of {mm_text(place.width)} mm; change one"
            )


# The spec


def _ring(parsed: ParsedPrompt, place: PresetPlace) -> Ring:
    mention = place.mention or Mention()
    numbers = mention.numbers
    given: list[str] = [name for name in ("width", "tile_count", "tile_length", "rows", "strand") if name in numbers]
    given += [name for name, value in (("materials", mention.materials), ("motif", mention.motif)) if value]
    given += [name for name, value in (("kind", mention.kind), ("order", mention.layered)) if value]
    given += [name for name, value in (("symmetry", mention.symmetry), ("lines", numbers.get("lines"))) if value]
    if "line" in numbers and "width" not in given:
        given.append("width")
    given += [name for name in ("strip", "slant") if name in numbers]
    if "square" in numbers and "rows" not in given:
        given.append("rows")
    return Ring(
        kind=place.kind,  # type: ignore[arg-type]
        width=place.width,
        materials=tuple(place.materials),
        tile_count=numbers.get("tile_count", place.tile_count),
        tile_length=numbers.get("tile_length"),
        rows=_rows(parsed, place, numbers),
        strand=numbers.get("strand"),
        strip=_strip(parsed, place, numbers),
        slant=numbers.get("slant"),
        motif=mention.motif or place.motif,
        symmetry=mention.symmetry,  # type: ignore[arg-type]
        given=tuple(given),
    )


def _rows(parsed: ParsedPrompt, place: PresetPlace, numbers: dict[str, int]) -> int | None:
    """Return how many rows were asked for, or follow from the size of the squares."""
    square = numbers.get("square")
    if square is None or "rows" in numbers:
        return numbers.get("rows")
    rows = min(max(divide(place.width, square), 2), MOST["rows"])
    size = divide(place.width, rows)
    if size != square:
        parsed.assumptions.append(
            f"squares of {mm_text(square)} mm do not fill {mm_text(place.width)} mm: {rows} rows of {mm_text(size)} mm"
        )
    return rows


def _strip(parsed: ParsedPrompt, place: PresetPlace, numbers: dict[str, int]) -> int | None:
    """Return the veneer of a herringbone, unless the number or length of its repeats was given instead."""
    if place.kind not in STRIPPED:
        return None
    if "tile_count" in numbers or "tile_length" in numbers:
        if "strip" in numbers:
            parsed.miss(f"strips of {mm_text(numbers['strip'])} mm", "their number or length was given, which decides")
        return None
    return numbers.get("strip", STRIP)


def _spec(parsed: ParsedPrompt, instrument: str, rings: tuple[Ring, ...]) -> RosetteSpec:
    sizes, numbers = INSTRUMENTS[instrument], parsed.numbers
    # Half the top stays below the channel, whatever top was given.
    depth = min(sizes["channel_depth"], numbers.get("top_thickness", sizes["top_thickness"]) // 2)
    for name, value, what in (
        ("hole", sizes["soundhole"], f"soundhole {mm_text(sizes['soundhole'])} mm, usual for this instrument"),
        ("gap", _EDGE_GAP, f"{mm_text(_EDGE_GAP)} mm between the hole and the first ring"),
        ("depth", depth, f"channel {mm_text(depth)} mm deep"),
        ("top_thickness", sizes["top_thickness"], f"top {mm_text(sizes['top_thickness'])} mm thick"),
    ):
        if name not in numbers:
            numbers = {**numbers, name: value}
            parsed.assumptions.append(what)
    return RosetteSpec(
        instrument=instrument,  # type: ignore[arg-type]
        soundhole_diameter=numbers["hole"],
        edge_gap=numbers["gap"],
        channel_depth=numbers["depth"],
        top_thickness=numbers["top_thickness"],
        top=parsed.top or "spruce",
        rings=rings,
        constraints=Constraints(tool_diameter=numbers.get("cutter")),
        given=tuple(sorted({*parsed.numbers, *(["instrument"] if parsed.instrument else [])})),
    )
