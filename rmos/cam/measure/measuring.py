"""Measure a program against its tools, its stock and its machine."""

from collections.abc import Iterable
from typing import Final

from rmos.cam.dialects import find_dialect
from rmos.cam.measure.bounds import Corners, find_bounds
from rmos.cam.measure.controller import find_dialect_findings, find_machine_moves, grade_findings
from rmos.cam.measure.extents import find_below, find_outside_stock, find_outside_travel
from rmos.cam.measure.findings import find_rapids, find_unnamed_tools, find_unspun
from rmos.cam.measure.measured import (
    Box,
    BoxPair,
    Measured,
    MeasuredCut,
    MeasuredTool,
    ReaderVersion,
    TimeEstimate,
    format_decimal,
    format_mm,
)
from rmos.cam.measure.removal import Removal, measure_removal
from rmos.cam.measure.setup import ProgramSetup
from rmos.cam.measure.time import Times, measure_time
from rmos.cam.measure.windows import find_tool
from rmos.cam.motion import Motions, Program, ProgramFinding

READER: Final = ReaderVersion(id="rmos.cam", version="1.1.1")
"""Goes up whenever the same bytes may give other measures or findings."""
SKIN_UM: Final = 3
"""What a cut may leave of its stock and goes through all the same: the last digit of an inch is 2.54 µm."""


def measure_program(program: Program, setup: ProgramSetup) -> Measured:
    """Return what a program does with these tools in this stock on this machine.

    The result depends on its arguments alone, and on whether numpy is there, which `assumptions` says.

    Raises:
        ValidationFailed: the setup names a dialect that there is not.
    """
    motions = program.motions
    times = measure_time(motions, setup.machine)
    removal = measure_removal(motions, setup, times)
    return Measured(
        reader=READER,
        program_sha256=program.sha256,
        dialect=setup.dialect,
        units=program.units,
        lines=program.lines,
        moves=len(motions),
        box_mm=BoxPair(all=_make_box(find_bounds(motions)), cutting=_make_box(find_bounds(motions, removal.cutting))),
        tools=tuple(_list_tools(setup, removal)),
        removed_mm3=None if removal.volume_mm3 is None else format_decimal(removal.volume_mm3, 1),
        estimate_s=TimeEstimate(
            feed_only=format_decimal(times.feed_only_s),
            planned=None if times.planned_s is None else format_decimal(times.planned_s),
        ),
        cuts=tuple(_list_cuts(motions, setup, removal)),
        findings=tuple(_list_findings(program, setup, removal)),
        assumptions=(*_list_tool_assumptions(motions, setup), *removal.assumptions, *_list_time_assumptions(times)),
    )


def _list_findings(program: Program, setup: ProgramSetup, removal: Removal) -> list[ProgramFinding]:
    """Return what the reader and the measures found, by line; what no line says comes first."""
    motions = program.motions
    dialect = None if setup.dialect is None else find_dialect(setup.dialect)
    findings = [
        *grade_findings(program.findings, program, dialect),
        *find_dialect_findings(program, dialect),
        *find_machine_moves(program, setup.machine),
        *find_unnamed_tools(motions, setup),
        *find_unspun(motions, removal),
        *find_rapids(motions, removal),
        *find_below(motions, setup),
        *find_outside_stock(motions, setup, removal),
        *find_outside_travel(motions, setup.machine),
    ]
    return sorted(findings, key=lambda finding: (finding.line or 0, finding.code))


def _make_box(corners: Corners | None) -> Box | None:
    if corners is None:
        return None
    (x0, y0, z0), (x1, y1, z1) = corners
    return Box(min=(format_mm(x0), format_mm(y0), format_mm(z0)), max=(format_mm(x1), format_mm(y1), format_mm(z1)))


def _list_tools(setup: ProgramSetup, removal: Removal) -> Iterable[MeasuredTool]:
    for number, totals in sorted(removal.tools.items(), key=lambda item: -1 if item[0] is None else item[0]):
        tool, sample = find_tool(number, setup), totals.sample
        yield MeasuredTool(
            number=number,
            tool_id=tool.tool_id if tool else None,
            rpm=tuple(format_decimal(rpm) for rpm in sorted(totals.rpm)),
            cutting_s=format_decimal(sample.seconds, 1),
            cutting_mm=format_decimal(sample.length / 1000, 1),
            max_feed=format_decimal(sample.feed),
            max_plunge=format_decimal(sample.plunge),
            max_axial_mm=format_mm(sample.axial),
            max_radial_mm=format_mm(sample.radial),
            min_z_mm=format_mm(sample.lowest),
        )


def _list_cuts(motions: Motions, setup: ProgramSetup, removal: Removal) -> Iterable[MeasuredCut]:
    for key, sample in removal.groups.list_groups():
        tool = find_tool(key.tool, setup)
        yield MeasuredCut(
            tool=key.tool,
            tool_id=tool.tool_id if tool else None,
            rpm=format_decimal(key.rpm),
            feed=format_decimal(sample.feed),
            plunge_feed=format_decimal(sample.plunge),
            axial_mm=format_mm(sample.axial),
            radial_mm=format_mm(sample.radial),
            widest_mm=format_mm(sample.widest),
            depth_mm=format_mm(setup.top_um - sample.lowest),
            vertical=key.vertical,
            through=sample.lowest <= setup.bottom_um + SKIN_UM,
            seconds=format_decimal(sample.seconds),
            mm=format_decimal(sample.length / 1000, 1),
            line=motions.line[sample.place],
        )


def _list_tool_assumptions(motions: Motions, setup: ProgramSetup) -> Iterable[str]:
    if len(setup.tools) == 1 and any(state.tool is None for state in motions.setups):
        number, tool = next(iter(setup.tools.items()))
        yield f"The program names no tool before it cuts: it is taken to be {tool.tool_id or f'T{number}'}."


def _list_time_assumptions(times: Times) -> Iterable[str]:
    if times.planned_s is None:
        yield "The machine does not say how fast its axes go and speed up: the time is that of the feeds alone."
