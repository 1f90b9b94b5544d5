"""What an object that cannot be written is to the store: the system's errors as ours, without the path.

with translate_errors():
    os.write(descriptor, data)                # OSError → OutOfSpace, StoreReadOnly, StorageFailed
"""

import contextlib
import errno
import logging
from collections.abc import Iterator
from typing import Final

from rmos.errors.base import RmosError
from rmos.errors.store import OutOfSpace, StorageFailed, StoreReadOnly
from rmos.objects.opened import reason

log = logging.getLogger(__name__)

NO_SPACE: Final = (errno.ENOSPC, errno.EDQUOT)
_NOT_ALLOWED: Final = (errno.EROFS, errno.EACCES, errno.EPERM)


@contextlib.contextmanager
def translate_errors() -> Iterator[None]:
    """Raise errors of the system as ours."""
    try:
        yield
    except OSError as error:
        raise translate_write_error(error) from None


def translate_write_error(error: OSError) -> RmosError:
    """Return what an error of the system means for a write, and log it."""
    log.error("storage failed: %s", reason(error))
    if error.errno in NO_SPACE:
        return OutOfSpace("The disk is full; nothing was recorded.")
    if error.errno in _NOT_ALLOWED:
        return StoreReadOnly(f"The store cannot be written: {reason(error)}.")
    return StorageFailed(f"The disk did not take the object: {reason(error)}.")
