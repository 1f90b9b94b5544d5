"""The HTTP edge: one blueprint module for each noun in a URL. A view parses, makes one call and shapes the answer."""

from flask import Flask

from rmos.api import health, openapi, problems, runs
from rmos.context import Rmos


def init_app(app: Flask) -> None:
    """Give an app its routes, its limit for bodies and its one form of error."""
    rmos: Rmos = app.extensions["rmos"]
    # One more than the limit: werkzeug cannot tell a chunked body of just this size from one that goes on.
    app.config["MAX_CONTENT_LENGTH"] = rmos.settings.max_body_bytes + 1
    problems.init_app(app)
    routes = openapi.Api(app)
    for noun in (health, runs, openapi):
        routes.register_blueprint(noun.bp)
