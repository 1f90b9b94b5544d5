"""The parts of a pack by themselves: names, tools, the zip, texts, and the drawing of the stock."""

import types
from typing import Any

import pytest

from rmos.models import RunDecision
from rmos.services.packs.building import build_pack, make_readme
from rmos.services.packs.figure import StockFacts, draw_setup
from rmos.services.packs.program_names import PackedProgram, list_packed_programs
from rmos.services.packs.reasons import list_reasons
from rmos.services.packs.since import format_members
from rmos.services.packs.texts import clean_line, clean_text, format_quantity
from rmos.services.packs.tools import list_tools, make_tools_csv
from rmos.store.naming import NamedBlob

CORNER = StockFacts(
    thickness_mm=3.0,
    width_mm=160.0,
    height_mm=60.0,
    origin="stock_corner",
    zero="stock_top",
    cutting=((0.0, 0.0, -1.5), (40.0, 10.0, 0.2)),
)


def test_the_zip_of_the_same_members_has_one_digest_for_ever() -> None:
    built = build_pack({"b.txt": b"two\n", "programs/a.nc": b"M30\n"})
    assert built.sha256 == "070a745611811d8618ed3c177ae9f79ed055c94ddb2c995da5d319e776765533"
    assert build_pack({"programs/a.nc": b"M30\n", "b.txt": b"two\n"}) == built


SPELT = "not evaluated: hold down pressure (kPa), feed (mm/min) are missing or cannot be used"


def test_reasons_name_members_in_words_and_say_once_what_a_line_of_the_program_says_again() -> None:
    missing = "not evaluated: context.hold_down.pressure_kpa, design.feed_mm_min are missing or cannot be used"
    decision = RunDecision(
        risk_level="RED",
        block_reason=f"HOLD_DOWN: {missing}",
        warnings=[
            f"HOLD_DOWN: {missing} (line 15 of the program)",
            "HEAT: 3 (line 7 of the program)",
            f"soundhole: YELLOW, HOLD_DOWN: {missing}",
            "as it is",
        ],
    )
    assert list_reasons(decision) == [
        f"Hold down: {SPELT}",
        "Heat: 3 (line 7 of the program)",
        f"soundhole: YELLOW, hold down: {SPELT}",
        "as it is",
    ]


def name_programs(*named: tuple[str | None, str | None], **design: Any) -> list[str]:
    """Return the names in a pack of programs with these operations and file names."""
    blobs = [
        NamedBlob(sha256=f"{number:064d}", source="attachment", kind="gcode", filename=filename)
        for number, (_, filename) in enumerate(named)
    ]
    outputs = [
        {"sha256": f"{number:064d}", "operation": operation} for number, (operation, _) in enumerate(named) if operation
    ]
    run: Any = types.SimpleNamespace(decision=RunDecision(risk_level="GREEN"))
    members = {"inputs": {"design": design}, "outputs": {"programs": outputs}}
    return [program.name for program in list_packed_programs(run, members, blobs)]


@pytest.mark.parametrize(
    ("operation", "filename", "name"),
    [
        ("inlay_pocket", "x.TAP", "programs/01_inlay_pocket.tap"),
        ("../../etc/passwd", "../../a.exe", "programs/01_etc_passwd.nc"),
        ("con", "con.nc", "programs/01_con.nc"),
        ("Größe <b>", None, "programs/01_gr_e_b.nc"),
        ("\u202e", "a.nc\x00.txt", "programs/01_program.txt"),
        ("x" * 300, "y", f"programs/01_{'x' * 40}.nc"),
    ],
)
def test_a_name_in_the_zip_is_safe_whatever_a_file_was_called(operation: str, filename: str, name: str) -> None:
    assert name_programs((operation, filename)) == [name]


def test_programs_are_numbered_in_their_order_and_called_after_the_design_where_they_say_nothing() -> None:
    assert name_programs(("soundhole", "a.nc"), (None, "b.nc"), operation="channel") == [
        "programs/01_soundhole.nc",
        "programs/02_channel.nc",
    ]


