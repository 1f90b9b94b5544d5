"""Tell how long a program runs: by its feeds alone, and as a planner with acceleration drives it.

times = measure_time(motions, axes)
times.feed_only_s, times.planned_s        # 124.6 and 427.3 for a ring on a GRBL with its factory limits
times.seconds[7]                          # of the eighth motion, planned where it can be
"""

import math
from array import array
from typing import NamedTuple

from rmos.cam.measure.arcs import resolve_arc
from rmos.cam.measure.blocks import list_blocks
from rmos.cam.measure.bounds import place_at, place_before
from rmos.cam.measure.planner import AxisLimits, plan_blocks
from rmos.cam.measure.setup import MachineAxes
from rmos.cam.motion import MotionKind, Motions


class Times(NamedTuple):
    """Seconds: of the whole program, and of each motion."""

    feed_only_s: float
    planned_s: float | None
    """None when the machine does not say how fast its axes go and speed up."""
    seconds: "array[float]"
    lengths: "array[float]"
    """µm of each motion; 0.0 of what is not known."""


def measure_time(motions: Motions, machine: MachineAxes | None) -> Times:
    """Return the times of a program. Rapids and dwells count in `planned_s` alone: no word says how fast a rapid is."""
    lengths = _measure_lengths(motions)
    by_feed = _time_by_feed(motions, lengths)
    feed_only = math.fsum(by_feed)
    if machine is None or machine.max_rate_mm_min is None or machine.acceleration_mm_s2 is None:
        return Times(feed_only, None, by_feed, lengths)
    seconds = array("d", bytes(8 * len(motions)))
    limits = AxisLimits(machine.max_rate_mm_min, machine.acceleration_mm_s2, machine.junction_deviation_mm)
    plan_blocks(list_blocks(motions, machine.arc_tolerance_mm), limits, seconds)
    dwell = int(MotionKind.DWELL)
    for place, kind in enumerate(motions.kind):
        if kind == dwell and 0 < motions.feed[place] < math.inf:
            seconds[place] = motions.feed[place]
    return Times(feed_only, math.fsum(seconds), seconds, lengths)


def _measure_lengths(motions: Motions) -> "array[float]":
    """Return the length of the path of each motion, µm."""
    dwell, sqrt = int(MotionKind.DWELL), math.sqrt
    lengths = array("d")
    for kind, (x0, y0, z0), x, y, z in zip(
        motions.kind, motions.starts(), motions.x, motions.y, motions.z, strict=True
    ):
        dx, dy, dz = x - x0, y - y0, z - z0
        lengths.append(0.0 if kind == dwell else sqrt(dx * dx + dy * dy + dz * dz))
    for place, shape in motions.arcs.items():
        lengths[place] = resolve_arc(place_before(motions, place), place_at(motions, place), shape).length()
    for place, length in enumerate(lengths):
        if not length < math.inf:
            lengths[place] = 0.0
    return lengths


def _time_by_feed(motions: Motions, lengths: "array[float]") -> "array[float]":
    """Return the seconds of each feed motion at its own feed; 0.0 of all others."""
    fed = (int(MotionKind.LINE), int(MotionKind.ARC))
    return array(
        "d",
        (
            length * 0.06 / feed if kind in fed and feed > 0 else 0.0
            for kind, feed, length in zip(motions.kind, motions.feed, lengths, strict=True)
        ),
    )
