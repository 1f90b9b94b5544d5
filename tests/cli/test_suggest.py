"""`rmos suggest`: the setting of the service, from options or a file, its map in letters and as SVG."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command, artifacts_of, document

CUT = (
    *("--tool", "em-3175-2f", "--material", "ebony", "--machine", "light_desktop", "--operation", "channel"),
    *("--depth", "1.5", "--width", "6", "--floor", "1.5", "--stock", "3"),
)
BODY = {
    "tool_id": "em-3175-2f",
    "material_id": "ebony",
    "machine_id": "light_desktop",
    "design": {"operation": "channel", "total_depth_mm": 1.5, "feature_width_mm": 6.0, "floor_thickness_mm": 1.5},
    "context": {"stock": {"thickness_mm": 3.0}},
}


def test_options_and_a_file_ask_for_the_same_and_nothing_is_recorded(run: Command, root: Path) -> None:
    before = artifacts_of(root)
    by_options = run("suggest", *CUT, "--json")
    assert by_options.exit_code == 0
    assert document(by_options)["risk_level"] == "GREEN"
    assert document(run("suggest", "-", "--json", input=json.dumps(BODY))) == document(by_options)
    assert artifacts_of(root) == before


@pytest.mark.parametrize(
    ("option", "value", "name"),
    [
        ("--feed", "1000", "feed_mm_min"),
        ("--plunge", "200", "plunge_feed_mm_min"),
        ("--rpm", "15000", "spindle_rpm"),
        ("--pass-depth", "0.5", "axial_depth_mm"),
        ("--engagement", "1.2", "radial_engagement_mm"),
    ],
)
def test_an_option_fixes_a_setting_and_wins_over_the_file(run: Command, option: str, value: str, name: str) -> None:
    design = {**BODY["design"], name: 1.0}
    found = document(run("suggest", "-", option, value, "--json", input=json.dumps({**BODY, "design": design})))
    assert found["settings"][name] == float(value)


def test_each_window_stands_with_the_checks_that_end_it_and_the_map_in_letters(run: Command) -> None:
    shown = run("suggest", *CUT, "--rpm", "18000").stdout.splitlines()
    found = document(run("suggest", *CUT, "--rpm", "18000", "--json"))
    assert shown[0].startswith("GREEN ")
    for window in found["windows"]:
        [line] = [line for line in shown if line.startswith(f"{window['name']} ")]
        for said in (f"{window['low']:.6g}", f"{window['high']:.6g}", window["low_by"], window["high_by"]):
            assert said in line
    assert [line for line in shown if line.startswith("spindle_rpm ") and "fixed" in line]
    assert f"passes  {found['passes']}" in shown
    letters = [line.split()[-1] for line in shown[-len(found["map"]["rows"]) :]]
    assert letters == found["map"]["rows"][::-1]


def test_the_map_is_written_as_svg(run: Command, tmp_path: Path) -> None:
    assert run("suggest", *CUT, "--svg", str(tmp_path / "map.svg")).exit_code == 0
    assert (tmp_path / "map.svg").read_bytes().startswith(b"<svg ")
    lost = run("suggest", *CUT, "--svg", str(tmp_path / "nowhere" / "map.svg"))
    assert (lost.exit_code, "map.svg could not be written" in lost.stderr) == (1, True)


def test_where_nothing_is_green_it_ends_with_1_and_says_why(run: Command) -> None:
    blocked = run("suggest", *CUT, "--rpm", "30000", "--feed", "200")
    assert blocked.exit_code == 1
    assert blocked.stdout.startswith("RED")
    assert "CHIP_RUBBING: " in blocked.stdout


@pytest.mark.parametrize(
    ("arguments", "text", "says"),
    [
        ((), None, "design.operation must name a cut"),
        (("-",), '{"design": 1}', "design: Not a valid mapping type."),
        (("-", "--stock", "3"), '{"context": [], "design": {}}', "context: Not a valid mapping type."),
        (("-", "--feed", "3"), '{"design": []}', "design: Not a valid mapping type."),
        (("-",), "{", ""),
        (("--operation", "carve"), None, "carve"),
        (("--operation", "channel"), None, "context.tool.kind"),
        ((*CUT, "--feed", "-3"), None, "design.feed_mm_min"),
        ((*CUT, "--feed", "nan"), None, "design.feed_mm_min"),
    ],
)
def test_what_cannot_be_used_ends_with_2_and_is_named(
    run: Command, arguments: tuple[str, ...], text: str | None, says: str
) -> None:
    refused = run("suggest", *arguments, input=text)
    assert refused.exit_code == 2
    assert says in refused.stderr
