"""GEOMETRY: can this tool make this shape, does it reach, and does the shape hold.

An opening of width W needs a tool that is no wider; a slot of the cutter's own width is a slot. An inside corner gets
no smaller radius than the cutter's; flutes that are shorter than the cut is deep rub with their shank; a V-bit cuts
as deep as its cone is high and leaves a wall that leans; a blade reaches from its rim to its flanges (plain
geometry). The floor under a channel is evaluated by its share of the top's thickness (steel-string tops 2.8 to 3.05
mm, classical ones 2 to 2.5 mm; thicker stock counts as 3.05 mm) and never below 0.8 mm, walls of milled parts by
their thickness. A cut that goes through may scratch the spoil board. Table saws of 254 mm cut 79 to 89 mm high,
circular saws of 190 mm 66 mm, a 100 mm saw 27 mm as their makers print it: a third of the diameter. Limits are RMOS
policy. The worst of the parts is the check.
"""

import functools
import math
from collections.abc import Callable
from typing import Final

from rmos.engines.baseline.fields import (
    CORNER_RADIUS,
    DIAMETER,
    ENGAGEMENT,
    FLOOR,
    FLUTE_LENGTH,
    MEASURED,
    STOCK_THICKNESS,
    TOTAL_DEPTH,
    WALL,
    WIDTH,
    goes_through,
)
from rmos.engines.baseline.wording import num, round_down, round_up
from rmos.engines.baseline_v2.cut import Cut
from rmos.engines.baseline_v2.fields import ANGLE, CUT_HEIGHT, MILLED, SAWN, TIP
from rmos.engines.baseline_v2.shape import cone_height_mm, effective_diameter_mm
from rmos.engines.baseline_v2.verdict import Check, CheckVerdict, at_least, at_most, badness
from rmos.engines.rules import Rule

FLOOR_SHARE: Final = (0.5, 0.35)
THINNEST_FLOOR_MM: Final = 0.8
THICKEST_TOP_MM: Final = 3.05
"""Stock that is thicker is no top: its floor is evaluated as that of a top of this thickness."""
WALL_MM: Final = (0.8, 0.5)
FLOOR_SLACK_MM: Final = 0.2
"""How much more floor may be stated than the stock leaves below the cut: tops vary by a tenth or two."""
INTO_THE_BED_MM: Final = (1.0, 3.0)
LEAN_DEG: Final = (5.0, 90.0)
BLADE_SHARE: Final = (0.35, 0.4)
_FLOORED: Final = ("channel", "inlay_pocket")

GEOMETRY_RULE: Final = Rule(
    id="GEOMETRY",
    category="gate",
    question="Can this tool make this shape, does it reach, and does the shape hold?",
    formula="W / tool's width at this depth; floor / top, of 3.05 mm at the most; radius / (D/2); total depth / flute "
    "length or cone; wall in mm; mm into the bed; lean of a V-bit's wall; height / diameter of a blade; the worst of "
    "them",
    unit="of the part that decides",
    limits={
        "GREEN": "W/D >= 1; floor/top >= 0.5; radius/(D/2) >= 1; depth/flute <= 1; wall >= 0.8 mm; to 1 mm into the "
        "bed; lean <= 5 degrees; height/blade <= 0.35, or the blade's stated cut height",
        "YELLOW": "floor/top >= 0.35; wall >= 0.5 mm; to 3 mm into the bed; any lean; height/blade <= 0.4",
        "RED": "W/D < 1; floor/top < 0.35 or less than 0.8 mm left; radius/(D/2) < 1; depth/flute > 1; wall < 0.5 mm; "
        "height/blade > 0.4, or above the stated cut height",
    },
    source="plain geometry; tops 2.8 to 3.05 mm (steel string), 2 to 2.5 mm (classical); heights of saws: their "
    "makers; limits: RMOS policy",
    hint="Take a thinner cutter or one with longer flutes; leave more floor and wall.",
    inputs=(
        *(DIAMETER, WIDTH, TOTAL_DEPTH, FLUTE_LENGTH, FLOOR, STOCK_THICKNESS, CORNER_RADIUS, WALL, ANGLE, TIP),
        *(ENGAGEMENT, CUT_HEIGHT),
    ),
)

Part = Callable[[Cut], CheckVerdict]
_Looks = tuple[tuple[Part, tuple[str, ...]], ...]


def width_there(cut: Cut) -> float:
    """Return how wide the tool is at the surface when it is all the way down."""
    return effective_diameter_mm(cut, cut.total) if cut.total == cut.total else cut.diameter


def _width(cut: Cut) -> CheckVerdict:
    return at_least(cut.width / width_there(cut), 1.0, 1.0, "width", "diameters")


def _corner(cut: Cut) -> CheckVerdict:
    return at_least(2 * cut.inputs.numbers[CORNER_RADIUS] / cut.diameter, 1.0, 1.0, "corner", "cutter radii")


def _flutes(cut: Cut) -> CheckVerdict:
    return at_most(cut.total / cut.flute_length, 1.0, 1.0, "flutes", "of the flute length")


