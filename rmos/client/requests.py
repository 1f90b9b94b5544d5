"""What goes out: the members and filters that a program may give, and how they become paths, queries and bodies."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final, TypedDict

from rmos.client.responses import OutcomeWord, OverrideState, RiskLevel, RunStatus

RUNS: Final = "/api/rmos/runs"
OUTCOMES: Final = "/api/rmos/outcomes"
CALIBRATION: Final = "/api/rmos/reports/calibration"
SESSIONS: Final = "/api/workflow-sessions"
_SAFE: Final = re.compile("[A-Za-z0-9_-]{1,200}")
"""What cannot become another URL; whether a run has the id, the service says."""


class RunOptions(TypedDict, total=False):
    """What a new run may have besides mode, tool, design and context."""

    event_type: str
    workflow_session_id: str
    engine_id: str
    outputs: dict[str, Any]
    material_id: str
    machine_id: str
    parent_run_id: str
    notes: str
    meta: dict[str, Any]


class CutIds(TypedDict, total=False):
    """What a cut may name of the shop's tables."""

    tool_id: str
    material_id: str
    machine_id: str


class SessionFields(TypedDict, total=False):
    """What a new session may have; all of it may come later."""

    user_id: str
    workflow_type: str
    workflow_mode: str
    design: dict[str, Any]
    context: dict[str, Any]
    current_step: str
    machine_id: str
    material_id: str
    tool_id: str
    state_data: dict[str, Any]
    policy: dict[str, Any]
    error_message: str


class RunFilters(TypedDict, total=False):
    """The filters of a list of runs.

    Times are RFC 3339 with an offset; `created_from` is included, `created_to` is not.
    """

    status: RunStatus
    mode: str
    tool_id: str
    tool_id_prefix: str
    event_type: str
    risk_level: RiskLevel
    workflow_session_id: str
    batch_label: str
    session_id: str
    material_id: str
    machine_id: str
    parent_run_id: str
    created_by: str
    rule: str
    request_id: str
    outcome: OutcomeWord
    override: OverrideState
    created_from: str
    created_to: str
    include_deleted: bool


class OutcomeOptions(TypedDict, total=False):
    """What a report may say besides how the machine stopped and what the part is good for; times are RFC 3339."""

    reason_code: str
    started_at_utc: str
    ended_at_utc: str
    measured_s: float
    last_line: int
    feed_override_pct: float
    program_sha256: str
    tools: list[dict[str, Any]]
    rating: int
    note: str
    photo_sha256: list[str]
    readings: list[dict[str, Any]]
    quantity: int
    corrects: int


class OutcomeFilters(TypedDict, total=False):
    """The filters of outcomes; times are RFC 3339 with an offset, or dates; `since` is included, `until` is not."""

    machine: str
    tool: str
    material: str
    part: str
    ended: str
    since: str
    until: str


class RecentFilters(TypedDict, total=False):
    """The filters of the recent runs; `source` is `meta.source`."""

    mode: str
    tool_id: str
    status: str
    risk_level: str
    source: str


def make_path(record_id: str, after: str = "", *, base: str = RUNS) -> str:
    """Return the path of a run or a session, or of what lies below it.

    Raises:
        ValueError: the id could be another path.
    """
    what = "an id of a run: that is `run_`" if base == RUNS else "an id of a session: that is `ws_`"
    return f"{base}/{check_word(record_id, f'{what} and hex digits')}{after}"


def check_word(word: str, what: str) -> str:
    """Return a word that may stand in a URL.

    Raises:
        ValueError: it may not; `what` says what it should be.
    """
    if not _SAFE.fullmatch(word):
        raise ValueError(f"{word[:80]!r} is not {what}.")
    return word


def encode_json(body: Mapping[str, Any]) -> bytes:
    """Return the bytes of a body.

    Raises:
        ValueError: it holds NaN, infinity or what is no JSON.
    """
    try:
        return json.dumps(body, allow_nan=False).encode()
    except TypeError as error:
        raise ValueError(f"What is to be sent is no JSON: {error}.") from None


def encode_text(value: object) -> str:
    """Return a value as a query has it."""
    return ("false", "true")[value] if isinstance(value, bool) else str(value)
