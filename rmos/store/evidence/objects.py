"""The objects of a log under `_evidence`: batches of lines, signed checkpoints, full tiles, events of its keys.

    log = LogObjects(objects)
    log.read_batch(1).lines                  # [b'27dd8e…  2025-12-23/run_….json\\n', …]
    log.read_checkpoint(1)                   # a note
    log.last_batch(known=1234)               # 1236

A line is what `sha256sum` prints for an object, and an entry of the tree. The batches decide; tiles and checkpoints
follow from them and can be computed again.
"""

import bisect
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from rmos.errors.evidence import EvidenceMalformed, EvidenceOff
from rmos.errors.store import ObjectMissing
from rmos.models import Actor, Event
from rmos.objects.base import Objects
from rmos.store import layout
from rmos.store.append import append
from rmos.store.history import read_chain
from rmos.store.records import Damage
from rmos.tlog.note import Note, VerifierKey, parse_note, parse_verifier_key
from rmos.tlog.tiles import Tile, number_name, parse_number, tile_name

MAX_BATCH: Final = 65_536
"""Entries of a batch at most; the format's limit, some 8 MB, read whole."""
BATCH: Final = 4096
"""Entries of a batch that is made here (RMOS policy): half a megabyte, which each proof of one of them reads."""
LOG_ID: Final = "log"
"""The record id of the log's own events."""
_HEAD: Final = re.compile(
    rb"# rmos\.batch/1 number=([1-9][0-9]{0,8}) first=(0|[1-9][0-9]{0,18})"
    rb" at=([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z)\n"
)
_LINES: Final = re.compile(rb"(?:[0-9a-f]{64}  [!-\[\]-~]{1,255}\n)+")
"""All lines at once: one call for a batch, not one for each of its lines."""
_KEY: Final = re.compile(r"[!-\[\]-~]{1,255}")
_EVENT: Final = re.compile(r"log\.([0-9]{6})\.json")


class Entry(NamedTuple):
    """One line of the log."""

    sha256: str
    key: str

    def line(self) -> bytes:
        """Return the bytes that are hashed."""
        return make_line(self.sha256, self.key)


class LogBatch(NamedTuple):
    """A batch as it was read."""

    number: int
    first: int
    at: str
    lines: list[bytes]

    def find(self, key: str) -> int | None:
        """Return the place of a key's line, None when it is not among them."""
        wanted = key.encode()
        place = bisect.bisect_left(self.lines, wanted, key=lambda line: line[66:-1])
        return place if place < len(self.lines) and self.lines[place][66:-1] == wanted else None

    def list_keys(self) -> list[str]:
        """Return the keys of the entries, in order."""
        return [line[66:-1].decode() for line in self.lines]

    def entries(self) -> Iterator[Entry]:
        """Return the entries, one at a time."""
        return map(parse_line, self.lines)

    def lines_in(self, folder: str) -> list[bytes]:
        """Return the lines of the objects that stand in a folder itself, not of those in folders below it."""
        first, end = 0, len(self.lines)
        if folder:
            # "0" comes behind "/", and no key of the store holds a sign between them
            ends = (f"{folder}/".encode(), f"{folder}0".encode())
            first, end = (bisect.bisect_left(self.lines, key, key=lambda line: line[66:-1]) for key in ends)
        begin = 66 + len(folder) + bool(folder)
        return [line for line in self.lines[first:end] if line.find(b"/", begin) < 0]


class KeyEvent(NamedTuple):
    """From which of the log's events on a key signs; `lost` when the one before it could not vouch for it."""

    number: int
    key: VerifierKey
    lost: bool


def batch_key(number: int) -> str:
    """Return the key of a batch."""
    return f"{layout.EVIDENCE}/batch/{number_name(number)}.sha256"


def checkpoint_key(number: int) -> str:
    """Return the key of the checkpoint after a batch."""
    return f"{layout.EVIDENCE}/checkpoint/{number_name(number)}"


def tile_key(level: int, number: int) -> str:
    """Return the key of a full tile."""
    return f"{layout.EVIDENCE}/tile/{tile_name(level, number)}"


def event_key(number: int) -> str:
    """Return the key of an event of the log's keys."""
    return layout.event_key(layout.EVIDENCE, LOG_ID, number)


def is_log_name(name: str) -> bool:
    """Tell whether an event of the keys or a batch has this name below the log's folder."""
    what, _, rest = name.partition("/")
    is_batch = what == "batch" and rest.endswith(".sha256") and parse_number(rest.removesuffix(".sha256")) is not None
    return is_batch or _EVENT.fullmatch(name) is not None


def is_loggable(key: str) -> bool:
    """Tell whether a key can stand in a line that `sha256sum -c` reads: visible ASCII without a backslash."""
    return _KEY.fullmatch(key) is not None


def make_line(sha256: str, key: str) -> bytes:
    """Return the line of an object; odd bytes of a legacy name stay as they are."""
    return f"{sha256}  {key}\n".encode("utf-8", "surrogateescape")


def parse_line(line: bytes) -> Entry:
    """Return the entry of a line that has its form."""
    return Entry(line[:64].decode(), line[66:-1].decode("utf-8", "surrogateescape"))


def encode_batch(number: int, first: int, at: str, lines: Sequence[bytes]) -> bytes:
    """Return the bytes of a batch; `lines` are in the order of their keys' bytes."""
    return f"# rmos.batch/1 number={number} first={first} at={at}\n".encode() + b"".join(lines)


