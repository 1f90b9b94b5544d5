"""Gather what a pack is made of, when the run may be taken to a machine now.

    source = PackGatherer(store, engines, policy).gather(run_id)
    source.programs, source.approval, source.taken["record.json"]

What a pack holds follows from three things: the run, its approval, and the overrides of what was approved. All of them
are bytes in the store that never change; the gate decides, each time, whether they may leave.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from rmos import workflow
from rmos.cam.paths.toolpaths import PathNote
from rmos.engines.registry import Registry
from rmos.errors.programs import NotCovered, PackNotReady
from rmos.errors.request import ValidationFailed
from rmos.errors.workflow import SessionNotFound
from rmos.models import RISK_LEVELS, TOOLPATHS, Event, RiskLevel, RunArtifact, RunView
from rmos.services.gates import GatePolicy, Gates
from rmos.services.packs.free_runs import require_free_release
from rmos.services.packs.program_names import PackedProgram, list_packed_programs
from rmos.services.program_release import STANDS_IN, ProgramGate, ReleaseBasis
from rmos.services.programs.checking import ProgramRequest, find_setup
from rmos.services.programs.doors import list_programs_of
from rmos.services.programs.keeping import MEASURED
from rmos.services.programs.setup import ProgramOptions
from rmos.services.run_programs import TOOLPATHS_FILE
from rmos.services.standing import read_standing
from rmos.store import Store, layout
from rmos.store.naming import list_gated
from rmos.store.run_records import RunRecord
from rmos.store.session_records import SessionRecord
from rmos.workflow import GIVING_TOOLPATHS

_decision: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


class _NotedPath(msgspec.Struct, frozen=True):
    """What is read of the path of one program."""

    notes: list[PathNote] = []


class _NotedToolpaths(msgspec.Struct, frozen=True):
    operations: list[_NotedPath]
    """In the order of the programs that were written from them."""


class PackSource(msgspec.Struct, frozen=True, kw_only=True):
    """All that a pack of a run is made of."""

    record: RunRecord
    run: RunArtifact
    members: Mapping[str, Any]
    """The artifact's members as plain JSON values."""
    programs: Sequence[PackedProgram]
    approval: Event | None
    """None of a run without a session."""
    overrides: Sequence[Event]
    """Those that were put in force for what was approved, oldest first, whether or not they are over."""
    taken: Mapping[str, bytes]
    """Members that are, or are slices of, files of the record: by their names in the pack."""


