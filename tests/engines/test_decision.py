import pytest

from rmos.engines.base import Status
from rmos.engines.decision import BLOCK_ORDER, decide, run_status
from tests.engines.plugins import answer, assessment


@pytest.mark.parametrize(
    ("risk", "status"),
    [("GREEN", "OK"), ("YELLOW", "OK"), ("RED", "BLOCKED"), ("UNKNOWN", "BLOCKED"), ("ERROR", "ERROR")],
)
def test_only_green_and_yellow_may_be_cut(risk: Status, status: str) -> None:
    assert run_status(risk) == status


def test_the_first_red_in_the_order_of_the_policy_blocks() -> None:
    red = [assessment(id=check, risk="RED", message=f"says {check}") for check in (*reversed(BLOCK_ORDER), "ACME")]
    for _ in BLOCK_ORDER:
        first = min(red, key=lambda item: BLOCK_ORDER.index(item.id) if item.id in BLOCK_ORDER else 99)
        decision = decide(answer("r", assessments=red))
        assert decision.block_reason == f"{first.id}: says {first.id}"
        red.remove(first)
    assert decide(answer("r", assessments=red)).block_reason == "ACME: says ACME"


def test_warnings_are_what_is_not_green_but_the_block_reason_sorted_by_id() -> None:
    checks = [
        assessment(id="RIM_SPEED", risk="RED", message="too fast"),
        assessment(id="OVERSPEED", risk="RED", message="marked"),
        assessment(id="HEAT", risk="UNKNOWN", message="not judged"),
        assessment(id="CHIP_RUBBING", risk="YELLOW", message="thin"),
        assessment(id="PLUNGE"),
    ]
    decision = decide(answer("r", assessments=checks, overall_score=12.3456789))
    assert decision.block_reason == "OVERSPEED: marked"
    assert decision.warnings == ["CHIP_RUBBING: thin", "HEAT: not judged", "RIM_SPEED: too fast"]
    assert decision.score == 12.3457
    assert decision.details["checks"]["PLUNGE"] == "GREEN"


def test_an_unknown_cut_is_blocked_for_what_it_lacks() -> None:
    decision = decide(answer("r", status="UNKNOWN", missing_inputs=["design.feed_mm_min", "context.tool.flutes"]))
    assert decision.block_reason == ("This cut cannot be judged, it lacks design.feed_mm_min, context.tool.flutes.")


@pytest.mark.parametrize("status", ["RED", "UNKNOWN", "ERROR"])
@pytest.mark.parametrize("reasons", [[], [""], ["  "]])
def test_a_block_without_a_reason_still_gets_one(status: str, reasons: list[str]) -> None:
    decision = decide(answer("r", status=status, reasons=reasons))
    assert decision.block_reason == f"The engine plugin answered {status} and gave no reason."


@pytest.mark.parametrize("status", ["GREEN", "YELLOW"])
def test_what_may_be_cut_has_no_block_reason(status: str) -> None:
    assert decide(answer("r", status=status, reasons=["fine"])).block_reason is None
