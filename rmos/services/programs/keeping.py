"""Keep what came of a program: what the decision says of it, and the files of its run.

    decision = decide_program(decision, checked, verdict)
    kept = keep_program(store, data, checked, kind=GCODE, name="ring.nc", created_at_utc=…)
    kept.output, kept.attachments

The bytes of a program never stand in a record: it is downloaded whole, and would be a way round the gate.
"""

from typing import Any, Final, NamedTuple

import msgspec

from rmos.cam.cover import CoverVerdict, Exceedance, ProgramColour
from rmos.engines.decision import run_status
from rmos.errors.request import PayloadTooLarge
from rmos.models import RunDecision
from rmos.services.programs.checking import CheckedProgram, digest_tools, dump_measured
from rmos.services.programs.evaluating import severity_of
from rmos.store import Store

GCODE_INPUT: Final = "gcode_input"
"""The kind of a program that somebody sent, and that nothing covers."""
BY_DIGEST: Final = "attachment_sha256"
"""What a session says of a program that is a file already, and what `meta.workflow` of its run repeats."""
MEASURED: Final = "measured"
NOT_COVERED: Final = "NOT_COVERED"
PROGRAM_MIME: Final = "text/x.gcode"
_SHOWN: Final = 50
"""Findings and exceedances that a decision repeats; the measures have all of them."""
_AT_MOST: Final[dict[ProgramColour, float]] = {"RED": 39.0, "YELLOW": 79.0}
"""The best score beside a colour, as engines have it."""


class KeptProgram(NamedTuple):
    """What a run says of a program: a member of its outputs, and the files that it names."""

    output: dict[str, Any]
    attachments: list[dict[str, Any]]


def decide_program(decision: RunDecision, checked: CheckedProgram, verdict: CoverVerdict | None) -> RunDecision:
    """Return the decision on a cut together with its program: the worse of both, and RED of what is not covered.

    Args:
        verdict: how the program compares with the design of the run; None where nothing is compared.
    """
    if decision.risk_level == "ERROR":
        return msgspec.structs.replace(decision, details=_add_details(decision, checked, verdict))
    least = _find_least(checked, verdict)
    colour = max((decision.risk_level, checked.colour, least), key=severity_of)
    lines = list_objections(checked, verdict)
    is_worse = severity_of(colour) > severity_of(decision.risk_level)
    is_blocked = run_status(colour) == "BLOCKED"
    reason = decision.block_reason if not is_worse else (lines[0] if is_blocked and lines else None)
    return RunDecision(
        risk_level=colour,
        score=_limit_score(decision.score, colour),
        block_reason=reason,
        warnings=[*decision.warnings, *(line for line in lines if line != reason)],
        details=_add_details(decision, checked, verdict),
    )


def _find_least(checked: CheckedProgram, verdict: CoverVerdict | None) -> ProgramColour:
    """Return what a decision is at the least, whatever an engine says: by findings, and by what was not approved."""
    if verdict is None or verdict.covered:
        return checked.findings_colour
    is_unknown = all(item.measured == "UNKNOWN" for item in verdict.exceeded)
    return max(checked.findings_colour, "UNKNOWN" if is_unknown else "RED", key=severity_of)


def list_objections(checked: CheckedProgram, verdict: CoverVerdict | None) -> list[str]:
    """Return what speaks against a program, the gravest first: beyond what was approved, findings, the worst cut."""
    lines = []
    if verdict is not None and not verdict.covered:
        beyond = [item for item in verdict.exceeded if item.judged is not None or item.measured is None]
        lines += [f"{NOT_COVERED}: {describe_exceedance(item)}" for item in beyond[:_SHOWN]]
    findings = sorted(
        (finding for finding in checked.findings if finding.level != "NOTE"),
        key=lambda finding: -severity_of(finding.level if finding.level != "NOTE" else "GREEN"),
    )
    lines += [f"{item.code}: {_at_line(item.line)}{item.text}" for item in findings[:_SHOWN]]
    worst = checked.worst
    if worst is not None and worst.colour != "GREEN":
        lines.append(f"{worst.reason} (line {worst.cut.line} of the program)")
    return lines


