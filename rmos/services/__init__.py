"""The use cases that write. They know no Flask and no Click: the web and the command line share them."""

from rmos.services.actions import Rules, SessionActed, Wish, perform
from rmos.services.archive import archive
from rmos.services.artifact import Idempotency, RunRequest
from rmos.services.attachments import (
    Advisory,
    AdvisoryAttached,
    Attached,
    Declared,
    Limits,
    Upload,
    attach_advisory,
    attach_file,
)
from rmos.services.deletes import Deleted, DeletePolicy, DeleteRequest, delete_run, restore_run
from rmos.services.explanation_model import explanation_model_of
from rmos.services.explanations import Suggested, Suggestion, suggest
from rmos.services.exporting import COLUMNS, Exported, csv_row, csv_text, export_store, ndjson
from rmos.services.feasibility import DryRun, DryRunResult, judge_cuts
from rmos.services.importing import Imported, import_runs
from rmos.services.interpreters import Interpreter, interpreter_of
from rmos.services.links import METHODS, Link, LinkRequest, make_links, open_link
from rmos.services.overrides import Overridden, OverrideRequest, override_run
from rmos.services.previews import Preview, open_preview, preview_of
from rmos.services.rosette_plans import MAX_VARIANTS, RosettePlan, RosetteRequest, plan_rosettes
from rmos.services.rosette_records import RosetteMade
from rmos.services.rosettes import generate_advisory_svg, record_rosettes
from rmos.services.runs import MAX_GCODE_BYTES, Recorded, record_run
from rmos.services.sessions import create_session, delete_session, patch_session, restore_session
from rmos.services.variants import Act, Acted, Results, act, act_on_many

__all__ = [
    "COLUMNS",
    "MAX_GCODE_BYTES",
    "MAX_VARIANTS",
    "METHODS",
    "Act",
    "Acted",
    "Advisory",
    "AdvisoryAttached",
    "Attached",
    "Declared",
    "DeletePolicy",
    "DeleteRequest",
    "Deleted",
    "DryRun",
    "DryRunResult",
    "Exported",
    "Idempotency",
    "Imported",
    "Interpreter",
    "Limits",
    "Link",
    "LinkRequest",
    "Overridden",
    "OverrideRequest",
    "Preview",
    "Recorded",
    "Results",
    "RosetteMade",
    "RosettePlan",
    "RosetteRequest",
    "Rules",
    "RunRequest",
    "SessionActed",
    "Suggested",
    "Suggestion",
    "Upload",
    "Wish",
    "act",
    "act_on_many",
    "archive",
    "attach_advisory",
    "attach_file",
    "create_session",
    "csv_row",
    "csv_text",
    "delete_run",
    "delete_session",
    "explanation_model_of",
    "export_store",
    "generate_advisory_svg",
    "import_runs",
    "interpreter_of",
    "judge_cuts",
    "make_links",
    "ndjson",
    "open_link",
    "open_preview",
    "override_run",
    "patch_session",
    "perform",
    "plan_rosettes",
    "preview_of",
    "record_rosettes",
    "record_run",
    "restore_run",
    "restore_session",
    "suggest",
]
