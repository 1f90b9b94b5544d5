"""Attach files and advisories to runs: the blob first, then the event that names it.

    attached = attach_file(store, run_id, upload, limits=Limits.of(settings), actor=actor, us=now_us())
    attached.sha256, attached.made

What comes is hashed while it is written and validated before it gets its name: an upload that breaks off, is too large,
or is not what it was declared to be leaves nothing behind. Attaching the same again is a success and writes nothing.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol

import msgspec

from rmos import ids
from rmos.config import Settings
from rmos.errors.files import ContentMismatch, DigestMismatch
from rmos.errors.request import PayloadTooLarge
from rmos.models import Actor, RunView
from rmos.services.files.media_types import HEAD_BYTES, guess_type, is_of_type, media_type
from rmos.store import Store
from rmos.store.naming import list_named_blobs
from rmos.store.run_records import RunRecord

MAX_ATTACHMENTS: Final = 1000
"""Attachments and advisories that one run may have (RMOS policy): each is an event that every reading folds."""
MAX_FILENAME: Final = 255


class FileLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How much may be attached."""

    file_bytes: int
    run_bytes: int

    @classmethod
    def of(cls, settings: Settings) -> "FileLimits":
        """Return the limits that the settings name."""
        return cls(file_bytes=settings.max_attachment_bytes, run_bytes=settings.max_run_attachments_bytes)


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """What was said of a file."""

    kind: str
    filename: str
    content_type: str | None = None
    sha256: str | None = None
    metadata: dict[str, Any] = {}


class Upload(Protocol):
    """A file that comes."""

    def chunks(self) -> Iterator[bytes]:
        """Give its bytes; what this raises is passed on, and nothing is stored."""

    def declared(self) -> Declared:
        """Return what was said of it; asked once all bytes have come.

        Raises:
            ValidationFailed: something needed was not said.
        """


class Attached(msgspec.Struct, frozen=True, kw_only=True):
    """A file that the run names now."""

    attachment_id: str
    sha256: str
    kind: str
    size_bytes: int
    made: bool = True


