"""Which number belongs to which noun: the nearest that can take it; what binds to nothing is said, not dropped."""

from fractions import Fraction
from typing import Final

from rmos.fixed import divide
from rmos.rosette.parsed_prompt import Mention, millimetres
from rmos.rosette.prompt_words import PromptToken
from rmos.rosette.reading.clause_reader import ClauseReader
from rmos.rosette.reading.joints import RINGS

_LENGTH_NOUNS: Final = {
    "hole": "hole", "gap": "gap", "deep": "depth", "cutter": "cutter", "rosette": "width", "top": "top_thickness",
}  # fmt: skip
"""Nouns that a length of the whole belongs to."""
_RING_NOUNS: Final = {
    "ring": "width", "tile_length": "tile_length", "squares": "square", "strand": "strand", "spokes": "strand",
}  # fmt: skip
_COUNT_NOUNS: Final = {"tiles": "tile_count", "spokes": "tile_count", "rows": "rows", "strand": "rows", "ring": "rings"}
_KINDS_OF_NOUNS: Final = {
    "strand": ("celtic", "braid", "wave", "wheel", "dots"), "spokes": ("wheel",), "squares": ("checkerboard",),
}  # fmt: skip
_COUNTED: Final = ("wheel", "wedges", "dots", "lines", "mosaic", "diamond", "wave")
"""Kinds that a count stands before: 12 wedges."""
_SPACED: Final = ("dots", "wedges", "wheel", "diamond", "wave", "shell", "mosaic", "checkerboard", "greek_key")
"""Kinds whose pieces stand a given angle or distance apart."""
_WHOLE: Final = 15_000
"""Micrometres: from here on a width is rather that of a whole classical rosette than of one ring."""
_RING: Final = 7_000
"""Micrometres: below that a width is rather that of one ring than of the whole."""
_STACK_LINE: Final = 300
"""Micrometres for each line of a stack: `1.5 mm bwb` is as wide as that in all, `0.5 mm bwb` has lines of that."""
_STRIPPED: Final = ("herringbone", "half_herringbone")
_SLANTED: Final = (*_STRIPPED, "rope")
"""Kinds whose strips lean by an angle."""


