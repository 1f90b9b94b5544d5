"""What of a job can be compared with the estimate of its program, and why the rest cannot."""

from typing import Any

import msgspec
import pytest

from rmos.models import Hashes, RunArtifact, RunDecision
from rmos.outcomes import CutOutcome
from rmos.store.outcome_times import compare_times

A, B = "a" * 64, "b" * 64
PLANNED = {"sha256": A, "estimate_s": {"feed_only": "124.568", "planned": "427.33"}}
BY_FEED = {"sha256": B, "estimate_s": {"feed_only": "100", "planned": None}}


def compare(programs: list[Any], seconds: float | None = 440.0, **over: Any) -> tuple[str, int | None]:
    artifact = RunArtifact(
        run_id="run_" + "0" * 32,
        created_at_utc="2026-03-01T12:00:00Z",
        status="OK",
        mode="router",
        tool_id="em-1",
        decision=RunDecision(risk_level="GREEN"),
        hashes=Hashes(feasibility_sha256=A),
        feasibility=msgspec.Raw(b"{}"),
    )
    decision = RunDecision(risk_level="GREEN", details={"programs": programs})
    outcome = CutOutcome(**{"ended": "completed", "part": "scrap", "outcome": "scrapped", **over})
    return tuple(compare_times(msgspec.structs.replace(artifact, decision=decision), outcome, seconds))


@pytest.mark.parametrize(
    ("programs", "over", "basis", "ratio"),
    [
        ([PLANNED], {}, "planned", 1030),
        ([BY_FEED], {}, "feed_only", 4400),
        ([PLANNED], {"feed_override_pct": 100, "part": "good"}, "planned", 1030),
        ([PLANNED, BY_FEED], {"program_sha256": B, "program_matches": True}, "feed_only", 4400),
        ([PLANNED], {"seconds": 0.0}, "planned", 0),
        ([PLANNED, BY_FEED], {}, "which_program", None),
        ([PLANNED], {"program_sha256": B, "program_matches": False}, "other_program", None),
        ([PLANNED], {"feed_override_pct": 80}, "feed_overridden", None),
        ([PLANNED], {"ended": "cancelled"}, "not_completed", None),
        ([PLANNED], {"seconds": None}, "not_timed", None),
        ([], {}, "no_estimate", None),
        ([{"sha256": A}], {}, "no_estimate", None),
        ([{"estimate_s": {"planned": "0", "feed_only": "soon"}}], {}, "no_estimate", None),
        ([{"estimate_s": {"planned": "1e-300"}}], {}, "no_estimate", None),
        ([PLANNED], {"program_sha256": B, "program_matches": True}, "no_estimate", None),
    ],
)
def test_a_job_is_compared_with_the_estimate_of_the_one_program_that_it_ran(
    programs: list[Any], over: dict[str, Any], basis: str, ratio: int | None
) -> None:
    assert compare(programs, **over) == (basis, ratio)
