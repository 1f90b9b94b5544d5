"""POWER and FORCE: can the machine drive this cut and push it through.

The cut's power and force are in `load`. A router delivers about half of its nameplate power, a desktop gantry pushes
with about 89 N (20 lbf) (workbook of Shapeoko CNC A to Z). What a machine does not state is that of a light desktop one
(RMOS policy), as are the limits between the colours.
"""

from typing import Final

from rmos.engines.base import Assessment
from rmos.engines.baseline.advice import join_alternatives, suggest_shallower
from rmos.engines.baseline.cut import Cut
from rmos.engines.baseline.fields import MACHINE_FORCE, SPINDLE_POWER
from rmos.engines.baseline.load import FORMULA, LOAD_NEEDS, SOURCE, load_of
from rmos.engines.baseline.scoring import GATE, grade_at_most
from rmos.engines.baseline.verdict import Grade, make_assessment, make_unknown
from rmos.engines.baseline.wording import num
from rmos.engines.rules import Rule

LIGHT_DESKTOP_POWER_W: Final = 710.0
"""Nameplate of a trim router (RMOS policy)."""
LIGHT_DESKTOP_FORCE_N: Final = 89.0
"""20 lbf, what a desktop gantry pushes with (workbook of Shapeoko CNC A to Z)."""
DELIVERED: Final = 0.5
"""Share of the nameplate power that reaches the cutter."""
POWER_GREEN: Final = 0.6
POWER_YELLOW: Final = 0.9
FORCE_GREEN: Final = 0.5
FORCE_YELLOW: Final = 0.8

POWER: Final = Rule(
    id="POWER",
    category=GATE,
    question="Does the spindle have the power?",
    formula=f"{FORMULA}; share = P / (0.5 · nameplate)",
    unit="of the spindle's power",
    limits={"GREEN": "share <= 0.6", "YELLOW": "share <= 0.9", "RED": "share > 0.9"},
    source=f"half of the nameplate is delivered: workbook of Shapeoko CNC A to Z; {SOURCE}",
    hint="Take shallower passes.",
    inputs=(*LOAD_NEEDS, SPINDLE_POWER),
)
FORCE: Final = Rule(
    id="FORCE",
    category=GATE,
    question="Can the machine push with the force of this cut?",
    formula=f"{FORMULA}; share = F / the machine's largest force",
    unit="of the machine's force",
    limits={"GREEN": "share <= 0.5", "YELLOW": "share <= 0.8", "RED": "share > 0.8"},
    source=f"89 N of a desktop gantry: workbook of Shapeoko CNC A to Z; {SOURCE}",
    hint="Take shallower passes.",
    inputs=(*LOAD_NEEDS, MACHINE_FORCE),
)


def power(cut: Cut) -> Assessment:
    """Grade the cutting power as a share of what the spindle delivers: GREEN to 0.6, YELLOW to 0.9."""
    absent = cut.absent(LOAD_NEEDS)
    if absent:
        return make_unknown(cut, POWER, absent)
    delivered = DELIVERED * cut.numbers.get(SPINDLE_POWER, LIGHT_DESKTOP_POWER_W)
    needed = load_of(cut).power_w
    finding = f"the cut takes {num(needed)} W of the {num(delivered)} W that reach the cutter"
    return _share(cut, POWER, needed / delivered, POWER_GREEN, POWER_YELLOW, finding)


def force(cut: Cut) -> Assessment:
    """Grade the cutting force as a share of what the machine pushes with: GREEN to 0.5, YELLOW to 0.8."""
    absent = cut.absent(LOAD_NEEDS)
    if absent:
        return make_unknown(cut, FORCE, absent)
    largest = cut.numbers.get(MACHINE_FORCE, LIGHT_DESKTOP_FORCE_N)
    needed = load_of(cut).force_n
    finding = f"the cut pushes back with {num(needed)} N, the machine pushes with {num(largest)} N at most"
    return _share(cut, FORCE, needed / largest, FORCE_GREEN, FORCE_YELLOW, finding)


def _share(cut: Cut, rule: Rule, used: float, green: float, yellow: float, finding: str) -> Assessment:
    """Grade a share that is in proportion to the depth of a pass."""
    risk, score = grade_at_most(used, green, yellow)
    suggestion = None
    if risk != "GREEN":
        finding = f"{finding}, {100 * used:.3g} % where {100 * green:g} % are sound"
        suggestion = join_alternatives(
            *suggest_shallower(cut, green / used), otherwise="take a thinner cutter or a stronger machine"
        )
    return make_assessment(cut, rule, Grade(risk, score, green), used, finding, used=rule.inputs, suggestion=suggestion)
