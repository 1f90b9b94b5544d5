"""Joints within a clause: where `with`, `and`, `around` or a place ends one ring and another one begins.

    split_at_joints(words)      # [(words of the first ring, False), (words behind `with`, True)]

A `with` joins two rings when both sides name one; else it joins materials or numbers to the ring before it. What
follows such a joint is about the ring behind it, so that no number or material binds across.
"""

from typing import Final

from rmos.rosette.prompt_words import PromptToken

RINGS: Final = ("kinds", "stacks", "nearest")
"""Categories of words that name a ring."""
WOODS: Final = ("materials", "colours")
LISTING: Final = (*WOODS, "join", "slash", "on")
"""Categories that a list of materials consists of."""
MOTIF_KINDS: Final = ("diamond", "wave")
"""Kinds that are a motif beside the word mosaic."""

Words = list[PromptToken]


def split_at_joints(words: Words) -> list[tuple[Words, bool]]:
    """Return the parts of a clause, and of each whether `with` stands before it."""
    parts: list[tuple[Words, bool]] = []
    start = 0
    attached = False
    for at, token in enumerate(words):
        head, tail = words[start:at], words[at + 1 :]
        if token.category == "join" and head and tail and _joins_rings(head, tail, token.meaning):
            parts.append((head, attached))
            start, attached = at + 1, token.meaning == "with"
        elif token.category == "places" and tail and _ends_ring([*head, token], tail):
            parts.append(([*head, token], attached))
            start, attached = at + 1, False
    return [*parts, (words[start:], attached)]


def _joins_rings(head: Words, tail: Words, joined: str) -> bool:
    """Tell whether a ring ends before this word, and another one begins behind it."""
    if not any(token.category in (*RINGS, *WOODS) for token in head) or head[-1].category == "without":
        return False
    if joined == "and":
        return (_is_sized(head) and _is_ring_with_size(tail)) or (_has(head, RINGS) and _names_place(tail))
    if joined == "around":
        return _has(head, RINGS) and _has(tail, (*RINGS, *WOODS))
    return joined == "with" and _has_ring_behind(head, tail)


def _has_ring_behind(head: Words, tail: Words) -> bool:
    """Tell whether another ring is named behind `with`: not a motif, nor the kind that the head has already."""
    kinds = {token.meaning for token in head if token.category in RINGS}
    following = next((token for token in tail if token.category in RINGS), None)
    if following is None:
        return _has(head, RINGS) and _names_place(tail)
    motif = "mosaic" in kinds and following.meaning in MOTIF_KINDS
    return not motif and (following.meaning not in kinds or following.category == "stacks")


def _ends_ring(head: Words, tail: Words) -> bool:
    """Tell whether a place ends its ring, and another one follows: `rope both sides of a koa centre`, of a koa ring."""
    ring = (*RINGS, *WOODS)
    placed = _has(tail, ("places",)) or any(token.meaning == "ring" for token in tail)
    return _has(head, ring) and _has(tail, ring) and placed and tail[0].category != "join"


def _has(words: Words, categories: tuple[str, ...]) -> bool:
    return any(token.category in categories for token in words)


def _names_place(tail: Words) -> bool:
    """Tell whether materials and a place follow: `and 2 mm abalone edges`."""
    count = 0
    while count < len(tail) and tail[count].category in (*LISTING, "length"):
        count += 1
    return _has(tail[:count], WOODS) and count < len(tail) and tail[count].category == "places"


def _is_sized(head: Words) -> bool:
    return _has(head, ("length",))


def _is_ring_with_size(tail: Words) -> bool:
    """Tell whether a width and what has it follow: `and 3 mm koa`, `and abalone ring 4 mm`."""
    starts = [token.category for token in tail[:2]]
    if starts[0] == "length":
        return len(starts) > 1 and starts[1] in (*RINGS, *WOODS)
    ring = _has(tail, RINGS) or (_has(tail, WOODS) and any(token.meaning == "ring" for token in tail))
    return ring and _has(tail, ("length",))
