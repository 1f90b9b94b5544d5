"""Clauses: where one ring ends and the next begins, before anything in them is understood.

    split_clauses(tokens('5 mm abalone, then koa with bwb'))      # three clauses; the last one stands beside its ring

A clause ends at a comma or a full stop, before `then`, and before a `with` behind which a ring of its own is named:
what follows is about that ring, so that no number or material binds across it.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from rmos.rosette.prompt_words import Token

RINGS: Final = ("kinds", "stacks", "nearest")
"""Categories of words that name a ring."""
WOODS: Final = ("materials", "colours")
LISTING: Final = (*WOODS, "join", "slash", "on")
"""Categories that a list of materials consists of."""
MOTIF_KINDS: Final = ("diamond", "wave")
"""Kinds that are a motif beside the word mosaic."""


class Clause(NamedTuple):
    """Words that belong together."""

    words: tuple[Token, ...]
    follows: bool = False
    """Whether `then` stands before it."""
    attached: bool = False
    """Whether `with` stands before it: it is about something beside the ring of the clause before."""

    def is_bare(self) -> bool:
        """Tell whether it holds materials only: `maple, ebony` behind a ring are one list."""
        return all(token.category in LISTING for token in self.words)


def split_clauses(words: Sequence[Token]) -> list[Clause]:
    """Return the clauses of a prompt, none of them empty."""
    clauses: list[Clause] = []
    part: list[Token] = []
    follows = False
    for token in (*words, Token("stop", "", "")):
        if token.category not in ("stop", "sequence"):
            part.append(token)
            continue
        if part:
            clauses += _split_joined(part, follows)
            part, follows = [], False
        # A comma behind `then` does not take it back.
        follows = follows or token.category == "sequence"
    return clauses


def order_of(words: Sequence[Token]) -> str | None:
    """Return whether the rings are listed `outward` from the soundhole or `inward`; None when in no order."""
    directions = [token.meaning for token in words if token.category == "directions"]
    if directions:
        return directions[0]
    return "outward" if any(token.category == "sequence" for token in words) else None


def _split_joined(words: list[Token], follows: bool) -> list[Clause]:
    parts: list[Clause] = []
    start = 0
    attached = False
    for at, token in enumerate(words):
        if token.category == "join" and start < at and _splits(words[start:at], words[at + 1 :], token.meaning):
            parts.append(Clause(tuple(words[start:at]), follows and not start, attached))
            start, attached = at + 1, token.meaning == "with"
    return [*parts, Clause(tuple(words[start:]), follows and not start, attached)]


def _splits(head: list[Token], tail: list[Token], joined: str) -> bool:
    """Tell whether a ring ends before this `with` or `and`, and another one begins behind it."""
    if not any(token.category in (*RINGS, *WOODS) for token in head) or _negates(head):
        return False
    if joined == "and":
        return _sized_twice(head, tail) or (_has_ring(head) and _names_place(tail))
    if joined != "with":
        return False
    kinds = {token.meaning for token in head if token.category in RINGS}
    following = next((token for token in tail if token.category in RINGS), None)
    if following is None:
        return _has_ring(head) and _names_place(tail)
    motif = "mosaic" in kinds and following.meaning in MOTIF_KINDS
    return not motif and (following.meaning not in kinds or following.category == "stacks")


def _has_ring(words: list[Token]) -> bool:
    return any(token.category in RINGS for token in words)


def _negates(words: list[Token]) -> bool:
    return words[-1].category == "without"


def _names_place(tail: list[Token]) -> bool:
    """Tell whether materials and a place follow: `and 2 mm abalone edges`."""
    count = 0
    while count < len(tail) and tail[count].category in (*LISTING, "length"):
        count += 1
    woods = any(token.category in WOODS for token in tail[:count])
    return woods and count < len(tail) and tail[count].category == "places"


def _sized_twice(head: list[Token], tail: list[Token]) -> bool:
    """Tell whether both sides give a width and what has it: `5 mm abalone and 3 mm koa`."""
    sized = any(token.category == "length" for token in head)
    starts = [token.category for token in tail[:2]]
    return sized and starts[:1] == ["length"] and starts[1:] != [] and starts[1] in (*RINGS, *WOODS)
