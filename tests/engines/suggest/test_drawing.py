"""The map has the colours of the engine, and as an SVG it can be read without telling colours apart."""

import xml.etree.ElementTree as ElementTree

import pytest

from rmos.engines.suggest.best import suggest
from rmos.engines.suggest.drawing import draw_map
from rmos.engines.suggest.feed_map import COLUMNS, ROWS
from rmos.svg import validate_svg
from tests.engines.plausible import ENGINE
from tests.engines.sound import judge, make_context, make_design

ASKED = make_design(feed_mm_min=..., plunge_feed_mm_min=..., spindle_rpm=..., axial_depth_mm=...)
SUGGESTION = suggest(ENGINE, ASKED, make_context("ebony"))
_SVG = "{http://www.w3.org/2000/svg}"


def test_each_place_of_the_map_has_the_colour_that_the_engine_gives_it() -> None:
    feed_map = SUGGESTION.feed_map
    assert (len(feed_map.feeds_mm_min), len(feed_map.speeds_rpm)) == (COLUMNS, ROWS)
    assert set("".join(feed_map.rows)) == {"G", "Y", "R"}
    share = SUGGESTION.design["plunge_feed_mm_min"] / SUGGESTION.design["feed_mm_min"]
    for row in range(0, ROWS, 5):
        for column in range(0, COLUMNS, 4):
            feed = feed_map.feeds_mm_min[column]
            moved = {"feed_mm_min": feed, "plunge_feed_mm_min": share * feed, "spindle_rpm": feed_map.speeds_rpm[row]}
            status = judge(SUGGESTION.design | moved, make_context("ebony")).status
            assert feed_map.rows[row][column] == status[0], (row, column)


def test_the_suggested_place_is_green() -> None:
    feed_map = SUGGESTION.feed_map
    column = feed_map.feeds_mm_min.index(SUGGESTION.settings.feed_mm_min)
    row = feed_map.speeds_rpm.index(SUGGESTION.settings.spindle_rpm)
    assert feed_map.rows[row][column] == "G"
    assert list(feed_map.feeds_mm_min) == sorted(feed_map.feeds_mm_min)
    assert list(feed_map.speeds_rpm) == sorted(feed_map.speeds_rpm)


def test_what_was_tried_in_vain_is_not_called_suggested() -> None:
    vain = draw_map(suggest(ENGINE, ASKED | {"feature_width_mm": 2.0}, make_context()).feed_map)
    assert "RED; tried " in vain


def test_the_drawing_is_whole_and_passes_the_gate_of_drawings() -> None:
    text = draw_map(SUGGESTION.feed_map)
    root = ElementTree.fromstring(text)
    letters = {element.text for element in root.iter(f"{_SVG}text")}
    assert {"G", "Y", "R"} <= letters
    assert "suggested" in (root.findtext(f"{_SVG}title") or "")
    assert len(list(root.iter(f"{_SVG}circle"))) == 1
    covered = sum(float(rect.attrib["width"]) for rect in root.iter(f"{_SVG}rect"))
    assert covered == pytest.approx(COLUMNS * ROWS * 20)
    assert validate_svg(text.encode()).ok
