"""The colour of a place is that of the decision, and so is its rule."""

import copy
import random

import pytest

from rmos.engines.baseline_v2.cut import open_cut
from rmos.engines.decision import decide
from rmos.engines.suggest.colours import colour_cut
from rmos.store.rules import find_rule
from tests.engines.plausible import ENGINE, Members, make_cut

ODD = (None, 0, -1.0, "x", 1e-4, 250_000.0, True)


def spoil(draw: random.Random, cut: tuple[Members, Members]) -> tuple[Members, Members]:
    """Return the cut with some members left out or odd."""
    design, context = copy.deepcopy(cut)
    objects = [design, context, *(inner for inner in context.values() if isinstance(inner, dict))]
    for _ in range(draw.choice([0, 0, 1, 2, 6])):
        members = draw.choice(objects)
        if members:
            name = draw.choice(sorted(members))
            if draw.random() < 0.7:
                del members[name]
            else:
                members[name] = draw.choice(ODD)
    return design, context


@pytest.mark.parametrize("seed", range(4))
def test_a_colour_is_what_is_decided(seed: int) -> None:
    draw, seen = random.Random(seed), set()
    for _ in range(150):
        design, context = spoil(draw, make_cut(draw))
        decision = decide(ENGINE.compute(spec=design, ctx=context, request_id="r"))
        colour = colour_cut(open_cut(design, context, ENGINE.materials))
        assert colour == (decision.risk_level, find_rule(decision)), (design, context)
        seen.add(colour.risk)
    assert seen == {"GREEN", "YELLOW", "RED", "UNKNOWN"}


@pytest.mark.parametrize(
    "design", [{}, {"operation": "drawing_only"}, {"operation": "drawing_only", "feed_mm_min": -1}]
)
def test_what_is_no_cut_has_the_colour_of_its_decision(design: Members) -> None:
    decision = decide(ENGINE.compute(spec=design, ctx={}, request_id="r"))
    assert colour_cut(open_cut(design, {}, ENGINE.materials)) == (decision.risk_level, find_rule(decision))