def parse_batch(data: bytes, number: int, *, strict: bool = True) -> LogBatch:
    """Read a batch.

    Args:
        strict: look at each line; a proof does not, for it is compared with the root that is signed.

    Raises:
        Damage: log_altered: it does not have its form, or is another one.
    """
    head = _HEAD.match(data)
    if head is None or int(head[1]) != number or (strict and _LINES.fullmatch(data, head.end()) is None):
        raise Damage("log_altered", "the batch does not have the form of a batch of this number")
    lines = data[head.end() :].splitlines(keepends=True)
    keys = [line[66:-1] for line in lines] if strict else []
    if strict and (len(lines) > MAX_BATCH or keys != sorted(set(keys))):
        raise Damage("log_altered", "the lines of the batch do not stand in the order of their keys, each once")
    return LogBatch(number, int(head[2]), head[3].decode(), lines)


class _LogRecord(NamedTuple):
    """The events of the log's keys as they were read."""

    version: int
    last_sha256: str | None
    events: list[Event]
    record_id: str = LOG_ID
    folder: str = layout.EVIDENCE


class LogObjects:
    """The log of one store, object by object."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects

    def has_started(self) -> bool:
        """Tell whether a log was started here."""
        return self.objects.has(event_key(1))

    def read_keys(self) -> list[KeyEvent]:
        """Return the keys that sign, in order; there is at least one.

        Raises:
            EvidenceOff: no log was started.
            Damage: log_altered, or what is wrong with the events.
        """
        record = self._read_events()
        if not record.events:
            raise EvidenceOff("This store has no log of evidence.")
        found = []
        for event in record.events:
            try:
                key = parse_verifier_key(event.data["verifier_key"])
                found.append(KeyEvent(event.number, key, bool(event.data.get("lost"))))
            except (KeyError, TypeError, EvidenceMalformed):
                raise Damage("log_altered", f"event {event.number} of the log holds no verifier key") from None
        return found

    def read_events(self) -> list[Event]:
        """Return the events of the log's keys.

        Raises:
            Damage: what is wrong with them.
        """
        return self._read_events().events

    def append_event(
        self, kind: str, decide: Callable[[list[Event]], dict[str, Any] | None], actor: Actor, us: int
    ) -> None:
        """Append an event of the log's keys, as `store.append` does.

        Raises:
            Damage, VersionConflict, OutOfSpace, StoreReadOnly, StorageFailed.
        """
        append(
            self.objects,
            kind,
            lambda record: decide(record.events),
            read=lambda _: self._read_events(),
            actor=actor,
            us=us,
        )

    def list_batches(self) -> list[int]:
        """Return the numbers of all batches, in order."""
        return sorted(self._list_numbers(f"{layout.EVIDENCE}/batch", ".sha256"))

    def last_batch(self, known: int) -> int:
        """Return the number of the last batch.

        Args:
            known: the number of one that is there, so that only those behind it are asked for; 0 lists all.

        Raises:
            Damage: log_short: a batch between others is gone, so nothing may be appended.
        """
        if not known:
            numbers = self.list_batches()
            if numbers != list(range(1, len(numbers) + 1)):
                raise Damage("log_short", "a batch of the log is gone: the ones behind it cannot be followed")
            return len(numbers)
        while self.objects.has(batch_key(known + 1)):
            known += 1
        return known

    def list_names(self, folder: str = "") -> Iterator[str]:
        """Yield the names of all objects of the log, below its folder; debris of writers is left out."""
        for name, kind in self.objects.entries(f"{layout.EVIDENCE}/{folder}".rstrip("/")):
            path = f"{folder}/{name}" if folder else name
            if kind == "directory":
                yield from self.list_names(path)
            elif not layout.is_debris(name):
                yield path

    def _list_numbers(self, folder: str, ending: str, before: str = "") -> Iterator[int]:
        for name, kind in self.objects.entries(folder):
            if kind == "directory":
                yield from self._list_numbers(f"{folder}/{name}", ending, f"{before}{name}/")
            elif name.endswith(ending) and (number := parse_number(before + name.removesuffix(ending))) is not None:
                yield number

    def read_batch(self, number: int, *, strict: bool = True) -> LogBatch:
        """Return a batch, as `parse_batch` does.

        Raises:
            ObjectMissing, ObjectUnreadable.
            Damage: log_altered.
        """
        return parse_batch(self.objects.read(batch_key(number)), number, strict=strict)

    def read_checkpoint(self, number: int) -> Note | None:
        """Return the checkpoint after a batch, None when there is none yet.

        Raises:
            ObjectUnreadable.
            Damage: log_altered.
        """
        try:
            return parse_note(self.objects.read(checkpoint_key(number)))
        except ObjectMissing:
            return None
        except EvidenceMalformed as error:
            raise Damage("log_altered", f"the checkpoint cannot be read: {error.detail}") from None

    def create_tile(self, tile: Tile) -> None:
        """Make a full tile durable."""
        self.objects.create(tile_key(tile.level, tile.number), tile.data)

    def _read_events(self) -> _LogRecord:
        numbers = sorted(int(match[1]) for match in map(_EVENT.fullmatch, self.objects.names(layout.EVIDENCE)) if match)
        chain = read_chain(self.objects.read, layout.EVIDENCE, LOG_ID, numbers, of="log")
        chain.require_whole()
        return _LogRecord(len(chain.events), chain.last_sha256, chain.events)
