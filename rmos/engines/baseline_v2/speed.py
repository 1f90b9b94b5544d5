"""OVERSPEED, RIM_SPEED and SPINDLE_RANGE: does the tool hold together, and does the spindle turn like that.

Rim speed v = π D n / 60000 m/s. No tool runs above the speed marked on it (EN 847-1 practice), no spindle beyond its
largest or below its smallest speed. A router cutter of more than 6.35 mm without a mark follows the table by diameter
that woodworking guides give; thinner ones reach no dangerous rim speed with any router. A saw blade without a mark:
100 m/s (Sealtool). Saw blades: to 80 m/s normal, 100 m/s the limit; slow ones cut slowly and are no danger. Router
cutters: 61 m/s (12 000 ft/min) is the limit. Drills of high-speed steel in brass and aluminium: 200 to 300 ft/min, of
carbide two to three times that (US Navy machinist's training, manuals of Jet drill presses); in wood 6.3 m/s, which
is 12 000 rpm at 10 mm (Leitz). Other limits between the colours are RMOS policy.
"""

import math
from typing import Final

from rmos.engines.baseline.fields import (
    DIAMETER,
    MACHINE_CLASS,
    MACHINE_MAX_RPM,
    MATERIAL,
    RPM,
    TOOL_KIND,
    TOOL_MATERIAL,
    TOOL_MAX_RPM,
)
from rmos.engines.baseline.speed import (
    ROUTER_GREEN_M_S,
    ROUTER_LIMIT_M_S,
    SAW_LIMIT_M_S,
    rim_speed_m_s,
    unmarked_max_rpm,
)
from rmos.engines.baseline.wording import num, share
from rmos.engines.baseline_v2.cut import Cut
from rmos.engines.baseline_v2.fields import MACHINE_MIN_RPM
from rmos.engines.baseline_v2.verdict import Check, CheckVerdict, at_least, at_most, not_red, within
from rmos.engines.rules import Rule

DEFAULT_MAX_RPM: Final = {"light": 30_000.0, "rigid": 24_000.0}
"""Top speed of a trim router, and of a spindle on a rigid machine; where the machine states none (RMOS policy)."""
DEFAULT_MIN_RPM: Final = {"light": 10_000.0, "rigid": 6_000.0}
"""Slowest speed of a trim router (dial 1 of the usual ones), and of a spindle with a converter at a quarter of its
speed; where the machine states none (RMOS policy).
"""
SLOWEST_RPM: Final = 1_000.0
"""Below this no router turns (RMOS policy)."""
UNMARKED_FROM_MM: Final = 6.35
UNMARKED_YELLOW: Final = 1.25
DRILL_IN_METAL_M_S: Final = {"hss": 1.524, "carbide": 4.572, "diamond": 4.572}
"""Material of a drill → how fast its edge may meet brass and aluminium: 300 ft/min, three times that for carbide."""
DRILL_HOT: Final = 3.0
DRILL_IN_WOOD_M_S: Final = 6.3
"""10 mm at 12 000 rpm, the fastest that Leitz shows for dowel drills."""
DRILL_FAST: Final = 2.0
SAW_GREEN_M_S: Final = 80.0
SAW_SLOW_M_S: Final = (15.0, 5.0)
_RIM_NEEDS: Final = (RPM, DIAMETER, TOOL_KIND)

OVERSPEED_RULE: Final = Rule(
    id="OVERSPEED",
    category="rim_speed",
    question="Does the tool, or the machine, turn faster than it may?",
    formula="n / min(tool's marked n_max, machine's largest speed); an unmarked router cutter: 24 000 rpm from 6.35 to "
    "25.4 mm, 18 000 to 51 mm, 16 000 to 63 mm, 12 000 to 89 mm; an unmarked saw blade: 100 m/s",
    unit="of the largest speed",
    limits={"GREEN": "share <= 1", "YELLOW": "an unmarked router cutter: share <= 1.25", "RED": "above"},
    source="marked n_max: EN 847-1 practice; unmarked: by diameter as woodworking guides give it; 6.35 mm and 1.25: "
    "RMOS policy",
    hint="Turn slower: above the marked speed a tool may come apart.",
    inputs=(RPM, TOOL_MAX_RPM, MACHINE_MAX_RPM, MACHINE_CLASS, DIAMETER),
)
RANGE_RULE: Final = Rule(
    id="SPINDLE_RANGE",
    category="gate",
    question="Does the spindle turn that slowly?",
    formula="n against the machine's smallest speed; where it states none 10 000 rpm of a trim router (light) or 6 "
    "000 rpm (rigid)",
    unit="rpm",
    limits={
        "GREEN": "n >= the smallest speed",
        "YELLOW": "below the smallest speed of its kind, if the machine states none",
        "RED": "below the stated smallest speed, or below 1000 rpm",
    },
    source="speed ranges of trim routers and spindles as their makers print them; stand-ins and limits: RMOS policy",
    hint="Turn faster, and feed faster with it; or state the machine's min_rpm.",
    inputs=(RPM, MACHINE_MIN_RPM, MACHINE_CLASS),
)
RIM_RULE: Final = Rule(
    id="RIM_SPEED",
    category="rim_speed",
    question="Does the edge of the tool meet the work at a sound speed?",
    formula="v = π D n / 60000 m/s",
    unit="m/s",
    limits={
        "GREEN": "router cutter v <= 50 m/s; saw blade 15 to 80 m/s; drill v <= 6.3 m/s, in metal 1.5 m/s (HSS) or "
        "4.6 m/s (carbide)",
        "YELLOW": "router cutter v <= 61 m/s; saw blade below 15, and to 100 m/s; drill to twice, in metal to three "
        "times that",
        "RED": "router cutter v > 61 m/s; saw blade above 100 m/s; drill above that",
    },
    source="router cutters 61 m/s (12 000 ft/min); saw blades to 80 m/s normal, 100 m/s the limit: Sealtool; drills "
    "200 to 300 ft/min in brass and aluminium, carbide two to three times: US Navy machinist's training, manuals of "
    "Jet drill presses; drills in wood: Leitz, dowel drills to 12 000 rpm; 50 and 15 m/s, where a drill's YELLOW ends: "
    "RMOS policy",
    hint="Turn slower, or faster where a blade crawls and its mark allows it.",
    inputs=(*_RIM_NEEDS, TOOL_MATERIAL, MATERIAL),
)


