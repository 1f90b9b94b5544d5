import msgspec
import pytest

from rmos.cam.gcode.reader import read_program
from rmos.cam.measure import measure_program
from rmos.cam.measure.setup import MachineAxes, ProgramSetup
from rmos.cam.motion import ProgramFacts
from rmos.errors.request import ValidationFailed
from tests.helpers.programs import PathBuilder

HEAD = "G21 G90 G17 G94\nM3 S18000\nG4 P3\nG0 Z5\n"


def find(text: str, setup: ProgramSetup, **members: object) -> list[tuple[str, str, int | None]]:
    changed = msgspec.structs.replace(setup, **members)
    found = measure_program(read_program(text.encode("latin-1")), changed).findings
    return [(finding.code, finding.level, finding.line) for finding in found]


@pytest.mark.parametrize(
    ("dialect", "body", "findings"),
    [
        ("grbl", "G0 X1\n", []),
        ("grbl", "T1 M6\n", [("NOT_FOR_CONTROLLER", "RED", 5)]),
        ("linuxcnc", "T1 M6\n", []),
        ("grbl", "G81 X10 Z-1 R2 F150\n", [("NOT_FOR_CONTROLLER", "RED", 5)]),
        ("mach", "G91.1\nG81 X10 Z-1 R2 F150\n", []),
        ("grbl", "G0 X5\nG3 X5 Z4 I-5 P2 F600\n", [("NOT_FOR_CONTROLLER", "RED", 6)]),
        ("linuxcnc", "G0 X5\nG3 X5 Z4 I-5 P2 F600\n", []),
        ("carbide_motion", "G0 X1\n", [("NOT_FOR_CONTROLLER", "RED", 1)]),
        ("grbl", "(ma\xdfe!)\n", [("REALTIME_BYTES", "YELLOW", 5)]),
        ("linuxcnc", "(ma\xdfe!)\n", []),
        ("fanuc", "G0 X1000\n", [("NO_DECIMAL_POINT", "RED", 4)]),
        ("mach", "G0 X5\nG2 X5 I-5 F600\n", [("IJ_MODE_UNSAID", "YELLOW", 6)]),
        ("grbl", "G0 X5\nG2 X5 I-5 F600\n", []),
        ("mach", "G91.1\nG0 X5\nG2 X5 I-5 F600\n", []),
        ("buildbotics", "T1 M6\n", [("UNITS_NOT_ALONE", "YELLOW", 1)]),
        ("buildbotics", "M6 T1\n", [("UNITS_NOT_ALONE", "YELLOW", 1), ("TOOL_CHANGE_ORDER", "RED", 5)]),
        ("buildbotics", "M6\nT1\n", [("UNITS_NOT_ALONE", "YELLOW", 1)]),
        ("linuxcnc", "M6 T1\n", []),
        ("grbl", f"G0 X{'1'.zfill(22)}.5 Y{'1'.zfill(22)}.5 Z{'5'.zfill(22)}\n", []),
        ("grbl", f"G0 X{'1'.zfill(22)}.5 Y{'1'.zfill(22)}.5 Z{'5'.zfill(22)}.5M5\n", []),
        ("grbl", f"G0 X{'1'.zfill(22)}.5 Y{'1'.zfill(22)}.5 Z{'5'.zfill(22)}.5M05\n", [("LINE_TOO_LONG", "RED", 5)]),
        ("grbl", f"G0 X1 ({'a' * 250})\n", []),
        ("linuxcnc", f"G0 X1 ({'a' * 244})\n", []),
        ("linuxcnc", f"G0 X1 ({'a' * 245})\n", [("LINE_TOO_LONG", "RED", 5)]),
        ("mach", f"G91.1 G0 X1 ({'a' * 2000})\n", []),
        # Centres from zero: GRBL would draw another arc or stop.
        ("grbl", "G0 X20\nG2 X30 Y10 I20 J10 F600\n", [("IJ_MODE_UNSAID", "RED", 6)]),
    ],
)
def test_a_word_or_a_byte_that_this_controller_lacks_is_found_with_its_line(
    dialect: str, body: str, findings: list[tuple[str, str, int]], setup: ProgramSetup
) -> None:
    assert find(HEAD + body, setup, dialect=dialect) == findings


