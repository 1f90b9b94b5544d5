"""Hand out a program that a session covers, when all that it rests on still holds: asked again each time.

    programs = ProgramGate(store, engines, policy)
    programs.list_programs(run_id)               # each with whether it leaves, else why not
    blob, named = programs.open_program(run_id, 1)

An approval is of one design, one context, one engine and one set of tables, and of a program with just these bytes.
What has changed since makes it stale; nothing is remembered from the last time it was asked.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from rmos import digest
from rmos.cam.cover import ProgramColour
from rmos.cam.measure.measuring import READER
from rmos.engines.registry import Registry
from rmos.engines.runner import evaluate
from rmos.errors.base import RmosError
from rmos.errors.programs import NotCovered, ProgramNotFound, StaleApproval
from rmos.errors.records import EngineNotFound, RunDeleted, RunNotFound
from rmos.errors.request import ValidationFailed
from rmos.errors.workflow import ApprovalBlocked, SessionDeleted, SessionNotFound
from rmos.models import RiskLevel, RunView, Session
from rmos.services.artifact import RunRequest, SentProgram
from rmos.services.deciding import complete_context, decide_cut
from rmos.services.design_cuts import read_cut_contexts, read_design_cuts
from rmos.services.evaluated_cuts import EvaluatedCut, digest_finding, digest_results, evaluate_design
from rmos.services.gates import GatePolicy, Gates, make_run_request
from rmos.services.programs.checking import ProgramRequest, digest_tools, find_setup
from rmos.services.programs.evaluating import severity_of
from rmos.services.programs.keeping import GCODE_INPUT, read_stored_program
from rmos.services.programs.setup import ProgramOptions
from rmos.services.run_programs import are_covered, check_programs_of
from rmos.services.sessions import refuse_deleted
from rmos.services.standing import read_standing
from rmos.store import Store
from rmos.store.blobs import OpenBlob
from rmos.store.naming import NamedBlob, list_gated, list_named_blobs
from rmos.store.session_records import SessionRecord
from rmos.workflow import GIVING_TOOLPATHS, EvaluatedRun, Standing

STANDS_IN: Final = ("toolpaths_ready", "archived")
"""The states of a session in which the toolpaths that it stored are still those that it means."""


class ProgramState(msgspec.Struct, frozen=True, kw_only=True):
    """A program of a run, and whether it leaves."""

    number: int
    name: str | None
    sha256: str
    size_bytes: int | None
    kind: str
    released: bool
    error: str | None = None
    detail: str | None = None
    changed: Sequence[str] = ()


class ReleaseBasis(NamedTuple):
    """What a program rests on: its run, the session as it stands, what was approved there."""

    view: RunView
    record: SessionRecord
    session: Session
    standing: Standing
    approved: EvaluatedRun


class _Details(NamedTuple):
    """What a run says of one of its programs, and how that compares with what was approved."""

    program: Mapping[str, Any]
    cover: Mapping[str, Any]


class _Measuring(NamedTuple):
    """What a program is measured and compared by."""

    request: RunRequest
    context: dict[str, Any]
    named: NamedBlob
    risk: ProgramColour
    job: tuple[RunRequest, Sequence[EvaluatedCut]] | None = None
    """The whole design and its cuts, of a program that is compared with all of them."""


class ProgramGate:
    """The one door through which programs leave."""

    def __init__(self, store: Store, engines: Registry, policy: GatePolicy) -> None:
        self._store = store
        self._engines = engines
        self._policy = policy

    def list_programs(self, run_id: str) -> list[ProgramState]:
        """Return the programs of a run, those that nobody approved as well.

        Raises:
            RunNotFound, RunDeleted, Damage.
        """
        view = self._store.runs.record(run_id).view()
        gated = list_gated(view)
        sent = [named for named in list_named_blobs(view).values() if named.kind == GCODE_INPUT]
        uncovered = None if not sent else _make_uncovered(view)
        return [
            *(_describe(number, named, self._find_refusal(view, named)) for number, named in enumerate(gated, 1)),
            *(_describe(number, named, uncovered) for number, named in enumerate(sent, len(gated) + 1)),
        ]

    def open_program(self, run_id: str, number: int) -> tuple[OpenBlob, NamedBlob]:
        """Open a program that may leave now.

        Raises:
            RunNotFound, RunDeleted, Damage.
            ProgramNotFound: the run has none of this number.
            NotCovered: it does more than was approved, or nobody has approved it.
            StaleApproval: what it rests on has changed since.
        """
        view = self._store.runs.record(run_id).view()
        gated = list_gated(view)
        if not 0 < number <= len(gated):
            sent = [named for named in list_named_blobs(view).values() if named.kind == GCODE_INPUT]
            if 0 < number <= len(gated) + len(sent):
                raise _make_uncovered(view)
            raise ProgramNotFound("The run has no program of this number.", run_id=run_id)
        named = gated[number - 1]
        self.require_released(view, named)
        return self._store.blobs.open(named.sha256), named

    def _find_refusal(self, view: RunView, named: NamedBlob) -> RmosError | None:
        """Return why a program does not leave, None when it does."""
        try:
            self.require_released(view, named)
        except (NotCovered, StaleApproval) as error:
            return error
        return None

    def require_released(self, view: RunView, named: NamedBlob) -> ReleaseBasis:
        """Return what a program rests on, once its approval holds now.

        Raises:
            NotCovered, StaleApproval, Damage.
        """
        if view.superseded:
            raise _make_stale(view, ["run"], "The run was superseded before its session named it.")
        details = _find_details(view, named)
        if details is None:
            raise _make_stale(view, ["program"], "The run's digest is that of another program.")
        basis = self._read_basis(view)
        gates = Gates(self._store, self._engines, self._policy, basis.session.session_id)
        request = make_run_request(basis.session, basis.approved, "toolpaths")
        self._require_same_inputs(view, basis, gates, request)
        measuring = self._take_cut(request, details, named, self._require_approvable(view, basis, gates))
        self._require_override(view, basis, gates, details, measuring.risk)
        self._require_measured_alike(view, basis, gates, measuring, details)
        return basis

    def _read_basis(self, view: RunView) -> ReleaseBasis:
        """Return what a program rests on, once its session still means just this run."""
        session_id = view.artifact.workflow_session_id
        try:
            record = self._store.sessions.record(session_id or "")
            refuse_deleted(record.session)
        except (SessionNotFound, SessionDeleted):
            raise _make_stale(view, ["session"], "The session that approved it is gone.") from None
        standing = read_standing(record)
        if not _names_run(record, view) or standing.state not in STANDS_IN:
            raise _make_stale(view, ["session"], "The session does not stand by this program any more.")
        if standing.approved is None:
            raise _make_stale(view, ["approval"], "Nothing is approved in the session any more.")
        return ReleaseBasis(view, record, record.session, standing, standing.approved)

    def _require_same_inputs(self, view: RunView, basis: ReleaseBasis, gates: Gates, request: RunRequest) -> None:
        session, approved, hashes = basis.session, basis.approved, view.artifact.hashes
        changed = []
        if session.design_sha256 != approved.design_sha256 or hashes.design_sha256 != approved.design_sha256:
            changed.append("design")
        if not approved.context_sha256 == gates.context_sha256(request) == hashes.context_sha256:
            changed.append("context")
        if not changed and self._evaluate_now(request) != approved.feasibility_sha256:
            changed.append("feasibility")
        if changed:
            raise _make_stale(view, changed, "What would be evaluated today is not what was approved.")

    def _evaluate_now(self, request: RunRequest) -> str:
        """Return the digest of what the engine says today of the inputs, empty when the engine is gone."""
        try:
            info, ask = self._engines.get(request.engine_id).info, self._make_evaluate(request)
        except EngineNotFound:
            return ""
        shop = self._engines.shop
        context = complete_context(request, shop)
        cuts = evaluate_design(request, context, info, shop, evaluate=ask)
        found = digest.canonical_sha256(ask(request.design, context).record())
        return digest_finding(found, digest_results(cut.result for cut in cuts) if cuts else None)

    def _require_approvable(self, view: RunView, basis: ReleaseBasis, gates: Gates) -> RiskLevel:
        """Return the colour that was approved, once it could be approved today."""
        try:
            gates.require_approved(basis.session, basis.standing)
            approved = self._store.runs.record(basis.approved.run_id).view()
        except ApprovalBlocked as blocked:
            raise _make_stale(view, ["approval"], blocked.detail) from None
        except (RunNotFound, RunDeleted):
            raise _make_stale(view, ["approval"], "The run that was approved is gone.") from None
        return approved.artifact.decision.risk_level

    def _take_cut(self, request: RunRequest, details: _Details, named: NamedBlob, risk: RiskLevel) -> _Measuring:
        """Return what a program is measured by: its own cut, where the design has several, with the colour of that.

        What the engine says of a cut today is what was approved, or the program would not have come this far.
        """
        shop, context = self._engines.shop, complete_context(request, self._engines.shop)
        found, place = read_design_cuts(request.design), details.program.get("cut")
        if found is None or not isinstance(place, int) or not 0 <= place < len(found.cuts):
            return _Measuring(request, context, named, risk)
        cut, of_cut = found.cuts[place], read_cut_contexts(context)[place]
        asked = msgspec.structs.replace(request, design=cut.design, tool_id=cut.tool_id)
        result = self._make_evaluate(request)(cut.design, of_cut)
        info = self._engines.get(request.engine_id).info
        decision = decide_cut(asked, info, shop, of_cut, result)
        compared = details.program.get("compared_with")
        if not isinstance(compared, list):
            return _Measuring(asked, of_cut, named, decision.risk_level)
        cuts = evaluate_design(request, context, info, shop, evaluate=self._make_evaluate(request))
        colours = [cuts[at].decide().risk_level for at in compared if isinstance(at, int) and 0 <= at < len(cuts)]
        return _Measuring(asked, of_cut, named, max(colours, key=severity_of), (request, cuts))

    def _require_override(
        self, view: RunView, basis: ReleaseBasis, gates: Gates, details: _Details, risk: ProgramColour
    ) -> None:
        """Refuse a program whose worst cut only an override covered that is over now."""
        worst = details.program.get("worst")
        colour = worst.get("risk_level") if isinstance(worst, dict) else None
        if colour not in ("GREEN", "YELLOW", "UNKNOWN", "RED", "ERROR"):
            raise _make_uncovered(view)
        if severity_of(colour) <= severity_of(risk):
            return
        if not gates.is_overridden(basis.session, basis.standing, basis.approved, colour):
            raise _make_stale(view, ["override"], "The override that covered its worst cut is over.")

    def _require_measured_alike(
        self, view: RunView, basis: ReleaseBasis, gates: Gates, measuring: _Measuring, details: _Details
    ) -> None:
        """Refuse what other tools or another machine would cut, and measure again what another reader measured."""
        if details.cover.get("covered") is not True:
            raise _make_uncovered(view)
        options, request = _read_options(details.program), measuring.request
        self._require_same_setup(view, measuring, options, details.program)
        if details.program.get("reader") == msgspec.to_builtins(READER):
            return
        data = read_stored_program(self._store, measuring.named.sha256, max_bytes=self._policy.max_program_bytes)

        def is_overridden(colour: ProgramColour) -> bool:
            return gates.is_overridden(basis.session, basis.standing, basis.approved, colour)

        compared, cuts = measuring.job or (request, ())
        checked = check_programs_of(
            self._engines,
            msgspec.structs.replace(compared, program=SentProgram(data=data, options=options)),
            measuring.context,
            measuring.risk,
            cuts=cuts,
            evaluate=self._make_evaluate(request),
            is_overridden=is_overridden,
        )
        if not are_covered(checked):
            stale = _make_stale(view, ["reader"], "Measured again, the program does more than was approved.")
            stale.members["exceeded"] = [item for program in checked for item in program.list_excess()]
            raise stale

    def _require_same_setup(
        self, view: RunView, measuring: _Measuring, options: ProgramOptions, program: Mapping[str, Any]
    ) -> None:
        """Refuse a program whose tools or machine the shop's tables describe otherwise today."""
        request = measuring.request
        asked = ProgramRequest(
            context=measuring.context, tool_id=request.tool_id, machine_id=request.machine_id, options=options
        )
        try:
            tools, found = find_setup(self._engines.shop, asked)
        except ValidationFailed:
            raise _make_stale(view, ["tools"], "A tool of the program is in the shop's tables no more.") from None
        if digest_tools(tools) != program.get("tools_sha256"):
            raise _make_stale(view, ["tools"], "The shop's tables say something else of a tool of the program.")
        setup = None if found.setup is None else msgspec.to_builtins(found.setup, str_keys=True)
        if not digest.is_same_json(setup, program.get("setup")):
            raise _make_stale(view, ["machine"], "The shop's tables say something else of the machine.")

    def _make_evaluate(self, request: RunRequest) -> Callable[[dict[str, Any], dict[str, Any]], Any]:
        engine = self._engines.get(request.engine_id)
        timeout_ms = self._policy.engine_timeout_ms
        return lambda design, context: evaluate(
            engine, design=design, context=context, request_id="-", timeout_ms=timeout_ms
        )


