"""Rings that are listed one after the other: `5 mm abalone, then bwb, then rope` is drawn ring by ring, no other ring.

    if is_listed(wishes):
        places = list_rings(wishes)

Lines that are said beside a ring (`abalone with bwb`) stand on both sides of it.
"""

from typing import Final

from rmos.rosette.placing import conflict, take_lines, take_place
from rmos.rosette.presets import KIND_DEFAULTS, Place
from rmos.rosette.wishes import Mention, Wishes
from rmos.rosette.wording import KIND_WORDS

_MANY: Final = 3
"""As many rings with a pattern have no place in a centre and edges: they are taken in the order of the prompt."""
_GAP: Final = 3500
"""Bare top between rings when its width is not said, micrometres; 3.2 to 4.8 mm are usual on steel-string guitars."""


def is_listed(wishes: Wishes) -> bool:
    """Tell whether the rings follow each other as they were listed."""
    alone = [mention for mention in wishes.mentions if mention.beside is None]
    if wishes.order is not None or (wishes.said.get("rings", 1) == len(alone) > 1 and wishes.preset is None):
        return True
    if wishes.preset is not None or any(mention.role is not None for mention in wishes.mentions):
        return False
    rings = [mention for mention in wishes.mentions if mention.kind not in ("lines", "gap") and not mention.implied]
    stacks = _stacks(wishes)
    apart = len(stacks) > 1 and (len(rings) > 1 or any(conflict(stacks[0], stack) for stack in stacks[1:]))
    return len(rings) >= _MANY or (apart and bool(rings))


def _stacks(wishes: Wishes) -> list[Mention]:
    return [mention for mention in wishes.mentions if mention.kind == "lines" and mention.beside is None]


def list_rings(wishes: Wishes) -> list[Place]:
    """Return a place for each ring, from the soundhole outwards, and say in which order they were taken."""
    listed = [mention for mention in wishes.mentions if mention.beside is None]
    # Lines that were said once, of rings in no stated order, are those beside each of them.
    sized = all("width" in mention.said for mention in listed)
    spread = wishes.order is None and len(_stacks(wishes)) < 2 and not sized
    lines = next((mention for mention in wishes.mentions if mention.kind == "lines"), None)
    if spread:
        listed = [mention for mention in listed if mention.kind != "lines"]
    if wishes.order == "inward":
        listed = listed[::-1]
    places: list[Place] = []
    for mention in listed:
        beside = [] if spread else [_place(one) for one in wishes.mentions if one.beside is mention]
        again = [] if spread else [_place(one) for one in wishes.mentions if one.beside is mention]
        places += [*beside, _place(mention), *again[::-1]]
    if spread:
        places = _with_lines(wishes, places, lines)
    words = ", ".join(KIND_WORDS[place.kind] for place in places if place.kind != "lines")
    wishes.assumptions.append(f"the rings in the order in which they were named, from the soundhole outwards: {words}")
    return places


def _place(mention: Mention) -> Place:
    kind = mention.kind or "band"
    if kind == "gap":
        return Place(role="listed", kind="gap", width=mention.said.get("width", _GAP), materials=[], mention=mention)
    if kind == "lines":
        return _stack(mention)
    usual = KIND_DEFAULTS[kind]
    place = Place(role="listed", kind=kind, width=usual["centre"], materials=list(usual["materials"]))
    take_place(place, mention, "centre")
    return place


def _with_lines(wishes: Wishes, places: list[Place], lines: Mention | None) -> list[Place]:
    """Return the rings with a stack of lines on both sides of each."""
    if lines is None:
        wishes.assumptions.append("lines black/white/black beside the rings (none were named)")
    found: list[Place] = [_stack(lines)]
    for place in places:
        found += [place, _stack(lines)]
    return found


def _stack(lines: Mention | None) -> Place:
    usual = KIND_DEFAULTS["lines"]
    place = Place(role="lines", kind="lines", width=usual["centre"], materials=list(usual["materials"]))
    if lines is not None:
        take_lines(place, lines)
    return place
