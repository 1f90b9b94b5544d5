"""The HTTP edge: one blueprint module for each noun in a URL. A view parses, makes one call and shapes the answer."""

from flask import Flask, current_app, request

from rmos.api import (
    actions,
    advisories,
    attachments,
    blobs,
    deletes,
    diffs,
    docs,
    engines,
    explanations,
    feasibility,
    health,
    links,
    metrics,
    overrides,
    problem_types,
    recent,
    rosettes,
    rules,
    runs,
    sessions,
    variants,
)
from rmos.context import Rmos
from rmos.http import openapi, problems
from rmos.http import query as queries
from rmos.http.openapi_components import RunIdConverter
from rmos.http.operations import declared_of

_NOUNS = (
    health,
    metrics,
    runs,
    recent,
    rosettes,
    diffs,
    engines,
    rules,
    openapi,
    docs,
    problem_types,
    deletes,
    attachments,
    advisories,
    blobs,
    explanations,
    variants,
    links,
    overrides,
    feasibility,
)


def init_app(app: Flask) -> None:
    """Give an app its routes, its limit for bodies and its one form of error."""
    rmos: Rmos = app.extensions["rmos"]
    # One more than the limit: werkzeug cannot tell a chunked body of just this size from one that goes on.
    app.config["MAX_CONTENT_LENGTH"] = rmos.settings.max_body_bytes + 1
    app.url_map.converters["run"] = RunIdConverter
    problems.init_app(app)
    app.before_request(hold_to_declared)
    routes = openapi.Api(app)
    for noun in _NOUNS:
        routes.register_blueprint(noun.bp)
    for name, prefix in sessions.PREFIXES.items():
        routes.register_blueprint(sessions.bp, url_prefix=prefix, name=name)
    for name, prefix in actions.PREFIXES.items():
        routes.register_blueprint(actions.bp, url_prefix=prefix, name=name)


def hold_to_declared() -> None:
    """Hold a request to what its route declares: no parameters where it takes none, no larger body than it takes.

    Raises:
        BadRequest, ValidationError: there are parameters, and the route has none.
    """
    environ = request.environ
    if environ["REQUEST_METHOD"] == "GET" and not environ.get("QUERY_STRING"):
        return  # the usual request has nothing to hold
    declared = declared_of(current_app.view_functions.get(request.endpoint or ""))
    if declared is None:
        return
    if declared.query is None and environ.get("QUERY_STRING"):
        queries.refuse_all()
    if declared.max_body_bytes is not None:
        request.max_content_length = declared.max_body_bytes + 1
