"""GEOMETRY: can this cutter make this shape, and does the shape hold.

A slot of width W needs a cutter of D <= W; an inside corner gets no smaller radius than D/2; flutes that are shorter
than the cut is deep rub with their shank (plain geometry). The floor under a channel is evaluated by its share of the
top's thickness (steel-string tops 2.8 to 3.05 mm, classical ones 2 to 2.5 mm) and never below 0.8 mm; walls of milled
parts by their thickness. All limits are RMOS policy. The worst of the parts is the check.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from rmos.engines.base import Assessment
from rmos.engines.baseline.cut import Cut
from rmos.engines.baseline.fields import (
    CORNER_RADIUS,
    DIAMETER,
    FLOOR,
    FLUTE_LENGTH,
    MEASURED,
    STOCK_THICKNESS,
    TOTAL_DEPTH,
    WALL,
    WIDTH,
    goes_through,
)
from rmos.engines.baseline.scoring import GATE, grade_at_least, grade_at_most
from rmos.engines.baseline.verdict import Grade, make_assessment, make_unknown
from rmos.engines.baseline.wording import num, round_down, round_up
from rmos.engines.rules import Rule

PLAY: Final = (1.1, 1.0)
"""Where GREEN and YELLOW end for W/D, and for a corner's radius in D/2."""
FLOOR_SHARE: Final = (0.5, 0.35)
THINNEST_FLOOR_MM: Final = 0.8
WALL_MM: Final = (0.8, 0.5)
FLOOR_SLACK_MM: Final = 0.5
"""How much more floor may be stated than the stock leaves below the cut: tops vary by some tenths."""

GEOMETRY: Final = Rule(
    id="GEOMETRY",
    category=GATE,
    question="Can this cutter make this shape, and does the shape hold?",
    formula="W/D; floor / top; radius / (D/2); total depth / flute length; wall in mm; the worst of them",
    unit="of the part that decides",
    limits={
        "GREEN": "W/D >= 1.1; floor/top >= 0.5; radius/(D/2) >= 1.1; depth/flute <= 1; wall >= 0.8 mm",
        "YELLOW": "W/D >= 1; floor/top >= 0.35; radius/(D/2) >= 1; wall >= 0.5 mm",
        "RED": "W/D < 1; floor/top < 0.35 or less than 0.8 mm left; radius/(D/2) < 1; depth/flute > 1; wall < 0.5 mm",
    },
    source="plain geometry; tops 2.8 to 3.05 mm (steel string), 2 to 2.5 mm (classical); limits: RMOS policy",
    hint="Take a thinner cutter or one with longer flutes; leave more floor and wall.",
    inputs=(DIAMETER, WIDTH, TOTAL_DEPTH, FLUTE_LENGTH, FLOOR, STOCK_THICKNESS, CORNER_RADIUS, WALL),
)


class Part(msgspec.Struct, frozen=True, gc=False):
    """One thing that GEOMETRY looks at: what came out, and unless it is GREEN the largest cutter or another remedy."""

    grade: Grade
    value: float
    unit: str
    finding: str
    suggestion: str | None = None
    largest_cutter_mm: float | None = None


Look = Callable[[dict[str, float]], Part]


def _width(numbers: dict[str, float]) -> Part:
    width, diameter = numbers[WIDTH], numbers[DIAMETER]
    risk, score = grade_at_least(width / diameter, *PLAY)
    finding = f"the opening of {num(width)} mm is {num(width / diameter)} cutter diameters wide"
    grade = Grade(risk, score, PLAY[0], at_most=False)
    largest = None if risk == "GREEN" else width / PLAY[0]
    return Part(grade, width / diameter, "diameters", finding, largest_cutter_mm=largest)


def _corner(numbers: dict[str, float]) -> Part:
    radius, diameter = numbers[CORNER_RADIUS], numbers[DIAMETER]
    ratio = 2 * radius / diameter
    risk, score = grade_at_least(ratio, *PLAY)
    finding = f"the inside corner of {num(radius)} mm is {num(ratio)} cutter radii"
    grade = Grade(risk, score, PLAY[0], at_most=False)
    largest = None if risk == "GREEN" else 2 * radius / PLAY[0]
    return Part(grade, ratio, "cutter radii", finding, largest_cutter_mm=largest)


def _flutes(numbers: dict[str, float]) -> Part:
    depth, flutes = numbers[TOTAL_DEPTH], numbers[FLUTE_LENGTH]
    risk, score = grade_at_most(depth / flutes, 1, 1)
    finding = f"{num(depth)} mm deep is {num(depth / flutes)} of the flutes' {num(flutes)} mm"
    suggestion = None if risk == "GREEN" else f"a cutter with flutes of {num(round_up(depth))} mm or more"
    return Part(Grade(risk, score, 1), depth / flutes, "of the flute length", finding, suggestion)


