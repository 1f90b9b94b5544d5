"""Start a store's log, append to it, and put together what proves a run to somebody who has nothing of RMOS.

start_log(store, key_file, origin=None, actor=actor, us=us)
append_log(store, key_file, us=us, everywhere=True)
make_proof(store, run_id)               # the bytes of a zip
"""

import re
import secrets
import socket
from typing import Any, Final, NamedTuple

from rmos.config import Settings
from rmos.errors.evidence import EvidenceKeyUnusable, NotLoggedYet
from rmos.errors.records import RunDeleted, RunNotFound
from rmos.errors.request import ValidationFailed
from rmos.errors.store import IndexBroken, ObjectMissing, ObjectUnreadable
from rmos.models import Actor, Event
from rmos.services.evidence_files import README
from rmos.services.zip_files import make_zip
from rmos.store import Store, layout
from rmos.store.evidence.appending import AppendReport, Progress, append_entries
from rmos.store.evidence.objects import LogObjects, event_key, is_loggable
from rmos.store.evidence.proving import Prover
from rmos.store.evidence.signing import KEY_FILE, KeyFile
from rmos.tlog.note import Note, VerifierKey

_ORIGIN: Final = re.compile(r"[!-*,-~]{1,200}")


class Started(NamedTuple):
    """A log that stands, and what was appended to it now."""

    verifier_key: VerifierKey
    is_new: bool
    appended: AppendReport


def open_key_file(settings: Settings) -> KeyFile:
    """Return the file of the log's private key, as it is set."""
    return KeyFile(settings.evidence_key or settings.instance_path / KEY_FILE)


def is_started(store: Store) -> bool:
    """Tell whether a store has a log."""
    return LogObjects(store.objects).has_started()


def start_log(
    store: Store,
    key_file: KeyFile,
    *,
    origin: str | None,
    actor: Actor,
    us: int,
    workers: int = 1,
    progress: Progress | None = None,
) -> Started:
    """Make the key and the log of a store, and append everything that stands there.

    A start that was cut off goes on: with the key that is there, when the store has no log of another one.

    Args:
        origin: the log's name for ever; None makes one of this machine's name.
        workers: processes that read and hash what stands there; more than one forks.

    Raises:
        ValidationFailed: the origin cannot be used.
        EvidenceKeyUnusable: the key that is there is another log's, or the store has a log whose key is not here.
        Damage, IndexBroken, IndexUnavailable, OutOfSpace, StoreReadOnly, StorageFailed.
    """
    log = LogObjects(store.objects)
    is_new = not log.has_started()
    if is_new:
        name = _make_origin() if origin is None else _check_origin(origin)
        key = (key_file.read() if key_file.exists() else key_file.make(name)).verifier_key
        if origin is not None and key.name != origin:
            raise EvidenceKeyUnusable(f"There is a key already, of the log {key.name}.")
        data = {"origin": key.name, "verifier_key": key.text()}
        log.append_event("start", lambda events: None if events else dict(data), actor, us)
    first = log.read_keys()[0].key
    if origin is not None and first.name != origin:
        raise ValidationFailed(
            "The log keeps its name for ever.", errors={"origin": [f"This store's log is called {first.name}."]}
        )
    appended = append_log(store, key_file, us=us, workers=workers, progress=progress)
    return Started(log.read_keys()[-1].key, is_new, appended)


class KeySpan(NamedTuple):
    """From when on a key signs, and who had it so."""

    verifier_key: str
    since_utc: str
    actor: str
    vouched: bool
    """Whether the key before it was there to vouch for it; of the first one, True."""


def list_key_spans(store: Store) -> list[KeySpan]:
    """Return the keys of a store's log in the order in which they sign.

    Raises:
        EvidenceOff, Damage.
    """
    log = LogObjects(store.objects)
    pairs = zip(log.read_keys(), log.read_events(), strict=True)
    return [KeySpan(key.key.text(), event.created_at_utc, event.actor, not key.lost) for key, event in pairs]


def change_key(store: Store, key_file: KeyFile, *, lost: bool, actor: Actor, us: int) -> VerifierKey:
    """Have a new key sign from now on; a change that was cut off goes on.

    Args:
        lost: the old key is gone, so that nobody vouches for the new one, which verify tells for ever.

    Raises:
        EvidenceOff, EvidenceKeyUnusable, EvidenceBehind, Damage, OutOfSpace, StoreReadOnly, StorageFailed.
    """
    log = LogObjects(store.objects)
    name = log.read_keys()[0].key.name
    if lost:
        key = key_file.read() if key_file.exists() else key_file.make(name)
        if key.verifier_key == log.read_keys()[-1].key:
            raise EvidenceKeyUnusable("The key is there, so it can vouch for the next one: leave out --lost.")
    else:
        append_log(store, key_file, us=us)
        key = key_file.make_next(name)
    data = {"verifier_key": key.verifier_key.text(), "lost": lost}

    def decide(events: list[Event]) -> dict[str, Any] | None:
        return None if events[-1].data.get("verifier_key") == data["verifier_key"] else data

    log.append_event("rotate", decide, actor, us)
    append_log(store, key_file, us=us)
    return key.verifier_key


