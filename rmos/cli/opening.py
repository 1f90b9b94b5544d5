"""How commands come to the store: for reading they open their own and create nothing; the service need not run."""

import getpass
import os
from pathlib import Path
from typing import Final

import click

from rmos.cli.output import mark_writing
from rmos.context import current_rmos
from rmos.errors.installation import ConfigError, NoStore
from rmos.models import Actor
from rmos.place import Bucket
from rmos.schemas.runs import dump_summary
from rmos.store import Store, layout
from rmos.systems import count_cores

MANY_RUNS: Final = 5000
"""From here on all cores work: below, starting processes takes longer than it saves (measured)."""
BUCKET_WORKERS: Final = 3
"""Whatever the cores: while one of them works, the others wait for objects; a fourth one gains nothing (measured)."""
LOCK_WAIT_S: Final = 10.0
"""How long a command waits for the lock of the index."""


def open_for_reading() -> Store:
    """Open the store without creating anything.

    Raises:
        NoStore: there is no such folder; here, and only here, the message has its path.
        ConfigError: a file is in its place.
    """
    settings = current_rmos().settings
    place = settings.runs_dir
    if isinstance(place, Path) and place.is_file():
        raise ConfigError("RMOS_RUNS_DIR names a file, not a folder.")
    try:
        return Store.open(settings, summarise=dump_summary, write=False)
    except NoStore:
        if isinstance(place, Bucket):
            raise NoStore(
                f"There is no store in {place}. Does RMOS_RUNS_DIR name the right bucket and prefix?"
            ) from None
        raise NoStore(
            f"There is no store in {place}. Is the disk mounted, and does RMOS_RUNS_DIR name the right folder?"
        ) from None


def open_for_writing() -> Store:
    """Open the store for writing; a folder that is not there is not made.

    Raises:
        NoStore, StoreReadOnly, StoreUnusable.
    """
    open_for_reading()
    return open_or_create()


def open_or_create() -> Store:
    """Open the store for writing, without the upkeep that a service has; make its folder when there is none.

    Raises:
        StoreReadOnly, StoreUnusable.
    """
    mark_writing()
    store = Store.open(current_rmos().settings, summarise=dump_summary)
    # SQLite takes its log in when the last connection is closed: a copy of the folder is then whole.
    click.get_current_context().call_on_close(store.index.close)
    return store


def count_runs(store: Store) -> int:
    """Return how many artifacts stand in the partitions, from their names alone."""
    found = (layout.sort_out(store.objects.names(partition)).runs for partition in store.reader.partitions())
    return sum(files.artifact for runs in found for files in runs.values())


def workers_for(store: Store, runs: int) -> int:
    """Return how many processes are worth it for this many runs, or how many threads over a bucket."""
    if store.objects.works_with == "threads":
        return BUCKET_WORKERS
    return count_cores() if runs >= MANY_RUNS else 1


def command_actor(request_id: str) -> Actor:
    """Return who works at this command line: the user's name, with the rights of whoever may write the folder."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # a user id without a name, as in a container
        user = str(os.getuid()) if hasattr(os, "getuid") else "unknown"
    name = f"cli:{user}".encode(errors="replace").decode()  # it stands in records, which are UTF-8
    return Actor(name=name, role="admin", request_id=request_id)
