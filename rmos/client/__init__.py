"""A client for programs: typed, with retries that never record a run twice.

    from rmos.client import Client

    with Client("http://127.0.0.1:8000") as rmos:
        made = rmos.create_run(mode="router", tool_id="em-3175-2f", design={...}, context={...})
        made["risk_level"]                                  # "GREEN"
        for run in rmos.iter_runs(risk_level="RED"):        # all pages
            print(run["run_id"], run["block_reason"])

It needs httpx (`pip install rmos[client]`) and nothing of the service. docs/client.md tells the rest.
"""

from rmos.client.client import Client
from rmos.client.errors import (
    BadAnswer,
    ClientError,
    DigestMismatch,
    Forbidden,
    IdempotencyKeyReused,
    ProblemError,
    RecordDamaged,
    RunDeleted,
    RunNotFound,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    Unreachable,
    ValidationFailed,
)
from rmos.client.reports import Calibration
from rmos.client.requests import OutcomeFilters, OutcomeOptions, RecentFilters, RunFilters, SessionFields
from rmos.client.responses import (
    Engine,
    EngineInput,
    Event,
    Found,
    FoundBrief,
    Health,
    MadeProgram,
    OutcomeReported,
    OutcomeSummary,
    OutcomeTotals,
    PathDiff,
    Run,
    RunCreated,
    RunDiff,
    RunSummary,
    Session,
)
from rmos.client.retries import Retries
from rmos.client.shop_types import Batch, Candidate, ImportedBundle, RunLogEntry, ToolLife, ToolReset

__all__ = [
    "BadAnswer",
    "Batch",
    "Calibration",
    "Candidate",
    "Client",
    "ClientError",
    "DigestMismatch",
    "Engine",
    "EngineInput",
    "Event",
    "Forbidden",
    "Found",
    "FoundBrief",
    "Health",
    "IdempotencyKeyReused",
    "ImportedBundle",
    "MadeProgram",
    "OutcomeFilters",
    "OutcomeOptions",
    "OutcomeReported",
    "OutcomeSummary",
    "OutcomeTotals",
    "PathDiff",
    "ProblemError",
    "RecentFilters",
    "RecordDamaged",
    "Retries",
    "Run",
    "RunCreated",
    "RunDeleted",
    "RunDiff",
    "RunFilters",
    "RunLogEntry",
    "RunNotFound",
    "RunSummary",
    "Session",
    "SessionFields",
    "TooManyRequests",
    "ToolLife",
    "ToolReset",
    "Unauthenticated",
    "Unavailable",
    "Unreachable",
    "ValidationFailed",
]
