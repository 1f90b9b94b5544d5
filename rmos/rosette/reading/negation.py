"""What a prompt does without: `no shell`, `senza madreperla`, `ohne Adern`, `shell-free`.

A negation takes the word behind it, and what `or` adds; what `and` adds only where the clause ends with it, for in
`without lines and rope in koa` the rope is wanted.
"""

from typing import Final

from rmos.rosette.parsed_prompt import ParsedPrompt
from rmos.rosette.prompt_words import PromptToken
from rmos.rosette.reading.joints import RINGS, WOODS

_NEGATABLE: Final = (*WOODS, *RINGS, "places", "motifs")
_NOUNS: Final = {"ring": "ring", "rosette": "ring", "tiles": "mosaic", "spokes": "wheel"}
"""Nouns that can be done without → the kind that goes, or `ring` for all of them."""
_NUMBERS: Final = ("length", "count", "angle")


def negated_places(words: tuple[PromptToken, ...]) -> set[int]:
    """Return the places of the negations and of what they take away."""
    found: set[int] = set()
    active = False
    for at, token in enumerate(words):
        following = words[at + 1] if at + 1 < len(words) else None
        if token.category == "without":
            active = True
            found.add(at)
        elif active and _can_go(token, words, at):
            found.add(at)
            active = following is not None and _goes_on(words[at + 1 :])
        elif active and token.category == "join":
            pass
        else:
            active = False
        if token.category == "free" and at and _can_go(words[at - 1], words, at - 1):
            found |= {at - 1, at}
    return found


def _can_go(token: PromptToken, words: tuple[PromptToken, ...], at: int) -> bool:
    if token.category == "nouns":
        beside = words[max(at - 1, 0) : at + 2]
        return token.meaning in _NOUNS and not any(other.category in _NUMBERS for other in beside)
    return token.category in _NEGATABLE


def _goes_on(rest: tuple[PromptToken, ...]) -> bool:
    """Tell whether the negation takes what is joined next: behind `or` always, behind `and` when nothing follows it."""
    if not rest or rest[0].category not in ("join", "slash"):
        return False
    if rest[0].meaning == "or":
        return True
    return rest[0].meaning != "with" and len(rest) == 2


def take_away(parsed: ParsedPrompt, token: PromptToken) -> None:
    """Note one thing that the rosette is without."""
    if token.category in ("without", "free", "join"):
        return
    if token.category == "kinds":
        parsed.without.append(token.meaning)
    elif token.category == "stacks":
        parsed.without.append("lines")
    elif token.category in WOODS:
        parsed.without.append(token.meaning)
    elif token.category == "nouns":
        parsed.without.append(_NOUNS[token.meaning])
    elif token.category == "places" and token.meaning == "edge":
        parsed.without.append("edge")
    else:
        parsed.miss(f"no {token.text}")