def use_tool(name: str, tool_id: str, **members: Any) -> PackedProgram:
    measured = {"number": None, "rpm": ["18000"], "max_feed": "1800", "min_z_mm": "-1.5", "cutting_s": "10.5"}
    return PackedProgram(
        name=name,
        sha256="0" * 64,
        size_bytes=1,
        operation="channel",
        details={"tools": [measured], "options": {"tools": {"1": tool_id}}},
        context={"units": "mm"},
        tools={1: {"tool_id": tool_id, "kind": "end_mill", "diameter_mm": 3.175, "flutes": 2, **members}},
    )


def test_programs_that_call_different_tools_by_one_number_have_a_line_each_and_the_same_tool_one() -> None:
    source: Any = types.SimpleNamespace(
        programs=[use_tool("a", "em-3175-2f"), use_tool("b", "em-1000-2f"), use_tool("c", "em-3175-2f")]
    )
    found = [(tool.number, tool.tool_id, tool.programs, tool.cutting_s) for tool in list_tools(source)]
    assert found == [(1, "em-1000-2f", ("b",), 10.5), (1, "em-3175-2f", ("a", "c"), 21.0)]


def test_no_cell_of_the_table_of_tools_is_a_formula() -> None:
    source: Any = types.SimpleNamespace(programs=[use_tool("a", "=cmd|' /C calc'!A0", stickout_mm=20)])
    line = make_tools_csv(list_tools(source)).decode().splitlines()[1]
    assert line == "1,'=cmd|' /C calc'!A0,end_mill,3.175,2,20,,18000,1800,,,,-1.5,10.5,a"


def test_readme_tells_of_just_what_is_there() -> None:
    text = make_readme("run_1", members=["sheet.html", "record.json"], programs=["programs/01_a.nc"]).decode()
    assert "sheet.html" in text
    assert "override.json" not in text
    assert "sha256sum -c SHA256SUMS" in text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a\u202eb\u2066c\x00\x1bd\u2028e", "abcde"),
        ("one\r\ntwo\rthree\tfour", "one\ntwo\nthree four"),
        ("👩\u200d🔧", "👩\u200d🔧"),
        (None, ""),
        (7, ""),
        ("x" * 21, f"{'x' * 20} … (21 characters; record.json has all of them)"),
    ],
)
def test_a_text_of_a_record_hides_and_turns_nothing(value: object, shown: str) -> None:
    assert clean_text(value, 20) == shown


def test_a_line_has_no_breaks_and_ends_with_a_sign_that_it_was_cut() -> None:
    assert clean_line("a\nb  c") == "a b c"
    assert clean_line("x" * 61) == "x" * 59 + "…"


def test_numbers_are_told_with_their_unit_and_what_is_none_is_not() -> None:
    assert [format_quantity(value, "mm") for value in (3.175, "0.750", 40000, None, True, "x", float("nan"))] == [
        "3.175 mm", "0.75 mm", "40000 mm", "?", "?", "?", "?",
    ]  # fmt: skip
    told = format_members({"pressure_kpa": 60, "area_mm2": 9000.0, "friction": 0.35, "x": [1], "on": True})
    assert told == "area 9000 mm², friction 0.35, pressure 60 kPa"


def test_the_stock_is_drawn_from_its_corner_with_zero_and_the_deepest_cut() -> None:
    svg = draw_setup(CORNER)
    assert ">stock 160 × 60 mm</text>" in svg
    assert ">tip X 0 … 40, Y 0 … 10</text>" in svg
    assert ">Z0 = top of the stock</text>" in svg
    assert ">deepest Z -1.5</text>" in svg
    assert "wherever its hole is" in draw_setup(_with(origin="hole_centre"))
    assert "Z0 = bed" in draw_setup(_with(zero="bed"))
    assert "not stated" in draw_setup(_with(width_mm=None))
    assert draw_setup(_with(cutting=None)) != svg


def _with(**members: Any) -> StockFacts:
    return StockFacts(**({name: getattr(CORNER, name) for name in CORNER.__struct_fields__} | members))
