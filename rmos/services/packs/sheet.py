"""The setup sheet: one page of HTML that needs nothing else, for A4 and Letter, from the facts of a pack.

    render_sheet(source, tools, since, link="https://rmos.shop/r/01a2…")

It is drawn by a template of its own, which escapes every text; the page of the service shows just these bytes. A sheet
is kept from the moment that its pack is taken, so whoever changes the template changes no pack that was.
"""

import base64
import functools
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

import jinja2
import msgspec

from rmos import digest
from rmos.models import Event
from rmos.services.codes import draw_code
from rmos.services.packs.figure import StockFacts, draw_setup
from rmos.services.packs.gathering import PackSource
from rmos.services.packs.program_names import PackedProgram, list_tool_numbers
from rmos.services.packs.reasons import list_reasons
from rmos.services.packs.since import Since, format_members
from rmos.services.packs.texts import (
    clean_line,
    clean_text,
    format_duration,
    format_quantity,
    format_utc,
    number_of,
    object_of,
    spell,
)
from rmos.services.packs.tools import PackedTool

_MOST_NOTES: Final = 800
_MOST_DRAWING: Final = 120_000
"""Bytes of a drawing that the sheet shows; a larger one is beside it."""
_DIGITS: Final = 12
_CORNER: Final = "stock_corner"
_ORIGINS: Final = {
    _CORNER: "lower left corner of the stock",
    "stock_centre": "middle of the stock",
    "hole_centre": "middle of the hole",
}
_SIGNS: Final = {"GREEN": "✓", "YELLOW": "!", "RED": "✕", "UNKNOWN": "?", "ERROR": "⚡"}


class SheetProgram(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the table of programs."""

    file: str
    operation: str
    tools: Sequence[str]
    digits: str
    time: str
    is_planned: bool
    depth: str
    box: Sequence[str]
    feed: str
    rpm: str


class SheetSetup(msgspec.Struct, frozen=True, kw_only=True):
    """What is laid on the machine for some of the programs."""

    programs: str
    """Their numbers, empty where it is all of them."""
    lines: Sequence[tuple[str, str]]
    facts: StockFacts | None
    drawing: str | None


def render_sheet(
    source: PackSource, tools: Sequence[PackedTool], since: Since | None, *, drawing: bytes | None, link: str | None
) -> bytes:
    """Return the sheet of a pack.

    Args:
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
        score="" if run.decision.score is None else format_quantity(run.decision.score),
        reasons=list_reasons(source.run.decision),
        approval=_describe_approval(source.approval),
        overrides=[_describe_override(event) for event in source.overrides],
        setups=setups,
        hold_down=format_members(object_of(context.get("hold_down"))),
        tools=tools,
        since=since,
        programs=[_describe_program(program) for program in source.programs],
        total=_format_total(source.programs),
        checklist=_list_checks(source, tools, setups),
        notes=clean_text(members.get("notes"), _MOST_NOTES),
        picture=None if drawing is None or len(drawing) > _MOST_DRAWING else _as_data(drawing),
        code=None if link is None else draw_code(link),
        link=link or f"/runs/{run.run_id}",
        has_address=link is not None,
        name_numbers=_name_numbers,
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
    materials = {_find_material(program, source) for program in source.programs} - {""}
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


def list_setups(source: PackSource) -> list[SheetSetup]:
    """Return what is laid on the machine, one for each stock and zero, in the order of the programs."""
    groups: dict[bytes, list[PackedProgram]] = {}
    for program in source.programs:
        setup = object_of(program.details.get("setup"))
        key = digest.canonical([setup.get("stock"), setup.get("zero"), _find_material(program, source)])
        groups.setdefault(key, []).append(program)
    return [_make_setup(source, programs, is_only=len(groups) == 1) for programs in groups.values()]


def _make_setup(source: PackSource, programs: Sequence[PackedProgram], *, is_only: bool) -> SheetSetup:
    facts, material = _find_stock(programs), _find_material(programs[0], source)
    lines = [("Material", spell(material) if material else "not stated")]
    if facts is not None:
        size = " × ".join("?" if side is None else format_quantity(side) for side in (facts.width_mm, facts.height_mm))
        lines += [
            ("Size", f"{size} mm, {format_quantity(facts.thickness_mm)} mm thick"),
            ("X0 Y0", _describe_origin(facts)),
            ("Z0", "bed" if facts.zero == "bed" else "top of the stock"),
        ]
    dialects = [clean_line(program.details.get("dialect")) for program in programs]
    lines.append(("Controller", ", ".join(dict.fromkeys(name for name in dialects if name)) or "not stated"))
    return SheetSetup(
        programs="" if is_only else _name_numbers(program.name for program in programs),
        lines=lines,
        facts=facts,
        drawing=None if facts is None else draw_setup(facts),
    )


def _name_numbers(names: Iterable[str]) -> str:
    """Return the numbers of programs, by their names in the pack."""
    return ", ".join(name.removeprefix("programs/").partition("_")[0] for name in names)


def _find_material(program: PackedProgram, source: PackSource) -> str:
    """Return the material that a program cuts, empty where nobody said it."""
    material = object_of(program.context.get("material")).get("id") or program.context.get("material_id")
    return clean_line(material) or clean_line(source.run.material_id)


def _find_stock(programs: Sequence[PackedProgram]) -> StockFacts | None:
    """Return what is drawn of a stock, None where nobody knows how thick it is."""
    setup = object_of(programs[0].details.get("setup"))
    stock = object_of(setup.get("stock"))
    thickness = number_of(stock.get("thickness_mm"))
    if thickness is None or thickness <= 0:
        return None
    width, height, origin = number_of(stock.get("width_mm")), number_of(stock.get("height_mm")), stock.get("origin")
    # The corner is what is taken where nobody says otherwise: only beside a size does it mean something.
    is_made = isinstance(programs[0].details.get("cut"), int)  # by this service, from just there
    is_stated = is_made or origin != _CORNER or (width is not None and height is not None)
    return StockFacts(
        thickness_mm=thickness,
        width_mm=width,
        height_mm=height,
        origin=clean_line(origin) if is_stated else "",
        zero=clean_line(setup.get("zero")),
        cutting=_join_boxes([box for program in programs if (box := _read_box(program))]),
    )


_Box = tuple[tuple[float, float, float], tuple[float, float, float]]


def _read_box(program: PackedProgram) -> _Box | None:
    """Return where the tip of the tool is while a program cuts."""
    box = object_of(object_of(program.details.get("box_mm")).get("cutting"))
    corners = []
    for end in ("min", "max"):
        values = box.get(end)
        numbers = [number_of(value) for value in values] if isinstance(values, list) else []
        if len(numbers) != 3 or None in numbers:
            return None
        corners.append((numbers[0] or 0.0, numbers[1] or 0.0, numbers[2] or 0.0))
    return corners[0], corners[1]


def _join_boxes(boxes: Sequence[_Box]) -> _Box | None:
    if not boxes:
        return None
    low = [min(box[0][axis] for box in boxes) for axis in range(3)]
    high = [max(box[1][axis] for box in boxes) for axis in range(3)]
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])


