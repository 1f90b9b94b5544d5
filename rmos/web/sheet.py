"""`/runs/<id>/sheet`, `/runs/<id>/label`, `/labels`: runs on paper, what the machine is set to and the proof.

The sheet is one page of A4 or Letter. A drawing that says its size in millimetres is printed 1:1 beside a bar of 10 mm
to hold a rule against, on a page of its own when it is tall. The label is 62 mm wide.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from flask import Blueprint, Response
from marshmallow import ValidationError
from werkzeug.wrappers import Response as WerkzeugResponse

from rmos.auth.roles import requires
from rmos.context import current_rmos
from rmos.http.query import read_query
from rmos.services.codes import draw_code, find_run_link
from rmos.services.files.media_types import SVG
from rmos.services.files.previews import find_preview
from rmos.store import Store
from rmos.store.naming import NamedBlob, list_named_blobs
from rmos.store.run_records import RunRecord
from rmos.web.formats import shorten_id, split_reason, text_of
from rmos.web.lessons import LessonNumber, list_inputs
from rmos.web.run import decode_members, object_of, title_run
from rmos.web.shell import render_page, send_to

bp = Blueprint("sheet_pages", __name__)

MOST_LABELS: Final = 20
"""Labels of one page: each has its code, and a page is no heavier than others so."""
_DIGITS: Final = 16
"""Of the digest: enough to compare by eye with what `rmos show` says."""
_WIDEST_MM: Final = 186.0
_TALLEST_MM: Final = 240.0
"""What both A4 and Letter hold within margins of 12 mm."""
_BESIDE_MM: Final = 62.0
"""A drawing as low as this has room on the sheet itself."""
_ROOT: Final = re.compile(rb"<svg\b[^>]*>")
_SIZE: Final = re.compile(rb'\s(width|height)="([0-9]{1,5}(?:\.[0-9]{1,6})?)mm"')
_HEAD_BYTES: Final = 4096
_CHECKLIST: Final = (
    "Tool and collet are clean, the tool is the one above",
    "Stick-out is measured",
    "Stock is measured, the right side is up",
    "It is held down: vacuum or clamps are tried by hand",
    "Zero is set, the first move is watched",
    "Extraction is on, eyes and ears are covered",
)
_OF_THE_CUT: Final = ("operation", "feed", "spindle", "axial depth", "total depth", "plunge feed", "feature width")
"""What stands first, in this order."""


class SheetGroup(NamedTuple):
    """Some lines of a sheet under one title."""

    title: str
    lines: Sequence[LessonNumber]
    most: int
    """Lines that it may have: as many as leave room for the rest of the page."""


class SheetDrawing(NamedTuple):
    """A drawing of a run on paper, and its size when it is printed 1:1."""

    sha256: str
    name: str
    is_true: bool
    """Whether it is printed 1:1: it says its size, and the paper is large enough."""
    is_apart: bool
    """Whether it has a page of its own."""


@bp.get("/runs/<run_id>/sheet")
@requires("viewer")
def show_sheet(run_id: str) -> Response:
    """Show the job sheet of a run."""
    rmos = current_rmos()
    record = rmos.store.runs.record(run_id)
    shown = _read_shown(record)
    inputs = shown.pop("inputs")
    return render_page(
        "sheet.html",
        here="runs",
        **shown,
        groups=_list_groups(inputs),
        checklist=_CHECKLIST,
        drawing=_find_drawing(rmos.store, record),
        notes=text_of(decode_members(record.data).get("notes")),
    )


@bp.get("/runs/<run_id>/label")
@requires("viewer")
def show_label(run_id: str) -> Response:
    """Show the label of a run."""
    label = _read_label(run_id)
    return render_page("label.html", here="runs", labels=[label], run=label["run"])


@bp.get("/labels")
@requires("viewer")
def show_labels() -> WerkzeugResponse:
    """Show the labels of several runs, one after the other as they come off the tape."""
    parameters = read_query()
    run_ids = list(dict.fromkeys(parameters.pop("run", [])))
    if parameters:
        raise ValidationError({name: ["Unknown field."] for name in parameters})
    if not run_ids:  # nobody has chosen yet: it is done among the runs
        return send_to("/runs")
    if len(run_ids) > MOST_LABELS:
        raise ValidationError({"run": [f"Choose at most {MOST_LABELS} runs; {len(run_ids)} came."]})
    return render_page("label.html", here="runs", labels=[_read_label(run_id) for run_id in run_ids], run=None)


def _read_label(run_id: str) -> dict[str, Any]:
    """Return what the label of a run shows."""
    shown = _read_shown(current_rmos().store.runs.record(run_id))
    lines = {line.name: line for line in list_inputs(object_of(shown.pop("inputs").get("design")))}
    return {**shown, "lines": [lines[name] for name in ("feed", "spindle") if name in lines]}


def _read_shown(record: RunRecord) -> dict[str, Any]:
    """Return what sheet and label have in common."""
    view = record.view()
    artifact, settings = view.artifact, current_rmos().settings
    members = decode_members(record.data)
    link = find_run_link(settings, artifact.run_id)
    return {
        "run": artifact,
        "inputs": object_of(members.get("inputs")),
        "title": title_run(view, object_of(members.get("inputs"))),
        "reason": split_reason(artifact.decision.block_reason or next(iter(artifact.decision.warnings), None)),
        "overrides": [entry for entry in view.overrides if entry.get("effective") is True],
        "link": link,
        "code": None if link is None else draw_code(link),
        "short": shorten_id(artifact.run_id),
        "proof": record.sha256[:_DIGITS],
        "maker": text_of(object_of(members.get("created_by")).get("name")),
        "batch": text_of((artifact.meta or {}).get("batch_label")),
    }


def _list_groups(inputs: Mapping[str, Any]) -> list[SheetGroup]:
    """Return the lines of the sheet: the cut, the tool, the stock and how it is held, the machine."""
    design, context = object_of(inputs.get("design")), object_of(inputs.get("context"))
    cut = {
        line.name: line for line in list_inputs({name: value for name, value in design.items() if name != "rosette"})
    }
    first = [cut.pop(name) for name in _OF_THE_CUT if name in cut]
    parts = {name: list_inputs(object_of(context.get(name))) for name in ("tool", "material", "stock", "hold_down")}
    machine = list_inputs(object_of(context.get("machine")))
    groups = (
        SheetGroup("Cut", [*first, *cut.values()], 11),
        SheetGroup("Tool", parts["tool"], 9),
        SheetGroup("Stock", [*parts["material"], *parts["stock"]], 6),
        SheetGroup("Hold-down", parts["hold_down"], 6),
        SheetGroup("Machine", machine, 5),
    )
    return [group for group in groups if group.lines]


def _find_drawing(store: Store, record: RunRecord) -> SheetDrawing | None:
    """Return the first drawing of a run that may be shown."""
    for named in list_named_blobs(record.view()).values():
        if named.mime == SVG and find_preview(store, named).ok:
            return _measure_drawing(store, named)
    return None


def _measure_drawing(store: Store, named: NamedBlob) -> SheetDrawing:
    with store.blobs.open(named.sha256) as blob:
        root = _ROOT.search(blob.read_at(0, _HEAD_BYTES))
    sizes = {name: float(value) for name, value in _SIZE.findall(root[0])} if root else {}
    width, height = sizes.get(b"width", 0.0), sizes.get(b"height", 0.0)
    return SheetDrawing(
        named.sha256,
        named.filename or named.title or named.kind,
        is_true=0 < width <= _WIDEST_MM and 0 < height <= _TALLEST_MM,
        is_apart=not 0 < height <= _BESIDE_MM,
    )
