"""Collect strokes of a picture by colour and width, and leave out points that are too close to tell apart.

    strokes = Strokes(step=0.35)
    strokes.add("d2", 12.7, (20.0, 20.0), (80.0, 20.0))
    strokes.draw_paths()

However long a program is, no two points of a stroke are nearer than a step, so what is drawn is bounded by the length
of the path. What goes nowhere on the page, as a plunge, is a dot, once at each place.
"""

import math
from typing import Final

Point = tuple[float, float]
StrokeKey = tuple[str, float]
_UNCUT: Final = ("air", "rapid")
_ORDER: Final = ("air", "d0", "d1", "d2", "d3", "d4", "d5", "rapid")
"""What lies on what: the deeper cut on the shallower one, rapids on all."""
_MAX_DOTS: Final = 4000


class Strokes:
    """Strokes in pixels, by name and width."""

    def __init__(self, step: float) -> None:
        self.first: Point | None = None
        """Where the first stroke begins."""
        self._step = step
        self._texts: dict[StrokeKey, list[str]] = {}
        self._ends: dict[StrokeKey, Point] = {}
        self._key: StrokeKey | None = None
        self._drawn = self._last = (0.0, 0.0)
        self._dots: set[tuple[StrokeKey, int, int]] = set()

    def add(self, name: str, width: float, begin: Point, end: Point) -> None:
        """Go on from one point to another; what begins where the last one ended is one stroke with it."""
        key = name, width
        if key != self._key or begin != self._last:
            self._finish()
            self._key, self._drawn, self._last = key, begin, begin
            self.first = self.first or begin
        self._last = end
        if math.dist(self._drawn, end) >= self._step:
            self._draw_line(key, end)

    def draw_paths(self) -> list[str]:
        """Return the strokes as paths, each as wide as it cuts with a thin line in the middle."""
        self._finish()
        lines = ['<g fill="none" stroke-linecap="round" stroke-linejoin="round">']
        ordered = sorted(self._texts, key=lambda key: (_ORDER.index(key[0]), -key[1]))
        for number, key in enumerate(ordered):
            name, width = key
            text = "".join(self._texts[key])
            if name in _UNCUT:
                dashes = ' stroke-dasharray="5 4"' if name == "rapid" else ""
                lines.append(f'<path class="{name}"{dashes} d="{text}"/>')
                continue
            lines.append(f'<defs><path id="cut{number}" d="{text}"/></defs>')
            lines.append(f'<use href="#cut{number}" class="{name}" stroke-width="{width:.1f}" stroke-opacity=".55"/>')
            lines.append(f'<use href="#cut{number}" class="{name}" stroke-width="1.2"/>')
        return [*lines, "</g>"]

    def draw_marks(self, width: float) -> list[str]:
        """Return the strokes as paths of one width."""
        self._finish()
        return [
            f'<path class="{name}" fill="none" stroke-width="{width}" stroke-linecap="round" d="{"".join(text)}"/>'
            for (name, _), text in self._texts.items()
        ]

    def _draw_line(self, key: StrokeKey, end: Point) -> None:
        text = self._texts.setdefault(key, [])
        if self._ends.get(key) != self._drawn:
            text.append(f"M{_write(self._drawn)}")
        text.append(f"L{_write(end)}")
        self._ends[key] = self._drawn = end

    def _finish(self) -> None:
        """End a stroke: what is left of it is shorter than a step, and a dot if it is a cut."""
        if self._key is None or self._key[0] in _UNCUT or len(self._dots) >= _MAX_DOTS:
            return
        x, y = self._last
        dot = self._key, round(x), round(y)
        if self._ends.get(self._key) != self._last and dot not in self._dots:
            self._dots.add(dot)
            self._texts.setdefault(self._key, []).append(f"M{_write(self._last)}h0")


def _write(point: Point) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"
