"""From words to wishes: which number belongs to which noun, which material to which ring.

    read(tokens("bloodwood centre with maple purfling .020 inch"))

A clause ends at a comma or a full stop. In it a number binds to the nearest noun that can take it; a material to the
noun right behind it, else to the ring before it. What binds to nothing is said, not dropped.
"""

from typing import Final

from rmos.rosette.prompt_words import Token
from rmos.rosette.wishes import Mention, Wishes, millimetres

_LENGTH_NOUNS: Final = {
    "hole": "hole", "gap": "gap", "deep": "depth", "cutter": "cutter", "rosette": "width", "top": "top_thickness",
}  # fmt: skip
"""Nouns that a length of the whole belongs to."""
_RING_NOUNS: Final = {"ring": "width", "tile_length": "tile_length", "strand": "strand"}
_COUNT_NOUNS: Final = {"tiles": "tile_count", "spokes": "tile_count", "rows": "rows", "strand": "rows", "ring": "rings"}
_STACKS: Final = {"b": "black_fibre", "w": "white_fibre"}
_FIBRES: Final = {"black_veneer": "black_fibre", "natural_veneer": "white_fibre"}
_MOST_LISTED: Final = 40
"""How far behind a material its noun may stand: bounds the work on a list without end."""
_MOTIF_KINDS: Final = ("diamond", "wave")

Clause = list[Token]


def read(words: list[Token]) -> Wishes:
    """Return what the words ask for."""
    wishes = Wishes()
    bare: Mention | None = None
    for clause in _clauses(words):
        reader = _Reader(wishes, clause, bare)
        reader.read()
        bare = reader.bare if _is_bare(clause) else None
    _settle_materials(wishes)
    return wishes


def _clauses(words: list[Token]) -> list[Clause]:
    clauses: list[Clause] = [[]]
    for token in words:
        if token.category == "stop":
            clauses.append([])
        else:
            clauses[-1].append(token)
    return [clause for clause in clauses if clause]


def _is_bare(clause: Clause) -> bool:
    """Tell whether a clause holds materials only: `maple, ebony` after a ring are one list."""
    return all(token.category in ("materials", "colours", "join", "slash", "on") for token in clause)


