"""Read a program: the one door from its bytes to its motions.

    program = read_program(data)
    program.findings          # what is wrong or cannot be known, each with its line
    program.motions           # in µm

Nothing that stands in a file raises: what cannot be read is a finding. Time and memory are bounded by the size of the
file and by the limits of motions, lines and calls, whatever the file says.
"""

from typing import Final, Literal

from rmos.cam.gcode.cursor import Cursor
from rmos.cam.gcode.ending import find_motion_after_end
from rmos.cam.gcode.execute import Next, execute_block
from rmos.cam.gcode.plain_lines import read_plain_lines
from rmos.cam.gcode.reading import MAX_MOTIONS, ProgramReading
from rmos.cam.gcode.source import ProgramText, describe_foreign
from rmos.cam.gcode.words import LineProblem, ProgramLine, parse_line
from rmos.cam.motion import ArcMode, Program, ProgramFacts, Units
from rmos.digest import sha256_hex

MAX_LINES: Final = 10_000_000
"""Of lines that are run, each as often as it is called."""
ArcReadings = ArcMode | Literal["both", "neither"]


def read_program(
    data: bytes, *, units: Units | None = None, max_motions: int = MAX_MOTIONS, max_lines: int = MAX_LINES
) -> Program:
    """Return what a program makes a machine do.

    `units` holds where the program itself says neither G20 nor G21. An arc whose mode nothing says is read as
    incremental; when only absolute centres close, the program is read again with those.
    """
    source = ProgramText(data)
    foreign = describe_foreign(source.data)
    reading = ProgramReading(units=units, max_motions=max_motions)
    if foreign is not None:
        line, what = foreign
        reading.flat = False
        reading.log.add("UNREADABLE_WORD", line, f"This is {what}.")
        return _make_program(reading, source, data, units, None)
    _read_lines(reading, source, max_lines)
    closes = _choose_arc_mode(reading)
    if closes == "absolute":
        reading = ProgramReading(units=units, arc_absolute=True, max_motions=max_motions)
        _read_lines(reading, source, max_lines)
    if not len(reading.motions):
        reading.log.add("NO_MOTION", None, "The program moves nothing; send the file that the CAM posted.")
    return _make_program(reading, source, data, units, closes)


def _read_lines(reading: ProgramReading, source: ProgramText, max_lines: int) -> None:
    cursor = Cursor(source)
    left = max_lines
    while not reading.full and cursor.fill():
        before = cursor.at
        if before == 0:
            reading.lengths.add(cursor.lines, cursor.base)
        cursor.at = read_plain_lines(reading, cursor.lines, before, cursor.base)
        left -= cursor.at - before + 1
        reading.line = cursor.base + min(cursor.at, len(cursor.lines) - 1)
        if left < 0:
            reading.report("TOO_LONG", f"The program runs more than {max_lines} lines; split it.")
            return
        if cursor.at < len(cursor.lines) and _take_line(reading, cursor):
            return
    if cursor.is_called and not reading.full:
        reading.refuse_flat("A subprogram has no M99; write it at its end.")


def _take_line(reading: ProgramReading, cursor: Cursor) -> bool:
    """Execute the line that comes next; tell whether the program ends with it."""
    text = cursor.lines[cursor.at]
    cursor.at += 1
    if "%" in text and text.strip() == "%":
        return _take_percent(reading, cursor)
    block = parse_line(text)
    if isinstance(block, LineProblem):
        if block.code == "PROGRAM_NOT_FLAT":
            reading.refuse_flat(block.text)
        else:
            reading.report(block.code, block.text)
        return False
    what = execute_block(reading, block)
    if what is Next.CALL:
        return _call(reading, cursor, block)
    if what is Next.RETURN and cursor.is_called:
        cursor.give_back()
        return False
    if what is Next.RETURN:
        reading.refuse_flat("M99 outside a subprogram runs the program again without end; end it with M30.")
        return True
    if what is Next.END:
        _report_rest(reading, cursor)
    return what is Next.END


def _take_percent(reading: ProgramReading, cursor: Cursor) -> bool:
    """Take a line with a per cent sign: the first line of a program is one, or its last."""
    first = "%" not in reading.words
    begins = first and not reading.words and not len(reading.motions)
    reading.use_word("%")
    if begins:
        return False
    if not first:
        _report_rest(reading, cursor)
    elif find_motion_after_end(cursor) is not None:
        reading.report("UNREADABLE_WORD", "A single % stands inside the program: some end here, some begin; delete it.")
    return True


def _report_rest(reading: ProgramReading, cursor: Cursor) -> None:
    line = find_motion_after_end(cursor)
    if line is not None:
        reading.log.add("AFTER_END", line, "Motions behind the end are not read, but GRBL runs them; delete them.")


def _call(reading: ProgramReading, cursor: Cursor, block: ProgramLine) -> bool:
    """Go to the subprogram of an M98; tell whether reading ends because that cannot be."""
    program, repeats = (float(block.values.get(letter, default)) for letter, default in (("P", "-1"), ("L", "1")))
    if program < 0 or program != int(program) or repeats < 1 or repeats != int(repeats):
        reading.refuse_flat("M98 needs P, the number of a subprogram, and L, if any, above zero; correct it.")
        return True
    refused = cursor.call(int(program), int(repeats))
    if refused is not None:
        reading.refuse_flat(f"M98 cannot be followed: {refused}.")
    return refused is not None


def _choose_arc_mode(reading: ProgramReading) -> ArcReadings | None:
    """Return which reading closes all arcs whose mode nothing says; None when there are none."""
    if reading.arc_unsaid_line is None:
        return None
    counts = reading.arc_counts
    if counts["neither"] or (counts["incremental"] and counts["absolute"]):
        return "neither"
    if counts["absolute"]:
        return "absolute"
    return "both" if counts["both"] and not counts["incremental"] else "incremental"


def _make_program(
    reading: ProgramReading, source: ProgramText, data: bytes, units: Units | None, closes: ArcReadings | None
) -> Program:
    facts = ProgramFacts(
        no_decimal_point=reading.no_point_line,
        realtime_byte=source.find_realtime_byte(),
        arc_mode_unsaid=reading.arc_unsaid_line,
        arc_mode_closes=closes,
        arc_radius_linuxcnc=reading.arc_radius_linuxcnc,
        change_before_tool=reading.noted.get("change_before_tool"),
        feed_before_units=reading.noted.get("feed_before_units"),
        units_beside=reading.noted.get("units_beside"),
        long_lines=tuple(reading.lengths.found),
    )
    return Program(
        motions=reading.motions,
        findings=reading.log.list_findings(),
        sha256=sha256_hex(data),
        units=reading.first_units or units,
        lines=source.count_lines(),
        words=reading.words,
        facts=facts,
        flat=reading.flat,
    )
