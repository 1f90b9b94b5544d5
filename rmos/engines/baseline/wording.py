"""Numbers as a colleague would say them."""

import math
from typing import Final

_PARTS: Final = ("half", "a third", "a quarter", "a fifth", "a sixth", "a seventh", "an eighth", "a ninth", "a tenth")


def num(value: float) -> str:
    """Return a number with three significant digits, whole from 1000 on."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def share(part: float, whole: float) -> str:
    """Say how large a part of the whole this is: "a sixth of", "2.3 times"."""
    ratio = part / whole
    if ratio >= 1:
        return f"{num(ratio)} times"
    if ratio > 0.9:
        return "just below"
    if ratio > 0.6:
        return f"{ratio:.0%} of"
    number = round(1 / ratio)
    return f"{_PARTS[number - 2]} of" if number <= 10 else f"less than {_PARTS[-1]} of"


def round_up(value: float) -> float:
    """Return the next number above with two significant digits: a setting that people can dial in."""
    step = _step(value)
    return round(math.ceil(value / step - 1e-9) * step, 9)


def round_down(value: float) -> float:
    """Return the next number below with two significant digits."""
    step = _step(value)
    return round(math.floor(value / step + 1e-9) * step, 9)


def _step(value: float) -> float:
    return 10.0 ** (math.floor(math.log10(value)) - 1)
