"""Reading the objects of some records at once, where a storage answers many requests as quickly as one.

    read = read_ahead(objects, keys)
    read(keys[0])                     # as `objects.read`, from what came back

A disk gives one file after the other as quickly, so there they are read in turn. Those of many runs are read before the
first is looked at all the same: a processor that goes to the system and back for each file has neither the system's
code at hand then nor ours, which cost verify a fifth of its time (docs/performance.md).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import islice
from typing import Final, TypeVar

from rmos.errors.store import ObjectMissing, ObjectUnreadable, StorageFailed
from rmos.objects.base import Objects
from rmos.store import layout
from rmos.store.history import ReadObject
from rmos.store.layout import RunFiles
from rmos.store.workers import ordered_pool

THREADS: Final = 16
"""Requests under way at once: more give nothing (measured against Ceph)."""
_ONE_BY_ONE: Final = 8
"""So few items are not worth starting threads for."""
_FEW: Final = 200
"""Runs whose names are asked for one by one; above that the whole partition is listed."""
_RUNS: Final = 64
"""Runs whose objects are read before the first of them is looked at; over threads all are held until the last is."""
_HELD_BYTES: Final = 1024 * 1024
"""What is held of them that came from a disk, and one object more: what is beyond is read when it is looked at."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def read_ahead(objects: Objects, keys: Iterable[str]) -> ReadObject:
    """Return a function that reads these objects, and others one by one.

    Raises:
        StorageFailed.
    """
    wanted = list(keys) if objects.works_with == "threads" else []
    if len(wanted) < 2:
        return objects.read
    found = dict(zip(wanted, objects.read_all(wanted), strict=True))

    def read(key: str) -> bytes:
        if key not in found:
            return objects.read(key)
        result = found[key]
        if isinstance(result, bytes):
            return result
        raise result

    return read


def read_runs_ahead(
    objects: Objects, partition: str, runs: Iterable[RunFiles]
) -> Iterator[tuple[RunFiles, ReadObject]]:
    """Yield each run of a partition with a function that reads its objects, some runs read ahead."""
    read_some = read_ahead if objects.works_with == "threads" else _read_in_turn
    left = iter(runs)
    while some := list(islice(left, _RUNS)):
        read = read_some(objects, [key for files in some for key in list_keys(partition, files)])
        yield from ((files, read) for files in some)


def _read_in_turn(objects: Objects, keys: Sequence[str]) -> ReadObject:
    """Return a function that reads these objects, and gives what was read of them already once.

    What cannot be read is read again by whoever looks at it, and is that one's error alone.
    """
    found: dict[str, bytes] = {}
    held = 0
    for key in keys:
        if held > _HELD_BYTES:
            break
        with suppress(ObjectMissing, ObjectUnreadable, StorageFailed):
            data = found[key] = objects.read(key)
            held += len(data)

    def read(key: str) -> bytes:
        data = found.pop(key, None)
        return objects.read(key) if data is None else data

    return read


def list_keys(partition: str, files: RunFiles) -> list[str]:
    """Return the keys of a run's artifact, events and links."""
    events = [layout.event_key(partition, files.run_id, number) for number in files.events]
    return [layout.artifact_key(partition, files.run_id), *events, *(f"{partition}/{name}" for name in files.links)]


def list_files(objects: Objects, partition: str, run_ids: Sequence[str]) -> dict[str, RunFiles]:
    """Return the files of those of some runs that have any, found by listing their names, in the order of the ids.

    Raises:
        ObjectUnreadable, StorageFailed.
    """
    one_by_one = objects.works_with == "threads" and len(run_ids) <= _FEW and all(map(layout.home_partition, run_ids))

    def list_once() -> list[str]:
        if not one_by_one:
            return objects.names(partition)
        with at_once(objects, partial(objects.names, partition), len(run_ids)) as list_names:
            return [name for names in list_names(run_ids) for name in names]

    found = layout.list_runs(list_once)
    return {run_id: found[run_id] for run_id in run_ids if run_id in found}


@contextmanager
def at_once(
    objects: Objects, work: Callable[[Item], Result], items: int
) -> Iterator[Callable[[Iterable[Item]], Iterator[Result]]]:
    """Give a function that does some work on items in their order, many at once where the storage is quicker so."""
    workers = THREADS if objects.works_with == "threads" and items > _ONE_BY_ONE else 1
    with ordered_pool(work, workers, objects.works_with) as each:
        yield each