def largest_rpm(cut: Cut) -> tuple[float, str, float]:
    """Return the largest speed of tool and machine, whose it is, and up to which share of it a cut is YELLOW."""
    numbers, yellow = cut.inputs.numbers, 1.0
    if TOOL_MAX_RPM in numbers:
        largest, whose = numbers[TOOL_MAX_RPM], "that are marked on the tool"
    elif cut.is_sawn or cut.diameter > UNMARKED_FROM_MM:
        largest = unmarked_max_rpm(cut.diameter, saw=cut.is_sawn)
        whose = "that an unmarked tool of this diameter may turn"
        yellow = 1.0 if cut.is_sawn else UNMARKED_YELLOW
    else:
        largest, whose = math.inf, ""
    machine = numbers.get(MACHINE_MAX_RPM, DEFAULT_MAX_RPM[cut.machine_class])
    if machine <= largest:
        return machine, "that the machine turns at most", 1.0
    return largest, whose, min(yellow, machine / largest)


def smallest_rpm(cut: Cut) -> float:
    """Return the smallest speed of the spindle, or that of its kind."""
    return cut.limit(MACHINE_MIN_RPM, DEFAULT_MIN_RPM[cut.machine_class])


def _grade_overspeed(cut: Cut) -> CheckVerdict:
    largest, _, yellow = largest_rpm(cut)
    return at_most(cut.rpm / largest, 1.0, yellow)


def _describe_overspeed(cut: Cut, verdict: CheckVerdict) -> str:
    largest, whose, _ = largest_rpm(cut)
    return f"{num(cut.rpm)} rpm is {100 * verdict.value:.3g} % of the {num(largest)} rpm {whose}"


def _grade_range(cut: Cut) -> CheckVerdict:
    if MACHINE_MIN_RPM in cut.inputs.numbers:
        smallest = cut.inputs.numbers[MACHINE_MIN_RPM]
        return at_least(cut.rpm, smallest, smallest)
    return at_least(cut.rpm, DEFAULT_MIN_RPM[cut.machine_class], SLOWEST_RPM)


def _describe_range(cut: Cut, verdict: CheckVerdict) -> str:
    stated = MACHINE_MIN_RPM in cut.inputs.numbers
    whose = "the machine turns" if stated else f"a {cut.machine_class} machine usually turns"
    if verdict.risk == "GREEN":
        return f"{num(cut.rpm)} rpm is not below the {num(verdict.limit)} rpm that {whose} at least"
    return f"{num(cut.rpm)} rpm is below the {num(verdict.limit)} rpm that {whose} at least"


def is_drill_in_metal(cut: Cut) -> bool:
    """Tell whether a drill meets metal, which blunts it where it turns too fast."""
    return cut.kind == "drill" and cut.material is not None and cut.material.family == "metal"


def largest_drill_m_s(cut: Cut) -> float:
    """Return how fast the edge of a drill may be."""
    return DRILL_IN_METAL_M_S[cut.steel or "hss"] if is_drill_in_metal(cut) else DRILL_IN_WOOD_M_S


def _grade_rim(cut: Cut) -> CheckVerdict:
    speed = rim_speed_m_s(cut.diameter, cut.rpm)
    if cut.kind == "drill":
        sound = largest_drill_m_s(cut)
        return at_most(speed, sound, (DRILL_HOT if is_drill_in_metal(cut) else DRILL_FAST) * sound)
    if not cut.is_sawn:
        return at_most(speed, ROUTER_GREEN_M_S, ROUTER_LIMIT_M_S)
    return within(not_red(at_least(speed, *SAW_SLOW_M_S)), at_most(speed, SAW_GREEN_M_S, SAW_LIMIT_M_S[1]))


def _describe_rim(cut: Cut, verdict: CheckVerdict) -> str:
    del cut
    if verdict.risk == "GREEN":
        return f"rim speed {num(verdict.value)} m/s is normal for this tool"
    if verdict.is_most:
        part = share(verdict.value, verdict.limit)
        return f"rim speed {num(verdict.value)} m/s is {part} the {num(verdict.limit)} m/s that are sound for this tool"
    return f"rim speed {num(verdict.value)} m/s is below the {num(verdict.limit)} m/s from which a blade cuts well"


OVERSPEED: Final = Check(OVERSPEED_RULE, (RPM, DIAMETER), _grade_overspeed, _describe_overspeed)
SPINDLE_RANGE: Final = Check(RANGE_RULE, (RPM,), _grade_range, _describe_range)
RIM_SPEED: Final = Check(RIM_RULE, _RIM_NEEDS, _grade_rim, _describe_rim)
