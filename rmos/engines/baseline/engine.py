"""The engine: read the cut, run the checks of its operation, add up.

It fails closed. What cannot be used makes the whole RED, what is missing makes it YELLOW at best, and with nothing to
evaluate by it is UNKNOWN: no input turns into GREEN by being absent or odd.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from rmos.digest import canonical_sha256
from rmos.engines.base import Assessment, EngineInfo, EngineResult, Risk
from rmos.engines.baseline import chart
from rmos.engines.baseline.assumed import assumptions
from rmos.engines.baseline.check_plan import CHECKS, RULES
from rmos.engines.baseline.cut import Cut, open_cut
from rmos.engines.baseline.described import describe_inputs
from rmos.engines.baseline.fields import OPERATION, UNITS
from rmos.engines.baseline.scoring import overall
from rmos.engines.rules import Rule
from rmos.engines.shop import SHIPPED, Material

_INFO: Final = EngineInfo(
    engine_id="baseline_v1",
    version="1.0.0",
    description="Chipload, heat, deflection, speeds, depth, power, geometry and hold-down by published formulas and "
    "charts, on RMOS policy limits; fails closed.",
)
_NAME: Final = f"{_INFO.engine_id} {_INFO.version}"


class BaselineV1:
    """Evaluate a cut by published formulas, charts and RMOS policy. Bounded, always the same, never raises on JSON."""

    rules: Final[tuple[Rule, ...]] = RULES

    def __init__(self, materials: Mapping[str, Material] = SHIPPED.materials) -> None:
        """Evaluate by these materials, by default the shipped ones."""
        self.info: Final = msgspec.structs.replace(_INFO, inputs=describe_inputs(materials))
        self._materials = materials
        self._read = {name: _digest(material) for name, material in materials.items()}
        self._read_nothing = _digest(None)

    def compute(self, *, spec: dict[str, Any], ctx: dict[str, Any], request_id: str) -> EngineResult:
        """Evaluate the design `spec` in its context `ctx`, either of which may hold anything; neither is changed."""
        cut = open_cut(spec, ctx, self._materials)
        found = [check(cut) for check in CHECKS[cut.operation]]
        assessments = [item for item in found if item is not None]
        is_drawing = cut.operation == "drawing_only" and not assessments
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


def _digest(material: Material | None) -> str:
    """Return the digest of all tables that a cut of this material is evaluated by.

    It is of the one material, so that a shop can add others without changing what its records were evaluated by.
    """
    return canonical_sha256(
        {"charts_sha256": chart.DATA_SHA256, "material": None if material is None else material.members()}
    )


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
    reasons = [
        f"{item.id}: {item.message}"
        for worst in ("RED", "YELLOW", "UNKNOWN")
        for item in assessments
        if item.risk == worst
    ]
    if missing and risk == "UNKNOWN":
        reasons.insert(0, f"this cut cannot be judged without {', '.join(missing)}")
    return reasons
