"""The one kind of write: a conditional PUT, whose every outcome but success is settled by reading what stands there.

    create_settled(client, path, data, compare, note_version=…)      # True: made now; False: these bytes stood there

A request without an answer may have been done, and may still be done: a proxy can hold it for seconds. Records have
random ids, so the same bytes under the name are one's own. "Taken" alone says nothing either: a server answers so (409)
while another PUT is under way, of which nothing may come.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from rmos.errors.store import ObjectExists, ObjectMissing, StorageUnavailable
from rmos.objects.s3_answers import NO_ANSWER, S3Answer, S3Error, read_failed, write_failed
from rmos.objects.s3_client import Deadline, S3Client

log = logging.getLogger(__name__)

_NOT_KNOWN = "The object storage did not say in time whether it took the object: send it again, with the same key."


def create_settled(
    client: S3Client,
    path: str,
    data: Any,
    compare: Callable[[Deadline], bool],
    *,
    note_version: Callable[[str | None], None],
) -> bool:
    """Make an object under a new name: True when made now, False when these bytes were there already.

    Args:
        path: the key in the bucket.
        data: bytes, or a map of a file, which takes no memory.
        compare: tells whether the bytes that stand there are these, by one request; raises S3Error.
        note_version: is given the version's id before the object is acknowledged.

    Raises:
        ObjectExists: other bytes stand under the name; nothing was changed.
        OutOfSpace, StoreReadOnly: refused; nothing was acknowledged.
        StorageUnavailable: not known in time; it may stand there, or may yet come to, as after a crash.
    """
    deadline = client.deadline(memoryview(data).nbytes)
    was_sent = False  # a try without an answer may have made what a later one finds
    while True:
        try:
            version = client.put_new(path, data, deadline)
        except S3Error as error:
            if error.answer in NO_ANSWER:
                was_sent = was_sent or error.answer is S3Answer.AMBIGUOUS
            elif error.answer is not S3Answer.EXISTS:
                log.error("a new object was refused: %s", error.code)
                raise write_failed(error) from None
        else:
            note_version(version)
            return True
        try:
            if compare(deadline):
                return was_sent
        except S3Error as error:
            # Absent: it was 409, or the PUT did not arrive (and meets "taken" if it still does). Else not known.
            if error.answer not in NO_ANSWER and error.answer is not S3Answer.ABSENT:
                raise _unsettled(error) from None
        else:
            raise ObjectExists("Another object has this name already.")
        if not client.pause(deadline):
            raise StorageUnavailable(_NOT_KNOWN)


def _unsettled(error: S3Error) -> Exception:
    failed = read_failed(error)
    return StorageUnavailable(_NOT_KNOWN) if isinstance(failed, ObjectMissing) else failed


def delete_settled(client: S3Client, path: str, *, made: datetime | None = None) -> None:
    """Delete an object, and return once the server says that it is not there.

    Args:
        made: when the object was made that is to be deleted. One that was made since then, by whoever brought the same
            bytes after the delete, stays; None deletes that one too.

    Raises:
        OutOfSpace, StoreReadOnly: refused; it stands.
        StorageUnavailable: not known in time.
    """
    deadline = client.deadline()
    while True:
        try:
            client.delete(path, deadline)
        except S3Error as error:
            if error.answer not in NO_ANSWER and error.answer is not S3Answer.ABSENT:
                raise write_failed(error) from None
        try:
            stands = client.get(path, lambda result: result.meta["last_modified"], deadline)
            if made is not None and stands != made:
                return
        except S3Error as error:
            if error.answer is S3Answer.ABSENT:
                return
            if error.answer not in NO_ANSWER:
                raise read_failed(error) from None
        if not client.pause(deadline):
            raise StorageUnavailable("The object storage did not say in time whether it removed the object.")
