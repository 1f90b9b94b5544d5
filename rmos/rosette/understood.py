"""What of a prompt was understood, word by word, and what a misspelt word may have been: for whoever reads an answer.

list_understood("rope in ebony, 6 mm band, horse", ("horse",))    # ("rope", "ebony", "6 mm band")
read_missed("herringbon (did you mean herringbone?)")             # MissedWord("herringbon", "", "herringbone")
correct_prompt("Herringbon in maple", missed)                     # "herringbone in maple"
"""

import re
from collections.abc import Collection
from typing import Final, NamedTuple

from rmos.rosette.prompt_words import PromptToken, tokens

_NUMBERS: Final = ("length", "count", "angle")
_OF_A_NUMBER: Final = ("nouns", "strips")
"""What a number before it is a number of; alone these words say little."""
_LITTLE: Final = frozenset({"unknown", "stop", "slash", "dash", "inch", "join", "on", "sequence", "silent", "nouns"})
_MISSED: Final = re.compile(r"(?P<word>.*?)(?: \((?:did you mean (?P<meant>[^()]*)\?|(?P<why>[^()]*))\))?", re.DOTALL)


class MissedWord(NamedTuple):
    """What was not taken: the word, why, and the word that may have been meant."""

    word: str
    why: str
    meant: str


def list_understood(prompt: str, unrecognized: Collection[str]) -> tuple[str, ...]:
    """Return what the prompt said that was taken, each once, in the order in which it was said."""
    missed = {read_missed(text).word for text in unrecognized}
    taken: list[str] = []
    before: PromptToken | None = None
    for token in tokens(prompt):
        if token.text not in missed:
            if before is not None and _belongs(before, token):
                taken[-1] += f" {token.text}"
            elif token.category not in _LITTLE:
                taken.append(token.text)
                before = token
                continue
        before = None
    return tuple(dict.fromkeys(taken))


def _belongs(before: PromptToken, token: PromptToken) -> bool:
    """Tell whether a word says what the one before it is about: `6 mm band`, `without shell`."""
    if before.category == "without":
        return token.category not in ("stop", "unknown")
    return before.category in _NUMBERS and token.category in _OF_A_NUMBER


def read_missed(text: str) -> MissedWord:
    """Return an entry of what was not understood, taken apart."""
    match = _MISSED.fullmatch(text)
    return MissedWord(match["word"], match["why"] or "", match["meant"] or "") if match else MissedWord(text, "", "")


def correct_prompt(prompt: str, missed: MissedWord) -> str | None:
    """Return the prompt with the word that may have been meant, or None where there is none or it is not found."""
    if not missed.meant:
        return None
    corrected, count = re.subn(
        rf"\b{re.escape(missed.word)}\b", lambda _: missed.meant, prompt, count=1, flags=re.IGNORECASE
    )
    return corrected if count else None
