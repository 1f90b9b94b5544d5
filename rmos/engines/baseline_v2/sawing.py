"""SAW_BITE: how much each tooth of a saw blade takes.

Bite b = v_f / (n · teeth) (saw makers). ToolCroze's windows are for a machine that feeds; strips are fed by hand at far
less (0.018 mm in the case that is published) and are sound, so the thin end of GREEN is a quarter of the window's low
end, by hand 0.002 mm; YELLOW there, for burning, has no end. Above, too much tears. Acrylic and hard plastic are sawn
like MDF, brass like aluminium, shell and bone like hardwood. All of these limits are RMOS policy.
"""

from typing import Final

from rmos.engines.baseline.fields import FEED, FLUTES, MATERIAL, RPM
from rmos.engines.baseline.wording import num, share
from rmos.engines.baseline_v2 import charts
from rmos.engines.baseline_v2.cut import Cut
from rmos.engines.baseline_v2.fields import HAND_FED
from rmos.engines.baseline_v2.verdict import Check, CheckVerdict, at_least, at_most, not_red, within
from rmos.engines.rules import Rule

THIN_SHARE: Final = 0.25
THIN_BY_HAND_MM: Final = 0.002
MOST: Final = 1.5
_NEEDS: Final = (FEED, RPM, FLUTES, MATERIAL)

BITE_RULE: Final = Rule(
    id="SAW_BITE",
    category="chipload",
    question="Does each tooth of the blade take a sound bite?",
    formula="b = v_f / (n · teeth)",
    unit="mm",
    limits={
        "GREEN": "from a quarter of the window's low end, by hand from 0.002 mm, to its high end",
        "YELLOW": "below that, and to 1.5 of the high end",
        "RED": "above 1.5 of the high end",
    },
    source=f"{charts.BITE_SOURCE}; by hand 0.018 mm: Carbide 3D community; columns of plastics, brass, shell and "
    "bone, the thin end and limits between colours: RMOS policy",
    hint="Feed faster when the teeth rub, slower when they tear.",
    inputs=(*_NEEDS, HAND_FED),
)


def _grade(cut: Cut) -> CheckVerdict | None:
    if cut.material is None:
        return None
    bite = cut.feed / (cut.rpm * cut.flutes)
    low, high = charts.BITES[cut.material.saw]
    thin = THIN_BY_HAND_MM if cut.is_hand_fed else THIN_SHARE * low
    return within(not_red(at_least(bite, thin, 0.5 * thin)), at_most(bite, high, MOST * high))


def _describe(cut: Cut, verdict: CheckVerdict) -> str:
    low, high = charts.BITES[cut.material.saw] if cut.material else (0.0, 0.0)
    bite = f"bite {num(verdict.value)} mm per tooth"
    if verdict.risk == "GREEN":
        thin = THIN_BY_HAND_MM if cut.is_hand_fed else THIN_SHARE * low
        return f"{bite} is within {num(thin)} to {num(high)} mm"
    end = "largest" if verdict.is_most else "smallest"
    return f"{bite} is {share(verdict.value, verdict.limit)} the {end} sound one of {num(verdict.limit)} mm"


SAW_BITE: Final = Check(BITE_RULE, _NEEDS, _grade, _describe)
