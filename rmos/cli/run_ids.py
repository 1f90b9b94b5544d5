"""How people name a run at a terminal: its whole id, a beginning of it that only one run has, or `@latest`.

    run_id = find_run_id(store, "run_019aa1b2c3d4")
    session_id = find_session_id(store, "ws_019aa1b2c3d4")

A new id begins with its moment, so runs of different milliseconds differ within their first 12 digits.
"""

import re
from collections.abc import Callable, Iterable, Iterator
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
_NEW: Final = re.compile(r"(run|ws)_[0-9a-f]{32}")
_BEGINNING: Final = re.compile(r"[0-9a-f]{4,32}")
"""Fewer digits name nothing: the first ones are those of the century."""


def find_run_id(store: Store, text: str) -> str:
    """Return the id of the run that a person means; a text that is no run's beginning comes back as it is.

    Raises:
        RunNotFound: there is no latest run.
        click.BadParameter: several runs begin so; some of them are named.
    """
    if text == LATEST:
        return _find_latest()
    if ids.NEW_RUN_ID.fullmatch(text):
        return text
    return _find_only(text, "run_", lambda beginning: _ids_beginning(store, beginning), what="runs", hint="RUN_ID")


def find_session_id(store: Store, text: str) -> str:
    """Return the id of the session that a person means, as `find_run_id` does that of a run.

    Raises:
        click.BadParameter: several sessions begin so; some of them are named.
    """
    return _find_only(text, "ws_", store.sessions.list_ids_beginning, what="sessions", hint="--session")


def _find_only(text: str, prefix: str, list_ids: Callable[[str], Iterable[str]], *, what: str, hint: str) -> str:
    folded = fold_name(text)
    beginning = folded if folded.startswith(prefix) else f"{prefix}{folded}"
    if not _BEGINNING.fullmatch(beginning.removeprefix(prefix)):
        return text
    found = sorted(list_ids(beginning))
    if text in found or not found:
        return text
    if len(found) > 1:
        shown = ", ".join(found[:_MOST_SHOWN]) + (", ..." if len(found) > _MOST_SHOWN else "")
        raise click.BadParameter(f"{len(found)} {what} begin with {text}: {shown}", param_hint=hint)
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


def short_ids(record_ids: list[str]) -> dict[str, str]:
    """Return beginnings that tell these runs or sessions apart, at least `SHORT_DIGITS` long; a legacy id is whole."""
    ordered = sorted(record_ids)
    shown = {}
    for place, record_id in enumerate(ordered):
        if not _NEW.fullmatch(record_id):
            shown[record_id] = record_id
            continue
        beside = [ordered[other] for other in (place - 1, place + 1) if 0 <= other < len(ordered)]
        same = max((_common(record_id, other) for other in beside if other != record_id), default=0)
        shown[record_id] = record_id[: max(record_id.index("_") + 1 + SHORT_DIGITS, same + 1)]
    return shown


def _common(a: str, b: str) -> int:
    return next((place for place, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