def _describe_origin(facts: StockFacts) -> str:
    return _ORIGINS.get(facts.origin, "not stated: where the CAM had it")


def _describe_program(program: PackedProgram) -> SheetProgram:
    details, box = program.details, _read_box(program)
    planned, feed_only = _read_times(details)
    tools = [object_of(tool) for tool in details.get("tools") or ()]
    feeds = [value for tool in tools if (value := number_of(tool.get("max_feed"))) is not None]
    speeds = {value for tool in tools for item in tool.get("rpm") or () if (value := number_of(item)) is not None}
    ends = zip("XYZ", *box, strict=True) if box else ()
    return SheetProgram(
        file=program.name.removeprefix("programs/"),
        operation=spell(program.operation) or "program",
        tools=[f"T{number} {_name_tool(program, number)}".rstrip() for number in list_tool_numbers(details)],
        digits=program.sha256[:_DIGITS],
        time=format_duration(planned if planned is not None else feed_only),
        is_planned=planned is not None,
        depth=format_quantity(box[0][2], "mm") if box else "?",
        box=[f"{axis} {format_quantity(low)} … {format_quantity(high)}" for axis, low, high in ends],
        feed=format_quantity(max(feeds)) if feeds else "?",
        rpm=" ".join(format_quantity(speed) for speed in sorted(speeds)) or "?",
    )


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
    """Return what is looked at before the cut, with the numbers of this one."""
    checks = [
        f"The file at the machine is {program.name.removeprefix('programs/')}; its SHA-256 begins with "
        f"{program.sha256[:4]} {program.sha256[4:8]} {program.sha256[8:12]}"
        for program in source.programs[:4]
    ]
    checks += [
        f"T{tool.number}{f' of {_name_numbers(tool.programs)}' if len(source.programs) > 1 else ''} is {tool.tool_id}"
        + (f", Ø {tool.diameter_mm:.6g} mm by the caliper" if tool.diameter_mm is not None else "")
        + (f", {tool.stickout_mm:.6g} mm out of the collet" if tool.stickout_mm is not None else "")
        for tool in tools[:6]
    ]
    for setup in setups[:4]:
        facts, of = setup.facts, f" for {setup.programs}" if setup.programs else ""
        if facts is not None:
            zero = "bed" if facts.zero == "bed" else "top of the stock"
            checks.append(f"Stock{of} is {facts.thickness_mm:.6g} mm thick where it is cut, and lies flat")
            checks.append(
                f"X0 Y0{of} is {f'the {_describe_origin(facts)}' if facts.origin else 'where the CAM had it'}"
            )
            checks.append(f"Z0{of} is the {zero}")
    checks += [
        "It is held down: tried by hand, and no clamp is in the way",
        "The spindle turns the right way and comes to its speed before the first cut",
        "Extraction is on, eyes and ears are covered",
        "The first moves are watched, a hand at the stop",
    ]
    return checks
