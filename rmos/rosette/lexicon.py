"""The words that the interpreter knows, from `lexicon.toml` and `grammar.toml`: six languages, folded to ASCII.

    PHRASES["espina de pez"]      # ("kinds", "herringbone")
    split_compound("ahornring")   # ("ahorn", "ring")

German writes two words as one; an unknown word is taken apart where both halves are known.
"""

import tomllib
from collections.abc import Mapping
from fractions import Fraction
from importlib.resources import files
from typing import Final


def _load() -> dict[str, dict[str, list[str]]]:
    folder = files(__package__)
    texts = [folder.joinpath(f"{name}.toml").read_text(encoding="utf-8") for name in ("lexicon", "grammar")]
    return {category: meanings for text in texts for category, meanings in tomllib.loads(text).items()}


_WORDS: Final = _load()
UNITS: Final = {
    "mm": Fraction(1000),
    "cm": Fraction(10_000),
    "in": Fraction(25_400),
    "thou": Fraction(254, 10),
}
"""Unit of a length → micrometres."""
UNIT_WORDS: Final = {word: unit for unit, words in _WORDS["units"].items() for word in words}
"""Word → unit: one of `UNITS`, or `deg`."""
FRACTIONS: Final = {phrase: Fraction(part) for part, phrases in _WORDS["fractions"].items() for phrase in phrases}
"""What stands before a unit: half an inch."""
_APART: Final = ("units", "fractions")
_PART: Final = 4
"""Letters that each half of a compound has at least."""


def _phrases() -> Mapping[str, tuple[str, str]]:
    """Return phrase → (category, meaning); what stands earlier in the data wins."""
    found: dict[str, tuple[str, str]] = {}
    for category, meanings in _WORDS.items():
        if category not in _APART:
            for meaning, phrases in meanings.items():
                for phrase in phrases:
                    found.setdefault(phrase, (category, meaning))
    return found


PHRASES: Final = _phrases()
LONGEST_PHRASE: Final = max(phrase.count(" ") + 1 for phrase in PHRASES)


def find_phrase(words: list[str]) -> tuple[str, str] | None:
    """Return category and meaning of words that stand together, a plural in -s under its singular."""
    phrase = " ".join(words)
    found = PHRASES.get(phrase)
    return found or (PHRASES.get(phrase[:-1]) if phrase.endswith("s") else None)


def split_compound(word: str) -> tuple[str, str] | None:
    """Return the two known words that a word is made of, the first as long as it can be."""
    for at in range(len(word) - _PART, _PART - 1, -1):
        first, second = word[:at], word[at:]
        if second in PHRASES and (first in PHRASES or first.removesuffix("s") in PHRASES):
            return (first if first in PHRASES else first[:-1]), second
    return None
