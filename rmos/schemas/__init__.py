"""How JSON looks to a client: what a request may hold, and how runs are shown. One module for each noun."""

from rmos.schemas.deletes import DeletedSchema, DeleteQuerySchema, RestoreQuerySchema, dump_deleted, load_delete
from rmos.schemas.health import AliveSchema, ReadySchema
from rmos.schemas.lists import ListRequest, Moment, RunListSchema, each_once, load_list
from rmos.schemas.problems import ProblemSchema
from rmos.schemas.records import ArtifactSchema, EventsSchema, RunSchema
from rmos.schemas.requests import MAX_META_BYTES, MAX_META_KEYS, MAX_NOTES, OutputsSchema, RunRequestSchema
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
    "EventsSchema",
    "ListRequest",
    "Moment",
    "OutputsSchema",
    "ProblemSchema",
    "ReadySchema",
    "RestoreQuerySchema",
    "RunAdvisorySummarySchema",
    "RunCreatedSchema",
    "RunListSchema",
    "RunPageSchema",
    "RunRequestSchema",
    "RunSchema",
    "dump_created",
    "dump_deleted",
    "dump_events",
    "dump_run",
    "dump_summary",
    "each_once",
    "load_delete",
    "load_list",
    "summary_of",
]