class _Reader:
    """One clause at work: `owners[i]` is the mention that the token at `i` speaks of."""

    def __init__(self, wishes: Wishes, clause: Clause, bare: Mention | None) -> None:
        self.wishes, self.clause = wishes, clause
        self.owners: dict[int, Mention] = {}
        self.rings: list[Mention] = []
        self.before = wishes.mentions[-1] if wishes.mentions else None
        self.bare = bare if _is_bare(clause) else None
        self.negated = self._negated()
        self.first_number = next((at for at, token in enumerate(clause) if token.category in ("length", "count")), 0)
        self.takers = {
            category: [at for at, noun in enumerate(clause) if at not in self.negated and _takes(noun, category)]
            for category in ("length", "count")
        }

    def read(self) -> None:
        """Take rings first, then words about them, then materials, then numbers."""
        for at, token in enumerate(self.clause):
            if at in self.negated:
                self._without(token)
            elif token.category in ("kinds", "stacks", "nearest"):
                self._ring(at, token)
        steps = (self._words, self._materials, self._numbers)
        for step in steps:
            for at, token in enumerate(self.clause):
                if at not in self.negated:
                    step(at, token)

    def _negated(self) -> set[int]:
        found: set[int] = set()
        active = False
        for at, token in enumerate(self.clause):
            if token.category == "without":
                active = True
                found.add(at)
            elif active and token.category in ("materials", "kinds", "colours", "places", "stacks"):
                found.add(at)
                following = self.clause[at + 1] if at + 1 < len(self.clause) else None
                active = following is not None and following.meaning == "or"
            elif token.meaning != "or":
                active = False
        return found

    def _without(self, token: Token) -> None:
        if token.category == "without":
            return
        if token.category in ("kinds", "stacks"):
            self.wishes.without.append("lines" if token.category == "stacks" else token.meaning)
        elif token.category in ("materials", "colours"):
            self.wishes.without.append(token.meaning)
        else:
            self.wishes.miss(f"no {token.text}")

    # Rings

    def _ring(self, at: int, token: Token) -> None:
        kind = "lines" if token.category == "stacks" else token.meaning
        near = self.rings
        if token.category == "nearest":
            self.wishes.miss(token.text)
            self.wishes.assumptions.append(f"{token.text} cannot be drawn yet; the nearest is {kind}")
        tile = next((owner for owner in near if owner.kind == "mosaic"), None)
        if tile is not None and kind in _MOTIF_KINDS:
            tile.motif, self.owners[at] = kind + "s" * (kind == "wave"), tile
            return
        if kind == "mosaic":
            self._take_motif(at)
        same = [owner for owner in [*near, *([self.before] if self.before else [])] if owner.kind == kind]
        mention = same[0] if same else Mention(kind=kind)
        if not same:
            self.wishes.mentions.append(mention)
        if mention not in near:
            near.append(mention)
        self.owners[at] = mention
        if token.category == "stacks":
            letters = "bwb" if token.meaning == "bw" else token.meaning
            mention.materials = [_STACKS[letter] for letter in letters]
            mention.layered = True

    def _take_motif(self, at: int) -> None:
        """Make `diamond mosaic` one ring: what came before the word mosaic is its motif."""
        earlier = self.owners.get(at - 1)
        if earlier is not None and earlier.kind in _MOTIF_KINDS:
            earlier.motif = "diamond" if earlier.kind == "diamond" else "waves"
            earlier.kind = "mosaic"

    def _mention(self, at: int, *, kinds: tuple[str, ...] = ()) -> Mention | None:
        """Return the ring that a word at this place speaks of: the nearest of the clause, else the one before it."""
        fitting = [(abs(at - place), place > at, owner) for place, owner in self.owners.items()]
        fitting = [entry for entry in fitting if not kinds or entry[2].kind in kinds]
        if fitting:
            return min(fitting, key=lambda entry: entry[:2])[2]
        return next((owner for owner in reversed(self.wishes.mentions) if not kinds or owner.kind in kinds), None)

    def _made(self, at: int, kind: str | None) -> Mention:
        mention = Mention(kind=kind, implied=kind is not None)
        self.wishes.mentions.append(mention)
        self.owners[at] = mention
        return mention

    # Words

    def _words(self, at: int, token: Token) -> None:
        wishes, category = self.wishes, token.category
        if category == "instruments":
            wishes.put_word("instrument", token.meaning, token.text)
        elif category == "presets":
            wishes.put_word("preset", token.meaning, token.text)
        elif category == "tones":
            wishes.put_word("tone", token.meaning, token.text)
        elif category == "all_wood":
            wishes.all_wood = True
        elif category == "comparatives":
            wishes.comparatives.append(token.meaning)
        elif category == "nouns":
            wishes.words.add(token.meaning)
            if token.meaning == "spokes" and self._mention(at, kinds=("wheel",)) is None:
                self._made(at, "wheel")
        elif category == "places":
            self._place(at, token)
        elif category in ("motifs", "symmetries"):
            mention = self._mention(at, kinds=("mosaic",)) or self._made(at, "mosaic")
            setattr(mention, "motif" if category == "motifs" else "symmetry", token.meaning)
        elif category in ("unknown", "word"):
            wishes.miss(token.text)

    def _place(self, at: int, token: Token) -> None:
        rings = {place: owner for place, owner in self.owners.items() if owner.role in (None, token.meaning)}
        near = [(abs(at - place), place > at, owner) for place, owner in rings.items() if owner.kind != "lines"]
        if near:
            mention = min(near, key=lambda entry: entry[:2])[2]
        elif token.meaning == "edge":
            mention = self._mention(at) or self._made(at, None)
        else:
            mention = self._made(at, None)
        if mention.kind is None:
            self.owners[at] = mention
        mention.role = token.meaning

    # Materials

    def _materials(self, at: int, token: Token) -> None:
        if token.category not in ("materials", "colours"):
            return
        ahead, most = at + 1, min(len(self.clause), at + _MOST_LISTED)
        while ahead < most and self.clause[ahead].category in (
            "materials",
            "colours",
            "join",
            "slash",
            "on",
        ):
            ahead += 1
        following = self.clause[ahead] if ahead < len(self.clause) else None
        direct = self.clause[at + 1] if at + 1 < len(self.clause) else None
        if direct is not None and direct.category == "nouns" and direct.meaning == "top":
            self.wishes.put_word("top", token.meaning, token.text)
            return
        mention = self.owners.get(ahead) if following is not None else None
        if mention is not None and direct is not following and at > 0 and self._listed(at, ahead):
            mention = None
        if mention is None or (following is not None and following.category == "numbers"):
            mention = mention or self._ring_of_material(at)
        self._add(mention, at, token)

    def _listed(self, at: int, ahead: int) -> bool:
        """Tell whether a material before a joined noun is the earlier ring's: koa in `rope in koa with maple lines`."""
        between = self.clause[at + 1 : ahead]
        joined = any(token.category == "join" and token.text in ("with", "con", "plus") for token in between)
        return joined and any(place < at for place in self.owners)

    def _ring_of_material(self, at: int) -> Mention:
        earlier = [place for place in self.owners if place < at]
        if earlier:
            return self.owners[max(earlier)]
        later = [place for place in self.owners if place > at]
        if later:
            return self.owners[min(later)]
        # A clause of materials only: all of them belong to one ring, the last that has none yet.
        if self.bare is None:
            waiting = [owner for owner in self.wishes.mentions if not owner.materials]
            self.bare = waiting[-1] if waiting else self._made(at, None)
        return self.bare

    def _add(self, mention: Mention, at: int, token: Token) -> None:
        if mention.layered and mention.kind == "lines" and at not in self.owners:
            mention.materials, mention.layered = [], False
        mention.materials = [*mention.materials, token.meaning]
        if at and self.clause[at - 1].category == "on":
            mention.layered = True

    # Numbers

    def _numbers(self, at: int, token: Token) -> None:
        if token.category == "grid":
            self._grid(at, token)
        elif token.category in ("length", "count"):
            target = self._target(at, token)
            if target is None:
                self._loose(at, token)
            else:
                self._bind(at, token, target)

    def _grid(self, at: int, token: Token) -> None:
        columns, _, rows = token.meaning.partition("x")
        mention = self._mention(at, kinds=("mosaic", "checkerboard")) or self._made(at, "mosaic")
        if columns != rows:
            self.wishes.problems.append(f"{token.text}: the built-in tiles are square; send a bitmap for others")
        else:
            self.wishes.put_count("rows", Token("count", "", token.text, token.value + int(rows)), mention)

    def _target(self, at: int, token: Token) -> int | None:
        """Return the place of the nearest noun that takes this number; of two as near, by the clause's manner."""
        fitting = self.takers[token.category]
        if not fitting:
            return None
        noun_first = fitting[0] < self.first_number
        return min(fitting, key=lambda place: (abs(place - at), (place > at) == noun_first))

    def _bind(self, at: int, token: Token, place: int) -> None:
        noun, wishes = self.clause[place], self.wishes
        if noun.category in ("kinds", "stacks", "nearest"):
            self._bind_to_ring(token, self.owners[place])
        elif token.category == "count" and noun.meaning in _COUNT_NOUNS:
            self._bind_count(place, token, _COUNT_NOUNS[noun.meaning])
        else:
            if token.category == "count":
                token = millimetres(token)
                wishes.assumptions.append(f"{token.text} for {noun.text}: a number without a unit is in mm")
            self._bind_length(place, token, noun.meaning)

    def _bind_count(self, place: int, token: Token, name: str) -> None:
        if name == "rings":
            self.wishes.put_count(name, token)
            return
        noun = self.clause[place].meaning
        kinds = ("wheel",) if noun == "spokes" else ("celtic", "braid") if noun == "strand" else ()
        mention = self._mention(place, kinds=kinds)
        if mention is None or mention.kind == "lines":
            usual = {"spokes": "wheel", "strand": "braid"}.get(noun, "mosaic")
            mention = self._mention(place, kinds=(usual,)) or self._made(place, usual)
        self.wishes.put_count(name, token, mention)

    def _bind_length(self, place: int, token: Token, noun: str) -> None:
        wishes = self.wishes
        if noun in _LENGTH_NOUNS:
            wishes.put_length(_LENGTH_NOUNS[noun], token)
        elif noun in ("wide", "thick"):
            self._bind_size(place, token, noun)
        else:
            name = _RING_NOUNS[noun]
            kinds = ("celtic", "braid", "wave", "wheel", "dots") if noun == "strand" else ()
            mention = self._mention(place, kinds=kinds) or self._made(place, "celtic" if noun == "strand" else None)
            if noun == "ring" and mention.kind == "lines":
                mention = next((owner for owner in self.owners.values() if owner.kind != "lines"), mention)
            wishes.put_length(name, token, mention)

    def _bind_size(self, place: int, token: Token, noun: str) -> None:
        """Bind `6 mm wide` to the ring of this clause if it has one, else to the whole; `thick` to lines or the top."""
        whole = [at for at, word in enumerate(self.clause) if word.category == "nouns" and word.meaning == "rosette"]
        rings = [at for at in self.owners if self.owners[at].kind is not None or self.owners[at].materials]
        if noun == "thick":
            if any(word.category == "nouns" and word.meaning == "top" for word in self.clause):
                self.wishes.put_length("top_thickness", token)
                return
            mention = self._mention(place, kinds=("lines",))
            if mention is not None:
                self.wishes.put_length("line", token, mention)
            else:
                self.wishes.miss(f"{token.text} thick (of what?)")
        elif rings and (not whole or min(abs(at - place) for at in rings) < min(abs(at - place) for at in whole)):
            mention = self.owners[min(rings, key=lambda at: (abs(at - place), at > place))]
            self.wishes.put_length("width", token, mention)
        else:
            if self.wishes.mentions and not whole:
                self.wishes.assumptions.append(f"{token.text} wide is taken for the whole rosette")
            self.wishes.put_length("width", token)

    def _bind_to_ring(self, token: Token, mention: Mention) -> None:
        if token.category == "length":
            name = {"lines": "line", "dots": "strand"}.get(mention.kind or "", "width")
            self.wishes.put_length(name, token, mention)
        elif mention.kind == "lines":
            self.wishes.put_count("lines", token, mention)
        else:
            self.wishes.put_count("tile_count", token, mention)

    def _loose(self, at: int, token: Token) -> None:
        """Give a length that stands alone to the ring spoken of last, and say so; a count alone means nothing."""
        mention = self.before if self.before in self.wishes.mentions else None
        if token.category == "length" and mention is not None and not self.owners:
            name = "line" if mention.kind == "lines" else "width"
            self.wishes.assumptions.append(
                f"{token.text} is taken for the {(mention.kind or 'ring').replace('_', ' ')}"
            )
            self.wishes.put_length(name, token, mention)
        else:
            self.wishes.miss(f"{token.text} (of what?)")


def _takes(noun: Token, category: str) -> bool:
    """Tell whether a length or a count can belong to this word."""
    if noun.category == "nouns":
        if category == "length":
            return noun.meaning not in ("tiles", "spokes", "rows")
        return noun.meaning in _COUNT_NOUNS or noun.meaning in ("hole", "wide", "deep", "gap")
    if noun.category in ("kinds", "nearest"):
        return category == "length" or noun.meaning in (
            "wheel",
            "wedges",
            "dots",
            "lines",
            "mosaic",
            "diamond",
            "wave",
        )
    return noun.category == "stacks" and category == "length"


def _settle_materials(wishes: Wishes) -> None:
    """Make colours of lines fibre, and a ring of shell one that is called by its material only."""
    for mention in wishes.mentions:
        if mention.kind == "lines":
            mention.materials = [_FIBRES.get(name, name) for name in mention.materials]
