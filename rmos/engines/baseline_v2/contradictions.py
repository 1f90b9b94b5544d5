"""CutInputs that exclude each other: one of them is wrong and nobody can say which, so the cut is not evaluated (RMOS
policy).
"""

from typing import Final

from rmos.engines.baseline.fields import (
    AXIAL_DEPTH,
    DIAMETER,
    ENGAGEMENT,
    FLOOR,
    FLUTES,
    MACHINE_MAX_RPM,
    MATERIAL,
    MATERIAL_AT_TOP,
    MEASURED,
    STICKOUT,
    STOCK_AREA,
    STOCK_THICKNESS,
    TOOL_KIND,
    TOTAL_DEPTH,
    USED_AREA,
)
from rmos.engines.baseline.inputs import CutInputs
from rmos.engines.baseline.wording import num
from rmos.engines.baseline_v2.fields import (
    ANGLE,
    CUT_HEIGHT,
    DRAWN,
    DRILLED,
    MACHINE_MIN_RPM,
    MILLED,
    MILLS,
    SAWN,
    STRAIGHT,
    TIP,
    TOOL_CORNER,
)

INTO_THE_BED_MM: Final = 3.0
"""How far a cut may go on below its stock: into a spoil board, never through it."""
FLOOR_SLACK_MM: Final = 0.5
"""How much more floor may be stated than the stock leaves below the cut: tops vary by some tenths."""
THICKEST_KERF: Final = 0.1
"""A kerf, in diameters of its blade; real ones are a hundredth to a thirtieth."""
MOST_FLUTES: Final = 16
"""Of anything but a saw blade; cutters for routers have one to six."""
_FLOORED: Final = ("channel", "inlay_pocket", MEASURED)
_SAME: Final = 1e-9
"""Relative; lengths that differ by less are the same length, typed in two units."""
_TOOLS: Final = {
    **dict.fromkeys(MILLED, frozenset(MILLS)),
    MEASURED: frozenset(MILLS),
    DRILLED: frozenset({"drill", "end_mill"}),
    SAWN: frozenset({"saw_blade"}),
}
_PAIRS: Final = (
    # What must not be larger, than what, and how that is called.
    (AXIAL_DEPTH, TOTAL_DEPTH, 1.0, "a pass of {} mm, deeper than the whole cut of {} mm"),
    (CUT_HEIGHT, DIAMETER, 0.5, "{} mm, more than half of the blade's {} mm"),
    (TOOL_CORNER, DIAMETER, 0.5, "a corner of {} mm, more than half of the tool's {} mm"),
    (MACHINE_MIN_RPM, MACHINE_MAX_RPM, 1.0, "{} rpm at the least, more than the {} rpm at the most"),
    (USED_AREA, STOCK_AREA, 1.0, "{} mm², more than the {} mm² of the stock"),
)


def refuse_contradictions(inputs: CutInputs, operation: str | None) -> None:
    """Note in `problems` every input that cannot be true beside another one."""
    words, numbers = inputs.words, inputs.numbers
    if MATERIAL_AT_TOP in words and words.get(MATERIAL, words[MATERIAL_AT_TOP]) != words[MATERIAL_AT_TOP]:
        inputs.refuse(MATERIAL_AT_TOP, f"is {words[MATERIAL_AT_TOP]} while {MATERIAL} is {words[MATERIAL]}")
    kind = words.get(TOOL_KIND)
    if kind is not None and operation not in (None, DRAWN) and kind not in _TOOLS[operation]:
        inputs.refuse(TOOL_KIND, f"is {kind}, which does no {operation}: {_taken(operation)}")
    for path, other, share, words_for_it in _PAIRS:
        value, limit = numbers.get(path), numbers.get(other)
        if value is not None and limit is not None and value > share * limit * (1 + _SAME):
            if operation == SAWN and path == AXIAL_DEPTH:
                continue  # the depth of a saw's cut is its kerf
            inputs.refuse(path, f"is {words_for_it.format(num(value), num(limit))}")
    _refuse_shape(inputs, kind)
    _refuse_engagement(inputs, operation)
    if operation not in (None, SAWN, DRAWN):
        _refuse_depths(inputs, operation)


def _taken(operation: str) -> str:
    if operation == DRILLED:
        return "take a drill"
    return "take a saw_blade" if operation == SAWN else "a drill cuts downwards only and a blade saws, take an end_mill"


def _refuse_shape(inputs: CutInputs, kind: str | None) -> None:
    numbers = inputs.numbers
    tip, diameter, flutes = numbers.get(TIP), numbers.get(DIAMETER), numbers.get(FLUTES)
    if tip is not None and diameter is not None and tip >= diameter * (1 - _SAME):
        inputs.refuse(TIP, f"is {num(tip)} mm, no less than the tool has with {num(diameter)} mm: is it an end_mill?")
        del numbers[TIP]  # its cone would have no height
    if kind in STRAIGHT:
        for path in (ANGLE, TIP):
            if numbers.get(path):
                inputs.refuse(
                    path, f"is {num(numbers[path])} while the tool is {kind}: with edges that lean it is a v_bit"
                )
    if flutes is not None and flutes > MOST_FLUTES and kind not in (None, "saw_blade"):
        inputs.refuse(FLUTES, f"is {num(flutes)}, more than any {kind} has: is it a saw_blade?")


def _refuse_engagement(inputs: CutInputs, operation: str | None) -> None:
    numbers = inputs.numbers
    engagement, diameter = numbers.get(ENGAGEMENT), numbers.get(DIAMETER)
    if operation == SAWN:
        height, kerf = numbers.get(STOCK_THICKNESS), numbers.get(AXIAL_DEPTH)
        if engagement is not None and height is not None and engagement > height * (1 + _SAME):
            inputs.refuse(ENGAGEMENT, f"is {num(engagement)} mm, more than the {num(height)} mm of the stock")
        if kerf is not None and diameter is not None and kerf > THICKEST_KERF * diameter:
            inputs.refuse(AXIAL_DEPTH, f"is {num(kerf)} mm: of a blade it is the kerf, the width of its cut")
    elif engagement is not None and diameter is not None and engagement > diameter * (1 + _SAME):
        inputs.refuse(ENGAGEMENT, f"is {num(engagement)} mm, more than the cutter's diameter of {num(diameter)} mm")


def _refuse_depths(inputs: CutInputs, operation: str) -> None:
    numbers = inputs.numbers
    depth, stock = numbers.get(TOTAL_DEPTH), numbers.get(STOCK_THICKNESS)
    stickout, floor = numbers.get(STICKOUT), numbers.get(FLOOR)
    if depth is None:
        return
    if stickout is not None and stickout < depth * (1 - _SAME):
        inputs.refuse(STICKOUT, f"is {num(stickout)} mm, shorter than the cut of {num(depth)} mm is deep")
    if stock is None:
        return
    if depth > stock + INTO_THE_BED_MM + _SAME:
        inputs.refuse(TOTAL_DEPTH, f"is {num(depth)} mm in stock of {num(stock)} mm: how deep does the cut go?")
    elif (
        operation in ("channel", "inlay_pocket", MEASURED)
        and floor is not None
        and floor > stock - depth + FLOOR_SLACK_MM
    ):
        left = max(stock - depth, 0.0)
        inputs.refuse(
            FLOOR,
            f"is {num(floor)} mm while {num(depth)} mm deep in stock of {num(stock)} mm leaves {num(left)} mm",
        )
