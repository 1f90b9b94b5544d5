"""How much a drawing grows when every `<use>` in it is drawn.

    reuse = Reuse()
    reuse.element("tile", size=40)              # an element with an id and 40 elements in it
    reuse.used("row", "#tile")                  # within the element "row" there is a <use href="#tile">
    reuse.held("", "row")                       # and that element is within the whole
    reuse.refusal(own=200)                      # None, or what is too much

Ten copies of ten copies of ten copies ... fit into a few lines and stop a browser, so the copies are counted before
one is drawn. The count is an upper bound: two elements of one id count as the larger.
"""

from typing import Final
from urllib.parse import unquote

from rmos.svg.verdict import Refusal

MAX_DRAWN: Final = 2_000_000
"""Elements that are drawn in all (RMOS policy): a browser draws so many in seconds."""
MAX_HOLDERS: Final = 50_000
"""Elements with an id that hold copies, and pairs of a holder and what it copies (RMOS policy)."""
MAX_CHAIN: Final = 100
"""Copies within copies, and elements that hold them (RMOS policy)."""
SMALL: Final = 8
"""Elements in an element up to which its size is not kept, and taken for this."""


class Reuse:
    """The copies that a drawing asks for, counted while it is read."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}
        self._copies: dict[tuple[str, str], int] = {}
        self._held: set[tuple[str, str]] = set()
        self.copies = 0

    def element(self, name: str, size: int) -> None:
        """Note an element that has an id, with the number of elements in it, itself among them."""
        if size > self._sizes.get(name, SMALL):
            self._sizes[name] = size

    def used(self, holder: str, reference: str) -> None:
        """Note a copy of what `#...` refers to, directly within the element of this id, or "" for the whole."""
        self.copies += 1
        pair = holder, reference
        self._copies[pair] = self._copies.get(pair, 0) + 1

    def held(self, holder: str, name: str) -> None:
        """Note that an element with an id that holds copies is directly within another."""
        self._held.add((holder, name))

    @property
    def is_crowded(self) -> bool:
        """Tell whether more is noted than is kept in memory."""
        return len(self._held) > MAX_HOLDERS or len(self._copies) > MAX_HOLDERS

    def refusal(self, own: int) -> Refusal | None:
        """Judge the whole, of `own` elements as written; None when it is not too much."""
        if self.is_crowded:
            return "too_large", f"More than {MAX_HOLDERS} elements hold copies of others."
        inner: dict[str, list[tuple[str, int]]] = {}
        for (holder, reference), count in self._copies.items():
            inner.setdefault(holder, []).append((unquote(reference.strip())[1:], count))
        for holder, held in self._held:
            inner.setdefault(holder, []).append((held, 0))
        grown: dict[str, int] = {}
        for holder in inner:
            drawn = self._grown(holder, inner, grown, 0)
            if drawn is None:
                return "too_deep", f"A copy contains itself, or copies are within one another {MAX_CHAIN} times."
            if own + drawn > MAX_DRAWN:
                return "too_large", f"With its copies it draws more than {MAX_DRAWN} elements."
        return None

    def _grown(self, name: str, inner: dict[str, list[tuple[str, int]]], grown: dict[str, int], deep: int) -> int | None:
        """Return how many elements the copies within an element draw; None when they are without an end."""
        if name in grown:
            return grown[name]
        if deep > MAX_CHAIN:
            return None
        total = 0
        for target, count in inner.get(name, ()):
            more = self._grown(target, inner, grown, deep + 1)
            if more is None:
                return None
            total += count * (self._sizes.get(target, SMALL) + more) if count else more
        grown[name] = min(total, MAX_DRAWN + 1)
        return grown[name]