def _cone(cut: Cut) -> CheckVerdict:
    return at_most(cut.total / cone_height_mm(cut), 1.0, 1.0, "cone", "of the cone's height")


def _lean(cut: Cut) -> CheckVerdict:
    return at_most(cut.angle / 2, *LEAN_DEG, "lean", "degrees")


def floor_of(cut: Cut) -> float:
    """Return what is left below a channel: what was stated, unless the depth leaves clearly less."""
    left = max(cut.stock - cut.total, 0.0)
    return cut.floor if cut.floor <= left + FLOOR_SLACK_MM else left


def _floor(cut: Cut) -> CheckVerdict:
    floor = floor_of(cut)
    share = at_least(floor / min(cut.stock, THICKEST_TOP_MM), *FLOOR_SHARE, "floor", "of the top")
    thin = at_least(floor, THINNEST_FLOOR_MM, THINNEST_FLOOR_MM, "floor", "mm")
    return share if thin.risk == "GREEN" or thin.score >= share.score else thin


def _wall(cut: Cut) -> CheckVerdict:
    return at_least(cut.inputs.numbers[WALL], *WALL_MM, "wall", "mm")


def _bed(cut: Cut) -> CheckVerdict:
    return at_most(max(cut.total - cut.stock, 0.0), *INTO_THE_BED_MM, "bed", "mm")


def _blade(cut: Cut) -> CheckVerdict:
    height = cut.inputs.numbers.get(CUT_HEIGHT)
    if height is not None:
        return at_most(cut.engagement / height, 1.0, 1.0, "blade", "of the blade's cut height")
    return at_most(cut.engagement / cut.diameter, *BLADE_SHARE, "blade", "diameters")


@functools.cache
def _parts_of(
    operation: str | None, kind: str, has_stock: bool, has_wall: bool, is_through: bool
) -> tuple[_Looks, tuple[str, ...]]:
    """Return what to look at with what each needs, and what all of them need together."""
    parts: list[tuple[Part, tuple[str, ...]]] = [(_width, (WIDTH, DIAMETER)), (_flutes, (TOTAL_DEPTH, FLUTE_LENGTH))]
    if operation == SAWN:
        parts = [(_blade, (ENGAGEMENT, DIAMETER))]
    elif kind == "v_bit":
        parts[0] = (_width, (WIDTH, DIAMETER, ANGLE, TOTAL_DEPTH))
        parts.append((_cone, (TOTAL_DEPTH, ANGLE, DIAMETER)))
    if operation == MEASURED:  # its shape is its path, so there is no width to fit
        parts.pop(0)
    if operation in _FLOORED or (operation == MEASURED and not is_through):
        parts.append((_floor, (FLOOR, STOCK_THICKNESS, TOTAL_DEPTH)))
        # A V-bit rises into its corners, so it has no smallest radius.
        if operation == "inlay_pocket" and kind != "v_bit":
            parts.append((_corner, (CORNER_RADIUS, DIAMETER)))
    elif operation != SAWN:
        if has_stock:
            parts.append((_bed, (TOTAL_DEPTH,)))
        if has_wall:
            parts.append((_wall, ()))
        if kind == "v_bit" and operation in MILLED:
            parts.append((_lean, (ANGLE,)))
    return tuple(parts), tuple(dict.fromkeys(path for _, paths in parts for path in paths))


def _parts(cut: Cut) -> tuple[_Looks, tuple[str, ...]]:
    return _parts_of(cut.operation, cut.kind, STOCK_THICKNESS in cut.sent, WALL in cut.sent, _is_through(cut))


def _is_through(cut: Cut) -> bool:
    return cut.operation == MEASURED and goes_through(cut.inputs.numbers)


def needs(cut: Cut) -> tuple[str, ...]:
    """Return the inputs without which the shape cannot be evaluated."""
    return _parts(cut)[1]


def _seen(cut: Cut) -> list[CheckVerdict]:
    return [look(cut) for look, paths in _parts(cut)[0] if cut.usable.issuperset(paths)]


def _grade(cut: Cut) -> CheckVerdict | None:
    """Return the worst of the parts that can be looked at."""
    return max(_seen(cut), key=badness, default=None)


def _poor(cut: Cut) -> list[CheckVerdict]:
    return [verdict for verdict in _seen(cut) if verdict.risk != "GREEN"]


def _describe(cut: Cut, verdict: CheckVerdict) -> str:
    if verdict.risk == "GREEN":
        return f"the shape suits the tool: {_describe_part(cut, verdict)}"
    return "; ".join(_describe_part(cut, part) for part in _poor(cut))


