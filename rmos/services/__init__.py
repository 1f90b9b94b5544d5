"""The use cases that write. They know no Flask and no Click: the web and the command line share them."""

from rmos.services.actions import Acted, Rules, Wish, act
from rmos.services.artifact import Idempotency, RunRequest
from rmos.services.deletes import Deleted, DeletePolicy, DeleteRequest, delete_run, restore_run
from rmos.services.exporting import Exported, csv_text, export_store, ndjson
from rmos.services.feasibility import DryRun, DryRunResult, judge_cuts
from rmos.services.importing import Imported, import_runs
from rmos.services.overrides import Overridden, OverrideRequest, override_run
from rmos.services.runs import MAX_GCODE_BYTES, Recorded, record_run
from rmos.services.sessions import create_session, delete_session, patch_session, restore_session

__all__ = [
    "MAX_GCODE_BYTES",
    "Acted",
    "DeletePolicy",
    "DeleteRequest",
    "Deleted",
    "DryRun",
    "DryRunResult",
    "Exported",
    "Idempotency",
    "Imported",
    "Overridden",
    "OverrideRequest",
    "Recorded",
    "Rules",
    "RunRequest",
    "Wish",
    "act",
    "create_session",
    "csv_text",
    "delete_run",
    "delete_session",
    "export_store",
    "import_runs",
    "judge_cuts",
    "ndjson",
    "override_run",
    "patch_session",
    "record_run",
    "restore_run",
    "restore_session",
]
