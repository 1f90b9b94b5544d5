"""How JSON looks to a client: what a request may hold, and how runs are shown. One module for each noun."""

from rmos.schemas.deletes import DeletedSchema, DeleteQuerySchema, RestoreQuerySchema, dump_deleted, load_delete
from rmos.schemas.diffs import RunDiffRequestSchema, RunDiffSchema, diff_records
from rmos.schemas.engines import EnginesSchema, dump_engines
from rmos.schemas.health import AliveSchema, ReadySchema
from rmos.schemas.lists import ListRequest, Moment, RecentRunsSchema, RunListSchema, each_once, load_list, load_recent
from rmos.schemas.problems import ProblemSchema
from rmos.schemas.records import ArtifactSchema, EventsSchema, RunSchema
from rmos.schemas.requests import MAX_META_BYTES, MAX_META_KEYS, MAX_NOTES, OutputsSchema, RunRequestSchema
from rmos.schemas.rules import RuleListSchema, RuleSchema
from rmos.schemas.runs import (
    SUMMARY_CHARACTERS,
    RunAdvisorySummarySchema,
    RunCreatedSchema,
    RunPageSchema,
    dump_created,
    dump_events,
    dump_run,
    dump_summary,
    summary_of,
)

__all__ = [
    "MAX_META_BYTES",
    "MAX_META_KEYS",
    "MAX_NOTES",
    "SUMMARY_CHARACTERS",
    "AliveSchema",
    "ArtifactSchema",
    "DeleteQuerySchema",
    "DeletedSchema",
    "EnginesSchema",
    "EventsSchema",
    "ListRequest",
    "Moment",
    "OutputsSchema",
    "ProblemSchema",
    "ReadySchema",
    "RecentRunsSchema",
    "RestoreQuerySchema",
    "RuleListSchema",
    "RuleSchema",
    "RunAdvisorySummarySchema",
    "RunCreatedSchema",
    "RunDiffRequestSchema",
    "RunDiffSchema",
    "RunListSchema",
    "RunPageSchema",
    "RunRequestSchema",
    "RunSchema",
    "diff_records",
    "dump_created",
    "dump_deleted",
    "dump_engines",
    "dump_events",
    "dump_run",
    "dump_summary",
    "each_once",
    "load_delete",
    "load_list",
    "load_recent",
    "summary_of",
]
