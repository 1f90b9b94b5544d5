"""A bucket that several hosts share, whose answers are lost, whose PUTs come late or twice, and whose hosts die.

    bucket = FaultyBucket()
    one, other = bucket.open_host(), bucket.open_host()
    one.changes.append(LATE)
    one.create("2025-12-23/x", b"1")         # raises StorageUnavailable, and nothing stands yet
    other.create("2025-12-23/x", b"2")       # True
    bucket.deliver(0)                        # the late PUT arrives and is refused, as the name is taken

It behaves as a store behind an S3 server may: a change that was sent takes place at once, later, twice or never, and
who sent it is told so, is not told, or is dead by then. A late PUT creates nothing where something stands, but makes an
object again that was erased meanwhile. Nothing is left to chance or to a clock: what becomes of each change stands in
`changes`, and late ones arrive when the test says so.
"""

import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Literal, NamedTuple, TypeVar

from rmos import digest
from rmos.errors.base import RmosError
from rmos.errors.request import PayloadTooLarge
from rmos.errors.store import ObjectExists, ObjectMissing, ObjectUnreadable, StorageUnavailable
from rmos.objects.base import (
    QUARANTINE,
    Accept,
    CreateResult,
    FolderEntry,
    NameBlob,
    NewBlob,
    NewObject,
    OpenObject,
    accept_all,
    check_key,
    create_or_error,
    key_of_digest,
)
from tests.helpers.memory_objects import MemoryObjects

T = TypeVar("T")


class HostDied(BaseException):
    """The host's process was killed here: no `except Exception` of it runs any more."""


class Change(NamedTuple):
    """What becomes of one PUT or DELETE."""

    now: bool
    """It takes place before the host is told anything."""
    later: bool
    """It, or a second one of it, is still on its way."""
    told: Literal["done", "nothing", "dead"]
    """What the host learns: how it went, that the storage did not answer in time, or no more at all."""


PLAIN: Final = Change(True, False, "done")
LOST: Final = Change(True, False, "nothing")
DROPPED: Final = Change(False, False, "nothing")
LATE: Final = Change(False, True, "nothing")
DOUBLED: Final = Change(True, True, "done")
LOST_AND_DOUBLED: Final = Change(True, True, "nothing")
DIES_BEFORE: Final = Change(False, False, "dead")
DIES_AFTER: Final = Change(True, False, "dead")
DIES_LATE: Final = Change(False, True, "dead")
CHANGES: Final = (PLAIN, LOST, DROPPED, LATE, DOUBLED, LOST_AND_DOUBLED, DIES_BEFORE, DIES_AFTER, DIES_LATE)


class FaultyBucket:
    """What all hosts share: the objects, and the changes that have not arrived yet."""

    def __init__(self) -> None:
        self.objects = MemoryObjects()
        self.late: list[Callable[[], object]] = []
        """Changes that are on their way, in the order in which they were sent."""

    def open_host(self) -> "HostObjects":
        """Return the bucket as one more host sees it."""
        return HostObjects(self)

    def deliver(self, number: int) -> None:
        """Let one late change arrive; nobody waits for its answer any more."""
        with contextlib.suppress(ObjectExists, ObjectMissing):  # refused by the server
            self.late.pop(number)()

    def deliver_all(self) -> None:
        """Let all late changes arrive, in the order in which they were sent."""
        while self.late:
            self.deliver(0)


