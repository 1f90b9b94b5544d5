"""Names ↔ keys, and the table of object kinds: the only place that knows how the record lies on disk.

    2025-12-23/run_<32 hex>.json                            an artifact
    2025-12-23/run_<32 hex>.000001.json                     its event no. 1
    2025-12-23/run_<id>_advisory_<advisory id>.json         an advisory link of the legacy system
    _sessions/2025-12-23/ws_<32 hex>.000001.json            a workflow session's event no. 1
    _claims/ab/<sha256>.json                                the claim of an Idempotency-Key
    _tokens/tok_<id>.000001.json                            a token's event no. 1, which makes it
    _tools/tool_<32 hex>.000001.json                        what happened to a tool, its event no. 1
    _audit/2025-12-23/evt_<32 hex>.json                     an attempt that was turned down, or let through
    _attachments/ab/cd/<sha256>                             a blob

Names are distinguished by their whole form, never by a substring, and nothing that a client sends is ever part of one.
What verify walks, repair may move and an import takes follows from `KINDS`: another kind of object is another row.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final, Literal, NamedTuple

from rmos import digest, ids
from rmos.objects.base import ATTACHMENTS, PROBE, QUARANTINE, RENEWED
from rmos.store.records import decode_audit, decode_claim

FORMAT_KEY: Final = "_format.json"
LEGACY_INDEX_KEY: Final = "_index.json"
LEGACY_AUDIT_KEY: Final = "_audit/deletes.jsonl"
"""Where the legacy system noted its deletes; it stays as it is."""
SESSIONS: Final = "_sessions"
CLAIMS: Final = "_claims"
TOKENS: Final = "_tokens"
TOOLS: Final = "_tools"
AUDIT: Final = "_audit"
BEHIND: Final = "_behind"
"""Empty objects that announce what may lack its row while the index cannot be told (`store/seen.py`)."""
EVIDENCE: Final = "_evidence"
"""The log, whose objects are evidence of the record and no part of it: `store/evidence/objects.py` names them."""
REFUSED_BUNDLES: Final = f"{QUARANTINE}/_bundles"
"""Where the bytes of bundles are kept that were refused: nothing that stands there was ever part of the record."""
LEGACY_ATTACHMENTS: Final = "attachments"
"""The blob folder of the legacy system, when it lay inside the runs folder."""

_RUN: Final = "(run_[0-9a-f]{12,32}|[0-9a-f]{32})"
_NUMBER: Final = r"\.([0-9]{6}|[1-9][0-9]{6,8})\.json"
"""The number of an event, in the one way in which it is written."""
_DEBRIS: Final = re.compile(r"\.tmp-.+|.+\.json\.tmp", re.DOTALL)
_OF_FILE_SYSTEM: Final = re.compile(
    r"lost\+found|\.snapshots?|\.Trash(es|-[0-9]+)?|\.fseventsd|\.Spotlight-V100"
    r"|System Volume Information|\$RECYCLE\.BIN"
)

Level = Literal["date", "shard"]
"""What a folder is called after: the date of what it holds, or two digits of its digest."""
_SHARD: Final = re.compile(r"[0-9a-f]{2}")


class ObjectKind(NamedTuple):
    """A kind of object: where it stands, how it is named, counted and described, and what may be done with it."""

    name: str
    folder: str
    """Its folder in the root; empty for what lies in the partitions of the runs."""
    levels: tuple[Level, ...]
    """The folders between that one and the object."""
    pattern: re.Pattern[str]
    """Its name; of an event the record's id and the number."""
    counted_as: str
    """What verify counts it as, or the record that it is a part of."""
    noun: str
    """What should stand under such a name."""
    rule: str
    """The finding on a name that does not fit."""
    home: Callable[[str], str | None] | None = None
    """Returns the folder that a name belongs in; None where that stands inside the object."""
    misplaced: str | None = None
    """The finding on one in another folder than its home, where that is more than a name that does not fit."""
    decode: Callable[[bytes, str], object] | None = None
    """Returns what the bytes under a name hold, or raises `Damage`; None for what is part of a larger record."""
    is_movable: bool = True
    """Whether repair may move it aside: the name of an event or a claim stays taken, whatever stands there."""
    is_imported: bool = False
    """Whether an import takes it in, as a part of the record that it belongs to."""


