"""What the gate says: the outcome of a validation, its stable codes, and the refusal that ends the reading.

raise make_blocked_error("dtd", "A DOCTYPE declares something.", line=2, column=1)
"""

from typing import Final, Literal

import msgspec

from rmos.errors.files import SvgBlocked

BlockedBy = Literal[
    "animation",
    "css_load",
    "dtd",
    "embedded_content",
    "encoding",
    "entity",
    "event_handler",
    "external_reference",
    "foreign_object",
    "malformed",
    "not_svg",
    "processing_instruction",
    "script",
    "too_deep",
    "too_large",
    "unknown_attribute",
    "unknown_element",
]
"""Why a drawing is blocked, for programs; a code keeps its meaning."""

SvgRefusal = tuple[BlockedBy, str]
"""A code and a sentence, before the place is known."""

_SHOWN: Final = 60
"""Characters of a drawing's own text that a reason repeats."""


class SvgValidation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whether a browser may show a drawing; for one that is blocked the code, and where its tag begins (from 1)."""

    ok: bool
    reason: str
    blocked_by: BlockedBy | None = None
    line: int | None = None
    column: int | None = None


def make_blocked_error(by: BlockedBy, reason: str, *, line: int, column: int) -> SvgBlocked:
    """Return the error that ends the reading."""
    return SvgBlocked(reason, blocked_by=by, line=line, column=column)


def shorten_text(text: str) -> str:
    """Return a drawing's own text as a reason may repeat it: its beginning, printable, in one line."""
    printable = "".join(sign if sign.isprintable() else " " for sign in text[:_SHOWN])
    return printable if len(text) <= _SHOWN else f"{printable} ..."
