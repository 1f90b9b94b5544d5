import math

import pytest

from tests.engines.cuts import check_of, judge, make_context, make_design, remove, risks

# The spruce channel by hand: a_e a_p v_f k_c, and the power over the speed of the rim.
POWER_W = 3.175 * 0.75 * 1800 * 113 * 0.5**-0.3 / 60_000
FORCE_N = POWER_W / (math.pi * 3.175 * 18_000 / 60_000)


@pytest.mark.parametrize(("safety", "risk"), [(3.01, "GREEN"), (2.99, "YELLOW"), (1.51, "YELLOW"), (1.49, "RED")])
def test_the_work_is_held_with_three_times_the_cutting_force(safety: float, risk: str) -> None:
    # 10 kPa with a friction of 0.2 hold 0.002 N on each mm².
    hold_down = {"pressure_kpa": 10, "area_mm2": safety * FORCE_N / 0.002, "friction": 0.2}
    item = check_of(judge(make_design(operation="soundhole"), make_context(hold_down=hold_down)), "HOLD_DOWN")
    assert (item.risk, item.value) == (risk, pytest.approx(safety, rel=1e-9))


@pytest.mark.parametrize(("used", "risk", "score"), [(600, "GREEN", 80), (599, "YELLOW", 78.9), (12, "YELLOW", 40.8)])
def test_a_blank_of_which_little_is_used_is_yellow_at_worst(used: float, risk: str, score: float) -> None:
    item = check_of(judge(make_design(used_area_mm2=used), make_context()), "MATERIAL_YIELD")
    assert (item.risk, item.score) == (risk, score)


@pytest.mark.parametrize("absent", ["design.used_area_mm2", "context.stock.area_mm2"])
def test_yield_is_judged_only_when_both_areas_are_sent(absent: str) -> None:
    design, context = make_design(), make_context()
    remove(design, context, absent)
    result = judge(design, context)
    assert "MATERIAL_YIELD" not in risks(result)
    assert result.status == "GREEN"


def test_no_more_can_be_used_than_there_is() -> None:
    told = check_of(judge(make_design(used_area_mm2=1300), make_context()), "INVALID_INPUT").message
    assert told == "design.used_area_mm2 is 1300 mm², more than the 1200 mm² of the stock"
