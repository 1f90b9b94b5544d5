"""The examples in the document: one cut and what becomes of it. A test sends each and compares each with its schema."""

from typing import Any, Final

from rmos.api.parts import RUN_ID

CUT: Final[dict[str, Any]] = {
    "mode": "router",
    "tool_id": "em-3175-2f",
    "design": {
        "operation": "channel",
        "feed_mm_min": 2600,
        "plunge_feed_mm_min": 900,
        "spindle_rpm": 16000,
        "axial_depth_mm": 0.8,
        "radial_engagement_mm": 3.175,
        "total_depth_mm": 1.5,
        "feature_width_mm": 6.0,
        "floor_thickness_mm": 1.5,
    },
    "context": {
        "material": {"id": "sitka_spruce"},
        "machine": {"class": "rigid"},
        "stock": {"thickness_mm": 3.0},
    },
    "meta": {"batch_label": "batch_1"},
}
_SHA256: Final = "ae4aa9d5ae9b721021e9afda12f4478bcfc33b7fdb88ac22730f9d73c3b40848"
_EVENT_SHA256: Final = "fc8af76ceb410648b32875eff2d886cbc1c4988ab29ff43f06c177591afe3b57"
_REQUEST_ID: Final = "req_1234567890abcdef"
_MADE_AT: Final = "2025-12-23T10:30:00.123456Z"

CREATED: Final[dict[str, Any]] = {
    "run_id": RUN_ID,
    "status": "created",
    "run_status": "OK",
    "risk_level": "GREEN",
    "score": 85.2,
    "block_reason": None,
    "feasibility_sha256": _SHA256,
    "indexed": True,
}
DELETED: Final[dict[str, Any]] = {
    "run_id": RUN_ID,
    "mode": "soft",
    "deleted": True,
    "reason": "a trial cut",
    "request_id": _REQUEST_ID,
}
RESTORED: Final[dict[str, Any]] = {**DELETED, "mode": None, "deleted": False, "reason": None}
PAGE: Final[dict[str, Any]] = {
    "items": [
        {
            "run_id": "run_abc123def456",
            "created_at_utc": "2025-12-23T10:30:00Z",
            "status": "OK",
            "event_type": "feasibility_check",
            "risk_level": "GREEN",
            "score": 87.5,
            "block_reason": None,
            "warnings": ["High spindle speed for this material"],
            "explanation_status": None,
            "explanation_summary": None,
            "request_id": _REQUEST_ID,
            "compute_ms": 45.2,
            "meta": {"batch_label": "batch_1", "compute_ms": 45.2, "request_id": _REQUEST_ID},
        }
    ],
    "next_cursor": None,
}
ARTIFACT: Final[dict[str, Any]] = {
    "_sha256": _SHA256,
    "schema": "rmos.run/1",
    "run_id": RUN_ID,
    "created_at_utc": _MADE_AT,
    "status": "OK",
    "mode": CUT["mode"],
    "tool_id": CUT["tool_id"],
    "event_type": "feasibility_check",
    "workflow_session_id": None,
    "parent_run_id": None,
    "request_id": _REQUEST_ID,
    "inputs": {"design": CUT["design"], "context": CUT["context"]},
    "feasibility": {
        "engine_id": "baseline_v1",
        "engine_version": "1.0.0",
        "status": "GREEN",
        "reasons": ["all 4 checks are within their limits"],
        "overall_score": 85.2,
        "assessments": [],
        "missing_inputs": [],
        "assumptions": [],
    },
    "decision": {"risk_level": "GREEN", "score": 85.2, "block_reason": None, "warnings": [], "details": {}},
    "hashes": {"feasibility_sha256": _SHA256},
    "outputs": {},
    "meta": {"batch_label": "batch_1", "compute_ms": 0.394, "request_id": _REQUEST_ID},
}
RUN: Final[dict[str, Any]] = {
    **ARTIFACT,
    "advisory_inputs": [],
    "attachments": [],
    "explanation_status": "NONE",
    "explanation_summary": None,
    "overrides": [],
    "deleted": False,
    "session_deleted": False,
    "version": 0,
}
EVENTS: Final[dict[str, Any]] = {
    "run_id": RUN_ID,
    "count": 1,
    "events": [
        {
            "schema": "rmos.event/1",
            "event_id": "evt_019b4a8f3bc1733f8a6e3d2c1b0a9f88",
            "number": 1,
            "kind": "advisory",
            "record_id": RUN_ID,
            "previous_sha256": _EVENT_SHA256,
            "created_at_utc": "2025-12-23T10:31:00.000000Z",
            "actor": "anna",
            "role": "operator",
            "request_id": _REQUEST_ID,
            "data": {"advisory_id": "feed-advice-1", "kind": "note"},
        }
    ],
}
_OTHER_RUN_ID: Final = "run_019b4a8f3bc2703f8a6e3d2c1b0a9f88"
DIFF: Final[dict[str, Any]] = {
    "a": RUN_ID,
    "b": _OTHER_RUN_ID,
    "diff_severity": "CRITICAL",
    "changed_count": 2,
    "changed_paths": ["decision.risk_level", "inputs.design.feed_mm_min"],
    "diff": {
        "decision.risk_level": {"severity": "CRITICAL", "a": "GREEN", "b": "RED"},
        "inputs.design.feed_mm_min": {"severity": "INFO", "a": 2600, "b": 200},
    },
    "note": None,
}
ENGINES: Final[dict[str, Any]] = {
    "default_engine_id": "baseline_v1",
    "count": 1,
    "items": [
        {
            "engine_id": "baseline_v1",
            "version": "1.0.0",
            "description": "Chipload, heat, deflection, speeds, depth, power and more; fails closed.",
            "inputs": [
                {"path": "design.feed_mm_min", "kind": "number", "inch_path": "design.feed"},
                {"path": "context.units", "kind": "choice", "allowed": ["mm", "inch"]},
            ],
        }
    ],
}
