import pytest

from tests.engines.cuts import check_of, judge, make_saw_context, make_saw_design


@pytest.mark.parametrize(
    ("bite", "risk"),
    [
        (0.0319, "RED"), (0.0321, "YELLOW"), (0.0639, "YELLOW"), (0.0641, "GREEN"), (0.177, "GREEN"),
        (0.179, "YELLOW"), (0.266, "YELLOW"), (0.268, "RED"),
    ],
)  # fmt: skip
def test_a_tooth_of_a_saw_takes_a_bite_within_its_window(bite: float, risk: str) -> None:
    item = check_of(judge(make_saw_design(feed_mm_min=bite * 4200 * 24), make_saw_context()), "SAW_BITE")
    assert (item.risk, item.value) == (risk, pytest.approx(bite))


@pytest.mark.parametrize(
    ("material", "window"),
    [
        ("sitka_spruce", (0.10, 0.25)), ("hard_maple", (0.064, 0.178)), ("birch_plywood", (0.051, 0.152)),
        ("mdf", (0.038, 0.114)), ("acrylic", (0.038, 0.114)), ("aluminium_6061", (0.020, 0.076)),
        ("brass", (0.020, 0.076)), ("bone", (0.064, 0.178)),
    ],
)  # fmt: skip
def test_each_material_has_a_window(material: str, window: tuple[float, float]) -> None:
    for bite, risk in ((window[0] * 0.99, "YELLOW"), (window[0] * 1.01, "GREEN"), (window[1] * 0.99, "GREEN")):
        design = make_saw_design(feed_mm_min=bite * 4200 * 24)
        assert check_of(judge(design, make_saw_context(material)), "SAW_BITE").risk == risk


def test_the_height_of_the_stock_stands_in_for_the_engagement_and_is_said_so() -> None:
    context = make_saw_context()
    stated = judge(make_saw_design(), context)
    implied = judge(make_saw_design(radial_engagement_mm=...), {**context, "stock": {"thickness_mm": 12.0}})
    assert check_of(implied, "HOLD_DOWN").value == check_of(stated, "HOLD_DOWN").value
    assert (
        "design.radial_engagement_mm is not sent: the blade goes through the height of the stock" in implied.assumptions
    )
    assert "design.axial_depth_mm of a saw blade is the width of its kerf" in stated.assumptions
