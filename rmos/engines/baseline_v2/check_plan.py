"""Which checks an operation needs, and every rule there is.

CNC cuts channels, rings and shell and drills; the mosaic is sawn and glued by hand. A check that says nothing about an
operation does not run.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from rmos.engines.baseline.fields import MEASURED
from rmos.engines.baseline.invalid import INVALID_INPUT
from rmos.engines.baseline.scoring import GROUP_WEIGHTS
from rmos.engines.baseline_v2.bending import DEFLECTION, TOOL_BREAK
from rmos.engines.baseline_v2.chipload import CHIP_OVERLOAD, CHIP_RUBBING
from rmos.engines.baseline_v2.fields import DRAWN, DRILLED, SAWN
from rmos.engines.baseline_v2.geometry import GEOMETRY
from rmos.engines.baseline_v2.heat import HEAT
from rmos.engines.baseline_v2.holding import HOLD_DOWN, MATERIAL_YIELD
from rmos.engines.baseline_v2.machine import FORCE, MACHINE_FEED, POWER
from rmos.engines.baseline_v2.passes import DEPTH_PASS, PLUNGE
from rmos.engines.baseline_v2.sawing import SAW_BITE
from rmos.engines.baseline_v2.speed import OVERSPEED, RIM_SPEED, SPINDLE_RANGE
from rmos.engines.baseline_v2.verdict import Check
from rmos.engines.rules import Rule

_CHANNEL: Final = (
    *(CHIP_OVERLOAD, CHIP_RUBBING, DEFLECTION, DEPTH_PASS, FORCE, GEOMETRY, HEAT, MACHINE_FEED, MATERIAL_YIELD),
    *(OVERSPEED, PLUNGE, POWER, RIM_SPEED, SPINDLE_RANGE, TOOL_BREAK),
)
_CUT_OUT: Final = (*_CHANNEL, HOLD_DOWN)
_DRILLED: Final = (
    *(CHIP_OVERLOAD, CHIP_RUBBING, DEPTH_PASS, GEOMETRY, MACHINE_FEED, OVERSPEED, RIM_SPEED, SPINDLE_RANGE),
)
_SAWN: Final = (GEOMETRY, HOLD_DOWN, MACHINE_FEED, OVERSPEED, POWER, RIM_SPEED, SAW_BITE)

_PLAN: Final[Mapping[str, tuple[Check, ...]]] = {
    "channel": _CHANNEL,
    "ring_cutout": _CUT_OUT,
    "inlay_pocket": _CHANNEL,
    "inlay_part": _CUT_OUT,
    "soundhole": _CUT_OUT,
    MEASURED: _CUT_OUT,
    DRILLED: _DRILLED,
    SAWN: _SAWN,
    DRAWN: (),
}


def _by_id(check: Check) -> str:
    return check.rule.id


CHECKS: Final[Mapping[str | None, tuple[Check, ...]]] = {
    **{operation: tuple(sorted(plan, key=_by_id)) for operation, plan in _PLAN.items()},
    None: (),
}
"""Operation, None for one that is not known → its checks but INVALID_INPUT, in the order of their ids."""
MOVING: Final[Mapping[str | None, tuple[Check, ...]]] = {
    operation: tuple(check for check in plan if check.moves) for operation, plan in CHECKS.items()
}
"""Operation → those of its checks that feed, speed, depth of a pass or stick-out move."""

NEEDED: Final[Mapping[str | None, frozenset[str]]] = {
    operation: frozenset(path for check in plan for path in check.needs) for operation, plan in CHECKS.items()
}
"""Operation → what its checks need together, but for GEOMETRY, which hangs on the cut."""


def _rules() -> tuple[Rule, ...]:
    rules = {check.rule.id: check.rule for plan in _PLAN.values() for check in plan}
    rules[INVALID_INPUT.id] = INVALID_INPUT
    return tuple(
        msgspec.structs.replace(
            rule,
            weight=GROUP_WEIGHTS.get(rule.category),
            operations=tuple(
                name
                for name, plan in _PLAN.items()
                if rule is INVALID_INPUT or rule.id in {check.rule.id for check in plan}
            ),
        )
        for _, rule in sorted(rules.items())
    )


RULES: Final = _rules()
"""Every rule of the engine, by id."""
