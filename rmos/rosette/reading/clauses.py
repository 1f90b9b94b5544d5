"""Clauses: where one ring ends and the next begins, before anything in them is understood.

    split_clauses(tokens('5 mm abalone, then koa with bwb'))      # three clauses; the last one stands beside its ring

A clause ends at a comma or a full stop, before `then`, and where `joints` finds that another ring begins. Materials
that a comma divides are one list when its last one stands behind an `and`: `in red, black and natural`.
"""

from collections.abc import Sequence
from typing import NamedTuple

from rmos.rosette.prompt_words import PromptToken
from rmos.rosette.reading.joints import LISTING, RINGS, WOODS, split_at_joints


class Clause(NamedTuple):
    """Words that belong together."""

    words: tuple[PromptToken, ...]
    follows: bool = False
    """Whether `then` stands before it."""
    attached: bool = False
    """Whether `with` stands before it: it is about something beside the ring of the clause before."""

    def is_bare(self) -> bool:
        """Tell whether it holds materials only: `maple, ebony` behind a ring are one list."""
        return all(token.category in LISTING for token in self.words)

    def names_ring(self) -> bool:
        """Tell whether it names a ring by that noun, and by what it is of or like."""
        ring = any(token.category == "nouns" and token.meaning == "ring" for token in self.words)
        return ring and any(token.category in (*RINGS, *WOODS) for token in self.words)


def split_clauses(words: Sequence[PromptToken]) -> list[Clause]:
    """Return the clauses of a prompt, none of them empty."""
    clauses: list[Clause] = []
    for part, follows in _join_lists(_split_stops(words)):
        joined = part[0].category == "join" and part[0].meaning == "with" and len(part) > 1
        attached = joined and bool(clauses)
        for number, (text, with_before) in enumerate(split_at_joints(part[1:] if joined else part)):
            first = number == 0
            clauses.append(Clause(tuple(text), follows and first, with_before or (attached and first)))
    return clauses


def _split_stops(words: Sequence[PromptToken]) -> list[tuple[list[PromptToken], bool]]:
    """Return what stands between commas and before `then`, and whether `then` stands before it."""
    parts: list[tuple[list[PromptToken], bool]] = []
    part: list[PromptToken] = []
    follows = False
    for token in (*words, PromptToken("stop", "", "")):
        if token.category not in ("stop", "sequence"):
            part.append(token)
            continue
        if part:
            parts.append((part, follows))
            part, follows = [], False
        # A comma behind `then` does not take it back.
        follows = follows or token.category == "sequence"
    return parts


def _join_lists(parts: list[tuple[list[PromptToken], bool]]) -> list[tuple[list[PromptToken], bool]]:
    """Return the parts with lists of materials that commas divide as one part: `red, black and natural`."""
    done: list[tuple[list[PromptToken], bool]] = []
    at = 0
    while at < len(parts):
        part, follows = parts[at]
        end = at + 1
        while end < len(parts) and _is_list(parts[end]):
            end += 1
        listed = [token for more, _ in parts[at + 1 : end] for token in more]
        whole = part[-1].category in WOODS and any(token.meaning == "and" for token in listed)
        if whole and any(token.category not in LISTING for token in part):
            done.append(([*part, *listed], follows))
            at = end
        else:
            done.append((part, follows))
            at += 1
    return done


def _is_list(part: tuple[list[PromptToken], bool]) -> bool:
    words, follows = part
    return not follows and all(token.category in LISTING and token.meaning != "with" for token in words)


def order_of(words: Sequence[PromptToken]) -> str | None:
    """Return whether the rings are listed `outward` from the soundhole or `inward`; None when in no order."""
    directions = [token.meaning for token in words if token.category == "directions"]
    if directions:
        return directions[0]
    return "outward" if any(token.category == "sequence" for token in words) else None