def _audit_home(name: str) -> str | None:
    key = audit_key(name.removesuffix(".json"))
    return None if key is None else key.rpartition("/")[0]


ARTIFACT: Final = ObjectKind(
    name="artifact",
    folder="",
    levels=("date",),
    pattern=re.compile(rf"{_RUN}\.json"),
    counted_as="runs",
    noun="a file",
    rule="no object of the store has such a name",
    is_imported=True,
)
EVENT: Final = ARTIFACT._replace(
    name="event", pattern=re.compile(_RUN + _NUMBER), counted_as="events", is_movable=False
)
LINK: Final = ARTIFACT._replace(
    name="link",
    pattern=re.compile(rf"(?:run_)??{_RUN}_advisory_(.+)\.json", re.DOTALL),
    counted_as="advisory_links",
)
SESSION_EVENT: Final = ObjectKind(
    name="session event",
    folder=SESSIONS,
    levels=("date",),
    pattern=re.compile("(ws_[0-9a-f]{32})" + _NUMBER),
    counted_as="session_events",
    noun="a file",
    rule="no event of a session has such a name",
    home=lambda name: session_folder(name.partition(".")[0]),
    misplaced="the session belongs in {home}",
    is_movable=False,
    is_imported=True,
)
CLAIM: Final = ObjectKind(
    name="claim",
    folder=CLAIMS,
    levels=("shard",),
    pattern=re.compile(r"([0-9a-f]{64})\.json"),
    counted_as="claims",
    noun="a claim",
    rule="a claim is <64 hex>.json in the folder of its first digits",
    home=lambda name: f"{CLAIMS}/{name[:2]}",
    decode=decode_claim,
    is_movable=False,
)
TOKEN_EVENT: Final = ObjectKind(
    name="token event",
    folder=TOKENS,
    levels=(),
    pattern=re.compile("(tok_[a-z0-9]{1,32})" + _NUMBER),
    counted_as="tokens",
    noun="a token's event",
    rule="no event of a token has such a name",
    home=lambda name: TOKENS,
    is_movable=False,
)
TOOL_EVENT: Final = ObjectKind(
    name="tool event",
    folder=TOOLS,
    levels=(),
    pattern=re.compile("(tool_[0-9a-f]{32})" + _NUMBER),
    counted_as="tools",
    noun="a tool's event",
    rule="no event of a tool has such a name",
    home=lambda name: TOOLS,
    is_movable=False,
)
AUDIT_RECORD: Final = ObjectKind(
    name="audit record",
    folder=AUDIT,
    levels=("date",),
    pattern=re.compile(r"(evt_[0-9a-f]{32})\.json"),
    counted_as="audit_records",
    noun="an audit record",
    rule="an audit record is evt_<32 hex>.json in its date's folder",
    home=_audit_home,
    decode=decode_audit,
)
BLOB: Final = ObjectKind(
    name="blob",
    folder=ATTACHMENTS,
    levels=("shard", "shard"),
    pattern=re.compile(r"([0-9a-f]{64})(?:\..*)?", re.DOTALL),
    counted_as="blobs",
    noun="a blob",
    rule="a blob's name is its SHA-256, in the folder of its first digits",
    home=lambda name: blob_folder_key(name[:64]),
    is_imported=True,
)
KINDS: Final = (ARTIFACT, EVENT, LINK, SESSION_EVENT, CLAIM, TOKEN_EVENT, TOOL_EVENT, AUDIT_RECORD, BLOB)
"""All kinds of objects; nothing else is part of the record but `OWN_FILES`."""

