"""The engine: read the cut, grade the checks of its operation, tell what came of them, add up.

It fails closed. What cannot be used makes the whole RED, what is missing makes it YELLOW at best, and with nothing to
evaluate by it is UNKNOWN: no input turns into GREEN by being absent or odd.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from rmos.digest import canonical_sha256
from rmos.engines.base import Assessment, EngineInfo, EngineResult, Risk
from rmos.engines.baseline.described import describe_inputs
from rmos.engines.baseline.fields import FLUTES, OPERATION, UNITS
from rmos.engines.baseline.invalid import refusal_of
from rmos.engines.baseline.scoring import overall
from rmos.engines.baseline_v2 import charts, geometry
from rmos.engines.baseline_v2.assumed import assumptions
from rmos.engines.baseline_v2.check_plan import CHECKS, NEEDED, RULES
from rmos.engines.baseline_v2.cut import Cut, open_cut
from rmos.engines.baseline_v2.fields import ANGLE, DRAWN, VOCABULARY
from rmos.engines.baseline_v2.geometry import GEOMETRY
from rmos.engines.baseline_v2.verdict import Check, CheckVerdict, make_assessment, make_unknown
from rmos.engines.baseline_v2.ways import Advisor
from rmos.engines.rules import Rule
from rmos.engines.shop import SHIPPED, Material

_INFO: Final = EngineInfo(
    engine_id="baseline_v2",
    version="1.0.0",
    description="Within what makers recommend and machining practice reports, on a machine that can: chipload, heat, "
    "deflection, speeds, depth, power, geometry and hold-down; fails closed.",
)
_NAME: Final = f"{_INFO.engine_id} {_INFO.version}"
_REPORTED_RISKS: Final = ("RED", "YELLOW", "UNKNOWN")


class BaselineV2:
    """Evaluate a cut by makers' charts and machining practice. Bounded, the same for ever, never raises on JSON."""

    rules: Final[tuple[Rule, ...]] = RULES

    def __init__(self, materials: Mapping[str, Material] = SHIPPED.materials) -> None:
        """Evaluate by these materials, by default the shipped ones."""
        self.info: Final = msgspec.structs.replace(_INFO, inputs=describe_inputs(materials, VOCABULARY))
        self.materials: Final = materials
        self._read = {name: _digest(material) for name, material in materials.items()}
        self._read_nothing = _digest(None)

    def compute(self, *, spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> EngineResult:
        """Evaluate the design `spec` in its context `ctx`, either of which may hold anything; neither is changed."""
        cut = open_cut(spec, ctx, self.materials)
        assessments = assess(cut)
        is_drawing = cut.operation == DRAWN and not assessments
        risk, score = ("GREEN", None) if is_drawing else overall(assessments)
        missing = _missing_inputs(cut, assessments)
        return EngineResult(
            engine_id=_INFO.engine_id,
            engine_version=_INFO.version,
            status=risk,
            request_id=request_id,
            reasons=["nothing is cut"] if is_drawing else _reasons(risk, assessments, missing),
            overall_score=score,
            assessments=assessments,
            missing_inputs=missing,
            assumptions=assumptions(cut, _NAME),
            data_sha256=self._read_nothing if cut.material is None else self._read[cut.material.id],
        )


def assess(cut: Cut) -> list[Assessment]:
    """Return what every check of a cut has to say, in the order of their ids."""
    verdicts, lacking = grade(cut)
    advisor = Advisor(cut, verdicts)
    assessments = []
    for check in CHECKS[cut.operation]:
        rule = check.rule
        verdict = verdicts.get(rule.id)
        if verdict is not None:
            suggestion = None if verdict.risk == "GREEN" else advisor.suggest(check, verdict)
            assessments.append(make_assessment(cut, rule, verdict, check.describe(cut, verdict), suggestion))
        elif rule.id in lacking:
            assessments.append(make_unknown(cut, rule, lacking[rule.id]))
    refusal = refusal_of(cut.inputs)
    return assessments if refusal is None else sorted([*assessments, refusal], key=_by_id)


def grade(cut: Cut) -> tuple[dict[str, CheckVerdict], dict[str, list[str]]]:
    """Return check id → what came of it, and check id → the inputs that it lacks."""
    verdicts: dict[str, CheckVerdict] = {}
    lacking: dict[str, list[str]] = {}
    plan = CHECKS[cut.operation]
    is_complete = cut.usable.issuperset(NEEDED[cut.operation]) and (cut.kind != "v_bit" or ANGLE in cut.usable)
    for check in plan:
        applies, is_shape = check.applies, check is GEOMETRY
        if applies is not None and not applies(cut):
            continue
        absent = cut.absent(_needs(cut, check)) if is_shape or not is_complete else None
        if absent and not is_shape:
            lacking[check.rule.id] = absent
            continue
        verdict = check.grade(cut)
        if absent and (verdict is None or verdict.risk != "RED"):
            # A part of the shape that lacks inputs leaves it unknown, unless another one is RED whatever they are.
            lacking[check.rule.id] = absent
        elif verdict is not None:
            verdicts[check.rule.id] = verdict
    return verdicts, lacking


def _needs(cut: Cut, check: Check) -> tuple[str, ...]:
    """Return the inputs that a check of this cut needs."""
    needs = geometry.needs(cut) if check is GEOMETRY else check.needs
    # A V-bit has no chip without its angle.
    return (*needs, ANGLE) if cut.kind == "v_bit" and FLUTES in needs else needs


def worst_risk(cut: Cut, checks: Iterable[Check]) -> Risk:
    """Return the worst colour that these checks give a cut which has their inputs; without a word, for maps."""
    risk: Risk = "GREEN"
    for check in checks:
        verdict = check.ask(cut)
        if verdict is None or verdict.risk == "GREEN":
            continue
        if verdict.risk == "RED":
            return "RED"
        risk = "YELLOW"
    return risk


def _by_id(item: Assessment) -> str:
    return item.id


def _digest(material: Material | None) -> str:
    """Return the digest of all tables that a cut of this material is evaluated by.

    It is of the one material, so that a shop can add others without changing what its records were evaluated by.
    """
    members = None if material is None else material.milled_members()
    return canonical_sha256({"charts_sha256": charts.DATA_SHA256, "material": members})


def _missing_inputs(cut: Cut, assessments: list[Assessment]) -> list[str]:
    """Return the inputs, as the caller calls them, that checks lack because they were not sent at all."""
    lacking = {path for item in assessments if item.risk == "UNKNOWN" for path in item.inputs_used}
    if cut.operation is None:
        lacking.add(OPERATION)
    refused = cut.inputs.problems.keys()
    if not lacking or UNITS in refused:
        # Of units that cannot be used nothing else was read, so nothing can be said to be missing.
        return []
    return sorted(
        cut.inputs.shown(path)
        for path in lacking
        # An object that was refused as a whole covers its members.
        if not any(path == bad or path.startswith(f"{bad}.") for bad in refused)
    )


def _reasons(risk: Risk, assessments: list[Assessment], missing: list[str]) -> list[str]:
    if risk == "GREEN":
        return [f"all {len(assessments)} checks are within their limits"]
    reasons = [f"{item.id}: {item.message}" for worst in _REPORTED_RISKS for item in assessments if item.risk == worst]
    if missing and risk == "UNKNOWN":
        reasons.insert(0, f"this cut cannot be evaluated without {', '.join(missing)}")
    return reasons
