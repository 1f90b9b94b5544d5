"""Lists for the terminal: from an index that was just brought up to the record or, failing that, as it stands."""

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from rmos.checks.orphans import find_orphans
from rmos.cli.opening import LOCK_WAIT_S, count_runs, open_for_reading, open_for_writing, workers_for
from rmos.cli.output import emit, progress, say, say_table
from rmos.cli.tables import Column
from rmos.cli.types import Moment
from rmos.counts import count_of
from rmos.errors.installation import PlatformUnsupported
from rmos.errors.store import IndexRebuilding, IndexUnavailable, StoreLocked, StoreReadOnly
from rmos.row_models import Page, RunQuery
from rmos.store import Store
from rmos.store.batches import RunBatches
from rmos.store.complete import CompleteAnswers, is_absent
from rmos.store.outcome_lists import OutcomeLists
from rmos.store.run_log_lists import RunLogLists
from rmos.store.runs import Runs
from rmos.store.session_lists import SessionLists
from rmos.store.tool_lives import ToolLives

ListItem = dict[str, Any]
T = TypeVar("T")

_SPAN = (
    click.option("--since", type=Moment(), metavar="TIME", help="From this date or time (UTC) on."),
    click.option(
        "--until", type=Moment(end=True), metavar="TIME", help="Up to the end of this date, or before this time."
    ),
)
_DELETED = (click.option("--deleted", is_flag=True, help="Also list what was deleted."),)
_PAGE = (
    click.option(
        "--limit", type=click.IntRange(1, 500), default=50, show_default=True, metavar="N", help="Lines of a page."
    ),
    click.option("--cursor", metavar="CURSOR", help="Go on where the page before ended."),
)


def list_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that every list has: --since, --until, --deleted, --limit, --cursor."""
    return _add_options(command, (*_SPAN, *_DELETED, *_PAGE))


def page_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a list in which nothing deleted stands: --since, --until, --limit, --cursor."""
    return _add_options(command, (*_SPAN, *_PAGE))


def add_span(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a time: --since, --until."""
    return _add_options(command, _SPAN)


def _add_options(command: Callable[..., Any], options: Sequence[Callable[..., Any]]) -> Callable[..., Any]:
    for option in reversed(options):
        command = option(command)
    return command


class IndexReaders:
    """What lists are asked of."""

    def __init__(self, store: Store, runs: Runs, answers: CompleteAnswers) -> None:
        index = store.index
        self.runs = runs
        self.sessions = SessionLists(index, answers)
        self.outcomes = OutcomeLists(index, answers)
        self.run_log = RunLogLists(index, answers)
        self.batches = RunBatches(index, answers)
        self.tools = ToolLives(store.objects, index, answers)


def read_page(ask: Callable[[IndexReaders], Page]) -> Page:
    """Return a page; the index is brought up to the record first, where that can be.

    Raises:
        NoStore, IndexRebuilding, and what `ask` raises.
    """
    return read_answer(ask, nothing=Page(text=""))


def read_answer(ask: Callable[[IndexReaders], T], *, nothing: T) -> T:
    """Return what the index answers; it is brought up to the record first, where that can be.

    Args:
        nothing: the answer of a store without runs that has no index and cannot be given one.

    Raises:
        NoStore, IndexRebuilding, and what `ask` raises.
    """
    if not open_for_reading().objects.writable():
        return _ask_as_it_stands(ask, nothing)
    try:
        store = open_for_writing()
        total = count_runs(store) if is_absent(store.index) else 0
        with progress("Indexing", total) as advance:
            store.reconcile(wait_s=LOCK_WAIT_S, workers=workers_for(store, total), progress=advance)
        return ask(IndexReaders(store, store.runs, store.answers))
    except (StoreReadOnly, PlatformUnsupported, IndexUnavailable, StoreLocked):
        return _ask_as_it_stands(ask, nothing)


def list_latest() -> str | None:
    """Return the id of the newest run that is listed, or None when there is none.

    Raises:
        NoStore, IndexRebuilding.
    """
    page = read_page(lambda listing: listing.runs.page(RunQuery(), limit=1))
    return next((str(json.loads(item)["run_id"]) for item in page.items), None)


def open_readers(store: Store) -> IndexReaders:
    """Return what lists can be asked of without bringing the index up to the record."""
    answers = CompleteAnswers(lambda state: state.was_complete, store.gaps)
    runs = Runs(store.objects, store.index, store.reader, store.summarise, answers, store.gaps)
    return IndexReaders(store, runs, answers)


def _ask_as_it_stands(ask: Callable[[IndexReaders], T], nothing: T) -> T:
    """Return what the index has now; what it lacks is said, so that no list is silently short.

    Raises:
        IndexRebuilding: there are runs, and no complete index.
    """
    store = open_for_reading()
    if not store.index.state().was_complete:
        if count_runs(store) == 0 and not store.sessions.has_any():
            return nothing
        raise IndexRebuilding(
            "The index is not complete and cannot be completed from here: the folder cannot be written, or another "
            "process is at it. Try again later, or copy the store to a folder that you may write and list it there."
        )
    lacking = len(find_orphans(store))
    text = count_of(lacking, "run is", "runs are")
    say(f"The index is read as it stands, without bringing it up to the record: {text} lacking.", err=True)
    return ask(open_readers(store))


def say_page(
    page: Page,
    as_json: bool,
    columns: Sequence[Column],
    row: Callable[[ListItem], list[str]],
    colour: Callable[[ListItem], str | None],
    *,
    nothing: str,
) -> None:
    """Show a page as one JSON document, or as a table with the way to the next page below it.

    Args:
        nothing: what is said of a page without items.
    """
    items = [json.loads(item) for item in page.items]
    if as_json:
        emit({"items": items, "next_cursor": page.next_cursor})
    elif not items:
        say(nothing)
    else:
        say_table(columns, [row(item) for item in items], colours=[colour(item) for item in items])
        if page.next_cursor:
            say(f"There are more: add --cursor {page.next_cursor}")
