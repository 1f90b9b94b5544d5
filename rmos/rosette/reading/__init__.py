"""From words to what is asked for: which number belongs to which noun, which material to which ring.

    read(tokens("bloodwood centre with maple purfling .020 inch"))

A clause is read in steps: what it does without, its rings, words about them, materials, numbers.
"""

from rmos.rosette.parsed_prompt import Mention, ParsedPrompt
from rmos.rosette.prompt_words import PromptToken
from rmos.rosette.reading.clause_reader import ClauseReader
from rmos.rosette.reading.clauses import Clause, order_of, split_clauses
from rmos.rosette.reading.negation import negated_places, take_away
from rmos.rosette.reading.numbers import Numbers
from rmos.rosette.reading.rings import take_ring, take_word
from rmos.rosette.reading.woods import assign_materials, take_material


def read(words: list[PromptToken]) -> ParsedPrompt:
    """Return what the words ask for."""
    parsed = ParsedPrompt(order=order_of(words))
    bare: Mention | None = None
    before: Clause | None = None
    for clause in split_clauses(words):
        bare = _read_clause(parsed, clause, before, bare)
        before = clause
    assign_materials(parsed)
    if len(parsed.mentions) < 2:
        parsed.order = None
    return parsed


def _read_clause(parsed: ParsedPrompt, clause: Clause, before: Clause | None, bare: Mention | None) -> Mention | None:
    """Read one clause, and return the ring that a list of materials behind it goes on with."""
    reader = ClauseReader(parsed, clause, bare)
    reader.ring_before = before is not None and before.names_ring()
    reader.negated = negated_places(reader.words)
    for at in sorted(reader.negated):
        take_away(parsed, reader.words[at])
    numbers = Numbers(reader)
    for step in (take_ring, take_word, take_material, lambda _, at, token: numbers.take(at, token)):
        for at, token in enumerate(reader.words):
            if at not in reader.negated:
                step(reader, at, token)
    return reader.bare if clause.is_bare() else None