def _find_details(view: RunView, named: NamedBlob) -> _Details | None:
    """Return what a run says of one of its programs, None where it says nothing of these bytes."""
    run = view.artifact
    details = run.decision.details
    several = details.get("programs")
    if isinstance(several, list):
        found = next((_object(item) for item in several if _object(item).get("sha256") == named.sha256), None)
        return None if found is None else _Details(found, _object(found.get("cover")))
    if run.hashes.gcode_sha256 != named.sha256:
        return None
    return _Details(_object(details.get("program")), _object(details.get("cover")))


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _read_options(program: Mapping[str, Any]) -> ProgramOptions:
    """Return what was said of a program when it was stored."""
    try:
        return msgspec.convert(program.get("options", {}), ProgramOptions, strict=False)
    except msgspec.ValidationError:
        return ProgramOptions()


def _names_run(record: SessionRecord, view: RunView) -> bool:
    """Tell whether the last toolpaths that a session stored are those of a run, with just its bytes."""
    stored = [event.data for event in record.events if event.kind in GIVING_TOOLPATHS]
    last = stored[-1] if stored else {}
    return (last.get("run_id"), last.get("run_sha256")) == (view.artifact.run_id, view.sha256)


def _make_stale(view: RunView, changed: list[str], detail: str) -> StaleApproval:
    return StaleApproval(f"{detail} Store the program again.", run_id=view.artifact.run_id, changed=changed)


def _make_uncovered(view: RunView) -> NotCovered:
    """Return the error of a program that no session covers, with what speaks against it, where that was measured."""
    cover = view.artifact.decision.details.get("cover")
    exceeded = cover.get("exceeded") if isinstance(cover, dict) else None
    detail = view.artifact.decision.block_reason or "No session has approved and covered this program."
    return NotCovered(detail, run_id=view.artifact.run_id, exceeded=exceeded if isinstance(exceeded, list) else [])


def _describe(number: int, named: NamedBlob, refusal: RmosError | None) -> ProgramState:
    changed = () if refusal is None else refusal.members.get("changed")
    return ProgramState(
        number=number,
        name=named.filename,
        sha256=named.sha256,
        size_bytes=named.size_bytes,
        kind=named.kind,
        released=refusal is None,
        error=None if refusal is None else refusal.code,
        detail=None if refusal is None else refusal.detail,
        changed=[str(item) for item in changed] if isinstance(changed, list) else (),
    )
