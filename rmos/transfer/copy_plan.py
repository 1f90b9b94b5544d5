"""What a copy of a store has to bring, and in which order: every object that is here and not there, by names alone.

    plan = plan_copy(source, target)
    plan.count()                             # objects that are to be copied
    for wave in plan.waves(): wave.keys()    # all of one wave may be copied at once, the next one after it

Names are listed in the opposite order: the log before the objects that it names, sessions before runs, runs before
their files. What a listed object needs was there before it, so it is in a list that comes later, also while the store
is written to. What was listed is an earlier state, whole.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Final, NamedTuple

from rmos import ids
from rmos.objects.base import QUARANTINE, Objects
from rmos.store import layout
from rmos.store.evidence.objects import batch_key
from rmos.store.layout import ObjectKind
from rmos.tlog.tiles import parse_number

ORDER: Final = (
    layout.BLOB,
    layout.ARTIFACT,
    layout.LINK,
    layout.EVENT,
    layout.SESSION_EVENT,
    layout.CLAIM,
    layout.TOKEN_EVENT,
    layout.TOOL_EVENT,
    layout.AUDIT_RECORD,
)
"""Kinds in the order in which they are copied: cut off anywhere, no object is there before what it is about."""
_NUMBERED: Final = (layout.EVENT, layout.SESSION_EVENT, layout.TOKEN_EVENT, layout.TOOL_EVENT)
_LOG_FOLDERS: Final = ("", "batch", "tile", "checkpoint")
"""Of the log: its keys, then what is signed, then what follows from it, then the signatures."""
_BATCHES: Final = f"{layout.EVIDENCE}/batch"
_LISTED_AT_ONCE: Final = 16
_TOP: Final = (QUARANTINE, layout.EVIDENCE, layout.AUDIT, layout.TOOLS, layout.TOKENS, layout.CLAIMS, layout.SESSIONS)
"""Folders in the order in which they are listed; the partitions come next, newest first, and the blobs last."""
"""What hosts leave beside a record in object storage for one another: it means nothing elsewhere."""


class Rank(NamedTuple):
    """Where an object stands in the order of a copy."""

    stage: int
    number: int
    """Of an event, and of the parts of the log."""


_OWN: Final = 0
_STRAY: Final = len(ORDER) + 1
LOG: Final = len(ORDER) + 2
_QUARANTINED: Final = len(ORDER) + 3


class Wave:
    """Objects of one rank; their names are kept as one text for each folder, since a store may have millions."""

    def __init__(self, rank: Rank) -> None:
        self.rank = rank
        self.count = 0
        self._folders: dict[str, list[str]] = {}

    def add(self, folder: str, names: list[str]) -> None:
        """Add names of a folder."""
        self._folders.setdefault(folder, []).append("/".join(names))
        self.count += len(names)

    def keys(self) -> Iterator[str]:
        """Yield the keys, folder by folder."""
        for folder, texts in self._folders.items():
            for text in texts:
                for name in text.split("/"):
                    yield f"{folder}/{name}" if folder else name


class CopyPlan:
    """What is to be copied, what is there, and what stays behind."""

    def __init__(self) -> None:
        self.there = 0
        self.left: list[str] = []
        """What is no part of a record."""
        self.erased: list[tuple[str, str]] = []
        """Partition and id of runs of which there is an artifact there, and here events alone."""
        self._waves: dict[Rank, Wave] = {}

    def add(self, folder: str, names: list[str]) -> None:
        """Add names of a folder, each to the wave of its rank."""
        sorted_names: dict[Rank, list[str]] = {}
        for name in names:
            sorted_names.setdefault(rank_of(f"{folder}/{name}" if folder else name), []).append(name)
        for rank, found in sorted_names.items():
            self._waves.setdefault(rank, Wave(rank)).add(folder, found)

    def waves(self) -> Iterator[Wave]:
        """Yield the waves in order; one that comes behind the running one may still be added to."""
        done: set[Rank] = set()
        while waiting := self._waves.keys() - done:
            done.add(rank := min(waiting))
            yield self._waves[rank]

    def count(self) -> int:
        """Return how many objects there are to copy."""
        return sum(wave.count for wave in self._waves.values())


def rank_of(key: str) -> Rank:
    """Return where an object stands in the order of a copy."""
    top, _, rest = key.partition("/")
    if not rest:
        return Rank(_OWN, 0)
    if top == QUARANTINE:
        return Rank(_QUARANTINED, 0)
    if top == layout.EVIDENCE:
        part = rest.partition("/")[0]
        return Rank(LOG, _LOG_FOLDERS.index(part) if part in _LOG_FOLDERS else 0)
    kind = layout.kind_of(key)
    if kind is None:
        return Rank(_STRAY, 0)
    return Rank(1 + ORDER.index(kind), _number_of(kind, key.rpartition("/")[2]))


def name_kind(rank: Rank) -> str:
    """Return what objects of a rank are counted as."""
    if 0 < rank.stage <= len(ORDER):
        return ORDER[rank.stage - 1].counted_as
    return {_OWN: "store_files", LOG: "evidence", _QUARANTINED: "quarantined"}.get(rank.stage, "others")


def _number_of(kind: ObjectKind, name: str) -> int:
    match = kind.pattern.fullmatch(name) if kind in _NUMBERED else None
    return 0 if match is None else int(match[2])


def is_name_of_store(name: str) -> bool:
    """Tell whether a name may stand in the root of a store."""
    own = name in layout.OWN_NAMES or ids.is_partition(name) or layout.is_index_file(name)
    return own or name in layout.HOST_FOLDERS or layout.is_debris(name) or layout.is_of_file_system(name, "directory")


class FolderPair(NamedTuple):
    """A folder with the names of the objects in it here, and all names that it has there."""

    folder: str
    names: list[str]
    there: set[str]


def walk_both(source: Objects, target: Objects | None, left: list[str]) -> Iterator[FolderPair]:
    """Yield each folder of a record, in the order in which its names must be listed.

    Args:
        target: None where nothing stands yet, so that nothing is listed there.
        left: is given what no store has in its root, and what is no file.
    """
    entries = dict(source.entries(""))
    known = set() if target is None else set(target.names(""))
    partitions = sorted(filter(ids.is_partition, entries), reverse=True)
    for folder in (*_TOP, *partitions, layout.BLOB.folder):
        if entries.pop(folder, None) == "directory" or folder == layout.BLOB.folder:
            # Blobs may have a disk of their own, which the root does not name.
            is_there = folder in known or (target is not None and folder == layout.BLOB.folder)
            yield from _walk(source, target if is_there else None, folder, left)
    files = [name for name in entries if name in layout.OWN_FILES and entries[name] == "file"]
    left += sorted(name for name, kind in entries.items() if name not in files and not _stays_unnamed(name, kind))
    yield FolderPair("", files, known)


def _stays_unnamed(name: str, kind: str) -> bool:
    """Tell whether a name in the root is left behind without a word: it is no part of what was recorded."""
    own = (
        name in layout.HOST_FOLDERS
        or layout.is_index_file(name)
        or layout.is_debris(name)
        or name == layout.LEGACY_ATTACHMENTS
    )
    return own or layout.is_of_file_system(name, kind)


def _walk(source: Objects, target: Objects | None, folder: str, left: list[str]) -> Iterator[FolderPair]:
    known = set() if target is None else set(target.names(folder))
    below: list[str] = []
    names: list[str] = []
    for name, kind in source.entries(folder):
        if kind == "directory":
            below.append(name)
        elif kind != "file":
            left.append(f"{folder}/{name}")
        elif not layout.is_debris(name):
            names.append(name)
    if folder == layout.EVIDENCE:  # signatures before what they sign
        below.sort(key=lambda name: _LOG_FOLDERS.index(name) if name in _LOG_FOLDERS else 0, reverse=True)
    if folder == layout.EVIDENCE or "/" in folder:
        for name in below:
            yield from _walk(source, target if name in known else None, f"{folder}/{name}", left)
    else:
        yield from _walk_beside(source, target, folder, below, known, left)
    if below and folder == layout.EVIDENCE:
        names = [name for name in source.names(folder) if name not in below and not layout.is_debris(name)]
    if names:
        names += _find_unlisted(source, folder, names)
        yield FolderPair(folder, names, known)


def _walk_beside(
    source: Objects, target: Objects | None, folder: str, below: list[str], known: set[str], left: list[str]
) -> Iterator[FolderPair]:
    """Walk folders of which none needs what is in another: days of sessions and audits, shards of claims and blobs.

    Blobs have a folder each, and a list of one takes a bucket as long as a list of a thousand names.
    """

    def walk(name: str) -> list[FolderPair]:
        return list(_walk(source, target if name in known else None, f"{folder}/{name}", left))

    names = iter(below)
    with ThreadPoolExecutor(_LISTED_AT_ONCE) as pool:
        while some := list(islice(names, 4 * _LISTED_AT_ONCE)):
            for pairs in pool.map(walk, some):
                yield from pairs


def _find_unlisted(source: Objects, folder: str, names: list[str]) -> list[str]:
    """Return names that were made while a folder was listed, and are there before others that the list has."""
    wanted: list[str] = []
    if folder.startswith(_BATCHES):
        group = folder.removeprefix(_BATCHES).lstrip("/")
        listed = (parse_number(f"{group}/{name}".lstrip("/").removesuffix(".sha256")) for name in names)
        wanted += map(batch_key, _find_gaps(sorted(number for number in listed if number is not None)))
    for kind in _NUMBERED:
        if kind.folder != ("" if ids.is_partition(folder) else folder.partition("/")[0]):
            continue
        events = layout.sort_out_events(kind, names)
        for record_id, numbers in events.items():
            wanted += (layout.event_key(folder, record_id, number) for number in _find_gaps((0, *numbers)))
        if kind is layout.EVENT:
            artifacts = {f"{record_id}.json" for record_id in events}.difference(names)
            wanted += (f"{folder}/{name}" for name in sorted(artifacts))
    return [key.rpartition("/")[2] for key in wanted if source.has(key)]


def _find_gaps(numbers: Sequence[int]) -> list[int]:
    """Return the numbers that lie between others, which are in order, and are not among them."""
    if not numbers or numbers[-1] - numbers[0] + 1 == len(numbers):
        return []
    return sorted(set(range(numbers[0], numbers[-1])).difference(numbers))


def plan_copy(source: Objects, target: Objects | None) -> CopyPlan:
    """Return what a copy has to bring.

    Raises:
        ObjectUnreadable: a folder cannot be listed.
        StorageFailed.
    """
    plan = CopyPlan()
    for folder, names, there in walk_both(source, target, plan.left):
        missing = sorted(set(names) - there)
        plan.there += len(names) - len(missing)
        if missing:
            plan.add(folder, missing)
        if there and ids.is_partition(folder):
            runs = layout.sort_out(names).runs.values()
            erased = (run.run_id for run in runs if run.events and not run.artifact and f"{run.run_id}.json" in there)
            plan.erased += ((folder, run_id) for run_id in erased)
    return plan
