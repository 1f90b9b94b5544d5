"""The list of all damages, in the order in which they are done to one store."""

from collections.abc import Callable

from tests.checks.shops import Faults, Shop

Damage = Callable[[Shop], Faults]
"""Breaks something in a shop and returns just what verify must then find."""
DAMAGES: dict[str, Damage] = {}


def damage(function: Damage) -> Damage:
    """Register a damage under its name."""
    DAMAGES[function.__name__] = function
    return function
