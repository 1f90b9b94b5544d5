import math

import pytest

from tests.engines.cuts import check_of, judge, make_context, make_design

# The spruce channel by hand: a_e a_p v_f k_c, and the power over the speed of the rim.
POWER_W = 3.175 * 0.75 * 1800 * 113 * 0.5**-0.3 / 60_000
FORCE_N = POWER_W / (math.pi * 3.175 * 18_000 / 60_000)


def machine(**members: float) -> dict[str, object]:
    return {"class": "light", "max_rpm": 30000.0, **members}


@pytest.mark.parametrize(("share", "risk"), [(0.599, "GREEN"), (0.601, "YELLOW"), (0.899, "YELLOW"), (0.901, "RED")])
def test_power_is_a_share_of_the_half_of_the_nameplate_that_reaches_the_cutter(share: float, risk: str) -> None:
    item = check_of(judge(make_design(), make_context(machine=machine(spindle_power_w=2 * POWER_W / share))), "POWER")
    assert (item.value, item.risk) == (pytest.approx(share, rel=1e-9), risk)


@pytest.mark.parametrize(("share", "risk"), [(0.499, "GREEN"), (0.501, "YELLOW"), (0.799, "YELLOW"), (0.801, "RED")])
def test_force_is_a_share_of_what_the_machine_pushes_with(share: float, risk: str) -> None:
    item = check_of(judge(make_design(), make_context(machine=machine(max_force_n=FORCE_N / share))), "FORCE")
    assert (item.value, item.risk) == (pytest.approx(share, rel=1e-9), risk)


def test_a_machine_that_states_nothing_has_710_w_and_pushes_with_89_n() -> None:
    silent = judge(make_design(), make_context(machine=machine()))
    stated = judge(make_design(), make_context(machine=machine(spindle_power_w=710, max_force_n=89)))
    assert [item.value for item in silent.assessments] == [item.value for item in stated.assessments]
    assert len(silent.assumptions) == len(stated.assumptions) + 2


def test_metal_asks_for_less_more_as_its_chips_get_thin_than_wood_does() -> None:
    def force(material: str, feed: float) -> float:
        return check_of(judge(make_design(feed_mm_min=feed), make_context(material)), "FORCE").value or 0

    assert force("brass", 1800) / force("brass", 3600) == pytest.approx(0.5**0.72)
    assert force("koa", 1800) / force("koa", 3600) == pytest.approx(0.5**0.7)
