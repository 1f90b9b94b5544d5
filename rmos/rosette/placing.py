"""The rings that are asked for, in their places: centre, edges and lines of a preset take what the prompt names.

place_rings(parsed, preset_places("classical"))
"""

from typing import Final

from rmos.rosette.materials import MATERIALS
from rmos.rosette.parsed_prompt import Mention, ParsedPrompt
from rmos.rosette.presets import KIND_DEFAULTS, PresetPlace
from rmos.rosette.tones import replace_tone
from rmos.rosette.wording import KIND_WORDS, a_kind, join_words, names, stack_words

_LINE: Final = 500
"""Thickness of a line when only its colour or number is said, micrometres."""
_PLAIN: Final = ("lines", "band", "solid", "wedges", "shell")
"""Kinds that need no ground beside their figure."""
_GLUED: Final = ("herringbone", "half_herringbone")
"""Kinds that are glued of thin veneers."""
_GROUNDS: Final = ("ebony", "maple", "walnut")


def name_kinds(parsed: ParsedPrompt, places: list[PresetPlace]) -> None:
    """Decide what rings are of which only materials were named, and say so."""
    top = parsed.top or "spruce"
    for mention in list(parsed.mentions):
        if mention.kind is None and mention.materials == [top] and parsed.order is not None:
            mention.kind = "gap"
            parsed.assumptions.append(f"{MATERIALS[top].name}: the bare top")
        if mention.kind in parsed.without and not mention.implied:
            parsed.problems.append(f"{KIND_WORDS[mention.kind or 'band']}: asked for and ruled out; say one of them")
        if mention.kind is None:
            mention.kind = _kind_of(parsed, places, mention)
            parsed.assumptions.append(f"{_names(mention)}: taken for {a_kind(mention.kind)}")
        if mention.kind in _GLUED:
            _part_shell(parsed, mention)
        if mention.kind in ("band", "solid") and len(mention.materials) > 1:
            for name in mention.materials[1:]:
                parsed.miss(MATERIALS[name].name, f"a {KIND_WORDS[mention.kind]} is of one material")
            mention.materials = mention.materials[:1]


def _part_shell(parsed: ParsedPrompt, mention: Mention) -> None:
    """Make shell beside a pattern of glued veneers a ring of its own: there are none of it."""
    shell = [name for name in mention.materials if MATERIALS[name].shell]
    if not shell:
        return
    mention.materials = [name for name in mention.materials if name not in shell]
    parsed.mentions.append(Mention(kind="shell", materials=shell[:1]))
    words = f"{KIND_WORDS[mention.kind or 'band']} is glued of wood"
    parsed.assumptions.append(f"{MATERIALS[shell[0]].name}: a ring of its own, {words}")


def place_rings(parsed: ParsedPrompt, places: list[PresetPlace]) -> None:
    """Put the named rings into the places of a preset; what has none there is said."""
    lines = _one_stack(parsed, [mention for mention in parsed.mentions if mention.kind == "lines"])
    gaps = [mention for mention in parsed.mentions if mention.kind == "gap"]
    rings = [mention for mention in parsed.mentions if mention.kind not in ("lines", "gap")]
    centre = next((m for m in rings if m.role == "centre"), None) or next((m for m in rings if m.role is None), None)
    edge = next((m for m in rings if m.role == "edge"), None) or next((m for m in rings if m is not centre), None)
    if centre is not None:
        for place in places:
            if place.role == "centre":
                take_place(place, centre, "centre")
    if edge is not None:
        _put_edges(places, edge)
    for mention in lines:
        _put_lines(places, mention)
    for mention in gaps:
        _put_gaps(parsed, places, mention)
    for mention in rings:
        if mention is not centre and mention is not edge:
            parsed.miss(KIND_WORDS[mention.kind or "band"], "the rosette has a centre and edges only")


def conflict(one: Mention, other: Mention) -> bool:
    """Tell whether what was said of two stacks of lines cannot be true of one."""
    woods = bool(one.materials and other.materials) and one.materials != other.materials
    return woods or any(other.numbers.get(name, value) != value for name, value in one.numbers.items())


