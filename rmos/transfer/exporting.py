"""Write runs out: as lines of JSON or CSV from the index alone, or as a store's folder with all that belongs to them.

    for text in ndjson(store, RunQuery(workflow_session_id="ws_…")): file.write(text)
    export_store(store, RunQuery(created_from_us=…), Path("/backup/autumn"), proofs=Path("/backup/proofs"))

Everything streams page by page, so memory is the same for ten runs and for ten million. A cell of the CSV that a
spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV injection). Excel takes a CSV for text of
the machine's own code page unless it begins with a byte order mark, which other programs read as part of the first
name: so it is there when it is asked for.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from rmos import ids
from rmos.errors.evidence import NotLoggedYet
from rmos.errors.files import AttachmentNotFound
from rmos.errors.store import (
    ObjectExists,
    ObjectMissing,
    ObjectUnavailable,
    ObjectUnreadable,
    RecordUnavailable,
    SourceUnreadable,
)
from rmos.objects import open_objects
from rmos.objects.base import Objects
from rmos.objects.replaced import replace_file
from rmos.place import Place, S3Options
from rmos.row_models import RunQuery
from rmos.services.evidence import prove_run
from rmos.store import Store, layout
from rmos.store.blobs import blob_key
from rmos.store.evidence.objects import LogObjects
from rmos.store.records import Damage
from rmos.transfer.run_objects import find_run_objects, list_session_keys

Progress = Callable[[int], None]
BOM: Final = "\ufeff"
"""The byte order mark by which Excel knows that a CSV is UTF-8."""

_PAGE: Final = 500
FORMULA: Final = frozenset("=+-@\t\r\n")
"""First characters by which a spreadsheet knows a formula (OWASP, CSV injection)."""
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode
_encode: Final = msgspec.json.Encoder().encode


class Exported(msgspec.Struct, kw_only=True):
    """What an export to a store's folder did."""

    runs: int = 0
    objects: int = 0
    damaged: list[str] = []
    """Runs and sessions that are damaged and were left out."""
    unreadable: list[str] = []
    """Runs and sessions that the storage did not give, left out too; done again, the export may bring them."""
    proofs: int = 0
    unproven: list[str] = []
    """Runs that are there without a proof, for they are not in the log yet; done again, the export may bring it."""


def ndjson(store: Store, query: RunQuery, progress: Progress | None = None) -> Iterator[str]:
    """Give the summaries of the matching runs, newest first, as text of whole lines.

    Raises:
        IndexRebuilding: the index is not complete; no export is silently short.
    """
    for items in _pages(store, query, progress):
        yield "\n".join(items) + "\n"


def csv_text(
    store: Store, query: RunQuery, columns: Sequence[str], progress: Progress | None = None, *, bom: bool = False
) -> Iterator[str]:
    """Give the summaries of the matching runs, newest first, as text of whole rows, the header first.

    Args:
        columns: the members of a summary.
        bom: begin with a byte order mark, for Excel.

    Raises:
        IndexRebuilding: the index is not complete; no export is silently short.
    """
    yield (BOM if bom else "") + ",".join(columns) + "\r\n"
    for items in _pages(store, query, progress):
        text = io.StringIO()
        csv.writer(text).writerows(csv_row(_decode(item), columns) for item in items)
        yield text.getvalue()


def csv_row(summary: Mapping[str, Any], columns: Sequence[str]) -> tuple[Any, ...]:
    """Return the cells of a run: numbers as numbers, nothing for null, JSON for what is no single value."""
    return tuple(csv_cell(_find_member(summary, name)) for name in columns)


def _find_member(summary: Mapping[str, Any], column: str) -> Any:
    """Return what stands in a column: a member, or with a dot in it the member of a member."""
    name, _, inner = column.partition(".")
    value = summary.get(name)
    return value.get(inner) if inner and isinstance(value, dict) else value


def csv_cell(value: Any) -> Any:
    """Return what the CSV shows of a value: a text that a spreadsheet would run gets an apostrophe before it."""
    kind = type(value)
    if value is None or kind is float or kind is int:
        return value
    text = value if kind is str else _encode(value).decode()
    return f"'{text}" if text[:1] in FORMULA else text


def _pages(store: Store, query: RunQuery, progress: Progress | None) -> Iterator[Sequence[str]]:
    cursor: str | None = None
    while True:
        page = store.runs.page(query, limit=_PAGE, cursor=cursor)
        if page.items:
            yield page.items
            if progress:
                progress(len(page.items))
        cursor = page.next_cursor
        if cursor is None:
            return


