"""The state of the store and what is moved into it: damage, a failing or full disk, an index not ready, a lock.

    raise IndexRebuilding("The index is being filled.", retry_after_s=5)

Damage is named and never hidden, and a write that ends in one of these was not acknowledged.
"""

from collections.abc import Mapping
from typing import ClassVar

from rmos.errors.base import RmosError


class RecordDamaged(RmosError):
    """A stored record was read and is corrupt; it is never served."""

    code, title, status = "RECORD_DAMAGED", "Record damaged", 500
    remedy = "Tell an operator: `rmos verify` says what is wrong, `rmos repair` moves it aside."


class IndexRebuilding(RmosError):
    """The index is not complete, so no list can be answered in full."""

    code, title, status = "INDEX_REBUILDING", "Index is being rebuilt", 503
    remedy = "Wait as long as Retry-After says and ask again; runs can be recorded and read by id meanwhile."


class IndexBroken(RmosError):
    """The index cannot be read; it is replaced and filled again from the record."""

    code, title, status = "INDEX_REBUILDING", "Index is being rebuilt", 503
    remedy = "Wait as long as Retry-After says and ask again; runs can be recorded and read by id meanwhile."


class IndexUnavailable(RmosError):
    """The index did not answer in time or cannot be written just now; the record is not touched by that."""

    code, title, status = "INDEX_UNAVAILABLE", "Index not available", 503
    remedy = "Ask again in a moment; when it stays like this, look at the disk and at who holds the index."
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "2"}


class StoreReadOnly(RmosError):
    """The store takes no writes: the disk reported an error, or the folder is read-only."""

    code, title, status = "STORE_READ_ONLY", "Store is read-only", 503
    remedy = "Look at the disk and the log; after a disk error the service takes writes again when it is restarted."


class StorageFailed(RmosError):
    """The disk failed to take or give an object; nothing was acknowledged."""

    code, title, status = "STORAGE_FAILED", "Storage failed", 503
    remedy = "Send the request again; when it stays like this, look at the disk and the log."


class StorageUnavailable(StorageFailed):
    """The disk did not give what stands there just now; whether it is whole is not known."""

    code, title, status, exit_code = "STORAGE_UNAVAILABLE", "Storage not available", 503, 12
    remedy = "Ask again in a moment; when it stays like this, look at the disk and run `rmos verify`."
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "2"}


class RecordUnavailable(StorageUnavailable):
    """What belongs to one record could not be read, though the storage gives others: checks go on with the next one."""

    exit_code = 1
    remedy = StorageUnavailable.remedy


class ClockOff(RmosError):
    """The clock of the host is far from the database's; ids begin with the time, so none is made."""

    code, title, status = "CLOCK", "Clock is off", 503
    remedy = "Set the host's clock by NTP; other hosts record meanwhile, and reading goes on."
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "30"}


class OutOfSpace(RmosError):
    """The disk is full; nothing was acknowledged."""

    code, title, status = "OUT_OF_SPACE", "Out of space", 507
    remedy = "Make room on the disk and send the request again."


class StoreLocked(RmosError):
    """Another process is rebuilding or repairing the index."""

    code, title, status, exit_code = "STORE_LOCKED", "Store locked", 503, 11
    remedy = "Wait until the other command has ended."


class SourceUnreadable(RmosError):
    """What is to be moved in is not there or is not what it should be; nothing was done."""

    code, title, status, exit_code = "SOURCE_UNREADABLE", "Source unreadable", 422, 10
    remedy = "Name the right file or folder, or restore it from a back-up."


class CannotMove(RmosError):
    """A record that is no run, or whose time or id cannot be kept; it stays where it is."""

    code, title, status = "CANNOT_MOVE", "Record cannot be moved", 422
    remedy = "Mend the record in the file that was set aside and migrate from that file."


class ImportRefused(RmosError):
    """A file of another store that is not taken in; an audit record says which and why."""

    code, title, status = "IMPORT_REFUSED", "Import refused", 422
    remedy = "Look at the file where it stands; what does not vouch for itself is not taken in."


# Below the store: raised by the object backends and always caught by the store, which says what they mean.


class ObjectMissing(RmosError):
    """There is no object under this key."""

    remedy = "Nothing; it never leaves the store."


class ObjectExists(RmosError):
    """There is an object under this key with other bytes; nothing was changed."""

    code, title, status = "OBJECT_EXISTS", "Object exists", 409
    remedy = "Nothing; what stands there is whole."


class ObjectUnreadable(RmosError):
    """What stands under this key cannot be read as an object: not a regular file, too large, no permission."""

    remedy = "Nothing; it never leaves the store."


class ObjectUnavailable(ObjectUnreadable, StorageUnavailable):
    """The storage failed to give what stands under this key; asked again, it may."""

    remedy = StorageUnavailable.remedy