def _one_stack(parsed: ParsedPrompt, lines: list[Mention]) -> list[Mention]:
    """Return what was said of the lines in one place: what cannot be true together is missed but for the last."""
    if not lines:
        return []
    *earlier, last = lines
    for mention in earlier[::-1]:
        if conflict(mention, last):
            parsed.miss(f"{_names(mention)} lines", "one kind of lines is drawn; list the rings in order for more")
            continue
        last.numbers = {**mention.numbers, **last.numbers}
        last.materials, last.layered = last.materials or mention.materials, last.layered or mention.layered
    return [last]


def _kind_of(parsed: ParsedPrompt, places: list[PresetPlace], mention: Mention) -> str:
    """Return what a ring of bare materials is: as plain as the preset, else shell, solid, or wedges of several."""
    materials = mention.materials
    plain = next((place.kind for place in places if place.role == "centre" and place.kind in ("band", "solid")), None)
    if parsed.preset and plain and len(materials) == 1:
        return plain
    if materials and MATERIALS[materials[0]].shell:
        return "shell"
    if len(materials) <= 1:
        return "solid"
    return "mosaic" if is_tiled(parsed, mention) else "wedges"


def is_tiled(parsed: ParsedPrompt, mention: Mention) -> bool:
    """Tell whether woods alone mean mosaic tiles: `classical rosette in ebony and maple` does."""
    shell = any(MATERIALS[name].shell for name in mention.materials)
    woods = mention.kind is None and len(mention.materials) > 1 and not shell
    return woods and parsed.instrument == "classical" and "ring" not in parsed.words


def _names(mention: Mention) -> str:
    return " and ".join(MATERIALS[name].name for name in mention.materials) or "the centre"


