"""Charts of a glue-up: the tile with its columns, the stacks, the log and its slices, the block and its slabs.

    draw_tile(flow, key, glued, log)     # enlarged, and at full size beside it

Every material has a number beside its colour, so that a sheet printed in black and white can be read too.
"""

from typing import Final

from rmos.counts import count_of
from rmos.rosette.glueup.blocks import BlockGlueUp
from rmos.rosette.glueup.sheets import FAINT, INK, MARGIN, PLAIN, ROOM, SMALL, Flow, box, line, shape, text
from rmos.rosette.glueup.tiles import Log, TileGlueUp
from rmos.rosette.glueup.trade import KERF, LOG_LENGTH
from rmos.rosette.glueup.trade import MARGIN as EDGE
from rmos.rosette.materials import MATERIALS
from rmos.rosette.spec import RosetteSpec, mm_text
from rmos.rosette.svg import colour_of

_CELL: Final = 5000
_STACK: Final = 9000
_STACKS_APART: Final = 15_000
_ENLARGED: Final = {4: "four times enlarged", 3: "three times enlarged", 2: "twice enlarged"}


class MaterialKey:
    """The materials of a rosette: a number and a colour for each."""

    def __init__(self, spec: RosetteSpec) -> None:
        self.names = list(dict.fromkeys(name for ring in spec.rings for name in ring.materials))
        self._colours = {name: colour_of(spec, name) for name in self.names}

    def number(self, name: str) -> str:
        """Return the number of a material."""
        return str(self.names.index(name) + 1)

    def colour(self, name: str) -> str:
        """Return its flat colour."""
        return self._colours[name]

    def ink(self, name: str) -> str:
        """Return a colour that can be read on it."""
        red, green, blue = (int(self._colours[name][at : at + 2], 16) for at in (1, 3, 5))
        return INK if 3 * red + 6 * green + blue > 1400 else "#ffffff"


