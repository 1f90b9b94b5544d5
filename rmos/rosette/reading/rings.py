"""Which rings a clause speaks of, and the words about them: places, motifs, instrument and style."""

from typing import Final

from rmos.rosette.lexicon import find_phrase
from rmos.rosette.parsed_prompt import Mention
from rmos.rosette.prompt_words import PromptToken
from rmos.rosette.reading.clause_reader import ClauseReader
from rmos.rosette.reading.joints import MOTIF_KINDS, RINGS, WOODS
from rmos.rosette.spelling import hint_for

_STACKS: Final = {"b": "black_fibre", "w": "white_fibre"}
_ONE_LINE: Final = ("line", "linea", "linha", "ligne", "linie", "filete", "filetto", "filet", "ader")
"""Words for a single line: with nothing else it is the rosette."""
_SINGLE: Final = {"instruments": "instrument", "presets": "preset", "tones": "tone"}
"""Category → the member that can be given once."""


def take_ring(reader: ClauseReader, at: int, token: PromptToken) -> None:
    """Note the ring that a kind, a stack of lines, or a figure that cannot be drawn yet names."""
    if token.category not in RINGS:
        return
    kind = "lines" if token.category == "stacks" else token.meaning
    if token.category == "nearest":
        reader.parsed.miss(token.text)
        reader.parsed.assumptions.append(f"{token.text} cannot be drawn yet; the nearest is {kind}")
    tile = next((owner for owner in reader.rings if owner.kind == "mosaic"), None)
    if tile is not None and kind in MOTIF_KINDS:
        tile.motif, reader.owners[at] = kind + "s" * (kind == "wave"), tile
        return
    if kind == "mosaic":
        _take_motif(reader, at)
    mention = _same(reader, kind)
    if mention not in reader.rings:
        reader.rings.append(mention)
    reader.owners[at] = mention
    if token.text in _ONE_LINE:
        reader.parsed.words.add("ring")
    if token.category == "stacks":
        letters = "bwb" if token.meaning == "bw" else token.meaning
        mention.materials = [_STACKS[letter] for letter in letters]
        mention.layered = True


def _same(reader: ClauseReader, kind: str) -> Mention:
    """Return the ring of this kind that is spoken of already, else a new one."""
    near = [owner for owner in reader.rings if owner.kind == kind]
    before = [] if reader.is_next or reader.before is None else [reader.before]
    same = near or [owner for owner in before if owner.kind == kind]
    if same:
        return same[0]
    mention = Mention(kind=kind)
    if reader.clause.attached and reader.before is not None:
        mention.beside = reader.before
    reader.parsed.mentions.append(mention)
    return mention


def _take_motif(reader: ClauseReader, at: int) -> None:
    """Make `diamond mosaic` one ring: what came before the word mosaic is its motif."""
    earlier = reader.owners.get(at - 1)
    if earlier is not None and earlier.kind in MOTIF_KINDS:
        earlier.motif = "diamond" if earlier.kind == "diamond" else "waves"
        earlier.kind = "mosaic"


def take_word(reader: ClauseReader, at: int, token: PromptToken) -> None:
    """Note what a word says that is neither a ring nor a material nor a number."""
    parsed, category = reader.parsed, token.category
    if category in _SINGLE:
        parsed.put_word(_SINGLE[category], token.meaning, token.text)
        if category == "presets":
            _take_model(reader, token)
    elif category == "all_wood":
        parsed.all_wood = True
    elif category == "only":
        parsed.words.add("only")
    elif category == "comparatives":
        parsed.comparatives.append(token.meaning)
    elif category == "nouns":
        parsed.words.add(token.meaning)
        if token.meaning == "spokes" and reader.mention(at, kinds=("wheel",)) is None:
            reader.make(at, "wheel")
    elif category == "places":
        _take_place(reader, at, token)
    elif category in ("motifs", "symmetries"):
        mention = reader.mention(at, kinds=("mosaic",)) or reader.make(at, "mosaic")
        setattr(mention, "motif" if category == "motifs" else "symmetry", token.meaning)
    elif category in ("unknown", "word", "fractions", "free"):
        parsed.miss(token.text, hint_for(token.text) if len(parsed.unrecognized) < _HINTED else "")


def _take_model(reader: ClauseReader, token: PromptToken) -> None:
    """Note the instrument that a model is named after: `OM-28` is a style and an OM."""
    category, instrument = find_phrase(token.text.split()[:1]) or ("", "")
    if category == "instruments" and reader.parsed.instrument is None:
        reader.parsed.put_word("instrument", instrument, token.text)


_HINTED: Final = 10
"""Unknown words for which a known one is looked up: bounds the work on a prompt of none."""


def _take_place(reader: ClauseReader, at: int, token: PromptToken) -> None:
    """Give the nearest ring its place; lines stand on both sides wherever they are said to."""
    rings = {place: owner for place, owner in reader.owners.items() if owner.role in (None, token.meaning)}
    near = [(abs(at - place), place > at, owner) for place, owner in rings.items()]
    if near and token.meaning == "edge" and min(near, key=lambda entry: entry[:2])[2].kind == "lines":
        return
    near = [entry for entry in near if entry[2].kind != "lines"]
    if near:
        mention = min(near, key=lambda entry: entry[:2])[2]
    else:
        mention = _placed_before(reader, token.meaning) or reader.make(at, None)
        reader.owners[at] = mention
    mention.role = token.meaning


def _placed_before(reader: ClauseReader, role: str) -> Mention | None:
    """Return the earlier ring that a place alone in its clause speaks of: the rope in `rope centre, 12 mm centre`."""
    if _has_wood(reader):
        return None
    earlier = [owner for owner in reader.parsed.mentions if owner.role == role]
    if not earlier and role == "edge":
        earlier = [owner for owner in reader.parsed.mentions if owner.role is None]
    return earlier[-1] if earlier else None


def _has_wood(reader: ClauseReader) -> bool:
    """Tell whether the clause names materials: `koa edges` are edges of their own."""
    return any(token.category in WOODS and at not in reader.negated for at, token in enumerate(reader.words))
