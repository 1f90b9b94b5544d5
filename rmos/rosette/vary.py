"""Seeded variation: what a luthier left open, decided by the seed; what was given is never touched.

    vary(spec, 7)       # the same spec with seed 7: tile lengths, slants, orders, stacks, motifs of seed 7

Rings that are alike are varied alike, so that the inner and the outer edge stay a pair.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from rmos.rosette.draw import usual_length
from rmos.rosette.draw.mosaic import MOTIFS
from rmos.rosette.seeded import MAX_SEED, Stream
from rmos.rosette.spec import Ring, RosetteSpec, validate_spec

_SWAY: Final[Mapping[str, int]] = {
    "mosaic": 5, "checkerboard": 5, "greek_key": 10, "celtic": 10, "braid": 15, "diamond": 20, "herringbone": 20,
    "half_herringbone": 20, "wheat": 20, "rope": 20, "wave": 20, "dots": 20, "wedges": 20, "wheel": 20, "shell": 20,
}  # fmt: skip
"""Kind → per cent by which the length of a tile may differ; less where squares would no longer look square."""
_TURNING: Final = ("herringbone", "half_herringbone", "rope", "checkerboard", "wedges")
"""Kinds in which no material is the ground, so that their order may turn."""
_SHIFTED: Final = ("herringbone", "half_herringbone", "rope", "wave", "dots", "wheat")
_LOPSIDED: Final = ("pinwheel", "steps")
_STACKS: Final = (("black_fibre", "white_fibre"), ("white_fibre", "black_fibre"))


def vary(spec: RosetteSpec, seed: int) -> RosetteSpec:
    """Return the spec as this seed makes it.

    Raises:
        ValidationFailed: when the spec cannot be drawn.
        ValueError: when the seed is not in 0..2^53-1.
    """
    if not 0 <= seed <= MAX_SEED:
        raise ValueError("a seed is a whole number from 0 to 2^53-1")
    validate_spec(spec)
    rings = tuple(_vary_ring(ring, inner, seed) for ring, inner, _ in spec.placed())
    return msgspec.structs.replace(spec, rings=rings, seed=seed)


def _vary_ring(ring: Ring, inner: int, seed: int) -> Ring:
    alike = f"{ring.kind} {ring.width} {','.join(ring.materials)}"

    def decide(name: str) -> Stream:
        return Stream(seed=seed, decision=f"vary {alike}/{name}")

    changes: dict[str, Any] = {}
    if ring.kind == "lines":
        return _vary_stack(ring, decide("stack"))
    if ring.kind in _TURNING and len(ring.materials) > 1 and "order" not in ring.given:
        turn = decide("order").below(len(ring.materials))
        changes["materials"] = ring.materials[turn:] + ring.materials[:turn]
    if ring.kind in ("herringbone", "half_herringbone", "rope") and ring.slant is None:
        changes["slant"] = decide("slant").pick((40, 45, 50, 55))
    if ring.kind == "herringbone" and ring.rows is None and ring.width >= 7000 and ring.strip is None:
        changes["rows"] = decide("rows").pick((2, 4))
    if ring.kind == "mosaic" and not ring.bitmap:
        changes |= _motif(ring, decide)
    if ring.kind in _SHIFTED and not ring.phase:
        changes["phase"] = decide("phase").pick((0, 250, 500, 750))
    ring = msgspec.structs.replace(ring, **changes)
    sway = _SWAY.get(ring.kind)
    # A veneer is as thick as it is: with one, the length of a repeat follows from it.
    if sway and ring.tile_count is None and ring.tile_length is None and ring.strip is None:
        length = usual_length(ring, inner) * decide("tile_length").between(100 - sway, 100 + sway) // 100
        ring = msgspec.structs.replace(ring, tile_length=min(max(length, 50), 100_000))
    return ring


def _vary_stack(ring: Ring, stream: Stream) -> Ring:
    """Return a stack of black and white lines with its colours exchanged, or with more lines, unless it was given."""
    free = not {"materials", "lines", "kind"} & set(ring.given)
    if not free or set(ring.materials) != {"black_fibre", "white_fibre"}:
        return ring
    count = len(ring.materials)
    counts = [size for size in (count, count + 2) if ring.width // size >= 300]
    first, second = stream.pick(_STACKS)
    size = stream.pick(counts or [count])
    return msgspec.structs.replace(ring, materials=tuple((first, second)[k % 2] for k in range(size)))


def _motif(ring: Ring, decide: Any) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    motif = ring.motif
    if "motif" not in ring.given:
        fitting = [name for name, rows in MOTIFS.items() if ring.rows is None or ring.rows >= len(rows)]
        motif = decide("motif").pick(fitting or ["diamond"])
        changes["motif"] = motif
    if ring.symmetry is None and motif in _LOPSIDED:
        changes["symmetry"] = decide("symmetry").pick(("slip", "book", "inversion", "book_inversion"))
    return changes
