"""Check a program that comes by itself, and record what came of it: the file that a CAM posted, evaluated as it stands.

    done = check_sent_program(store, engines, ProgramCheck(data=…, name="ring.nc", …), policy, actor=actor, us=us)
    done.recorded.run_id, done.risk_level, done.checked.findings

The design of the run is the worst cut of the program, so it is replayed and backtested as any other.
"""

import io
import zipfile
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from rmos.cam.measure.setup import StockOrigin
from rmos.engines.base import EngineResult
from rmos.engines.baseline.fields import MEASURED
from rmos.engines.registry import Registry
from rmos.engines.runner import evaluate
from rmos.errors.programs import NoMotion, ProgramArchive
from rmos.models import Actor, RunDecision
from rmos.services.artifact import Idempotency, RunRequest, SentProgram
from rmos.services.deciding import complete_context, decide_cut
from rmos.services.programs.checking import NO_MOTION, CheckedProgram, Measure, ProgramRequest, check_program
from rmos.services.programs.evaluating import Evaluate
from rmos.services.programs.keeping import decide_program, describe_program
from rmos.services.programs.reading import measure_in_child
from rmos.services.programs.setup import ProgramOptions
from rmos.services.run_programs import ProgramOfRun
from rmos.services.runs import Recorded, record_run, require_session_and_parent
from rmos.store import Store

PROGRAM_CHECK: Final = "program_check"
_MODE: Final = "cam"
_NO_TOOL: Final = "not_named"
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_NAMES: Final = 100
"""Members of an archive that are named."""


class ProgramCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A program to be checked, and what is known of how it will be cut."""

    data: bytes
    name: str
    material_id: str | None = None
    machine_id: str | None = None
    stock: Mapping[str, Any] = {}
    """As the context of a cut has it, in mm."""
    hold_down: Mapping[str, Any] | None = None
    coolant: str | None = None
    origin: StockOrigin = "stock_corner"
    options: ProgramOptions = ProgramOptions()
    engine_id: str | None = None
    operation: str | None = None
    """What the caller calls it; a label."""
    workflow_session_id: str | None = None
    notes: str | None = None
    dry_run: bool = False


class ProgramChecked(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a program, and the run that says so; None of a dry run."""

    checked: CheckedProgram
    risk_level: str
    score: float | None
    block_reason: str | None
    recorded: Recorded | None
    described: Mapping[str, Any]
    """What the decision says of the program; of a run that was made before, what its record says."""


def check_sent_program(
    store: Store,
    engines: Registry,
    asked: ProgramCheck,
    *,
    actor: Actor,
    us: int,
    engine_timeout_ms: float,
    idempotency: Idempotency | None = None,
    measure: Measure = measure_in_child,
) -> ProgramChecked:
    """Check a program and record the run, whatever the outcome; with a key that was used before that run is told.

    Raises:
        NoMotion, ProgramArchive: it is no program; nothing is recorded.
        ValidationFailed: a tool or a dialect is not known.
        IdempotencyKeyReused: the key came with something else before.
        EngineNotFound, SessionNotFound, SessionDeleted, RecordDamaged.
        OutOfSpace, StoreReadOnly, StorageFailed: nothing was acknowledged.
    """
    require_session_and_parent(store, _make_request(asked))
    checking = _check(engines, asked, request_id=actor.request_id, engine_timeout_ms=engine_timeout_ms, measure=measure)
    if asked.dry_run:
        return checking.decide()
    of_run = ProgramOfRun(sent=SentProgram(data=asked.data, name=asked.name), checked=checking.checked, verdict=None)
    recorded = record_run(
        store,
        engines,
        checking.request,
        actor=actor,
        us=us,
        engine_timeout_ms=engine_timeout_ms,
        idempotency=idempotency,
        program=of_run,
    )
    described = describe_program(checking.checked)
    if recorded.replayed:  # by now the shop's tables may say another thing
        decision = store.runs.record(recorded.run_id, include_deleted=True).view().artifact.decision
        described = decision.details.get("program", described)
    return _describe_check(checking.checked, recorded, recorded, described)


def try_program(
    engines: Registry,
    asked: ProgramCheck,
    *,
    request_id: str | None,
    engine_timeout_ms: float,
    measure: Measure = measure_in_child,
) -> ProgramChecked:
    """Check a program; nothing is recorded, and there need be no store.

    Raises:
        NoMotion, ProgramArchive: it is no program.
        ValidationFailed: a tool or a dialect is not known.
        EngineNotFound.
    """
    return _check(engines, asked, request_id=request_id, engine_timeout_ms=engine_timeout_ms, measure=measure).decide()


