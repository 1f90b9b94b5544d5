"""Programs that no session covers: what lets them into a pack all the same.

    require_free_release(engines, policy, record)

A run without a session was approved by nobody. GREEN needs nobody's word; YELLOW, RED and UNKNOWN take an override that
is in force. What it was evaluated by is asked again: the engine and the shop's tables must say the same today.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from rmos import digest, ids, workflow
from rmos.cam.cover import UNMEASURED
from rmos.cam.measure.measuring import READER
from rmos.engines.registry import Registry
from rmos.engines.runner import evaluate
from rmos.engines.shop import Shop
from rmos.errors.programs import NotCovered, PackNotReady, StaleApproval
from rmos.errors.records import EngineNotFound
from rmos.errors.request import ValidationFailed
from rmos.models import RUN_SCHEMA, RunView
from rmos.services.artifact import RunRequest
from rmos.services.deciding import complete_context
from rmos.services.gates import GatePolicy
from rmos.services.program_checks import PROGRAM_CHECK
from rmos.services.programs.checking import ProgramRequest, digest_tools, find_setup
from rmos.services.programs.doors import list_programs_of
from rmos.services.programs.keeping import GCODE_INPUT
from rmos.services.programs.setup import ProgramOptions
from rmos.store.naming import NamedBlob
from rmos.store.run_records import RunRecord

_NAMED: Final = ("tool", "machine", "material")
"""Members of a context that the shop's tables fill in where a request does not send them."""
_DAMAGED: Final = "What it was evaluated by cannot be read; check the program again."


def require_free_release(engines: Registry, policy: GatePolicy, record: RunRecord) -> list[NamedBlob]:
    """Return the programs of a run without a session, once nothing speaks against any.

    Raises:
        PackNotReady: it holds no program, or its decision takes an override that nobody gave.
        NotCovered: a program does more than the design that it came with.
        StaleApproval: what it rests on has changed since, or its override is over.
    """
    view = record.view()
    run = view.artifact
    programs = _list_recorded(view)
    if not programs:
        detail = "The run holds no program: send the one that the CAM posted, or store toolpaths in a session."
        raise PackNotReady(detail, run_id=run.run_id, missing=["program"])
    if view.superseded:
        raise _make_stale(view, ["run"], "The run was superseded.")
    _require_covered(view, programs)
    _require_decided(view, policy)
    members = msgspec.json.decode(record.data)
    _require_same(view, members, engines, policy)
    return programs


def _list_recorded(view: RunView) -> list[NamedBlob]:
    """Return the programs that came with a run: only the service writes them into its record, and nobody adds one."""
    run = view.artifact
    if run.schema != RUN_SCHEMA:
        return []
    own = {entry.sha256 for entry in run.attachments or () if entry.kind == GCODE_INPUT}
    return [named for named in list_programs_of(view) if named.sha256 in own]


def _require_covered(view: RunView, programs: list[NamedBlob]) -> None:
    """Refuse a program that does more than its design, or that nobody has measured from its beginning to its end.

    A program that was checked by itself is compared with nothing: its own worst cut is the design.
    """
    run, details = view.artifact, view.artifact.decision.details
    cover, program = details.get("cover"), details.get("program")
    exceeded = cover.get("exceeded") if isinstance(cover, dict) else None
    if isinstance(cover, dict) and cover.get("covered") is not True:
        raise NotCovered(
            run.decision.block_reason or "The program does more than its design.",
            run_id=run.run_id,
            exceeded=exceeded if isinstance(exceeded, list) else [],
        )
    measured = program if isinstance(program, dict) and isinstance(program.get("setup"), dict) else {}
    is_compared = isinstance(cover, dict) or run.event_type == PROGRAM_CHECK
    if not is_compared or [named.sha256 for named in programs] != [measured.get("sha256")]:
        raise NotCovered("Nobody has measured just this program.", run_id=run.run_id, exceeded=[])
    findings = [item for item in measured.get("findings") or () if isinstance(item, dict)]
    beside: list[dict[str, Any]] = [
        {"what": str(item["code"]), "measured": item.get("level"), "judged": None, "line": item.get("line")}
        for item in findings
        if item.get("code") in UNMEASURED
    ]
    if beside:
        named = ", ".join(item["what"] for item in beside)
        detail = f"A controller may do what nobody has measured ({named}): mend the program and check it again."
        raise NotCovered(detail, run_id=run.run_id, exceeded=beside)


def _require_decided(view: RunView, policy: GatePolicy) -> None:
    """Refuse what is not GREEN, unless an override of it is in force."""
    run, risk = view.artifact, view.artifact.decision.risk_level
    if risk == "GREEN":
        return
    if risk == "ERROR":
        detail = "Its evaluation failed, so nothing was decided: record it again."
        raise PackNotReady(detail, run_id=run.run_id, missing=["decision"])
    if risk != "YELLOW" and not policy.allow_red_override:
        detail = f"The decision is {risk}, and this installation lets nobody override it."
        raise PackNotReady(detail, run_id=run.run_id, missing=["override"])
    if workflow.has_override(view.overrides, risk, now_utc=ids.utc_text(ids.now_us())):
        return
    if any(workflow.is_granted(entry, risk) for entry in view.overrides):
        raise _make_stale(view, ["override"], f"The override of its {risk} decision is over.")
    detail = f"The decision is {risk}, and no override of it is in force."
    raise PackNotReady(detail, run_id=run.run_id, missing=["override"])


