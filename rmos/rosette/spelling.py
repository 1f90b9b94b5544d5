"""Did you mean: the known word that is nearest to one that is not.

    hint_for("herringbon")     # "did you mean herringbone?"

Nothing is taken for what it is not: the nearest word is offered, the drawing goes on without it.
"""

from typing import Final

from rmos.rosette.lexicon import PHRASES

_OFFERED: Final = ("kinds", "materials", "presets", "instruments", "motifs", "colours")
_LONG: Final = 8
_LEAST: Final = 4
"""Letters that a word has at least to be near to another one."""
_WORDS: Final = tuple(
    phrase for phrase, (category, _) in PHRASES.items() if category in _OFFERED and len(phrase) >= _LEAST
)


def hint_for(word: str) -> str:
    """Return the offer of a known word, or nothing when none is near."""
    near = nearest_word(word)
    return f"did you mean {near}?" if near else ""


def nearest_word(word: str) -> str | None:
    """Return the known word with the fewest letters changed: one, or two in eight letters; the first of equals."""
    if len(word) < _LEAST or not word.isalpha():
        return None
    most = 1 if len(word) < _LONG else 2
    best, found = most + 1, None
    for known in _WORDS:
        if abs(len(known) - len(word)) < best and known[0] == word[0]:
            away = distance(word, known, best)
            if away < best:
                best, found = away, known
    return found


def distance(one: str, other: str, limit: int) -> int:
    """Return how many letters to add, leave out, change or swap with the next; `limit` when it is as many or more."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, start=1):
        older, before, row = before, row, [at]
        for to, sign in enumerate(other, start=1):
            cost = min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (letter != sign))
            if at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == sign:
                cost = min(cost, older[to - 2] + 1)
            row.append(cost)
        if min(row) >= limit:
            return limit
    return min(row[-1], limit)