class _Head:
    """Passes bytes on and keeps the first of them."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self.first = b""

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            if len(self.first) < HEAD_BYTES:
                self.first += chunk[: HEAD_BYTES - len(self.first)]
            yield chunk


def attachment_id(sha256: str) -> str:
    """Return the id of an attachment within its run."""
    return f"att_{sha256[:32]}"


def attach_file(store: Store, run_id: str, upload: Upload, *, limits: FileLimits, actor: Actor, us: int) -> Attached:
    """Store a file as it comes and let its run name it.

    Raises:
        RunNotFound, RunDeleted: before a byte was read.
        PayloadTooLarge: the file, or all files of the run together, are above the limit.
        DigestMismatch, ContentMismatch: it is not what was declared.
        Damage, OutOfSpace, StoreReadOnly, StorageFailed; what `upload` raises.
    """
    record = store.runs.record(run_id)
    left = _count_left(record.view(), limits)
    head = _Head(upload.chunks())
    accepted: list[tuple[Declared, str]] = []

    def accept(sha256: str, size: int) -> None:
        declared = upload.declared()
        accepted.append((declared, _validate_type(declared, sha256, head.first)))

    blob = store.blobs.put(head, max_bytes=min(limits.file_bytes, left), accept=accept)
    declared, mime = accepted[0]
    data = {
        "sha256": blob.sha256,
        "kind": declared.kind,
        "mime": mime,
        "filename": declared.filename,
        "size_bytes": blob.size,
        "created_at_utc": ids.utc_text(us),
        **({"metadata": declared.metadata} if declared.metadata else {}),
    }

    def decide(record: RunRecord) -> Mapping[str, Any] | None:
        view = record.view()
        if any(entry.get("sha256") == blob.sha256 for entry in view.attachments):
            return None
        if blob.size > _count_left(view, limits):
            raise _too_large(limits)
        return data

    changed = store.runs.append(run_id, "attachment", decide, actor=actor, us=us, seen=record)
    kept = next(entry for entry in changed.view.attachments if entry.get("sha256") == blob.sha256)
    return Attached(
        attachment_id=attachment_id(blob.sha256),
        sha256=blob.sha256,
        kind=str(kept.get("kind")),
        size_bytes=blob.size,
        made=changed.made,
    )


def _count_left(view: RunView, limits: FileLimits) -> int:
    """Return how many bytes a run may still be given.

    Raises:
        PayloadTooLarge: none.
    """
    named = list_named_blobs(view)
    left = limits.run_bytes - sum(blob.size_bytes or 0 for blob in named.values())
    if left < 0 or len(named) >= MAX_ATTACHMENTS:
        raise _too_large(limits)
    return left


def _too_large(limits: FileLimits) -> PayloadTooLarge:
    return PayloadTooLarge(
        f"The files of one run may have {limits.run_bytes} bytes together, and be {MAX_ATTACHMENTS} at most.",
        limit_bytes=limits.run_bytes,
    )


def _validate_type(declared: Declared, sha256: str, head: bytes) -> str:
    """Return the media type of a file that is what was said of it.

    Raises:
        DigestMismatch, ContentMismatch.
    """
    if declared.sha256 is not None and declared.sha256 != sha256:
        raise DigestMismatch(
            "The bytes do not have the digest that was declared; nothing was stored.",
            sha256_declared=declared.sha256,
            sha256_received=sha256,
        )
    mime = media_type(declared.content_type)
    if mime is None:
        return guess_type(head)
    if not is_of_type(mime, head):
        raise ContentMismatch(
            f"The file is declared as {mime}, and its bytes are not; they look like {guess_type(head)}."
        )
    return mime


# Advisories


class Advisory(msgspec.Struct, frozen=True, kw_only=True):
    """What is attached as advice: a blob by its digest, or a bare reference to something elsewhere."""

    advisory_id: str
    kind: str = "advisory"
    title: str | None = None
    filename: str | None = None
    mime: str | None = None
    engine_id: str | None = None
    engine_version: str | None = None


class AdvisoryAttached(msgspec.Struct, frozen=True, kw_only=True):
    """An advisory that the run names now."""

    run_id: str
    advisory_id: str
    view: RunView
    made: bool
    status: str = "attached"


def attach_advisory(store: Store, run_id: str, advisory: Advisory, *, actor: Actor, us: int) -> AdvisoryAttached:
    """Let a run name an advisory.

    Raises:
        RunNotFound, RunDeleted.
        AttachmentNotFound: it is a digest, and no such blob is there.
        PayloadTooLarge: the run names too many already.
        Damage, OutOfSpace, StoreReadOnly, StorageFailed.
    """
    data = _describe_advisory(store, run_id, advisory, actor, us)

    def decide(record: RunRecord) -> Mapping[str, Any] | None:
        view = record.view()
        if any(entry.get("advisory_id") == advisory.advisory_id for entry in view.advisories):
            return None
        if len(view.advisories) >= MAX_ATTACHMENTS:
            raise PayloadTooLarge(f"A run may have {MAX_ATTACHMENTS} advisories.", run_id=run_id)
        return data

    changed = store.runs.append(run_id, "advisory", decide, actor=actor, us=us)
    return AdvisoryAttached(
        run_id=run_id,
        advisory_id=advisory.advisory_id,
        view=changed.view,
        made=changed.made,
    )


def _describe_advisory(store: Store, run_id: str, advisory: Advisory, actor: Actor, us: int) -> Mapping[str, Any]:
    mime, size = advisory.mime, None
    if ids.SHA256.fullmatch(advisory.advisory_id):
        store.runs.record(run_id)  # who asks for a run that is not there is told that first
        with store.blobs.open(advisory.advisory_id) as blob:
            mime, size = mime or guess_type(blob.read_at(0, HEAD_BYTES)), blob.size
    data = {
        "advisory_id": advisory.advisory_id,
        "kind": advisory.kind,
        "title": advisory.title,
        "mime": mime,
        "filename": advisory.filename,
        "size_bytes": size,
        "created_at_utc": ids.utc_text(us),
        "request_id": actor.request_id,
        "engine_id": advisory.engine_id,
        "engine_version": advisory.engine_version,
    }
    return {name: value for name, value in data.items() if value is not None}
