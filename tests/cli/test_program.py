"""`rmos program`: what a machinist is told, what is written and recorded, what is refused."""

from pathlib import Path

import pytest
from click.testing import Result

from rmos.cam.child import measure_bytes
from rmos.services.programs.reading import MeasureReply, MeasureRequest
from rmos.svg import validate_svg
from tests.cli.conftest import Command, command_on, document

PROGRAMS = Path(__file__).parents[1] / "data" / "gcode"
RING = (str(PROGRAMS / "ring.nc"), "--tool", "1=em-3175-2f", "--material", "sitka_spruce", "--stock", "3")
BAD = (str(PROGRAMS / "many_findings.nc"), "--tool", "1=em-3175-2f", "--material", "ebony", "--stock", "3")


def test_a_ring_is_green_and_says_what_it_does(run: Command) -> None:
    result: Result = run("program", *RING, "--machine", "light_desktop")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("GREEN ")
    assert "time       2 min 11 s, of which 2 min 05 s by its feeds" in result.stdout
    assert "-     18000  1800       6  0.75  3.175    -1.5  2 min 03 s  em-3175-2f" in result.stdout
    assert "assumed    The program names no tool before it cuts: it is taken to be em-3175-2f." in result.stdout


def test_what_is_wrong_stands_with_its_line_the_gravest_first(run: Command) -> None:
    result: Result = run("program", *BAD, "--machine", "light_desktop")
    assert result.exit_code == 1
    assert result.stdout.startswith("RED ")
    lines = result.stdout.splitlines()
    codes = [
        line.split()[2] for line in lines if line.split()[1:2] in (["RED"], ["YELLOW"]) and line.split()[2].isupper()
    ]
    assert codes[:4] == ["NOT_FOR_CONTROLLER", "NOT_FOR_CONTROLLER", "RAPID_IN_MATERIAL", "MACHINE_MOVE_UNHOMED"]
    assert any("M6 (error 20)" in line and line.split()[0] == "4" for line in lines)


def test_the_controller_is_that_of_the_machine_unless_another_is_named(run: Command) -> None:
    def find(*options: str) -> set[str]:
        found = document(run("program", *BAD, "--json", *options))
        return {finding["code"] for finding in found["findings"]}

    assert "NOT_FOR_CONTROLLER" in find("--machine", "light_desktop")
    assert "NOT_FOR_CONTROLLER" not in find()
    assert "NOT_FOR_CONTROLLER" not in find("--machine", "light_desktop", "--dialect", "linuxcnc")


def test_json_has_what_the_service_would_answer(run: Command) -> None:
    told = document(run("program", *RING, "--machine", "light_desktop", "--json"))
    assert (told["risk_level"], told["run_id"], told["estimate_s"]["planned"]) == ("GREEN", None, "131.199")
    assert told["tools"][0]["max_axial_mm"] == "0.75"


def test_the_picture_marks_the_worst_line(run: Command, tmp_path: Path) -> None:
    svg = tmp_path / "p.svg"
    assert run("program", *BAD, "--svg", str(svg)).exit_code == 1
    assert validate_svg(svg.read_bytes()).ok
    assert ">line 8</text>" in svg.read_text(encoding="utf-8")
    assert run("program", *RING, "--size", "160x140", "--origin", "stock_centre", "--svg", str(svg)).exit_code == 0
    assert 'class="mark"' not in svg.read_text(encoding="utf-8")
    assert 'class="stock"' in svg.read_text(encoding="utf-8")


def test_nothing_is_recorded_unless_it_is_asked_for(run: Command) -> None:
    before = document(run("runs", "--json", "--limit", "1"))["items"][0]["run_id"]
    run("program", *RING)
    assert document(run("runs", "--json", "--limit", "1"))["items"][0]["run_id"] == before
    done = document(run("program", *RING, "--record", "--json"))
    assert done["run_status"] == "OK"
    shown = document(run("show", done["run_id"], "--json"))
    assert shown["event_type"] == "program_check"
    assert [item["kind"] for item in shown["attachments"]] == ["gcode_input", "measured"]


def test_it_needs_no_store(tmp_path: Path) -> None:
    assert command_on(tmp_path / "none")("program", *RING).exit_code == 0
    assert not (tmp_path / "none").exists()


def test_a_program_in_units_that_nobody_said_is_read_in_those_that_are_given(run: Command, tmp_path: Path) -> None:
    path = tmp_path / "plain.nc"
    path.write_text(
        "G90 G17 G94 G91.1\nG0 Z0.2\nG0 X0 Y0\nM3 S18000\nG4 P3\nG1 Z-0.02 F20\nG1 X2 F60\nG0 Z0.2\nM5\nM30\n"
    )
    asked = ("--tool", "1=em-3175-2f", "--material", "sitka_spruce", "--stock", "3", "--json")
    assert "UNITS_UNSAID" in {found["code"] for found in document(run("program", str(path), *asked))["findings"]}
    told = document(run("program", str(path), "--units", "inch", *asked))
    assert "UNITS_UNSAID" not in {found["code"] for found in told["findings"]}
    assert told["box_mm"]["all"]["max"][0] == "50.8"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--tool", "em-3175-2f"), "like 1=em-3175-2f"),
        (("--tool", "1=em-3175"), "tools.1"),
        (("--size", "160"), "like 160x140"),
        (("--dialect", "gbrl"), "grbl"),
        (("--stock", "0"), "--stock"),
        (("--units", "cm"), "inch"),
        (("--tool", "1=em-3175-2f", "--tool", "1=em-3175-1f"), "T1 is named twice"),
    ],
)
def test_what_cannot_be_meant_is_refused(run: Command, options: tuple[str, ...], said: str) -> None:
    result: Result = run("program", RING[0], "--stock", "3", *options)
    assert result.exit_code == 2
    assert said in result.stderr


def test_one_line_is_one_line(run: Command, tmp_path: Path) -> None:
    path = tmp_path / "one.nc"
    path.write_text("G21 G90 G94 M3 S18000 G1 X1 F100\n")
    assert "1 line, 1 motion, in mm" in run("program", str(path), *RING[1:]).stdout


def test_a_picture_that_cannot_be_written_is_told_without_the_folder(run: Command, tmp_path: Path) -> None:
    result: Result = run("program", *RING, "--svg", str(tmp_path / "none" / "p.svg"), "--json")
    assert (result.exit_code, document(result)["error"]) == (1, "STORAGE_FAILED")
    assert "p.svg could not be written: no such file or directory." in result.stderr
    assert str(tmp_path) not in result.output


def test_a_zip_and_a_file_that_is_too_large_are_refused(run: Command, tmp_path: Path) -> None:
    archive = tmp_path / "two.zip"
    archive.write_bytes(b"PK\x03\x04 and what follows")
    assert run("program", str(archive), "--stock", "3").exit_code == 2
    small = command_on(tmp_path / "runs", max_program_bytes=100)
    result: Result = small("program", *RING, "--record")
    assert result.exit_code != 0
    assert "A program may have 100 bytes here." in result.stderr
    assert small("program", *RING).exit_code == 0, "what is not recorded fills no store"


def test_a_command_is_patient_with_what_it_measures_and_draws(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def measure(data: bytes, request: MeasureRequest) -> MeasureReply:
        asked.append(request.picture)
        return MeasureReply(measure_bytes(data, request), None)

    monkeypatch.setattr("rmos.cli.program.measure_patiently", measure)
    assert run("program", *RING, "--svg", str(tmp_path / "p.svg")).exit_code == 0
    assert asked == [False, True]
