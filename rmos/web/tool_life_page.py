"""`/shop/tools/life`: how much of their lives tools have behind them, and what happened to each of them.

The page of one tool has the form by which somebody says that it is new, was sharpened or is thrown away. It carries the
version of the record that it showed, so a form that is sent twice is said once.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import msgspec
from flask import Blueprint, Response
from marshmallow import ValidationError
from werkzeug.wrappers import Response as WerkzeugResponse

from rmos import ids
from rmos.auth.guard import current_caller
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.records import VersionConflict
from rmos.errors.request import ValidationFailed
from rmos.schemas.tools import MAX_NOTE, load_reset
from rmos.services.tool_life import (
    WORN_SHARE,
    ToolLifeReport,
    ToolMinutes,
    list_tool_lives,
    read_tool_life,
    reset_tool,
)
from rmos.store.tool_records import TOOL_ACTIONS
from rmos.web.form import VERSION, find_refusal, read_form, read_problem, read_version, take_single
from rmos.web.shared_words import WORDS
from rmos.web.shell import render_page, send_to

bp = Blueprint("tool_life_page", __name__)

_LARGEST_FORM: Final = 8 * 1024
_REFUSED: Final = (ValidationError, ValidationFailed, VersionConflict)
_FIELDS: Final = ("action", "serial", "note")


class LifeBar(msgspec.Struct, frozen=True, kw_only=True):
    """One tool as a line: its figures, and how long its bar is, in hundredths of a life."""

    tool_id: str
    serial: str
    minutes: float | None
    life_minutes: float | None
    percent: int | None
    """None where nobody knows it, or the shop does not say how long the tool lasts."""
    tone: str
    jobs: int
    untimed: int
    metres: float | None
    breaks: int
    since_utc: str | None
    last: str
    """What happened to it last, in words."""
    damage: str | None = None


@bp.get("/shop/tools/life")
@requires("viewer")
def list_lives() -> Response:
    """Show the lives of all tools that have one."""
    rmos = current_rmos()
    reports = list_tool_lives(rmos.store.tool_lives, rmos.engines.shop)
    bars = [bar for report in reports for bar in _make_bars(report)]
    names = sorted({*rmos.engines.shop.tools} - {report.tool_id for report in reports})
    return render_page("tool_lives.html", here="shop", bars=bars, tool_ids=names)


@bp.get("/shop/tools/<tool_id>/life")
@requires("viewer")
def show_life(tool_id: str) -> Response:
    """Show the life of a tool, what happened to it, and the form for whoever may say more."""
    return _show(tool_id, {})


@bp.post("/shop/tools/<tool_id>/life")
@requires("operator")
def reset_on_page(tool_id: str) -> WerkzeugResponse:
    """Record what happened to a tool, and show its life again."""
    rmos, us = current_rmos(), ids.now_us()
    fields = read_form(_LARGEST_FORM)
    try:
        form = take_single(fields)
        version = read_version(form)
        body = {name: value for name, value in form.items() if name != VERSION}
        reset = load_reset(tool_id, body)
        name, _ = reset_tool(
            rmos.store, rmos.engines.shop, reset, actor=current_actor(), us=us, expected_version=version
        )
    except _REFUSED as refusal:
        return _show(tool_id, {name: values[0] for name, values in fields.items() if name in _FIELDS}, refusal)
    return send_to(f"/shop/tools/{quote(name, safe='')}/life")


def _show(tool_id: str, form: Mapping[str, str], refusal: Exception | None = None) -> Response:
    """Return the page of a tool; of a form that was refused it shows again what it said."""
    rmos = current_rmos()
    report = read_tool_life(rmos.store.tool_lives, rmos.engines.shop, tool_id)
    problem = None if refusal is None else read_problem(refusal)
    return render_page(
        "tool_life.html",
        status=200 if problem is None else problem.status,
        keeps=False,
        here="shop",
        report=report,
        bars=_make_bars(report),
        version=len(report.history),
        closed=find_refusal("operator", current_caller().role),
        form=form,
        actions={action: WORDS["tool_actions"][action] for action in TOOL_ACTIONS},
        max_note=MAX_NOTE,
        problem=problem,
    )


def _make_bars(report: ToolLifeReport) -> list[LifeBar]:
    if report.damage is not None:
        empty = ToolMinutes(
            serial=None,
            minutes=None,
            share=None,
            jobs=0,
            timed_jobs=0,
            metres=None,
            measured_jobs=0,
            breaks=0,
            since_utc=None,
            last_action=None,
        )
        return [_make_bar(report, empty)]
    return [_make_bar(report, tool) for tool in report.tools]


def _make_bar(report: ToolLifeReport, tool: ToolMinutes) -> LifeBar:
    is_gone = tool.last_action == "discarded" and tool.jobs == 0
    share = None if is_gone else tool.share
    return LifeBar(
        tool_id=report.tool_id,
        serial=tool.serial or "",
        minutes=tool.minutes,
        life_minutes=report.life_minutes,
        percent=None if share is None else round(share * 100),
        tone=_choose_tone(share),
        jobs=tool.jobs,
        untimed=tool.jobs - tool.timed_jobs,
        metres=tool.metres,
        breaks=tool.breaks,
        since_utc=tool.since_utc,
        last="" if tool.last_action is None else WORDS["tool_actions"][tool.last_action],
        damage=report.damage,
    )


def _choose_tone(share: float | None) -> str:
    if share is None:
        return "none"
    return "red" if share > 1 else "yellow" if share >= WORN_SHARE else "green"
