"""A batch as clients see it: what its runs amount to, their tree, when what happened, how far each root came.

    load_batch({"label": ["om-spruce-rosettes-05"], "view": ["tree"]})
    dump_batch(batch, "tree")

The tree is a flat list, each run after its parent with how deep it stands: a chain may be five thousand runs long, and
no reader of JSON nests so deep.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, get_args

import msgspec
from marshmallow import Schema, ValidationError, fields, validate

from rmos import ids
from rmos.lineage import BATCH_STATES, BREAK_REASONS, PHASES, LineageNode, find_phase_of_type
from rmos.log_rows import BatchQuery
from rmos.schemas.fields import Choice, RequestSchema
from rmos.schemas.lists import require_single
from rmos.store.batches import MAX_RUNS, ReadBatch

BatchShape = Literal["summary", "tree", "timeline", "progress"]
BATCH_SHAPES: Final = get_args(BatchShape)
_NAME: Final = validate.Length(1, 200)
_FILTERS: Final = {"label": "batch_label", "session_id": "session_id", "workflow_session_id": "workflow_session_id"}
"""What a request calls a filter, and what the rows do."""
_encode: Final = msgspec.json.Encoder().encode


class BatchRequestSchema(RequestSchema):
    """The query parameters of a batch; at least one of the first three."""

    label = fields.String(validate=_NAME, metadata={"description": "`meta.batch_label`, in any case"})
    session_id = fields.String(validate=_NAME, metadata={"description": "`meta.session_id`"})
    workflow_session_id = fields.String(validate=_NAME)
    view = Choice(BATCH_SHAPES, load_default="summary")


class BatchRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The batch that a client asks for, and in which view."""

    query: BatchQuery
    view: BatchShape


class BrokenLinkSchema(Schema):
    """What is wrong with the parent of a run, which stands as a root for it."""

    reason = fields.String(required=True, validate=validate.OneOf(BREAK_REASONS))
    run_id = fields.String(required=True)
    parent_run_id = fields.String(required=True)
    run_ids = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Of a circle: all its runs, each the parent of the one before it"},
    )


class BatchNodeSchema(Schema):
    """A run of a batch; `rollup`, `furthest`, `runs` and the parts are those of all runs from it down."""

    run_id = fields.String(required=True)
    parent_run_id = fields.String(required=True, allow_none=True)
    depth = fields.Integer(required=True, metadata={"description": "0 of a root"})
    created_at_utc = fields.String(required=True)
    event_type = fields.String(required=True, allow_none=True)
    phase = fields.String(required=True, validate=validate.OneOf(PHASES))
    status = fields.String(required=True)
    risk_level = fields.String(required=True)
    mode = fields.String(required=True, allow_none=True)
    tool_id = fields.String(required=True, allow_none=True)
    outcome = fields.String(required=True, allow_none=True)
    rollup = fields.String(required=True, metadata={"description": "The worst status: ERROR, then BLOCKED, then OK"})
    furthest = fields.String(required=True, validate=validate.OneOf(PHASES))
    runs = fields.Integer(required=True)
    good_parts = fields.Integer(required=True)
    scrap_parts = fields.Integer(required=True)


class BatchMomentSchema(Schema):
    """Something that happened in a batch."""

    at_utc = fields.String(required=True)
    run_id = fields.String(required=True)
    phase = fields.String(required=True, validate=validate.OneOf(PHASES))
    what = fields.String(required=True, validate=validate.OneOf(("run", "released", "outcome")))
    by = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, allow_none=True)
    ended = fields.String(required=True, allow_none=True)
    part = fields.String(required=True, allow_none=True)
    quantity = fields.Integer(required=True, allow_none=True)


class BatchRootSchema(Schema):
    """How far a root of a batch came, with all that was made of it."""

    run_id = fields.String(required=True)
    created_at_utc = fields.String(required=True)
    last_at_utc = fields.String(required=True)
    phase = fields.String(required=True, validate=validate.OneOf(PHASES))
    rollup = fields.String(required=True)
    runs = fields.Integer(required=True)
    good_parts = fields.Integer(required=True)
    scrap_parts = fields.Integer(required=True)
    completed = fields.Boolean(required=True, metadata={"description": "A good part came of it"})


