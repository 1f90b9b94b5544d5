"""OVERSPEED and RIM_SPEED: does the tool hold together, and does its edge meet the work at a sound speed.

Rim speed v = π D n / 60000 m/s. No tool runs above the speed marked on it (EN 847-1 practice); a router cutter without
a mark follows the table by diameter that woodworking guides give, a saw blade 100 m/s (Sealtool). Saw blades: 40 to 80
m/s are normal; router cutters: 61 m/s (12 000 ft/min) is the limit. The limits between the colours are RMOS policy.
"""

import math
from typing import Final

from rmos.engines.base import Assessment
from rmos.engines.baseline.cut import Cut
from rmos.engines.baseline.fields import DIAMETER, MACHINE_MAX_RPM, RPM, TOOL_KIND, TOOL_MAX_RPM
from rmos.engines.baseline.scoring import grade_at_least, grade_at_most
from rmos.engines.baseline.verdict import Grade, make_assessment, make_unknown
from rmos.engines.baseline.wording import num, round_down, round_up, share
from rmos.engines.rules import Rule

LIGHT_DESKTOP_MAX_RPM: Final = 30_000.0
"""Top speed of a trim router on a light desktop machine; stands in where the machine states none (RMOS policy)."""
ROUTER_MAX_RPM_BY_DIAMETER: Final = ((25.4, 24_000.0), (51.0, 18_000.0), (63.0, 16_000.0), (89.0, 12_000.0))
"""Largest speed of an unmarked router cutter up to a diameter in mm; beyond the last one 61 m/s (RMOS policy)."""
ROUTER_GREEN_M_S: Final = 50.0
ROUTER_LIMIT_M_S: Final = 61.0
SAW_GREEN_M_S: Final = (40.0, 80.0)
SAW_LIMIT_M_S: Final = (20.0, 100.0)
_RIM_NEEDS: Final = (RPM, DIAMETER, TOOL_KIND)

OVERSPEED: Final = Rule(
    id="OVERSPEED",
    category="rim_speed",
    question="Does the tool, or the machine, turn faster than it may?",
    formula="n / min(tool's marked n_max, machine's largest speed); an unmarked router cutter: 24 000 rpm to 25.4 mm, "
    "18 000 to 51 mm, 16 000 to 63 mm, 12 000 to 89 mm; an unmarked saw blade: 100 m/s",
    unit="of the largest speed",
    limits={"GREEN": "share <= 0.9", "YELLOW": "share <= 1", "RED": "share > 1"},
    source="marked n_max: EN 847-1 practice; unmarked: by diameter; limits between colours: RMOS policy",
    hint="Turn slower: above the marked speed a tool may come apart.",
    inputs=(RPM, TOOL_MAX_RPM, MACHINE_MAX_RPM, DIAMETER),
)
RIM_SPEED: Final = Rule(
    id="RIM_SPEED",
    category="rim_speed",
    question="Does the edge of the tool meet the work at a sound speed?",
    formula="v = π D n / 60000 m/s",
    unit="m/s",
    limits={
        "GREEN": "router cutter v <= 50 m/s; saw blade 40 to 80 m/s",
        "YELLOW": "router cutter v <= 61 m/s; saw blade 20 to 40 and 80 to 100 m/s",
        "RED": "router cutter v > 61 m/s; saw blade below 20 or above 100 m/s",
    },
    source="router cutters 61 m/s (12 000 ft/min); saw blades 40 to 80 m/s normal, 100 m/s the limit: Sealtool; "
    "limits between colours: RMOS policy",
    hint="Turn slower, or faster where a blade crawls and its mark allows it.",
    inputs=_RIM_NEEDS,
)


def rim_speed_m_s(diameter_mm: float, rpm: float) -> float:
    """Return v = π D n / 60000 in m/s."""
    return math.pi * diameter_mm * rpm / 60_000


def rpm_at(speed_m_s: float, diameter_mm: float) -> float:
    """Return the spindle speed in rpm at which the rim moves this fast."""
    return speed_m_s * 60_000 / (math.pi * diameter_mm)


