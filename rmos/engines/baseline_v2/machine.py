"""POWER, FORCE and MACHINE_FEED: can the machine drive this cut, push it through, and move like that.

The cut's power and force are in `load`. A router delivers about half of its nameplate power, a desktop gantry pushes
with about 89 N (20 lbf) (workbook of Shapeoko CNC A to Z). Desktop gantries feed to 5000 to 10 000 mm/min as their
makers print it, rigid ones faster; drills go down at 1000 to 4500 mm/min (Leitz, CMT). What a machine does not state
is that of its class (RMOS policy), as are the limits between the colours; a saw that states neither power nor feed is
not evaluated by them.
"""

from typing import Final

from rmos.engines.baseline.fields import FEED, MACHINE_CLASS, MACHINE_FORCE, PLUNGE_FEED, SPINDLE_POWER
from rmos.engines.baseline.machine import DELIVERED, LIGHT_DESKTOP_FORCE_N, LIGHT_DESKTOP_POWER_W
from rmos.engines.baseline.wording import num
from rmos.engines.baseline_v2.cut import Cut
from rmos.engines.baseline_v2.fields import HAND_FED, MACHINE_MAX_FEED
from rmos.engines.baseline_v2.load import FORMULA, LOAD_NEEDS, SOURCE, load_of
from rmos.engines.baseline_v2.verdict import Check, CheckVerdict, at_most
from rmos.engines.rules import Rule

POWER_LIMITS: Final = (0.9, 1.3)
FORCE_LIMITS: Final = (0.6, 1.0)
DEFAULT_MAX_FEED: Final = {"light": 8_000.0, "rigid": 30_000.0}
DRILL_FEED: Final = {"light": 2_500.0, "rigid": 4_500.0}
"""The fastest that drills go down: Leitz and CMT print 1 to 4.5 m/min for boring machines; the upright axis of a
desktop machine is slower (RMOS policy).
"""
DEFAULT_FEED_YELLOW: Final = 2.0
HAND_FEED: Final = (6_000.0, 12_000.0)
"""Ripping by hand is usually fed with 3 to 6 m/min (RMOS policy on usual practice)."""

POWER_RULE: Final = Rule(
    id="POWER",
    category="gate",
    question="Does the spindle have the power?",
    formula=f"{FORMULA}; share = P / (0.5 · nameplate)",
    unit="of the spindle's power",
    limits={"GREEN": "share <= 0.9", "YELLOW": "share <= 1.3", "RED": "share > 1.3"},
    source=f"half of the nameplate is delivered: workbook of Shapeoko CNC A to Z; {SOURCE}; limits: RMOS policy",
    hint="Take shallower passes.",
    inputs=(*LOAD_NEEDS, SPINDLE_POWER),
)
FORCE_RULE: Final = Rule(
    id="FORCE",
    category="gate",
    question="Can the machine push with the force of this cut?",
    formula=f"{FORMULA}; share = F / the machine's largest force",
    unit="of the machine's force",
    limits={"GREEN": "share <= 0.6", "YELLOW": "share <= 1", "RED": "share > 1"},
    source=f"89 N of a desktop gantry: workbook of Shapeoko CNC A to Z; {SOURCE}; limits: RMOS policy",
    hint="Take shallower passes.",
    inputs=(*LOAD_NEEDS, MACHINE_FORCE),
)
FEED_RULE: Final = Rule(
    id="MACHINE_FEED",
    category="gate",
    question="Do the axes, or a hand, feed that fast?",
    formula="the larger of feed and plunge feed against the machine's largest feed; where it states none 8000 mm/min "
    "(light) or 30 000 mm/min (rigid), for a drill 2500 or 4500 mm/min; by hand 6000 mm/min",
    unit="mm/min",
    limits={
        "GREEN": "feed <= the largest",
        "YELLOW": "to twice that, if the machine states none or a hand feeds",
        "RED": "above",
    },
    source="largest feeds of desktop machines as their makers print them, 5000 to 10 000 mm/min; drills 1000 to 4500 "
    "mm/min: Leitz, CMT; stand-ins and limits: RMOS policy",
    hint="Feed slower, and turn slower with it; or state the machine's max_feed_mm_min.",
    inputs=(FEED, PLUNGE_FEED, MACHINE_MAX_FEED, MACHINE_CLASS, HAND_FED),
)


