"""The plan on paper: sheets of A4 at full size, as one SVG or as an HTML page that prints them.

    plan_svg(spec)       # all sheets below each other, in mm
    plan_html(spec)      # a page of them for the printer: 100 %, no margins

The same bytes on every machine, like the drawing. A bar of 100 mm on each sheet shows whether the printer scaled it.
"""

from typing import Final

from rmos.counts import count_of
from rmos.fixed import sincos, turn
from rmos.rosette.bom import bill_of_materials
from rmos.rosette.glueup.blocks import BlockGlueUp
from rmos.rosette.glueup.plan import GlueUpPlan, plan_of
from rmos.rosette.glueup.sheets import FAINT, HEIGHT, MARGIN, SMALL, WIDTH, Flow, line, text
from rmos.rosette.glueup.stick_charts import (
    MaterialKey,
    draw_block,
    draw_key,
    draw_log,
    draw_rows,
    draw_stacks,
    draw_tile,
    veneer_text,
)
from rmos.rosette.glueup.strip_cuts import sheet_width
from rmos.rosette.glueup.tiles import TileGlueUp
from rmos.rosette.glueup.trade import KERF, LOG_LENGTH, round_up
from rmos.rosette.materials import MATERIALS
from rmos.rosette.spec import Ring, RosetteSpec, mm_text, spec_sha256
from rmos.rosette.svg import MARGIN as AROUND
from rmos.rosette.svg import compact_lines
from rmos.rosette.wording import KIND_WORDS, ring_words, title

_FONT: Final = 'font-family="Helvetica,Arial,DejaVu Sans,sans-serif"'
_LARGEST: Final = WIDTH - 2 * MARGIN
"""A rosette that is larger than the sheet is not drawn on it."""


def plan_svg(spec: RosetteSpec) -> str:
    """Return the plan as one SVG document in mm, its sheets below each other.

    Raises:
        ValidationFailed: when the spec cannot be drawn.
    """
    sheets = _sheets(spec)
    width, height = mm_text(WIDTH), mm_text(HEIGHT * len(sheets))
    lines = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm" height="{height}mm"'
            f' viewBox="0 0 {width} {height}">'
        ),
        f"<title>Glue-up plan. {title(spec)}</title>",
    ]
    for at, sheet in enumerate(sheets):
        lines += [f'<g id="sheet-{at + 1}" {_FONT} transform="translate(0 {mm_text(HEIGHT * at)})">', *sheet, "</g>"]
    return "\n".join([*lines, "</svg>", ""])


def plan_html(spec: RosetteSpec) -> str:
    """Return the plan as an HTML page that prints at full size, a sheet on each page.

    Raises:
        ValidationFailed: when the spec cannot be drawn.
    """
    width, height = mm_text(WIDTH), mm_text(HEIGHT)
    lines = [
        "<!doctype html>",
        '<html lang="en">',
        '<meta charset="utf-8">',
        f"<title>Glue-up plan. {title(spec)}</title>",
        "<style>",
        "@page{size:A4;margin:0}",
        f"body{{margin:0}}svg{{display:block;width:{width}mm;height:{height}mm;break-after:page}}",
        "@media screen{body{background:#888}svg{background:#fff;margin:4mm auto}}",
        "</style>",
        "<body>",
    ]
    for sheet in _sheets(spec):
        lines += [f'<svg xmlns="http://www.w3.org/2000/svg" {_FONT} viewBox="0 0 {width} {height}">', *sheet, "</svg>"]
    return "\n".join([*lines, "</body>", "</html>", ""])


def _sheets(spec: RosetteSpec) -> list[list[str]]:
    plan, key, flow = plan_of(spec), MaterialKey(spec), Flow()
    _draw_whole(flow, spec)
    draw_key(flow, key)
    for tiles in plan.tiles:
        _draw_tiles(flow, key, spec.rings[tiles.ring - 1], tiles)
    for block in plan.blocks:
        _draw_block(flow, key, spec.rings[block.ring - 1], block)
    _list_cuts(flow, plan)
    _list_others(flow, spec, {cut.ring for cut in plan.cuts})
    for number, sheet in enumerate(flow.sheets, start=1):
        sheet += _foot(spec, number, len(flow.sheets))
    return flow.sheets


