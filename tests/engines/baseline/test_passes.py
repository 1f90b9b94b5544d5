import pytest

from tests.engines.cuts import check_of, judge, make_context, make_design


@pytest.mark.parametrize(
    ("kind", "diameters", "risk"),
    [
        ("light", 0.5, "GREEN"), ("light", 0.51, "YELLOW"), ("light", 1.5, "YELLOW"), ("light", 1.51, "RED"),
        ("rigid", 1.0, "GREEN"), ("rigid", 1.01, "YELLOW"), ("rigid", 3.0, "YELLOW"), ("rigid", 3.01, "RED"),
    ],
)  # fmt: skip
def test_a_pass_is_as_deep_as_the_machine_takes(kind: str, diameters: float, risk: str) -> None:
    context = make_context(machine={"class": kind, "max_rpm": 30000})
    item = check_of(judge(make_design(axial_depth_mm=3.175 * diameters), context), "DEPTH_PASS")
    assert (item.risk, item.value) == (risk, pytest.approx(diameters))


@pytest.mark.parametrize(
    ("share", "risk"), [(0.3, "GREEN"), (0.5, "GREEN"), (0.51, "YELLOW"), (1, "YELLOW"), (1.01, "RED")]
)
def test_a_plunge_is_slower_than_the_feed(share: float, risk: str) -> None:
    item = check_of(judge(make_design(plunge_feed_mm_min=1800 * share), make_context()), "PLUNGE")
    assert (item.risk, item.value) == (risk, pytest.approx(share))


def test_a_cutter_that_does_not_cut_at_its_centre_cannot_plunge() -> None:
    item = check_of(judge(make_design(), make_context(centre_cutting=False)), "PLUNGE")
    assert (item.risk, item.score) == ("RED", 0)
    assert item.message == (
        "the cutter does not cut at its centre, so it cannot go straight down: use a centre-cutting cutter"
    )
