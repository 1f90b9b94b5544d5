"""The HTTP edge: one module for each noun in a URL. A view parses, makes one call and shapes the response."""

from flask import Flask

from rmos.api import (
    actions,
    advisories,
    attachments,
    blobs,
    deletes,
    docs,
    engines,
    health,
    links,
    overrides,
    rosettes,
    runs,
    sessions,
    variants,
)
from rmos.context import Rmos
from rmos.http import problems
from rmos.http.json_body import limit_body
from rmos.http.routes import RunIdConverter, enforce_spec

BLUEPRINTS = (
    health.bp,
    health.metrics_bp,
    runs.bp,
    runs.recent_bp,
    rosettes.bp,
    runs.diffs_bp,
    engines.bp,
    engines.rules_bp,
    docs.document_bp,
    docs.bp,
    deletes.bp,
    attachments.bp,
    advisories.bp,
    blobs.bp,
    advisories.explanations_bp,
    variants.bp,
    links.bp,
    overrides.bp,
    engines.feasibility_bp,
)
"""In the order of the document."""


def init_app(app: Flask) -> None:
    """Give an app its routes, its limit for bodies and its one form of error."""
    rmos: Rmos = app.extensions["rmos"]
    limit_body(rmos.settings.max_body_bytes, app)
    app.url_map.converters["run"] = RunIdConverter
    problems.init_app(app)
    app.before_request(enforce_spec)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    for noun in (sessions, actions):
        for name, prefix in noun.PREFIXES.items():
            app.register_blueprint(noun.bp, url_prefix=prefix, name=name)
