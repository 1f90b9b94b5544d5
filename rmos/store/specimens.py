"""What the rows of the index hold, as a digest: an index with other rows is filled anew, and nobody raises a number.

    open_index(root, row_schema=row_schema(summarise))

The digest is that of the rows of a few specimens, which are made as every row is made: events folded, the summary
shaped, the columns taken. So a new field of the summary, another meaning of an old one, and another way to fold an
event each make another digest by themselves, provided that a specimen shows the difference; the tests demand that they
show each field.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from rmos import digest, ids
from rmos.models import (
    EVENT_SCHEMA,
    TOOLPATHS,
    Attachment,
    Creator,
    Event,
    Hashes,
    RunArtifact,
    RunDecision,
    RunInputs,
    Session,
    SessionPolicy,
)
from rmos.row_models import RunRow, SessionRow
from rmos.store.artifacts import Artifact
from rmos.store.folding import fold
from rmos.store.naming import GCODE, RELEASED
from rmos.store.rows import Summarise, make_damaged_row, make_erased_row, make_row
from rmos.store.session_records import make_damaged_session_row, make_session_row

_US: Final = 1_766_483_173_123_456
_DAY: Final = ids.partition_of(_US)
_RUN: Final = "run_019b4a9a1f0371c8a43571609397fa9f"
_SESSION: Final = "ws_019b4a9a1f0371c8a43571609397fa9f"
_DIGEST: Final = "0123456789abcdef" * 4
_NAME: Final = "Cafe\u0301"
"""Of two cases and of two forms in Unicode, so that it shows in which one rows have names."""
_LONG: Final = "An explanation. " * 40
_ADVISORIES: Final = [{"advisory_id": "adv_0", "kind": "note", "created_at_utc": ids.utc_text(_US)}]

FULL_RUN: Final = RunArtifact(
    schema="rmos.run/1",
    run_id=_RUN,
    created_at_utc=ids.utc_text(_US),
    status="BLOCKED",
    mode="router",
    tool_id=_NAME,
    event_type=TOOLPATHS,
    workflow_session_id=_SESSION,
    request_id="req_of_the_run",
    decision=RunDecision(
        risk_level="RED",
        score=12.5,
        block_reason="HEAT: too fast",
        warnings=["one", "two"],
        details={
            "checks": {"HEAT": "RED"},
            "program": {
                "tools": [{"tool_id": _NAME, "cutting_s": "12.5", "cutting_mm": "1000.25"}],
                "lines": 12,
                "box_mm": {"cutting": {"min": ["0", "-1.5", "-3"], "max": ["40", "2", "0"]}},
                "estimate_s": {"feed_only": "7.5", "planned": "9.25"},
            },
        },
    ),
    feasibility=msgspec.Raw(b'{"status":"RED"}'),
    inputs=RunInputs(
        design=msgspec.Raw(
            b'{"axial_depth":0.25,"loop_count":4,"operation":"slot","radial_engagement":0.0625,"total_depth":0.5}'
        ),
        context=msgspec.Raw(b'{"material":{},"tool":{"diameter":0.125},"units":"inch"}'),
    ),
    request_summary=msgspec.Raw(b"{}"),
    outputs=msgspec.Raw(b'{"gcode_text":"G21\\nM2\\n"}'),
    hashes=Hashes(
        feasibility_sha256=_DIGEST,
        design_sha256=_DIGEST,
        context_sha256=_DIGEST,
        toolpaths_sha256=_DIGEST,
        gcode_sha256=_DIGEST,
        opplan_sha256=_DIGEST,
    ),
    attachments=[
        Attachment(
            sha256=_DIGEST,
            kind="photo",
            mime="image/png",
            filename="a.png",
            size_bytes=7,
            created_at_utc=ids.utc_text(_US),
        ),
        Attachment(sha256=_DIGEST, kind=GCODE, filename="ring.nc"),
    ],
    advisory_inputs=_ADVISORIES,
    explanation_status="READY",
    explanation_summary=_LONG,
    material_id="ebony",
    machine_id="router_1",
    parent_run_id=_RUN,
    created_by=Creator(name="rene\u0301e", role="operator"),
    meta={
        "batch_label": "e\u0301pice\u0301a",
        "session_id": "session_1",
        "request_id": "req_of_meta",
        "source": "client",
        "compute_ms": 1.25,
        "explanation": "of meta",
        "explanation_summary": "of meta",
        "explanation_status": "PENDING",
        "other": [1, None],
    },
)
"""A run with a value in each field."""
BARE_RUN: Final = RunArtifact(
    run_id=_RUN,
    created_at_utc=ids.utc_text(_US),
    status="OK",
    mode="router",
    tool_id="em-3175",
    decision=RunDecision(risk_level="GREEN"),
    hashes=Hashes(feasibility_sha256=_DIGEST),
    feasibility=msgspec.Raw(b"{}"),
)
"""A run with nothing that may be absent."""
LEGACY_RUN: Final = msgspec.structs.replace(
    BARE_RUN,
    hashes=Hashes(feasibility_sha256=_DIGEST, gcode_sha256=_DIGEST),
    request_summary=msgspec.Raw(
        b'{"bbox":[0,0,40,20],"cam":{"stepdown_mm":1.5,"stepover":0.4,"strategy":"Spiral","tool_d_mm":6,"z_rough":-3},'
        b'"filename":"body.dxf","loop_count":2}'
    ),
    outputs=msgspec.Raw(b'{"gcode_text":"G21\\nM2"}'),
    meta={"override_applied": True},
)
"""A run of the legacy system: what was asked for stands in the summary of its request."""
FULL_SESSION: Final = Session(
    session_id=_SESSION,
    created_at_utc=ids.utc_text(_US),
    updated_at_utc=ids.utc_text(_US + 1),
    version=3,
    user_id="rene\u0301",
    status="DELETED",
    workflow_type="rosette",
    workflow_mode="constraint_first",
    state="feasibility_ready",
    next_step="approve",
    design={"operation": "slot"},
    context={"material": {"id": "ebony"}},
    design_sha256=_DIGEST,
    context_sha256=_DIGEST,
    current_step="judge",
    machine_id="router_1",
    material_id="ebony",
    tool_id="em-3175",
    state_data={"step": 1},
    policy=SessionPolicy(allow_red_override=True, min_score_to_approve=80),
    error_message="none",
)
"""A session with a value in each field."""


def row_schema(summarise: Summarise) -> str:
    """Return a digest that differs whenever the same record would have another row."""
    rows = [*specimen_rows(summarise), *specimen_session_rows()]
    return digest.sha256_hex(msgspec.json.encode([msgspec.structs.asdict(row) for row in rows]))[:16]


def specimen_rows(summarise: Summarise) -> Iterator[RunRow]:
    """Yield the rows of the specimens, as the store would write them."""
    full, bare, legacy = (Artifact(b"", run, _DIGEST, True) for run in (FULL_RUN, BARE_RUN, LEGACY_RUN))
    yield make_row(fold(bare, []), _DAY, summarise)
    yield make_row(fold(legacy, []), _DAY, summarise)
    yield make_row(fold(full, []), _DAY, summarise)
    events: list[Event] = []
    for kind, data in _HISTORY:
        events.append(_event(len(events) + 1, kind, data))
        yield make_row(fold(full, events, links=[{"advisory_id": "adv_link", "kind": "advisory"}]), _DAY, summarise)
    yield make_damaged_row(_RUN, _DAY, 2, "damaged", summarise)
    yield make_erased_row(_RUN, _DAY, 2, summarise)


_USED: Final = [{"tool_id": _NAME, "minutes": 0.5}, {"tool_id": "em-1000-2f", "serial": "B", "broke": True}]
_HISTORY: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("advisory", {"advisory_id": "adv_1", "kind": "explanation"}),
    ("advisory", {"advisory_id": "adv_2", "kind": "a word of its own"}),
    ("attachment", {"sha256": "f" * 64, "kind": "drawing"}),
    ("explanation", {"status": "ERROR", "summary": "It failed."}),
    ("override", {"scope": "RED", "effective": False, "expires_at_utc": None}),
    ("override", {"scope": "RED", "effective": True, "expires_at_utc": ids.utc_text(_US)}),
    ("superseded", {"reason": "changed"}),
    (RELEASED, {"pack_sha256": _DIGEST}),
    ("outcome", {"ended": "completed", "part": "good", "outcome": "done", "measured_s": 60.5, "tools": _USED}),
    ("outcome", {"ended": "failed", "part": "scrap", "outcome": "scrapped", "reason_code": "BURN", "corrects": 9}),
    ("outcome", {"ended": "completed", "part": "good", "outcome": "done", "note": _LONG}),
    ("outcome", {"ended": "of a word of its own"}),
    ("delete", {"mode": "soft", "reason": "a trial"}),
    ("restore", {"reason": "not a trial"}),
    ("delete", {"mode": "hard", "reason": "a name"}),
)


def _event(number: int, kind: str, data: dict[str, Any]) -> Event:
    return Event(
        schema=EVENT_SCHEMA,
        event_id=f"evt_{number:032x}",
        number=number,
        kind=kind,
        record_id=_RUN,
        previous_sha256=_DIGEST,
        created_at_utc=ids.utc_text(_US + number),
        actor="anna",
        role="operator",
        data=data,
    )


def specimen_session_rows() -> Iterator[SessionRow]:
    """Yield the rows of the specimens of sessions."""
    yield make_session_row(FULL_SESSION, True)
    yield make_session_row(
        Session(session_id=_SESSION, created_at_utc=ids.utc_text(_US), updated_at_utc=ids.utc_text(_US), version=1),
        False,
    )
    yield make_damaged_session_row(_SESSION, 2, "damaged")
