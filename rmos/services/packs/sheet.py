"""The setup sheet: one page of HTML that needs nothing else, for A4 and Letter, from the facts of a pack.

    render_sheet(source, tools, since, link="https://rmos.shop/r/01a2…")

It is drawn by a template of its own, which escapes every text; the page of the service shows just these bytes. A sheet
is kept from the moment that its pack is taken, so whoever changes the template changes no pack that was.
"""

import base64
import functools
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

import jinja2
import msgspec

from rmos.models import Event
from rmos.services.codes import draw_code
from rmos.services.packs.gathering import PackSource
from rmos.services.packs.program_names import PackedProgram, list_tool_numbers
from rmos.services.packs.reasons import list_reasons
from rmos.services.packs.setups import (
    SheetSetup,
    TipBox,
    describe_origin,
    find_material,
    list_setups,
    name_numbers,
    read_box,
)
from rmos.services.packs.since import Since, format_members
from rmos.services.packs.texts import (
    clean_line,
    clean_text,
    format_quantity,
    format_utc,
    number_of,
    object_of,
    spell,
)
from rmos.services.packs.tools import PackedTool
from rmos.services.packs.wear import ToolWear
from rmos.units import MM_PER_INCH, format_duration

_MOST_NOTES: Final = 800
_MOST_DRAWING: Final = 120_000
"""Bytes of a drawing that the sheet shows; a larger one is beside it."""
_DIGITS: Final = 12
_MOST_SETUPS: Final = 3
"""Of which each check has a line of its own."""
_SIGNS: Final = {"GREEN": "✓", "YELLOW": "!", "RED": "✕", "UNKNOWN": "?", "ERROR": "⚡"}


