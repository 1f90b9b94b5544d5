"""Names that stand for nothing: ids of tools, machines and materials that are in no table of the shop.

    unknown = shop.find_unknown(context, machine_id="light-desktop", …)      # of a context that was completed
    unknown[0].message       # 'machine_id "light-desktop" names no machine of this shop. Did you mean light_desktop? …'

Whoever describes a tool, a machine or a material in the context may call it what they like: then nothing hangs on the
name. An id alone that nobody knows says nothing of the cut, and an engine would evaluate another one in its place.
"""

import json
from collections.abc import Collection
from typing import Final

import msgspec

from rmos.names import offer_names

_SHOWN_NAMES: Final = 6
"""Known names that are shown, besides those that may have been meant."""
_SHOWN: Final = 60
"""Characters of a foreign name that are repeated."""
UNKNOWN_NAME: Final = "UNKNOWN_NAME"
"""By what reasons and warnings of such names begin."""


class UnknownName(msgspec.Struct, frozen=True, kw_only=True):
    """A name that stands for nothing: the member that has it, the member of the context that it would have filled."""

    member: str
    name: str
    section: str
    message: str


def make_unknown_name(member: str, name: str, section: str, known: Collection[str]) -> UnknownName:
    """Return an unknown name with a sentence that says what is known, and what may have been meant."""
    noun = section.removeprefix("context.")
    there = f"Known are {_list_names(known)}." if known else f"It has no {noun} at all."
    sentences = (f"{member} {quote_name(name)} names no {noun} of this shop.", offer_names(name, known), there)
    advice = f"Name one of them, or describe it in {section}."
    message = " ".join(part for part in (*sentences, advice) if part)
    return UnknownName(member=member, name=name, section=section, message=message)


def quote_name(name: str) -> str:
    """Return a foreign name in quotes, cut short, without signs that a screen would obey."""
    shown = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}..."
    return json.dumps(shown, ensure_ascii=not shown.isprintable())


def _list_names(known: Collection[str]) -> str:
    names = sorted(known)
    more = len(names) - _SHOWN_NAMES
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:_SHOWN_NAMES])} and {more} more"