def append_log(
    store: Store,
    key_file: KeyFile,
    *,
    us: int,
    everywhere: bool = True,
    workers: int = 1,
    progress: Progress | None = None,
) -> AppendReport:
    """Bring the log up to the record, as `append_entries` does; an index that is broken is made again first."""

    def append(everywhere: bool) -> AppendReport:
        return append_entries(
            store.objects, store.index, key_file, us=us, everywhere=everywhere, workers=workers, progress=progress
        )

    try:
        return append(everywhere)
    except IndexBroken:
        store.reconcile()
    return append(everywhere=True)


def make_proof(store: Store, run_id: str, saved: Note | None = None) -> bytes:
    """Return a zip that proves a run: its files, a proof of each, and three ways to check them.

    Args:
        saved: the checkpoint to prove under; None takes the last one.

    Raises:
        RunNotFound, EvidenceOff, NotLoggedYet.
        Damage: the run or the log is damaged; no wrong proof goes out.
    """
    return _prove_keys(store, [*_find_run_keys(store, run_id), event_key(1)], saved)


def make_erased_proof(store: Store, run_id: str, saved: Note | None = None) -> bytes:
    """Return a zip that proves of a run that was deleted for good who did it, when and why, as `make_proof` does.

    It holds the events with their proofs, and of the artifact the entry with its proof, without the bytes.

    Raises:
        RunNotFound, EvidenceOff, NotLoggedYet, Damage.
    """
    partition = store.reader.find_partition(run_id)
    if partition is None:
        raise RunNotFound("There is no run with this id.", run_id=run_id)
    keys = [*_list_keys(store, partition, run_id), layout.artifact_key(partition, run_id), event_key(1)]
    return _prove_keys(store, keys, saved)


def prove_run(store: Store, run_id: str, saved: Note | None = None) -> bytes:
    """Return the zip that proves a run as it stands: whole, or deleted, by whom, when and why.

    Raises:
        RunNotFound, EvidenceOff, NotLoggedYet, Damage.
    """
    try:
        return make_proof(store, run_id, saved)
    except RunDeleted:
        return make_erased_proof(store, run_id, saved)  # with its bytes, when it was deleted softly


def make_object_proof(store: Store, key: str, saved: Note | None = None) -> bytes:
    """Return a zip that proves one object, as `make_proof` does.

    Raises:
        EvidenceOff, NotLoggedYet, Damage.
    """
    return _prove_keys(store, [key, event_key(1)], saved)


def _prove_keys(store: Store, keys: list[str], saved: Note | None) -> bytes:
    prover = Prover(store.objects, store.index, saved)
    members: dict[str, bytes] = {}
    lines = []
    for key in sorted(set(keys)):
        proof = prover.prove(key)
        lines.append(proof.entry.line())
        members[f"{key}.tlog-proof"] = proof.encoded
        try:
            members[key] = store.objects.read(key)
        except ObjectMissing:
            continue  # erased for good: its delete event and its entry say so
        except ObjectUnreadable as error:
            raise NotLoggedYet(error.detail, key=key) from None
    members["SHA256SUMS"] = b"".join(lines)
    members["checkpoint"] = prover.note.encode()
    members["verifier-key"] = LogObjects(store.objects).read_keys()[-1].key.text().encode() + b"\n"
    members["README.txt"] = README
    return make_zip(members)


def _find_run_keys(store: Store, run_id: str) -> list[str]:
    record = store.runs.record(run_id)
    record.view()  # a damaged run raises, and one that was deleted
    return _list_keys(store, record.partition, run_id)


def _list_keys(store: Store, partition: str, run_id: str) -> list[str]:
    """Return the keys of a run's objects; a legacy link whose name no line can hold is in no log."""
    names = [
        name for name in store.objects.names(partition) if layout.is_of_run(name) and layout.run_of(name) == run_id
    ]
    return [key for key in (f"{partition}/{name}" for name in names) if is_loggable(key)]


def _make_origin() -> str:
    host = re.sub(r"[^!-*,-~]", "-", socket.gethostname())[:150] or "shop"
    return f"{host}/rmos-{secrets.token_hex(4)}"


def _check_origin(origin: str) -> str:
    if _ORIGIN.fullmatch(origin) is None:
        wrong = "Write 1 to 200 visible ASCII characters, none of them a plus sign."
        raise ValidationFailed("The log cannot have this name.", errors={"origin": [wrong]})
    return origin
