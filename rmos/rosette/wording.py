"""What a rosette is called: for people, for screen readers, for the bill of materials.

title(spec)        # "Rosette: herringbone in maple and Indian rosewood"
ring_words(ring)   # "rope in ebony and padauk, 6 mm"
"""

from collections.abc import Sequence
from typing import Final

from rmos.rosette.materials import MATERIALS
from rmos.rosette.spec import Ring, RosetteSpec, mm_text

KIND_WORDS: Final = {
    "gap": "bare top",
    "lines": "lines",
    "band": "plain band",
    "solid": "solid ring",
    "mosaic": "mosaic tiles",
    "herringbone": "herringbone",
    "half_herringbone": "half-herringbone",
    "wheat": "ears of wheat",
    "rope": "rope",
    "braid": "braid",
    "checkerboard": "checkerboard",
    "diamond": "diamonds",
    "greek_key": "Greek key",
    "celtic": "Celtic band",
    "wheel": "wheel and spoke",
    "wedges": "radial wedges",
    "dots": "dots",
    "wave": "wave",
    "shell": "shell ring",
}


_PLURAL: Final = ("lines", "mosaic", "wheat", "diamond", "wedges", "dots")
"""Kinds that are called by a plural."""


def a_kind(kind: str) -> str:
    """Return what a ring of this kind is called: `a rope`, `radial wedges`, `herringbone`."""
    if kind in (*_PLURAL, "herringbone", "half_herringbone", "gap"):
        return KIND_WORDS[kind]
    return f"a {KIND_WORDS[kind]}"


def join_words(words: Sequence[str]) -> str:
    """Return `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def names(materials: Sequence[str]) -> str:
    """Return the materials' names for people, each once."""
    return join_words([MATERIALS[name].name for name in dict.fromkeys(materials)])


def stack_words(materials: Sequence[str]) -> str:
    """Return `lines black/white/black`."""
    letters = "/".join(MATERIALS[name].name.removesuffix(" fibre") for name in materials)
    return f"{'lines' if len(materials) > 1 else 'line'} {letters}"


def ring_words(ring: Ring) -> str:
    """Return what a ring is, of what, and how wide."""
    if ring.kind == "gap":
        return f"bare top, {mm_text(ring.width)} mm"
    if ring.kind == "lines":
        count = f"{len(ring.materials)} " if len(ring.materials) > 1 else "a "
        return f"{count}{stack_words(ring.materials)}, {mm_text(ring.width)} mm"
    return f"{KIND_WORDS[ring.kind]} in {names(ring.materials)}, {mm_text(ring.width)} mm"


def main_ring(spec: RosetteSpec) -> Ring:
    """Return the ring that gives the rosette its name: the widest patterned one, else the widest."""
    plain = ("gap", "lines", "band")
    patterned = [ring for ring in spec.rings if ring.kind not in plain]
    return max(patterned or [ring for ring in spec.rings if ring.kind != "gap"] or spec.rings, key=lambda r: r.width)


def title(spec: RosetteSpec) -> str:
    """Return the rosette's name."""
    ring = main_ring(spec)
    return f"Rosette: {KIND_WORDS[ring.kind]} in {names(ring.materials or (spec.top,))}"


def describe(spec: RosetteSpec) -> str:
    """Return the whole rosette in words, from the soundhole outwards."""
    rings = "; ".join(ring_words(ring) for ring in spec.rings)
    return (
        f"Soundhole {mm_text(spec.soundhole_diameter)} mm, {mm_text(spec.edge_gap)} mm of top, then from the inside"
        f" outwards: {rings}. {mm_text(spec.width)} mm wide in all."
    )
