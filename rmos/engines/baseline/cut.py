"""The cut as the checks see it: an operation that is known, its usable inputs, and what follows from them directly."""

from typing import Final

import msgspec

from rmos.engines.base import Assessment, Risk
from rmos.engines.baseline.fields import (
    DIAMETER,
    ENGAGEMENT,
    MACHINE_CLASS,
    MATERIAL,
    MATERIAL_AT_TOP,
    OPERATION,
    TOOL_KIND,
)
from rmos.engines.baseline.inputs import Inputs, read
from rmos.engines.baseline.materials import MATERIALS, Material

SLOT_OPERATIONS: Final = frozenset({"channel", "ring_cutout", "inlay_part", "soundhole"})
"""Operations that follow a line: without a radial engagement the cutter is in a slot of its own width."""


class Cut(msgspec.Struct):
    """One cut; `operation` is None when it was not sent or is unknown."""

    inputs: Inputs
    operation: str | None
    material: Material | None
    machine_class: str
    numbers: dict[str, float]

    @property
    def is_sawn(self) -> bool:
        """Tell whether a saw blade does it."""
        return self.operation == "saw_slice"

    def absent(self, *paths: str) -> list[str]:
        """Return those of the paths that were not sent or cannot be used; either name of the material will do."""
        return [
            path for path in paths if not (self.material is not None if path == MATERIAL else self.inputs.has(path))
        ]


def open_cut(design: object, context: object) -> Cut:
    """Read a cut, noting in its inputs' `problems` also what contradicts itself."""
    inputs = read(design, context)
    words = inputs.words
    material_id = words.get(MATERIAL, words.get(MATERIAL_AT_TOP))
    cut = Cut(
        inputs=inputs,
        operation=words.get(OPERATION),
        material=MATERIALS[material_id] if material_id is not None else None,
        machine_class=words.get(MACHINE_CLASS, "light"),
        numbers=inputs.numbers,
    )
    _find_contradictions(cut)
    return cut


def _find_contradictions(cut: Cut) -> None:
    """Refuse inputs that exclude each other (RMOS policy): one of them is wrong and nobody can say which."""
    inputs, words, numbers = cut.inputs, cut.inputs.words, cut.numbers
    if MATERIAL_AT_TOP in words and words.get(MATERIAL, words[MATERIAL_AT_TOP]) != words[MATERIAL_AT_TOP]:
        inputs.refuse(MATERIAL_AT_TOP, f"is {words[MATERIAL_AT_TOP]} while {MATERIAL} is {words[MATERIAL]}")
    kind = words.get(TOOL_KIND)
    if kind is not None and cut.operation not in (None, "drawing_only") and (kind == "saw_blade") != cut.is_sawn:
        inputs.refuse(TOOL_KIND, f"is {kind}, which does no {cut.operation}")
    engagement, diameter = numbers.get(ENGAGEMENT), numbers.get(DIAMETER)
    if engagement is not None and diameter is not None and not cut.is_sawn and engagement > diameter * (1 + 1e-9):
        inputs.refuse(ENGAGEMENT, f"is {engagement:.4g} mm, more than the cutter's diameter of {diameter:.4g} mm")


def not_judged(cut: Cut, check: str, category: str, absent: list[str], source: str) -> Assessment:
    """Return the assessment of a check that lacks inputs: UNKNOWN, with no score."""
    names = [cut.inputs.shown(path) for path in absent]
    verb = "is" if len(names) == 1 else "are"
    return Assessment(
        id=check,
        category=category,
        risk="UNKNOWN",
        message=f"not judged: {', '.join(names)} {verb} missing or cannot be used",
        source=source,
        inputs_used=absent,
    )


def judged(
    cut: Cut,
    check: str,
    category: str,
    risk: Risk,
    score: float,
    finding: str,
    source: str,
    *,
    value: float,
    unit: str,
    limit: float,
    at_most: bool,
    used: list[str],
    suggestion: str | None,
) -> Assessment:
    """Return the assessment of a check with its margin to the GREEN limit, naming those of `used` that were there."""
    return Assessment(
        id=check,
        category=category,
        risk=risk,
        message=finding if suggestion is None else f"{finding}: {suggestion}",
        source=source,
        value=value,
        unit=unit,
        limit=limit,
        margin=limit - value if at_most else value - limit,
        score=round(score, 1),
        inputs_used=[path for path in dict.fromkeys(used) if not cut.absent(path)],
        suggestion=suggestion,
    )
