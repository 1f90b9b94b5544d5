"""`/api/rmos/runs/batch`: many runs in one request, each recorded or refused by itself."""

from typing import Any

from flask import Response, current_app
from marshmallow import ValidationError

from rmos import ids
from rmos.auth.guard import current_caller, get_guard
from rmos.auth.roles import requires
from rmos.context import current_actor, current_rmos
from rmos.errors.base import RmosError
from rmos.errors.request import ValidationFailed
from rmos.http.json_body import read_object
from rmos.http.problems import describe_problem, flatten_errors
from rmos.http.responses import respond_json
from rmos.http.routes import WRITES, Blueprint, ResponseSpec, operation
from rmos.schemas.bulk_runs import (
    BulkRunResultsSchema,
    BulkRunsSchema,
    dump_bulk_results,
    load_bulk_items,
    load_bulk_run,
)
from rmos.services.bulk_runs import BulkRun, record_runs

bp = Blueprint(
    "bulk_runs", __name__, url_prefix="/api/rmos/runs/batch", description="Bulk recording: many runs in one request"
)


@bp.post("")
@operation(
    responses={
        200: ResponseSpec("What came of each run.", BulkRunResultsSchema, ("Cache-Control",), "bulk_runs.results")
    },
    problems=WRITES,
    body=BulkRunsSchema,
    example="bulk_runs.request",
)
@requires("recorder")
def create_runs() -> Response:
    """Evaluate up to 500 cuts and record a run of each, for imports and watch folders.

    Each item is the body of `POST /api/rmos/runs` and has the result that it would have alone, after those before it;
    one that cannot be taken keeps none of the others out. What is answered with `ok` is durable. `idempotency_key` is
    to an item what the header of that name is to a single run: sent again, alone or with others, it makes no second
    run. Each item counts as one write. A body that is no strict JSON, is above the limit or has more than 500 items is
    refused as a whole.
    """
    now_us, rmos = ids.now_us(), current_rmos()
    items = [_load(place, item) for place, item in enumerate(load_bulk_items(read_object()))]
    results = record_runs(
        rmos.store,
        rmos.engines,
        items,
        actor=current_actor(),
        us=now_us,
        engine_timeout_ms=rmos.settings.engine_timeout_ms,
    )
    problems = {
        place: describe_problem(result) for place, result in enumerate(results) if isinstance(result, RmosError)
    }
    return respond_json(dump_bulk_results(results, problems))


def _load(place: int, item: Any) -> BulkRun | RmosError:
    """Return what an item asks for, or why it is refused."""
    try:
        if place > 0:
            get_guard(current_app).admit_another(current_caller())
        return load_bulk_run(item)
    except ValidationError as error:
        return ValidationFailed.of_request(flatten_errors(error))
    except RmosError as error:
        return error
