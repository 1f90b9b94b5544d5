"""DEPTH_PASS and PLUNGE: how deep a pass goes, and how the cutter gets there.

What is printed for slots, in diameters. Rigid machines: 1 at the full chipload, 2 at three quarters, 3 at half of it
(Amana, Onsrud, Freud; the chipload is CHIP_OVERLOAD's). Desktop machines: soft wood to 2.6 (Sienci, 4.1 mm with 1.59
mm), 1.6 (Carbide 3D); MDF 1.2, plywood 1, acrylic 0.24, aluminium 0.12, brass 0.08 (Carbide 3D); hard wood 0.94
(Sienci), while 1.9 and 2 are reported to break thin cutters (StewMac, Craftsman). Shell 0.32 (Adam Rose). The limits
lie a little beyond what is printed (RMOS policy). With a narrower engagement the pass may be deeper in proportion, as
charts for pockets are, to four diameters at the most.

The plunge feed, straight down, is 0.33 to 0.53 of the feed in makers' charts (Sienci 0.5, Amana 1/z, Carbide 3D 0.33 to
0.53, IDC Woodcraft 0.3 to 0.7). At a low feed that ratio says little: then the cutter may go down at the middle
chipload of the charts for each turn, which is Amana's rule, feed / z, at that chipload; not in metal.
"""

import math
from typing import Final

from rmos.engines.baseline.fields import (
    AXIAL_DEPTH,
    CENTRE_CUTTING,
    DIAMETER,
    ENGAGEMENT,
    FEED,
    MACHINE_CLASS,
    MATERIAL,
    PLUNGE_FEED,
    RPM,
    TOOL_KIND,
)
from rmos.engines.baseline.wording import num
from rmos.engines.baseline_v2.chip import window
from rmos.engines.baseline_v2.cut import Cut
from rmos.engines.baseline_v2.verdict import CENTRE, Check, CheckVerdict, at_most
from rmos.engines.rules import Rule

SLOT_DIAMETERS: Final = {
    "light": {
        "softwood": 2.75,
        "hardwood": 1.5,
        "plywood": 1.5,
        "mdf": 2.0,
        "hard_plastic": 1.0,
        "acrylic": 1.0,
        "aluminium": 0.25,
        "brass": 0.25,
        "bone": 1.0,
        "shell": 0.5,
    },
    "rigid": {
        "softwood": 3.0,
        "hardwood": 3.0,
        "plywood": 3.0,
        "mdf": 3.0,
        "hard_plastic": 3.0,
        "acrylic": 3.0,
        "aluminium": 1.0,
        "brass": 1.0,
        "bone": 1.5,
        "shell": 0.5,
    },
}
"""Machine class → column of the charts → the deepest pass in a slot, in diameters, that is GREEN."""
DEEPEST_DIAMETERS: Final = 4.0
PECK_DIAMETERS: Final = {"wood": 4.0, "board": 4.0}
"""Family of materials → how deep a drill goes before it clears its chips (Leitz: 4 diameters in wood)."""
PECK_ELSEWHERE: Final = 3.0
"""In anything else (RMOS policy, usual practice)."""
DEPTH_YELLOW: Final = 2.0
PLUNGE_GREEN: Final = 0.55
PLUNGE_YELLOW: Final = 1.0
_DEPTH_NEEDS: Final = (AXIAL_DEPTH, DIAMETER, MATERIAL)
_PLUNGE_NEEDS: Final = (PLUNGE_FEED, FEED, CENTRE_CUTTING)
_CHART_NEEDS: Final = (RPM, DIAMETER, TOOL_KIND)