def draw_key(flow: Flow, key: MaterialKey) -> None:
    """Draw the numbers and colours of all materials."""
    for at, name in enumerate(key.names):
        if at % 4 == 0:
            flow.skip(7000 if at else 0)
            flow.need(7000)
        x = MARGIN + at % 4 * (ROOM // 4)
        flow.add(*_stick(key, name, x, flow.y, 6000, 4500))
        flow.add(text(x + 7500, flow.y + 3300, MATERIALS[name].name, size=SMALL))
    flow.skip(9000)


def _stick(key: MaterialKey, name: str, x: int, y: int, width: int, height: int) -> list[str]:
    size = min(height * 6 // 10, SMALL)
    lines = [box(x, y, width, height, fill=key.colour(name))]
    if size >= 1200:
        foot = y + (height + size * 7 // 10) // 2
        lines.append(text(x + width // 2, foot, key.number(name), size=size, anchor="middle", fill=key.ink(name)))
    return lines


# Tiles


def draw_tile(flow: Flow, key: MaterialKey, glued: TileGlueUp, log: Log) -> None:
    """Draw a tile as it looks from the end of its log: enlarged with the columns' stacks, and at full size."""
    count, layers = len(log.columns), {stack.name: stack.layers for stack in glued.stacks}
    cell = min(_CELL, 120_000 // max(count, glued.rows))
    flow.need(cell * glued.rows + 16_000)
    left, top = MARGIN + 8000, flow.y + 6000
    for at, column in enumerate(log.columns):
        mark = column.stack + ("*" if column.turned else "")
        flow.add(text(left + cell * at + cell // 2, top - 1500, mark, size=SMALL, bold=True, anchor="middle"))
        names = layers[column.stack][::-1] if column.turned else layers[column.stack]
        for row, name in enumerate(names):
            flow.add(*_stick(key, name, left + cell * at, top + cell * row, cell, cell))
    foot = top + cell * glued.rows
    flow.add(text(left - 1000, top + SMALL, "out", size=SMALL, anchor="end", fill=FAINT))
    flow.add(text(left - 1000, foot - 600, "in", size=SMALL, anchor="end", fill=FAINT))
    if any(column.turned for column in log.columns):
        flow.add(text(left, foot + SMALL * 3 // 2, "* this column is turned end for end", size=SMALL, fill=FAINT))
    _draw_true_tile(flow, key, glued, log, (left + cell * count + 14_000, top))
    flow.skip(cell * glued.rows + 16_000)


def _draw_true_tile(flow: Flow, key: MaterialKey, glued: TileGlueUp, log: Log, corner: tuple[int, int]) -> None:
    """Draw the tile at full size, with its taper, and the widths of a column."""
    layers = {stack.name: stack.layers for stack in glued.stacks}
    x, y = corner
    middle = x + glued.outer * len(log.columns) // 2
    height = glued.veneer * glued.rows

    def at(column: int, row: int) -> tuple[int, int]:
        wide = glued.outer - (glued.outer - glued.inner) * row // glued.rows
        return middle + wide * (2 * column - len(log.columns)) // 2, y + height * row // glued.rows

    for place, column in enumerate(log.columns):
        names = layers[column.stack][::-1] if column.turned else layers[column.stack]
        for row, name in enumerate(names):
            corners = (at(place, row), at(place + 1, row), at(place + 1, row + 1), at(place, row + 1))
            flow.add(shape(corners, fill=key.colour(name), stroke="none"))
    words = (
        "full size",
        f"column outside {mm_text(glued.outer)} mm",
        f"column inside {mm_text(glued.inner)} mm",
        f"taper {mm_text(glued.taper)} mm",
        f"tile {mm_text(height)} mm high",
    )
    for number, shown in enumerate(words):
        flow.add(text(x, y + height + 5000 + 4200 * number, shown, size=SMALL, fill=FAINT if number == 0 else INK))


def draw_stacks(flow: Flow, key: MaterialKey, glued: TileGlueUp) -> None:
    """Draw each stack as it is glued: the outside of the ring up, the number of columns that are sliced off."""
    layer = min(4200, 120_000 // glued.rows)
    room = layer * glued.rows + 20_000
    across = ROOM // _STACKS_APART
    for at, stack in enumerate(glued.stacks):
        if at % across == 0:
            flow.need(room)
            flow.skip(room if at else 0)
            flow.need(room)
        x, y = MARGIN + at % across * _STACKS_APART, flow.y + 6000
        flow.add(text(x + _STACK // 2, y - 1500, stack.name, size=PLAIN, bold=True, anchor="middle"))
        for row, name in enumerate(stack.layers):
            flow.add(*_stick(key, name, x, y + layer * row, _STACK, layer))
        foot = y + layer * glued.rows
        flow.add(text(x, foot + 3500, f"{stack.copies} col.", size=SMALL))
        flow.add(text(x, foot + 7000, f"{mm_text(stack.width)} wide", size=2200))
    flow.skip(room)


def draw_log(flow: Flow, glued: TileGlueUp, log: Log) -> None:
    """Draw the log from above at full size, with the cuts of its slices."""
    width = (glued.inner + glued.outer) * len(log.columns) // 2
    flow.need(width + 14_000)
    x, y = MARGIN + 4000, flow.y + 4000
    flow.add(box(x, y, LOG_LENGTH, width))
    step = glued.height + KERF
    for at in range(1, log.cut_length // step + 1):
        flow.add(line(x + at * step - KERF, y, x + at * step - KERF, y + width))
        flow.add(line(x + at * step, y, x + at * step, y + width, stroke=FAINT))
    slices = count_of(log.cut_length // step, "slice")
    words = (
        f"full size: {mm_text(LOG_LENGTH)} mm; {slices} of {mm_text(glued.height)} mm,"
        f" kerf {mm_text(KERF)} mm, take {mm_text(log.cut_length)} mm"
    )
    flow.add(text(x, y + width + 4500, words, size=SMALL))
    flow.skip(width + 14_000)


# Blocks


def veneer_text(um: int) -> str:
    """Return the thickness of a veneer, to a hundredth of a millimetre: what is scraped to."""
    return mm_text((um + 5) // 10 * 10)


def block_thickness(glued: BlockGlueUp) -> str:
    """Return the thickness of a block of veneers as thick as they are said to be."""
    return mm_text(glued.repeats * sum((layer.thickness + 5) // 10 * 10 for layer in glued.layers))


def draw_block(flow: Flow, key: MaterialKey, glued: BlockGlueUp) -> None:
    """Draw a block from the side at full size: its veneers, and the slanted cuts of its slabs."""
    flow.need(glued.thickness + 16_000)
    x, y = MARGIN + 4000, flow.y + 4000
    top = y
    for layer in glued.layers * glued.repeats:
        flow.add(box(x, top, glued.block_length, layer.thickness, fill=key.colour(layer.material), stroke="none"))
        top += layer.thickness
    flow.add(box(x, y, glued.block_length, glued.thickness))
    lean = glued.thickness * glued.tangent // 100
    step = (glued.block_length - lean - 2 * EDGE) // max(glued.slabs, 1)
    for at in range(glued.slabs + 1):
        foot = x + EDGE + at * step
        flow.add(line(foot, y + glued.thickness, foot + lean, y, stroke="#e000e0", thick=300))
    words = (
        f"full size: {glued.repeats * len(glued.layers)} veneers, {block_thickness(glued)} mm thick;"
        f" {count_of(glued.slabs, 'slab')}, sawn {mm_text(glued.sawn)} mm, along the violet lines"
    )
    flow.add(text(x, y + glued.thickness + 4500, words, size=SMALL))
    flow.skip(glued.thickness + 14_000)


def draw_rows(flow: Flow, key: MaterialKey, glued: BlockGlueUp) -> None:
    """Draw a stretch of the finished strip, enlarged as the sheet has room: rows side by side, every second turned."""
    repeats = 3 * max(6 // len(glued.layers), 1)
    lean_once, repeat_once = glued.row * glued.tangent // 100, glued.piece_length // glued.repeats
    scale = next((size for size in _ENLARGED if size * (repeats * repeat_once + lean_once) <= ROOM - 4000), 1)
    repeats = min(repeats, max((ROOM - 4000 - scale * lean_once) // (scale * repeat_once), 1))
    height, repeat = scale * glued.row, scale * repeat_once
    flow.need(height * glued.rows + 12_000)
    x, y = MARGIN + 4000, flow.y + 4000
    lean = height * glued.tangent // 100
    whole = sum(layer.thickness for layer in glued.layers)
    for row in range(glued.rows):
        for at in range(repeats):
            start = x + at * repeat
            for layer in glued.layers:
                wide = repeat * layer.thickness // whole
                near, far = (lean, 0) if row % 2 else (0, lean)
                low, high = y + height * row, y + height * (row + 1)
                corners = (
                    (start + near, low), (start + wide + near, low), (start + wide + far, high), (start + far, high),
                )  # fmt: skip
                flow.add(shape(corners, fill=key.colour(layer.material)))
                start += wide
    words = f"{_ENLARGED.get(scale, 'full size')}: {count_of(glued.rows, 'row')} of {mm_text(glued.row)} mm"
    flow.add(text(x, y + height * glued.rows + 4500, words, size=SMALL))
    flow.skip(height * glued.rows + 12_000)