def export_store(
    store: Store,
    query: RunQuery,
    target: Place,
    progress: Progress | None = None,
    *,
    proofs: Path | None = None,
    s3: S3Options | None = None,
) -> Exported:
    """Copy the matching runs, with events, links, blobs and sessions, into a store's place; done again it goes on.

    Args:
        proofs: a folder for the proof of each run, as `<run id>.proof.zip`; one that is there stays, for it holds.

    Raises:
        EvidenceOff: proofs are wanted, and this store has no log; nothing was copied.
        SourceUnreadable: other things stand in the place, or another object under one of the names.
        OSError: the folder of the proofs cannot be written.
        IndexRebuilding, OutOfSpace, StoreReadOnly, StorageFailed.
    """
    if proofs is not None:
        LogObjects(store.objects).read_keys()
        proofs.mkdir(parents=True, exist_ok=True)
    there = open_objects(target, s3=s3)
    if there.exists() and any(not _is_ours(name) for name in there.names("")):
        raise SourceUnreadable("The folder holds something else than a store; name an empty or a new one.")
    there.prepare()
    report, sessions = Exported(), set[str]()
    try:
        for key in (layout.FORMAT_KEY, layout.LEGACY_INDEX_KEY):
            if store.objects.has(key):
                there.create(key, store.objects.read(key))
        for items in _pages(store, query, progress):
            for item in items:
                run_id = str(_decode(item)["run_id"])
                if _export_run(store, there, run_id, report, sessions) and proofs is not None:
                    _export_proof(store, proofs / f"{run_id}.proof.zip", run_id, report)
    except ObjectExists:
        raise SourceUnreadable("The folder holds another store's objects under the same names.") from None
    return report


def _is_ours(name: str) -> bool:
    return ids.is_partition(name) or name in layout.OWN_NAMES or layout.is_index_file(name)


def _export_run(store: Store, there: Objects, run_id: str, report: Exported, sessions: set[str]) -> bool:
    """Copy one run, and tell whether it was: blobs, events and links first, so that it is there whole or not at all.

    Args:
        sessions: those that were copied already; the run's is copied, and added, after the run.
    """
    try:
        found = find_run_objects(store, run_id)
        for sha256 in found.blobs:
            report.objects += _copy_blob(store, there, sha256)
        for key in found.keys:
            report.objects += there.create(key, store.objects.read(key))
        report.runs += layout.ARTIFACT.pattern.fullmatch(found.keys[-1].rpartition("/")[2]) is not None
    except (ObjectUnavailable, RecordUnavailable):
        report.unreadable.append(run_id)
        return False
    except (Damage, AttachmentNotFound, ObjectUnreadable, ObjectMissing):
        report.damaged.append(run_id)
        return False
    if found.session_id is not None and found.session_id not in sessions:
        sessions.add(found.session_id)
        _export_session(store, there, found.session_id, report)
    return True


def _export_session(store: Store, there: Objects, session_id: str, report: Exported) -> None:
    try:
        for key in list_session_keys(store, session_id):
            report.objects += there.create(key, store.objects.read(key))
    except (ObjectUnavailable, RecordUnavailable):
        report.unreadable.append(session_id)
    except (Damage, ObjectUnreadable, ObjectMissing):
        report.damaged.append(session_id)


def _export_proof(store: Store, path: Path, run_id: str, report: Exported) -> None:
    """Write the proof of a run, whole or not at all."""
    if path.exists():
        report.proofs += 1
        return
    try:
        replace_file(path, prove_run(store, run_id), mode=0o666, exclusive=True)
        report.proofs += 1
    except (Damage, NotLoggedYet):
        report.unproven.append(run_id)


def _copy_blob(store: Store, there: Objects, sha256: str) -> bool:
    """Copy a blob, of any size, and tell whether it is new there; one that is missing is not missed here but by verify.

    Raises:
        Damage: its bytes are not those that its name says.
    """
    key = blob_key(store.objects, sha256)
    if key is None:
        return False
    blob = store.blobs.open(sha256)
    if blob.exact and key.endswith(f"/{sha256}"):
        return there.create_blob(blob.blocks(), max_bytes=blob.size).created
    blob.close()
    return there.create(key, store.objects.read(key))  # the legacy system's, under the name that it gave
