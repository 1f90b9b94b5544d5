"""The outcomes of a run as pages show them: what was reported, in words, and what there is to report.

    shown = [show_outcome(entry) for entry in view.outcomes]
    shown[0].word, shown[0].said             # "scrapped", "finished, scrap, tear-out"

A record may come from another hand; what is no outcome is shown as such.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from rmos.outcomes import read_outcome
from rmos.web.formats import text_of
from rmos.web.shared_words import WORDS

ENDED_WORDS: Final = WORDS["ended"]
PART_WORDS: Final = WORDS["part_verdicts"]
REASON_WORDS: Final = WORDS["reasons"]
_TONES: Final[Mapping[str, str]] = {"done": "green", "scrapped": "red", "interrupted": "yellow"}


class ShownOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """An outcome of a run in words."""

    number: int
    word: str
    tone: str
    summary: str
    note: str
    by: str
    at: str
    is_against: bool
    corrected_by: int | None


def show_outcome(entry: Mapping[str, Any]) -> ShownOutcome:
    """Return an outcome in words; an event of another hand may hold anything."""
    outcome = read_outcome(entry)
    word, parts = "", []
    if outcome is not None:
        word, parts = outcome.outcome, [ENDED_WORDS[outcome.ended], PART_WORDS[outcome.part]]
        parts += [REASON_WORDS[outcome.reason_code]] if outcome.reason_code else []
        parts += [f"{outcome.quantity} parts"] if outcome.quantity > 1 else []
    return ShownOutcome(
        number=entry["number"],
        word=WORDS["outcomes"].get(word, "no outcome"),
        tone=_TONES.get(word, "none"),
        summary=", ".join(parts),
        note=text_of(entry.get("note")),
        by=entry["by"],
        at=entry["created_at_utc"],
        is_against=entry.get("cut_against_decision") is True,
        corrected_by=entry["corrected_by"],
    )
