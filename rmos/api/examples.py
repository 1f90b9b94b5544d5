"""The examples in the document: one cut and what becomes of it. A test sends each and compares each with its schema."""

import base64
from typing import Any, Final

from rmos.http.openapi_components import RUN_ID, SHA256

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
_DRAWING: Final = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20"><circle cx="10" cy="10" r="8"/></svg>'
ATTACH: Final[dict[str, Any]] = {
    "kind": "drawing",
    "filename": "rosette.svg",
    "content_type": "image/svg+xml",
    "sha256": SHA256,
    "b64": base64.b64encode(_DRAWING).decode(),
}
ATTACHED: Final[dict[str, Any]] = {
    "attachment_id": f"att_{SHA256[:32]}",
    "sha256": SHA256,
    "kind": "drawing",
    "size_bytes": len(_DRAWING),
}
ATTACHMENTS: Final[dict[str, Any]] = {
    "run_id": RUN_ID,
    "count": 1,
    "items": [
        {
            **ATTACHED,
            "mime": "image/svg+xml",
            "filename": "rosette.svg",
            "created_at_utc": "2025-12-23T10:31:00.000000Z",
        }
    ],
}
VERIFICATION: Final[dict[str, Any]] = {
    "run_id": RUN_ID,
    "verification": {"ok": True, "count": 1, "results": [{"sha256": SHA256, "ok": True, "error": None}]},
}
ADVISORY: Final[dict[str, Any]] = {"advisory_id": "feed-advice-1", "kind": "note", "title": "Slower at the bridge"}
ADVISORY_ATTACHED: Final[dict[str, Any]] = {"run_id": RUN_ID, "advisory_id": "feed-advice-1", "status": "attached"}
ADVISORIES: Final[dict[str, Any]] = {
    "run_id": RUN_ID,
    "count": 1,
    "advisories": [
        {
            **ADVISORY,
            "mime": None,
            "filename": None,
            "size_bytes": None,
            "created_at_utc": "2025-12-23T10:31:00.000000Z",
            "request_id": _REQUEST_ID,
            "engine_id": None,
            "engine_version": None,
        }
    ],
}
NAMED_BLOBS: Final[dict[str, Any]] = {
    "run_id": RUN_ID,
    "count": 1,
    "items": [
        {
            "sha256": SHA256,
            "advisory_id": SHA256,
            "source": "attachment",
            "kind": "drawing",
            "mime": "image/svg+xml",
            "title": None,
            "filename": "rosette.svg",
            "size_bytes": len(_DRAWING),
            "created_at_utc": "2025-12-23T10:31:00.000000Z",
        }
    ],
}
PREVIEW_STATUS: Final[dict[str, Any]] = {
    "run_id": RUN_ID,
    "advisory_id": SHA256,
    "ok": False,
    "mime": "image/svg+xml",
    "reason": "The attribute onload runs script.",
    "blocked_by": "event_handler",
    "line": 3,
    "column": 5,
    "action": "download",
}
SUGGESTION: Final[dict[str, Any]] = {"generate_explanation": True}
SUGGESTED: Final[dict[str, Any]] = {
    "run_id": RUN_ID,
    "advisory_sha256": _EVENT_SHA256,
    "explanation_status": "READY",
    "explanation_summary": "Generated by rules from the recorded checks. GREEN, score 85.2.",
    "compute_ms": 2.4,
}
REVIEW: Final[dict[str, Any]] = {"rating": 4, "notes": "Even rings; the purfling is a little thin."}
REJECT: Final[dict[str, Any]] = {"reason_code": "TEXT_REQUIRES_OUTLINE", "detail": "The label is text, not a path."}
BULK: Final[dict[str, Any]] = {"action": "review", "items": [{"sha256": SHA256, "rating": 4}]}
RESULTS: Final[dict[str, Any]] = {
    "total": 1,
    "succeeded": 1,
    "failed": 0,
    "blocked": 0,
    "results": [
        {"sha256": SHA256, "ok": True, "status": "REVIEWED", "error": None, "blocked_by": None, "detail": None}
    ],
}
_VARIANT: Final[dict[str, Any]] = {
    "sha256": SHA256,
    "kind": "svg_variant",
    "title": None,
    "filename": "rosette.svg",
    "mime": "image/svg+xml",
    "size_bytes": len(_DRAWING),
    "created_at_utc": "2025-12-23T10:31:00.000000Z",
    "status": "REVIEWED",
    "reviewed_by": "anna",
    "reviewed_at_utc": "2025-12-23T10:32:00.000000Z",
    "reason_code": None,
    "detail": None,
    **REVIEW,
    "history": [
        {
            "action": "review",
            "by": "anna",
            "role": "operator",
            "created_at_utc": "2025-12-23T10:32:00.000000Z",
            **REVIEW,
        }
    ],
}
VARIANTS: Final[dict[str, Any]] = {"run_id": RUN_ID, "count": 1, "items": [_VARIANT]}
ACTED: Final[dict[str, Any]] = {"run_id": RUN_ID, **_VARIANT}
LINKS_REQUEST: Final[dict[str, Any]] = {"items": [{"run_id": RUN_ID, "sha256": SHA256}], "ttl_seconds": 3600}
LINKS: Final[dict[str, Any]] = {
    "links": [
        {
            "run_id": RUN_ID,
            "sha256": SHA256,
            "scope": "download",
            "filename": "rosette.svg",
            "url": "/api/rmos/links/eyJyIjoicnVuXzAxOWI0YThmIn0.c2lnbmF0dXJl",
            "token": "eyJyIjoicnVuXzAxOWI0YThmIn0.c2lnbmF0dXJl",
            "expires_at_utc": "2025-12-23T11:31:00.000000Z",
        }
    ],
    "skipped": {"attachment_not_found": 1},
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
