"""What reasons point to, how near a cut came to a limit, and the intervals of shares."""

from typing import Any

import msgspec
import pytest

from rmos.decisions.nearest_check import find_nearest_check
from rmos.decisions.proportions import make_proportion
from rmos.decisions.reasons import (
    CHECKS_OF_REASON,
    REASON_CLASSES,
    classify_reason,
    list_checks,
    list_reasons,
)
from rmos.engines.registry import Registry
from rmos.models import Hashes, RunArtifact, RunDecision
from rmos.outcomes import REASON_CODES


def test_each_reason_is_of_one_class_and_points_to_checks_that_both_engines_have_or_one() -> None:
    assert sorted(code for of_class in REASON_CLASSES for code in list_reasons(of_class)) == sorted(REASON_CODES)
    assert {code: list_checks(code) for code in list_reasons("check")} == {
        "TOOL_BROKE": ("TOOL_BREAK", "DEFLECTION", "CHIP_OVERLOAD", "SAW_BITE"),
        "LOST_STEPS": ("FORCE", "MACHINE_FEED"),
        "WORK_MOVED": ("HOLD_DOWN",),
        "BURN": ("HEAT", "CHIP_RUBBING", "SAW_BITE"),
        "CHATTER": ("DEFLECTION",),
    }
    assert list_reasons("human") == ("WRONG_ZERO", "WRONG_TOOL", "WRONG_PROGRAM")
    assert [classify_reason(code) for code in ("POWER", None, "OF_ANOTHER_HAND")] == ["other"] * 3
    known = {rule.id for engine_id, rule in Registry().rules() if engine_id == "baseline_v2"}
    assert {check for checks in CHECKS_OF_REASON.values() for check in checks} <= known


def make_run(*assessments: Any) -> RunArtifact:
    return RunArtifact(
        run_id="run_" + "0" * 32,
        created_at_utc="2026-03-01T12:00:00Z",
        status="OK",
        mode="router",
        tool_id="em-1",
        decision=RunDecision(risk_level="GREEN"),
        hashes=Hashes(feasibility_sha256="0" * 64),
        feasibility=msgspec.Raw(msgspec.json.encode({"assessments": assessments})),
    )


def low(check: str, value: float, limit: float) -> dict[str, Any]:
    return {"id": check, "value": value, "limit": limit, "margin": limit - value, "unit": "mm"}


def high(check: str, value: float, limit: float) -> dict[str, Any]:
    return low(check, value, limit) | {"margin": value - limit}


@pytest.mark.parametrize(
    ("assessment", "q"),
    [
        (low("HEAT", 1.2, 1.6), 0.75),
        (low("HEAT", 3.2, 1.6), 2.0),
        (high("HEAT", 4.0, 3.0), 0.75),
        (high("HEAT", 1.5, 3.0), 2.0),
        (low("HEAT", 3.0, 3.0), 1.0),
        (low("HEAT", 0.0, 3.0), 0.0),
        (low("HEAT", 0.0, 0.0), 1.0),
        (high("HEAT", 0.0, 3.0), None),
        (low("HEAT", 1e308, 1e-308), None),
        ({"id": "HEAT", "value": 1.0, "limit": None, "margin": None}, None),
        ({"id": "HEAT", "value": 1.0, "limit": 2.0, "margin": None}, None),
        ({"id": "HEAT"}, None),
    ],
)
def test_q_is_1_at_the_limit_whichever_side_is_better(assessment: dict[str, Any], q: float | None) -> None:
    nearest = find_nearest_check(make_run(assessment), ["HEAT"])
    assert nearest.is_recorded
    assert (None if nearest.use is None else nearest.use.q) == q


def test_the_nearest_of_the_checks_that_are_asked_for_is_taken_and_what_is_no_check_is_not() -> None:
    run = make_run(
        low("FORCE", 9, 10), low("HEAT", 1, 10), high("CHIP_RUBBING", 10, 8), "none", {"id": "HEAT", "value": "x"}
    )
    nearest = find_nearest_check(run, list_checks("BURN"))
    assert nearest.use is not None
    assert msgspec.to_builtins(nearest.use) == {
        "id": "CHIP_RUBBING",
        "value": 10.0,
        "limit": 8.0,
        "unit": "mm",
        "q": 0.8,
    }
    assert not find_nearest_check(run, list_checks("WORK_MOVED")).is_recorded
    for text in (b"[]", b'{"assessments": 5}', b"{}"):
        other = msgspec.structs.replace(run, feasibility=msgspec.Raw(text))
        assert find_nearest_check(other, ["HEAT"]).use is None


@pytest.mark.parametrize(
    ("count", "of", "percent"),
    [
        (3, 40, (7.5, 2.6, 19.9)),
        (0, 12, (0.0, 0.0, 24.2)),
        (12, 12, (100.0, 75.8, 100.0)),
        (1, 1, (100.0, 20.7, 100.0)),
        (5000, 100_000, (5.0, 4.9, 5.1)),
    ],
)
def test_a_share_has_the_interval_of_wilson(count: int, of: int, percent: tuple[float, ...]) -> None:
    made = make_proportion(count, of)
    numbers = (made.share, made.low, made.high)
    assert tuple(round(100 * number, 1) for number in numbers if number is not None) == percent


def test_of_nothing_there_is_no_share() -> None:
    assert msgspec.structs.astuple(make_proportion(0, 0)) == (0, 0, None, None, None)