class _Checking(msgspec.Struct, frozen=True, kw_only=True):
    """A program that was checked, and how its run would be decided on."""

    engines: Registry
    request: RunRequest
    """Its design is the worst cut."""
    checked: CheckedProgram
    evaluate: Evaluate

    def decide(self) -> ProgramChecked:
        """Return the decision that a run of it would have."""
        engine, shop = self.engines.get(self.request.engine_id), self.engines.shop
        context = complete_context(self.request, shop)
        found = self.evaluate(self.request.design, context)
        decision = decide_cut(self.request, engine.info, shop, context, found)
        decided = decide_program(decision, self.checked, None)
        return _describe_check(self.checked, decided, None, describe_program(self.checked))


def _check(
    engines: Registry, asked: ProgramCheck, *, request_id: str | None, engine_timeout_ms: float, measure: Measure
) -> _Checking:
    _refuse_archive(asked.data)
    engine = engines.get(asked.engine_id)
    request = _make_request(asked)
    context = complete_context(request, engines.shop)

    def evaluate_measured(design: dict[str, Any], of_tool: dict[str, Any]) -> EngineResult:
        return evaluate(
            engine, design=design, context=of_tool, request_id=request_id or "-", timeout_ms=engine_timeout_ms
        )

    program = ProgramRequest(
        context=context, tool_id=_find_first_tool(asked), machine_id=asked.machine_id, options=asked.options
    )
    checked = check_program(engines.shop, asked.data, program, evaluate_measured, measure=measure)
    if {finding.code for finding in checked.findings if finding.level not in ("NOTE", "YELLOW")} == {NO_MOTION}:
        raise NoMotion("The file moves nothing; send the program that the CAM posted.", sha256=checked.sha256)
    request = _name_worst_cut(request, asked, checked)
    return _Checking(engines=engines, request=request, checked=checked, evaluate=evaluate_measured)


def _describe_check(
    checked: CheckedProgram,
    decided: RunDecision | Recorded,
    recorded: Recorded | None,
    described: Mapping[str, Any],
) -> ProgramChecked:
    return ProgramChecked(
        checked=checked,
        risk_level=decided.risk_level,
        score=decided.score,
        block_reason=decided.block_reason,
        recorded=recorded,
        described=described,
    )


def _refuse_archive(data: bytes) -> None:
    """Refuse a zip, and name what is in it.

    Raises:
        ProgramArchive.
    """
    if not data.startswith(_ZIP):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [_printable(name) for name in archive.namelist()[:_NAMES]]
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        names = []
    listed = ", ".join(names) or "nothing that can be named"
    raise ProgramArchive(f"This is a zip of {listed}. Send each program by itself.", names=names)


def _printable(name: str) -> str:
    return "".join(sign if sign.isprintable() else "_" for sign in name[:_NAMES])


def _find_first_tool(asked: ProgramCheck) -> str | None:
    return next((tool for _, tool in sorted(asked.options.tools.items())), None)


def _make_request(asked: ProgramCheck) -> RunRequest:
    context: dict[str, Any] = {"units": "mm", "stock": dict(asked.stock)}
    if asked.hold_down is not None:
        context["hold_down"] = dict(asked.hold_down)
    if asked.coolant is not None:
        context["coolant"] = asked.coolant
    return RunRequest(
        mode=_MODE,
        tool_id=_find_first_tool(asked) or _NO_TOOL,
        event_type=PROGRAM_CHECK,
        workflow_session_id=asked.workflow_session_id,
        engine_id=asked.engine_id,
        context=context,
        material_id=asked.material_id,
        machine_id=asked.machine_id,
        notes=asked.notes,
    )


def _name_worst_cut(request: RunRequest, asked: ProgramCheck, checked: CheckedProgram) -> RunRequest:
    """Return the request of the run: its design is the cut that decides, in the context of that cut."""
    program: dict[str, Any] = {"sha256": checked.sha256, "name": asked.name, "size_bytes": checked.size_bytes}
    program |= {} if asked.operation is None else {"operation": asked.operation}
    worst = checked.worst
    if worst is None:
        return msgspec.structs.replace(request, design={"operation": MEASURED, "program": program})
    design = {**worst.design, "program": {**program, "line": worst.cut.line}}
    tool_id = worst.cut.tool_id or request.tool_id
    return msgspec.structs.replace(request, design=design, context=worst.context, tool_id=tool_id)
