"""How much a drawing grows when every `<use>` in it, and every pattern, mask, clip and marker, is drawn.

    reuse = Reuse()
    reuse.element("tile", size=40)              # an element with an id and 40 elements in it
    reuse.used("row", "#tile")                  # within the element "row" there is a <use href="#tile">
    reuse.refers("row", "", ("#wood",))         # and something with fill="url(#wood)"
    reuse.held("", "row")                       # and that element is within the whole
    reuse.refusal(own=200)                      # None, or what is too much

Ten copies of ten copies of ten copies ... fit into a few lines and stop a browser, and so do patterns filled with
patterns; so what is drawn is counted before it is drawn. Where one id is there twice the larger counts. What a style
sheet refers to is not followed.
"""

from typing import Final, NamedTuple
from urllib.parse import unquote

from rmos.svg.validation import SvgRefusal

MAX_DRAWN: Final = 3_000_000
"""Elements that are drawn in all (RMOS policy): a browser draws so many in seconds."""
MAX_NOTED: Final = 80_000
"""Pairs of what refers and what it refers to (RMOS policy): some 20 MB."""
MAX_OWN: Final = 60_000
"""Elements with an id of which is kept what they themselves refer to (RMOS policy): some 10 MB."""
MAX_CHAIN: Final = 100
"""Copies within copies, and elements that hold them (RMOS policy)."""
SMALL: Final = 4
"""Elements in an element up to which its size is not kept, and taken for this."""
LIGHT: Final = 64
"""Elements in a gradient, filter, clip or pattern up to which a reference to it counts as one (RMOS policy)."""


class _Copies(NamedTuple):
    """What an element draws again: what, how often, and whether as a copy; not at all when it is only within."""

    target: str
    times: int
    is_copy: bool


class Reuse:
    """The copies that a drawing asks for, counted while it is read."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}
        self._uses: dict[tuple[str, str], int] = {}
        self._references: dict[tuple[str, tuple[str, ...]], int] = {}
        self._own: dict[str, tuple[str, ...]] = {}
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
        self._uses[pair] = self._uses.get(pair, 0) + 1

    def refers(self, holder: str, own_id: str, references: tuple[str, ...]) -> None:
        """Note what an element within `holder`, of an id or of none, is filled, masked, clipped or marked with."""
        self.copies += 1
        pair = holder, references
        self._references[pair] = self._references.get(pair, 0) + 1
        if own_id and len(self._own) <= MAX_OWN:
            self._own.setdefault(own_id, references)

    def held(self, holder: str, name: str) -> None:
        """Note that an element with an id that holds copies is directly within another."""
        self._held.add((holder, name))

    @property
    def is_crowded(self) -> bool:
        """Tell whether more is noted than is kept in memory."""
        return len(self._held) + len(self._uses) + len(self._references) > MAX_NOTED

    def refusal(self, own: int) -> SvgRefusal | None:
        """Check the whole, of `own` elements as written; None when it is not too much."""
        if self.is_crowded:
            return "too_large", f"More than {MAX_NOTED} elements refer to others."
        inner = self._inner()
        nested = any(copies.times and copies.target in inner for held in inner.values() for copies in held)
        if nested and len(self._own) > MAX_OWN:
            return "too_large", f"More than {MAX_OWN} elements refer to others, and copies are within one another."
        grown: dict[str, int] = {}
        for holder in inner:
            drawn = self._grown(holder, inner, grown, 0)
            if drawn is None:
                return "too_deep", f"A copy contains itself, or copies are within one another {MAX_CHAIN} times."
            if own + drawn > MAX_DRAWN:
                return "too_large", f"With its copies it draws more than {MAX_DRAWN} elements."
        return None

    def _inner(self) -> dict[str, list[_Copies]]:
        """Return for each element with an id that draws something again what it draws."""
        inner: dict[str, list[_Copies]] = {}
        for (holder, reference), count in self._uses.items():
            inner.setdefault(holder, []).append(_Copies(_name(reference), count, True))
        for (holder, references), count in self._references.items():
            inner.setdefault(holder, []).extend(_Copies(_name(each), count, False) for each in references)
        for name in {copies.target for held in inner.values() for copies in held} & self._own.keys():
            inner.setdefault(name, []).extend(_Copies(_name(each), 1, False) for each in self._own[name])
        for holder, held in self._held:
            inner.setdefault(holder, []).append(_Copies(held, 0, False))
        return inner

    def _grown(self, name: str, inner: dict[str, list[_Copies]], grown: dict[str, int], deep: int) -> int | None:
        """Return how many elements the copies within an element draw; None when they are without an end."""
        if name in grown:
            return grown[name]
        if deep > MAX_CHAIN:
            return None
        total = 0
        for target, count, is_copy in inner.get(name, ()):
            more = self._grown(target, inner, grown, deep + 1)
            if more is None:
                return None
            size = self._sizes.get(target, SMALL)
            if not count:
                total += more
            else:
                total += count * (more + (size if is_copy or size > LIGHT else 1))
        grown[name] = min(total, MAX_DRAWN + 1)
        return grown[name]


def _name(reference: str) -> str:
    """Return the id that `#...` means: browsers read its percent signs."""
    return unquote(reference.strip())[1:]
