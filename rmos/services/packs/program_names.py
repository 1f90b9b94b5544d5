"""The programs of a pack in the order in which they are cut, each with a name that says what it is.

    list_packed_programs(run, members, named)[0].name      # "programs/01_channel_T1.nc"

A name is made of a number, an operation, its ring and the tools, of letters, digits, `-` and `_` alone: nothing that a
client called a file is part of it but its extension, and that only where machines know it.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from rmos.models import RunArtifact
from rmos.services.design_cuts import read_cut_contexts
from rmos.store.naming import NamedBlob

_EXTENSIONS: Final = ("nc", "gcode", "tap", "ngc", "cnc", "txt")
_MOST: Final = 40
"""Letters of an operation in a name."""
_MOST_TOOLS: Final = 4
"""Tools that a name tells; of more it says the first and the last."""


class PackedProgram(msgspec.Struct, frozen=True, kw_only=True):
    """A program as it stands in a pack."""

    name: str
    sha256: str
    size_bytes: int
    operation: str
    ring: int | None = None
    """Which ring of a rosette it cuts."""
    details: Mapping[str, Any]
    """What the decision says of it: box, tools, time, findings; empty where that is not known."""
    context: Mapping[str, Any]
    """What it was evaluated in: that of its own cut, where the design has several."""
    notes: Sequence[str] = ()
    """What its path leaves for hand tools."""
    tools: Mapping[int, Mapping[str, Any]] = {}
    """Number in the program → the members of its tool, as the gate has compared them with the shop's tables."""


def list_packed_programs(
    run: RunArtifact, members: Mapping[str, Any], named: Sequence[NamedBlob]
) -> list[PackedProgram]:
    """Return the programs of a run in their order."""
    details = {program.get("sha256"): program for program in run.decision.list_programs()}
    outputs = members.get("outputs")
    listed = outputs.get("programs") if isinstance(outputs, dict) else None
    by_digest = (
        {item.get("sha256"): item for item in listed if isinstance(item, dict)} if isinstance(listed, list) else {}
    )
    found = []
    for number, program in enumerate(named, 1):
        known = details.get(program.sha256, {})
        stated = by_digest.get(program.sha256, {})
        operation, ring = _find_operation(stated, members), _find_ring(stated)
        parts = (
            f"{number:02d}",
            _make_slug(operation) or "program",
            "" if ring is None else f"R{ring}",
            _name_tools(known),
        )
        found.append(
            PackedProgram(
                name=f"programs/{'_'.join(part for part in parts if part)}.{_find_extension(program.filename)}",
                sha256=program.sha256,
                size_bytes=program.size_bytes or 0,
                operation=operation,
                ring=ring,
                details=known,
                context=_find_context(known, members),
            )
        )
    return found


def _find_context(details: Mapping[str, Any], members: Mapping[str, Any]) -> Mapping[str, Any]:
    inputs = members.get("inputs")
    context = inputs.get("context") if isinstance(inputs, dict) else None
    context = context if isinstance(context, dict) else {}
    cuts, number = read_cut_contexts(context), details.get("cut")
    return cuts[number] if isinstance(number, int) and 0 <= number < len(cuts) else context


def list_tool_numbers(details: Mapping[str, Any]) -> list[int]:
    """Return the numbers of the tools that a program cuts with; one that it does not name is the only one it has."""
    tools = details.get("tools")
    numbers = [tool.get("number") for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []
    named = details.get("options", {}).get("tools") if isinstance(details.get("options"), dict) else None
    only = (
        int(next(iter(named)))
        if isinstance(named, dict) and len(named) == 1 and str(next(iter(named))).isdigit()
        else 1
    )
    return sorted({number if isinstance(number, int) else only for number in numbers})


def _find_operation(stated: Mapping[str, Any], members: Mapping[str, Any]) -> str:
    """Return what a program cuts: as it says itself, else as the design of the run does."""
    inputs = members.get("inputs")
    design = inputs.get("design") if isinstance(inputs, dict) else None
    design = design if isinstance(design, dict) else {}
    of_program = design.get("program")
    for source in (stated, of_program if isinstance(of_program, dict) else {}, design):
        operation = source.get("operation")
        if isinstance(operation, str) and operation:
            return operation
    return ""


def _find_ring(stated: Mapping[str, Any]) -> int | None:
    ring = stated.get("ring")
    return ring if isinstance(ring, int) and not isinstance(ring, bool) else None


def _name_tools(details: Mapping[str, Any]) -> str:
    numbers = [f"T{number}" for number in list_tool_numbers(details)]
    return "-".join(numbers if len(numbers) <= _MOST_TOOLS else [numbers[0], "to", numbers[-1]])


def _make_slug(text: str) -> str:
    return re.sub(r"[^a-z0-9-]+", "_", text.lower()).strip("_-")[:_MOST].rstrip("_-")


def _find_extension(filename: str | None) -> str:
    extension = (filename or "").rpartition(".")[2].lower()
    return extension if extension in _EXTENSIONS else _EXTENSIONS[0]
