"""What the studio says of a sentence and of the drawing that was picked, as its page shows it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import msgspec

from rmos.engines.shop.prices import MaterialPrice
from rmos.errors.request import PromptEmpty, ValidationFailed
from rmos.models import RunDecision
from rmos.rosette.bom import BillItem, bill_of_materials
from rmos.rosette.change import apply_change
from rmos.rosette.interpret import NOTHING
from rmos.rosette.manufacture import tiles_of
from rmos.rosette.materials import MATERIALS
from rmos.rosette.spec import RosetteSpec, mm_text
from rmos.rosette.understood import MissedWord, correct_prompt, list_understood, read_missed
from rmos.rosette.wording import ring_words, title
from rmos.services.rosettes.costs import MaterialCosts, estimate_costs
from rmos.services.rosettes.cuts import EvaluatedRosette
from rmos.services.rosettes.plans import RosettePlan
from rmos.web.studio_query import StudioQuery

_CHANGES: Final = (
    *("wider", "narrower", "deeper", "shallower", "larger hole", "smaller hole"),
    *("thicker lines", "thinner lines", "more tiles", "fewer tiles"),
)
"""Changes that a link offers, where they change anything."""


class SaidOffer(msgspec.Struct, frozen=True):
    """Something that was not taken, and the question with the word that may have been meant."""

    missed: MissedWord
    query: str | None


class SaidPrompt(msgspec.Struct, frozen=True):
    """What was understood of a sentence, what was assumed, what was not taken."""

    nothing: bool
    understood: Sequence[str]
    assumed: Sequence[str]
    offers: Sequence[SaidOffer]


class BillLine(msgspec.Struct, frozen=True):
    """A line of the bill, in words."""

    ring: int
    what: str
    material: str
    count: int
    size: str
    used: str
    note: str
    cost: str
    """About what it costs; empty where that is not known, or where it is made of other lines."""


class ChangeLink(msgspec.Struct, frozen=True):
    """A change that can be had by a link."""

    words: str
    query: str


class PickedRosette(msgspec.Struct, frozen=True, kw_only=True):
    """The drawing that was picked."""

    title: str
    seed: int
    sizes: Sequence[tuple[str, str]]
    rings: Sequence[str]
    bill: Sequence[BillLine]
    costs: MaterialCosts
    decision: RunDecision
    assumed: Sequence[str]
    missed: Sequence[MissedWord]
    changed: Sequence[str]
    changes: Sequence[ChangeLink]
    file_query: str
    fields: Sequence[tuple[str, str]]
    """What the forms send of it."""


def say_prompt(asked: StudioQuery, plan: RosettePlan) -> SaidPrompt:
    """Return what is told of a sentence."""
    prompt, missed = asked.prompt or "", [read_missed(text) for text in plan.unrecognized]
    return SaidPrompt(
        nothing=NOTHING in plan.assumptions,
        understood=list_understood(prompt, plan.unrecognized),
        assumed=[text for text in plan.assumptions if text != NOTHING],
        offers=[SaidOffer(word, _query_corrected(asked, word)) for word in missed],
    )


def _query_corrected(asked: StudioQuery, missed: MissedWord) -> str | None:
    corrected = correct_prompt(asked.prompt or "", missed)
    return None if corrected is None else asked.query(prompt=corrected, seed=None, pick=None, change=())


def describe_picked(
    asked: StudioQuery,
    plan: RosettePlan,
    spec: RosetteSpec,
    evaluated: EvaluatedRosette,
    listed: Collection[str],
    prices: Mapping[str, MaterialPrice],
) -> PickedRosette:
    """Return what is told of the drawing that was picked.

    Args:
        prices: of the shop's materials.
        listed: what the page says already was not taken.
    """
    pieces = sum(ring.count for ring in tiles_of(spec))
    bill = bill_of_materials(spec)
    costs = estimate_costs(bill, prices)
    alone = StudioQuery(prompt=asked.prompt, pick=asked.pick, begin=asked.begin, change=asked.change)
    return PickedRosette(
        title=title(spec),
        seed=spec.seed,
        sizes=[
            ("Soundhole", f"{mm_text(spec.soundhole_diameter)} mm"),
            ("Width", f"{mm_text(spec.width)} mm"),
            ("Outside", f"{mm_text(2 * spec.outer_radius)} mm"),
            ("Channel", f"{mm_text(spec.channel_depth)} mm deep"),
            ("Pieces", str(pieces)),
        ],
        rings=[ring_words(ring) for ring in spec.rings],
        bill=[_write_line(item, cost) for item, cost in zip(bill, costs.lines, strict=True)],
        costs=costs,
        decision=evaluated.decision,
        assumed=evaluated.assumptions,
        missed=[read_missed(text) for text in plan.unrecognized if text not in listed],
        changed=plan.changed,
        changes=_offer_changes(asked, spec),
        file_query=alone.query(),
        fields=asked.list_fields(seed=None, n=None),
    )


def _offer_changes(asked: StudioQuery, spec: RosetteSpec) -> list[ChangeLink]:
    return [
        ChangeLink(words, asked.query(change=(*asked.change, words))) for words in _CHANGES if _makes_other(spec, words)
    ]


def _makes_other(spec: RosetteSpec, words: str) -> bool:
    """Tell whether a change can be made and changes anything."""
    try:
        return bool(apply_change(spec, words).changed)
    except (PromptEmpty, ValidationFailed):
        return False


def _write_line(item: BillItem, cost: tuple[float, str] | None) -> BillLine:
    sizes = (
        f"{size:.1f}" if size >= 10 else f"{size:.2f}"
        for size in (item.length_mm, item.width_mm, item.height_mm)
        if size
    )
    return BillLine(
        ring=item.ring,
        what=item.what,
        material=MATERIALS[item.material].name if item.material in MATERIALS else item.material,
        count=item.count,
        size=" × ".join(sizes),
        used=f"{item.used:.0%}".replace("%", " %"),
        note=item.note,
        cost="" if cost is None else f"{cost[0]:.2f} {cost[1]}",
    )
