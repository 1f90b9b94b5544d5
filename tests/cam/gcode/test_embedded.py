"""Find programs that stand as text within other data."""

import pytest

from rmos.cam.gcode.embedded import find_embedded


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("G1 X40 F900", ""),
        ({"passes": [{"depth": 1}, {"text": "(pass 2)\ng 0 1 x 4 0"}]}, "passes[1].text"),
        ([["%"], "M3 S9000", "N10 Z-1 G00"], "[2]"),
        ({"a": {"G2 X1 Y1 R5": None}}, "a.G2 X1 Y1 R5"),
        ({"cycle": "G81 X1 Z-1 R2 F100"}, "cycle"),
    ],
    ids=["the value itself", "a line of a member", "an item", "a name", "a cycle"],
)
def test_a_line_that_moves_a_machine_is_found_wherever_it_stands(value: object, path: str) -> None:
    assert find_embedded(value) == path


@pytest.mark.parametrize(
    "value",
    [
        None,
        [1, 2.5, True],
        {"head": "G21 G90 G17", "axis": "X", "post": "grbl", "G1": [10, 20]},
        "G1 is the finish along X",
        "Z-1.5",
        {"x": 1, "text": "G1"},
    ],
    ids=["nothing", "numbers", "codes without a place", "a sentence", "a place without a code", "words apart"],
)
def test_a_plan_without_a_program_is_left_alone(value: object) -> None:
    assert find_embedded(value) is None


def test_a_plan_may_be_as_deep_as_it_likes() -> None:
    value: object = "G0 Z-50"
    for _ in range(20_000):
        value = [value]
    assert find_embedded(value) == "[0]" * 20_000