class PackGatherer:
    """Gathers the packs of one store."""

    def __init__(self, store: Store, engines: Registry, policy: GatePolicy) -> None:
        self._store = store
        self._engines = engines
        self._policy = policy

    def gather(self, run_id: str) -> PackSource:
        """Return what the pack of a run is made of, once all of it may leave.

        Raises:
            RunNotFound, RunDeleted, Damage.
            PackNotReady: something is not there yet; `missing` names it.
            NotCovered: a program does more than was approved.
            StaleApproval: what it rests on has changed; `changed` names it.
        """
        record = self._store.runs.record(run_id)
        view = record.view()
        members = msgspec.json.decode(record.data)
        approval: tuple[Event, bytes] | None = None
        if view.artifact.workflow_session_id is None:
            named = require_free_release(self._engines, self._policy, record)
            overrides = self._list_granted(record, {view.artifact.decision.risk_level})
        else:
            named = list_gated(view)
            basis = self._require_approved(view)
            approval = self._read_approval(basis.record)
            overrides = self._list_overrides(basis)
        programs = self._add_notes(list_packed_programs(view.artifact, members, named), view.artifact)
        taken = {
            "record.json": record.data,
            "decision.json": bytes(_decision.decode(record.data)["decision"]) + b"\n",
            **self._read_measures(view),
        }
        if approval is not None:
            taken["approval.json"] = approval[1]
        if overrides:
            taken["override.json"] = b"[\n" + b",\n".join(data.rstrip(b"\n") for _, data in overrides) + b"\n]\n"
        return PackSource(
            record=record,
            run=view.artifact,
            members=members,
            programs=[self._add_tools(program, view.artifact) for program in programs],
            approval=None if approval is None else approval[0],
            overrides=[event for event, _ in overrides],
            taken=taken,
        )

    def _require_approved(self, view: RunView) -> ReleaseBasis:
        """Return what the programs of a session's run rest on, once each of them may leave."""
        programs = list_gated(view)
        if not programs:
            raise self._explain_lack(view)
        gate = ProgramGate(self._store, self._engines, self._policy)
        bases = [gate.require_released(view, named) for named in programs]  # each of them, not only the first
        return bases[0]

    def _explain_lack(self, view: RunView) -> NotCovered | PackNotReady:
        """Return the error of a run of a session that has no program which leaves."""
        run = view.artifact
        if list_programs_of(view):
            cover = run.decision.details.get("cover")
            exceeded = cover.get("exceeded") if isinstance(cover, dict) else None
            detail = run.decision.block_reason or "No session has approved and covered this program."
            return NotCovered(detail, run_id=run.run_id, exceeded=exceeded if isinstance(exceeded, list) else [])
        try:
            record = self._store.sessions.record(run.workflow_session_id or "")
        except SessionNotFound:
            record = None
        standing = None if record is None else read_standing(record)
        missing = ["program"] if standing is not None and standing.approved is not None else ["approval", "program"]
        if run.event_type == TOOLPATHS:
            detail = "The toolpaths of this run hold no program that a machine could run: store them again with one."
            return PackNotReady(detail, run_id=run.run_id, missing=["program"])
        stored = None if record is None else find_toolpaths_run(record)
        if stored is not None:
            detail = f"This run holds no program; the session's programs are those of {stored}."
            return PackNotReady(detail, run_id=run.run_id, missing=["program"], toolpaths_run_id=stored)
        steps = "approve the cut, then store its program" if len(missing) > 1 else "store the program"
        return PackNotReady(f"The run holds no program yet: {steps}.", run_id=run.run_id, missing=missing)

    def _read_approval(self, record: SessionRecord) -> tuple[Event, bytes]:
        """Return the event by which a session was approved, and its file."""
        event = [event for event in record.events if event.kind == "approve"][-1]
        return event, self._store.objects.read(layout.event_key(record.folder, record.record_id, event.number))

    def _list_overrides(self, basis: ReleaseBasis) -> list[tuple[Event, bytes]]:
        gates = Gates(self._store, self._engines, self._policy, basis.session.session_id)
        program = basis.view.artifact.decision.details.get("program")
        worst = program.get("worst") if isinstance(program, dict) else None
        colour = worst.get("risk_level") if isinstance(worst, dict) else None
        found: list[tuple[Event, bytes]] = []
        for record in gates.read_same_runs(basis.standing, basis.approved):
            risks = {record.view().artifact.decision.risk_level}
            risks |= {colour} if colour in RISK_LEVELS else set()
            found += self._list_granted(record, risks)
        return found

    def _read_measures(self, view: RunView) -> dict[str, bytes]:
        """Return what was measured of the programs: `measured.json`, `measured_02.json` …"""
        named = [entry for entry in view.artifact.attachments or () if entry.kind == MEASURED]
        return {
            "measured.json" if number == 1 else f"measured_{number:02d}.json": self._store.blobs.read(entry.sha256)
            for number, entry in enumerate(named, 1)
        }

    def _list_granted(self, record: RunRecord, risks: set[RiskLevel]) -> list[tuple[Event, bytes]]:
        """Return the events that put an override of one of these colours in force, with their files.

        Whether one is over depends on the clock, and a pack never does: the gate has asked that.
        """
        return [
            (event, self._store.objects.read(layout.event_key(record.folder, record.record_id, event.number)))
            for event in record.events
            if event.kind == "override" and any(workflow.is_granted(event.data, risk) for risk in risks - {"GREEN"})
        ]

    def _add_notes(self, programs: list[PackedProgram], run: RunArtifact) -> list[PackedProgram]:
        """Return programs that were made of paths with what each path leaves for hand tools."""
        found = next((entry for entry in run.attachments or () if entry.kind == TOOLPATHS_FILE), None)
        if found is None:
            return programs
        paths = msgspec.json.decode(self._store.blobs.read(found.sha256), type=_NotedToolpaths).operations
        if len(paths) != len(programs):
            return programs
        return [
            msgspec.structs.replace(program, notes=[note.text for note in path.notes])
            for program, path in zip(programs, paths, strict=True)
        ]

    def _add_tools(self, program: PackedProgram, run: RunArtifact) -> PackedProgram:
        """Return a program with its tools; the gate has found that the shop's tables say the same of them today."""
        try:
            options = msgspec.convert(program.details.get("options", {}), ProgramOptions, strict=False)
            named = program.details.get("tool_id")
            asked = ProgramRequest(
                context=program.context,
                tool_id=named if isinstance(named, str) else run.tool_id,
                machine_id=run.machine_id,
                options=options,
            )
            tools = find_setup(self._engines.shop, asked)[0]
        except (msgspec.ValidationError, ValidationFailed):
            return program
        return msgspec.structs.replace(program, tools=tools)


def find_toolpaths_run(record: SessionRecord) -> str | None:
    """Return the run whose programs a session stands by, None where it has stored none or went on without them."""
    if record.session.state not in STANDS_IN:
        return None
    for event in reversed(record.events):
        if event.kind in GIVING_TOOLPATHS:
            run_id = event.data.get("run_id")
            return run_id if isinstance(run_id, str) else None
    return None
