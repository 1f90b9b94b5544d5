"""What a list of runs is asked by on its page: the fields of the form, how many match, and where a search leads.

list_fields(store, {"risk_level": "RED"})       # the fields, those with few values with a choice of them
find_path(store, "01a2261d95bd")                # /runs/run_01a2261d95bd… when one run alone begins so
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

import msgspec

from rmos import ids
from rmos.names import fold_name
from rmos.row_models import Page, RunQuery
from rmos.store import Store
from rmos.web.formats import format_number, spell_out
from rmos.web.shared_words import WORDS

PLACES: Final = ("cursor", "offset", "limit")
"""Parameters that say which part of a list is shown, not which runs are in it."""
_FIELDS: Final = ("tool_id", "material_id", "machine_id", "created_by", "rule", "mode")
"""Filters that choose among the values that there are."""
_DATES: Final = ("created_from", "created_to")
_TITLES: Final = WORDS["filters"]
_MOST_CHOICES: Final = 200
_COUNTED: Final = 1000
"""How far runs are counted that no tally has: ten thousand would cost a fifth of the page."""
_TALLIED: Final = frozenset({"risk_level", "rule"})
"""What has few values, so that the tally of a thousand days is soon added up."""
_BEGINNING: Final = re.compile(r"(?:run_)?([0-9a-f]{8,32})")
_TIME_DIGITS: Final = 12
"""Of a new id, those of its millisecond."""


class FilterField(msgspec.Struct, frozen=True):
    """A field of the form: its name, its title, what stands in it, and the words of what there is to choose from."""

    name: str
    title: str
    value: str
    choices: Mapping[str, str] = {}
    kind: str = "text"


class SetFilter(msgspec.Struct, frozen=True):
    """A filter that is set, and the question without it."""

    name: str
    title: str
    value: str
    query: str


def query_of(parameters: Mapping[str, Sequence[str]], **changes: str) -> str:
    """Return the query string of the same question from its beginning, with some of it changed; empty asks nothing."""
    kept = {name: values for name, values in parameters.items() if name not in (*PLACES, *changes)}
    stated = [(name, value) for name, values in kept.items() for value in values if value]
    stated += [(name, value) for name, value in changes.items() if value]
    return f"?{urlencode(stated)}" if stated else ""


def list_fields(store: Store, filters: Mapping[str, str]) -> list[FilterField]:
    """Return the fields of the form.

    Raises:
        IndexRebuilding: the index is not complete.
    """
    fields = []
    for name in _FIELDS:
        values = store.runs.values(name, limit=_MOST_CHOICES)
        chosen = fold_name(filters.get(name, ""))
        choices = sorted({*filter(None, values), *filter(None, [chosen])})
        shown = {value: spell_out(value.upper()) if name == "rule" else value for value in choices}
        fields.append(FilterField(name, _TITLES[name], chosen, shown))
    fields.append(
        FilterField("override", _TITLES["override"], fold_name(filters.get("override", "")), WORDS["overrides"])
    )
    fields.append(FilterField("outcome", _TITLES["outcome"], fold_name(filters.get("outcome", "")), WORDS["outcomes"]))
    fields += [FilterField(name, _TITLES[name], filters.get(name, "")[:10], kind="date") for name in _DATES]
    return fields


def list_set_filters(parameters: Mapping[str, Sequence[str]]) -> list[SetFilter]:
    """Return the filters that are set, but the colour, which has its own place."""
    return [
        SetFilter(name, _TITLES.get(name, name), values[0], query_of(parameters, **{name: ""}))
        for name, values in parameters.items()
        if name not in (*PLACES, "risk_level")
    ]


def count_runs(store: Store, query: RunQuery, filters: Mapping[str, str], page: Page, *, is_first: bool) -> str:
    """Return how many runs a list has, in words.

    What stands on one page is counted there; the tally knows how many have one colour or rule, and an index what one
    other filter finds. Where filters meet, only the rows could say it, and a page says that there are more.

    Args:
        page: what of them is shown; `is_first` where nothing stands before it.

    Raises:
        IndexRebuilding: the index is not complete.
    """
    chosen = [name for name in filters if name not in _DATES]
    if not filters or (len(filters) == 1 and _TALLIED.issuperset(filters)):
        name = next(iter(filters), "risk_level")
        number = store.runs.total(name, getattr(query, name))
    elif is_first and page.next_cursor is None:
        number = page.count
    elif len(chosen) > 1:
        return f"More than {format_number(page.count)} runs" if page.count else "No more runs"
    else:
        number = store.runs.count_up_to(query, _COUNTED + 1)
        if number > _COUNTED:
            return f"More than {format_number(_COUNTED)} runs"
    return f"{format_number(number)} {'run' if number == 1 else 'runs'}"


def find_path(store: Store, text: str) -> str:
    """Return the path, without the prefix, of what a person looks for: one run, or a list.

    A text of hexadecimal digits is the beginning of an id; one that begins with `req_` is a request, anything else a
    batch. Ids are found by their time, so no list of all ids is read.

    Raises:
        IndexRebuilding: the index is not complete.
    """
    wanted = text.strip()
    match = _BEGINNING.fullmatch(fold_name(wanted))
    if match is None:
        name = "request_id" if wanted.startswith("req_") else "batch_label"
        return f"/runs{query_of({name: [wanted]})}"
    run_id = f"run_{match[1]}"
    for whole in (run_id, match[1]):
        if ids.is_run_id(whole) and store.runs.place(whole) is not None:
            return f"/runs/{whole}"
    first, last = _span_of(match[1])
    query = RunQuery(created_from_us=first, created_to_us=last)
    items = msgspec.json.decode(f"[{store.runs.page(query, limit=100).text}]")
    found = [item["run_id"] for item in items if item["run_id"].startswith(run_id)]
    if len(found) == 1:
        return f"/runs/{found[0]}"
    return f"/runs{query_of({'created_from': [ids.utc_text(first)], 'created_to': [ids.utc_text(last)]})}"


def _span_of(digits: str) -> tuple[int, int]:
    """Return the moments from which and before which ids were made that begin with these digits."""
    known = digits[:_TIME_DIGITS]
    step = 16 ** (_TIME_DIGITS - len(known))
    first_ms = int(known, 16) * step
    latest_us = ids.now_us()
    first, last = first_ms * 1000, (first_ms + step) * 1000
    return min(first, latest_us), min(last, latest_us + 1)