def _describe_part(cut: Cut, verdict: CheckVerdict) -> str:
    value = num(verdict.value)
    match verdict.part:
        case "width":
            at_depth = f" ({num(width_there(cut))} mm at this depth)" if cut.kind == "v_bit" else ""
            return f"the opening of {num(cut.width)} mm is {value} cutter diameters wide{at_depth}"
        case "corner":
            return f"the inside corner of {num(cut.inputs.numbers[CORNER_RADIUS])} mm is {value} cutter radii"
        case "flutes":
            return f"{num(cut.total)} mm deep is {value} of the flutes' {num(cut.flute_length)} mm"
        case "cone":
            return f"{num(cut.total)} mm deep is {value} of the cone's height of {num(cone_height_mm(cut))} mm"
        case "lean":
            return f"a V-bit leaves a wall that leans by {value} degrees"
        case "floor":
            return f"a floor of {num(floor_of(cut))} mm is left of the {num(cut.stock)} mm"
        case "wall":
            return f"the wall is {value} mm"
        case "bed":
            return f"the cut goes {value} mm below the stock of {num(cut.stock)} mm"
    height = cut.inputs.numbers.get(CUT_HEIGHT, BLADE_SHARE[0] * cut.diameter)
    return f"the cut is {num(cut.engagement)} mm high, the blade of {num(cut.diameter)} mm reaches {num(height)} mm"


def remedies(cut: Cut) -> str | None:
    """Return what mends all the poor parts together, None when there are none."""
    poor = {verdict.part for verdict in _poor(cut)}
    if not poor:
        return None
    leans = "lean" in poor
    is_v = cut.kind == "v_bit" and not leans
    wide = {"width"} if leans and WIDTH in cut.usable else set()
    steps = _cutter(cut, poor | wide if not is_v else poor - {"width"})
    depths = [deepest(cut) for part, deepest in _DEEPEST.items() if part in poor and not (part == "cone" and leans)]
    depths += [_depth_of_width(cut)] if is_v and "width" in poor else []
    deepest, stock = min(depths, default=math.inf), cut.stock
    if deepest <= 0:
        stock = round_up(thinnest_stock(cut.total))
        steps.append(f"take stock of {num(stock)} mm or more")
    elif deepest < cut.total:
        steps.append(f"cut {num(round_down(deepest))} mm deep or less")
    if "floor" in poor and cut.floor < thinnest_floor(stock):
        steps.append(f"leave a floor of {num(_three_digits_up(thinnest_floor(stock)))} mm or more")
    steps += [describe(cut) for part, describe in _OTHERWISE.items() if part in poor]
    return " and ".join(steps)


def _cutter(cut: Cut, poor: set[str]) -> list[str]:
    cutters = [fits(cut) for part, fits in _LARGEST_CUTTER.items() if part in poor]
    if not cutters or min(cutters) >= cut.diameter:
        return []
    return [f"a cutter of {num(round_down(min(cutters)))} mm or less"]


def _depth_of_width(cut: Cut) -> float:
    """Return how deep a V-bit may go without being wider than the opening."""
    return max((cut.width - cut.tip) / 2 / math.tan(math.radians(cut.angle) / 2), 0.0)


def _three_digits_up(number: float) -> float:
    """Return a number with three digits that is no smaller: two would be more than what is left of a thick top."""
    step = 10.0 ** (math.floor(math.log10(number)) - 2)
    return float(f"{math.ceil(number / step * (1 - 1e-9)) * step:.6g}")


def thinnest_floor(stock_mm: float) -> float:
    """Return the thinnest floor of a top that is GREEN."""
    return max(FLOOR_SHARE[0] * min(stock_mm, THICKEST_TOP_MM), THINNEST_FLOOR_MM)


def thinnest_stock(depth_mm: float) -> float:
    """Return the thinnest stock in which a cut of this depth leaves a floor that is GREEN."""
    thick = depth_mm + FLOOR_SHARE[0] * THICKEST_TOP_MM
    return thick if thick >= THICKEST_TOP_MM else depth_mm + max(depth_mm, THINNEST_FLOOR_MM)


_LARGEST_CUTTER: Final[dict[str, Callable[[Cut], float]]] = {
    "width": lambda cut: cut.width,
    "corner": lambda cut: 2 * cut.inputs.numbers[CORNER_RADIUS],
}
"""Part → the largest cutter that mends it."""
_DEEPEST: Final[dict[str, Callable[[Cut], float]]] = {
    "cone": cone_height_mm,
    "floor": lambda cut: cut.stock - thinnest_floor(cut.stock),
    "bed": lambda cut: cut.stock + INTO_THE_BED_MM[0],
}
"""Part → the deepest cut that mends it."""
_OTHERWISE: Final[dict[str, Callable[[Cut], str]]] = {
    "flutes": lambda cut: f"a cutter with flutes of {num(round_up(cut.total))} mm or more",
    "wall": lambda cut: f"leave a wall of {num(WALL_MM[0])} mm or more",
    "lean": lambda cut: "take an end_mill",
    "blade": lambda cut: (
        f"a blade of {num(round_up(cut.engagement / BLADE_SHARE[0]))} mm or more, or saw from both sides"
    ),
}
"""Part → what else mends it."""

GEOMETRY: Final = Check(GEOMETRY_RULE, (), _grade, _describe, moves=False)
