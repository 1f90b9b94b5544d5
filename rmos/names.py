"""Names and ids as people type them: what counts as the same one, and which one may have been meant.

    fold_name("EM-3175-2F") == fold_name("em-3175-2f")          # case is no matter, wherever something is looked for
    find_nearest("risk", ("status", "risk_level", "mode"))      # ["risk_level"]

This is the one rule of the whole project for filters, words of a vocabulary and the ids of the shop's tables: over
HTTP, on the command line and in the index. Records keep every name as it was sent.
"""

import unicodedata
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Final

_COMPARED: Final = 64
"""Characters of a foreign name that are compared: what is longer resembles nothing."""
_OFFERED: Final = 3
_PART: Final = 3
"""Letters that a part of a name has at least before the whole is offered for it."""


def fold_name(text: str) -> str:
    """Return a name in the form that is compared: in no case, and "é" is one sign, not two."""
    if text.isascii():
        return text.lower()
    # Unicode, D145: alike is what differs in nothing but case and in how its signs are put together.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


def find_name(name: str, known: Collection[str]) -> str | None:
    """Return the known name that is meant: the very one, else the only one that differs in case alone."""
    if name in known:
        return name
    folded = fold_name(name)
    alike = [other for other in known if fold_name(other) == folded]
    return alike[0] if len(alike) == 1 else None


def find_nearest(name: str, known: Iterable[str]) -> list[str]:
    """Return up to three known names that may have been meant, the nearest first; mostly one, often none."""
    by_folded = {fold_name(other): other for other in known}
    folded = fold_name(name[:_COMPARED])
    if folded in by_folded:
        return [by_folded[folded]]
    parts = [other for other in by_folded if len(folded) >= _PART and other.startswith(folded)]
    close = get_close_matches(folded, by_folded, n=_OFFERED)
    return [by_folded[other] for other in dict.fromkeys([*parts, *close])][:_OFFERED]


def offer_names(name: str, known: Iterable[str]) -> str:
    """Return "Did you mean a, b or c?", or nothing when no known name is near."""
    *others, last = find_nearest(name, known) or [""]
    either = f"{', '.join(others)} or {last}" if others else last
    return f"Did you mean {either}?" if either else ""
