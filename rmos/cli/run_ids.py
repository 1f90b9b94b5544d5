"""How people name a run at a terminal: its whole id, a beginning of it that only one run has, or `@latest`.

    run_id = find_run_id(store, "run_019aa1b2c3d4")

A new id begins with its moment, so runs of different milliseconds differ within their first 12 digits.
"""

import re
from collections.abc import Iterator
from typing import Final

import click

from rmos import ids
from rmos.cli.listing import list_latest
from rmos.errors.records import RunNotFound
from rmos.names import fold_name
from rmos.store import Store, layout

LATEST: Final = "@latest"
SHORT_DIGITS: Final = 12
"""Hex digits of a short id, at least."""
_MOST_SHOWN: Final = 8
_BEGINNING: Final = re.compile(r"run_[0-9a-f]{4,32}")
"""Fewer digits name no run: the first ones are those of the century."""


def find_run_id(store: Store, text: str) -> str:
    """Return the id of the run that a person means; a text that is no run's beginning comes back as it is.

    Raises:
        RunNotFound: there is no latest run.
        click.BadParameter: several runs begin so; some of them are named.
    """
    if text == LATEST:
        return _find_latest()
    folded = fold_name(text)
    beginning = folded if folded.startswith("run_") else f"run_{folded}"
    if ids.NEW_RUN_ID.fullmatch(text) or not _BEGINNING.fullmatch(beginning):
        return text
    found = sorted(_ids_beginning(store, beginning))
    if text in found or not found:
        return text
    if len(found) > 1:
        shown = ", ".join(found[:_MOST_SHOWN]) + (", ..." if len(found) > _MOST_SHOWN else "")
        raise click.BadParameter(f"{len(found)} runs begin with {text}: {shown}", param_hint="RUN_ID")
    return found[0]


def _find_latest() -> str:
    run_id = list_latest()
    if run_id is None:
        raise RunNotFound("There is no run yet.")
    return run_id


def _ids_beginning(store: Store, beginning: str) -> Iterator[str]:
    for partition in store.reader.partitions():
        for run_id in layout.sort_out(store.objects.names(partition)).runs:
            if run_id.startswith(beginning):
                yield run_id


def short_ids(run_ids: list[str]) -> dict[str, str]:
    """Return beginnings that tell these runs apart, at least `SHORT_DIGITS` long; a legacy id stays whole."""
    ordered = sorted(run_ids)
    shown = {}
    for place, run_id in enumerate(ordered):
        if not ids.NEW_RUN_ID.fullmatch(run_id):
            shown[run_id] = run_id
            continue
        beside = [ordered[other] for other in (place - 1, place + 1) if 0 <= other < len(ordered)]
        same = max((_common(run_id, other) for other in beside if other != run_id), default=0)
        shown[run_id] = run_id[: max(len("run_") + SHORT_DIGITS, same + 1)]
    return shown


def _common(a: str, b: str) -> int:
    return next((place for place, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
