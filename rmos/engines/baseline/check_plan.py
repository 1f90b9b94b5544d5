"""Which checks an operation needs, and every rule there is.

CNC cuts channels, rings and shell; the mosaic is glued by hand. A check that says nothing about an operation does not
run.
"""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from rmos.engines.base import Assessment
from rmos.engines.baseline.bending import DEFLECTION, TOOL_BREAK, deflection, tool_break
from rmos.engines.baseline.chipload import OVERLOAD, RUBBING, chip_overload, chip_rubbing
from rmos.engines.baseline.cut import Cut
from rmos.engines.baseline.fields import MEASURED
from rmos.engines.baseline.geometry import GEOMETRY, geometry
from rmos.engines.baseline.heat import HEAT, heat
from rmos.engines.baseline.holding import HOLD_DOWN, MATERIAL_YIELD, hold_down, material_yield
from rmos.engines.baseline.invalid import INVALID_INPUT, invalid_input
from rmos.engines.baseline.machine import FORCE, POWER, force, power
from rmos.engines.baseline.passes import DEPTH_PASS, PLUNGE, depth_pass, plunge
from rmos.engines.baseline.sawing import SAW_BITE, saw_bite
from rmos.engines.baseline.scoring import GROUP_WEIGHTS
from rmos.engines.baseline.speed import OVERSPEED, RIM_SPEED, overspeed, rim_speed
from rmos.engines.rules import Rule

Check = Callable[[Cut], Assessment | None]
"""None where the check does not apply to what was sent."""

_CHANNEL: Final = (
    (OVERLOAD, chip_overload),
    (RUBBING, chip_rubbing),
    (DEFLECTION, deflection),
    (DEPTH_PASS, depth_pass),
    (FORCE, force),
    (GEOMETRY, geometry),
    (HEAT, heat),
    (INVALID_INPUT, invalid_input),
    (MATERIAL_YIELD, material_yield),
    (OVERSPEED, overspeed),
    (PLUNGE, plunge),
    (POWER, power),
    (RIM_SPEED, rim_speed),
    (TOOL_BREAK, tool_break),
)
_CUT_OUT: Final = (*_CHANNEL, (HOLD_DOWN, hold_down))
_SAWN: Final = (
    (HOLD_DOWN, hold_down),
    (INVALID_INPUT, invalid_input),
    (OVERSPEED, overspeed),
    (RIM_SPEED, rim_speed),
    (SAW_BITE, saw_bite),
)
_NOTHING: Final = ((INVALID_INPUT, invalid_input),)

_PLAN: Final[Mapping[str, tuple[tuple[Rule, Check], ...]]] = {
    "channel": _CHANNEL,
    "ring_cutout": _CUT_OUT,
    "inlay_pocket": _CHANNEL,
    "inlay_part": _CUT_OUT,
    "soundhole": _CUT_OUT,
    MEASURED: _CUT_OUT,
    "saw_slice": _SAWN,
    "drawing_only": _NOTHING,
}


def _in_order(plan: tuple[tuple[Rule, Check], ...]) -> tuple[Check, ...]:
    return tuple(check for _, check in sorted(plan, key=lambda entry: entry[0].id))


CHECKS: Final[Mapping[str | None, tuple[Check, ...]]] = {
    **{operation: _in_order(plan) for operation, plan in _PLAN.items()},
    None: _in_order(_NOTHING),
}
"""Operation, None for one that is not known → its checks, in the order of their ids."""


def _rules() -> tuple[Rule, ...]:
    rules = {rule.id: rule for plan in _PLAN.values() for rule, _ in plan}
    return tuple(
        msgspec.structs.replace(
            rule,
            weight=GROUP_WEIGHTS.get(rule.category),
            operations=tuple(name for name, plan in _PLAN.items() if rule.id in {known.id for known, _ in plan}),
        )
        for _, rule in sorted(rules.items())
    )


RULES: Final = _rules()
"""Every rule of the engine, by id."""