def _has_power(cut: Cut) -> bool:
    return not cut.is_sawn or SPINDLE_POWER in cut.inputs.numbers


def _grade_power(cut: Cut) -> CheckVerdict:
    nameplate = cut.limit(SPINDLE_POWER, LIGHT_DESKTOP_POWER_W)
    return at_most(load_of(cut).power_w / (DELIVERED * nameplate), *POWER_LIMITS)


def _describe_power(cut: Cut, verdict: CheckVerdict) -> str:
    needed = load_of(cut).power_w
    delivered = needed / verdict.value
    finding = f"the cut takes {num(needed)} W of the {num(delivered)} W that reach the cutter"
    return _describe_share(finding, verdict)


def _grade_force(cut: Cut) -> CheckVerdict:
    return at_most(load_of(cut).force_n / cut.limit(MACHINE_FORCE, LIGHT_DESKTOP_FORCE_N), *FORCE_LIMITS)


def _describe_force(cut: Cut, verdict: CheckVerdict) -> str:
    needed = load_of(cut).force_n
    largest = cut.limit(MACHINE_FORCE, LIGHT_DESKTOP_FORCE_N)
    finding = f"the cut pushes back with {num(needed)} N, the machine pushes with {num(largest)} N at most"
    return _describe_share(finding, verdict)


def _describe_share(finding: str, verdict: CheckVerdict) -> str:
    if verdict.risk == "GREEN":
        return finding
    return f"{finding}, {100 * verdict.value:.3g} % where {100 * verdict.limit:g} % are sound"


def largest_feed(cut: Cut) -> float:
    """Return the largest feed of the machine, or that of its class, or of a hand."""
    if cut.is_hand_fed:
        return HAND_FEED[0]
    defaults = DRILL_FEED if cut.is_drilled else DEFAULT_MAX_FEED
    return cut.limit(MACHINE_MAX_FEED, defaults[cut.machine_class])


def _has_feed(cut: Cut) -> bool:
    return not cut.is_sawn or cut.is_hand_fed or MACHINE_MAX_FEED in cut.inputs.numbers


def _grade_feed(cut: Cut) -> CheckVerdict:
    fastest = cut.plunge if cut.plunge > cut.feed else cut.feed
    if cut.is_hand_fed:
        return at_most(fastest, *HAND_FEED)
    stated = MACHINE_MAX_FEED in cut.inputs.numbers
    largest = largest_feed(cut)
    return at_most(fastest, largest, largest if stated else DEFAULT_FEED_YELLOW * largest)


def _describe_feed(cut: Cut, verdict: CheckVerdict) -> str:
    who = "a hand feeds" if cut.is_hand_fed else "the machine moves"
    if not cut.is_hand_fed and MACHINE_MAX_FEED not in cut.inputs.numbers:
        who = "a drill usually goes down" if cut.is_drilled else f"a {cut.machine_class} machine usually moves"
    within = "is within" if verdict.risk == "GREEN" else "is more than"
    return f"a feed of {num(verdict.value)} mm/min {within} the {num(verdict.limit)} mm/min that {who} at most"


POWER: Final = Check(POWER_RULE, LOAD_NEEDS, _grade_power, _describe_power, applies=_has_power)
FORCE: Final = Check(FORCE_RULE, LOAD_NEEDS, _grade_force, _describe_force)
MACHINE_FEED: Final = Check(FEED_RULE, (FEED,), _grade_feed, _describe_feed, applies=_has_feed)
