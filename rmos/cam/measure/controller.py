"""Find what a controller will not run, or will run otherwise: by its dialect and by what the machine is told to have.

The text itself was read once; what only a dialect can decide, the reader left as facts with their lines.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from rmos.cam.dialects import Dialect
from rmos.cam.measure.setup import MachineAxes
from rmos.cam.motion import FindingLevel, MotionKind, Program, ProgramFinding

_MAX_WORDS: Final = 20
"""Words of which each has a finding of its own; a program for another world has hundreds."""
_MENDS: Final = {
    "M6": "write one file for each tool",
    "%": "delete the per cent signs",
    "P": "write one arc for each turn",
    "G90.1": "post with incremental centres (G91.1)",
    "G91.1": "delete it",
    "G43": "post without tool lengths",
    "H": "post without tool lengths",
    **dict.fromkeys(("G73", "G81", "G82", "G83", "G85", "G89", "G98", "G99"), "expand cycles in the post"),
}


def find_dialect_findings(program: Program, dialect: Dialect | None) -> list[ProgramFinding]:
    """Find what this controller refuses or takes otherwise than it was meant."""
    if dialect is None:
        return _find_arc_mode(program, None)
    return [
        *_find_unsupported(program, dialect),
        *_find_arc_mode(program, dialect),
        *_find_bytes(program, dialect),
        *_find_points(program, dialect),
        *_find_arc_radius(program, dialect),
        *_find_long_line(program, dialect),
        *_find_order(program, dialect),
    ]


def grade_findings(
    findings: Iterable[ProgramFinding], program: Program, dialect: Dialect | None
) -> list[ProgramFinding]:
    """Return the reader's findings at the level that they have for this controller.

    The reader measures the radii of arcs by the rule of GRBL. LinuxCNC takes wider differences and has its own limit;
    other controllers draw a spiral.
    """
    refuses = dialect is None or dialect.arc_limit == "grbl"
    if dialect is not None and dialect.arc_limit == "linuxcnc":
        refuses = program.facts.arc_radius_linuxcnc is not None
    return [
        msgspec.structs.replace(finding, level="YELLOW") if finding.code == "ARC_RADIUS" and not refuses else finding
        for finding in findings
    ]


def find_machine_moves(program: Program, machine: MachineAxes | None) -> list[ProgramFinding]:
    """Find moves in machine coordinates on a machine that may not know where it is."""
    if machine is not None and machine.homing:
        return []
    motions = program.motions
    for place, kind in enumerate(motions.kind):
        if kind == MotionKind.MACHINE:
            text = (
                "It moves in machine coordinates (G28, G30, G53), and nothing says that this machine homes: it may "
                "plunge. Post with a clearance height instead, or state `homing = true` of the machine."
            )
            return [_make("MACHINE_MOVE_UNHOMED", "RED", motions.line[place], text)]
    return []


def _find_unsupported(program: Program, dialect: Dialect) -> list[ProgramFinding]:
    findings = []
    for word, line, error in dialect.find_unsupported(program.words)[:_MAX_WORDS]:
        number = "" if error is None else f" (error {error})"
        mend = _MENDS.get(word, "choose the post processor of this controller")
        findings.append(
            _make("NOT_FOR_CONTROLLER", "RED", line, f"{dialect.name} does not take {word}{number}: {mend}.")
        )
    return findings


def _find_arc_mode(program: Program, dialect: Dialect | None) -> list[ProgramFinding]:
    """Find arcs of which nothing says whether I and J are meant from their start or from zero."""
    facts = program.facts
    if facts.arc_mode_unsaid is None:
        return []
    closes, is_setting = facts.arc_mode_closes, dialect is not None and dialect.arc_mode_is_a_setting
    level: FindingLevel | None = None
    if closes == "absolute":
        level, why = "RED", "its arcs close only when I and J are meant from zero, which most controllers do not take"
    elif is_setting and closes in ("both", "neither"):
        level, why = "RED", f"its arcs close {'either way' if closes == 'both' else 'neither way'}"
    elif is_setting:
        level, why = "YELLOW", "a setting of the machine decides"
    if level is None:
        return []
    text = f"Nothing says how I and J are meant, and {why}. Write G91.1, or G90.1, at the head."
    return [_make("IJ_MODE_UNSAID", level, facts.arc_mode_unsaid, text)]


def _find_bytes(program: Program, dialect: Dialect) -> list[ProgramFinding]:
    line = program.facts.realtime_byte
    if line is None or not dialect.takes_realtime_bytes:
        return []
    text = (
        f"{dialect.name} obeys ! ? ~ and every byte from 128 on wherever they stand, in comments too: one may hold the "
        "feed or change it. Use plain letters."
    )
    return [_make("REALTIME_BYTES", "YELLOW", line, text)]


def _find_points(program: Program, dialect: Dialect) -> list[ProgramFinding]:
    line = program.facts.no_decimal_point
    if line is None or not dialect.needs_decimal_point:
        return []
    text = f"A length has no decimal point: {dialect.name} may take X1000 as 1 mm. Post with a point in every number."
    return [_make("NO_DECIMAL_POINT", "RED", line, text)]


def _find_arc_radius(program: Program, dialect: Dialect) -> list[ProgramFinding]:
    """Find arcs that LinuxCNC alone refuses: the form with R is held to 0.00127 mm."""
    line = program.facts.arc_radius_linuxcnc
    known = any(finding.code == "ARC_RADIUS" for finding in program.findings)
    if line is None or known or dialect.arc_limit != "linuxcnc":
        return []
    text = f"{dialect.name} refuses this arc: its end is not on the circle. Post with more decimals."
    return [_make("ARC_RADIUS", "RED", line, text)]


def _find_long_line(program: Program, dialect: Dialect) -> list[ProgramFinding]:
    """Find the first line that is longer than the controller's buffer: it is not run."""
    most = dialect.max_line
    if most is None:
        return []
    bare = dialect.counts_bare_lines
    found = next((item for item in program.facts.long_lines if item.is_bare is bare and item.characters > most), None)
    if found is None:
        return []
    number = "" if (error := dialect.errors.get("line")) is None else f" (error {error})"
    counted = " without blanks and comments" if bare else ""
    text = (
        f"The line has {found.characters} characters{counted}, and {dialect.name} takes {most}{number}: post fewer "
        "decimals and words on a line."
    )
    return [_make("LINE_TOO_LONG", "RED", found.line, text)]


def _find_order(program: Program, dialect: Dialect) -> list[ProgramFinding]:
    """Find words that stand where the controller takes them otherwise than they were meant."""
    facts, findings = program.facts, []
    if dialect.tool_before_change and facts.change_before_tool is not None:
        text = f"{dialect.name} does not take T behind M6 for the tool that is changed to; write T2 M6."
        findings.append(_make("TOOL_CHANGE_ORDER", "RED", facts.change_before_tool, text))
    if dialect.units_alone and facts.feed_before_units is not None:
        text = f"F comes before G20 or G21 has said its units, and {dialect.name} takes its own; say the units first."
        findings.append(_make("UNITS_NOT_ALONE", "RED", facts.feed_before_units, text))
    elif dialect.units_alone and facts.units_beside is not None:
        text = f"G20 or G21 stands beside other words, which {dialect.name} may take in other units; give it a line."
        findings.append(_make("UNITS_NOT_ALONE", "YELLOW", facts.units_beside, text))
    return findings


def _make(code: str, level: FindingLevel, line: int, text: str) -> ProgramFinding:
    return ProgramFinding(code=code, level=level, line=line, text=text)
