"""The names of a partition, cut into slices for the processes that check them.

    names = list_runs(objects, "2025-12-23", tally)
    for part in cut("2025-12-23", names, size=2000): ...

A slice never parts the files of a run, and the ranges of ids leave no gap, so that each row of the index is compared
once, also that of a run without any file.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from rmos.checks.findings import Tally
from rmos.errors.store import ObjectUnreadable
from rmos.objects.base import Objects
from rmos.store import layout

LAST: Final = "\x7f"
"""Sorts after every id."""


class Slice(NamedTuple):
    """Names of a partition, sorted by run, and the ids, both included, between which rows belong to them."""

    partition: str
    names: list[str]
    first: str
    last: str


def list_runs(objects: Objects, partition: str, tally: Tally) -> list[str] | None:
    """Return the names of the runs' objects in a partition, by run; None when it cannot be listed."""
    names: list[str] = []
    try:
        for name, what in objects.entries(partition):
            path = f"{partition}/{name}"
            if not layout.is_of_run(name):
                if layout.is_debris(name):
                    tally.count("debris")
                else:
                    tally.find("stray", path, layout.ARTIFACT.rule)
            elif what != "file":
                detail = f"a {what} stands where {layout.ARTIFACT.noun} should be"
                tally.find("not_a_file", path, detail, layout.run_of(name))
            else:
                names.append(name)
    except ObjectUnreadable as error:
        tally.find("unreadable", partition, error.detail)
        return None
    names.sort(key=layout.run_of)
    return names


def cut(partition: str, names: list[str], size: int) -> Iterator[Slice]:
    """Cut sorted names into slices of about this many, one that is empty when there are none."""
    first, start = "", 0
    while start < len(names):
        end = min(start + size, len(names))
        last = layout.run_of(names[end - 1])
        while end < len(names) and layout.run_of(names[end]) == last:
            end += 1
        yield Slice(partition, names[start:end], first, LAST if end == len(names) else last)
        first, start = last + "!", end  # "!" sorts before everything that an id is made of
    if not names:
        yield Slice(partition, [], "", LAST)
