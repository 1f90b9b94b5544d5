"""One clause at work: what its words speak of, shared by the steps that read it."""

from rmos.rosette.parsed_prompt import Mention, ParsedPrompt
from rmos.rosette.prompt_words import PromptToken
from rmos.rosette.reading.clauses import Clause


class ClauseReader:
    """The state of one clause: `owners[i]` is the ring that the word at `i` speaks of."""

    def __init__(self, parsed: ParsedPrompt, clause: Clause, bare: Mention | None) -> None:
        self.parsed = parsed
        self.clause = clause
        self.words: tuple[PromptToken, ...] = clause.words
        self.owners: dict[int, Mention] = {}
        self.rings: list[Mention] = []
        self.before = parsed.mentions[-1] if parsed.mentions else None
        self.bare = bare if clause.is_bare() else None
        self.negated: set[int] = set()
        self.ring_before = False
        """Whether the clause before named one ring by that noun: `abalone ring, 3 mm wide` is that wide."""

    @property
    def is_next(self) -> bool:
        """Tell whether its rings are new ones: rings that are listed in order are never those before."""
        return self.parsed.order is not None and (self.clause.follows or self.clause.attached or self._names_ring())

    def _names_ring(self) -> bool:
        return any(token.category in ("kinds", "stacks", "nearest", "length") for token in self.words)

    def place(self, at: int) -> PromptToken | None:
        """Return the word at a place, None beyond the end."""
        return self.words[at] if 0 <= at < len(self.words) else None

    def mention(self, at: int, *, kinds: tuple[str, ...] = ()) -> Mention | None:
        """Return the ring that a word at this place speaks of: the nearest of the clause, else the one before it."""
        fitting = [(abs(at - place), place > at, owner) for place, owner in self.owners.items()]
        fitting = [entry for entry in fitting if not kinds or entry[2].kind in kinds]
        if fitting:
            return min(fitting, key=lambda entry: entry[:2])[2]
        return next((owner for owner in reversed(self.parsed.mentions) if not kinds or owner.kind in kinds), None)

    def make(self, at: int, kind: str | None) -> Mention:
        """Return a new ring whose kind was not said, or follows from the word at this place."""
        mention = Mention(kind=kind, implied=kind is not None)
        self.parsed.mentions.append(mention)
        self.owners[at] = mention
        return mention
