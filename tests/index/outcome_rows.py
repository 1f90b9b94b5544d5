"""Rows of outcomes, and of runs that carry them, as tests of the index ask for them."""

import json
from typing import Any

import msgspec

from rmos import ids
from rmos.row_models import OutcomeRow, RunRow
from tests.makers import US, make_row

RUNS = [f"run_{number:032x}" for number in range(4)]


def make_outcome_row(number: int = 1, tool_id: str = "em-1", **over: Any) -> OutcomeRow:
    """Make the row of one tool in one job; `run_id` names whose it is."""
    run_id = over.pop("run_id", RUNS[0])
    values: dict[str, Any] = {
        "outcome_id": ids.make_outcome_id(run_id, number),
        "tool_id": tool_id,
        "lead": 1,
        "created_us": US + number,
        "month": "2025-12",
        "machine_id": "router_1",
        "material_id": "ebony",
        "ended": "completed",
        "part": "good",
        "quantity": 1,
        "spent_ms": 1000,
        "cut_um": 500,
        "tool_ms": 400,
        "tool_um": 300,
        "summary": json.dumps({"number": number}),
        "risk_level": "GREEN",
        "reason_code": None,
        "time_basis": "not_timed",
        "time_ratio": None,
    }
    return OutcomeRow(**(values | over))


def with_outcomes(run_id: str, *rows: OutcomeRow, **over: Any) -> RunRow:
    text = msgspec.json.encode(rows).decode() if rows else None
    return make_row(US, run_id=run_id, outcomes=text, **over)