class BatchSchema(Schema):
    """A batch in one of its views: what all of them say, then what one of them says."""

    view = fields.String(required=True, validate=validate.OneOf(BATCH_SHAPES))
    label = fields.String(required=True, allow_none=True)
    session_id = fields.String(required=True, allow_none=True)
    workflow_session_id = fields.String(required=True, allow_none=True)
    runs = fields.Integer(required=True, metadata={"description": f"How many are looked at, {MAX_RUNS} at the most"})
    more = fields.Integer(required=True, metadata={"description": "How many runs it has beyond these, later ones"})
    roots = fields.Integer(required=True)
    state = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf([*BATCH_STATES, None]),
        metadata={"description": "COMPLETED when a good part came of every root, else as `rollup`; null without runs"},
    )
    rollup = fields.String(required=True, allow_none=True)
    broken = fields.List(fields.Nested(BrokenLinkSchema), required=True)
    phases = fields.Dict(keys=fields.String(), values=fields.Integer(), metadata={"description": "summary"})
    statuses = fields.Dict(keys=fields.String(), values=fields.Integer(), metadata={"description": "summary"})
    risk_levels = fields.Dict(keys=fields.String(), values=fields.Integer(), metadata={"description": "summary"})
    outcomes = fields.Dict(keys=fields.String(), values=fields.Integer(), metadata={"description": "summary"})
    good_parts = fields.Integer(metadata={"description": "summary"})
    scrap_parts = fields.Integer(metadata={"description": "summary"})
    first_at_utc = fields.String(allow_none=True, metadata={"description": "summary"})
    last_at_utc = fields.String(allow_none=True, metadata={"description": "summary"})
    nodes = fields.List(
        fields.Nested(BatchNodeSchema), metadata={"description": "tree: each run after its parent, the oldest first"}
    )
    moments = fields.List(fields.Nested(BatchMomentSchema), metadata={"description": "timeline, the first one first"})
    branches = fields.List(fields.Nested(BatchRootSchema), metadata={"description": "progress: the roots"})
    completed_roots = fields.Integer(metadata={"description": "progress"})


_request: Final = BatchRequestSchema()


class _NamedSummary(msgspec.Struct, frozen=True):
    """What the tree takes of the summary of a run, as it was sent."""

    event_type: str | None = None
    mode: str | None = None
    tool_id: str | None = None
    created_by: Any = None


class _ListedOutcome(msgspec.Struct, frozen=True):
    lead: int
    created_us: int
    ended: str
    part: str
    quantity: int
    summary: str


class _OutcomeMaker(msgspec.Struct, frozen=True):
    by: str | None = None


_named: Final = msgspec.json.Decoder(_NamedSummary)
_outcomes: Final = msgspec.json.Decoder(list[_ListedOutcome])
_makers: Final = msgspec.json.Decoder(_OutcomeMaker)


def load_batch(parameters: Mapping[str, Sequence[str]]) -> BatchRequest:
    """Return the batch that query parameters ask for.

    Raises:
        ValidationError: unknown, repeated or malformed parameters, or none that says which batch, by name.
    """
    members = _request.load(require_single(parameters))
    filters = {of_rows: members[name] for name, of_rows in _FILTERS.items() if name in members}
    if not filters:
        raise ValidationError({"label": ["Say which batch: a label, a session_id or a workflow_session_id."]})
    return BatchRequest(query=BatchQuery(**filters), view=members["view"])


def dump_batch(batch: ReadBatch, view: BatchShape) -> bytes:
    """Return the body of a batch in one of its views."""
    return _encode(show_batch(batch, view))


def show_batch(batch: ReadBatch, view: BatchShape) -> dict[str, Any]:
    """Return what a view of a batch says, as JSON values."""
    lineage, query = batch.lineage, batch.query
    head = {
        "view": view,
        "label": query.batch_label,
        "session_id": query.session_id,
        "workflow_session_id": query.workflow_session_id,
        "runs": len(batch.rows),
        "more": batch.more,
        "roots": len(lineage.roots),
        "state": batch.state,
        "rollup": lineage.rollup,
        "broken": [msgspec.to_builtins(link) for link in lineage.broken],
    }
    return head | _VIEWS[view](batch)


