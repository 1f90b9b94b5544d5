"""How the attributes of an element are checked: by a plan made once for each order of attributes that occurs.

    plan = make_plan("http://www.w3.org/2000/svg use", ["href", "x", "y"], {})   # an SvgRefusal, or
    plan.checks      # ((1, <function>, set()),): which values are looked at, how, and which were found harmless

A large drawing repeats a few shapes of tag a hundred thousand times. What depends on names alone is settled in the
plan, and what was found harmless is not looked at twice.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from rmos.svg.css import css_refusal
from rmos.svg.names import (
    ANIMATED,
    ANIMATING,
    STYLED,
    SVG,
    XLINK,
    attribute_refusal,
    element_refusal,
    is_event,
    is_foreign,
    is_free,
)
from rmos.svg.references import picture_refusal, reference_refusal
from rmos.svg.validation import SvgRefusal, shorten_text

MAX_ATTRIBUTES: Final = 128
"""Attributes of one element (RMOS policy); SVG has about 120 that an element can bear."""

ValueCheck = Callable[[str], SvgRefusal | None]


class AttributePlan(NamedTuple):
    """What is looked at in each element of one name with these attributes, in this order."""

    checks: tuple[tuple[int, ValueCheck, set[str]], ...]
    """Where in the list of names and values a value stands, how it is checked, and the values found harmless."""
    styled: tuple[int, ...]
    """Where values of CSS stand, which can load something only with a bracket or an escape in them."""
    id_at: int
    """Where the value of `id` stands, or -1."""
    uses_at: int
    """Where the reference of a `<use>` stands, or -1."""
    is_style: bool
    """Whether the text within is a style sheet."""


NOTHING: Final = AttributePlan(checks=(), styled=(), id_at=-1, uses_at=-1, is_style=False)
"""The plan of an element at which nothing is looked at but its names."""


def make_plan(element: str, names: Sequence[str], harmless: dict[ValueCheck, set[str]]) -> AttributePlan | SvgRefusal:
    """Return the plan for an element and its attributes, with expat's `namespace name`, or why it is blocked.

    `harmless` keeps for each check the values that passed it, over all plans of one drawing.
    """
    namespace, _, local = element.rpartition(" ")
    refusal = element_refusal(namespace, local)
    if refusal is not None:
        return refusal
    if len(names) > MAX_ATTRIBUTES:
        return "too_large", f"An element has {len(names)} attributes; up to {MAX_ATTRIBUTES} are judged."
    checks, styled = [], []
    for place, name in enumerate(names):
        check = _check_of(namespace, local, name)
        if isinstance(check, tuple):
            return check
        if check is css_refusal:
            styled.append(2 * place + 1)
        elif check is not None:
            checks.append((2 * place + 1, check, harmless.setdefault(check, set())))
    uses = local == "use" and next((name for name in ("href", f"{XLINK} href") if name in names), None)
    return AttributePlan(
        checks=tuple(checks),
        styled=tuple(styled),
        id_at=2 * names.index("id") + 1 if "id" in names else -1,
        uses_at=2 * names.index(uses) + 1 if uses else -1,
        is_style=local == "style" and namespace == SVG,
    )


def _check_of(namespace: str, element: str, name: str) -> ValueCheck | SvgRefusal | None:
    """Return how the value of an attribute is checked, None when it needs no look, or why its name is blocked."""
    space, _, local = name.rpartition(" ")
    if is_event(local):
        return attribute_refusal(space, local)
    if name in ("href", f"{XLINK} href"):
        return picture_refusal if namespace == SVG and element in ("image", "feImage") else reference_refusal
    if name == "style":
        return css_refusal
    if is_foreign(space) if space else (is_foreign(namespace) and local != "src"):
        return None
    if element in ANIMATING:
        if name == "attributeName":
            return _animated_refusal
        if name in ("from", "to", "by", "values"):
            return css_refusal
    if name in STYLED:
        return css_refusal
    return None if is_free(name) else attribute_refusal(space, local)


def _animated_refusal(value: str) -> SvgRefusal | None:
    """Check what an animation changes; None when it neither refers, nor runs, nor is CSS."""
    if value in ANIMATED:
        return None
    return "animation", f"The animation changes {shorten_text(value)}, which is not among what may move."
