"""Fixed-point geometry: integer micrometres, angles in 2^-32 of a turn, sine and cosine without a maths library.

    point(turn(1, 4), 43_000)     # (43000, 0): a quarter turn clockwise from 12 o'clock, y points down
    circumference(43_000)         # 270177

The same integers come out on every machine and every Python: a platform's `sin` may differ in its last bit, and one bit
changes a digest. A step of 2^-32 of a turn is 0.0001 micrometres at the rim of a rosette.
"""

from functools import lru_cache
from typing import Final

TURN: Final = 1 << 32
"""Angles of a full turn."""
_BITS: Final = 30
_ONE: Final = 1 << _BITS
_HALF: Final = _ONE >> 1
_QUARTER: Final = TURN >> 2
_STEPS_BITS: Final = 8
_STEP_BITS: Final = 30 - _STEPS_BITS
_TABLE_BITS: Final = 60
_PI: Final = 3141592653589793238462643383279502884197
_PI_SCALE: Final = 10**39
_RADIANS_STEP: Final = (2 * _PI << _BITS) // _PI_SCALE
"""2 pi at the scale of `_ONE`; times an angle, shifted by 32, it gives radians."""


def _sine_table() -> tuple[int, ...]:
    """Return sin(k/256 of a quarter turn) for k = 0..256 by Taylor's series in integers."""
    one = 1 << _TABLE_BITS
    table = []
    for k in range((1 << _STEPS_BITS) + 1):
        x = (_PI * one * k) // (_PI_SCALE << (_STEPS_BITS + 1))
        term, total, n = x, 0, 1
        while term:
            total += term
            term = -(term * x * x >> 2 * _TABLE_BITS) // ((n + 1) * (n + 2))
            n += 2
            if n > 40:
                break
        table.append((total + (1 << (_TABLE_BITS - _BITS - 1))) >> (_TABLE_BITS - _BITS))
    return tuple(table)


_SINES: Final = _sine_table()


def turn(k: int, n: int) -> int:
    """Return the angle of `k/n` of a turn."""
    return k * TURN // n


@lru_cache(maxsize=4096)
def sincos(angle: int) -> tuple[int, int]:
    """Return sine and cosine times 2^30, within 3 units, of an angle in 2^-32 of a turn."""
    quadrant, rest = (angle >> 30) & 3, angle & (_QUARTER - 1)
    k, delta = rest >> _STEP_BITS, rest & ((1 << _STEP_BITS) - 1)
    s, c = _SINES[k], _SINES[(1 << _STEPS_BITS) - k]
    d = delta * _RADIANS_STEP >> 32
    d2 = d * d >> _BITS
    sin_d, cos_d = d - d * d2 // (6 << _BITS), _ONE - (d2 >> 1) + d2 * d2 // (24 << _BITS)
    sine, cosine = (s * cos_d + c * sin_d) >> _BITS, (c * cos_d - s * sin_d) >> _BITS
    if quadrant == 0:
        return sine, cosine
    if quadrant == 1:
        return cosine, -sine
    return (-sine, -cosine) if quadrant == 2 else (-cosine, sine)


def point(angle: int, radius: int) -> tuple[int, int]:
    """Return x and y in micrometres of a point at an angle clockwise from 12 o'clock; y points down."""
    sine, cosine = sincos(angle % TURN)
    return (radius * sine + _HALF) >> _BITS, (_HALF - radius * cosine) >> _BITS


def circumference(radius: int) -> int:
    """Return 2 pi r, to the nearest micrometre."""
    return (2 * _PI * radius + _PI_SCALE // 2) // _PI_SCALE


def along(length: int, radius: int) -> int:
    """Return the angle that an arc of this length has at this radius."""
    return length * TURN * _PI_SCALE // (2 * _PI * radius)


def divide(a: int, b: int) -> int:
    """Return a/b rounded to the nearest integer, halves up, for b > 0."""
    return (2 * a + b) // (2 * b)
