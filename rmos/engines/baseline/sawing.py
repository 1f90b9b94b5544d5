"""SAW_BITE: how much each tooth of a saw blade takes.

Bite b = v_f / (n · teeth) (saw makers), against the windows of ToolCroze (see `chart`): too little rubs and burns, too
much tears. Acrylic and hard plastic are sawn like MDF, brass like aluminium, shell and bone like hardwood, and the
limits between the colours are set: all of this is RMOS policy.
"""

from typing import Final

from rmos.engines.base import Assessment
from rmos.engines.baseline import chart
from rmos.engines.baseline.chip import chipload
from rmos.engines.baseline.cut import Cut
from rmos.engines.baseline.fields import FEED, FLUTES, MATERIAL, RPM
from rmos.engines.baseline.scoring import grade_at_least, grade_at_most
from rmos.engines.baseline.verdict import Grade, make_assessment, make_unknown
from rmos.engines.baseline.wording import num, round_down, round_up, share
from rmos.engines.rules import Rule

LEAST: Final = 0.5
MOST: Final = 1.5
_NEEDS: Final = (FEED, RPM, FLUTES, MATERIAL)

SAW_BITE: Final = Rule(
    id="SAW_BITE",
    category="chipload",
    question="Does each tooth of the blade take a sound bite?",
    formula="b = v_f / (n · teeth)",
    unit="mm",
    limits={"GREEN": "inside the window", "YELLOW": "0.5 of its low end to 1.5 of its high end", "RED": "outside that"},
    source=f"{chart.BITE_SOURCE}; columns of plastics, brass, shell and bone, limits between colours: RMOS policy",
    hint="Feed faster when the teeth rub, slower when they tear.",
    inputs=_NEEDS,
)


def saw_bite(cut: Cut) -> Assessment:
    """Grade the bite against both ends of the window; the end that is nearer to being crossed decides."""
    absent = cut.absent(_NEEDS)
    if absent or cut.material is None:
        return make_unknown(cut, SAW_BITE, absent)
    numbers = cut.numbers
    bite = chipload(numbers[FEED], numbers[RPM], numbers[FLUTES])
    low, high = chart.BITES[cut.material.saw]
    little, much = grade_at_least(bite, low, LEAST * low), grade_at_most(bite, high, MOST * high)
    at_most = much[1] <= little[1]
    grade = Grade(*much, high) if at_most else Grade(*little, low, at_most=False)
    finding, suggestion = f"bite {num(bite)} mm per tooth is within {num(low)} to {num(high)} mm", None
    if grade.risk != "GREEN":
        feed = grade.limit * numbers[RPM] * numbers[FLUTES]
        if at_most:
            finding = f"bite {num(bite)} mm per tooth is {share(bite, high)} the largest sound one of {num(high)} mm"
            suggestion = f"feed {num(round_down(feed))} mm/min or less"
        else:
            finding = f"bite {num(bite)} mm per tooth is {share(bite, low)} the smallest sound one of {num(low)} mm"
            suggestion = f"feed {num(round_up(feed))} mm/min or more"
    return make_assessment(cut, SAW_BITE, grade, bite, finding, used=_NEEDS, suggestion=suggestion)
