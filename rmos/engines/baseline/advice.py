"""What to change about a cut, where several checks advise the same: shallower passes, a shorter stick-out."""

from typing import Final

from rmos.engines.baseline.cut import Cut
from rmos.engines.baseline.fields import AXIAL_DEPTH, STICKOUT
from rmos.engines.baseline.wording import num, round_down

SHALLOWEST_MM: Final = 0.01
"""No shallower pass is suggested: no machine holds it (RMOS policy)."""
SHORTEST_MM: Final = 1.0
"""No shorter stick-out is suggested: nobody can clamp it (RMOS policy)."""


def suggest_shallower(cut: Cut, share: float) -> list[str]:
    """Suggest this share of the depth of a pass, if a machine can make such a pass."""
    depth = round_down(cut.numbers[AXIAL_DEPTH] * share)
    return [f"passes of {num(depth)} mm or less"] if depth >= SHALLOWEST_MM else []


def suggest_shorter(cut: Cut, share: float) -> list[str]:
    """Suggest this share of the stick-out, if somebody can clamp it."""
    stickout = round_down(cut.numbers[STICKOUT] * share)
    return [f"a stick-out of {num(stickout)} mm or less"] if stickout >= SHORTEST_MM else []


def join_alternatives(*ways: str, otherwise: str) -> str:
    """Return the ways as alternatives; when there is none, what is left to do."""
    return ", or ".join(ways) or otherwise
