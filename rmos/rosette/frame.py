"""What stands round the rings in the picture: the top's wood, the soundhole with its check dimension, the scale bar.

dimensions(spec, 90_000)     # a 10 mm bar, the diameter of the soundhole, the sizes in words
"""

from math import isqrt
from typing import Final

from rmos.rosette.materials import MATERIALS
from rmos.rosette.seeded import Stream
from rmos.rosette.spec import RosetteSpec, mm_text

_FONT: Final = 'font-family="Helvetica,Arial,DejaVu Sans,sans-serif"'
_INK: Final = "#3a3029"


def top_wood(spec: RosetteSpec, radius: int) -> list[str]:
    """Return a disc of the top with its grain upright, as it runs along the strings."""
    wood = MATERIALS[spec.top]
    stream = Stream(seed=spec.seed, decision="top")
    lines = [f'<circle r="{mm_text(radius)}" fill="{wood.shades[0]}"/>']
    colour = wood.streaks[0].colour if wood.streaks else "#806040"
    d, x = [], -radius
    while True:
        x += stream.between(900, 1900)
        if x >= radius:
            break
        reach = isqrt(radius * radius - x * x)
        hole = isqrt(max((spec.soundhole_diameter // 2) ** 2 - x * x, 0))
        if hole:
            d.append(f"M{mm_text(x)} {mm_text(-reach)}V{mm_text(-hole)}M{mm_text(x)} {mm_text(hole)}V{mm_text(reach)}")
        else:
            d.append(f"M{mm_text(x)} {mm_text(-reach)}V{mm_text(reach)}")
    lines.append(f'<path fill="none" stroke="{colour}" stroke-width=".16" opacity="0.4" d="{"".join(d)}"/>')
    return lines


def soundhole(spec: RosetteSpec) -> list[str]:
    """Return the hole: its edge as the check dimension, and the shade of the top's thickness."""
    radius = spec.soundhole_diameter // 2
    return [
        f'<circle r="{mm_text(radius)}" fill="#1b1411"/>',
        f'<circle r="{mm_text(radius - 350)}" fill="none" stroke="#6b4f33" stroke-width=".7" opacity=".8"/>',
        f'<circle r="{mm_text(radius - 1500)}" fill="none" stroke="#000000" stroke-width="1.6" opacity=".35"/>',
    ]


def dimensions(spec: RosetteSpec, half: int) -> list[str]:
    """Return the dimension line across the hole, a scale bar of 10 mm and the sizes below the picture."""
    r = mm_text(spec.soundhole_diameter // 2)
    near = mm_text(spec.soundhole_diameter // 2 - 2200)
    left, right, base = mm_text(-half + 3000), mm_text(half - 3000), half + 6000
    sizes = (
        f"width {mm_text(spec.width)} · outside Ø {mm_text(2 * spec.outer_radius)}"
        f" · channel {mm_text(spec.channel_depth)} deep"
    )
    return [
        (
            '<path fill="none" stroke="#d8c7a8" stroke-width=".18" opacity=".8"'
            f' d="M-{r} 0H{r}M-{near} -.8L-{r} 0L-{near} .8M{near} -.8L{r} 0L{near} .8"/>'
        ),
        (
            f'<text y="-1.6" fill="#d8c7a8" {_FONT} font-size="4" text-anchor="middle">'
            f"Ø {mm_text(spec.soundhole_diameter)} mm</text>"
        ),
        f'<path id="scale-10mm" fill="{_INK}" d="M{left} {mm_text(base - 1000)}h10v.8h-10Z"/>',
        f'<text x="{left}" y="{mm_text(base - 1800)}" fill="{_INK}" {_FONT} font-size="3">10 mm</text>',
        f'<text x="{right}" y="{mm_text(base)}" fill="{_INK}" {_FONT} font-size="3" text-anchor="end">{sizes}</text>',
    ]
