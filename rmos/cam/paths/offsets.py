"""Outlines moved inwards and outwards by whole micrometres, with the package of the extra `cam`.

    offset_loops([square], -1588)        # where the middle of a cutter may go within it

Clipper computes on integers; its compilers may fuse floating-point operations, so the last micrometre of an outline
with curves may differ from one platform to another. What was made is what is stored.
"""

from collections.abc import Sequence
from typing import Any, Final

from rmos.errors.installation import ExtraMissing

XY = tuple[int, int]
Loop = list[XY]
_TOLERANCE_UM: Final = 6.0
"""How far a chord may lie from a rounded corner."""
_CLEAN_UM: Final = 4.0
"""Points nearer to each other, or to the line through their neighbours, are left out."""
_FINEST_UM: Final = 1


def load_clipper() -> Any:
    """Return the package that moves outlines.

    Raises:
        ExtraMissing: it is not installed.
    """
    try:
        import pyclipper  # noqa: PLC0415 - an optional extra
    except ImportError:
        text = (
            "Pockets and parts of an inlay need the extra `cam`: pip install 'rmos[cam]'. Circles are made without it."
        )
        raise ExtraMissing(text) from None
    return pyclipper


def orient_loops(loops: Sequence[Loop]) -> list[Loop]:
    """Return the loops of an even-odd area with outer ones counter-clockwise and holes clockwise.

    Raises:
        ExtraMissing.
    """
    pyclipper = load_clipper()
    union = pyclipper.Pyclipper()
    for loop in loops:
        if len(loop) > 2:
            union.AddPath(loop, pyclipper.PT_SUBJECT, True)
    return _take(union.Execute(pyclipper.CT_UNION, pyclipper.PFT_EVENODD, pyclipper.PFT_EVENODD))


def offset_loops(loops: Sequence[Loop], delta_um: int) -> list[Loop]:
    """Return the loops of an oriented area moved outwards, or inwards where the distance is negative.

    Raises:
        ExtraMissing.
    """
    if not loops or delta_um == 0:
        return [list(loop) for loop in loops]
    cleaned = (load_clipper().CleanPolygon(loop, _CLEAN_UM) for loop in _move_loops(loops, delta_um))
    return _take(loop for loop in cleaned if len(loop) > 2)


def _move_loops(loops: Sequence[Loop], delta_um: int) -> Any:
    """Return loops that were moved, with every point that they have then."""
    pyclipper = load_clipper()
    moved = pyclipper.PyclipperOffset(2.0, _TOLERANCE_UM)
    moved.AddPaths([list(loop) for loop in loops], pyclipper.JT_ROUND, pyclipper.ET_CLOSEDPOLYGON)
    return moved.Execute(delta_um)


def split_areas(loops: Sequence[Loop]) -> list[list[Loop]]:
    """Return the areas that loops bound, each with its outer loop first and then its holes."""
    pyclipper = load_clipper()
    if not loops:
        return []
    union = pyclipper.Pyclipper()
    union.AddPaths([list(loop) for loop in loops], pyclipper.PT_SUBJECT, True)
    tree = union.Execute2(pyclipper.CT_UNION, pyclipper.PFT_EVENODD, pyclipper.PFT_EVENODD)
    found: list[list[Loop]] = []
    waiting = list(tree.Childs)
    while waiting:
        outer = waiting.pop(0)
        found.append(_take([outer.Contour, *(hole.Contour for hole in outer.Childs)]))
        waiting += [inner for hole in outer.Childs for inner in hole.Childs]
    return found


def subtract_loops(loops: Sequence[Loop], others: Sequence[Loop]) -> list[Loop]:
    """Return what an area has beyond another one."""
    pyclipper = load_clipper()
    both = pyclipper.Pyclipper()
    both.AddPaths([list(loop) for loop in loops], pyclipper.PT_SUBJECT, True)
    if others:
        both.AddPaths([list(loop) for loop in others], pyclipper.PT_CLIP, True)
    return _take(both.Execute(pyclipper.CT_DIFFERENCE, pyclipper.PFT_NONZERO, pyclipper.PFT_NONZERO))


def _take(loops: Any) -> list[Loop]:
    return [[(int(x), int(y)) for x, y in loop] for loop in loops]


def measure_area(loop: Loop) -> int:
    """Return twice the signed area of a loop: above zero counter-clockwise."""
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(loop, [*loop[1:], loop[0]], strict=True))


def find_widest(loops: Sequence[Loop], *, most_um: int) -> int:
    """Return how far an area can be moved inwards before nothing is left of it, µm, up to a limit."""
    low, high = 0, most_um
    while high - low > _FINEST_UM:
        middle = (low + high) // 2
        low, high = (middle, high) if _move_loops(loops, -middle) else (low, middle)
    return low
