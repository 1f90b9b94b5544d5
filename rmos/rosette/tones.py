"""Materials in the place of others: when a prompt goes without some, wants all wood, or something darker or lighter.

    retoned("natural_veneer", set(), tone="dark", all_wood=True, keep=False)      # "walnut"

A material that was named is never replaced, unless the same prompt also does without it.
"""

from collections.abc import Set
from typing import Final

from rmos.rosette.materials import MATERIALS

_WOODS: Final = {
    "black_fibre": "ebony",
    "white_fibre": "maple",
    "black_veneer": "ebony",
    "natural_veneer": "maple",
    "red_veneer": "padauk",
    "green_veneer": "walnut",
    "blue_veneer": "purpleheart",
    "yellow_veneer": "olive",
    "orange_veneer": "koa",
    "brown_veneer": "walnut",
    "bone": "holly",
    "mother_of_pearl": "holly",
    "abalone": "koa",
    "paua": "purpleheart",
}
_DARK: Final = {
    "maple": "walnut",
    "holly": "mahogany",
    "spruce": "walnut",
    "koa": "walnut",
    "natural_veneer": "brown_veneer",
    "green_veneer": "black_veneer",
    "yellow_veneer": "orange_veneer",
    "mahogany": "east_indian_rosewood",
    "olive": "walnut",
}
_LIGHT: Final = {
    "walnut": "maple",
    "east_indian_rosewood": "koa",
    "brazilian_rosewood": "koa",
    "ebony": "walnut",
    "wenge": "walnut",
    "cocobolo": "koa",
    "mahogany": "maple",
    "brown_veneer": "natural_veneer",
    "black_veneer": "brown_veneer",
}
_INSTEAD: Final = ("maple", "ebony", "walnut", "east_indian_rosewood", "padauk", "holly")


def replace_tone(name: str, gone: Set[str], *, tone: str | None, all_wood: bool, keep: bool) -> str:
    """Return the material, or what stands in for it."""
    if not keep:
        if all_wood:
            name = _WOODS.get(name, name)
        table = {"dark": _DARK, "light": _LIGHT}.get(tone or "", {})
        # Light and dark lines side by side stay so: what divides them is their contrast.
        if MATERIALS[name].group != "fibre":
            name = table.get(name, name)
    if name in gone:
        light = MATERIALS[name].tone == "light"
        fitting = [other for other in _INSTEAD if other not in gone]
        alike = [other for other in fitting if (MATERIALS[other].tone == "light") == light]
        return (alike or fitting or ["black_fibre"])[0]
    return name
