"""Which material belongs to which ring: to the noun right behind it, else to the ring before it."""

from typing import Final

from rmos.rosette.materials import MATERIALS
from rmos.rosette.parsed_prompt import Mention, ParsedPrompt
from rmos.rosette.prompt_words import PromptToken
from rmos.rosette.reading.clause_reader import ClauseReader
from rmos.rosette.reading.joints import LISTING, WOODS

_MOST_LISTED: Final = 40
"""How far behind a material its noun may stand: bounds the work on a list without end."""
_FIBRES: Final = {"black_veneer": "black_fibre", "natural_veneer": "white_fibre"}
_INLAID: Final = ("dots", "diamond", "greek_key", "celtic", "wave")
"""Kinds whose figure lies in a ground."""


def take_material(reader: ClauseReader, at: int, token: PromptToken) -> None:
    """Give a material to the guitar's top or to its ring."""
    if token.category not in WOODS:
        return
    ahead, most = at + 1, min(len(reader.words), at + _MOST_LISTED)
    while ahead < most and reader.words[ahead].category in LISTING:
        ahead += 1
    following, direct = reader.place(ahead), reader.place(at + 1)
    if direct is not None and direct.category == "nouns" and direct.meaning == "top":
        reader.parsed.put_word("top", token.meaning, token.text)
        return
    mention = reader.owners.get(ahead) if following is not None else None
    if mention is not None and direct is not following and at > 0 and _is_listed(reader, at, ahead):
        mention = None
    _add(reader, mention or _ring_of(reader, at), at, token)


def _is_listed(reader: ClauseReader, at: int, ahead: int) -> bool:
    """Tell whether a material before a joined noun is the earlier ring's: koa in `rope in koa with maple lines`."""
    between = reader.words[at + 1 : ahead]
    joined = any(token.category == "join" and token.meaning == "with" for token in between)
    return joined and any(place < at for place in reader.owners)


def _ring_of(reader: ClauseReader, at: int) -> Mention:
    earlier = [place for place in reader.owners if place < at]
    if earlier:
        return reader.owners[max(earlier)]
    later = [place for place in reader.owners if place > at]
    if later:
        return reader.owners[min(later)]
    # A clause of materials only: all of them belong to one ring, the last that has none yet.
    if reader.bare is None:
        waiting = [owner for owner in reader.parsed.mentions if not owner.materials]
        own = reader.is_next or not waiting or _is_ring(reader, at, waiting[-1])
        reader.bare = reader.make(at, None) if own else waiting[-1]
    return reader.bare


def _is_ring(reader: ClauseReader, at: int, waiting: Mention) -> bool:
    """Tell whether a material makes a ring of its own: shell does in `abalone ring`, any wood behind lines or edges."""
    beside = (reader.place(at - 1), reader.place(at + 1))
    named = any(noun is not None and noun.category == "nouns" and noun.meaning == "ring" for noun in beside)
    return named and (MATERIALS[reader.words[at].meaning].shell or waiting.kind == "lines" or waiting.role == "edge")


def _add(reader: ClauseReader, mention: Mention, at: int, token: PromptToken) -> None:
    if mention.layered and mention.kind == "lines" and at not in reader.owners:
        mention.materials, mention.layered = [], False
    mention.materials = [*mention.materials, token.meaning]
    if at and reader.words[at - 1].category == "on":
        mention.layered = True


def assign_materials(parsed: ParsedPrompt) -> None:
    """Make colours of lines fibre, and lay a figure that stands beside a plain ring into it."""
    for mention in parsed.mentions:
        if mention.kind == "lines":
            mention.materials = [_FIBRES.get(name, name) for name in mention.materials]
    for mention in list(parsed.mentions):
        ground = mention.beside
        if mention.kind in _INLAID and ground is not None and mention.role is None and _is_plain(ground):
            _lay(parsed, mention, ground)


def _is_plain(ring: Mention) -> bool:
    """Tell whether a ring is one piece of one material: `ebony band with pearl dots` is a ring of dots in ebony."""
    return ring.kind in (None, "band", "solid") and len(ring.materials) == 1


def _lay(parsed: ParsedPrompt, figure: Mention, ground: Mention) -> None:
    material = ground.materials[0]
    figure.beside, figure.role = ground.beside, ground.role
    if figure.materials:
        figure.materials, figure.layered = [*figure.materials, material], True
    else:
        figure.ground = material
    for name, value in ground.numbers.items():
        figure.numbers.setdefault(name, value)
    parsed.mentions = [one for one in parsed.mentions if one is not ground]