OWN_FILES: Final = frozenset({FORMAT_KEY, LEGACY_INDEX_KEY})
HOST_FOLDERS: Final = frozenset({BEHIND, RENEWED, PROBE})
"""What hosts tell one another in a bucket; no part of the record."""
OWN_FOLDERS: Final = frozenset({kind.folder for kind in KINDS if kind.folder} | {QUARANTINE, EVIDENCE} | HOST_FOLDERS)
OWN_NAMES: Final = OWN_FILES | OWN_FOLDERS
"""What may stand in the root beside partitions and the index's own files."""


class RunFiles(NamedTuple):
    """The names of one run in its partition."""

    run_id: str
    artifact: bool
    events: tuple[int, ...]
    links: tuple[str, ...]


class PartitionNames(NamedTuple):
    """A partition's names, sorted out."""

    runs: dict[str, RunFiles]
    debris: list[str]
    strays: list[str]


def artifact_key(partition: str, run_id: str) -> str:
    """Return the key of a run's artifact."""
    return f"{partition}/{run_id}.json"


def event_key(partition: str, record_id: str, number: int) -> str:
    """Return the key of a record's event."""
    return f"{partition}/{record_id}.{number:06d}.json"


def last_key(folder: str, record_id: str, version: int) -> str:
    """Return the key of a record's last file: its event of this number, or the artifact when there is none."""
    return event_key(folder, record_id, version) if version else artifact_key(folder, record_id)


def claim_key(caller: str, key: str) -> str:
    """Return the key of the claim that a caller's Idempotency-Key makes."""
    name = digest.sha256_hex(f"{caller}\x00{key}".encode())
    return f"{CLAIMS}/{name[:2]}/{name}.json"


def audit_key(event_id: str) -> str | None:
    """Return the key of an audit record, or None when the id names no moment."""
    us = ids.moment_of(event_id.removeprefix("evt_"))
    return None if us is None else f"{AUDIT}/{ids.partition_of(us)}/{event_id}.json"


def session_folder(session_id: str) -> str | None:
    """Return the folder of a session's events, or None when the id names no moment."""
    us = ids.moment_of_session(session_id)
    return None if us is None else f"{SESSIONS}/{ids.partition_of(us)}"


def blob_folder_key(sha256: str) -> str:
    """Return the folder of the blob with this digest."""
    return f"{ATTACHMENTS}/{sha256[:2]}/{sha256[2:4]}"


def home_partition(run_id: str) -> str | None:
    """Return the partition that a run's id names, or None for ids of the legacy system."""
    us = ids.moment_of(run_id)
    return None if us is None else ids.partition_of(us)


def sort_out(names: Iterable[str]) -> PartitionNames:
    """Sort a partition's names into runs with their events and links, debris of writers, and strays."""
    artifacts: set[str] = set()
    events: dict[str, list[int]] = {}
    links: dict[str, list[str]] = {}
    debris: list[str] = []
    strays: list[str] = []
    for name in names:
        if ARTIFACT.pattern.fullmatch(name):
            artifacts.add(name[:-5])
        elif match := EVENT.pattern.fullmatch(name):
            events.setdefault(match[1], []).append(int(match[2]))
        elif match := LINK.pattern.fullmatch(name):
            links.setdefault(match[1], []).append(name)
        else:
            (debris if is_debris(name) else strays).append(name)
    run_ids = sorted(artifacts | events.keys() | links.keys()) if events or links else sorted(artifacts)
    runs = {
        run_id: RunFiles(
            run_id,
            run_id in artifacts,
            tuple(sorted(events[run_id])) if run_id in events else (),
            tuple(sorted(links[run_id])) if run_id in links else (),
        )
        for run_id in run_ids
    }
    return PartitionNames(runs, debris, strays)