def describe_exceedance(item: Exceedance) -> str:
    """Return one excess as a sentence."""
    approved = "nothing" if item.judged is None else item.judged
    measured = "nobody knows what" if item.measured is None else item.measured
    return f"{_at_line(item.line)}{item.what} is {measured}, evaluated was {approved}."


def _at_line(line: int | None) -> str:
    return "" if line is None else f"line {line}: "


def _limit_score(score: float | None, colour: ProgramColour) -> float | None:
    return None if score is None or colour in ("UNKNOWN", "ERROR") else min(score, _AT_MOST.get(colour, score))


def _add_details(decision: RunDecision, checked: CheckedProgram, verdict: CoverVerdict | None) -> dict[str, Any]:
    cover = {} if verdict is None else {"cover": dump_verdict(verdict)}
    program = {**describe_program(checked), "least_risk": _find_least(checked, verdict)}
    return {**decision.details, "program": program, **cover}


def dump_verdict(verdict: CoverVerdict) -> dict[str, Any]:
    """Return a verdict as JSON values."""
    shown: dict[str, Any] = msgspec.to_builtins(verdict)
    return {**shown, "exceeded": shown["exceeded"][:_SHOWN]}


def describe_program(checked: CheckedProgram) -> dict[str, Any]:
    """Return what lists and people read of a program; the measures have all of it."""
    measured = checked.measured
    members: dict[str, Any] = {
        "sha256": checked.sha256,
        "size_bytes": checked.size_bytes,
        "risk_level": checked.colour,
        "findings": msgspec.to_builtins(checked.findings[:_SHOWN]),
        "options": msgspec.to_builtins(checked.options, str_keys=True),
        "setup": None if checked.setup is None else msgspec.to_builtins(checked.setup, str_keys=True),
        "tools_sha256": digest_tools(checked.tools),
    }
    if measured is None:
        return members
    shown = ("reader", "dialect", "units", "lines", "moves", "box_mm", "tools", "removed_mm3", "estimate_s")
    members |= {name: msgspec.to_builtins(getattr(measured, name)) for name in shown}
    worst = checked.worst
    if worst is not None:
        members["worst"] = {"line": worst.cut.line, "risk_level": worst.colour, "reason": worst.reason or None}
    return members


def keep_program(
    store: Store,
    data: bytes,
    checked: CheckedProgram,
    *,
    kind: str,
    name: str,
    created_at_utc: str,
    measured_name: str = "measured.json",
) -> KeptProgram:
    """Make a program and its measures durable, and return what a run says of them.

    Raises:
        Damage, OutOfSpace, StoreReadOnly, StorageFailed: nothing was acknowledged.
    """
    files = [(data, kind, PROGRAM_MIME, name)]
    if checked.measured is not None:
        files.append((dump_measured(checked.measured), MEASURED, "application/json", measured_name))
    attachments = []
    for content, of_kind, mime, filename in files:
        blob = store.blobs.put_bytes(content)
        attachments.append(
            {
                "sha256": blob.sha256,
                "kind": of_kind,
                "mime": mime,
                "filename": filename,
                "size_bytes": blob.size,
                "created_at_utc": created_at_utc,
            }
        )
    output = {"name": name, "sha256": checked.sha256, "size_bytes": checked.size_bytes}
    return KeptProgram(output, attachments)


def read_stored_program(store: Store, sha256: str, *, max_bytes: int) -> bytes:
    """Return the bytes of a program that is a file already.

    Raises:
        AttachmentNotFound, Damage: there is none, or it is not whole.
        PayloadTooLarge: it is larger than a program may be.
    """
    with store.blobs.open(sha256) as blob:
        if blob.size > max_bytes:
            raise PayloadTooLarge(f"A program may have {max_bytes} bytes.", limit_bytes=max_bytes)
        return blob.read_at(0, blob.size)
