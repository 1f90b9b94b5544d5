"""The same done with many, each by itself: what cannot be done to one does not keep the others from it.

attempt_each(acts, act_on_one, refuse=lambda act, error: ReviewResult(…), blocked=VariantBlocked)
"""

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

import msgspec

from rmos.errors.base import RmosError


class BulkResult(Protocol):
    """What came of one of many."""

    @property
    def ok(self) -> bool:
        """Whether it was done."""

    @property
    def error(self) -> str | None:
        """The code of what spoke against it."""


Item = TypeVar("Item")
Result = TypeVar("Result", bound=BulkResult)


class BulkResults(msgspec.Struct, Generic[Result], frozen=True, kw_only=True):
    """What came of all of them."""

    total: int
    succeeded: int
    failed: int
    blocked: int
    """Those that the rules do not allow, which are not counted as failed."""
    results: list[Result]


def attempt_each(
    items: Sequence[Item],
    act: Callable[[Item], Result],
    *,
    refuse: Callable[[Item, RmosError], Result],
    blocked: type[RmosError],
) -> BulkResults[Result]:
    """Return what came of each item, in their order.

    Args:
        refuse: returns the result of an item whose act was refused.
        blocked: the error by which the rules do not allow an act.
    """
    results: list[Result] = []
    for item in items:
        try:
            results.append(act(item))
        except RmosError as error:
            results.append(refuse(item, error))
    count_blocked = sum(result.error == blocked.code for result in results)
    succeeded = sum(result.ok for result in results)
    return BulkResults(
        total=len(results),
        succeeded=succeeded,
        failed=len(results) - succeeded - count_blocked,
        blocked=count_blocked,
        results=results,
    )
