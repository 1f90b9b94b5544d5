"""OVERSPEED and RIM_SPEED: does the tool hold together, and does its edge meet the work at a sound speed.

Rim speed v = π D n / 60000 m/s. No tool runs above the speed marked on it (EN 847-1 practice); a router cutter without
a mark follows the table by diameter that woodworking guides give, a saw blade 100 m/s (Sealtool). Saw blades: 40 to 80
m/s are normal; router cutters: 61 m/s (12 000 ft/min) is the limit. The limits between the colours are RMOS policy.
"""

import math
from typing import Final

from rmos.engines.base import Assessment, Risk
from rmos.engines.baseline.cut import Cut, judged, not_judged
from rmos.engines.baseline.fields import DIAMETER, MACHINE_MAX_RPM, RPM, TOOL_KIND, TOOL_MAX_RPM
from rmos.engines.baseline.scoring import grade_at_least, grade_at_most
from rmos.engines.baseline.wording import num, round_down, round_up, share

GROUP: Final = "rim_speed"
OVERSPEED_SOURCE: Final = "marked n_max: EN 847-1 practice; unmarked: by diameter; limits between colours: RMOS policy"
ROUTER_SOURCE: Final = "12 000 ft/min limit of router cutters; limits between colours: RMOS policy"
SAW_SOURCE: Final = "40 to 80 m/s normal, 100 m/s the limit: Sealtool; limits between colours: RMOS policy"

LIGHT_DESKTOP_MAX_RPM: Final = 30_000.0
"""Top speed of a trim router on a light desktop machine; stands in where the machine states none (RMOS policy)."""
ROUTER_MAX_RPM_BY_DIAMETER: Final = ((25.4, 24_000.0), (51.0, 18_000.0), (63.0, 16_000.0), (89.0, 12_000.0))
"""Largest speed of an unmarked router cutter up to a diameter in mm; beyond the last one 61 m/s (RMOS policy)."""
ROUTER_GREEN_M_S: Final = 50.0
ROUTER_LIMIT_M_S: Final = 61.0
SAW_GREEN_M_S: Final = (40.0, 80.0)
SAW_LIMIT_M_S: Final = (20.0, 100.0)


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
    """Judge n as a share of the smaller of the tool's and the machine's largest speed: GREEN to 0.9, YELLOW to 1."""
    numbers = cut.numbers
    absent = cut.absent(RPM, *(() if TOOL_MAX_RPM in numbers else (DIAMETER,)))
    if absent:
        return not_judged(cut, "OVERSPEED", GROUP, absent, OVERSPEED_SOURCE)
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
    return judged(
        cut, "OVERSPEED", GROUP, risk, score, finding, OVERSPEED_SOURCE,
        value=used, unit="of the largest speed", limit=0.9, at_most=True,
        used=[RPM, TOOL_MAX_RPM, MACHINE_MAX_RPM, DIAMETER], suggestion=suggestion,
    )  # fmt: skip


def rim_speed(cut: Cut) -> Assessment:
    """Judge the speed of the cutting edge: too fast for router cutters, too fast or too slow for saw blades."""
    source = SAW_SOURCE if cut.is_sawn else ROUTER_SOURCE
    needed = (RPM, DIAMETER, TOOL_KIND)
    absent = cut.absent(*needed)
    if absent:
        return not_judged(cut, "RIM_SPEED", GROUP, absent, source)
    diameter = cut.numbers[DIAMETER]
    speed = rim_speed_m_s(diameter, cut.numbers[RPM])
    risk, score, limit, at_most = _grade_saw(speed) if cut.is_sawn else _grade_router(speed)
    finding, suggestion = f"rim speed {num(speed)} m/s is normal for this tool", None
    if risk != "GREEN" and at_most:
        finding = (
            f"rim speed {num(speed)} m/s is {share(speed, limit)} the {num(limit)} m/s that are sound for this tool"
        )
        suggestion = f"run at {num(round_down(rpm_at(limit, diameter)))} rpm or less"
    elif risk != "GREEN":
        finding = f"rim speed {num(speed)} m/s is below the {num(limit)} m/s from which a blade cuts well"
        suggestion = f"run at {num(round_up(rpm_at(limit, diameter)))} rpm or more if the blade's mark allows it"
    return judged(
        cut, "RIM_SPEED", GROUP, risk, score, finding, source,
        value=speed, unit="m/s", limit=limit, at_most=at_most, used=list(needed), suggestion=suggestion,
    )  # fmt: skip


def _grade_router(speed: float) -> tuple[Risk, float, float, bool]:
    return (*grade_at_most(speed, ROUTER_GREEN_M_S, ROUTER_LIMIT_M_S), ROUTER_GREEN_M_S, True)


def _grade_saw(speed: float) -> tuple[Risk, float, float, bool]:
    """Grade against both ends of the window; the end that is nearer to being crossed decides."""
    slow = grade_at_least(speed, SAW_GREEN_M_S[0], SAW_LIMIT_M_S[0])
    fast = grade_at_most(speed, SAW_GREEN_M_S[1], SAW_LIMIT_M_S[1])
    if fast[1] <= slow[1]:
        return (*fast, SAW_GREEN_M_S[1], True)
    return (*slow, SAW_GREEN_M_S[0], False)