def _floor(numbers: dict[str, float]) -> Part:
    """Grade what is left below a channel; what was stated counts unless the depth leaves clearly less."""
    stated, top, depth = numbers[FLOOR], numbers[STOCK_THICKNESS], numbers[TOTAL_DEPTH]
    left = top - depth
    is_cut_away = stated > left + FLOOR_SLACK_MM
    floor = max(left, 0.0) if is_cut_away else stated
    risk, score = grade_at_least(floor / top, *FLOOR_SHARE)
    value, limit, unit = floor / top, FLOOR_SHARE[0], "of the top"
    if floor < THINNEST_FLOOR_MM:
        risk, thin_score = grade_at_least(floor, THINNEST_FLOOR_MM, THINNEST_FLOOR_MM)
        if thin_score < score:
            score, value, limit, unit = thin_score, floor, THINNEST_FLOOR_MM, "mm"
    finding = f"a floor of {num(floor)} mm is left of the {num(top)} mm"
    if is_cut_away:
        finding = f"{num(depth)} mm deep leaves {num(floor)} mm of the {num(top)} mm, not the floor of {num(stated)} mm"
    suggestion = None
    if risk != "GREEN":
        suggestion = _more_floor(top, depth)
    return Part(Grade(risk, score, limit, at_most=False), value, unit, finding, suggestion)


def _more_floor(top: float, depth: float) -> str:
    needed = round_up(max(FLOOR_SHARE[0] * top, THINNEST_FLOOR_MM))
    if needed >= top:
        return f"take stock of {num(round_up(depth + max(depth, THINNEST_FLOOR_MM)))} mm or more"
    if needed > top - depth + FLOOR_SLACK_MM:
        return f"cut {num(round_down(top - needed))} mm deep or less"
    return f"leave a floor of {num(needed)} mm or more"


def _wall(numbers: dict[str, float]) -> Part:
    wall = numbers[WALL]
    risk, score = grade_at_least(wall, *WALL_MM)
    suggestion = None if risk == "GREEN" else f"leave a wall of {num(WALL_MM[0])} mm or more"
    return Part(Grade(risk, score, WALL_MM[0], at_most=False), wall, "mm", f"the wall is {num(wall)} mm", suggestion)


_CHANNEL: Final[tuple[tuple[Look, tuple[str, ...]], ...]] = (
    (_width, (WIDTH, DIAMETER)),
    (_flutes, (TOTAL_DEPTH, FLUTE_LENGTH)),
    (_floor, (FLOOR, STOCK_THICKNESS, TOTAL_DEPTH)),
)
_POCKET: Final = (*_CHANNEL, (_corner, (CORNER_RADIUS, DIAMETER)))
_CUT_OUT: Final = (_CHANNEL[0], _CHANNEL[1])
_WALLED: Final = (*_CUT_OUT, (_wall, (WALL,)))
_MEASURED: Final = (_CHANNEL[1], _CHANNEL[2])
_MEASURED_THROUGH: Final = (_CHANNEL[1],)

_NEEDS: Final = {
    parts: tuple(dict.fromkeys(path for _, needs in parts for path in needs))
    for parts in (_CHANNEL, _POCKET, _CUT_OUT, _WALLED, _MEASURED, _MEASURED_THROUGH)
}


def geometry(cut: Cut) -> Assessment:
    """Grade the shape by the worst of its parts.

    A part that lacks inputs makes the check UNKNOWN, unless another part is RED whatever the missing ones are.
    """
    parts, numbers = _parts_of(cut), cut.numbers
    used = _NEEDS[parts]
    absent = cut.absent(used)
    seen = [look(numbers) for look, needs in parts if not absent or not cut.absent(needs)]
    worst = min(seen, key=_score, default=None)
    if worst is None or (absent and worst.grade.risk != "RED"):
        return make_unknown(cut, GEOMETRY, absent)
    poor = [part for part in seen if part.grade.risk != "GREEN"]
    finding = "; ".join(part.finding for part in poor) or f"the shape suits the cutter: {worst.finding}"
    suggestion = _remedies(poor) if poor else None
    return make_assessment(
        cut, GEOMETRY, worst.grade, worst.value, finding, used=used, suggestion=suggestion, unit=worst.unit
    )


def _remedies(poor: list[Part]) -> str:
    """Return what mends all of these parts together."""
    cutters = [part.largest_cutter_mm for part in poor if part.largest_cutter_mm is not None]
    remedies = [f"a cutter of {num(round_down(min(cutters)))} mm or less"] if cutters else []
    return " and ".join([*remedies, *(part.suggestion for part in poor if part.suggestion)])


def _parts_of(cut: Cut) -> tuple[tuple[Look, tuple[str, ...]], ...]:
    if cut.operation == "channel":
        return _CHANNEL
    if cut.operation == "inlay_pocket":
        return _POCKET
    if cut.operation == MEASURED:  # its shape is its path, so there is no width to fit
        return _MEASURED_THROUGH if goes_through(cut.numbers) else _MEASURED
    return _WALLED if WALL in cut.sent else _CUT_OUT


def _score(part: Part) -> float:
    return part.grade.score