class SheetProgram(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the table of programs."""

    file: str
    units: str
    """Empty where they are those of the sheet, mm."""
    tools: Sequence[str]
    digits: str
    time: str
    is_planned: bool
    depth: Sequence[str]
    box: Sequence[str]
    feed: str
    rpm: str


def render_sheet(
    source: PackSource,
    tools: Sequence[PackedTool],
    since: Since | None,
    *,
    drawing: bytes | None,
    link: str | None,
    wear: Sequence[ToolWear] = (),
) -> bytes:
    """Return the sheet of a pack.

    Args:
        wear: how much of their lives the tools have behind them.
        drawing: an SVG that was let through, shown as a picture.
        link: the address of the run, None where the service does not know its own.
    """
    run, members = source.run, source.members
    context = object_of(object_of(members.get("inputs")).get("context"))
    setups = list_setups(source)
    page = _template().render(
        run_id=run.run_id,
        title=_title(source),
        recorded=format_utc(run.created_at_utc),
        maker=clean_line(object_of(members.get("created_by")).get("name")),
        session_id=run.workflow_session_id,
        machine=spell(run.machine_id) if run.machine_id else "",
        risk=run.decision.risk_level,
        sign=_SIGNS[run.decision.risk_level],
        yellow=_SIGNS["YELLOW"],
        score="" if run.decision.score is None else format_quantity(run.decision.score),
        reasons=list_reasons(source.run.decision),
        approval=_describe_approval(source.approval),
        overrides=[_describe_override(event) for event in source.overrides],
        setups=setups,
        hold_down=format_members(object_of(context.get("hold_down"))),
        tools=tools,
        since=since,
        wear=wear,
        programs=[_describe_program(program) for program in source.programs],
        total=_format_total(source.programs),
        by_hand=[
            f"{name_numbers([program.name])}: {clean_line(note, 200)}"
            for program in source.programs
            for note in program.notes
        ],
        checklist=_list_checks(source, tools, setups),
        notes=clean_text(members.get("notes"), _MOST_NOTES),
        picture=None if drawing is None or len(drawing) > _MOST_DRAWING else _as_data(drawing),
        code=None if link is None else draw_code(link),
        link=link or f"/runs/{run.run_id}",
        has_address=link is not None,
        name_numbers=name_numbers,
        number=format_quantity,
        time=format_duration,
        moment=format_utc,
    )
    return page.encode()


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(files("rmos.services.packs").joinpath("sheet.html").read_text(encoding="utf-8"))


def _as_data(drawing: bytes) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(drawing).decode()}"


def _title(source: PackSource) -> str:
    operations = list(dict.fromkeys(spell(program.operation) for program in source.programs if program.operation))
    what = ", ".join(operations[:3]) or f"Program of {spell(source.run.tool_id)}"
    materials = {find_material(program, source) for program in source.programs} - {""}
    of = f" in {spell(materials.pop())}" if len(materials) == 1 else ""
    return clean_line(f"{what[:1].upper()}{what[1:]}{of}", 90)


def _describe_approval(event: Event | None) -> str:
    if event is None:
        return ""
    reason = clean_line(event.data.get("reason"), 200)
    return f"{clean_line(event.actor)}, {format_utc(event.created_at_utc)}" + (f": {reason}" if reason else "")


def _describe_override(event: Event) -> str:
    data = event.data
    second = clean_line(data.get("agrees_with"))
    until = format_utc(data["expires_at_utc"]) if data.get("expires_at_utc") else ""
    who = clean_line(event.actor) + (f" and {second}" if second else "")
    return (
        f"{who} answer{'' if second else 's'} for {clean_line(data.get('risk_level'))}"
        + (f" until {until}" if until else "")
        + f": {clean_line(data.get('reason'), 200)}"
    )


def _describe_program(program: PackedProgram) -> SheetProgram:
    details, box = program.details, read_box(program)
    planned, feed_only = _read_times(details)
    tools = [object_of(tool) for tool in details.get("tools") or ()]
    feeds = [value for tool in tools if (value := number_of(tool.get("max_feed"))) is not None]
    speeds = {value for tool in tools for item in tool.get("rpm") or () if (value := number_of(item)) is not None}
    ends = zip("XYZ", *box, strict=True) if box else ()
    return SheetProgram(
        file=program.name.removeprefix("programs/"),
        units=_describe_units(program),
        tools=[f"T{number} {_name_tool(program, number)}".rstrip() for number in list_tool_numbers(details)],
        digits=program.sha256[:_DIGITS],
        time=format_duration(planned if planned is not None else feed_only),
        is_planned=planned is not None,
        depth=_describe_depth(box, program),
        box=[f"{axis} {format_quantity(low)} … {format_quantity(high)}" for axis, low, high in ends],
        feed=format_quantity(max(feeds)) if feeds else "?",
        rpm=" ".join(format_quantity(speed) for speed in sorted(speeds)) or "?",
    )


def _describe_units(program: PackedProgram) -> str:
    return "moves in inches (G20)" if program.details.get("units") == "inch" else ""


def _describe_depth(box: TipBox | None, program: PackedProgram) -> list[str]:
    """Return the lowest Z, also as the display of a machine shows it that runs a program in inches."""
    if box is None:
        return ["?"]
    inches = [f"{box[0][2] / MM_PER_INCH:.4f} in"] if program.details.get("units") == "inch" else []
    return [format_quantity(box[0][2], "mm"), *inches]


def _name_tool(program: PackedProgram, number: int) -> str:
    return clean_line(program.tools.get(number, {}).get("tool_id"), 40)


def _read_times(details: Mapping[str, Any]) -> tuple[float | None, float | None]:
    estimate = object_of(details.get("estimate_s"))
    return number_of(estimate.get("planned")), number_of(estimate.get("feed_only"))


def _format_total(programs: Sequence[PackedProgram]) -> str:
    """Return how long all programs run, where more than one does."""
    times = [planned if planned is not None else feed for planned, feed in (_read_times(p.details) for p in programs)]
    known = [seconds for seconds in times if seconds is not None]
    return format_duration(sum(known)) if len(programs) > 1 and len(known) == len(programs) else ""


def _list_checks(source: PackSource, tools: Sequence[PackedTool], setups: Sequence[SheetSetup]) -> list[str]:
    """Return what is looked at before the cut, with the numbers of this one; nothing of it is left out."""
    checks = [
        f"The file at the machine is {program.name.removeprefix('programs/')}; its SHA-256 begins with "
        f"{program.sha256[:4]} {program.sha256[4:8]} {program.sha256[8:12]}"
        for program in source.programs
    ]
    checks += [
        f"T{tool.number}{f' of {name_numbers(tool.programs)}' if len(source.programs) > 1 else ''} is {tool.tool_id}"
        + (f", Ø {tool.diameter_mm:.6g} mm by the caliper" if tool.diameter_mm is not None else "")
        + (f", {tool.stickout_mm:.6g} mm out of the collet" if tool.stickout_mm is not None else "")
        for tool in tools
    ]
    for setup in setups:
        checks += _list_setup_checks(setup, is_brief=len(setups) > _MOST_SETUPS)
    checks += [
        "It is held down: tried by hand, and no clamp is in the way",
        "The spindle turns the right way and comes to its speed before the first cut",
        "Extraction is on, eyes and ears are covered",
        "The first moves are watched, a hand at the stop",
    ]
    return checks


def _list_setup_checks(setup: SheetSetup, *, is_brief: bool) -> list[str]:
    """Return what is looked at of a stock and its zero, all in one line where there are many of them."""
    facts, of = setup.facts, f" for {setup.programs}" if setup.programs else ""
    if facts is None:
        return []
    thickness = f"{facts.thickness_mm:.6g} mm thick where it is cut, and lies flat"
    origin = f"the {describe_origin(facts)}" if facts.origin else "where the CAM had it"
    zero = "the bed" if facts.zero == "bed" else "the top of the stock"
    if is_brief:
        return [f"Stock{of} is {thickness}; X0 Y0 is {origin}, Z0 is {zero}"]
    return [f"Stock{of} is {thickness}", f"X0 Y0{of} is {origin}", f"Z0{of} is {zero}"]