def _require_same(view: RunView, members: Mapping[str, Any], engines: Registry, policy: GatePolicy) -> None:
    """Refuse a run that would be evaluated otherwise today, or whose program would be measured otherwise."""
    run = view.artifact
    inputs = members.get("inputs")
    program = run.decision.details["program"]
    if not isinstance(inputs, dict) or not isinstance(inputs.get("context"), dict):
        raise _make_stale(view, ["context"], _DAMAGED)
    recorded = inputs["context"]
    request = _make_request(view, members, recorded)
    context = complete_context(request, engines.shop)
    changed = [
        {"tool": "tools"}.get(name, name)
        for name in _NAMED
        if not digest.is_same_json(context.get(name), recorded.get(name))
    ]
    changed += [] if changed or digest.is_same_json(context, recorded) else ["context"]
    if not changed and _evaluate_now(request, context, engines, policy) != run.hashes.feasibility_sha256:
        changed = ["feasibility"]
    if program.get("reader") != msgspec.to_builtins(READER):
        changed.append("program")
    changed += [name for name in _find_changed_setup(request, context, program, engines.shop) if name not in changed]
    if changed:
        raise _make_stale(view, changed, "What would be decided today is not what was decided.")


def _make_request(view: RunView, members: Mapping[str, Any], recorded: Mapping[str, Any]) -> RunRequest:
    """Return what asks for the run once more: without what the shop's tables had filled in."""
    run = view.artifact
    summary = members.get("request_summary")
    sent = summary.get("context") if isinstance(summary, dict) else None
    is_check = run.event_type == PROGRAM_CHECK and "cover" not in run.decision.details
    filled = [name for name in _NAMED if is_check or not isinstance(sent, dict) or name not in sent]
    design = members["inputs"].get("design")
    return RunRequest(
        mode=run.mode,
        tool_id=run.tool_id,
        engine_id=_read_engine(members),
        event_type=run.event_type or "",
        design=design if isinstance(design, dict) else {},
        context={name: value for name, value in recorded.items() if name not in filled},
        material_id=run.material_id,
        machine_id=run.machine_id,
    )


def _read_engine(members: Mapping[str, Any]) -> str | None:
    feasibility = members.get("feasibility")
    engine_id = feasibility.get("engine_id") if isinstance(feasibility, dict) else None
    return engine_id if isinstance(engine_id, str) else None


def _evaluate_now(request: RunRequest, context: dict[str, Any], engines: Registry, policy: GatePolicy) -> str:
    """Return the digest of what the engine says today, empty when the engine is gone."""
    try:
        engine = engines.get(request.engine_id)
    except EngineNotFound:
        return ""
    timeout_ms = policy.engine_timeout_ms
    found = evaluate(engine, design=request.design, context=context, request_id="-", timeout_ms=timeout_ms)
    return digest.canonical_sha256(found.record())


def _find_changed_setup(
    request: RunRequest, context: dict[str, Any], program: Mapping[str, Any], shop: Shop
) -> list[str]:
    """Return what the tables say otherwise of the tools and the machine that a program was measured against."""
    try:
        options = msgspec.convert(program.get("options", {}), ProgramOptions, strict=False)
        asked = ProgramRequest(context=context, tool_id=request.tool_id, machine_id=request.machine_id, options=options)
        tools, found = find_setup(shop, asked)
    except (msgspec.ValidationError, ValidationFailed):
        return ["tools"]
    if found.setup is None:
        return ["machine"]
    # A tool may have been asked for in other capitals than the table has; the measures repeat what was asked for.
    setup = msgspec.to_builtins(found.setup, str_keys=True)
    named = {
        number: tool.get("tool_id")
        for number, tool in (program["setup"].get("tools") or {}).items()
        if isinstance(tool, dict)
    }
    spelled = {n: {**tool, "tool_id": named.get(str(n), tool.get("tool_id"))} for n, tool in tools.items()}
    for number, tool in setup["tools"].items():
        tool["tool_id"] = named.get(number, tool["tool_id"])
    changed = [] if digest_tools(spelled) == program.get("tools_sha256") else ["tools"]
    return changed if changed or digest.is_same_json(setup, program["setup"]) else ["machine"]


def _make_stale(view: RunView, changed: list[str], detail: str) -> StaleApproval:
    detail = f"{detail} Check the program again: what comes of it is another run."
    return StaleApproval(detail, run_id=view.artifact.run_id, changed=changed)
