"""What an action on a workflow session works on: the request, the rosette that it names, and the run that it asks for.

inputs = ActionInputs(store, engines, request, policy, gates, request_id=None)
inputs.make_run_request(session, standing)
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from rmos import ids, workflow
from rmos.engines.registry import Registry
from rmos.errors.records import RunDeleted, RunNotFound
from rmos.errors.request import ValidationFailed
from rmos.models import Session
from rmos.names import find_name
from rmos.services.artifact import RunRequest, SentProgram
from rmos.services.design_cuts import read_design_cuts
from rmos.services.gates import GatePolicy, Gates, make_run_request, read_inputs
from rmos.services.programs.keeping import BY_DIGEST, read_stored_program
from rmos.services.programs.setup import ProgramOptions
from rmos.services.rosettes.designs import make_rosette_design
from rmos.services.toolpaths import ProgramOrigin, make_programs
from rmos.store import Store
from rmos.store.records import Damage
from rmos.workflow import Standing, WorkflowAction

EVENT_TYPES: Final[dict[WorkflowAction, str]] = {
    "request_feasibility": "feasibility_check",
    "approve": "approval",
    "reject": "rejection",
    "make_toolpaths": "toolpaths",
    "store_toolpaths": "toolpaths",
}
"""The actions that make a run, and of which type."""
NOTES: Final = ("reason", "note")
"""Fields of a request that its event and its run repeat."""
_OF_RUN: Final = (*NOTES, BY_DIGEST)
"""Fields that its run repeats: whether somebody sent the bytes of its program decides who gets them back."""


class ActionRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller asks of a session: the action and its fields, which the edge has validated."""

    session_id: str
    action: WorkflowAction
    fields: Mapping[str, Any] = {}
    version: int | None = None
    """The version that the caller has seen, from `If-Match`."""


class ActionInputs:
    """What one action on one session works on."""

    def __init__(
        self,
        store: Store,
        engines: Registry,
        request: ActionRequest,
        policy: GatePolicy,
        gates: Gates,
        *,
        request_id: str | None,
    ) -> None:
        self._store = store
        self._engines = engines
        self._request = request
        self._policy = policy
        self._gates = gates
        self._request_id = request_id

    def take_rosette(self, session: Session) -> Mapping[str, Any]:
        """Return the fields of the request, with the design of the rosette that it names in the place of its id.

        Where the session has no context, no machine or no tool yet, those of the rosette become its own.
        """
        run_id = self._request.fields.get("from_run_id")
        if run_id is None:
            return self._request.fields
        made = make_rosette_design(
            self._store,
            self._engines,
            run_id,
            request_id=self._request_id,
            engine_timeout_ms=self._policy.engine_timeout_ms,
        )
        fields: dict[str, Any] = {"design": made.design, "tool_id": made.tool_id}
        fields |= {} if session.context else {"context": made.context}
        return fields | ({"machine_id": made.machine_id} if made.machine_id and session.machine_id is None else {})

    def _find_rosette(self, session: Session) -> str | None:
        """Return the run of the rosette that a session cuts; None where it is none, or is gone by now."""
        run_id = session.design.get("rosette_run_id")
        if not isinstance(run_id, str) or not ids.is_run_id(run_id):
            return None
        try:
            return self._store.runs.record(run_id).run_id
        except (RunNotFound, RunDeleted, Damage):
            return None

    def make_run_request(self, session: Session, standing: Standing) -> RunRequest:
        action, fields = self._request.action, self._request.fields
        about = {"action": action, "session_version": session.version, **list_fields(self._request, _OF_RUN)}
        if action == "request_feasibility":
            return RunRequest(
                mode=fields["mode"],
                tool_id=_find_tool_id(session, fields.get("tool_id")),
                engine_id=fields.get("engine_id"),
                parent_run_id=standing.evaluated[-1].run_id if standing.evaluated else self._find_rosette(session),
                workflow=about,
                **read_inputs(session),
            )
        evaluated = standing.feasibility
        if evaluated is None:
            raise self._gates.block("Nothing was evaluated in this session; request the feasibility.")
        parent = standing.approval_run_id if action in workflow.GIVING_TOOLPATHS else evaluated.run_id
        request = make_run_request(session, evaluated, EVENT_TYPES[action])
        request = msgspec.structs.replace(request, parent_run_id=parent, workflow=about)
        if action == "make_toolpaths":
            self._gates.require_approved(session, standing)
            origin = ProgramOrigin(run_id=evaluated.run_id, session_id=session.session_id)
            made = make_programs(self._engines.shop, request, fields["toolpaths"], origin)
            return msgspec.structs.replace(request, made=made)
        outputs = fields.get("outputs") or {}
        return msgspec.structs.replace(request, outputs=outputs, program=self._read_program(outputs))

    def _read_program(self, outputs: Mapping[str, Any]) -> SentProgram | None:
        """Return the program that came with the action, or that it names by its digest."""
        fields = self._request.fields
        options = ProgramOptions(
            tools=fields.get("tools") or {},
            units=fields.get("units"),
            zero=fields.get("zero") or "stock_top",
            dialect=fields.get("dialect"),
        )
        gcode, sha256 = outputs.get("gcode_text"), fields.get(BY_DIGEST)
        if gcode is not None:
            return SentProgram(data=gcode.encode(), options=options)
        if sha256 is None:
            return None
        data = read_stored_program(self._store, sha256, max_bytes=self._policy.max_program_bytes)
        return SentProgram(data=data, options=options)


def list_fields(request: ActionRequest, names: Sequence[str]) -> dict[str, Any]:
    """Return those of some fields that a request has."""
    return {name: request.fields[name] for name in names if request.fields.get(name) is not None}


def _find_tool_id(session: Session, requested: str | None) -> str:
    """Return the tool that a session is evaluated with: the one that is said, or that of the worst of its cuts.

    Raises:
        ValidationFailed: none is said where one has to be, or another one than the design has.
    """
    found = read_design_cuts(session.design)
    if found is None:
        if requested is None:
            raise ValidationFailed.of_request({"tool_id": ["Missing data for required field."]})
        return requested
    own = found.worst.tool_id
    if requested is not None and find_name(requested, [own]) is None:
        text = f"The cuts of the design name their tools, and that of the {found.worst.name} is {own}; leave it out."
        raise ValidationFailed.of_request({"tool_id": [text]})
    return own
