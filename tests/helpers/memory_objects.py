"""Objects in a dictionary: a backend that is no filesystem, by which the contract is shown to be none of POSIX.

    objects = MemoryObjects()
    objects.fail = lambda verb, key: StorageFailed("No answer.") if verb == "read" else None

It has no folders, only keys with slashes, no modification times and no temporary files; it fails when it is told to.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from rmos import digest
from rmos.errors.base import RmosError
from rmos.errors.request import PayloadTooLarge
from rmos.errors.store import ObjectExists, ObjectMissing, ObjectUnreadable
from rmos.objects.base import (
    MAX_OBJECT_BYTES,
    QUARANTINE,
    Accept,
    CreateResult,
    FolderEntry,
    NameBlob,
    NewBlob,
    NewObject,
    ReadResult,
    WorksWith,
    accept_all,
    check_key,
    create_or_error,
    key_of_digest,
    read_or_error,
)

Fail = Callable[[str, str], RmosError | None]
"""Is asked before each verb, with its name and key, for the error that it ends in."""


class _Held(NamedTuple):
    data: bytes
    stamp: int
    made_s: float


class _OpenBytes:
    """An open object: the bytes as they were."""

    def __init__(self, held: _Held) -> None:
        self.size = len(held.data)
        self._held = held

    def stamp(self) -> int:
        return self._held.stamp

    def read_at(self, offset: int, length: int) -> bytes:
        return self._held.data[offset : offset + length]

    def close(self) -> None:
        pass


class MemoryObjects:
    """Objects of one process; several threads may use them."""

    works_with: WorksWith = "threads"  # a fork would have a dictionary of its own

    def __init__(self) -> None:
        self.root = "memory"
        self.fail: Fail = lambda verb, key: None
        self._turn = threading.Lock()
        self._held: dict[str, _Held] = {}
        self._stamps = 0
        self._changes: dict[str, int] = {}
        self._name = secrets.token_hex(4)  # so that no token of another one fits

    def prepare(self) -> None:
        self._ask("prepare", "")

    def exists(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def free_bytes(self) -> int | None:
        return None

    # Writing

    def create(self, key: str, data: bytes) -> bool:
        self._ask("create", key)
        check_key(key)
        with self._turn:
            held = self._held.get(key)
            if held is None:
                self._put(key, bytes(data))
            elif held.data != data:
                raise ObjectExists("Another object has this name already.")
            return held is None

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
        self._ask("create_blob", "")
        data = bytearray()
        for chunk in chunks:
            data += chunk
            if len(data) > max_bytes:
                raise PayloadTooLarge(f"The file is above the limit of {max_bytes} bytes.", limit_bytes=max_bytes)
        sha256 = digest.sha256_hex(bytes(data))
        accept(sha256, len(data))
        key = (name or key_of_digest)(sha256)
        created = self.create(key, bytes(data))
        with self._turn:
            self._held[key] = self._held[key]._replace(made_s=time.time())
        return NewBlob(sha256, len(data), created)

    def ensure_durable(self, key: str) -> None:
        self._ask("ensure_durable", key)

    def ensure_folder_durable(self, folder: str) -> None:
        self._ask("ensure_folder_durable", folder)

    def quarantine(self, key: str) -> str:
        self._ask("quarantine", key)
        check_key(key)
        with self._turn:
            held = self._get(key)
            target, attempt = f"{QUARANTINE}/{key}", 1
            while target in self._held:
                attempt += 1
                target = f"{QUARANTINE}/{key}~{attempt}"
            self._put(target, held.data)
            self._held[target] = self._held[target]._replace(made_s=held.made_s)
            self._remove(key)
            return target

    def erase(self, key: str) -> bool:
        self._ask("erase", key)
        check_key(key)
        with self._turn:
            stood = key in self._held
            if stood:
                self._remove(key)
            return stood

    def clear_debris(self, folder: str) -> int:
        self._ask("clear_debris", folder)
        return 0

    # Reading

    def read(self, key: str) -> bytes:
        self._ask("read", key)
        held = self._get(key)
        if len(held.data) > MAX_OBJECT_BYTES:
            raise ObjectUnreadable("The object is too large to be a record.")
        return held.data

    def read_all(self, keys: Sequence[str]) -> list[ReadResult]:
        return [read_or_error(self.read, key) for key in keys]

    def open(self, key: str) -> _OpenBytes:
        self._ask("open", key)
        return _OpenBytes(self._get(key))

    def digest(self, key: str) -> tuple[str, int]:
        self._ask("digest", key)
        data = self._get(key).data
        return digest.sha256_hex(data), len(data)

    def has(self, key: str) -> bool:
        self._ask("has", key)
        check_key(key)
        return key in self._held

    def age_s(self, key: str) -> float | None:
        self._ask("age_s", key)
        check_key(key)
        held = self._held.get(key)
        return None if held is None else time.time() - held.made_s

    # Listing

    def entries(self, folder: str) -> Iterator[FolderEntry]:
        self._ask("entries", folder)
        for name, is_folder in self._below(folder).items():
            yield FolderEntry(name, "directory" if is_folder else "file")

    def names(self, folder: str, beginning: str = "") -> list[str]:
        self._ask("names", folder)
        return [name for name in self._below(folder) if name.startswith(beginning)]

    def changed_since(self, key: str, token: str | None) -> str | None:
        self._ask("changed_since", key)
        now = f"{self._name}.{self._changes.get(key, 0)}"
        return None if now == token else now

    # Tests put, alter and take things away behind the store's back

    def put_raw(self, key: str, data: bytes) -> None:
        """Put bytes under a key as somebody who is not RMOS would, whatever stands there."""
        with self._turn:
            self._put(key, data)

    def _ask(self, verb: str, key: str) -> None:
        error = self.fail(verb, key)
        if error is not None:
            raise error

    def _get(self, key: str) -> _Held:
        check_key(key)
        held = self._held.get(key)
        if held is None:
            raise ObjectMissing("There is no such object.")
        return held

    def _put(self, key: str, data: bytes) -> None:
        self._stamps += 1
        self._held[key] = _Held(data, self._stamps, time.time())
        self._note_change(key)

    def _remove(self, key: str) -> None:
        del self._held[key]
        self._note_change(key)

    def _note_change(self, key: str) -> None:
        while key:
            self._changes[key] = self._changes.get(key, 0) + 1
            key = key.rpartition("/")[0]

    def _below(self, folder: str) -> dict[str, bool]:
        """Return the names in a folder, each with whether keys go on below it."""
        prefix = f"{folder}/" if folder else ""
        found: dict[str, bool] = {}
        for key in list(self._held):
            if key.startswith(prefix):
                name, slash, _ = key[len(prefix) :].partition("/")
                found[name] = found.get(name, False) or bool(slash)
        return found
