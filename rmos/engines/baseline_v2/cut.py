"""The cut as the checks see it: its numbers in mm, mm/min and rpm, and what follows from them directly.

    cut = open_cut(design, context, materials)
    faster = vary(cut, feed=2 * cut.feed)        # the same cut with other settings, for advice and maps

A number that was not sent, or cannot be used, is NaN; a check is only asked when everything that it needs is in
`usable`.
"""

import math
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from rmos.engines.baseline.cut import SLOT_OPERATIONS
from rmos.engines.baseline.fields import (
    AXIAL_DEPTH,
    CENTRE_CUTTING,
    COOLANT,
    DIAMETER,
    ENGAGEMENT,
    FEED,
    FIT_CRITICAL,
    FLOOR,
    FLUTE_LENGTH,
    FLUTES,
    MACHINE_CLASS,
    MATERIAL,
    MATERIAL_AT_TOP,
    OPERATION,
    PLUNGE_FEED,
    RPM,
    STICKOUT,
    STOCK_THICKNESS,
    TOOL_KIND,
    TOOL_MATERIAL,
    TOTAL_DEPTH,
    WIDTH,
)
from rmos.engines.baseline.inputs import CutInputs, read
from rmos.engines.baseline_v2.contradictions import refuse_contradictions
from rmos.engines.baseline_v2.fields import (
    ANGLE,
    DRILLED,
    HAND_FED,
    MILLED,
    SAWN,
    STRAIGHT,
    TIP,
    TOOL_CORNER,
    VOCABULARY,
)
from rmos.engines.baseline_v2.misspelt import refuse_misspelt
from rmos.engines.baseline_v2.slips import refuse_slips
from rmos.engines.shop import Material

NAN: Final = math.nan
FILLED: Final = 1.01
"""An opening of up to this many diameters is as wide as its cutter."""


class Chip(msgspec.Struct, frozen=True, gc=False):
    """A chip, mm: as programmed per tooth, its thickest (h), its mean over the engagement, and the angle of that, rad.

    `wide` is the diameter at which the tool cuts at this depth.
    """

    per_tooth: float
    thickest: float
    mean: float
    angle: float
    wide: float


class Load(msgspec.Struct, frozen=True, gc=False):
    """What a cut asks for: W at the cutter, the mean N at its edge, and the N that one moment may bring."""

    power_w: float
    force_n: float
    peak_n: float


class Cut(msgspec.Struct):
    """One cut; `operation` is None when it was not sent or is unknown, a number NaN when it is not usable.

    `engagement` is a_e as sent or as the operation implies it: the diameter in a slot and in an opening that the cutter
    fills, whatever was sent, the height of the stock for a saw that goes through it. `sent` are the paths of what was
    sent and can be used, either name of the material as one; `usable` has also what the operation implies. Chip and
    load are reckoned once (see `chip`, `load`).
    """

    inputs: CutInputs
    operation: str | None
    kind: str
    material: Material | None
    machine_class: str
    steel: str
    is_cooled: bool
    is_fit_critical: bool
    is_hand_fed: bool
    cuts_at_centre: bool
    feed: float
    plunge: float
    rpm: float
    flutes: float
    diameter: float
    depth: float
    engagement: float
    total: float
    width: float
    stickout: float
    flute_length: float
    stock: float
    floor: float
    angle: float
    tip: float
    corner: float
    sent: frozenset[str]
    usable: frozenset[str]
    chip: Chip | None = None
    load: Load | None = None

    @property
    def is_sawn(self) -> bool:
        """Tell whether a saw blade does it."""
        return self.operation == SAWN

    @property
    def is_drilled(self) -> bool:
        """Tell whether the tool only goes down."""
        return self.operation == DRILLED

    def limit(self, path: str, default: float) -> float:
        """Return what the tool or the machine states, else a default."""
        return self.inputs.numbers.get(path, default)

    def absent(self, paths: tuple[str, ...]) -> list[str]:
        """Return those of the paths that were not sent, are not implied, or cannot be used."""
        usable = self.usable
        if usable.issuperset(paths):
            return []
        return [path for path in paths if path not in usable]


def vary(cut: Cut, **changes: Any) -> Cut:
    """Return the same cut with other settings."""
    return msgspec.structs.replace(cut, chip=None, load=None, **changes)


