"""Rings that are listed one after the other: `5 mm abalone, then bwb, then rope` is drawn ring by ring, no other ring.

    if is_listed(parsed):
        places = list_rings(parsed)

Lines that are said beside a ring (`abalone with bwb`) stand on both sides of it.
"""

from typing import Final

from rmos.rosette.parsed_prompt import Mention, ParsedPrompt
from rmos.rosette.placing import conflict, take_lines, take_place
from rmos.rosette.presets import KIND_DEFAULTS, PresetPlace
from rmos.rosette.wording import KIND_WORDS

_MANY: Final = 3
"""As many rings with a pattern have no place in a centre and edges: they are taken in the order of the prompt."""
_GAP: Final = 3500
"""Bare top between rings when its width is not said, micrometres; 3.2 to 4.8 mm are usual on steel-string guitars."""


def is_listed(parsed: ParsedPrompt) -> bool:
    """Tell whether the rings follow each other as they were listed."""
    alone = [mention for mention in parsed.mentions if mention.beside is None]
    if "only" in parsed.words and parsed.preset is None and any(one.kind != "lines" for one in alone):
        return True
    if parsed.order is not None or (parsed.numbers.get("rings", 1) == len(alone) > 1 and parsed.preset is None):
        return True
    if parsed.preset is not None or any(mention.role is not None for mention in parsed.mentions):
        return False
    rings = [mention for mention in parsed.mentions if mention.kind not in ("lines", "gap") and not mention.implied]
    stacks = _stacks(parsed)
    apart = len(stacks) > 1 and (len(rings) > 1 or any(conflict(stacks[0], stack) for stack in stacks[1:]))
    return len(rings) >= _MANY or (apart and bool(rings))


def _stacks(parsed: ParsedPrompt) -> list[Mention]:
    return [mention for mention in parsed.mentions if mention.kind == "lines" and mention.beside is None]


def list_rings(parsed: ParsedPrompt) -> list[PresetPlace]:
    """Return a place for each ring, from the soundhole outwards, and say in which order they were taken."""
    listed = [mention for mention in parsed.mentions if mention.beside is None]
    # Lines that were said once, of rings in no stated order, are those beside each of them.
    sized = all("width" in mention.numbers for mention in listed)
    only = "only" in parsed.words and not _stacks(parsed)
    spread = parsed.order is None and len(_stacks(parsed)) < 2 and not sized and not only
    lines = next((mention for mention in parsed.mentions if mention.kind == "lines"), None)
    if spread:
        listed = [mention for mention in listed if mention.kind != "lines"]
    if parsed.order == "inward":
        listed = listed[::-1]
    places: list[PresetPlace] = []
    for mention in listed:
        beside = [] if spread else [_place(one) for one in parsed.mentions if one.beside is mention]
        again = [] if spread else [_place(one) for one in parsed.mentions if one.beside is mention]
        places += [*beside, _place(mention), *again[::-1]]
    if spread:
        places = _with_lines(parsed, places, lines)
    words = ", ".join(KIND_WORDS[place.kind] for place in places if place.kind != "lines")
    parsed.assumptions.append(f"the rings in the order in which they were named, from the soundhole outwards: {words}")
    return places


def _place(mention: Mention) -> PresetPlace:
    kind = mention.kind or "band"
    if kind == "gap":
        return PresetPlace(
            role="listed", kind="gap", width=mention.numbers.get("width", _GAP), materials=[], mention=mention
        )
    if kind == "lines":
        return _stack(mention)
    usual = KIND_DEFAULTS[kind]
    place = PresetPlace(role="listed", kind=kind, width=usual["centre"], materials=list(usual["materials"]))
    take_place(place, mention, "centre")
    return place


def _with_lines(parsed: ParsedPrompt, places: list[PresetPlace], lines: Mention | None) -> list[PresetPlace]:
    """Return the rings with a stack of lines on both sides of each."""
    if lines is None:
        parsed.assumptions.append("lines black/white/black beside the rings (none were named)")
    found: list[PresetPlace] = [_stack(lines)]
    for place in places:
        found += [place, _stack(lines)]
    return found


def _stack(lines: Mention | None) -> PresetPlace:
    usual = KIND_DEFAULTS["lines"]
    place = PresetPlace(role="lines", kind="lines", width=usual["centre"], materials=list(usual["materials"]))
    if lines is not None:
        take_lines(place, lines)
    return place
