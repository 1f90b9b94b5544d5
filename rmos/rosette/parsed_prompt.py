"""What a prompt asks for, before it becomes rings: each thing said once, and what could not be followed.

parsed.put_length("hole", token)      # a second, other hole is noted as a contradiction, never overwritten
"""

from fractions import Fraction
from typing import Any, Final

import msgspec

from rmos.fixed import divide
from rmos.rosette.prompt_words import PromptToken
from rmos.rosette.spec import mm_text

LIMITS: Final = {
    "hole": (20_000, 200_000, "the soundhole"),
    "gap": (0, 50_000, "the distance from the hole"),
    "width": (100, 200_000, "the width"),
    "depth": (50, 20_000, "the depth"),
    "top_thickness": (500, 20_000, "the top"),
    "cutter": (50, 100_000, "the cutter"),
    "tile_length": (50, 100_000, "the length of a tile"),
    "square": (200, 20_000, "a square"),
    "strand": (50, 100_000, "a strand"),
    "line": (50, 20_000, "a line"),
    "strip": (50, 20_000, "a strip"),
}
"""What can be drawn at all, micrometres. What can be made is checked later and reported, not refused here."""
MOST: Final = {"tile_count": 2000, "rows": 24, "lines": 16, "rings": 5, "slant": 70}
LEAST: Final = {"slant": 20}
_SHOWN: Final = 40


class Mention(msgspec.Struct, kw_only=True):
    """One ring that the prompt speaks of."""

    kind: str | None = None
    role: str | None = None
    materials: list[str] = []
    numbers: dict[str, int] = {}
    """Numbers that were given: `width`, `line`, `strand`, `tile_length` in micrometres, and counts."""
    motif: str | None = None
    symmetry: str | None = None
    implied: bool = False
    """Its kind was not said: tiles make a mosaic, spokes a wheel."""
    layered: bool = False
    """`walnut on maple`: the order was said."""
    ground: str | None = None
    """The material that dots or another figure lie in, when that alone was said."""
    beside: "Mention | None" = None
    """The ring on both sides of which this one stands: `abalone with bwb`."""


class ParsedPrompt(msgspec.Struct, kw_only=True):
    """All that was understood."""

    numbers: dict[str, int] = {}
    """Numbers of the whole: `hole`, `gap`, `width`, `depth`, `top_thickness`, `cutter` in micrometres, `rings`."""
    instrument: str | None = None
    preset: str | None = None
    top: str | None = None
    tone: str | None = None
    all_wood: bool = False
    without: list[str] = []
    comparatives: list[str] = []
    mentions: list[Mention] = []
    assumptions: list[str] = []
    unrecognized: list[str] = []
    problems: list[str] = []
    words: set[str] = set()
    """Nouns that were used, such as `ring`."""
    order: str | None = None
    """Whether the rings were listed one after the other: `outward` from the soundhole, or `inward`."""

    def is_empty(self) -> bool:
        """Tell whether nothing was understood that could be drawn."""
        heard = (self.numbers, self.instrument, self.preset, self.top, self.tone, self.without, self.comparatives)
        return not any(heard) and not self.mentions and not self.all_wood

    def put_length(self, name: str, token: PromptToken, mention: Mention | None = None) -> None:
        """Note a length, of the whole or of one ring; say when it was rounded to a micrometre."""
        low, high, what = LIMITS[name]
        um = divide(token.value.numerator, token.value.denominator)
        if not low <= um <= high:
            limits = f"{mm_text(low)} to {mm_text(high)} mm"
            self.problems.append(f"{token.text}: {what} can be {limits}; say another size")
            return
        if token.value != um:
            exact = f"{float(token.value / 1000):.6g}"
            self.assumptions.append(f"{token.text} is {exact} mm, kept as {mm_text(um)} mm")
        self._put(name, um, token.text, mention)

    def put_count(self, name: str, token: PromptToken, mention: Mention | None = None) -> None:
        """Note a count, of the whole or of one ring."""
        least = LEAST.get(name, 1)
        if token.value.denominator != 1 or not least <= token.value <= MOST[name]:
            self.problems.append(
                f"{_short(token.text)} {name.replace('_', ' ')}: say a whole number from {least} to {MOST[name]}"
            )
            return
        self._put(name, int(token.value), token.text, mention)

    def _put(self, name: str, value: int, text: str, mention: Mention | None) -> None:
        numbers = self.numbers if mention is None else mention.numbers
        if numbers.get(name, value) != value:
            before = numbers[name] if name in MOST else f"{mm_text(numbers[name])} mm"
            what = LIMITS[name][2] if name in LIMITS else name.replace("_", " ")
            self.problems.append(f"{what} is given twice: {before} and {_short(text)}; say one of them")
            return
        numbers[name] = value

    def put_word(self, name: str, value: str, text: str) -> None:
        """Note the instrument, the preset or the tone; a second, other one is a contradiction."""
        before: Any = getattr(self, name)
        if before not in (None, value):
            self.problems.append(f"{name} is given twice: {before} and {_short(text)}; say one of them")
            return
        setattr(self, name, value)

    def miss(self, text: str, why: str = "") -> None:
        """Note what was not understood, and why: at most 50 entries, what was said short and printable."""
        if len(self.unrecognized) < _MOST_MISSED:
            self.unrecognized.append(_short(text.replace("\x00", "?")) + (f" ({why})" if why else ""))


_MOST_MISSED: Final = 50


def millimetres(token: PromptToken) -> PromptToken:
    """Return a bare number as the length in mm that it is taken for."""
    return token._replace(category="length", text=f"{token.text} mm", value=token.value * Fraction(1000))


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
