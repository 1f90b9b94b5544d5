"""What a machinist reads of a program: the decision, what it does, tools, cuts to mind, findings with their lines."""

from collections.abc import Iterable, Sequence
from typing import Final

from rmos.cam.measure.measured import Box, Measured, MeasuredCut, format_decimal
from rmos.cli.output import COLOURS, say, say_table
from rmos.cli.tables import Column
from rmos.counts import count_of
from rmos.services.program_checks import ProgramCheck, ProgramChecked
from rmos.services.programs.evaluating import CutEvaluation, severity_of
from rmos.units import format_duration

_TOOLS: Final = (
    Column("TOOL"),
    Column("RPM", number=True),
    Column("FEED", number=True),
    Column("PLUNGE", number=True),
    Column("PASS", number=True),
    Column("WIDTH", number=True),
    Column("LOWEST", number=True),
    Column("CUTTING", number=True),
    Column("WHAT"),
)
_CUTS: Final = (
    Column("LINE", number=True),
    Column("RISK"),
    Column("FEED", number=True),
    Column("PASS", number=True),
    Column("WIDTH", number=True),
    Column("TIME", number=True, spare=True),
    Column("WHY", room=36),
)
_FINDINGS: Final = (Column("LINE", number=True), Column("LEVEL"), Column("FINDING"), Column("WHAT TO DO", room=36))
_LEVELS: Final = {**COLOURS, "NOTE": None}
_SHOWN: Final = 8
"""Cuts and findings that are shown; --json has all of them."""


def say_program(asked: ProgramCheck, done: ProgramChecked) -> None:
    """Write what came of a program."""
    score = "" if done.score is None else f" {done.score:.1f}"
    say(f"{done.risk_level}{score}  {asked.name}", colour=COLOURS.get(done.risk_level))
    if done.block_reason:
        say(f"  {done.block_reason}", hang="  ")
    measured = done.checked.measured
    if measured is not None:
        _say_measures(measured)
        _say_tools(measured)
        _say_cuts(done.checked.cuts)
    _say_findings(done)
    for assumption in () if measured is None else measured.assumptions:
        say(f"  {'assumed':<10} {assumption}", hang=" " * 13)
    if done.recorded is not None:
        say(f"  {'recorded':<10} {done.recorded.run_id} {done.recorded.run_status}")


def _say_measures(measured: Measured) -> None:
    units = {"mm": "in mm", "inch": "in inches", None: "in units that it does not say"}[measured.units]
    lines = [("program", f"{count_of(measured.lines, 'line')}, {count_of(measured.moves, 'motion')}, {units}")]
    if measured.estimate_s.planned is not None:
        planned = _format_time(measured.estimate_s.planned)
        lines.append(("time", f"{planned}, of which {_format_time(measured.estimate_s.feed_only)} by its feeds"))
    else:
        lines.append(("time", f"{_format_time(measured.estimate_s.feed_only)} by its feeds alone"))
    if measured.removed_mm3 is not None:
        lines.append(("removes", f"{format_decimal(float(measured.removed_mm3) / 1000, 2)} cm³"))
    lines += [
        (name, format_box(box))
        for name, box in (("goes to", measured.box_mm.all), ("cuts in", measured.box_mm.cutting))
        if box
    ]
    for name, text in lines:
        say(f"  {name:<10} {text}", hang=" " * 13)


def _say_tools(measured: Measured) -> None:
    if not measured.tools:
        return
    rows = [
        [
            "-" if tool.number is None else f"T{tool.number}",
            "/".join(tool.rpm),
            _shorten(tool.max_feed, 0),
            _shorten(tool.max_plunge, 0),
            _shorten(tool.max_axial_mm, 3),
            _shorten(tool.max_radial_mm, 3),
            tool.min_z_mm,
            _format_time(tool.cutting_s),
            tool.tool_id or "not named",
        ]
        for tool in measured.tools
    ]
    say()
    say_table(_TOOLS, rows)


def _say_cuts(cuts: Sequence[CutEvaluation]) -> None:
    """Write the cuts that are not GREEN, the worst first, one for each rule that is broken."""
    by_rule: dict[tuple[str, str], CutEvaluation] = {}
    for item in sorted(cuts, key=lambda item: (-severity_of(item.colour), _score_of(item), item.cut.line)):
        if item.colour != "GREEN":
            by_rule.setdefault((item.colour, item.reason.partition(":")[0]), item)
    if not by_rule:
        return
    rows = [_make_cut_row(item) for item in by_rule.values()]
    say()
    say_table(_CUTS, rows[:_SHOWN], colours=[COLOURS.get(row[1]) for row in rows])


def _make_cut_row(item: CutEvaluation) -> list[str]:
    cut: MeasuredCut = item.cut
    return [
        str(cut.line),
        item.colour,
        _shorten(cut.feed, 0),
        _shorten(cut.axial_mm, 3),
        _shorten(cut.radial_mm, 3),
        _format_time(cut.seconds),
        f"{item.reason}{' (brief)' if item.is_brief else ''}",
    ]


def _say_findings(done: ProgramChecked) -> None:
    findings = sorted(done.checked.findings, key=lambda item: (-_weigh(item.level), item.line or 0))
    if not findings:
        return
    rows = [["" if item.line is None else str(item.line), item.level, item.code, item.text] for item in findings]
    say()
    say_table(_FINDINGS, rows[:_SHOWN], colours=[_LEVELS.get(row[1]) for row in rows])
    if len(rows) > _SHOWN:
        say(f"  and {len(rows) - _SHOWN} more; --json has all of them")


def _weigh(level: str) -> int:
    return -1 if level == "NOTE" else severity_of(level)  # type: ignore[arg-type]


def _score_of(item: CutEvaluation) -> float:
    return 100.0 if item.decision.score is None else item.decision.score


def format_box(box: Box) -> str:
    """Return a box as people say it."""
    axes: Iterable[tuple[str, str, str]] = zip("XYZ", box.min, box.max, strict=True)
    return ", ".join(f"{axis} {low} to {high}" for axis, low, high in axes)


def _format_time(seconds: str) -> str:
    return format_duration(float(seconds), digits=1)


def _shorten(text: str, digits: int) -> str:
    return format_decimal(float(text), digits)
