"""Collect what is wrong with a program: each code once, with the line where it came first and how often it came.

    log = FindingLog()
    log.add("UNREADABLE_WORD", 12, "X1,5: write a decimal point instead of the comma.")
    log.list_findings()

A broken program has the same fault on a million lines; one sentence tells it.
"""

from typing import Final

from rmos.cam.motion import FindingLevel, ProgramFinding

LEVELS: Final[dict[str, FindingLevel]] = {
    "AFTER_END": "NOTE",
    "ARC_RADIUS": "RED",
    "BLOCK_DELETE": "UNKNOWN",
    "COMMENT_IN_WORD": "UNKNOWN",
    "CYCLE_WORD_MISSING": "UNKNOWN",
    "FEED_MISSING": "RED",
    "FEED_UNITS": "UNKNOWN",
    "MOTION_UNSAID": "UNKNOWN",
    "NO_DWELL": "YELLOW",
    "NO_MOTION": "UNKNOWN",
    "PLACE_UNKNOWN": "UNKNOWN",
    "PROGRAM_NOT_FLAT": "UNKNOWN",
    "SEVERAL_OFFSETS": "YELLOW",
    "SPINDLE_BACKWARDS": "RED",
    "START_UNSAID": "YELLOW",
    "TOOL_LENGTH": "YELLOW",
    "TOOL_NOT_CHANGED": "UNKNOWN",
    "TOO_LONG": "UNKNOWN",
    "UNITS_UNSAID": "UNKNOWN",
    "UNREADABLE_WORD": "UNKNOWN",
    "UNUSED_WORD": "UNKNOWN",
    "WORDS_CLASH": "UNKNOWN",
    "XY_BEFORE_RETRACT": "YELLOW",
}
"""Every finding of the reader. RED and UNKNOWN never let a program through; a NOTE changes nothing."""


class FindingLog:
    """The findings of one program while it is read."""

    __slots__ = ("_counts", "_first")

    def __init__(self) -> None:
        self._first: dict[str, tuple[int | None, str]] = {}
        self._counts: dict[str, int] = {}

    def add(self, code: str, line: int | None, text: str) -> None:
        """Keep the first finding of a code and count the others."""
        self._counts[code] = self._counts.get(code, 0) + 1
        self._first.setdefault(code, (line, text))

    def has(self, code: str) -> bool:
        """Tell whether a code has been found."""
        return code in self._first

    def list_findings(self) -> tuple[ProgramFinding, ...]:
        """Return the findings in the order in which they came."""
        return tuple(
            ProgramFinding(code=code, level=LEVELS[code], line=line, text=text + self._format_count(code))
            for code, (line, text) in self._first.items()
        )

    def _format_count(self, code: str) -> str:
        count = self._counts[code]
        return f" Found {count} times." if count > 1 else ""