def open_cut(design: object, context: object, materials: Mapping[str, Material]) -> Cut:
    """Read a cut, noting in its inputs' `problems` also what no real cut has and what contradicts itself."""
    inputs = read(design, context, materials, VOCABULARY)
    operation = inputs.words.get(OPERATION)
    refuse_misspelt(inputs)
    refuse_slips(inputs)
    refuse_contradictions(inputs, operation)
    numbers, words, flags = inputs.numbers, inputs.words, inputs.flags
    material_id = words.get(MATERIAL, words.get(MATERIAL_AT_TOP))
    sent = frozenset((*numbers, *words, *flags, *(() if material_id is None else (MATERIAL,))))
    get = numbers.get
    engagement = _engagement(numbers, inputs.problems, operation)
    if operation in MILLED and fills_opening(inputs):
        engagement = numbers[DIAMETER]
    feed, plunge = get(FEED, NAN), get(PLUNGE_FEED, NAN)
    if operation == DRILLED:
        feed = plunge if FEED not in numbers else feed
    return Cut(
        inputs=inputs,
        operation=operation,
        kind=words.get(TOOL_KIND, ""),
        material=None if material_id is None else materials[material_id],
        machine_class=words.get(MACHINE_CLASS, "light"),
        steel=words.get(TOOL_MATERIAL, ""),
        is_cooled=words.get(COOLANT, "none") != "none",
        is_fit_critical=flags.get(FIT_CRITICAL, False),
        is_hand_fed=flags.get(HAND_FED, False),
        cuts_at_centre=flags.get(CENTRE_CUTTING, False),
        feed=feed,
        plunge=plunge,
        rpm=get(RPM, NAN),
        flutes=get(FLUTES, NAN),
        diameter=get(DIAMETER, NAN),
        depth=get(AXIAL_DEPTH, NAN),
        engagement=engagement,
        total=get(TOTAL_DEPTH, NAN),
        width=get(WIDTH, NAN),
        stickout=get(STICKOUT, NAN),
        flute_length=get(FLUTE_LENGTH, NAN),
        stock=get(STOCK_THICKNESS, NAN),
        floor=get(FLOOR, NAN),
        angle=get(ANGLE, NAN),
        tip=get(TIP, 0.0),
        corner=get(TOOL_CORNER, 0.0),
        sent=sent,
        usable=_usable(sent, numbers, inputs.problems, operation, engagement, feed),
    )


def fills_opening(inputs: CutInputs) -> bool:
    """Tell whether a cutter is as wide as the opening that it cuts, so that it cuts with all of its width."""
    width, diameter = inputs.numbers.get(WIDTH), inputs.numbers.get(DIAMETER)
    is_straight = inputs.words.get(TOOL_KIND) in STRAIGHT
    # In a narrower opening it does not fit, which GEOMETRY tells.
    return width is not None and diameter is not None and is_straight and diameter <= width <= diameter * FILLED


def _engagement(numbers: Mapping[str, float], problems: Mapping[str, str], operation: str | None) -> float:
    if ENGAGEMENT in numbers or ENGAGEMENT in problems:
        return numbers.get(ENGAGEMENT, NAN)
    if operation in SLOT_OPERATIONS or operation == DRILLED:
        return numbers.get(DIAMETER, NAN)
    return numbers.get(STOCK_THICKNESS, NAN) if operation == SAWN else NAN


def _usable(
    sent: frozenset[str],
    numbers: Mapping[str, float],
    problems: Mapping[str, str],
    operation: str | None,
    engagement: float,
    feed: float,
) -> frozenset[str]:
    """Return what was sent and what follows from it.

    In a slot the engagement is the diameter, so where that is missing nothing else is; what a cut leaves of the stock
    is its floor; a drill has one feed, under either name.
    """
    implied = []
    slots = operation in SLOT_OPERATIONS or operation == DRILLED
    if engagement == engagement or (slots and ENGAGEMENT not in problems):
        implied.append(ENGAGEMENT)
    if FLOOR not in problems and STOCK_THICKNESS in numbers and TOTAL_DEPTH in numbers:
        implied.append(FLOOR)
    if operation == DRILLED and feed == feed:
        implied.append(FEED)
    return sent.union(implied) if implied else sent
