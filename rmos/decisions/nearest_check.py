"""How near a cut came to the limits of the checks that the reason for its scrap points to.

    find_nearest_check(run, list_checks("BURN"))     # CheckUse(id="HEAT", value=1.52, limit=1.6, q=0.95, …)

q is 1 at the limit, less before it and more beyond: value / limit where small values are better, limit / value where
large ones are. On which side of its limit a value is better follows from the margin, which every record has.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from rmos.models import RunArtifact

_DIGITS: Final = 3


class CheckUse(msgspec.Struct, frozen=True, kw_only=True):
    """How much of the limit of a check a cut used; value and limit as they were recorded, in `unit`."""

    id: str
    value: float
    limit: float
    unit: str
    q: float


class _RecordedAssessments(msgspec.Struct):
    assessments: list[Any] = []


class _AssessedNumbers(msgspec.Struct):
    """What is read of an assessment; the numbers are missing where nothing was evaluated."""

    id: str
    value: float | None = None
    limit: float | None = None
    margin: float | None = None
    unit: str = ""


class NearestCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What a record says of some checks: whether it has any of them, and the one nearest to its limit."""

    is_recorded: bool
    use: CheckUse | None = None


def find_nearest_check(run: RunArtifact, rule_ids: Sequence[str]) -> NearestCheck:
    """Return which of some checks of a run came nearest to its limit; a record may hold anything."""
    found = [numbers for numbers in _read_assessments(run.feasibility) if numbers.id in rule_ids]
    uses = [use for numbers in found if (use := _find_use(numbers)) is not None]
    return NearestCheck(is_recorded=bool(found), use=max(uses, key=lambda use: use.q, default=None))


def _read_assessments(feasibility: msgspec.Raw) -> Iterator[_AssessedNumbers]:
    try:
        items = msgspec.json.decode(feasibility, type=_RecordedAssessments).assessments
    except msgspec.MsgspecError:
        return
    for item in items:
        try:
            yield msgspec.convert(item, _AssessedNumbers)
        except msgspec.ValidationError:
            continue


def _find_use(numbers: _AssessedNumbers) -> CheckUse | None:
    value, limit, margin = numbers.value, numbers.limit, numbers.margin
    if value is None or limit is None or margin is None:
        return None
    is_low_better = (margin > 0) == (limit > value)
    part, whole = (value, limit) if is_low_better else (limit, value)
    if value != limit and not (part >= 0 and whole > 0):
        return None
    q = 1.0 if value == limit else part / whole
    if not math.isfinite(q):
        return None
    return CheckUse(id=numbers.id, value=value, limit=limit, unit=numbers.unit, q=round(q, _DIGITS))