def take_place(place: PresetPlace, mention: Mention, size: str) -> None:
    """Make the ring at a place the one that is spoken of; `size` is what it is as wide as: a centre or an edge."""
    usual = KIND_DEFAULTS[mention.kind or "band"]
    same = place.kind == mention.kind
    place.kind, place.mention = mention.kind or "band", mention
    if not same:
        place.materials, place.motif, place.tile_count = list(usual["materials"]), None, None
        place.width = usual[size]
    # A strand or dot that was given has room beside it, unless the width was given too.
    place.width = mention.numbers.get("width", max(place.width, mention.numbers.get("strand", 0) * 17 // 10))
    if mention.materials or mention.ground:
        place.materials = _complete(place, mention)


def _complete(place: PresetPlace, mention: Mention) -> list[str]:
    """Return the materials with a ground when a pattern needs two and one was named, or with a figure on a ground."""
    if not mention.materials:
        ground = mention.ground or "ebony"
        return [_contrast(ground, tuple(KIND_DEFAULTS[place.kind]["materials"])), ground]
    if place.kind == "mosaic" and len(mention.materials) == 1:
        figure = mention.materials[0]
        return [figure, "black_veneer"] if MATERIALS[figure].tone == "light" else ["natural_veneer", figure]
    if place.kind == "mosaic" and not mention.layered:
        # The ground of a tile is its lightest wood, whatever was named first.
        return sorted(mention.materials, key=lambda name: MATERIALS[name].tone != "light")
    if place.kind in _PLAIN or len(mention.materials) > 1:
        return list(mention.materials)
    figure = mention.materials[0]
    return [figure, _contrast(figure, _GROUNDS)]


def _contrast(name: str, others: tuple[str, ...]) -> str:
    """Return the first of others that is darker or lighter than this material."""
    fitting = (other for other in (*others, *_GROUNDS) if MATERIALS[other].tone != MATERIALS[name].tone)
    return next(fitting, "ebony")


def _put_edges(places: list[PresetPlace], edge: Mention) -> None:
    hosts = [place for place in places if place.role == "edge"] or [place for place in places if place.role == "band"]
    if hosts:
        for place in hosts:
            place.role = "edge"
            take_place(place, edge, "edge")
        return
    for at in (len(places), 0):
        ring = PresetPlace(role="edge", kind="gap", width=0, materials=[])
        take_place(ring, edge, "edge")
        line = PresetPlace(role="lines", kind="lines", width=1500, materials=list(KIND_DEFAULTS["lines"]["materials"]))
        places[at:at] = [ring, line] if at else [line, ring]


def _put_lines(places: list[PresetPlace], mention: Mention) -> None:
    hosts = [place for place in places if place.role == "lines"] or [place for place in places if place.kind == "lines"]
    if not hosts:
        stack = list(KIND_DEFAULTS["lines"]["materials"])
        for at in (len(places), 0):
            hosts.append(PresetPlace(role="lines", kind="lines", width=1500, materials=list(stack)))
            places.insert(at, hosts[-1])
    for place in hosts:
        take_lines(place, mention)


def take_lines(place: PresetPlace, mention: Mention) -> None:
    """Make the lines at a place as many, as thick and of the colours that were said."""
    count = mention.numbers.get("lines")
    materials = list(mention.materials) or place.materials
    if count:
        colours = list(dict.fromkeys(materials))
        materials = [colours[k % len(colours)] for k in range(count)]
    elif len(materials) == 2 and not mention.layered:
        materials = [*materials, materials[0]]
    thick = mention.numbers.get("line") or (_LINE if mention.materials or count else place.width // len(materials))
    if place.role == "centre" and not mention.numbers:
        thick = max(thick, place.width // max(len(materials), 1))
    place.materials, place.width, place.mention = materials, thick * len(materials), mention
    if "width" in mention.numbers:
        place.width = mention.numbers["width"]


def _put_gaps(parsed: ParsedPrompt, places: list[PresetPlace], mention: Mention) -> None:
    hosts = [place for place in places if place.kind == "gap"]
    if not hosts:
        parsed.miss("bare top between the rings", "list the rings in order, then it is drawn")
    for place in hosts:
        place.mention = mention
        place.width = mention.numbers.get("width", place.width)


# Without


def leave_out(parsed: ParsedPrompt, places: list[PresetPlace]) -> int:
    """Drop or replace what the prompt does without, say what stands in its place, and return the width of its edges."""
    edges = 0
    shell = "shell" in parsed.without or parsed.all_wood
    gone = {name for name in parsed.without if name in MATERIALS}
    gone |= {name for name, material in MATERIALS.items() if shell and material.shell}
    for place in list(places):
        if place.role == "edge" and "edge" in parsed.without:
            edges += place.width
            places.remove(place)
            continue
        if place.kind in parsed.without and place.kind != "shell":
            if place.role != "centre":
                edges += place.width if place.role == "edge" else 0
                places.remove(place)
                continue
            parsed.assumptions.append(f"no {KIND_WORDS[place.kind]}: a solid ring in its place")
            place.kind, place.materials, place.mention = "solid", list(KIND_DEFAULTS["solid"]["materials"]), None
        if place.kind == "shell" and gone & set(place.materials):
            place.kind = "band"
        toned = _retone(parsed, place, gone, parsed.tone)
        # A pattern of two woods that became one would be none.
        lost = place.kind not in ("lines", "mosaic") and len(set(toned)) == 1 < len(set(place.materials))
        place.materials = _retone(parsed, place, gone, None) if lost else toned
    return edges


def _retone(parsed: ParsedPrompt, place: PresetPlace, gone: set[str], tone: str | None) -> list[str]:
    return [
        replace_tone(name, gone, tone=tone, all_wood=parsed.all_wood, keep=_is_named(place, name))
        for name in place.materials
    ]


def _is_named(place: PresetPlace, name: str) -> bool:
    return place.mention is not None and (name in place.mention.materials or name == place.mention.ground)


def say_unasked(parsed: ParsedPrompt, places: list[PresetPlace], *, is_listed: bool) -> None:
    """Say which woods and rings are drawn that nobody named, unless a style has them, or the rings were listed."""
    for place in places:
        mention = place.mention
        if mention is not None and len(mention.materials) == 1 and len(place.materials) == 2 and not mention.ground:
            added = [name for name in place.materials if name not in mention.materials]
            if added:
                what = f"{MATERIALS[added[0]].name} beside {_names(mention)}"
                parsed.assumptions.append(f"{KIND_WORDS[place.kind]}: {what} (no second wood was named)")
    if parsed.preset is not None or is_listed:
        return
    beside = [place for place in places if place.mention is None and place.kind != "gap"]
    words = [stack_words(place.materials) if place.kind == "lines" else ring_name(place) for place in beside]
    if words:
        parsed.assumptions.append(f"none were named, usual beside it: {join_words(list(dict.fromkeys(words)))}")


def ring_name(place: PresetPlace) -> str:
    """Return what a place is, of what."""
    return f"{a_kind(place.kind)} in {names(place.materials)}"
