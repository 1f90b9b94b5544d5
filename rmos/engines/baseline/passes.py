"""DEPTH_PASS and PLUNGE: how deep a pass goes, and how the cutter gets there.

Desktop machines cut at most half a diameter deep in a pass (Easel); a rigid frame takes a diameter (RMOS policy). The
plunge feed, straight down, is 0.3 to 0.4 of the feed in wood, 0.4 to 0.5 in plastic, 0.1 to 0.3 in metal (Shapeoko CNC
A to Z). The limits between the colours are RMOS policy.
"""

from typing import Final

from rmos.engines.base import Assessment
from rmos.engines.baseline.cut import Cut
from rmos.engines.baseline.fields import AXIAL_DEPTH, CENTRE_CUTTING, DIAMETER, FEED, MACHINE_CLASS, PLUNGE_FEED
from rmos.engines.baseline.scoring import GATE, grade_at_most
from rmos.engines.baseline.verdict import Grade, make_assessment, make_unknown
from rmos.engines.baseline.wording import num, round_down
from rmos.engines.rules import Rule

DEPTH_LIMITS: Final = {"light": (0.5, 1.5), "rigid": (1.0, 3.0)}
"""Machine class → where GREEN and YELLOW end, in diameters."""
PLUNGE_GREEN: Final = 0.5
PLUNGE_YELLOW: Final = 1.0
_DEPTH_NEEDS: Final = (AXIAL_DEPTH, DIAMETER)
_PLUNGE_NEEDS: Final = (PLUNGE_FEED, FEED, CENTRE_CUTTING)

DEPTH_PASS: Final = Rule(
    id="DEPTH_PASS",
    category=GATE,
    question="Is a pass too deep for its cutter on this machine?",
    formula="a_p / D",
    unit="diameters",
    limits={
        "GREEN": "light machine: a_p/D <= 0.5; rigid: 1",
        "YELLOW": "light machine: a_p/D <= 1.5; rigid: 3",
        "RED": "above",
    },
    source="0.5 D on desktop machines: Easel; rigid machines and limits between colours: RMOS policy",
    hint="Take more and shallower passes.",
    inputs=(*_DEPTH_NEEDS, MACHINE_CLASS),
)
PLUNGE: Final = Rule(
    id="PLUNGE",
    category=GATE,
    question="Does the cutter go down slowly enough, and can it cut downwards at all?",
    formula="plunge feed / feed",
    unit="of the feed",
    limits={
        "GREEN": "ratio <= 0.5",
        "YELLOW": "ratio <= 1",
        "RED": "ratio > 1, or a cutter that does not cut at its centre",
    },
    source="straight down 0.3 to 0.4 of the feed in wood, 0.4 to 0.5 in plastic, 0.1 to 0.3 in metal: Shapeoko CNC A "
    "to Z; limits between colours: RMOS policy",
    hint="Plunge more slowly, with a cutter that cuts at its centre.",
    inputs=_PLUNGE_NEEDS,
)


def depth_pass(cut: Cut) -> Assessment:
    """Grade a_p/D: GREEN to 0.5 and YELLOW to 1.5 on a light machine, 1 and 3 on a rigid one."""
    absent = cut.absent(_DEPTH_NEEDS)
    if absent:
        return make_unknown(cut, DEPTH_PASS, absent)
    depth, diameter = cut.numbers[AXIAL_DEPTH], cut.numbers[DIAMETER]
    green, yellow = DEPTH_LIMITS[cut.machine_class]
    risk, score = grade_at_most(depth / diameter, green, yellow)
    finding = f"a pass of {num(depth)} mm is {num(depth / diameter)} diameters deep"
    suggestion = None
    if risk != "GREEN":
        finding = f"{finding}, a {cut.machine_class} machine takes {green:g}"
        suggestion = f"passes of {num(round_down(green * diameter))} mm or less"
    grade = Grade(risk, score, green)
    return make_assessment(
        cut, DEPTH_PASS, grade, depth / diameter, finding, used=DEPTH_PASS.inputs, suggestion=suggestion
    )


def plunge(cut: Cut) -> Assessment:
    """Grade plunge/feed: GREEN to 0.5, YELLOW to 1; RED also for a cutter that cannot plunge."""
    absent = cut.absent(_PLUNGE_NEEDS)
    if absent:
        return make_unknown(cut, PLUNGE, absent)
    feed, down = cut.numbers[FEED], cut.numbers[PLUNGE_FEED]
    ratio = down / feed
    risk, score = grade_at_most(ratio, PLUNGE_GREEN, PLUNGE_YELLOW)
    finding = f"plunging at {num(down)} mm/min is {num(ratio)} of the feed"
    slower = f"plunge at {num(round_down(PLUNGE_GREEN * feed))} mm/min or less"
    suggestion = None if risk == "GREEN" else slower
    if not cut.inputs.flags[CENTRE_CUTTING]:
        finding = "the cutter does not cut at its centre, so it cannot go straight down"
        suggestion = "use a centre-cutting cutter" + ("" if risk == "GREEN" else f" and {slower}")
        risk, score = "RED", 0.0
    return make_assessment(
        cut, PLUNGE, Grade(risk, score, PLUNGE_GREEN), ratio, finding, used=_PLUNGE_NEEDS, suggestion=suggestion
    )