def _foot(spec: RosetteSpec, number: int, count: int) -> list[str]:
    """Return the bar that shows the scale, and what the sheet belongs to."""
    y, right = HEIGHT - 8000, WIDTH - MARGIN
    words = f"seed {spec.seed} · spec {spec_sha256(spec)[:16]} · sheet {number} of {count}"
    ends = [line(x, y - 1500, x, y + 1500) for x in (MARGIN, MARGIN + 50_000, MARGIN + 100_000)]
    return [
        line(MARGIN, y, MARGIN + 100_000, y),
        *ends,
        text(MARGIN, y - 2200, "100 mm: print at 100 %", size=SMALL),
        text(right, y, words, size=SMALL, anchor="end", fill=FAINT),
    ]


def _draw_whole(flow: Flow, spec: RosetteSpec) -> None:
    """Draw the rosette at full size, and list its rings."""
    flow.title(f"Glue-up plan. {title(spec)}")
    flow.text(
        f"Soundhole {mm_text(spec.soundhole_diameter)} mm, {mm_text(spec.width)} mm wide, outside"
        f" {mm_text(2 * spec.outer_radius)} mm, channel {mm_text(spec.channel_depth)} mm deep."
    )
    side = 2 * (spec.outer_radius + AROUND)
    if side <= _LARGEST:
        middle = flow.y + side // 2
        flow.add(f'<g transform="translate({mm_text(WIDTH // 2)} {mm_text(middle)})">', *compact_lines(spec), "</g>")
        flow.skip(side + 12_000)
    else:
        flow.text("At full size the rosette is larger than this sheet: print the drawing itself on a larger one.")
    rows = [
        (str(at), ring_words(ring), mm_text(ring.width), mm_text(2 * inner), mm_text(2 * outer))
        for at, (ring, inner, outer) in enumerate(spec.placed(), start=1)
    ]
    heads = ("ring", "from the soundhole outwards", "width", "inside Ø", "outside Ø")
    flow.table(heads, rows, (10_000, 104_000, 20_000, 24_000, 24_000))


# Tiles


def _draw_tiles(flow: Flow, key: MaterialKey, ring: Ring, glued: TileGlueUp) -> None:
    flow.heading(f"Ring {glued.ring}: {KIND_WORDS[ring.kind]} from column stacks", room=90_000)
    for number, log in enumerate(glued.logs, start=1):
        if len(glued.logs) > 1:
            upside = "" if number == 1 else ", upside down: its columns taper the other way"
            flow.text(f"Log {number}: {log.tiles} tiles{upside}")
        draw_tile(flow, key, glued, log)
    flow.text("Stacks, glued in this order, the outside of the ring up:")
    draw_stacks(flow, key, glued)
    for log in glued.logs:
        draw_log(flow, glued, log)
    flow.steps(_tile_steps(glued))


def _tile_steps(glued: TileGlueUp) -> list[str]:
    """Return what to do, in order."""
    veneers = len(glued.stacks) * glued.rows
    columns = len(glued.logs[0].columns)
    logs = sum(log.logs for log in glued.logs)
    steps = [
        (
            f"Cut {veneers} strips of veneer {mm_text(glued.veneer)} mm thick and {mm_text(LOG_LENGTH)} mm long"
            " (cutting list), and scrape them to one thickness: it is the height of a stick."
        ),
        (
            f"Glue {count_of(len(glued.stacks), 'stack')} of {glued.rows} veneers. A dry stack must be"
            f" {mm_text(glued.veneer * glued.rows)} mm high."
        ),
        f"Square one side and saw columns {mm_text(glued.sawn)} mm thick: "
        + ", ".join(f"{stack.copies} of {stack.name}" for stack in glued.stacks)
        + f". The kerf is {mm_text(KERF)} mm.",
        (
            f"Plane or scrape each column to its taper: {mm_text(glued.outer)} mm at the outside of the ring,"
            f" {mm_text(glued.inner)} mm at the inside."
        ),
        f"Glue {columns} columns from left to right to {count_of(logs, 'log')}, the outside up.",
        f"Slice {glued.tile_count} tiles {mm_text(glued.height)} mm thick, and two to spare.",
    ]
    over = f", {glued.turned_over} of them turned over" if glued.turned_over else ""
    return [*steps, f"Set {glued.tile_count} tiles round the ring{over}; the seam lies below the fingerboard."]


