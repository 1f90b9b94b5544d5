"""What differs from the last pack that was taken on the same machine: what an operator would otherwise overlook.

    since = find_since(store, source)
    since.run_id, since.changes            # ("T1", "em-1000-2f, Ø 1 mm", "em-3175-2f, Ø 3.175 mm")

It follows from history, which goes on. So it is found once, when a pack is first taken, and the event of that moment
keeps the sheet that says it.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from rmos.errors.records import RunDeleted, RunNotFound
from rmos.errors.store import IndexRebuilding, RecordDamaged
from rmos.index.base import INDEX_ERRORS
from rmos.models import TOOLPATHS, Event, RunArtifact
from rmos.row_models import RunQuery
from rmos.services.packs.gathering import PackSource
from rmos.services.packs.texts import clean_line, format_quantity, object_of, spell
from rmos.services.program_checks import PROGRAM_CHECK
from rmos.store import Store
from rmos.store.naming import RELEASED
from rmos.units import split_unit

_LOOKED_AT: Final = 25
"""Runs of each type, newest first, among which the last pack of a machine is looked for (RMOS policy)."""
_NOT_STATED: Final = "not stated"


class SetupChange(msgspec.Struct, frozen=True):
    """One thing that is set up otherwise."""

    what: str
    before: str
    now: str


class Since(msgspec.Struct, frozen=True, kw_only=True):
    """The last pack of a machine, and what differs from it."""

    run_id: str
    released_at_utc: str
    changes: tuple[SetupChange, ...]


def find_since(store: Store, source: PackSource) -> Since | None:
    """Return what differs from the last pack of the machine, None where it had none, or nobody can tell just now."""
    machine_id = source.run.machine_id
    if machine_id is None:
        return None
    try:
        last = _find_last(store, machine_id, source.run.run_id)
    except (*INDEX_ERRORS, IndexRebuilding):
        return None
    if last is None:
        return None
    event, run, members = last
    before, now = _list_setup(run, members), _list_setup(source.run, source.members)
    changes = [
        SetupChange(what, before.get(what, _NOT_STATED), now.get(what, _NOT_STATED))
        for what in dict.fromkeys((*now, *before))
        if before.get(what) != now.get(what)
    ]
    return Since(run_id=run.run_id, released_at_utc=event.created_at_utc, changes=tuple(changes))


def _find_last(store: Store, machine_id: str, run_id: str) -> tuple[Event, RunArtifact, Mapping[str, Any]] | None:
    """Return the newest pack that was taken of another run on a machine."""
    found: list[tuple[str, Event, RunArtifact, Mapping[str, Any]]] = []
    for event_type in (TOOLPATHS, PROGRAM_CHECK):
        page = store.runs.page(RunQuery(machine_id=machine_id, event_type=event_type), limit=_LOOKED_AT)
        for item in page.items:
            other = str(msgspec.json.decode(item)["run_id"])
            if other == run_id:
                continue
            try:
                record = store.runs.record(other)
                run = record.view().artifact
            except (RunNotFound, RunDeleted, RecordDamaged):
                continue
            taken = [event for event in record.events if event.kind == RELEASED]
            if taken:
                found.append((taken[-1].created_at_utc, taken[-1], run, msgspec.json.decode(record.data)))
    if not found:
        return None
    _, event, run, members = max(found, key=lambda item: (item[0], item[2].run_id))
    return event, run, members


def _list_setup(run: RunArtifact, members: Mapping[str, Any]) -> dict[str, str]:
    """Return what is set up at a machine for a run, as its record alone says it."""
    context = object_of(object_of(members.get("inputs")).get("context"))
    found: dict[str, list[str]] = {}
    for program in run.decision.list_programs():
        for what, value in _list_measured_setup(program):
            found.setdefault(what, []).append(value)
    facts = {what: "; ".join(dict.fromkeys(values)) for what, values in found.items()}
    facts["Material"] = spell(run.material_id) if run.material_id else _NOT_STATED
    tool = object_of(context.get("tool"))
    stickout = next((tool[name] for name in ("stickout_mm", "stickout") if name in tool), None)
    unit = "inch" if context.get("units") == "inch" else "mm"
    facts["Stick-out"] = format_quantity(stickout, unit) if stickout is not None else _NOT_STATED
    facts["Hold-down"] = format_members(object_of(context.get("hold_down"))) or _NOT_STATED
    return facts


def _list_measured_setup(program: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what one program was measured against."""
    setup = object_of(program.get("setup"))
    for number, tool in sorted(object_of(setup.get("tools")).items()):
        shape = object_of(tool)
        name = clean_line(shape.get("tool_id")) or _NOT_STATED
        yield f"T{clean_line(number, 6)}", f"{name}, Ø {format_quantity(shape.get('diameter_mm'), 'mm')}"
    yield "Z0", spell(setup.get("zero"))
    stock = object_of(setup.get("stock"))
    yield "X0 Y0", spell(stock.get("origin"))
    yield (
        "Stock",
        f"{' × '.join(format_quantity(stock.get(f'{side}_mm')) for side in ('width', 'height', 'thickness'))} mm",
    )
    yield "Controller", clean_line(setup.get("dialect")) or _NOT_STATED


def format_members(members: Mapping[str, Any]) -> str:
    """Return the plain members of an object as words: `pressure kpa 60, friction 0.3`."""
    parts = []
    for name, value in sorted(members.items())[:12]:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            continue
        shown = clean_line(value, 40) if isinstance(value, str) else format_quantity(value)
        stem, unit = split_unit(name)
        parts.append(f"{spell(stem)} {shown} {unit}".rstrip())
    return ", ".join(parts)
