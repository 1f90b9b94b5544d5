"""The tools of a pack: what is put into the spindle under which number, and how each is used.

    tools = list_tools(source)
    tools[0].tool_id, tools[0].stickout_mm
    make_tools_csv(tools)                   # tools.csv

Lengths are in mm, whatever the units of the context.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from rmos.services.packs.gathering import PackSource
from rmos.services.packs.program_names import PackedProgram, list_tool_numbers
from rmos.services.packs.texts import clean_line, number_of
from rmos.services.programs.setup import read_length

_COLUMNS: Final = (
    "number", "tool_id", "kind", "diameter_mm", "flutes", "stickout_mm", "flute_length_mm", "rpm", "max_feed_mm_min",
    "max_plunge_mm_min", "max_axial_mm", "max_radial_mm", "min_z_mm", "cutting_s", "programs",
)  # fmt: skip
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class PackedTool(msgspec.Struct, frozen=True, kw_only=True):
    """A tool of a pack; what is not known is None."""

    number: int
    tool_id: str
    kind: str
    diameter_mm: float | None
    flutes: int | None
    stickout_mm: float | None
    flute_length_mm: float | None
    rpm: tuple[float, ...]
    max_feed_mm_min: float | None
    max_plunge_mm_min: float | None
    max_axial_mm: float | None
    max_radial_mm: float | None
    min_z_mm: float | None
    cutting_s: float | None
    programs: tuple[str, ...]
    """The names of the programs that use it."""


class _Use(NamedTuple):
    """A tool as one program uses it."""

    number: int
    tool_id: str
    program: PackedProgram
    members: Mapping[str, Any]
    measured: Mapping[str, Any]


def list_tools(source: PackSource) -> list[PackedTool]:
    """Return the tools that the programs of a pack cut with, by their numbers.

    Programs of their own may call different tools by one number: each of these is a tool.
    """
    uses: dict[tuple[int, str], list[_Use]] = {}
    for program in source.programs:
        for use in _yield_uses(program):
            uses.setdefault((use.number, use.tool_id), []).append(use)
    return [_make_tool(*key, uses[key]) for key in sorted(uses)]


def _yield_uses(program: PackedProgram) -> Iterator[_Use]:
    tools, numbers = program.details.get("tools"), list_tool_numbers(program.details)
    for measured in tools if isinstance(tools, list) else []:
        if isinstance(measured, dict):
            stated = measured.get("number")
            number = stated if isinstance(stated, int) else numbers[0]
            members = program.tools.get(number, {})
            tool_id = clean_line(members.get("tool_id") or measured.get("tool_id")) or "not named"
            yield _Use(number, tool_id, program, members, measured)


def _make_tool(number: int, tool_id: str, uses: list[_Use]) -> PackedTool:
    members = uses[0].members
    context = {"units": uses[0].program.context.get("units"), "tool": members}
    flutes = members.get("flutes")
    return PackedTool(
        number=number,
        tool_id=tool_id,
        kind=clean_line(members.get("kind")),
        diameter_mm=read_length(context, "tool", "diameter"),
        flutes=flutes if isinstance(flutes, int) else None,
        stickout_mm=read_length(context, "tool", "stickout"),
        flute_length_mm=read_length(context, "tool", "flute_length"),
        rpm=tuple(sorted({speed for use in uses for speed in _numbers(use.measured.get("rpm"))})),
        max_feed_mm_min=_find_most(uses, "max_feed"),
        max_plunge_mm_min=_find_most(uses, "max_plunge"),
        max_axial_mm=_find_most(uses, "max_axial_mm"),
        max_radial_mm=_find_most(uses, "max_radial_mm"),
        min_z_mm=min((z for use in uses if (z := number_of(use.measured.get("min_z_mm"))) is not None), default=None),
        cutting_s=sum(number_of(use.measured.get("cutting_s")) or 0.0 for use in uses),
        programs=tuple(dict.fromkeys(use.program.name for use in uses)),
    )


def _numbers(value: object) -> list[float]:
    return [number for item in value if (number := number_of(item)) is not None] if isinstance(value, list) else []


def _find_most(uses: list[_Use], name: str) -> float | None:
    return max((value for use in uses if (value := number_of(use.measured.get(name))) is not None), default=None)


def make_tools_csv(tools: list[PackedTool]) -> bytes:
    """Return the tools as CSV (RFC 4180), one a line; no cell is a formula to a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for tool in tools:
        writer.writerow(_format_cell(getattr(tool, name)) for name in _COLUMNS)
    return text.getvalue().encode()


def _format_cell(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(_format_cell(item) for item in value)
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.12g}"
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) and not isinstance(value, int) else text