class Numbers:
    """The numbers of one clause."""

    def __init__(self, reader: ClauseReader) -> None:
        self.reader, self.parsed, self.words = reader, reader.parsed, reader.words
        numbers = ("length", "count")
        self._first = next((at for at, token in enumerate(self.words) if token.category in numbers), 0)
        self._takers = {
            category: [at for at, noun in enumerate(self.words) if at not in reader.negated and _takes(noun, category)]
            for category in numbers
        }

    def take(self, at: int, token: PromptToken) -> None:
        """Bind one number."""
        if token.category == "grid":
            self._grid(at, token)
        elif token.category == "angle":
            self._angle(at, token)
        elif token.category == "length" and self._is_spacing(at):
            self._spacing(at, token)
        elif token.category in ("length", "count"):
            target = self._target(at, token)
            if target is None:
                self._loose(at, token)
            else:
                self._bind(at, token, target)

    def _grid(self, at: int, token: PromptToken) -> None:
        columns, _, rows = token.meaning.partition("x")
        mention = self.reader.mention(at, kinds=("mosaic", "checkerboard")) or self.reader.make(at, "mosaic")
        if columns != rows:
            self.parsed.problems.append(f"{token.text}: the built-in tiles are square; send a bitmap for others")
        else:
            self.parsed.put_count("rows", PromptToken("count", "", token.text, token.value + int(rows)), mention)

    # Every 15 degrees, every 10 mm

    def _is_spacing(self, at: int) -> bool:
        before, behind = self.reader.place(at - 1), self.reader.place(at + 1)
        every = before is not None and before.category == "every" and before.meaning == "every"
        apart = behind is not None and behind.category == "every" and behind.meaning == "apart"
        return (every or apart) and self.reader.mention(at, kinds=_SPACED) is not None

    def _angle(self, at: int, token: PromptToken) -> None:
        slanted = None if self._is_spacing(at) else self.reader.mention(at, kinds=_SLANTED)
        if slanted is not None:
            self.parsed.put_count("slant", token, slanted)
            return
        mention = self.reader.mention(at, kinds=_SPACED)
        if mention is None or token.value <= 0:
            self.parsed.miss(token.text, "of what?")
            return
        exact = 360 / token.value
        count = divide(exact.numerator, exact.denominator)
        if count != exact:
            apart = float(Fraction(360, max(count, 1)))
            self.parsed.assumptions.append(f"{token.text}: {count} of them close the ring, {apart:.4g} deg apart")
        self.parsed.put_count("tile_count", PromptToken("count", "", token.text, Fraction(count)), mention)

    def _spacing(self, at: int, token: PromptToken) -> None:
        mention = self.reader.mention(at, kinds=_SPACED)
        self.parsed.put_length("tile_length", token, mention)

    # The nearest noun

    def _target(self, at: int, token: PromptToken) -> int | None:
        """Return the place of the nearest noun that takes this number; of two as near, by the clause's manner."""
        fitting = [place for place in self._takers[token.category] if self._reaches(token, at, place)]
        if not fitting:
            return None
        if at + 1 in fitting and self.words[at + 1].meaning in ("gap", "squares"):
            return at + 1  # 2.5 mm from the hole
        if at - 1 in fitting and self.words[at - 1].meaning == "squares" and not self._is_length(at - 2):
            return at - 1  # squares of 2 mm
        noun_first = fitting[0] < self._first
        return min(fitting, key=lambda place: (abs(place - at), (place > at) == noun_first))

    def _is_length(self, at: int) -> bool:
        word = self.reader.place(at)
        return word is not None and word.category == "length"

    def _reaches(self, token: PromptToken, at: int, place: int) -> bool:
        """Tell whether a number is near enough to this noun.

        `1 mm spokes`, but not `3 mm 12 spoke wheel`; the hole of `5 mm around 90 mm hole` has the nearer of them.
        """
        noun = self.words[place]
        if noun.category != "nouns":
            return True
        if noun.meaning == "spokes":
            return token.category == "count" or abs(place - at) == 1
        between = self.words[min(at, place) + 1 : max(at, place)]
        return noun.meaning not in _LENGTH_NOUNS or all(word.category != "length" for word in between)

    def _bind(self, at: int, token: PromptToken, place: int) -> None:
        noun, parsed = self.words[place], self.parsed
        if noun.category in RINGS:
            owner = self.reader.owners[place]
            self._bind_to_ring(token, owner, stack=noun.category == "stacks" or owner.layered)
        elif noun.category == "strips":
            parsed.put_length("strip", token, self.reader.mention(place, kinds=_STRIPPED))
        elif token.category == "count" and noun.meaning in _COUNT_NOUNS:
            self._bind_count(place, token, _COUNT_NOUNS[noun.meaning])
        else:
            if token.category == "count":
                token = millimetres(token)
                parsed.assumptions.append(f"{token.text} for {noun.text}: a number without a unit is in mm")
            self._bind_length(place, token, noun.meaning)

    def _bind_count(self, place: int, token: PromptToken, name: str) -> None:
        if name == "rings":
            self.parsed.put_count(name, token)
            return
        noun = self.words[place].meaning
        kinds = ("wheel",) if noun == "spokes" else ("celtic", "braid") if noun == "strand" else ()
        mention = self.reader.mention(place, kinds=kinds)
        if mention is None or mention.kind == "lines":
            usual = {"spokes": "wheel", "strand": "braid"}.get(noun, "mosaic")
            mention = self.reader.mention(place, kinds=(usual,)) or self.reader.make(place, usual)
        self.parsed.put_count(name, token, mention)

    def _bind_length(self, place: int, token: PromptToken, noun: str) -> None:
        parsed = self.parsed
        if noun == "rosette" and token.value < _RING and self.reader.owners:
            # `rosette in abalone, 4 mm`: no rosette is as narrow, its ring is.
            self._loose(place, token)
        elif noun in _LENGTH_NOUNS:
            parsed.put_length(_LENGTH_NOUNS[noun], token)
        elif noun in ("wide", "thick"):
            self._bind_size(place, token, noun)
        elif noun == "squares" and self.reader.mention(place, kinds=("mosaic",)) is not None:
            parsed.miss(f"{token.text} {self.words[place].text}", "the tiles of a mosaic follow from its motif")
        else:
            name = _RING_NOUNS[noun]
            kinds = _KINDS_OF_NOUNS.get(noun, ())
            usual = {"strand": "celtic", "spokes": "wheel", "squares": "checkerboard"}.get(noun)
            mention = self.reader.mention(place, kinds=kinds) or self.reader.make(place, usual)
            if noun == "ring" and mention.kind == "lines":
                others = [*self.reader.owners.values(), *reversed(self.parsed.mentions)]
                mention = next((owner for owner in others if owner.kind != "lines"), mention)
            parsed.put_length(name, token, mention)

    def _bind_size(self, place: int, token: PromptToken, noun: str) -> None:
        """Bind `6 mm wide` to the ring of this clause if it has one, else to the whole; `thick` to lines or the top."""
        owners = self.reader.owners
        whole = [at for at, word in enumerate(self.words) if word.category == "nouns" and word.meaning == "rosette"]
        rings = [at for at in owners if owners[at].kind is not None or owners[at].materials]
        if noun == "thick":
            self._bind_thickness(place, token)
        elif rings and (not whole or min(abs(at - place) for at in rings) < min(abs(at - place) for at in whole)):
            mention = owners[min(rings, key=lambda at: (abs(at - place), at > place))]
            if not self._is_of_whole(token, mention):
                self.parsed.put_length("width", token, mention)
        elif self.reader.before is not None and not whole and self._is_of_ring_before(token):
            self.parsed.put_length("width", token, self.reader.before)
        else:
            if self.parsed.mentions and not whole:
                self.parsed.assumptions.append(f"{token.text} wide is taken for the whole rosette")
            self.parsed.put_length("width", token)

    def _is_of_ring_before(self, token: PromptToken) -> bool:
        """Tell whether a width alone in its clause is that of the ring before: `abalone ring, 3 mm wide`."""
        return self.parsed.order is not None or (self.reader.ring_before and token.value < _WHOLE)

    def _bind_thickness(self, place: int, token: PromptToken) -> None:
        if any(word.category == "nouns" and word.meaning == "top" for word in self.words):
            self.parsed.put_length("top_thickness", token)
            return
        mention = self.reader.mention(place, kinds=("lines",))
        if mention is not None:
            self.parsed.put_length("line", token, mention)
        else:
            self.parsed.miss(f"{token.text} thick", "of what?")

    def _is_of_whole(self, token: PromptToken, mention: Mention) -> bool:
        """Take a length that no mosaic is as wide as for the whole rosette, and tell whether it was one."""
        if mention.kind != "mosaic" or token.category != "length" or token.value < _WHOLE:
            return False
        self.parsed.assumptions.append(f"{token.text} is taken for the whole rosette: tiles are narrower")
        self.parsed.put_length("width", token)
        return True

    def _bind_to_ring(self, token: PromptToken, mention: Mention, *, stack: bool) -> None:
        count = len(mention.materials) if mention.kind == "lines" else 0
        if self._is_of_whole(token, mention):
            return
        if stack and token.category == "length" and token.value >= _STACK_LINE * count and count:
            self.parsed.assumptions.append(f"{token.text} is taken for the whole stack of {count} lines")
            self.parsed.put_length("width", token, mention)
        elif token.category == "length":
            name = {"lines": "line", "dots": "strand"}.get(mention.kind or "", "width")
            self.parsed.put_length(name, token, mention)
        elif mention.kind == "lines":
            self.parsed.put_count("lines", token, mention)
        else:
            self.parsed.put_count("tile_count", token, mention)

    def _loose(self, at: int, token: PromptToken) -> None:
        """Give a length that stands alone to the ring of its clause, or of the one before, and say so.

        `3/32" abalone` is a ring of shell as wide as that; a count alone means nothing.
        """
        owners = self.reader.owners
        bare = [place for place in owners if owners[place].kind != "lines" and "width" not in owners[place].numbers]
        before = self.reader.before if self.reader.before in self.parsed.mentions else None
        if token.category == "length" and bare:
            nearest = min(bare, key=lambda place: (abs(place - at), place > at))
            self.parsed.put_length("width", token, owners[nearest])
        elif token.category == "length" and before is not None and not owners:
            name = "line" if before.kind == "lines" else "width"
            self.parsed.assumptions.append(f"{token.text} is taken for the {(before.kind or 'ring').replace('_', ' ')}")
            self.parsed.put_length(name, token, before)
        else:
            self.parsed.miss(token.text, "of what?")


def _takes(noun: PromptToken, category: str) -> bool:
    """Tell whether a length or a count can belong to this word."""
    if noun.category == "nouns":
        if category == "length":
            return noun.meaning not in ("tiles", "rows")
        return noun.meaning in _COUNT_NOUNS or noun.meaning in ("hole", "wide", "deep", "gap")
    if noun.category in ("kinds", "nearest"):
        return category == "length" or noun.meaning in _COUNTED
    return noun.category in ("stacks", "strips") and category == "length"