DEPTH_RULE: Final = Rule(
    id="DEPTH_PASS",
    category="gate",
    question="Is a pass too deep for its cutter on this machine?",
    formula="a_p / D against the deepest pass in a slot · D / a_e, 4 at the most; a drill: 4 between clearings in "
    "wood and boards, else 3",
    unit="diameters",
    limits={
        "GREEN": "slot, light machine: soft wood 2.75, hard wood and plywood 1.5, MDF 2, plastics and bone 1, metals "
        "0.25, shell 0.5; rigid: wood, boards and plastics 3, bone 1.5, metals 1, shell 0.5",
        "YELLOW": "twice that",
        "RED": "above",
    },
    source="1 to 3 D with less chipload: Amana, Onsrud, Freud; desktop machines: Sienci, Carbide 3D; what breaks: "
    "StewMac, Craftsman; shell: Adam Rose (PreciseBits); drills in wood: Leitz; limits a little beyond what is "
    "printed, narrower engagements, other drills: RMOS policy",
    hint="Take more and shallower passes.",
    inputs=(*_DEPTH_NEEDS, ENGAGEMENT, MACHINE_CLASS),
)
PLUNGE_RULE: Final = Rule(
    id="PLUNGE",
    category="gate",
    question="Does the cutter go down slowly enough, and can it cut downwards at all?",
    formula="plunge feed / feed; but for metal a plunge feed of n · sqrt(lowest · highest chipload of the charts) is "
    "fine at any feed",
    unit="of the feed",
    limits={
        "GREEN": "ratio <= 0.55, or no more than that plunge feed",
        "YELLOW": "ratio <= 1, or twice that plunge feed",
        "RED": "above, or a cutter that does not cut at its centre (a surfacing bit comes in from the side)",
    },
    source="0.33 to 0.53 of the feed: Sienci, Carbide 3D, Amana; to 0.7 at a low feed: IDC Woodcraft; feed / flutes: "
    "Amana; limits between colours: RMOS policy",
    hint="Plunge more slowly, with a cutter that cuts at its centre.",
    inputs=(*_PLUNGE_NEEDS, TOOL_KIND, RPM, DIAMETER, MATERIAL),
)


def deepest_ratio(cut: Cut) -> float:
    """Return the deepest pass, in diameters, that is GREEN at this engagement."""
    if cut.is_drilled:
        return PECK_DIAMETERS.get(cut.material.family if cut.material else "", PECK_ELSEWHERE)
    column = cut.material.milling if cut.material else "hardwood"
    slot = SLOT_DIAMETERS[cut.machine_class][column]
    if not cut.engagement < cut.diameter:
        return slot
    return max(slot, min(slot * cut.diameter / cut.engagement, DEEPEST_DIAMETERS))


def _grade_depth(cut: Cut) -> CheckVerdict:
    deepest = deepest_ratio(cut)
    return at_most(cut.depth / cut.diameter, deepest, DEPTH_YELLOW * deepest)


def _describe_depth(cut: Cut, verdict: CheckVerdict) -> str:
    finding = f"a pass of {num(cut.depth)} mm is {num(verdict.value)} diameters deep"
    if verdict.risk == "GREEN":
        return finding
    if cut.is_drilled:
        return f"{finding}, a drill clears its chips every {num(verdict.limit)}"
    return f"{finding}, {num(verdict.limit)} is what a {cut.machine_class} machine takes there"


def fastest_plunge(cut: Cut) -> float:
    """Return the largest plunge feed that is GREEN, mm/min."""
    material = cut.material
    if material is None or material.family == "metal" or not cut.usable.issuperset(_CHART_NEEDS):
        return PLUNGE_GREEN * cut.feed
    makers = window(cut, material)
    return max(PLUNGE_GREEN * cut.feed, cut.rpm * math.sqrt(makers.low * makers.high))


def _grade_plunge(cut: Cut) -> CheckVerdict:
    ratio, limit = cut.plunge / cut.feed, fastest_plunge(cut) / cut.feed
    if not cut.cuts_at_centre and cut.kind != "surfacing_bit":
        return CheckVerdict(ratio, limit, True, "RED", 0.0, CENTRE)
    return at_most(ratio, limit, max(PLUNGE_YELLOW, PLUNGE_YELLOW / PLUNGE_GREEN * limit))


def _describe_plunge(cut: Cut, verdict: CheckVerdict) -> str:
    if verdict.part == CENTRE:
        return "the cutter does not cut at its centre, so it cannot go straight down"
    return f"plunging at {num(cut.plunge)} mm/min is {num(verdict.value)} of the feed"


DEPTH_PASS: Final = Check(DEPTH_RULE, _DEPTH_NEEDS, _grade_depth, _describe_depth)
PLUNGE: Final = Check(PLUNGE_RULE, _PLUNGE_NEEDS, _grade_plunge, _describe_plunge)
