"""Widths that add up: what was given stays as it was given, the centre takes the rest, and what cannot be true is said.

fit_rings(parsed, places, 20_000, tiles=True)
"""

from typing import Final

from rmos.rosette.parsed_prompt import ParsedPrompt
from rmos.rosette.presets import KIND_DEFAULTS, PresetPlace
from rmos.rosette.spec import mm_text

_LEAST: Final = 1200
"""The narrowest centre that the whole is squeezed to before bands and edges give way, micrometres."""
_LEAST_BAND: Final = 400
"""And the narrowest band."""
_TILES: Final = (4500, 7200)
"""Narrowest and widest centre of mosaic that a width of the whole leads to: 9 to 13 sticks of 0.5 to 0.6 mm."""
_THINNEST: Final = 300
_THICKEST: Final = 1200
_USUAL: Final = 500
"""Thickness of a line: of hand veneer, of what is still a line, and usual; micrometres."""
_GIVING_WAY: Final = ("gap", "band", "edge", "outer_lines", "lines", "listed")


def fit_rings(parsed: ParsedPrompt, places: list[PresetPlace], target: int | None, *, tiles: bool) -> list[PresetPlace]:
    """Return the places with widths that add up to the target; a contradiction is noted in `parsed.problems`.

    Args:
        tiles: whether a centre of mosaic is kept to the width that sticks of the trade make.
    """
    if target is None:
        return places
    flexible = _flexible(places)
    mosaics = [place for place in flexible if tiles and place.kind == "mosaic"]
    plain = bool(flexible) and all(place.role in ("band", "gap") for place in flexible)
    given_way = False
    least = max([_LEAST_BAND if plain else _LEAST, *(_tile_widths(place)[0] for place in mosaics)])
    while True:
        rest = target - sum(place.width for place in places if place not in flexible)
        if flexible and rest >= least * len(flexible):
            break
        loose = [place for place in places if place not in flexible and place.mention is None]
        if not loose:
            return _fit_tightly(parsed, places, flexible, target)
        given_way = True
        role = min((place.role for place in loose), key=_GIVING_WAY.index)
        places = [place for place in places if place in flexible or place.role != role or place.mention is not None]
        parsed.assumptions.append(
            f"{role.replace('_', ' ')} rings left out: there is no room for them in {mm_text(target)} mm"
        )
    if tiles or given_way:
        places, saved = _part_lines(places)
        rest += saved
    share_width(flexible, rest)
    if tiles:
        _relieve_mosaic(places)
    return _fit_lines(parsed, places, target) if _are_lines(flexible) else places


def _flexible(places: list[PresetPlace]) -> list[PresetPlace]:
    """Return the rings that take the rest of the width: the centre, else bands and gaps, else what was not given."""
    open_rings = [place for place in places if not place.gives("width")]
    return (
        [place for place in open_rings if place.role == "centre"]
        or [place for place in open_rings if place.role in ("band", "gap")]
        or [place for place in open_rings if place.kind != "lines"]
        or _open_lines(places)
    )


def _open_lines(places: list[PresetPlace]) -> list[PresetPlace]:
    """Return all stacks of lines that nothing was said of, else those of which the thickness is open."""
    lines = [place for place in places if not place.gives("width") and not place.gives("line")]
    return [place for place in lines if place.mention is None] or lines


def _fit_lines(parsed: ParsedPrompt, places: list[PresetPlace], target: int) -> list[PresetPlace]:
    """Leave lines that were squeezed as many as are thick enough; put plain bands outside those that grew too thick."""
    over = 0
    for place in (place for place in places if place.kind == "lines" and place.mention is None):
        counts = range(len(place.materials), 0, -2)
        count = next((size for size in counts if place.width // size >= _THINNEST), 1)
        place.materials = place.materials[:count]
        if place.width > count * _THICKEST:
            over += place.width - count * _USUAL
            place.width = count * _USUAL
    if over == 0:
        return places
    usual = KIND_DEFAULTS["band"]["materials"]
    bands = [PresetPlace(role="band", kind="band", width=0, materials=list(usual)) for _ in range(2)]
    share_width(bands, over)
    parsed.assumptions.append(
        f"plain bands of {mm_text(bands[1].width)} mm outside and inside make up {mm_text(target)} mm"
    )
    return [bands[0], *places, bands[1]]


def _are_lines(flexible: list[PresetPlace]) -> bool:
    return all(place.kind == "lines" and place.role != "centre" for place in flexible)


def share_width(flexible: list[PresetPlace], rest: int) -> None:
    """Divide a width among rings, to the micrometre."""
    for at, place in enumerate(flexible):
        place.width = rest * (at + 1) // len(flexible) - rest * at // len(flexible)


def _tile_widths(place: PresetPlace) -> tuple[int, int]:
    """Return the narrowest and the widest that a mosaic can be with sticks of the trade."""
    rows = place.mention.numbers.get("rows") if place.mention else None
    return (rows * 410, rows * 600) if rows else _TILES


def _part_lines(places: list[PresetPlace]) -> tuple[list[PresetPlace], int]:
    """Return the rings without a stack of lines beside an equal one, where a band was left out; and its width."""
    parted: list[PresetPlace] = []
    saved = 0
    for place in places:
        before = parted[-1] if parted else None
        if before is not None and before.kind == place.kind == "lines" and before.materials == place.materials:
            # The wider one stays, so that both sides of the centre stay alike.
            saved += min(before.width, place.width)
            parted[-1] = max(before, place, key=lambda stack: stack.width)
        else:
            parted.append(place)
    return parted, saved


def _relieve_mosaic(places: list[PresetPlace]) -> None:
    """Give what a centre of mosaic has too much to the bands beside it: thick sticks open at the outer rim."""
    bands = [place for place in places if place.role == "band" and place.mention is None]
    for place in places:
        over = place.width - _tile_widths(place)[1]
        if bands and over > 0 and place.kind == "mosaic" and place.role == "centre" and not place.gives("width"):
            place.width -= over
            share_width(bands, sum(band.width for band in bands) + over)


def _fit_tightly(
    parsed: ParsedPrompt, places: list[PresetPlace], flexible: list[PresetPlace], target: int
) -> list[PresetPlace]:
    total = sum(place.width for place in places)
    rest = target - sum(place.width for place in places if place not in flexible)
    if flexible and rest >= 100 * len(flexible):
        share_width(flexible, rest)
        return _fit_lines(parsed, places, target) if _are_lines(flexible) else places
    if total != target:
        parsed.problems.append(
            f"the rings that were given need {mm_text(total)} mm, the rosette is to be {mm_text(target)} mm wide;"
            " change one of them"
        )
    return places