@pytest.mark.parametrize(
    ("head", "found"),
    [
        ("G21\nG90 G17\n", []),
        ("N5 G21\nG1 F600\n", []),
        ("G21 G90\n", [("UNITS_NOT_ALONE", "YELLOW", 1)]),
        ("F600\nG21\n", [("UNITS_NOT_ALONE", "RED", 1)]),
        ("G90\nG21 F600\n", [("UNITS_NOT_ALONE", "RED", 2)]),
    ],
)
def test_the_units_are_said_on_a_line_of_their_own_before_any_feed(
    head: str, found: list[tuple[str, str, int]], setup: ProgramSetup
) -> None:
    assert find(f"{head}G0 Z5\n", setup, dialect="buildbotics") == found
    assert find(f"{head}G0 Z5\n", setup, dialect="mach") == []


def test_a_long_line_of_a_subprogram_has_its_number_in_the_file(setup: ProgramSetup) -> None:
    text = f"{HEAD}M98 P7 L2\nM2\nO7\nG0 X1 ({'a' * 300})\nM99\n"
    assert find(text, setup, dialect="linuxcnc") == [("LINE_TOO_LONG", "RED", 8)]


def test_the_text_names_the_error_and_the_mend(setup: ProgramSetup) -> None:
    program = read_program((HEAD + "T1 M6\n").encode())
    [finding] = measure_program(program, msgspec.structs.replace(setup, dialect="grbl")).findings
    assert finding.text == "GRBL 1.1 does not take M6 (error 20): write one file for each tool."


@pytest.mark.parametrize(
    ("facts", "level"),
    [
        (ProgramFacts(arc_mode_unsaid=3, arc_mode_closes="both"), "RED"),
        (ProgramFacts(arc_mode_unsaid=3, arc_mode_closes="neither"), "RED"),
        (ProgramFacts(arc_mode_unsaid=3, arc_mode_closes="incremental"), "YELLOW"),
    ],
)
def test_where_a_setting_decides_arcs_that_close_in_both_ways_or_in_none_stop(
    facts: ProgramFacts, level: str, setup: ProgramSetup
) -> None:
    program = PathBuilder().rapid(z=5).program(facts=facts)
    [finding] = measure_program(program, msgspec.structs.replace(setup, dialect="mach")).findings
    assert (finding.code, finding.level, finding.line) == ("IJ_MODE_UNSAID", level, 3)


@pytest.mark.parametrize(
    ("dialect", "level"), [(None, "RED"), ("grbl", "RED"), ("linuxcnc", "YELLOW"), ("mach", "YELLOW")]
)
def test_radii_that_differ_stop_where_the_controller_refuses_them(
    dialect: str | None, level: str, setup: ProgramSetup
) -> None:
    text = HEAD + "G91.1\nG0 X0 Y0\nG2 X0.506 Y0 I0.25 J0 F600\n"
    assert find(text, setup, dialect=dialect) == [("ARC_RADIUS", level, 7)]


def test_linuxcnc_has_a_limit_of_its_own(setup: ProgramSetup) -> None:
    program = PathBuilder().rapid(z=5).program(facts=ProgramFacts(arc_radius_linuxcnc=4))
    linuxcnc = msgspec.structs.replace(setup, dialect="linuxcnc")
    assert [(found.code, found.level) for found in measure_program(program, linuxcnc).findings] == [
        ("ARC_RADIUS", "RED")
    ]
    assert measure_program(program, setup).findings == ()


@pytest.mark.parametrize(
    ("machine", "codes"),
    [
        (None, ["MACHINE_MOVE_UNHOMED"]),
        (MachineAxes(), ["MACHINE_MOVE_UNHOMED"]),
        (MachineAxes(homing=False), ["MACHINE_MOVE_UNHOMED"]),
        (MachineAxes(homing=True), []),
    ],
)
def test_a_move_in_machine_coordinates_needs_a_machine_that_homes(
    machine: MachineAxes | None, codes: list[str], setup: ProgramSetup
) -> None:
    found = find(HEAD + "G28 G91 Z0\n", setup, machine=machine)
    assert found == [(code, "RED", 5) for code in codes]


def test_a_dialect_that_there_is_not_is_refused(setup: ProgramSetup) -> None:
    with pytest.raises(ValidationFailed, match="grbl"):
        find(HEAD, setup, dialect="gerbl")
