"""What must hold for a store after any fault, looked at from outside: files first, then what the index says of them."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from rmos import digest, ids
from rmos.config import load_settings
from rmos.row_models import RunQuery
from rmos.store import Store, layout
from tests.faults import records
from tests.faults.one_put import NO_INSTANCE


def open_store(root: Path) -> Store:
    """Open a store as a process of its own would, with the summaries of these tests."""
    settings = load_settings({"RMOS_RUNS_DIR": str(root)}, NO_INSTANCE)
    return Store.open(settings, summarise=records.summarise)


def whole_runs(root: Path) -> set[str]:
    """Return the ids of the artifacts in a store after demanding that nothing else but debris stands there."""
    found = set()
    for partition in sorted(root.iterdir()) if root.exists() else ():
        if partition.name == layout.FORMAT_KEY:
            assert partition.read_bytes() == b'{"format":1}\n'
        elif ids.is_partition(partition.name):
            listing = layout.sort_out(path.name for path in partition.iterdir())
            assert not listing.strays, listing.strays
            assert all(name.startswith(".tmp-") for name in listing.debris), listing.debris
            for path in partition.glob("*.json"):
                assert digest.verify_self_digest(path.read_bytes()), f"{path.name} is torn"
            found |= {run_id for run_id, files in listing.runs.items() if files.artifact}
        else:
            assert is_known(partition), f"{partition.name} does not belong in a store"
    return found


def is_known(path: Path) -> bool:
    """Tell whether a name may stand in the root of a store; a filesystem's own `lost+found` may, too."""
    return (
        path.name in layout.OWN_NAMES
        or path.name.startswith("_index.")
        or path.name == "lost+found"
        or path.name.startswith(".tmp-")
    )


def demand_runs(root: Path, numbers: Iterable[int]) -> None:
    """Demand that each of these runs is on disk, byte for byte."""
    for number in numbers:
        assert (root / records.key(number)).read_bytes() == records.data(number), f"run no. {number} is not whole"


def listed(store: Store, *, limit: int = 100) -> Iterator[str]:
    """Walk a store's list by cursor and yield the ids, newest first."""
    cursor = None
    while True:
        page = store.runs.page(RunQuery(), limit=limit, cursor=cursor)
        yield from (json.loads(text)["run_id"] for text in page.items)
        if page.next_cursor is None:
            return
        cursor = page.next_cursor


def demand_agreement(root: Path) -> None:
    """Reconcile in a fresh store and demand that its list, its count and its files name the same runs, each once."""
    store = open_store(root)
    try:
        store.reconcile()
        walk = list(listed(store))
        assert store.runs.count(RunQuery()) == len(walk)
    finally:
        store.index.close()
    assert len(set(walk)) == len(walk)
    assert set(walk) == whole_runs(root)
