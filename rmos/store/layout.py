"""Names ↔ keys: the only place that knows how the record lies on disk.

    2025-12-23/run_<32 hex>.json                            an artifact
    2025-12-23/run_<32 hex>.000001.json                     its event no. 1
    2025-12-23/run_<id>_advisory_<advisory id>.json         an advisory link of the earlier system
    _sessions/2025-12-23/ws_<32 hex>.000001.json            a workflow session's event no. 1
    _claims/ab/<sha256>.json                                the claim of an Idempotency-Key
    _tokens/tok_<id>.000001.json                            a token's event no. 1, which makes it
    _audit/2025-12-23/evt_<32 hex>.json                     an attempt that was turned down, or let through

Names are told apart by their whole form, never by a substring, and nothing that a client sends is ever part of one.
"""

import re
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

from rmos import digest, ids

FORMAT_KEY: Final = "_format.json"
EARLIER_INDEX_KEY: Final = "_index.json"
SESSIONS: Final = "_sessions"
CLAIMS: Final = "_claims"
TOKENS: Final = "_tokens"
AUDIT: Final = "_audit"
ATTACHMENTS: Final = "_attachments"
OWN_NAMES: Final = frozenset(
    {"_sessions", "_attachments", "_audit", "_tokens", "_claims", "_quarantine", "_format.json", "_index.json"}
)
"""What may stand in the root beside partitions and the index's own files."""
EARLIER_ATTACHMENTS: Final = "attachments"
"""The blob folder of the earlier system, when it lay inside the runs folder."""

_ARTIFACT: Final = re.compile(r"(run_[0-9a-f]{12,32}|[0-9a-f]{32})\.json")
_EVENT: Final = re.compile(r"(run_[0-9a-f]{12,32}|[0-9a-f]{32})\.([0-9]{6,9})\.json")
_TOKEN_EVENT: Final = re.compile(r"tok_([a-z0-9]{1,32})\.([0-9]{6,9})\.json")
_LINK: Final = re.compile(r"(?:run_)?(run_[0-9a-f]{12,32}|[0-9a-f]{32})_advisory_(.+)\.json", re.DOTALL)
_SESSION_EVENT: Final = re.compile(r"(ws_[0-9a-f]{32})\.([0-9]{6,9})\.json")
_DEBRIS: Final = re.compile(r"\.tmp-.+|.+\.json\.tmp", re.DOTALL)


class RunFiles(NamedTuple):
    """The names of one run in its partition."""

    run_id: str
    artifact: bool
    events: tuple[int, ...]
    links: tuple[str, ...]


class Listing(NamedTuple):
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


def token_event(name: str) -> tuple[str, int] | None:
    """Return the token id and the number that the name of a token's event carries, or None for another name."""
    match = _TOKEN_EVENT.fullmatch(name)
    if match is None or name != f"tok_{match[1]}.{int(match[2]):06d}.json":
        return None
    return match[1], int(match[2])


def audit_key(event_id: str) -> str | None:
    """Return the key of an audit record, or None when the id names no moment."""
    us = ids.moment_of(event_id.removeprefix("evt_"))
    return None if us is None else f"{AUDIT}/{ids.partition_of(us)}/{event_id}.json"


def session_folder(session_id: str) -> str | None:
    """Return the folder of a session's events, or None when the id names no moment."""
    us = ids.moment_of_session(session_id)
    return None if us is None else f"{SESSIONS}/{ids.partition_of(us)}"


def session_of(name: str) -> tuple[str, int] | None:
    """Return the session and the number that the name of a session's event says, or None for another name."""
    match = _SESSION_EVENT.fullmatch(name)
    if match is None or name != f"{match[1]}.{int(match[2]):06d}.json":
        return None
    return match[1], int(match[2])


def blob_folder_key(sha256: str) -> str:
    """Return the folder of the blob with this digest."""
    return f"{ATTACHMENTS}/{sha256[:2]}/{sha256[2:4]}"


def home_partition(run_id: str) -> str | None:
    """Return the partition that a run's id names, or None for ids of the earlier system."""
    us = ids.moment_of(run_id)
    return None if us is None else ids.partition_of(us)


def sort_out(names: Iterable[str]) -> Listing:
    """Sort a partition's names into runs with their events and links, debris of writers, and strays."""
    artifacts: set[str] = set()
    events: dict[str, list[int]] = {}
    links: dict[str, list[str]] = {}
    debris: list[str] = []
    strays: list[str] = []
    for name in names:
        kind = kind_of(name)
        if kind == "artifact":
            artifacts.add(name[:-5])
        elif kind == "event":
            run_id, number, _ = name.split(".")
            events.setdefault(run_id, []).append(int(number))
        elif kind == "link":
            links.setdefault(run_of(name), []).append(name)
        else:
            (debris if kind == "debris" else strays).append(name)
    run_ids = sorted(artifacts | events.keys() | links.keys()) if events or links else sorted(artifacts)
    runs = {
        run_id: RunFiles(
            run_id, run_id in artifacts, tuple(sorted(events.get(run_id, ()))), tuple(sorted(links.get(run_id, ())))
        )
        for run_id in run_ids
    }
    return Listing(runs, debris, strays)


def sort_out_sessions(names: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Return the sessions of a folder with the numbers of their events, in order; other names are left out."""
    found: dict[str, list[int]] = {}
    for name in names:
        event = session_of(name)
        if event is not None:
            found.setdefault(event[0], []).append(event[1])
    return {session_id: tuple(sorted(found[session_id])) for session_id in sorted(found)}


def link_advisory_id(name: str) -> str:
    """Return the advisory id that the name of an advisory link carries, possibly in a sanitised form."""
    match = _LINK.fullmatch(name)
    return match[2] if match else ""


def run_of(name: str) -> str:
    """Return the id of the run that an object's name belongs to; the name has one of the forms of this module."""
    name = name[4:] if name.startswith("run_run_") else name
    head, link, _ = name.partition("_advisory_")
    return head if link else name.partition(".")[0]


def kind_of(name: str) -> Literal["artifact", "event", "link", "debris", "stray"]:
    """Return what a name says that it is."""
    if _ARTIFACT.fullmatch(name):
        return "artifact"
    if match := _EVENT.fullmatch(name):
        return "event" if name == f"{match[1]}.{int(match[2]):06d}.json" else "stray"
    if _LINK.fullmatch(name):
        return "link"
    return "debris" if _DEBRIS.fullmatch(name) else "stray"


def is_index_file(name: str) -> bool:
    """Tell whether a name in the root belongs to the index."""
    return name == "_index.lock" or name.startswith("_index.sqlite")
