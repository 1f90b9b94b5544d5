from typing import Any

import pytest

from rmos.engines.shop import SHIPPED
from rmos.rosette.interpret import interpret
from rmos.rosette.machining import Operation
from rmos.rosette.manufacture import manufacture, tiles_of
from rmos.rosette.spec import Constraints, Ring, RosetteSpec, decode_spec, encode_spec
from rmos.rosette.vary import vary
from tests.engines.cuts import judge
from tests.rosette.makers import BWB, make_ring, make_spec
from tests.rosette.prompts import PROMPTS


def codes(spec: RosetteSpec) -> set[str]:
    return {warning.code for warning in manufacture(spec).warnings}


def said(prompt: str) -> list[str]:
    return [warning.message for warning in manufacture(interpret(prompt).spec).warnings]


def test_a_usual_rosette_has_nothing_to_mind() -> None:
    for prompt in ("classical herringbone", "three-ring Martin 28 look", "rope pattern, ebony and padauk, 6 mm band"):
        assert said(prompt) == []


def test_60_mm_wide_and_lines_of_a_fifth_come_back_with_their_reason() -> None:
    wide = said("rosette 60 mm wide")
    assert "60 mm wide: the widest known, Torres 1852, has 27 to 28 mm" in wide
    assert any("it reaches 106 mm from the centre" in message for message in wide)
    assert said("0.2 mm lines please")[0].startswith("lines of 0.2 mm: the thinnest that can be made here is 0.3 mm")


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"channel_depth": 2500, "top_thickness": 2500}, "CHANNEL_THROUGH"),
        ({"channel_depth": 1700, "top_thickness": 2400}, "CHANNEL_FLOOR"),
        ({"channel_depth": 700}, "CHANNEL_DEPTH"),
        ({"top_thickness": 4000}, "TOP_THICKNESS"),
        ({"edge_gap": 1000}, "EDGE_GAP"),
        ({"instrument": "om"}, "SOUNDHOLE_SIZE"),
        ({"constraints": Constraints(tool_diameter=10_000)}, "CHANNEL_NARROWER_THAN_CUTTER"),
        ({"rings": (make_ring("mosaic", width=2000),)}, "STICK_SIZE"),
        ({"rings": (make_ring("mosaic", width=6000, tile_length=9000, tile_count=80),)}, "TILE_WIDTH_MOVED"),
        ({"rings": (make_ring("mosaic", width=12_000, tile_count=21),)}, "TILES_NOT_EVEN"),
        ({"rings": (make_ring("mosaic", width=12_000),)}, "STICK_TAPER"),
        ({"rings": (make_ring("checkerboard", tile_count=47),)}, "TILES_MEET_AT_SEAM"),
        ({"rings": (make_ring("celtic", strand=2000, rows=4),)}, "STRANDS_TOUCH"),
        ({"rings": (make_ring("shell", tile_count=8),)}, "SHELL_LENGTH"),
        ({"rings": (make_ring("band", width=200),)}, "RING_TOO_NARROW"),
        ({"rings": (make_ring("herringbone", width=9000),)}, "STRIP_SIZE"),
        ({"rings": (make_ring("herringbone", tile_count=1000),)}, "STRIP_SIZE"),
        ({"rings": (make_ring("lines", width=1000, materials=("maple",) * 4),)}, "LINE_TOO_THIN"),
    ],
)
def test_each_limit_is_said(members: dict[str, Any], code: str) -> None:
    plain = make_spec(BWB, make_ring("rope", width=6000), instrument="classical", channel_depth=1100)
    assert codes(plain) == set()
    document = {**{name: getattr(plain, name) for name in plain.__struct_fields__}, **members}
    assert code in codes(RosetteSpec(**document))


@pytest.mark.parametrize("strip", [300, 600, 1200])
def test_strips_of_veneer_have_nothing_against_them(strip: int) -> None:
    assert codes(make_spec(make_ring("herringbone", strip=strip), channel_depth=1100)) == set()


def test_tiles_follow_the_formulas() -> None:
    spec = make_spec(make_ring("mosaic", width=6000, symmetry="slip"))
    (tiles,) = tiles_of(spec)
    around = 2 * 3.14159265 * (46_000 + 3000)
    assert tiles.count == round(around / 6000)
    assert tiles.width == pytest.approx(around / tiles.count, abs=1)
    assert tiles.inner_width == pytest.approx(2 * 3.14159265 * 46_000 / tiles.count, abs=1)
    assert tiles.outer_width == pytest.approx(2 * 3.14159265 * 52_000 / tiles.count, abs=1)
    assert tiles.stick_taper == (tiles.outer_width - tiles.inner_width) // 9


def judged(operation: Operation) -> Any:
    tool = next(name for name, tool in SHIPPED.tools.items() if tool["kind"] == "end_mill" and close(tool, operation))
    context = SHIPPED.complete({**operation.context, "machine": {"class": "light"}}, tool_id=tool)
    context["hold_down"] = {"pressure_kpa": 60.0, "area_mm2": 10_000.0, "friction": 0.4}
    return judge(operation.design, context)


def close(tool: Any, operation: Operation) -> bool:
    return abs(tool["diameter_mm"] - operation.tool_diameter_mm) < 0.01


@pytest.mark.parametrize("prompt", [prompt for prompt, _ in PROMPTS])
def test_every_operation_can_be_read_and_judged_by_the_engine(prompt: str) -> None:
    """No member is refused or left unread; whether it may be cut is the engine's word."""
    operations = manufacture(vary(interpret(prompt).spec, 3)).operations
    assert operations[0].name == "channel"
    for operation in operations:
        result = judged(operation)
        assert "INVALID_INPUT" not in {item.id for item in result.assessments}, operation.design
        assert not any("sent but not read" in text for text in result.assumptions)
        assert result.status in ("GREEN", "YELLOW", "RED")


def test_the_operations_of_a_plain_rosette() -> None:
    spec = make_spec(BWB, make_ring("solid", width=8000), Ring(kind="gap", width=3000), make_ring("shell", width=3000))
    found = [(operation.name, operation.ring, operation.material_id) for operation in manufacture(spec).operations]
    assert found == [
        ("channel", None, "sitka_spruce"),
        ("channel", None, "sitka_spruce"),
        ("ring_cutout", 2, "hard_maple"),
        ("inlay_part", 4, "abalone"),
    ]
    channel = manufacture(spec).operations[0]
    assert channel.design["feature_width_mm"] == 9.5
    assert channel.design["total_depth_mm"] == 1.5
    assert channel.design["floor_thickness_mm"] == 1
    assert channel.tool_diameter_mm == 3.175
    assert channel.design["feed_mm_min"] == 1800


def test_the_shops_own_cutter_is_taken() -> None:
    spec = make_spec(BWB, constraints=Constraints(tool_diameter=1000))
    assert {operation.tool_diameter_mm for operation in manufacture(spec).operations} == {1.0}
    assert decode_spec(encode_spec(spec)).constraints.tool_diameter == 1000
