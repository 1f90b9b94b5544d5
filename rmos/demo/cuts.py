"""What a small lutherie shop asks to cut, in batches: channels, rings, pockets, pearl, saw slices, and what goes wrong.

    for make in makes:                   # of ("om-spruce-rosettes", makes) in BATCHES
        make(rng)                        # a list: a refused cut is often followed by its correction

What is asked follows from `rng` alone.
"""

import random
from collections.abc import Callable
from typing import Any, Final

import msgspec

Make = Callable[[random.Random], list["Request"]]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One cut that somebody asked to judge."""

    mode: str
    tool_id: str
    design: dict[str, Any]
    context: dict[str, Any]
    notes: str
    corrects: bool = False
    """It is a second try of the request before it."""


_DESKTOP: Final = {"class": "light", "spindle_power_w": 710, "max_force_n": 89, "max_rpm": 30000}
_FAST_SPINDLE: Final = {"class": "light", "spindle_power_w": 300, "max_force_n": 40, "max_rpm": 60000}
_VACUUM: Final = {"pressure_kpa": 60, "area_mm2": 9000, "friction": 0.35}


def _context(material: str, machine: dict[str, Any], thickness_mm: float, **more: Any) -> dict[str, Any]:
    stock = {"thickness_mm": thickness_mm}
    return {"units": "mm", "material": {"id": material}, "machine": machine, "stock": stock, **more}


def _near(rng: random.Random, value: float, *, by: float = 0.1, step: float = 10) -> float:
    """Return a value near another one, on the grid that people type."""
    near = round(value * rng.uniform(1 - by, 1 + by) / step) * step
    return round(near, 3)


def _spruce_channel(rng: random.Random) -> list[Request]:
    wood = rng.choice(("sitka_spruce", "engelmann_spruce", "western_red_cedar"))
    design = {
        "operation": "channel",
        "feed_mm_min": _near(rng, 1800, step=50),
        "plunge_feed_mm_min": 600,
        "spindle_rpm": 18000,
        "axial_depth_mm": 0.75,
        "total_depth_mm": 1.5,
        "feature_width_mm": rng.choice((6.0, 9.5, 12.0)),
        "floor_thickness_mm": 1.5,
    }
    notes = rng.choice(_CHANNEL_NOTES)
    context = _context(wood, _DESKTOP, rng.choice((2.9, 3.0)), hold_down=_VACUUM)
    return [Request(mode="router", tool_id="em-3175-2f", design=design, context=context, notes=notes)]


def _thin_top(rng: random.Random) -> list[Request]:
    channel = _spruce_channel(rng)[0]
    design = {**channel.design, "total_depth_mm": 1.6, "floor_thickness_mm": 0.7}
    stock = {"thickness_mm": 2.3}
    bad = msgspec.structs.replace(
        channel, design=design, context={**channel.context, "stock": stock}, notes="Classical top, steel-string depth."
    )
    shallow = {**design, "total_depth_mm": 1.0, "floor_thickness_mm": 1.3}
    good = msgspec.structs.replace(bad, design=shallow, corrects=True, notes="Channel for the thinner rosette blank.")
    return [bad, good]


def _inch_channel(rng: random.Random) -> list[Request]:
    tool = {"kind": "end_mill", "diameter": 0.125, "flutes": 2, "material": "carbide", "stickout": 0.75}
    design = {
        "operation": "channel",
        "feed": _near(rng, 70, step=1),
        "plunge_feed": 24,
        "spindle_rpm": 18000,
        "axial_depth": 0.03,
        "total_depth": 0.06,
        "feature_width": 0.25,
        "floor_thickness": 0.06,
    }
    context = {
        "units": "inch",
        "tool": {**tool, "flute_length": 0.5, "centre_cutting": True},
        "material": {"id": rng.choice(("engelmann_spruce", "sitka_spruce"))},
        "machine": _DESKTOP,
        "stock": {"thickness": 0.12},
    }
    notes = 'From the old inch drawings, 1/4" channel.'
    return [Request(mode="router", tool_id="em-0125in-2f", design=design, context=context, notes=notes)]


def _maple_ring(rng: random.Random) -> list[Request]:
    design = {
        "operation": "ring_cutout",
        "feed_mm_min": _near(rng, 900, step=20),
        "plunge_feed_mm_min": 300,
        "spindle_rpm": 18000,
        "axial_depth_mm": 0.75,
        "total_depth_mm": 3.0,
        "feature_width_mm": rng.choice((4.0, 6.0, 12.0)),
        "wall_thickness_mm": rng.choice((1.2, 1.6, 2.0)),
    }
    context = _context("hard_maple", _DESKTOP, 3.2, hold_down=_VACUUM)
    notes = rng.choice(_RING_NOTES)
    return [Request(mode="router", tool_id="em-3175-2f", design=design, context=context, notes=notes)]


def _deep_ring(rng: random.Random) -> list[Request]:
    ring = _maple_ring(rng)[0]
    return [msgspec.structs.replace(ring, design={**ring.design, "axial_depth_mm": 1.0}, notes="In three passes.")]


def _ebony_pocket(rng: random.Random) -> list[Request]:
    tool_id, diameter, feed, rpm = rng.choice(
        (("em-0800-2f", 0.8, 300, 24000), ("em-1000-2f", 1.0, 360, 24000), ("em-1588-2f", 1.5875, 500, 20000))
    )
    design = {
        "operation": "inlay_pocket",
        "feed_mm_min": _near(rng, feed),
        "plunge_feed_mm_min": round(feed * 0.35),
        "spindle_rpm": rpm,
        "axial_depth_mm": round(diameter * 0.25, 2),
        "radial_engagement_mm": round(diameter * 0.4, 2),
        "total_depth_mm": 1.6,
        "feature_width_mm": round(diameter * rng.uniform(1.4, 4), 2),
        "internal_radius_mm": round(diameter * 0.6, 2),
        "floor_thickness_mm": 4.5,
        "fit_critical": True,
    }
    context = _context("ebony", _FAST_SPINDLE, 6.5, coolant="air")
    notes = rng.choice(_POCKET_NOTES)
    return [Request(mode="router", tool_id=tool_id, design=design, context=context, notes=notes)]


def _pearl_inlay(rng: random.Random) -> list[Request]:
    design = {
        "operation": "inlay_part",
        "feed_mm_min": _near(rng, 203, by=0.05, step=1),
        "plunge_feed_mm_min": 60,
        "spindle_rpm": 60000,
        "axial_depth_mm": 0.127,
        "total_depth_mm": 1.59,
        "feature_width_mm": rng.choice((0.6, 0.8, 1.2)),
        "wall_thickness_mm": rng.choice((0.9, 1.2)),
        "fit_critical": True,
    }
    shell = rng.choice(("mother_of_pearl", "mother_of_pearl", "abalone"))
    context = _context(shell, _FAST_SPINDLE, 1.6, coolant="mist", hold_down=_VACUUM)
    notes = rng.choice(_PEARL_NOTES)
    return [Request(mode="router", tool_id="em-0400-3f", design=design, context=context, notes=notes)]


def _soundhole(rng: random.Random) -> list[Request]:
    design = {
        "operation": "soundhole",
        "feed_mm_min": _near(rng, 2400, step=50),
        "plunge_feed_mm_min": 800,
        "spindle_rpm": 16000,
        "axial_depth_mm": 1.5,
        "total_depth_mm": 3.0,
        "feature_width_mm": rng.choice((86.0, 100.0)),
    }
    wood = rng.choice(("sitka_spruce", "western_red_cedar"))
    context = _context(wood, _DESKTOP, 2.9, hold_down=_VACUUM)
    notes = "Soundhole last, rosette glued and scraped."
    return [Request(mode="router", tool_id="em-6350-2f", design=design, context=context, notes=notes)]


def _saw_slices(rng: random.Random) -> list[Request]:
    design = {
        "operation": "saw_slice",
        "feed_mm_min": _near(rng, 8000, step=200),
        "spindle_rpm": 4200,
        "axial_depth_mm": 2.4,
    }
    saw = {"class": "rigid", "spindle_power_w": 2200, "max_rpm": 8000}
    wood = rng.choice(("hard_maple", "padauk", "east_indian_rosewood"))
    context = _context(wood, saw, rng.choice((6, 10, 12)), hold_down=_VACUUM)
    notes = rng.choice(_SAW_NOTES)
    return [Request(mode="saw", tool_id="saw-254-24t", design=design, context=context, notes=notes)]


def _overspeeding_blade(rng: random.Random) -> list[Request]:
    good = _saw_slices(rng)[0]
    bad = msgspec.structs.replace(
        good,
        design={**good.design, "spindle_rpm": _near(rng, 7600, by=0.03, step=100)},
        notes="Spindle preset of the 100 mm blade still loaded?",
    )
    return [bad, msgspec.structs.replace(good, corrects=True, notes="Speed set back for the 254 mm blade.")]


def _rubbing_feed(rng: random.Random) -> list[Request]:
    ring = _maple_ring(rng)[0]
    slow = {**ring.design, "feed_mm_min": _near(rng, 200), "plunge_feed_mm_min": 80, "spindle_rpm": 24000}
    bad = msgspec.structs.replace(
        ring, tool_id="em-6350-2f", design=slow, notes="Slow and careful, the last one tore out."
    )
    return [bad, msgspec.structs.replace(ring, corrects=True, notes="Smaller cutter, proper feed: clean edge.")]


def _overload(rng: random.Random) -> list[Request]:
    ring = _maple_ring(rng)[0]
    fast = {**ring.design, "feed_mm_min": 7000, "spindle_rpm": 10000, "axial_depth_mm": 3.0}
    bad = msgspec.structs.replace(ring, design=fast, notes="Softwood preset on maple, full depth.")
    return [bad, msgspec.structs.replace(ring, corrects=True, notes="Back to 1 mm passes.")]


def _drawing(rng: random.Random) -> list[Request]:
    notes = rng.choice(("Template for the glass negative.", "Herringbone layout for the customer to see."))
    design = {"operation": "drawing_only"}
    return [Request(mode="art_studio", tool_id="drawing", design=design, context={"units": "mm"}, notes=notes)]


def _forgotten_speed(rng: random.Random) -> list[Request]:
    channel = _spruce_channel(rng)[0]
    design = {name: value for name, value in channel.design.items() if name != "spindle_rpm"}
    bad = msgspec.structs.replace(channel, design=design, notes="Speed not set in the CAM file.")
    return [bad, msgspec.structs.replace(channel, corrects=True)]


def _nothing_stated(rng: random.Random) -> list[Request]:
    notes = "Posted from the CAM without its tool table."
    return [Request(mode="cam", tool_id="unknown", design={"operation": "channel"}, context={}, notes=notes)]


def _garbled(rng: random.Random) -> list[Request]:
    channel = _spruce_channel(rng)[0]
    design = {**channel.design, "feed_mm_min": rng.choice(("1800 mm/min", -1800, [1800]))}
    return [msgspec.structs.replace(channel, mode="cam", design=design, notes="Post-processor test, bad feed column.")]


_CHANNEL_NOTES: Final = (
    "Outer channel, sneak up on the fit with the last 0.1 mm.",
    "Grain a little wild near the waist, climb cut the last pass.",
    "Inner channel; check the runout first.",
    "Top is 2.9 at the soundhole, leave the floor.",
)
_RING_NOTES: Final = (
    "Ring from the flamed offcut.",
    "Tabs at 12 and 6 o'clock, sand them off later.",
    "Quartersawn, cut the outside first.",
)
_POCKET_NOTES: Final = (
    "12th fret, double dot.",
    "Dust packs in the corners: blow it out between passes.",
    "Snowflake, fret 5; test fit in the offcut was snug.",
    "New cutter, the old one left fuzz.",
)
_PEARL_NOTES: Final = (
    "Under water, mask on.",
    "Logo letter, superglued to the carrier.",
    "Blank is 1.6, a little cupped.",
)
_SAW_NOTES: Final = (
    "Sticks 0.5 x 2 mm for the mosaic.",
    "Strips for herringbone, zero-clearance insert fitted.",
    "Veneer slices, let the blade come up to speed.",
)

BATCHES: Final[tuple[tuple[str, tuple[Make, ...]], ...]] = (
    ("om-spruce-rosettes", (_spruce_channel, _spruce_channel, _maple_ring, _soundhole, _forgotten_speed)),
    ("ebony-fingerboard-markers", (_ebony_pocket, _ebony_pocket, _pearl_inlay, _nothing_stated)),
    ("padauk-mosaic-sticks", (_saw_slices, _saw_slices, _overspeeding_blade)),
    ("classical-cedar-rosettes", (_spruce_channel, _soundhole, _drawing, _maple_ring, _thin_top)),
    ("headstock-pearl-logo", (_pearl_inlay, _pearl_inlay, _ebony_pocket)),
    ("maple-binding-rings", (_maple_ring, _deep_ring, _rubbing_feed, _overload)),
    ("parlor-inch-templates", (_inch_channel, _inch_channel, _drawing, _garbled)),
)