def _summarise(batch: ReadBatch) -> dict[str, Any]:
    rows, lineage = list(batch.rows.values()), batch.lineage
    return {
        "phases": lineage.count_phases(),
        "statuses": _count(row.status for row in rows),
        "risk_levels": _count(row.risk_level for row in rows),
        "outcomes": _count(row.outcome for row in rows),
        "good_parts": sum(root.good_parts for root in lineage.roots),
        "scrap_parts": sum(root.scrap_parts for root in lineage.roots),
        "first_at_utc": ids.utc_text(rows[0].created_us) if rows else None,
        "last_at_utc": ids.utc_text(rows[-1].created_us) if rows else None,
    }


def _count(values: Any) -> dict[str, int]:
    return dict(sorted(Counter(value for value in values if value is not None).items()))


def _list_nodes(batch: ReadBatch) -> dict[str, Any]:
    return {"nodes": [show_node(batch, node) for node in batch.lineage.nodes]}


def show_node(batch: ReadBatch, node: LineageNode) -> dict[str, Any]:
    """Return what the tree shows of a run, with its names as they were sent."""
    run, named = node.run, _named.decode(batch.rows[node.run.run_id].summary)
    return {
        "run_id": run.run_id,
        "parent_run_id": run.parent_run_id,
        "depth": node.depth,
        "created_at_utc": ids.utc_text(run.created_us),
        "event_type": named.event_type,
        "phase": node.phase,
        "status": run.status,
        "risk_level": batch.rows[run.run_id].risk_level,
        "mode": named.mode,
        "tool_id": named.tool_id,
        "outcome": run.outcome,
        "rollup": node.rollup,
        "furthest": node.furthest,
        "runs": node.runs,
        "good_parts": node.good_parts,
        "scrap_parts": node.scrap_parts,
    }


def _list_moments(batch: ReadBatch) -> dict[str, Any]:
    """Return what happened, in order: runs that were made, packs that were taken, outcomes."""
    moments: list[tuple[int, dict[str, Any]]] = []
    for node in batch.lineage.nodes:
        run = node.run
        made_by = _named.decode(batch.rows[run.run_id].summary).created_by
        by = made_by.get("name") if isinstance(made_by, dict) else None
        made = find_phase_of_type(run.event_type)
        moments.append((run.created_us, _make_moment(run.run_id, made, "run", by=by, status=run.status)))
        cells = batch.cells[run.run_id]
        if cells is not None and cells.released_at_utc is not None:
            released_us = _read_moment(cells.released_at_utc, run.created_us)
            moments.append((released_us, _make_moment(run.run_id, "EXECUTION", "released", by=cells.released_by)))
        for job in _outcomes.decode(batch.rows[run.run_id].outcomes or "[]"):
            if job.lead:
                reported = {"ended": job.ended, "part": job.part, "quantity": job.quantity}
                by = _makers.decode(job.summary).by
                moments.append((job.created_us, _make_moment(run.run_id, "RESULT", "outcome", by=by, **reported)))
    moments.sort(key=lambda moment: moment[0])
    return {"moments": [{"at_utc": ids.utc_text(us), **moment} for us, moment in moments]}


def _make_moment(run_id: str, phase: str, what: str, **members: Any) -> dict[str, Any]:
    nothing = dict.fromkeys(("by", "status", "ended", "part", "quantity"))
    return {"run_id": run_id, "phase": phase, "what": what, **nothing, **members}


def _read_moment(text: str, otherwise: int) -> int:
    """Return a moment of an event; one of another hand may have none."""
    try:
        return ids.parse_utc(text)
    except (ValueError, OverflowError):
        return otherwise


def _list_branches(batch: ReadBatch) -> dict[str, Any]:
    roots = batch.lineage.roots
    return {
        "branches": [
            {
                "run_id": root.run.run_id,
                "created_at_utc": ids.utc_text(root.run.created_us),
                "last_at_utc": ids.utc_text(root.last_us),
                "phase": root.furthest,
                "rollup": root.rollup,
                "runs": root.runs,
                "good_parts": root.good_parts,
                "scrap_parts": root.scrap_parts,
                "completed": root.completed,
            }
            for root in roots
        ],
        "completed_roots": sum(root.completed for root in roots),
    }


_VIEWS: Final[Mapping[BatchShape, Callable[[ReadBatch], dict[str, Any]]]] = {
    "summary": _summarise,
    "tree": _list_nodes,
    "timeline": _list_moments,
    "progress": _list_branches,
}
