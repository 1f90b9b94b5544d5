"""Bytes under names that never change: the object layer.

A backend creates an object once, reads it, lists a folder of it and moves a damaged one aside. It never updates and
never overwrites, and erases nothing but the artifact of a run that was hard-deleted. Keys are relative and use `/`:
`2025-12-23/run_….json`. `open_objects` picks the backend.
"""

import logging
from pathlib import Path

from rmos.errors.installation import ConfigError
from rmos.objects.base import Objects
from rmos.objects.local import LocalObjects
from rmos.place import Bucket, Place, S3Options
from rmos.systems import is_in_memory

log = logging.getLogger(__name__)


def open_objects(place: Place, *, attachments: Path | None = None, s3: S3Options | None = None) -> Objects:
    """Return the backend that holds the objects of a place; nothing is created before the first write.

    Args:
        attachments: the folder of blobs, where they do not lie below the place.
        s3: how object storage is reached; only a bucket needs it.

    Raises:
        ConfigError: what a bucket needs is not installed.
    """
    if isinstance(place, Bucket):
        return _open_bucket(place, s3)
    return LocalObjects(place, attachments=attachments)


def _open_bucket(bucket: Bucket, options: S3Options | None) -> Objects:
    try:
        from rmos.objects.s3 import S3Objects  # noqa: PLC0415 - a store in a folder needs nothing of this
        from rmos.objects.spool import Spool  # noqa: PLC0415
    except ModuleNotFoundError:
        raise ConfigError(f"{bucket} cannot be opened: install the extra, `pip install 'rmos[cluster]'`.") from None
    if options is None:
        raise ConfigError(f"{bucket} cannot be opened: nothing says how object storage is reached.")
    if is_in_memory(options.spool_dir):
        log.warning("RMOS_SPOOL_DIR is in memory, which each file on its way takes: name a folder on a disk")
    return S3Objects(bucket, options, Spool(options.spool_dir, max_bytes=options.spool_max_bytes))
