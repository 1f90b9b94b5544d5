"""Plan speeds as a controller with look-ahead does, and tell how long each motion takes.

    seconds = array("d", bytes(8 * len(motions)))
    plan_blocks(list_blocks(motions, 0.002), axes, seconds)      # adds to the place of each motion

The rules are those of GRBL's planner (`planner.c`, J. Skeie Simonsen and S. K. Jeon): limits per axis, junction
deviation, a backward and a forward pass, trapezoids. Its buffer of 16 blocks is not copied: all blocks are looked
ahead, which is the same wherever the buffer is long enough to stop in. Measured against GRBL's own planner: equal to
three digits on six programs, 1441.8 s against 1442.0 s on one of 150 497 blocks.
"""

import math
from array import array
from collections.abc import Iterable
from typing import Final, NamedTuple

from rmos.cam.measure.blocks import Block

_STRAIGHT: Final = 0.999999
"""−cos θ from which a junction is straight on and limits nothing, GRBL's constant. Straight back the formula is 0."""
_FLUSH: Final = 8192
"""Blocks that are collected before what is settled among them is driven."""


class AxisLimits(NamedTuple):
    """What the axes X, Y, Z can do: mm/min, mm/s², and GRBL's junction deviation in mm."""

    rate: tuple[float, float, float]
    acceleration: tuple[float, float, float]
    deviation: float


class _Pending:
    """Blocks that are planned and not yet driven; speeds are squares, (mm/s)²."""

    __slots__ = ("acceleration", "cap", "length", "motion", "nominal")

    def __init__(self) -> None:
        self.length = array("d")
        self.acceleration = array("d")
        self.nominal = array("d")
        self.cap = array("d")
        """The most that the junction before each block lets through."""
        self.motion = array("i")


def plan_blocks(blocks: Iterable[Block], axes: AxisLimits, seconds: "array[float]") -> None:
    """Add to `seconds`, at the place of each motion, how long its blocks take.

    Only so many blocks are held as may still be changed by what follows.
    """
    rate_x, rate_y, rate_z = (rate / 60 for rate in axes.rate)
    acc_x, acc_y, acc_z = axes.acceleration
    deviation, sqrt, inf = axes.deviation, math.sqrt, math.inf
    pending = _Pending()
    entry, before = 0.0, 0.0
    ux = uy = uz = 0.0
    flush_at = _FLUSH
    for dx, dy, dz, rate, motion in blocks:
        if motion < 0:
            _drive(pending, entry, len(pending.length), seconds)
            pending, entry, before, flush_at = _Pending(), 0.0, 0.0, _FLUSH
            continue
        length = sqrt(dx * dx + dy * dy + dz * dz)
        vx, vy, vz = dx / length, dy / length, dz / length
        ax, ay, az = abs(vx), abs(vy), abs(vz)
        # The slowest axis along this direction; an axis that stands still limits nothing.
        speed, acceleration = rate / 60, inf
        if ax:
            speed, acceleration = min(speed, rate_x / ax), acc_x / ax
        if ay:
            speed, acceleration = min(speed, rate_y / ay), min(acceleration, acc_y / ay)
        if az:
            speed, acceleration = min(speed, rate_z / az), min(acceleration, acc_z / az)
        nominal = speed * speed
        cap = 0.0
        if before:
            cosine = -(ux * vx + uy * vy + uz * vz)
            cap = nominal if nominal < before else before
            if cosine > -_STRAIGHT:
                cap = min(cap, _limit_junction(vx - ux, vy - uy, vz - uz, cosine, axes.acceleration, deviation))
        pending.length.append(length)
        pending.acceleration.append(acceleration)
        pending.nominal.append(nominal)
        pending.cap.append(cap)
        pending.motion.append(motion)
        ux, uy, uz, before = vx, vy, vz, nominal
        if len(pending.motion) >= flush_at:
            entry = _drive_settled(pending, entry, seconds)
            # Doubled, so that a program in which nothing settles is not passed through again and again.
            flush_at = 2 * max(_FLUSH // 2, len(pending.length))
    _drive(pending, entry, len(pending.length), seconds)


def _limit_junction(
    dx: float, dy: float, dz: float, cosine: float, acceleration: tuple[float, float, float], deviation: float
) -> float:
    """Return the square of the speed, (mm/s)², that a corner lets through.

    v² = a·δ·s / (1 − s) with s = √((1 − cos θ) / 2), where a is what the axes can do along the change of direction.
    """
    size = math.sqrt(dx * dx + dy * dy + dz * dz)
    reachable = min(
        limit * size / abs(change) for limit, change in zip(acceleration, (dx, dy, dz), strict=True) if change
    )
    sine = math.sqrt(max(0.0, 0.5 * (1.0 - cosine)))  # rounding may leave a hair more than 1
    return reachable * deviation * sine / (1.0 - sine)


def _drive_settled(pending: _Pending, entry: float, seconds: "array[float]") -> float:
    """Drive the blocks that nothing that follows can change, and return the speed at which the rest begins.

    Blocks before a junction that is passed as fast as it allows, although the machine would stop at the end of what is
    known, are settled: a later end can only be faster.
    """
    speeds = _pass_backward(pending)
    cap = pending.cap
    settled = next((place for place in range(len(speeds) - 1, 0, -1) if speeds[place] == cap[place]), 0)
    if settled:
        entry = _drive(pending, entry, settled, seconds, speeds)
        for column in (pending.length, pending.acceleration, pending.nominal, pending.cap, pending.motion):
            del column[:settled]
    return entry


def _pass_backward(pending: _Pending) -> list[float]:
    """Return how fast each block may begin, so that the machine can stop at the last one's end."""
    speeds = []
    reachable = 0.0
    columns = zip(reversed(pending.length), reversed(pending.acceleration), reversed(pending.cap), strict=True)
    for length, acceleration, cap in columns:
        reachable += 2.0 * acceleration * length
        if reachable > cap:
            reachable = cap
        speeds.append(reachable)
    speeds.reverse()
    return speeds


def _drive(
    pending: _Pending, entry: float, count: int, seconds: "array[float]", speeds: list[float] | None = None
) -> float:
    """Add the seconds of the first blocks, by the forward pass and trapezoids. Return the square of the last speed."""
    speeds = [*(_pass_backward(pending) if speeds is None else speeds), 0.0]
    sqrt = math.sqrt
    begin = sqrt(entry)
    columns = zip(
        pending.length, pending.acceleration, pending.nominal, pending.motion, speeds[1 : count + 1], strict=False
    )
    for length, acceleration, nominal, motion, leave in columns:
        gain = 2.0 * acceleration * length
        if leave > entry + gain:
            leave = entry + gain
        top = 0.5 * (entry + leave + gain)
        end = sqrt(leave)
        if top > nominal:
            peak = sqrt(nominal)
            # What is left between speeding up and slowing down is driven at the nominal speed.
            seconds[motion] += (2.0 * peak - begin - end) / acceleration + (top - nominal) / (acceleration * peak)
        else:
            seconds[motion] += (2.0 * sqrt(top) - begin - end) / acceleration
        entry, begin = leave, end
    return entry