# Slanted strips


def _draw_block(flow: Flow, key: MaterialKey, ring: Ring, glued: BlockGlueUp) -> None:
    flow.heading(f"Ring {glued.ring}: {KIND_WORDS[ring.kind]} from a block", room=glued.thickness + 60_000)
    draw_block(flow, key, glued)
    draw_rows(flow, key, glued)
    flow.steps(_block_steps(glued))


def _lean(glued: BlockGlueUp) -> int:
    """Return the whole degrees that a cut leans."""

    def away(degrees: int) -> int:
        sine, cosine = sincos(turn(degrees, 360))
        return abs(sine * 100 - cosine * glued.tangent)

    return min(range(1, 89), key=away)


def _block_steps(glued: BlockGlueUp) -> list[str]:
    """Return what to do, in order."""
    blocks = "a block" if glued.blocks == 1 else f"{glued.blocks} blocks"
    veneers, length = glued.repeats * len(glued.layers), _long(glued.block_length)
    order = ", ".join(f"{MATERIALS[layer.material].name} {veneer_text(layer.thickness)} mm" for layer in glued.layers)
    piece = f"{count_of(glued.pieces, 'piece')} {_long(glued.piece_length)} mm long in all"
    steps = [
        f"Glue {blocks} of {veneers} veneers, {length} mm long, in turn: {order}.",
        (
            f"Saw {count_of(glued.slabs, 'slab')} {mm_text(glued.sawn)} mm thick across the veneers,"
            f" {_lean(glued)} degrees from square, and plane them to {mm_text(glued.row)} mm."
        ),
        f"Saw each slab into strips {mm_text(glued.height)} mm high: {piece}.",
    ]
    if glued.rows > 1:
        steps.append(
            f"Glue them end to end to {glued.rows} rows, every second one turned over, and the rows side by side: the"
            " mitres meet in points."
        )
    else:
        steps.append("Glue them end to end to one row.")
    return [*steps, "Bend the strip with heat, or glue it piece by piece into the channel."]


# Lists


def _long(um: int) -> str:
    """Return a length as a ruler shows it, to a tenth of a millimetre and no shorter."""
    return mm_text(round_up(um, 100))


def _list_cuts(flow: Flow, plan: GlueUpPlan) -> None:
    """Write the cutting list: each strip, and how much of a sheet it takes with the kerfs."""
    if not plan.cuts:
        return
    flow.heading("Cutting list", room=30_000)
    flow.text(
        f"Lengths in mm. A sheet as long as the strips and so wide gives all of one line, kerf {mm_text(KERF)} mm."
    )
    flow.skip(2000)
    rows = [
        (
            str(cut.ring),
            cut.use,
            MATERIALS[cut.material].name,
            str(cut.count),
            _long(cut.length),
            mm_text(cut.width),
            veneer_text(cut.thickness),
            mm_text(sheet_width(cut)),
        )
        for cut in plan.cuts
    ]
    heads = ("ring", "for", "material", "count", "length", "width", "thick", "sheet")
    flow.table(heads, rows, (10_000, 52_000, 40_000, 14_000, 18_000, 17_000, 16_000, 17_000))


def _list_others(flow: Flow, spec: RosetteSpec, listed: set[int]) -> None:
    """Write what is sawn or cut by a machine: boards, grounds, wedges, inlays; but for rings that are `listed`."""
    items = [
        item
        for item in bill_of_materials(spec)
        if item.what in ("board", "piece", "shell") or (item.what == "strip" and item.ring not in listed)
    ]
    if not items:
        return
    flow.heading("Boards and pieces", room=20_000)
    rows = [
        (
            str(item.ring),
            item.what,
            MATERIALS[item.material].name,
            str(item.count),
            " x ".join(_long(round(size * 1000)) for size in (item.length_mm, item.width_mm, item.height_mm)),
            item.note,
        )
        for item in items
    ]
    heads = ("ring", "what", "material", "count", "size", "")
    flow.table(heads, rows, (10_000, 16_000, 36_000, 14_000, 42_000, 66_000))
