"""The HTTP edge: one module for each noun in a URL. A view parses, makes one call and shapes the response."""

from collections.abc import Mapping

from flask import Blueprint, Flask

from rmos.api import (
    access,
    actions,
    advisories,
    attachments,
    batches,
    blobs,
    bulk_runs,
    bundles,
    candidates,
    deletes,
    docs,
    engines,
    evidence,
    health,
    links,
    outcomes,
    overrides,
    packs,
    programs,
    reports,
    rosettes,
    run_log,
    runs,
    sessions,
    shop,
    tools,
    variants,
)
from rmos.context import Rmos
from rmos.http import problems, routes
from rmos.http.json_body import limit_body
from rmos.http.routes import RunIdConverter

BLUEPRINTS: tuple[tuple[Blueprint, Mapping[str, str]], ...] = (
    (runs.bp, {}),
    (bulk_runs.bp, {}),
    (engines.feasibility_bp, {}),
    (engines.rules_bp, {}),
    (engines.bp, {}),
    (shop.bp, {}),
    (tools.bp, {}),
    (sessions.bp, sessions.PREFIXES),
    (actions.bp, actions.PREFIXES),
    (overrides.bp, {}),
    (outcomes.bp, {}),
    (reports.bp, {}),
    (batches.bp, {}),
    (run_log.bp, {}),
    (runs.diffs_bp, {}),
    (programs.bp, {}),
    (packs.bp, {}),
    (rosettes.bp, {}),
    (attachments.bp, {}),
    (blobs.bp, {}),
    (links.bp, {}),
    (advisories.bp, {}),
    (advisories.explanations_bp, {}),
    (variants.bp, {}),
    (candidates.bp, {}),
    (deletes.bp, {}),
    (runs.recent_bp, {}),
    (bundles.bp, {}),
    (evidence.bp, {}),
    (access.bp, {}),
    (health.bp, {}),
    (health.metrics_bp, {}),
    (docs.document_bp, {}),
    (docs.bp, {}),
)
"""In the order of the document, what is used most first; by its name the URLs of one that stands at several."""


def init_app(app: Flask) -> None:
    """Give an app its routes, its limit for bodies and its one form of error."""
    rmos: Rmos = app.extensions["rmos"]
    limit_body(rmos.settings.max_body_bytes, app)
    app.url_map.converters["run"] = RunIdConverter
    problems.init_app(app)
    routes.init_app(app)
    for blueprint, prefixes in BLUEPRINTS:
        for name, prefix in prefixes.items():
            app.register_blueprint(blueprint, url_prefix=prefix, name=name)
        if not prefixes:
            app.register_blueprint(blueprint)
