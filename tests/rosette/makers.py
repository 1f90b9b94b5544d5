"""Rosettes for tests, and a reader that measures a drawing by its own geometry, without the code that drew it."""

import math
import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from xml.etree import ElementTree

from rmos.rosette.spec import Ring, RosetteSpec, mm_text, stamp_version

BWB = Ring(kind="lines", width=1500, materials=("black_fibre", "white_fibre", "black_fibre"))
SVG = "{http://www.w3.org/2000/svg}"

TYPICAL: dict[str, dict[str, Any]] = {
    "lines": {"materials": ("black_fibre", "white_fibre")},
    "band": {"materials": ("koa",)},
    "solid": {"materials": ("spalted_maple",)},
    "mosaic": {"materials": ("natural_veneer", "black_veneer", "red_veneer"), "symmetry": "book", "motif": "pinwheel"},
    "herringbone": {"materials": ("maple", "east_indian_rosewood")},
    "half_herringbone": {"materials": ("maple", "ebony")},
    "wheat": {"materials": ("maple", "walnut")},
    "rope": {"materials": ("ebony", "padauk")},
    "braid": {"materials": ("holly", "walnut")},
    "checkerboard": {"materials": ("abalone", "ebony")},
    "diamond": {"materials": ("mother_of_pearl", "bone", "ebony")},
    "greek_key": {"materials": ("ebony", "maple")},
    "celtic": {"materials": ("walnut", "maple")},
    "wheel": {"materials": ("koa", "maple"), "tile_count": 12},
    "wedges": {"materials": ("east_indian_rosewood",), "tile_count": 12},
    "dots": {"materials": ("mother_of_pearl", "ebony")},
    "wave": {"materials": ("holly", "bone", "padauk")},
    "shell": {"materials": ("abalone",)},
}


def make_ring(kind: str, **members: Any) -> Ring:
    return Ring(**{"kind": kind, "width": 6000, **TYPICAL[kind], **members})


def make_spec(*rings: Ring, **members: Any) -> RosetteSpec:
    members = {"soundhole_diameter": 86_000, "rings": rings or (make_ring("rope"),), "seed": 5, **members}
    return stamp_version(RosetteSpec(**members))


class Outline(NamedTuple):
    """One closed outline of a path, in mm; arcs and curves as points."""

    points: list[tuple[float, float]]
    closed: bool

    @property
    def radii(self) -> list[float]:
        return [math.hypot(x, y) for x, y in self.points]

    @property
    def area(self) -> float:
        pairs = zip(self.points, [*self.points[1:], self.points[0]], strict=True)
        return abs(sum(a * d - b * c for (a, b), (c, d) in pairs)) / 2


def parse(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def by_id(root: ElementTree.Element, name: str) -> ElementTree.Element:
    return next(element for element in root.iter() if element.get("id") == name)


def paths_of(element: ElementTree.Element) -> Iterator[str]:
    for path in element.iter(f"{SVG}path"):
        yield path.attrib["d"]


def outlines(d: str) -> list[Outline]:
    """Read a path as a browser does."""
    found: list[Outline] = []
    for command, text in re.findall(r"([MLAQCZ])([^MLAQCZ]*)", d):
        numbers = [float(number) for number in text.replace(",", " ").split()]
        if command == "M":
            found.append(Outline([(numbers[0], numbers[1])], False))
        elif command == "Z":
            found[-1] = found[-1]._replace(closed=True)
        else:
            start = found[-1].points[-1]
            found[-1].points.extend(_steps(command, start, numbers))
    return found


def _steps(command: str, start: tuple[float, float], numbers: list[float]) -> list[tuple[float, float]]:
    if command == "A":
        return _arc(start, numbers)
    corners = [start, *zip(numbers[::2], numbers[1::2], strict=True)]
    if command == "L":
        return corners[1:]
    degree = len(corners) - 1
    return [
        tuple(  # type: ignore[misc]
            sum(
                math.comb(degree, at) * (1 - t) ** (degree - at) * t**at * corner[axis]
                for at, corner in enumerate(corners)
            )
            for axis in (0, 1)
        )
        for t in [k / 12 for k in range(1, 13)]
    ]


def _arc(start: tuple[float, float], numbers: list[float]) -> list[tuple[float, float]]:
    """Follow an arc round the centre of the drawing: rosettes have no other."""
    radius, _, _, _, sweep, x, y = numbers
    assert math.isclose(math.hypot(*start), radius, abs_tol=0.002)
    assert math.isclose(math.hypot(x, y), radius, abs_tol=0.002)
    begin, end = math.atan2(start[1], start[0]), math.atan2(y, x)
    span = (end - begin) % (2 * math.pi) if sweep else -((begin - end) % (2 * math.pi))
    n = max(int(abs(span) / 0.01), 1)
    return [(radius * math.cos(begin + span * k / n), radius * math.sin(begin + span * k / n)) for k in range(1, n + 1)]


def outline(spec: RosetteSpec) -> str:
    """Return the rings in short: `lines 1.5 bwb | shell 2.381 abalone | dots 5 mother_of_pearl+ebony x24`."""
    return " | ".join(_in_short(ring) for ring in spec.rings)


def _in_short(ring: Ring) -> str:
    woods = "+".join(ring.materials)
    if ring.kind == "lines":
        fibres = {"black_fibre": "b", "white_fibre": "w"}
        plain = all(name in fibres for name in ring.materials)
        woods = "".join(fibres[name] for name in ring.materials) if plain else "/".join(ring.materials)
    count = f" x{ring.tile_count}" if ring.tile_count else ""
    return " ".join(filter(None, [ring.kind, mm_text(ring.width), woods])) + count
