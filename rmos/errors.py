"""Every error that RMOS raises on purpose: one tree, each leaf with its code, HTTP status and exit code.

Foreign errors (`OSError`, `sqlite3.Error`, …) are translated at the boundary where they arise, `raise … from None`
where their text could show a path of the server. One handler in `api/problems.py` turns the tree into problem+json,
one in `cli/` into exit codes.

    raise RunNotFound("There is no run with this id.", run_id=run_id)
"""

from typing import ClassVar


class RmosError(Exception):
    """Base of the tree: a sentence for people and the members that identify what is concerned."""

    code: ClassVar[str] = "INTERNAL_ERROR"
    title: ClassVar[str] = "Internal error"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        detail: str,
        *,
        errors: dict[str, list[str]] | None = None,
        retry_after_s: int | None = None,
        **members: str | int | None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.retry_after_s = retry_after_s
        self.members = members

    def __reduce__(self) -> tuple[object, ...]:
        """Let worker processes hand an error back whole."""
        return (_rebuild, (type(self), self.detail, self.errors, self.retry_after_s, self.members))


def _rebuild(
    kind: type[RmosError],
    detail: str,
    errors: dict[str, list[str]] | None,
    retry_after_s: int | None,
    members: dict[str, str | int | None],
) -> RmosError:
    return kind(detail, errors=errors, retry_after_s=retry_after_s, **members)


# What a client sent


class BadJson(RmosError):
    """The body is not strict JSON: syntax, NaN, duplicate keys, encoding, depth or a number out of range."""

    code, title, status, exit_code = "BAD_JSON", "Malformed JSON", 400, 2


class BadCursor(RmosError):
    """The cursor was not made by this service or was damaged on the way."""

    code, title, status, exit_code = "BAD_CURSOR", "Bad cursor", 400, 2


class BadHeader(RmosError):
    """A request header has a value that cannot be used."""

    code, title, status = "BAD_HEADER", "Bad header", 400


class ValidationFailed(RmosError):
    """Fields or parameters are unknown, of the wrong type or out of range; `errors` names each."""

    code, title, status, exit_code = "VALIDATION_FAILED", "Validation failed", 422, 2


class IdempotencyKeyReused(RmosError):
    """The Idempotency-Key was used before with another body."""

    code, title, status = "IDEMPOTENCY_KEY_REUSED", "Idempotency-Key used with another body", 422


class PayloadTooLarge(RmosError):
    """The body is above the limit."""

    code, title, status = "PAYLOAD_TOO_LARGE", "Payload too large", 413


class UnsupportedMediaType(RmosError):
    """The body's type is not the one that the route reads."""

    code, title, status = "UNSUPPORTED_MEDIA_TYPE", "Unsupported media type", 415


# What is not there, or not any more


class RunNotFound(RmosError):
    """No run has this id."""

    code, title, status = "RUN_NOT_FOUND", "Run not found", 404


class RunDeleted(RmosError):
    """The run was deleted; the members say who, when and why."""

    code, title, status = "RUN_DELETED", "Run deleted", 410


class SessionNotFound(RmosError):
    """No workflow session has this id."""

    code, title, status = "SESSION_NOT_FOUND", "Workflow session not found", 404


class EngineNotFound(RmosError):
    """No feasibility engine has this id."""

    code, title, status = "ENGINE_NOT_FOUND", "Engine not found", 404


# What collides


class RunExists(RmosError):
    """Another run has this id already; nothing was changed."""

    code, title, status = "RUN_EXISTS", "Run exists", 409


class VersionConflict(RmosError):
    """The record has moved on since the caller read it."""

    code, title, status = "VERSION_CONFLICT", "Version conflict", 409


# The state of the store


class RecordDamaged(RmosError):
    """A stored record does not vouch for itself; it is never served."""

    code, title, status = "RECORD_DAMAGED", "Record damaged", 500


class IndexRebuilding(RmosError):
    """The index is not complete, so no list can be answered in full."""

    code, title, status = "INDEX_REBUILDING", "Index is being rebuilt", 503


class IndexBroken(RmosError):
    """The index cannot be read; it is replaced and filled again from the record."""

    code, title, status = "INDEX_REBUILDING", "Index is being rebuilt", 503


class IndexUnavailable(RmosError):
    """The index did not answer in time or cannot be written just now; the record is not touched by that."""

    code, title, status = "INDEX_UNAVAILABLE", "Index not available", 503


class StoreReadOnly(RmosError):
    """The store takes no writes: the disk reported an error, or the folder is read-only."""

    code, title, status = "STORE_READ_ONLY", "Store is read-only", 503


class StorageFailed(RmosError):
    """The disk failed to take or give an object; nothing was acknowledged."""

    code, title, status = "STORAGE_FAILED", "Storage failed", 503


class OutOfSpace(RmosError):
    """The disk is full; nothing was acknowledged."""

    code, title, status = "OUT_OF_SPACE", "Out of space", 507


class NoStore(RmosError):
    """There is no store in this place."""

    code, title, status, exit_code = "NO_STORE", "No store", 503, 10


class StoreLocked(RmosError):
    """Another process is rebuilding or repairing the index."""

    code, title, status, exit_code = "STORE_LOCKED", "Store locked", 503, 11


class StoreUnusable(RmosError):
    """The filesystem or the format of the store cannot be used by this release."""

    code, title, status, exit_code = "STORE_UNUSABLE", "Store unusable", 503, 1


# The set-up


class ConfigError(RmosError):
    """A setting has a value that cannot be used; the message names it."""

    code, title, exit_code = "CONFIG_ERROR", "Bad configuration", 2


class PluginError(RmosError):
    """An engine plug-in cannot be used; the message names it."""

    code, title, exit_code = "PLUGIN_ERROR", "Broken plug-in", 2


# Below the store: raised by the object backends, always caught by the store


class ObjectMissing(RmosError):
    """There is no object under this key."""


class ObjectExists(RmosError):
    """There is an object under this key with other bytes; nothing was changed."""

    code, title, status = "OBJECT_EXISTS", "Object exists", 409


class ObjectUnreadable(RmosError):
    """What stands under this key cannot be read as an object: not a regular file, too large, no permission."""
