"""The program of a run as its page shows it: what speaks against it, where, and whether it leaves.

    part = make_program_part(view)           # None of a run without a program
    part.lines, part.numbers, part.estimate_s

A record may come from another release; what is not what it should be is left out.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from rmos.models import RunView
from rmos.services.programs.doors import list_programs_of
from rmos.store.naming import list_gated
from rmos.web.formats import text_of

_SHOWN: Final = 20
_LEVELS: Final = ("RED", "UNKNOWN", "YELLOW", "NOTE")


class ShownFault(msgspec.Struct, frozen=True):
    """One thing that is wrong with a program, or goes beyond what was evaluated."""

    level: str
    line: int | None
    what: str
    text: str


class ProgramPart(msgspec.Struct, frozen=True, kw_only=True):
    """What a page shows of a program."""

    lines: list[ShownFault]
    numbers: Mapping[str, int]
    """Of those that a session covers, which leave at their own addresses: digest → number."""
    pictures: Sequence[tuple[int, str]]
    """Of each program that was measured its number, and what it cuts; nothing of one that is the only one."""
    estimate_s: str
    cutting_line: int | None
    """Where the cut begins that decides."""
    worst: str
    left_out: int


def make_program_part(view: RunView) -> ProgramPart | None:
    """Return what a page shows of a run's program, None when it has none."""
    if not list_programs_of(view):
        return None
    details = view.artifact.decision.details
    program, cover = _object(details.get("program")), _object(details.get("cover"))
    worst, estimate = _object(program.get("worst")), _object(program.get("estimate_s"))
    line = worst.get("line")
    lines = [*_list_excess(cover), *_list_findings(program)]
    return ProgramPart(
        lines=lines[:_SHOWN],
        numbers={named.sha256: number for number, named in enumerate(list_gated(view), 1)},
        pictures=_list_pictures(details, program),
        estimate_s=text_of(estimate.get("planned")) or text_of(estimate.get("feed_only")),
        cutting_line=line if isinstance(line, int) else None,
        worst=text_of(worst.get("reason")),
        left_out=max(len(lines) - _SHOWN, 0),
    )


def _list_pictures(details: Mapping[str, Any], program: Mapping[str, Any]) -> list[tuple[int, str]]:
    """Return the programs that can be drawn, in the order in which they are cut."""
    several = _objects(details.get("programs"))
    if not several:
        return [(1, "")] if _object(program.get("setup")) else []
    return [(number, _name_cut(item)) for number, item in enumerate(several, 1) if _object(item.get("setup"))]


def _name_cut(item: Mapping[str, Any]) -> str:
    operation, ring = text_of(item.get("operation")).replace("_", " "), item.get("ring")
    return f"{operation} of ring {ring}" if isinstance(ring, int) else operation


def _list_excess(cover: Mapping[str, Any]) -> list[ShownFault]:
    """Return what goes beyond what was evaluated; findings are told as such."""
    found = []
    for item in _objects(cover.get("exceeded")):
        measured, approved = item.get("measured"), item.get("judged")
        if measured in _LEVELS and approved is None:
            continue
        text = f"measured {_format_value(measured)}, evaluated {_format_value(approved)}"
        found.append(ShownFault("RED", _line_of(item), text_of(item.get("what")), text))
    return found


def _list_findings(program: Mapping[str, Any]) -> list[ShownFault]:
    found = [
        ShownFault(text_of(item.get("level")), _line_of(item), text_of(item.get("code")), text_of(item.get("text")))
        for item in _objects(program.get("findings"))
        if item.get("level") in _LEVELS
    ]
    return sorted(found, key=lambda item: _LEVELS.index(item.level))


def _format_value(value: object) -> str:
    return "nothing that is known" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _line_of(item: Mapping[str, Any]) -> int | None:
    line = item.get("line")
    return line if isinstance(line, int) else None


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
