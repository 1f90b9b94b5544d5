"""The use cases that write. They know no Flask and no Click: the web and the command line share them."""

from rmos.services.artifact import Idempotency, RunRequest
from rmos.services.deletes import Deleted, DeletePolicy, DeleteRequest, delete_run, restore_run
from rmos.services.runs import MAX_GCODE_BYTES, Recorded, record_run

__all__ = [
    "MAX_GCODE_BYTES",
    "DeletePolicy",
    "DeleteRequest",
    "Deleted",
    "Idempotency",
    "Recorded",
    "RunRequest",
    "delete_run",
    "record_run",
    "restore_run",
]