class HostObjects:
    """The objects of a bucket as one host sees them; when it has died or is cut off, it sees nothing."""

    def __init__(self, bucket: FaultyBucket) -> None:
        self.root = "s3://faulty"
        self.changes: deque[Change] = deque()
        """What becomes of the next changes, one each; `PLAIN` when it is empty."""
        self.dead = False
        self.cut_off = False
        """Nothing that this host sends arrives, and it is told nothing."""
        self.fail: Callable[[str, str], RmosError | None] = lambda verb, key: None
        """Is asked before each verb, with its name and key, for the error that it ends in."""
        self._bucket = bucket

    def _reach(self, verb: str, key: str = "") -> MemoryObjects:
        if self.dead:
            raise HostDied
        if self.cut_off:
            raise StorageUnavailable("The storage does not answer.")
        error = self.fail(verb, key)
        if error is not None:
            raise error
        return self._bucket.objects

    def _change(self, change: Callable[[], T]) -> T:
        """Send a PUT or DELETE, of which becomes what the schedule says."""
        fate = self.changes.popleft() if self.changes else PLAIN
        done: T | RmosError | None = None
        if fate.now:
            try:
                done = change()
            except RmosError as error:
                done = error
        if fate.later:
            self._bucket.late.append(change)
        if fate.told == "dead":
            self.dead = True
            raise HostDied
        if fate.told == "nothing":
            raise StorageUnavailable("The storage did not answer in time; it may stand there or not.")
        if isinstance(done, RmosError):
            raise done
        assert done is not None, fate
        return done

    def prepare(self) -> None:
        self._reach("prepare")

    def exists(self) -> bool:
        self._reach("exists")
        return True

    def writable(self) -> bool:
        return not self.cut_off

    def free_bytes(self) -> int | None:
        return None

    # Writing

    def create(self, key: str, data: bytes) -> bool:
        memory = self._reach("create", key)
        check_key(key)
        return self._change(lambda: memory.create(key, data))

    def create_many(self, new: Sequence[NewObject]) -> list[CreateResult]:
        return [create_or_error(self.create, one) for one in new]

    def create_blob(
        self,
        chunks: Iterable[bytes],
        *,
        max_bytes: int,
        accept: Accept = accept_all,
        name: NameBlob | None = None,
    ) -> NewBlob:
        memory = self._reach("create_blob")
        data = bytearray()
        for chunk in chunks:
            data += chunk
            if len(data) > max_bytes:
                raise PayloadTooLarge(f"The file is above the limit of {max_bytes} bytes.", limit_bytes=max_bytes)
        sha256 = digest.sha256_hex(bytes(data))
        accept(sha256, len(data))
        check_key((name or key_of_digest)(sha256))
        return self._change(lambda: memory.create_blob([bytes(data)], max_bytes=max_bytes, name=name))

    def ensure_durable(self, key: str) -> None:
        self._reach("ensure_durable", key)

    def ensure_folder_durable(self, folder: str) -> None:
        self._reach("ensure_folder_durable", folder)

    def quarantine(self, key: str) -> str:
        """Copy and erase, as a server without a rename makes one do it: cut off in between, both stand."""
        memory = self._reach("quarantine", key)
        data = memory.read(key)
        target, attempt = f"{QUARANTINE}/{key}", 1
        while memory.has(target) and memory.read(target) != data:
            attempt += 1
            target = f"{QUARANTINE}/{key}~{attempt}"
        self._change(lambda: memory.create(target, data))
        self._change(lambda: memory.erase(key))
        return target

    def erase(self, key: str) -> bool:
        memory = self._reach("erase", key)
        check_key(key)
        return self._change(lambda: memory.erase(key))

    def clear_debris(self, folder: str) -> int:
        return self._reach("clear_debris", folder).clear_debris(folder)

    # Reading

    def read(self, key: str) -> bytes:
        return self._reach("read", key).read(key)

    def read_all(self, keys: Sequence[str]) -> list[bytes | ObjectMissing | ObjectUnreadable]:
        memory = self._reach("read_all")
        found: list[bytes | ObjectMissing | ObjectUnreadable] = []
        for key in keys:
            try:
                found.append(memory.read(key))
            except (ObjectMissing, ObjectUnreadable) as error:
                found.append(error)
        return found

    def open(self, key: str) -> OpenObject:
        return self._reach("open", key).open(key)

    def digest(self, key: str) -> tuple[str, int]:
        return self._reach("digest", key).digest(key)

    def has(self, key: str) -> bool:
        return self._reach("has", key).has(key)

    def age_s(self, key: str) -> float | None:
        return self._reach("age_s", key).age_s(key)

    # Listing

    @property
    def works_with(self) -> Literal["processes", "threads"]:
        return "threads"

    def entries(self, folder: str) -> Iterator[FolderEntry]:
        return self._reach("entries", folder).entries(folder)

    def names(self, folder: str, beginning: str = "") -> list[str]:
        return [name for name in self._reach("names", folder).names(folder) if name.startswith(beginning)]

    def changed_since(self, key: str, token: str | None) -> str | None:
        """Return a token always: a bucket cannot tell what has changed."""
        self._reach("changed_since", key)
        return "asked"