def sort_out_events(kind: ObjectKind, names: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Return the records of a kind of event with the numbers of their events, in order; other names are left out."""
    found: dict[str, list[int]] = {}
    for name in names:
        if match := kind.pattern.fullmatch(name):
            found.setdefault(match[1], []).append(int(match[2]))
    return {record_id: tuple(sorted(found[record_id])) for record_id in sorted(found)}


def list_numbers(list_once: Callable[[], tuple[int, ...]]) -> tuple[int, ...]:
    """Return the numbers of a record's events as they stood at one moment, though a listing is no snapshot.

    A name that is made while a folder is listed may come behind the place where the listing is, and one that is made
    after it before that place: the earlier event is not shown then, and the later one is. Once a later one was seen,
    another listing shows all before it that there are.
    """
    numbers = list_once()
    return _fill(numbers, list_once()) if _has_gap(numbers) else numbers


def list_runs(list_once: Callable[[], Iterable[str]]) -> dict[str, RunFiles]:
    """Return the runs of a partition that is listed, each with its events as `list_numbers` has them."""
    runs = sort_out(list_once()).runs
    gaps = [files for files in runs.values() if _has_gap(files.events)]
    again = sort_out(list_once()).runs if gaps else {}
    for files in gaps:
        if files.run_id in again:
            runs[files.run_id] = files._replace(events=_fill(files.events, again[files.run_id].events))
    return runs


def list_records(kind: ObjectKind, list_once: Callable[[], Iterable[str]]) -> dict[str, tuple[int, ...]]:
    """Return what `sort_out_events` does of a folder that is listed, each record's numbers as `list_numbers` has them.

    Raises:
        ObjectUnreadable, StorageFailed: as the listing does.
    """
    found = sort_out_events(kind, list_once())
    gaps = [record_id for record_id, numbers in found.items() if _has_gap(numbers)]
    again = sort_out_events(kind, list_once()) if gaps else {}
    return found | {record_id: _fill(found[record_id], again.get(record_id, ())) for record_id in gaps}


def _has_gap(numbers: tuple[int, ...]) -> bool:
    return bool(numbers) and numbers[-1] != len(numbers)


def _fill(numbers: tuple[int, ...], again: tuple[int, ...]) -> tuple[int, ...]:
    """Return the numbers of both listings up to the last of the first one: which later ones it missed is not known."""
    return tuple(sorted({*numbers, *(number for number in again if number < numbers[-1])}))


def kind_of(key: str) -> ObjectKind | None:
    """Return the kind of object that belongs under a key, or None when none does."""
    folder, _, name = key.rpartition("/")
    top = folder.partition("/")[0]
    for kind in KINDS:
        if kind.folder == ("" if ids.is_partition(top) else top) and kind.pattern.fullmatch(name):
            home = folder[:10] if kind.home is None else kind.home(name)
            return kind if home == folder else None
    return None


def link_advisory_id(name: str) -> str:
    """Return the advisory id that the name of an advisory link carries, possibly in a sanitised form."""
    match = LINK.pattern.fullmatch(name)
    return match[2] if match else ""


def run_of(name: str) -> str:
    """Return the id of the run that an object's name belongs to; the name is that of an artifact, event or link."""
    name = name[4:] if name.startswith("run_run_") else name
    head, link, _ = name.partition("_advisory_")
    return head if link else name.partition(".")[0]


def is_of_run(name: str) -> bool:
    """Tell whether a name is one that an object of a run may have."""
    found = ARTIFACT.pattern.fullmatch(name) or EVENT.pattern.fullmatch(name) or LINK.pattern.fullmatch(name)
    return found is not None


def is_of_file_system(name: str, what: str) -> bool:
    """Tell whether an operating system makes a folder of this name in the root of every disk that it mounts."""
    return what == "directory" and _OF_FILE_SYSTEM.fullmatch(name) is not None


def is_debris(name: str) -> bool:
    """Tell whether an interrupted writer may have left a file of this name."""
    return _DEBRIS.fullmatch(name) is not None


def is_level(level: Level, name: str) -> bool:
    """Tell whether a folder on this level may have the name."""
    return ids.is_partition(name) if level == "date" else _SHARD.fullmatch(name) is not None


def is_index_file(name: str) -> bool:
    """Tell whether a name in the root belongs to the index."""
    return name == "_index.lock" or name.startswith("_index.sqlite")
