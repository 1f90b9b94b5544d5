"""How much of their lives tools have behind them, and what happened to them: new, sharpened, discarded.

    report = read_tool_life(store.tool_lives, shop, "EM-3175-2F")
    report.tools[0].minutes, report.tools[0].share       # 98.2, 0.818
    reset_tool(store, shop, ToolReset(tool_id="em-3175-2f", action="sharpened"), actor=actor, us=us)

A life is what the shop's table of tools says (`life_minutes`); nothing is decided by it. Where nobody took the time of
some jobs the minutes are those of the others, and where nobody did of any they are None.
"""

import logging
from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from rmos.engines.shop import Shop
from rmos.errors.records import ToolNotFound
from rmos.models import Actor
from rmos.names import find_name, offer_names
from rmos.row_models import ToolSpanTotals
from rmos.store import Store
from rmos.store.tool_lives import PastLife, SerialLife, ToolLife, ToolLives
from rmos.store.tool_records import RecordedReset, ToolAction, ToolReset

log = logging.getLogger(__name__)

WORN_SHARE: Final = 0.8
"""The share of a life from which a setup sheet says so (RMOS policy)."""
_UNUSED: Final = SerialLife(None, None, ToolSpanTotals(0, 0, None, 0, None, 0))


class ToolMinutes(msgspec.Struct, frozen=True, kw_only=True):
    """One tool since it was new or sharpened last; what nobody knows is None."""

    serial: str | None
    minutes: float | None
    """In the cut, of the jobs of which they are known: `timed_jobs` of `jobs`."""
    share: float | None
    """Of its life; None where the shop does not say how long that is, or nobody knows the minutes."""
    jobs: int
    timed_jobs: int
    metres: float | None
    measured_jobs: int
    breaks: int
    since_utc: str | None
    """Of its last reset; None where there was none: then all its jobs count."""
    last_action: ToolAction | None


class PastReset(msgspec.Struct, frozen=True, kw_only=True):
    """A reset, and what the tool had cut until then since the one before."""

    number: int
    action: ToolAction
    serial: str | None
    note: str | None
    at_utc: str
    by: str
    minutes: float | None
    jobs: int
    timed_jobs: int
    breaks: int


class ToolLifeReport(msgspec.Struct, frozen=True, kw_only=True):
    """The tools of one id."""

    tool_id: str
    life_minutes: float | None
    tools: Sequence[ToolMinutes]
    history: Sequence[PastReset]
    damage: str | None = None
    """What is wrong with its record, in a list of many; one alone is then an error."""


def read_tool_life(lives: ToolLives, shop: Shop, tool_id: str) -> ToolLifeReport:
    """Return the lives of the tools of one id, in any case.

    Raises:
        ToolNotFound: the shop has none, and no job and no reset ever named one.
        Damage, StorageUnavailable: what happened to it cannot be read.
        IndexRebuilding: the index is not complete.
    """
    name = find_name(tool_id, shop.tools)
    life = lives.read(name or tool_id)
    if name is None and not life.serials:
        raise make_not_found(tool_id, [*shop.tools, *(other.tool_id for other in lives.list_all())])
    return report_life(life, shop)


def list_tool_lives(lives: ToolLives, shop: Shop) -> list[ToolLifeReport]:
    """Return the lives of all tools that have one: a job, a reset, or a length that the shop gives.

    Raises:
        IndexRebuilding: the index is not complete.
        ObjectUnreadable: what happened to tools cannot be listed.
    """
    return [report_life(life, shop) for life in lives.list_all(shop.tool_lives)]


def reset_tool(
    store: Store, shop: Shop, reset: ToolReset, *, actor: Actor, us: int, expected_version: int | None = None
) -> tuple[str, RecordedReset]:
    """Record that a tool is new, was sharpened or is thrown away, and return its id and what was recorded.

    From here on its minutes begin again.

    Args:
        us: the moment of the request, microseconds since the epoch.
        expected_version: how many resets the caller knows of, in all of the tools with this id.

    Raises:
        ToolNotFound: the shop has none, and no job and no reset ever named one.
        Damage, StorageUnavailable: its record cannot be read.
        VersionConflict, OutOfSpace, StoreReadOnly, StorageFailed: nothing was recorded.
    """
    name = find_name(reset.tool_id, shop.tools)
    if name is None:
        name = read_tool_life(store.tool_lives, shop, reset.tool_id).tool_id
    recorded = store.tool_lives.records.add(
        msgspec.structs.replace(reset, tool_id=name), actor=actor, us=us, expected_version=expected_version
    )
    log.info("tool_reset tool_id=%s action=%s number=%d", name, recorded.action, recorded.number)
    return name, recorded


def make_not_found(tool_id: str, known: Collection[str]) -> ToolNotFound:
    """Return the error of an id that no tool has, with those that may have been meant."""
    sentence = f"There is no tool with this id. {offer_names(tool_id, known)}".rstrip()
    return ToolNotFound(sentence, tool_id=tool_id)


def report_life(life: ToolLife, shop: Shop) -> ToolLifeReport:
    """Return the life of a tool as it is shown: minutes to the hundredth, shares to the thousandth."""
    name = find_name(life.tool_id, shop.tools) or life.tool_id
    lasts = shop.tool_lives.get(name)
    serials = life.serials if life.serials or life.damage else [_UNUSED]
    return ToolLifeReport(
        tool_id=name,
        life_minutes=lasts,
        tools=[_report_serial(serial, lasts) for serial in serials],
        history=[_report_past(past) for past in life.history],
        damage=None if life.damage is None else life.damage.detail,
    )


def _report_serial(serial: SerialLife, lasts: float | None) -> ToolMinutes:
    totals, minutes = serial.totals, find_minutes(serial.totals)
    metres = round(totals.cut_um / 1e6, 2) if totals.cut_um is not None else None if totals.jobs else 0.0
    return ToolMinutes(
        serial=serial.serial,
        minutes=None if minutes is None else round(minutes, 2),
        share=None if minutes is None or lasts is None else round(minutes / lasts, 3),
        jobs=totals.jobs,
        timed_jobs=totals.timed,
        metres=metres,
        measured_jobs=totals.measured,
        breaks=totals.breaks,
        since_utc=None if serial.last is None else serial.last.at_utc,
        last_action=None if serial.last is None else serial.last.action,
    )


def _report_past(past: PastLife) -> PastReset:
    minutes = find_minutes(past.totals)
    return PastReset(
        **msgspec.structs.asdict(past.reset),
        minutes=None if minutes is None else round(minutes, 2),
        jobs=past.totals.jobs,
        timed_jobs=past.totals.timed,
        breaks=past.totals.breaks,
    )


def find_minutes(totals: ToolSpanTotals) -> float | None:
    """Return the minutes of a span: none at all without a job, None where nobody took the time of any."""
    if totals.worked_ms is None:
        return 0.0 if totals.jobs == 0 else None
    return totals.worked_ms / 60_000
