"""`/batches`: the runs of a label or a session as a tree, and what happened in it; without a question the labels.

Branches open and close without a script. Deeper than browsers nest, a run stands beside its parent and says how deep.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from flask import Blueprint, Response, redirect
from werkzeug.wrappers import Response as WerkzeugResponse

from rmos.auth.roles import requires
from rmos.context import current_rmos
from rmos.http.query import read_query
from rmos.http.responses import prefix_path
from rmos.schemas.batches import BATCH_SHAPES, load_batch, show_batch, show_node
from rmos.store.batches import ReadBatch
from rmos.web.formats import text_of
from rmos.web.shared_words import WORDS
from rmos.web.shell import render_page

bp = Blueprint("batch_page", __name__)

_LABELS: Final = 500
"""Labels that the page lists; those after them are asked for by name."""
_DEEPEST: Final = 12
"""Levels that are nested; browsers know some hundreds, a screen has room for fewer."""
_OPEN: Final = 60
"""Runs up to which all branches are open."""
_MOMENTS: Final = 500
_BROKEN: Final = 50
_VIEWS: Final = ("tree", "timeline")


class BatchLine(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the tree, and what of the page's nesting begins and ends with it."""

    node: dict[str, Any]
    opens: bool
    """Whether runs stand below it that can be folded away."""
    is_open: bool
    is_beside: bool
    """Whether it stands beside its parent, because the tree is too deep there."""
    closes: int
    """Branches that end with it."""


@bp.get("/batches")
@requires("viewer")
def show_batches() -> WerkzeugResponse:
    """Show a batch, or the labels that there are."""
    stated = read_query()
    parameters = {name: values for name, values in stated.items() if values != [""]}
    if len(parameters) < len(stated):
        return redirect(prefix_path(f"/batches{_query_of(parameters)}"), code=303)
    store = current_rmos().store
    if not parameters:
        labels = store.batches.list_labels(limit=_LABELS + 1)
        return render_page("batches.html", here="runs", labels=labels[:_LABELS], has_more=len(labels) > _LABELS)
    asked = load_batch(parameters)
    return _show(store.batches.read(asked.query), parameters)


def _show(batch: ReadBatch, parameters: Mapping[str, Sequence[str]]) -> Response:
    view = parameters.get("view", ["tree"])[0].lower()
    shown = show_batch(batch, "timeline" if view == "timeline" else "progress")
    summary = show_batch(batch, "summary")
    moments = shown.get("moments", [])
    return render_page(
        "batch.html",
        here="runs",
        title=_title(batch, summary),
        batch=summary,
        progress=sum(root.completed for root in batch.lineage.roots),
        phases=WORDS["phases"],
        broken_words=WORDS["broken"],
        ended=WORDS["ended"],
        parts=WORDS["part_verdicts"],
        broken=summary["broken"][:_BROKEN],
        lines=[] if view == "timeline" else list(_list_lines(batch)),
        moments=moments[-_MOMENTS:],
        earlier=max(0, len(moments) - _MOMENTS),
        view="timeline" if view == "timeline" else "tree",
        view_queries={name: _query_of({**parameters, "view": [name]}) for name in _VIEWS},
        api_queries={name: _query_of({**parameters, "view": [name]}) for name in BATCH_SHAPES},
        runs_query=urlencode({"batch_label": summary["label"]} if summary["label"] else _session_filter(summary)),
    )


def _query_of(parameters: Mapping[str, Sequence[str]]) -> str:
    return f"?{urlencode(parameters, doseq=True)}" if parameters else ""


def _session_filter(summary: Mapping[str, Any]) -> dict[str, str]:
    return {name: summary[name] for name in ("session_id", "workflow_session_id") if summary[name]}


def _title(batch: ReadBatch, summary: Mapping[str, Any]) -> str:
    """Return what the batch is called: its label as its oldest run was sent with it, else its session."""
    if summary["label"] is not None and batch.rows:
        meta = msgspec.json.decode(next(iter(batch.rows.values())).summary).get("meta") or {}
        return text_of(meta.get("batch_label")) or str(summary["label"])
    return str(summary["label"] or summary["session_id"] or summary["workflow_session_id"])


def _list_lines(batch: ReadBatch) -> Iterator[BatchLine]:
    """Yield the lines of the tree; what each opens is closed by the last run below it."""
    nodes = batch.lineage.nodes
    is_open = len(nodes) <= _OPEN
    opened: list[int] = []  # depths of the branches that are open at this line
    for place, node in enumerate(nodes):
        opens = bool(node.children) and node.depth < _DEEPEST
        if opens:
            opened.append(node.depth)
        following = nodes[place + 1].depth if place + 1 < len(nodes) else -1
        closes = 0
        while opened and following <= opened[-1]:
            opened.pop()
            closes += 1
        yield BatchLine(
            node=show_node(batch, node),
            opens=opens,
            is_open=is_open,
            is_beside=node.depth > _DEEPEST,
            closes=closes,
        )
