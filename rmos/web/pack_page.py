"""`/runs/<id>/pack` and its `/sheet`: what an operator would take to the machine for a run, and who has taken it.

The sheet is shown as it lies in the pack, byte by byte: a page of its own that runs nothing and loads nothing. Who
looks at either takes no pack and leaves nothing on the run.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from flask import Blueprint, Response

from rmos import digest
from rmos.auth.guard import current_caller
from rmos.auth.roles import requires
from rmos.context import current_rmos
from rmos.errors.base import RmosError
from rmos.errors.programs import NotCovered, PackNotReady, StaleApproval
from rmos.http.conditions import apply_conditions
from rmos.services.packs.releasing import OperatorPack, OperatorPacks
from rmos.store.naming import RELEASED
from rmos.web.form import find_refusal
from rmos.web.formats import text_of
from rmos.web.run import decode_members, object_of, title_run
from rmos.web.shell import HTML, render_page

bp = Blueprint("pack_pages", __name__)

SHEET_POLICY: Final = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
"""Of the sheet: it has its own style and its drawing inside, and no script, form or link."""
_SHEET: Final = "sheet.html"


class PackMember(NamedTuple):
    """A file of a pack, as its page lists it."""

    name: str
    size: int
    sha256: str


class PackTaken(NamedTuple):
    """Somebody who took a pack."""

    who: str
    at_utc: str
    sha256: str


@bp.get("/runs/<run_id>/pack")
@requires("viewer")
def show_pack(run_id: str) -> Response:
    """Show what the pack of a run holds, or why there is none."""
    rmos = current_rmos()
    record = rmos.store.runs.record(run_id)
    view = record.view()
    found = _find_pack(run_id)
    pack = found if isinstance(found, OperatorPack) else None
    return render_page(
        "pack.html",
        here="runs",
        run=view.artifact,
        title=title_run(view, object_of(decode_members(record.data).get("inputs"))),
        pack=pack,
        members=[] if pack is None else _list_members(pack.members),
        refusal=found if isinstance(found, RmosError) else None,
        lacks=_list_lacks(found) if isinstance(found, RmosError) else [],
        toolpaths_run_id=found.members.get("toolpaths_run_id") if isinstance(found, RmosError) else None,
        role_refusal=find_refusal("operator", current_caller().role),
        taken=[
            PackTaken(event.actor, event.created_at_utc, text_of(event.data.get("pack_sha256")))
            for event in record.events
            if event.kind == RELEASED
        ],
    )


@bp.get("/runs/<run_id>/pack/sheet")
@requires("viewer")
def show_pack_sheet(run_id: str) -> Response:
    """Show the setup sheet of a run as it lies in its pack."""
    rmos = current_rmos()
    data = OperatorPacks(rmos.store, rmos.engines, rmos.settings).make(run_id).members[_SHEET]
    response = Response(data, content_type=HTML)
    response.headers["Content-Security-Policy"] = SHEET_POLICY
    return apply_conditions(response, digest.sha256_hex(data))


def _find_pack(run_id: str) -> OperatorPack | RmosError:
    rmos = current_rmos()
    try:
        return OperatorPacks(rmos.store, rmos.engines, rmos.settings).make(run_id)
    except (PackNotReady, NotCovered, StaleApproval) as refused:
        return refused


def _list_members(members: Mapping[str, bytes]) -> list[PackMember]:
    """Return the files of a pack, programs first."""
    names = sorted(members, key=lambda name: (not name.startswith("programs/"), name))
    return [PackMember(name, len(members[name]), digest.sha256_hex(members[name])) for name in names]


def _list_lacks(refused: RmosError) -> list[str]:
    """Return what a pack lacks, or what has changed or goes too far, a line each."""
    lines: list[str] = []
    for name in ("missing", "changed"):
        value = refused.members.get(name)
        lines += [f"{item} ({name})" for item in value] if isinstance(value, list) else []
    exceeded = refused.members.get("exceeded")
    for item in exceeded if isinstance(exceeded, list) else []:
        at = f", line {item['line']}" if item.get("line") else ""
        lines.append(f"{item.get('what')}: measured {item.get('measured')}, evaluated {item.get('judged')}{at}")
    return lines
