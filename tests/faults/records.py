"""Runs that are known beforehand: number n always gives the same id and the same bytes, in every process."""

import json
from typing import Any, Final

from rmos import digest, ids
from rmos.models import RunView
from rmos.store import layout

_START_US: Final = 1_766_480_400_000_000
"""2025-12-23 09:00 UTC."""
_STEP_US: Final = 1_000_000


def run_id(number: int) -> str:
    """Return the id of run no. `number`: a UUIDv7 of its moment whose random part is the number."""
    milliseconds, micro = divmod(_START_US + number * _STEP_US, 1000)
    return f"run_{milliseconds << 80 | 7 << 76 | micro << 64 | 2 << 62 | number:032x}"


def members(number: int) -> dict[str, Any]:
    """Return the members of run no. `number`, about 2 kB of them."""
    us = _START_US + number * _STEP_US
    feasibility = {
        "engine_id": "baseline_v1",
        "status": "GREEN",
        "overall_score": 80 + number % 20,
        "assessments": [{"check": f"check_{place}", "value": number + place / 8} for place in range(30)],
    }
    return {
        "schema": "rmos.run/1",
        "run_id": run_id(number),
        "created_at_utc": ids.utc_text(us),
        "status": "OK",
        "mode": "router",
        "tool_id": f"tool_{number % 7}",
        "event_type": "feasibility_check",
        "feasibility": feasibility,
        "decision": {"risk_level": "GREEN", "score": 80 + number % 20, "warnings": []},
        "hashes": {"feasibility_sha256": digest.canonical_sha256(feasibility)},
        "meta": {"note": f"channel no. {number} " * 30},
    }


def data(number: int) -> bytes:
    """Return the exact bytes of run no. `number`."""
    return digest.encode_record(members(number))


def key(number: int) -> str:
    """Return where run no. `number` belongs in a store."""
    partition = layout.home_partition(run_id(number))
    assert partition is not None
    return layout.artifact_key(partition, run_id(number))


def summarise(view: RunView) -> str:
    """Return a summary that is enough to tell runs apart."""
    return json.dumps({"run_id": view.artifact.run_id, "score": view.artifact.decision.score})
