"""What is laid on the machine for the programs of a pack: one setup for each stock and zero.

for setup in list_setups(source):
    setup.programs, setup.facts          # "01, 08", a stock of 2.3 mm with Z0 on its top
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from rmos import digest
from rmos.services.packs.figure import StockFacts, draw_setup
from rmos.services.packs.gathering import PackSource
from rmos.services.packs.program_names import PackedProgram
from rmos.services.packs.texts import clean_line, format_quantity, number_of, object_of, spell

_CORNER: Final = "stock_corner"
_ORIGINS: Final = {
    _CORNER: "lower left corner of the stock",
    "stock_centre": "middle of the stock",
    "hole_centre": "middle of the hole",
}


class SheetSetup(msgspec.Struct, frozen=True, kw_only=True):
    """What is laid on the machine for some of the programs."""

    programs: str
    """Their numbers, empty where it is all of them."""
    lines: Sequence[tuple[str, str]]
    facts: StockFacts | None
    drawing: str | None


def list_setups(source: PackSource) -> list[SheetSetup]:
    """Return what is laid on the machine, one for each stock and zero, in the order of the programs."""
    groups: dict[bytes, list[PackedProgram]] = {}
    for program in source.programs:
        setup = object_of(program.details.get("setup"))
        key = digest.canonical([setup.get("stock"), setup.get("zero"), find_material(program, source)])
        groups.setdefault(key, []).append(program)
    return [_make_setup(source, programs, is_only=len(groups) == 1) for programs in groups.values()]


def _make_setup(source: PackSource, programs: Sequence[PackedProgram], *, is_only: bool) -> SheetSetup:
    facts, material = _find_stock(programs), find_material(programs[0], source)
    lines = [("Material", spell(material) if material else "not stated")]
    if facts is not None:
        lines += [
            ("Size", f"{_describe_size(facts)}, {format_quantity(facts.thickness_mm)} mm thick"),
            ("X0 Y0", describe_origin(facts)),
            ("Z0", "bed" if facts.zero == "bed" else "top of the stock"),
        ]
    dialects = [clean_line(program.details.get("dialect")) for program in programs]
    lines.append(("Controller", ", ".join(dict.fromkeys(name for name in dialects if name)) or "not stated"))
    return SheetSetup(
        programs="" if is_only else name_numbers(program.name for program in programs),
        lines=lines,
        facts=facts,
        drawing=None if facts is None else draw_setup(facts),
    )


def _describe_size(facts: StockFacts) -> str:
    sides = (facts.width_mm, facts.height_mm)
    if sides == (None, None):
        return "width and height not stated"
    return f"{' × '.join('?' if side is None else format_quantity(side) for side in sides)} mm"


def name_numbers(names: Iterable[str]) -> str:
    """Return the numbers of programs, by their names in the pack."""
    return ", ".join(name.removeprefix("programs/").partition("_")[0] for name in names)


def find_material(program: PackedProgram, source: PackSource) -> str:
    """Return the material that a program cuts, empty where nobody said it."""
    material = object_of(program.context.get("material")).get("id") or program.context.get("material_id")
    return clean_line(material) or clean_line(source.run.material_id)


def _find_stock(programs: Sequence[PackedProgram]) -> StockFacts | None:
    """Return what is drawn of a stock, None where nobody knows how thick it is."""
    setup = object_of(programs[0].details.get("setup"))
    stock = object_of(setup.get("stock"))
    thickness = number_of(stock.get("thickness_mm"))
    if thickness is None or thickness <= 0:
        return None
    width, height, origin = number_of(stock.get("width_mm")), number_of(stock.get("height_mm")), stock.get("origin")
    # The corner is what is taken where nobody says otherwise: only beside a size does it mean something.
    is_made = isinstance(programs[0].details.get("cut"), int)  # by this service, from just there
    is_stated = is_made or origin != _CORNER or (width is not None and height is not None)
    return StockFacts(
        thickness_mm=thickness,
        width_mm=width,
        height_mm=height,
        origin=clean_line(origin) if is_stated else "",
        zero=clean_line(setup.get("zero")),
        cutting=_join_boxes([box for program in programs if (box := read_box(program))]),
    )


TipBox = tuple[tuple[float, float, float], tuple[float, float, float]]


def read_box(program: PackedProgram) -> TipBox | None:
    """Return where the tip of the tool is while a program cuts."""
    box = object_of(object_of(program.details.get("box_mm")).get("cutting"))
    corners = []
    for end in ("min", "max"):
        values = box.get(end)
        numbers = [number_of(value) for value in values] if isinstance(values, list) else []
        if len(numbers) != 3 or None in numbers:
            return None
        corners.append((numbers[0] or 0.0, numbers[1] or 0.0, numbers[2] or 0.0))
    return corners[0], corners[1]


def _join_boxes(boxes: Sequence[TipBox]) -> TipBox | None:
    if not boxes:
        return None
    low = [min(box[0][axis] for box in boxes) for axis in range(3)]
    high = [max(box[1][axis] for box in boxes) for axis in range(3)]
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])


def describe_origin(facts: StockFacts) -> str:
    return _ORIGINS.get(facts.origin, "not stated: where the CAM had it")
