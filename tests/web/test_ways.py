"""Advice as changes of a form."""

import pytest

from rmos.web.ways import read_ways


@pytest.mark.parametrize(
    ("advice", "ways"),
    [
        ("feed 790 mm/min or more, or 11000 rpm or less", [
            ("790 mm/min", {"feed": "790"}), ("11000 rpm", {"rpm": "11000"}),
        ]),
        ("passes of 0.87 mm or less", [("passes of 0.87 mm", {"pass": "0.87"})]),
        ("a stick-out of 12 mm or less, or cool with air or mist", [
            ("stick-out 12 mm", {"stickout": "12"}), ("air", {"coolant": "air"}),
        ]),
        ("15000 rpm or less and feed 900 mm/min or less and plunge at 300 mm/min or less", [
            ("15000 rpm, 900 mm/min, plunge 300 mm/min", {"rpm": "15000", "feed": "900", "plunge": "300"}),
        ]),
        ("hold it on 12000 mm² or more", [("12000 mm² held", {"area": "12000"})]),
        ("use a centre-cutting cutter and plunge at 300 mm/min or less", []),
        ("take a thicker cutter", []),
        ("take stock of 4.1 mm or more and leave a floor of 1.53 mm or more", [
            ("stock of 4.1 mm, a floor of 1.53 mm", {"stock": "4.1", "floor": "1.53"}),
        ]),
        ("feed <script> mm/min or more", []),
        ("", []),
    ],
)  # fmt: skip
def test_each_way_is_a_change_and_half_a_way_is_none(advice: str, ways: list[tuple[str, dict[str, str]]]) -> None:
    assert [tuple(way) for way in read_ways(advice)] == ways
