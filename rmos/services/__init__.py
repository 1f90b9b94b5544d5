"""The use cases that write. They know no Flask and no Click: the web and the command line share them."""

from rmos.services.artifact import Idempotency, RunRequest
from rmos.services.deletes import Deleted, DeletePolicy, DeleteRequest, delete_run, restore_run
from rmos.services.exporting import Exported, csv_text, export_store, ndjson
from rmos.services.importing import Imported, import_runs
from rmos.services.runs import MAX_GCODE_BYTES, Recorded, record_run

__all__ = [
    "MAX_GCODE_BYTES",
    "DeletePolicy",
    "DeleteRequest",
    "Deleted",
    "Exported",
    "Idempotency",
    "Imported",
    "Recorded",
    "RunRequest",
    "csv_text",
    "delete_run",
    "export_store",
    "import_runs",
    "ndjson",
    "record_run",
    "restore_run",
]
