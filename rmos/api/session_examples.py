"""The examples of the routes of workflow sessions in the document."""

from typing import Any, Final

from rmos.api.examples import CUT, PAGE
from rmos.http.openapi_components import RUN_ID, SESSION_ID

NEW: Final[dict[str, Any]] = {
    "user_id": "anna",
    "workflow_type": "rosette",
    "machine_id": "desktop-1",
    "design": CUT["design"],
}
CHANGE: Final[dict[str, Any]] = {"context": CUT["context"], "current_step": "feeds"}
_CREATED_AT: Final = "2025-12-23T10:29:58.978250Z"
SESSION: Final[dict[str, Any]] = {
    "session_id": SESSION_ID,
    "created_at_utc": _CREATED_AT,
    "updated_at_utc": _CREATED_AT,
    "version": 1,
    "user_id": "anna",
    "status": "ACTIVE",
    "workflow_type": "rosette",
    "workflow_mode": "design_first",
    "state": "draft",
    "next_step": "Set the context.",
    "design": CUT["design"],
    "context": {},
    "design_sha256": "b85f4a9dd30cd68152e7057bde9fe81b4c948c495e10f6cde6638010a1502602",
    "context_sha256": None,
    "current_step": None,
    "machine_id": "desktop-1",
    "material_id": None,
    "tool_id": None,
    "state_data": {},
    "policy": {"allow_red_override": False, "min_score_to_approve": 70.0},
    "error_message": None,
}
SESSIONS: Final[dict[str, Any]] = {"items": [SESSION], "next_cursor": None}
DELETED: Final[dict[str, Any]] = {"session_id": SESSION_ID, "status": "DELETED", "cascade": True, "version": 2}
EVENTS: Final[dict[str, Any]] = {
    "session_id": SESSION_ID,
    "count": 1,
    "events": [
        {
            "schema": "rmos.event/1",
            "event_id": "evt_019b4a8f3b01733f8a6e3d2c1b0a9f88",
            "number": 1,
            "kind": "create",
            "record_id": SESSION_ID,
            "previous_sha256": None,
            "created_at_utc": _CREATED_AT,
            "actor": "anna",
            "role": "operator",
            "request_id": "req_1234567890abcdef",
            "data": {"action": "create", "from_state": None, "to_state": "draft", "state": SESSION},
        }
    ],
}
_PLACE: Final[dict[str, Any]] = {"limit": 50, "offset": 0, "count": 1, "next_cursor": None}
_BRIEF: Final = {
    "run_id": RUN_ID,
    "created_at_utc": "2025-12-23T10:30:00.123456Z",
    "status": "OK",
    "tool_id": CUT["tool_id"],
    "mode": CUT["mode"],
}
RUNS: Final[dict[str, Any]] = {"session_id": SESSION_ID, "runs": [_BRIEF], **_PLACE}
SUMMARIES: Final[dict[str, Any]] = {"session_id": SESSION_ID, "items": PAGE["items"], **_PLACE}
FIGURES: Final[dict[str, Any]] = {
    "workflow_session_id": SESSION_ID,
    "total_runs": 3,
    "explanation_status_counts": {"complete": 1, "none": 2},
    "advisory_kind_counts": {"explanation": 1, "note": 2},
    "risk_level_counts": {"GREEN": 2, "RED": 1},
    "latest_advisory_created_at_utc": "2025-12-23T10:50:00.123456Z",
}
