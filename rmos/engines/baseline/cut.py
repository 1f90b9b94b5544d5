"""The cut as the checks see it: an operation that is known, its usable inputs, and what follows from them directly."""

from collections.abc import Mapping
from typing import Final

import msgspec

from rmos.engines.baseline.fields import (
    DIAMETER,
    ENGAGEMENT,
    MACHINE_CLASS,
    MATERIAL,
    MATERIAL_AT_TOP,
    OPERATION,
    STOCK_AREA,
    STOCK_THICKNESS,
    TOOL_KIND,
    USED_AREA,
)
from rmos.engines.baseline.inputs import CutInputs, read
from rmos.engines.shop import Material

SLOT_OPERATIONS: Final = frozenset({"channel", "ring_cutout", "inlay_part", "soundhole"})
"""Operations that follow a line: without a radial engagement the cutter is in a slot of its own width."""
_SAME: Final = 1e-9
"""Relative; lengths that differ by less are the same length, typed in two units."""


class Load(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a cut asks of the machine: W at the cutter, N at its edge (see `load`)."""

    power_w: float
    force_n: float


class Chip(msgspec.Struct, frozen=True, gc=False):
    """A chip in mm: as programmed per tooth, the factor by which a light engagement thins it, and what is left (h)."""

    per_tooth: float
    thinning: float
    thickness: float


class Cut(msgspec.Struct):
    """One cut; `operation` is None when it was not sent or is unknown.

    `engagement_mm` is a_e as sent or as the operation implies it: the diameter in a slot, the height of the stock for a
    saw that goes through it. None where nobody can say. `sent` are the paths of what was sent and can be used, either
    name of the material as one; `usable` has also what the operation implies. Chip and load are reckoned once (see
    `chip`, `load`).
    """

    inputs: CutInputs
    operation: str | None
    material: Material | None
    machine_class: str
    numbers: dict[str, float]
    engagement_mm: float | None
    sent: frozenset[str]
    usable: frozenset[str]
    chip: Chip | None = None
    load: Load | None = None

    @property
    def is_sawn(self) -> bool:
        """Tell whether a saw blade does it."""
        return self.operation == "saw_slice"

    def absent(self, paths: tuple[str, ...]) -> list[str]:
        """Return those of the paths that were not sent, are not implied, or cannot be used."""
        usable = self.usable
        if usable.issuperset(paths):
            return []
        return [path for path in paths if path not in usable]


def open_cut(design: object, context: object, materials: Mapping[str, Material]) -> Cut:
    """Read a cut, noting in its inputs' `problems` also what contradicts itself."""
    inputs = read(design, context, materials)
    words = inputs.words
    material_id = words.get(MATERIAL, words.get(MATERIAL_AT_TOP))
    operation = words.get(OPERATION)
    _find_contradictions(inputs, operation)
    engagement = _engagement(inputs, operation)
    sent = frozenset((*inputs.numbers, *words, *inputs.flags, *(() if material_id is None else (MATERIAL,))))
    # In a slot it is the diameter, so where that is missing nothing else is.
    is_implied = engagement is not None or (operation in SLOT_OPERATIONS and ENGAGEMENT not in inputs.problems)
    return Cut(
        inputs=inputs,
        operation=operation,
        material=materials[material_id] if material_id is not None else None,
        machine_class=words.get(MACHINE_CLASS, "light"),
        numbers=inputs.numbers,
        engagement_mm=engagement,
        sent=sent,
        usable=sent | {ENGAGEMENT} if is_implied else sent,
    )


def _engagement(inputs: CutInputs, operation: str | None) -> float | None:
    numbers = inputs.numbers
    if ENGAGEMENT in numbers or ENGAGEMENT in inputs.problems:
        return numbers.get(ENGAGEMENT)
    if operation in SLOT_OPERATIONS:
        return numbers.get(DIAMETER)
    return numbers.get(STOCK_THICKNESS) if operation == "saw_slice" else None


def _find_contradictions(inputs: CutInputs, operation: str | None) -> None:
    """Refuse inputs that exclude each other (RMOS policy): one of them is wrong and nobody can say which."""
    words, numbers, is_sawn = inputs.words, inputs.numbers, operation == "saw_slice"
    if MATERIAL_AT_TOP in words and words.get(MATERIAL, words[MATERIAL_AT_TOP]) != words[MATERIAL_AT_TOP]:
        inputs.refuse(MATERIAL_AT_TOP, f"is {words[MATERIAL_AT_TOP]} while {MATERIAL} is {words[MATERIAL]}")
    kind = words.get(TOOL_KIND)
    if kind is not None and operation not in (None, "drawing_only") and (kind == "saw_blade") != is_sawn:
        inputs.refuse(TOOL_KIND, f"is {kind}, which does no {operation}")
    engagement, diameter = numbers.get(ENGAGEMENT), numbers.get(DIAMETER)
    if engagement is not None and diameter is not None and not is_sawn and engagement > diameter * (1 + _SAME):
        inputs.refuse(ENGAGEMENT, f"is {engagement:.4g} mm, more than the cutter's diameter of {diameter:.4g} mm")
    used, stock = numbers.get(USED_AREA), numbers.get(STOCK_AREA)
    if used is not None and stock is not None and used > stock * (1 + _SAME):
        inputs.refuse(USED_AREA, f"is {used:.4g} mm², more than the {stock:.4g} mm² of the stock")
