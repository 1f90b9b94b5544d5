"""The history of a record: its artifact, if it has one, then its events in order, with all that is wrong with them.

    history = read_run(objects.read, "2025-12-23", files)              # a run: artifact, events, links
    chain = read_chain(objects.read, "_tokens", "tok_ab", (1, 2), of="token")    # a session or a token: events alone
    history.problems                                                   # [] of a whole one

The one reader of records. It knows names and a function that reads bytes, no index and no disk, and it reads on behind
a damaged file, so that no damage hides another. What damage means is for the caller: the store raises the first
problem, verify lists all, reconcile makes a row that says so, and an import refuses the run.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from rmos import digest
from rmos.errors.store import ObjectMissing, ObjectUnreadable
from rmos.models import Event
from rmos.store import layout
from rmos.store.artifacts import Artifact, Examined, examine_artifact, examine_identity
from rmos.store.layout import RunFiles
from rmos.store.legacy import read_link
from rmos.store.records import Damage, UnavailableDamage, describe_unreadable, examine_event, raise_problem

ReadObject = Callable[[str], bytes]
"""Returns the bytes under a key, or raises `ObjectMissing` or `ObjectUnreadable`."""


class RecordProblem(NamedTuple):
    """One thing that is wrong with a record: under which key, and what."""

    key: str
    damage: Damage


class Chain(NamedTuple):
    """The events of a record that can be read, in order, and what is wrong."""

    events: list[Event]
    last_sha256: str | None
    """SHA-256 of the file that the next event comes after; None when there is none or it cannot be known."""
    problems: list[RecordProblem]

    def require_whole(self) -> None:
        """Raise the first problem.

        Raises:
            Damage, StorageUnavailable.
        """
        if self.problems:
            raise_problem(self.problems[0].damage)


class AdvisoryLink(NamedTuple):
    """An advisory link of the legacy system: its key, and the advisory that it names, None when it names none."""

    key: str
    advisory: dict[str, Any] | None


class RunHistory(NamedTuple):
    """A run as its files have it."""

    data: bytes | None
    """The artifact's exact bytes; None when it is gone or unreadable."""
    examined: Examined
    events: list[Event]
    last_event_sha256: str | None
    links: list[AdvisoryLink]
    problems: list[RecordProblem]

    @property
    def is_gone(self) -> bool:
        """Whether nothing stands where the artifact should."""
        return self.data is None and not self.examined.damages

    @property
    def is_unavailable(self) -> bool:
        """Whether the storage did not give a part of it: asked again, it may."""
        return any(isinstance(problem.damage, UnavailableDamage) for problem in self.problems)

    @property
    def artifact(self) -> Artifact | None:
        """The artifact, when it was decoded and is whole."""
        found = self.examined
        if found.damages or found.run is None or self.data is None:
            return None
        return Artifact(self.data, found.run, found.sha256, found.has_self_digest)

    @property
    def advisories(self) -> list[dict[str, Any]]:
        """The advisories that links name, each once."""
        found: list[dict[str, Any]] = []
        for link in self.links:
            if link.advisory is not None and link.advisory not in found:
                found.append(link.advisory)
        return found

    def require_whole(self) -> None:
        """Raise the first problem; a link that cannot be read is none, for the run stands without it.

        Raises:
            Damage, StorageUnavailable.
        """
        if self.problems:
            raise_problem(self.problems[0].damage)


def read_run(read: ReadObject, partition: str, files: RunFiles, *, strict: bool = True) -> RunHistory:
    """Read a run's artifact, events and links.

    Args:
        strict: decode the artifact and recompute the digests in it; otherwise one of ours is checked by its
            `_sha256` and its place alone.
    """
    key = layout.artifact_key(partition, files.run_id)
    data, examined = _read_artifact(read, key, files.run_id, partition, strict=strict)
    problems = [RecordProblem(key, damage) for damage in examined.damages]
    links = [_read_link(read, f"{partition}/{name}", name) for name in files.links]
    if not files.events:
        return RunHistory(data, examined, [], None, links, problems)
    start = None if data is None else _digest_before_events(data, examined)
    chain = read_chain(
        read, partition, files.run_id, files.events, of="run", previous=start, is_known=start is not None
    )
    return RunHistory(data, examined, chain.events, chain.last_sha256, links, problems + chain.problems)


def read_chain(
    read: ReadObject,
    folder: str,
    record_id: str,
    numbers: Sequence[int],
    *,
    of: str,
    previous: str | None = None,
    is_known: bool = True,
) -> Chain:
    """Read a record's events by their numbers, which are in order.

    An event is compared with the file before it only where both can be read: what a damaged file held is not known,
    so its neighbours are not accused.

    Args:
        of: what the record is, for messages: run, session or token.
        previous: SHA-256 of the file that event no. 1 comes after; None when it is itself the first file.
        is_known: False when the file before event no. 1 is gone or corrupt.
    """
    events: list[Event] = []
    problems: list[RecordProblem] = []
    expected = 1
    for number in numbers:
        key = layout.event_key(folder, record_id, number)
        if number != expected:
            gone = f"events {expected} to {number - 1} of the {of} are not there, but event {number} is"
            problems.append(RecordProblem(key, Damage("event_hole", gone)))
            is_known = False
        expected = number + 1
        try:
            data = read(key)
        except ObjectMissing:
            gone = f"event {number} of the {of} was indexed and is gone"
            problems.append(RecordProblem(key, Damage("event_missing", gone)))
            is_known = False
            continue
        except ObjectUnreadable as error:
            problems.append(RecordProblem(key, describe_unreadable(error)))
            is_known = False
            continue
        event, damages = examine_event(data, record_id, number, previous, is_known=is_known)
        problems += [RecordProblem(key, damage) for damage in damages]
        previous, is_known = digest.sha256_hex(data), all(damage.kind != "event_corrupt" for damage in damages)
        if event is not None:
            events.append(event)
    return Chain(events, previous if is_known else None, problems)


def _read_artifact(
    read: ReadObject, key: str, run_id: str, partition: str, *, strict: bool
) -> tuple[bytes | None, Examined]:
    try:
        data = read(key)
    except ObjectMissing:
        return None, Examined(None, digest.NO_DIGEST, False, [])
    except ObjectUnreadable as error:
        return None, Examined(None, digest.NO_DIGEST, False, [describe_unreadable(error)])
    if strict or not digest.has_self_digest(data):
        return data, examine_artifact(data, run_id, partition)
    return data, examine_identity(data, run_id, partition)


def _digest_before_events(data: bytes, examined: Examined) -> str | None:
    """Return the digest that event no. 1 must name, or None when these are not the bytes that it came after."""
    if examined.has_self_digest:
        is_known = examined.sha256 != digest.NO_DIGEST  # its `_sha256` holds
    else:
        is_known = all(damage.kind not in ("corrupt", "undecodable") for damage in examined.damages)
    return digest.sha256_hex(data) if is_known else None


def _read_link(read: ReadObject, key: str, name: str) -> AdvisoryLink:
    try:
        return AdvisoryLink(key, read_link(read(key), name))
    except (ObjectMissing, ObjectUnreadable):
        return AdvisoryLink(key, None)