def unmarked_max_rpm(diameter_mm: float, *, saw: bool) -> float:
    """Return the largest speed in rpm of a tool that carries no mark."""
    if saw:
        return rpm_at(SAW_LIMIT_M_S[1], diameter_mm)
    for largest, rpm in ROUTER_MAX_RPM_BY_DIAMETER:
        if diameter_mm <= largest:
            return rpm
    return min(ROUTER_MAX_RPM_BY_DIAMETER[-1][1], rpm_at(ROUTER_LIMIT_M_S, diameter_mm))


def overspeed(cut: Cut) -> Assessment:
    """Grade n as a share of the smaller of the tool's and the machine's largest speed: GREEN to 0.9, YELLOW to 1."""
    numbers = cut.numbers
    absent = cut.absent((RPM,) if TOOL_MAX_RPM in numbers else (RPM, DIAMETER))
    if absent:
        return make_unknown(cut, OVERSPEED, absent)
    if TOOL_MAX_RPM in numbers:
        largest, whose = numbers[TOOL_MAX_RPM], "that are marked on the tool"
    else:
        largest = unmarked_max_rpm(numbers[DIAMETER], saw=cut.is_sawn)
        whose = "that an unmarked tool of this diameter may turn"
    machine = numbers.get(MACHINE_MAX_RPM, LIGHT_DESKTOP_MAX_RPM)
    if machine < largest:
        largest, whose = machine, "that the machine turns at most"
    used = numbers[RPM] / largest
    risk, score = grade_at_most(used, 0.9, 1.0)
    finding = f"{num(numbers[RPM])} rpm is {100 * used:.3g} % of the {num(largest)} rpm {whose}"
    suggestion = None if risk == "GREEN" else f"run at {num(round_down(0.9 * largest))} rpm or less"
    grade = Grade(risk, score, 0.9)
    return make_assessment(cut, OVERSPEED, grade, used, finding, used=OVERSPEED.inputs, suggestion=suggestion)


def rim_speed(cut: Cut) -> Assessment:
    """Grade the speed of the cutting edge: too fast for router cutters, too fast or too slow for saw blades."""
    absent = cut.absent(_RIM_NEEDS)
    if absent:
        return make_unknown(cut, RIM_SPEED, absent)
    diameter = cut.numbers[DIAMETER]
    speed = rim_speed_m_s(diameter, cut.numbers[RPM])
    grade = _grade_saw(speed) if cut.is_sawn else _grade_router(speed)
    finding, suggestion = f"rim speed {num(speed)} m/s is normal for this tool", None
    limit = grade.limit
    if grade.risk != "GREEN" and grade.at_most:
        finding = (
            f"rim speed {num(speed)} m/s is {share(speed, limit)} the {num(limit)} m/s that are sound for this tool"
        )
        suggestion = f"run at {num(round_down(rpm_at(limit, diameter)))} rpm or less"
    elif grade.risk != "GREEN":
        finding = f"rim speed {num(speed)} m/s is below the {num(limit)} m/s from which a blade cuts well"
        suggestion = f"run at {num(round_up(rpm_at(limit, diameter)))} rpm or more if the blade's mark allows it"
    return make_assessment(cut, RIM_SPEED, grade, speed, finding, used=_RIM_NEEDS, suggestion=suggestion)


def _grade_router(speed: float) -> Grade:
    return Grade(*grade_at_most(speed, ROUTER_GREEN_M_S, ROUTER_LIMIT_M_S), ROUTER_GREEN_M_S)


def _grade_saw(speed: float) -> Grade:
    """Grade against both ends of the window; the end that is nearer to being crossed decides."""
    slow = grade_at_least(speed, SAW_GREEN_M_S[0], SAW_LIMIT_M_S[0])
    fast = grade_at_most(speed, SAW_GREEN_M_S[1], SAW_LIMIT_M_S[1])
    if fast[1] <= slow[1]:
        return Grade(*fast, SAW_GREEN_M_S[1])
    return Grade(*slow, SAW_GREEN_M_S[0], at_most=False)
