"""The use cases that write. They know no Flask and no Click: the web and the command line share them."""

from rmos.services.artifact import Idempotency, RunRequest
from rmos.services.deletes import Deleted, DeletePolicy, DeleteRequest, delete_run, restore_run
from rmos.services.exporting import Exported, csv_text, export_store, ndjson
from rmos.services.importing import Imported, import_runs
from rmos.services.interpreters import Interpreter, interpreter_of
from rmos.services.rosette_plans import MAX_VARIANTS, RosettePlan, RosetteRequest, plan_rosettes
from rmos.services.rosettes import RosetteMade, generate_advisory_svg, record_rosettes
from rmos.services.runs import MAX_GCODE_BYTES, Recorded, record_run
from rmos.services.sessions import create_session, delete_session, patch_session, restore_session

__all__ = [
    "MAX_GCODE_BYTES",
    "MAX_VARIANTS",
    "DeletePolicy",
    "DeleteRequest",
    "Deleted",
    "Exported",
    "Idempotency",
    "Imported",
    "Interpreter",
    "Recorded",
    "RosetteMade",
    "RosettePlan",
    "RosetteRequest",
    "RunRequest",
    "create_session",
    "csv_text",
    "delete_run",
    "delete_session",
    "export_store",
    "generate_advisory_svg",
    "import_runs",
    "interpreter_of",
    "ndjson",
    "patch_session",
    "plan_rosettes",
    "record_rosettes",
    "record_run",
    "restore_run",
    "restore_session",
]
